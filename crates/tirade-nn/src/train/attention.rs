//! Causal attention over packed sequences, forward and backward, without ever holding a whole score matrix.
//!
//! A chunk holds several sequences end to end; each [`Segment`] attends only to itself, so packing cannot leak one example into
//! another. Query heads share key/value heads in groups; a sliding window limits how far back a token looks. The forward keeps
//! one number per token and head (log Σ exp), from which the backward recomputes the probabilities block by block.

use super::aligned::Floats;
use super::gemm::{Buffers, Left, Strips, View, gemm};
use super::ops::{exp_shifted, inner, largest, softmax_backward};
use super::panels::Panels;

/// Queries per block. Half a block of scores per query lies beyond the diagonal and is computed in vain.
const BLOCK: usize = 64;

/// One sequence of a chunk: its tokens are `start..start + length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub start: usize,
    pub length: usize,
}

/// The geometry of attention in one layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heads {
    /// Query heads.
    pub queries: usize,
    /// Key/value heads; divides `queries`.
    pub keys: usize,
    /// Floats per head.
    pub width: usize,
    /// Factor on the scores, usually 1 / √width.
    pub scale: f32,
    /// A token sees itself and the `window − 1` tokens before it; `None`: all before it.
    pub window: Option<usize>,
}

/// Reused memory.
#[derive(Default)]
pub(crate) struct Workspace {
    keys_by_width: Panels,
    values_by_width: Panels,
    keys: Panels,
    values: Panels,
    left: Left,
    scores: Floats,
    slopes: Floats,
    buffers: Buffers,
}

/// `out` = softmax(q kᵀ · scale) v per segment and head; `logsum` (tokens × query heads) receives log Σ exp of each score row.
pub(crate) fn forward(
    heads: &Heads,
    segments: &[Segment],
    qkv: [&[f32]; 3],
    out: &mut [f32],
    logsum: &mut [f32],
    w: &mut Workspace,
) {
    let (query_stride, key_stride) = (heads.queries * heads.width, heads.keys * heads.width);
    for segment in segments {
        for group in 0..heads.keys {
            let rows = |x| head(x, segment.start, segment.length, group, heads.width, key_stride);
            w.keys_by_width.pack(rows(qkv[1]).t());
            w.values.pack(rows(qkv[2]));
            for h in group_members(heads, group) {
                for block in blocks(segment, heads) {
                    let at = segment.start + block.from;
                    w.left.pack(head(qkv[0], at, block.rows, h, heads.width, query_stride));
                    scores(heads, &block, |row| logsum[(at + row) * heads.queries + h], w, true);
                    for row in 0..block.rows {
                        logsum[(at + row) * heads.queries + h] = w.slopes[row];
                    }
                    w.left.pack(View::new(&w.scores, block.rows, block.keys()));
                    let values = w.values.steps(block.first, block.keys());
                    let to = &mut out[at * query_stride + h * heads.width..];
                    gemm(&[(w.left.strips(), &values)], to, query_stride, false, &mut w.buffers);
                }
            }
        }
    }
}

/// What the backward pass needs from the forward one.
pub(crate) struct Saved<'a> {
    pub q: &'a [f32],
    pub k: &'a [f32],
    pub v: &'a [f32],
    pub out: &'a [f32],
    pub logsum: &'a [f32],
}

