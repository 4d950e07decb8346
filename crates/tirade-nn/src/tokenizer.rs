//! Text to tokens and back, from GGUF metadata or from a `tokenizer.json`.
//!
//! Byte-level BPE (SmolLM2, Qwen, Llama 3) runs on the `tokenizers` crate; the SentencePiece kind that GGUF
//! stores without merges (Gemma, Llama 2) is in `spm`. Decoding is ours for both: a token is some bytes,
//! and a text is the bytes of its tokens.
//!
//! Markup such as `<|im_end|>` in a text becomes the special token, as everywhere else; whoever puts foreign
//! text into a conversation and minds this must look for it first ([`Tokenizer::is_special`]).

mod spm;

use std::path::Path;

use serde_json::Value as Json;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, PreTokenizerWrapper, SplitDelimiterBehavior};

use crate::NnError;
use crate::gguf::{Gguf, Value};
use spm::Spm;

/// What a token is, as GGUF numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    /// Markup that never stands for text.
    Control,
    /// Whole words put into the vocabulary by hand.
    User,
    /// One byte of a character that has no token.
    Byte,
}

enum Encoder {
    Bpe(Box<tokenizers::Tokenizer>),
    Spm(Box<Spm>),
}

/// A model's tokenizer.
pub struct Tokenizer {
    encoder: Encoder,
    /// The bytes each token stands for.
    bytes: Vec<Box<[u8]>>,
    control: Vec<bool>,
    bos: Option<u32>,
    end_tokens: Vec<u32>,
    add_bos: bool,
}

/// Markup that ends an assistant's turn in the families this crate runs.
const TURN_ENDS: [&str; 7] =
    ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<end_of_turn>", "<eos>", "</s>"];

impl Tokenizer {
    /// The tokenizer inside a GGUF file.
    ///
    /// # Errors
    /// If it is missing, inconsistent, or of a kind this crate does not know.
    pub fn from_gguf(file: &Gguf) -> Result<Self, NnError> {
        let bad = |what: &str| NnError::format(file.name(), what);
        let Some(Value::Strs(tokens)) = file.get("tokenizer.ggml.tokens") else {
            return Err(bad("it has no tokenizer.ggml.tokens"));
        };
        let kinds = token_kinds(file, tokens.len())?;
        let (encoder, bytes) = match file.str("tokenizer.ggml.model") {
            Some("gpt2") => (bpe_from_gguf(file, tokens, &kinds)?, byte_level_table(tokens, &kinds)),
            Some("llama") => {
                let spm = spm_from_gguf(file, tokens, &kinds)?;
                let bytes = tokens.iter().zip(&kinds).map(|(t, k)| spm::token_bytes(t, *k)).collect();
                (Encoder::Spm(Box::new(spm)), bytes)
            }
            other => {
                return Err(NnError::Unsupported(format!("{}: a tokenizer of kind {other:?}", file.name())));
            }
        };
        let special = |key: &str| file.uint(key).filter(|&id| id < tokens.len()).map(|id| id as u32);
        let bos = special("tokenizer.ggml.bos_token_id");
        let eos = special("tokenizer.ggml.eos_token_id");
        let add_bos = file.bool("tokenizer.ggml.add_bos_token");
        let spm = matches!(encoder, Encoder::Spm(_));
        let control = kinds.iter().map(|&k| k == Kind::Control).collect();
        let mut tokenizer =
            Self { encoder, bytes, control, bos, end_tokens: Vec::new(), add_bos: add_bos.unwrap_or(spm) };
        tokenizer.find_end_tokens(eos);
        Ok(tokenizer)
    }

