//! LoRA training on the CPU by a hand-written forward and backward pass.
//!
//! [`train`] takes conversations and writes an adapter in PEFT's format; [`check`] says beforehand what would happen.
//! There is no autograd: each operation has its backward next to its forward, each tested against finite differences and all
//! together against PEFT (`reference.rs`).
//!
//! | file | what it holds |
//! |---|---|
//! | `simd`, `kernel`, `gemm`, `bytes`, `panels`, `store` | the arithmetic: instruction sets, register tiles, packed matrix products, frozen weights |
//! | `ops`, `attention`, `lora`, `loss` | the parts of a model, forward and backward |
//! | `layer`, `model`, `base` | a decoder layer, the frozen model, reading it |
//! | `engine` | loss and gradient of a set of sequences, on several threads |
//! | `corpus`, `doctor`, `memory` | conversations to tokens, and what a run would do |
//! | `options`, `optim`, `checkpoint`, `curve`, `run`, `card` | the loop and what it leaves behind |
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use tirade_nn::template::ChatMessage;
//! use tirade_nn::train::{ChatExample, TrainEvent, TrainOptions, train};
//!
//! let examples = [ChatExample {
//!     id: "1".into(),
//!     messages: vec![ChatMessage::new("user", "2 + 2?"), ChatMessage::new("assistant", "4")],
//! }];
//! let options = TrainOptions { model: "smollm2.gguf".into(), output: "adapter".into(), ..Default::default() };
//! let summary = train(&options, &examples, &[], &mut |event| {
//!     if let TrainEvent::Step { step, loss, .. } = event {
//!         println!("{step}: {loss:.3}");
//!     }
//!     ControlFlow::Continue(())
//! })?;
//! println!("{} steps, adapter in {}", summary.steps, summary.adapter.display());
//! # Ok::<(), tirade_nn::train::TrainError>(())
//! ```

mod aligned;
mod attention;
mod base;
mod bytes;
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
mod panels;
mod pool;
mod random;
#[cfg(test)]
mod reference;
mod run;
mod simd;
#[cfg(test)]
mod speed;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
pub(crate) mod tests;

pub use corpus::{ChatExample, Notes};
pub use curve::Point;
pub use doctor::{CheckReport, Piece, Preview, TokenisedExample, check, tokenise};
pub use error::TrainError;
pub use memory::Memory;
pub use options::{BasePrecision, Schedule, TooLong, TrainOptions};
pub use run::{TrainEvent, TrainSummary, train};
