//! Weights as small integers: four products of bytes are summed at once, and scaled per block of 32.

use std::marker::PhantomData;

use super::{Tile, Weights};
use crate::kernel::act::{Act, BLOCK_BYTES};
use crate::kernel::kind::Kind;
use crate::kernel::pack::PANEL;
use crate::kernel::simd::Simd;
use crate::quant::BLOCK;

/// Bytes of weights that are asked for before they are needed.
const AHEAD: usize = 4096;

/// An integer format.
pub(super) trait Int {
    const KIND: Kind;
    /// Bytes of quants from one block to the next.
    const STRIDE: usize = Self::KIND.quant_bytes();
    /// Whether a byte holds one weight and a scale four bytes.
    const UNPACKED: bool = false;
    /// Step `J` of a block: four columns of each row.
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B;
}

pub(super) struct Q4;
pub(super) struct Q4Min;
pub(super) struct Q5;
pub(super) struct Q6;
pub(super) struct Q8;
/// A panel that was unpacked to bytes, with the scales of the format it came from.
pub(super) struct Bytes<T>(PhantomData<T>);

#[inline(always)]
unsafe fn nibble<S: Simd, const J: usize>(quants: *const u8) -> S::B {
    // SAFETY: the caller's pointer holds the quants of a whole block of this format.
    unsafe { S::shr_and(S::load_b(quants.add(J % 4 * 64)), J as u32 / 4 * 4, 15) }
}

impl Int for Q4 {
    const KIND: Kind = Kind::Q4;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        // SAFETY: the caller's pointer holds the quants of a whole block of this format.
        unsafe { nibble::<S, J>(quants) }
    }
}
impl Int for Q4Min {
    const KIND: Kind = Kind::Q4Min;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        // SAFETY: the caller's pointer holds the quants of a whole block of this format.
        unsafe { nibble::<S, J>(quants) }
    }
}
impl Int for Q5 {
    const KIND: Kind = Kind::Q5;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        // The fifth bit of step J is bit J.
        // SAFETY: the caller's pointer holds the quants of a whole block of this format.
        unsafe {
            let fifth = S::load_b(quants.add(256));
            let fifth =
                if J < 4 { S::shl_and(fifth, 4 - J as u32, 16) } else { S::shr_and(fifth, J as u32 - 4, 16) };
            S::or(nibble::<S, J>(quants), fifth)
        }
    }
}
impl Int for Q6 {
    const KIND: Kind = Kind::Q6;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        // The high bits of step J are bits 2 (J % 4) and the next.
        // SAFETY: the caller's pointer holds the quants of a whole block of this format.
        unsafe {
            let high = S::load_b(quants.add(256 + J / 4 * 64));
            let high = match J % 4 {
                n @ 0..2 => S::shl_and(high, 4 - 2 * n as u32, 48),
                n => S::shr_and(high, 2 * n as u32 - 4, 48),
            };
            S::or(nibble::<S, J>(quants), high)
        }
    }
}
impl Int for Q8 {
    const KIND: Kind = Kind::Q8;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        // SAFETY: the caller's pointer holds the quants of a whole block of this format.
        unsafe { S::load_b(quants.add(J * 64)) }
    }
}
impl<T: Int> Int for Bytes<T> {
    const KIND: Kind = T::KIND;
    const STRIDE: usize = PANEL * BLOCK;
    const UNPACKED: bool = true;
    #[inline(always)]
    unsafe fn step<S: Simd, const J: usize>(quants: *const u8) -> S::B {
        // SAFETY: the caller's pointer holds the quants of a whole block of this format.
        unsafe { S::load_b(quants.add(J * 64)) }
    }
}

pub(super) struct Ints<T>(PhantomData<T>);

impl<T: Int> Tile for Ints<T> {
    type Unpacked = Ints<Bytes<T>>;
    const UNPACKS: bool = !matches!(T::KIND, Kind::Q8);

