//! Machine checks on prose: each finding has a kind, a place and a sentence. No model is asked.
//!
//! [`check`] is the whole of it, [`Verdict::of`] what to do about it; `tirade check` runs both on anyone's solutions.

mod boxed;
mod equations;
mod numbers;
mod shape;
mod talk;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tirade_math::{Gold, Outcome, Policy};

pub use super::results::bare_result;
pub use talk::without_tool_talk;

use super::translator::Translation;
use crate::trace::Trace;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: Kind,
    /// Bytes of the text the finding is about.
    pub start: usize,
    pub end: usize,
    /// What is wrong, in a sentence that a writer can act on.
    pub message: String,
}

impl Finding {
    /// A finding about the text as a whole.
    pub fn whole(kind: Kind, message: String) -> Self {
        Self { kind, start: 0, end: 0, message }
    }

    fn at(kind: Kind, start: usize, end: usize, message: String) -> Self {
        Self { kind, start, end, message }
    }
}

/// Kinds of findings, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The final answer is missing or is not the gold answer.
    Answer,
    /// A formula that can be read is false.
    Equation,
    /// Talk of tools, programs or outputs.
    ToolTalk,
    /// Tags, code fences or other markup that is no prose.
    Markup,
    /// A result the trace relied on does not appear.
    MissingResult,
    /// The answer in the box is not what the text arrives at.
    UnderivedAnswer,
    /// A number that comes from nowhere.
    UnsupportedNumber,
    /// Too short, too long, repeated or cut off.
    Shape,
    /// The model that should have written it did not.
    Model,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Equation => "equation",
            Self::ToolTalk => "tool_talk",
            Self::Markup => "markup",
            Self::MissingResult => "missing_result",
            Self::UnderivedAnswer => "underived_answer",
            Self::UnsupportedNumber => "unsupported_number",
            Self::Shape => "shape",
            Self::Model => "model",
        }
    }
}

/// What to do with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may be learnt from.
    Accept,
    /// Its findings name places that a writer can mend.
    Repair,
    /// It does not arrive at the answer: there is nothing to mend.
    Reject,
}

impl Verdict {
    /// The verdict on a text with these findings.
    pub fn of(findings: &[Finding]) -> Self {
        match findings {
            [] => Self::Accept,
            _ if findings.iter().any(|finding| matches!(finding.kind, Kind::Answer | Kind::Model)) => {
                Self::Reject
            }
            _ => Self::Repair,
        }
    }
}

/// A text and what it is checked against.
#[derive(Clone, Debug, Default)]
pub struct Case<'a> {
    pub problem: &'a str,
    pub gold: &'a str,
    pub text: &'a str,
    /// Results of tool calls the solution relied on.
    pub results: Vec<&'a str>,
    /// Further texts whose numbers count as supported: the derivations.
    pub sources: Vec<&'a str>,
}

impl<'a> Case<'a> {
    pub fn of(trace: &'a Trace, translations: &'a [Translation], text: &'a str) -> Self {
        Self {
            problem: &trace.problem.problem,
            gold: &trace.problem.answer,
            text,
            results: translations.iter().map(|translation| translation.result.as_str()).collect(),
            sources: translations.iter().filter_map(|translation| translation.text.as_deref()).collect(),
        }
    }
}

/// Everything that is wrong with a text; empty means that it may be learnt from.
pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(final_answer(case));
    findings.extend(equations::false_statements(case));
    let words = without_drawings(case.text);
    let case = &Case { text: &words, ..case.clone() };
    findings.extend(talk::tool_talk(case.text, case.problem));
    findings.extend(talk::markup(case.text));
    findings.extend(numbers::missing_results(case));
    findings.extend(boxed::underived_answer(case));
    findings.extend(numbers::unsupported(case));
    findings.extend(shape::shape(case.text));
    findings
}

/// Blanks where a figure is drawn (`[asy]…[/asy]`), so that places in the text stay what they are.
fn without_drawings(text: &str) -> Cow<'_, str> {
    const ENDS: (&str, &str) = ("[asy]", "[/asy]");
    let mut words = Cow::Borrowed(text);
    while let Some(start) = words.find(ENDS.0) {
        let end = words[start..].find(ENDS.1).map_or(words.len(), |at| start + at + ENDS.1.len());
        let blanks = " ".repeat(end - start);
        words.to_mut().replace_range(start..end, &blanks);
    }
    words
}

fn final_answer(case: &Case<'_>) -> Option<Finding> {
    let policy = Policy::default();
    let verdict = tirade_math::verify(&Gold::parse(case.gold, &policy), case.text, &policy);
    let message = match verdict.outcome {
        Outcome::Equal => return None,
        Outcome::NoAnswer => format!("there is no final answer in \\boxed{{}}; it is {}", case.gold),
        _ => format!("the final answer {} is not {}", verdict.extracted.unwrap_or_default(), case.gold),
    };
    Some(Finding::whole(Kind::Answer, message))
}
