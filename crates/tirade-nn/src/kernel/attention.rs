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

/// One key-value head of a sequence's cache.
#[derive(Clone, Copy)]
pub struct Cache<'a> {
    /// Keys and values of block 0 of this head.
    pub keys: *const u16,
    pub values: *const u16,
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
    unsafe { isa.run(Attend { cache, scale, rows }) }
}

struct Attend<'a> {
    cache: Cache<'a>,
    scale: f32,
    rows: &'a [Query],
}

impl Op for Attend<'_> {
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

impl Attend<'_> {
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
            let sums: [f32; R] = std::array::from_fn(|r| {
                let seen = rows[r].from - first * BLOCK..rows[r].to - first * BLOCK;
                softmax::<S>(&mut scores[r * width..(r + 1) * width], seen)
            });
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
                let keys = self.cache.keys.add(block as usize * self.cache.stride);
                let mut sums = [S::splat(0.0); R];
                for d in 0..self.cache.dim {
                    let k = S::load_f16(keys.add(d * BLOCK));
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
                let values = self.cache.values.add(block as usize * self.cache.stride + at);
                for p in 0..BLOCK {
                    let v = S::load_f16(values.add(p * self.cache.dim));
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
