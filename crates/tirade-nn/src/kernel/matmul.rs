//! Products of rows with packed matrices, for every kind of weight.

use std::marker::PhantomData;

use super::act::{Act, BLOCK_BYTES, tiles};
use super::pack::{Buffer, Matrix, PANEL, Precision};
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

    /// Which of [`super::act::OFFSETS`] its unsigned weights are too high by.
    const fn offset_index(self) -> Option<usize> {
        match self {
            Self::Q4 => Some(0),
            Self::Q5 => Some(1),
            Self::Q8 => Some(2),
            _ => None,
        }
    }

    /// Whether it has a scale per 16 columns rather than 32.
    const fn has_halves(self) -> bool {
        matches!(self, Self::Q6)
    }

    /// Bytes of quants of 16 rows × 32 columns.
    pub(super) const fn quant_bytes(self) -> usize {
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
    pub(super) const fn scale_bytes(self) -> usize {
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

struct Floats<T>(PhantomData<T>);

impl<T: Float> Tile for Floats<T> {
    type Unpacked = Self;
    const UNPACKS: bool = false;
    #[inline(always)]
    unsafe fn weights(panel: *const u8, _: usize) -> Weights {
        Weights { quants: panel, scales: panel }
    }
    #[inline(always)]
    unsafe fn unpack<S: Simd>(_: *const u8, _: usize, _: *mut u8) {}
    #[inline(always)]
    unsafe fn product<S: Simd, const M: usize>(weights: Weights, act: &Act, row: usize) -> [S::F; M] {
        // SAFETY: the panel holds 16 numbers for each column, the tile M.
        unsafe {
            let x = act.floats.as_ref().map_or(std::ptr::null(), |b| b.as_ptr().cast::<f32>());
            let x = x.add(row * act.cols);
            let mut sums = [S::splat(0.0); M];
            for k in 0..act.cols {
                let w = T::load::<S>(weights.quants.add(k * PANEL * T::BYTES));
                for (m, sum) in sums.iter_mut().enumerate() {
                    *sum = S::fma(w, S::splat(*x.add(k * M + m)), *sum);
                }
            }
            sums
        }
    }
}

/// Bytes of weights that are asked for before they are needed.
const AHEAD: usize = 4096;

/// An integer format.
trait Int {
    const KIND: Kind;
    /// Bytes of quants from one block to the next.
    const STRIDE: usize = Self::KIND.quant_bytes();
    /// Step `J` of a block: four columns of each row.
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B;
}

struct Q4;
struct Q4Min;
struct Q5;
struct Q6;
struct Q8;
/// A panel that was unpacked to bytes, with the scales of the format it came from.
struct Bytes<T>(PhantomData<T>);

#[inline(always)]
unsafe fn nibble<S: Simd, const J: usize>(quants: *const u8) -> S::B {
    unsafe { S::shr_and(S::load_b(quants.add(J % 4 * 64)), J as u32 / 4 * 4, 15) }
}

impl Int for Q4 {
    const KIND: Kind = Kind::Q4;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        unsafe { nibble::<S, J>(quants) }
    }
}
impl Int for Q4Min {
    const KIND: Kind = Kind::Q4Min;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        unsafe { nibble::<S, J>(quants) }
    }
}
impl Int for Q5 {
    const KIND: Kind = Kind::Q5;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        // The fifth bit of step J is bit J.
        unsafe {
            let fifth = S::load_b(quants.add(256));
            let fifth =
                if J < 4 { S::shl_and(fifth, 4 - J as u32, 16) } else { S::shr_and(fifth, J as u32 - 4, 16) };
            S::or(nibble::<S, J>(quants), fifth)
        }
    }
}
impl Int for Q6 {
    const KIND: Kind = Kind::Q6;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        // The high bits of step J are bits 2 (J % 4) and the next.
        unsafe {
            let high = S::load_b(quants.add(256 + J / 4 * 64));
            let high = match J % 4 {
                n @ 0..2 => S::shl_and(high, 4 - 2 * n as u32, 48),
                n => S::shr_and(high, 2 * n as u32 - 4, 48),
            };
            S::or(nibble::<S, J>(quants), high)
        }
    }
}
impl Int for Q8 {
    const KIND: Kind = Kind::Q8;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        unsafe { S::load_b(quants.add(J * 64)) }
    }
}
impl<T: Int> Int for Bytes<T> {
    const KIND: Kind = T::KIND;
    const STRIDE: usize = PANEL * BLOCK;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        unsafe { S::load_b(quants.add(J * 64)) }
    }
}

struct Ints<T>(PhantomData<T>);

