//! Products of rows with packed matrices, for every kind of weight.

use super::act::{Act, BLOCK_BYTES, tiles};
use super::pack::{Matrix, PANEL, Precision};
use super::simd::{Op, Simd};
use crate::pool::{Pool, Shared};
use crate::quant::{BLOCK, DType};

/// How the weights of a [`Matrix`] are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    F32,
    F16,
    BF16,
    /// Four bits, 8 too high.
    Q4,
    /// Four bits with a minimum per block.
    Q4Min,
    /// Five bits, 16 too high.
    Q5,
    /// Six bits, 32 too high, a scale per 16.
    Q6,
    /// Eight bits, 128 too high.
    Q8,
}

impl Kind {
    pub(super) fn of(dtype: DType, precision: Precision) -> Self {
        match (precision, dtype) {
            (Precision::Exact, _) | (Precision::Auto, DType::F32) => Self::F32,
            (Precision::Auto, DType::F16) => Self::F16,
            (Precision::Auto, DType::BF16) => Self::BF16,
            (_, DType::Q4_0) => Self::Q4,
            (_, DType::Q4_1 | DType::Q4_K) => Self::Q4Min,
            (_, DType::Q5_0) => Self::Q5,
            (_, DType::Q6_K) => Self::Q6,
            (_, DType::Q8_0) | (Precision::Int8, _) => Self::Q8,
        }
    }

    pub(super) fn is_integer(self) -> bool {
        !matches!(self, Self::F32 | Self::F16 | Self::BF16)
    }

    /// Bytes of quants of 16 rows × 32 columns.
    pub(super) fn quant_bytes(self) -> usize {
        match self {
            Self::F32 => PANEL * BLOCK * 4,
            Self::F16 | Self::BF16 => PANEL * BLOCK * 2,
            Self::Q4 | Self::Q4Min => 256,
            Self::Q5 => 320,
            Self::Q6 => 384,
            Self::Q8 => 512,
        }
    }

    /// Bytes of scales and minima of 16 rows × 32 columns.
    pub(super) fn scale_bytes(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 0,
            Self::Q4Min | Self::Q6 => 64,
            Self::Q4 | Self::Q5 | Self::Q8 => 32,
        }
    }

    pub(super) fn panel_bytes(self, cols: usize) -> usize {
        match self {
            Self::F32 => PANEL * cols * 4,
            Self::F16 | Self::BF16 => PANEL * cols * 2,
            _ => cols / BLOCK * (self.quant_bytes() + self.scale_bytes()),
        }
    }
}

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
            unsafe { act.isa.run(PanelProduct { matrix, act, panel: panel - start, out: out.get() }) };
        }
    });
}

/// All rows times one panel.
struct PanelProduct<'a> {
    matrix: &'a Matrix,
    act: &'a Act,
    panel: usize,
    out: *mut f32,
}

impl Op for PanelProduct<'_> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the caller's.
        unsafe {
            match self.matrix.kind {
                Kind::F32 => self.all::<S, Floats<F32>>(),
                Kind::F16 => self.all::<S, Floats<F16>>(),
                Kind::BF16 => self.all::<S, Floats<BF16>>(),
                Kind::Q4 => self.all::<S, Ints<Q4>>(),
                Kind::Q4Min => self.all::<S, Ints<Q4Min>>(),
                Kind::Q5 => self.all::<S, Ints<Q5>>(),
                Kind::Q6 => self.all::<S, Ints<Q6>>(),
                Kind::Q8 => self.all::<S, Ints<Q8>>(),
            }
        }
    }
}

