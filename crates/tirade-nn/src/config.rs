//! One description of an architecture, from GGUF metadata or from a `config.json`.
//!
//! Llama, Qwen2, Qwen3 and Gemma 3 are one decoder with a few switches, all of them in [`Config`]; the model
//! code has no other way to tell them apart.

use std::f32::consts::TAU;

use serde_json::Value;

use crate::NnError;
use crate::gguf::{self, Gguf};

/// The families this crate runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    Llama,
    Qwen2,
    Qwen3,
    Gemma3,
}

impl Arch {
    fn parse(name: &str) -> Result<Self, NnError> {
        match name {
            "llama" => Ok(Self::Llama),
            "qwen2" => Ok(Self::Qwen2),
            "qwen3" => Ok(Self::Qwen3),
            "gemma3" | "gemma3_text" => Ok(Self::Gemma3),
            other => Err(NnError::Unsupported(format!(
                "the architecture {other:?}; llama, qwen2, qwen3 and gemma3 (text) are run"
            ))),
        }
    }

    /// The name GGUF uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma3 => "gemma3",
        }
    }
}

/// How positions beyond the original context are squeezed.
#[derive(Debug, Clone, PartialEq)]
pub enum RopeScaling {
    None,
    /// Every frequency divided by the factor.
    Linear(f32),
    /// Llama 3: low frequencies divided, high ones kept, the middle interpolated.
    Llama3 {
        factor: f32,
        low: f32,
        high: f32,
        original_context: f32,
    },
    /// One divisor per frequency, as GGUF stores Llama 3's.
    Factors(Vec<f32>),
}

/// Everything the model code needs to know about a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub arch: Arch,
    pub layers: usize,
    pub hidden: usize,
    pub intermediate: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
    pub vocab: usize,
    /// The longest context the model was made for, in tokens.
    pub context: usize,
    pub rms_eps: f32,
    pub rope_theta: f32,
    pub rope_scaling: RopeScaling,
    /// Rotary base of the sliding-window layers (Gemma 3).
    pub rope_theta_local: f32,
    /// Positions a sliding-window layer looks back, itself included; `None` if all layers see everything.
    pub sliding_window: Option<usize>,
    /// Of this many consecutive layers the last sees everything (Gemma 3: 6).
    pub sliding_pattern: usize,
    /// Scores are multiplied by this.
    pub attention_scale: f32,
    /// Whether q, k and v have a bias (Qwen 2).
    pub qkv_bias: bool,
    /// Whether q and k are normalised per head (Qwen 3, Gemma 3).
    pub qk_norm: bool,
    /// Whether the output head is the embedding.
    pub tied: bool,
}

impl Config {
    /// Reads the metadata of a GGUF file.
    ///
    /// # Errors
    /// If a value is missing or absurd, or the architecture is not run.
    pub fn from_gguf(file: &Gguf) -> Result<Self, NnError> {
        let name = file.str("general.architecture");
        let name = name.ok_or_else(|| NnError::format(file.name(), "it names no architecture"))?;
        let arch = Arch::parse(name)?;
        let reader = GgufReader { file, arch: name };
        let hidden = reader.size("embedding_length")?;
        let heads = reader.size("attention.head_count")?;
        let head_dim = reader.optional("attention.key_length").unwrap_or(hidden / heads.max(1));
        let (_, vocab) = embedding_shape(file)?;
        let config = Self {
            layers: reader.size("block_count")?,
            intermediate: reader.size("feed_forward_length")?,
            kv_heads: reader.optional("attention.head_count_kv").unwrap_or(heads),
            context: reader.size("context_length")?,
            rms_eps: reader.float("attention.layer_norm_rms_epsilon")?,
            rope_theta: reader.float("rope.freq_base").unwrap_or(10_000.0),
            rope_scaling: reader.rope_scaling()?,
            sliding_window: reader.optional("attention.sliding_window").filter(|_| arch == Arch::Gemma3),
            tied: file.tensor("output.weight").is_none(),
            ..Self::base(arch, hidden, heads, head_dim, vocab)
        };
        reader.refuse_partial_rope(head_dim)?;
        config.checked(file.name())
    }

