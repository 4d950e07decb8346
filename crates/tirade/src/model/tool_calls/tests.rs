use super::*;

/// Checks the text before the calls and the calls as `name arguments`.
#[track_caller]
fn check(text: &str, said: &str, expected: &[&str]) {
    let parsed = parse(text, "py");
    let calls: Vec<String> =
        parsed.calls.iter().map(|call| format!("{} {}", call.name, call.arguments)).collect();
    assert_eq!(
        (parsed.text.as_str(), calls),
        (said, expected.iter().map(|s| s.to_string()).collect()),
        "{text}"
    );
}

#[test]
fn text_without_calls_is_all_text() {
    for text in [
        "",
        "The answer is \\boxed{4}.",
        "`x` and ``y``",
        "```\nplain\n```",
        "```rust\nfn f() {}\n```",
        "{1, 2}",
        "[1, 2]",
    ] {
        check(text, text, &[]);
    }
}

#[test]
fn json_that_is_no_call_is_text() {
    for text in [
        "```json\n{\"x\": 1}\n```",
        "```json\n{\"name\": \"Ann\", \"age\": 7}\n```",
        "```json\n[]\n```",
        "{\"answer\": 4}",
    ] {
        check(text, text, &[]);
    }
}

#[test]
fn python_fences() {
    let code = r#"py {"code":"print(1)"}"#;
    check("A.\n```python\nprint(1)\n```", "A.", &[code]);
    check("```py\nprint(1)\n", "", &[code]);
    check("```Python\r\nprint(1)\r\n```", "", &[code]);
    check("```python\nprint(1)\n```\n```output\n1\n```\nSo 1.", "", &[code]);
    check("```python\nprint(1)", "", &[code]);
    check("```python", "", &[r#"py {"code":""}"#]);
    check("```python\n```", "", &[r#"py {"code":""}"#]);
    check("```python\nif x:\n    print('```')\n```", "", &[r#"py {"code":"if x:\n    print('```')"}"#]);
}

#[test]
fn calls_follow_each_other_only_across_space() {
    check("```python\na\n```\n\n```python\nb\n```", "", &[r#"py {"code":"a"}"#, r#"py {"code":"b"}"#]);
    check("```python\na\n```\nThat gives 7.\n```python\nb\n```", "", &[r#"py {"code":"a"}"#]);
    check(
        "<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"g\",\"arguments\":{}}</tool_call>",
        "",
        &["f {}", "g {}"],
    );
}

#[test]
fn json_fences_as_qwen_coder_writes_them() {
    check(
        "Let me.\n```json\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n```\n",
        "Let me.",
        &[r#"f {"x":1}"#],
    );
    check(
        "```json\n[{\"name\": \"f\", \"arguments\": {}}, {\"name\": \"g\", \"parameters\": {}}]\n```",
        "",
        &["f {}", "g {}"],
    );
    check("```\n{\"name\": \"f\", \"arguments\": \"{\\\"x\\\": 1}\"}\n```", "", &[r#"f {"x": 1}"#]);
    check("```json\n{\"x\": 1}\n```\n```json\n{\"name\": \"f\"}\n```", "```json\n{\"x\": 1}\n```", &["f {}"]);
}

#[test]
fn marks_of_hermes_mistral_and_llama() {
    check("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>", "", &[r#"f {"x":1}"#]);
    check("Hm <tool_call>{\"name\": \"f\", \"arguments\": {\"x\": 1}}", "Hm", &[r#"f {"x":1}"#]);
    check(
        "[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {\"x\": 1}, \"id\": \"a\"}]",
        "",
        &[r#"f {"x":1}"#],
    );
    check("[TOOL_CALLS]f[ARGS]{\"x\": 1}", "", &[r#"f {"x":1}"#]);
    check("[TOOL_CALLS]f[CALL_ID]abc123DEF[ARGS]{\"x\": 1}", "", &[r#"f {"x":1}"#]);
    check("<|python_tag|>{\"name\": \"f\", \"parameters\": {}}<|eom_id|>", "", &["f {}"]);
    check("{\"name\": \"f\", \"parameters\": {\"x\": 1}}", "", &[r#"f {"x":1}"#]);
    check(
        r#"{"tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {}}}]}"#,
        "",
        &["f {}"],
    );
}

#[test]
fn latex_and_line_breaks_in_arguments_are_what_was_meant() {
    check(
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"e\": \"\\frac{1}{2}\"}}</tool_call>",
        "",
        &[r#"f {"e":"\\frac{1}{2}"}"#],
    );
    check(
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"code\": \"a\nb\"}}</tool_call>",
        "",
        &[r#"f {"code":"a\nb"}"#],
    );
}

#[test]
fn an_unreadable_call_in_marks_is_still_a_call() {
    check(
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": </tool_call>",
        "",
        &["f {\"name\": \"f\", \"arguments\": {\"x\":"],
    );
    check("<tool_call>add 2 and 2</tool_call>", "", &[" add 2 and 2"]);
    check("[TOOL_CALLS]f[ARGS]{\"x\": ", "", &["f {\"x\":"]);
    check("<tool_call>", "", &[" "]);
}

#[test]
fn what_comes_first_wins() {
    check(
        "<tool_call>{\"name\":\"f\",\"arguments\":{\"c\":\"```python\"}}</tool_call>",
        "",
        &[r#"f {"c":"```python"}"#],
    );
    check("```python\ns = '<tool_call>'\n```", "", &[r#"py {"code":"s = '<tool_call>'"}"#]);
}

#[test]
fn ids_number_the_calls() {
    let parsed = parse("```python\na\n```\n```python\nb\n```", "py");
    assert_eq!(parsed.calls.iter().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["call_0", "call_1"]);
}

/// Long repetitions of every mark: a parser that looks again and again at the same text would take minutes.
#[test]
fn hostile_texts_take_linear_time() {
    let marks = [
        "```json\n{\"a\":\"",
        "```",
        "```python\n",
        "<tool_call>{\"",
        "[TOOL_CALLS]",
        "{\"name\":",
        "[",
        "\\",
        "é```\n",
        "<think>",
    ];
    let started = std::time::Instant::now();
    for mark in marks {
        parse(&mark.repeat(300_000 / mark.len()), "py");
        parse(&format!("{}<tool_call>", mark.repeat(300_000 / mark.len())), "py");
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
