//! AVX2, AVX-VNNI and AVX-512 with VNNI.
//!
//! Every function here is unsafe for the reasons [`Simd`] gives, and passes them on to its caller: the machine must have the
//! instructions, and pointers must be good for the lanes they are used for. Nothing else is unsafe in this file.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "said once above, rather than a hundred times around single instructions"
)]

use std::arch::x86_64::*;

use super::{Op, Simd};

/// Runs an operation with AVX2, FMA and F16C.
///
/// # Safety
/// The machine must have them; and whatever the operation says.
#[target_feature(enable = "avx2,fma,f16c")]
pub unsafe fn run_avx2<O: Op>(op: O) -> O::Out {
    op.run::<Avx2>()
}

/// Runs an operation with AVX2 and AVX-VNNI.
///
/// # Safety
/// As [`run_avx2`].
#[target_feature(enable = "avx2,fma,f16c,avxvnni")]
pub unsafe fn run_avx_vnni<O: Op>(op: O) -> O::Out {
    op.run::<AvxVnni>()
}

/// Runs an operation with AVX-512 and VNNI.
///
/// # Safety
/// As [`run_avx2`].
#[target_feature(enable = "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
pub unsafe fn run_avx512<O: Op>(op: O) -> O::Out {
    op.run::<Avx512>()
}

#[derive(Clone, Copy)]
pub struct Avx512;

const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

// SAFETY: used only inside `run_avx512`; the pointers are the caller's.
unsafe impl Simd for Avx512 {
    type F = __m512;
    type I = __m512i;
    type B = __m512i;
    const TILE: usize = 16;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F {
        _mm512_set1_ps(x)
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self::F {
        _mm512_loadu_ps(p)
    }
    #[inline(always)]
    unsafe fn load_f16(p: *const u16) -> Self::F {
        _mm512_cvtph_ps(_mm256_loadu_si256(p.cast()))
    }
    #[inline(always)]
    unsafe fn load_bf16(p: *const u16) -> Self::F {
        let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(p.cast()));
        _mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide))
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, x: Self::F) {
        _mm512_storeu_ps(p, x)
    }
    #[inline(always)]
    unsafe fn store_f16(p: *mut u16, x: Self::F) {
        _mm256_storeu_si256(p.cast(), _mm512_cvtps_ph::<NEAREST>(x))
    }
    #[inline(always)]
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
        _mm512_add_ps(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
        _mm512_mul_ps(a, b)
    }
    #[inline(always)]
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
        _mm512_div_ps(a, b)
    }
    #[inline(always)]
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        _mm512_fmadd_ps(a, b, c)
    }
    #[inline(always)]
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
        _mm512_max_ps(a, b)
    }
    #[inline(always)]
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
        _mm512_min_ps(a, b)
    }
    #[inline(always)]
    unsafe fn abs(a: Self::F) -> Self::F {
        _mm512_abs_ps(a)
    }
    #[inline(always)]
    unsafe fn round(a: Self::F) -> Self::F {
        _mm512_roundscale_ps::<NEAREST>(a)
    }
    #[inline(always)]
    unsafe fn pow2(a: Self::F) -> Self::F {
        let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(a), _mm512_set1_epi32(127));
        _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))
    }
    #[inline(always)]
    unsafe fn reduce_max(a: Self::F) -> f32 {
        _mm512_reduce_max_ps(a)
    }
    #[inline(always)]
    unsafe fn reduce_add(a: Self::F) -> f32 {
        add_halves(_mm512_castps512_ps256(a), high_half(a))
    }
    #[inline(always)]
    unsafe fn store_i8(p: *mut i8, x: Self::F) -> i32 {
        let ints = _mm512_cvtps_epi32(x);
        _mm_storeu_si128(p.cast(), _mm512_cvtsepi32_epi8(ints));
        _mm512_reduce_add_epi32(ints)
    }
    #[inline(always)]
    unsafe fn splat_i(x: i32) -> Self::I {
        _mm512_set1_epi32(x)
    }
    #[inline(always)]
    unsafe fn to_f32(x: Self::I) -> Self::F {
        _mm512_cvtepi32_ps(x)
    }
    #[inline(always)]
    unsafe fn load_b(p: *const u8) -> Self::B {
        _mm512_loadu_si512(p.cast())
    }
    #[inline(always)]
    unsafe fn shr_and(x: Self::B, n: u32, mask: u8) -> Self::B {
        _mm512_and_si512(_mm512_srl_epi16(x, _mm_cvtsi32_si128(n as i32)), _mm512_set1_epi8(mask as i8))
    }
    #[inline(always)]
    unsafe fn shl_and(x: Self::B, n: u32, mask: u8) -> Self::B {
        _mm512_and_si512(_mm512_sll_epi16(x, _mm_cvtsi32_si128(n as i32)), _mm512_set1_epi8(mask as i8))
    }
    #[inline(always)]
    unsafe fn store_b(p: *mut u8, x: Self::B) {
        _mm512_storeu_si512(p.cast(), x)
    }
    #[inline(always)]
    unsafe fn prefetch<const NEAR: bool>(p: *const u8) {
        prefetch::<NEAR>(p)
    }
    #[inline(always)]
    unsafe fn or(a: Self::B, b: Self::B) -> Self::B {
        _mm512_or_si512(a, b)
    }
    #[inline(always)]
    unsafe fn dot(acc: Self::I, w: Self::B, x: *const i8) -> Self::I {
        _mm512_dpbusd_epi32(acc, w, _mm512_set1_epi32(x.cast::<i32>().read_unaligned()))
    }
}

