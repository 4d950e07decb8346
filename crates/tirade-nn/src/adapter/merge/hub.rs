//! A merged model in the hub's layout: `config.json`, `model.safetensors` and the tokenizer's files.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Merged, encode, tensors};
use crate::NnError;
use crate::adapter::replace;
use crate::config::{Arch, Config, RopeScaling};
use crate::quant::DType;
use crate::safetensors;

/// What is copied from a base in the hub's layout, where it is there.
const COPIED: [&str; 8] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",
    "config.json",
];

pub(super) fn write(merged: &Merged, output: &Path, dtype: DType) -> Result<(), NnError> {
    let config = merged.weights.config();
    fs::create_dir_all(output).map_err(|e| NnError::io(output, e))?;
    match merged.weights.dir() {
        Some(base) => copy_files(base, output, dtype)?,
        None => {
            let config = config_json(config, dtype)?;
            replace(&output.join("config.json"), pretty(&config).as_bytes())?;
            if let Some(template) = merged.weights.gguf().and_then(|f| f.str("tokenizer.chat_template")) {
                replace(&output.join("chat_template.jinja"), template.as_bytes())?;
            }
        }
    }
    let mut parts: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, rows, columns) in tensors(config) {
        let bytes = encode(&merged.tensor(&name, rows, columns)?, dtype);
        parts.push((name, if rows == 1 { vec![columns] } else { vec![rows, columns] }, bytes));
    }
    let entries: Vec<safetensors::Entry> =
        parts.iter().map(|(n, s, b)| (&n[..], dtype, &s[..], &b[..])).collect();
    let (writing, done) = (output.join("model.writing"), output.join("model.safetensors"));
    safetensors::write(&writing, &entries, &[("format", "pt")])?;
    fs::rename(&writing, &done).map_err(|e| NnError::io(&done, e))
}

fn copy_files(base: &Path, output: &Path, dtype: DType) -> Result<(), NnError> {
    for name in COPIED {
        let path = base.join(name);
        let Ok(mut bytes) = fs::read(&path) else { continue };
        if name == "config.json" {
            let mut config: Value = serde_json::from_slice(&bytes)
                .map_err(|e| NnError::format(path.display().to_string(), e.to_string()))?;
            config["torch_dtype"] = torch_name(dtype).into();
            bytes = pretty(&config).into_bytes();
        }
        replace(&output.join(name), &bytes)?;
    }
    Ok(())
}

fn torch_name(dtype: DType) -> &'static str {
    match dtype {
        DType::F16 => "float16",
        DType::BF16 => "bfloat16",
        _ => "float32",
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("plain data") + "\n"
}

/// The hub's description of a model that was described by GGUF metadata.
fn config_json(config: &Config, dtype: DType) -> Result<Value, NnError> {
    let (kind, class) = match config.arch {
        Arch::Llama => ("llama", "LlamaForCausalLM"),
        Arch::Qwen2 => ("qwen2", "Qwen2ForCausalLM"),
        Arch::Qwen3 => ("qwen3", "Qwen3ForCausalLM"),
        Arch::Gemma3 => ("gemma3_text", "Gemma3ForCausalLM"),
    };
    let gemma = config.arch == Arch::Gemma3;
    let mut json = json!({
        "architectures": [class], "model_type": kind, "torch_dtype": torch_name(dtype),
        "hidden_size": config.hidden, "intermediate_size": config.intermediate, "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads, "num_key_value_heads": config.kv_heads, "head_dim": config.head_dim,
        "vocab_size": config.vocab, "max_position_embeddings": config.context, "rms_norm_eps": config.rms_eps,
        "rope_theta": config.rope_theta, "tie_word_embeddings": config.tied, "use_cache": true,
    });
    let (key, activation) =
        if gemma { ("hidden_activation", "gelu_pytorch_tanh") } else { ("hidden_act", "silu") };
    json[key] = activation.into();
    if gemma {
        json["sliding_window"] = config.sliding_window.into();
        json["sliding_window_pattern"] = config.sliding_pattern.into();
        json["rope_local_base_freq"] = config.rope_theta_local.into();
        json["query_pre_attn_scalar"] = config.attention_scale.powi(-2).round().into();
    }
    json["rope_scaling"] = match &config.rope_scaling {
        RopeScaling::None => Value::Null,
        RopeScaling::Linear(factor) => json!({ "rope_type": "linear", "factor": factor }),
        RopeScaling::Llama3 { factor, low, high, original_context } => json!({
            "rope_type": "llama3", "factor": factor, "low_freq_factor": low, "high_freq_factor": high,
            "original_max_position_embeddings": original_context,
        }),
        RopeScaling::Factors(_) => {
            let what = "the hub's layout for rotary factors stored one by one; merge into GGUF instead";
            return Err(NnError::Unsupported(what.into()));
        }
    };
    Ok(json)
}
