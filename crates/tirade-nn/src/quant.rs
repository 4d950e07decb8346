//! Block formats of weights. Every format is read through one definition:
//! 32 weights are small unsigned integers `q` with, per half of 16, `value = scale * q + min`.
//!
//! That one definition serves both [`dequantise`] and the packing of weights for the integer kernels.
//! For the formats here the products are exact in `f32`, so the values equal those of ggml bit for bit.
//!
//! ```
//! use tirade_nn::quant::{DType, dequantise};
//! // Q4_0: a scale of 0.5 as f16, then 16 bytes of two nibbles, value = scale * (nibble - 8).
//! let mut block = vec![0x00, 0x38];
//! block.extend([0x9F; 16]);
//! let mut out = [0.0; 32];
//! dequantise(DType::Q4_0, &block, &mut out);
//! assert_eq!((out[0], out[16]), (3.5, 0.5));
//! ```

use half::{bf16, f16};

/// Weights per [`Block`].
pub const BLOCK: usize = 32;

/// How the numbers of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(non_camel_case_types)]
pub enum DType {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q8_0,
    Q4_K,
    Q6_K,
}

impl DType {
    /// The type with this number in GGUF, or `None` if this crate does not read it.
    pub fn from_ggml(id: u32) -> Option<Self> {
        Some(match id {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            6 => Self::Q5_0,
            8 => Self::Q8_0,
            12 => Self::Q4_K,
            14 => Self::Q6_K,
            30 => Self::BF16,
            _ => return None,
        })
    }

    /// The number GGUF writes for this type.
    pub fn ggml_id(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q4_1 => 3,
            Self::Q5_0 => 6,
            Self::Q8_0 => 8,
            Self::Q4_K => 12,
            Self::Q6_K => 14,
            Self::BF16 => 30,
        }
    }

    /// Numbers per stored block; a row's length must be a multiple of it.
    pub fn block_len(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 1,
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q8_0 => 32,
            Self::Q4_K | Self::Q6_K => 256,
        }
    }

    /// Bytes per stored block.
    pub fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q8_0 => 34,
            Self::Q4_K => 144,
            Self::Q6_K => 210,
        }
    }

    /// Whether the numbers are integers with scales rather than floats.
    pub fn is_quantised(self) -> bool {
        self.block_len() > 1
    }

    /// Bytes of `len` numbers, or `None` if `len` is not whole blocks or overflows.
    pub fn bytes_for(self, len: usize) -> Option<usize> {
        if !len.is_multiple_of(self.block_len()) {
            return None;
        }
        (len / self.block_len()).checked_mul(self.block_bytes())
    }
}

/// 32 consecutive weights of a row: `value[i] = scale[i / 16] * q[i] + min[i / 16]`.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    pub q: [u8; BLOCK],
    pub scale: [f32; 2],
    pub min: [f32; 2],
}

