//! Folding an adapter into its base model: W + scale · B·A, written as a model that needs no adapter.
//!
//! [`merge`] writes the hub's layout or GGUF; [`parity`] then compares the logits of base + adapter with those of the merged
//! file, both computed exactly, so that a merge that lost the adapter cannot pass unnoticed.

mod gguf;
mod hub;

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;

use super::{Adapter, Pair};
use crate::NnError;
use crate::config::{Arch, Config};
use crate::engine::{Engine, EngineOptions, Precision};
use crate::quant::DType;
use crate::template::ChatTemplate;
use crate::tokenizer::Tokenizer;
use crate::weights::{Weights, layer_tensors};

/// What a merged model is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A directory in the hub's layout with one `model.safetensors`; F32, F16 or BF16.
    Hub(DType),
    /// One GGUF file; matrices in F32, F16 or Q8_0. The base must be GGUF too, since its tokenizer is copied.
    Gguf(DType),
}

/// Merges the adapter directory `adapter` into the model `base` and writes the result to `output`.
///
/// # Errors
/// If a file cannot be read or written, the adapter does not fit the base, or the format cannot be written.
pub fn merge(base: &Path, adapter: &Path, output: &Path, format: Format) -> Result<(), NnError> {
    let weights = Weights::open(base)?;
    let merged = Merged::new(&weights, Adapter::read(adapter)?, adapter)?;
    match format {
        Format::Hub(dtype @ (DType::F32 | DType::F16 | DType::BF16)) => hub::write(&merged, output, dtype),
        Format::Gguf(dtype @ (DType::F32 | DType::F16 | DType::Q8_0)) => gguf::write(&merged, output, dtype),
        Format::Hub(dtype) | Format::Gguf(dtype) => {
            Err(NnError::Unsupported(format!("writing a merged model as {dtype:?} in {format:?}")))
        }
    }
}

/// How closely two ways of running the same weights agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parity {
    /// Prompts compared.
    pub prompts: usize,
    /// Largest difference of any logit, and the largest logit's magnitude to judge it by.
    pub max_difference: f32,
    pub max_logit: f32,
    /// Prompts after which the likeliest token differs.
    pub other_token: usize,
    /// Largest change the adapter makes to any logit; 0 would mean that it does nothing.
    pub adapter_effect: f32,
}

impl Parity {
    /// Whether the merged model stands for base + adapter: differences far below the adapter's effect, no other token.
    pub fn holds(&self) -> bool {
        self.other_token == 0
            && self.max_difference.is_finite()
            && self.max_difference < 0.05 * self.adapter_effect
    }
}

/// Compares base + adapter with the merged model on the next token after each prompt.
///
/// # Errors
/// If a file cannot be read, or a prompt is empty.
pub fn parity(base: &Path, adapter: &Path, merged: &Path, prompts: &[&str]) -> Result<Parity, NnError> {
    let tokens = {
        let weights = Weights::open(base)?;
        let tokenizer = tokenizer(&weights, base)?;
        prompts.iter().map(|p| tokenizer.encode(p)).collect::<Result<Vec<_>, _>>()?
    };
    let (plain, adapted) = logits(base, Some(adapter), &tokens)?;
    let (_, merged) = logits_of(open(merged, base)?, None, &tokens)?;
    let mut parity = Parity {
        prompts: prompts.len(),
        max_difference: 0.0,
        max_logit: 0.0,
        other_token: 0,
        adapter_effect: 0.0,
    };
    for ((plain, adapted), merged) in plain.iter().zip(&adapted).zip(&merged) {
        parity.other_token += (likeliest(adapted) != likeliest(merged)) as usize;
        parity.max_difference = parity.max_difference.max(distance(adapted, merged));
        parity.adapter_effect = parity.adapter_effect.max(distance(adapted, plain));
        parity.max_logit = parity.max_logit.max(adapted.iter().fold(0.0, |m, x| m.max(x.abs())));
    }
    Ok(parity)
}

type Logits = Vec<Vec<f32>>;

fn logits(base: &Path, adapter: Option<&Path>, tokens: &[Vec<u32>]) -> Result<(Logits, Logits), NnError> {
    logits_of(open(base, base)?, adapter, tokens)
}

