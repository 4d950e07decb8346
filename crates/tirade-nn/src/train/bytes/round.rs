//! Rounding of rows to bytes, in groups that share a scale.

use super::TURNED;
use crate::quant::BLOCK;
use crate::train::kernel::WIDTH;
use crate::train::simd::simd;

/// 1.5 · 2^23: adding it rounds to an integer held in the low mantissa bits.
const SHIFT: f32 = 12_582_912.0;

/// The largest of sixteen.
#[inline(always)]
fn top(mut lanes: [f32; 16]) -> f32 {
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            lanes[l] = if lanes[l + half] > lanes[l] { lanes[l + half] } else { lanes[l] };
        }
    }
    lanes[0]
}

simd! {
    /// Rounds a row in groups to at most ±127. The scale and the sum of group g go to `[g * step]`; a value that is no finite number
    /// makes them none.
    pub(super) fn round(from: &[f32], group: usize, step: usize, to: &mut [i8], scales: &mut [f32], sums: &mut [f32]) {
        match group {
            BLOCK => round_groups::<BLOCK>(from, step, to, scales, sums),
            _ => round_groups::<TURNED>(from, step, to, scales, sums),
        }
    }
}

/// [`round`] for groups of `N`, a multiple of sixteen.
#[inline(always)]
fn round_groups<const N: usize>(
    from: &[f32],
    step: usize,
    to: &mut [i8],
    scales: &mut [f32],
    sums: &mut [f32],
) {
    for (g, (part, to)) in from.chunks(N).zip(to.chunks_exact_mut(N)).enumerate() {
        let mut padded = [0f32; N];
        let values = <&[f32; N]>::try_from(part).unwrap_or_else(|_| {
            padded[..part.len()].copy_from_slice(part);
            &padded
        });
        // Without the sign, floats are ordered as their bits are, and what is not finite comes last.
        let mut largest = [0u32; 16];
        for sixteen in values.chunks_exact(16) {
            for l in 0..16 {
                largest[l] = largest[l].max(sixteen[l].to_bits() & 0x7fff_ffff);
            }
        }
        let largest = f32::from_bits(largest.into_iter().fold(0, u32::max));
        let inverse = if largest > 1e-30 { 127.0 / largest } else { 0.0 };
        let mut whole = [0i32; 16];
        for (sixteen, to) in values.chunks_exact(16).zip(to.chunks_exact_mut(16)) {
            for l in 0..16 {
                let shifted = (sixteen[l] * inverse + SHIFT).to_bits();
                to[l] = shifted as i8;
                whole[l] = whole[l].wrapping_add(shifted.wrapping_sub(SHIFT.to_bits()) as i32);
            }
        }
        let scale = if largest.is_finite() { largest / 127.0 } else { f32::NAN };
        scales[g * step] = scale;
        sums[g * step] = scale * whole.into_iter().fold(0, i32::wrapping_add) as f32;
    }
}

simd! {
    /// What [`round`] took from a row.
    pub(super) fn lost(from: &[f32], bytes: &[i8], group: usize, step: usize, scales: &[f32], to: &mut [f32]) {
        for (g, (part, to)) in from.chunks(group).zip(to.chunks_mut(group)).enumerate() {
            let (scale, bytes) = (scales[g * step], &bytes[g * group..][..part.len()]);
            for ((to, value), byte) in to.iter_mut().zip(part).zip(bytes) {
                *to = value - *byte as f32 * scale;
            }
        }
    }
}

simd! {
    /// Rounds 32 rows of [`TURNED`] numbers, each by its largest magnitude, to the bytes of as many columns.
    pub(super) fn round_columns(rows: &[f32; TURNED * WIDTH], to: &mut [u8], scales: &mut [f32]) {
        for (j, row) in rows.chunks_exact(TURNED).enumerate() {
            let mut largest = [0f32; 16];
            for sixteen in row.chunks_exact(16) {
                for l in 0..16 {
                    let size = sixteen[l].abs();
                    largest[l] = if size > largest[l] { size } else { largest[l] };
                }
            }
            let largest = top(largest);
            let inverse = if largest > 1e-30 { 127.0 / largest } else { 0.0 };
            let mut bytes = [0u8; TURNED];
            for (byte, value) in bytes.iter_mut().zip(row) {
                *byte = (value * inverse + SHIFT).to_bits() as u8 ^ 0x80;
            }
            for (four, to) in bytes.chunks_exact(4).zip(to.chunks_exact_mut(4 * WIDTH)) {
                to[4 * j..4 * j + 4].copy_from_slice(four);
            }
            (scales[j], scales[WIDTH + j]) = (largest / 127.0, -128.0 * (largest / 127.0));
        }
    }
}
