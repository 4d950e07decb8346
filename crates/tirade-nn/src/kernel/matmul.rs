//! Products of rows with packed matrices, for every kind of weight.
//!
//! A panel of 16 rows of weights meets a tile of up to 16 rows of the batch: [`Tile`] computes these 16 × M sums, in
//! [`floats`] and [`ints`]. Panels are shared out among the threads.

mod floats;
mod ints;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use self::floats::{BF16, F16, F32, Floats};
use self::ints::{Ints, Q4, Q4Min, Q5, Q6, Q8};
use super::act::{Act, tiles};
use super::kind::Kind;
use super::pack::{Line, Matrix, PANEL};
use super::simd::{Op, Simd};
use crate::pool::{Pool, Shared};
use crate::quant::BLOCK;

/// Multiplies the same rows with several matrices: `out[i]` becomes rows × `matrices[i].rows()`.
///
/// # Panics
/// If a size does not fit, or the rows were not prepared in the form a matrix needs.
pub fn matmul(pool: &Pool, act: &Act, products: &mut [(&Matrix, &mut [f32])]) {
    let mut jobs = Vec::new();
    let mut total = 0;
    for (matrix, out) in products.iter_mut() {
        assert_eq!((matrix.cols, out.len()), (act.cols, act.rows * matrix.rows));
        assert!(if matrix.is_integer() { act.bytes.is_some() } else { act.floats.is_some() });
        jobs.push((total, *matrix, Shared(out.as_mut_ptr())));
        total += matrix.rows.div_ceil(PANEL);
    }
    if act.rows == 0 {
        return;
    }
    let chunk = (total / (8 * pool.threads())).clamp(1, 64);
    let tiles: Vec<(usize, usize)> = tiles(act.rows, act.isa.tile()).collect();
    pool.run(total.div_ceil(chunk), |i| {
        let mut bytes = Vec::new();
        // As many rows as stay near the core while the panels pass by.
        for tiles in tiles.chunks((NEAR / (act.isa.tile() * act.row_bytes()).max(1)).max(4)) {
            for panel in i * chunk..total.min((i + 1) * chunk) {
                let job = jobs.partition_point(|(start, ..)| *start <= panel) - 1;
                let (start, matrix, out) = &jobs[job];
                // SAFETY: the sizes were checked above; panels write different columns of `out`.
                unsafe {
                    PanelProduct { matrix, act, tiles, panel: panel - start, out: out.get() }.run(&mut bytes)
                };
            }
        }
    });
}

/// Bytes of rows that are multiplied with one panel after the other: half of a common second-level cache.
const NEAR: usize = 1 << 20;

/// Some tiles of rows times one panel. Every kind of weight and size of tile is a function of its own: in one, the compiler
/// takes minutes.
struct PanelProduct<'a> {
    matrix: &'a Matrix,
    act: &'a Act,
    /// First row and number of rows of each.
    tiles: &'a [(usize, usize)],
    panel: usize,
    out: *mut f32,
}

