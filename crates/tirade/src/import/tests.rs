//! One small row of our own in every layout, and rows that are wrong.

use serde_json::json;

use super::*;
use crate::tool::ToolStatus;
use crate::trace::{Event, Trace};

/// The events of a trace in short: `say`, `call`, `result`, `answer`.
fn shape(trace: &Trace) -> Vec<String> {
    let show = |event: &Event| match event {
        Event::Reply { text, .. } => format!("say {text}"),
        Event::ToolCall { call } => format!("call {} {}", call.name, call.arguments),
        Event::ToolResult { result, .. } if result.status == ToolStatus::Ok => {
            format!("result {}", result.content)
        }
        Event::ToolResult { result, .. } => format!("{:?} {}", result.status, result.content),
        Event::Answer { answer } => format!("answer {answer}"),
        other => format!("{other:?}"),
    };
    trace.events.iter().map(show).collect()
}

fn check(row: Value, format: Format, gold: &str, expected: &[&str]) -> Trace {
    let (found, mut traces) = read_row(row.as_object().unwrap(), None).unwrap();
    assert_eq!(found, format, "{row}");
    let trace = traces.remove(0).into_trace("x/0".into(), 0, "set");
    assert_eq!(
        (trace.problem.answer.as_str(), shape(&trace)),
        (gold, expected.iter().map(|text| (*text).to_owned()).collect()),
        "{row}"
    );
    trace
}

const CODE: &str = "We multiply.\n```python\nprint(6 * 7)\n```\n```output\n42\n```\nSo it is $\\boxed{42}$.";
const EVENTS: [&str; 5] = [
    "say We multiply.",
    "call execute_code {\"code\":\"print(6 * 7)\"}",
    "result 42",
    "say So it is $\\boxed{42}$.",
    "answer 42",
];

#[test]
fn tora_corpus_and_outputs() {
    let messages = json!([{"role": "user", "content": "6 times 7?"}, {"role": "assistant", "content": CODE}]);
    let row = json!({"dataset": "corpus", "level": "Level 3", "id": "math-train-1-0", "gt": "42", "gt_cot": "It is \\boxed{42}.", "messages": messages});
    let trace = check(row, Format::Tora, "42", &EVENTS);
    assert_eq!((trace.problem.level, trace.problem.source.as_str()), (Some(3), "corpus"));
    let outputs = json!({"idx": 3, "question": "6 times 7?", "gt": 42.0, "code": [CODE, "It is \\boxed{41}."], "pred": ["42", "41"], "score": [true, false]});
    let (_, traces) = read_row(outputs.as_object().unwrap(), None).unwrap();
    let labels: Vec<_> = traces.iter().map(|trace| (trace.prediction.as_deref(), trace.label)).collect();
    assert_eq!(labels, [(Some("42"), Some(true)), (Some("41"), Some(false))]);
    check(outputs, Format::Tora, "42", &EVENTS);
}

#[test]
fn mathcoder_corpus_and_outputs() {
    let user = json!({"role": "user", "content": [{"type": "text", "content": "6 times 7?"}]});
    let blocks = json!([
        {"type": "text", "content": "We multiply."},
        {"type": "code", "content": "print(6 * 7)"},
        {"type": "execution", "content": "42"},
        {"type": "text", "content": "So it is $\\boxed{42}$."},
    ]);
    let corpus = json!({"messages": [{"role": "system", "content": []}, user, {"role": "assistant", "content": blocks}]});
    check(corpus.clone(), Format::MathCoder, "42", &EVENTS);
    assert!(read_row(corpus.as_object().unwrap(), None).unwrap().1[0].own_gold);
    let steps = json!([
        {"role": "system", "content": "s"}, {"role": "user", "content": "6 times 7?"},
        {"role": "text", "content": "We multiply."}, {"role": "code", "content": "print(6 * 7)"},
        {"role": "execution", "content": "42"}, {"role": "text", "content": "So it is $\\boxed{42}$."}, {"role": "text", "content": "42"},
    ]);
    let outputs = json!({"messages": [user], "ground_truth": {"solution": "", "answer": "42.0"}, "debug_result": steps, "completion": "42", "model_answer": "42"});
    check(outputs, Format::MathCoder, "42", &EVENTS);
}

#[test]
fn numina_openmath_and_segments() {
    check(json!({"problem": "6 times 7?", "solution": CODE, "messages": []}), Format::Numina, "42", &EVENTS);
    let tagged = "We multiply.\n<llm-code>\nprint(6 * 7)\n</llm-code>\n<llm-code-output>\n42\n</llm-code-output>\nSo it is $\\boxed{42}$.";
    let row = json!({"question": "6 times 7?", "expected_answer": "42", "generated_solution": tagged, "is_correct": true});
    check(row, Format::OpenMath, "42", &EVENTS);
    let segments = json!([
        {"type": "text", "content": "We multiply."}, {"type": "code", "content": "print(6 * 7)"}, {"type": "output", "content": "42"},
        {"type": "text", "content": "So it is $\\boxed{42}$."}, {"type": "text", "content": "42"},
    ]);
    check(
        json!({"problem": "6 times 7?", "answer": 42.0, "prediction": "42", "segments": segments}),
        Format::Segments,
        "42",
        &EVENTS,
    );
}

