//! LoRA adapters in PEFT's format: `adapter_config.json` and `adapter_model.safetensors`, as PEFT and vLLM load them.
//!
//! [`Adapter`] is the matrices with what they belong to; [`Adapter::write`] and [`Adapter::read`] are its two directions.
//! Merging into a base model is in [`merge`].
//!
//! ```no_run
//! # fn main() -> Result<(), tirade_nn::NnError> {
//! let adapter = tirade_nn::adapter::Adapter::read(std::path::Path::new("adapter"))?;
//! println!("{} pairs of rank {}", adapter.pairs.len(), adapter.config.r);
//! # Ok(())
//! # }
//! ```

pub mod merge;

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::NnError;
use crate::quant::{DType, dequantise};
use crate::safetensors::{self, Safetensors};

/// The part of PEFT's `adapter_config.json` that decides what the matrices mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdapterConfig {
    /// Always `LORA`.
    pub peft_type: String,
    /// Always `CAUSAL_LM` when written here.
    #[serde(default)]
    pub task_type: Option<String>,
    /// The base model, as it was named when training.
    #[serde(default)]
    pub base_model_name_or_path: Option<String>,
    /// Rank.
    pub r: usize,
    /// The product is scaled by alpha / r.
    pub lora_alpha: f32,
    /// Dropout while training.
    #[serde(default)]
    pub lora_dropout: f32,
    /// Scale by alpha / √r instead.
    #[serde(default)]
    pub use_rslora: bool,
    /// Names of the adapted layers (PEFT also allows one pattern).
    pub target_modules: Value,
    /// Everything else PEFT writes.
    #[serde(flatten)]
    pub other: serde_json::Map<String, Value>,
}

impl AdapterConfig {
    /// The factor on B·A.
    pub fn scale(&self) -> f32 {
        let rank = self.r as f32;
        if self.use_rslora { self.lora_alpha / rank.sqrt() } else { self.lora_alpha / rank }
    }
}

/// A and B of one linear layer: its weight grows by scale · B·A.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The layer's hub name without `.weight`: `model.layers.3.self_attn.q_proj`.
    pub name: String,
    /// Rank rows of `inputs`.
    pub a: Vec<f32>,
    /// `outputs` rows of rank.
    pub b: Vec<f32>,
    /// Width of A's rows.
    pub inputs: usize,
    /// Rows of B.
    pub outputs: usize,
}

/// An adapter.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapter {
    pub config: AdapterConfig,
    pub pairs: Vec<Pair>,
}

const PREFIX: &str = "base_model.model.";
/// Keys of adapter configurations that change the mathematics and are not done here, with the value that turns them off.
const REFUSED: [(&str, Value); 4] = [
    ("use_dora", Value::Bool(false)),
    ("fan_in_fan_out", Value::Bool(false)),
    ("modules_to_save", Value::Null),
    ("layer_replication", Value::Null),
];

impl Adapter {
    /// Reads an adapter directory.
    ///
    /// # Errors
    /// If a file is missing or damaged, A and B do not fit together, or it is of a kind other than plain LoRA.
    pub fn read(dir: &Path) -> Result<Self, NnError> {
        let bad = |what: String| NnError::Adapter { path: dir.to_owned(), what };
        let path = dir.join("adapter_config.json");
        let text = std::fs::read(&path).map_err(|e| NnError::io(&path, e))?;
        let config: AdapterConfig =
            serde_json::from_slice(&text).map_err(|e| bad(format!("adapter_config.json: {e}")))?;
        if config.peft_type != "LORA" || config.r == 0 {
            return Err(bad(format!(
                "peft_type {:?} with rank {}; LORA is read",
                config.peft_type, config.r
            )));
        }
        if !config.scale().is_finite() {
            return Err(bad(format!("lora_alpha {} with rank {} is no scale", config.lora_alpha, config.r)));
        }
        for (key, off) in REFUSED {
            if config.other.get(key).is_some_and(|value| *value != off && !value.is_null()) {
                return Err(bad(format!("{key} = {} is not supported", config.other[key])));
            }
        }
        if ["rank_pattern", "alpha_pattern"]
            .iter()
            .any(|k| config.other.get(*k).is_some_and(|v| !is_empty(v)))
        {
            return Err(bad("per-layer ranks or alphas are not supported".into()));
        }
        let file = Safetensors::open(&dir.join("adapter_model.safetensors"))?;
        let mut names: Vec<&str> = file.tensor_names().filter(|n| n.ends_with(".lora_A.weight")).collect();
        names.sort_by_key(|name| (layer_number(name), name.to_string()));
        let pairs =
            names.into_iter().map(|name| read_pair(&file, name, config.r)).collect::<Result<Vec<_>, _>>();
        let pairs = pairs.map_err(bad)?;
        if pairs.len() * 2 != file.tensor_names().count() {
            return Err(bad(format!(
                "{} tensors are not pairs of lora_A and lora_B",
                file.tensor_names().count()
            )));
        }
        Ok(Self { config, pairs })
    }

