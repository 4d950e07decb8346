//! Local language models: read, generate, train LoRA adapters. Knows nothing of the pipeline.
pub mod train;
