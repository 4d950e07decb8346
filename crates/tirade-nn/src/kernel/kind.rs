//! The forms in which weights are kept, and how much room each takes.

use super::pack::{PANEL, Precision};
use crate::quant::{BLOCK, DType};

/// How the weights of a [`Matrix`](super::pack::Matrix) are kept.
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
    pub(super) const fn offset_index(self) -> Option<usize> {
        match self {
            Self::Q4 => Some(0),
            Self::Q5 => Some(1),
            Self::Q8 => Some(2),
            _ => None,
        }
    }

    /// Whether it has a scale per 16 columns rather than 32.
    pub(super) const fn has_halves(self) -> bool {
        matches!(self, Self::Q6)
    }

    /// Steps of four columns whose products with bytes add up to 16 bits (see `Simd::dot_open`); 0 if not even one does.
    pub(super) const fn open_steps(self) -> usize {
        match self {
            Self::Q4 | Self::Q4Min => 8,
            Self::Q5 => 4,
            Self::Q6 => 2,
            Self::Q8 | Self::F32 | Self::F16 | Self::BF16 => 0,
        }
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