/// Overwrites `dq`, `dk`, `dv` with the gradients, given `dout`.
pub(crate) fn backward(
    heads: &Heads,
    segments: &[Segment],
    saved: &Saved,
    dout: &[f32],
    [dq, dk, dv]: [&mut [f32]; 3],
    w: &mut Workspace,
) {
    let (query_stride, key_stride) = (heads.queries * heads.width, heads.keys * heads.width);
    dk.fill(0.0);
    dv.fill(0.0);
    for segment in segments {
        for group in 0..heads.keys {
            let rows = |x| head(x, segment.start, segment.length, group, heads.width, key_stride);
            w.keys_by_width.pack(rows(saved.k).t());
            w.values_by_width.pack(rows(saved.v).t());
            w.keys.pack(rows(saved.k));
            for h in group_members(heads, group) {
                for block in blocks(segment, heads) {
                    let at = segment.start + block.from;
                    let query = head(saved.q, at, block.rows, h, heads.width, query_stride);
                    let slope = head(dout, at, block.rows, h, heads.width, query_stride);
                    w.left.pack(query);
                    scores(heads, &block, |row| saved.logsum[(at + row) * heads.queries + h], w, false);
                    // dP = dO Vᵀ, then dS = P (dP − O·dO) in place
                    w.left.pack(slope);
                    w.slopes.reshape(block.rows * block.keys());
                    let values = w.values_by_width.columns(block.first, block.keys());
                    gemm(&[(w.left.strips(), &values)], &mut w.slopes, block.keys(), false, &mut w.buffers);
                    for row in 0..block.rows {
                        let from = (at + row) * query_stride + h * heads.width;
                        let delta =
                            inner(&saved.out[from..from + heads.width], &dout[from..from + heads.width]);
                        let keys = row * block.keys()..(row + 1) * block.keys();
                        softmax_backward(&w.scores[keys.clone()], &mut w.slopes[keys], delta, heads.scale);
                    }
                    let (ds, p) = (
                        View::new(&w.slopes, block.rows, block.keys()),
                        View::new(&w.scores, block.rows, block.keys()),
                    );
                    w.left.pack(ds);
                    let keys = w.keys.steps(block.first, block.keys());
                    let to = &mut dq[at * query_stride + h * heads.width..];
                    gemm(&[(w.left.strips(), &keys)], to, query_stride, false, &mut w.buffers);
                    let first = (segment.start + block.first) * key_stride + group * heads.width;
                    gemm(
                        &[(Strips::lying(ds.t()), &query)],
                        &mut dk[first..],
                        key_stride,
                        true,
                        &mut w.buffers,
                    );
                    gemm(
                        &[(Strips::lying(p.t()), &slope)],
                        &mut dv[first..],
                        key_stride,
                        true,
                        &mut w.buffers,
                    );
                }
            }
        }
    }
}

/// A block of queries and the keys any of them sees, both counted within the segment.
struct Block {
    from: usize,
    rows: usize,
    /// First key, rounded down to a whole panel.
    first: usize,
}

impl Block {
    fn keys(&self) -> usize {
        self.from + self.rows - self.first
    }
}

fn blocks(segment: &Segment, heads: &Heads) -> impl Iterator<Item = Block> + use<> {
    let (length, window) = (segment.length, heads.window.unwrap_or(usize::MAX));
    (0..length).step_by(BLOCK).map(move |from| {
        let first = (from + 1).saturating_sub(window) / super::kernel::WIDTH * super::kernel::WIDTH;
        Block { from, rows: BLOCK.min(length - from), first }
    })
}

fn group_members(heads: &Heads, group: usize) -> std::ops::Range<usize> {
    let size = heads.queries / heads.keys;
    group * size..(group + 1) * size
}

fn head(x: &[f32], token: usize, rows: usize, head: usize, width: usize, stride: usize) -> View<'_> {
    View::strided(&x[token * stride + head * width..], rows, width, stride)
}

