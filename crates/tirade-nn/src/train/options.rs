//! What a training run is told, and its checks before anything is read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::lora::Module;

/// Everything that decides a training run. Two runs with equal options, examples and program give the same weights, bit by bit.
///
/// ```
/// use tirade_nn::train::TrainOptions;
/// let options = TrainOptions { model: "smollm2.gguf".into(), output: "adapter".into(), rank: 8, ..Default::default() };
/// assert_eq!(options.examples_per_step(), 8);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainOptions {
    /// The base model: a GGUF file, or a directory in the hub's layout.
    pub model: PathBuf,
    /// Directory for the adapter, the loss curve and checkpoints; made if missing.
    pub output: PathBuf,
    /// What the model card calls the adapter, such as `user/name` on the hub. Nothing is uploaded.
    pub name: Option<String>,
    /// Rank of the adapter's matrices.
    pub rank: usize,
    /// The adapter is scaled by alpha / rank.
    pub alpha: f32,
    /// Probability of dropping an input of the adapter while training.
    pub dropout: f32,
    /// Scale by alpha / √rank instead, which keeps high ranks learning.
    pub rslora: bool,
    /// `q_proj`, `k_proj`, `v_proj`, `o_proj`, `gate_proj`, `up_proj`, `down_proj`, or `all-linear` for all seven.
    pub target_modules: Vec<String>,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Passes over the examples.
    pub epochs: usize,
    /// Stop after this many steps; more than the epochs hold means going round again.
    pub max_steps: Option<usize>,
    /// Examples (packed rows with `packing`) per forward pass as other trainers count them.
    pub batch_size: usize,
    /// Batches per step. Only the product with `batch_size` matters here, for the result and for memory.
    pub gradient_accumulation: usize,
    /// Longest example in tokens; see `too_long`.
    pub max_length: usize,
    /// Count rows of up to `max_length` tokens filled with several examples, instead of examples, towards `batch_size`.
    /// Examples never see each other either way, and no computation is spent on padding either way.
    pub packing: bool,
    /// What happens to examples longer than `max_length`.
    pub too_long: TooLong,
    /// Steps over which the learning rate rises; overrides `warmup_ratio`.
    pub warmup_steps: Option<usize>,
    /// The same as a share of all steps.
    pub warmup_ratio: f64,
    /// How the learning rate falls afterwards.
    pub schedule: Schedule,
    /// AdamW's decoupled weight decay.
    pub weight_decay: f64,
    /// Gradients are scaled down to this norm; 0 leaves them.
    pub max_grad_norm: f64,
    /// Seed of initial weights, order and dropout.
    pub seed: u64,
    /// Threads that compute. Sums are formed in another order with another number, so bits repeat only with the same.
    pub threads: usize,
    /// Steps between checkpoints; `None`: only at the end or when stopped.
    pub checkpoint_every: Option<usize>,
    /// Steps between validations; `None`: after each epoch.
    pub validate_every: Option<usize>,
    /// Stop after this many validations without improvement and keep the best weights.
    pub early_stop: Option<usize>,
    /// How the frozen weights are held.
    pub base_precision: BasePrecision,
    /// Keep only layer inputs and compute each layer again in the backward pass: far less memory for long examples, a third slower.
    pub activation_checkpointing: bool,
    /// Dynamic fine-tuning: weigh each token by its own probability.
    pub dft: bool,
    /// Continue from the checkpoint in `output`, if there is one.
    pub resume: bool,
    /// Refuse to start if more bytes than this are predicted.
    pub memory_limit: Option<u64>,
}

/// The learning rate after warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Stays.
    Constant,
    /// Falls in a line towards zero.
    Linear,
    /// Falls in half a cosine towards zero.
    Cosine,
}

/// How frozen weights are held in memory, and with `Int8` also how they are multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasePrecision {
    /// The file's own numbers, opened to f32 a tile at a time: 4 bytes per weight, 2 of a bf16 file, 1.25 or 1.5 of a quantised one.
    F32,
    /// 2 bytes per weight, rounded to 8 bits of mantissa (exact for models published in bf16).
    Bf16,
    /// 1.25 bytes per weight: the integers of a quantised file as they are, others rounded to 8 bits in blocks of 32. Where the
    /// processor multiplies bytes (AVX-512 VNNI), what meets a frozen weight is rounded to 8 bits as well, forward in groups of 32,
    /// backward in groups of 128 and the weight with it; elsewhere weights are opened a tile at a time, as QLoRA does.
    Int8,
}

/// What happens to an example longer than `max_length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    /// Left out, and counted in the report.
    Drop,
    /// Cut, and counted in the report; the model then never sees how such an example ends.
    Truncate,
    /// The run does not start.
    Refuse,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            model: PathBuf::new(),
            output: PathBuf::new(),
            name: None,
            rank: 16,
            alpha: 32.0,
            dropout: 0.0,
            rslora: false,
            target_modules: vec!["all-linear".into()],
            learning_rate: 2e-4,
            epochs: 3,
            max_steps: None,
            batch_size: 2,
            gradient_accumulation: 4,
            max_length: 2048,
            packing: false,
            too_long: TooLong::Drop,
            warmup_steps: None,
            warmup_ratio: 0.03,
            schedule: Schedule::Linear,
            weight_decay: 0.01,
            max_grad_norm: 1.0,
            seed: 3407,
            threads: 1,
            checkpoint_every: None,
            validate_every: None,
            early_stop: None,
            base_precision: BasePrecision::F32,
            activation_checkpointing: false,
            dft: false,
            resume: true,
            memory_limit: None,
        }
    }
}

