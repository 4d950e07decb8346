//! `tirade check`: may this text be learnt from?

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tirade::translate::check::{self, Case, Verdict};
use tirade_math::Statement;

use crate::jsonl;

/// Check solutions in prose: answer, equations, tool talk
///
/// Anyone's solutions: final answer, every equation that can be read, tool talk, markup, numbers from nowhere, results of the trace
/// that are missing, length, repetition. No model is asked. Rows `{"problem", "gold", "text", "trace"?}` in, `{"outcome", "findings": [{"kind",
/// "span", "message"}]}` out, in order; the outcome is `accept`, `repair` or `reject`, a span is bytes of the text.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The rows, as JSONL. `trace` is a trace of tirade, or any JSON in which tool results stand under "output" or "result", or as segments of
    /// type "output"
    #[arg(long)]
    pub cases: PathBuf,
    /// How many threads work
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Add what was decided about each equation: `"statements": [{"span", "display", "read", "truth"}]`
    #[arg(long)]
    pub statements: bool,
}

pub fn run(args: CheckArgs) -> anyhow::Result<()> {
    jsonl::map(&args.cases, args.threads, |row| checked(row, args.statements))
}

fn checked(row: &Value, statements: bool) -> Value {
    let (Some(text), Some(gold)) = (jsonl::text(row, "text"), jsonl::text(row, "gold")) else {
        return json!({"id": row.get("id"), "error": "expected the fields gold and text"});
    };
    let problem = jsonl::text(row, "problem").unwrap_or_default();
    let mut results = Vec::new();
    if let Some(trace) = row.get("trace") {
        tool_results(trace, &mut results, 0);
    }
    let results = results.iter().map(String::as_str).collect();
    let findings =
        check::check(&Case { problem: &problem, gold: &gold, text: &text, results, ..Case::default() });
    let shown: Vec<Value> = findings
        .iter()
        .map(|finding| json!({"kind": finding.kind, "span": [finding.start, finding.end], "message": finding.message}))
        .collect();
    let mut out = json!({"id": row.get("id"), "outcome": Verdict::of(&findings), "findings": shown});
    if statements {
        out["statements"] = tirade_math::check_prose(&problem, &text).iter().map(statement).collect();
    }
    out
}

fn statement(statement: &Statement) -> Value {
    let span = [statement.span.start, statement.span.end];
    json!({"span": span, "display": statement.display, "read": statement.read, "truth": statement.truth})
}

/// Deeper values are no tool results.
const DEEPEST: usize = 12;

/// The results of tool calls, wherever they stand in a trace.
fn tool_results(trace: &Value, found: &mut Vec<String>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match trace {
        Value::Array(items) => items.iter().for_each(|item| tool_results(item, found, depth + 1)),
        Value::Object(object) => {
            let kind = object.get("type").or(object.get("kind")).and_then(Value::as_str).unwrap_or_default();
            let content = match kind {
                "output" | "tool_result" => object.get("content"),
                _ => object.get("output").or(object.get("result")),
            };
            let failed = object.get("status").is_some_and(|status| status == "error");
            if let (Some(Value::String(text)), false) = (content, failed) {
                found.push(check::bare_result(text));
            }
            object
                .values()
                .filter(|value| !value.is_string())
                .for_each(|value| tool_results(value, found, depth + 1));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_in_any_trace() {
        for (trace, expected) in [
            (
                json!({"segments": [{"type": "text", "content": "5"}, {"type": "output", "content": "7"}]}),
                vec!["7"],
            ),
            (json!([{"code": "print(7)", "output": "7"}]), vec!["7"]),
            (json!({"calls": [{"result": "{\"result\": \"21\"}"}]}), vec!["21"]),
            (json!("7"), vec![]),
        ] {
            let mut found = Vec::new();
            tool_results(&trace, &mut found, 0);
            assert_eq!(found, expected, "{trace}");
        }
    }

    #[test]
    fn rows_without_text_are_error_rows() {
        assert!(checked(&json!({"gold": "5"}), false)["error"].is_string());
        let row =
            json!({"gold": "5", "text": "We add $2$ and $3$, which gives $2+3=6$, so it is $\\boxed{5}$."});
        let out = checked(&row, true);
        assert_eq!((&out["outcome"], &out["findings"][0]["kind"]), (&json!("repair"), &json!("equation")));
        assert_eq!(out["statements"][0]["truth"], "false");
    }
}
