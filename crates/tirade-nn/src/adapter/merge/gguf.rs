//! A merged model as GGUF: the base file's metadata and vectors as they are, its matrices merged and stored anew.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::{Merged, encode, tensors};
use crate::NnError;
use crate::gguf::{Gguf, Value};
use crate::quant::DType;

const ALIGNMENT: usize = 32;

pub(super) fn write(merged: &Merged, output: &Path, dtype: DType) -> Result<(), NnError> {
    let Some(base) = merged.weights.gguf() else {
        let what = "merging into GGUF from a base in the hub's layout; write the hub's layout instead";
        return Err(NnError::Unsupported(what.into()));
    };
    let plan = plan(merged, base, dtype)?;
    let mut metadata: Vec<(&str, &Value)> =
        base.keys().filter_map(|key| Some((key, base.get(key)?))).collect();
    metadata.retain(|(key, _)| !["general.file_type", "general.alignment"].contains(key));
    metadata.sort_unstable_by_key(|(key, _)| *key);
    let kind = Value::Int(match dtype {
        DType::F32 => 0,
        DType::F16 => 1,
        _ => 7,
    });
    metadata.insert(0, ("general.file_type", &kind));
    let beside = output.with_extension("writing");
    let file = File::create(&beside).map_err(|e| NnError::io(&beside, e))?;
    let mut file = BufWriter::new(file);
    let io = |e| NnError::io(&beside, e);
    file.write_all(&header(&metadata, &plan)).map_err(io)?;
    for tensor in &plan {
        let mut bytes = tensor.bytes(merged, base)?;
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        file.write_all(&bytes).map_err(io)?;
    }
    file.into_inner().map_err(|e| io(e.into_error()))?.sync_all().map_err(io)?;
    std::fs::rename(&beside, output).map_err(|e| NnError::io(output, e))
}

/// One tensor of the file to write.
struct Planned {
    stored: String,
    dims: Vec<usize>,
    dtype: DType,
    /// Hub name and size of a matrix that is stored anew; others are copied.
    matrix: Option<(String, usize, usize)>,
}

fn plan(merged: &Merged, base: &Gguf, dtype: DType) -> Result<Vec<Planned>, NnError> {
    let mut plan = Vec::new();
    for (name, rows, columns) in tensors(merged.weights.config()) {
        let stored = merged.weights.stored_name(&name);
        let Some((stored, (info, _))) = stored.and_then(|s| base.tensor(&s).map(|t| (s.clone(), t))) else {
            return Err(NnError::format(base.name(), format!("the tensor {name} is missing")));
        };
        let matrix = (rows > 1).then_some((name, rows, columns));
        let fits = dtype != DType::Q8_0 || columns.is_multiple_of(32);
        let dtype = match &matrix {
            Some(_) if fits => dtype,
            Some(_) => DType::F16,
            None => info.dtype,
        };
        plan.push(Planned { stored, dims: info.dims.clone(), dtype, matrix });
    }
    if let Some((info, _)) = base.tensor("rope_freqs.weight") {
        plan.push(Planned {
            stored: "rope_freqs.weight".into(),
            dims: info.dims.clone(),
            dtype: info.dtype,
            matrix: None,
        });
    }
    Ok(plan)
}

impl Planned {
    fn len(&self) -> usize {
        self.dtype.bytes_for(self.dims.iter().product()).unwrap_or(0).next_multiple_of(ALIGNMENT)
    }

    fn bytes(&self, merged: &Merged, base: &Gguf) -> Result<Vec<u8>, NnError> {
        let Some((name, rows, columns)) = &self.matrix else {
            return Ok(base.tensor(&self.stored).map_or(Vec::new(), |(_, bytes)| bytes.to_vec()));
        };
        let values = merged.tensor(name, *rows, *columns)?;
        let config = merged.weights.config();
        let rotated = name.contains(".q_proj.") || name.contains(".k_proj.");
        if rotated && config.arch == crate::config::Arch::Llama {
            return Ok(encode(&interleave(&values, *columns, config.head_dim), self.dtype));
        }
        Ok(encode(&values, self.dtype))
    }
}

