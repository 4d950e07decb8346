//! How much memory a run will take, from shapes alone, before anything is allocated.

use serde::Serialize;

use super::attention::Heads;
use super::error::TrainError;
use super::lora::Plan;
use super::model::Shape;
use super::options::TrainOptions;

/// Predicted bytes, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// The frozen weights.
    pub weights: u64,
    /// Adapter, gradients and AdamW's state.
    pub adapter: u64,
    /// Saved and temporary activations of all threads.
    pub activations: u64,
    /// The largest tensor while it is converted at the start.
    pub loading: u64,
    /// Tokenizer, template and program.
    pub program: u64,
}

impl Memory {
    /// The most that is held at once: loading happens before training.
    pub fn total(&self) -> u64 {
        self.program + self.weights + self.loading.max(self.adapter + self.activations)
    }

    /// Refuses a run that would need more than `limit` bytes.
    pub(crate) fn refuse_above(&self, limit: Option<u64>) -> Result<(), TrainError> {
        match limit {
            Some(limit) if self.total() > limit => Err(TrainError::TooLarge {
                needed_mib: self.total() >> 20,
                limit_mib: limit >> 20,
                detail: self.describe(),
            }),
            _ => Ok(()),
        }
    }

    /// The parts in words.
    pub fn describe(&self) -> String {
        let mib = |bytes: u64| bytes >> 20;
        format!(
            "weights {} MiB, adapter and optimiser {} MiB, activations {} MiB",
            mib(self.weights),
            mib(self.adapter),
            mib(self.activations)
        )
    }
}

/// Predicts a run whose longest chunk has `chunk` tokens, all of which may be learnt, with so many bytes of frozen `weights`.
pub(crate) fn predict(
    options: &TrainOptions,
    shape: &Shape,
    plan: &Plan,
    chunk: usize,
    weights: u64,
) -> Memory {
    let embedding = shape.vocabulary * shape.hidden;
    let threads = options.threads;
    let early = options.early_stop.is_some() as usize;
    // Weights, two moments and the threads' gradients, and a copy of the weights while the adapter is written.
    let adapter = plan.len * 4 * (4 + early + threads);
    let activations = threads * 4 * (kept(options, shape, plan) * chunk + temporary(shape, chunk));
    let bytes = |n: usize| n as u64;
    Memory {
        weights,
        adapter: bytes(adapter),
        activations: bytes(activations),
        loading: bytes(embedding * 8),
        program: bytes(shape.vocabulary * 1024) + (16 << 20),
    }
}

/// Floats per token that wait for the backward pass.
fn kept(options: &TrainOptions, shape: &Shape, plan: &Plan) -> usize {
    let Heads { queries, keys, width, .. } = shape.layers[0].heads;
    let (d, q, kv) = (shape.hidden, queries * width, keys * width);
    let low: usize = plan.slots[0].iter().flatten().map(|slot| slot.rank).sum();
    let layer = 2 * d + 2 * q + 2 * kv + 2 * shape.intermediate + low + queries + 2;
    let normed = if shape.query_key_norm { q + kv } else { 0 } + if shape.out_norms { 2 * d } else { 0 };
    let count = shape.layers.len();
    if options.activation_checkpointing { count * d + layer + normed } else { count * (layer + normed) }
}

/// Floats of working memory for a chunk.
fn temporary(shape: &Shape, chunk: usize) -> usize {
    let heads = &shape.layers[0].heads;
    let wide = shape.intermediate.max(shape.hidden).max(heads.queries * heads.width);
    let streams = chunk * (6 * shape.hidden + 4 * wide);
    let attention = 4 * 128 * chunk + 6 * chunk * heads.width;
    let head = chunk * (4 * shape.hidden + 2 * 512);
    streams + attention + head + 4 * 512 * 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::lora::Module;
    use crate::train::testing::tiny;

    fn memory(change: impl Fn(&mut TrainOptions), chunk: usize) -> Memory {
        let mut options = TrainOptions::default();
        change(&mut options);
        let shape = tiny("llama").shape;
        let plan = Plan::new(2, shape.sizes(), &Module::ALL, 16, 1.0, 0.0);
        predict(&options, &shape, &plan, chunk, 1000)
    }

    #[test]
    fn every_choice_moves_its_own_part() {
        let base = memory(|_| (), 512);
        let two = memory(|o| o.threads = 2, 512);
        assert_eq!(two.activations, 2 * base.activations);
        assert!(two.adapter > base.adapter && two.weights == base.weights);
        assert!(memory(|o| o.activation_checkpointing = true, 512).activations < base.activations);
        assert!(memory(|_| (), 1024).activations > base.activations);
        assert_eq!(memory(|o| o.batch_size = 64, 512), base);
    }
}
