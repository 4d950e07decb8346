//! Files: well-formed ones are read, everything else is an error and never a panic.

use super::make::{Meta, Numbers, gguf, tiny_model};
use tirade_nn::gguf::Gguf;
use tirade_nn::quant::DType;
use tirade_nn::safetensors::{Safetensors, write_bytes};
use tirade_nn::template::{ChatMessage, ChatTemplate};
use tirade_nn::tokenizer::Tokenizer;
use tirade_nn::weights::Weights;

#[test]
fn a_tiny_model_is_read() {
    let weights = Weights::from_gguf(Gguf::from_bytes("tiny", tiny_model(1)).unwrap()).unwrap();
    assert_eq!((weights.config().layers, weights.config().head_dim, weights.config().tied), (2, 16, true));
    let q = weights.matrix("model.layers.1.self_attn.q_proj.weight", 64, 64).unwrap();
    let (_, stored) = weights.gguf().unwrap().tensor("blk.1.attn_q.weight").unwrap();
    // Row 8 of a head of 16 is the second half's first: ggml keeps it right behind row 0.
    assert_eq!(q.row(8), &stored[64 * 4..2 * 64 * 4]);
    assert!(weights.matrix("model.layers.2.self_attn.q_proj.weight", 64, 64).is_err());
    assert!(weights.matrix("model.layers.1.self_attn.q_proj.weight", 32, 64).is_err());
}

#[test]
fn a_conversation_becomes_tokens_with_the_assistants_marked() {
    let file = Gguf::from_bytes("tiny", tiny_model(1)).unwrap();
    let tokenizer = Tokenizer::from_gguf(&file).unwrap();
    let template = ChatTemplate::from_gguf(&file, &tokenizer).unwrap().unwrap();
    let turns = [("user", "ab"), ("assistant", " a"), ("user", "e"), ("assistant", "cd")];
    let messages = turns.map(|(role, content)| ChatMessage::new(role, content));
    let chat = template.render_tokens(&tokenizer, &messages, None).unwrap();
    let names: Vec<String> =
        chat.tokens.iter().map(|&t| String::from_utf8_lossy(tokenizer.bytes(t)).into_owned()).collect();
    let expected = ["<s>", "ab", "</s>", "<s>", " a", "</s>", "<s>", "e", "</s>", "<s>", "cd", "</s>"];
    assert_eq!(names, expected);
    assert_eq!(chat.assistant, [4..6, 10..12]);
}

/// What is wrong with the file, and the change to the bytes of a good one.
type Damage = (&'static str, fn(&mut Vec<u8>));

#[test]
fn damaged_gguf_files_are_refused() {
    let cases: [Damage; 9] = [
        ("empty", |b| b.clear()),
        ("another magic", |b| b[0] = b'X'),
        ("version 1", |b| b[4] = 1),
        ("2^64-1 tensors", |b| b[8..16].fill(0xFF)),
        ("2^64-1 values", |b| b[16..24].fill(0xFF)),
        ("2^32 tensors", |b| b[12] = 1),
        ("a key of 2^63 bytes", |b| b[31] = 0x80),
        ("a key that is not UTF-8", |b| b[32] = 0xFF),
        ("cut in the last tensor", |b| b.truncate(b.len() - 1)),
    ];
    for (what, damage) in cases {
        let mut bytes = tiny_model(1);
        damage(&mut bytes);
        assert!(Gguf::from_bytes("t", bytes).is_err(), "{what}");
    }
}

#[test]
fn misshapen_tensors_are_refused() {
    let one = 1.0f32.to_le_bytes().to_vec();
    for (what, dims, dtype) in [
        ("no dimension", vec![], DType::F32),
        ("too many", vec![1; 5], DType::F32),
        ("a zero", vec![0, 4], DType::F32),
        ("an overflow", vec![1 << 32, 1 << 32, 4], DType::F32),
        ("an overflow in bytes", vec![1 << 62], DType::F32),
        ("beyond the end", vec![2], DType::F32),
        ("half a block", vec![16, 2], DType::Q4_0),
    ] {
        let file = gguf(&[], &[("w".into(), dims, dtype, one.clone())]);
        assert!(Gguf::from_bytes("t", file).is_err(), "{what}");
    }
    let twice = vec![("w".to_owned(), vec![1], DType::F32, one.clone()); 2];
    assert!(Gguf::from_bytes("t", gguf(&[], &twice)).is_err());
    for alignment in [0, 3] {
        assert!(Gguf::from_bytes("t", gguf(&[("general.alignment", Meta::U32(alignment))], &[])).is_err());
    }
}

#[test]
fn every_cut_of_a_gguf_file_is_an_error() {
    let bytes = gguf(
        &[("general.architecture", Meta::Str("llama")), ("x", Meta::Strs(vec!["a".into(), "b".into()]))],
        &[("w".into(), vec![2], DType::F32, vec![0; 8])],
    );
    assert!(Gguf::from_bytes("t", bytes.clone()).is_ok());
    for len in 0..bytes.len() {
        assert!(Gguf::from_bytes("t", bytes[..len].to_vec()).is_err(), "{len} of {}", bytes.len());
    }
}

/// Random bytes in the header of a good file: whatever opens must also be usable without a panic.
#[test]
fn fuzzed_gguf_files_never_panic() {
    let good = tiny_model(1);
    let mut numbers = Numbers(7);
    for _ in 0..3000 {
        let mut bytes = good.clone();
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(9000);
            bytes[at] = numbers.next() as u8;
        }
        let Ok(file) = Gguf::from_bytes("fuzz", bytes) else { continue };
        if let Ok(tokenizer) = Tokenizer::from_gguf(&file) {
            tokenizer.decode(&tokenizer.encode("ab cd <s>").unwrap());
            let _ = ChatTemplate::from_gguf(&file, &tokenizer);
        }
        if let Ok(weights) = Weights::from_gguf(file) {
            let config = weights.config();
            let _ = weights.matrix("model.layers.0.self_attn.q_proj.weight", config.hidden, config.hidden);
            let _ = weights.head();
        }
    }
}

