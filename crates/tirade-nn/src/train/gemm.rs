//! Matrix multiplication for training: C (+)= Σ LᵢRᵢ with the left operands packed once and used many times.
//!
//! * [`View`] is a matrix that lies somewhere in memory, transposed or not.
//! * [`Left`] is a left operand packed into strips of at most 14 rows. Activations are packed once and multiplied by several weights.
//! * [`Right`] hands out panels of 32 columns. Views are packed as they are read; frozen weights are stored so
//!   ([`super::panels::Panels`]).
//!
//! [`gemm`] takes several pairs because LoRA is one: y = [x | u] · [Wᵀ ; B] runs in the registers of one pass over y.

use std::ops::Range;

use super::aligned::Floats;
use super::kernel::{MAX_ROWS, Stretch, Target, WIDTH, tile, transpose16};

/// Most steps of the contraction worked on at once: a 640 × 32 panel is 80 KiB, and stays near the core.
pub(crate) const DEPTH: usize = 640;

/// Steps worked on at once where the right operand is read as it lies, each step in another page: so many pages are known at a time.
const SHALLOW: usize = 3 * WIDTH;

/// Steps of each pass over a contraction: equal parts, because a short one pays for reading and writing C as a long one does.
fn depth(steps: usize) -> usize {
    let passes = steps.div_ceil(DEPTH).max(1);
    steps.div_ceil(passes).next_multiple_of(WIDTH).max(WIDTH)
}

/// A borrowed matrix: element (i, j) is `data[i * stride + j]`, or `data[j * stride + i]` when transposed.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    pub stride: usize,
    pub transposed: bool,
}

impl<'a> View<'a> {
    /// A dense row-major matrix.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// A matrix whose rows start `stride` floats apart.
    pub fn strided(data: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(
            rows == 0 || data.len() >= (rows - 1) * stride + columns,
            "view {rows}×{columns}/{stride} of {}",
            data.len()
        );
        Self { data, rows, columns, stride, transposed: false }
    }

    /// Some of its rows.
    pub fn some_rows(self, rows: Range<usize>) -> Self {
        assert!(!self.transposed && rows.end <= self.rows);
        Self { data: &self.data[rows.start * self.stride..], rows: rows.len(), ..self }
    }

    /// The same memory read with rows and columns exchanged.
    pub fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }
}

/// A left operand in strips: per block of [`depth`] steps, per strip of rows, per step, the strip's rows side by side.
#[derive(Default)]
pub(crate) struct Left {
    data: Floats,
    rows: usize,
    steps: usize,
    /// Rows of every strip but the last.
    height: usize,
    /// Steps of every pass but the last.
    depth: usize,
}

impl Left {
    /// Packs `a`, reusing this operand's memory.
    pub fn pack(&mut self, a: View) {
        self.begin(a.rows, a.columns);
        for rows in strips(a.rows) {
            self.pack_rows(a, rows.start, rows);
        }
    }

    /// Makes room for `rows` × `steps`, to be filled strip by strip.
    pub fn begin(&mut self, rows: usize, steps: usize) {
        let (height, depth) = (height(rows), depth(steps));
        (self.rows, self.steps, self.height, self.depth) = (rows, steps, height, depth);
        self.data.reshape(rows * steps);
    }

    /// Packs one of the [`strips`], which begins at row `from` of `a`.
    pub fn pack_rows(&mut self, a: View, from: usize, rows: Range<usize>) {
        for k0 in (0..self.steps).step_by(self.depth) {
            let kc = self.depth.min(self.steps - k0);
            let to = k0 * self.rows + rows.start * kc;
            pack_strip(a, from, rows.len(), k0, kc, &mut self.data[to..to + rows.len() * kc]);
        }
    }

    /// Packs into a fresh operand.
    #[cfg(test)]
    pub fn of(a: View) -> Self {
        let mut left = Self::default();
        left.pack(a);
        left
    }

