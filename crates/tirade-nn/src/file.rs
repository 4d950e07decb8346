//! The bytes of a model file: mapped, or already in memory.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;

use crate::NnError;

/// Read-only bytes.
pub(crate) enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    /// Maps a file.
    pub fn map(path: &Path) -> Result<Self, NnError> {
        let file = File::open(path).map_err(|e| NnError::io(path, e))?;
        // SAFETY: the map is read-only and private. As with every mapped file, another process truncating it
        // while we run is undefined here; models are not edited in place.
        unsafe { Mmap::map(&file) }.map(Self::Mapped).map_err(|e| NnError::io(path, e))
    }
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

/// Two tensors that share bytes, if there are such: no converter writes them, so whoever did means to deceive.
pub(crate) fn overlap<'a>(
    tensors: impl Iterator<Item = (&'a str, &'a Range<usize>)>,
) -> Option<(&'a str, &'a str)> {
    let mut places: Vec<_> = tensors.filter(|(_, range)| !range.is_empty()).collect();
    places.sort_by_key(|(_, range)| range.start);
    places.windows(2).find(|pair| pair[1].1.start < pair[0].1.end).map(|pair| (pair[0].0, pair[1].0))
}