/// Logits without and with an adapter (the same without one).
fn logits_of(
    engine: Engine,
    adapter: Option<&Path>,
    tokens: &[Vec<u32>],
) -> Result<(Logits, Logits), NnError> {
    let plain = tokens.iter().map(|t| engine.logits(t, None)).collect::<Result<Logits, _>>()?;
    let Some(path) = adapter else { return Ok((plain.clone(), plain)) };
    let adapter = Adapter::read(path)?;
    let pairs = adapter.pairs.iter().map(|p| (&p.name[..], &p.a[..], &p.b[..]));
    let id = engine
        .add_adapter(adapter.config.r, adapter.config.scale(), pairs)
        .map_err(|what| NnError::Adapter { path: path.to_owned(), what })?;
    let adapted = tokens.iter().map(|t| engine.logits(t, Some(id))).collect::<Result<Logits, _>>()?;
    Ok((plain, adapted))
}

/// An exact engine for `model` with the tokenizer of `base`, whose tokens are used for both.
fn open(model: &Path, base: &Path) -> Result<Engine, NnError> {
    let tokenizer = tokenizer(&Weights::open(base)?, base)?;
    let options = EngineOptions {
        precision: Precision::Exact,
        context: 1024,
        max_batch: 1,
        ..EngineOptions::default()
    };
    Engine::with_parts(Weights::open(model)?, tokenizer, None::<ChatTemplate>, options)
}

fn tokenizer(weights: &Weights, path: &Path) -> Result<Tokenizer, NnError> {
    match weights.gguf() {
        Some(file) => Tokenizer::from_gguf(file),
        None => Tokenizer::from_dir(path),
    }
}

fn likeliest(logits: &[f32]) -> Option<usize> {
    (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |m, (a, b)| m.max((a - b).abs()))
}

/// A base model seen through an adapter.
struct Merged<'a> {
    weights: &'a Weights,
    adapter: Adapter,
    /// Index of the pair of each adapted layer.
    index: HashMap<String, usize>,
}

impl<'a> Merged<'a> {
    fn new(weights: &'a Weights, adapter: Adapter, path: &Path) -> Result<Self, NnError> {
        let merged = Self {
            index: adapter.pairs.iter().enumerate().map(|(i, pair)| (pair.name.clone(), i)).collect(),
            weights,
            adapter,
        };
        let names: HashMap<String, (usize, usize)> = tensors(weights.config())
            .into_iter()
            .map(|(name, rows, columns)| (name, (rows, columns)))
            .collect();
        for pair in &merged.adapter.pairs {
            let size = names.get(&format!("{}.weight", pair.name));
            if size != Some(&(pair.outputs, pair.inputs)) {
                let what =
                    format!("{} is {} × {}, the model has {size:?}", pair.name, pair.outputs, pair.inputs);
                return Err(NnError::Adapter { path: path.to_owned(), what });
            }
        }
        Ok(merged)
    }

    /// A tensor of the merged model in the hub's convention, row by row.
    fn tensor(&self, name: &str, rows: usize, columns: usize) -> Result<Vec<f32>, NnError> {
        if rows == 1 {
            let mut values = self.weights.vector(name, columns)?;
            // `Weights` gives what norms multiply by; the hub stores Gemma's less one.
            if self.weights.config().arch == Arch::Gemma3 && name.ends_with("norm.weight") {
                values.iter_mut().for_each(|v| *v -= 1.0);
            }
            return Ok(values);
        }
        let mut values = self.weights.matrix(name, rows, columns)?.dequantise();
        if let Some(&i) = name.strip_suffix(".weight").and_then(|stem| self.index.get(stem)) {
            add_product(
                &mut values,
                &self.adapter.pairs[i],
                self.adapter.config.r,
                self.adapter.config.scale(),
            );
        }
        Ok(values)
    }
}

/// `w += scale · B·A`.
fn add_product(w: &mut [f32], pair: &Pair, rank: usize, scale: f32) {
    for (w, b) in w.chunks_exact_mut(pair.inputs).zip(pair.b.chunks_exact(rank)) {
        for (a, &b) in pair.a.chunks_exact(pair.inputs).zip(b) {
            let factor = b * scale;
            w.iter_mut().zip(a).for_each(|(w, a)| *w += factor * a);
        }
    }
}

