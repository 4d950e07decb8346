//! safetensors: a JSON header of names, types, shapes and offsets, then the bytes.
//!
//! Reading checks everything when the file is opened; writing is by [`write()`].
//!
//! ```
//! use tirade_nn::safetensors::{Safetensors, write_bytes};
//! use tirade_nn::quant::DType;
//! let one = 1.0f32.to_le_bytes();
//! let bytes = write_bytes(&[("w", DType::F32, &[1, 1], &one)], &[("format", "pt")]);
//! let file = Safetensors::from_bytes("example", bytes).unwrap();
//! assert_eq!(file.tensor("w").unwrap().1, one);
//! ```

use std::collections::{BTreeMap, btree_map};
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::NnError;
use crate::file::{Bytes, overlap};
use crate::quant::DType;

/// Larger headers are refused; the reference implementation has the same limit.
const MAX_HEADER: usize = 100_000_000;

/// Where a tensor lies and how to read it.
#[derive(Debug, Clone)]
pub struct TensorInfo {
    pub dtype: DType,
    /// Slowest-varying first: `[rows, columns]`.
    pub shape: Vec<usize>,
    range: Range<usize>,
}

/// An opened file.
pub struct Safetensors {
    name: String,
    bytes: Bytes,
    tensors: BTreeMap<String, TensorInfo>,
}

impl Safetensors {
    /// Maps and checks a file.
    ///
    /// # Errors
    /// If it cannot be opened, is damaged, or holds a type other than F32, F16 and BF16.
    pub fn open(path: &Path) -> Result<Self, NnError> {
        Self::parse(path.display().to_string(), Bytes::map(path)?)
    }

    /// Checks a file that is already in memory; `name` is used in errors.
    ///
    /// # Errors
    /// As [`Safetensors::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, NnError> {
        Self::parse(name.to_owned(), Bytes::Owned(bytes))
    }

    fn parse(name: String, bytes: Bytes) -> Result<Self, NnError> {
        let tensors = read_header(&bytes).map_err(|what| NnError::format(&name, what))?;
        Ok(Self { name, bytes, tensors })
    }

    /// What errors call this file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A tensor's description and bytes.
    pub fn tensor(&self, name: &str) -> Option<(&TensorInfo, &[u8])> {
        let info = self.tensors.get(name)?;
        Some((info, &self.bytes[info.range.clone()]))
    }

    /// The names of all tensors, sorted.
    pub fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }
}

fn read_header(bytes: &[u8]) -> Result<BTreeMap<String, TensorInfo>, String> {
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or("it is shorter than 8 bytes")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_HEADER || length > rest.len() {
        return Err(format!("its header claims {length} bytes and {} are left", rest.len()));
    }
    let Header(entries) = serde_json::from_slice(&rest[..length])
        .map_err(|e| format!("its header is not what it should be: {e}"))?;
    let data = 8 + length..bytes.len();
    let tensors = entries.into_iter().map(|(name, entry)| {
        let info = read_entry(entry, &data).map_err(|what| format!("tensor {name:?}: {what}"))?;
        Ok((name, info))
    });
    let tensors = tensors.collect::<Result<BTreeMap<_, _>, String>>()?;
    match overlap(tensors.iter().map(|(name, info)| (&name[..], &info.range))) {
        Some((one, other)) => Err(format!("the tensors {one:?} and {other:?} share bytes")),
        None => Ok(tensors),
    }
}

/// One line of the header as it is written.
#[derive(serde::Deserialize)]
struct RawEntry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// All lines but the metadata. Read by hand rather than as free JSON, which would take some thirty times the header's size
/// and let a name that is there twice pass.
struct Header(BTreeMap<String, RawEntry>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            match entries.entry(name) {
                btree_map::Entry::Vacant(entry) => _ = entry.insert(map.next_value()?),
                btree_map::Entry::Occupied(entry) => {
                    let what = format!("the tensor {:?} appears twice", entry.key());
                    return Err(A::Error::custom(what));
                }
            }
        }
        Ok(Header(entries))
    }
}

fn read_entry(entry: RawEntry, data: &Range<usize>) -> Result<TensorInfo, String> {
    let RawEntry { dtype, shape, data_offsets: [from, to] } = entry;
    let dtype = match &dtype[..] {
        "F32" => DType::F32,
        "F16" => DType::F16,
        "BF16" => DType::BF16,
        other => return Err(format!("type {other:?}; F32, F16 and BF16 are read")),
    };
    let length = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).and_then(|n| dtype.bytes_for(n));
    if from > to || length != Some(to - from) || to > data.len() {
        return Err(format!(
            "{} dimensions {:?} and offsets {from}..{to} do not fit {dtype:?} and {} bytes",
            shape.len(),
            &shape[..shape.len().min(8)],
            data.len()
        ));
    }
    Ok(TensorInfo { dtype, shape, range: data.start + from..data.start + to })
}

/// One tensor to write: name, type, shape (slowest first) and little-endian bytes.
pub type Entry<'a> = (&'a str, DType, &'a [usize], &'a [u8]);

/// Writes a whole file, with `metadata` in its header.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, tensors: &[Entry], metadata: &[(&str, &str)]) -> Result<(), NnError> {
    let mut file = File::create(path).map_err(|e| NnError::io(path, e))?;
    let result = file.write_all(&header_bytes(tensors, metadata)).and_then(|()| {
        tensors.iter().try_for_each(|(_, _, _, bytes)| file.write_all(bytes)).and_then(|()| file.sync_all())
    });
    result.map_err(|e| NnError::io(path, e))
}

/// The same file in memory.
pub fn write_bytes(tensors: &[Entry], metadata: &[(&str, &str)]) -> Vec<u8> {
    let mut out = header_bytes(tensors, metadata);
    tensors.iter().for_each(|(_, _, _, bytes)| out.extend_from_slice(bytes));
    out
}

fn header_bytes(tensors: &[Entry], metadata: &[(&str, &str)]) -> Vec<u8> {
    let mut header = Map::new();
    if !metadata.is_empty() {
        let pairs = metadata.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect();
        header.insert("__metadata__".to_owned(), Value::Object(pairs));
    }
    let mut at = 0;
    for (name, dtype, shape, bytes) in tensors {
        let end = at + bytes.len();
        let entry = json!({ "dtype": format!("{dtype:?}"), "shape": shape, "data_offsets": [at, end] });
        header.insert((*name).to_owned(), entry);
        at = end;
    }
    let mut json = Value::Object(header).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}
