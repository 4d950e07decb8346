//! Attention of a few query rows over one sequence's cached keys and values.
//!
//! Keys of 16 positions lie side by side for each dimension, so that scores of 16 positions are computed at once;
//! values lie as they come. Up to eight rows (heads that share a key, tokens of one sequence) share every load.

use super::simd::{Isa, Op, Simd, exp};

/// Positions per cache block.
pub const BLOCK: usize = 16;

/// Rows that share the loads of one pass.
pub const MAX_ROWS: usize = 8;

/// One query row.
#[derive(Clone, Copy)]
pub struct Query {
    /// `dim` numbers.
    pub q: *const f32,
    /// Room for `dim` numbers.
    pub out: *mut f32,
    /// The positions it sees: from, and one past the last.
    pub from: usize,
    pub to: usize,
}

/// Keys and values of block 0 of a head.
#[derive(Clone, Copy)]
pub enum Numbers {
    /// As f16.
    Half { keys: *const u16, values: *const u16 },
    /// As f32.
    Whole { keys: *const f32, values: *const f32 },
}

/// One key-value head of a sequence's cache.
#[derive(Clone, Copy)]
pub struct Cache<'a> {
    pub numbers: Numbers,
    /// Numbers between two blocks.
    pub stride: usize,
    /// The sequence's blocks.
    pub table: &'a [u32],
    pub dim: usize,
}

/// Computes the attention of up to [`MAX_ROWS`] rows.
///
/// # Safety
/// Pointers must be good for what they say, all positions up to `to` in the cache, `to` greater than `from`, and
/// `dim` a multiple of 16.
pub unsafe fn attend(isa: Isa, cache: Cache, scale: f32, rows: &[Query]) {
    // SAFETY: the caller's.
    unsafe {
        match cache.numbers {
            Numbers::Half { keys, values } => isa.run(Attend { keys, values, cache, scale, rows }),
            Numbers::Whole { keys, values } => isa.run(Attend { keys, values, cache, scale, rows }),
        }
    }
}

/// How a cached number is stored.
trait Number: Copy {
    /// Sixteen of them.
    unsafe fn load<S: Simd>(p: *const Self) -> S::F;
}

impl Number for u16 {
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const Self) -> S::F {
        // SAFETY: the caller's.
        unsafe { S::load_f16(p) }
    }
}

impl Number for f32 {
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const Self) -> S::F {
        // SAFETY: the caller's.
        unsafe { S::load(p) }
    }
}

struct Attend<'a, T> {
    keys: *const T,
    values: *const T,
    cache: Cache<'a>,
    scale: f32,
    rows: &'a [Query],
}

impl<T: Number> Op for Attend<'_, T> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the caller's; each arm passes as many rows as there are.
        unsafe {
            match self.rows.len() {
                0 => {}
                1 => self.fixed::<S, 1>(),
                2 => self.fixed::<S, 2>(),
                3 => self.fixed::<S, 3>(),
                4 => self.fixed::<S, 4>(),
                5 => self.fixed::<S, 5>(),
                6 => self.fixed::<S, 6>(),
                7 => self.fixed::<S, 7>(),
                _ => self.fixed::<S, 8>(),
            }
        }
    }
}

impl<T: Number> Attend<'_, T> {
    #[inline(always)]
    unsafe fn fixed<S: Simd, const R: usize>(&self) {
        let rows: [Query; R] = std::array::from_fn(|r| self.rows[r]);
        let first = rows.iter().map(|r| r.from).min().unwrap_or(0) / BLOCK;
        let last = rows.iter().map(|r| r.to).max().unwrap_or(0).div_ceil(BLOCK);
        let blocks = &self.cache.table[first..last];
        let width = blocks.len() * BLOCK;
        let mut scores = vec![0.0f32; R * width];
        // SAFETY: the caller's; `scores` has a row of whole blocks per query.
        unsafe {
            self.scores::<S, R>(&rows, blocks, &mut scores);
            let mut sums = [0.0; R];
            for (r, sum) in sums.iter_mut().enumerate() {
                let seen = rows[r].from - first * BLOCK..rows[r].to - first * BLOCK;
                *sum = softmax::<S>(&mut scores[r * width..(r + 1) * width], seen);
            }
            for at in (0..self.cache.dim).step_by(16) {
                self.values::<S, R>(&rows, blocks, &scores, &sums, at);
            }
        }
    }

    #[inline(always)]
    unsafe fn scores<S: Simd, const R: usize>(&self, rows: &[Query; R], blocks: &[u32], scores: &mut [f32]) {
        let width = blocks.len() * BLOCK;
        // SAFETY: the caller's.
        unsafe {
            for (i, &block) in blocks.iter().enumerate() {
                let keys = self.keys.add(block as usize * self.cache.stride);
                let mut sums = [S::splat(0.0); R];
                for d in 0..self.cache.dim {
                    let k = T::load::<S>(keys.add(d * BLOCK));
                    for (sum, row) in sums.iter_mut().zip(rows) {
                        *sum = S::fma(k, S::splat(*row.q.add(d)), *sum);
                    }
                }
                for (r, sum) in sums.into_iter().enumerate() {
                    let place = scores.as_mut_ptr().add(r * width + i * BLOCK);
                    S::store(place, S::mul(sum, S::splat(self.scale)));
                }
            }
        }
    }

    /// 16 dimensions, from `at`, of the weighted values of all rows.
    #[inline(always)]
    unsafe fn values<S: Simd, const R: usize>(
        &self,
        rows: &[Query; R],
        blocks: &[u32],
        weights: &[f32],
        sums: &[f32; R],
        at: usize,
    ) {
        let width = blocks.len() * BLOCK;
        // SAFETY: the caller's.
        unsafe {
            let mut acc = [S::splat(0.0); R];
            for (i, &block) in blocks.iter().enumerate() {
                let values = self.values.add(block as usize * self.cache.stride + at);
                for p in 0..BLOCK {
                    let v = T::load::<S>(values.add(p * self.cache.dim));
                    for (r, acc) in acc.iter_mut().enumerate() {
                        *acc = S::fma(v, S::splat(*weights.as_ptr().add(r * width + i * BLOCK + p)), *acc);
                    }
                }
            }
            for (r, acc) in acc.into_iter().enumerate() {
                S::store(rows[r].out.add(at), S::div(acc, S::splat(sums[r])));
            }
        }
    }
}