/// Every tensor of an architecture by its hub name, with rows (1 for vectors) and columns.
fn tensors(config: &Config) -> Vec<(String, usize, usize)> {
    let mut all = vec![("model.embed_tokens.weight".to_owned(), config.vocab, config.hidden)];
    for layer in 0..config.layers {
        let of_layer = layer_tensors(config).into_iter();
        all.extend(
            of_layer.map(|(name, rows, columns)| (format!("model.layers.{layer}.{name}"), rows, columns)),
        );
    }
    all.push(("model.norm.weight".into(), 1, config.hidden));
    if !config.tied {
        all.push(("lm_head.weight".into(), config.vocab, config.hidden));
    }
    all
}

/// The bytes of floats in a storage type.
fn encode(values: &[f32], dtype: DType) -> Vec<u8> {
    match dtype {
        DType::F16 => values.iter().flat_map(|&v| half::f16::from_f32(v).to_le_bytes()).collect(),
        DType::BF16 => values.iter().flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect(),
        DType::Q8_0 => values.chunks(32).flat_map(q8_0).collect(),
        _ => super::to_bytes(values),
    }
}

/// One block of 32: an f16 scale and 32 signed bytes.
fn q8_0(block: &[f32]) -> Vec<u8> {
    let largest = block.iter().fold(0f32, |m, v| m.max(v.abs()));
    let scale = half::f16::from_f32(largest / 127.0);
    let inverse = if scale.to_f32() > 0.0 { 1.0 / scale.to_f32() } else { 0.0 };
    let bytes = block.iter().map(|v| (v * inverse).round().clamp(-127.0, 127.0) as i8 as u8);
    scale.to_le_bytes().into_iter().chain(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::dequantise;
    use crate::train::tests::{trained, write_model};

    const PROMPTS: [&str; 3] = ["1 + 1?", "It is", "<|im_start|>user\n7"];

    #[test]
    fn hub_and_adapter_give_the_same_logits() {
        let dir = trained();
        let (base, adapter, merged) =
            (dir.path().join("model"), dir.path().join("out"), dir.path().join("merged"));
        merge(&base, &adapter, &merged, Format::Hub(DType::F32)).unwrap();
        let parity = parity(&base, &adapter, &merged, &PROMPTS).unwrap();
        assert!(parity.holds() && parity.max_difference < 1e-4 && parity.adapter_effect > 0.1, "{parity:?}");
        assert!(merged.join("tokenizer.json").exists() && merged.join("config.json").exists());
    }

    #[test]
    fn a_merge_that_lost_the_adapter_does_not_pass() {
        let dir = trained();
        let (base, adapter) = (dir.path().join("model"), dir.path().join("out"));
        assert!(!parity(&base, &adapter, &base, &PROMPTS).unwrap().holds());
    }

    #[test]
    fn an_adapter_of_another_model_is_refused() {
        let dir = trained();
        let adapter_dir = dir.path().join("out");
        let mut adapter = Adapter::read(&adapter_dir).unwrap();
        adapter.pairs[0].name = "model.layers.9.self_attn.q_proj".into();
        adapter.write(&adapter_dir).unwrap();
        let error =
            merge(&dir.path().join("model"), &adapter_dir, &dir.path().join("m"), Format::Hub(DType::F32));
        assert!(error.unwrap_err().to_string().contains("layers.9"));
    }

    #[test]
    fn gguf_needs_a_gguf_base_and_odd_types_are_refused() {
        let dir = trained();
        let (base, adapter, out) = (dir.path().join("model"), dir.path().join("out"), dir.path().join("m"));
        write_model(&base, None);
        assert!(merge(&base, &adapter, &out, Format::Gguf(DType::F16)).is_err());
        assert!(merge(&base, &adapter, &out, Format::Hub(DType::Q8_0)).is_err());
    }

    #[test]
    fn stored_types_come_back_within_their_precision() {
        let values: Vec<f32> = (0..64).map(|i| (i as f32 - 31.0) * 0.37).collect();
        for (dtype, tolerance) in
            [(DType::F32, 0.0), (DType::F16, 0.01), (DType::BF16, 0.05), (DType::Q8_0, 0.06)]
        {
            let mut back = vec![0.0; 64];
            dequantise(dtype, &encode(&values, dtype), &mut back);
            assert!(distance(&values, &back) <= tolerance, "{dtype:?}: {}", distance(&values, &back));
        }
    }
}