#[inline(always)]
unsafe fn prefetch<const NEAR: bool>(p: *const u8) {
    if NEAR { _mm_prefetch::<_MM_HINT_T0>(p.cast()) } else { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
}

#[inline(always)]
unsafe fn high_half(a: __m512) -> __m256 {
    _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(a)))
}

/// Lane i of `a` + lane i of `b`, then halves again and again.
#[inline(always)]
unsafe fn add_halves(a: __m256, b: __m256) -> f32 {
    let eight = _mm256_add_ps(a, b);
    let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}

/// Both 256-bit sets differ only in how four bytes are multiplied and added, which the functions of a module say.
macro_rules! two_halves {
    ($name:ident, $bytes:ident) => {
        #[derive(Clone, Copy)]
        pub struct $name;

        // SAFETY: used only inside the `run_…` of its name; the pointers are the caller's.
        unsafe impl Simd for $name {
            type F = [__m256; 2];
            type I = [__m256i; 2];
            type B = [__m256i; 2];
            const TILE: usize = 4;
            const CENTRES: bool = $bytes::CENTRES;

            #[inline(always)]
            unsafe fn splat(x: f32) -> Self::F {
                [_mm256_set1_ps(x); 2]
            }
            #[inline(always)]
            unsafe fn load(p: *const f32) -> Self::F {
                [_mm256_loadu_ps(p), _mm256_loadu_ps(p.add(8))]
            }
            #[inline(always)]
            unsafe fn load_f16(p: *const u16) -> Self::F {
                let (a, b) = (_mm_loadu_si128(p.cast()), _mm_loadu_si128(p.add(8).cast()));
                [_mm256_cvtph_ps(a), _mm256_cvtph_ps(b)]
            }
            #[inline(always)]
            unsafe fn load_bf16(p: *const u16) -> Self::F {
                let a = _mm256_cvtepu16_epi32(_mm_loadu_si128(p.cast()));
                let b = _mm256_cvtepu16_epi32(_mm_loadu_si128(p.add(8).cast()));
                let (a, b) = (_mm256_slli_epi32::<16>(a), _mm256_slli_epi32::<16>(b));
                [_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)]
            }
            #[inline(always)]
            unsafe fn store(p: *mut f32, x: Self::F) {
                _mm256_storeu_ps(p, x[0]);
                _mm256_storeu_ps(p.add(8), x[1]);
            }
            #[inline(always)]
            unsafe fn store_f16(p: *mut u16, x: Self::F) {
                _mm_storeu_si128(p.cast(), _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(x[0]));
                _mm_storeu_si128(p.add(8).cast(), _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(x[1]));
            }
            #[inline(always)]
            unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
                [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])]
            }
            #[inline(always)]
            unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
                [_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])]
            }
            #[inline(always)]
            unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
                [_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])]
            }
            #[inline(always)]
            unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
                [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])]
            }
            #[inline(always)]
            unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
                [_mm256_max_ps(a[0], b[0]), _mm256_max_ps(a[1], b[1])]
            }
            #[inline(always)]
            unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
                [_mm256_min_ps(a[0], b[0]), _mm256_min_ps(a[1], b[1])]
            }
            #[inline(always)]
            unsafe fn abs(a: Self::F) -> Self::F {
                let sign = _mm256_set1_ps(-0.0);
                [_mm256_andnot_ps(sign, a[0]), _mm256_andnot_ps(sign, a[1])]
            }
            #[inline(always)]
            unsafe fn round(a: Self::F) -> Self::F {
                [_mm256_round_ps::<NEAREST>(a[0]), _mm256_round_ps::<NEAREST>(a[1])]
            }
            #[inline(always)]
            unsafe fn pow2(a: Self::F) -> Self::F {
                let bias = _mm256_set1_epi32(127);
                let low = _mm256_add_epi32(_mm256_cvtps_epi32(a[0]), bias);
                let high = _mm256_add_epi32(_mm256_cvtps_epi32(a[1]), bias);
                let (low, high) = (_mm256_slli_epi32::<23>(low), _mm256_slli_epi32::<23>(high));
                [_mm256_castsi256_ps(low), _mm256_castsi256_ps(high)]
            }
            #[inline(always)]
            unsafe fn reduce_max(a: Self::F) -> f32 {
                let eight = _mm256_max_ps(a[0], a[1]);
                let four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
                let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
            }
            #[inline(always)]
            unsafe fn reduce_add(a: Self::F) -> f32 {
                add_halves(a[0], a[1])
            }
            #[inline(always)]
            unsafe fn store_i8(p: *mut i8, x: Self::F) -> i32 {
                let (a, b) = (_mm256_cvtps_epi32(x[0]), _mm256_cvtps_epi32(x[1]));
                // Packing works within 128-bit lanes; the permutation puts the words back in order.
                let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(a, b));
                let low = _mm256_castsi256_si128(words);
                let bytes = _mm_packs_epi16(low, _mm256_extracti128_si256::<1>(words));
                _mm_storeu_si128(p.cast(), bytes);
                let sum = _mm256_add_epi32(a, b);
                let four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
                let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
                _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<1>(two)))
            }
            #[inline(always)]
            unsafe fn splat_i(x: i32) -> Self::I {
                [_mm256_set1_epi32(x); 2]
            }
            #[inline(always)]
            unsafe fn to_f32(x: Self::I) -> Self::F {
                [_mm256_cvtepi32_ps(x[0]), _mm256_cvtepi32_ps(x[1])]
            }
            #[inline(always)]
            unsafe fn load_b(p: *const u8) -> Self::B {
                [_mm256_loadu_si256(p.cast()), _mm256_loadu_si256(p.add(32).cast())]
            }
            #[inline(always)]
            unsafe fn shr_and(x: Self::B, n: u32, mask: u8) -> Self::B {
                let (n, mask) = (_mm_cvtsi32_si128(n as i32), _mm256_set1_epi8(mask as i8));
                let (a, b) = (_mm256_srl_epi16(x[0], n), _mm256_srl_epi16(x[1], n));
                [_mm256_and_si256(a, mask), _mm256_and_si256(b, mask)]
            }
            #[inline(always)]
            unsafe fn shl_and(x: Self::B, n: u32, mask: u8) -> Self::B {
                let (n, mask) = (_mm_cvtsi32_si128(n as i32), _mm256_set1_epi8(mask as i8));
                let (a, b) = (_mm256_sll_epi16(x[0], n), _mm256_sll_epi16(x[1], n));
                [_mm256_and_si256(a, mask), _mm256_and_si256(b, mask)]
            }
            #[inline(always)]
            unsafe fn store_b(p: *mut u8, x: Self::B) {
                _mm256_storeu_si256(p.cast(), x[0]);
                _mm256_storeu_si256(p.add(32).cast(), x[1]);
            }
            #[inline(always)]
            unsafe fn prefetch<const NEAR: bool>(p: *const u8) {
                prefetch::<NEAR>(p)
            }
            #[inline(always)]
            unsafe fn or(a: Self::B, b: Self::B) -> Self::B {
                [_mm256_or_si256(a[0], b[0]), _mm256_or_si256(a[1], b[1])]
            }
            #[inline(always)]
            unsafe fn dot(acc: Self::I, w: Self::B, x: *const i8) -> Self::I {
                let x = _mm256_set1_epi32(x.cast::<i32>().read_unaligned());
                [$bytes::dot(acc[0], w[0], x), $bytes::dot(acc[1], w[1], x)]
            }
            #[inline(always)]
            unsafe fn dot_first(acc: Self::I, w: Self::B, x: *const i8) -> Self::I {
                let x = _mm256_set1_epi32(x.cast::<i32>().read_unaligned());
                [$bytes::dot_first(acc[0], w[0], x), $bytes::dot_first(acc[1], w[1], x)]
            }
            #[inline(always)]
            unsafe fn dot_open(sum: Self::I, w: Self::B, x: *const i8) -> Self::I {
                let x = _mm256_set1_epi32(x.cast::<i32>().read_unaligned());
                [$bytes::dot_open(sum[0], w[0], x), $bytes::dot_open(sum[1], w[1], x)]
            }
            #[inline(always)]
            unsafe fn close(acc: Self::I, sum: Self::I) -> Self::I {
                [$bytes::close(acc[0], sum[0]), $bytes::close(acc[1], sum[1])]
            }
        }
    };
}