impl PanelProduct<'_> {
    /// # Safety
    /// The rows must be prepared in the form the matrix needs; `out` has a row of the matrix's rows for each.
    unsafe fn run(&self, bytes: &mut Vec<Line>) {
        // SAFETY: the caller's.
        unsafe {
            match self.matrix.kind {
                Kind::F32 => self.all::<Floats<F32>>(bytes),
                Kind::F16 => self.all::<Floats<F16>>(bytes),
                Kind::BF16 => self.all::<Floats<BF16>>(bytes),
                Kind::Q4 => self.all::<Ints<Q4>>(bytes),
                Kind::Q4Min => self.all::<Ints<Q4Min>>(bytes),
                Kind::Q5 => self.all::<Ints<Q5>>(bytes),
                Kind::Q6 => self.all::<Ints<Q6>>(bytes),
                Kind::Q8 => self.all::<Ints<Q8>>(bytes),
            }
        }
    }

    unsafe fn all<T: Tile>(&self, bytes: &mut Vec<Line>) {
        let (isa, cols) = (self.act.isa, self.act.cols);
        // SAFETY: the caller's; the buffer has a byte for every weight of the panel.
        unsafe {
            let panel = self.matrix.data.as_ptr().add(self.panel * self.matrix.panel_bytes);
            let weights = T::weights(panel, cols);
            // Many tiles are worth unpacking the panel once for all of them.
            if T::UNPACKS && self.tiles.len() > 2 {
                bytes.resize(bytes.len().max((cols * PANEL * 5 / 4).div_ceil(size_of::<Line>())), Line::ZERO);
                let out: *mut u8 = bytes.as_mut_ptr().cast();
                isa.run(Unpack::<T> { weights, cols, out, tile: PhantomData });
                self.each::<T::Unpacked>(Weights::new(out, out.add(cols * PANEL)));
            } else {
                self.each::<T>(weights);
            }
        }
    }

    /// While the tiles of an unpacked panel are worked on, the next panel comes from memory, a share with each tile.
    unsafe fn each<T: Tile>(&self, weights: Weights) {
        let isa = self.act.isa;
        let blocks = self.act.cols.div_ceil(BLOCK).max(1);
        let lines = self.matrix.panel_bytes.div_ceil(64 * blocks);
        let share = lines.div_ceil(self.tiles.len());
        let next = self.matrix.data.as_ptr().wrapping_add((self.panel + 1) * self.matrix.panel_bytes);
        for (i, &(row, count)) in self.tiles.iter().enumerate() {
            let first = lines.min(i * share);
            let ahead = next.wrapping_add(first * blocks * 64);
            let weights = Weights { ahead, lines: share.min(lines - first), ..weights };
            // SAFETY: the caller's; `count` is one of these and no more than the tile.
            unsafe {
                match count {
                    16 => isa.run(self.tile::<T, 16>(row, weights)),
                    8 => isa.run(self.tile::<T, 8>(row, weights)),
                    4 => isa.run(self.tile::<T, 4>(row, weights)),
                    2 => isa.run(self.tile::<T, 2>(row, weights)),
                    _ => isa.run(self.tile::<T, 1>(row, weights)),
                }
            }
        }
    }

    fn tile<T: Tile, const M: usize>(&self, row: usize, weights: Weights) -> TileProduct<'_, T, M> {
        TileProduct { panel: self, row, weights, tile: PhantomData }
    }
}

struct Unpack<T> {
    weights: Weights,
    cols: usize,
    out: *mut u8,
    tile: PhantomData<T>,
}

impl<T: Tile> Op for Unpack<T> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the caller's.
        unsafe { T::unpack::<S>(self.weights, self.cols, self.out) }
    }
}

struct TileProduct<'a, T, const M: usize> {
    panel: &'a PanelProduct<'a>,
    row: usize,
    weights: Weights,
    tile: PhantomData<T>,
}

impl<T: Tile, const M: usize> Op for TileProduct<'_, T, M> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        if M > S::TILE {
            return;
        }
        let PanelProduct { matrix, act, panel, out, .. } = self.panel;
        // SAFETY: panels and tiles lie inside their buffers; the last panel is copied only as far as it goes.
        unsafe {
            let sums = T::product::<S, M>(self.weights, act, self.row);
            let out = out.add(self.row * matrix.rows + panel * PANEL);
            let width = PANEL.min(matrix.rows - panel * PANEL);
            for (m, sum) in sums.into_iter().enumerate() {
                if width == PANEL {
                    S::store(out.add(m * matrix.rows), sum);
                } else {
                    let mut lanes = [0.0f32; PANEL];
                    S::store(lanes.as_mut_ptr(), sum);
                    std::ptr::copy_nonoverlapping(lanes.as_ptr(), out.add(m * matrix.rows), width);
                }
            }
        }
    }
}

/// Where the parts of a panel begin.
#[derive(Clone, Copy)]
struct Weights {
    quants: *const u8,
    scales: *const u8,
    /// What to ask for meanwhile, and how many cache lines of it with each block.
    ahead: *const u8,
    lines: usize,
}

impl Weights {
    fn new(quants: *const u8, scales: *const u8) -> Self {
        Self { quants, scales, ahead: quants, lines: 0 }
    }
}

/// The product of a tile of `M` rows, beginning at `row`, with a panel.
trait Tile {
    /// The same weights, a byte each, with scales of four bytes.
    type Unpacked: Tile;
    const UNPACKS: bool;
    unsafe fn weights(panel: *const u8, cols: usize) -> Weights;
    unsafe fn unpack<S: Simd>(weights: Weights, cols: usize, out: *mut u8);
    unsafe fn product<S: Simd, const M: usize>(weights: Weights, act: &Act, row: usize) -> [S::F; M];
}
