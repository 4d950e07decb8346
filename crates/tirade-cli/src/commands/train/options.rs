//! The arguments of training in three groups: the adapter, how it learns, and what the machine gives.

use anyhow::Context as _;
use clap::Args;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tirade_nn::train::{BasePrecision, Schedule, TooLong, TrainOptions};

/// What is trained.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct LoraArgs {
    /// Rank of the adapter
    #[arg(long, default_value_t = 64)]
    pub rank: usize,
    /// Scale of the adapter is alpha / rank; else twice the rank
    #[arg(long)]
    pub alpha: Option<f32>,
    /// Scale by alpha / √rank instead, which keeps high ranks learning
    #[arg(long)]
    pub rslora: bool,
    /// Probability of dropping an input of the adapter
    #[arg(long, default_value_t = 0.0)]
    pub dropout: f32,
    /// Linear layers that get an adapter
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"
    )]
    pub target_modules: Vec<String>,
}

/// How it learns.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct LearningArgs {
    /// Passes over the examples
    #[arg(long, alias = "train_epochs", default_value_t = 3)]
    pub train_epochs: usize,
    /// Stop after so many steps instead; more than the epochs hold means going round again
    #[arg(long)]
    pub max_steps: Option<usize>,
    /// Peak learning rate
    #[arg(long, default_value_t = 2e-4)]
    pub learning_rate: f64,
    /// How the learning rate falls after warm-up: constant, linear, cosine
    #[arg(long, default_value = "linear", value_parser = word::<Schedule>)]
    pub schedule: Schedule,
    /// Share of the steps over which the learning rate rises
    #[arg(long, default_value_t = 0.03)]
    pub warmup_ratio: f64,
    /// The same as a number of steps
    #[arg(long)]
    pub warmup_steps: Option<usize>,
    /// AdamW's decoupled weight decay
    #[arg(long, default_value_t = 0.01)]
    pub weight_decay: f64,
    /// Gradients are scaled down to this norm; 0 leaves them
    #[arg(long, default_value_t = 1.0)]
    pub max_grad_norm: f64,
    /// Examples per batch; memory does not grow with it
    #[arg(long, default_value_t = 4)]
    pub batch_size: usize,
    /// Batches per optimizer step; only the product with --batch-size matters
    #[arg(long, alias = "gradient_accumulation_steps", default_value_t = 1)]
    pub gradient_accumulation: usize,
    /// Tokens per example; see --too-long
    #[arg(long, default_value_t = 1024)]
    pub max_length: usize,
    /// What happens to longer examples: drop (counted), truncate (counted), refuse
    #[arg(long, default_value = "drop", value_parser = word::<TooLong>)]
    pub too_long: TooLong,
    /// Count rows of up to --max-length tokens filled with several examples towards --batch-size; examples never see each other
    #[arg(long)]
    pub packing: bool,
    /// Weigh each token by its own probability (dynamic fine-tuning); wants a higher learning rate
    #[arg(long)]
    pub dft: bool,
    /// Steps between validations; else after every epoch
    #[arg(long)]
    pub validate_every: Option<usize>,
    /// Stop after so many validations without improvement and keep the best weights
    #[arg(long)]
    pub early_stop: Option<usize>,
    /// Of initial weights, order and dropout
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// What the machine gives. Of this only the precision of the base changes the weights, and the number of threads their last bits.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineArgs {
    /// How frozen weights are held: f32 (the file's own numbers: 1.25 to 4 bytes per weight), bf16 (2 bytes), or int8 (1.25 bytes), which
    /// also computes with bytes where the processor can
    #[arg(long, default_value = "f32", value_parser = word::<BasePrecision>)]
    pub base_precision: BasePrecision,
    /// Compute each layer again in the backward pass: far less memory for long examples, a third slower
    #[arg(long)]
    pub activation_checkpointing: bool,
    /// Threads that compute; else one for each processor
    #[arg(long)]
    pub threads: Option<usize>,
    /// Steps between checkpoints, from which a killed run goes on
    #[arg(long, default_value_t = 10)]
    pub checkpoint_every: usize,
    /// Refuse to start if more MiB than this are predicted; else what the machine has free
    #[arg(long, value_name = "MIB")]
    pub memory_limit: Option<u64>,
    /// Accepted for scripts that name a GPU: there is no CUDA back end, and the run says so and uses the processor
    #[arg(long, alias = "cuda_device", value_name = "INDEX")]
    pub cuda_device: Option<u32>,
}

crate::defaults_from_clap!(LoraArgs, LearningArgs, MachineArgs);

/// One of an enum's words, as recipes spell them.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

/// The arguments as the trainer takes them, without the places.
pub fn combined(
    lora: &LoraArgs,
    learning: &LearningArgs,
    machine: &MachineArgs,
) -> anyhow::Result<TrainOptions> {
    let threads = match machine.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism()
            .context("cannot count the processors\n  hint: give --threads")?
            .get(),
    };
    Ok(TrainOptions {
        rank: lora.rank,
        alpha: lora.alpha.unwrap_or(2.0 * lora.rank as f32),
        rslora: lora.rslora,
        dropout: lora.dropout,
        target_modules: lora.target_modules.clone(),
        epochs: learning.train_epochs,
        max_steps: learning.max_steps,
        learning_rate: learning.learning_rate,
        schedule: learning.schedule,
        warmup_ratio: learning.warmup_ratio,
        warmup_steps: learning.warmup_steps,
        weight_decay: learning.weight_decay,
        max_grad_norm: learning.max_grad_norm,
        batch_size: learning.batch_size,
        gradient_accumulation: learning.gradient_accumulation,
        max_length: learning.max_length,
        too_long: learning.too_long,
        packing: learning.packing,
        dft: learning.dft,
        validate_every: learning.validate_every,
        early_stop: learning.early_stop,
        seed: learning.seed,
        base_precision: machine.base_precision,
        activation_checkpointing: machine.activation_checkpointing,
        threads,
        checkpoint_every: Some(machine.checkpoint_every),
        memory_limit: machine.memory_limit.map(|mib| mib << 20).or_else(tirade_nn::engine::available_memory),
        ..TrainOptions::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_recipes_and_errors_list_them() {
        assert_eq!(word::<Schedule>("cosine"), Ok(Schedule::Cosine));
        assert_eq!(word::<BasePrecision>("int8"), Ok(BasePrecision::Int8));
        let error = word::<TooLong>("cut").unwrap_err();
        assert!(error.contains("drop") && error.contains("truncate"), "{error}");
    }

    #[test]
    fn defaults_are_usable_and_alpha_follows_the_rank() {
        let lora = LoraArgs { rank: 8, ..Default::default() };
        let machine = MachineArgs { memory_limit: Some(3), ..Default::default() };
        let options = combined(&lora, &LearningArgs::default(), &machine).unwrap();
        assert_eq!(
            (options.alpha, options.examples_per_step(), options.memory_limit),
            (16.0, 4, Some(3 << 20))
        );
        assert!(options.threads > 0 && options.checkpoint_every == Some(10));
        options.validate().unwrap();
    }
}
