//! LoRA training (draft).
mod attention;
mod gemm;
mod kernel;
mod ops;
mod random;
mod simd;
#[cfg(test)]
mod testing;
