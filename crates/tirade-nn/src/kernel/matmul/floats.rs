//! Weights as floats: one multiply-add per weight and row.

use std::marker::PhantomData;

use super::{Tile, Weights};
use crate::kernel::act::Act;
use crate::kernel::pack::PANEL;
use crate::kernel::simd::Simd;

/// A float format.
pub(super) trait Float {
    const BYTES: usize;
    unsafe fn load<S: Simd>(p: *const u8) -> S::F;
}

pub(super) struct F32;
pub(super) struct F16;
pub(super) struct BF16;

impl Float for F32 {
    const BYTES: usize = 4;
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const u8) -> S::F {
        // SAFETY: the caller's pointer holds 16 numbers of this format.
        unsafe { S::load(p.cast()) }
    }
}
impl Float for F16 {
    const BYTES: usize = 2;
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const u8) -> S::F {
        // SAFETY: the caller's pointer holds 16 numbers of this format.
        unsafe { S::load_f16(p.cast()) }
    }
}
impl Float for BF16 {
    const BYTES: usize = 2;
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const u8) -> S::F {
        // SAFETY: the caller's pointer holds 16 numbers of this format.
        unsafe { S::load_bf16(p.cast()) }
    }
}

pub(super) struct Floats<T>(PhantomData<T>);

impl<T: Float> Tile for Floats<T> {
    type Unpacked = Self;
    const UNPACKS: bool = false;
    #[inline(always)]
    unsafe fn weights(panel: *const u8, _: usize) -> Weights {
        Weights::new(panel, panel)
    }
    #[inline(always)]
    unsafe fn unpack<S: Simd>(_: Weights, _: usize, _: *mut u8) {}
    #[inline(always)]
    unsafe fn product<S: Simd, const M: usize>(weights: Weights, act: &Act, row: usize) -> [S::F; M] {
        // SAFETY: the panel holds 16 numbers for each column, the tile M.
        unsafe {
            let x = act.floats.as_ref().map_or(std::ptr::null(), |b| b.as_ptr().cast::<f32>());
            let x = x.add(row * act.cols);
            let mut sums = [S::splat(0.0); M];
            for k in 0..act.cols {
                let w = T::load::<S>(weights.quants.add(k * PANEL * T::BYTES));
                for (m, sum) in sums.iter_mut().enumerate() {
                    *sum = S::fma(w, S::splat(*x.add(k * M + m)), *sum);
                }
            }
            sums
        }
    }
}
