//! Matrix multiplication for training: C (+)= Σ LᵢRᵢ with the left operands packed once and used many times.
//!
//! * [`View`] is a matrix that lies somewhere in memory, transposed or not.
//! * [`Left`] is a left operand packed into strips of at most 14 rows. Activations are packed once and multiplied by several weights.
//! * [`Right`] hands out panels of 32 columns. [`Panels`] stores a frozen weight in that form, so that the forward product reads
//!   it as it lies; [`Panels::transposed`] serves the backward product from the same memory. Views are packed as they are read.
//!
//! [`gemm`] takes several pairs because LoRA is one: y = [x | u] · [Wᵀ ; B] runs in the registers of one pass over y.

use super::kernel::{MAX_ROWS, Stretch, Target, WIDTH, tile, transpose16};

/// Steps of the contraction worked on at once: a 512 × 32 panel is 64 KiB, and stays near the core.
const DEPTH: usize = 512;

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

    /// The same memory read with rows and columns exchanged.
    pub fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }
}

/// A left operand in strips: per block of [`DEPTH`] steps, per strip of rows, per step, the strip's rows side by side.
#[derive(Default)]
pub(crate) struct Left {
    data: Vec<f32>,
    rows: usize,
    steps: usize,
    /// Rows of every strip but the last.
    height: usize,
}

impl Left {
    /// Packs `a`, reusing this operand's memory.
    pub fn pack(&mut self, a: View) {
        (self.rows, self.steps) = (a.rows, a.columns);
        let strips = a.rows.div_ceil(MAX_ROWS).max(1);
        self.height = a.rows.div_ceil(strips).max(1);
        // Sixteen spare floats: the fast transpose writes whole vectors, past the end of a strip's last step.
        self.data.resize(a.rows * a.columns + 16, 0.0);
        for k0 in (0..a.columns).step_by(DEPTH) {
            let kc = DEPTH.min(a.columns - k0);
            for i0 in (0..a.rows).step_by(self.height) {
                let height = self.height.min(a.rows - i0);
                let to = k0 * a.rows + i0 * kc;
                pack_strip(a, i0, height, k0, kc, &mut self.data[to..to + height * kc + 16]);
            }
        }
    }

    /// Packs into a fresh operand.
    pub fn of(a: View) -> Self {
        let mut left = Self::default();
        left.pack(a);
        left
    }

    fn strip(&self, i0: usize, k0: usize, kc: usize) -> *const f32 {
        self.data[k0 * self.rows + i0 * kc..].as_ptr()
    }
}

/// `to[k * height + i] = a(i0 + i, k0 + k)`; `to` has sixteen floats to spare, which the next strip overwrites.
fn pack_strip(a: View, i0: usize, height: usize, k0: usize, kc: usize, to: &mut [f32]) {
    if a.transposed {
        for k in 0..kc {
            let from = (k0 + k) * a.stride + i0;
            to[k * height..(k + 1) * height].copy_from_slice(&a.data[from..from + height]);
        }
        return;
    }
    let whole = if height >= 8 { kc / 16 * 16 } else { 0 };
    let mut block = [0f32; 256];
    for k in (0..whole).step_by(16) {
        for i in 0..height {
            let from = (i0 + i) * a.stride + k0 + k;
            block[i * 16..(i + 1) * 16].copy_from_slice(&a.data[from..from + 16]);
        }
        assert!(to.len() >= (k + 15) * height + 16);
        // SAFETY: the block holds 16 rows; the sixteen vectors written start `height` ≤ 14 apart, the last one within `to`.
        // Later vectors overwrite the surplus of earlier ones because the primitive stores its rows in no fixed order
        // only within `ordered`, below.
        unsafe { ordered_transpose(&block, to.as_mut_ptr().add(k * height), height) };
    }
    for k in whole..kc {
        for i in 0..height {
            to[k * height + i] = a.data[(i0 + i) * a.stride + k0 + k];
        }
    }
}

/// Transposes a block and stores the rows in ascending order at `stride` < 16, each overwriting the surplus of the one before.
///
/// # Safety
/// `to` must hold 15 · stride + 16 floats.
unsafe fn ordered_transpose(block: &[f32; 256], to: *mut f32, stride: usize) {
    let mut turned = [0f32; 256];
    // SAFETY: both arrays hold 16 × 16 floats; the caller vouches for `to`.
    unsafe {
        transpose16(block.as_ptr(), 16, turned.as_mut_ptr(), 16);
        for (j, row) in turned.chunks_exact(16).enumerate() {
            std::ptr::copy_nonoverlapping(row.as_ptr(), to.add(j * stride), 16);
        }
    }
}

/// A right operand, k steps by n columns, handed out in panels of [`WIDTH`] columns.
pub(crate) trait Right {
    /// (steps, columns).
    fn shape(&self) -> (usize, usize);
    /// Columns `[j0, j0 + WIDTH)` of steps `[k0, k0 + kc)`, each step's columns side by side; columns past the end hold anything finite.
    /// `j0` is a multiple of [`WIDTH`] and `k0` of [`DEPTH`]. Returns its own memory, or `buffer` filled.
    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Vec<f32>) -> &'a [f32];
}