impl<T: Int> Tile for Ints<T> {
    type Unpacked = Ints<Bytes<T>>;
    const UNPACKS: bool = !matches!(T::KIND, Kind::Q8);

    #[inline(always)]
    unsafe fn weights(panel: *const u8, cols: usize) -> Weights {
        unsafe { Weights { quants: panel, scales: panel.add(cols / BLOCK * T::KIND.quant_bytes()) } }
    }

    #[inline(always)]
    unsafe fn unpack<S: Simd>(panel: *const u8, cols: usize, out: *mut u8) {
        // SAFETY: the panel holds these blocks, and `out` has 512 bytes for each.
        unsafe {
            for block in 0..cols / BLOCK {
                let (quants, out) = (panel.add(block * T::STRIDE), out.add(block * PANEL * BLOCK));
                macro_rules! steps { ($($j:literal)*) => { $(S::store_b(out.add($j * 64), T::step::<S, $j>(quants));)* } }
                steps!(0 1 2 3 4 5 6 7);
            }
        }
    }

    #[inline(always)]
    unsafe fn product<S: Simd, const M: usize>(weights: Weights, act: &Act, row: usize) -> [S::F; M] {
        let blocks = act.cols / BLOCK;
        // SAFETY: the panel holds quants and scales of `blocks` blocks, the tile `blocks` blocks of M rows.
        unsafe {
            let x = act.bytes.as_ref().map_or(std::ptr::null(), |b| b.as_ptr());
            let x = x.add(row * blocks * BLOCK_BYTES);
            let mut sums = [S::splat(0.0); M];
            for block in 0..blocks {
                let quants = weights.quants.add(block * T::STRIDE);
                let scales = weights.scales.add(block * T::KIND.scale_bytes()).cast();
                let x = x.add(block * BLOCK_BYTES * M);
                for line in (0..T::STRIDE).step_by(64) {
                    S::prefetch(quants.wrapping_add(AHEAD + line));
                }
                if T::KIND.has_halves() {
                    add_halves::<S, T, M>(&mut sums, quants, scales, x);
                } else {
                    add_block::<S, T, M>(&mut sums, quants, scales, x);
                }
            }
            sums
        }
    }
}

/// Adds the products of step `J` of a block.
#[inline(always)]
unsafe fn dots<S: Simd, T: Int, const M: usize, const J: usize>(
    acc: &mut [S::I; M],
    quants: *const u8,
    x: *const u8,
) {
    unsafe {
        let w = T::step::<S, J>(quants);
        for (m, acc) in acc.iter_mut().enumerate() {
            let x = x.add((J * M + m) * 4).cast();
            *acc = if matches!(T::KIND, Kind::Q8) {
                S::dot::<false>(*acc, w, x)
            } else {
                S::dot::<true>(*acc, w, x)
            };
        }
    }
}