    #[inline(always)]
    unsafe fn weights(panel: *const u8, cols: usize) -> Weights {
        // SAFETY: the panel holds the quants of all blocks and then their scales.
        unsafe { Weights::new(panel, panel.add(cols / BLOCK * T::KIND.quant_bytes())) }
    }

    #[inline(always)]
    unsafe fn unpack<S: Simd>(weights: Weights, cols: usize, out: *mut u8) {
        // SAFETY: the panel holds these blocks, and `out` has 512 bytes for each, and then 128 for scales.
        unsafe {
            let scales = out.add(cols * PANEL).cast::<f32>();
            for i in (0..cols / BLOCK * T::KIND.scale_bytes() / 2).step_by(PANEL) {
                S::store(scales.add(i), S::load_f16(weights.scales.cast::<u16>().add(i)));
            }
            for block in 0..cols / BLOCK {
                let (quants, out) = (weights.quants.add(block * T::STRIDE), out.add(block * PANEL * BLOCK));
                macro_rules! steps { ($($j:literal)*) => { $(S::store_b(out.add($j * 64), T::step::<S, $j>(quants));)* } }
                steps!(0 1 2 3 4 5 6 7);
            }
        }
    }

    #[inline(always)]
    unsafe fn product<S: Simd, const M: usize>(weights: Weights, act: &Act, row: usize) -> [S::F; M] {
        let blocks = act.cols / BLOCK;
        // SAFETY: the panel holds quants and scales of `blocks` blocks, the tile `blocks` blocks of M rows.
        unsafe {
            let x = act.bytes.as_ref().map_or(std::ptr::null(), |b| b.as_ptr());
            let x = x.add(row * blocks * BLOCK_BYTES);
            let mut sums = [S::splat(0.0); M];
            for block in 0..blocks {
                let quants = weights.quants.add(block * T::STRIDE);
                let scales =
                    weights.scales.add(block * T::KIND.scale_bytes() * if T::UNPACKED { 2 } else { 1 });
                let x = x.add(block * BLOCK_BYTES * M);
                if T::UNPACKED {
                    for line in 0..weights.lines {
                        S::prefetch::<false>(weights.ahead.wrapping_add((block * weights.lines + line) * 64));
                    }
                } else {
                    for line in (0..T::STRIDE).step_by(64) {
                        S::prefetch::<true>(quants.wrapping_add(AHEAD + line));
                    }
                }
                if T::KIND.has_halves() {
                    add_halves::<S, T, M>(&mut sums, quants, scales, x);
                } else {
                    add_block::<S, T, M>(&mut sums, quants, scales, x);
                }
            }
            sums
        }
    }
}

/// The integer sums of a tile, open for as many steps as the format allows.
struct Sums<S: Simd, const M: usize> {
    acc: [S::I; M],
    open: [S::I; M],
}

impl<S: Simd, const M: usize> Sums<S, M> {
    #[inline(always)]
    fn new(acc: [S::I; M]) -> Self {
        Self { acc, open: acc }
    }

    /// Adds the products of step `J` of a block.
    #[inline(always)]
    unsafe fn step<T: Int, const J: usize>(&mut self, quants: *const u8, x: *const u8) {
        let open = T::KIND.open_steps();
        // SAFETY: the caller's: `quants` and `x` hold a whole block, `x` of M rows.
        unsafe {
            let w = T::step::<S, J>(quants);
            for m in 0..M {
                let x = x.add((J * M + m) * 4).cast();
                if open == 0 {
                    self.acc[m] = S::dot(self.acc[m], w, x);
                } else if J.is_multiple_of(open) {
                    self.open[m] = S::dot_first(self.acc[m], w, x);
                } else {
                    self.open[m] = S::dot_open(self.open[m], w, x);
                }
            }
            if open > 0 && (J + 1).is_multiple_of(open) {
                self.close();
            }
        }
    }

    #[inline(always)]
    unsafe fn close(&mut self) {
        for m in 0..M {
            // SAFETY: the caller's.
            unsafe {
                self.acc[m] = S::close(self.acc[m], self.open[m]);
            }
        }
    }
}