impl Right for View<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Vec<f32>) -> &'a [f32] {
        let width = WIDTH.min(self.columns - j0);
        buffer.resize(kc * WIDTH, 0.0);
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
        unsafe { transpose16(from.as_ptr(), a.stride, to.as_mut_ptr(), WIDTH) };
    }
    for k in whole..kc {
        for j in 0..columns {
            to[k * WIDTH + j] = a.data[(j0 + j) * a.stride + k0 + k];
        }
    }
}

/// A right operand stored in panels of 32 columns: panel j holds columns 32j..32j+32 of every step.
#[derive(Default)]
pub(crate) struct Panels {
    data: Vec<f32>,
    steps: usize,
    columns: usize,
}

impl Panels {
    /// Packs `b`, reusing this operand's memory.
    pub fn pack(&mut self, b: View) {
        (self.steps, self.columns) = (b.rows, b.columns);
        self.data.resize(b.columns.div_ceil(WIDTH) * b.rows * WIDTH, 0.0);
        let mut buffer = Vec::new();
        for j0 in (0..b.columns).step_by(WIDTH) {
            for k0 in (0..b.rows).step_by(DEPTH) {
                let kc = DEPTH.min(b.rows - k0);
                let panel = b.panel(j0, k0, kc, &mut buffer);
                let to = (j0 * b.rows) + k0 * WIDTH;
                self.data[to..to + kc * WIDTH].copy_from_slice(panel);
            }
        }
    }

    /// A frozen weight given as rows of outputs by inputs, stored for y = x · Wᵀ.
    pub fn weight(rows: &[f32], outputs: usize, inputs: usize) -> Self {
        let mut panels = Self::default();
        panels.pack(View::new(rows, outputs, inputs).t());
        panels
    }

    /// The same memory as the right operand of the transposed product, dy · W.
    pub fn transposed(&self) -> Transposed<'_> {
        self.transposed_columns(0, self.columns)
    }

    /// [`Panels::transposed`] restricted to the columns `from..from + count`, its steps; `from` begins a panel.
    pub fn transposed_columns(&self, from: usize, count: usize) -> Transposed<'_> {
        assert!(from % WIDTH == 0 && from + count <= self.columns);
        Transposed { panels: self, from, count }
    }

    /// The columns `from..from + count` as a right operand; `from` begins a panel.
    pub fn columns(&self, from: usize, count: usize) -> Part<'_> {
        assert!(from % WIDTH == 0 && from + count <= self.columns);
        Part { panels: self, first_step: 0, steps: self.steps, first_column: from, columns: count }
    }

    /// The steps `from..from + count` as a right operand.
    pub fn steps(&self, from: usize, count: usize) -> Part<'_> {
        assert!(from + count <= self.steps);
        Part { panels: self, first_step: from, steps: count, first_column: 0, columns: self.columns }
    }

    /// Copies column `j` (a row of the weight this was made from) into `to`, which holds one float per step.
    pub fn column(&self, j: usize, to: &mut [f32]) {
        let base = j / WIDTH * self.steps * WIDTH + j % WIDTH;
        for (k, to) in to.iter_mut().enumerate() {
            *to = self.data[base + k * WIDTH];
        }
    }

    /// Number of columns: the outputs of the weight this was made from.
    pub fn columns_len(&self) -> usize {
        self.columns
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.len() * 4
    }
}

impl Right for Panels {
    fn shape(&self) -> (usize, usize) {
        (self.steps, self.columns)
    }

    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, _: &'a mut Vec<f32>) -> &'a [f32] {
        let from = j0 * self.steps + k0 * WIDTH;
        &self.data[from..from + kc * WIDTH]
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

    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Vec<f32>) -> &'a [f32] {
        self.panels.panel(self.first_column + j0, self.first_step + k0, kc, buffer)
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