    /// As an operand.
    pub fn strips(&self) -> Strips<'_> {
        let Self { rows, steps, height, depth, .. } = *self;
        Strips { data: &self.data, first: 0, rows, packed: rows, steps, height, depth, stride: None }
    }

    /// Some rows of it, which begin and end where [`strips`] do.
    pub fn some_strips(&self, rows: Range<usize>) -> Strips<'_> {
        Strips { first: rows.start, rows: rows.len(), ..self.strips() }
    }
}

/// The strips that `rows` are packed in.
pub(crate) fn strips(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let height = height(rows);
    (0..rows).step_by(height).map(move |from| from..rows.min(from + height))
}

/// The same in blocks of a few strips, which stay near the core while several products use them.
pub(crate) fn strip_blocks(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let height = 5 * height(rows);
    (0..rows).step_by(height).map(move |from| from..rows.min(from + height))
}

/// Rows of each strip of `rows` but the last.
fn height(rows: usize) -> usize {
    rows.div_ceil(rows.div_ceil(MAX_ROWS).max(1)).max(1)
}

/// A left operand as the tiles read it: packed, or a transposed matrix where it lies.
#[derive(Clone, Copy)]
pub(crate) struct Strips<'a> {
    data: &'a [f32],
    first: usize,
    rows: usize,
    /// Rows that are packed together with these.
    packed: usize,
    steps: usize,
    height: usize,
    depth: usize,
    /// Floats from one step to the next where it lies.
    stride: Option<usize>,
}

impl<'a> Strips<'a> {
    /// A transposed matrix, whose rows lie side by side already.
    ///
    /// # Panics
    /// If it is not transposed.
    pub fn lying(a: View<'a>) -> Self {
        assert!(a.transposed, "rows that do not lie side by side have to be packed");
        let (rows, steps, data) = (a.rows, a.columns, a.data);
        let (height, stride) = (height(rows), Some(a.stride));
        Self { data, first: 0, rows, packed: rows, steps, height, depth: SHALLOW, stride }
    }

    /// `height` rows from `i0` of the `kc` steps from `k0`, and the floats from one step to the next.
    fn strip(&self, i0: usize, height: usize, k0: usize, kc: usize) -> (*const f32, usize) {
        let (from, step) = match self.stride {
            None => (k0 * self.packed + (self.first + i0) * kc, height),
            Some(stride) => (k0 * stride + i0, stride),
        };
        (self.data[from..from + (kc - 1) * step + height].as_ptr(), step)
    }
}

/// `to[k * height + i] = a(i0 + i, k0 + k)`.
fn pack_strip(a: View, i0: usize, height: usize, k0: usize, kc: usize, to: &mut [f32]) {
    if a.transposed {
        for k in 0..kc {
            let from = (k0 + k) * a.stride + i0;
            to[k * height..(k + 1) * height].copy_from_slice(&a.data[from..from + height]);
        }
        return;
    }
    let whole = kc / 16 * 16;
    for k in (0..whole).step_by(16) {
        let from = &a.data[i0 * a.stride + k0 + k..(i0 + height - 1) * a.stride + k0 + k + 16];
        let to = &mut to[k * height..(k + 16) * height];
        // SAFETY: both slices were just cut to `height` rows of sixteen floats and sixteen of `height`.
        unsafe { transpose16(from.as_ptr(), a.stride, to.as_mut_ptr(), height, height) };
    }
    for k in whole..kc {
        for i in 0..height {
            to[k * height + i] = a.data[(i0 + i) * a.stride + k0 + k];
        }
    }
}

/// A right operand, k steps by n columns, handed out in panels of [`WIDTH`] columns.
pub(crate) trait Right {
    /// (steps, columns).
    fn shape(&self) -> (usize, usize);
    /// Columns `[j0, j0 + WIDTH)` of steps `[k0, k0 + kc)`, each step's columns side by side; columns past the end hold anything finite.
    /// `j0` and `k0` are multiples of [`WIDTH`]. Returns its own memory, or `buffer` filled.
    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Floats) -> &'a [f32];

    /// Asks for one of `shares` equal parts of what [`Right::panel`] will read for the same columns and steps, if that is worth it.
    fn foresee(&self, _j0: usize, _k0: usize, _kc: usize, _share: usize, _shares: usize) {}

    /// The same columns where they lie, with the floats from one step to the next, if they lie side by side.
    fn in_place(&self, _j0: usize, _k0: usize, _kc: usize) -> Option<(&[f32], usize)> {
        None
    }
}

