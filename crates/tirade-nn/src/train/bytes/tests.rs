//! Against plain products of floats.

use super::round::round;
use super::*;
use crate::quant::BLOCK;
use crate::train::gemm::tests::{plain, transpose};
use crate::train::panels::Panels;
use crate::train::store::Form;
use crate::train::testing::noise;

/// Root of the summed squares of the differences over that of the values.
fn error(got: &[f32], want: &[f32]) -> f32 {
    let squares = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>().sqrt();
    squares(&mut got.iter().zip(want).map(|(g, w)| g - w)) / squares(&mut want.iter().copied())
}

#[test]
fn both_products_are_close_to_the_plain_ones() {
    if !available() {
        return eprintln!("skipped: this processor does not multiply bytes");
    }
    for (m, k, n) in [(1, 4, 3), (15, 70, 40), (29, 130, 64), (14, 1100, 33), (40, 256, 1100)] {
        let (x, w, dy) = (noise(m * k, 1), noise(n * k, 2), noise(m * n, 3));
        let panels = Panels::weight(&w, n, k).rounded(Form::Rounded);
        let bytes = panels.bytes().unwrap();
        let mut left = LeftBytes::default();
        let mut c = vec![1f32; m * n];
        left.pack(View::new(&x, m, k), bytes);
        let (u, b) = (noise(m * 3, 4), noise(3 * n, 5));
        let (u_left, b_right) = (Left::of(View::new(&u, m, 3)), View::new(&b, 3, n));
        let low: (Strips, &dyn Right) = (u_left.strips(), &b_right);
        gemm(&left, &bytes, Some(low), &mut c, n, true, &mut Memory::default());
        let low = plain(&u, &b, m, 3, n);
        let want = plain(&x, &transpose(&w, n, k), m, k, n);
        let want: Vec<f32> = want.iter().zip(&low).map(|(v, low)| v + low + 1.0).collect();
        assert!(error(&c, &want) < 0.012, "x·Wᵀ of {m}×{k}×{n}: {}", error(&c, &want));
        let mut dx = vec![1f32; m * k];
        left.pack(View::new(&dy, m, n), bytes.turned());
        gemm(&left, &bytes.turned(), None, &mut dx, k, false, &mut Memory::default());
        let want = plain(&dy, &w, m, n, k);
        assert!(error(&dx, &want) < 0.012, "dy·W of {m}×{k}×{n}: {}", error(&dx, &want));
    }
}

#[test]
fn whole_numbers_come_out_exactly() {
    if !available() {
        return eprintln!("skipped: this processor does not multiply bytes");
    }
    // Every row and group has a 127, so all scales are 1 and nothing is rounded.
    let value = |i: usize| ((i * 37 + i / 7) % 255) as f32 - 127.0;
    let (m, k, n) = (17, 300, 70);
    let matrix = |rows: usize| -> Vec<f32> {
        (0..rows * k).map(|i| if i % k % BLOCK == 5 { 127.0 } else { value(i) }).collect()
    };
    let (x, w) = (matrix(m), matrix(n));
    let panels = Panels::weight(&w, n, k).rounded(Form::Rounded);
    let (mut left, mut c) = (LeftBytes::default(), vec![0f32; m * n]);
    left.pack(View::new(&x, m, k), panels.bytes().unwrap());
    gemm(&left, &panels.bytes().unwrap(), None, &mut c, n, false, &mut Memory::default());
    assert_eq!(c, plain(&x, &transpose(&w, n, k), m, k, n));
}

#[test]
fn an_outlier_costs_only_its_group_and_nan_is_not_hidden() {
    // A row of five groups, of which the second has an outlier and the last is short.
    let mut values = vec![0.5f32; 4 * BLOCK + 7];
    values[BLOCK + 3] = 5000.0;
    values[4 * BLOCK..].fill(0.0);
    let (mut bytes, mut scales, mut sums) = (vec![0; 5 * BLOCK], [0f32; 9], [0f32; 9]);
    round(&values, BLOCK, 2, &mut bytes, &mut scales, &mut sums);
    assert_eq!((sums[0], sums[4], sums[8], scales[8]), (16.0, 16.0, 0.0, 0.0));
    assert!(bytes[..BLOCK].iter().all(|b| *b == 127) && bytes[BLOCK + 4] == 0);
    for broken in [f32::NAN, f32::INFINITY] {
        values[3] = broken;
        round(&values, BLOCK, 2, &mut bytes, &mut scales, &mut sums);
        assert!(scales[0].is_nan() && sums[0].is_nan() && scales[4].is_finite());
    }
}
#[test]
fn a_fine_input_is_nearly_exact() {
    if !available() {
        return eprintln!("skipped: this processor does not multiply bytes");
    }
    let (m, k, n) = (17, 70, 40);
    let (mut x, w) = (noise(m * k, 1), noise(n * k, 2));
    x.iter_mut().step_by(31).for_each(|x| *x *= 100.0);
    let panels = Panels::weight(&w, n, k).rounded(Form::Rounded);
    let opened: Vec<f32> = (0..n)
        .flat_map(|j| {
            let mut row = vec![0f32; k];
            panels.column(j, &mut row);
            row
        })
        .collect();
    let want = plain(&x, &transpose(&opened, n, k), m, k, n);
    let weight = Frozen { floats: &panels, bytes: panels.bytes() };
    for (fine, tolerance) in [(false, 0.02), (true, 1e-4)] {
        let (mut input, mut c) = (Input { fine, ..Input::default() }, vec![0f32; m * n]);
        input.pack(View::new(&x, m, k), weight.bytes);
        product(&input, &weight, None, &mut c, n, false, &mut Memory::default());
        let error = error(&c, &want);
        assert!(error < tolerance && (fine || error > 1e-3), "fine {fine}: {error}");
    }
}
