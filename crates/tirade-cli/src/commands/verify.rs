//! `tirade verify`: is this answer the gold answer?

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tirade_math::{Case, Gold, Outcome, Policy, Verdict};

use crate::jsonl;

/// Compare answers with gold answers, exactly and without running any of them; or put equal answers into groups
///
/// One pair is explained; the exit code is 0 for equal and 1 for everything else.
///
/// A file of pairs gives one JSON row each, in order: `verdict` (equal, not_equal, unknown, no_answer, gold_unparsed, bad_row), `stage`,
/// `reason`, `extracted`. A bad row costs itself only.
///
/// Groups, for voting over many samples: rows `{"answers": ["1/2", "0.5", "2"]}` in, the class of each answer and the largest class out.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The gold answer: bare, or a solution with a box or `####`
    #[arg(long, required_unless_present_any = ["cases", "group"], allow_hyphen_values = true)]
    pub gold: Option<String>,
    /// The answer; a whole reply works too, its final answer is found
    #[arg(long, required_unless_present_any = ["cases", "group"], allow_hyphen_values = true)]
    pub answer: Option<String>,
    /// Rows with `gold` and `pred` (and `raw_answer: true` where `pred` is the bare answer) as JSONL; `-` is standard input, answered line by line
    #[arg(long, conflicts_with_all = ["gold", "answer", "group"], value_name = "FILE")]
    pub cases: Option<PathBuf>,
    /// Rows with `answers`, a list of bare answers or replies, as JSONL; `-` is standard input
    #[arg(long, conflicts_with_all = ["gold", "answer"], value_name = "FILE")]
    pub group: Option<PathBuf>,
    /// How many threads work on a file
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Conventions: `strict` (rewards), `default`, `lenient`, or those of a data set such as `math`, `gsm8k`; see CONVENTIONS.md of tirade-math
    #[arg(long, default_value = "default", value_parser = policy)]
    pub policy: Policy,
}

fn policy(name: &str) -> Result<Policy, String> {
    Policy::for_dataset(name)
        .ok_or_else(|| format!("no conventions are known for {name}; known are {}", Policy::NAMES.join(", ")))
}

pub fn run(args: VerifyArgs) -> anyhow::Result<()> {
    if let Some(cases) = &args.cases {
        return jsonl::map(cases, args.threads, |row| case(row, &args.policy));
    }
    if let Some(votes) = &args.group {
        return jsonl::map(votes, args.threads, |row| group(row, &args.policy));
    }
    let (Some(gold), Some(answer)) = (&args.gold, &args.answer) else {
        anyhow::bail!("--gold and --answer are needed, or --cases FILE, or --group FILE");
    };
    let equal = explain(&Gold::parse(gold, &args.policy), answer, &args.policy);
    if !equal {
        std::io::stdout().flush()?;
        std::process::exit(1);
    }
    Ok(())
}

/// Prints the verdict with all that led to it.
fn explain(gold: &Gold, answer: &str, policy: &Policy) -> bool {
    let verdict = if is_reply(answer) {
        tirade_math::verify(gold, answer, policy)
    } else {
        tirade_math::verify_answer(gold, answer, policy)
    };
    println!("{}: {}", verdict.outcome.name(), verdict.reason);
    println!("  decided by  {}", verdict.stage.name());
    println!("  gold        {}", read(gold.text()));
    if let Some(extracted) = &verdict.extracted {
        println!("  answer      {}", read(extracted));
    }
    verdict.outcome == Outcome::Equal
}

/// A text and how it is understood.
fn read(text: &str) -> String {
    match tirade_math::parse(text) {
        Ok(expr) if expr.to_string() == text => text.to_string(),
        Ok(expr) => format!("{text}   read as {expr}"),
        Err(error) => format!("{text}   not read as mathematics ({error})"),
    }
}

/// Whether a text is a reply in which the answer has to be found.
fn is_reply(answer: &str) -> bool {
    ["boxed", "\\fbox", "####", "answer", "</think>"].iter().any(|mark| answer.contains(mark))
        || answer.trim().contains("\n\n")
}

