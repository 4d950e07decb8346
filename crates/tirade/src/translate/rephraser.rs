//! The rephraser: the solver's own words and the derivations become one solution, which is checked and repaired.

use tirade_math::{Gold, Outcome as Same, Policy};

use super::check::{self, Finding};
use super::results::{readings, without_noise};
use super::spans::{self, Span};
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
    if with.options.way == Way::Rules {
        assemble(trace, solution);
        return Ok(());
    }
    by_model(with, trace, solution).await?;
    if solution.outcome != Outcome::Accepted && with.options.way == Way::Mixed {
        let drafted = solution.clone();
        assemble(trace, solution);
        if solution.outcome != Outcome::Accepted {
            *solution = drafted;
        }
    }
    Ok(())
}

async fn by_model(with: &Translators<'_>, trace: &Trace, solution: &mut Solution) -> Result<(), ModelError> {
    let working = text_of(&working(trace, solution));
    let answer = trace.answer().unwrap_or(&trace.problem.answer);
    let fields = [("problem", trace.problem.problem.as_str()), ("working", &working), ("answer", answer)];
    let mut messages = vec![Message::user(with.prompts.render("rephrase", &fields))];
    for draft in 0..=with.options.repairs {
        let request = Request {
            messages: messages.clone(),
            sampling: with.sampling(trace, "rephrase", draft),
            ..Request::default()
        };
        let reply = with.rephraser.reply(&request).await?;
        solution.drafts += 1;
        settle(trace, solution, reply.text.trim().to_owned());
        solution.spans = spans::align(&solution.text, &solution.translations);
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

/// Puts the solution together without a model: the first arrangement that passes the checks, else the first one with its findings.
fn assemble(trace: &Trace, solution: &mut Solution) {
    solution.way = Way::Rules;
    let unused = "the results of the tools are not what the solution concludes from".to_owned();
    (solution.outcome, solution.findings) =
        (Outcome::Rejected, vec![Finding::whole(check::Kind::MissingResult, unused)]);
    let mut first = None;
    for parts in arrangements(trace, solution) {
        settle(trace, solution, text_of(&parts));
        solution.spans = placed(&parts);
        if solution.outcome == Outcome::Accepted {
            return;
        }
        first.get_or_insert_with(|| solution.clone());
    }
    if let Some(first) = first {
        *solution = first;
    }
}

/// The derivations with the solver's closing words, the derivations with a plain closing sentence, and all that the solver said with the
/// derivations in between. The first two only where the last derivation gives the answer.
fn arrangements(trace: &Trace, solution: &Solution) -> Vec<Vec<Part>> {
    let answer = &trace.problem.answer;
    let all = working(trace, solution);
    let derived: Vec<Part> = all.iter().filter(|part| part.call_id.is_some()).cloned().collect();
    let closing = Part { call_id: None, text: format!("The answer is $\\boxed{{{answer}}}$.") };
    let mut found = Vec::new();
    if solution.translations.last().is_some_and(|last| gives(&last.result, answer)) {
        if let Some(last) =
            all.last().filter(|last| last.call_id.is_none() && is_plain_conclusion(&last.text))
        {
            let last = Part { call_id: None, text: without_noise(&last.text) };
            found.push([derived.clone(), vec![last]].concat());
        }
        found.push([derived, vec![closing.clone()]].concat());
    }
    // Where the tools' last result is not even spoken of, the solver did not rely on it, and nothing is by rule.
    let relied = solution.translations.last().is_some_and(|last| {
        let said: Vec<&str> = all
            .iter()
            .rev()
            .take_while(|part| part.call_id.is_none())
            .map(|part| part.text.as_str())
            .collect();
        gives(&last.result, answer) || said.iter().any(|text| text.contains(&without_noise(&last.result)))
    });
    if !relied && !trace.tool_calls().is_empty() || all.iter().any(|part| part.text.contains('`')) {
        return found;
    }
    let concluded = all.iter().any(|part| part.text.contains("\\boxed{"));
    found.push(if concluded { all } else { [all, vec![closing]].concat() });
    found
}

/// Closing words without markup, which were written for a reader and not about a program.
fn is_plain_conclusion(text: &str) -> bool {
    text.contains("\\boxed{") && !text.contains(['`', '#']) && !text.contains("**") && text.len() <= 600
}

/// Whether a tool's result is the answer.
fn gives(result: &str, answer: &str) -> bool {
    let policy = Policy::default();
    let gold = Gold::parse(answer, &policy);
    readings(result)
        .iter()
        .any(|reading| tirade_math::verify_answer(&gold, reading, &policy).outcome == Same::Equal)
}

fn settle(trace: &Trace, solution: &mut Solution, text: String) {
    solution.findings = check::check(&check::Case::of(trace, &solution.translations, &text));
    solution.outcome = if solution.findings.is_empty() { Outcome::Accepted } else { Outcome::Rejected };
    solution.text = text;
}

fn listed(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("- {}", finding.message)).collect::<Vec<_>>().join("\n")
}

/// A paragraph, and the call it stands for.
#[derive(Clone, Debug)]
struct Part {
    call_id: Option<String>,
    text: String,
}

/// What the solver said, with each call replaced by its derivation, in order.
fn working(trace: &Trace, solution: &Solution) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (index, event) in trace.events.iter().enumerate() {
        match event {
            Event::Reply { .. } => {
                let text = check::without_tool_talk(&said(&trace.events, index), &trace.problem.problem);
                parts.push(Part { call_id: None, text });
            }
            Event::ToolResult { call_id, .. } => {
                let derived =
                    solution.translations.iter().find(|translation| translation.call_id == *call_id);
                if let Some(text) = derived.and_then(|translation| translation.text.clone()) {
                    parts.push(Part { call_id: Some(call_id.clone()), text });
                }
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.text.trim().is_empty());
    parts
}

const BETWEEN: &str = "\n\n";

fn text_of(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.trim()).collect::<Vec<_>>().join(BETWEEN)
}

/// Where each call's part lies in [`text_of`].
fn placed(parts: &[Part]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = 0;
    for part in parts {
        let end = start + part.text.trim().len();
        if let Some(call_id) = &part.call_id {
            spans.push(Span { call_id: call_id.clone(), start, end });
        }
        start = end + BETWEEN.len();
    }
    spans
}
