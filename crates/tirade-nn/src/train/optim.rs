//! AdamW, gradient clipping and the learning rate, over the flat adapter vector.

use super::options::{Schedule, TrainOptions};
use super::simd::simd;

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// AdamW's running means of the gradient and its square.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AdamW {
    pub first: Vec<f32>,
    pub second: Vec<f32>,
}

impl AdamW {
    /// Fresh state for `len` weights.
    pub fn new(len: usize) -> Self {
        Self { first: vec![0.0; len], second: vec![0.0; len] }
    }

    /// Applies the `step`-th update (counted from 1) as PyTorch's AdamW does.
    pub fn update(&mut self, weights: &mut [f32], gradient: &[f32], rate: f64, decay: f64, step: usize) {
        let correction = |beta: f32| 1.0 - (beta as f64).powf(step as f64);
        let size = (rate / correction(BETA1)) as f32;
        let root = correction(BETA2).sqrt() as f32;
        adamw(weights, gradient, &mut self.first, &mut self.second, (1.0 - rate * decay) as f32, size, root);
    }
}

simd! {
    fn adamw(w: &mut [f32], g: &[f32], first: &mut [f32], second: &mut [f32], keep: f32, size: f32, root: f32) {
        for (((w, g), m), v) in w.iter_mut().zip(g).zip(first).zip(second) {
            *m += (g - *m) * (1.0 - BETA1);
            *v = *v * BETA2 + g * g * (1.0 - BETA2);
            *w = *w * keep - size * *m / (v.sqrt() / root + EPSILON);
        }
    }
}

/// Scales the gradient down to `limit` (0: never) and returns the norm it had.
pub(crate) fn clip(gradient: &mut [f32], limit: f64) -> f64 {
    let norm = gradient
        .chunks(4096)
        .map(|c| c.iter().map(|&g| g as f64 * g as f64).sum::<f64>())
        .sum::<f64>()
        .sqrt();
    let factor = limit / (norm + 1e-6);
    if limit > 0.0 && factor < 1.0 {
        super::ops::scale(gradient, factor as f32);
    }
    norm
}

/// The learning rate of step `step` (counted from 0) of `total`. No step has rate zero: warm-up starts at 1/n of the peak.
pub(crate) fn learning_rate(options: &TrainOptions, step: usize, total: usize) -> f64 {
    let warmup =
        options.warmup_steps.unwrap_or((options.warmup_ratio * total as f64).ceil() as usize).min(total);
    if step < warmup {
        return options.learning_rate * (step + 1) as f64 / warmup as f64;
    }
    let done = (step - warmup) as f64 / (total - warmup).max(1) as f64;
    options.learning_rate
        * match options.schedule {
            Schedule::Constant => 1.0,
            Schedule::Linear => 1.0 - done,
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from PyTorch 2.15:
    /// ```python
    /// w = torch.nn.Parameter(torch.tensor([0.5, -1.0, 2.0]))
    /// o = torch.optim.AdamW([w], lr=0.1, weight_decay=0.01)
    /// for g in ([0.1, -0.2, 0.3], [-0.4, 0.1, 0.0]): w.grad = torch.tensor(g); o.step(); print(w.tolist())
    /// ```
    #[test]
    fn adamw_follows_pytorch() {
        let mut w = vec![0.5, -1.0, 2.0];
        let mut state = AdamW::new(3);
        for (step, (gradient, want)) in [
            ([0.1, -0.2, 0.3], [0.3995000123977661, -0.8990000486373901, 1.8980000019073486]),
            ([-0.4, 0.1, 0.0], [0.45505085587501526, -0.8714673519134521, 1.8290963172912598]),
        ]
        .iter()
        .enumerate()
        {
            state.update(&mut w, gradient, 0.1, 0.01, step + 1);
            for (w, want) in w.iter().zip(want) {
                assert!((w - want).abs() < 1e-6, "step {}: {w} not {want}", step + 1);
            }
        }
    }

    #[test]
    fn clipping_keeps_direction() {
        let mut g = vec![3.0, 4.0];
        assert_eq!(clip(&mut g, 0.0), 5.0);
        assert_eq!(g, [3.0, 4.0]);
        assert_eq!(clip(&mut g, 1.0), 5.0);
        assert!((g[0] - 0.6).abs() < 1e-6 && (g[1] - 0.8).abs() < 1e-6);
    }

    #[test]
    fn rates() {
        let rate = |schedule, step| {
            let options =
                TrainOptions { schedule, learning_rate: 1.0, warmup_steps: Some(2), ..Default::default() };
            learning_rate(&options, step, 6)
        };
        let all =
            |schedule| (0..6).map(|s| (rate(schedule, s) * 1000.0).round() / 1000.0).collect::<Vec<_>>();
        assert_eq!(all(Schedule::Linear), [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]);
        assert_eq!(all(Schedule::Constant), [0.5, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(all(Schedule::Cosine), [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]);
    }
}