    /// Reads the hub's `config.json`; `name` is used in errors.
    ///
    /// # Errors
    /// If a value is missing or absurd, or the architecture is not run.
    pub fn from_json(name: &str, json: &Value) -> Result<Self, NnError> {
        let arch = Arch::parse(json["model_type"].as_str().unwrap_or("(none)"))?;
        let size = |key: &str| {
            json[key].as_u64().map(|n| n as usize).ok_or_else(|| NnError::format(name, format!("no {key:?}")))
        };
        let float = |key: &str, default: f64| json[key].as_f64().unwrap_or(default) as f32;
        let (hidden, heads) = (size("hidden_size")?, size("num_attention_heads")?);
        let head_dim = size("head_dim").unwrap_or(hidden / heads.max(1));
        let gemma = arch == Arch::Gemma3;
        refuse_switches(name, json, gemma)?;
        let rope = rope_parameters(json);
        let config = Self {
            layers: size("num_hidden_layers")?,
            intermediate: size("intermediate_size")?,
            kv_heads: size("num_key_value_heads").unwrap_or(heads),
            context: size("max_position_embeddings")?,
            rms_eps: float("rms_norm_eps", 1e-6),
            rope_theta: float("rope_theta", rope["rope_theta"].as_f64().unwrap_or(10_000.0)),
            rope_scaling: rope_scaling_from_json(json, rope)?,
            rope_theta_local: float(
                "rope_local_base_freq",
                json["rope_parameters"]["sliding_attention"]["rope_theta"].as_f64().unwrap_or(10_000.0),
            ),
            sliding_window: size("sliding_window").ok().filter(|_| gemma),
            sliding_pattern: sliding_pattern(name, json)?,
            attention_scale: float("query_pre_attn_scalar", head_dim as f64).sqrt().recip(),
            tied: json["tie_word_embeddings"].as_bool().unwrap_or(gemma),
            ..Self::base(arch, hidden, heads, head_dim, size("vocab_size")?)
        };
        config.checked(name)
    }

    fn base(arch: Arch, hidden: usize, heads: usize, head_dim: usize, vocab: usize) -> Self {
        Self {
            arch,
            layers: 0,
            hidden,
            intermediate: 0,
            heads,
            kv_heads: heads,
            head_dim,
            vocab,
            context: 0,
            rms_eps: 1e-6,
            rope_theta: 10_000.0,
            rope_scaling: RopeScaling::None,
            rope_theta_local: 10_000.0,
            sliding_window: None,
            sliding_pattern: 6,
            attention_scale: (head_dim as f32).sqrt().recip(),
            qkv_bias: arch == Arch::Qwen2,
            qk_norm: matches!(arch, Arch::Qwen3 | Arch::Gemma3),
            tied: false,
        }
    }

    /// Refuses sizes that would make later arithmetic overflow or divide by zero.
    fn checked(self, name: &str) -> Result<Self, NnError> {
        let sizes = [
            ("layers", self.layers, 1 << 10),
            ("hidden size", self.hidden, 1 << 17),
            ("intermediate size", self.intermediate, 1 << 19),
            ("heads", self.heads, 1 << 10),
            ("key-value heads", self.kv_heads, 1 << 10),
            ("head size", self.head_dim, 1 << 10),
            ("vocabulary", self.vocab, 1 << 22),
            ("context", self.context, 1 << 24),
            ("sliding pattern", self.sliding_pattern, 1 << 10),
        ];
        for (what, size, limit) in sizes {
            if size == 0 || size > limit {
                return Err(NnError::format(name, format!("{what} is {size}; 1 to {limit} is possible")));
            }
        }
        if !self.heads.is_multiple_of(self.kv_heads) || !self.head_dim.is_multiple_of(2) {
            let (heads, kv, dim) = (self.heads, self.kv_heads, self.head_dim);
            return Err(NnError::format(
                name,
                format!("{heads} heads on {kv} key-value heads of size {dim}"),
            ));
        }
        if !(self.rms_eps >= 0.0 && self.rope_theta > 0.0 && self.attention_scale.is_finite()) {
            return Err(NnError::format(name, "an epsilon, rotary base or attention scale is not a number"));
        }
        Ok(self)
    }

