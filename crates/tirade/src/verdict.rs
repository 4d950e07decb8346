//! From a trace to a row: is the answer the gold answer, and if there is none, why not?

use tirade_math::{Gold, Outcome as Found, Policy};

use crate::store::{AttemptKey, AttemptRow, Outcome};
use crate::tool::ToolStatus;
use crate::trace::{Event, Trace};

/// Verifies the answer of a trace and sums up its events. The cost is not known here.
pub fn attempt_row(trace: &Trace, policy: &Policy) -> AttemptRow {
    let judged = judge(trace, policy);
    let failed =
        |event: &&Event| matches!(event, Event::ToolResult { result, .. } if result.status != ToolStatus::Ok);
    let usage = trace.usage();
    AttemptRow {
        key: AttemptKey { problem: trace.problem.id.clone(), attempt: trace.attempt },
        outcome: judged.outcome,
        answer: trace.answer().map(str::to_owned),
        message: judged.message,
        stage: judged.stage,
        tool_calls: trace.events.iter().filter(|event| matches!(event, Event::ToolCall { .. })).count()
            as u32,
        tool_errors: trace.events.iter().filter(failed).count() as u32,
        prompt_tokens: usage.prompt,
        completion_tokens: usage.completion,
        seconds: trace.seconds(),
        cost: None,
    }
}

struct Judged {
    outcome: Outcome,
    message: Option<String>,
    stage: Option<String>,
}

fn judge(trace: &Trace, policy: &Policy) -> Judged {
    if let Some(answer) = trace.answer() {
        let verdict = tirade_math::verify_answer(&Gold::parse(&trace.problem.answer, policy), answer, policy);
        let outcome = match verdict.outcome {
            Found::Equal => Outcome::Correct,
            Found::NotEqual => Outcome::Wrong,
            Found::NoAnswer => Outcome::NoAnswer,
            Found::Unknown | Found::GoldUnparsed => Outcome::Undecided,
        };
        return Judged {
            outcome,
            message: Some(verdict.reason.to_string()),
            stage: Some(verdict.stage.name().to_owned()),
        };
    }
    let ended = trace.events.iter().rev().find_map(|event| match event {
        Event::Limit { message, .. } => Some((Outcome::Limit, message)),
        Event::Error { in_tools, message } => {
            Some((if *in_tools { Outcome::ToolError } else { Outcome::Error }, message))
        }
        _ => None,
    });
    let (outcome, message) = match ended {
        Some((outcome, message)) => (outcome, message.clone()),
        None => (Outcome::NoAnswer, "the last reply has no answer in \\boxed{}".to_owned()),
    };
    Judged { outcome, message: Some(message), stage: None }
}
