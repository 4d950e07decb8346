//! Right operands kept in the order products read them: panels of 32 columns, in any of the forms of [`Store`].
//!
//! [`Panels`] stores a frozen weight so that y = x · Wᵀ reads it as it lies; [`Panels::transposed`] serves the gradient's product
//! dy · W from the same memory. Smaller forms are opened up a tile at a time, just before use, so the arithmetic stays `f32`;
//! where the processor multiplies bytes, [`Panels::bytes`] gives the 8-bit form to [`super::bytes`] instead.

use super::aligned::{Arena, Floats};
use super::bytes::{self, Bytes};
use super::gemm::{DEPTH, Right, View};
use super::kernel::{WIDTH, transpose16};
use super::options::BasePrecision;
use super::store::{Form, Store};
use crate::quant::BLOCK;
use crate::weights::Tensor;

/// A right operand stored in panels of 32 columns: panel j holds columns 32j..32j+32 of every step.
#[derive(Default)]
pub(crate) struct Panels {
    data: Store,
    steps: usize,
    columns: usize,
    /// To be multiplied as bytes where that is possible.
    by_bytes: bool,
}

impl Panels {
    /// Packs `b`, reusing this operand's memory.
    pub fn pack(&mut self, b: View) {
        (self.steps, self.columns) = (b.rows, b.columns);
        let mut data = match std::mem::take(&mut self.data) {
            Store::Full(data) => data,
            _ => Floats::default(),
        };
        data.reshape(b.columns.div_ceil(WIDTH) * b.rows * WIDTH);
        let mut buffer = Floats::default();
        for j0 in (0..b.columns).step_by(WIDTH) {
            for k0 in (0..b.rows).step_by(DEPTH) {
                let kc = DEPTH.min(b.rows - k0);
                let panel = b.panel(j0, k0, kc, &mut buffer);
                let to = (j0 * b.rows) + k0 * WIDTH;
                data[to..to + kc * WIDTH].copy_from_slice(panel);
            }
        }
        self.data = Store::Full(data);
    }

    /// A frozen weight given as rows of outputs by inputs, stored for y = x · Wᵀ.
    pub fn weight(rows: &[f32], outputs: usize, inputs: usize) -> Self {
        let mut panels = Self::default();
        panels.pack(View::new(rows, outputs, inputs).t());
        panels
    }

    /// A weight of a file in the form that `precision` asks for.
    pub fn read(tensor: &Tensor, precision: BasePrecision) -> Self {
        let panels = match Form::of(tensor.dtype, precision) {
            Form::Own(_) => Self {
                data: Store::quantised(tensor),
                steps: tensor.cols,
                columns: tensor.rows,
                ..Self::default()
            },
            form => Self::weight(&tensor.dequantise(), tensor.rows, tensor.cols).rounded(form),
        };
        Self { by_bytes: precision == BasePrecision::Int8, ..panels }
    }

    /// The same weight in another form.
    pub fn rounded(self, form: Form) -> Self {
        Self { data: self.data.rounded(form, self.steps), by_bytes: form == Form::Rounded, ..self }
    }

    /// The same numbers in memory of `arena`.
    pub fn kept(self, arena: &mut Arena) -> Self {
        Self { data: self.data.kept(arena), ..self }
    }

    /// The same memory as the right operand of the transposed product, dy · W.
    pub fn transposed(&self) -> Transposed<'_> {
        self.transposed_columns(0, self.columns)
    }

    /// [`Panels::transposed`] restricted to the columns `from..from + count`, its steps; `from` begins a panel.
    pub fn transposed_columns(&self, from: usize, count: usize) -> Transposed<'_> {
        assert!(from.is_multiple_of(WIDTH) && from + count <= self.columns);
        Transposed { panels: self, from, count }
    }

    /// The weight for products of bytes, if it is meant to be multiplied so and this processor can.
    pub fn bytes(&self) -> Option<Bytes<'_>> {
        self.bytes_of(0, self.columns)
    }

    /// [`Panels::bytes`] of the columns `from..from + count`; `from` begins a panel.
    pub fn bytes_of(&self, from: usize, count: usize) -> Option<Bytes<'_>> {
        assert!(from.is_multiple_of(WIDTH) && from + count <= self.columns);
        match &self.data {
            Store::Blocks { q, scales, group: BLOCK } if self.by_bytes && bytes::available() => {
                Some(Bytes { q, scales, inputs: self.steps, from, count, turned: false })
            }
            _ => None,
        }
    }

    /// The columns `from..from + count` as a right operand; `from` begins a panel.
    pub fn columns(&self, from: usize, count: usize) -> Part<'_> {
        assert!(from.is_multiple_of(WIDTH) && from + count <= self.columns);
        Part { panels: self, first_step: 0, steps: self.steps, first_column: from, columns: count }
    }

    /// The steps `from..from + count` as a right operand.
    pub fn steps(&self, from: usize, count: usize) -> Part<'_> {
        assert!(from + count <= self.steps);
        Part { panels: self, first_step: from, steps: count, first_column: 0, columns: self.columns }
    }

    /// Copies column `j` (a row of the weight this was made from) into `to`, which holds one float per step.
    pub fn column(&self, j: usize, to: &mut [f32]) {
        for (k, to) in to.iter_mut().enumerate() {
            *to = self.data.at(j / WIDTH, self.steps, k, j % WIDTH);
        }
    }

    /// Number of columns: the outputs of the weight this was made from.
    pub fn columns_len(&self) -> usize {
        self.columns
    }
}

