//! The decoder: Llama, Qwen2, Qwen3 and Gemma 3 in one forward pass over a batch of rows.
//!
//! A row is one token of one sequence. Rows of many sequences, prompts and replies alike, go through together;
//! each is computed as if it were alone.

use std::ops::Range;

use crate::NnError;
use crate::config::{Arch, Config};
use crate::kernel::act::{Act, Forms};
use crate::kernel::attention::{MAX_ROWS, Query, attend};
use crate::kernel::matmul::matmul;
use crate::kernel::ops::{Angles, Gate, for_rows, gate, rms_norm};
use crate::kernel::pack::{Matrix, Precision};
use crate::kernel::simd::Isa;
use crate::kv::KvCache;
use crate::lora::{Lora, Module};
use crate::pool::{Pool, Shared};
use crate::weights::{Weights, layer_tensors};

/// Consecutive tokens of one sequence.
pub struct Segment<'a> {
    pub tokens: &'a [u32],
    /// Position of the first of them.
    pub start: usize,
    /// The sequence's cache blocks, enough for all its positions.
    pub table: &'a [u32],
    pub adapter: Option<&'a Lora>,
    /// The tokens of the segment whose hidden state is asked for.
    pub wanted: Range<usize>,
}

/// A model ready to run.
pub struct Model {
    weights: Weights,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    head: Matrix,
    isa: Isa,
}

struct Layer {
    input_norm: Vec<f32>,
    post_attention_norm: Vec<f32>,
    /// Gemma's norms around the feed-forward part.
    ffn_norms: Option<(Vec<f32>, Vec<f32>)>,
    qkv: [Matrix; 3],
    qkv_bias: Option<[Vec<f32>; 3]>,
    qk_norm: Option<(Vec<f32>, Vec<f32>)>,
    o: Matrix,
    gate_up: [Matrix; 2],
    down: Matrix,
}

impl Layer {
    fn new(pool: &Pool, weights: &Weights, index: usize, precision: Precision) -> Result<Self, NnError> {
        let config = weights.config();
        let (q, kv) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
        let name = |suffix: &str| format!("model.layers.{index}.{suffix}");
        let vector = |suffix: &str, len| weights.vector(&name(suffix), len);
        let matrix = |suffix: &str, rows, cols| {
            Matrix::new(pool, &weights.matrix(&name(suffix), rows, cols)?, precision)
        };
        let gemma = config.arch == Arch::Gemma3;
        let (hidden, ff, dim) = (config.hidden, config.intermediate, config.head_dim);
        Ok(Self {
            input_norm: vector("input_layernorm.weight", hidden)?,
            post_attention_norm: vector("post_attention_layernorm.weight", hidden)?,
            ffn_norms: match gemma {
                true => Some((
                    vector("pre_feedforward_layernorm.weight", hidden)?,
                    vector("post_feedforward_layernorm.weight", hidden)?,
                )),
                false => None,
            },
            qkv: [
                matrix("self_attn.q_proj.weight", q, hidden)?,
                matrix("self_attn.k_proj.weight", kv, hidden)?,
                matrix("self_attn.v_proj.weight", kv, hidden)?,
            ],
            qkv_bias: match config.qkv_bias {
                true => Some([
                    vector("self_attn.q_proj.bias", q)?,
                    vector("self_attn.k_proj.bias", kv)?,
                    vector("self_attn.v_proj.bias", kv)?,
                ]),
                false => None,
            },
            qk_norm: match config.qk_norm {
                true => Some((vector("self_attn.q_norm.weight", dim)?, vector("self_attn.k_norm.weight", dim)?)),
                false => None,
            },
            o: matrix("self_attn.o_proj.weight", hidden, q)?,
            gate_up: [matrix("mlp.gate_proj.weight", ff, hidden)?, matrix("mlp.up_proj.weight", ff, hidden)?],
            down: matrix("mlp.down_proj.weight", hidden, ff)?,
        })
    }
}

/// What a batch needs in every layer.
struct Batch<'a> {
    segments: &'a [Segment<'a>],
    /// Row of the first token of each segment.
    starts: Vec<usize>,
    rows: usize,
    /// Rotary angles of layers that see everything and of those with a window.
    angles: [Angles; 2],
}

