//! Products with a frozen weight held in 8 bits, both operands as bytes, where the processor multiplies bytes (AVX-512 VNNI).
//!
//! The weight has one scale per row, so the same bytes serve x · Wᵀ, where the scales multiply the result's columns, and dy · W,
//! where they multiply dy beforehand. What comes from the left is rounded on the way, with one scale per row and [`GROUP`] steps:
//! activations have outliers, and a group confines each to its neighbours.
//!
//! | type | what |
//! |---|---|
//! | [`LeftBytes`] | activations or gradients, rounded, in strips of rows as the tile reads them |
//! | [`Bytes`] | part of a frozen weight, as it lies or turned |
//! | [`gemm`] | their product |
//! | [`product`] | the product of an [`Input`] with a weight in whatever form it is held |

use std::ops::Range;

use super::aligned::{Aligned, Floats};
use super::gemm::{Buffers, Left, Right, Strips, View, add_column, strips};
use super::kernel::{MAX_ROWS, Target, WIDTH};
use super::simd::simd;

/// Steps of the contraction that share one scale on the left.
pub(crate) const GROUP: usize = 128;
/// Steps worked on at once: a panel of 1024 × 32 bytes is 32 KiB.
const DEPTH: usize = 8 * GROUP;
/// Zero, as weights are stored: the instruction multiplies unsigned by signed bytes, so weights are shifted up.
pub(crate) const ZERO: u8 = 128;

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

/// A left operand in bytes: per strip of rows, per four steps, the rows' four bytes side by side.
#[derive(Default)]
pub(crate) struct LeftBytes {
    data: Aligned<i8>,
    /// Per strip, per group, per row.
    scales: Vec<f32>,
    /// −[`ZERO`] · Σ of the group's bytes, which takes the shift of the weights back.
    shifts: Vec<i32>,
    rows: usize,
    steps: usize,
}

impl LeftBytes {
    /// Rounds and packs a dense matrix, its columns first multiplied by `factors`.
    #[cfg(test)]
    pub fn pack(&mut self, a: View, factors: Option<&[f32]>) {
        self.begin(a.rows, a.columns);
        for rows in strips(a.rows) {
            self.pack_rows(a, rows.start, rows, factors);
        }
    }

    /// Makes room for `rows` × `steps`, to be filled strip by strip.
    fn begin(&mut self, rows: usize, steps: usize) {
        (self.rows, self.steps) = (rows, steps);
        let (padded, groups) = (steps.next_multiple_of(4), steps.div_ceil(GROUP));
        self.data.reshape(rows * padded);
        self.scales.resize(rows * groups, 0.0);
        self.shifts.resize(rows * groups, 0);
    }

    /// Rounds and packs one of the [`strips`], which begins at row `from` of `a`.
    fn pack_rows(&mut self, a: View, from: usize, rows: Range<usize>, factors: Option<&[f32]>) {
        assert!(!a.transposed, "only rows are rounded");
        let (padded, groups) = (a.columns.next_multiple_of(4), a.columns.div_ceil(GROUP));
        let (i0, height) = (rows.start, rows.len());
        for i in 0..height {
            let row = &a.data[(from + i) * a.stride..][..a.columns];
            for (g, part) in row.chunks(GROUP).enumerate() {
                let factors = factors.map(|f| &f[g * GROUP..][..part.len()]);
                let (mut bytes, at) = ([0i8; GROUP], i0 * groups + g * height + i);
                let (scale, sum) = round(part, factors, &mut bytes);
                (self.scales[at], self.shifts[at]) = (scale, -(ZERO as i32) * sum);
                let to = &mut self.data[i0 * padded + g * GROUP * height..]
                    [..height * part.len().next_multiple_of(4)];
                for (four, to) in bytes.chunks_exact(4).zip(to.chunks_exact_mut(4 * height)) {
                    to[4 * i..4 * i + 4].copy_from_slice(four);
                }
            }
        }
    }

    fn strip(&self, i0: usize, k0: usize, height: usize) -> Strip<'_> {
        let (padded, groups) = (self.steps.next_multiple_of(4), self.steps.div_ceil(GROUP));
        let first = i0 * groups + k0 / GROUP * height;
        Strip {
            data: &self.data[i0 * padded + k0 * height..],
            scales: &self.scales[first..],
            shifts: &self.shifts[first..],
        }
    }
}

