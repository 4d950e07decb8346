//! What the training tests share: repeatable noise and finite differences.

use super::attention::Heads;
use super::model::{LayerShape, Model, Shape, Tensors};
use super::ops::Activation;
use super::panels::Panels;

/// Values in (−1, 1), the same for the same seed.
pub(crate) fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut random = super::random::Random::new(&[seed]);
    (0..count).map(|_| random.unit() * 2.0 - 1.0).collect()
}

/// Compares `gradient` with central differences of `loss` at `at`, in every coordinate or about 200 spread ones.
pub(crate) fn check_gradient(name: &str, at: &[f32], gradient: &[f32], loss: impl Fn(&[f32]) -> f64) {
    let step = 1e-2f32;
    let scale = gradient.iter().fold(0f32, |m, g| m.max(g.abs())) as f64;
    assert!(scale > 0.0, "{name}: the gradient is all zero");
    let mut point = at.to_vec();
    for i in (0..at.len()).step_by(at.len().div_ceil(200)) {
        let mut slope = |h: f32| {
            point[i] = at[i] + h;
            let up = loss(&point);
            point[i] = at[i] - h;
            let down = loss(&point);
            point[i] = at[i];
            (up - down) / (2.0 * h as f64)
        };
        // Richardson: the h² error of the two differences cancels.
        let want = (4.0 * slope(step) - slope(2.0 * step)) / 3.0;
        let error = (gradient[i] as f64 - want).abs();
        assert!(
            error < 2e-3 * (scale + want.abs()),
            "{name}[{i}]: gradient {} but difference {want}",
            gradient[i]
        );
    }
}

/// Asserts that two vectors agree to `tolerance` of the largest magnitude.
pub(crate) fn close(got: &[f32], want: &[f32], tolerance: f32) {
    let scale = want.iter().fold(0f32, |m, x| m.max(x.abs()));
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((g - w).abs() <= tolerance * scale, "element {i}: {g} not {w} (scale {scale})");
    }
}

/// The architectures [`tiny`] knows.
pub(crate) const TINY_KINDS: [&str; 4] = ["llama", "qwen2", "qwen3", "gemma3"];

/// A two-layer model of each architecture, its weights from [`tiny_tensor`].
pub(crate) fn tiny(kind: &str) -> Model {
    let gemma = kind == "gemma3";
    let heads = Heads { queries: 4, keys: 2, width: 8, scale: 1.0 / 8f32.sqrt(), window: None };
    let local = LayerShape { heads: Heads { window: gemma.then_some(6), ..heads }, rotary: 0 };
    let global = LayerShape { heads, rotary: gemma as usize };
    let frequencies = |base: f32| (0..4).map(|i| 1.0 / base.powf(i as f32 / 4.0)).collect::<Vec<_>>();
    let shape = Shape {
        hidden: 24,
        intermediate: 40,
        vocabulary: 50,
        eps: 1e-6,
        activation: if gemma { Activation::Gelu } else { Activation::Silu },
        embedding_scale: if gemma { 24f32.sqrt() } else { 1.0 },
        query_key_norm: gemma || kind == "qwen3",
        out_norms: gemma,
        bias: kind == "qwen2",
        tied: true,
        layers: vec![local, global],
        rotary: vec![frequencies(10_000.0), frequencies(1_000_000.0)],
    };
    let Ok(model) = Model::new(shape, 64, &mut Tiny);
    model
}

/// Tensors of the tiny models: small integers over a prime, so that any language makes the same floats.
struct Tiny;

impl Tensors for Tiny {
    type Error = std::convert::Infallible;

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Panels, Self::Error> {
        let values = fill(name, rows * columns, if name.contains("embed") { 1.0 } else { 0.4 });
        Ok(Panels::weight(&values, rows, columns))
    }

    fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>, Self::Error> {
        let around = if name.contains("norm") { 1.0 } else { 0.0 };
        Ok(fill(name, len, 0.5).iter().map(|v| v + around).collect())
    }
}

pub(crate) fn fill(name: &str, size: usize, spread: f64) -> Vec<f32> {
    let seed = name.bytes().fold(7u64, |h, b| (h * 31 + b as u64) % 1_000_003);
    let value =
        |i: u64| ((i * 7919 + seed * (i % 101 + 1) + i * i % 613 * 31) % 2003) as f64 / 2003.0 * 2.0 - 1.0;
    (0..size as u64).map(|i| (value(i) * spread) as f32).collect()
}
