//! NEON, with and without the dot products of ARMv8.2.
//!
//! Every function here is unsafe for the reasons [`Simd`] gives, and passes them on to its caller: the machine must have the
//! instructions, and pointers must be good for the lanes they are used for. Nothing else is unsafe in this file.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "said once above, rather than a hundred times around single instructions"
)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::{Op, Simd};

/// Runs an operation with NEON, which every aarch64 has.
///
/// # Safety
/// Whatever the operation says.
#[target_feature(enable = "neon")]
pub unsafe fn run_neon<O: Op>(op: O) -> O::Out {
    op.run::<Neon>()
}

/// Runs an operation with NEON and its dot products (Apple M1, Graviton 2, Raspberry Pi 5 and later).
///
/// # Safety
/// The machine must have them; and whatever the operation says.
#[target_feature(enable = "neon,dotprod")]
pub unsafe fn run_neon_dot<O: Op>(op: O) -> O::Out {
    op.run::<NeonDot>()
}

/// Applies a function to each of four registers.
macro_rules! each {
    ($f:expr, $a:expr) => {{
        let a = $a;
        [$f(a[0]), $f(a[1]), $f(a[2]), $f(a[3])]
    }};
    ($f:expr, $a:expr, $b:expr) => {{
        let (a, b) = ($a, $b);
        [$f(a[0], b[0]), $f(a[1], b[1]), $f(a[2], b[2]), $f(a[3], b[3])]
    }};
}

/// Where the four registers of 16 lanes begin.
macro_rules! quarters {
    ($p:expr) => {{
        let p = $p;
        [p, p.add(4), p.add(8), p.add(12)]
    }};
}

/// The larger of both, and the second of two that cannot be compared, as other processors do it.
#[inline(always)]
unsafe fn larger(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vbslq_f32(vcgtq_f32(a, b), a, b)
}

#[inline(always)]
unsafe fn smaller(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vbslq_f32(vcltq_f32(a, b), a, b)
}

#[inline(always)]
unsafe fn widened(p: *const u16) -> float32x4_t {
    vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)))
}

#[inline(always)]
unsafe fn from_bf16(p: *const u16) -> float32x4_t {
    vreinterpretq_f32_u32(vshll_n_u16::<16>(vld1_u16(p)))
}

#[inline(always)]
unsafe fn power(a: float32x4_t) -> float32x4_t {
    let exponent = vaddq_s32(vcvtq_s32_f32(a), vdupq_n_s32(127));
    vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent))
}