simd! {
    /// Rounds to at most ±127 and returns the scale and the sum of the bytes. A value that is no finite number makes the scale none.
    fn round(from: &[f32], factors: Option<&[f32]>, to: &mut [i8; GROUP]) -> (f32, i32) {
        const SHIFT: f32 = 12_582_912.0; // 1.5 · 2^23: adding it rounds to an integer held in the low mantissa bits
        let mut values = match <&[f32; GROUP]>::try_from(from) {
            Ok(whole) => *whole,
            Err(_) => {
                let mut padded = [0f32; GROUP];
                padded[..from.len()].copy_from_slice(from);
                padded
            }
        };
        if let Some(factors) = factors {
            values.iter_mut().zip(factors).for_each(|(v, f)| *v *= f);
        }
        let (mut largest, mut broken) = ([0f32; 16], [0f32; 16]);
        for sixteen in values.chunks_exact(16) {
            for l in 0..16 {
                let size = sixteen[l].abs();
                largest[l] = if size > largest[l] { size } else { largest[l] };
                broken[l] += size * 0.0;
            }
        }
        let largest = largest.iter().fold(0f32, |m, l| m.max(*l));
        let inverse = if largest > 1e-30 { 127.0 / largest } else { 0.0 };
        let mut sums = [0i32; 16];
        for (sixteen, to) in values.chunks_exact(16).zip(to.chunks_exact_mut(16)) {
            for l in 0..16 {
                let byte = (sixteen[l] * inverse + SHIFT).to_bits() as i8;
                to[l] = byte;
                sums[l] += byte as i32;
            }
        }
        (largest / 127.0 + broken.iter().sum::<f32>(), sums.iter().sum())
    }
}

/// The bytes of a frozen weight (outputs × inputs): per 32 outputs, per four inputs, the outputs' four bytes side by side.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    pub data: &'a [u8],
    /// One per output.
    pub scales: &'a [f32],
    /// Inputs, as stored: a multiple of four.
    pub padded: usize,
    pub inputs: usize,
    /// First output; it begins a panel.
    pub from: usize,
    /// Number of outputs.
    pub count: usize,
    /// Contract over the outputs instead of the inputs.
    pub turned: bool,
}

impl<'a> Bytes<'a> {
    /// The right operand of dy · W; dy has to be multiplied by [`Bytes::factors`] on packing.
    pub fn turned(self) -> Self {
        Self { turned: true, ..self }
    }

    /// The scales of the outputs.
    pub fn factors(&self) -> &'a [f32] {
        &self.scales[self.from..self.from + self.count]
    }

    /// (steps, columns).
    fn shape(&self) -> (usize, usize) {
        if self.turned { (self.count, self.inputs) } else { (self.inputs, self.count) }
    }

    /// Steps `[k0, k0 + kc)` of the 32 columns from `j0`, and what their products are multiplied by.
    fn panel<'b>(
        &'b self,
        j0: usize,
        k0: usize,
        kc: usize,
        buffer: &'b mut Aligned<u8>,
    ) -> (&'b [u8], [f32; WIDTH]) {
        if self.turned {
            buffer.reshape(kc.next_multiple_of(WIDTH) * WIDTH);
            let blocks = (self.padded - j0).min(WIDTH) / 4;
            for (o, to) in (k0..k0 + kc).step_by(WIDTH).zip(buffer.chunks_exact_mut(WIDTH * WIDTH)) {
                let from = (self.from + o) * self.padded + j0 * WIDTH;
                turn(&self.data[from..from + blocks * 4 * WIDTH], to);
            }
            return (buffer, [1.0; WIDTH]);
        }
        let mut scales = [0.0; WIDTH];
        let width = WIDTH.min(self.count - j0);
        scales[..width].copy_from_slice(&self.factors()[j0..j0 + width]);
        let from = (self.from + j0) * self.padded + k0 * WIDTH;
        (&self.data[from..from + kc.next_multiple_of(4) * WIDTH], scales)
    }
}

simd! {
    /// A block of 32 outputs × up to 32 inputs from [input / 4][output][4] to [output / 4][input][4].
    fn turn(from: &[u8], to: &mut [u8]) {
        for (q, block) in from.chunks_exact(4 * WIDTH).enumerate() {
            for (p, four) in block.chunks_exact(16).enumerate() {
                let to = &mut to[p * 4 * WIDTH + q * 16..][..16];
                for i in 0..4 {
                    for j in 0..4 {
                        to[4 * i + j] = four[4 * j + i];
                    }
                }
            }
        }
    }
}

