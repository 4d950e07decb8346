//! LoRA training (draft).
mod attention;
mod engine;
mod gemm;
mod kernel;
mod layer;
mod lora;
mod loss;
mod model;
mod ops;
mod pool;
mod random;
mod simd;
#[cfg(test)]
mod testing;
