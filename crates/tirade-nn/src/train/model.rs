//! The frozen base model as training needs it: shapes, panels of weights, rotary tables.
//!
//! [`Model::new`] takes tensors by their hub names from whoever can produce them, so GGUF, safetensors and tests look alike.

use super::attention::Heads;
use super::gemm::Panels;
use super::lora::{Linear, Module};
use super::ops::Activation;

/// What distinguishes one supported architecture and size from another.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub hidden: usize,
    pub intermediate: usize,
    pub vocabulary: usize,
    pub eps: f32,
    pub activation: Activation,
    /// Multiplies the embeddings (Gemma: √hidden).
    pub embedding_scale: f32,
    /// Gemma's norms multiply by 1 + weight; folded into the weights when they are read.
    pub norm_plus_one: bool,
    /// Attention of each layer.
    pub layers: Vec<LayerShape>,
    /// Inverse frequencies of the rotary tables the layers refer to.
    pub rotary: Vec<Vec<f32>>,
}

/// One layer's attention.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerShape {
    pub heads: Heads,
    /// Index into [`Shape::rotary`].
    pub rotary: usize,
}

impl Shape {
    /// (inputs, outputs) of each module.
    pub fn sizes(&self) -> [(usize, usize); 7] {
        let heads = &self.layers[0].heads;
        let (h, i) = (self.hidden, self.intermediate);
        let (q, kv) = (heads.queries * heads.width, heads.keys * heads.width);
        [(h, q), (h, kv), (h, kv), (q, h), (h, i), (h, i), (i, h)]
    }
}

/// One frozen decoder layer.
pub(crate) struct Layer {
    pub shape: LayerShape,
    pub input_norm: Vec<f32>,
    pub query_norm: Option<Vec<f32>>,
    pub key_norm: Option<Vec<f32>>,
    /// Gemma norms what attention returns before adding it.
    pub attention_out_norm: Option<Vec<f32>>,
    pub mlp_norm: Vec<f32>,
    /// Gemma norms what the MLP returns before adding it.
    pub mlp_out_norm: Option<Vec<f32>>,
    linears: [Linear; 7],
}

impl Layer {
    /// One of the seven linear layers.
    pub fn linear(&self, module: Module) -> &Linear {
        &self.linears[module as usize]
    }
}

/// Cosines and sines for every position up to the longest sequence.
pub(crate) struct Rotary {
    pub cos: Vec<f32>,
    pub sin: Vec<f32>,
}

/// A frozen model.
pub(crate) struct Model {
    pub shape: Shape,
    pub embedding: Panels,
    pub layers: Vec<Layer>,
    pub norm: Vec<f32>,
    /// The output head where it is not the embedding.
    head: Option<Panels>,
    pub rotary: Vec<Rotary>,
}

impl Model {
    /// Reads every tensor through `get`, which returns `Ok(None)` for one that the model does not have.
    pub fn new<E>(
        shape: Shape,
        positions: usize,
        mut get: impl FnMut(&str) -> Result<Option<Vec<f32>>, E>,
        missing: impl Fn(&str) -> E,
    ) -> Result<Self, E> {
        let mut need = |name: &str| get(name)?.ok_or_else(|| missing(name));
        let embedding = Panels::weight(&need("model.embed_tokens.weight")?, shape.vocabulary, shape.hidden);
        let norm = with_one(&shape, need("model.norm.weight")?);
        let head = get("lm_head.weight")?.map(|rows| Panels::weight(&rows, shape.vocabulary, shape.hidden));
        let layers = (0..shape.layers.len())
            .map(|i| read_layer(&shape, i, &mut get, &missing))
            .collect::<Result<_, E>>()?;
        let rotary = shape.rotary.iter().map(|inverse| rotary_table(inverse, positions)).collect();
        Ok(Self { shape, embedding, layers, norm, head, rotary })
    }

    /// The output head: its own weights, or the embedding's.
    pub fn head(&self) -> &Panels {
        self.head.as_ref().unwrap_or(&self.embedding)
    }

    /// Bytes of frozen weights held.
    pub fn bytes(&self) -> usize {
        let linears = self.layers.iter().flat_map(|l| &l.linears).map(|l| l.weight.bytes());
        self.embedding.bytes() + self.head.as_ref().map_or(0, Panels::bytes) + linears.sum::<usize>()
    }
}

fn with_one(shape: &Shape, mut weight: Vec<f32>) -> Vec<f32> {
    if shape.norm_plus_one {
        weight.iter_mut().for_each(|w| *w += 1.0);
    }
    weight
}

fn rotary_table(inverse: &[f32], positions: usize) -> Rotary {
    let angles = (0..positions).flat_map(|p| inverse.iter().map(move |f| p as f32 * f));
    let (cos, sin) = angles.map(|a| ((a as f64).cos() as f32, (a as f64).sin() as f32)).unzip();
    Rotary { cos, sin }
}

fn read_layer<E>(
    shape: &Shape,
    index: usize,
    get: &mut impl FnMut(&str) -> Result<Option<Vec<f32>>, E>,
    missing: &impl Fn(&str) -> E,
) -> Result<Layer, E> {
    let full = |name: &str| format!("model.layers.{index}.{name}.weight");
    let mut linears = Vec::with_capacity(7);
    for module in Module::ALL {
        let name = full(&format!("{}.{}", module.block(), module.name()));
        let (inputs, outputs) = shape.sizes()[module as usize];
        let rows = get(&name)?.ok_or_else(|| missing(&name))?;
        let bias = get(&name.replace(".weight", ".bias"))?;
        linears.push(Linear { weight: Panels::weight(&rows, outputs, inputs), bias });
    }
    let mut norm = |name: &str| Ok(get(&full(name))?.map(|w| with_one(shape, w)));
    let gemma = norm("pre_feedforward_layernorm")?;
    let after_attention = norm("post_attention_layernorm")?;
    // Gemma gives the name that others use for the norm before the MLP to one on attention's output.
    let (mlp_norm, attention_out_norm) = match gemma {
        Some(before_mlp) => (Some(before_mlp), after_attention),
        None => (after_attention, None),
    };
    Ok(Layer {
        shape: shape.layers[index],
        input_norm: norm("input_layernorm")?.ok_or_else(|| missing(&full("input_layernorm")))?,
        query_norm: norm("self_attn.q_norm")?,
        key_norm: norm("self_attn.k_norm")?,
        attention_out_norm,
        mlp_norm: mlp_norm.ok_or_else(|| missing(&full("post_attention_layernorm")))?,
        mlp_out_norm: norm("post_feedforward_layernorm")?,
        linears: linears.try_into().unwrap_or_else(|_| unreachable!("seven modules")),
    })
}
