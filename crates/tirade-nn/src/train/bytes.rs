//! Products with a frozen weight held in blocks of small integers, both operands as bytes, where the processor multiplies bytes
//! (AVX-512 VNNI).
//!
//! x · Wᵀ takes the weight as it is held, a scale and a minimum per row and 32 inputs: nothing of it is rounded. dy · W contracts over
//! rows, so there the weight is opened and rounded again, a scale per column and 128 rows. What comes from the left is rounded on the
//! way in groups of the same lengths: activations have outliers, and a group confines each to its neighbours.
//!
//! | type | what |
//! |---|---|
//! | [`LeftBytes`] | activations or gradients, rounded, in strips of rows as the tile reads them |
//! | [`Bytes`] | part of a frozen weight, as it lies or turned |
//! | [`gemm`] | their product |
//! | [`product`] | the product of an [`Input`] with a weight in whatever form it is held |

mod left;
mod round;
#[cfg(test)]
mod tests;
mod weight;

use std::ops::Range;

use self::left::{LeftBytes, Strip};
pub(crate) use self::weight::Bytes;
use super::aligned::{Aligned, Floats};
use super::gemm::{Buffers, Left, Right, Strips, View, add_column, strips};
use super::kernel::{MAX_ROWS, WIDTH};

/// Steps of dy · W that share a scale, on both sides.
const TURNED: usize = 128;
/// Steps worked on at once: a panel of 1024 × 32 bytes is 32 KiB.
const DEPTH: usize = 8 * TURNED;

/// Whether [`gemm`] runs on this processor.
#[cfg(target_arch = "x86_64")]
pub(crate) fn available() -> bool {
    use super::simd::{Level, level};
    level() == Level::Avx512 && is_x86_feature_detected!("avx512vnni")
}

/// Whether [`gemm`] runs on this processor.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn available() -> bool {
    false
}

/// A left operand in the form that a frozen weight wants: floats, or bytes where the weight is multiplied as bytes.
#[derive(Default)]
pub(crate) struct Input {
    /// Packed for products with floats; always there, since the low-rank products need it.
    pub floats: Left,
    bytes: LeftBytes,
    /// What rounding took from `bytes`, rounded itself, where `fine`.
    rest: LeftBytes,
    /// Multiply bytes twice, for an input that one rounding would spoil.
    pub fine: bool,
    /// Rows on their way.
    made: Floats,
}

impl Input {
    /// Packs `a` for products with low-rank matrices and with `weight`.
    pub fn pack(&mut self, a: View, weight: Option<Bytes>) {
        self.begin(a.rows, a.columns, weight);
        for rows in strips(a.rows) {
            self.pack_rows(a, rows.start, rows, weight);
        }
    }

    /// [`Input::pack`] of a matrix that is nowhere whole: `make` writes the rows it is asked for, and they are packed while near.
    pub fn pack_made(
        &mut self,
        (rows, columns): (usize, usize),
        weight: Option<Bytes>,
        mut make: impl FnMut(Range<usize>, &mut [f32]),
    ) {
        self.begin(rows, columns, weight);
        let mut made = std::mem::take(&mut self.made);
        for rows in strips(rows) {
            made.reshape(rows.len() * columns);
            make(rows.clone(), &mut made);
            self.pack_rows(View::new(&made, rows.len(), columns), 0, rows, weight);
        }
        self.made = made;
    }

    /// Makes room for a matrix to be packed strip by strip.
    pub fn begin(&mut self, rows: usize, columns: usize, weight: Option<Bytes>) {
        self.floats.begin(rows, columns);
        if let Some(weight) = weight {
            self.bytes.begin(rows, columns, weight);
            if self.fine {
                self.rest.begin(rows, columns, weight);
            }
        }
    }

    /// Packs one of the [`strips`], which begins at row `from` of `a`.
    pub fn pack_rows(&mut self, a: View, from: usize, rows: Range<usize>, weight: Option<Bytes>) {
        self.floats.pack_rows(a, from, rows.clone());
        if weight.is_some() {
            self.bytes.pack_rows(a, from, rows, self.fine.then_some(&mut self.rest));
        }
    }
}

/// One frozen weight in both forms.
pub(crate) struct Frozen<'a> {
    pub floats: &'a dyn Right,
    pub bytes: Option<Bytes<'a>>,
}

/// Reused memory of [`product`].
#[derive(Default)]
pub(crate) struct Memory {
    pub floats: Buffers,
    bytes: (Aligned<u8>, Floats),
}

/// C = X · W [+ low-rank pair], or C +=, in the form in which the weight is multiplied.
pub(crate) fn product(
    x: &Input,
    weight: &Frozen,
    low: Option<(Strips, &dyn Right)>,
    c: &mut [f32],
    stride: usize,
    add: bool,
    memory: &mut Memory,
) {
    match (&weight.bytes, low) {
        (Some(bytes), low) => {
            gemm(&x.bytes, bytes, low, c, stride, add, memory);
            if x.fine {
                gemm(&x.rest, bytes, None, c, stride, true, memory);
            }
        }
        (None, Some(low)) => {
            super::gemm::gemm(&[(x.floats.strips(), weight.floats), low], c, stride, add, &mut memory.floats);
        }
        (None, None) => {
            super::gemm::gemm(&[(x.floats.strips(), weight.floats)], c, stride, add, &mut memory.floats);
        }
    }
}