    /// How many positions layer `layer` looks back, itself included; `None` for all.
    pub fn window(&self, layer: usize) -> Option<usize> {
        self.sliding_window.filter(|_| !(layer + 1).is_multiple_of(self.sliding_pattern))
    }

    /// Rotary angle per position for each of the `head_dim / 2` pairs of layer `layer`.
    pub fn rope_frequencies(&self, layer: usize) -> Vec<f32> {
        let local = self.window(layer).is_some();
        let theta = if local { self.rope_theta_local } else { self.rope_theta };
        let half = self.head_dim / 2;
        let plain = (0..half).map(|i| theta.powf(-(i as f32) / half as f32));
        if local {
            return plain.collect();
        }
        match &self.rope_scaling {
            RopeScaling::None => plain.collect(),
            RopeScaling::Linear(factor) => plain.map(|f| f / factor).collect(),
            RopeScaling::Factors(factors) => plain.zip(factors).map(|(f, by)| f / by).collect(),
            RopeScaling::Llama3 { factor, low, high, original_context } => plain
                .map(|f| {
                    let turns = original_context * f / TAU;
                    let keep = ((turns - low) / (high - low)).clamp(0.0, 1.0);
                    keep * f + (1.0 - keep) * f / factor
                })
                .collect(),
        }
    }

    /// What embeddings are multiplied by.
    pub fn embedding_scale(&self) -> f32 {
        if self.arch == Arch::Gemma3 { (self.hidden as f32).sqrt() } else { 1.0 }
    }

    /// Number of weights of the model as stored.
    pub fn parameters(&self) -> usize {
        let attention = 2 * self.hidden * self.head_dim * (self.heads + self.kv_heads);
        let layer = attention + 3 * self.hidden * self.intermediate + 2 * self.hidden;
        let embeddings = if self.tied { 1 } else { 2 } * self.vocab * self.hidden;
        self.layers * layer + embeddings + self.hidden
    }
}

struct GgufReader<'a> {
    file: &'a Gguf,
    arch: &'a str,
}

impl GgufReader<'_> {
    fn optional(&self, key: &str) -> Option<usize> {
        self.file.uint(&format!("{}.{key}", self.arch))
    }

    fn size(&self, key: &str) -> Result<usize, NnError> {
        self.optional(key)
            .ok_or_else(|| NnError::format(self.file.name(), format!("no usable {}.{key}", self.arch)))
    }

    fn float(&self, key: &str) -> Result<f32, NnError> {
        self.file
            .float(&format!("{}.{key}", self.arch))
            .ok_or_else(|| NnError::format(self.file.name(), format!("no usable {}.{key}", self.arch)))
    }

    fn rope_scaling(&self) -> Result<RopeScaling, NnError> {
        if let Some((info, bytes)) = self.file.tensor("rope_freqs.weight") {
            let mut factors = vec![0.0; info.dims.iter().product()];
            crate::quant::dequantise(info.dtype, bytes, &mut factors);
            return Ok(RopeScaling::Factors(factors));
        }
        let factor = self.float("rope.scaling.factor").unwrap_or(1.0);
        match self.file.str(&format!("{}.rope.scaling.type", self.arch)) {
            None | Some("none") => Ok(RopeScaling::None),
            Some("linear") => Ok(RopeScaling::Linear(factor)),
            Some(other) => Err(NnError::Unsupported(format!("{}: rope scaling {other:?}", self.file.name()))),
        }
    }

    fn refuse_partial_rope(&self, head_dim: usize) -> Result<(), NnError> {
        match self.optional("rope.dimension_count") {
            Some(n) if n != head_dim => {
                Err(NnError::Unsupported(format!("{}: rotates {n} of {head_dim}", self.file.name())))
            }
            _ => Ok(()),
        }
    }
}