#[test]
fn damaged_safetensors_files_are_refused() {
    let file = |header: &str, data: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
    };
    let good = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    assert!(Safetensors::from_bytes("t", file(good, 8)).is_ok());
    for (what, bytes) in [
        ("empty", vec![]),
        ("a huge header", vec![0xFF; 16]),
        ("cut", file(good, 7)),
        ("no JSON", file("{", 0)),
        ("no object", file("[]", 0)),
        ("an unknown type", file(&good.replace("F32", "I64"), 8)),
        ("a shape that overflows", file(&good.replace("[2]", "[4294967296,4294967296,4]"), 8)),
        ("a negative shape", file(&good.replace("[2]", "[-2]"), 8)),
        ("offsets the wrong way round", file(&good.replace("[0,8]", "[8,0]"), 8)),
        ("one offset", file(&good.replace("[0,8]", "[0]"), 8)),
        ("a missing shape", file(&good.replace("shape", "shade"), 8)),
        ("a name twice", file(&format!("{{{0},{0}}}", &good[1..good.len() - 1]), 8)),
        (
            "tensors that share bytes",
            file(
                &format!(
                    "{{{0},{1}}}",
                    &good[1..good.len() - 1],
                    r#""v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#
                ),
                8,
            ),
        ),
        ("deep metadata", file(&format!(r#"{{"__metadata__":{}}}"#, "[".repeat(100_000)), 8)),
        ("a shape that is an object", file(&good.replace("[2]", "{}"), 8)),
        ("a shape of floats", file(&good.replace("[2]", "[2.0]"), 8)),
    ] {
        assert!(Safetensors::from_bytes("t", bytes).is_err(), "{what}");
    }
}

#[test]
fn every_cut_of_a_safetensors_file_is_an_error() {
    let bytes = write_bytes(&[("w", DType::F32, &[2], &[0; 8])], &[("format", "pt")]);
    assert!(Safetensors::from_bytes("t", bytes.clone()).is_ok());
    for len in 0..bytes.len() {
        assert!(Safetensors::from_bytes("t", bytes[..len].to_vec()).is_err(), "{len} of {}", bytes.len());
    }
}

#[test]
fn gguf_tensors_that_share_bytes_are_refused() {
    let tensor = |name: &str| (name.to_owned(), vec![8], DType::F32, vec![0; 32]);
    let mut bytes = gguf(&[], &[tensor("v"), tensor("w")]);
    assert!(Gguf::from_bytes("t", bytes.clone()).is_ok());
    // The second tensor's offset is the last number of the header.
    let header = bytes.len() - 64;
    let at = (0..header - 7).rev().find(|&i| bytes[i..i + 8] == 32u64.to_le_bytes()).unwrap();
    bytes[at..at + 8].fill(0);
    let error = Gguf::from_bytes("t", bytes).err().unwrap().to_string();
    assert!(error.contains("share bytes"), "{error}");
}

#[test]
fn fuzzed_safetensors_files_never_panic() {
    let bytes: Vec<u8> = (0..64).collect();
    let good = write_bytes(&[("a", DType::F32, &[4, 4], &bytes), ("b", DType::BF16, &[32], &bytes)], &[]);
    let mut numbers = Numbers(3);
    for _ in 0..3000 {
        let mut file = good.clone();
        let at = numbers.below(good.len() - 128);
        file[at] = numbers.next() as u8;
        let Ok(file) = Safetensors::from_bytes("fuzz", file) else { continue };
        for name in file.tensor_names() {
            assert!(file.tensor(name).is_some());
        }
    }
}
