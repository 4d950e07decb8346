//! `tirade train` with a real model: what it shows beforehand, a kill in the middle, and a merged model that llama.cpp could read.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::command::{Place, TEACHER};

const STUDENT: &str = "local:smollm2-135m-instruct";
const TRAIN: [&str; 13] = [
    "train",
    "--model",
    STUDENT,
    "--rank",
    "4",
    "--dropout",
    "0.1",
    "--train-epochs",
    "9",
    "--checkpoint-every",
    "2",
    "--threads",
    "1",
];

/// An experiment with a corpus of one example in the folder `one`, and the same again in `two`.
fn corpora() -> Place {
    let place = Place::new();
    place.write("teacher.jsonl", TEACHER);
    for dir in ["one", "two"] {
        place.run(&["--dir", dir, "solve", "--model", "script:teacher.jsonl", "--num", "1"]);
        place.run(&["--dir", dir, "translate", "--model", "script:teacher.jsonl"]);
        place.run(&["--dir", dir, "corpus", "--validation", "0"]);
    }
    place
}

fn in_dir<'a>(dir: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    ["--dir", dir].into_iter().chain(arguments.iter().copied()).collect()
}

/// The only adapter of an experiment.
fn adapter(place: &Place, dir: &str) -> std::path::PathBuf {
    let mut adapters = std::fs::read_dir(place.path(dir).join("adapters")).unwrap();
    adapters.next().unwrap().unwrap().path()
}

fn has_checkpoint(adapters: &Path) -> bool {
    let Ok(mut runs) = std::fs::read_dir(adapters) else { return false };
    let Some(Ok(run)) = runs.next() else { return false };
    let Ok(mut checkpoints) = std::fs::read_dir(run.path().join("checkpoints")) else { return false };
    checkpoints.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("step-")))
}

#[test]
fn a_killed_training_ends_with_the_same_weights_and_merges() {
    let place = corpora();
    let shown = place.run(&in_dir("one", &[&TRAIN[..], &["--check"]].concat()));
    let learnt = shown.lines().skip(1).collect::<Vec<_>>().join("\n");
    let learnt = learnt.split_once('⟦').and_then(|(_, rest)| rest.split_once('⟧')).unwrap().0;
    assert!(learnt.contains("138") && learnt.ends_with("<|im_end|>") && !learnt.contains("user"), "{shown}");
    assert!(shown.contains("learnt in 1 of 1 examples") && shown.contains("memory"), "{shown}");
    assert!(!place.path("one/adapters").exists(), "a check writes nothing");
    let (_, refused) = place.fails(&in_dir("one", &[&TRAIN[..], &["--memory-limit", "100"]].concat()));
    assert!(refused.contains("100 MiB are allowed"), "{refused}");

    let mut child =
        place.command(&in_dir("one", &TRAIN)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !has_checkpoint(&place.path("one/adapters")) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before the kill");
        assert!(started.elapsed() < Duration::from_secs(300), "no checkpoint after five minutes");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !adapter(&place, "one").join("adapter_model.safetensors").exists(),
        "it was killed before the end"
    );
    let again = place.run(&in_dir("one", &TRAIN));
    assert!(again.contains("9 steps"), "{again}");
    place.run(&in_dir("two", &TRAIN));
    for file in ["adapter_model.safetensors", "loss.jsonl", "loss.svg"] {
        let read = |dir| std::fs::read(adapter(&place, dir).join(file)).unwrap();
        assert!(read("one") == read("two"), "{file} differs from that of a run that was not killed");
    }

    // After nine steps the adapter changes so little that rounding to f16 shows beside it.
    let merge = ["models", "merge", "--model", STUDENT, "--output", "merged.gguf", "--dtype", "f32"];
    let merged = place.run(&in_dir("one", &merge));
    assert!(merged.contains("another likeliest token after 0"), "{merged}");
    let (_, refused) = place.fails(&in_dir("one", &merge));
    assert!(refused.contains("is there already"), "{refused}");
}
