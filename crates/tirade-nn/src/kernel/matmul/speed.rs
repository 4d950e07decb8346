//! How near products with quantised weights come to what the core gives: a measurement, so it is ignored.
//!
//! `cargo test --release -p tirade-nn --lib -- --ignored --nocapture integer_products`

use std::time::Instant;

use super::*;
use crate::kernel::act::Forms;
use crate::kernel::pack::Precision;
use crate::kernel::simd::Isa;
use crate::quant::DType;
use crate::weights::Tensor;

/// Products of bytes per second, in thousand millions, when nothing is loaded but what they are with, and nothing scaled nor stored: of
/// AVX2, pairs that are summed in 16 bits; of AVX-VNNI and AVX-512, fours in 32.
struct Peak;

impl Op for Peak {
    type Out = f64;
    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> f64 {
        const TURNS: usize = 1_000_000;
        const STEPS: usize = 8;
        let (w, x) = ([3u8; 64], [5i8; 64]);
        let start = Instant::now();
        // SAFETY: both arrays hold what is read of them.
        unsafe {
            let w = S::load_b(w.as_ptr());
            let mut sums = [S::splat_i(0); 12];
            for _ in 0..TURNS {
                let x = std::hint::black_box(x.as_ptr());
                for step in 0..STEPS {
                    for sum in sums.iter_mut().take(S::TILE.clamp(6, 12)) {
                        *sum = S::dot_open(*sum, w, x.add(4 * step));
                    }
                }
            }
            std::hint::black_box(sums);
        }
        (TURNS * STEPS * S::TILE.clamp(6, 12) * 64) as f64 / start.elapsed().as_secs_f64() / 1e9
    }
}

/// Bytes of any content whose scales are small.
fn stored(dtype: DType, rows: usize, cols: usize) -> Vec<u8> {
    let mut state = 12345u32;
    let len = dtype.bytes_for(cols).unwrap() * rows;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8 & 0x3B
        })
        .collect()
}

/// The best of some timings, in thousand millions of products per second.
fn best(products: usize, mut work: impl FnMut()) -> f64 {
    let rounds = (400_000_000 / products).max(1);
    let timing = |_| {
        let start = Instant::now();
        (0..rounds).for_each(|_| work());
        (products * rounds) as f64 / start.elapsed().as_secs_f64() / 1e9
    };
    (0..5).map(timing).fold(0.0, f64::max)
}

/// What `isa` does with every format, in batches of one, of 16, and of a long prompt.
fn measure(isa: Isa) {
    if !Isa::available().contains(&isa) {
        return println!("{isa:?}: not on this machine");
    }
    // SAFETY: the machine has this instruction set.
    let peak = (0..5).map(|_| unsafe { isa.run(Peak) }).fold(0.0, f64::max);
    println!("{isa:?}: at most {peak:.1} thousand million products per second");
    let pool = Pool::new(1);
    for dtype in [DType::Q4_K, DType::Q6_K, DType::Q5_0, DType::Q8_0] {
        for (rows, cols) in [(1536, 1536), (8960, 1536), (1536, 8960)] {
            let bytes = stored(dtype, rows, cols);
            let tensor = Tensor::new(dtype, rows, cols, &bytes);
            let matrix = Matrix::new(&pool, &tensor, Precision::Auto).unwrap();
            print!("{dtype:?} {rows:4} x {cols:4}:");
            for batch in [1, 16, 512] {
                let x: Vec<f32> = (0..batch * cols).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
                let act = Act::new(&pool, isa, &x, batch, cols, Forms { bytes: true, floats: false });
                let mut out = vec![0.0; batch * rows];
                let rate = best(batch * rows * cols, || matmul(&pool, &act, &mut [(&matrix, &mut out)]));
                print!("  {batch:3} rows {rate:5.1} ({:2.0} %)", 100.0 * rate / peak);
            }
            println!();
        }
    }
}

#[test]
#[ignore = "a measurement"]
#[cfg(target_arch = "x86_64")]
fn integer_products_against_the_peak_of_avx2() {
    measure(Isa::Avx2);
}

#[test]
#[ignore = "a measurement"]
#[cfg(target_arch = "x86_64")]
fn integer_products_against_the_peak_of_avx_vnni() {
    measure(Isa::AvxVnni);
}

#[test]
#[ignore = "a measurement"]
#[cfg(target_arch = "x86_64")]
fn integer_products_against_the_peak_of_avx512() {
    measure(Isa::Avx512);
}

#[test]
#[ignore = "a measurement"]
#[cfg(target_arch = "aarch64")]
fn integer_products_against_the_peak_of_neon() {
    measure(Isa::Neon);
    measure(Isa::NeonDot);
}
