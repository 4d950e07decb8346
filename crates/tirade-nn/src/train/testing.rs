//! What the training tests share: repeatable noise and finite differences.

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
