//! What is written beside the adapter for people: the model card, and the adapter's own files.

use serde_json::json;

use super::lora::Plan;
use super::options::TrainOptions;
use super::run::{Prepared, TrainSummary};
use crate::adapter::{Adapter, AdapterConfig, Pair};

impl Adapter {
    /// The adapter in a flat vector, as PEFT names and turns it.
    pub(crate) fn trained(options: &TrainOptions, plan: &Plan, all: &[f32]) -> Self {
        let mut modules: Vec<&str> = plan.iter().map(|(_, module, _)| module.name()).collect();
        modules.sort_unstable();
        modules.dedup();
        let other = json!({
            "bias": "none", "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true,
            "modules_to_save": null, "use_dora": false, "rank_pattern": {}, "alpha_pattern": {},
            "layers_to_transform": null, "layers_pattern": null, "revision": null,
        });
        let config = AdapterConfig {
            peft_type: "LORA".into(),
            task_type: Some("CAUSAL_LM".into()),
            base_model_name_or_path: Some(options.model.display().to_string()),
            r: options.rank,
            lora_alpha: options.alpha,
            lora_dropout: options.dropout,
            use_rslora: options.rslora,
            target_modules: json!(modules),
            other: other.as_object().cloned().unwrap_or_default(),
        };
        let pairs = plan.iter().map(|(layer, module, slot)| Pair {
            name: format!("model.layers.{layer}.{}.{}", module.block(), module.name()),
            a: slot.a(all).data.to_vec(),
            b: turned(slot.b(all).data, slot.rank, slot.outputs),
            inputs: slot.inputs,
            outputs: slot.outputs,
        });
        Self { config, pairs: pairs.collect() }
    }
}

fn turned(b: &[f32], rank: usize, outputs: usize) -> Vec<f32> {
    (0..outputs).flat_map(|o| (0..rank).map(move |r| b[r * outputs + o])).collect()
}

/// The text of `README.md`, with the front matter the hub reads.
pub(crate) fn model_card(options: &TrainOptions, prepared: &Prepared, summary: &TrainSummary) -> String {
    let base = options.model.file_stem().unwrap_or_default().to_string_lossy();
    let title = options.name.clone().unwrap_or_else(|| format!("LoRA adapter for {base}"));
    let corpus = &prepared.corpus;
    let supervised: usize = corpus.sequences.iter().map(|s| s.supervised()).sum();
    let validation = summary.validation.map_or("none".into(), |loss| format!("{loss:.4}"));
    let modules = options.target_modules.join(", ");
    let stop = match (summary.stopped, summary.stopped_early) {
        (true, _) => " (stopped before the end)",
        (_, true) => " (stopped early: validation no longer improved; these are the best weights)",
        _ => "",
    };
    format!(
        "---\nbase_model: {base}\nlibrary_name: peft\npipeline_tag: text-generation\ntags: [lora, tirade]\n---\n\n\
         # {title}\n\n\
         Trained by tirade on {examples} conversations; only what the assistant wrote was learnt ({supervised} tokens per epoch).\n\n\
         | | |\n|---|---|\n\
         | steps | {steps} of {total}{stop} |\n\
         | rank, alpha, dropout | {rank}, {alpha}, {dropout}{rslora} |\n\
         | modules | {modules} |\n\
         | learning rate | {rate:e}, {schedule:?}, weight decay {decay}, clipped at {clip} |\n\
         | batch | {batch} × {accumulation}, up to {length} tokens per example |\n\
         | seed | {seed} |\n\
         | loss (last steps) | {loss:.4} |\n\
         | loss (validation, best) | {validation} |\n\n\
         All options and figures: `training.json`; the curve: `loss.jsonl`, `loss.svg`.\n\n\
         ```python\nfrom peft import PeftModel\nmodel = PeftModel.from_pretrained(base_model, \"path/to/this/directory\")\n```\n",
        examples = corpus.sequences.len(),
        steps = summary.steps,
        total = summary.total,
        rank = options.rank,
        alpha = options.alpha,
        dropout = options.dropout,
        rslora = if options.rslora { ", rank-stabilised" } else { "" },
        rate = options.learning_rate,
        schedule = options.schedule,
        decay = options.weight_decay,
        clip = options.max_grad_norm,
        batch = options.batch_size,
        accumulation = options.gradient_accumulation,
        length = options.max_length,
        seed = options.seed,
        loss = summary.loss,
    )
}
