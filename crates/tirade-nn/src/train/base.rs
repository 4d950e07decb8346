//! From a model file to what training needs of it: shape, tensors, tokenizer and template.

use std::path::Path;

use super::attention::Heads;
use super::corpus::Writer;
use super::error::TrainError;
use super::model::{LayerShape, Model, Shape, Tensors};
use super::ops::Activation;
use super::run::Prepared;
use crate::NnError;
use crate::config::{Arch, Config};
use crate::template::ChatTemplate;
use crate::tokenizer::Tokenizer;
use crate::weights::Weights;

impl Shape {
    /// The shape a configuration describes.
    pub fn new(config: &Config) -> Self {
        let gemma = config.arch == Arch::Gemma3;
        let mut rotary: Vec<Vec<f32>> = Vec::new();
        let layers = (0..config.layers).map(|layer| {
            let frequencies = config.rope_frequencies(layer);
            let table = rotary.iter().position(|known| *known == frequencies).unwrap_or_else(|| {
                rotary.push(frequencies);
                rotary.len() - 1
            });
            let heads = Heads {
                queries: config.heads,
                keys: config.kv_heads,
                width: config.head_dim,
                scale: config.attention_scale,
                window: config.window(layer),
            };
            LayerShape { heads, rotary: table }
        });
        let layers = layers.collect();
        Self {
            hidden: config.hidden,
            intermediate: config.intermediate,
            vocabulary: config.vocab,
            eps: config.rms_eps,
            activation: if gemma { Activation::Gelu } else { Activation::Silu },
            embedding_scale: config.embedding_scale(),
            query_key_norm: config.qk_norm,
            out_norms: gemma,
            bias: config.qkv_bias,
            tied: config.tied,
            layers,
            rotary,
        }
    }
}

impl Tensors for &Weights {
    type Error = NnError;

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Vec<f32>, NnError> {
        Ok(Weights::matrix(self, name, rows, columns)?.dequantise())
    }

    fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>, NnError> {
        Weights::vector(self, name, len)
    }
}

/// Loads the frozen weights, with rotary tables for the longest example.
pub(crate) fn load(prepared: &Prepared) -> Result<Model, TrainError> {
    let all = prepared.corpus.sequences.iter().chain(&prepared.validation.sequences);
    let positions = all.map(|s| s.tokens.len()).max().unwrap_or(1);
    Ok(Model::new(prepared.shape.clone(), positions, &mut &prepared.weights)?)
}

impl Writer {
    /// The tokenizer and chat template that belong to `weights`.
    ///
    /// # Errors
    /// If either is missing or unreadable.
    pub fn of(weights: &Weights, path: &Path) -> Result<Self, TrainError> {
        let (tokenizer, template) = match (weights.gguf(), weights.dir()) {
            (Some(file), _) => {
                let tokenizer = Tokenizer::from_gguf(file)?;
                let template = ChatTemplate::from_gguf(file, &tokenizer)?;
                (tokenizer, template)
            }
            (None, dir) => {
                let dir = dir.unwrap_or(path);
                let tokenizer = Tokenizer::from_dir(dir)?;
                let template = ChatTemplate::from_dir(dir, &tokenizer)?;
                (tokenizer, template)
            }
        };
        let template = template.ok_or_else(|| TrainError::NoTemplate { model: path.to_owned() })?;
        Ok(Self { tokenizer, template })
    }
}