    fn panel<'a>(&'a self, j0: usize, k0: usize, kc: usize, buffer: &'a mut Vec<f32>) -> &'a [f32] {
        let width = WIDTH.min(self.panels.steps - j0);
        buffer.resize(kc.next_multiple_of(WIDTH) * WIDTH, 0.0);
        for k in (0..kc).step_by(WIDTH) {
            // 32 stored steps (our columns) of one stored panel (32 of our steps): one contiguous 4 KiB block.
            let start = (self.from + k0 + k) * self.panels.steps + j0 * WIDTH;
            turn(
                &self.panels.data[start..start + width * WIDTH],
                width,
                &mut buffer[k * WIDTH..(k + WIDTH) * WIDTH],
            );
        }
        &buffer[..kc * WIDTH]
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

/// The two panel buffers a product needs when an operand is not stored in panels.
#[derive(Default)]
pub(crate) struct Buffers([Vec<f32>; 2]);

/// C = Σ LᵢRᵢ, or C += with `add`, over one or two pairs with equal outer shapes; row i of C starts at `c[i * stride]`.
///
/// # Panics
/// On shapes that do not fit: they are this crate's own mistakes, never input's.
pub(crate) fn gemm(
    pairs: &[(&Left, &dyn Right)],
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

/// (pair, first step, steps): what one pass over C contracts.
type Block = (usize, usize, usize);

/// Cuts the contraction into passes of one block, or of two when a pair ends and the next fits beside it.
fn rounds(pairs: &[(&Left, &dyn Right)]) -> Vec<Vec<Block>> {
    let mut rounds: Vec<Vec<Block>> = Vec::new();
    for (pair, (left, _)) in pairs.iter().enumerate() {
        for k0 in (0..left.steps).step_by(DEPTH) {
            let block = (pair, k0, DEPTH.min(left.steps - k0));
            match rounds.last_mut() {
                Some(last) if last.len() == 1 && last[0].0 != pair => last.push(block),
                _ => rounds.push(vec![block]),
            }
        }
    }
    rounds
}

#[allow(clippy::too_many_arguments)]
fn panel_column(
    pairs: &[(&Left, &dyn Right)],
    group: &[Block],
    j0: usize,
    columns: usize,
    c: &mut [f32],
    stride: usize,
    add: bool,
    buffers: &mut Buffers,
) {
    let panels: Vec<&[f32]> = group
        .iter()
        .zip(&mut buffers.0)
        .map(|(&(pair, k0, kc), buffer)| pairs[pair].1.panel(j0, k0, kc, buffer))
        .collect();
    let left = pairs[0].0;
    for i0 in (0..left.rows).step_by(left.height) {
        let height = left.height.min(left.rows - i0);
        let mut stretches = [Stretch { a: std::ptr::null(), b: std::ptr::null(), k: 0 }; 2];
        for ((stretch, &(pair, k0, kc)), panel) in stretches.iter_mut().zip(group).zip(&panels) {
            *stretch = Stretch { a: pairs[pair].0.strip(i0, k0, kc), b: panel.as_ptr(), k: kc };
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
    if width % 16 == 0 {
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
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize, seed: usize) -> Vec<f32> {
        (0..rows * columns).map(|i| (((i * 7 + seed * 13) % 31) as f32 - 15.0) / 8.0).collect()
    }

    fn transpose(a: &[f32], rows: usize, columns: usize) -> Vec<f32> {
        (0..rows * columns).map(|i| a[i % rows * columns + i / rows]).collect()
    }

    fn plain(a: &[f32], b: &[f32], m: usize, k: usize, n: usize) -> Vec<f32> {
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
            for left in [Left::of(View::new(&a, m, k)), Left::of(View::new(&at, k, m).t())] {
                for (name, right) in rights {
                    let mut c = vec![0f32; m * n];
                    gemm(&[(&left, right)], &mut c, n, false, &mut Buffers::default());
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
            let pairs: [(&Left, &dyn Right); 2] =
                [(&left, &View::new(&b, k, n)), (&low, &View::new(&v, r, n))];
            gemm(&pairs, &mut c, n, true, &mut Buffers::default());
            close(&c, &want, &format!("{m}×{k}×{n}"));
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
#[cfg(test)]
mod speed {
    use super::*;
    #[test]
    #[ignore]
    fn speed() {
        for (m, k, n) in [
            (512, 576, 1536),
            (512, 1536, 576),
            (512, 576, 576),
            (512, 576, 192),
            (512, 576, 16),
            (512, 16, 576),
            (16, 512, 576),
            (512, 64, 512),
            (256, 576, 49152),
        ] {
            let (a, w) = (vec![0.5f32; m * k], vec![0.25f32; n * k]);
            let p = Panels::weight(&w, n, k);
            let pt = Panels::weight(&w, k, n);
            let mut c = vec![0f32; m * n];
            let mut b = Buffers::default();
            let mut l = Left::default();
            let mut time = |name: &str, f: &mut dyn FnMut()| {
                let mut best = f64::MAX;
                for _ in 0..10 {
                    let t = std::time::Instant::now();
                    f();
                    best = best.min(t.elapsed().as_secs_f64());
                }
                print!("{name} {:.0} ", 2e-9 * (m * k * n) as f64 / best);
            };
            print!("{m} {k} {n}: ");
            time("pack", &mut || l.pack(View::new(&a, m, k)));
            time("fwd", &mut || gemm(&[(&l, &p)], &mut c, n, false, &mut b));
            time("bwd", &mut || gemm(&[(&l, &pt.transposed())], &mut c, n, false, &mut b));
            time("view", &mut || gemm(&[(&l, &View::new(&w, k, n))], &mut c, n, false, &mut b));
            time("viewt", &mut || gemm(&[(&l, &View::new(&w, n, k).t())], &mut c, n, false, &mut b));
            println!();
        }
    }
}