/// Both sets differ only in how four bytes are multiplied and added.
macro_rules! four_quarters {
    ($name:ident, $dot:path) => {
        #[derive(Clone, Copy)]
        pub struct $name;

        // SAFETY: used only inside the `run_…` of its name; the pointers are the caller's.
        unsafe impl Simd for $name {
            type F = [float32x4_t; 4];
            type I = [int32x4_t; 4];
            type B = [uint8x16_t; 4];
            const TILE: usize = 4;
            const CENTRES: bool = true;

            #[inline(always)]
            unsafe fn splat(x: f32) -> Self::F {
                [vdupq_n_f32(x); 4]
            }
            #[inline(always)]
            unsafe fn load(p: *const f32) -> Self::F {
                each!(vld1q_f32, quarters!(p))
            }
            #[inline(always)]
            unsafe fn load_f16(p: *const u16) -> Self::F {
                each!(widened, quarters!(p))
            }
            #[inline(always)]
            unsafe fn load_bf16(p: *const u16) -> Self::F {
                each!(from_bf16, quarters!(p))
            }
            #[inline(always)]
            unsafe fn store(p: *mut f32, x: Self::F) {
                each!(vst1q_f32, quarters!(p), x);
            }
            #[inline(always)]
            unsafe fn store_f16(p: *mut u16, x: Self::F) {
                let store = |p, x| vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(x)));
                each!(store, quarters!(p), x);
            }
            #[inline(always)]
            unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
                each!(vaddq_f32, a, b)
            }
            #[inline(always)]
            unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
                each!(vmulq_f32, a, b)
            }
            #[inline(always)]
            unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
                each!(vdivq_f32, a, b)
            }
            #[inline(always)]
            unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
                [
                    vfmaq_f32(c[0], a[0], b[0]),
                    vfmaq_f32(c[1], a[1], b[1]),
                    vfmaq_f32(c[2], a[2], b[2]),
                    vfmaq_f32(c[3], a[3], b[3]),
                ]
            }
            #[inline(always)]
            unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
                each!(larger, a, b)
            }
            #[inline(always)]
            unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
                each!(smaller, a, b)
            }
            #[inline(always)]
            unsafe fn abs(a: Self::F) -> Self::F {
                each!(vabsq_f32, a)
            }
            #[inline(always)]
            unsafe fn round(a: Self::F) -> Self::F {
                each!(vrndnq_f32, a)
            }
            #[inline(always)]
            unsafe fn pow2(a: Self::F) -> Self::F {
                each!(power, a)
            }
            #[inline(always)]
            unsafe fn reduce_max(a: Self::F) -> f32 {
                vmaxvq_f32(larger(larger(a[0], a[1]), larger(a[2], a[3])))
            }
            #[inline(always)]
            unsafe fn reduce_add(a: Self::F) -> f32 {
                let four = vaddq_f32(vaddq_f32(a[0], a[2]), vaddq_f32(a[1], a[3]));
                let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
                vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
            }
            #[inline(always)]
            unsafe fn store_i8(p: *mut i8, x: Self::F) -> i32 {
                let ints = each!(vcvtq_s32_f32, x);
                let words = |a, b| vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
                let (low, high) = (words(ints[0], ints[1]), words(ints[2], ints[3]));
                vst1q_s8(p, vcombine_s8(vqmovn_s16(low), vqmovn_s16(high)));
                vaddlvq_s16(vaddq_s16(low, high))
            }
            #[inline(always)]
            unsafe fn splat_i(x: i32) -> Self::I {
                [vdupq_n_s32(x); 4]
            }
            #[inline(always)]
            unsafe fn to_f32(x: Self::I) -> Self::F {
                each!(vcvtq_f32_s32, x)
            }
            #[inline(always)]
            unsafe fn load_b(p: *const u8) -> Self::B {
                [vld1q_u8(p), vld1q_u8(p.add(16)), vld1q_u8(p.add(32)), vld1q_u8(p.add(48))]
            }
            #[inline(always)]
            unsafe fn shr_and(x: Self::B, n: u32, mask: u8) -> Self::B {
                let (n, mask) = (vdupq_n_s8(-(n as i8)), vdupq_n_u8(mask));
                let shift = |x| vandq_u8(vshlq_u8(x, n), mask);
                each!(shift, x)
            }
            #[inline(always)]
            unsafe fn shl_and(x: Self::B, n: u32, mask: u8) -> Self::B {
                let (n, mask) = (vdupq_n_s8(n as i8), vdupq_n_u8(mask));
                let shift = |x| vandq_u8(vshlq_u8(x, n), mask);
                each!(shift, x)
            }
            #[inline(always)]
            unsafe fn store_b(p: *mut u8, x: Self::B) {
                each!(vst1q_u8, [p, p.add(16), p.add(32), p.add(48)], x);
            }
            #[inline(always)]
            unsafe fn prefetch<const NEAR: bool>(p: *const u8) {
                if NEAR {
                    asm!("prfm pldl1keep, [{p}]", p = in(reg) p, options(nostack, preserves_flags));
                } else {
                    asm!("prfm pldl2keep, [{p}]", p = in(reg) p, options(nostack, preserves_flags));
                }
            }
            #[inline(always)]
            unsafe fn or(a: Self::B, b: Self::B) -> Self::B {
                each!(vorrq_u8, a, b)
            }
            #[inline(always)]
            unsafe fn dot(acc: Self::I, w: Self::B, x: *const i8) -> Self::I {
                let centre = |w| veorq_u8(w, vdupq_n_u8(128));
                Self::dot_open(acc, each!(centre, w), x)
            }
            #[inline(always)]
            unsafe fn dot_first(acc: Self::I, w: Self::B, x: *const i8) -> Self::I {
                Self::dot_open(acc, w, x)
            }
            /// Weights that may stay open have seven bits at the most: signed or not is one to them.
            #[inline(always)]
            unsafe fn dot_open(sum: Self::I, w: Self::B, x: *const i8) -> Self::I {
                let x = vreinterpretq_s8_s32(vdupq_n_s32(x.cast::<i32>().read_unaligned()));
                [$dot(sum[0], w[0], x), $dot(sum[1], w[1], x), $dot(sum[2], w[2], x), $dot(sum[3], w[3], x)]
            }
        }
    };
}

four_quarters!(Neon, pairs);
four_quarters!(NeonDot, fours);

/// Products in 16 bits, in which two neighbours fit (2 · 128 · 127), then added to 32.
#[inline(always)]
unsafe fn pairs(acc: int32x4_t, w: uint8x16_t, x: int8x16_t) -> int32x4_t {
    let w = vreinterpretq_s8_u8(w);
    let (low, high) = (vmull_s8(vget_low_s8(w), vget_low_s8(x)), vmull_high_s8(w, x));
    vpadalq_s16(acc, vpaddq_s16(low, high))
}

/// Four products added up in 32 bits at once. The intrinsic is not stable yet (`stdarch_neon_dotprod`).
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn fours(mut acc: int32x4_t, w: uint8x16_t, x: int8x16_t) -> int32x4_t {
    asm!(
        "sdot {acc:v}.4s, {w:v}.16b, {x:v}.16b",
        acc = inout(vreg) acc,
        w = in(vreg) w,
        x = in(vreg) x,
        options(pure, nomem, nostack, preserves_flags),
    );
    acc
}
