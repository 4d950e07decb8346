//! What one core gives: a loop of fused multiply-adds on registers, timed by the thread's own processor time.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::hint::black_box;

/// Some twenty milliseconds: the kernel counts a thread's time in steps of up to four, and when it gives way.
const ROUNDS: usize = 5_000_000;

/// Billions of floating-point operations per second of this thread's processor time; 0 on processors without AVX-512 or AVX2.
pub fn peak() -> f64 {
    let start = thread_seconds();
    let operations = run();
    operations / (thread_seconds() - start).max(1e-9) / 1e9
}

/// The kernel's count in nanoseconds.
pub fn thread_seconds() -> f64 {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

#[cfg(target_arch = "x86_64")]
fn run() -> f64 {
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has the instructions.
        unsafe { avx512() };
        return (ROUNDS * 24 * 16 * 2) as f64;
    }
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: as above.
        unsafe { avx2() };
        return (ROUNDS * 12 * 8 * 2) as f64;
    }
    0.0
}

#[cfg(target_arch = "aarch64")]
fn run() -> f64 {
    // SAFETY: every aarch64 has the instructions.
    unsafe { neon() };
    (ROUNDS * 24 * 4 * 2) as f64
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! multiply_adds {
    ($arch:ident, $name:ident, $features:literal, $sums:literal, $set:ident, $fma:ident) => {
        #[target_feature(enable = $features)]
        fn $name() {
            use std::arch::$arch::*;
            let (x, y) = ($set(black_box(0.999_999)), $set(black_box(1e-7)));
            let mut sums = [x; $sums];
            for _ in 0..ROUNDS {
                for sum in &mut sums {
                    *sum = $fma(*sum, x, y);
                }
            }
            black_box(sums);
        }
    };
}
#[cfg(target_arch = "x86_64")]
multiply_adds!(x86_64, avx512, "avx512f", 24, _mm512_set1_ps, _mm512_fmadd_ps);
#[cfg(target_arch = "x86_64")]
multiply_adds!(x86_64, avx2, "avx2,fma", 12, _mm256_set1_ps, _mm256_fmadd_ps);
#[cfg(target_arch = "aarch64")]
multiply_adds!(aarch64, neon, "neon", 24, vdupq_n_f32, vfmaq_f32);
