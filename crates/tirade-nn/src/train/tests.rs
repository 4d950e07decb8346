//! Whole runs of [`train`] and [`check`] on a model small enough to be made here, file by file.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::json;

use super::testing::fill;
use super::*;
use crate::adapter::to_bytes;
use crate::config::Config;
use crate::quant::DType;
use crate::safetensors;
use crate::template::ChatMessage;
use crate::weights::layer_tensors;

const TEMPLATE: &str = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}\
                        {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// A Llama of two layers with one token per ASCII character, in the hub's layout. The embedding of `poison` is not a number.
pub(crate) fn write_model(dir: &Path, poison: Option<u8>) {
    let config = json!({
        "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "vocab_size": 128,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
        "tie_word_embeddings": false,
    });
    let parsed = Config::from_json("tiny", &config).unwrap();
    let mut tensors = vec![
        ("model.embed_tokens.weight".into(), 128, 32),
        ("model.norm.weight".into(), 1, 32),
        ("lm_head.weight".into(), 128, 32),
    ];
    for layer in 0..2 {
        let of_layer = layer_tensors(&parsed).into_iter();
        tensors.extend(
            of_layer.map(|(name, rows, columns)| (format!("model.layers.{layer}.{name}"), rows, columns)),
        );
    }
    let parts: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, rows, columns): (String, usize, usize)| {
            let mut values = fill(&name, rows * columns, 0.3);
            if rows == 1 {
                values.iter_mut().for_each(|v| *v += 1.0);
            }
            if let Some(poison) = poison.filter(|_| name.contains("embed")) {
                values[(poison - 33 + 2) as usize * 32] = f32::NAN;
            }
            let shape = if rows == 1 { vec![columns] } else { vec![rows, columns] };
            (name, shape, to_bytes(&values))
        })
        .collect();
    let entries: Vec<safetensors::Entry> =
        parts.iter().map(|(n, s, b)| (&n[..], DType::F32, &s[..], &b[..])).collect();
    safetensors::write(&dir.join("model.safetensors"), &entries, &[]).unwrap();
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
    std::fs::write(dir.join("tokenizer.json"), tokenizer().to_string()).unwrap();
    std::fs::write(dir.join("tokenizer_config.json"), json!({"eos_token": "<|im_end|>"}).to_string())
        .unwrap();
    std::fs::write(dir.join("chat_template.jinja"), TEMPLATE).unwrap();
}

/// `tokenizer.json` of the tiny model.
pub(crate) fn tokenizer() -> serde_json::Value {
    let letters = (33u8..127).map(|b| (b as char).to_string()).chain(["Ġ".into(), "Ċ".into()]);
    let words = ["<|im_start|>".into(), "<|im_end|>".into()].into_iter().chain(letters);
    let vocabulary: serde_json::Map<String, serde_json::Value> =
        words.enumerate().map(|(id, word)| (word, json!(id))).collect();
    let special = |id: usize, content: &str| json!({"id": id, "content": content, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false});
    json!({
        "version": "1.0",
        "added_tokens": [special(0, "<|im_start|>"), special(1, "<|im_end|>")],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false, "trim_offsets": true},
        "decoder": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false, "trim_offsets": true},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []},
    })
}

fn example(id: &str, question: &str, answer: &str) -> ChatExample {
    let messages = vec![ChatMessage::new("user", question), ChatMessage::new("assistant", answer)];
    ChatExample { id: id.into(), messages }
}

fn examples(range: std::ops::Range<usize>) -> Vec<ChatExample> {
    range.map(|i| example(&format!("e{i}"), &format!("{i} + 1?"), &format!("It is {}", i + 1))).collect()
}

fn options(dir: &Path) -> TrainOptions {
    TrainOptions {
        model: dir.join("model"),
        output: dir.join("out"),
        rank: 4,
        alpha: 8.0,
        dropout: 0.1,
        learning_rate: 1e-2,
        epochs: 2,
        batch_size: 2,
        gradient_accumulation: 1,
        max_length: 200,
        ..TrainOptions::default()
    }
}

