//! The right end of the pipeline: everything a run found out, as one plain value, and the ways to show it.
//!
//! A [`Report`] is filled by the caller from the store (no clock and no file is read here) and rendered by [`html`] (one
//! self-contained page), [`terminal`] (plain text of a given width) and [`csv`] (tables). All three read the same value, so they
//! cannot disagree. Empty parts are left out, not shown as zeros.
//!
//! ```
//! use tirade::report::{Count, Report, html, terminal};
//!
//! let report = Report {
//!     title: "quickstart".into(),
//!     funnel: vec![Count::new("problems", 45), Count::new("verified", 31)],
//!     ..Report::default()
//! };
//! assert!(terminal::render(&report, 80).contains("verified"));
//! assert!(html::render(&report).starts_with("<!doctype html>"));
//! ```
//!
//! Texts of models and of data sets are hostile: `html` escapes all of them, `terminal` shows no control characters, and `csv`
//! writes no cell that a spreadsheet would run as a formula.

pub mod csv;
mod format;
mod gather;
mod groups;
pub mod html;
pub mod terminal;
#[cfg(test)]
mod tests;

pub use format::p_value;
pub use gather::gather;

use serde::{Deserialize, Serialize};

use crate::dataset::BadRow;
use crate::eval::score::{Paired, Score};
use crate::trace::Trace;

/// Everything a run found out. Every part may be empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// For example the recipe's name.
    pub title: String,
    /// When the run ended, as the reader should see it; the library knows no clock.
    pub date: String,
    /// What was run, as name and value: models, data set, protocol, seeds, hashes.
    pub configuration: Vec<(String, String)>,
    /// How many rows each stage left, widest first: problems, attempts, verified, translated, accepted, examples.
    pub funnel: Vec<Count>,
    /// Why rows fell out, most frequent first.
    pub rejections: Vec<Count>,
    /// How the attempts of the teacher ended.
    pub solving: Option<Score>,
    pub evaluation: Option<Evaluation>,
    pub stages: Vec<Stage>,
    /// What the models were asked for and paid, where something was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spending: Option<Spending>,
    pub tools: Vec<ToolUse>,
    pub training: Option<Training>,
    /// Traces beside the prose made of them.
    pub pairs: Vec<Pair>,
    /// Error rows of the data set.
    pub bad_rows: Vec<BadRow>,
    /// Programs, models and data with their versions or hashes.
    pub versions: Vec<(String, String)>,
}

/// So many of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub name: String,
    pub count: u64,
    /// What the name means or what to do about it, for people; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Count {
    /// A count without a note.
    pub fn new(name: impl Into<String>, count: u64) -> Self {
        Self { name: name.into(), count, note: String::new() }
    }

    /// The same with a note.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

/// Models compared on the same problems, without tools.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was evaluated on, for people: `starter, test half, 25 problems`.
    pub problems: String,
    /// The base model first, then adapters.
    pub scores: Vec<Score>,
    /// The first score against the second, problem by problem.
    pub paired: Option<Paired>,
}

/// What a stage took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// `solve`, `translate`, `train`, `eval`, …
    pub name: String,
    /// Rows it produced; steps of training.
    pub rows: u64,
    /// Wall time of the commands that worked on it, without those that were killed.
    pub seconds: f64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// In US dollars; nothing for models that cost nothing or whose price is not known.
    pub cost: Option<f64>,
}

/// Calls of models that have a price, over all stages. Replies that an earlier run had paid for are not among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    pub calls: u64,
    /// US dollars.
    pub cost: f64,
    pub cost_per_call: f64,
    /// US dollars of all calls for each solution that passed every check.
    pub cost_per_accepted: Option<f64>,
}

impl Spending {
    /// In a sentence.
    pub(crate) fn told(&self) -> String {
        let dollars = |amount| format::dollars(Some(amount));
        let accepted = self.cost_per_accepted.map(|cost| format!(", {} an accepted example", dollars(cost)));
        let (total, each) = (dollars(self.cost), dollars(self.cost_per_call));
        format!("{} calls cost {total}: {each} a call{}", self.calls, accepted.unwrap_or_default())
    }
}

/// How a tool was used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolUse {
    pub name: String,
    pub calls: u64,
    /// Calls that did not end well.
    pub failed: u64,
    pub seconds: f64,
}

/// The training of an adapter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Rank, alpha, epochs, learning rate, …, as name and value.
    pub settings: Vec<(String, String)>,
    /// In order of steps.
    pub loss: Vec<Loss>,
    /// The same measure on examples not trained on.
    pub validation: Vec<Loss>,
}

/// The loss at a step: mean cross-entropy per answer token, in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    pub step: u64,
    pub loss: f64,
}

/// A trace and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub trace: Trace,
    /// The verdict on the trace's answer.
    pub verdict: Mark,
    /// The prose, sentence by sentence; empty if there is none.
    pub prose: Vec<Sentence>,
    /// What came of the prose.
    pub outcome: Mark,
    /// Why, in a sentence: `accepted`, or the finding that rejected it.
    pub reason: String,
}

/// A sentence of the prose with what was found out about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    pub text: String,
    pub mark: Mark,
    /// What the check says; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub finding: String,
    /// The index in [`Trace::events`] of the tool call this sentence stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<usize>,
    /// Whether a new paragraph begins with it.
    #[serde(default)]
    pub paragraph: bool,
}

/// What a check says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Checked and right.
    Good,
    /// Checked and wrong.
    Bad,
    /// Could not be decided.
    Unknown,
    /// Nothing to check.
    #[default]
    Plain,
}

impl Report {
    /// The run in a few sentences, made of its figures only. All renderers begin with it.
    pub fn summary(&self) -> Vec<String> {
        [self.yield_summary(), self.accuracy_summary()].into_iter().flatten().collect()
    }

    fn yield_summary(&self) -> Option<String> {
        let [first, .., last] = self.funnel.as_slice() else { return None };
        let share = format::percent(last.count as f64 / first.count.max(1) as f64);
        let per = if last.count <= first.count { format!(" ({share})") } else { String::new() };
        Some(format!("{} {} gave {} {}{per}.", first.count, first.name, last.count, last.name))
    }

    fn accuracy_summary(&self) -> Option<String> {
        let evaluation = self.evaluation.as_ref()?;
        let [base, adapter, ..] = evaluation.scores.as_slice() else {
            let only = evaluation.scores.first()?;
            let (rate, share) = (only.overall, format::percent(only.overall.share()));
            return Some(format!(
                "{} solved {} of {} problems without tools ({share}).",
                only.name, rate.right, rate.of
            ));
        };
        let [before, after] = [base, adapter].map(|score| format::percent(score.overall.share()));
        let moved = format!(
            "On {} problems without tools, accuracy went from {before} ({}) to {after} ({})",
            base.overall.of, base.name, adapter.name
        );
        Some(match evaluation.paired {
            Some(paired) => format!("{moved}; {}.", reading(&paired)),
            None => format!("{moved}."),
        })
    }
}

/// What a paired comparison allows to say, in words.
fn reading(paired: &Paired) -> String {
    let changed = paired.only_base + paired.only_adapter;
    let p = format::p_value(paired.p);
    match changed {
        0 => "no problem changed".into(),
        _ if paired.p < 0.05 => {
            format!(
                "problem by problem {} won and {} lost (exact McNemar test, {p})",
                paired.only_adapter, paired.only_base
            )
        }
        _ => format!(
            "problem by problem {} won and {} lost, which can be chance (exact McNemar test, {p})",
            paired.only_adapter, paired.only_base
        ),
    }
}
