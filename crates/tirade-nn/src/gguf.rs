//! GGUF, versions 2 and 3: metadata and tensors of one memory-mapped file.
//!
//! The file is hostile until proven otherwise: every length is compared with the bytes that are left before
//! anything is allocated, and every tensor's place is checked when the file is opened, so that reading a
//! tensor later cannot fail.
//!
//! ```no_run
//! # fn main() -> Result<(), tirade_nn::NnError> {
//! let file = tirade_nn::gguf::Gguf::open("model.gguf".as_ref())?;
//! let name = file.str("general.architecture");
//! let tensor = file.tensor("token_embd.weight");
//! # Ok(()) }
//! ```

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use crate::NnError;
use crate::file::{Bytes, overlap};
use crate::quant::DType;

/// Tensors have at most this many dimensions.
const MAX_DIMS: u32 = 4;

/// A metadata value. Arrays keep their kind, so that 150 000 strings are not 150 000 enums of enums.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(String),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    Strs(Vec<String>),
}

/// Where a tensor lies and how to read it.
#[derive(Debug, Clone)]
pub struct TensorInfo {
    pub dtype: DType,
    /// Fastest-varying first, as GGUF writes it: `[columns, rows, …]`.
    pub dims: Vec<usize>,
    range: Range<usize>,
}

/// An opened file.
pub struct Gguf {
    name: String,
    bytes: Bytes,
    metadata: HashMap<String, Value>,
    tensors: HashMap<String, TensorInfo>,
}

impl Gguf {
    /// Maps and checks a file.
    ///
    /// # Errors
    /// If it cannot be opened, is damaged, or holds a tensor type this crate does not read.
    pub fn open(path: &Path) -> Result<Self, NnError> {
        Self::parse(path.display().to_string(), Bytes::map(path)?)
    }

    /// Checks a file that is already in memory; `name` is used in errors.
    ///
    /// # Errors
    /// As [`Gguf::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, NnError> {
        Self::parse(name.to_owned(), Bytes::Owned(bytes))
    }

    fn parse(name: String, bytes: Bytes) -> Result<Self, NnError> {
        let mut cursor = Cursor { bytes: &bytes, at: 0 };
        let (metadata, tensors) = read_header(&mut cursor).map_err(|problem| match problem {
            Problem::Damaged(what) => NnError::format(&name, format!("{what} (at byte {})", cursor.at)),
            Problem::Unsupported(what) => NnError::Unsupported(format!("{name}: {what}")),
        })?;
        Ok(Self { name, bytes, metadata, tensors })
    }

    /// What errors call this file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A metadata value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    /// A string value.
    pub fn str(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// A non-negative integer value.
    pub fn uint(&self, key: &str) -> Option<usize> {
        match self.get(key)? {
            Value::Int(i) => usize::try_from(*i).ok(),
            _ => None,
        }
    }

    /// A float value.
    pub fn float(&self, key: &str) -> Option<f32> {
        match self.get(key)? {
            Value::Float(f) => Some(*f as f32),
            Value::Int(i) => Some(*i as f32),
            _ => None,
        }
    }

    /// A truth value.
    pub fn bool(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// A tensor's description and bytes.
    pub fn tensor(&self, name: &str) -> Option<(&TensorInfo, &[u8])> {
        let info = self.tensors.get(name)?;
        Some((info, &self.bytes[info.range.clone()]))
    }

    /// The names of all tensors, in no order.
    pub fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The names of all metadata, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.metadata.keys().map(String::as_str)
    }
}

enum Problem {
    Damaged(String),
    Unsupported(String),
}

fn damaged<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Damaged(what.into()))
}

type Header = (HashMap<String, Value>, HashMap<String, TensorInfo>);

fn read_header(cursor: &mut Cursor) -> Result<Header, Problem> {
    if cursor.take(4)? != b"GGUF" {
        return damaged("it does not begin with GGUF");
    }
    let version = cursor.u32()?;
    if !(2..=3).contains(&version) {
        return Err(Problem::Unsupported(format!("GGUF version {version} (2 and 3 are read)")));
    }
    // A tensor takes at least 24 bytes and a value at least 13, which bounds both tables by the file's size.
    let tensor_count = cursor.count(24, "tensors")?;
    let value_count = cursor.count(13, "metadata values")?;
    let mut metadata = HashMap::with_capacity(value_count);
    for _ in 0..value_count {
        let key = cursor.string()?;
        let kind = cursor.u32()?;
        let value = cursor.value(kind)?;
        if metadata.insert(key.clone(), value).is_some() {
            return damaged(format!("the key {key:?} appears twice"));
        }
    }
    let tensors = read_tensors(cursor, tensor_count, alignment(&metadata)?)?;
    Ok((metadata, tensors))
}

fn alignment(metadata: &HashMap<String, Value>) -> Result<usize, Problem> {
    match metadata.get("general.alignment") {
        None => Ok(32),
        Some(Value::Int(n)) if (1..=1 << 20).contains(n) && n.count_ones() == 1 => Ok(*n as usize),
        Some(other) => damaged(format!("general.alignment is {other:?}, not a small power of two")),
    }
}

