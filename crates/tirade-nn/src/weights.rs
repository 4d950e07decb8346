//! Tensors by name, the same names for both formats.
//!
//! Names are those of the hub (`model.layers.3.self_attn.q_proj.weight`); for GGUF they are translated.
//! Two conventions of GGUF are undone here, so that nobody else needs to know them:
//!
//! * For `llama`, the converter reorders the rows of q and k, because ggml rotates neighbouring pairs there.
//!   [`Tensor::row`] gives them back in the hub's order (first and second half of a head form the pairs), which
//!   is how all four architectures are computed. Whole rows move, so quantised rows stay as they are.
//! * For `gemma3`, GGUF stores `1 + w` for the norms and the hub stores `w`. [`Weights::vector`] always returns
//!   the number to multiply by, `1 + w`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::NnError;
use crate::config::{Arch, Config};
use crate::gguf::Gguf;
use crate::quant::{DType, dequantise};
use crate::safetensors::Safetensors;

/// A model's weights, memory-mapped.
pub struct Weights {
    config: Config,
    source: Source,
    name: String,
}

enum Source {
    Gguf(Box<Gguf>),
    Safetensors { files: Vec<Safetensors>, index: HashMap<String, usize>, dir: PathBuf },
}

/// A matrix (or a vector, as one row) in its stored form.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'a> {
    pub dtype: DType,
    pub rows: usize,
    pub cols: usize,
    data: &'a [u8],
    /// Size of a head whose rows are stored with their two halves interleaved.
    interleaved: Option<usize>,
}

impl<'a> Tensor<'a> {
    /// A tensor of bytes that are not in a file.
    ///
    /// # Panics
    /// If there are not as many bytes as the shape needs.
    pub fn new(dtype: DType, rows: usize, cols: usize, data: &'a [u8]) -> Self {
        assert_eq!(dtype.bytes_for(cols).and_then(|n| n.checked_mul(rows)), Some(data.len()));
        Self { dtype, rows, cols, data, interleaved: None }
    }

    /// The bytes of one row, in the hub's order of rows.
    ///
    /// # Panics
    /// If `row` is out of range.
    pub fn row(&self, row: usize) -> &'a [u8] {
        let stored = match self.interleaved {
            None => row,
            Some(dim) => {
                let (head, within) = (row / dim, row % dim);
                head * dim + within % (dim / 2) * 2 + within / (dim / 2)
            }
        };
        let bytes = self.data.len() / self.rows;
        &self.data[stored * bytes..(stored + 1) * bytes]
    }

    /// One row as `f32` into `out`, which has `cols` elements.
    pub fn row_f32(&self, row: usize, out: &mut [f32]) {
        dequantise(self.dtype, self.row(row), &mut out[..self.cols]);
    }

    /// All rows as `f32`, one after another.
    pub fn dequantise(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.rows * self.cols];
        for (row, values) in out.chunks_exact_mut(self.cols).enumerate() {
            self.row_f32(row, values);
        }
        out
    }

    /// The stored size in bytes.
    pub fn bytes(&self) -> usize {
        self.data.len()
    }
}

impl Weights {
    /// Opens a `.gguf` file, or a directory with `config.json` and `*.safetensors`.
    ///
    /// # Errors
    /// If a file is missing, damaged or unsupported, or a tensor the architecture needs is not there in the
    /// shape it needs.
    pub fn open(path: &Path) -> Result<Self, NnError> {
        let weights = if path.is_dir() { Self::open_dir(path)? } else { Self::from_gguf(Gguf::open(path)?)? };
        weights.check_shapes()?;
        Ok(weights)
    }

    /// The weights of a GGUF file that is already open. Shapes are checked as tensors are asked for.
    ///
    /// # Errors
    /// If its description is incomplete or unsupported.
    pub fn from_gguf(file: Gguf) -> Result<Self, NnError> {
        let config = Config::from_gguf(&file)?;
        Ok(Self { config, name: file.name().to_owned(), source: Source::Gguf(Box::new(file)) })
    }

    fn open_dir(dir: &Path) -> Result<Self, NnError> {
        let path = dir.join("config.json");
        let text = fs::read_to_string(&path).map_err(|e| NnError::io(&path, e))?;
        let name = path.display().to_string();
        let json = serde_json::from_str(&text).map_err(|e| NnError::format(&name, e.to_string()))?;
        let config = Config::from_json(&name, &json)?;
        let files =
            safetensors_in(dir)?.iter().map(|p| Safetensors::open(p)).collect::<Result<Vec<_>, _>>()?;
        let names = |(i, file): (usize, &Safetensors)| {
            file.tensor_names().map(|name| (name.to_owned(), i)).collect::<Vec<_>>()
        };
        let index = files.iter().enumerate().flat_map(names).collect();
        let source = Source::Safetensors { files, index, dir: dir.to_owned() };
        Ok(Self { config, source, name: dir.display().to_string() })
    }