#[test]
fn programs_that_only_print_and_programs_that_fail() {
    let row = |segments: Value| json!({"problem": "p", "answer": "42", "segments": segments});
    let code = json!({"type": "code", "content": "x\r\ny"});
    check(
        row(json!([code, {"type": "output", "content": "first\n42"}])),
        Format::Segments,
        "42",
        &["say ", "call execute_code {\"code\":\"x\\ny\"}", "result first\n42", "answer 42"],
    );
    let failed = "Traceback (most recent call last)\n\u{1b}[0;31mNameError\u{1b}[0m: name 'x'";
    check(
        row(json!([code, {"type": "output", "content": failed}])),
        Format::Segments,
        "42",
        &[
            "say ",
            "call execute_code {\"code\":\"x\\ny\"}",
            "Error Traceback (most recent call last)\nNameError: name 'x'",
        ],
    );
    check(row(json!([{"type": "output", "content": "made up"}])), Format::Segments, "42", &["say made up"]);
}

#[test]
fn rows_that_are_wrong_say_where() {
    for (row, field, part) in [
        (json!({"a": 1, "b": 2}), "row", "the fields a, b"),
        (json!({"problem": "p", "segments": [], "answer": "1"}), "trace", "nothing"),
        (
            json!({"problem": "p", "segments": [{"type": "image", "content": ""}], "answer": "1"}),
            "segments[0]",
            "image",
        ),
        (json!({"problem": "p", "segments": [{"type": "text"}], "answer": "1"}), "segments[0]", "text"),
        (
            json!({"problem": "", "segments": [{"type": "text", "content": "x"}], "answer": "1"}),
            "problem",
            "\"\"",
        ),
        (
            json!({"problem": "p", "segments": [{"type": "text", "content": "x"}], "answer": null}),
            "answer",
            "no such field",
        ),
        (
            json!({"problem": "p", "segments": [{"type": "text", "content": "x"}], "answer": []}),
            "answer",
            "[]",
        ),
        (json!({"question": "p", "gt": "1", "code": [7]}), "code[0]", "7"),
        (json!({"gt": "1", "messages": [{"role": "user", "content": "p"}]}), "messages", "none"),
        (json!({"question": "p", "generated_solution": "x"}), "expected_answer", "no such field"),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text", "content": "p"}]}]}),
            "messages",
            "neither",
        ),
        (json!({"problem": "p", "solution": "no box"}), "answer", "none"),
    ] {
        let wrong = read_row(row.as_object().unwrap(), None).unwrap_err();
        assert_eq!(wrong.field, field, "{row}: {wrong:?}");
        assert!(wrong.found.contains(part), "{row}: {wrong:?}");
    }
}

#[test]
fn the_papers_files_are_read_together() {
    let folder = tempfile::tempdir().unwrap();
    let problems = folder.path().join("e_problem.csv");
    let paths = folder.path().join("e_reasoning.csv");
    std::fs::write(&problems, "problem_id,problem_text,level,category,standard_solution\nAlgebra_1,6 times 7?,Level 2,Algebra,\"It is $\\boxed{42}$.\"\n").unwrap();
    let log = r#"<message>We multiply\nthem, $a \neq b$.</message>\n<tool><tool_name>math_multiply</tool_name><args>{""a"": 6}</args><result>{""result"": 42}</result></tool>\n<tool><tool_name>gcd</tool_name><args>{}</args><result>No response</result></tool>\n<message>It is \boxed{42}.</message>"#;
    std::fs::write(&paths, format!("reasoning_path_id,problem_id,solution_log,is_correct\n1,Algebra_1,\"{log}\",True\n2,Algebra_9,\"{log}\",True\n3,Algebra_1,plain text,False\n")).unwrap();
    let known = PaperProblems::read(&problems).unwrap();
    let rows: Vec<Row> = open(&paths, "e_reasoning.csv", None, &known).unwrap().collect();
    let (line, format, traces) = rows[0].as_ref().unwrap();
    let trace = traces[0].clone().into_trace("paper/1".into(), 0, "paper");
    assert_eq!(
        (*line, *format, traces[0].label, trace.problem.level),
        (2, Format::Paper, Some(true), Some(2))
    );
    assert_eq!(
        shape(&trace),
        [
            "say We multiply\nthem, $a \\neq b$.",
            "call math_multiply {\"a\": 6}",
            "result {\"result\": 42}",
            "say ",
            "call gcd {}",
            "Error No response",
            "say It is \\boxed{42}.",
            "answer 42"
        ]
    );
    assert_eq!(
        rows[1].as_ref().unwrap_err().to_string(),
        "e_reasoning.csv:3: field `problem_id`: expected the id of a row in the problem file, found \"Algebra_9\" of 1 problems"
    );
    assert_eq!(rows[2].as_ref().unwrap_err().field, "solution_log");
}
