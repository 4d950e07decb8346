//! The rephraser: the solver's own words and the derivations become one solution, which is checked and repaired.

use super::check::{self, Finding};
use super::{Outcome, Solution, Translators, Way};
use crate::model::{Message, ModelError, Request};
use crate::solver::said;
use crate::trace::{Event, Trace};

/// Writes, checks and repairs the prose of `solution`.
pub(super) async fn write(
    with: &Translators<'_>,
    trace: &Trace,
    solution: &mut Solution,
) -> Result<(), ModelError> {
    let working = working(trace, solution);
    if with.options.way == Way::Rules {
        let text = with_answer(&working, &trace.problem.answer);
        settle(trace, solution, text);
        return Ok(());
    }
    let answer = trace.answer().unwrap_or(&trace.problem.answer);
    let fields = [("problem", trace.problem.problem.as_str()), ("working", &working), ("answer", answer)];
    let first = Message::user(with.prompts.render("rephrase", &fields));
    let mut messages = vec![first];
    for draft in 0..=with.options.repairs {
        let request = Request {
            messages: messages.clone(),
            sampling: with.sampling(trace, "rephrase", draft),
            ..Request::default()
        };
        let reply = with.rephraser.reply(&request).await?;
        solution.drafts += 1;
        settle(trace, solution, reply.text.trim().to_owned());
        if solution.outcome == Outcome::Accepted {
            return Ok(());
        }
        messages.truncate(1);
        messages.push(Message::assistant(reply.text));
        messages
            .push(Message::user(with.prompts.render("repair", &[("findings", &listed(&solution.findings))])));
    }
    Ok(())
}

fn settle(trace: &Trace, solution: &mut Solution, text: String) {
    solution.findings = check::check(&check::Case::of(trace, &solution.translations, &text));
    solution.outcome = if solution.findings.is_empty() { Outcome::Accepted } else { Outcome::Rejected };
    solution.text = text;
}

fn listed(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("- {}", finding.message)).collect::<Vec<_>>().join("\n")
}

/// What the solver said, with each call replaced by its derivation, in order.
fn working(trace: &Trace, solution: &Solution) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (index, event) in trace.events.iter().enumerate() {
        match event {
            Event::Reply { .. } => {
                parts.push(check::without_tool_talk(&said(&trace.events, index), &trace.problem.problem))
            }
            Event::ToolResult { call_id, .. } => {
                let derived =
                    solution.translations.iter().find(|translation| translation.call_id == *call_id);
                parts.extend(derived.and_then(|translation| translation.text.clone()));
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts.join("\n\n")
}

/// The working as a solution: it ends with the boxed answer even where the solver's last words were about something else.
fn with_answer(working: &str, answer: &str) -> String {
    if working.contains("\\boxed{") {
        working.to_owned()
    } else {
        format!("{working}\n\nThe answer is $\\boxed{{{answer}}}$.")
    }
}
