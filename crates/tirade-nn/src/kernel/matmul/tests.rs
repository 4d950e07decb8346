//! Against plain sums in f64, and against itself in every batch, thread count and instruction set.

use super::*;
use crate::kernel::act::Forms;
use crate::kernel::pack::Precision;
use crate::kernel::simd::Isa;
use crate::quant::DType;
use crate::weights::Tensor;

const COLS: usize = 256;
const TYPES: [DType; 9] = [
    DType::F32,
    DType::F16,
    DType::BF16,
    DType::Q4_0,
    DType::Q4_1,
    DType::Q5_0,
    DType::Q8_0,
    DType::Q4_K,
    DType::Q6_K,
];

/// Bytes of any content whose f16 scales are small numbers.
fn stored(dtype: DType, rows: usize) -> Vec<u8> {
    let mut state = 12345u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes: Vec<u8> = (0..dtype.bytes_for(COLS).unwrap() * rows).map(|_| byte()).collect();
    let places: &[usize] = match dtype {
        DType::Q4_1 | DType::Q4_K => &[0, 2],
        DType::Q6_K => &[208],
        _ => &[0],
    };
    for (i, block) in bytes.chunks_exact_mut(dtype.block_bytes()).enumerate() {
        let small = 0.01 + (i % 7) as f32 * 0.003;
        match dtype {
            DType::F32 => block.copy_from_slice(&(small - 0.02).to_le_bytes()),
            DType::BF16 => block.copy_from_slice(&half::bf16::from_f32(small - 0.02).to_le_bytes()),
            _ => places.iter().for_each(|&at| {
                block[at..at + 2].copy_from_slice(&half::f16::from_f32(small).to_le_bytes());
            }),
        }
    }
    bytes
}

fn rows_of(count: usize) -> Vec<f32> {
    (0..count * COLS).map(|i| ((i * 7919 % 1009) as f32 / 504.5 - 1.0) * (1.0 + (i % 5) as f32)).collect()
}

fn product(isa: Isa, threads: usize, matrix: &Matrix, x: &[f32], rows: usize) -> Vec<f32> {
    let pool = Pool::new(threads);
    let forms = Forms { bytes: matrix.is_integer(), floats: !matrix.is_integer() };
    let act = Act::new(&pool, isa, x, rows, COLS, forms);
    let mut out = vec![0.0; rows * matrix.rows];
    matmul(&pool, &act, &mut [(matrix, &mut out)]);
    out
}

/// The plain sums in f64 over dequantised weights, and the sum of the terms' sizes.
fn expected(tensor: &Tensor, x: &[f32]) -> Vec<(f64, f64)> {
    let weights = tensor.dequantise();
    let dot = |row: &[f32], w: &[f32]| {
        let terms = row.iter().zip(w).map(|(a, b)| f64::from(*a) * f64::from(*b));
        terms.fold((0.0, 0.0), |(sum, size), t| (sum + t, size + t.abs()))
    };
    x.chunks(COLS).flat_map(|row| weights.chunks(COLS).map(move |w| dot(row, w))).collect()
}

#[test]
fn every_format_gives_the_product_of_its_weights() {
    // 40 rows of weights: the last panel is half empty. 23 rows of input: tiles of 16, 4, 2 and 1.
    let x = rows_of(23);
    for dtype in TYPES {
        let bytes = stored(dtype, 40);
        let tensor = Tensor::new(dtype, 40, COLS, &bytes);
        for precision in [Precision::Auto, Precision::Int8, Precision::Exact] {
            let matrix = Matrix::new(&Pool::new(2), &tensor, precision).unwrap();
            // Rounding activations to 8 bits costs up to 1/254 of the largest of each block.
            let tolerance = if matrix.is_integer() { 0.012 } else { 1e-5 };
            let out = product(Isa::best(), 2, &matrix, &x, 23);
            for (i, (got, (sum, size))) in out.iter().zip(expected(&tensor, &x)).enumerate() {
                let error = (f64::from(*got) - sum).abs();
                assert!(error <= tolerance * size, "{dtype:?} {precision:?} [{i}]: {got} for {sum}");
            }
        }
    }
}

#[test]
fn rows_do_not_depend_on_the_batch_nor_on_threads_nor_on_the_instruction_set() {
    let x = rows_of(37);
    for dtype in TYPES {
        let bytes = stored(dtype, 48);
        let matrix =
            Matrix::new(&Pool::new(1), &Tensor::new(dtype, 48, COLS, &bytes), Precision::Auto).unwrap();
        let alone: Vec<f32> =
            x.chunks(COLS).flat_map(|row| product(Isa::Portable, 1, &matrix, row, 1)).collect();
        for isa in Isa::available() {
            let together = product(isa, 2, &matrix, &x, 37);
            let same = alone.iter().zip(&together).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{dtype:?} on {isa:?}");
        }
    }
}
