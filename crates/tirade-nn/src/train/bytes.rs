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

use std::ops::Range;

use super::aligned::{Aligned, Floats};
use super::gemm::{Buffers, Left, Right, Strips, View, add_column, strips};
use super::kernel::{MAX_ROWS, WIDTH};
use super::simd::simd;
use super::store::open_rows;
use crate::quant::BLOCK;

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

/// A left operand in bytes: per strip of rows, per four steps, the rows' four bytes side by side.
#[derive(Default)]
pub(crate) struct LeftBytes {
    data: Aligned<i8>,
    /// Per strip, per group, per row.
    scales: Vec<f32>,
    /// Sums of what the groups' bytes stand for, which minima are multiplied by.
    sums: Vec<f32>,
    rows: usize,
    steps: usize,
    /// Steps that share a scale.
    group: usize,
    /// A row on its way, and what rounding took from it.
    row: Vec<i8>,
    lost: Vec<f32>,
}

impl LeftBytes {
    /// Rounds and packs a dense matrix for `weight`.
    #[cfg(test)]
    pub fn pack(&mut self, a: View, weight: Bytes) {
        self.begin(a.rows, a.columns, weight);
        for rows in strips(a.rows) {
            self.pack_rows(a, rows.start, rows, None);
        }
    }

    /// Makes room for `rows` × `steps`, to be filled strip by strip and multiplied by `weight`.
    fn begin(&mut self, rows: usize, steps: usize, weight: Bytes) {
        (self.rows, self.steps, self.group) = (rows, steps, weight.group());
        let groups = steps.div_ceil(self.group);
        self.data.reshape(rows * steps.next_multiple_of(4));
        self.scales.resize(rows * groups, 0.0);
        self.sums.resize(rows * groups, 0.0);
        self.row.resize(groups * self.group, 0);
    }

    /// Rounds and packs one of the [`strips`], which begins at row `from` of `a`; what rounding took away goes to `rest`.
    fn pack_rows(&mut self, a: View, from: usize, rows: Range<usize>, mut rest: Option<&mut LeftBytes>) {
        assert!(!a.transposed, "only rows are rounded");
        let (i0, height, groups) = (rows.start, rows.len(), a.columns.div_ceil(self.group));
        for i in 0..height {
            let values = &a.data[(from + i) * a.stride..][..a.columns];
            self.put(values, i0, i, height);
            if let Some(rest) = &mut rest {
                let scales = &self.scales[i0 * groups + i..];
                self.lost.resize(values.len(), 0.0);
                lost(values, &self.row, self.group, height, scales, &mut self.lost);
                rest.put(&self.lost, i0, i, height);
            }
        }
    }

    /// Rounds and packs row `i` of the strip of `height` rows that begins with row `i0`.
    fn put(&mut self, values: &[f32], i0: usize, i: usize, height: usize) {
        let (padded, groups) = (values.len().next_multiple_of(4), values.len().div_ceil(self.group));
        let (scales, sums) = (&mut self.scales[i0 * groups + i..], &mut self.sums[i0 * groups + i..]);
        round(values, self.group, height, &mut self.row, scales, sums);
        let to = &mut self.data[i0 * padded..][..height * padded];
        for (four, to) in self.row.chunks_exact(4).zip(to.chunks_exact_mut(4 * height)) {
            to[4 * i..4 * i + 4].copy_from_slice(four);
        }
    }

    fn strip(&self, i0: usize, k0: usize, height: usize) -> Strip<'_> {
        let (padded, groups) = (self.steps.next_multiple_of(4), self.steps.div_ceil(self.group));
        let first = i0 * groups + k0 / self.group * height;
        Strip {
            data: &self.data[i0 * padded + k0 * height..],
            scales: &self.scales[first..],
            sums: &self.sums[first..],
            group: self.group,
        }
    }
}

/// 1.5 · 2^23: adding it rounds to an integer held in the low mantissa bits.
const SHIFT: f32 = 12_582_912.0;

/// The largest of sixteen.
#[inline(always)]
fn top(mut lanes: [f32; 16]) -> f32 {
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            lanes[l] = if lanes[l + half] > lanes[l] { lanes[l + half] } else { lanes[l] };
        }
    }
    lanes[0]
}

simd! {
    /// Rounds a row in groups to at most ±127. The scale and the sum of group g go to `[g * step]`; a value that is no finite number
    /// makes them none.
    fn round(from: &[f32], group: usize, step: usize, to: &mut [i8], scales: &mut [f32], sums: &mut [f32]) {
        match group {
            BLOCK => round_groups::<BLOCK>(from, step, to, scales, sums),
            _ => round_groups::<TURNED>(from, step, to, scales, sums),
        }
    }
}

