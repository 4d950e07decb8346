//! Part of a frozen weight as bytes.

use super::TURNED;
use super::round::round_columns;
use crate::quant::BLOCK;
use crate::train::aligned::{Aligned, Floats};
use crate::train::kernel::WIDTH;
use crate::train::store::open_rows;

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
    pub fn shape(&self) -> (usize, usize) {
        if self.turned { (self.count, self.inputs) } else { (self.inputs, self.count) }
    }

    /// Steps that share a scale.
    pub fn group(&self) -> usize {
        if self.turned { TURNED } else { BLOCK }
    }

    /// Integers and scales of 32 outputs, from some input on; both begin blocks.
    fn at(&self, output: usize, input: usize) -> (&'a [u8], &'a [f32]) {
        let step = (self.from + output) / WIDTH * self.inputs.next_multiple_of(BLOCK) + input;
        (&self.q[step * WIDTH..], &self.scales[step / BLOCK * 2 * WIDTH..])
    }

    /// Steps `[k0, k0 + kc)` of the 32 columns from `j0`; per group of steps the columns' scales and minima.
    pub fn panel<'b>(
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