/// The numbers sums begin with: the `index`-th of a tile's block.
#[inline(always)]
unsafe fn begin<S: Simd, const M: usize>(x: *const u8, index: usize) -> [S::I; M] {
    // SAFETY: the caller's: `quants`, `scales` and `x` hold a whole block, `x` of M rows.
    unsafe {
        let numbers = x.add(BLOCK * M).cast::<i32>().add(index * M);
        let mut acc = [S::splat_i(0); M];
        for (m, acc) in acc.iter_mut().enumerate() {
            *acc = S::splat_i(*numbers.add(m));
        }
        acc
    }
}

/// The first or second number of each row that a block is scaled by.
#[inline(always)]
unsafe fn number<S: Simd, T: Int>(scales: *const u8, which: usize) -> S::F {
    // SAFETY: the caller's: there are so many for each of the panel's rows.
    unsafe {
        if T::UNPACKED {
            S::load(scales.cast::<f32>().add(which * PANEL))
        } else {
            S::load_f16(scales.cast::<u16>().add(which * PANEL))
        }
    }
}

/// Adds a block with one scale, and perhaps a minimum, per row of weights.
#[inline(always)]
unsafe fn add_block<S: Simd, T: Int, const M: usize>(
    sums: &mut [S::F; M],
    quants: *const u8,
    scales: *const u8,
    x: *const u8,
) {
    // SAFETY: the caller's: `quants`, `scales` and `x` hold a whole block, `x` of M rows.
    unsafe {
        let numbers = x.add(BLOCK * M).cast::<f32>();
        // Open sums are never centred, so only weights without steps to open can come out centred.
        let mut block = Sums::<S, M>::new(match T::KIND.offset_index() {
            Some(index) if !(S::CENTRES && T::KIND.open_steps() == 0) => begin::<S, M>(x, 2 + index),
            _ => [S::splat_i(0); M],
        });
        macro_rules! unrolled { ($($j:literal)*) => { $(block.step::<T, $j>(quants, x);)* } }
        unrolled!(0 1 2 3 4 5 6 7);
        let scale = number::<S, T>(scales, 0);
        for (m, sum) in sums.iter_mut().enumerate() {
            let scaled = S::mul(S::to_f32(block.acc[m]), S::splat(*numbers.add(m)));
            *sum = S::fma(scaled, scale, *sum);
        }
        if T::KIND == Kind::Q4Min {
            let min = number::<S, T>(scales, 1);
            for (m, sum) in sums.iter_mut().enumerate() {
                *sum = S::fma(min, S::splat(*numbers.add(M + m)), *sum);
            }
        }
    }
}

/// Adds a block with a scale per 16 columns.
#[inline(always)]
unsafe fn add_halves<S: Simd, T: Int, const M: usize>(
    sums: &mut [S::F; M],
    quants: *const u8,
    scales: *const u8,
    x: *const u8,
) {
    // SAFETY: the caller's: `quants`, `scales` and `x` hold a whole block, `x` of M rows.
    unsafe {
        let numbers = x.add(BLOCK * M).cast::<f32>();
        macro_rules! unrolled { ($half:ident $($j:literal)*) => { $($half.step::<T, $j>(quants, x);)* } }
        let mut first = Sums::<S, M>::new(begin::<S, M>(x, 5));
        unrolled!(first 0 1 2 3);
        let scale = number::<S, T>(scales, 0);
        let mut partial = [scale; M];
        for (partial, first) in partial.iter_mut().zip(first.acc) {
            *partial = S::mul(S::to_f32(first), *partial);
        }
        let mut second = Sums::<S, M>::new(begin::<S, M>(x, 6));
        unrolled!(second 4 5 6 7);
        let scale = number::<S, T>(scales, 1);
        for m in 0..M {
            let both = S::fma(S::to_f32(second.acc[m]), scale, partial[m]);
            sums[m] = S::fma(both, S::splat(*numbers.add(m)), sums[m]);
        }
    }
}
