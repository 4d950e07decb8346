//! Buffers that are used again: fresh pages from the system cost more than the arithmetic done on them.

use super::aligned::{Arena, Floats};

/// Vectors waiting to be used again. All are made for the longest chunk so far ([`Pool::begin`]): chunks of ever new lengths would
/// otherwise leave behind ever more vectors that fit nothing.
#[derive(Default)]
pub(crate) struct Pool {
    free: Vec<Floats>,
    /// Where new ones come from.
    arena: Arena,
    /// Tokens of this chunk, and of the longest.
    tokens: usize,
    longest: usize,
}

impl Pool {
    /// Begins a chunk of `tokens` tokens, of which `usual` are expected; one longer than all before makes every vector too short.
    pub fn begin(&mut self, tokens: usize, usual: usize) {
        self.tokens = tokens;
        if tokens.max(usual) > self.longest {
            self.longest = tokens.max(usual);
            self.free.clear();
            self.arena = Arena::default();
        }
    }

    /// A vector of `len` floats with arbitrary contents: the smallest that fits, or a new one with room for the longest chunk.
    pub fn take(&mut self, len: usize) -> Floats {
        let fits = |(i, v): (usize, &Floats)| (v.capacity() >= len).then_some((v.capacity(), i));
        let mut vector = match self.free.iter().enumerate().filter_map(fits).min() {
            Some((_, i)) => self.free.swap_remove(i),
            None => self.arena.room(len.div_ceil(self.tokens.max(1)) * self.longest.max(1)),
        };
        vector.reshape(len);
        vector
    }

    /// Gives a vector back.
    pub fn give(&mut self, vector: Floats) {
        if vector.capacity() > 0 {
            self.free.push(vector);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(capacities: &[usize]) -> Pool {
        let mut pool = Pool::default();
        pool.begin(1, 1);
        capacities.iter().for_each(|&c| pool.give(Floats::with_capacity(c)));
        pool
    }

    #[test]
    fn takes_the_smallest_that_fits() {
        let mut pool = with(&[100, 10]);
        assert_eq!(pool.take(8).capacity(), 10);
        assert_eq!(pool.take(8).capacity(), 100);
        assert_eq!(pool.take(8).len(), 8);
    }

    #[test]
    fn chunks_of_any_length_share_the_same_vectors() {
        let mut pool = Pool::default();
        for tokens in [30, 512, 7, 511, 100, 200] {
            pool.begin(tokens, 512);
            let taken = [64, 64, 1536, 3].map(|width| pool.take(width * tokens));
            taken.into_iter().for_each(|v| pool.give(v));
            assert_eq!(pool.free.len(), 4, "after {tokens}");
        }
        pool.begin(600, 512);
        assert!(pool.free.is_empty());
        assert_eq!(pool.take(600).capacity(), 600);
    }
}
