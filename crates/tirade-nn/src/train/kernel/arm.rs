//! The tile on NEON: up to 14 rows of 8 columns are 28 accumulators; with two right vectors and a broadcast that is 31 of 32 registers.

use std::arch::aarch64::*;
use std::arch::asm;

use super::{MAX_ROWS, Stretch, Target};

type Tile = unsafe fn(&[Stretch], Target, usize);

macro_rules! tiles {
    ($($rows:literal)*) => { [$(neon::<$rows>),*] };
}
static TILES: [Tile; MAX_ROWS] = tiles!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);

/// # Safety
/// As [`super::tile`]'s.
pub(super) unsafe fn tile(stretches: &[Stretch], target: Target, rows: usize, vectors: usize) {
    for column in (0..16 * vectors).step_by(8) {
        // SAFETY: the caller's contract; every aarch64 has NEON.
        unsafe { TILES[rows - 1](stretches, target, column) };
    }
}

#[target_feature(enable = "neon")]
unsafe fn neon<const R: usize>(stretches: &[Stretch], target: Target, column: usize) {
    // SAFETY: `tile`'s contract bounds every pointer that is read; what is asked for ahead may be anywhere.
    unsafe {
        let mut sums = [[vdupq_n_f32(0.0); 2]; R];
        for s in stretches {
            let (mut a, mut b) = (s.a, s.b.add(column));
            for _ in 0..s.k {
                asm!("prfm pldl1keep, [{p}]", p = in(reg) b.wrapping_add(s.ahead), options(nostack, preserves_flags));
                let right = [vld1q_f32(b), vld1q_f32(b.add(4))];
                for (i, sums) in sums.iter_mut().enumerate() {
                    let left = vdupq_n_f32(*a.add(i));
                    sums[0] = vfmaq_f32(sums[0], left, right[0]);
                    sums[1] = vfmaq_f32(sums[1], left, right[1]);
                }
                a = a.add(s.a_step);
                b = b.add(s.b_step);
            }
        }
        for (i, row) in sums.iter().enumerate() {
            for (v, &sum) in row.iter().enumerate() {
                let c = target.c.add(i * target.stride + column + 4 * v);
                let sum = if target.add { vaddq_f32(vld1q_f32(c), sum) } else { sum };
                vst1q_f32(c, sum);
            }
        }
    }
}
