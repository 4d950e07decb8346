//! Activations or gradients as bytes.

use std::ops::Range;

use super::round::{lost, round};
use super::weight::Bytes;
use crate::train::aligned::Aligned;
use crate::train::gemm::View;
#[cfg(test)]
use crate::train::gemm::strips;

/// A left operand in bytes: per strip of rows, per four steps, the rows' four bytes side by side.
#[derive(Default)]
pub(super) struct LeftBytes {
    data: Aligned<i8>,
    /// Per strip, per group, per row.
    scales: Vec<f32>,
    /// Sums of what the groups' bytes stand for, which minima are multiplied by.
    sums: Vec<f32>,
    pub rows: usize,
    pub steps: usize,
    /// Steps that share a scale.
    pub group: usize,
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
    pub fn begin(&mut self, rows: usize, steps: usize, weight: Bytes) {
        (self.rows, self.steps, self.group) = (rows, steps, weight.group());
        let groups = steps.div_ceil(self.group);
        self.data.reshape(rows * steps.next_multiple_of(4));
        self.scales.resize(rows * groups, 0.0);
        self.sums.resize(rows * groups, 0.0);
        self.row.resize(groups * self.group, 0);
    }

    /// Rounds and packs one of the [`strips`], which begins at row `from` of `a`; what rounding took away goes to `rest`.
    pub fn pack_rows(&mut self, a: View, from: usize, rows: Range<usize>, mut rest: Option<&mut LeftBytes>) {
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

    pub fn strip(&self, i0: usize, k0: usize, height: usize) -> Strip<'_> {
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

/// One strip of a left operand, from some group on.
pub(super) struct Strip<'a> {
    pub data: &'a [i8],
    pub scales: &'a [f32],
    pub sums: &'a [f32],
    pub group: usize,
}
