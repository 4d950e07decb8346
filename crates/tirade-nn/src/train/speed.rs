//! How near the products of a training step come to what the core gives: not a test of anything but patience, so it is ignored.
//!
//! `cargo test --release -p tirade-nn --lib -- --ignored --nocapture against_the_peak`

use super::aligned::{Arena, Floats};
use super::bytes::Input;
use super::gemm::{Buffers, Left, Right, Strips, View, gemm};
use super::lora::{Adapter, Linear, Module, Plan, Workspace, Write};
use super::panels::Panels;
use super::testing::noise;

#[path = "../../../../benches/train/fma.rs"]
mod fma;

const TOKENS: usize = 512;
const RANK: usize = 16;
/// So many weights take turns, that each comes from where it would.
const COPIES: usize = 8;

fn floats(len: usize, seed: u64) -> Floats {
    let mut floats = Floats::default();
    floats.reshape(len);
    floats.copy_from_slice(&noise(len, seed));
    floats
}

/// Prints the median of five timings of `work`, which does `operations`, as a share of the peak at that moment.
fn report(name: &str, operations: f64, mut work: impl FnMut()) {
    let rounds = ((7e9 / operations) as usize).max(1);
    let mut shares: Vec<f64> = (0..5)
        .map(|_| {
            let peak = fma::peak();
            let start = fma::thread_seconds();
            (0..rounds).for_each(|_| work());
            operations * rounds as f64 / (fma::thread_seconds() - start) / 1e9 / peak
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    println!("{name:30} {:5.1} % of the peak, at best {:5.1} %", 100.0 * shares[2], 100.0 * shares[4]);
}

#[test]
#[ignore = "a measurement"]
fn products_against_the_peak() {
    let mut buffers = Buffers::default();
    for (name, inputs, outputs) in
        [("q, o", 576, 576), ("k, v", 576, 192), ("gate, up", 576, 1536), ("down", 1536, 576)]
    {
        let weight = |i| Panels::weight(&noise(inputs * outputs, i), outputs, inputs);
        let weights: Vec<Panels> = (0..COPIES as u64).map(weight).collect();
        let mut turn = 0;
        let mut next = || {
            turn = (turn + 1) % COPIES;
            &weights[turn]
        };
        let (x, dy, u) = (floats(TOKENS * inputs, 1), floats(TOKENS * outputs, 2), floats(TOKENS * RANK, 3));
        let (a, b) = (floats(RANK * inputs, 4), floats(RANK * outputs, 5));
        let (a, b) = (View::new(&a, RANK, inputs), View::new(&b, RANK, outputs));
        let [mut x_left, mut dy_left, mut u_left] = [(); 3].map(|_| Left::default());
        x_left.pack(View::new(&x, TOKENS, inputs));
        dy_left.pack(View::new(&dy, TOKENS, outputs));
        u_left.pack(View::new(&u, TOKENS, RANK));
        let (mut y, mut dx) = (floats(dy.len(), 6), floats(x.len(), 7));
        let (mut narrow, mut db) = (floats(u.len(), 8), floats(b.data.len(), 9));
        let operations = |inner: usize, outer: usize| 2.0 * (TOKENS * inner * outer) as f64;
        report(&format!("{name}: y"), operations(inputs + RANK, outputs), || {
            let pairs: [(Strips, &dyn Right); 2] = [(x_left.strips(), next()), (u_left.strips(), &b)];
            gemm(&pairs, &mut y, outputs, false, &mut buffers);
        });
        report(&format!("{name}: dx"), operations(outputs + RANK, inputs), || {
            let pairs: [(Strips, &dyn Right); 2] =
                [(dy_left.strips(), &next().transposed()), (u_left.strips(), &a)];
            gemm(&pairs, &mut dx, inputs, true, &mut buffers);
        });
        report(&format!("{name}: u"), operations(inputs, RANK), || {
            gemm(&[(x_left.strips(), &a.t())], &mut narrow, RANK, false, &mut buffers);
        });
        report(&format!("{name}: dB"), operations(RANK, outputs), || {
            let turned = Strips::lying(View::new(&u, TOKENS, RANK).t());
            gemm(&[(turned, &View::new(&dy, TOKENS, outputs))], &mut db, outputs, true, &mut buffers);
        });
    }
}

/// A linear layer with its adapter: all of its forward, and of its backward the part that is the adapter's alone, and all.
#[test]
#[ignore = "a measurement"]
fn linears_against_the_peak() {
    for (name, inputs, outputs) in [("q, o", 576, 576), ("gate, up", 576, 1536), ("down", 1536, 576)] {
        let mut arena = Arena::default();
        let mut weight = |i| Panels::weight(&noise(inputs * outputs, i), outputs, inputs).kept(&mut arena);
        let linears: Vec<Linear> =
            (0..COPIES as u64).map(|i| Linear { weight: weight(i), bias: None }).collect();
        let (x, dy) = (floats(TOKENS * inputs, 1), floats(TOKENS * outputs, 2));
        let (mut y, mut dx) = (floats(TOKENS * outputs, 3), floats(TOKENS * inputs, 4));
        let mut input = Input::default();
        input.pack(View::new(&x, TOKENS, inputs), None);
        for rank in [16, 64] {
            let plan = Plan::new(COPIES, [(inputs, outputs); 7], &[Module::Q], rank, 1.0, 0.0);
            let (all, mut gradient) = (noise(plan.len, 5), vec![0f32; plan.len]);
            let (mut u, mut w, mut turn) = (vec![0f32; TOKENS * rank], Workspace::default(), 0);
            let mut next = || {
                turn = (turn + 1) % COPIES;
                let slot = plan.slots[turn][Module::Q as usize].expect("of the plan");
                (&linears[turn], Some(Adapter { slot, all: &all, scale: 1.0 }))
            };
            let operations =
                |full: usize, low: usize| 2.0 * (TOKENS * (inputs * outputs * full + rank * low)) as f64;
            report(&format!("{name}, rank {rank}: forward"), operations(1, inputs + outputs), || {
                let (linear, adapter) = next();
                linear.forward(&input, &input.floats, adapter, &mut y, &mut u, &mut w);
            });
            report(&format!("{name}, rank {rank}: dA, dB"), operations(0, inputs + 2 * outputs), || {
                let (linear, adapter) = next();
                linear.backward(&dy, &x, &u, None, adapter, &mut gradient, None, &mut w);
            });
            report(&format!("{name}, rank {rank}: backward"), operations(1, 2 * (inputs + outputs)), || {
                let (linear, adapter) = next();
                linear.backward(
                    &dy,
                    &x,
                    &u,
                    None,
                    adapter,
                    &mut gradient,
                    Some((Write::Over, &mut dx)),
                    &mut w,
                );
            });
        }
    }
}
