//! What is told about a corpus: the yield of every filter, what was left out and why, and where everything comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::heldout::Match;
use super::{Example, Split};
use crate::store::AttemptKey;

/// The filters of a corpus in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// The translation was not accepted; the detail is its first finding.
    NotAccepted,
    Unsuited,
    Contaminated,
    Duplicate,
    NearDuplicate,
    /// More than asked for of one problem.
    Surplus,
}

impl Filter {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAccepted => "not_accepted",
            Self::Unsuited => "unsuited",
            Self::Contaminated => "contaminated",
            Self::Duplicate => "duplicate",
            Self::NearDuplicate => "near_duplicate",
            Self::Surplus => "surplus",
        }
    }
}

/// A candidate that did not become an example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    #[serde(flatten)]
    pub key: AttemptKey,
    pub run: String,
    pub filter: Filter,
    /// Why, with what it was measured on.
    pub detail: String,
}

/// A problem and a held-out one that agree, both in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub problem: String,
    pub statement: String,
    /// The held-out problem's id, how the two agree, and in what.
    #[serde(flatten)]
    pub found: Match,
    pub held_out_statement: String,
}

impl Evidence {
    /// In a sentence.
    pub fn told(&self) -> String {
        let Match { id, kind, score, shared } = &self.found;
        format!("{} with {id} ({score:.2}): {shared}", kind.as_str())
    }
}

/// What became of the candidates at every filter, and what the corpus is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Solutions that were looked at, rejected ones too.
    pub solutions: usize,
    /// Not accepted, by the kind of the first finding.
    pub rejected: BTreeMap<String, usize>,
    /// Accepted solutions.
    pub candidates: usize,
    /// What each filter took away, in order.
    pub filters: Vec<(String, usize)>,
    /// Problems that agree with a held-out one, by how.
    pub contaminated_problems: BTreeMap<String, usize>,
    pub train: usize,
    pub validation: usize,
    pub train_problems: usize,
    pub validation_problems: usize,
    /// Runs, models, prompts, costs and hashes: whatever the caller knows.
    pub about: Value,
}

impl Card {
    pub(super) fn count(&mut self, examples: &[(Split, Example)], evidence: &[Evidence]) {
        let problems = |split| -> BTreeSet<&str> {
            let of = examples.iter().filter(|(of, _)| *of == split);
            of.map(|(_, example)| example.problem.as_str()).collect()
        };
        self.train = examples.iter().filter(|(split, _)| *split == Split::Train).count();
        self.validation = examples.len() - self.train;
        self.train_problems = problems(Split::Train).len();
        self.validation_problems = problems(Split::Validation).len();
        let mut seen = BTreeSet::new();
        for pair in evidence.iter().filter(|pair| seen.insert(&pair.problem)) {
            *self.contaminated_problems.entry(pair.found.kind.as_str().to_owned()).or_default() += 1;
        }
    }

    /// What a filter took away.
    pub fn left_out(&self, filter: Filter) -> usize {
        self.filters.iter().find(|(name, _)| name == filter.as_str()).map_or(0, |(_, count)| *count)
    }

    /// The yield as lines: what is taken away, what remains.
    pub fn lines(&self) -> Vec<(usize, String)> {
        let words = |name: &str| name.replace('_', " ");
        let mut lines: Vec<(usize, String)> = self
            .rejected
            .iter()
            .map(|(reason, count)| (*count, format!("not accepted: {}", words(reason))))
            .collect();
        for (filter, count) in self.filters.iter().filter(|(_, count)| *count > 0) {
            lines.push((*count, words(filter)));
        }
        lines
    }

    /// The card of the folder, as the hubs show it. `files` are the data files by split.
    pub fn markdown(&self, name: &str, files: &[(Split, String)]) -> String {
        let mut text = String::from("---\nconfigs:\n- config_name: default\n  data_files:\n");
        for (split, file) in files {
            let _ = writeln!(text, "  - split: {}\n    path: {file}", split.as_str());
        }
        let _ = writeln!(text, "tags:\n- math\n- back-translation\n---\n\n# {name}\n");
        let _ = writeln!(
            text,
            "{} training examples of {} problems, {} validation examples of {} problems.\n",
            self.train, self.train_problems, self.validation, self.validation_problems
        );
        let _ = writeln!(text, "| | solutions |\n|---|---:|\n| looked at | {} |", self.solutions);
        for (count, what) in self.lines() {
            let _ = writeln!(text, "| − {what} | {count} |");
        }
        let _ = writeln!(text, "| = examples | {} |\n", self.train + self.validation);
        if !self.contaminated_problems.is_empty() {
            let _ =
                writeln!(text, "Problems that agree with a held-out one (pairs in `contamination.jsonl`):\n");
            for (kind, count) in &self.contaminated_problems {
                let _ = writeln!(text, "- {}: {count}", kind.replace('_', " "));
            }
            text.push('\n');
        }
        let about = serde_json::to_string_pretty(&self.about).unwrap_or_default();
        let _ = writeln!(text, "## Where it comes from\n\n```json\n{about}\n```");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_shows_every_filter_that_took_something() {
        let card = Card {
            solutions: 9,
            rejected: [("equation".to_owned(), 2)].into(),
            candidates: 7,
            filters: vec![("contaminated".into(), 3), ("surplus".into(), 0)],
            contaminated_problems: [("numbers_changed".to_owned(), 1)].into(),
            train: 4,
            train_problems: 4,
            ..Card::default()
        };
        let text = card.markdown("mine", &[(Split::Train, "train.jsonl".into())]);
        for part in [
            "path: train.jsonl",
            "# mine",
            "| − not accepted: equation | 2 |",
            "| − contaminated | 3 |",
            "| = examples | 4 |",
            "- numbers changed: 1",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains("surplus"), "{text}");
    }
}
