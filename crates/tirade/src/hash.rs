//! Content hashes: what a thing is called when its name is everything that determines it.

use std::fs::File;
use std::path::Path;

use sha2::{Digest, Sha256};

/// A [`digest`] of parts that come one after another.
#[derive(Clone, Debug, Default)]
pub struct Parts(Sha256);

impl Parts {
    pub fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part.as_bytes());
    }

    pub fn digest(self) -> String {
        hexadecimal(self.0)
    }
}

/// SHA-256 over the parts, each preceded by its length so that no two lists of parts collide, as 64 hexadecimal digits.
pub fn digest(parts: &[&str]) -> String {
    let mut all = Parts::default();
    parts.iter().for_each(|part| all.add(part));
    all.digest()
}

/// A seed that depends on every part and on nothing else.
pub fn seed(parts: &[&str]) -> u64 {
    u64::from_str_radix(&digest(parts)[..16], 16).expect("16 hexadecimal digits fit into 64 bits")
}

/// SHA-256 of a file's bytes, as 64 hexadecimal digits.
pub fn file_digest(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hexadecimal(hasher))
}

fn hexadecimal(hasher: Sha256) -> String {
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["ab", "c"]), digest(&["ab", "c"]));
    }
}
