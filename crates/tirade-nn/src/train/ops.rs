//! The element-wise parts of a decoder layer, forward and backward: RMSNorm, rotary positions, gated activations.
//!
//! Every function works on whole row-major matrices. Gradients are *added* to their target where the name says so.

use super::simd::{dot, exp, sigmoid, simd, tanh};

/// The gate's non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// x · σ(x): Llama, Qwen.
    Silu,
    /// The tanh form of GELU: Gemma.
    Gelu,
}

simd! {
    /// `out = x / rms(x) * weight` per row; `inverse` receives 1 / rms.
    pub(crate) fn rms_norm(x: &[f32], weight: &[f32], eps: f32, out: &mut [f32], inverse: &mut [f32]) {
        let width = weight.len();
        for ((x, out), inverse) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(inverse) {
            *inverse = 1.0 / (dot(x, x) / width as f32 + eps).sqrt();
            for i in 0..width {
                out[i] = x[i] * *inverse * weight[i];
            }
        }
    }
}

simd! {
    /// Recomputes what [`rms_norm`] gave, from the saved `inverse`.
    pub(crate) fn rms_norm_again(x: &[f32], weight: &[f32], inverse: &[f32], out: &mut [f32]) {
        let width = weight.len();
        for ((x, out), inverse) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(inverse) {
            for i in 0..width {
                out[i] = x[i] * inverse * weight[i];
            }
        }
    }
}

simd! {
    /// Adds to `dx` the gradient through [`rms_norm`], given `dy` at its output.
    pub(crate) fn rms_norm_backward_add(x: &[f32], weight: &[f32], inverse: &[f32], dy: &[f32], dx: &mut [f32]) {
        let width = weight.len();
        let rows = x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width));
        for (((x, dy), dx), &inverse) in rows.zip(inverse) {
            let mut lanes = [0f32; 16];
            let whole = width / 16 * 16;
            for at in (0..whole).step_by(16) {
                for l in 0..16 {
                    lanes[l] += dy[at + l] * weight[at + l] * x[at + l];
                }
            }
            let mut along = lanes.iter().sum::<f32>();
            for i in whole..width {
                along += dy[i] * weight[i] * x[i];
            }
            let along = along * inverse * inverse * inverse / width as f32;
            for i in 0..width {
                dx[i] += dy[i] * weight[i] * inverse - x[i] * along;
            }
        }
    }
}

simd! {
    /// Turns each head's pairs (i, i + half) by its token's angle. `cos` and `sin` hold `half` values per position.
    /// `direction` is 1 forward and −1 for the gradient, since the inverse of a rotation is its transpose.
    pub(crate) fn rotate(x: &mut [f32], heads: usize, positions: &[usize], cos: &[f32], sin: &[f32], half: usize, direction: f32) {
        for (token, &position) in x.chunks_exact_mut(heads * half * 2).zip(positions) {
            let (cos, sin) = (&cos[position * half..][..half], &sin[position * half..][..half]);
            for head in token.chunks_exact_mut(half * 2) {
                let (low, high) = head.split_at_mut(half);
                for i in 0..half {
                    let (a, b, s) = (low[i], high[i], sin[i] * direction);
                    low[i] = a * cos[i] - b * s;
                    high[i] = b * cos[i] + a * s;
                }
            }
        }
    }
}

const GELU_SCALE: f32 = 0.797_884_6; // sqrt(2 / pi)
const GELU_CUBE: f32 = 0.044_715;

#[inline(always)]
fn gelu<const FUSED: bool>(x: f32) -> f32 {
    0.5 * x * (1.0 + tanh::<FUSED>(GELU_SCALE * (x + GELU_CUBE * x * x * x)))
}

#[inline(always)]
fn gelu_slope<const FUSED: bool>(x: f32) -> f32 {
    let t = tanh::<FUSED>(GELU_SCALE * (x + GELU_CUBE * x * x * x));
    0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * GELU_SCALE * (1.0 + 3.0 * GELU_CUBE * x * x)
}

simd! {
    fn silu_gate(gate: &[f32], up: &[f32], out: &mut [f32]) {
        for ((g, u), out) in gate.iter().zip(up).zip(out) {
            *out = g * sigmoid::<FUSED>(*g) * u;
        }
    }
}
simd! {
    fn gelu_gate(gate: &[f32], up: &[f32], out: &mut [f32]) {
        for ((g, u), out) in gate.iter().zip(up).zip(out) {
            *out = gelu::<FUSED>(*g) * u;
        }
    }
}
simd! {
    fn silu_gate_backward(gate: &mut [f32], up: &mut [f32], dy: &[f32]) {
        for ((g, u), dy) in gate.iter_mut().zip(up).zip(dy) {
            let s = sigmoid::<FUSED>(*g);
            let (dg, du) = (dy * *u * s * (1.0 + *g * (1.0 - s)), dy * *g * s);
            (*g, *u) = (dg, du);
        }
    }
}
simd! {
    fn gelu_gate_backward(gate: &mut [f32], up: &mut [f32], dy: &[f32]) {
        for ((g, u), dy) in gate.iter_mut().zip(up).zip(dy) {
            let (dg, du) = (dy * *u * gelu_slope::<FUSED>(*g), dy * gelu::<FUSED>(*g));
            (*g, *u) = (dg, du);
        }
    }
}

/// `out = act(gate) * up`.
pub(crate) fn gated(kind: Activation, gate: &[f32], up: &[f32], out: &mut [f32]) {
    match kind {
        Activation::Silu => silu_gate(gate, up, out),
        Activation::Gelu => gelu_gate(gate, up, out),
    }
}

