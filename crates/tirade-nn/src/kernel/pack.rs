//! Weights as the kernels read them: panels of 16 rows, repacked once when a model is opened.
//!
//! A panel holds, for each 32 columns, eight steps of 64 bytes: four columns of each of the 16 rows. Four-bit steps
//! share a byte (step `j` and `j + 4`); the fifth bits of all steps, or two sixth bits of four, follow. After all
//! blocks of the panel come their scales (and minima) as f16, 16 rows side by side.

use memmap2::MmapMut;

use super::kind::Kind;
use crate::NnError;
use crate::pool::{Pool, Shared};
use crate::quant::{BLOCK, Block, DType, dequantise, unpack};
use crate::weights::Tensor;

/// Rows per panel.
pub const PANEL: usize = 16;

/// Bytes on 64-byte boundaries; large ones on huge pages, where the system has them.
pub enum Buffer {
    Small(Vec<Line>),
    Large(MmapMut),
}

/// A cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Line(#[allow(dead_code)] [u8; 64]);

impl Line {
    pub const ZERO: Self = Self([0; 64]);
}

/// Smaller buffers come from the allocator.
const LARGE: usize = 1 << 22;

impl Buffer {
    /// At least `bytes` zeros.
    pub fn new(bytes: usize) -> Self {
        if bytes >= LARGE
            && let Ok(map) = MmapMut::map_anon(bytes)
        {
            // Weights are read from end to end for every token: small pages would cost as much as the reading.
            #[cfg(target_os = "linux")]
            let _ = map.advise(memmap2::Advice::HugePage);
            return Self::Large(map);
        }
        Self::Small(vec![Line::ZERO; bytes.div_ceil(64)])
    }

    /// The first byte.
    pub fn as_ptr(&self) -> *const u8 {
        match self {
            Self::Small(lines) => lines.as_ptr().cast(),
            Self::Large(map) => map.as_ptr(),
        }
    }

    /// The first byte.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        match self {
            Self::Small(lines) => lines.as_mut_ptr().cast(),
            Self::Large(map) => map.as_mut_ptr(),
        }
    }
}

/// How exactly weights are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Quantised weights by integer arithmetic with activations rounded to 8 bits per block; float weights as floats.
    #[default]
    Auto,
    /// Float weights are rounded to 8 bits per block of 32 too: faster and smaller, nearly as good.
    Int8,
    /// Everything in f32, for reference: slow and large.
    Exact,
}

/// A packed matrix.
pub struct Matrix {
    pub(super) kind: Kind,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) panel_bytes: usize,
    pub(super) data: Buffer,
}

impl Matrix {
    /// Packs a stored tensor.
    ///
    /// # Errors
    /// If its columns are not a multiple of 32 although its numbers are used as integers.
    pub fn new(pool: &Pool, tensor: &Tensor, precision: Precision) -> Result<Self, NnError> {
        let kind = Kind::of(tensor.dtype, precision);
        if kind.is_integer() && !tensor.cols.is_multiple_of(BLOCK) {
            return Err(NnError::Unsupported(format!(
                "rows of {} weights, not whole blocks of 32",
                tensor.cols
            )));
        }
        let mut matrix = Self::empty(kind, tensor.rows, tensor.cols);
        let (panel_bytes, out) = (matrix.panel_bytes, Shared(matrix.data.as_mut_ptr()));
        pool.run(tensor.rows.div_ceil(PANEL), |panel| {
            // SAFETY: panels do not overlap, and the buffer holds all of them.
            let bytes =
                unsafe { std::slice::from_raw_parts_mut(out.get().add(panel * panel_bytes), panel_bytes) };
            fill_panel(kind, tensor, panel * PANEL, bytes);
        });
        Ok(matrix)
    }

    /// Packs `rows` × `cols` floats.
    pub fn from_f32(values: &[f32], rows: usize, cols: usize) -> Self {
        let mut matrix = Self::empty(Kind::F32, rows, cols);
        let out = matrix.data.as_mut_ptr().cast::<f32>();
        for (row, values) in values.chunks_exact(cols).take(rows).enumerate() {
            for (k, &value) in values.iter().enumerate() {
                // SAFETY: the buffer holds `rows` rounded up to panels × `cols` floats.
                unsafe { *out.add(row / PANEL * PANEL * cols + k * PANEL + row % PANEL) = value };
            }
        }
        matrix
    }

