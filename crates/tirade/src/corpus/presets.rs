//! Where candidates come from: the ablation's presets. A preset changes the text of the examples, not their choice: all but `gold` and `own` take the
//! attempts whose translation was accepted, so that students trained on two presets differ in nothing but what they read.

use serde::{Deserialize, Serialize};
use tirade_math::{Gold, Outcome as Found, Policy};

use super::Candidate;
use crate::problem::Problem;
use crate::solver::said;
use crate::store::{AttemptKey, SolutionRow};
use crate::trace::{Event, Trace};
use crate::translate::check::{self, Case};
use crate::translate::{Outcome, Solution};

/// What the text of an example is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The accepted prose: translated and rephrased.
    #[default]
    Prose,
    /// The accepted prose of a run that translated by rules; another run is refused.
    Rules,
    /// The solver's own words with each call replaced by its derivation, not rephrased.
    TranslateOnly,
    /// The trace as tagged text, tools and all.
    Raw,
    /// The data set's worked solutions.
    Gold,
    /// The model's own correct answers without a tool, where the checks find nothing.
    Own,
}

impl Preset {
    /// All of them, as the command line lists them.
    pub const ALL: [Self; 6] =
        [Self::Prose, Self::Rules, Self::TranslateOnly, Self::Raw, Self::Gold, Self::Own];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prose => "prose",
            Self::Rules => "rules",
            Self::TranslateOnly => "translate_only",
            Self::Raw => "raw",
            Self::Gold => "gold",
            Self::Own => "own",
        }
    }

    /// Whether it takes the accepted attempts of a translate run; else those of a solve or eval run.
    pub fn reads_translations(self) -> bool {
        !matches!(self, Self::Gold | Self::Own)
    }
}

/// The candidate that a preset makes of a translated attempt, or why it makes none.
///
/// # Errors
/// The kind of the first finding of a solution that was not accepted.
pub fn translated(
    preset: Preset,
    trace: &Trace,
    solution: &SolutionRow<Solution>,
) -> Result<Candidate, String> {
    if solution.row.outcome != Outcome::Accepted {
        return Err(solution.reason.clone());
    }
    let text = match preset {
        Preset::Raw => tagged(trace),
        Preset::TranslateOnly => in_place(trace, &solution.row),
        _ => solution.row.text.clone(),
    };
    let repairs = solution.row.drafts.saturating_sub(1);
    Ok(Candidate { key: solution.key.clone(), text, repairs, ..Candidate::default() })
}

/// The data set's own solution, with its answer in a box.
///
/// # Errors
/// `no_solution`, or `answer` where the solution's own answer is not the gold answer.
pub fn gold(problem: &Problem) -> Result<Candidate, String> {
    let solution = problem.solution.as_deref().ok_or("no_solution")?;
    let policy = Policy::default();
    let boxed = crate::dataset::last_boxed(solution).is_some_and(|found| !found.is_empty());
    let text = match boxed {
        true => solution.to_owned(),
        false => format!("{}\nThe answer is $\\boxed{{{}}}$.", solution.trim_end(), problem.answer),
    };
    let verdict = tirade_math::verify(&Gold::parse(&problem.answer, &policy), &text, &policy);
    if matches!(verdict.outcome, Found::NotEqual | Found::NoAnswer) {
        return Err("answer".into());
    }
    let key = AttemptKey { problem: problem.id.clone(), attempt: 0 };
    Ok(Candidate { key, text, ..Candidate::default() })
}

/// What a model wrote by itself, for rejection sampling.
///
/// # Errors
/// `tool_call`, or the kind of the first finding of the checks.
pub fn own(trace: &Trace) -> Result<Candidate, String> {
    if trace.events.iter().any(|event| matches!(event, Event::ToolCall { .. })) {
        return Err("tool_call".into());
    }
    let text = words(trace).join("\n\n");
    let case =
        Case { problem: &trace.problem.problem, gold: &trace.problem.answer, text: &text, ..Case::default() };
    if let Some(finding) = check::check(&case).first() {
        return Err(finding.kind.as_str().to_owned());
    }
    let key = AttemptKey { problem: trace.problem.id.clone(), attempt: trace.attempt };
    Ok(Candidate { key, text, ..Candidate::default() })
}

/// What was said in every reply, empty ones left out.
fn words(trace: &Trace) -> Vec<String> {
    let replies = (0..trace.events.len()).map(|index| said(&trace.events, index));
    replies.filter(|text| !text.is_empty()).collect()
}

/// The solver's words in order, with the derivation of each call where the call was.
fn in_place(trace: &Trace, solution: &Solution) -> String {
    let mut parts = Vec::new();
    for (index, event) in trace.events.iter().enumerate() {
        let part = match event {
            Event::Reply { .. } => said(&trace.events, index),
            Event::ToolCall { call } => {
                let of_call = solution.translations.iter().find(|translation| translation.call_id == call.id);
                of_call.and_then(|translation| translation.text.clone()).unwrap_or_default()
            }
            _ => String::new(),
        };
        parts.extend((!part.trim().is_empty()).then(|| part.trim().to_owned()));
    }
    parts.join("\n\n")
}

