//! Sixteen lanes of `f32` or `i32` and 64 bytes, as each instruction set has them.

#[cfg(target_arch = "aarch64")]
mod arm;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use portable::Portable;

/// The instruction set the kernels run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// Plain Rust; what the compiler makes of it.
    Portable,
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// NEON with dot products of bytes.
    #[cfg(target_arch = "aarch64")]
    NeonDot,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The fastest this machine has.
    pub fn best() -> Self {
        *Self::available().last().unwrap_or(&Self::Portable)
    }

    /// All this machine has, slowest first.
    pub fn available() -> Vec<Self> {
        let mut found = vec![Self::Portable];
        #[cfg(target_arch = "aarch64")]
        {
            found.push(Self::Neon);
            found.extend(std::arch::is_aarch64_feature_detected!("dotprod").then_some(Self::NeonDot));
        }
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("fma") && has!("f16c");
            let avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512vnni");
            found.extend(avx2.then_some(Self::Avx2));
            found.extend((avx2 && has!("avxvnni")).then_some(Self::AvxVnni));
            found.extend((avx2 && avx512).then_some(Self::Avx512));
        }
        found
    }

    /// Rows of a batch that are worked on together.
    pub fn tile(self) -> usize {
        match self {
            Self::Portable => Portable::TILE,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => arm::Neon::TILE,
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot => arm::NeonDot::TILE,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => x86::Avx2::TILE,
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => x86::AvxVnni::TILE,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => x86::Avx512::TILE,
        }
    }

    /// Runs `op` compiled for this instruction set.
    ///
    /// # Safety
    /// Whatever `op` requires. The instruction set must be one of [`Isa::available`].
    pub unsafe fn run<O: Op>(self, op: O) -> O::Out {
        // SAFETY: the caller vouches for the operation; `available` found the features.
        unsafe {
            match self {
                Self::Portable => op.run::<Portable>(),
                #[cfg(target_arch = "aarch64")]
                Self::Neon => arm::run_neon(op),
                #[cfg(target_arch = "aarch64")]
                Self::NeonDot => arm::run_neon_dot(op),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => x86::run_avx2(op),
                #[cfg(target_arch = "x86_64")]
                Self::AvxVnni => x86::run_avx_vnni(op),
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => x86::run_avx512(op),
            }
        }
    }
}

/// A piece of work that is compiled once per instruction set.
///
/// `run`, and all it calls, must be `#[inline(always)]` and without closures, or it is compiled without the instruction
/// set: every operation becomes a call.
pub trait Op {
    type Out;
    /// # Safety
    /// The instruction set of `S` must be there, and whatever the operation says.
    unsafe fn run<S: Simd>(self) -> Self::Out;
}

/// Lanes of an instruction set. All results are the same, bit for bit, for every implementation.
///
/// # Safety
/// Every function requires the instruction set; pointers must be good for as many lanes as they are used for.
#[allow(clippy::missing_safety_doc)] // said once above
pub unsafe trait Simd: Copy {
    /// 16 × f32
    type F: Copy;
    /// 16 × i32
    type I: Copy;
    /// 64 × u8
    type B: Copy;
    /// Rows of a batch that fit the registers.
    const TILE: usize;
    /// Whether [`Simd::dot`] takes 128 from every unsigned byte.
    const CENTRES: bool = false;

    unsafe fn splat(x: f32) -> Self::F;
    unsafe fn load(p: *const f32) -> Self::F;
    unsafe fn load_f16(p: *const u16) -> Self::F;
    unsafe fn load_bf16(p: *const u16) -> Self::F;
    unsafe fn store(p: *mut f32, x: Self::F);
    unsafe fn store_f16(p: *mut u16, x: Self::F);
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F;
    /// `a * b + c`, rounded once.
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn abs(a: Self::F) -> Self::F;
    /// To the nearest integer, ties to even.
    unsafe fn round(a: Self::F) -> Self::F;
    /// 2 to the power of lanes that are integers from -126 to 127.
    unsafe fn pow2(a: Self::F) -> Self::F;
    unsafe fn reduce_max(a: Self::F) -> f32;
    /// Lane i + lane i+8, then i+4, i+2, i+1.
    unsafe fn reduce_add(a: Self::F) -> f32;
    /// Lanes that are integers from -127 to 127, as bytes; returns their sum.
    unsafe fn store_i8(p: *mut i8, x: Self::F) -> i32;

    unsafe fn splat_i(x: i32) -> Self::I;
    unsafe fn to_f32(x: Self::I) -> Self::F;
    unsafe fn load_b(p: *const u8) -> Self::B;
    /// Every byte shifted right by `n`, then masked; bits of neighbours that come in must be masked out.
    unsafe fn shr_and(x: Self::B, n: u32, mask: u8) -> Self::B;
    /// Every byte shifted left by `n`, then masked likewise.
    unsafe fn shl_and(x: Self::B, n: u32, mask: u8) -> Self::B;
    unsafe fn store_b(p: *mut u8, x: Self::B);
    /// Asks for a cache line, `NEAR` or to the second level; any address will do.
    unsafe fn prefetch<const NEAR: bool>(p: *const u8);
    unsafe fn or(a: Self::B, b: Self::B) -> Self::B;
    /// Adds to each lane the products of its four unsigned bytes, less 128 if [`Simd::CENTRES`], with the four signed bytes at `x`, from
    /// -127 to 127.
    unsafe fn dot(acc: Self::I, w: Self::B, x: *const i8) -> Self::I;
    /// Begins a sum that goes on from `acc` and stays open: it may be 16 bits wide, and without `acc`, until it is closed. Until then,
    /// neighbouring unsigned bytes must not come to more than 258 (so that 127 times that fits 16 bits): eight steps of four
    /// bits, four of five, two of six.
    #[inline(always)]
    unsafe fn dot_first(acc: Self::I, w: Self::B, x: *const i8) -> Self::I {
        // SAFETY: the caller's.
        unsafe { Self::dot(acc, w, x) }
    }
    /// As [`Simd::dot`], into an open sum, and never centred.
    #[inline(always)]
    unsafe fn dot_open(sum: Self::I, w: Self::B, x: *const i8) -> Self::I {
        // SAFETY: the caller's.
        unsafe { Self::dot(sum, w, x) }
    }
    /// The sum that was begun with `acc`.
    #[inline(always)]
    unsafe fn close(_: Self::I, sum: Self::I) -> Self::I {
        sum
    }
}

/// `e^x`, to about one unit in the last place, for x clamped to -87..88.
///
/// # Safety
/// See [`Simd`].
#[inline(always)]
pub unsafe fn exp<S: Simd>(x: S::F) -> S::F {
    // SAFETY: the caller's.
    unsafe {
        let x = S::min(S::max(x, S::splat(-87.0)), S::splat(88.0));
        let n = S::round(S::mul(x, S::splat(std::f32::consts::LOG2_E)));
        // x - n ln 2, with ln 2 in two parts so that the difference is exact.
        let r = S::fma(n, S::splat(-0.693_359_4), x);
        let r = S::fma(n, S::splat(2.121_944_4e-4), r);
        let mut p = S::splat(1.0 / 5040.0);
        for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            p = S::fma(p, r, S::splat(c));
        }
        S::mul(p, S::pow2(n))
    }
}
