//! One body, three instruction sets: loops written plainly and compiled for AVX-512, AVX2 and the baseline, chosen at run time (on aarch64 one, NEON).
//!
//! [`simd!`] wraps a function whose loops the compiler vectorises; [`level`] says which copy runs. The bodies use `a * b + c`
//! rather than `mul_add`, which without FMA would call a library routine per element; where that counts, [`exp`] is told whether
//! there is FMA.

#[cfg(target_arch = "x86_64")]
use std::sync::atomic::{AtomicU8, Ordering};

/// The instruction sets the kernels are compiled for; other machines have the one they are built for.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// What every x86-64 has.
    Portable = 1,
    /// AVX2 with FMA.
    Avx2 = 2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512 = 3,
}

/// The best instruction set of this processor, looked up once.
#[cfg(target_arch = "x86_64")]
pub(crate) fn level() -> Level {
    static LEVEL: AtomicU8 = AtomicU8::new(0);
    match LEVEL.load(Ordering::Relaxed) {
        1 => Level::Portable,
        2 => Level::Avx2,
        3 => Level::Avx512,
        _ => {
            let found = detect();
            LEVEL.store(found as u8, Ordering::Relaxed);
            found
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match (avx512, is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
        (true, true) => Level::Avx512,
        (false, true) => Level::Avx2,
        _ => Level::Portable,
    }
}

/// Compiles a function once per instruction set and dispatches on [`level`]. In the body, `FUSED` says whether this copy has FMA.
macro_rules! simd {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body<const FUSED: bool>($($arg: $ty),*) $(-> $ret)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx512($($arg: $ty),*) $(-> $ret)? { body::<true>($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx2($($arg: $ty),*) $(-> $ret)? { body::<true>($($arg),*) }
                match $crate::train::simd::level() {
                    // SAFETY: `level` reports an instruction set only if the processor has it.
                    $crate::train::simd::Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    $crate::train::simd::Level::Avx2 => return unsafe { avx2($($arg),*) },
                    $crate::train::simd::Level::Portable => {}
                }
            }
            body::<{ cfg!(target_arch = "aarch64") }>($($arg),*)
        }
    };
}
pub(crate) use simd;

/// e^x to about 2 ulp for |x| < 87, saturating outside; branch-free, so loops over it vectorise.
#[inline(always)]
pub(crate) fn exp<const FUSED: bool>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23: adding it rounds to an integer held in the low mantissa bits
    let x = x.clamp(-87.3, 88.0);
    let shifted = madd::<FUSED>(x, std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let r = madd::<FUSED>(whole, 2.121_944_4e-4, madd::<FUSED>(whole, -0.693_359_4, x));
    let p = 1.987_569_1e-4;
    let p = madd::<FUSED>(p, r, 1.398_199_9e-3);
    let p = madd::<FUSED>(p, r, 8.333_452e-3);
    let p = madd::<FUSED>(p, r, 4.166_579_6e-2);
    let p = madd::<FUSED>(p, r, 0.166_666_66);
    let p = madd::<FUSED>(p, r, 0.5);
    let value = madd::<FUSED>(p * r, r, r) + 1.0;
    let scale = (shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127)) << 23;
    value * f32::from_bits(scale)
}

/// a · b + c, rounded once where there is FMA.
#[inline(always)]
fn madd<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// The logistic function 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid<const FUSED: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FUSED>(-x))
}

/// tanh(x) through [`exp`].
#[inline(always)]
pub(crate) fn tanh<const FUSED: bool>(x: f32) -> f32 {
    let e = exp::<FUSED>(2.0 * x.clamp(-15.0, 15.0));
    (e - 1.0) / (e + 1.0)
}

/// Σ aᵢbᵢ in sixteen running sums, the order fixed so that every run gives the same bits.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 16];
    let whole = a.len() / 16 * 16;
    for (a, b) in a[..whole].chunks_exact(16).zip(b[..whole].chunks_exact(16)) {
        for i in 0..16 {
            lanes[i] += a[i] * b[i];
        }
    }
    let tail: f32 = a[whole..].iter().zip(&b[whole..]).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_to_the_library() {
        for i in -8700..8800 {
            let x = i as f32 * 0.01;
            let want = (x as f64).exp();
            for got in [exp::<false>(x), exp::<true>(x)] {
                assert!((got as f64 / want - 1.0).abs() < 4e-7, "exp({x}) = {got} not {want}");
            }
        }
    }

    #[test]
    fn exp_saturates_without_nan() {
        assert!(exp::<true>(-1e30) < 1e-37 && exp::<true>(-1e30) >= 0.0);
        assert!(exp::<false>(1e30).is_finite());
    }

    #[test]
    fn tanh_and_sigmoid() {
        for x in [-20f32, -3.0, -0.1, 0.0, 0.5, 2.0, 20.0] {
            assert!((tanh::<true>(x) - x.tanh()).abs() < 1e-6);
            assert!((sigmoid::<false>(x) - 1.0 / (1.0 + (-x).exp())).abs() < 1e-6);
        }
    }

    #[test]
    fn dot_handles_tails() {
        for n in [0, 1, 15, 16, 17, 100] {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let want: f32 = a.iter().map(|x| x * x).sum();
            assert!((dot(&a, &a) - want).abs() <= want * 1e-6);
        }
    }
}
