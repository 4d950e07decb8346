//! Solutions put together without a model: derivations in order, what the solver's letters stand for, and an end.

use tirade_math::{Assumptions, Gold, Outcome as Same, Policy, Truth, check_relation};

use super::Solution;
use super::check;
use super::results::{members, readings, without_noise};
use super::spans::{Span, sentences};
use crate::solver::said;
use crate::tool::ToolStatus;
use crate::trace::{Event, Trace};

/// Longer introductions tell a story of their own.
const LONGEST_INTRODUCTION: usize = 240;

/// Ways to put a solution together, the best first: what the letters stand for, the derivations, and the solver's last sentence; the same with a
/// plain last sentence; the derivations alone with either; and all that the solver said with the derivations in between. All but the last only where
/// the last derivation gives the answer.
pub(super) fn arrangements(trace: &Trace, solution: &Solution) -> Vec<Vec<Part>> {
    let answer = &trace.problem.answer;
    let all = working(trace, solution);
    let derived: Vec<Part> = all.iter().filter(|part| part.call_id.is_some()).cloned().collect();
    let mut found = Vec::new();
    if let Some(last) = solution.translations.last().filter(|last| gives(&last.result, answer)) {
        let introduction = introduction(&all, &text_of(&derived));
        let ends = [conclusion(&all, answer), Some(plain_end(&last.result, answer))];
        for begin in [introduction.as_slice(), &[]] {
            for end in ends.iter().flatten() {
                found.push([begin, derived.as_slice(), &[Part::said(end.clone())]].concat());
            }
        }
    }
    if !relied(&all, solution, answer) && !trace.tool_calls().is_empty()
        || all.iter().any(|part| part.text.contains('`'))
    {
        return found;
    }
    let concluded = all.iter().any(|part| part.text.contains("\\boxed{"));
    let end = (!concluded).then(|| Part::said(boxed(answer)));
    found.push(all.into_iter().chain(end).collect());
    found
}

/// Where the tools' last result is not even spoken of, the solver did not rely on it, and nothing is by rule.
fn relied(all: &[Part], solution: &Solution, answer: &str) -> bool {
    solution.translations.last().is_some_and(|last| {
        let mut said = all.iter().rev().take_while(|part| part.call_id.is_none());
        gives(&last.result, answer) || said.any(|part| part.text.contains(&without_noise(&last.result)))
    })
}

pub(super) fn boxed(answer: &str) -> String {
    format!("The answer is $\\boxed{{{answer}}}$.")
}

/// A last sentence of our own, which says how a decimal is the answer.
fn plain_end(result: &str, answer: &str) -> String {
    let result = without_noise(result);
    let relation = format!("{result} = {answer}");
    let decimal = result.contains('.') && result.parse::<f64>().is_ok();
    if decimal && result != answer && check_relation(&relation, &Assumptions::default()) == Truth::True {
        return format!("Since ${relation}$, the answer is $\\boxed{{{answer}}}$.");
    }
    boxed(answer)
}

/// The solver's last sentence, if it was written for a reader and not about a program, and gives the answer as it should be given.
fn conclusion(all: &[Part], answer: &str) -> Option<String> {
    let last = &all.last().filter(|last| last.call_id.is_none())?.text;
    let sentence = sentences(last)
        .into_iter()
        .map(|range| without_item_mark(&last[range]))
        .rfind(|text| text.contains("\\boxed{"))?;
    let start = sentence.rfind("\\boxed{")?;
    let inside = &sentence[start + "\\boxed{".len()..];
    let inside = &inside[..tirade_math::closing_brace(inside)?];
    let begins = !sentence.starts_with(|first: char| first.is_lowercase());
    let is_plain = begins && !sentence.contains(['`', '#', '\n', '*']) && sentence.len() <= 400;
    let words = sentence.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic)).count();
    // A decimal where the answer is exact is no way to end, nor is a fraction where the tool's result was a decimal.
    let decimal = inside.contains('.') && !answer.contains('.');
    let of_its_own = inside.contains("frac")
        && !all.iter().any(|part| part.call_id.is_some() && part.text.contains(inside));
    (is_plain && words >= 3 && !decimal && !of_its_own).then(|| without_noise(sentence))
}

/// A sentence without the number or bullet of the list it is an item of.
fn without_item_mark(sentence: &str) -> &str {
    let text = sentence.trim_start_matches(['-', '*', ' ']);
    let numbered = text.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(". ");
    numbered.map_or(text, str::trim_start)
}

/// Sentences in which the solver says what the letters of the derivations stand for.
fn introduction(all: &[Part], derived: &str) -> Vec<Part> {
    let before = all.iter().take_while(|part| part.call_id.is_none());
    let mut found: Vec<&str> = Vec::new();
    for part in before {
        for range in sentences(&part.text) {
            let sentence = without_item_mark(&part.text[range]);
            if introduces(sentence, derived) && !found.contains(&sentence) {
                found.push(sentence);
            }
        }
    }
    let text = found.join(" ");
    if text.is_empty() || text.len() > LONGEST_INTRODUCTION { Vec::new() } else { vec![Part::said(text)] }
}

