//! The innermost loops of matrix multiplication: a tile of up to 14 × 32 results held in registers.
//!
//! A tile is C[i][j] (+)= Σ_k A[k][i] · B[k][j], with A packed `rows` wide and B packed [`WIDTH`] wide or read
//! where it lies. [`tile`] picks the copy for
//! the processor; [`transpose16`] is the other primitive packing needs.

#[cfg(target_arch = "aarch64")]
mod arm;

#[cfg(target_arch = "x86_64")]
use super::simd::{Level, level};

/// Columns of a packed panel of the right operand.
pub(crate) const WIDTH: usize = 32;
/// Most rows of a tile: 14 × 2 accumulators, two right vectors and one broadcast fill the 32 registers of AVX-512.
pub(crate) const MAX_ROWS: usize = 14;

/// One stretch of the contraction: packed operands and how many steps they cover.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    pub a: *const f32,
    /// Floats from one step of A to the next: the tile's rows when packed.
    pub a_step: usize,
    pub b: *const f32,
    /// Floats from one step of B to the next: [`WIDTH`] when packed.
    pub b_step: usize,
    /// How many floats ahead of B's to ask for: what the loop will read later and no hardware foresees.
    pub ahead: usize,
    pub k: usize,
}

/// Where a tile is written.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub c: *mut f32,
    /// Floats from one row of C to the next.
    pub stride: usize,
    /// Add to C instead of overwriting it.
    pub add: bool,
}

/// Computes a tile of `rows` ≤ 14 rows and 16 (`vectors` = 1) or 32 (`vectors` = 2) columns.
///
/// # Safety
/// Each stretch's `a` must hold `k` steps of `rows` floats `a_step` apart and `b` `k` steps of `16 · vectors` floats `b_step` apart; the target must hold `rows` rows of `16 · vectors` floats.
pub(crate) unsafe fn tile(stretches: &[Stretch], target: Target, rows: usize, vectors: usize) {
    debug_assert!((1..=MAX_ROWS).contains(&rows) && (1..=2).contains(&vectors));
    // SAFETY: the caller vouches for the pointers, `level` for the instructions.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        match level() {
            Level::Avx512 => x86::TILES_512[vectors - 1][rows - 1](stretches, target),
            Level::Avx2 => x86::tile_avx2(stretches, target, rows, vectors),
            Level::Portable => portable(stretches, target, rows, vectors),
        }
        #[cfg(target_arch = "aarch64")]
        arm::tile(stretches, target, rows, vectors);
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        portable(stretches, target, rows, vectors);
    }
}

/// The tile in plain Rust, four rows by eight columns at a time so that it fits the registers of SSE.
#[cfg_attr(target_arch = "aarch64", allow(dead_code, reason = "tests compare with it"))]
unsafe fn portable(stretches: &[Stretch], target: Target, rows: usize, vectors: usize) {
    for i in (0..rows).step_by(4) {
        for j in (0..16 * vectors).step_by(8) {
            let mut sums = [[0f32; 8]; 4];
            let height = (rows - i).min(4);
            for s in stretches {
                for k in 0..s.k {
                    // SAFETY: `tile`'s contract.
                    unsafe {
                        let b = &*(s.b.add(k * s.b_step + j) as *const [f32; 8]);
                        for (h, sums) in sums.iter_mut().enumerate().take(height) {
                            let a = *s.a.add(k * s.a_step + i + h);
                            for (sum, b) in sums.iter_mut().zip(b) {
                                *sum += a * b;
                            }
                        }
                    }
                }
            }
            for (h, sums) in sums.iter().enumerate().take(height) {
                // SAFETY: `tile`'s contract.
                let c = unsafe { &mut *(target.c.add((i + h) * target.stride + j) as *mut [f32; 8]) };
                for (c, sum) in c.iter_mut().zip(sums) {
                    *c = if target.add { *c + sum } else { *sum };
                }
            }
        }
    }
}

/// Writes the transpose of a block of `rows` ≤ 16 rows and 16 columns: `to[j][i] = from[i][j]`, with row strides in floats.
///
/// # Safety
/// `from` must hold `rows` rows of 16 floats and `to` 16 rows of `rows` floats at their strides; they must not overlap.
pub(crate) unsafe fn transpose16(
    from: *const f32,
    from_stride: usize,
    to: *mut f32,
    to_stride: usize,
    rows: usize,
) {
    debug_assert!(rows <= 16);
    #[cfg(target_arch = "x86_64")]
    if level() == Level::Avx512 {
        // SAFETY: the caller vouches for the pointers, `level` for the instructions.
        return unsafe { x86::transpose16(from, from_stride, to, to_stride, rows) };
    }
    for i in 0..rows {
        for j in 0..16 {
            // SAFETY: the caller vouches for the pointers.
            unsafe { *to.add(j * to_stride + i) = *from.add(i * from_stride + j) };
        }
    }
}