impl TrainOptions {
    /// Examples (or packed rows) that one step averages over.
    pub fn examples_per_step(&self) -> usize {
        self.batch_size * self.gradient_accumulation
    }

    /// The factor on the adapter's product: alpha / rank, or alpha / √rank.
    pub fn scale(&self) -> f32 {
        if self.rslora { self.alpha / (self.rank as f32).sqrt() } else { self.alpha / self.rank as f32 }
    }

    /// The chosen modules, in the model's order.
    pub(crate) fn modules(&self) -> Result<Vec<Module>, TrainError> {
        let known = |name: &String| name == "all-linear" || Module::ALL.iter().any(|m| m.name() == name);
        if let Some(name) = self.target_modules.iter().find(|name| !known(name)) {
            let names = Module::ALL.map(Module::name).join(", ");
            return Err(TrainError::option(
                "target_modules",
                format!("{name:?} is not one of {names} or all-linear"),
            ));
        }
        let chosen =
            |m: &Module| self.target_modules.iter().any(|name| name == "all-linear" || name == m.name());
        Ok(Module::ALL.into_iter().filter(chosen).collect())
    }

    /// Refuses values with which a run would fail or train nothing.
    ///
    /// # Errors
    /// [`TrainError::Option`], naming the option, its value and what is possible.
    pub fn validate(&self) -> Result<(), TrainError> {
        let positive = [
            ("rank", self.rank),
            ("batch_size", self.batch_size),
            ("gradient_accumulation", self.gradient_accumulation),
            ("threads", self.threads),
            ("epochs", self.epochs.max(self.max_steps.unwrap_or(0))),
            ("max_steps", self.max_steps.unwrap_or(1)),
            ("checkpoint_every", self.checkpoint_every.unwrap_or(1)),
            ("validate_every", self.validate_every.unwrap_or(1)),
            ("early_stop", self.early_stop.unwrap_or(1)),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(TrainError::option(name, "0 would train nothing; it must be at least 1"));
        }
        let ranges = [
            ("learning_rate", self.learning_rate, f64::MIN_POSITIVE, 10.0),
            ("alpha", self.alpha as f64, f64::MIN_POSITIVE, 1e6),
            ("dropout", self.dropout as f64, 0.0, 0.99),
            ("warmup_ratio", self.warmup_ratio, 0.0, 1.0),
            ("weight_decay", self.weight_decay, 0.0, 10.0),
            ("max_grad_norm", self.max_grad_norm, 0.0, f64::MAX),
            ("max_length", self.max_length as f64, 2.0, 1e7),
            ("rank", self.rank as f64, 1.0, 4096.0),
            ("threads", self.threads as f64, 1.0, 1024.0),
        ];
        for (name, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(TrainError::option(name, format!("{value} is outside {low:e} to {high:e}")));
            }
        }
        if self.modules()?.is_empty() {
            return Err(TrainError::option("target_modules", "it is empty, so nothing would be trained"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_train_nothing_are_refused_by_name() {
        let base = TrainOptions::default;
        for (options, name) in [
            (TrainOptions { rank: 0, ..base() }, "rank"),
            (TrainOptions { epochs: 0, ..base() }, "epochs"),
            (TrainOptions { max_steps: Some(0), ..base() }, "max_steps"),
            (TrainOptions { learning_rate: 0.0, ..base() }, "learning_rate"),
            (TrainOptions { learning_rate: f64::NAN, ..base() }, "learning_rate"),
            (TrainOptions { dropout: 1.0, ..base() }, "dropout"),
            (TrainOptions { alpha: 0.0, ..base() }, "alpha"),
            (TrainOptions { target_modules: vec![], ..base() }, "target_modules"),
            (TrainOptions { target_modules: vec!["q".into()], ..base() }, "target_modules"),
            (TrainOptions { batch_size: 0, ..base() }, "batch_size"),
        ] {
            let error = options.validate().unwrap_err().to_string();
            assert!(error.contains(name), "{name}: {error}");
        }
        base().validate().unwrap();
        TrainOptions { epochs: 0, max_steps: Some(5), ..base() }.validate().unwrap();
    }

    #[test]
    fn modules_come_in_the_models_order() {
        let names = |list: &[&str]| TrainOptions {
            target_modules: list.iter().map(|s| s.to_string()).collect(),
            ..Default::default()
        };
        assert_eq!(names(&["down_proj", "q_proj"]).modules().unwrap(), [Module::Q, Module::Down]);
        assert_eq!(names(&["all-linear"]).modules().unwrap(), Module::ALL);
    }

    #[test]
    fn rslora_scales_by_the_root() {
        let options = TrainOptions { rank: 64, alpha: 16.0, ..Default::default() };
        assert_eq!(options.scale(), 0.25);
        assert_eq!(TrainOptions { rslora: true, ..options }.scale(), 2.0);
    }
}
