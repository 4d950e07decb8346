//! The rephraser: the solver's own words and the derivations become one solution, which is checked and repaired.

use super::arrange::{arrangements, boxed, placed, text_of, working};
use super::check::{self, Finding};
use super::spans;
use super::{Outcome, Solution, Translators, Way};
use crate::model::{Message, ModelError, Request};
use crate::trace::Trace;

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
    // As the problem's author writes it: the trace's own may be a float's print, such as 32.0.
    let answer = &trace.problem.answer;
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
        settle(trace, solution, concluded(reply.text.trim(), answer));
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

/// With the answer in a box, as a student is to give it, where the writer only spoke of it.
fn concluded(text: &str, answer: &str) -> String {
    if text.contains("\\boxed") { text.to_owned() } else { format!("{text}\n\n{}", boxed(answer)) }
}

fn settle(trace: &Trace, solution: &mut Solution, text: String) {
    solution.findings = check::check(&check::Case::of(trace, &solution.translations, &text));
    solution.outcome = if solution.findings.is_empty() { Outcome::Accepted } else { Outcome::Rejected };
    solution.text = text;
}

fn listed(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("- {}", finding.message)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_words_is_put_into_a_box() {
        assert_eq!(
            concluded("So it is 24 dollars.", "24"),
            "So it is 24 dollars.\n\nThe answer is $\\boxed{24}$."
        );
        assert_eq!(concluded("So it is $\\boxed{24}$.", "24"), "So it is $\\boxed{24}$.");
    }
}
