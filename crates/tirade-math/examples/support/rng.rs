//! Random choices of the generators: the same seed gives the same inputs.

/// xorshift64*
pub struct Rng(pub u64);

impl Rng {
    /// A number below `n`; 0 where `n` is 0.
    pub fn next(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }
}