impl Model {
    /// Packs a model's weights.
    ///
    /// # Errors
    /// If a tensor cannot be packed, or a head's size is not a multiple of 16.
    pub fn new(weights: Weights, pool: &Pool, isa: Isa, precision: Precision) -> Result<Self, NnError> {
        let config = weights.config();
        if !config.head_dim.is_multiple_of(16) {
            return Err(NnError::Unsupported(format!("heads of size {}, not a multiple of 16", config.head_dim)));
        }
        let layers = (0..config.layers).map(|i| Layer::new(pool, &weights, i, precision)).collect::<Result<_, _>>()?;
        let head = Matrix::new(pool, &weights.head()?, precision)?;
        let norm = weights.vector("model.norm.weight", config.hidden)?;
        Ok(Self { layers, norm, head, isa, weights })
    }

    /// Bytes of memory that packing the weights takes.
    ///
    /// # Errors
    /// If a tensor is missing.
    pub fn packed_bytes(weights: &Weights, precision: Precision) -> Result<usize, NnError> {
        let config = weights.config();
        let bytes = |name: &str, rows, cols| -> Result<usize, NnError> {
            let tensor = weights.matrix(name, rows, cols)?;
            Ok(Matrix::bytes_for(tensor.dtype, rows, cols, precision))
        };
        let head = weights.head()?;
        let mut total = Matrix::bytes_for(head.dtype, head.rows, head.cols, precision);
        for (suffix, rows, cols) in layer_tensors(config).into_iter().filter(|(_, rows, _)| *rows > 1) {
            for layer in 0..config.layers {
                total += bytes(&format!("model.layers.{layer}.{suffix}"), rows, cols)?;
            }
        }
        Ok(total)
    }

    /// The architecture.
    pub fn config(&self) -> &Config {
        self.weights.config()
    }

    /// Runs all segments through the model, extends their caches, and returns the final hidden states of the
    /// wanted tokens, normalised, segment by segment.
    ///
    /// # Panics
    /// If a token is not in the vocabulary or a table too short.
    pub fn forward(&self, pool: &Pool, kv: &mut KvCache, segments: &[Segment]) -> Vec<f32> {
        let batch = self.batch(segments);
        let mut x = self.embed(pool, &batch);
        for (index, layer) in self.layers.iter().enumerate() {
            self.attention(pool, kv, &batch, index, layer, &mut x);
            self.feed_forward(pool, &batch, index, layer, &mut x);
        }
        let hidden = self.config().hidden;
        let mut out = Vec::new();
        for (segment, start) in segments.iter().zip(&batch.starts) {
            let rows = start + segment.wanted.start..start + segment.wanted.end;
            out.extend_from_slice(&x[rows.start * hidden..rows.end * hidden]);
        }
        rms_norm(pool, self.isa, &mut out, &self.norm, self.config().rms_eps);
        out
    }

    /// The logits of some hidden states.
    pub fn logits(&self, pool: &Pool, hidden: &[f32]) -> Vec<f32> {
        let rows = hidden.len() / self.config().hidden;
        let mut out = vec![0.0; rows * self.config().vocab];
        let act = Act::new(pool, self.isa, hidden, rows, self.config().hidden, forms(&[&self.head]));
        matmul(pool, &act, &mut [(&self.head, &mut out)]);
        out
    }