impl Right for Panels {
    fn shape(&self) -> (usize, usize) {
        (self.steps, self.columns)
    }

    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Floats) -> &'a [f32] {
        self.data.read(j0 / WIDTH, self.steps, k0, kc, buffer)
    }

    fn foresee(&self, j0: usize, k0: usize, kc: usize, share: usize, shares: usize) {
        let blocks = kc.div_ceil(BLOCK);
        let (from, to) = (share * blocks / shares * BLOCK, (share + 1) * blocks / shares * BLOCK);
        self.data.foresee(j0 / WIDTH, self.steps, k0 + from, to.min(kc) - from.min(kc));
    }
}

/// Some steps and columns of [`Panels`].
pub(crate) struct Part<'a> {
    panels: &'a Panels,
    first_step: usize,
    steps: usize,
    first_column: usize,
    columns: usize,
}

impl Right for Part<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.steps, self.columns)
    }

    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Floats) -> &'a [f32] {
        self.panels.panel(self.first_column + j0, self.first_step + k0, kc, buffer)
    }

    fn foresee(&self, j0: usize, k0: usize, kc: usize, share: usize, shares: usize) {
        self.panels.foresee(self.first_column + j0, self.first_step + k0, kc, share, shares);
    }
}

/// Columns of [`Panels`] as steps, and its steps as columns.
pub(crate) struct Transposed<'a> {
    panels: &'a Panels,
    from: usize,
    count: usize,
}

impl Right for Transposed<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.count, self.panels.steps)
    }

    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Floats) -> &'a [f32] {
        let width = WIDTH.min(self.panels.steps - j0);
        buffer.reshape(kc.next_multiple_of(WIDTH) * WIDTH);
        let mut block = Floats::default();
        for k in (0..kc).step_by(WIDTH) {
            // 32 stored steps (our columns) of one stored panel (32 of our steps): one contiguous 4 KiB block.
            let panel = (self.from + k0 + k) / WIDTH;
            turn(
                self.panels.data.read(panel, self.panels.steps, j0, width, &mut block),
                width,
                &mut buffer[k * WIDTH..(k + WIDTH) * WIDTH],
            );
        }
        &buffer[..kc * WIDTH]
    }

    fn foresee(&self, j0: usize, k0: usize, kc: usize, share: usize, shares: usize) {
        let (blocks, width) = (kc.div_ceil(WIDTH), WIDTH.min(self.panels.steps - j0));
        for block in share * blocks / shares..(share + 1) * blocks / shares {
            let panel = (self.from + k0) / WIDTH + block;
            self.panels.data.foresee(panel, self.panels.steps, j0, width);
        }
    }
}

/// `to[i * 32 + j] = from[j * 32 + i]` for j < `rows` ≤ 32; the other columns become zero.
fn turn(from: &[f32], rows: usize, to: &mut [f32]) {
    assert!(from.len() >= rows * WIDTH && to.len() >= WIDTH * WIDTH);
    if rows < WIDTH {
        to.fill(0.0);
    }
    for j in (0..rows / 16 * 16).step_by(16) {
        for i in [0, 16] {
            // SAFETY: the assertion above covers 16 rows from j and 16 columns from i on both sides.
            unsafe {
                transpose16(
                    from.as_ptr().add(j * WIDTH + i),
                    WIDTH,
                    to.as_mut_ptr().add(i * WIDTH + j),
                    WIDTH,
                    16,
                );
            }
        }
    }
    for j in rows / 16 * 16..rows {
        for i in 0..WIDTH {
            to[i * WIDTH + j] = from[j * WIDTH + i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::gemm::tests::{matrix, plain, transpose};
    use crate::train::gemm::{Buffers, Left, gemm};

    #[test]
    fn smaller_weights_serve_both_products_and_rows() {
        // Multiples of 1/8 below 2 fit bf16 exactly; 8 bits round them by up to 1/250.
        let (m, k, n) = (15, 70, 40);
        let (a, b) = (matrix(m, k, 1), matrix(k, n, 2));
        let (want, bt) = (plain(&a, &b, m, k, n), transpose(&b, k, n));
        for (form, tolerance) in [(Form::Half, 1e-4), (Form::Rounded, 0.5)] {
            let forward = Panels::weight(&bt, n, k).rounded(form);
            let backward = Panels::weight(&b, k, n).rounded(form);
            let rights: [&dyn Right; 2] = [&forward, &backward.transposed()];
            for right in rights {
                let mut c = vec![0f32; m * n];
                gemm(
                    &[(Left::of(View::new(&a, m, k)).strips(), right)],
                    &mut c,
                    n,
                    false,
                    &mut Buffers::default(),
                );
                let worst = c.iter().zip(&want).fold(0f32, |w, (x, y)| w.max((x - y).abs()));
                assert!(worst < tolerance, "{form:?}: {worst}");
            }
            let mut row = vec![0f32; k];
            forward.column(33, &mut row);
            assert!(row.iter().zip(&bt[33 * k..]).all(|(x, y)| (x - y).abs() < 0.01), "{form:?}");
        }
    }

    #[test]
    fn column_returns_the_weight_row() {
        let w = matrix(37, 20, 5);
        let panels = Panels::weight(&w, 37, 20);
        let mut row = vec![0f32; 20];
        for j in [0, 31, 32, 36] {
            panels.column(j, &mut row);
            assert_eq!(row, w[j * 20..(j + 1) * 20]);
        }
    }
}