/// [`round`] for groups of `N`, a multiple of sixteen.
#[inline(always)]
fn round_groups<const N: usize>(
    from: &[f32],
    step: usize,
    to: &mut [i8],
    scales: &mut [f32],
    sums: &mut [f32],
) {
    for (g, (part, to)) in from.chunks(N).zip(to.chunks_exact_mut(N)).enumerate() {
        let mut padded = [0f32; N];
        let values = <&[f32; N]>::try_from(part).unwrap_or_else(|_| {
            padded[..part.len()].copy_from_slice(part);
            &padded
        });
        // Without the sign, floats are ordered as their bits are, and what is not finite comes last.
        let mut largest = [0u32; 16];
        for sixteen in values.chunks_exact(16) {
            for l in 0..16 {
                largest[l] = largest[l].max(sixteen[l].to_bits() & 0x7fff_ffff);
            }
        }
        let largest = f32::from_bits(largest.into_iter().fold(0, u32::max));
        let inverse = if largest > 1e-30 { 127.0 / largest } else { 0.0 };
        let mut whole = [0i32; 16];
        for (sixteen, to) in values.chunks_exact(16).zip(to.chunks_exact_mut(16)) {
            for l in 0..16 {
                let shifted = (sixteen[l] * inverse + SHIFT).to_bits();
                to[l] = shifted as i8;
                whole[l] = whole[l].wrapping_add(shifted.wrapping_sub(SHIFT.to_bits()) as i32);
            }
        }
        let scale = if largest.is_finite() { largest / 127.0 } else { f32::NAN };
        scales[g * step] = scale;
        sums[g * step] = scale * whole.into_iter().fold(0, i32::wrapping_add) as f32;
    }
}

/// Small integers of a frozen weight (outputs × inputs): per 32 outputs, per four inputs, the outputs' four bytes side by side, every
/// 32 outputs padded to whole blocks of inputs.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    pub q: &'a [u8],
    /// Per 32 outputs and [`BLOCK`] inputs: 32 scales and 32 minima.
    pub scales: &'a [f32],
    pub inputs: usize,
    /// First output; it begins a panel.
    pub from: usize,
    /// Number of outputs.
    pub count: usize,
    /// Contract over the outputs instead of the inputs.
    pub turned: bool,
}

impl<'a> Bytes<'a> {
    /// The right operand of dy · W.
    pub fn turned(self) -> Self {
        Self { turned: true, ..self }
    }

    /// (steps, columns).
    fn shape(&self) -> (usize, usize) {
        if self.turned { (self.count, self.inputs) } else { (self.inputs, self.count) }
    }

    /// Steps that share a scale.
    fn group(&self) -> usize {
        if self.turned { TURNED } else { BLOCK }
    }

    /// Integers and scales of 32 outputs, from some input on; both begin blocks.
    fn at(&self, output: usize, input: usize) -> (&'a [u8], &'a [f32]) {
        let step = (self.from + output) / WIDTH * self.inputs.next_multiple_of(BLOCK) + input;
        (&self.q[step * WIDTH..], &self.scales[step / BLOCK * 2 * WIDTH..])
    }

    /// Steps `[k0, k0 + kc)` of the 32 columns from `j0`; per group of steps the columns' scales and minima.
    fn panel<'b>(
        &'b self,
        j0: usize,
        k0: usize,
        kc: usize,
        buffer: &'b mut (Aligned<u8>, Floats),
    ) -> (&'b [u8], &'b [f32]) {
        if !self.turned {
            return self.at(j0, k0);
        }
        let (bytes, scales) = buffer;
        bytes.reshape(kc.next_multiple_of(TURNED) * WIDTH);
        scales.reshape(kc.div_ceil(TURNED) * 2 * WIDTH);
        let groups = bytes.chunks_exact_mut(TURNED * WIDTH).zip(scales.chunks_exact_mut(2 * WIDTH));
        for (first, (bytes, scales)) in (k0..k0 + kc).step_by(TURNED).zip(groups) {
            let mut rows = [0f32; TURNED * WIDTH];
            for output in (first..(first + TURNED).min(k0 + kc)).step_by(WIDTH) {
                let (q, scales) = self.at(output, j0);
                open_rows(&q[..BLOCK * WIDTH], scales, &mut rows[output - first..], TURNED);
            }
            round_columns(&rows, bytes, scales);
        }
        (bytes, scales)
    }
}

simd! {
    /// What [`round`] took from a row.
    fn lost(from: &[f32], bytes: &[i8], group: usize, step: usize, scales: &[f32], to: &mut [f32]) {
        for (g, (part, to)) in from.chunks(group).zip(to.chunks_mut(group)).enumerate() {
            let (scale, bytes) = (scales[g * step], &bytes[g * group..][..part.len()]);
            for ((to, value), byte) in to.iter_mut().zip(part).zip(bytes) {
                *to = value - *byte as f32 * scale;
            }
        }
    }
}

