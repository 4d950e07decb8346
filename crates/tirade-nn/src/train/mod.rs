//! LoRA training on the CPU by a hand-written forward and backward pass.
mod attention;
mod base;
mod card;
mod checkpoint;
mod corpus;

mod curve;
mod doctor;
mod engine;
mod error;
mod gemm;
mod kernel;
mod layer;
mod lora;
mod loss;
mod memory;
mod model;
mod ops;
mod optim;
mod options;
mod pool;
mod random;
#[cfg(test)]
mod reference;
mod run;
mod simd;
#[cfg(test)]
mod testing;

pub use corpus::{ChatExample, Notes};
pub use curve::Point;
pub use doctor::{TokenisedExample, tokenise};
pub use error::TrainError;
pub use memory::Memory;
pub use options::{BasePrecision, Schedule, TooLong, TrainOptions};
pub use run::{TrainEvent, TrainSummary, train};
