//! Buffers that are used again: fresh pages from the system cost more than the arithmetic done on them.

/// Vectors waiting to be used again.
#[derive(Default)]
pub(crate) struct Pool(Vec<Vec<f32>>);

impl Pool {
    /// A vector of `len` floats with arbitrary contents: the smallest that fits, or a new one.
    pub fn take(&mut self, len: usize) -> Vec<f32> {
        let fits = |(i, v): (usize, &Vec<f32>)| (v.capacity() >= len).then_some((v.capacity(), i));
        let mut vector = match self.0.iter().enumerate().filter_map(fits).min() {
            Some((_, i)) => self.0.swap_remove(i),
            None => Vec::with_capacity(len),
        };
        vector.resize(len, 0.0);
        vector
    }

    /// Gives a vector back.
    pub fn give(&mut self, vector: Vec<f32>) {
        if vector.capacity() > 0 {
            self.0.push(vector);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_smallest_that_fits() {
        let mut pool = Pool::default();
        pool.give(Vec::with_capacity(100));
        pool.give(Vec::with_capacity(10));
        assert_eq!(pool.take(8).capacity(), 10);
        assert_eq!(pool.take(8).capacity(), 100);
        assert_eq!(pool.take(8).len(), 8);
    }
}