    /// Writes the two files into `dir`, which must exist; each replaces the one before only when it is whole.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), NnError> {
        let rank = self.config.r;
        let mut parts: Vec<(String, [usize; 2], Cow<[u8]>)> = Vec::new();
        for pair in &self.pairs {
            let key = |m: &str| format!("{PREFIX}{}.lora_{m}.weight", pair.name);
            parts.push((key("A"), [rank, pair.inputs], as_bytes(&pair.a)));
            parts.push((key("B"), [pair.outputs, rank], as_bytes(&pair.b)));
        }
        let entries: Vec<safetensors::Entry> =
            parts.iter().map(|(n, s, b)| (&n[..], DType::F32, &s[..], &b[..])).collect();
        let (path, beside) =
            (dir.join("adapter_model.safetensors"), dir.join("adapter_model.safetensors.writing"));
        safetensors::write(&beside, &entries, &[("format", "pt")])?;
        std::fs::rename(&beside, &path).map_err(|e| NnError::io(&path, e))?;
        let json = serde_json::to_string_pretty(&self.config).expect("plain data") + "\n";
        replace(&dir.join("adapter_config.json"), json.as_bytes())
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(|map| map.is_empty())
}

fn layer_number(name: &str) -> usize {
    name.split('.').find_map(|part| part.parse().ok()).unwrap_or(0)
}

fn read_pair(file: &Safetensors, name: &str, rank: usize) -> Result<Pair, String> {
    let stem = name.trim_end_matches(".lora_A.weight");
    let matrix = |name: &str| {
        let (info, bytes) = file.tensor(name).ok_or_else(|| format!("{name} is missing"))?;
        let [rows, columns] = info.shape[..] else {
            return Err(format!("{name} has shape {:?}", info.shape));
        };
        let mut values = vec![0.0; rows * columns];
        dequantise(info.dtype, bytes, &mut values);
        Ok((rows, columns, values))
    };
    let (a_rows, inputs, a) = matrix(name)?;
    let (outputs, b_columns, b) = matrix(&format!("{stem}.lora_B.weight"))?;
    if a_rows != rank || b_columns != rank {
        return Err(format!("{stem}: A has {a_rows} rows and B {b_columns} columns, but the rank is {rank}"));
    }
    let name = stem.strip_prefix(PREFIX).unwrap_or(stem).to_owned();
    Ok(Pair { name, a, b, inputs, outputs })
}

/// Writes a file beside and renames it into place, so that readers see the old or the new one, never a part.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), NnError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".writing");
    let beside = path.with_file_name(name);
    let write = || {
        let mut file = std::fs::File::create(&beside)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|e| NnError::io(path, e))
}

/// Little-endian bytes of floats, where they lie if this machine writes floats so.
pub(crate) fn as_bytes(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        // SAFETY: a float is four bytes of any value, and bytes may lie anywhere.
        return Cow::Borrowed(unsafe {
            std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), size_of_val(values))
        });
    }
    Cow::Owned(to_bytes(values))
}

/// Little-endian bytes of floats.
pub(crate) fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn adapter() -> Adapter {
        let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 3, "target_modules": ["q_proj"], "bias": "none"});
        let pair = |layer: usize| Pair {
            name: format!("model.layers.{layer}.self_attn.q_proj"),
            a: (0..6).map(|i| i as f32 * 0.1 + layer as f32).collect(),
            b: (0..8).map(|i| -i as f32).collect(),
            inputs: 3,
            outputs: 4,
        };
        Adapter { config: serde_json::from_value(config).unwrap(), pairs: vec![pair(2), pair(10)] }
    }

    #[test]
    fn what_is_written_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        adapter().write(dir.path()).unwrap();
        let back = Adapter::read(dir.path()).unwrap();
        assert_eq!(back.pairs, adapter().pairs);
        assert_eq!((back.config.scale(), back.config.other["bias"].clone()), (1.5, json!("none")));
        let names = Safetensors::open(&dir.path().join("adapter_model.safetensors")).unwrap();
        assert!(names.tensor("base_model.model.model.layers.2.self_attn.q_proj.lora_A.weight").is_some());
    }

    #[test]
    fn other_kinds_are_refused_by_name() {
        for (key, value) in [
            ("peft_type", json!("IA3")),
            ("use_dora", json!(true)),
            ("rank_pattern", json!({"q_proj": 4})),
            ("modules_to_save", json!(["lm_head"])),
            ("r", json!(3)),
            ("r", json!(u64::MAX)),
            ("r", json!(0)),
            ("r", json!(-2)),
            ("lora_alpha", json!(1e39)),
            ("lora_alpha", json!("3")),
            ("layer_replication", json!([[0, 4]])),
        ] {
            let dir = tempfile::tempdir().unwrap();
            adapter().write(dir.path()).unwrap();
            let path = dir.path().join("adapter_config.json");
            let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            config[key] = value;
            std::fs::write(&path, config.to_string()).unwrap();
            assert!(Adapter::read(dir.path()).is_err(), "{key}");
        }
    }
}
