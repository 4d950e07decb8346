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
mod optim;
mod options;
mod error;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod testing;