/// Replaces `gate` and `up` by their gradients, given `dy` at [`gated`]'s output.
pub(crate) fn gated_backward(kind: Activation, gate: &mut [f32], up: &mut [f32], dy: &[f32]) {
    match kind {
        Activation::Silu => silu_gate_backward(gate, up, dy),
        Activation::Gelu => gelu_gate_backward(gate, up, dy),
    }
}

simd! {
    /// `to += from`.
    pub(crate) fn add(to: &mut [f32], from: &[f32]) {
        for (to, from) in to.iter_mut().zip(from) {
            *to += from;
        }
    }
}

simd! {
    /// `x *= factor`.
    pub(crate) fn scale(x: &mut [f32], factor: f32) {
        for x in x {
            *x *= factor;
        }
    }
}

simd! {
    /// The largest element, −∞ for none.
    pub(crate) fn largest(x: &[f32]) -> f32 {
        let mut lanes = [f32::NEG_INFINITY; 16];
        let whole = x.len() / 16 * 16;
        for x in x[..whole].chunks_exact(16) {
            for i in 0..16 {
                lanes[i] = if x[i] > lanes[i] { x[i] } else { lanes[i] };
            }
        }
        let mut best = f32::NEG_INFINITY;
        for &x in lanes.iter().chain(&x[whole..]) {
            best = if x > best { x } else { best };
        }
        best
    }
}

simd! {
    /// Replaces x by exp(x · factor − shift) and returns the sum.
    pub(crate) fn exp_shifted(x: &mut [f32], factor: f32, shift: f32) -> f32 {
        let mut lanes = [0f32; 16];
        let whole = x.len() / 16 * 16;
        let (body, tail) = x.split_at_mut(whole);
        for x in body.chunks_exact_mut(16) {
            for i in 0..16 {
                x[i] = exp::<FUSED>(x[i] * factor - shift);
                lanes[i] += x[i];
            }
        }
        let mut sum = lanes.iter().sum::<f32>();
        for x in tail {
            *x = exp::<FUSED>(*x * factor - shift);
            sum += *x;
        }
        sum
    }
}

simd! {
    /// `dp = p * (dp − delta) * factor`: the gradient through a softmax row.
    pub(crate) fn softmax_backward(p: &[f32], dp: &mut [f32], delta: f32, factor: f32) {
        for (p, dp) in p.iter().zip(dp) {
            *dp = p * (*dp - delta) * factor;
        }
    }
}

simd! {
    /// Σ aᵢbᵢ.
    pub(crate) fn inner(a: &[f32], b: &[f32]) -> f32 {
        dot(a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::testing::{check_gradient, noise};

    #[test]
    fn rms_norm_gradient() {
        let (x, w, dy) = (noise(3 * 37, 1), noise(37, 2), noise(3 * 37, 3));
        let run = |x: &[f32]| {
            let (mut out, mut inverse) = (vec![0.0; x.len()], vec![0.0; 3]);
            rms_norm(x, &w, 1e-5, &mut out, &mut inverse);
            (out, inverse)
        };
        let mut dx = vec![0.0; x.len()];
        rms_norm_backward_add(&x, &w, &run(&x).1, &dy, &mut dx);
        check_gradient("rms_norm", &x, &dx, |x| run(x).0.iter().zip(&dy).map(|(y, d)| (y * d) as f64).sum());
    }

    #[test]
    fn rms_norm_again_gives_the_same_bits() {
        let (x, w) = (noise(2 * 20, 1), noise(20, 2));
        let (mut one, mut two, mut inverse) = (vec![0.0; 40], vec![0.0; 40], vec![0.0; 2]);
        rms_norm(&x, &w, 1e-6, &mut one, &mut inverse);
        rms_norm_again(&x, &w, &inverse, &mut two);
        assert_eq!(one, two);
    }

    #[test]
    fn gate_gradients() {
        for kind in [Activation::Silu, Activation::Gelu] {
            let (gate, up, dy) = (noise(50, 4), noise(50, 5), noise(50, 6));
            let loss = |g: &[f32], u: &[f32]| {
                let mut out = vec![0.0; 50];
                gated(kind, g, u, &mut out);
                out.iter().zip(&dy).map(|(y, d)| (y * d) as f64).sum()
            };
            let (mut dg, mut du) = (gate.clone(), up.clone());
            gated_backward(kind, &mut dg, &mut du, &dy);
            check_gradient("gate", &gate, &dg, |g| loss(g, &up));
            check_gradient("up", &up, &du, |u| loss(&gate, u));
        }
    }

    #[test]
    fn rotation_keeps_length_and_turns_back() {
        let (heads, half) = (2, 4);
        let angles: Vec<f32> = (0..3 * half).map(|i| i as f32 * 0.37).collect();
        let cos: Vec<f32> = angles.iter().map(|a| a.cos()).collect();
        let sin: Vec<f32> = angles.iter().map(|a| a.sin()).collect();
        let start = noise(2 * heads * half * 2, 7);
        let mut x = start.clone();
        rotate(&mut x, heads, &[2, 1], &cos, &sin, half, 1.0);
        assert!((inner(&x, &x) - inner(&start, &start)).abs() < 1e-4);
        // pair (0, half) of the first head at position 2, by hand
        let angle = angles[2 * half];
        assert!((x[0] - (start[0] * angle.cos() - start[half] * angle.sin())).abs() < 1e-6);
        rotate(&mut x, heads, &[2, 1], &cos, &sin, half, -1.0);
        for (a, b) in x.iter().zip(&start) {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn softmax_helpers() {
        let mut x = noise(37, 8);
        let top = largest(&x);
        assert_eq!(top, x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let want: f32 = x.iter().map(|x| (x * 0.5 - top * 0.5).exp()).sum();
        assert!((exp_shifted(&mut x, 0.5, top * 0.5) - want).abs() < 1e-4);
    }
}
