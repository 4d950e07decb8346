//! From a model file to what training needs of it: shape, tensors, tokenizer and template.

use std::path::Path;

use super::attention::Heads;
use super::corpus::Writer;
use super::error::TrainError;
use super::model::{LayerShape, Model, Shape, Tensors};
use super::ops::Activation;
use super::options::{BasePrecision, TrainOptions};
use super::panels::Panels;
use super::run::Prepared;
use super::store::Form;
use crate::NnError;
use crate::config::{Arch, Config};
use crate::template::ChatTemplate;
use crate::tokenizer::Tokenizer;
use crate::weights::{Weights, layer_tensors};

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

/// The tensors of a file, held as the options say.
struct Source<'a> {
    weights: &'a Weights,
    precision: BasePrecision,
}

impl Tensors for Source<'_> {
    type Error = NnError;

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Panels, NnError> {
        Ok(Panels::read(&self.weights.matrix(name, rows, columns)?, self.precision))
    }

    fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>, NnError> {
        self.weights.vector(name, len)
    }
}

/// Bytes that the frozen weights will take.
///
/// # Errors
/// If a matrix is missing or has another shape.
pub(crate) fn held(weights: &Weights, precision: BasePrecision) -> Result<u64, NnError> {
    let config = weights.config();
    let of_layer = layer_tensors(config).into_iter().filter(|(_, rows, _)| *rows > 1);
    let mut matrices: Vec<(String, usize, usize)> = of_layer
        .flat_map(|(name, rows, columns)| {
            (0..config.layers).map(move |layer| (format!("model.layers.{layer}.{name}"), rows, columns))
        })
        .collect();
    let outer = ["model.embed_tokens.weight", "lm_head.weight"].into_iter().take(2 - config.tied as usize);
    matrices.extend(outer.map(|name| (name.to_owned(), config.vocab, config.hidden)));
    matrices.into_iter().try_fold(0, |sum, (name, rows, columns)| {
        let form = Form::of(weights.matrix(&name, rows, columns)?.dtype, precision);
        Ok(sum + form.bytes((rows * columns) as u64))
    })
}

/// Loads the frozen weights, with rotary tables for the longest example, and lets go of the file.
pub(crate) fn load(options: &TrainOptions, prepared: &Prepared) -> Result<Model, TrainError> {
    let all = prepared.corpus.sequences.iter().chain(&prepared.validation.sequences);
    let positions = all.map(|s| s.tokens.len()).max().unwrap_or(1);
    let weights = Weights::open(&options.model)?;
    let mut source = Source { weights: &weights, precision: options.base_precision };
    Ok(Model::new(prepared.shape.clone(), positions, &mut source)?)
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
