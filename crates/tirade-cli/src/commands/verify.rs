//! `tirade verify`: is this answer the gold answer?

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tirade_math::{Gold, Policy, Verdict};

use crate::jsonl;

/// Compare answers with gold answers
///
/// One pair, explained, or a whole file of them; exactly, and without running any of it.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The gold answer
    #[arg(long, required_unless_present = "cases")]
    pub gold: Option<String>,
    /// The answer; a whole reply works too, its final answer is found
    #[arg(long, required_unless_present = "cases")]
    pub answer: Option<String>,
    /// Rows with `gold` and `pred` (and `raw_answer: true` where `pred` is the bare answer) as JSONL; one JSON row each comes out, in order
    #[arg(long, conflicts_with_all = ["gold", "answer"])]
    pub cases: Option<PathBuf>,
    /// How many threads work on --cases
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Conventions: see CONVENTIONS.md of tirade-math
    #[arg(long, value_enum, default_value_t = PolicyArg::Default)]
    pub policy: PolicyArg,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PolicyArg {
    Strict,
    #[default]
    Default,
    Lenient,
}

pub fn run(args: VerifyArgs) -> anyhow::Result<()> {
    let policy = args.policy.policy();
    if let Some(cases) = &args.cases {
        return jsonl::map(cases, args.threads, |row| case(row, &policy));
    }
    let (Some(gold), Some(answer)) = (&args.gold, &args.answer) else {
        anyhow::bail!("--gold and --answer are needed, or --cases FILE");
    };
    let verdict = verdict(gold, answer, !answer.contains("\\boxed"), &policy);
    println!("{}: {}", verdict.outcome.name(), verdict.reason);
    println!("  decided by  {}", verdict.stage.name());
    if let Some(extracted) = &verdict.extracted {
        println!("  answer read {extracted}");
    }
    Ok(())
}

fn verdict(gold: &str, answer: &str, bare: bool, policy: &Policy) -> Verdict {
    let gold = Gold::parse(gold, policy);
    if bare {
        tirade_math::verify_answer(&gold, answer, policy)
    } else {
        tirade_math::verify(&gold, answer, policy)
    }
}

fn case(row: &Value, policy: &Policy) -> Value {
    let (Some(gold), Some(answer)) = (jsonl::text(row, "gold"), jsonl::text(row, "pred")) else {
        return json!({"id": row.get("id"), "error": "expected the fields gold and pred"});
    };
    let bare = row.get("raw_answer").and_then(Value::as_bool).unwrap_or(false);
    let verdict = verdict(&gold, &answer, bare, policy);
    json!({
        "id": row.get("id"),
        "verdict": verdict.outcome.name(),
        "stage": verdict.stage.name(),
        "reason": verdict.reason,
        "extracted": verdict.extracted,
    })
}

impl PolicyArg {
    fn policy(self) -> Policy {
        match self {
            Self::Strict => Policy::strict(),
            Self::Default => Policy::default(),
            Self::Lenient => Policy::lenient(),
        }
    }
}