    /// The tokenizer of a directory with `tokenizer.json` and, if there, `tokenizer_config.json` and
    /// `generation_config.json` (which may name more end tokens).
    ///
    /// # Errors
    /// If it is missing or cannot be read.
    pub fn from_dir(dir: &Path) -> Result<Self, NnError> {
        let path = dir.join("tokenizer.json");
        let text = std::fs::read(&path).map_err(|e| NnError::io(&path, e))?;
        let name = path.display().to_string();
        let json: Json = serde_json::from_slice(&text).map_err(|e| NnError::format(&name, e.to_string()))?;
        let inner =
            tokenizers::Tokenizer::from_bytes(&text).map_err(|e| NnError::format(&name, e.to_string()))?;
        let options = read_json(&dir.join("tokenizer_config.json"))?;
        let named = |key: &str| {
            let token = options[key].as_str().or(options[key]["content"].as_str())?;
            inner.token_to_id(token)
        };
        let (bos, eos) = (named("bos_token"), named("eos_token"));
        let count = inner.get_vocab(true).values().max().map_or(0, |&id| id as usize + 1);
        let tokens: Vec<String> =
            (0..count).map(|id| inner.id_to_token(id as u32).unwrap_or_default()).collect();
        let added = inner.get_added_tokens_decoder();
        let kinds: Vec<Kind> = (0..count as u32)
            .map(|id| match added.get(&id) {
                Some(token) if token.special => Kind::Control,
                Some(_) => Kind::User,
                None => Kind::Normal,
            })
            .collect();
        let bytes = if json.to_string().contains("\"ByteLevel\"") {
            byte_level_table(&tokens, &kinds)
        } else {
            let kind = |t: &str, k| if spm::byte_token(t).is_some() { Kind::Byte } else { k };
            tokens.iter().zip(&kinds).map(|(t, k)| spm::token_bytes(t, kind(t, *k))).collect()
        };
        let control = kinds.iter().map(|&k| k == Kind::Control).collect();
        // Newer models leave it to the post-processor.
        let by_itself = || {
            inner
                .encode_fast("", true)
                .is_ok_and(|e| bos.is_some_and(|bos| e.get_ids().first() == Some(&bos)))
        };
        let add_bos = options["add_bos_token"].as_bool().unwrap_or_else(by_itself);
        let encoder = Encoder::Bpe(Box::new(inner));
        let mut tokenizer = Self { encoder, bytes, control, bos, end_tokens: Vec::new(), add_bos };
        tokenizer.find_end_tokens(eos);
        let generation = read_json(&dir.join("generation_config.json"))?;
        let ends = &generation["eos_token_id"];
        for id in ends.as_array().into_iter().flatten().chain([ends]).filter_map(Json::as_u64) {
            let token = u32::try_from(id).ok().filter(|id| !tokenizer.end_tokens.contains(id));
            tokenizer.end_tokens.extend(token.filter(|&token| (token as usize) < tokenizer.len()));
        }
        Ok(tokenizer)
    }

    fn find_end_tokens(&mut self, eos: Option<u32>) {
        let mut ends: Vec<u32> = eos.into_iter().collect();
        ends.extend(TURN_ENDS.iter().filter_map(|name| self.token(name)).filter(|&id| self.is_special(id)));
        ends.dedup();
        self.end_tokens = ends;
    }

    /// The tokens of a text. Markup in it becomes special tokens; nothing is put in front.
    ///
    /// # Errors
    /// If the library refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, NnError> {
        match &self.encoder {
            Encoder::Bpe(inner) => match inner.encode_fast(text, false) {
                Ok(encoding) => Ok(encoding.get_ids().to_vec()),
                Err(e) => Err(NnError::Text(format!("the tokenizer refused a text: {e}"))),
            },
            Encoder::Spm(spm) => Ok(spm.encode(text)),
        }
    }

    /// The text of some tokens; control tokens are left out, invalid UTF-8 becomes U+FFFD.
    pub fn decode(&self, tokens: &[u32]) -> String {
        let visible = tokens.iter().filter(|&&id| !self.is_special(id));
        let bytes: Vec<u8> = visible.flat_map(|&id| self.bytes(id)).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The bytes one token stands for (for a control token, its name).
    pub fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], |b| b)
    }

    /// Whether a token is markup that never stands for text.
    pub fn is_special(&self, token: u32) -> bool {
        self.control.get(token as usize).copied().unwrap_or(false)
    }

    /// The token with exactly this text.
    pub fn token(&self, text: &str) -> Option<u32> {
        match &self.encoder {
            Encoder::Bpe(inner) => inner.token_to_id(text),
            Encoder::Spm(spm) => spm.token(text),
        }
    }

    /// The token a text begins with, if the model wants one there.
    pub fn leading_token(&self) -> Option<u32> {
        self.bos.filter(|_| self.add_bos)
    }

    /// The begin-of-text token.
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The tokens that end a turn or a text; the first is the model's own end token.
    pub fn end_tokens(&self) -> &[u32] {
        &self.end_tokens
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are no tokens at all.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

fn read_json(path: &Path) -> Result<Json, NnError> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .map_err(|e| NnError::format(path.display().to_string(), e.to_string())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Json::Null),
        Err(e) => Err(NnError::io(path, e)),
    }
}

fn token_kinds(file: &Gguf, count: usize) -> Result<Vec<Kind>, NnError> {
    let numbers = match file.get("tokenizer.ggml.token_type") {
        None => return Ok(vec![Kind::Normal; count]),
        Some(Value::Ints(numbers)) if numbers.len() == count => numbers,
        Some(_) => return Err(NnError::format(file.name(), "token_type does not match the tokens")),
    };
    Ok(numbers
        .iter()
        .map(|n| match n {
            3 => Kind::Control,
            4 => Kind::User,
            6 => Kind::Byte,
            _ => Kind::Normal,
        })
        .collect())
}

