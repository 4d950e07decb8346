//! Bad input: one clear error with a hint, and nothing half-written.

use crate::command::Place;

#[track_caller]
fn check(arguments: &[&str], said: &[&str]) {
    let place = Place::new();
    place.write("bad.toml", "[solve]\nmodle = \"x\"\n");
    place.write("notes.txt", "no JSON\n");
    let (code, error) = place.fails(arguments);
    assert!(code == 1 || code == 2, "exit code {code}");
    for part in said {
        assert!(error.contains(part), "{arguments:?} should say {part:?}, said:\n{error}");
    }
}

#[test]
fn names_that_are_none() {
    check(&["solve", "--model", "opnai:gpt-4o-mini"], &["opnai", "hint"]);
    check(&["solve", "--model", "script:nowhere.jsonl"], &["nowhere.jsonl"]);
    check(&["solve", "--model", "local:qwen9"], &["qwen9", "qwen2.5-coder-1.5b-instruct"]);
    check(&["solve", "--model", "file:nowhere.gguf"], &["nowhere.gguf", "hint"]);
    check(&["solve", "--model", "openai:gpt-4o-mini"], &["OPENAI_API_KEY"]);
    check(&["solve", "--dataset", "nowhere"], &["nowhere"]);
    check(&["run", "nowhere.toml"], &["nowhere.toml", "hint"]);
    check(&["run", "bad.toml"], &["modle", "model"]);
}

#[test]
fn experiments_that_are_not_there() {
    check(&["report"], &["tirade-work", "hint"]);
    check(&["translate", "--way", "rules"], &["no solve run", "hint"]);
    check(&["solve", "--model", "script:x", "--job-id", "2", "--total-jobs", "2"], &["x"]);
}

#[test]
fn a_run_of_nothing_but_errors_is_one() {
    let place = Place::new();
    place.write("script.jsonl", "{\"when\": {\"contains\": \"nobody asks this\"}, \"reply\": \"1\"}\n");
    for stage in ["solve", "eval"] {
        let output =
            place.command(&[stage, "--model", "script:script.jsonl", "--num", "2"]).output().unwrap();
        let [said, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert_eq!(output.status.code(), Some(1), "{stage}");
        assert!(said.contains("1 ended in an error: script:script.jsonl"), "{said}");
        assert!(error.contains("every attempt of") && error.contains("tirade retry"), "{error}");
    }
}

#[test]
fn a_newer_store_is_refused() {
    let place = Place::new();
    place.write("script.jsonl", "{\"reply\": \"\\\\boxed{1}\"}\n");
    place.run(&["eval", "--model", "script:script.jsonl", "--num", "1"]);
    // The version of a SQLite file is the big-endian number at byte 60; the write-ahead log was folded in when the program ended.
    let path = place.path("tirade-work/tirade.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&99u32.to_be_bytes());
    std::fs::write(&path, bytes).unwrap();
    let (_, error) = place.fails(&["runs"]);
    assert!(error.contains("schema version 99") && error.contains("hint"), "{error}");
}

#[test]
fn bad_rows_cost_themselves_only() {
    let place = Place::new();
    let good = r#"{"gold": "1/2", "pred": "0.5", "raw_answer": true}"#;
    place.write("cases.jsonl", &format!("{good}\nnot JSON\n{{\"pred\": \"1\"}}\n{good}\n"));
    let rows = place.run(&["verify", "--cases", "cases.jsonl"]);
    let lines: Vec<&str> = rows.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].contains("equal") && lines[3].contains("equal"), "{rows}");
    assert!(lines[1].contains("not valid JSON") && lines[2].contains("gold"), "{rows}");
}
