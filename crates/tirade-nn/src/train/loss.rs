//! Cross-entropy over the vocabulary without the logits: softmax attention of each hidden state over the head's rows.
//!
//! The gradient of −log p(target) at a hidden state h is softmax(h·Wᵀ)·W − W[target], the same form as attention with the head as
//! keys and values. So it is computed as attention is: a tile of the vocabulary at a time, with a running maximum and sum,
//! rescaling what was gathered whenever the maximum rises. One pass, two products, and never more than one tile of logits.

use super::aligned::Floats;
use super::bytes::{Bytes, Frozen, Input, Memory, product};
use super::gemm::View;
use super::ops::{exp_shifted, largest, scale};
use super::panels::Panels;

/// Words of the vocabulary per tile.
const TILE: usize = 512;

/// Reused memory.
#[derive(Default)]
pub(crate) struct Workspace {
    hidden: Input,
    left: Input,
    tile: Floats,
    memory: Memory,
}

/// What one supervised position asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Target {
    /// The token that should follow.
    pub token: u32,
    /// Its weight in the loss.
    pub weight: f32,
}

/// How the gradient is formed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    /// Multiplies every gradient, usually 1 / supervised tokens of the step.
    pub factor: f32,
    /// Weigh each token by its own (constant) probability: dynamic fine-tuning, which cancels the 1/p of the plain gradient.
    pub dft: bool,
}

