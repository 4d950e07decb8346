//! How the numbers of a frozen weight are held: whole, as bf16, or as small integers with a scale and a minimum per block.
//!
//! All forms lie in panels of 32 columns (rows of the weight), step by step. [`Form::of`] chooses; [`Store::read`] opens a part of a
//! panel. Blocks are either the file's own, which lose nothing, or rounded to 8 bits here; both can be multiplied as they are
//! ([`super::bytes`]).

use super::aligned::{Aligned, Arena, Floats};
use super::kernel::{WIDTH, ask_for};
use super::options::BasePrecision;
use super::simd::simd;
use crate::quant::{BLOCK, DType, unpack};
use crate::weights::Tensor;

/// The form a tensor of a file is held in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Full,
    Half,
    /// The file's own integers; so many steps share a scale and a minimum.
    Own(usize),
    /// Rounded to 8 bits in blocks of [`BLOCK`].
    Rounded,
}

impl Form {
    /// The smallest that holds what was asked for.
    pub fn of(dtype: DType, precision: BasePrecision) -> Self {
        use DType::{BF16, F16, F32, Q4_0, Q4_1, Q4_K, Q5_0, Q6_K, Q8_0};
        match (precision, dtype) {
            (BasePrecision::F32 | BasePrecision::Int8, Q4_0 | Q4_1 | Q5_0 | Q8_0 | Q4_K) => Self::Own(BLOCK),
            (BasePrecision::F32, Q6_K) => Self::Own(BLOCK / 2),
            (BasePrecision::F32, F32 | F16) => Self::Full,
            (BasePrecision::F32, BF16) | (BasePrecision::Bf16, _) => Self::Half,
            (BasePrecision::Int8, F32 | F16 | BF16 | Q6_K) => Self::Rounded,
        }
    }

    /// Bytes that so many numbers take.
    pub fn bytes(self, numbers: u64) -> u64 {
        match self {
            Self::Full => 4 * numbers,
            Self::Half => 2 * numbers,
            Self::Own(group) => numbers + 8 * numbers / group as u64,
            Self::Rounded => Self::Own(BLOCK).bytes(numbers),
        }
    }
}

/// The numbers of panels in one of the forms.
pub(crate) enum Store {
    Full(Floats),
    Half(Aligned<u16>),
    /// value = scale · q + minimum. Four steps of a column side by side, every panel padded to whole blocks; `scales` has, per panel
    /// and `group` steps, 32 scales and 32 minima.
    Blocks {
        q: Aligned<u8>,
        scales: Floats,
        group: usize,
    },
}

impl Default for Store {
    fn default() -> Self {
        Self::Full(Floats::default())
    }
}

simd! {
    fn widen(from: &[u16], to: &mut [f32]) {
        for (from, to) in from.iter().zip(to) {
            *to = f32::from_bits((*from as u32) << 16);
        }
    }
}

simd! {
    /// Opens steps of 32 small integers that share a scale and a minimum per column, each step to a row of `to`, `stride` floats apart.
    /// The products are exact.
    pub(crate) fn open_rows(q: &[u8], scales: &[f32], to: &mut [f32], stride: usize) {
        let columns = |from: usize| <&[f32; WIDTH]>::try_from(&scales[from..from + WIDTH]).expect("32 of 32");
        let (scales, minima) = (columns(0), columns(WIDTH));
        for (q, to) in q.chunks_exact(4 * WIDTH).zip(to.chunks_mut(4 * stride)) {
            let mut words = [0u32; WIDTH];
            for (word, q) in words.iter_mut().zip(q.chunks_exact(4)) {
                *word = u32::from_le_bytes([q[0], q[1], q[2], q[3]]);
            }
            for (k, to) in to.chunks_mut(stride).enumerate() {
                let to = <&mut [f32; WIDTH]>::try_from(&mut to[..WIDTH]).expect("32 of 32");
                for i in 0..WIDTH {
                    to[i] = (words[i] >> (8 * k) & 255) as i32 as f32 * scales[i] + minima[i];
                }
            }
        }
    }
}