/// Turns scores into weights, zero outside `seen`; returns their sum. Whole blocks that are not seen change nothing.
#[inline(always)]
unsafe fn softmax<S: Simd>(scores: &mut [f32], seen: std::ops::Range<usize>) -> f32 {
    let (before, after) = (seen.start, seen.end);
    scores[..before].fill(f32::NEG_INFINITY);
    scores[after..].fill(f32::NEG_INFINITY);
    // SAFETY: the row is whole blocks of 16.
    unsafe {
        let mut largest = S::splat(f32::NEG_INFINITY);
        for at in (0..scores.len()).step_by(16) {
            largest = S::max(largest, S::load(scores.as_ptr().add(at)));
        }
        let negated = S::splat(-S::reduce_max(largest));
        for at in (0..scores.len()).step_by(16) {
            let place = scores.as_mut_ptr().add(at);
            S::store(place, exp::<S>(S::add(S::load(place), negated)));
        }
        scores[..before].fill(0.0);
        scores[after..].fill(0.0);
        let mut sum = S::splat(0.0);
        for at in (0..scores.len()).step_by(16) {
            sum = S::add(sum, S::load(scores.as_ptr().add(at)));
        }
        S::reduce_add(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::kernel::pack::Precision;
    use crate::kv::KvCache;

    const DIM: usize = 32;

    fn number(i: usize) -> f32 {
        (i * 7919 % 1013) as f32 / 506.5 - 1.0
    }

    /// A cache with one head and 40 positions in blocks 2, 0, 1, and the keys and values in it.
    fn cache(precision: Precision) -> (KvCache, [u32; 3], Vec<f32>, Vec<f32>) {
        let json = serde_json::json!({"model_type": "llama", "hidden_size": DIM, "num_attention_heads": 1,
            "num_hidden_layers": 1, "intermediate_size": 32, "max_position_embeddings": 64, "vocab_size": 8});
        let mut cache = KvCache::new(&Config::from_json("t", &json).unwrap(), 3, precision);
        let half = |x: f32| match precision {
            Precision::Exact => x,
            _ => half::f16::from_f32(x).to_f32(),
        };
        let keys: Vec<f32> = (0..40 * DIM).map(|i| half(number(i))).collect();
        let values: Vec<f32> = (0..40 * DIM).map(|i| half(number(i + 77))).collect();
        let table = [2, 0, 1];
        for p in 0..40 {
            cache.write(0, &table, p, &keys[p * DIM..][..DIM], &values[p * DIM..][..DIM]);
        }
        (cache, table, keys, values)
    }

    fn naive(q: &[f32], keys: &[f32], values: &[f32], from: usize, to: usize) -> Vec<f64> {
        let dot =
            |p: usize| -> f64 { (0..DIM).map(|d| f64::from(q[d] * keys[p * DIM + d])).sum::<f64>() * 0.5 };
        let weights: Vec<f64> = (from..to).map(|p| dot(p).exp()).collect();
        let total: f64 = weights.iter().sum();
        let column =
            |d: usize| (from..to).map(|p| weights[p - from] / total * f64::from(values[p * DIM + d])).sum();
        (0..DIM).map(column).collect()
    }

    #[test]
    fn rows_see_their_positions_alone_or_together() {
        for precision in [Precision::Auto, Precision::Exact] {
            check(cache(precision));
        }
    }

    fn check((cache, table, keys, values): (KvCache, [u32; 3], Vec<f32>, Vec<f32>)) {
        let limits = [(0, 1), (0, 16), (0, 17), (5, 40), (16, 33), (30, 40), (39, 40)];
        let q: Vec<f32> = (0..limits.len() * DIM).map(|i| number(i + 500)).collect();
        for isa in Isa::available() {
            let mut together = vec![0.0f32; q.len()];
            let row = |r: usize, out: *mut f32| {
                let (from, to) = limits[r];
                // SAFETY: inside `q`, and inside what `out` points to.
                unsafe { Query { q: q.as_ptr().add(r * DIM), out: out.add(r * DIM), from, to } }
            };
            let rows: Vec<Query> = (0..limits.len()).map(|r| row(r, together.as_mut_ptr())).collect();
            // SAFETY: all positions are in the cache.
            unsafe { attend(isa, cache.head(0, 0, &table), 0.5, &rows) };
            let mut alone = vec![0.0f32; q.len()];
            for r in 0..limits.len() {
                let rows = [row(r, alone.as_mut_ptr())];
                // SAFETY: as above.
                unsafe { attend(isa, cache.head(0, 0, &table), 0.5, &rows) };
            }
            assert_eq!(alone, together, "{isa:?}");
            for (r, (from, to)) in limits.into_iter().enumerate() {
                let expected = naive(&q[r * DIM..][..DIM], &keys, &values, from, to);
                for (got, expected) in together[r * DIM..][..DIM].iter().zip(expected) {
                    assert!(
                        (f64::from(*got) - expected).abs() < 1e-5,
                        "{isa:?} row {r}: {got} for {expected}"
                    );
                }
            }
        }
    }
}