impl Right for View<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    fn in_place(&self, j0: usize, k0: usize, kc: usize) -> Option<(&[f32], usize)> {
        let width = WIDTH.min(self.columns - j0);
        // The kernel reads whole vectors, so a ragged edge has to be packed.
        let whole = !self.transposed && width.is_multiple_of(16);
        let (from, to) = (k0 * self.stride + j0, (k0 + kc - 1) * self.stride + j0 + width);
        whole.then(|| (&self.data[from..to], self.stride))
    }

    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Floats) -> &'a [f32] {
        let width = WIDTH.min(self.columns - j0);
        buffer.reshape(kc * WIDTH);
        if !self.transposed {
            for (k, to) in buffer.chunks_exact_mut(WIDTH).enumerate() {
                let from = (k0 + k) * self.stride + j0;
                to[..width].copy_from_slice(&self.data[from..from + width]);
                to[width..].fill(0.0);
            }
            return buffer;
        }
        if width < WIDTH {
            buffer.fill(0.0);
        }
        for j in (0..width).step_by(16) {
            pack_columns(self, j0 + j, (width - j).min(16), k0, kc, &mut buffer[j..]);
        }
        buffer
    }
}

/// `to[k * WIDTH + j] = a(k0 + k, j0 + j)` for a transposed view and at most sixteen columns.
fn pack_columns(a: &View, j0: usize, columns: usize, k0: usize, kc: usize, to: &mut [f32]) {
    let whole = if columns == 16 { kc / 16 * 16 } else { 0 };
    for k in (0..whole).step_by(16) {
        let from = &a.data[j0 * a.stride + k0 + k..(j0 + 15) * a.stride + k0 + k + 16];
        let to = &mut to[k * WIDTH..k * WIDTH + 15 * WIDTH + 16];
        // SAFETY: both slices were just cut to sixteen rows of sixteen floats at their strides.
        unsafe { transpose16(from.as_ptr(), a.stride, to.as_mut_ptr(), WIDTH, 16) };
    }
    for k in whole..kc {
        for j in 0..columns {
            to[k * WIDTH + j] = a.data[(j0 + j) * a.stride + k0 + k];
        }
    }
}

/// The two panel buffers a product needs when an operand is not stored in panels.
#[derive(Default)]
pub(crate) struct Buffers([Floats; 2]);

/// C = Σ LᵢRᵢ, or C += with `add`, over one or two pairs with equal outer shapes; row i of C starts at `c[i * stride]`.
///
/// # Panics
/// On shapes that do not fit: they are this crate's own mistakes, never input's.
pub(crate) fn gemm(
    pairs: &[(Strips, &dyn Right)],
    c: &mut [f32],
    stride: usize,
    add: bool,
    buffers: &mut Buffers,
) {
    let (first, (_, columns)) = (pairs[0].0, pairs[0].1.shape());
    for (left, right) in pairs {
        assert_eq!(
            (left.rows, left.steps, columns),
            (first.rows, right.shape().0, right.shape().1),
            "gemm shapes"
        );
    }
    if first.rows == 0 || columns == 0 {
        return;
    }
    assert!(c.len() >= (first.rows - 1) * stride + columns, "gemm target of {} floats", c.len());
    for (round, group) in rounds(pairs).into_iter().enumerate() {
        for j0 in (0..columns).step_by(WIDTH) {
            panel_column(pairs, &group, j0, columns, c, stride, add || round > 0, buffers);
        }
    }
}