two_halves!(Avx2, pairs);
two_halves!(AvxVnni, fours);

/// Bytes by AVX2: pairs of products are added up in 16 bits for as long as they fit.
mod pairs {
    use std::arch::asm;

    use super::*;

    pub const CENTRES: bool = true;

    /// Two products of up to 255 × 127 would overflow 16 bits; of 128 × 127, with the signs of both given to one, they do not.
    #[inline(always)]
    pub unsafe fn dot(acc: __m256i, w: __m256i, x: __m256i) -> __m256i {
        let w = _mm256_xor_si256(w, _mm256_set1_epi8(-128));
        close(acc, _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)))
    }
    #[inline(always)]
    pub unsafe fn dot_first(_: __m256i, w: __m256i, x: __m256i) -> __m256i {
        _mm256_maddubs_epi16(w, x)
    }
    /// Of intrinsics, the compiler would make trees of the additions, with more values than there are registers.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub unsafe fn dot_open(mut sum: __m256i, w: __m256i, x: __m256i) -> __m256i {
        asm!(
            "vpmaddubsw {pairs}, {w}, {x}",
            "vpaddw {sum}, {sum}, {pairs}",
            pairs = lateout(ymm_reg) _,
            w = in(ymm_reg) w,
            x = in(ymm_reg) x,
            sum = inout(ymm_reg) sum,
            options(pure, nomem, nostack, preserves_flags),
        );
        sum
    }
    #[inline(always)]
    pub unsafe fn close(acc: __m256i, sum: __m256i) -> __m256i {
        _mm256_add_epi32(acc, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)))
    }
}

/// Bytes by AVX-VNNI: four products are added up in 32 bits at once.
mod fours {
    use super::*;

    pub const CENTRES: bool = false;

    #[inline(always)]
    pub unsafe fn dot(acc: __m256i, w: __m256i, x: __m256i) -> __m256i {
        _mm256_dpbusd_avx_epi32(acc, w, x)
    }
    #[inline(always)]
    pub unsafe fn dot_first(acc: __m256i, w: __m256i, x: __m256i) -> __m256i {
        dot(acc, w, x)
    }
    #[inline(always)]
    pub unsafe fn dot_open(sum: __m256i, w: __m256i, x: __m256i) -> __m256i {
        dot(sum, w, x)
    }
    #[inline(always)]
    pub unsafe fn close(_: __m256i, sum: __m256i) -> __m256i {
        sum
    }
}