/// The paper's tagged text: `<message>…</message>` and `<tool><tool_name>…</tool_name><args>…</args><result>…</result></tool>`.
pub fn tagged(trace: &Trace) -> String {
    let calls = trace.tool_calls();
    let mut parts = Vec::new();
    for (index, event) in trace.events.iter().enumerate() {
        match event {
            Event::Reply { .. } => {
                let text = said(&trace.events, index);
                parts.extend((!text.is_empty()).then(|| format!("<message>{text}</message>")));
            }
            Event::ToolCall { call } => {
                let result =
                    calls.iter().find(|(other, _)| other.id == call.id).and_then(|(_, result)| *result);
                let result = result.map_or("No response", |result| result.content.as_str());
                parts.push(format!(
                    "<tool><tool_name>{}</tool_name><args>{}</args><result>{result}</result></tool>",
                    call.name, call.arguments
                ));
            }
            _ => {}
        }
    }
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::ToolCall;
    use crate::tool::{ToolResult, ToolStatus};
    use crate::translate::translator::Translation;

    fn reply(text: &str) -> Event {
        serde_json::from_value(json!({"kind": "reply", "text": text, "finish": "stop", "usage": {"prompt": 0, "completion": 0}, "seconds": 0.0})).unwrap()
    }

    fn trace() -> Trace {
        let call = ToolCall { id: "c".into(), name: "gcd".into(), arguments: r#"{"a":84,"b":30}"#.into() };
        let result =
            ToolResult { status: ToolStatus::Ok, content: "6".into(), derivation: None, seconds: 0.0 };
        Trace {
            problem: Problem { id: "p".into(), answer: "6".into(), ..Problem::default() },
            attempt: 1,
            events: vec![
                reply("We need the divisor."),
                Event::ToolCall { call },
                Event::ToolResult { call_id: "c".into(), result },
                reply("It is $\\boxed{6}$."),
            ],
        }
    }

    fn solution(outcome: Outcome) -> SolutionRow<Solution> {
        let translation: Translation = serde_json::from_value(json!({
            "call_id": "c", "tool": "gcd", "text": "Since $84 = 2 \\cdot 30 + 24$, …, it is $6$.",
            "result": "6", "tries": 1, "judgement": "", "way": "mixed",
        }))
        .unwrap();
        let row = Solution {
            text: "Prose.".into(),
            outcome,
            translations: vec![translation],
            drafts: 2,
            ..Solution::default()
        };
        let key = AttemptKey { problem: "p".into(), attempt: 1 };
        SolutionRow { key, outcome: outcome.as_str().into(), reason: row.reason(), row }
    }

    #[test]
    fn presets_differ_in_text_only() {
        for (preset, expected) in [
            (Preset::Prose, "Prose."),
            (
                Preset::TranslateOnly,
                "We need the divisor.\n\nSince $84 = 2 \\cdot 30 + 24$, …, it is $6$.\n\nIt is $\\boxed{6}$.",
            ),
            (
                Preset::Raw,
                "<message>We need the divisor.</message>\n<tool><tool_name>gcd</tool_name><args>{\"a\":84,\"b\":30}</args><result>6</result></tool>\n<message>It is $\\boxed{6}$.</message>",
            ),
        ] {
            let candidate = translated(preset, &trace(), &solution(Outcome::Accepted)).unwrap();
            assert_eq!((candidate.text.as_str(), candidate.repairs, candidate.key.attempt), (expected, 1, 1));
            assert_eq!(translated(preset, &trace(), &solution(Outcome::Failed)).unwrap_err(), "derivation");
        }
    }

    #[test]
    fn gold_solutions_end_in_their_answer() {
        let problem = |solution: Option<&str>| Problem {
            answer: "6".into(),
            solution: solution.map(str::to_owned),
            ..Problem::default()
        };
        assert_eq!(
            gold(&problem(Some("So 2 * 3 = 6."))).unwrap().text,
            "So 2 * 3 = 6.\nThe answer is $\\boxed{6}$."
        );
        assert_eq!(gold(&problem(Some("It is $\\boxed{6}$."))).unwrap().text, "It is $\\boxed{6}$.");
        assert_eq!(gold(&problem(Some("It is $\\boxed{7}$."))).unwrap_err(), "answer");
        assert_eq!(gold(&problem(None)).unwrap_err(), "no_solution");
    }

    #[test]
    fn own_answers_are_checked() {
        let own_text = |text: &str| {
            let problem =
                Problem { problem: "What is $2 \\cdot 3$?".into(), answer: "6".into(), ..Problem::default() };
            own(&Trace { problem, attempt: 0, events: vec![reply(text)] })
        };
        let good = "Two times three is three plus three, so $2 \\cdot 3 = 6$. The answer is $\\boxed{6}$.";
        assert_eq!(own_text(good).unwrap().text, good);
        assert_eq!(
            own_text("We have $2 \\cdot 3 = 7$, or rather three plus three. The answer is $\\boxed{6}$.")
                .unwrap_err(),
            "equation"
        );
        assert_eq!(own(&trace()).unwrap_err(), "tool_call");
    }
}
