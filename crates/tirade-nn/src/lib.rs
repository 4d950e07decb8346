//! Local language models on the CPU: read, generate, train LoRA adapters. Knows nothing of the pipeline.
//!
//! | module | what it does |
//! |---|---|
//! | [`gguf`], [`safetensors`] | the two file formats, memory-mapped, every length and offset checked |
//! | [`quant`] | block formats of weights and their one definition of value |
//! | [`config`], [`weights`] | one description of an architecture and one set of tensor names for both formats |
//! | [`engine`] | replies for many conversations at once |
//! | [`tokenizer`], [`template`] | text to tokens, conversations to text |
//! | [`train`], [`adapter`] | LoRA training; adapters in PEFT's format, merging them |

pub mod adapter;
pub mod config;
pub mod engine;
pub mod error;
mod file;
pub mod gguf;
mod kernel;
mod kv;
pub mod lora;
mod model;
mod penalty;
mod pool;
pub mod quant;
pub mod safetensors;
mod sample;
pub mod template;
pub mod tokenizer;
pub mod train;
pub mod weights;

pub use error::NnError;