/// Returns the weighted loss of every row of `hidden` (targets × head width) and overwrites `gradient` with d/d hidden, times
/// the recipe's factor. Without a `gradient` only the first of the two products runs.
pub(crate) fn cross_entropy(
    head: &Panels,
    hidden: &[f32],
    targets: &[Target],
    recipe: Recipe,
    mut gradient: Option<&mut [f32]>,
    w: &mut Workspace,
) -> Vec<f64> {
    let (rows, vocabulary) = (targets.len(), head.columns_len());
    if rows == 0 {
        return Vec::new();
    }
    let width = hidden.len() / rows;
    let (mut top, mut sum, mut chosen) = (vec![f32::NEG_INFINITY; rows], vec![0f32; rows], vec![0f32; rows]);
    w.hidden.pack(View::new(hidden, rows, width), head.bytes());
    if let Some(gradient) = &mut gradient {
        gradient.fill(0.0);
    }
    for from in (0..vocabulary).step_by(TILE) {
        let count = TILE.min(vocabulary - from);
        w.tile.reshape(rows * count);
        let words = Frozen { floats: &head.columns(from, count), bytes: head.bytes_of(from, count) };
        product(&w.hidden, &words, None, &mut w.tile, count, false, &mut w.memory);
        for (row, logits) in w.tile.chunks_exact_mut(count).enumerate() {
            if let Some(&logit) =
                (targets[row].token as usize).checked_sub(from).and_then(|at| logits.get(at))
            {
                chosen[row] = logit;
            }
            let higher = largest(logits).max(top[row]);
            if higher > top[row] {
                let shrink = (top[row] - higher).exp();
                sum[row] *= shrink;
                if let Some(gradient) = &mut gradient {
                    scale(&mut gradient[row * width..(row + 1) * width], shrink);
                }
                top[row] = higher;
            }
            sum[row] += exp_shifted(logits, 1.0, top[row]);
        }
        if let Some(gradient) = &mut gradient {
            let bytes = words.bytes.map(Bytes::turned);
            w.left.pack(View::new(&w.tile, rows, count), bytes);
            let words = Frozen { floats: &head.transposed_columns(from, count), bytes };
            product(&w.left, &words, None, gradient, width, true, &mut w.memory);
        }
    }
    let log_p: Vec<f64> = (0..rows).map(|i| (chosen[i] - top[i]) as f64 - (sum[i] as f64).ln()).collect();
    let weight = |i: usize| targets[i].weight * if recipe.dft { log_p[i].exp() as f32 } else { 1.0 };
    if let Some(gradient) = gradient {
        let mut word = vec![0f32; width];
        for (i, gradient) in gradient.chunks_exact_mut(width).enumerate() {
            head.column(targets[i].token as usize, &mut word);
            let factor = weight(i) * recipe.factor;
            for (g, word) in gradient.iter_mut().zip(&word) {
                *g = (*g / sum[i] - word) * factor;
            }
        }
    }
    (0..rows).map(|i| -log_p[i] * weight(i) as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::testing::{check_gradient, noise};

    const WIDTH: usize = 24;
    const VOCABULARY: usize = 1300; // two whole tiles and a part

    fn setting() -> (Panels, Vec<f32>, Vec<f32>, Vec<Target>) {
        let words = noise(VOCABULARY * WIDTH, 1);
        let targets: Vec<Target> = [(3u32, 1.0), (511, 1.0), (512, 0.5), (1299, 2.0)]
            .map(|(token, weight)| Target { token, weight })
            .into();
        (Panels::weight(&words, VOCABULARY, WIDTH), words, noise(4 * WIDTH, 2), targets)
    }

    fn plain(words: &[f32], hidden: &[f32], targets: &[Target]) -> Vec<f64> {
        targets
            .iter()
            .zip(hidden.chunks_exact(WIDTH))
            .map(|(target, h)| {
                let logits: Vec<f64> = words
                    .chunks_exact(WIDTH)
                    .map(|w| w.iter().zip(h).map(|(a, b)| *a as f64 * *b as f64).sum())
                    .collect();
                let sum: f64 = logits.iter().map(|l| l.exp()).sum();
                (sum.ln() - logits[target.token as usize]) * target.weight as f64
            })
            .collect()
    }

    #[test]
    fn loss_and_gradient() {
        let (head, words, hidden, targets) = setting();
        let recipe = Recipe { factor: 1.0, dft: false };
        let mut gradient = vec![0f32; hidden.len()];
        let mut w = Workspace::default();
        let got = cross_entropy(&head, &hidden, &targets, recipe, Some(&mut gradient), &mut w);
        for (g, p) in got.iter().zip(plain(&words, &hidden, &targets)) {
            assert!((g - p).abs() < 1e-5, "{g} {p}");
        }
        assert_eq!(got, cross_entropy(&head, &hidden, &targets, recipe, None, &mut w));
        check_gradient("hidden", &hidden, &gradient, |h| plain(&words, h, &targets).iter().sum());
    }

    #[test]
    fn dft_multiplies_by_the_probability() {
        let (head, _, hidden, targets) = setting();
        let mut w = Workspace::default();
        let (mut one, mut two) = (vec![0f32; hidden.len()], vec![0f32; hidden.len()]);
        let base = Recipe { factor: 0.5, dft: false };
        let plain = cross_entropy(&head, &hidden, &targets, base, Some(&mut one), &mut w);
        let dft =
            cross_entropy(&head, &hidden, &targets, Recipe { dft: true, ..base }, Some(&mut two), &mut w);
        for i in 0..4 {
            let p = (-plain[i] / targets[i].weight as f64).exp();
            assert!((dft[i] - plain[i] * p).abs() < 1e-6 * plain[i]);
            for c in i * WIDTH..(i + 1) * WIDTH {
                assert!((two[c] - one[c] * p as f32).abs() <= 1e-5 * one[c].abs());
            }
        }
    }

    #[test]
    fn large_logits_stay_finite() {
        let (head, _, hidden, targets) = setting();
        let loud: Vec<f32> = hidden.iter().map(|h| h * 1e4).collect();
        let mut gradient = vec![0f32; hidden.len()];
        let recipe = Recipe { factor: 1.0, dft: false };
        let losses =
            cross_entropy(&head, &loud, &targets, recipe, Some(&mut gradient), &mut Workspace::default());
        assert!(losses.iter().all(|l| l.is_finite()) && gradient.iter().all(|g| g.is_finite()));
    }
}
