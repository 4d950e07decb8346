//! Products of rows with packed matrices, for every kind of weight.
//!
//! A panel of 16 rows of weights meets a tile of up to 16 rows of the batch: [`Tile`] computes these 16 × M sums, in
//! [`floats`] and [`ints`]. Panels are shared out among the threads.

mod floats;
mod ints;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use self::floats::{BF16, F16, F32, Floats};
use self::ints::{Ints, Q4, Q4Min, Q5, Q6, Q8};
use super::act::{Act, tiles};
use super::kind::Kind;
use super::pack::{Buffer, Matrix, PANEL};
use super::simd::{Op, Simd};
use crate::pool::{Pool, Shared};

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
    pool.run(total.div_ceil(chunk), |i| {
        for panel in i * chunk..total.min((i + 1) * chunk) {
            let job = jobs.partition_point(|(start, ..)| *start <= panel) - 1;
            let (start, matrix, out) = &jobs[job];
            // SAFETY: the sizes were checked above; panels write different columns of `out`.
            unsafe { PanelProduct { matrix, act, panel: panel - start, out: out.get() }.run() };
        }
    });
}

/// All rows times one panel. Every kind of weight and size of tile is a function of its own: in one, the compiler
/// takes minutes.
struct PanelProduct<'a> {
    matrix: &'a Matrix,
    act: &'a Act,
    panel: usize,
    out: *mut f32,
}

impl PanelProduct<'_> {
    /// # Safety
    /// The rows must be prepared in the form the matrix needs; `out` has a row of the matrix's rows for each.
    unsafe fn run(&self) {
        // SAFETY: the caller's.
        unsafe {
            match self.matrix.kind {
                Kind::F32 => self.all::<Floats<F32>>(),
                Kind::F16 => self.all::<Floats<F16>>(),
                Kind::BF16 => self.all::<Floats<BF16>>(),
                Kind::Q4 => self.all::<Ints<Q4>>(),
                Kind::Q4Min => self.all::<Ints<Q4Min>>(),
                Kind::Q5 => self.all::<Ints<Q5>>(),
                Kind::Q6 => self.all::<Ints<Q6>>(),
                Kind::Q8 => self.all::<Ints<Q8>>(),
            }
        }
    }

    unsafe fn all<T: Tile>(&self) {
        let (isa, cols) = (self.act.isa, self.act.cols);
        // SAFETY: the caller's; the buffer has a byte for every weight of the panel.
        unsafe {
            let panel = self.matrix.data.as_ptr().add(self.panel * self.matrix.panel_bytes);
            let weights = T::weights(panel, cols);
            // Many tiles are worth unpacking the panel once for all of them.
            if T::UNPACKS && self.act.rows > 2 * isa.tile() {
                let mut bytes = Buffer::new(cols * PANEL);
                isa.run(Unpack::<T> { panel, cols, out: bytes.as_mut_ptr(), tile: PhantomData });
                self.tiles::<T::Unpacked>(Weights { quants: bytes.as_ptr(), ..weights });
            } else {
                self.tiles::<T>(weights);
            }
        }
    }

    unsafe fn tiles<T: Tile>(&self, weights: Weights) {
        let isa = self.act.isa;
        for (row, count) in tiles(self.act.rows, isa.tile()) {
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
    panel: *const u8,
    cols: usize,
    out: *mut u8,
    tile: PhantomData<T>,
}

impl<T: Tile> Op for Unpack<T> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the caller's.
        unsafe { T::unpack::<S>(self.panel, self.cols, self.out) }
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
        let PanelProduct { matrix, act, panel, out } = self.panel;
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
}

/// The product of a tile of `M` rows, beginning at `row`, with a panel.
trait Tile {
    /// The same weights, a byte each.
    type Unpacked: Tile;
    const UNPACKS: bool;
    unsafe fn weights(panel: *const u8, cols: usize) -> Weights;
    unsafe fn unpack<S: Simd>(panel: *const u8, cols: usize, out: *mut u8);
    unsafe fn product<S: Simd, const M: usize>(weights: Weights, act: &Act, row: usize) -> [S::F; M];
}