impl PanelProduct<'_> {
    #[inline(always)]
    unsafe fn all<S: Simd, T: Tile>(&self) {
        for (row, count) in tiles(self.act.rows, S::TILE) {
            // SAFETY: the caller's; `count` is one of these and no more than the tile.
            unsafe {
                match count {
                    16 => self.one::<S, T, 16>(row),
                    8 => self.one::<S, T, 8>(row),
                    4 => self.one::<S, T, 4>(row),
                    2 => self.one::<S, T, 2>(row),
                    _ => self.one::<S, T, 1>(row),
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn one<S: Simd, T: Tile, const M: usize>(&self, row: usize) {
        if M > S::TILE {
            return;
        }
        let Self { matrix, act, panel, out } = self;
        // SAFETY: panels and tiles lie inside their buffers; the last panel is copied only as far as it goes.
        unsafe {
            let weights = matrix.data.as_ptr().add(panel * matrix.panel_bytes);
            let sums = T::product::<S, M>(weights, act, row);
            let out = out.add(row * matrix.rows + panel * PANEL);
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

/// The product of a tile of `M` rows, beginning at `row`, with a panel.
trait Tile {
    unsafe fn product<S: Simd, const M: usize>(weights: *const u8, act: &Act, row: usize) -> [S::F; M];
}

/// A float format.
trait Float {
    const BYTES: usize;
    unsafe fn load<S: Simd>(p: *const u8) -> S::F;
}

struct F32;
struct F16;
struct BF16;

impl Float for F32 {
    const BYTES: usize = 4;
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const u8) -> S::F {
        unsafe { S::load(p.cast()) }
    }
}
impl Float for F16 {
    const BYTES: usize = 2;
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const u8) -> S::F {
        unsafe { S::load_f16(p.cast()) }
    }
}
impl Float for BF16 {
    const BYTES: usize = 2;
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const u8) -> S::F {
        unsafe { S::load_bf16(p.cast()) }
    }
}

struct Floats<T>(std::marker::PhantomData<T>);

impl<T: Float> Tile for Floats<T> {
    #[inline(always)]
    unsafe fn product<S: Simd, const M: usize>(weights: *const u8, act: &Act, row: usize) -> [S::F; M] {
        // SAFETY: the panel holds 16 numbers for each column, the tile M.
        unsafe {
            let x = act.floats.as_ref().map_or(std::ptr::null(), |b| b.as_ptr().cast::<f32>());
            let x = x.add(row * act.cols);
            let mut sums = [S::splat(0.0); M];
            for k in 0..act.cols {
                let w = T::load::<S>(weights.add(k * PANEL * T::BYTES));
                for (m, sum) in sums.iter_mut().enumerate() {
                    *sum = S::fma(w, S::splat(*x.add(k * M + m)), *sum);
                }
            }
            sums
        }
    }
}

/// An integer format.
trait Int {
    const KIND: Kind;
    /// Unsigned weights are this power of two too high; none if there is a minimum.
    const OFFSET: Option<u32>;
    /// Step `step` of a block: four columns of each row.
    unsafe fn step<S: Simd>(quants: *const u8, step: usize) -> S::B;
}

struct Q4;
struct Q4Min;
struct Q5;
struct Q6;
struct Q8;

#[inline(always)]
unsafe fn nibble<S: Simd>(quants: *const u8, step: usize) -> S::B {
    unsafe { S::shr_and(S::load_b(quants.add(step % 4 * 64)), step as u32 / 4 * 4, 15) }
}

impl Int for Q4 {
    const KIND: Kind = Kind::Q4;
    const OFFSET: Option<u32> = Some(3);
    #[inline(always)]
    unsafe fn step<S: Simd>(quants: *const u8, step: usize) -> S::B {
        unsafe { nibble::<S>(quants, step) }
    }
}
impl Int for Q4Min {
    const KIND: Kind = Kind::Q4Min;
    const OFFSET: Option<u32> = None;
    #[inline(always)]
    unsafe fn step<S: Simd>(quants: *const u8, step: usize) -> S::B {
        unsafe { nibble::<S>(quants, step) }
    }
}
impl Int for Q5 {
    const KIND: Kind = Kind::Q5;
    const OFFSET: Option<u32> = Some(4);
    #[inline(always)]
    unsafe fn step<S: Simd>(quants: *const u8, step: usize) -> S::B {
        unsafe {
            let fifth = S::shr_and(S::load_b(quants.add(256)), step as u32, 1);
            S::or(nibble::<S>(quants, step), S::shl(fifth, 4))
        }
    }
}
impl Int for Q6 {
    const KIND: Kind = Kind::Q6;
    const OFFSET: Option<u32> = Some(5);
    #[inline(always)]
    unsafe fn step<S: Simd>(quants: *const u8, step: usize) -> S::B {
        unsafe {
            let high = S::load_b(quants.add(256 + step / 4 * 64));
            S::or(nibble::<S>(quants, step), S::shl(S::shr_and(high, step as u32 % 4 * 2, 3), 4))
        }
    }
}
impl Int for Q8 {
    const KIND: Kind = Kind::Q8;
    const OFFSET: Option<u32> = Some(7);
    #[inline(always)]
    unsafe fn step<S: Simd>(quants: *const u8, step: usize) -> S::B {
        unsafe { S::load_b(quants.add(step * 64)) }
    }
}

struct Ints<T>(std::marker::PhantomData<T>);

impl<T: Int> Tile for Ints<T> {
    #[inline(always)]
    unsafe fn product<S: Simd, const M: usize>(weights: *const u8, act: &Act, row: usize) -> [S::F; M] {
        let blocks = act.cols / BLOCK;
        // SAFETY: the panel holds quants and then scales of `blocks` blocks, the tile `blocks` blocks of M rows.
        unsafe {
            let x = act.bytes.as_ref().map_or(std::ptr::null(), |b| b.as_ptr());
            let x = x.add(row * blocks * BLOCK_BYTES);
            let scales = weights.add(blocks * T::KIND.quant_bytes());
            let mut sums = [S::splat(0.0); M];
            for block in 0..blocks {
                let quants = weights.add(block * T::KIND.quant_bytes());
                let scales = scales.add(block * T::KIND.scale_bytes()).cast();
                let x = x.add(block * BLOCK_BYTES * M);
                if T::KIND == Kind::Q6 {
                    add_halves::<S, T, M>(&mut sums, quants, scales, x);
                } else {
                    add_block::<S, T, M>(&mut sums, quants, scales, x);
                }
            }
            sums
        }
    }
}

/// The integer sums of some steps, started so that the weights' offset cancels.
#[inline(always)]
unsafe fn dots<S: Simd, T: Int, const M: usize, const FROM: usize, const TO: usize>(
    quants: *const u8,
    x: *const u8,
    negated_sums: *const i32,
) -> [S::I; M] {
    unsafe {
        let mut acc: [S::I; M] = std::array::from_fn(|m| match T::OFFSET {
            Some(bits) => S::splat_i(*negated_sums.add(m) << bits),
            None => S::splat_i(0),
        });
        for step in FROM..TO {
            let w = T::step::<S>(quants, step);
            for (m, acc) in acc.iter_mut().enumerate() {
                let x = x.add((step * M + m) * 4).cast();
                *acc = if matches!(T::KIND, Kind::Q8) { S::dot::<false>(*acc, w, x) } else { S::dot::<true>(*acc, w, x) };
            }
        }
        acc
    }
}

/// Adds a block with one scale, and perhaps a minimum, per row of weights.
#[inline(always)]
unsafe fn add_block<S: Simd, T: Int, const M: usize>(
    sums: &mut [S::F; M],
    quants: *const u8,
    scales: *const u16,
    x: *const u8,
) {
    unsafe {
        let numbers = x.add(BLOCK * M).cast::<f32>();
        let acc = dots::<S, T, M, 0, 8>(quants, x, numbers.add(2 * M).cast());
        let scale = S::load_f16(scales);
        for m in 0..M {
            let scaled = S::mul(S::to_f32(acc[m]), S::splat(*numbers.add(m)));
            sums[m] = S::fma(scaled, scale, sums[m]);
        }
        if T::OFFSET.is_none() {
            let min = S::load_f16(scales.add(PANEL));
            for (m, sum) in sums.iter_mut().enumerate() {
                *sum = S::fma(min, S::splat(*numbers.add(M + m)), *sum);
            }
        }
    }
}

/// Adds a block with a scale per 16 columns.
#[inline(always)]
unsafe fn add_halves<S: Simd, T: Int, const M: usize>(
    sums: &mut [S::F; M],
    quants: *const u8,
    scales: *const u16,
    x: *const u8,
) {
    unsafe {
        let numbers = x.add(BLOCK * M).cast::<f32>();
        let first = dots::<S, T, M, 0, 4>(quants, x, numbers.add(3 * M).cast());
        let scale = S::load_f16(scales);
        let partial: [S::F; M] = std::array::from_fn(|m| S::mul(S::to_f32(first[m]), scale));
        let second = dots::<S, T, M, 4, 8>(quants, x, numbers.add(4 * M).cast());
        let scale = S::load_f16(scales.add(PANEL));
        for m in 0..M {
            let both = S::fma(S::to_f32(second[m]), scale, partial[m]);
            sums[m] = S::fma(both, S::splat(*numbers.add(m)), sums[m]);
        }
    }
}