impl Block {
    fn uniform(q: [u8; BLOCK], scale: f32, min: f32) -> Self {
        Self { q, scale: [scale; 2], min: [min; 2] }
    }
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// Low nibbles of 16 bytes, then their high nibbles.
fn nibbles(bytes: &[u8]) -> [u8; BLOCK] {
    let mut q = [0; BLOCK];
    for (i, &byte) in bytes[..16].iter().enumerate() {
        q[i] = byte & 15;
        q[i + 16] = byte >> 4;
    }
    q
}

/// The `index`-th 32 weights of a quantised row.
///
/// # Panics
/// If `dtype` is a float type or `row` is too short.
pub fn unpack(dtype: DType, row: &[u8], index: usize) -> Block {
    let (at, part) = (index * BLOCK / dtype.block_len(), index * BLOCK % dtype.block_len() / BLOCK);
    let block = &row[at * dtype.block_bytes()..(at + 1) * dtype.block_bytes()];
    match dtype {
        DType::Q4_0 => {
            let d = half_at(block, 0);
            Block::uniform(nibbles(&block[2..]), d, -8.0 * d)
        }
        DType::Q4_1 => Block::uniform(nibbles(&block[4..]), half_at(block, 0), half_at(block, 2)),
        DType::Q5_0 => unpack_q5_0(block),
        DType::Q8_0 => {
            let d = half_at(block, 0);
            Block::uniform(std::array::from_fn(|i| block[2 + i] ^ 0x80), d, -128.0 * d)
        }
        DType::Q4_K => unpack_q4_k(block, part),
        DType::Q6_K => unpack_q6_k(block, part),
        DType::F32 | DType::F16 | DType::BF16 => panic!("{dtype:?} is not made of blocks"),
    }
}

fn unpack_q5_0(block: &[u8]) -> Block {
    let d = half_at(block, 0);
    let high = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
    let mut q = nibbles(&block[6..]);
    for (i, value) in q.iter_mut().enumerate() {
        *value |= ((high >> i & 1) as u8) << 4;
    }
    Block::uniform(q, d, -16.0 * d)
}

/// Q4_K: 256 weights as eight blocks of 32 with 6-bit scales and minima packed into 12 bytes.
fn unpack_q4_k(block: &[u8], part: usize) -> Block {
    let packed = &block[4..16];
    let (scale, min) = if part < 4 {
        (packed[part] & 63, packed[part + 4] & 63)
    } else {
        let low = packed[part + 4];
        (low & 15 | packed[part - 4] >> 6 << 4, low >> 4 | packed[part] >> 6 << 4)
    };
    let quants = &block[16 + part / 2 * 32..];
    let shift = part % 2 * 4;
    let q = std::array::from_fn(|i| quants[i] >> shift & 15);
    Block::uniform(q, half_at(block, 0) * f32::from(scale), -half_at(block, 2) * f32::from(min))
}

/// Q6_K: 256 weights in two halves of 128; low four bits, high two bits and a scale per 16 kept apart.
fn unpack_q6_k(block: &[u8], part: usize) -> Block {
    let (group, quarter) = (part / 4, part % 4);
    let low = &block[64 * group + quarter % 2 * 32..];
    let high = &block[128 + 32 * group..];
    let (low_shift, high_shift) = (quarter / 2 * 4, quarter * 2);
    let q = std::array::from_fn(|i| low[i] >> low_shift & 15 | (high[i] >> high_shift & 3) << 4);
    let d = half_at(block, 208);
    let scale = [0, 1].map(|half| d * f32::from(block[192 + 2 * part + half] as i8));
    Block { q, scale, min: scale.map(|s| -32.0 * s) }
}

/// Reads `out.len()` numbers from the start of `bytes`.
///
/// # Panics
/// If `bytes` is too short or `out` is not whole blocks.
pub fn dequantise(dtype: DType, bytes: &[u8], out: &mut [f32]) {
    match dtype {
        DType::F32 => {
            for (value, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
                *value = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            }
        }
        DType::F16 => {
            for (value, b) in out.iter_mut().zip(bytes.chunks_exact(2)) {
                *value = f16::from_le_bytes([b[0], b[1]]).to_f32();
            }
        }
        DType::BF16 => {
            for (value, b) in out.iter_mut().zip(bytes.chunks_exact(2)) {
                *value = bf16::from_le_bytes([b[0], b[1]]).to_f32();
            }
        }
        _ => {
            for (index, values) in out.chunks_exact_mut(BLOCK).enumerate() {
                let block = unpack(dtype, bytes, index);
                for (i, value) in values.iter_mut().enumerate() {
                    *value = block.scale[i / 16] * f32::from(block.q[i]) + block.min[i / 16];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUANTISED: [DType; 6] =
        [DType::Q4_0, DType::Q4_1, DType::Q5_0, DType::Q8_0, DType::Q4_K, DType::Q6_K];

    #[test]
    fn ids_round_trip_and_unknown_types_are_refused() {
        for dtype in QUANTISED.into_iter().chain([DType::F32, DType::F16, DType::BF16]) {
            assert_eq!(DType::from_ggml(dtype.ggml_id()), Some(dtype));
        }
        assert_eq!(DType::from_ggml(7), None);
        assert_eq!(DType::Q4_K.bytes_for(255), None);
        assert_eq!(DType::Q4_K.bytes_for(512), Some(288));
    }

    /// Bytes `(37 * i + 11) % 256`, with every f16 scale set to 0.0123, 256 weights; expected: sum of |v|,
    /// and three values, from
    /// ```text
    /// python3 tests/dequant_tables.py      # gguf 0.19.0, beside the integration tests
    /// ```
    #[test]
    fn values_equal_the_gguf_package() {
        for (dtype, expected) in include!("../tests/dequant_tables.rs.in") {
            let bytes = pattern(dtype);
            let mut out = [0.0f32; 256];
            dequantise(dtype, &bytes, &mut out);
            for (index, bits) in expected {
                assert_eq!(out[index].to_bits(), bits, "{dtype:?}[{index}] = {}", out[index]);
            }
        }
    }

    fn pattern(dtype: DType) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            (0..dtype.bytes_for(256).unwrap()).map(|i| ((37 * i + 11) % 256) as u8).collect();
        let scale = f16::from_f32(0.0123).to_le_bytes();
        let places: &[usize] = match dtype {
            DType::Q4_1 | DType::Q4_K => &[0, 2],
            DType::Q6_K => &[208],
            _ => &[0],
        };
        for block in bytes.chunks_exact_mut(dtype.block_bytes()) {
            for &at in places {
                block[at..at + 2].copy_from_slice(&scale);
            }
        }
        bytes
    }
}