/// Adds a product to the columns `[j0, j0 + WIDTH)` of C, for whoever has just made them: they are still near.
pub(crate) fn add_column(
    pair: (Strips, &dyn Right),
    j0: usize,
    c: &mut [f32],
    stride: usize,
    buffers: &mut Buffers,
) {
    let columns = pair.1.shape().1;
    for group in rounds(&[pair]) {
        panel_column(&[pair], &group, j0, columns, c, stride, true, buffers);
    }
}

/// (pair, first step, steps): what one pass over C contracts.
type Block = (usize, usize, usize);

/// Cuts the contraction into passes of one block, or of two when a pair ends and the next fits beside it.
fn rounds(pairs: &[(Strips, &dyn Right)]) -> Vec<Vec<Block>> {
    let mut rounds: Vec<Vec<Block>> = Vec::new();
    for (pair, (left, _)) in pairs.iter().enumerate() {
        let depth = left.depth;
        for k0 in (0..left.steps).step_by(depth) {
            let block = (pair, k0, depth.min(left.steps - k0));
            match rounds.last_mut() {
                Some(last) if last.len() == 1 && last[0].0 != pair => last.push(block),
                _ => rounds.push(vec![block]),
            }
        }
    }
    rounds
}

/// A panel and the floats from one of its steps to the next: where it lies if only a `few` strips use it, else packed.
fn panel_of<'a>(
    right: &'a dyn Right,
    &(_, k0, kc): &Block,
    j0: usize,
    few: bool,
    buffer: &'a mut Floats,
) -> (&'a [f32], usize) {
    match right.in_place(j0, k0, kc) {
        Some(in_place) if few => in_place,
        _ => (right.panel(j0, k0, kc, buffer), WIDTH),
    }
}

#[allow(clippy::too_many_arguments)]
fn panel_column(
    pairs: &[(Strips, &dyn Right)],
    group: &[Block],
    j0: usize,
    columns: usize,
    c: &mut [f32],
    stride: usize,
    add: bool,
    buffers: &mut Buffers,
) {
    let left = pairs[0].0;
    let few = left.stride.is_some() || left.rows <= 2 * MAX_ROWS;
    let blocks = group.iter().zip(&mut buffers.0);
    let panels: Vec<(&[f32], usize)> =
        blocks.map(|(block, buffer)| panel_of(pairs[block.0].1, block, j0, few, buffer)).collect();
    let strips = left.rows.div_ceil(left.height);
    for (strip, i0) in (0..left.rows).step_by(left.height).enumerate() {
        let height = left.height.min(left.rows - i0);
        if j0 + WIDTH < columns {
            for &(pair, k0, kc) in group {
                pairs[pair].1.foresee(j0 + WIDTH, k0, kc, strip, strips);
            }
        }
        let mut stretches =
            [Stretch { a: std::ptr::null(), a_step: 0, b: std::ptr::null(), b_step: 0, ahead: 0, k: 0 }; 2];
        for ((stretch, &(pair, k0, kc)), panel) in stretches.iter_mut().zip(group).zip(&panels) {
            let (b_step, (a, a_step)) = (panel.1, pairs[pair].0.strip(i0, height, k0, kc));
            // In a packed panel some steps on, where B lies the same step of the next panel.
            let ahead = if b_step == WIDTH { 8 * WIDTH } else { WIDTH };
            *stretch = Stretch { a, a_step, b: panel.0.as_ptr(), b_step, ahead, k: kc };
        }
        write_tile(
            &stretches[..group.len()],
            c,
            i0 * stride + j0,
            stride,
            height,
            WIDTH.min(columns - j0),
            add,
        );
    }
}