fn embedding_shape(file: &Gguf) -> Result<(usize, usize), NnError> {
    match file.tensor("token_embd.weight") {
        Some((gguf::TensorInfo { dims, .. }, _)) if dims.len() == 2 => Ok((dims[0], dims[1])),
        _ => Err(NnError::format(file.name(), "it has no matrix token_embd.weight")),
    }
}

/// Switches that this crate does not know how to follow: to run the model regardless would be to run another one.
fn refuse_switches(name: &str, json: &Value, gemma: bool) -> Result<(), NnError> {
    let activation = json["hidden_activation"].as_str().or(json["hidden_act"].as_str());
    let known = if gemma { "gelu_pytorch_tanh" } else { "silu" };
    let qwen2 = json["model_type"] == "qwen2";
    let odd = [
        ("attention_bias", !qwen2 && json["attention_bias"] == true),
        ("mlp_bias", json["mlp_bias"] == true),
        ("use_sliding_window", json["use_sliding_window"] == true),
        ("attn_logit_softcapping", json["attn_logit_softcapping"].is_number()),
        ("final_logit_softcapping", json["final_logit_softcapping"].is_number()),
        ("use_bidirectional_attention", json["use_bidirectional_attention"] == true),
        ("hidden_act", activation.is_some_and(|a| a != known)),
    ];
    match odd.iter().find(|(_, odd)| *odd) {
        Some((key, _)) => Err(NnError::Unsupported(format!("{name}: {key} {}", json[key]))),
        None => Ok(()),
    }
}

/// Rotary parameters as transformers 5 writes them: one set, or one per kind of layer, of which this is that of the layers that see all.
fn rope_parameters(json: &Value) -> &Value {
    let all = &json["rope_parameters"];
    if all["full_attention"].is_object() { &all["full_attention"] } else { all }
}

/// Every how many layers one sees everything. Newer files list the layers instead, which has to come to the same.
fn sliding_pattern(name: &str, json: &Value) -> Result<usize, NnError> {
    let said = json["sliding_window_pattern"].as_u64().or(json["_sliding_window_pattern"].as_u64());
    let Some(kinds) = json["layer_types"].as_array() else { return Ok(said.unwrap_or(6) as usize) };
    let full = |kind: &Value| kind == "full_attention";
    let pattern = kinds.iter().position(full).unwrap_or(kinds.len()) + 1;
    if kinds.iter().enumerate().any(|(layer, kind)| full(kind) != (layer + 1).is_multiple_of(pattern)) {
        return Err(NnError::Unsupported(format!("{name}: layer_types {}", json["layer_types"])));
    }
    Ok(pattern)
}