/// Fills `w.scores` with the block's probabilities, zero where masked. When `fresh`, the rows' log Σ exp go to `w.slopes`;
/// otherwise they come from `logsum`.
fn scores(heads: &Heads, block: &Block, logsum: impl Fn(usize) -> f32, w: &mut Workspace, fresh: bool) {
    let keys = block.keys();
    w.scores.reshape(block.rows * keys);
    w.slopes.reshape(block.rows);
    let right = w.keys_by_width.columns(block.first, keys);
    gemm(&[(w.left.strips(), &right)], &mut w.scores, keys, false, &mut w.buffers);
    for (row, scores) in w.scores.chunks_exact_mut(keys).enumerate() {
        let query = block.from + row;
        let seen = query + 1 - block.first;
        let hidden =
            heads.window.map_or(0, |window| (query + 1).saturating_sub(window).saturating_sub(block.first));
        scores[..hidden].fill(0.0);
        // What is hidden becomes as good as nothing, and then nothing: whole vectors are quicker than a few numbers one by one.
        let whole = keys.min(hidden + (seen - hidden).next_multiple_of(16));
        scores[seen..whole].fill(f32::MIN);
        if fresh {
            let top = largest(&scores[hidden..seen]) * heads.scale;
            let sum = exp_shifted(&mut scores[hidden..whole], heads.scale, top);
            super::ops::scale(&mut scores[hidden..seen], 1.0 / sum);
            w.slopes[row] = top + sum.ln();
        } else {
            exp_shifted(&mut scores[hidden..whole], heads.scale, logsum(row));
        }
        scores[seen..].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::testing::{check_gradient, noise};

    const HEADS: Heads = Heads { queries: 4, keys: 2, width: 16, scale: 0.25, window: None };

    fn run(heads: &Heads, segments: &[Segment], q: &[f32], k: &[f32], v: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let tokens: usize = segments.iter().map(|s| s.length).sum();
        let (mut out, mut logsum) = (vec![0.0; q.len()], vec![0.0; tokens * heads.queries]);
        forward(heads, segments, [q, k, v], &mut out, &mut logsum, &mut Workspace::default());
        (out, logsum)
    }

    /// Attention written as its definition.
    fn plain(heads: &Heads, segments: &[Segment], q: &[f32], k: &[f32], v: &[f32]) -> Vec<f32> {
        let d = heads.width;
        let mut out = vec![0f32; q.len()];
        for s in segments {
            for h in 0..heads.queries {
                let g = h / (heads.queries / heads.keys);
                for i in 0..s.length {
                    let from = heads.window.map_or(0, |w| (i + 1).saturating_sub(w));
                    let query = &q[((s.start + i) * heads.queries + h) * d..][..d];
                    let weight: Vec<f64> = (from..=i)
                        .map(|j| {
                            let key = &k[((s.start + j) * heads.keys + g) * d..][..d];
                            ((query.iter().zip(key).map(|(a, b)| a * b).sum::<f32>() * heads.scale) as f64)
                                .exp()
                        })
                        .collect();
                    let sum: f64 = weight.iter().sum();
                    for (j, weight) in (from..=i).zip(&weight) {
                        for c in 0..d {
                            out[((s.start + i) * heads.queries + h) * d + c] +=
                                (weight / sum) as f32 * v[((s.start + j) * heads.keys + g) * d + c];
                        }
                    }
                }
            }
        }
        out
    }

    fn cases() -> Vec<(Heads, Vec<Segment>)> {
        let segment = |start, length| Segment { start, length };
        vec![
            (HEADS, vec![segment(0, 5)]),
            (HEADS, vec![segment(0, 7), segment(7, 1), segment(8, 20)]),
            (Heads { window: Some(3), ..HEADS }, vec![segment(0, 11), segment(11, 2)]),
            (Heads { window: Some(40), ..HEADS }, vec![segment(0, 300)]),
            (Heads { queries: 3, keys: 1, width: 24, ..HEADS }, vec![segment(0, 150), segment(150, 140)]),
        ]
    }

    #[test]
    fn agrees_with_the_definition() {
        for (heads, segments) in cases() {
            let tokens: usize = segments.iter().map(|s| s.length).sum();
            let q = noise(tokens * heads.queries * heads.width, 1);
            let (k, v) =
                (noise(tokens * heads.keys * heads.width, 2), noise(tokens * heads.keys * heads.width, 3));
            let (got, _) = run(&heads, &segments, &q, &k, &v);
            for (i, (g, w)) in got.iter().zip(plain(&heads, &segments, &q, &k, &v)).enumerate() {
                assert!((g - w).abs() < 1e-5, "{heads:?} {segments:?} element {i}: {g} not {w}");
            }
        }
    }

    #[test]
    fn gradients() {
        for (heads, segments) in cases() {
            let tokens: usize = segments.iter().map(|s| s.length).sum();
            let q = noise(tokens * heads.queries * heads.width, 1);
            let (k, v) =
                (noise(tokens * heads.keys * heads.width, 2), noise(tokens * heads.keys * heads.width, 3));
            let dout = noise(q.len(), 4);
            let (out, logsum) = run(&heads, &segments, &q, &k, &v);
            let (mut dq, mut dk, mut dv) = (vec![9.0; q.len()], vec![9.0; k.len()], vec![9.0; v.len()]);
            let saved = Saved { q: &q, k: &k, v: &v, out: &out, logsum: &logsum };
            backward(
                &heads,
                &segments,
                &saved,
                &dout,
                [&mut dq, &mut dk, &mut dv],
                &mut Workspace::default(),
            );
            let loss = |q: &[f32], k: &[f32], v: &[f32]| {
                run(&heads, &segments, q, k, v).0.iter().zip(&dout).map(|(y, d)| (y * d) as f64).sum()
            };
            check_gradient("dq", &q, &dq, |q| loss(q, &k, &v));
            check_gradient("dk", &k, &dk, |k| loss(&q, k, &v));
            check_gradient("dv", &v, &dv, |v| loss(&q, &k, v));
        }
    }
}