/// A left operand in the form that a frozen weight wants: floats, or bytes where the weight is multiplied as bytes.
#[derive(Default)]
pub(crate) struct Input {
    /// Packed for products with floats; always there, since the low-rank products need it.
    pub floats: Left,
    bytes: LeftBytes,
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
        if weight.is_some() {
            self.bytes.begin(rows, columns);
        }
    }

    /// Packs one of the [`strips`], which begins at row `from` of `a`.
    pub fn pack_rows(&mut self, a: View, from: usize, rows: Range<usize>, weight: Option<Bytes>) {
        self.floats.pack_rows(a, from, rows.clone());
        if let Some(weight) = weight {
            self.bytes.pack_rows(a, from, rows, weight.turned.then(|| weight.factors()));
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
    bytes: Aligned<u8>,
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
        (Some(bytes), low) => gemm(&x.bytes, bytes, low, c, stride, add, memory),
        (None, Some(low)) => {
            super::gemm::gemm(&[(x.floats.strips(), weight.floats), low], c, stride, add, &mut memory.floats);
        }
        (None, None) => {
            super::gemm::gemm(&[(x.floats.strips(), weight.floats)], c, stride, add, &mut memory.floats);
        }
    }
}

/// One strip of a left operand, from some group on.
struct Strip<'a> {
    data: &'a [i8],
    scales: &'a [f32],
    shifts: &'a [i32],
}