fn rope_scaling_from_json(json: &Value, rope: &Value) -> Result<RopeScaling, NnError> {
    let scaling = if json["rope_scaling"].is_object() { &json["rope_scaling"] } else { rope };
    let float = |key: &str, default: f64| scaling[key].as_f64().unwrap_or(default) as f32;
    match scaling["rope_type"].as_str().or(scaling["type"].as_str()) {
        None | Some("default") => Ok(RopeScaling::None),
        Some("linear") => Ok(RopeScaling::Linear(float("factor", 1.0))),
        Some("llama3") => Ok(RopeScaling::Llama3 {
            factor: float("factor", 8.0),
            low: float("low_freq_factor", 1.0),
            high: float("high_freq_factor", 4.0),
            original_context: float("original_max_position_embeddings", 8192.0),
        }),
        Some(other) => Err(NnError::Unsupported(format!("rope scaling {other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn llama() -> Value {
        json!({"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2,
            "intermediate_size": 128, "max_position_embeddings": 128, "vocab_size": 100})
    }

    #[test]
    fn a_config_json_is_read_with_its_defaults() {
        let config = Config::from_json("t", &llama()).unwrap();
        assert_eq!((config.head_dim, config.kv_heads, config.tied), (16, 4, false));
        assert_eq!(config.rope_frequencies(0)[..2], [1.0, 10_000f32.powf(-0.125)]);
    }

    #[test]
    fn absurd_sizes_are_refused() {
        for (key, value) in [
            ("hidden_size", 0u64),
            ("num_hidden_layers", 1 << 40),
            ("num_key_value_heads", 3),
            ("head_dim", 5),
        ] {
            let mut json = llama();
            json[key] = value.into();
            assert!(Config::from_json("t", &json).is_err(), "{key} = {value}");
        }
    }

    #[test]
    fn llama3_scaling_keeps_high_and_divides_low_frequencies() {
        let mut json = llama();
        json["rope_theta"] = 500_000.0.into();
        json["rope_scaling"] = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192});
        let config = Config::from_json("t", &json).unwrap();
        let scaled = config.rope_frequencies(0);
        let plain = Config { rope_scaling: RopeScaling::None, ..config }.rope_frequencies(0);
        assert_eq!(scaled[0], plain[0]);
        assert_eq!(scaled[7], plain[7] / 8.0);
    }

    #[test]
    fn every_sixth_gemma_layer_sees_everything() {
        let mut json = llama();
        json["model_type"] = "gemma3_text".into();
        json["sliding_window"] = 512.into();
        let config = Config::from_json("t", &json).unwrap();
        let windows: Vec<_> = (0..6).map(|layer| config.window(layer)).collect();
        assert_eq!(windows, [Some(512), Some(512), Some(512), Some(512), Some(512), None]);
    }

    /// transformers 5 writes rotary parameters per kind of layer, and lists the layers.
    #[test]
    fn newer_files_say_the_same_in_other_words() {
        let mut json = llama();
        json["model_type"] = "gemma3_text".into();
        json["sliding_window"] = 512.into();
        json["num_hidden_layers"] = 4.into();
        json["layer_types"] =
            json!(["sliding_attention", "full_attention", "sliding_attention", "full_attention"]);
        json["rope_parameters"] = json!({
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
            "sliding_attention": {"rope_type": "default", "rope_theta": 20_000.0},
        });
        let object = json.as_object_mut().unwrap();
        object.remove("rope_theta");
        let config = Config::from_json("t", &json).unwrap();
        let windows: Vec<_> = (0..4).map(|layer| config.window(layer)).collect();
        assert_eq!(windows, [Some(512), None, Some(512), None]);
        assert_eq!((config.rope_theta, config.rope_theta_local), (1e6, 20_000.0));
        assert_eq!(config.rope_scaling, RopeScaling::Linear(8.0));
        json["layer_types"][1] = "sliding_attention".into();
        json["layer_types"][0] = "full_attention".into();
        let refusal = Config::from_json("t", &json).unwrap_err().to_string();
        assert!(refusal.contains("layer_types"), "{refusal}");
    }

    #[test]
    fn switches_that_nobody_follows_are_refused_by_name() {
        for (key, value) in [
            ("attention_bias", json!(true)),
            ("mlp_bias", json!(true)),
            ("use_sliding_window", json!(true)),
            ("final_logit_softcapping", json!(30.0)),
            ("hidden_act", json!("gelu")),
        ] {
            let mut json = llama();
            json[key] = value;
            let refusal = Config::from_json("t", &json).unwrap_err().to_string();
            assert!(refusal.contains(key), "{refusal}");
        }
    }
}
