//! `tool batch`: order within sessions, bad rows, many sessions.

use std::collections::HashMap;

use super::*;

fn run(toolbox: &StandardToolbox, rows: &[Value]) -> Vec<Value> {
    let input: String = rows.iter().map(|row| format!("{row}\n")).collect();
    run_text(toolbox, input)
}

fn run_text(toolbox: &StandardToolbox, input: impl AsRef<[u8]>) -> Vec<Value> {
    let mut output = Vec::new();
    crate::tool::batch::run(toolbox, input.as_ref(), &mut output, 2).expect("the sandbox works");
    String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_session_keeps_its_order_and_its_variables() {
    let Some(toolbox) = toolbox() else { return };
    let mut rows = Vec::new();
    for step in 0..5 {
        for session in ["a", "b", "c"] {
            let code = if step == 0 { format!("v = ['{session}']") } else { format!("v.append({step}); v") };
            rows.push(json!({ "id": format!("{session}{step}"), "session": session, "code": code }));
        }
    }
    let found = run(toolbox, &rows);
    assert_eq!(found.len(), rows.len());
    let mut order: HashMap<char, Vec<String>> = HashMap::new();
    for row in &found {
        let id = row["id"].as_str().unwrap();
        order.entry(id.chars().next().unwrap()).or_default().push(id.to_owned());
        assert_eq!(row["status"], "ok", "{row}");
        if id.ends_with('4') {
            assert_eq!(row["stdout"], format!("['{}', 1, 2, 3, 4]\n", &id[..1]));
        }
    }
    assert!(order.values().all(|ids| ids.is_sorted()), "{order:?}");
}

#[test]
fn bad_rows_are_error_rows_and_the_rest_goes_on() {
    let Some(toolbox) = toolbox() else { return };
    let input = "not json\n\n[1]\n{\"id\":7}\n{\"id\":8,\"tool\":\"gcd\",\"args\":{\"numbers\":[4,6]},\"limits\":{\"wall_s\":-1}}\n\
                 {\"id\":9,\"tool\":\"gcd\",\"args\":{\"numbers\":[4,6]}}\n{\"id\":10,\"code\":\"1+1\",\"x\":0}\n";
    let found: HashMap<String, Value> =
        run_text(toolbox, input).into_iter().map(|row| (row["id"].to_string(), row)).collect();
    for (id, error) in [
        ("1", "line 1: not JSON"),
        ("3", "line 3: expected a JSON object, found [1]"),
        ("7", "line 4: expected \"tool\" with \"args\", or \"code\""),
        ("8", "line 5: the limit wall_s must be a positive number, found -1"),
        ("10", "line 7: unknown field \"x\""),
    ] {
        assert_eq!(found[id]["status"], "error");
        assert!(found[id]["error"].as_str().unwrap().starts_with(error), "{}", found[id]);
    }
    assert_eq!((found["9"]["status"].as_str(), found["9"]["result"].as_str()), (Some("ok"), Some("2")));
}

#[test]
fn limits_of_a_row_count_and_typed_errors_have_words() {
    let Some(toolbox) = toolbox() else { return };
    let found = run(
        toolbox,
        &[
            json!({ "id": 1, "code": "while True: pass", "limits": { "wall_ms": 200 } }),
            json!({ "id": 2, "tool": "solve_equation", "args": { "sympy_equation": "x +", "variable": "x" } }),
        ],
    );
    let by_id = |id: i64| found.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(by_id(1)["status"], "timeout");
    assert_eq!(by_id(2)["status"], "error");
    assert_eq!(by_id(2)["error"], "Error in solve_equation: argument sympy_equation: \"x +\" ends too early");
}

#[test]
fn more_sessions_than_interpreters_are_kept() {
    let Some(toolbox) = toolbox() else { return };
    let define = (0..80).map(|n| json!({ "id": n, "session": n, "code": format!("w = {n}") }));
    let use_it = (0..80).map(|n| json!({ "id": 100 + n, "session": n, "code": "import sys; w" }));
    let found = run(toolbox, &define.chain(use_it).collect::<Vec<_>>());
    for row in found.iter().filter(|row| row["id"].as_i64().unwrap() >= 100) {
        assert_eq!(row["stdout"], format!("{}\n", row["id"].as_i64().unwrap() - 100), "{row}");
    }
    assert_eq!(found.len(), 160);
}

#[test]
fn a_row_whose_reply_was_lost_is_carried_out_once() {
    let Some(toolbox) = toolbox() else { return };
    let row = |id: i64, code: &str| json!({ "id": id, "session": "once", "code": code });
    let step = "once += 1; once";
    let found = run(toolbox, &[row(1, "once = 0"), row(2, step), row(2, step), row(3, step), row(3, "once")]);
    let seen: Vec<(&str, bool)> =
        found.iter().map(|row| (row["stdout"].as_str().unwrap().trim(), row["cached"] == true)).collect();
    assert_eq!(seen, [("", false), ("1", false), ("1", true), ("2", false), ("2", false)]);
}

#[test]
fn a_line_that_is_not_text_is_an_error_row() {
    let Some(toolbox) = toolbox() else { return };
    let found = run_text(toolbox, b"{\"id\": 1, \"code\": \"\xff\"}\n{\"id\": 2, \"code\": \"1 + 1\"}\r\n");
    let by_id = |id: i64| found.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((by_id(1)["status"].as_str(), by_id(2)["stdout"].as_str()), (Some("error"), Some("2\n")));
}

/// Four sessions of 400 MB each: idle, they do not stay that large, and none loses its variables.
#[test]
fn idle_sessions_do_not_hold_the_memory_of_the_host() {
    let Some(toolbox) = toolbox() else { return };
    let session = |n: i64, code: String| json!({ "session": format!("large {n}"), "code": code });
    let take = (0..4).map(|n| session(n, format!("large = bytearray(400 << 20); kept = {n}")));
    let mut rows: Vec<Value> = take.collect();
    rows.extend((0..4).map(|n| session(n, "kept, len(large) >> 20".to_owned())));
    let found = run(toolbox, &rows);
    let mut printed: Vec<&str> = found.iter().filter_map(|row| row["stdout"].as_str()).collect();
    printed.retain(|text| !text.is_empty());
    printed.sort_unstable();
    assert_eq!(printed, ["(0, 400)\n", "(1, 400)\n", "(2, 400)\n", "(3, 400)\n"], "{found:?}");
}

#[test]
fn no_session_can_be_named_like_that_of_a_row_without() {
    let Some(toolbox) = toolbox() else { return };
    let mut rows = vec![json!({ "code": "mine = 1" })];
    rows.extend(["\u{0}1", "1", "=1", ""].map(|name| json!({ "session": name, "code": "mine" })));
    for row in run(toolbox, &rows).iter().filter(|row| row["id"] != 1) {
        assert_eq!(row["status"], "error", "{row}");
    }
}