/// Rounds to the nearest bf16, ties to even; NaN stays NaN.
fn narrow(x: f32) -> u16 {
    if x.is_nan() {
        return 0x7fc0;
    }
    let bits = x.to_bits();
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

fn narrowed(data: &[f32]) -> Store {
    let mut half = Aligned::default();
    half.reshape(data.len());
    half.iter_mut().zip(data).for_each(|(to, from)| *to = narrow(*from));
    Store::Half(half)
}

/// Rounds panels of `steps` × 32 floats to 8 bits, each column by the largest magnitude of its block.
fn rounded(data: &[f32], steps: usize) -> Store {
    let (mut q, mut scales) = empty(data.len() / WIDTH / steps.max(1), steps, BLOCK);
    let of_panel = steps.div_ceil(BLOCK);
    for (panel, data) in data.chunks_exact(steps.max(1) * WIDTH).enumerate() {
        for (block, data) in data.chunks(BLOCK * WIDTH).enumerate() {
            let mut largest = [0f32; WIDTH];
            for row in data.chunks_exact(WIDTH) {
                largest.iter_mut().zip(row).for_each(|(l, x)| *l = l.max(x.abs()));
            }
            let at = panel * of_panel + block;
            let (q, scales) = (&mut q[at * BLOCK * WIDTH..], &mut scales[at * 2 * WIDTH..]);
            for (i, largest) in largest.into_iter().enumerate() {
                let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
                for (k, row) in data.chunks_exact(WIDTH).enumerate() {
                    q[place(k, i)] = ((row[i] * inverse).round() + 128.0) as u8;
                }
                (scales[i], scales[WIDTH + i]) = (largest / 127.0, -128.0 * (largest / 127.0));
            }
        }
    }
    Store::Blocks { q, scales, group: BLOCK }
}

/// Integers and scales of so many panels, all zero.
fn empty(panels: usize, steps: usize, group: usize) -> (Aligned<u8>, Floats) {
    let (mut q, mut scales, padded) = (Aligned::default(), Floats::default(), steps.next_multiple_of(BLOCK));
    q.reshape(panels * WIDTH * padded);
    q.fill(0);
    scales.reshape(panels * padded / group * 2 * WIDTH);
    scales.fill(0.0);
    (q, scales)
}

/// Where column `i` of step `k` lies in a panel of integers.
fn place(k: usize, i: usize) -> usize {
    k / 4 * 4 * WIDTH + 4 * i + k % 4
}

/// The integers of a quantised tensor, whose rows become columns.
fn own(tensor: &Tensor, group: usize) -> Store {
    let steps = tensor.cols;
    let (mut q, mut scales) = empty(tensor.rows.div_ceil(WIDTH), steps, group);
    for row in 0..tensor.rows {
        let (panel, i, bytes) = (row / WIDTH, row % WIDTH, tensor.row(row));
        for first in (0..steps).step_by(BLOCK) {
            let block = unpack(tensor.dtype, bytes, first / BLOCK);
            for (k, value) in block.q.into_iter().enumerate() {
                q[panel * steps * WIDTH + place(first + k, i)] = value;
            }
            for part in (0..BLOCK).step_by(group) {
                let to = &mut scales[(panel * steps + first + part) / group * 2 * WIDTH..];
                (to[i], to[WIDTH + i]) = (block.scale[part / 16], block.min[part / 16]);
            }
        }
    }
    Store::Blocks { q, scales, group }
}

impl Store {
    /// A tensor as it is in its file.
    ///
    /// # Panics
    /// If it is not quantised.
    pub fn quantised(tensor: &Tensor) -> Self {
        match Form::of(tensor.dtype, BasePrecision::F32) {
            Form::Own(group) => own(tensor, group),
            form => panic!("{:?} is held as {form:?}", tensor.dtype),
        }
    }

    /// Whole numbers of panels of `steps` steps in another form; what is not whole stays as it is.
    pub fn rounded(self, form: Form, steps: usize) -> Self {
        match (self, form) {
            (Self::Full(data), Form::Half) => narrowed(&data),
            (Self::Full(data), Form::Rounded) => rounded(&data, steps),
            (store, _) => store,
        }
    }

    /// The same in memory of `arena`.
    pub fn kept(self, arena: &mut Arena) -> Self {
        match self {
            Self::Full(data) => Self::Full(arena.keep(data)),
            Self::Half(data) => Self::Half(arena.keep(data)),
            Self::Blocks { q, scales, group } => {
                Self::Blocks { q: arena.keep(q), scales: arena.keep(scales), group }
            }
        }
    }

    /// `count` steps from `first` of a panel of `steps` steps: their own memory, or opened into `buffer`. `first` is a multiple of 32.
    pub fn read<'a>(
        &'a self,
        panel: usize,
        steps: usize,
        first: usize,
        count: usize,
        buffer: &'a mut Floats,
    ) -> &'a [f32] {
        let (at, len) = ((panel * steps + first) * WIDTH, count * WIDTH);
        debug_assert!(first.is_multiple_of(WIDTH));
        if let Self::Full(data) = self {
            return &data[at..at + len];
        }
        buffer.reshape(len);
        match self {
            Self::Full(_) => unreachable!("returned above"),
            Self::Half(data) => widen(&data[at..at + len], buffer),
            Self::Blocks { q, scales, group } => {
                let at = panel * steps.next_multiple_of(BLOCK) + first;
                let parts = q[at * WIDTH..].chunks(group * WIDTH).zip(buffer.chunks_mut(group * WIDTH));
                let scales = scales[at / group * 2 * WIDTH..].chunks_exact(2 * WIDTH);
                parts.zip(scales).for_each(|((q, to), scales)| open_rows(q, scales, to, WIDTH));
            }
        }
        buffer
    }

    /// Asks for what [`Store::read`] will open.
    pub fn foresee(&self, panel: usize, steps: usize, first: usize, count: usize) {
        if let Self::Blocks { q, scales, group } = self {
            let at = panel * steps.next_multiple_of(BLOCK) + first;
            ask_for(&q[at * WIDTH..][..count * WIDTH]);
            ask_for(&scales[at / group * 2 * WIDTH..][..count.div_ceil(*group) * 2 * WIDTH]);
        }
    }

    /// One number: column `i` of a panel's step `k`.
    pub fn at(&self, panel: usize, steps: usize, k: usize, i: usize) -> f32 {
        let at = (panel * steps + k) * WIDTH + i;
        match self {
            Self::Full(data) => data[at],
            Self::Half(data) => f32::from_bits((data[at] as u32) << 16),
            Self::Blocks { q, scales, group } => {
                let first = panel * steps.next_multiple_of(BLOCK);
                let scales = &scales[(first + k) / group * 2 * WIDTH..];
                q[first * WIDTH + place(k, i)] as f32 * scales[i] + scales[WIDTH + i]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing_rounds_to_nearest_even() {
        for (x, want) in [
            (1.0, 0x3f80),
            (1.0 + 1.0 / 256.0, 0x3f80),
            (1.0 + 3.0 / 256.0, 0x3f82),
            (1.005, 0x3f81),
            (-2.0, 0xc000),
        ] {
            assert_eq!(narrow(x), want, "{x}");
        }
        assert!(f32::from_bits((narrow(f32::NAN) as u32) << 16).is_nan());
        assert_eq!(narrow(f32::INFINITY), 0x7f80);
    }

    #[test]
    fn blocks_open_to_the_very_numbers_of_the_file() {
        use DType::{Q4_0, Q4_1, Q4_K, Q5_0, Q6_K, Q8_0};
        let (rows, columns) = (37, 512);
        for dtype in [Q4_0, Q4_1, Q5_0, Q8_0, Q4_K, Q6_K] {
            // Scales of 16 bits must be numbers: the bytes 0x00..0x7b are, wherever they lie.
            let len = rows * dtype.bytes_for(columns).unwrap();
            let bytes: Vec<u8> = (0..len).map(|i| (i * i % 251 * 37 + i / 7) as u8 % 0x7b).collect();
            let tensor = Tensor::new(dtype, rows, columns, &bytes);
            let (store, want, mut buffer) =
                (Store::quantised(&tensor), tensor.dequantise(), Floats::default());
            for (panel, first, count) in [(0, 0, 512), (1, 0, 512), (0, 96, 32), (1, 480, 32)] {
                let got = store.read(panel, columns, first, count, &mut buffer).to_vec();
                for (j, got) in got.iter().enumerate().filter(|(j, _)| panel * WIDTH + j % WIDTH < rows) {
                    let (row, k) = (panel * WIDTH + j % WIDTH, first + j / WIDTH);
                    assert_eq!(got.to_bits(), want[row * columns + k].to_bits(), "{dtype:?} row {row}, {k}");
                    assert_eq!(store.at(panel, columns, k, j % WIDTH).to_bits(), got.to_bits());
                }
            }
            let held = Form::of(dtype, BasePrecision::F32).bytes((64 * columns) as u64);
            let Store::Blocks { q, scales, .. } = store else { panic!("{dtype:?}") };
            assert_eq!((q.len() + 4 * scales.len()) as u64, held, "{dtype:?}");
        }
    }
}
