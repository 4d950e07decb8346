//! Real models, where they are at hand: in `$TIRADE_MODELS` or in `models` beside the worktree.

use std::path::PathBuf;

use tirade_nn::gguf::Gguf;
use tirade_nn::tokenizer::Tokenizer;

/// The path of a model file, or `None` (with a line that says so) where it is absent.
pub fn model(file: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../models");
    let dir = std::env::var_os("TIRADE_MODELS").map_or(PathBuf::from(beside), PathBuf::from);
    let path = dir.join(file);
    if !path.exists() {
        eprintln!("skipped: {} is not there (set TIRADE_MODELS)", path.display());
        return None;
    }
    Some(path)
}

pub const SMOLLM2: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
pub const QWEN_HALF: &str = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";
pub const GEMMA: &str = "gemma-3-270m-q4_k_m.gguf";

#[derive(serde::Deserialize)]
struct Tokens {
    model: String,
    text: String,
    tokens: Vec<u32>,
}

/// Expectations of `tests/llama_cpp_tokens.py` (xllamacpp 2026.10.11549, `/tokenize`).
#[test]
fn tokens_equal_llama_cpp() {
    let rows: Vec<Tokens> = include_str!("../llama_cpp_tokens.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for name in [SMOLLM2, QWEN_HALF, GEMMA] {
        let Some(path) = model(name) else { continue };
        let tokenizer = Tokenizer::from_gguf(&Gguf::open(&path).unwrap()).unwrap();
        for row in rows.iter().filter(|row| row.model == name) {
            assert_eq!(tokenizer.encode(&row.text).unwrap(), row.tokens, "{name}: {:?}", row.text);
            let shown: Vec<u8> = row.tokens.iter().flat_map(|&t| tokenizer.bytes(t)).copied().collect();
            // SentencePiece writes a blank as ▁ and cannot tell the two apart.
            assert_eq!(String::from_utf8_lossy(&shown).replace('▁', " "), row.text.replace('▁', " "));
        }
    }
}