fn read_tensors(
    cursor: &mut Cursor,
    count: usize,
    alignment: usize,
) -> Result<HashMap<String, TensorInfo>, Problem> {
    let mut tensors = HashMap::with_capacity(count);
    for _ in 0..count {
        let (name, info) = read_tensor(cursor)?;
        if info.range.start % alignment != 0 {
            return damaged(format!("tensor {name:?} is not aligned to {alignment} bytes"));
        }
        if tensors.insert(name.clone(), info).is_some() {
            return damaged(format!("the tensor {name:?} appears twice"));
        }
    }
    let start = cursor.at.next_multiple_of(alignment);
    for (name, info) in &mut tensors {
        let range = info.range.start.checked_add(start).zip(info.range.end.checked_add(start));
        match range {
            Some((from, to)) if to <= cursor.bytes.len() => info.range = from..to,
            _ => return damaged(format!("tensor {name:?} lies beyond the end of the file")),
        }
    }
    if let Some((one, other)) = overlap(tensors.iter().map(|(name, info)| (&name[..], &info.range))) {
        return damaged(format!("the tensors {one:?} and {other:?} share bytes"));
    }
    Ok(tensors)
}

/// One entry of the tensor table; its range is relative to the data section.
fn read_tensor(cursor: &mut Cursor) -> Result<(String, TensorInfo), Problem> {
    let name = cursor.string()?;
    let dim_count = cursor.u32()?;
    if dim_count == 0 || dim_count > MAX_DIMS {
        return damaged(format!("tensor {name:?} has {dim_count} dimensions"));
    }
    let dims = (0..dim_count).map(|_| cursor.size()).collect::<Result<Vec<_>, _>>()?;
    let kind = cursor.u32()?;
    let Some(dtype) = DType::from_ggml(kind) else {
        return Err(Problem::Unsupported(format!(
            "tensor {name:?} is of ggml type {kind}; F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q8_0, Q4_K and Q6_K are read"
        )));
    };
    let offset = cursor.size()?;
    let rows = dims[1..].iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    let size = rows.and_then(|rows| dtype.bytes_for(dims[0])?.checked_mul(rows));
    let end = size.and_then(|size| offset.checked_add(size));
    match end {
        Some(end) if !dims.contains(&0) => Ok((name, TensorInfo { dtype, dims, range: offset..end })),
        _ => damaged(format!("tensor {name:?} cannot have the shape {dims:?} in {dtype:?}")),
    }
}

/// Reads little-endian values and never past the end.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Problem> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..len)) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => damaged(format!("it ends where {len} more bytes were promised")),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let bytes = self.take(N)?;
        Ok(std::array::from_fn(|i| bytes[i]))
    }

    fn u32(&mut self) -> Result<u32, Problem> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn size(&mut self) -> Result<usize, Problem> {
        let size = u64::from_le_bytes(self.array()?);
        usize::try_from(size).or_else(|_| damaged(format!("the size {size} is too large")))
    }

    /// A number of things of at least `least` bytes each, checked against the bytes that are left.
    fn count(&mut self, least: usize, what: &str) -> Result<usize, Problem> {
        let count = self.size()?;
        if count > (self.bytes.len() - self.at) / least {
            return damaged(format!("it promises {count} {what}, more than it has room for"));
        }
        Ok(count)
    }

    fn string(&mut self) -> Result<String, Problem> {
        let len = self.count(1, "bytes of text")?;
        let bytes = self.take(len)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => damaged("a string is not UTF-8"),
        }
    }

    fn value(&mut self, kind: u32) -> Result<Value, Problem> {
        Ok(match kind {
            6 | 12 => Value::Float(self.float(kind)?),
            7 => Value::Bool(self.array::<1>()?[0] != 0),
            8 => Value::Str(self.string()?),
            9 => self.values()?,
            _ => Value::Int(self.int(kind)?),
        })
    }

    fn values(&mut self) -> Result<Value, Problem> {
        let kind = self.u32()?;
        let least = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            9 => return Err(Problem::Unsupported("arrays of arrays in the metadata".into())),
            _ => return damaged(format!("{kind} is not a kind of metadata")),
        };
        let len = self.count(least, "array elements")?;
        Ok(match kind {
            6 | 12 => {
                Value::Floats((0..len).map(|_| self.float(kind).map(|f| f as f32)).collect::<Result<_, _>>()?)
            }
            8 => Value::Strs((0..len).map(|_| self.string()).collect::<Result<_, _>>()?),
            _ => Value::Ints((0..len).map(|_| self.int(kind)).collect::<Result<_, _>>()?),
        })
    }

    fn float(&mut self, kind: u32) -> Result<f64, Problem> {
        Ok(match kind {
            6 => f64::from(f32::from_le_bytes(self.array()?)),
            _ => f64::from_le_bytes(self.array()?),
        })
    }

    fn int(&mut self, kind: u32) -> Result<i64, Problem> {
        Ok(match kind {
            0 | 7 => i64::from(self.array::<1>()?[0]),
            1 => i64::from(self.array::<1>()?[0] as i8),
            2 => i64::from(u16::from_le_bytes(self.array()?)),
            3 => i64::from(i16::from_le_bytes(self.array()?)),
            4 => i64::from(u32::from_le_bytes(self.array()?)),
            5 => i64::from(i32::from_le_bytes(self.array()?)),
            10 => {
                let value = u64::from_le_bytes(self.array()?);
                i64::try_from(value).or_else(|_| damaged(format!("{value} is beyond 63 bits")))?
            }
            11 => i64::from_le_bytes(self.array()?),
            _ => return damaged(format!("{kind} is not a kind of metadata")),
        })
    }
}