/// `Let $p$ be the cost of a pen`, where the derivation speaks of p and does not itself say what it is.
fn introduces(sentence: &str, derived: &str) -> bool {
    let says = ["Let ", "Let's denote", "denote", "represent"].iter().any(|word| sentence.contains(word));
    let ends = sentence.ends_with('.') && !sentence.contains(['\n', '=', '<', '>', '`', '*', ':', '#']);
    let letters: Vec<&str> = sentence
        .split(['$', ' ', '(', ')', '\\'])
        .filter(|part| {
            part.len() == 1 && part.chars().all(char::is_alphabetic) && !matches!(*part, "a" | "I" | "A")
        })
        .collect();
    says && ends && !letters.is_empty() && letters.iter().all(|letter| speaks_of(derived, letter))
}

/// Whether a letter stands by itself in a formula.
fn speaks_of(text: &str, letter: &str) -> bool {
    text.split('$').skip(1).step_by(2).any(|formula| {
        formula.match_indices(letter).any(|(at, _)| {
            let near = [formula[..at].chars().next_back(), formula[at + letter.len()..].chars().next()];
            near.into_iter().flatten().all(|c| !c.is_alphabetic() && c != '\\')
        })
    })
}

/// Whether a tool's result is the answer, or one of a few values that it consists of.
fn gives(result: &str, answer: &str) -> bool {
    let policy = Policy::default();
    let gold = Gold::parse(answer, &policy);
    let is_answer = |text: &String| tirade_math::verify_answer(&gold, text, &policy).outcome == Same::Equal;
    readings(result).iter().any(is_answer) || members(result).iter().any(is_answer)
}

/// A paragraph, and the call it stands for.
#[derive(Clone, Debug)]
pub(super) struct Part {
    call_id: Option<String>,
    text: String,
}

impl Part {
    fn said(text: String) -> Self {
        Self { call_id: None, text }
    }
}

/// What the solver said, with each call replaced by its derivation, in order.
pub(super) fn working(trace: &Trace, solution: &Solution) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (index, event) in trace.events.iter().enumerate() {
        match event {
            Event::Reply { .. } if !mends(&trace.events, index) => {
                let own = check::without_tool_talk(&said(&trace.events, index), &trace.problem.problem);
                parts.push(Part::said(own));
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

/// Whether the reply at `index` follows a call that failed and makes another: what it says is about the program that failed.
fn mends(events: &[Event], index: usize) -> bool {
    let is_reply = |event: &&Event| matches!(event, Event::Reply { .. });
    let before = events[..index].iter().rev().take_while(|event| !is_reply(event));
    let mut results = before.filter_map(|event| match event {
        Event::ToolResult { result, .. } => Some(result.status),
        _ => None,
    });
    let failed = results.next().is_some_and(|last| last != ToolStatus::Ok);
    let mut after = events[index + 1..].iter().take_while(|event| !is_reply(event));
    failed && after.any(|event| matches!(event, Event::ToolCall { .. }))
}

const BETWEEN: &str = "\n\n";

pub(super) fn text_of(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.trim()).collect::<Vec<_>>().join(BETWEEN)
}

/// Where each call's part lies in [`text_of`].
pub(super) fn placed(parts: &[Part]) -> Vec<Span> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sentence_gives_the_answer_as_it_should_be_given() {
        let parts = |text: &str| {
            [
                Part { call_id: Some("a".into()), text: "We get $\\frac{1}{2}$.".into() },
                Part::said(text.into()),
            ]
        };
        for (text, answer, expected) in [
            (
                "So y is 6. To sum up: 1. We add. 2. The number of marbles is \\(\\boxed{6}\\).",
                "6",
                Some("The number of marbles is \\(\\boxed{6}\\)."),
            ),
            ("The area of the triangle is $\\boxed{32.2490309931942}$.", "4\\sqrt{65}", None),
            (
                "The share of all is $\\boxed{\\frac{1}{2}}$.",
                "\\frac{1}{2}",
                Some("The share of all is $\\boxed{\\frac{1}{2}}$."),
            ),
            ("The chance of this is $\\boxed{\\frac{1}{64}}$.", "\\frac{1}{64}", None),
            (
                "Selene pays \\(\\boxed{551}\\) dollars in all.",
                "551",
                Some("Selene pays \\(\\boxed{551}\\) dollars in all."),
            ),
            ("So \\(\\boxed{6}\\).", "6", None),
            ("ald's new time for it is \\(\\boxed{6}\\) seconds.", "6", None),
            ("There are `six` and so the answer is $\\boxed{6}$.", "6", None),
        ] {
            assert_eq!(conclusion(&parts(text), answer).as_deref(), expected, "{text}");
        }
        assert_eq!(
            plain_end("0.015625", "\\frac{1}{64}"),
            "Since $0.015625 = \\frac{1}{64}$, the answer is $\\boxed{\\frac{1}{64}}$."
        );
        assert_eq!(plain_end("0.3", "\\frac{1}{3}"), "The answer is $\\boxed{\\frac{1}{3}}$.");
        assert_eq!(plain_end("7.0", "7"), "The answer is $\\boxed{7}$.");
    }

    #[test]
    fn letters_are_introduced_by_the_solvers_own_sentence() {
        let derived = "We solve the equations $4p + 3c = 2$ and $p = c$.";
        for (sentence, expected) in [
            ("Let's denote the cost of a pen by \\( p \\) and of a pencil by \\( c \\).", true),
            ("Let $p$ be the cost of a pen.", true),
            ("Let $q$ be the cost of a pen.", false),
            ("Let $p = 4$ be the cost.", false),
            ("The cost of a pen is high.", false),
            ("Let's denote the variables:", false),
        ] {
            assert_eq!(introduces(sentence, derived), expected, "{sentence}");
        }
    }
}