    fn batch<'a>(&self, segments: &'a [Segment<'a>]) -> Batch<'a> {
        let mut starts = Vec::with_capacity(segments.len());
        let mut rows = 0;
        for segment in segments {
            starts.push(rows);
            rows += segment.tokens.len();
        }
        let positions = || segments.iter().flat_map(|s| s.start..s.start + s.tokens.len());
        let config = self.config();
        let with_window = (0..config.layers).find(|&l| config.window(l).is_some());
        let global = (0..config.layers).find(|&l| config.window(l).is_none()).unwrap_or(0);
        let local = with_window.map_or(Vec::new(), |layer| config.rope_frequencies(layer));
        let angles = [
            Angles::new(&config.rope_frequencies(global), positions()),
            Angles::new(&local, positions()),
        ];
        Batch { segments, starts, rows, angles }
    }

    fn embed(&self, pool: &Pool, batch: &Batch) -> Vec<f32> {
        let config = self.config();
        let tokens: Vec<u32> = batch.segments.iter().flat_map(|s| s.tokens).copied().collect();
        let table = self.weights.matrix("model.embed_tokens.weight", config.vocab, config.hidden);
        let table = table.expect("the shape was checked when the model was opened");
        let scale = config.embedding_scale();
        let mut x = vec![0.0; batch.rows * config.hidden];
        for_rows(pool, &mut x, config.hidden, |row, values| {
            table.row_f32(tokens[row] as usize, values);
            if scale != 1.0 {
                values.iter_mut().for_each(|v| *v *= scale);
            }
        });
        x
    }

    fn attention(&self, pool: &Pool, kv: &mut KvCache, batch: &Batch, index: usize, layer: &Layer, x: &mut [f32]) {
        let config = self.config();
        let (q_cols, kv_cols) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
        let mut input = x.to_vec();
        rms_norm(pool, self.isa, &mut input, &layer.input_norm, config.rms_eps);
        let [mut q, mut k, mut v] = [q_cols, kv_cols, kv_cols].map(|cols| vec![0.0; batch.rows * cols]);
        let modules = [Module::Q, Module::K, Module::V];
        {
            let [wq, wk, wv] = &layer.qkv;
            self.product(pool, batch, index, &input, &mut [(wq, &mut q), (wk, &mut k), (wv, &mut v)], &modules);
        }
        if let Some(biases) = &layer.qkv_bias {
            for (values, bias) in [&mut q, &mut k, &mut v].into_iter().zip(biases) {
                for_rows(pool, values, bias.len(), |_, row| row.iter_mut().zip(bias).for_each(|(v, b)| *v += b));
            }
        }
        if let Some((q_norm, k_norm)) = &layer.qk_norm {
            rms_norm(pool, self.isa, &mut q, q_norm, config.rms_eps);
            rms_norm(pool, self.isa, &mut k, k_norm, config.rms_eps);
        }
        let angles = &batch.angles[usize::from(config.window(index).is_some())];
        for_rows(pool, &mut q, q_cols, |row, heads| angles.rotate(row, heads));
        for_rows(pool, &mut k, kv_cols, |row, heads| angles.rotate(row, heads));
        // All keys and values are written before any is read, so segments may share blocks within one batch.
        for (segment, start) in batch.segments.iter().zip(&batch.starts) {
            for t in 0..segment.tokens.len() {
                let row = (start + t) * kv_cols..(start + t + 1) * kv_cols;
                kv.write(index, segment.table, segment.start + t, &k[row.clone()], &v[row]);
            }
        }
        let mut mixed = vec![0.0; batch.rows * q_cols];
        self.attend(pool, kv, batch, index, &q, &mut mixed);
        let mut out = vec![0.0; batch.rows * config.hidden];
        self.product(pool, batch, index, &mixed, &mut [(&layer.o, &mut out)], &[Module::O]);
        if layer.ffn_norms.is_some() {
            rms_norm(pool, self.isa, &mut out, &layer.post_attention_norm, config.rms_eps);
        }
        add(x, &out);
    }

    /// Attention of every row, in groups of rows that share keys and values.
    fn attend(&self, pool: &Pool, kv: &KvCache, batch: &Batch, layer: usize, q: &[f32], out: &mut [f32]) {
        let config = self.config();
        let (dim, window) = (config.head_dim, config.window(layer));
        let group = config.heads / config.kv_heads;
        let mut tasks = Vec::new();
        for (segment, start) in batch.segments.iter().zip(&batch.starts) {
            let pairs = segment.tokens.len() * group;
            for head in 0..config.kv_heads {
                tasks.extend((0..pairs).step_by(MAX_ROWS).map(|at| (segment, *start, head, at..pairs.min(at + MAX_ROWS))));
            }
        }
        let place = Shared(out.as_mut_ptr());
        pool.run(tasks.len(), |i| {
            let (segment, start, kv_head, pairs) = &tasks[i];
            let query = |pair: usize| {
                let (t, head) = (pair / group, kv_head * group + pair % group);
                let at = ((start + t) * config.heads + head) * dim;
                let to = segment.start + t + 1;
                let from = window.map_or(0, |w| to.saturating_sub(w));
                // SAFETY: `out` has the size of `q`.
                Query { q: q[at..at + dim].as_ptr(), out: unsafe { place.get().add(at) }, from, to }
            };
            let queries: Vec<Query> = pairs.clone().map(query).collect();
            let cache = kv.head(layer, *kv_head, segment.table);
            // SAFETY: every pair of token and head is in one task; the table covers all positions.
            unsafe { attend(self.isa, cache, config.attention_scale, &queries) };
        });
    }

    fn feed_forward(&self, pool: &Pool, batch: &Batch, index: usize, layer: &Layer, x: &mut [f32]) {
        let config = self.config();
        let mut input = x.to_vec();
        let norm = layer.ffn_norms.as_ref().map_or(&layer.post_attention_norm, |(before, _)| before);
        rms_norm(pool, self.isa, &mut input, norm, config.rms_eps);
        let ff = config.intermediate;
        let (mut gated, mut up) = (vec![0.0; batch.rows * ff], vec![0.0; batch.rows * ff]);
        {
            let [gate, up_proj] = &layer.gate_up;
            let products = &mut [(gate, &mut gated[..]), (up_proj, &mut up[..])];
            self.product(pool, batch, index, &input, products, &[Module::Gate, Module::Up]);
        }
        let kind = if config.arch == Arch::Gemma3 { Gate::Gelu } else { Gate::Silu };
        gate(pool, self.isa, kind, &mut gated, &up, ff);
        let mut out = vec![0.0; batch.rows * config.hidden];
        self.product(pool, batch, index, &gated, &mut [(&layer.down, &mut out)], &[Module::Down]);
        if let Some((_, after)) = &layer.ffn_norms {
            rms_norm(pool, self.isa, &mut out, after, config.rms_eps);
        }
        add(x, &out);
    }

    /// Products of the same input, with the adapters' parts added to the rows that have one.
    fn product(
        &self,
        pool: &Pool,
        batch: &Batch,
        layer: usize,
        input: &[f32],
        products: &mut [(&Matrix, &mut [f32])],
        modules: &[Module],
    ) {
        let cols = products[0].0.cols();
        let matrices: Vec<&Matrix> = products.iter().map(|(matrix, _)| *matrix).collect();
        let act = Act::new(pool, self.isa, input, batch.rows, cols, forms(&matrices));
        matmul(pool, &act, products);
        for (segments, rows) in adapter_runs(batch) {
            let Some(adapter) = segments.adapter else { continue };
            let input = &input[rows.start * cols..rows.end * cols];
            for ((matrix, out), module) in products.iter_mut().zip(modules) {
                let out = &mut out[rows.start * matrix.rows()..rows.end * matrix.rows()];
                adapter.add(pool, self.isa, layer, *module, input, out);
            }
        }
    }
}

/// The rows of neighbouring segments with the same adapter, with the first such segment.
fn adapter_runs<'a>(batch: &'a Batch) -> Vec<(&'a Segment<'a>, Range<usize>)> {
    let mut runs: Vec<(&Segment, Range<usize>)> = Vec::new();
    for (segment, start) in batch.segments.iter().zip(&batch.starts) {
        let end = start + segment.tokens.len();
        match runs.last_mut() {
            Some((first, rows)) if same(first.adapter, segment.adapter) => rows.end = end,
            _ => runs.push((segment, *start..end)),
        }
    }
    runs
}

fn same(a: Option<&Lora>, b: Option<&Lora>) -> bool {
    a.map(std::ptr::from_ref) == b.map(std::ptr::from_ref)
}

fn forms(matrices: &[&Matrix]) -> Forms {
    let bytes = matrices.iter().any(|m| m.is_integer());
    Forms { bytes, floats: matrices.iter().any(|m| !m.is_integer()) }
}

fn add(x: &mut [f32], y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}
