//! Makes tiny model files: a GGUF writer of a few lines, written from the format's description and independent of the
//! reader under test.

use tirade_nn::quant::DType;

/// A metadata value to write.
pub enum Meta<'a> {
    Bool(bool),
    U32(u32),
    F32(f32),
    Str(&'a str),
    Strs(Vec<String>),
    Ints(Vec<i32>),
    Floats(Vec<f32>),
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn array(out: &mut Vec<u8>, kind: u32, len: usize) {
    out.extend(9u32.to_le_bytes());
    out.extend(kind.to_le_bytes());
    out.extend((len as u64).to_le_bytes());
}

fn meta(out: &mut Vec<u8>, value: &Meta) {
    match value {
        Meta::Bool(v) => out.extend([&7u32.to_le_bytes()[..], &[u8::from(*v)]].concat()),
        Meta::U32(v) => out.extend([4u32.to_le_bytes(), v.to_le_bytes()].concat()),
        Meta::F32(v) => out.extend([6u32.to_le_bytes(), v.to_le_bytes()].concat()),
        Meta::Str(v) => {
            out.extend(8u32.to_le_bytes());
            text(out, v);
        }
        Meta::Strs(list) => {
            array(out, 8, list.len());
            list.iter().for_each(|v| text(out, v));
        }
        Meta::Ints(list) => {
            array(out, 5, list.len());
            list.iter().for_each(|v| out.extend(v.to_le_bytes()));
        }
        Meta::Floats(list) => {
            array(out, 6, list.len());
            list.iter().for_each(|v| out.extend(v.to_le_bytes()));
        }
    }
}

/// A tensor to write: name, dimensions fastest first, type, bytes.
pub type Entry = (String, Vec<u64>, DType, Vec<u8>);

/// A whole GGUF file.
pub fn gguf(metadata: &[(&str, Meta)], tensors: &[Entry]) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    out.extend(3u32.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((metadata.len() as u64).to_le_bytes());
    for (key, value) in metadata {
        text(&mut out, key);
        meta(&mut out, value);
    }
    let mut at = 0u64;
    for (name, dims, dtype, bytes) in tensors {
        text(&mut out, name);
        out.extend((dims.len() as u32).to_le_bytes());
        dims.iter().for_each(|d| out.extend(d.to_le_bytes()));
        out.extend(dtype.ggml_id().to_le_bytes());
        out.extend(at.to_le_bytes());
        at = (at + bytes.len() as u64).next_multiple_of(32);
    }
    for (_, _, _, bytes) in tensors {
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(bytes);
    }
    out
}

/// A small deterministic stream of numbers (SplitMix64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Uniform in -1..1.
    pub fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

pub const HIDDEN: usize = 64;
pub const FF: usize = 96;
pub const KV: usize = 32;
pub const LAYERS: usize = 2;

/// The vocabulary of [`tiny_model`]: `<unk> <s> </s>`, 256 bytes, and a few pieces.
pub fn tiny_tokens() -> (Vec<String>, Vec<f32>, Vec<i32>) {
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(String::from).to_vec();
    tokens.extend((0..256).map(|b| format!("<0x{b:02X}>")));
    let mut kinds = [vec![2, 3, 3], vec![6; 256]].concat();
    for piece in ["▁", "a", "b", "c", "d", "e", "ab", "cd", "▁a", "▁b"] {
        tokens.push(piece.into());
        kinds.push(1);
    }
    let scores = (0..tokens.len()).map(|i| -(i as f32)).collect();
    (tokens, scores, kinds)
}

/// A working two-layer Llama with random weights in F32, four heads on two, and a SentencePiece vocabulary.
pub fn tiny_model(seed: u64) -> Vec<u8> {
    let (tokens, scores, kinds) = tiny_tokens();
    let vocab = tokens.len();
    let template = "{% for m in messages %}<s>{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<s>{% endif %}";
    let metadata = [
        ("general.architecture", Meta::Str("llama")),
        ("llama.block_count", Meta::U32(LAYERS as u32)),
        ("llama.context_length", Meta::U32(512)),
        ("llama.embedding_length", Meta::U32(HIDDEN as u32)),
        ("llama.feed_forward_length", Meta::U32(FF as u32)),
        ("llama.attention.head_count", Meta::U32(4)),
        ("llama.attention.head_count_kv", Meta::U32(2)),
        ("llama.attention.layer_norm_rms_epsilon", Meta::F32(1e-5)),
        ("tokenizer.ggml.model", Meta::Str("llama")),
        ("tokenizer.ggml.tokens", Meta::Strs(tokens)),
        ("tokenizer.ggml.scores", Meta::Floats(scores)),
        ("tokenizer.ggml.token_type", Meta::Ints(kinds)),
        ("tokenizer.ggml.bos_token_id", Meta::U32(1)),
        ("tokenizer.ggml.eos_token_id", Meta::U32(2)),
        ("tokenizer.ggml.add_bos_token", Meta::Bool(false)),
        ("tokenizer.ggml.add_space_prefix", Meta::Bool(false)),
        ("tokenizer.chat_template", Meta::Str(template)),
    ];
    gguf(&metadata, &tiny_tensors(vocab, &mut Numbers(seed)))
}

fn tiny_tensors(vocab: usize, numbers: &mut Numbers) -> Vec<Entry> {
    let mut tensors = vec![matrix("token_embd.weight", HIDDEN, vocab, numbers), ones("output_norm.weight")];
    for layer in 0..LAYERS {
        for name in ["attn_norm", "ffn_norm"] {
            tensors.push(ones(&format!("blk.{layer}.{name}.weight")));
        }
        for (name, cols, rows) in [
            ("attn_q", HIDDEN, HIDDEN),
            ("attn_k", HIDDEN, KV),
            ("attn_v", HIDDEN, KV),
            ("attn_output", HIDDEN, HIDDEN),
            ("ffn_gate", HIDDEN, FF),
            ("ffn_up", HIDDEN, FF),
            ("ffn_down", FF, HIDDEN),
        ] {
            tensors.push(matrix(&format!("blk.{layer}.{name}.weight"), cols, rows, numbers));
        }
    }
    tensors
}

fn matrix(name: &str, cols: usize, rows: usize, numbers: &mut Numbers) -> Entry {
    let bytes = (0..cols * rows).flat_map(|_| (0.2 * numbers.float()).to_le_bytes()).collect();
    (name.into(), vec![cols as u64, rows as u64], DType::F32, bytes)
}

fn ones(name: &str) -> Entry {
    (name.into(), vec![HIDDEN as u64], DType::F32, 1.0f32.to_le_bytes().repeat(HIDDEN))
}