/// A directory with a `model` and the adapter trained on it in `out`.
pub(crate) fn trained() -> tempfile::TempDir {
    let Setting { options, dir } = setting();
    go(&options, &[], usize::MAX);
    dir
}

struct Setting {
    dir: tempfile::TempDir,
    options: TrainOptions,
}

fn setting() -> Setting {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("model")).unwrap();
    write_model(&dir.path().join("model"), None);
    let options = options(dir.path());
    Setting { dir, options }
}

fn go(
    options: &TrainOptions,
    validation: &[ChatExample],
    stop_after: usize,
) -> (TrainSummary, Vec<TrainEvent>) {
    let mut events = Vec::new();
    let summary = train(options, &examples(0..7), validation, &mut |event| {
        events.push(event.clone());
        match event {
            TrainEvent::Step { step, .. } if *step >= stop_after => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    (summary.unwrap(), events)
}

fn bytes(options: &TrainOptions, file: &str) -> Vec<u8> {
    std::fs::read(options.output.join(file)).unwrap()
}

#[test]
fn a_run_learns_and_leaves_everything_behind() {
    let Setting { options, dir: _dir } = setting();
    let options = TrainOptions { epochs: 15, ..options };
    let (summary, events) = go(&options, &examples(20..22), usize::MAX);
    let losses: Vec<f64> = events
        .iter()
        .filter_map(|e| if let TrainEvent::Step { loss, .. } = e { Some(*loss) } else { None })
        .collect();
    assert_eq!((losses.len(), summary.steps, summary.total), (60, 60, 60));
    assert!(losses[0] > 4.0 && losses[59] < 0.5 * losses[0], "{losses:?}");
    assert_eq!(events.iter().filter(|e| matches!(e, TrainEvent::Validation { .. })).count(), 15);
    assert!(summary.validation.unwrap() < losses[0]);
    for file in [
        "adapter_config.json",
        "adapter_model.safetensors",
        "README.md",
        "loss.jsonl",
        "loss.svg",
        "training.json",
    ] {
        assert!(!bytes(&options, file).is_empty(), "{file}");
    }
    assert_eq!(String::from_utf8(bytes(&options, "loss.jsonl")).unwrap().lines().count(), 75);
}

#[test]
fn stopping_and_continuing_gives_the_same_bytes() {
    for threads in [1, 2] {
        let Setting { options, dir } = setting();
        let options = TrainOptions { threads, early_stop: Some(5), ..options };
        let whole =
            TrainOptions { output: dir.path().join("whole"), checkpoint_every: Some(3), ..options.clone() };
        let validation = examples(20..22);
        let (summary, _) = go(&whole, &validation, usize::MAX);
        assert_eq!((summary.steps, summary.stopped), (8, false));
        for stop in [2, 5] {
            let (summary, events) = go(&options, &validation, stop);
            assert_eq!((summary.steps, summary.stopped), (stop, true));
            assert!(matches!(events.last(), Some(TrainEvent::Checkpoint { step, .. }) if *step == stop));
        }
        let (_, events) = go(&options, &validation, usize::MAX);
        assert!(matches!(events[0], TrainEvent::Start { step: 5, total: 8, .. }));
        for file in ["adapter_model.safetensors", "loss.jsonl", "loss.svg"] {
            assert_eq!(bytes(&options, file), bytes(&whole, file), "{file} with {threads} threads");
        }
    }
}

#[test]
fn a_killed_run_goes_on_from_its_last_checkpoint() {
    let Setting { options, dir } = setting();
    let options = TrainOptions { checkpoint_every: Some(3), ..options };
    let whole = TrainOptions { output: dir.path().join("whole"), ..options.clone() };
    go(&whole, &[], usize::MAX);
    let killed = std::panic::catch_unwind(|| {
        train(&options, &examples(0..7), &[], &mut |event| match event {
            TrainEvent::Step { step: 5, .. } => panic!("killed"),
            _ => ControlFlow::Continue(()),
        })
    });
    assert!(killed.is_err() && !options.output.join("adapter_model.safetensors").exists());
    let (_, events) = go(&options, &[], usize::MAX);
    assert!(matches!(events[0], TrainEvent::Start { step: 3, .. }));
    assert_eq!(bytes(&options, "adapter_model.safetensors"), bytes(&whole, "adapter_model.safetensors"));
    assert_eq!(bytes(&options, "loss.jsonl"), bytes(&whole, "loss.jsonl"));
}

#[test]
fn accumulation_and_batch_give_the_same_bytes() {
    let Setting { options, dir } = setting();
    let run = |batch_size, gradient_accumulation| {
        let output = dir.path().join(format!("{batch_size}x{gradient_accumulation}"));
        let options = TrainOptions { batch_size, gradient_accumulation, output, ..options.clone() };
        go(&options, &[], usize::MAX);
        bytes(&options, "adapter_model.safetensors")
    };
    let want = run(1, 4);
    assert!(run(2, 2) == want && run(4, 1) == want);
}

#[test]
fn validation_that_gets_worse_stops_the_run_and_keeps_the_best() {
    let Setting { options, dir: _dir } = setting();
    let options = TrainOptions {
        epochs: 100,
        early_stop: Some(2),
        validate_every: Some(2),
        learning_rate: 0.05,
        ..options
    };
    let (summary, events) = go(&options, &[example("v", "zzz", "!!@@##")], usize::MAX);
    let losses: Vec<f64> = events
        .iter()
        .filter_map(|e| if let TrainEvent::Validation { loss, .. } = e { Some(*loss) } else { None })
        .collect();
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(summary.stopped_early && summary.steps < summary.total);
    assert_eq!(summary.validation, Some(best));
    assert!(losses[losses.len() - 2] >= best && losses[losses.len() - 1] >= best);
}

#[test]
fn a_loss_that_is_not_a_number_stops_with_step_examples_and_checkpoint() {
    let Setting { options, dir: _dir } = setting();
    write_model(&options.model, Some(b'Z'));
    let mut given = examples(0..7);
    given[6] = example("bad", "Z?", "no");
    let error = train(&options, &given, &[], &mut |_| ControlFlow::Continue(())).unwrap_err();
    let TrainError::NotFinite { step, examples, checkpoint } = &error else { panic!("{error}") };
    assert_eq!(examples, "bad");
    assert!(checkpoint.ends_with(format!("checkpoints/step-{:06}", step - 1)), "{error}");
    assert!(checkpoint.join("state.json").exists());
}

#[test]
fn the_report_shows_what_is_learnt_and_what_is_odd() {
    let Setting { options, dir: _dir } = setting();
    let long = "x".repeat(300);
    let given = [
        example("good", "1?", "one"),
        example("again", "1?", "one"),
        example("long", "2?", &long),
        ChatExample { id: "mute".into(), messages: vec![ChatMessage::new("user", "hm")] },
        example("markup", "3?", "a <|im_end|> b"),
    ];
    let report = check(&options, &given, &[]).unwrap();
    assert_eq!((report.examples, report.usable, report.ended, report.steps), (5, 3, 3, 4));
    assert_eq!(report.notes.dropped, ["long"]);
    assert_eq!(report.notes.unsupervised, ["mute"]);
    assert_eq!(report.notes.duplicates, [("again".to_string(), "good".to_string())]);
    assert_eq!(report.notes.markup, ["markup"]);
    let pieces: Vec<(&str, bool)> =
        report.previews[0].pieces.iter().map(|p| (&p.text[..], p.learnt)).collect();
    let want = [
        ("<|im_start|>user\n1?<|im_end|>\n<|im_start|>assistant\n", false),
        ("one<|im_end|>", true),
        ("\n", false),
    ];
    assert_eq!(pieces, want);
    assert!(report.accumulation_invariant && report.seconds > 0.0 && report.memory.total() > 0);
    assert_eq!(report.warnings.len(), 5, "{:?}", report.warnings);
}

#[test]
fn runs_that_cannot_work_are_refused_before_they_start() {
    let Setting { options, dir } = setting();
    let mute = [ChatExample { id: "m".into(), messages: vec![ChatMessage::new("user", "hm")] }];
    let never = &mut |_: &TrainEvent| -> ControlFlow<()> { panic!("it started") };
    let mut message = |options: &TrainOptions, examples: &[ChatExample]| {
        let error = train(options, examples, &[], never).unwrap_err().to_string();
        assert_eq!(check(options, examples, &[]).unwrap_err().to_string(), error);
        error
    };
    assert!(message(&options, &[]).contains("no examples"));
    assert!(message(&options, &mute).contains("1 have no assistant turn"));
    let short = TrainOptions { max_length: 5, ..options.clone() };
    assert!(message(&short, &examples(0..2)).contains("2 are longer than max_length 5"));
    let refuse = TrainOptions { too_long: TooLong::Refuse, ..short };
    assert!(message(&refuse, &examples(0..2)).contains("e0"));
    let poor = TrainOptions { memory_limit: Some(1 << 20), ..options.clone() };
    assert!(message(&poor, &examples(0..2)).contains("1 MiB are allowed"));
    let far = TrainOptions { max_length: 1000, ..options.clone() };
    assert!(message(&far, &examples(0..2)).contains("more than the 256 tokens"));
    let patient = TrainOptions { early_stop: Some(1), ..options.clone() };
    let error = train(&patient, &examples(0..2), &[], &mut |_| panic!("it started")).unwrap_err();
    assert!(error.to_string().contains("early_stop"), "{error}");
    std::fs::remove_file(dir.path().join("model/chat_template.jinja")).unwrap();
    assert!(message(&options, &examples(0..2)).contains("no chat template"));
}

#[test]
fn a_checkpoint_of_another_run_is_not_continued() {
    let Setting { options, dir: _dir } = setting();
    go(&options, &[], 2);
    let other = TrainOptions { seed: 1, ..options.clone() };
    let error = train(&other, &examples(0..7), &[], &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(error.to_string().contains("seed = 3407 instead of 1"), "{error}");
    let fresh = TrainOptions { resume: false, ..other };
    assert_eq!(go(&fresh, &[], usize::MAX).0.steps, 8);
}

#[test]
fn smaller_bases_train_to_nearly_the_same_loss() {
    let Setting { options, dir } = setting();
    let full = go(&options, &[], usize::MAX).0.loss;
    for base_precision in [BasePrecision::Bf16, BasePrecision::Int8] {
        let output = dir.path().join(format!("{base_precision:?}"));
        let loss = go(&TrainOptions { base_precision, output, ..options.clone() }, &[], usize::MAX).0.loss;
        assert!(
            full != loss && (full - loss).abs() < 0.02 * full,
            "{base_precision:?}: {loss} instead of {full}"
        );
    }
}

#[test]
fn the_memory_of_weights_follows_how_they_are_held() {
    let Setting { options, dir: _dir } = setting();
    let numbers = 2 * 128 * 32 + 2 * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 64 * 32);
    for (base_precision, bytes_of_32) in
        [(BasePrecision::F32, 128), (BasePrecision::Bf16, 64), (BasePrecision::Int8, 40)]
    {
        let report =
            check(&TrainOptions { base_precision, ..options.clone() }, &examples(0..7), &[]).unwrap();
        assert_eq!(report.memory.weights, numbers * bytes_of_32 / 32, "{base_precision:?}");
    }
}