/// Runs one tile, through a spare one where C has no room for whole vectors.
fn write_tile(
    s: &[Stretch],
    c: &mut [f32],
    at: usize,
    stride: usize,
    height: usize,
    width: usize,
    add: bool,
) {
    if width.is_multiple_of(16) {
        debug_assert!(at + (height - 1) * stride + width <= c.len());
        // SAFETY: `gemm` checked C's extent, `Left` and `Right` hold k steps of the widths the kernel reads.
        unsafe { tile(s, Target { c: c[at..].as_mut_ptr(), stride, add }, height, width / 16) };
        return;
    }
    let mut spare = [0f32; MAX_ROWS * WIDTH];
    // SAFETY: the spare tile holds MAX_ROWS rows of WIDTH floats.
    unsafe {
        tile(s, Target { c: spare.as_mut_ptr(), stride: WIDTH, add: false }, height, width.div_ceil(16));
    }
    for i in 0..height {
        let row = &mut c[at + i * stride..][..width];
        for (c, x) in row.iter_mut().zip(&spare[i * WIDTH..]) {
            *c = if add { *c + x } else { *x };
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::panels::Panels;
    use super::*;

    pub(crate) fn matrix(rows: usize, columns: usize, seed: usize) -> Vec<f32> {
        (0..rows * columns).map(|i| (((i * 7 + seed * 13) % 31) as f32 - 15.0) / 8.0).collect()
    }

    pub(crate) fn transpose(a: &[f32], rows: usize, columns: usize) -> Vec<f32> {
        (0..rows * columns).map(|i| a[i % rows * columns + i / rows]).collect()
    }

    pub(crate) fn plain(a: &[f32], b: &[f32], m: usize, k: usize, n: usize) -> Vec<f32> {
        let mut c = vec![0f32; m * n];
        for i in 0..m {
            for l in 0..k {
                for j in 0..n {
                    c[i * n + j] += a[i * k + l] * b[l * n + j];
                }
            }
        }
        c
    }

    fn close(got: &[f32], want: &[f32], what: &str) {
        for (i, (g, w)) in got.iter().zip(want).enumerate() {
            assert!((g - w).abs() <= 1e-3 * (1.0 + w.abs()), "{what}: element {i} is {g}, not {w}");
        }
    }

    const SHAPES: &[(usize, usize, usize)] =
        &[(1, 1, 1), (3, 5, 7), (14, 16, 32), (15, 600, 33), (29, 40, 48), (16, 513, 16), (50, 1100, 70)];

    #[test]
    fn every_operand_form_agrees_with_the_plain_product() {
        for &(m, k, n) in SHAPES {
            let (a, b) = (matrix(m, k, 1), matrix(k, n, 2));
            let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
            let want = plain(&a, &b, m, k, n);
            let forward = Panels::weight(&bt, n, k);
            let backward = Panels::weight(&b, k, n);
            let rights: [(&str, &dyn Right); 4] = [
                ("view", &View::new(&b, k, n)),
                ("view.t", &View::new(&bt, n, k).t()),
                ("panels", &forward),
                ("transposed", &backward.transposed()),
            ];
            let (packed, turned) = (Left::of(View::new(&a, m, k)), Left::of(View::new(&at, k, m).t()));
            for left in [packed.strips(), turned.strips(), Strips::lying(View::new(&at, k, m).t())] {
                for (name, right) in rights {
                    let mut c = vec![0f32; m * n];
                    gemm(&[(left, right)], &mut c, n, false, &mut Buffers::default());
                    close(&c, &want, &format!("{name} {m}×{k}×{n}"));
                }
            }
        }
    }

    #[test]
    fn two_pairs_add_up() {
        for &(m, k, n) in SHAPES {
            let r = 6;
            let (a, b, u, v) = (matrix(m, k, 1), matrix(k, n, 2), matrix(m, r, 3), matrix(r, n, 4));
            let (one, two) = (plain(&a, &b, m, k, n), plain(&u, &v, m, r, n));
            let want: Vec<f32> = one.iter().zip(&two).map(|(x, y)| x + y + 1.0).collect();
            let mut c = vec![1f32; m * n];
            let (left, low) = (Left::of(View::new(&a, m, k)), Left::of(View::new(&u, m, r)));
            let pairs: [(Strips, &dyn Right); 2] =
                [(left.strips(), &View::new(&b, k, n)), (low.strips(), &View::new(&v, r, n))];
            gemm(&pairs, &mut c, n, true, &mut Buffers::default());
            close(&c, &want, &format!("{m}×{k}×{n}"));
        }
    }
}
