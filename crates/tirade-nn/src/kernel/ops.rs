//! Norms, rotary positions and gates: what happens to rows between products.

use super::simd::{Isa, Op, Simd, exp};
use crate::pool::{Pool, Shared};

/// Calls `work(row, values)` for every row of `x`, on all threads if there is enough to do.
pub fn for_rows(pool: &Pool, x: &mut [f32], cols: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    let rows = x.len() / cols;
    let chunk = (16_384 / cols).clamp(1, rows.max(1));
    let out = Shared(x.as_mut_ptr());
    pool.run(rows.div_ceil(chunk), |i| {
        for row in i * chunk..rows.min((i + 1) * chunk) {
            // SAFETY: rows do not overlap and lie inside `x`.
            work(row, unsafe { std::slice::from_raw_parts_mut(out.get().add(row * cols), cols) });
        }
    });
}

/// Every row divided by its root mean square and multiplied by `weight`, in place.
pub fn rms_norm(pool: &Pool, isa: Isa, x: &mut [f32], weight: &[f32], eps: f32) {
    for_rows(pool, x, weight.len(), |_, row| {
        // SAFETY: `isa` is available; row and weight have the same length.
        unsafe { isa.run(RmsNorm { row, weight, eps }) };
    });
}

struct RmsNorm<'a> {
    row: &'a mut [f32],
    weight: &'a [f32],
    eps: f32,
}

impl Op for RmsNorm<'_> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { row, weight, eps } = self;
        let whole = row.len() / 16 * 16;
        // SAFETY: lanes are inside the row.
        let mut sum = unsafe {
            let mut sum = S::splat(0.0);
            for at in (0..whole).step_by(16) {
                let x = S::load(row.as_ptr().add(at));
                sum = S::fma(x, x, sum);
            }
            S::reduce_add(sum)
        };
        row[whole..].iter().for_each(|v| sum += v * v);
        let scale = 1.0 / (sum / row.len() as f32 + eps).sqrt();
        row.iter_mut().zip(weight).for_each(|(v, w)| *v = *v * scale * w);
    }
}

/// The gate's activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Silu,
    /// The approximation by a hyperbolic tangent.
    Gelu,
}

/// `gate[i] = activation(gate[i]) * up[i]`.
pub fn gate(pool: &Pool, isa: Isa, kind: Gate, gate: &mut [f32], up: &[f32], cols: usize) {
    for_rows(pool, gate, cols, |row, gate| {
        let up = &up[row * cols..(row + 1) * cols];
        // SAFETY: `isa` is available; both rows have the same length.
        unsafe { isa.run(Gated { kind, gate, up }) };
    });
}

struct Gated<'a> {
    kind: Gate,
    gate: &'a mut [f32],
    up: &'a [f32],
}

impl Op for Gated<'_> {
    type Out = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { kind, gate, up } = self;
        let mut lanes = [0.0f32; 16];
        for (gate, up) in gate.chunks_mut(16).zip(up.chunks(16)) {
            lanes[..gate.len()].copy_from_slice(gate);
            // SAFETY: `lanes` has 16 numbers.
            unsafe {
                let x = S::load(lanes.as_ptr());
                // x · sigmoid(t), where gelu's tangent is a sigmoid of twice its argument.
                let t = match kind {
                    Gate::Silu => x,
                    Gate::Gelu => {
                        let cube = S::mul(S::mul(x, x), x);
                        let inner = S::fma(cube, S::splat(0.044_715), x);
                        S::mul(inner, S::splat(2.0 * (2.0 / std::f32::consts::PI).sqrt()))
                    }
                };
                let e = exp::<S>(S::mul(t, S::splat(-1.0)));
                S::store(lanes.as_mut_ptr(), S::div(x, S::add(e, S::splat(1.0))));
            }
            for ((value, lane), up) in gate.iter_mut().zip(&lanes).zip(up) {
                *value = lane * up;
            }
        }
    }
}

/// Cosine and sine of every rotary angle of some positions.
pub struct Angles {
    half: usize,
    values: Vec<(f32, f32)>,
}

impl Angles {
    /// One row of angles per position.
    pub fn new(frequencies: &[f32], positions: impl Iterator<Item = usize>) -> Self {
        let angle = |position: usize| frequencies.iter().map(move |f| (position as f32 * f).sin_cos());
        let values = positions.flat_map(angle).map(|(sin, cos)| (cos, sin)).collect();
        Self { half: frequencies.len(), values }
    }

    /// Rotates all heads of row `row`: the first half of a head pairs with its second.
    pub fn rotate(&self, row: usize, heads: &mut [f32]) {
        let angles = &self.values[row * self.half..(row + 1) * self.half];
        for head in heads.chunks_exact_mut(2 * self.half) {
            let (first, second) = head.split_at_mut(self.half);
            for ((a, b), (cos, sin)) in first.iter_mut().zip(second).zip(angles) {
                (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
            }
        }
    }
}

/// The sum of `exp((x - largest) * inverse)`.
pub fn exp_sum(isa: Isa, x: &[f32], largest: f32, inverse: f32) -> f32 {
    // SAFETY: `isa` is available.
    unsafe { isa.run(ExpSum { x, largest, inverse }) }
}

struct ExpSum<'a> {
    x: &'a [f32],
    largest: f32,
    inverse: f32,
}

impl Op for ExpSum<'_> {
    type Out = f32;
    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> f32 {
        // Lanes beyond the end weigh nothing: exp is clamped at -87, about 1e-38.
        let mut lanes = [f32::MIN; 16];
        // SAFETY: `lanes` has 16 numbers.
        unsafe {
            let mut sum = S::splat(0.0);
            let (negated, inverse) = (S::splat(-self.largest), S::splat(self.inverse));
            for chunk in self.x.chunks(16) {
                let x = if chunk.len() == 16 {
                    S::load(chunk.as_ptr())
                } else {
                    lanes[..chunk.len()].copy_from_slice(chunk);
                    S::load(lanes.as_ptr())
                };
                sum = S::add(sum, exp::<S>(S::mul(S::add(x, negated), inverse)));
            }
            S::reduce_add(sum)
        }
    }
}

/// The index of the largest number, the first among equals; 0 if there is none.
pub fn argmax(isa: Isa, x: &[f32]) -> usize {
    // SAFETY: `isa` is available.
    let largest = unsafe { isa.run(Largest { x }) };
    x.iter().position(|&v| v == largest).unwrap_or(0)
}

struct Largest<'a> {
    x: &'a [f32],
}

impl Op for Largest<'_> {
    type Out = f32;
    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> f32 {
        let chunks = self.x.chunks_exact(16);
        let rest = chunks.remainder().iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
        // SAFETY: chunks have 16 numbers.
        unsafe {
            let mut largest = S::splat(rest);
            for chunk in chunks {
                largest = S::max(S::load(chunk.as_ptr()), largest);
            }
            S::reduce_max(largest)
        }
    }
}