    /// The architecture.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The GGUF file, if that is where the weights come from: it holds the tokenizer too.
    pub fn gguf(&self) -> Option<&Gguf> {
        match &self.source {
            Source::Gguf(file) => Some(file),
            Source::Safetensors { .. } => None,
        }
    }

    /// The directory, if that is where the weights come from.
    pub fn dir(&self) -> Option<&Path> {
        match &self.source {
            Source::Gguf(_) => None,
            Source::Safetensors { dir, .. } => Some(dir),
        }
    }

    /// A tensor by its name on the hub, of `rows` × `cols`.
    ///
    /// # Errors
    /// If it is missing or has another shape.
    pub fn matrix(&self, name: &str, rows: usize, cols: usize) -> Result<Tensor<'_>, NnError> {
        let Some((dtype, shape, data)) = self.find(name) else {
            return Err(NnError::format(&self.name, format!("the tensor {name} is missing")));
        };
        let expected: &[usize] = if rows == 1 { &[cols] } else { &[rows, cols] };
        if shape != expected {
            let what = format!("the tensor {name} has the shape {shape:?}, not {expected:?}");
            return Err(NnError::format(&self.name, what));
        }
        Ok(Tensor { dtype, rows, cols, data, interleaved: self.interleaved(name) })
    }

    /// A vector as `f32`. For Gemma's norms this is the number to multiply by.
    ///
    /// # Errors
    /// If it is missing or has another length.
    pub fn vector(&self, name: &str, len: usize) -> Result<Vec<f32>, NnError> {
        let tensor = self.matrix(name, 1, len)?;
        let mut values = match tensor.interleaved {
            None => tensor.dequantise(),
            Some(_) => self.reordered(name, len)?,
        };
        let from_hub = matches!(self.source, Source::Safetensors { .. });
        if from_hub && self.config.arch == Arch::Gemma3 && name.ends_with("norm.weight") {
            values.iter_mut().for_each(|v| *v += 1.0);
        }
        Ok(values)
    }

    /// A bias whose elements are rows of q or k: each is a row of one number.
    fn reordered(&self, name: &str, len: usize) -> Result<Vec<f32>, NnError> {
        let stored = Tensor { rows: len, cols: 1, ..self.matrix(name, 1, len)? };
        Ok(stored.dequantise())
    }

    /// The matrix of the output head: the embedding if they are tied.
    ///
    /// # Errors
    /// As [`Weights::matrix`].
    pub fn head(&self) -> Result<Tensor<'_>, NnError> {
        let name = if self.config.tied { "model.embed_tokens.weight" } else { "lm_head.weight" };
        self.matrix(name, self.config.vocab, self.config.hidden)
    }

    /// The name by which the file itself knows a tensor.
    pub fn stored_name(&self, name: &str) -> Option<String> {
        match &self.source {
            Source::Gguf(_) => gguf_name(self.config.arch, name),
            Source::Safetensors { .. } => Some(name.to_owned()),
        }
    }

    fn find(&self, name: &str) -> Option<(DType, Vec<usize>, &[u8])> {
        match &self.source {
            Source::Gguf(file) => {
                let (info, data) = file.tensor(&gguf_name(self.config.arch, name)?)?;
                Some((info.dtype, info.dims.iter().rev().copied().collect(), data))
            }
            Source::Safetensors { files, index, .. } => {
                let (info, data) = files[*index.get(name)?].tensor(name)?;
                Some((info.dtype, info.shape.clone(), data))
            }
        }
    }

    fn interleaved(&self, name: &str) -> Option<usize> {
        let rotated = name.contains(".q_proj.") || name.contains(".k_proj.");
        let ggml = matches!(self.source, Source::Gguf(_)) && self.config.arch == Arch::Llama;
        (ggml && rotated).then_some(self.config.head_dim)
    }

    /// Fails early, with the name, if anything the architecture needs is missing or misshapen.
    fn check_shapes(&self) -> Result<(), NnError> {
        let config = &self.config;
        self.matrix("model.embed_tokens.weight", config.vocab, config.hidden)?;
        self.matrix("model.norm.weight", 1, config.hidden)?;
        self.head()?;
        for (suffix, rows, cols) in layer_tensors(config) {
            for layer in 0..config.layers {
                self.matrix(&format!("model.layers.{layer}.{suffix}"), rows, cols)?;
            }
        }
        Ok(())
    }
}