/// ggml's order of q and k rows for Llama: within each head, rows of the first and second half alternate.
fn interleave(values: &[f32], columns: usize, head: usize) -> Vec<f32> {
    let rows = values.len() / columns;
    let from = |row: usize| row / head * head + row % 2 * (head / 2) + row % head / 2;
    (0..rows).flat_map(|row| &values[from(row) * columns..][..columns]).copied().collect()
}

fn header(metadata: &[(&str, &Value)], plan: &[Planned]) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    out.extend(3u32.to_le_bytes());
    out.extend((plan.len() as u64).to_le_bytes());
    out.extend((metadata.len() as u64).to_le_bytes());
    for (key, held) in metadata {
        string(&mut out, key);
        value(&mut out, held);
    }
    let mut offset = 0u64;
    for tensor in plan {
        string(&mut out, &tensor.stored);
        out.extend((tensor.dims.len() as u32).to_le_bytes());
        tensor.dims.iter().for_each(|&d| out.extend((d as u64).to_le_bytes()));
        out.extend(tensor.dtype.ggml_id().to_le_bytes());
        out.extend(offset.to_le_bytes());
        offset += tensor.len() as u64;
    }
    out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
    out
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// A value with its type. Our reader keeps all integers alike; other readers expect u32 for single ones and i32 in arrays.
fn value(out: &mut Vec<u8>, value: &Value) {
    const U32: u32 = 4;
    const I32: u32 = 5;
    const F32: u32 = 6;
    const BOOL: u32 = 7;
    const STRING: u32 = 8;
    const ARRAY: u32 = 9;
    const U64: u32 = 10;
    let array = |out: &mut Vec<u8>, kind: u32, len: usize| {
        out.extend(ARRAY.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend((len as u64).to_le_bytes());
    };
    match value {
        Value::Int(i) => match u32::try_from(*i) {
            Ok(i) => out.extend([U32.to_le_bytes(), i.to_le_bytes()].concat()),
            Err(_) if *i < 0 => out.extend([I32.to_le_bytes(), (*i as i32).to_le_bytes()].concat()),
            Err(_) => {
                out.extend(U64.to_le_bytes());
                out.extend((*i as u64).to_le_bytes());
            }
        },
        Value::Float(f) => out.extend([F32.to_le_bytes(), (*f as f32).to_le_bytes()].concat()),
        Value::Bool(b) => {
            out.extend(BOOL.to_le_bytes());
            out.push(*b as u8);
        }
        Value::Str(s) => {
            out.extend(STRING.to_le_bytes());
            string(out, s);
        }
        Value::Ints(list) => {
            array(out, I32, list.len());
            list.iter().for_each(|&i| out.extend((i as i32).to_le_bytes()));
        }
        Value::Floats(list) => {
            array(out, F32, list.len());
            list.iter().for_each(|f| out.extend(f.to_le_bytes()));
        }
        Value::Strs(list) => {
            array(out, STRING, list.len());
            list.iter().for_each(|s| string(out, s));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::train::tests::{tokenizer, trained};

    /// The tiny model of the training tests as GGUF, laid out by hand: names by `stored`, q and k rows interleaved.
    fn write_base(hub: &Path, path: &Path) {
        let weights = Weights::open(hub).unwrap();
        let config = weights.config().clone();
        let vocabulary = tokenizer()["model"]["vocab"].as_object().unwrap().clone();
        let mut tokens: Vec<String> = vocabulary.keys().cloned().collect();
        let kinds = (0..128).map(|id| if id < 2 { 3 } else { 1 }).collect();
        tokens.extend((tokens.len()..128).map(|id| format!("unused{id}")));
        let int = |n: usize| Value::Int(n as i64);
        let metadata = [
            ("general.architecture", Value::Str("llama".into())),
            ("llama.block_count", int(config.layers)),
            ("llama.context_length", int(config.context)),
            ("llama.embedding_length", int(config.hidden)),
            ("llama.feed_forward_length", int(config.intermediate)),
            ("llama.attention.head_count", int(config.heads)),
            ("llama.attention.head_count_kv", int(config.kv_heads)),
            ("llama.attention.layer_norm_rms_epsilon", Value::Float(config.rms_eps as f64)),
            ("llama.rope.freq_base", Value::Float(10_000.0)),
            ("tokenizer.ggml.model", Value::Str("gpt2".into())),
            ("tokenizer.ggml.pre", Value::Str("qwen2".into())),
            ("tokenizer.ggml.tokens", Value::Strs(tokens)),
            ("tokenizer.ggml.token_type", Value::Ints(kinds)),
            ("tokenizer.ggml.merges", Value::Strs(Vec::new())),
            ("tokenizer.ggml.eos_token_id", int(1)),
        ];
        let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (*k, v)).collect();
        let (mut plan, mut data) = (Vec::new(), Vec::new());
        for (name, rows, columns) in tensors(&config) {
            let stored = match name.split_once("layers.").and_then(|(_, rest)| rest.split_once('.')) {
                None => name
                    .replace("model.embed_tokens", "token_embd")
                    .replace("model.norm", "output_norm")
                    .replace("lm_head", "output"),
                Some((layer, rest)) => {
                    let module = rest.trim_end_matches(".weight").rsplit('.').next().unwrap();
                    let short = match module {
                        "input_layernorm" => "attn_norm",
                        "post_attention_layernorm" => "ffn_norm",
                        "q_proj" => "attn_q",
                        "k_proj" => "attn_k",
                        "v_proj" => "attn_v",
                        "o_proj" => "attn_output",
                        "gate_proj" => "ffn_gate",
                        "up_proj" => "ffn_up",
                        _ => "ffn_down",
                    };
                    format!("blk.{layer}.{short}.weight")
                }
            };
            let mut values = if rows == 1 {
                weights.vector(&name, columns)
            } else {
                weights.matrix(&name, rows, columns).map(|m| m.dequantise())
            }
            .unwrap();
            if name.contains("q_proj") || name.contains("k_proj") {
                values = interleave(&values, columns, config.head_dim);
            }
            let dims = if rows == 1 { vec![columns] } else { vec![columns, rows] };
            plan.push(Planned { stored, dims, dtype: DType::F32, matrix: None });
            data.extend(encode(&values, DType::F32));
            data.resize(data.len().next_multiple_of(ALIGNMENT), 0);
        }
        let mut bytes = header(&metadata, &plan);
        bytes.extend(data);
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn merged_gguf_and_adapter_give_the_same_logits() {
        let dir = trained();
        let (hub, adapter, base) =
            (dir.path().join("model"), dir.path().join("out"), dir.path().join("base.gguf"));
        write_base(&hub, &base);
        for (dtype, tolerance) in [(DType::F32, 1e-4), (DType::F16, 0.05), (DType::Q8_0, 0.5)] {
            let merged = dir.path().join(format!("{dtype:?}.gguf"));
            merge(&base, &adapter, &merged, Format::Gguf(dtype)).unwrap();
            // Against the hub's copy of the base: a mistake in the row order of q and k on both sides would not cancel.
            let parity = parity(&hub, &adapter, &merged, &["1 + 1?", "It is"]).unwrap();
            assert!(parity.max_difference < tolerance && parity.adapter_effect > 0.1, "{dtype:?} {parity:?}");
        }
        merge(&base, &adapter, &dir.path().join("from_gguf"), Format::Hub(DType::F32)).unwrap();
        let parity = parity(&base, &adapter, &dir.path().join("from_gguf"), &["1 + 1?"]).unwrap();
        assert!(parity.holds(), "{parity:?}");
    }
}