/// How texts are cut before merging; the expressions are those of the models' own `tokenizer.json`.
fn pre_tokenizer(kind: &str) -> Option<Vec<PreTokenizerWrapper>> {
    let gpt4 = |digits: &str| {
        let expression = format!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        );
        let split = Split::new(SplitPattern::Regex(expression), SplitDelimiterBehavior::Isolated, false);
        Some(vec![split.ok()?.into(), ByteLevel::new(false, false, false).into()])
    };
    match kind {
        "smollm" => Some(vec![Digits::new(true).into(), ByteLevel::new(false, false, true).into()]),
        "gpt-2" | "default" => Some(vec![ByteLevel::new(false, false, true).into()]),
        "qwen2" => gpt4(r"\p{N}"),
        "llama-bpe" | "llama3" => gpt4(r"\p{N}{1,3}"),
        _ => None,
    }
}

fn bpe_from_gguf(file: &Gguf, tokens: &[String], kinds: &[Kind]) -> Result<Encoder, NnError> {
    let bad = |what: String| NnError::format(file.name(), what);
    let Some(Value::Strs(merges)) = file.get("tokenizer.ggml.merges") else {
        return Err(bad("it has no tokenizer.ggml.merges".into()));
    };
    let kind = file.str("tokenizer.ggml.pre").unwrap_or("default");
    let cut = pre_tokenizer(kind).ok_or_else(|| {
        NnError::Unsupported(format!(
            "{}: the pre-tokenizer {kind:?}; smollm, gpt-2, qwen2 and llama-bpe are known",
            file.name()
        ))
    })?;
    // A merge "a b" may itself hold spaces only between its halves: byte-level tokens contain none.
    let merges: Option<Vec<(String, String)>> =
        merges.iter().map(|m| m.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()))).collect();
    let merges = merges.ok_or_else(|| bad("a merge is not two tokens".into()))?;
    let vocab: Vocab = tokens.iter().enumerate().map(|(id, token)| (token.clone(), id as u32)).collect();
    let model = BPE::builder()
        .vocab_and_merges(vocab, merges)
        .ignore_merges(matches!(kind, "llama-bpe" | "llama3"))
        .build()
        .map_err(|e| bad(format!("its merges and tokens disagree: {e}")))?;
    let mut inner = tokenizers::Tokenizer::new(model);
    inner.with_pre_tokenizer(Some(Sequence::new(cut)));
    let added = tokens.iter().zip(kinds).filter(|(_, k)| matches!(k, Kind::Control | Kind::User));
    let added = added.map(|(text, k)| AddedToken::from(text.clone(), *k == Kind::Control).normalized(false));
    inner.add_special_tokens(added).map_err(|e| bad(format!("its special tokens: {e}")))?;
    Ok(Encoder::Bpe(Box::new(inner)))
}

fn spm_from_gguf(file: &Gguf, tokens: &[String], kinds: &[Kind]) -> Result<Spm, NnError> {
    match file.get("tokenizer.ggml.scores") {
        Some(Value::Floats(scores)) if scores.len() == tokens.len() => {
            let unknown = file.uint("tokenizer.ggml.unknown_token_id").unwrap_or(0) as u32;
            let prefix = file.bool("tokenizer.ggml.add_space_prefix").unwrap_or(true);
            Ok(Spm::new(tokens, scores, kinds, unknown, prefix))
        }
        _ => Err(NnError::format(file.name(), "it has no score for each token")),
    }
}

/// The bytes of byte-level tokens, in which every byte is written as one printable character.
fn byte_level_table(tokens: &[String], kinds: &[Kind]) -> Vec<Box<[u8]>> {
    let byte_of = |c: char| -> Option<u8> {
        match u32::from(c) {
            n @ (0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF) => Some(n as u8),
            // The other bytes, in order, are U+0100, U+0101, …
            n @ 0x100..=0x120 => Some((n - 0x100) as u8),
            n @ 0x121..=0x142 => Some((n - 0x121 + 0x7F) as u8),
            0x143 => Some(0xAD),
            _ => None,
        }
    };
    let convert = |(token, kind): (&String, &Kind)| -> Box<[u8]> {
        let plain = || token.as_bytes().into();
        match kind {
            Kind::Control | Kind::User => plain(),
            _ => token.chars().map(byte_of).collect::<Option<Box<[u8]>>>().unwrap_or_else(plain),
        }
    };
    tokens.iter().zip(kinds).map(convert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_character() {
        // The table of GPT-2: printable bytes stand for themselves, the rest are shifted to U+0100 in order.
        let mut shifted = 0x100..;
        for byte in 0..=255u32 {
            let printable = matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
            let code = if printable { byte } else { shifted.next().unwrap() };
            let token = char::from_u32(code).unwrap().to_string();
            assert_eq!(*byte_level_table(&[token], &[Kind::Normal])[0], [byte as u8]);
        }
    }

    #[test]
    fn unknown_pre_tokenizers_are_refused() {
        assert!(pre_tokenizer("qwen2").is_some());
        assert!(pre_tokenizer("deepseek-coder").is_none());
    }
}
