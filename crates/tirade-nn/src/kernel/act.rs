//! The left-hand side of a product: rows of a batch, laid out in tiles as the kernels read them.
//!
//! Rows are cut into tiles of at most [`Isa::tile`] rows (then 8, 4, 2, 1). A tile of `m` rows holds, for each 32
//! columns, the eight steps of four bytes of every row side by side, then seven numbers per row: scale, scale × sum, and
//! the negated integer sums of the block, times the three offsets that unsigned weights of a whole block have, and of
//! its halves, times the offset of six-bit weights. Sums that begin with these end as if weights were signed.

use super::pack::Buffer;
use super::simd::{Isa, Op, Simd};
use crate::pool::{Pool, Shared};
use crate::quant::BLOCK;

/// Bytes per row and block: 32 quants and seven numbers.
pub(super) const BLOCK_BYTES: usize = BLOCK + 7 * 4;

/// Offsets of whole blocks, as powers of two, in the order of their numbers.
pub(super) const OFFSETS: [u32; 3] = [3, 4, 7];
/// The offset of halves.
pub(super) const HALF_OFFSET: u32 = 5;

/// Rows prepared for multiplication, as bytes with scales, as floats, or both.
pub struct Act {
    pub(super) isa: Isa,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) bytes: Option<Buffer>,
    pub(super) floats: Option<Buffer>,
}

/// First row and number of rows of each tile.
pub(super) fn tiles(rows: usize, largest: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let left = rows - at;
        let size = if left >= largest { largest } else { left.checked_ilog2().map(|n| 1 << n)? };
        at += size;
        Some((at - size, size))
    })
}

/// Which forms of the rows are needed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forms {
    pub bytes: bool,
    pub floats: bool,
}

impl Act {
    /// Prepares `rows` rows of `cols` columns.
    ///
    /// # Panics
    /// If `x` has another size, or bytes are asked for and `cols` is not whole blocks of 32.
    pub fn new(pool: &Pool, isa: Isa, x: &[f32], rows: usize, cols: usize, forms: Forms) -> Self {
        assert_eq!(x.len(), rows * cols);
        assert!(!forms.bytes || cols.is_multiple_of(BLOCK));
        let bytes = forms.bytes.then(|| Buffer::new(rows * cols / BLOCK * BLOCK_BYTES));
        let floats = forms.floats.then(|| Buffer::new(rows * cols * 4));
        let mut act = Self { isa, rows, cols, bytes, floats };
        act.fill(pool, x);
        act
    }

    /// Bytes of a row in the larger of its forms.
    pub(super) fn row_bytes(&self) -> usize {
        if self.floats.is_some() { self.cols * 4 } else { self.cols / BLOCK * BLOCK_BYTES }
    }

    fn fill(&mut self, pool: &Pool, x: &[f32]) {
        let (isa, cols) = (self.isa, self.cols);
        let list: Vec<(usize, usize)> = tiles(self.rows, isa.tile()).collect();
        if let Some(buffer) = &mut self.bytes {
            let out = Shared(buffer.as_mut_ptr());
            pool.run(list.len(), |i| {
                let (row, count) = list[i];
                let place = row * cols / BLOCK * BLOCK_BYTES;
                // SAFETY: tiles do not overlap in the buffer, which holds all of them; the rows are in `x`.
                unsafe {
                    isa.run(Quantise {
                        x: &x[row * cols..(row + count) * cols],
                        count,
                        out: out.get().add(place),
                    });
                }
            });
        }
        if let Some(buffer) = &mut self.floats {
            let out = Shared(buffer.as_mut_ptr().cast::<f32>());
            pool.run(list.len(), |i| {
                let (row, count) = list[i];
                for m in 0..count {
                    for (k, &value) in x[(row + m) * cols..][..cols].iter().enumerate() {
                        // SAFETY: tiles do not overlap, and this place is inside this one.
                        unsafe { *out.get().add(row * cols + k * count + m) = value };
                    }
                }
            });
        }
    }
}

struct Quantise<'a> {
    x: &'a [f32],
    count: usize,
    out: *mut u8,
}

impl Op for Quantise<'_> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let cols = self.x.len() / self.count;
        for block in 0..cols / BLOCK {
            for m in 0..self.count {
                // SAFETY: `x` has `count` rows of whole blocks; `out` has room for the tile.
                unsafe {
                    let place = self.out.add(block * BLOCK_BYTES * self.count);
                    quantise_block::<S>(self.x.as_ptr().add(m * cols + block * BLOCK), place, m, self.count);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn quantise_block<S: Simd>(x: *const f32, out: *mut u8, m: usize, count: usize) {
    // SAFETY: the caller's.
    unsafe {
        let (a, b) = (S::load(x), S::load(x.add(16)));
        let largest = S::reduce_max(S::max(S::abs(a), S::abs(b)));
        let inverse = if largest > 0.0 { S::splat(127.0 / largest) } else { S::splat(0.0) };
        let mut quants = [0i8; BLOCK];
        let first = S::store_i8(quants.as_mut_ptr(), S::round(S::mul(a, inverse)));
        let second = S::store_i8(quants.as_mut_ptr().add(16), S::round(S::mul(b, inverse)));
        for (step, four) in quants.chunks_exact(4).enumerate() {
            std::ptr::copy_nonoverlapping(four.as_ptr().cast(), out.add((step * count + m) * 4), 4);
        }
        let scale = largest / 127.0;
        let numbers = out.add(BLOCK * count);
        let floats = numbers.cast::<f32>();
        *floats.add(m) = scale;
        *floats.add(count + m) = scale * (first + second) as f32;
        let ints = numbers.cast::<i32>();
        for (i, bits) in OFFSETS.iter().enumerate() {
            *ints.add((2 + i) * count + m) = -(first + second) << bits;
        }
        *ints.add(5 * count + m) = -first << HALF_OFFSET;
        *ints.add(6 * count + m) = -second << HALF_OFFSET;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_all_rows_once() {
        for (rows, largest, expected) in [
            (0, 16, vec![]),
            (1, 16, vec![(0, 1)]),
            (23, 16, vec![(0, 16), (16, 4), (20, 2), (22, 1)]),
            (9, 4, vec![(0, 4), (4, 4), (8, 1)]),
        ] {
            assert_eq!(tiles(rows, largest).collect::<Vec<_>>(), expected);
        }
    }
}