    fn empty(kind: Kind, rows: usize, cols: usize) -> Self {
        let panel_bytes = kind.panel_bytes(cols).next_multiple_of(64);
        let data = Buffer::new(rows.div_ceil(PANEL) * panel_bytes);
        Self { kind, rows, cols, panel_bytes, data }
    }

    /// Number of outputs.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of inputs.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Whether it is multiplied with rows as bytes rather than floats.
    pub fn is_integer(&self) -> bool {
        self.kind.is_integer()
    }

    /// Bytes of memory that packing `rows` × `cols` of a type takes.
    pub fn bytes_for(dtype: DType, rows: usize, cols: usize, precision: Precision) -> usize {
        let panel = Kind::of(dtype, precision).panel_bytes(cols).next_multiple_of(64);
        rows.div_ceil(PANEL) * panel
    }
}

fn fill_panel(kind: Kind, tensor: &Tensor, first: usize, out: &mut [u8]) {
    let count = PANEL.min(tensor.rows - first);
    if !kind.is_integer() {
        return fill_floats(kind, tensor, first, count, out);
    }
    let blocks = tensor.cols / BLOCK;
    let (quants, scales) = out.split_at_mut(blocks * kind.quant_bytes());
    for row in 0..count {
        let bytes = tensor.row(first + row);
        for block in 0..blocks {
            let values = read_block(tensor.dtype, bytes, block);
            put_quants(kind, &values, row, &mut quants[block * kind.quant_bytes()..][..kind.quant_bytes()]);
            put_scales(kind, &values, row, &mut scales[block * kind.scale_bytes()..][..kind.scale_bytes()]);
        }
    }
}

fn fill_floats(kind: Kind, tensor: &Tensor, first: usize, count: usize, out: &mut [u8]) {
    let mut values = vec![0.0; tensor.cols];
    for row in 0..count {
        let bytes = tensor.row(first + row);
        if kind == Kind::F32 {
            dequantise(tensor.dtype, bytes, &mut values);
            for (k, value) in values.iter().enumerate() {
                out[(k * PANEL + row) * 4..][..4].copy_from_slice(&value.to_ne_bytes());
            }
        } else {
            for (k, pair) in bytes.chunks_exact(2).enumerate() {
                let bits = u16::from_le_bytes([pair[0], pair[1]]);
                out[(k * PANEL + row) * 2..][..2].copy_from_slice(&bits.to_ne_bytes());
            }
        }
    }
}

/// 32 weights of a row; floats are rounded to 8 bits.
fn read_block(dtype: DType, row: &[u8], block: usize) -> Block {
    if dtype.is_quantised() {
        return unpack(dtype, row, block);
    }
    let mut values = [0.0; BLOCK];
    dequantise(dtype, &row[block * BLOCK * dtype.block_bytes()..], &mut values);
    let largest = values.iter().fold(0.0f32, |a, v| a.max(v.abs()));
    let scale = half::f16::from_f32(largest / 127.0).to_f32();
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let q = values.map(|v| ((v * inverse).round().clamp(-127.0, 127.0) as i32 + 128) as u8);
    Block { q, scale: [scale; 2], min: [-128.0 * scale; 2] }
}

fn put_quants(kind: Kind, block: &Block, row: usize, out: &mut [u8]) {
    for (i, &q) in block.q.iter().enumerate() {
        let (step, place) = (i / 4, row * 4 + i % 4);
        if kind == Kind::Q8 {
            out[step * 64 + place] = q;
            continue;
        }
        out[step % 4 * 64 + place] |= (q & 15) << (step / 4 * 4);
        match kind {
            Kind::Q5 => out[256 + place] |= q >> 4 << step,
            Kind::Q6 => out[256 + step / 4 * 64 + place] |= q >> 4 << (step % 4 * 2),
            _ => {}
        }
    }
}

fn put_scales(kind: Kind, block: &Block, row: usize, out: &mut [u8]) {
    let second = match kind {
        Kind::Q6 => block.scale[1],
        _ => block.min[0],
    };
    for (group, value) in [block.scale[0], second].into_iter().enumerate().take(kind.scale_bytes() / 32) {
        out[group * 32 + row * 2..][..2].copy_from_slice(&half::f16::from_f32(value).to_ne_bytes());
    }
}
