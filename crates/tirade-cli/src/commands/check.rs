//! `tirade check`: may this text be learnt from?

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tirade::translate::check::{self, Case};

use crate::jsonl;

/// Check solutions in prose: answer, equations, tool talk
///
/// Anyone's solutions: final answer, every equation that can be read, tool talk, markup, numbers from nowhere, length. No model is
/// asked. Rows `{"problem", "gold", "text"}` in, `{"outcome", "findings": [{"kind", "span", "message"}]}` out, in order.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The rows, as JSONL
    #[arg(long)]
    pub cases: PathBuf,
    /// How many threads work
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
}

pub fn run(args: CheckArgs) -> anyhow::Result<()> {
    jsonl::map(&args.cases, args.threads, checked)
}

fn checked(row: &Value) -> Value {
    let (Some(text), Some(gold)) = (jsonl::text(row, "text"), jsonl::text(row, "gold")) else {
        return json!({"id": row.get("id"), "error": "expected the fields gold and text"});
    };
    let problem = jsonl::text(row, "problem").unwrap_or_default();
    let findings = check::check(&Case { problem: &problem, gold: &gold, text: &text, ..Case::default() });
    let shown: Vec<Value> = findings
        .iter()
        .map(|finding| json!({"kind": finding.kind, "span": [finding.start, finding.end], "message": finding.message}))
        .collect();
    json!({"id": row.get("id"), "outcome": if shown.is_empty() { "accept" } else { "reject" }, "findings": shown})
}
