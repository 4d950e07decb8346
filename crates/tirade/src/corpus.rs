//! The corpus: accepted solutions as training examples, with the yield of every filter.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::hash::{digest, seed};
use crate::model::Message;
use crate::problem::Problem;
use crate::store::SolutionRow;
use crate::translate::{Outcome, Solution};

/// One training example: system prompt, problem, solution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Id of the problem; with `attempt` it leads back to the trace.
    pub problem: String,
    pub attempt: u32,
    pub messages: Vec<Message>,
}

/// Which part of a corpus an example belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    Train,
    Validation,
}

impl Split {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
        }
    }
}

/// How a corpus is built. Everything here is part of a run's identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorpusOptions {
    /// The system message of every example; the student is evaluated with the same.
    pub system: String,
    /// Solutions kept per problem; the shortest accepted ones.
    pub per_problem: usize,
    /// Share of the problems (not examples) set apart for validation, 0 to 1.
    pub validation: f64,
    pub seed: u64,
}

/// What became of the solutions at every filter, and what the corpus is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub solutions: usize,
    pub rejected: BTreeMap<String, usize>,
    pub accepted: usize,
    /// Accepted solutions left out because their problem is in an evaluation set.
    pub contaminated: usize,
    /// Accepted solutions whose text is another one's.
    pub duplicates: usize,
    /// Accepted solutions beyond `per_problem`.
    pub surplus: usize,
    pub train: usize,
    pub validation: usize,
}

/// A finished corpus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    pub examples: Vec<(Split, Example)>,
    pub card: Card,
}

/// Chooses and splits. `evaluation` are the problems that must not be learnt from.
pub fn build(
    problems: &[Problem],
    solutions: &[SolutionRow<Solution>],
    evaluation: &[Problem],
    options: &CorpusOptions,
) -> Corpus {
    let mut card = Card { solutions: solutions.len(), ..Card::default() };
    let held_out: HashSet<String> = evaluation.iter().map(|problem| fingerprint(&problem.problem)).collect();
    let by_id: BTreeMap<&str, &Problem> =
        problems.iter().map(|problem| (problem.id.as_str(), problem)).collect();
    let mut texts = HashSet::new();
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut examples = Vec::new();
    for solution in shortest_first(solutions) {
        if solution.row.outcome != Outcome::Accepted {
            *card.rejected.entry(solution.reason.clone()).or_default() += 1;
            continue;
        }
        card.accepted += 1;
        let Some(problem) = by_id.get(solution.key.problem.as_str()) else { continue };
        let count = taken.entry(&problem.id).or_default();
        if held_out.contains(&fingerprint(&problem.problem)) {
            card.contaminated += 1;
        } else if !texts.insert(fingerprint(&solution.row.text)) {
            card.duplicates += 1;
        } else if *count >= options.per_problem {
            card.surplus += 1;
        } else {
            *count += 1;
            examples.push((split_of(&problem.id, options), example(problem, solution, &options.system)));
        }
    }
    examples.sort_by(|a, b| (&a.1.problem, a.1.attempt).cmp(&(&b.1.problem, b.1.attempt)));
    card.train = examples.iter().filter(|(split, _)| *split == Split::Train).count();
    card.validation = examples.len() - card.train;
    Corpus { examples, card }
}

fn shortest_first(solutions: &[SolutionRow<Solution>]) -> Vec<&SolutionRow<Solution>> {
    let mut sorted: Vec<_> = solutions.iter().collect();
    sorted.sort_by(|a, b| (a.row.text.len(), &a.key).cmp(&(b.row.text.len(), &b.key)));
    sorted
}

fn example(problem: &Problem, solution: &SolutionRow<Solution>, system: &str) -> Example {
    let messages = vec![
        Message::system(system),
        Message::user(problem.problem.clone()),
        Message::assistant(solution.row.text.clone()),
    ];
    Example { problem: problem.id.clone(), attempt: solution.key.attempt, messages }
}

/// By problem, so that no problem is in both; by hash, so that adding problems moves none.
fn split_of(problem: &str, options: &CorpusOptions) -> Split {
    let share = seed(&["split", &options.seed.to_string(), problem]) as f64 / u64::MAX as f64;
    if share < options.validation { Split::Validation } else { Split::Train }
}

/// Equal for texts that differ in nothing but white space, case and punctuation.
fn fingerprint(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    digest(&[&words.join(" ")])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::AttemptKey;

    fn problem(id: &str, text: &str) -> Problem {
        Problem { id: id.into(), problem: text.into(), answer: "1".into(), ..Problem::default() }
    }

    fn solution(id: &str, attempt: u32, text: &str, outcome: Outcome) -> SolutionRow<Solution> {
        let row = Solution { text: text.into(), outcome, ..Solution::default() };
        let key = AttemptKey { problem: id.into(), attempt };
        SolutionRow { key, outcome: outcome.as_str().into(), reason: row.reason(), row }
    }

    #[test]
    fn every_solution_is_counted_once() {
        let problems = [problem("a", "One?"), problem("b", "Two?"), problem("c", "Three?")];
        let solutions = [
            solution("a", 0, "long text of a", Outcome::Accepted),
            solution("a", 1, "text of a", Outcome::Accepted),
            solution("a", 2, "Text of  A!", Outcome::Accepted),
            solution("b", 0, "text of b", Outcome::Accepted),
            solution("c", 0, "", Outcome::Failed),
        ];
        let options = CorpusOptions { system: "s".into(), per_problem: 1, validation: 0.0, seed: 0 };
        let corpus = build(&problems, &solutions, &[problem("x", "two")], &options);
        let card = &corpus.card;
        assert_eq!((card.solutions, card.accepted, card.contaminated), (5, 4, 1));
        assert_eq!((card.duplicates, card.surplus, card.train), (1, 1, 1));
        assert_eq!(card.rejected, BTreeMap::from([("derivation".to_owned(), 1)]));
        assert_eq!(corpus.examples[0].1.messages[2].content, "text of a");
    }

    #[test]
    fn the_split_is_by_problem() {
        let options = CorpusOptions { system: String::new(), per_problem: 9, validation: 0.3, seed: 7 };
        let count = (0..1000).filter(|n| split_of(&n.to_string(), &options) == Split::Validation).count();
        assert!((250..350).contains(&count), "{count}");
    }
}
