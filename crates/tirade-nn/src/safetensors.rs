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

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;
use serde_json::{Map, Value, json};

use crate::NnError;
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

enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl std::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
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
        let file = File::open(path).map_err(|e| NnError::io(path, e))?;
        // SAFETY: read-only private map; see `Gguf::open`.
        let map = unsafe { Mmap::map(&file) }.map_err(|e| NnError::io(path, e))?;
        Self::parse(path.display().to_string(), Bytes::Mapped(map))
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
    let header: Map<String, Value> =
        serde_json::from_slice(&rest[..length]).map_err(|e| format!("its header is not JSON: {e}"))?;
    let data = 8 + length..bytes.len();
    header
        .into_iter()
        .filter(|(name, _)| name != "__metadata__")
        .map(|(name, entry)| {
            let info = read_entry(&entry, &data).map_err(|what| format!("tensor {name:?}: {what}"))?;
            Ok((name, info))
        })
        .collect()
}

fn read_entry(entry: &Value, data: &Range<usize>) -> Result<TensorInfo, String> {
    let dtype = match entry["dtype"].as_str() {
        Some("F32") => DType::F32,
        Some("F16") => DType::F16,
        Some("BF16") => DType::BF16,
        other => return Err(format!("type {other:?}; F32, F16 and BF16 are read")),
    };
    let shape = sizes(&entry["shape"]).ok_or("its shape is not a list of sizes")?;
    let offsets = sizes(&entry["data_offsets"]).ok_or("its offsets are not sizes")?;
    let [from, to] = offsets[..] else { return Err("it needs two offsets".into()) };
    let length = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).and_then(|n| dtype.bytes_for(n));
    if from > to || length != Some(to - from) || to > data.len() {
        return Err(format!(
            "shape {shape:?} and offsets {from}..{to} do not fit {dtype:?} and {} bytes",
            data.len()
        ));
    }
    Ok(TensorInfo { dtype, shape, range: data.start + from..data.start + to })
}

fn sizes(value: &Value) -> Option<Vec<usize>> {
    value.as_array()?.iter().map(|v| usize::try_from(v.as_u64()?).ok()).collect()
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
