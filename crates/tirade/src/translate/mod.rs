//! Back-translation: a correct tool-integrated [`Trace`] becomes a [`Solution`] in prose with no tool in it, or is rejected.
//!
//! 1. [`translator`]: each tool call is derived in words. `llm` hides the result and lets a [`judge`] compare; `mixed` shows the result and the
//!    steps that rules find ([`skeleton`]: the tool's own derivation, or [`code`] followed without running it) for a model to phrase, and
//!    keeps the rule's own words where the model's fail; `rules` uses those words, without any model.
//! 2. [`rephraser`]: the model's own text and the derivations become one solution.
//! 3. [`check`]: final answer, every readable equation, tool talk, tags, unsupported numbers, length. A finding goes back to the rephraser at
//!    most `repairs` times; then the solution is rejected. There is no fall-back to tagged text.

mod arrange;
pub mod check;
pub mod code;
#[cfg(test)]
mod faults_test;
pub mod judge;
pub mod planted;
pub mod rephraser;
pub mod results;
pub mod skeleton;
pub mod spans;
pub mod translator;
pub mod typed;

use serde::{Deserialize, Serialize};

use crate::model::{Model, ModelError, Sampling};
use crate::prompts::Prompts;
use crate::trace::Trace;
use check::Finding;
use spans::Span;
use translator::Translation;

/// The prompts that determine a translation.
pub const PROMPTS: [&str; 7] =
    ["translate_call", "translate_code", "translate_known", "try_again", "judge", "rephrase", "repair"];

/// How tool calls become words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// No model: the tools' own derivations, right by construction. Calls without one are rejected.
    Rules,
    /// The paper's: derive each call without seeing its result, judge, rephrase.
    Llm,
    /// The result and, where there is one, the tool's derivation are given to the model to phrase.
    #[default]
    Mixed,
}

/// How translations are made. Everything here is part of a run's identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TranslateOptions {
    pub way: Way,
    /// Derivations tried per tool call before the trace is given up.
    pub tries: u32,
    /// How often findings go back to the rephraser.
    pub repairs: u32,
    /// Temperature of second and later tries; the first is greedy.
    pub temperature: f32,
    pub max_tokens: u32,
    pub seed: u64,
}

impl Default for TranslateOptions {
    fn default() -> Self {
        Self { way: Way::Mixed, tries: 3, repairs: 2, temperature: 0.7, max_tokens: 1024, seed: 0 }
    }
}

/// A trace in prose, with everything that was found about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// The prose; empty when a call could not be derived.
    pub text: String,
    pub outcome: Outcome,
    /// Which sentences stand for which tool call.
    pub spans: Vec<Span>,
    /// How each tool call was derived.
    pub translations: Vec<Translation>,
    /// What the checks found in `text`; empty when accepted.
    pub findings: Vec<Finding>,
    /// How many times the rephraser wrote it.
    pub drafts: u32,
    /// Who wrote `text`: in `mixed`, the rules where no draft of the rephraser was accepted.
    #[serde(default)]
    pub way: Way,
}

/// What became of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Accepted,
    /// The checks found something that repairs did not cure.
    Rejected,
    /// A tool call could not be derived, or a model did not answer.
    #[default]
    Failed,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }
}

impl Solution {
    /// Why it was not accepted: the kind of the first finding, or which step failed.
    pub fn reason(&self) -> String {
        match (self.outcome, self.findings.first()) {
            (Outcome::Accepted, _) => String::new(),
            (_, Some(finding)) => finding.kind.as_str().to_owned(),
            (_, None) => "derivation".to_owned(),
        }
    }
}

/// Who translates. The three may be one model; `rules` needs none.
pub struct Translators<'a> {
    pub translator: &'a dyn Model,
    pub judge: &'a dyn Model,
    pub rephraser: &'a dyn Model,
    pub prompts: &'a Prompts,
    pub options: &'a TranslateOptions,
}

/// Translates one correct trace.
///
/// # Errors
/// Only what ends the run. All else that goes wrong is an outcome.
pub async fn translate(with: &Translators<'_>, trace: &Trace) -> Result<Solution, ModelError> {
    let mut solution = Solution { way: with.options.way, ..Solution::default() };
    let skeletons = if with.options.way == Way::Llm { Vec::new() } else { skeleton::skeletons(trace) };
    for (call, result) in trace.tool_calls() {
        let Some(result) = translator::worth_translating(result) else { continue };
        let skeleton = skeletons.iter().find(|skeleton| skeleton.call_id == call.id);
        let translation = match translator::derive(with, trace, call, result, skeleton).await {
            Err(error) if !error.ends_run() => Translation::failed(call, error.to_string(), with.options.way),
            other => other?,
        };
        let derived = translation.text.is_some();
        solution.translations.push(translation);
        if !derived {
            return Ok(solution);
        }
    }
    match rephraser::write(with, trace, &mut solution).await {
        Err(error) if !error.ends_run() => {
            solution.findings.push(Finding::whole(check::Kind::Model, error.to_string()));
            solution.outcome = Outcome::Failed;
        }
        other => other?,
    }
    Ok(solution)
}

impl Translators<'_> {
    /// Greedy at first, then at the configured temperature with a seed of its own.
    fn sampling(&self, trace: &Trace, what: &str, attempt: u32) -> Sampling {
        let options = self.options;
        let parts = [
            &options.seed.to_string(),
            &trace.problem.id,
            &trace.attempt.to_string(),
            what,
            &attempt.to_string(),
        ];
        Sampling {
            temperature: if attempt == 0 { 0.0 } else { options.temperature },
            top_p: 1.0,
            max_tokens: options.max_tokens,
            seed: crate::hash::seed(&parts),
        }
    }
}