simd! {
    /// Rounds 32 rows of [`TURNED`] numbers, each by its largest magnitude, to the bytes of as many columns.
    fn round_columns(rows: &[f32; TURNED * WIDTH], to: &mut [u8], scales: &mut [f32]) {
        for (j, row) in rows.chunks_exact(TURNED).enumerate() {
            let mut largest = [0f32; 16];
            for sixteen in row.chunks_exact(16) {
                for l in 0..16 {
                    let size = sixteen[l].abs();
                    largest[l] = if size > largest[l] { size } else { largest[l] };
                }
            }
            let largest = top(largest);
            let inverse = if largest > 1e-30 { 127.0 / largest } else { 0.0 };
            let mut bytes = [0u8; TURNED];
            for (byte, value) in bytes.iter_mut().zip(row) {
                *byte = (value * inverse + SHIFT).to_bits() as u8 ^ 0x80;
            }
            for (four, to) in bytes.chunks_exact(4).zip(to.chunks_exact_mut(4 * WIDTH)) {
                to[4 * j..4 * j + 4].copy_from_slice(four);
            }
            (scales[j], scales[WIDTH + j]) = (largest / 127.0, -128.0 * (largest / 127.0));
        }
    }
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

/// One strip of a left operand, from some group on.
struct Strip<'a> {
    data: &'a [i8],
    scales: &'a [f32],
    sums: &'a [f32],
    group: usize,
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
        x86::TILES[height - 1](
            strip,
            panel,
            padded,
            scales,
            super::kernel::Target { c: c.as_mut_ptr(), stride, add },
        );
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
            let panels = Panels::weight(&w, n, k).rounded(Form::Rounded);
            let bytes = panels.bytes().unwrap();
            let mut left = LeftBytes::default();
            let mut c = vec![1f32; m * n];
            left.pack(View::new(&x, m, k), bytes);
            let (u, b) = (noise(m * 3, 4), noise(3 * n, 5));
            let (u_left, b_right) = (Left::of(View::new(&u, m, 3)), View::new(&b, 3, n));
            let low: (Strips, &dyn Right) = (u_left.strips(), &b_right);
            gemm(&left, &bytes, Some(low), &mut c, n, true, &mut Memory::default());
            let low = plain(&u, &b, m, 3, n);
            let want = plain(&x, &transpose(&w, n, k), m, k, n);
            let want: Vec<f32> = want.iter().zip(&low).map(|(v, low)| v + low + 1.0).collect();
            assert!(error(&c, &want) < 0.012, "x·Wᵀ of {m}×{k}×{n}: {}", error(&c, &want));
            let mut dx = vec![1f32; m * k];
            left.pack(View::new(&dy, m, n), bytes.turned());
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
            (0..rows * k).map(|i| if i % k % BLOCK == 5 { 127.0 } else { value(i) }).collect()
        };
        let (x, w) = (matrix(m), matrix(n));
        let panels = Panels::weight(&w, n, k).rounded(Form::Rounded);
        let (mut left, mut c) = (LeftBytes::default(), vec![0f32; m * n]);
        left.pack(View::new(&x, m, k), panels.bytes().unwrap());
        gemm(&left, &panels.bytes().unwrap(), None, &mut c, n, false, &mut Memory::default());
        assert_eq!(c, plain(&x, &transpose(&w, n, k), m, k, n));
    }

    #[test]
    fn an_outlier_costs_only_its_group_and_nan_is_not_hidden() {
        // A row of five groups, of which the second has an outlier and the last is short.
        let mut values = vec![0.5f32; 4 * BLOCK + 7];
        values[BLOCK + 3] = 5000.0;
        values[4 * BLOCK..].fill(0.0);
        let (mut bytes, mut scales, mut sums) = (vec![0; 5 * BLOCK], [0f32; 9], [0f32; 9]);
        round(&values, BLOCK, 2, &mut bytes, &mut scales, &mut sums);
        assert_eq!((sums[0], sums[4], sums[8], scales[8]), (16.0, 16.0, 0.0, 0.0));
        assert!(bytes[..BLOCK].iter().all(|b| *b == 127) && bytes[BLOCK + 4] == 0);
        for broken in [f32::NAN, f32::INFINITY] {
            values[3] = broken;
            round(&values, BLOCK, 2, &mut bytes, &mut scales, &mut sums);
            assert!(scales[0].is_nan() && sums[0].is_nan() && scales[4].is_finite());
        }
    }
    #[test]
    fn a_fine_input_is_nearly_exact() {
        if !available() {
            return eprintln!("skipped: this processor does not multiply bytes");
        }
        let (m, k, n) = (17, 70, 40);
        let (mut x, w) = (noise(m * k, 1), noise(n * k, 2));
        x.iter_mut().step_by(31).for_each(|x| *x *= 100.0);
        let panels = Panels::weight(&w, n, k).rounded(Form::Rounded);
        let opened: Vec<f32> = (0..n)
            .flat_map(|j| {
                let mut row = vec![0f32; k];
                panels.column(j, &mut row);
                row
            })
            .collect();
        let want = plain(&x, &transpose(&opened, n, k), m, k, n);
        let weight = Frozen { floats: &panels, bytes: panels.bytes() };
        for (fine, tolerance) in [(false, 0.02), (true, 1e-4)] {
            let (mut input, mut c) = (Input { fine, ..Input::default() }, vec![0f32; m * n]);
            input.pack(View::new(&x, m, k), weight.bytes);
            product(&input, &weight, None, &mut c, n, false, &mut Memory::default());
            let error = error(&c, &want);
            assert!(error < tolerance && (fine || error > 1e-3), "fine {fine}: {error}");
        }
    }
}
