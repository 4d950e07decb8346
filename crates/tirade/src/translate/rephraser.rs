//! The rephraser: the solver's own words and the derivations become one solution, which is checked and repaired.

use tirade_math::{Gold, Outcome as Same, Policy};

use super::arrange::{arrangements, boxed, placed, text_of, working};
use super::check::{self, Finding};
use super::results::without_noise;
use super::spans;
use super::{Outcome, Solution, Translators, Way, echo};
use crate::model::{Finish, Message, ModelError, Request};
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
    let instructions = with.prompts.render("rephrase", &[]);
    let mut messages = vec![Message::user(with.prompts.render("rephrase", &fields))];
    for draft in 0..=with.options.repairs {
        let request = Request {
            messages: messages.clone(),
            sampling: with.sampling(trace, "rephrase", draft),
            ..Request::default()
        };
        let reply = with.rephraser.reply(&request).await?;
        solution.drafts += 1;
        let cut_off = reply.finish == Finish::Length;
        let text = match cut_off {
            true => reply.text.trim().to_owned(),
            false => concluded(reply.text.trim(), answer),
        };
        settle(trace, solution, text);
        if cut_off {
            solution.outcome = Outcome::Rejected;
            let what = "the text is too long and was cut off: say the same in half as many words".to_owned();
            solution.findings.insert(0, Finding::whole(check::Kind::Shape, what));
        }
        if let Some(finding) = echo::echoed(&instructions, &solution.text) {
            (solution.outcome, solution.findings) = (Outcome::Rejected, vec![finding]);
        }
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

/// With the answer in a box, as a student is to give it: where the writer only spoke of it, and where a float's print is in the box (`32.0`, or
/// `32.2490309931942` after `4\sqrt{65}`).
fn concluded(text: &str, answer: &str) -> String {
    let Some(start) = text.rfind("\\boxed{").map(|at| at + "\\boxed{".len()) else {
        return if says(text, answer) { format!("{text}\n\n{}", boxed(answer)) } else { text.to_owned() };
    };
    let Some(end) = tirade_math::closing_brace(&text[start..]).map(|length| start + length) else {
        return text.to_owned();
    };
    let inside = &text[start..end];
    let squeezed = |text: &str| text.replace([' ', '$'], "");
    let found = || squeezed(&text[..start]).contains(&squeezed(answer)) && answer.contains('\\');
    let is_print = inside.contains('.') && !answer.contains('.') && inside.parse::<f64>().is_ok();
    if is_print && (without_noise(inside) == answer || found()) {
        format!("{}{answer}{}", &text[..start], &text[end..])
    } else {
        text.to_owned()
    }
}

/// Whether the answer that a text arrives at is this one.
fn says(text: &str, answer: &str) -> bool {
    let policy = Policy::default();
    tirade_math::verify(&Gold::parse(answer, &policy), text, &policy).outcome == Same::Equal
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
        for (text, answer, expected) in [
            (
                "There are 24 of them, so it is 25 dollars.",
                "24",
                "There are 24 of them, so it is 25 dollars.",
            ),
            ("So it is $\\boxed{24}$.", "24", "So it is $\\boxed{24}$."),
            ("So it is $\\boxed{32.0}$ dollars.", "32", "So it is $\\boxed{32}$ dollars."),
            (
                "It is $4 \\sqrt{65} = \\boxed{32.2490309931942}$.",
                "4\\sqrt{65}",
                "It is $4 \\sqrt{65} = \\boxed{4\\sqrt{65}}$.",
            ),
            ("It is $\\boxed{32.2490309931942}$.", "4\\sqrt{65}", "It is $\\boxed{32.2490309931942}$."),
            ("It is $\\boxed{33.0}$.", "32", "It is $\\boxed{33.0}$."),
            ("It is $\\boxed{0.5}$.", "0.50", "It is $\\boxed{0.5}$."),
        ] {
            assert_eq!(concluded(text, answer), expected);
        }
    }
}