/// C = L · R + `low`, or C += with `add`; row i of C starts at `c[i * stride]`. Runs where [`available`].
///
/// # Panics
/// On shapes that do not fit: they are this crate's own mistakes, never input's.
fn gemm(
    left: &LeftBytes,
    right: &Bytes,
    low: Option<(Strips, &dyn Right)>,
    c: &mut [f32],
    stride: usize,
    add: bool,
    memory: &mut Memory,
) {
    let (steps, columns) = right.shape();
    assert_eq!((left.steps, left.group), (steps, right.group()), "gemm shapes");
    assert!(available(), "bytes are multiplied only where the processor can");
    if left.rows == 0 || columns == 0 {
        return;
    }
    for j0 in (0..columns).step_by(WIDTH) {
        for k0 in (0..steps).step_by(DEPTH) {
            let kc = DEPTH.min(steps - k0);
            let (panel, scales) = right.panel(j0, k0, kc, &mut memory.bytes);
            for rows in strips(left.rows) {
                let (i0, height) = (rows.start, rows.len());
                let (strip, add) = (left.strip(i0, k0, height), add || k0 > 0);
                let c = &mut c[i0 * stride + j0..];
                if columns - j0 >= WIDTH {
                    tile(&strip, panel, kc, scales, height, c, stride, add);
                    continue;
                }
                let mut sums = [0f32; MAX_ROWS * WIDTH];
                tile(&strip, panel, kc, scales, height, &mut sums, WIDTH, false);
                for (i, sums) in sums.chunks_exact(WIDTH).take(height).enumerate() {
                    write(&mut c[i * stride..][..columns - j0], sums, add);
                }
            }
        }
        if let Some(low) = low {
            add_column(low, j0, c, stride, &mut memory.floats);
        }
    }
}

#[inline(always)]
fn write(to: &mut [f32], sums: &[f32], add: bool) {
    if add {
        to.iter_mut().zip(sums).for_each(|(c, s)| *c += s);
    } else {
        to.copy_from_slice(&sums[..to.len()]);
    }
}

/// Writes (or adds) a tile of `height` ≤ 14 rows and 32 columns over `steps` steps to `c`, whose rows start `stride` floats apart.
#[allow(clippy::too_many_arguments)]
fn tile(
    strip: &Strip,
    panel: &[u8],
    steps: usize,
    scales: &[f32],
    height: usize,
    c: &mut [f32],
    stride: usize,
    add: bool,
) {
    let (padded, groups) = (steps.next_multiple_of(4), steps.div_ceil(strip.group));
    assert!(strip.data.len() >= padded * height && panel.len() >= padded * WIDTH);
    assert!(strip.scales.len() >= groups * height && strip.sums.len() >= groups * height);
    assert!(scales.len() >= groups * 2 * WIDTH);
    assert!(c.len() >= (height - 1) * stride + WIDTH);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the operands have the lengths just asserted; `gemm` asked for the instructions.
    unsafe {
        let target = super::kernel::Target { c: c.as_mut_ptr(), stride, add };
        x86::TILES[height - 1](strip, panel, padded, scales, target);
    }
    #[cfg(not(target_arch = "x86_64"))]
    unreachable!("`available` is false: {groups} {scales:?} {add}");
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::kernel::Target;
    use super::{MAX_ROWS, Strip, WIDTH};
    use std::arch::x86_64::*;

    type Tile = unsafe fn(&Strip, &[u8], usize, &[f32], Target);

    macro_rules! tiles {
        ($($r:literal)*) => { [$(tile::<$r>),*] };
    }
    /// By rows, less one.
    pub(super) static TILES: [Tile; MAX_ROWS] = tiles!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);

    /// `padded` steps, a multiple of four. The operands are as long as `super::tile` says.
    #[target_feature(enable = "avx512f,avx512vnni")]
    unsafe fn tile<const R: usize>(
        strip: &Strip,
        panel: &[u8],
        padded: usize,
        scales: &[f32],
        target: Target,
    ) {
        let (mut a, mut b) = (strip.data.as_ptr(), panel.as_ptr());
        // SAFETY: `super::tile` asserted the lengths: R bytes of the strip and 32 of the panel per step, R scales and sums and 64
        // floats of the columns per group, and the target's rows.
        unsafe {
            for (g, first) in (0..padded).step_by(strip.group).enumerate() {
                let mut whole = [[_mm512_setzero_si512(); 2]; R];
                for _ in 0..strip.group.min(padded - first) / 4 {
                    let right: [__m512i; 2] =
                        std::array::from_fn(|v| _mm512_loadu_si512(b.add(64 * v).cast()));
                    for (i, whole) in whole.iter_mut().enumerate() {
                        let left = _mm512_set1_epi32(a.add(4 * i).cast::<i32>().read_unaligned());
                        for (sum, right) in whole.iter_mut().zip(right) {
                            *sum = _mm512_dpbusd_epi32(*sum, right, left);
                        }
                    }
                    a = a.add(4 * R);
                    b = b.add(4 * WIDTH);
                }
                let columns = scales.as_ptr().add(2 * WIDTH * g);
                let [low, high, min_low, min_high] =
                    std::array::from_fn(|v| _mm512_loadu_ps(columns.add(16 * v)));
                let (columns, minima) = ([low, high], [min_low, min_high]);
                for (i, whole) in whole.into_iter().enumerate() {
                    let scale = _mm512_set1_ps(*strip.scales.as_ptr().add(g * R + i));
                    let sum = _mm512_set1_ps(*strip.sums.as_ptr().add(g * R + i));
                    for (v, whole) in whole.into_iter().enumerate() {
                        let to = target.c.add(i * target.stride + 16 * v);
                        let part = _mm512_mul_ps(_mm512_cvtepi32_ps(whole), columns[v]);
                        let from = if target.add || first > 0 {
                            _mm512_fmadd_ps(minima[v], sum, _mm512_loadu_ps(to))
                        } else {
                            _mm512_mul_ps(minima[v], sum)
                        };
                        _mm512_storeu_ps(to, _mm512_fmadd_ps(part, scale, from));
                    }
                }
            }
        }
    }
}