/// The tensors of every layer with their shapes (one row for vectors), by their names after `model.layers.N.`.
pub fn layer_tensors(config: &Config) -> Vec<(&'static str, usize, usize)> {
    let (hidden, ff) = (config.hidden, config.intermediate);
    let (q, kv) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
    let mut tensors = vec![
        ("input_layernorm.weight", 1, hidden),
        ("self_attn.q_proj.weight", q, hidden),
        ("self_attn.k_proj.weight", kv, hidden),
        ("self_attn.v_proj.weight", kv, hidden),
        ("self_attn.o_proj.weight", hidden, q),
        ("post_attention_layernorm.weight", 1, hidden),
        ("mlp.gate_proj.weight", ff, hidden),
        ("mlp.up_proj.weight", ff, hidden),
        ("mlp.down_proj.weight", hidden, ff),
    ];
    if config.qkv_bias {
        tensors.extend([
            ("self_attn.q_proj.bias", 1, q),
            ("self_attn.k_proj.bias", 1, kv),
            ("self_attn.v_proj.bias", 1, kv),
        ]);
    }
    if config.qk_norm {
        let dim = config.head_dim;
        tensors.extend([("self_attn.q_norm.weight", 1, dim), ("self_attn.k_norm.weight", 1, dim)]);
    }
    if config.arch == Arch::Gemma3 {
        tensors.extend([
            ("pre_feedforward_layernorm.weight", 1, hidden),
            ("post_feedforward_layernorm.weight", 1, hidden),
        ]);
    }
    tensors
}

fn gguf_name(arch: Arch, name: &str) -> Option<String> {
    match name {
        "model.embed_tokens.weight" => return Some("token_embd.weight".into()),
        "model.norm.weight" => return Some("output_norm.weight".into()),
        "lm_head.weight" => return Some("output.weight".into()),
        _ => {}
    }
    let (layer, rest) = name.strip_prefix("model.layers.")?.split_once('.')?;
    let (module, kind) = rest.rsplit_once('.')?;
    let module = match (module, arch) {
        ("input_layernorm", _) => "attn_norm",
        ("self_attn.q_proj", _) => "attn_q",
        ("self_attn.k_proj", _) => "attn_k",
        ("self_attn.v_proj", _) => "attn_v",
        ("self_attn.o_proj", _) => "attn_output",
        ("self_attn.q_norm", _) => "attn_q_norm",
        ("self_attn.k_norm", _) => "attn_k_norm",
        ("mlp.gate_proj", _) => "ffn_gate",
        ("mlp.up_proj", _) => "ffn_up",
        ("mlp.down_proj", _) => "ffn_down",
        ("post_attention_layernorm", Arch::Gemma3) => "post_attention_norm",
        ("post_attention_layernorm", _) | ("pre_feedforward_layernorm", Arch::Gemma3) => "ffn_norm",
        ("post_feedforward_layernorm", Arch::Gemma3) => "post_ffw_norm",
        _ => return None,
    };
    Some(format!("blk.{layer}.{module}.{kind}"))
}

fn safetensors_in(dir: &Path) -> Result<Vec<PathBuf>, NnError> {
    let entries = fs::read_dir(dir).map_err(|e| NnError::io(dir, e))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors"))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(NnError::format(dir.display().to_string(), "it holds no .safetensors file"));
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_rows_come_back_in_the_hubs_order() {
        // Head size 4: ggml stores rows 0 2 1 3 of each head as 0 1 2 3.
        let data: Vec<u8> = (0..8).collect();
        let tensor = Tensor { dtype: DType::F16, rows: 8, cols: 0, data: &data, interleaved: Some(4) };
        let order: Vec<u8> = (0..8).map(|row| tensor.row(row)[0]).collect();
        assert_eq!(order, [0, 2, 1, 3, 4, 6, 5, 7]);
    }

    #[test]
    fn names_are_translated() {
        for (arch, hub, ggml) in [
            (Arch::Llama, "model.layers.3.post_attention_layernorm.weight", "blk.3.ffn_norm.weight"),
            (
                Arch::Gemma3,
                "model.layers.3.post_attention_layernorm.weight",
                "blk.3.post_attention_norm.weight",
            ),
            (Arch::Gemma3, "model.layers.0.pre_feedforward_layernorm.weight", "blk.0.ffn_norm.weight"),
            (Arch::Qwen2, "model.layers.0.self_attn.q_proj.bias", "blk.0.attn_q.bias"),
            (Arch::Qwen2, "lm_head.weight", "output.weight"),
        ] {
            assert_eq!(gguf_name(arch, hub).as_deref(), Some(ggml));
        }
        assert_eq!(gguf_name(Arch::Llama, "model.layers.0.nonsense.weight"), None);
    }
}
