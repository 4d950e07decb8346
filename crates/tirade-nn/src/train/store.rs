//! How the numbers of a frozen weight are held: whole, as bf16, as the small integers of a quantised file, or rounded to 8 bits.
//!
//! All forms lie in panels of 32 columns (rows of the weight), step by step. [`Form::of`] chooses; [`Store::read`] opens a part of a
//! panel. The first three lose nothing that the file had.

use super::aligned::{Aligned, Arena, Floats};
use super::bytes::ZERO;
use super::kernel::WIDTH;
use super::options::BasePrecision;
use super::simd::simd;
use crate::quant::{BLOCK, DType, unpack};
use crate::weights::Tensor;

/// The form a tensor of a file is held in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Full,
    Half,
    /// So many steps share a scale and a minimum.
    Blocks(usize),
    Byte,
}

impl Form {
    /// The smallest that holds what was asked for.
    pub fn of(dtype: DType, precision: BasePrecision) -> Self {
        match (precision, dtype) {
            (BasePrecision::Int8, _) => Self::Byte,
            (BasePrecision::Bf16, _) | (_, DType::BF16) => Self::Half,
            (_, DType::F32 | DType::F16) => Self::Full,
            (_, DType::Q6_K) => Self::Blocks(BLOCK / 2),
            (_, DType::Q4_0 | DType::Q4_1 | DType::Q5_0 | DType::Q8_0 | DType::Q4_K) => Self::Blocks(BLOCK),
        }
    }

    /// Bytes that so many numbers take.
    pub fn bytes(self, numbers: u64) -> u64 {
        match self {
            Self::Full => 4 * numbers,
            Self::Half => 2 * numbers,
            Self::Blocks(group) => numbers + 8 * numbers / group as u64,
            Self::Byte => numbers,
        }
    }
}

/// The numbers of panels in one of the forms.
pub(crate) enum Store {
    Full(Floats),
    Half(Aligned<u16>),
    /// value = scale · q + minimum. `scales` has, per panel and `group` steps, 32 scales and 32 minima.
    Blocks {
        q: Aligned<u8>,
        scales: Floats,
        group: usize,
    },
    /// One scale per column. Four steps of a column side by side, shifted up by [`ZERO`]; every panel padded to a multiple of four steps.
    Byte {
        data: Aligned<u8>,
        scales: Vec<f32>,
        padded: usize,
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
    /// Steps of 32 small integers that share a scale and a minimum per column. The products are exact.
    fn open(q: &[u8], scales: &[f32], to: &mut [f32]) {
        let (scales, minima) = scales[..2 * WIDTH].split_at(WIDTH);
        for (q, to) in q.chunks_exact(WIDTH).zip(to.chunks_exact_mut(WIDTH)) {
            for i in 0..WIDTH {
                to[i] = q[i] as f32 * scales[i] + minima[i];
            }
        }
    }
}

simd! {
    /// Bytes in blocks of four steps × 32 columns times one scale per column.
    fn unscale(from: &[u8], scales: &[f32], to: &mut [f32]) {
        for (from, to) in from.chunks_exact(4 * WIDTH).zip(to.chunks_mut(4 * WIDTH)) {
            for (k, to) in to.chunks_exact_mut(WIDTH).enumerate() {
                for i in 0..WIDTH {
                    to[i] = (from[4 * i + k] as f32 - ZERO as f32) * scales[i];
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

/// Rounds panels of `steps` × 32 floats to 8 bits, each column by its largest magnitude.
fn to_bytes(data: &[f32], steps: usize) -> Store {
    let padded = steps.next_multiple_of(4);
    let mut scales = Vec::with_capacity(data.len() / steps.max(1));
    let mut bytes = Aligned::default();
    bytes.reshape(data.len() / steps.max(1) * padded);
    bytes.fill(ZERO);
    for (panel, to) in data.chunks_exact(steps * WIDTH).zip(bytes.chunks_exact_mut(padded * WIDTH)) {
        let mut largest = [0f32; WIDTH];
        for row in panel.chunks_exact(WIDTH) {
            largest.iter_mut().zip(row).for_each(|(l, x)| *l = l.max(x.abs()));
        }
        let inverse = largest.map(|l| if l > 0.0 { 127.0 / l } else { 0.0 });
        for (k, row) in panel.chunks_exact(WIDTH).enumerate() {
            let to = &mut to[k / 4 * 4 * WIDTH..][..4 * WIDTH];
            for (i, (x, inverse)) in row.iter().zip(inverse).enumerate() {
                to[4 * i + k % 4] = ((x * inverse).round() + ZERO as f32) as u8;
            }
        }
        scales.extend(largest.map(|l| l / 127.0));
    }
    Store::Byte { data: bytes, scales, padded }
}

/// The integers of a quantised tensor, whose rows become columns.
fn blocks(tensor: &Tensor, group: usize) -> Store {
    let (panels, steps) = (tensor.rows.div_ceil(WIDTH), tensor.cols);
    let (mut q, mut scales) = (Aligned::default(), Floats::default());
    q.reshape(panels * WIDTH * steps);
    q.fill(0);
    scales.reshape(panels * steps / group * 2 * WIDTH);
    scales.fill(0.0);
    for row in 0..tensor.rows {
        let (panel, i, bytes) = (row / WIDTH, row % WIDTH, tensor.row(row));
        for first in (0..steps).step_by(BLOCK) {
            let block = unpack(tensor.dtype, bytes, first / BLOCK);
            for (k, value) in block.q.into_iter().enumerate() {
                q[(panel * steps + first + k) * WIDTH + i] = value;
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
            Form::Blocks(group) => blocks(tensor, group),
            form => panic!("{:?} is held as {form:?}", tensor.dtype),
        }
    }

    /// Whole numbers of panels of `steps` steps in another form; what is not whole stays as it is.
    pub fn rounded(self, form: Form, steps: usize) -> Self {
        match (self, form) {
            (Self::Full(data), Form::Half) => narrowed(&data),
            (Self::Full(data), Form::Byte) => to_bytes(&data, steps),
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
            Self::Byte { data, scales, padded } => Self::Byte { data: arena.keep(data), scales, padded },
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
                let parts = q[at..at + len].chunks(group * WIDTH).zip(buffer.chunks_mut(group * WIDTH));
                let scales = scales[at / group * 2..].chunks_exact(2 * WIDTH);
                parts.zip(scales).for_each(|((q, to), scales)| open(q, scales, to));
            }
            Self::Byte { data, scales, padded } => {
                let from = &data[(panel * padded + first) * WIDTH..][..count.next_multiple_of(4) * WIDTH];
                unscale(from, &scales[panel * WIDTH..][..WIDTH], buffer);
            }
        }
        buffer
    }

    /// One number: column `i` of a panel's step `k`.
    pub fn at(&self, panel: usize, steps: usize, k: usize, i: usize) -> f32 {
        let at = (panel * steps + k) * WIDTH + i;
        match self {
            Self::Full(data) => data[at],
            Self::Half(data) => f32::from_bits((data[at] as u32) << 16),
            Self::Blocks { q, scales, group } => {
                let scales = &scales[(panel * steps + k) / group * 2 * WIDTH..];
                q[at] as f32 * scales[i] + scales[WIDTH + i]
            }
            Self::Byte { data, scales, padded } => {
                let at = (panel * padded + k / 4 * 4) * WIDTH + 4 * i + k % 4;
                (data[at] as f32 - ZERO as f32) * scales[panel * WIDTH + i]
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