/// C = L · R + `low`, or C += with `add`; row i of C starts at `c[i * stride]`. Runs where [`available`].
///
/// # Panics
/// On shapes that do not fit: they are this crate's own mistakes, never input's.
pub(crate) fn gemm(
    left: &LeftBytes,
    right: &Bytes,
    low: Option<(Strips, &dyn Right)>,
    c: &mut [f32],
    stride: usize,
    add: bool,
    memory: &mut Memory,
) {
    let (steps, columns) = right.shape();
    assert_eq!(left.steps, steps, "gemm shapes");
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
                    tile(&strip, panel, kc, &scales, height, c, stride, add);
                    continue;
                }
                let mut sums = [0f32; MAX_ROWS * WIDTH];
                tile(&strip, panel, kc, &scales, height, &mut sums, WIDTH, false);
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
    scales: &[f32; WIDTH],
    height: usize,
    c: &mut [f32],
    stride: usize,
    add: bool,
) {
    let (padded, groups) = (steps.next_multiple_of(4), steps.div_ceil(GROUP));
    assert!(strip.data.len() >= padded * height && panel.len() >= padded * WIDTH);
    assert!(strip.scales.len() >= groups * height && strip.shifts.len() >= groups * height);
    assert!(c.len() >= (height - 1) * stride + WIDTH);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the operands have the lengths just asserted; `gemm` asked for the instructions.
    unsafe {
        x86::TILES[height - 1](strip, panel, padded, scales, Target { c: c.as_mut_ptr(), stride, add });
    }
    #[cfg(not(target_arch = "x86_64"))]
    unreachable!("`available` is false: {groups} {scales:?} {add}");
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{GROUP, MAX_ROWS, Strip, Target, WIDTH};
    use std::arch::x86_64::*;

    type Tile = unsafe fn(&Strip, &[u8], usize, &[f32; WIDTH], Target);

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
        scales: &[f32; WIDTH],
        target: Target,
    ) {
        let (mut a, mut b) = (strip.data.as_ptr(), panel.as_ptr());
        // SAFETY: `super::tile` asserted the lengths: R bytes of the strip and 32 of the panel per step, R scales per group, and the
        // target's rows.
        unsafe {
            let columns: [__m512; 2] = std::array::from_fn(|v| _mm512_loadu_ps(scales.as_ptr().add(16 * v)));
            for (g, first) in (0..padded).step_by(GROUP).enumerate() {
                let shifts = strip.shifts.as_ptr().add(g * R);
                let mut whole: [[__m512i; 2]; R] =
                    std::array::from_fn(|i| [_mm512_set1_epi32(*shifts.add(i)); 2]);
                for _ in 0..GROUP.min(padded - first) / 4 {
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
                let scales = strip.scales.as_ptr().add(g * R);
                for (i, whole) in whole.into_iter().enumerate() {
                    let scale = _mm512_set1_ps(*scales.add(i));
                    for (v, whole) in whole.into_iter().enumerate() {
                        let to = target.c.add(i * target.stride + 16 * v);
                        let (whole, factor) = (_mm512_cvtepi32_ps(whole), _mm512_mul_ps(scale, columns[v]));
                        let sum = if target.add || first > 0 {
                            _mm512_fmadd_ps(whole, factor, _mm512_loadu_ps(to))
                        } else {
                            _mm512_mul_ps(whole, factor)
                        };
                        _mm512_storeu_ps(to, sum);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::gemm::tests::{plain, transpose};
    use crate::train::panels::Panels;
    use crate::train::store::Form;
    use crate::train::testing::noise;

    /// Root of the summed squares of the differences over that of the values.
    fn error(got: &[f32], want: &[f32]) -> f32 {
        let squares = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>().sqrt();
        squares(&mut got.iter().zip(want).map(|(g, w)| g - w)) / squares(&mut want.iter().copied())
    }

    #[test]
    fn both_products_are_close_to_the_plain_ones() {
        if !available() {
            return eprintln!("skipped: this processor does not multiply bytes");
        }
        for (m, k, n) in [(1, 4, 3), (15, 70, 40), (29, 130, 64), (14, 1100, 33), (40, 256, 1100)] {
            let (x, w, dy) = (noise(m * k, 1), noise(n * k, 2), noise(m * n, 3));
            let panels = Panels::weight(&w, n, k).rounded(Form::Byte);
            let bytes = panels.bytes().unwrap();
            let mut left = LeftBytes::default();
            let mut c = vec![1f32; m * n];
            left.pack(View::new(&x, m, k), None);
            let (u, b) = (noise(m * 3, 4), noise(3 * n, 5));
            let (u_left, b_right) = (Left::of(View::new(&u, m, 3)), View::new(&b, 3, n));
            let low: (Strips, &dyn Right) = (u_left.strips(), &b_right);
            gemm(&left, &bytes, Some(low), &mut c, n, true, &mut Memory::default());
            let low = plain(&u, &b, m, 3, n);
            let want = plain(&x, &transpose(&w, n, k), m, k, n);
            let want: Vec<f32> = want.iter().zip(&low).map(|(v, low)| v + low + 1.0).collect();
            assert!(error(&c, &want) < 0.012, "x·Wᵀ of {m}×{k}×{n}: {}", error(&c, &want));
            let mut dx = vec![1f32; m * k];
            left.pack(View::new(&dy, m, n), Some(bytes.factors()));
            gemm(&left, &bytes.turned(), None, &mut dx, k, false, &mut Memory::default());
            let want = plain(&dy, &w, m, n, k);
            assert!(error(&dx, &want) < 0.012, "dy·W of {m}×{k}×{n}: {}", error(&dx, &want));
        }
    }

    #[test]
    fn whole_numbers_come_out_exactly() {
        if !available() {
            return eprintln!("skipped: this processor does not multiply bytes");
        }
        // Every row and group has a 127, so all scales are 1 and nothing is rounded.
        let value = |i: usize| ((i * 37 + i / 7) % 255) as f32 - 127.0;
        let (m, k, n) = (17, 300, 70);
        let matrix = |rows: usize| -> Vec<f32> {
            (0..rows * k).map(|i| if i % k % GROUP == 5 { 127.0 } else { value(i) }).collect()
        };
        let (x, w) = (matrix(m), matrix(n));
        let panels = Panels::weight(&w, n, k).rounded(Form::Byte);
        let (mut left, mut c) = (LeftBytes::default(), vec![0f32; m * n]);
        left.pack(View::new(&x, m, k), None);
        gemm(&left, &panels.bytes().unwrap(), None, &mut c, n, false, &mut Memory::default());
        assert_eq!(c, plain(&x, &transpose(&w, n, k), m, k, n));
    }

    #[test]
    fn an_outlier_costs_only_its_group_and_nan_is_not_hidden() {
        let mut values = vec![0.5f32; GROUP];
        let mut bytes = [0; GROUP];
        assert_eq!(round(&values, None, &mut bytes).1, 127 * GROUP as i32);
        assert_eq!(round(&[0.0; 7], None, &mut bytes), (0.0, 0));
        for broken in [f32::NAN, f32::INFINITY] {
            values[3] = broken;
            assert!(round(&values, None, &mut bytes).0.is_nan());
        }
    }
}
