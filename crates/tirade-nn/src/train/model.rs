//! The frozen base model as training needs it: shapes, panels of weights, rotary tables.
//!
//! [`Model::new`] takes tensors by their hub names from whoever can produce them ([`Tensors`]), so files and tests look alike.

use super::aligned::Arena;
use super::attention::Heads;
use super::lora::{Linear, Module};
use super::ops::Activation;
use super::panels::Panels;

/// Where tensors come from, by their hub names: a file, or a test's formula.
pub(crate) trait Tensors {
    type Error;
    /// A matrix of outputs by inputs, in the form it is to be held.
    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Panels, Self::Error>;
    /// A vector; for norms, what is multiplied by.
    fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>, Self::Error>;
}

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
    /// Queries and keys are normed per head (Qwen 3, Gemma 3).
    pub query_key_norm: bool,
    /// What attention and the MLP return is normed before it is added (Gemma 3).
    pub out_norms: bool,
    /// q, k and v have a bias (Qwen 2).
    pub bias: bool,
    /// The output head is the embedding.
    pub tied: bool,
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
    /// Reads every tensor through `tensors`, for sequences of at most `positions` tokens.
    pub fn new<E>(shape: Shape, positions: usize, tensors: &mut impl Tensors<Error = E>) -> Result<Self, E> {
        let size = (shape.vocabulary, shape.hidden);
        let arena = &mut Arena::default();
        let embedding = panels(tensors, arena, "model.embed_tokens.weight", size)?;
        let norm = tensors.vector("model.norm.weight", shape.hidden)?;
        let head = if shape.tied { None } else { Some(panels(tensors, arena, "lm_head.weight", size)?) };
        let layers = (0..shape.layers.len())
            .map(|i| read_layer(&shape, i, tensors, arena))
            .collect::<Result<_, E>>()?;
        let rotary = shape.rotary.iter().map(|inverse| rotary_table(inverse, positions)).collect();
        Ok(Self { shape, embedding, layers, norm, head, rotary })
    }

    /// The output head: its own weights, or the embedding's.
    pub fn head(&self) -> &Panels {
        self.head.as_ref().unwrap_or(&self.embedding)
    }
}

fn rotary_table(inverse: &[f32], positions: usize) -> Rotary {
    let angles = (0..positions).flat_map(|p| inverse.iter().map(move |f| p as f32 * f));
    let (cos, sin) = angles.map(|a| ((a as f64).cos() as f32, (a as f64).sin() as f32)).unzip();
    Rotary { cos, sin }
}

fn panels<T: Tensors>(
    tensors: &mut T,
    arena: &mut Arena,
    name: &str,
    (rows, columns): (usize, usize),
) -> Result<Panels, T::Error> {
    Ok(tensors.matrix(name, rows, columns)?.kept(arena))
}

fn read_layer<T: Tensors>(
    shape: &Shape,
    index: usize,
    tensors: &mut T,
    arena: &mut Arena,
) -> Result<Layer, T::Error> {
    let full = |name: &str| format!("model.layers.{index}.{name}");
    let mut linears = Vec::with_capacity(7);
    for module in Module::ALL {
        let name = full(&format!("{}.{}", module.block(), module.name()));
        let (inputs, outputs) = shape.sizes()[module as usize];
        let weight = panels(tensors, arena, &format!("{name}.weight"), (outputs, inputs))?;
        let biased = shape.bias && matches!(module, Module::Q | Module::K | Module::V);
        let bias = biased.then(|| tensors.vector(&format!("{name}.bias"), outputs)).transpose()?;
        linears.push(Linear { weight, bias });
    }
    let mut norm = |name: &str, width: usize, there: bool| {
        there.then(|| tensors.vector(&full(&format!("{name}.weight")), width)).transpose()
    };
    let (hidden, head) = (shape.hidden, shape.layers[index].heads.width);
    let expect = |norm: Option<Vec<f32>>| norm.unwrap_or_else(|| unreachable!("asked for"));
    // Gemma gives the name that others use for the norm before the MLP to one on attention's output.
    let after_attention = norm("post_attention_layernorm", hidden, true)?;
    let before_mlp = norm("pre_feedforward_layernorm", hidden, shape.out_norms)?;
    let (mlp_norm, attention_out_norm) =
        if shape.out_norms { (before_mlp, after_attention) } else { (after_attention, None) };
    Ok(Layer {
        shape: shape.layers[index],
        input_norm: expect(norm("input_layernorm", hidden, true)?),
        query_norm: norm("self_attn.q_norm", head, shape.query_key_norm)?,
        key_norm: norm("self_attn.k_norm", head, shape.query_key_norm)?,
        attention_out_norm,
        mlp_norm: expect(mlp_norm),
        mlp_out_norm: norm("post_feedforward_layernorm", hidden, shape.out_norms)?,
        linears: linears.try_into().unwrap_or_else(|_| unreachable!("seven modules")),
    })
}