/// Asks for memory that will be read soon.
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
pub(crate) fn ask_for<T>(numbers: &[T]) {
    for at in (0..size_of_val(numbers)).step_by(64) {
        let line = numbers.as_ptr().cast::<i8>().wrapping_add(at);
        #[cfg(target_arch = "x86_64")]
        // SAFETY: every x86-64 has this instruction, and it reads nothing.
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(line);
        }
        #[cfg(target_arch = "aarch64")]
        // SAFETY: likewise.
        unsafe {
            std::arch::asm!("prfm pldl2keep, [{p}]", p = in(reg) line, options(nostack, preserves_flags));
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let _ = line;
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Stretch, Target};
    use std::arch::x86_64::*;

    type Tile = unsafe fn(&[Stretch], Target);

    /// Steps of A asked for in advance.
    const AHEAD: usize = 16;

    macro_rules! tiles {
        ($v:literal: $($r:literal)*) => { [$(avx512::<$r, $v>),*] };
    }
    /// `TILES_512[vectors - 1][rows - 1]`.
    pub(super) static TILES_512: [[Tile; 14]; 2] =
        [tiles!(1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14), tiles!(2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14)];

    #[target_feature(enable = "avx512f")]
    unsafe fn avx512<const R: usize, const V: usize>(stretches: &[Stretch], target: Target) {
        // SAFETY: `tile`'s contract bounds every pointer below.
        unsafe {
            let mut sums = [[_mm512_setzero_ps(); V]; R];
            for i in 0..R {
                for v in 0..V {
                    _mm_prefetch::<_MM_HINT_T0>(target.c.add(i * target.stride + 16 * v).cast());
                }
            }
            for s in stretches {
                let (mut a, mut b) = (s.a, s.b);
                for _ in 0..s.k {
                    for v in 0..V {
                        _mm_prefetch::<_MM_HINT_T0>(b.wrapping_add(s.ahead + 16 * v).cast());
                    }
                    _mm_prefetch::<_MM_HINT_T0>(a.wrapping_add(AHEAD * s.a_step).cast());
                    let right: [__m512; V] = std::array::from_fn(|v| _mm512_loadu_ps(b.add(16 * v)));
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let left = _mm512_set1_ps(*a.add(i));
                        for (sum, right) in sums.iter_mut().zip(right) {
                            *sum = _mm512_fmadd_ps(left, right, *sum);
                        }
                    }
                    a = a.add(s.a_step);
                    b = b.add(s.b_step);
                }
            }
            for (i, row) in sums.iter().enumerate() {
                for (v, &sum) in row.iter().enumerate() {
                    let c = target.c.add(i * target.stride + 16 * v);
                    let sum = if target.add { _mm512_add_ps(_mm512_loadu_ps(c), sum) } else { sum };
                    _mm512_storeu_ps(c, sum);
                }
            }
        }
    }

    /// Splits the tile into blocks of at most 6 × 16, which fit the sixteen registers of AVX2.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn tile_avx2(stretches: &[Stretch], target: Target, rows: usize, vectors: usize) {
        let mut from = 0;
        while from < rows {
            let height = (rows - from).min(6);
            for half in 0..vectors {
                // SAFETY: `tile`'s contract.
                unsafe {
                    match height {
                        6 => avx2::<6>(stretches, target, from, 16 * half),
                        5 => avx2::<5>(stretches, target, from, 16 * half),
                        4 => avx2::<4>(stretches, target, from, 16 * half),
                        3 => avx2::<3>(stretches, target, from, 16 * half),
                        2 => avx2::<2>(stretches, target, from, 16 * half),
                        _ => avx2::<1>(stretches, target, from, 16 * half),
                    }
                }
            }
            from += height;
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2<const R: usize>(stretches: &[Stretch], target: Target, from: usize, column: usize) {
        // SAFETY: `tile`'s contract bounds every pointer below.
        unsafe {
            let mut sums = [[_mm256_setzero_ps(); 2]; R];
            for s in stretches {
                let (mut a, mut b) = (s.a.add(from), s.b.add(column));
                for _ in 0..s.k {
                    let right = [_mm256_loadu_ps(b), _mm256_loadu_ps(b.add(8))];
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let left = _mm256_set1_ps(*a.add(i));
                        sums[0] = _mm256_fmadd_ps(left, right[0], sums[0]);
                        sums[1] = _mm256_fmadd_ps(left, right[1], sums[1]);
                    }
                    a = a.add(s.a_step);
                    b = b.add(s.b_step);
                }
            }
            for (i, row) in sums.iter().enumerate() {
                for (v, &sum) in row.iter().enumerate() {
                    let c = target.c.add((from + i) * target.stride + column + 8 * v);
                    let sum = if target.add { _mm256_add_ps(_mm256_loadu_ps(c), sum) } else { sum };
                    _mm256_storeu_ps(c, sum);
                }
            }
        }
    }

    /// 16 × 16 transpose in four rounds of shuffles.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn transpose16(
        from: *const f32,
        from_stride: usize,
        to: *mut f32,
        to_stride: usize,
        count: usize,
    ) {
        let mask = (0xffff_u32 >> (16 - count)) as __mmask16;
        // SAFETY: `transpose16`'s contract bounds every pointer below: rows that are not there are the last one again, and what
        // comes of them is not written.
        unsafe {
            let rows: [__m512; 16] =
                std::array::from_fn(|i| _mm512_loadu_ps(from.add(i.min(count - 1) * from_stride)));
            let pairs: [__m512; 16] = std::array::from_fn(|i| {
                let (x, y) = (rows[i & !1], rows[i | 1]);
                if i & 1 == 0 { _mm512_unpacklo_ps(x, y) } else { _mm512_unpackhi_ps(x, y) }
            });
            // quads[4g + c]: column c (mod 4, per 128-bit lane) of rows 4g..4g+4
            let quads: [__m512; 16] = std::array::from_fn(|i| {
                let (group, column) = (i & !3, i & 3);
                let (x, y) = (pairs[group + column / 2], pairs[group + column / 2 + 2]);
                let (x, y) = (_mm512_castps_pd(x), _mm512_castps_pd(y));
                let z = if column & 1 == 0 { _mm512_unpacklo_pd(x, y) } else { _mm512_unpackhi_pd(x, y) };
                _mm512_castpd_ps(z)
            });
            for column in 0..4 {
                let [a, b, c, d] = [quads[column], quads[4 + column], quads[8 + column], quads[12 + column]];
                let (ab_even, ab_odd) =
                    (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
                let (cd_even, cd_odd) =
                    (_mm512_shuffle_f32x4::<0x88>(c, d), _mm512_shuffle_f32x4::<0xdd>(c, d));
                let turned = [
                    _mm512_shuffle_f32x4::<0x88>(ab_even, cd_even),
                    _mm512_shuffle_f32x4::<0x88>(ab_odd, cd_odd),
                    _mm512_shuffle_f32x4::<0xdd>(ab_even, cd_even),
                    _mm512_shuffle_f32x4::<0xdd>(ab_odd, cd_odd),
                ];
                for (four, row) in turned.into_iter().enumerate() {
                    _mm512_mask_storeu_ps(to.add((4 * four + column) * to_stride), mask, row);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transpose_moves_every_element() {
        let from: Vec<f32> = (0..16 * 20).map(|i| i as f32).collect();
        let mut to = vec![0f32; 16 * 17];
        for rows in 1..=16 {
            to.fill(-1.0);
            // SAFETY: both buffers hold 16 rows at their strides.
            unsafe { transpose16(from.as_ptr(), 20, to.as_mut_ptr(), 17, rows) };
            for (i, j) in (0..16 * 16).map(|at| (at / 16, at % 16)) {
                let want = if i < rows { from[i * 20 + j] } else { -1.0 };
                assert_eq!(to[j * 17 + i], want, "({i}, {j}) of {rows} rows");
            }
        }
    }

    type Run = unsafe fn(&[Stretch], Target, usize, usize);

    /// Every copy of the tile this processor can run.
    fn copies() -> Vec<Run> {
        let plain: Run = |s, t, r, v| unsafe { portable(s, t, r, v) };
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
        let mut copies: Vec<Run> = vec![tile, plain];
        #[cfg(target_arch = "x86_64")]
        if level() >= Level::Avx2 {
            copies.push(|s, t, r, v| unsafe { x86::tile_avx2(s, t, r, v) });
        }
        copies
    }

    #[test]
    fn every_tile_size_agrees_with_the_plain_loop() {
        let k = 7;
        for rows in 1..=MAX_ROWS {
            for vectors in 1..=2 {
                let a: Vec<f32> = (0..k * rows).map(|i| (i % 11) as f32 - 5.0).collect();
                let b: Vec<f32> = (0..k * WIDTH).map(|i| (i % 13) as f32 - 6.0).collect();
                let mut c = vec![1f32; rows * 40];
                let stretches = [
                    Stretch { a: a.as_ptr(), a_step: rows, b: b.as_ptr(), b_step: WIDTH, ahead: 0, k: 3 },
                    // SAFETY: three steps in.
                    unsafe {
                        Stretch {
                            a: a.as_ptr().add(3 * rows),
                            a_step: rows,
                            b: b.as_ptr().add(3 * WIDTH),
                            b_step: WIDTH,
                            ahead: WIDTH,
                            k: 4,
                        }
                    },
                ];
                for run in copies() {
                    c.fill(1.0);
                    let target = Target { c: c.as_mut_ptr(), stride: 40, add: true };
                    // SAFETY: the buffers above have the sizes asked for.
                    unsafe { run(&stretches, target, rows, vectors) };
                    for i in 0..rows {
                        for j in 0..40 {
                            let sum: f32 = (0..k).map(|k| a[k * rows + i] * b[k * WIDTH + (j % 32)]).sum();
                            let want = if j < 16 * vectors { 1.0 + sum } else { 1.0 };
                            assert_eq!(c[i * 40 + j], want, "rows {rows} vectors {vectors} ({i}, {j})");
                        }
                    }
                }
            }
        }
    }
}