fn case(row: &Value, policy: &Policy) -> Value {
    let id = row.get("id");
    let (Some(gold), Some(pred)) = (jsonl::text(row, "gold"), jsonl::text(row, "pred")) else {
        return bad_row(id, "expected the fields gold and pred");
    };
    let raw_answer = row.get("raw_answer").and_then(Value::as_bool).unwrap_or(false);
    let case =
        Case { gold, pred, raw_answer, extraction_config: row.get("extraction_config").cloned(), id: None };
    let Verdict { outcome, stage, reason, extracted } = tirade_math::judge(&case, policy);
    json!({"id": id, "verdict": outcome.name(), "stage": stage.name(), "reason": reason, "extracted": extracted})
}

fn bad_row(id: Option<&Value>, error: &str) -> Value {
    json!({"id": id, "verdict": "bad_row", "stage": "parse", "reason": error, "extracted": null, "error": error})
}

/// Classes of equal answers, and the answer most of them gave. A reply without an answer is in no class.
fn group(row: &Value, policy: &Policy) -> Value {
    let id = row.get("id");
    let Some(answers) = row.get("answers").and_then(Value::as_array) else {
        return bad_row(id, "expected the field answers, a list");
    };
    let texts: Vec<String> =
        answers.iter().map(|a| a.as_str().map_or_else(|| a.to_string(), str::to_string)).collect();
    let found: Vec<Option<String>> = texts.iter().map(|text| bare(text, policy)).collect();
    let known: Vec<&str> = found.iter().flatten().map(String::as_str).collect();
    let mut numbers = tirade_math::group(&known, policy).into_iter();
    let classes: Vec<Option<usize>> = found.iter().map(|f| f.as_ref().and_then(|_| numbers.next())).collect();
    let votes = |class: usize| classes.iter().filter(|c| **c == Some(class)).count();
    // The first of the largest classes, so that ties do not depend on anything but the order of the answers.
    let best =
        (0..=classes.iter().flatten().max().copied().unwrap_or(0)).rev().max_by_key(|class| votes(*class));
    let first = best.and_then(|class| classes.iter().position(|c| *c == Some(class)));
    json!({
        "id": id,
        "classes": classes,
        "majority": first.and_then(|at| found[at].clone()),
        "votes": best.map_or(0, votes),
    })
}

fn bare(text: &str, policy: &Policy) -> Option<String> {
    if !is_reply(text) {
        return (!text.trim().is_empty()).then(|| text.trim().to_string());
    }
    match tirade_math::extract(text, policy.extract) {
        tirade_math::Extracted::Answer(answer, _) => Some(answer.into_owned()),
        tirade_math::Extracted::None(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_judged_and_bad_rows_kept() {
        let policy = Policy::default();
        let verdict = |row: Value| case(&row, &policy)["verdict"].as_str().map(str::to_string);
        for (row, expected) in [
            (json!({"gold": "1/2", "pred": "0.5", "raw_answer": true}), "equal"),
            (json!({"gold": 42, "pred": 42}), "equal"),
            (json!({"gold": "1/2", "pred": "so \\boxed{0.4}"}), "not_equal"),
            (json!({"gold": "1/2", "pred": "\\boxed{"}), "no_answer"),
            (json!({"gold": "1/2", "pred": "1/2", "extraction_config": {"raw_answer": true}}), "equal"),
            (json!({"gold": "1/2"}), "bad_row"),
        ] {
            assert_eq!(verdict(row.clone()).as_deref(), Some(expected), "{row}");
        }
    }

    #[test]
    fn votes_are_counted_by_value() {
        let row = json!({"id": 7, "answers": ["2", "1/2", "so \\boxed{0.5}", "\\boxed{}", "\\frac{2}{4}"]});
        let out = group(&row, &Policy::default());
        assert_eq!(out, json!({"id": 7, "classes": [0, 1, 1, null, 1], "majority": "1/2", "votes": 3}));
        let tie = group(&json!({"answers": ["3", "4"]}), &Policy::default());
        assert_eq!(tie["majority"], "3");
        assert_eq!(group(&json!({"answers": []}), &Policy::default())["majority"], Value::Null);
        assert_eq!(group(&json!({}), &Policy::default())["verdict"], "bad_row");
    }

    #[test]
    fn policies_have_names() {
        for name in Policy::NAMES {
            assert!(policy(name).is_ok(), "{name}");
        }
        assert!(policy("nonsense").unwrap_err().contains("gsm8k"));
    }
}
