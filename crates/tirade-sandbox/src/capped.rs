//! Output that is capped while it is written.

/// Keeps the first bytes of a stream and counts the rest.
#[derive(Default)]
pub(crate) struct Capped {
    pub bytes: Vec<u8>,
    pub truncated: bool,
    /// Bytes seen, kept or not.
    pub seen: usize,
    cap: usize,
}

impl Capped {
    pub fn new(cap: usize) -> Capped {
        Capped { cap, ..Capped::default() }
    }

    pub fn add(&mut self, part: &[u8]) {
        let keep = part.len().min(self.cap - self.bytes.len());
        self.bytes.extend_from_slice(&part[..keep]);
        self.truncated |= keep < part.len();
        self.seen = self.seen.saturating_add(part.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_kept_and_all_are_counted() {
        let mut stream = Capped::new(4);
        for part in [b"ab".as_slice(), b"cdef", b"", b"gh"] {
            stream.add(part);
        }
        assert_eq!((stream.bytes.as_slice(), stream.seen, stream.truncated), (b"abcd".as_slice(), 8, true));
    }
}
