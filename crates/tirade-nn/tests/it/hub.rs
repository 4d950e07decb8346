//! Models as the hub lays them out: a folder with `config.json`, `tokenizer.json` and `*.safetensors`.

use std::path::Path;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tirade_nn::engine::{Engine, GenerateRequest};
use tirade_nn::gguf::Gguf;
use tirade_nn::quant::DType;
use tirade_nn::safetensors;
use tirade_nn::template::ChatMessage;
use tirade_nn::weights::{Weights, layer_tensors};

use super::engine::{engine, small};
use super::make::{FF, HIDDEN, KV, LAYERS, tiny_model, tiny_tokens};

fn config() -> Value {
    json!({
        "model_type": "llama", "hidden_size": HIDDEN, "intermediate_size": FF, "num_hidden_layers": LAYERS,
        "num_attention_heads": 4, "num_key_value_heads": KV / 16, "max_position_embeddings": 512,
        "vocab_size": tiny_tokens().0.len(), "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true,
    })
}

fn config_with(key: &str, value: Value) -> Value {
    let mut config = config();
    config[key] = value;
    config
}

/// A byte-level vocabulary: a letter for each byte (those that cannot be seen come after 255), then markup.
fn tokenizer() -> Value {
    let visible = |b: &u32| matches!(b, 33..=126 | 161..=172 | 174..=255);
    let hidden: Vec<u32> = (0..256).filter(|b| !visible(b)).collect();
    let letter = |b: u32| hidden.iter().position(|&h| h == b).map_or(b, |i| 256 + i as u32);
    let vocab: Map<String, Value> =
        (0..256).map(|b| (char::from_u32(letter(b)).unwrap().to_string(), json!(b))).collect();
    let markup = |(i, text)| {
        json!({"id": 256 + i, "content": text, "special": true, "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false})
    };
    let added: Vec<Value> = ["<s>", "<turn>", "<end>"].into_iter().enumerate().map(markup).collect();
    let bytes =
        json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let begin = json!({"type": "TemplateProcessing", "pair": [], "special_tokens":
        {"<s>": {"id": "<s>", "ids": [256], "tokens": ["<s>"]}},
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]});
    json!({"version": "1.0", "added_tokens": added, "pre_tokenizer": bytes, "decoder": bytes, "post_processor": begin,
        "model": {"type": "BPE", "vocab": vocab, "merges": []}})
}

/// The tiny GGUF model in the hub's layout, its tensors shared out over two files.
fn folder() -> TempDir {
    let weights = Weights::from_gguf(Gguf::from_bytes("tiny", tiny_model(1)).unwrap()).unwrap();
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    let mut add = |name: String, rows: usize, cols: usize| {
        let values = match rows {
            1 => weights.vector(&name, cols).unwrap(),
            _ => weights.matrix(&name, rows, cols).unwrap().dequantise(),
        };
        let shape = if rows == 1 { vec![cols] } else { vec![rows, cols] };
        tensors.push((name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()));
    };
    add("model.embed_tokens.weight".into(), weights.config().vocab, HIDDEN);
    add("model.norm.weight".into(), 1, HIDDEN);
    for layer in 0..LAYERS {
        for (suffix, rows, cols) in layer_tensors(weights.config()) {
            add(format!("model.layers.{layer}.{suffix}"), rows, cols);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for (i, shard) in tensors.chunks(tensors.len() / 2 + 1).enumerate() {
        let entries: Vec<safetensors::Entry> = shard
            .iter()
            .map(|(name, shape, bytes)| (&name[..], DType::F32, &shape[..], &bytes[..]))
            .collect();
        let path = folder.path().join(format!("model-0000{}-of-00002.safetensors", i + 1));
        safetensors::write(&path, &entries, &[("format", "pt")]).unwrap();
    }
    write(folder.path(), "config.json", &config());
    write(folder.path(), "tokenizer.json", &tokenizer());
    write(
        folder.path(),
        "tokenizer_config.json",
        &json!({"bos_token": "<s>", "eos_token": {"content": "<turn>"}}),
    );
    write(folder.path(), "generation_config.json", &json!({"eos_token_id": [257, 258]}));
    let template = "{% for m in messages %}<s>{{ m.content }}<turn>{% endfor %}";
    std::fs::write(folder.path().join("chat_template.jinja"), template).unwrap();
    folder
}

fn write(folder: &Path, name: &str, value: &Value) {
    std::fs::write(folder.join(name), value.to_string()).unwrap();
}

#[test]
fn a_folder_gives_the_logits_of_the_same_weights_in_gguf() {
    let folder = folder();
    let from_folder = Engine::open(folder.path(), small()).unwrap();
    let from_gguf = engine(small());
    for tokens in [&[5u32, 6, 7][..], &[9; 40]] {
        let [a, b] = [&from_folder, &from_gguf].map(|engine| engine.logits(tokens, None).unwrap());
        assert!(a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}

#[test]
fn a_folder_converses() {
    let folder = folder();
    let engine = Engine::open(folder.path(), small()).unwrap();
    let prompt = engine.render(&[ChatMessage::new("user", "é 1")], None, true).unwrap();
    assert_eq!(prompt, [256, 0xC3, 0xA9, 32, 49, 257]);
    assert_eq!(engine.tokenizer().decode(&prompt), "é 1");
    assert_eq!(engine.encode("a").unwrap(), [256, 97], "its post-processor puts <s> in front");
    assert_eq!(engine.tokenizer().end_tokens(), [257, 258]);
    let reply =
        engine.submit(GenerateRequest { prompt, max_tokens: 8, ..Default::default() }).wait().unwrap();
    assert!(!reply.tokens.is_empty());
}

#[test]
fn folders_that_lack_something_are_refused_by_name() {
    type Damage = fn(&Path);
    let cases: [(&str, Damage); 7] = [
        ("config.json", |f| std::fs::remove_file(f.join("config.json")).unwrap()),
        ("tokenizer.json", |f| std::fs::remove_file(f.join("tokenizer.json")).unwrap()),
        ("model.layers.1.mlp.down_proj.weight", |f| {
            std::fs::remove_file(f.join("model-00002-of-00002.safetensors")).unwrap();
        }),
        ("[269, 64]", |f| write(f, "config.json", &config_with("hidden_size", json!(128)))),
        ("gpt_neox", |f| write(f, "config.json", &config_with("model_type", json!("gpt_neox")))),
        ("tokenizer.json", |f| std::fs::write(f.join("tokenizer.json"), "{").unwrap()),
        ("model-00001", |f| std::fs::write(f.join("model-00001-of-00002.safetensors"), [0xFF; 64]).unwrap()),
    ];
    for (part, damage) in cases {
        let folder = folder();
        damage(folder.path());
        let error = Engine::open(folder.path(), small()).err().expect(part).to_string();
        assert!(error.contains(part), "{part}: {error}");
    }
}