/// The numbers sums begin with: the `index`-th of a tile's block.
#[inline(always)]
unsafe fn begin<S: Simd, const M: usize>(x: *const u8, index: usize) -> [S::I; M] {
    unsafe {
        let numbers = x.add(BLOCK * M).cast::<i32>().add(index * M);
        let mut acc = [S::splat_i(0); M];
        for (m, acc) in acc.iter_mut().enumerate() {
            *acc = S::splat_i(*numbers.add(m));
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
        let mut acc = match T::KIND.offset_index() {
            Some(index) => begin::<S, M>(x, 2 + index),
            None => [S::splat_i(0); M],
        };
        macro_rules! steps { ($($j:literal)*) => { $(dots::<S, T, M, $j>(&mut acc, quants, x);)* } }
        steps!(0 1 2 3 4 5 6 7);
        let scale = S::load_f16(scales);
        for m in 0..M {
            let scaled = S::mul(S::to_f32(acc[m]), S::splat(*numbers.add(m)));
            sums[m] = S::fma(scaled, scale, sums[m]);
        }
        if T::KIND == Kind::Q4Min {
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
        macro_rules! steps { ($acc:ident $($j:literal)*) => { $(dots::<S, T, M, $j>(&mut $acc, quants, x);)* } }
        let mut first = begin::<S, M>(x, 5);
        steps!(first 0 1 2 3);
        let scale = S::load_f16(scales);
        let mut partial = [scale; M];
        for (partial, first) in partial.iter_mut().zip(first) {
            *partial = S::mul(S::to_f32(first), *partial);
        }
        let mut second = begin::<S, M>(x, 6);
        steps!(second 4 5 6 7);
        let scale = S::load_f16(scales.add(PANEL));
        for m in 0..M {
            let both = S::fma(S::to_f32(second[m]), scale, partial[m]);
            sums[m] = S::fma(both, S::splat(*numbers.add(m)), sums[m]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::act::Forms;
    use crate::kernel::simd::Isa;
    use crate::weights::Tensor;

    const COLS: usize = 256;
    const TYPES: [DType; 9] = [
        DType::F32,
        DType::F16,
        DType::BF16,
        DType::Q4_0,
        DType::Q4_1,
        DType::Q5_0,
        DType::Q8_0,
        DType::Q4_K,
        DType::Q6_K,
    ];

    /// Bytes of any content whose f16 scales are small numbers.
    fn stored(dtype: DType, rows: usize) -> Vec<u8> {
        let mut state = 12345u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut bytes: Vec<u8> = (0..dtype.bytes_for(COLS).unwrap() * rows).map(|_| byte()).collect();
        let places: &[usize] = match dtype {
            DType::Q4_1 | DType::Q4_K => &[0, 2],
            DType::Q6_K => &[208],
            _ => &[0],
        };
        for (i, block) in bytes.chunks_exact_mut(dtype.block_bytes()).enumerate() {
            let small = 0.01 + (i % 7) as f32 * 0.003;
            match dtype {
                DType::F32 => block.copy_from_slice(&(small - 0.02).to_le_bytes()),
                DType::BF16 => block.copy_from_slice(&half::bf16::from_f32(small - 0.02).to_le_bytes()),
                _ => places.iter().for_each(|&at| {
                    block[at..at + 2].copy_from_slice(&half::f16::from_f32(small).to_le_bytes());
                }),
            }
        }
        bytes
    }

    fn rows_of(count: usize) -> Vec<f32> {
        (0..count * COLS).map(|i| ((i * 7919 % 1009) as f32 / 504.5 - 1.0) * (1.0 + (i % 5) as f32)).collect()
    }

    fn product(isa: Isa, threads: usize, matrix: &Matrix, x: &[f32], rows: usize) -> Vec<f32> {
        let pool = Pool::new(threads);
        let forms = Forms { bytes: matrix.is_integer(), floats: !matrix.is_integer() };
        let act = Act::new(&pool, isa, x, rows, COLS, forms);
        let mut out = vec![0.0; rows * matrix.rows];
        matmul(&pool, &act, &mut [(matrix, &mut out)]);
        out
    }

    /// The plain sums in f64 over dequantised weights, and the sum of the terms' sizes.
    fn expected(tensor: &Tensor, x: &[f32]) -> Vec<(f64, f64)> {
        let weights = tensor.dequantise();
        let dot = |row: &[f32], w: &[f32]| {
            let terms = row.iter().zip(w).map(|(a, b)| f64::from(*a) * f64::from(*b));
            terms.fold((0.0, 0.0), |(sum, size), t| (sum + t, size + t.abs()))
        };
        x.chunks(COLS).flat_map(|row| weights.chunks(COLS).map(move |w| dot(row, w))).collect()
    }

    #[test]
    fn every_format_gives_the_product_of_its_weights() {
        // 40 rows of weights: the last panel is half empty. 23 rows of input: tiles of 16, 4, 2 and 1.
        let x = rows_of(23);
        for dtype in TYPES {
            let bytes = stored(dtype, 40);
            let tensor = Tensor::new(dtype, 40, COLS, &bytes);
            for precision in [Precision::Auto, Precision::Int8, Precision::Exact] {
                let matrix = Matrix::new(&Pool::new(2), &tensor, precision).unwrap();
                // Rounding activations to 8 bits costs up to 1/254 of the largest of each block.
                let tolerance = if matrix.is_integer() { 0.012 } else { 1e-5 };
                let out = product(Isa::best(), 2, &matrix, &x, 23);
                for (i, (got, (sum, size))) in out.iter().zip(expected(&tensor, &x)).enumerate() {
                    let error = (f64::from(*got) - sum).abs();
                    assert!(error <= tolerance * size, "{dtype:?} {precision:?} [{i}]: {got} for {sum}");
                }
            }
        }
    }

    #[test]
    fn rows_do_not_depend_on_the_batch_nor_on_threads_nor_on_the_instruction_set() {
        let x = rows_of(37);
        for dtype in TYPES {
            let bytes = stored(dtype, 48);
            let matrix =
                Matrix::new(&Pool::new(1), &Tensor::new(dtype, 48, COLS, &bytes), Precision::Auto).unwrap();
            let alone: Vec<f32> =
                x.chunks(COLS).flat_map(|row| product(Isa::Portable, 1, &matrix, row, 1)).collect();
            for isa in Isa::available() {
                let together = product(isa, 2, &matrix, &x, 37);
                let same = alone.iter().zip(&together).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{dtype:?} on {isa:?}");
            }
        }
    }
}
