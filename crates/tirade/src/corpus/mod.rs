//! The corpus: candidates become training examples, and every filter says what it took away and why.
//!
//! [`build`] is the whole of it: candidates that prose cannot carry are left out ([`unsuited`]), then those whose problem the student is measured on
//! ([`heldout`]), then copies ([`near`]); of what is left the best per problem are taken and split so that no problem, and no problem like it, is on
//! both sides. [`presets`] says where candidates come from, [`formats`] how examples are written, [`card`] what is told about them.
//!
//! ```
//! use tirade::corpus::{Candidate, CorpusOptions, build};
//! use tirade::problem::Problem;
//! use tirade::store::AttemptKey;
//!
//! let problem = Problem { id: "a".into(), problem: "What is $6 \\cdot 7$?".into(), answer: "42".into(), ..Problem::default() };
//! let key = AttemptKey { problem: "a".into(), attempt: 0 };
//! let candidate = Candidate { key, text: "It is $\\boxed{42}$.".into(), ..Candidate::default() };
//! let corpus = build(&[problem], vec![candidate], &[], &CorpusOptions { validation: 0.0, ..CorpusOptions::default() });
//! assert_eq!(corpus.card.train, 1);
//! ```

pub mod card;
pub mod formats;
pub mod heldout;
pub mod near;
pub mod presets;
pub mod unsuited;
pub mod words;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::hash::seed;
use crate::model::Message;
use crate::problem::Problem;
use crate::store::AttemptKey;
use card::{Card, Dropped, Evidence, Filter};
use heldout::{HeldOut, Kind, Rules};
use unsuited::{Bounds, Unsuited};

/// One training example: system prompt, problem, solution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Id of the problem; with `attempt` and `run` it leads back to the trace.
    pub problem: String,
    pub attempt: u32,
    /// The run whose row it is: a translate run, or a solve or eval run.
    #[serde(default)]
    pub run: String,
    pub messages: Vec<Message>,
    /// Why prose may not carry it, where such examples are marked and not left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsuited: Option<String>,
}

/// Which part of a corpus an example belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    Train,
    Validation,
}

impl Split {
    /// Both, in the order in which they are written.
    pub const ALL: [Self; 2] = [Self::Train, Self::Validation];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
        }
    }
}

/// What happens to traces that prose cannot carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnsuited {
    #[default]
    LeaveOut,
    /// Kept, with the reason in the example.
    Mark,
}

/// How a corpus is built. Everything here is part of a run's identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorpusOptions {
    /// The system message of every example; the student is evaluated with the same.
    pub system: String,
    /// Solutions kept per problem; the best accepted ones.
    pub per_problem: usize,
    /// Share of the problems (not examples) set apart for validation, 0 to 1.
    pub validation: f64,
    pub seed: u64,
    /// Which agreements with a held-out problem leave a problem out.
    pub contamination: Vec<Kind>,
    pub rules: Rules,
    /// Jaccard index of runs of three tokens from which two solutions of one problem, or of problems with one template, are copies.
    pub near_duplicate: f64,
    pub on_unsuited: OnUnsuited,
    pub bounds: Bounds,
}

impl Default for CorpusOptions {
    fn default() -> Self {
        Self {
            system: String::new(),
            per_problem: 1,
            validation: 0.1,
            seed: 0,
            contamination: vec![Kind::Exact, Kind::NumbersChanged, Kind::Ngram, Kind::Rephrased],
            rules: Rules::default(),
            near_duplicate: 0.8,
            on_unsuited: OnUnsuited::LeaveOut,
            bounds: Bounds::default(),
        }
    }
}

/// A solution that may become an example.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    pub key: AttemptKey,
    /// The run whose row it is: the same attempt may have been translated in several.
    pub run: String,
    pub text: String,
    /// How often the checks sent it back before it passed.
    pub repairs: u32,
    /// Mean log-probability of its tokens for the student, in nats, where one was asked.
    pub log_probability: Option<f64>,
    pub unsuited: Option<Unsuited>,
}

/// Which row of the store a candidate is: the attempt, and the run.
type Row = (AttemptKey, String);

impl Candidate {
    fn row(&self) -> Row {
        (self.key.clone(), self.run.clone())
    }
}

/// A finished corpus, with everything that did not become part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    pub examples: Vec<(Split, Example)>,
    pub card: Card,
    pub dropped: Vec<Dropped>,
    /// Pairs of a problem and a held-out one that agree.
    pub evidence: Vec<Evidence>,
}

/// Filters, chooses and splits. `evaluation` are the problems that must not be learnt from. The order of the arguments' rows does not matter.
pub fn build(
    problems: &[Problem],
    mut candidates: Vec<Candidate>,
    evaluation: &[Problem],
    options: &CorpusOptions,
) -> Corpus {
    let by_id: BTreeMap<&str, &Problem> =
        problems.iter().map(|problem| (problem.id.as_str(), problem)).collect();
    candidates.retain(|candidate| by_id.contains_key(candidate.key.problem.as_str()));
    let usual = usual_lengths(&candidates);
    candidates.sort_by(|a, b| better(a, b, &usual));
    let mut corpus =
        Corpus { card: Card { candidates: candidates.len(), ..Card::default() }, ..Corpus::default() };
    if options.on_unsuited == OnUnsuited::LeaveOut {
        corpus.keep(Filter::Unsuited, &mut candidates, |one| one.unsuited.as_ref().map(told));
    }
    corpus.evidence = evidence(&candidates, &by_id, evaluation, options);
    let contaminated: HashMap<String, String> =
        corpus.evidence.iter().rev().map(|pair| (pair.problem.clone(), pair.told())).collect();
    corpus.keep(Filter::Contaminated, &mut candidates, |one| contaminated.get(&one.key.problem).cloned());
    let groups = groups(&candidates, &by_id, options);
    let copies = copies(&candidates, &groups, options.near_duplicate);
    corpus.keep(Filter::Duplicate, &mut candidates, |one| {
        copies.get(&one.row()).filter(|(exact, _)| *exact).map(of)
    });
    corpus.keep(Filter::NearDuplicate, &mut candidates, |one| copies.get(&one.row()).map(of));
    let mut taken: HashMap<String, usize> = HashMap::new();
    corpus.keep(Filter::Surplus, &mut candidates, |one| {
        let count = taken.entry(one.key.problem.clone()).or_default();
        *count += 1;
        (*count > options.per_problem).then(|| format!("number {count} of this problem"))
    });
    candidates.sort_by_key(Candidate::row);
    for candidate in candidates {
        let problem = by_id[candidate.key.problem.as_str()];
        corpus.examples.push((split_of(&groups[&problem.id], options), example(problem, candidate, options)));
    }
    corpus.card.count(&corpus.examples, &corpus.evidence);
    corpus
}

impl Corpus {
    /// Takes away what `why` gives a reason for, and notes it.
    fn keep(
        &mut self,
        filter: Filter,
        candidates: &mut Vec<Candidate>,
        mut why: impl FnMut(&Candidate) -> Option<String>,
    ) {
        let before = candidates.len();
        candidates.retain(|candidate| match why(candidate) {
            Some(detail) => {
                let (key, run) = candidate.row();
                self.dropped.push(Dropped { key, run, filter, detail });
                false
            }
            None => true,
        });
        self.card.filters.push((filter.as_str().to_owned(), before - candidates.len()));
    }
}

/// A solution of this much of the usual length is neither terse nor rambling. Wider than people's solutions of one problem differ, so that it
/// decides against what is out of line and leaves the rest to the student.
const SANE: std::ops::RangeInclusive<f64> = 0.6..=1.7;

/// The median length of each problem's candidates; of two, the longer.
fn usual_lengths(candidates: &[Candidate]) -> HashMap<String, usize> {
    let mut lengths: HashMap<String, Vec<usize>> = HashMap::new();
    for one in candidates {
        lengths.entry(one.key.problem.clone()).or_default().push(one.text.len());
    }
    let median = |mut lengths: Vec<usize>| {
        lengths.sort_unstable();
        lengths[lengths.len() / 2]
    };
    lengths.into_iter().map(|(problem, lengths)| (problem, median(lengths))).collect()
}

/// Passed the checks sooner; of a sane length among the candidates of its problem; more likely for the student, where one was asked; nearer to the
/// usual length. Not the shortest: terse prose leaves out the steps that a student is to learn.
fn better(a: &Candidate, b: &Candidate, usual: &HashMap<String, usize>) -> std::cmp::Ordering {
    let likely = |one: &Candidate| one.log_probability.unwrap_or(f64::NEG_INFINITY);
    let usual = |one: &Candidate| usual.get(&one.key.problem).copied().unwrap_or(0);
    let sane = |one: &Candidate| SANE.contains(&(one.text.len() as f64 / usual(one).max(1) as f64));
    a.repairs
        .cmp(&b.repairs)
        .then_with(|| sane(b).cmp(&sane(a)))
        .then_with(|| likely(b).total_cmp(&likely(a)))
        .then_with(|| a.text.len().abs_diff(usual(a)).cmp(&b.text.len().abs_diff(usual(b))))
        .then_with(|| a.row().cmp(&b.row()))
}

fn told(unsuited: &Unsuited) -> String {
    format!("{}: {}", unsuited.kind.as_str(), unsuited.detail)
}

fn of((_, (key, run)): &(bool, Row)) -> String {
    format!("of {}#{} in {run}", key.problem, key.attempt)
}

/// Agreements of the candidates' problems with held-out ones, of the kinds that count.
fn evidence(
    candidates: &[Candidate],
    problems: &BTreeMap<&str, &Problem>,
    evaluation: &[Problem],
    options: &CorpusOptions,
) -> Vec<Evidence> {
    let statements: HashMap<&str, &str> =
        evaluation.iter().rev().map(|held| (held.id.as_str(), held.problem.as_str())).collect();
    let pairs = evaluation.iter().map(|held| (held.id.as_str(), held.problem.as_str()));
    let held_out = HeldOut::new(pairs, options.rules.clone());
    let wanted: std::collections::BTreeSet<&str> =
        candidates.iter().map(|one| one.key.problem.as_str()).collect();
    let mut evidence = Vec::new();
    for problem in wanted.into_iter().map(|id| problems[id]) {
        let found = held_out.find(&problem.problem).into_iter();
        evidence.extend(found.filter(|found| options.contamination.contains(&found.kind)).map(|found| {
            Evidence {
                problem: problem.id.clone(),
                statement: problem.problem.clone(),
                held_out_statement: statements.get(found.id.as_str()).copied().unwrap_or_default().to_owned(),
                found,
            }
        }));
    }
    evidence
}

/// Problem → the first problem of those with the same template: they stay on one side of the split.
fn groups(
    candidates: &[Candidate],
    problems: &BTreeMap<&str, &Problem>,
    options: &CorpusOptions,
) -> HashMap<String, String> {
    let ids: Vec<&str> = {
        let wanted: HashSet<&str> = candidates.iter().map(|one| one.key.problem.as_str()).collect();
        problems.keys().copied().filter(|id| wanted.contains(id)).collect()
    };
    let template = |id: &&str| words::shingles(&words::masked(&words::tokens(&problems[*id].problem)), 3);
    let templates: Vec<Vec<u64>> = ids.iter().map(template).collect();
    let firsts = near::groups(&templates, options.rules.template);
    ids.iter().zip(firsts).map(|(id, first)| ((*id).to_owned(), ids[first].to_owned())).collect()
}

/// Candidate → whether it is an exact copy, and of which better one. Only solutions of one problem, or of problems with one template, are compared:
/// short solutions of different problems may well be alike.
fn copies(
    candidates: &[Candidate],
    groups: &HashMap<String, String>,
    bound: f64,
) -> HashMap<Row, (bool, Row)> {
    let mut by_group: BTreeMap<&str, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        by_group.entry(&groups[&candidate.key.problem]).or_default().push(candidate);
    }
    let alike = by_group.values().filter(|members| members.len() > 1);
    alike.flat_map(|members| copies_among(members, bound)).collect()
}

/// The candidates come in order, the better one first; what is a copy itself takes nothing away.
fn copies_among(candidates: &[&Candidate], bound: f64) -> HashMap<Row, (bool, Row)> {
    let tokens: Vec<_> = candidates.iter().map(|one| words::tokens(&one.text)).collect();
    let sets: Vec<Vec<u64>> = tokens.iter().map(|tokens| words::shingles(tokens, 3)).collect();
    let firsts = near::firsts(&sets);
    let mut copies = HashMap::new();
    for (index, first) in firsts.iter().enumerate().filter(|(index, first)| index != *first) {
        let exact = tokens[index] == tokens[*first];
        copies.insert(candidates[index].row(), (exact, candidates[*first].row()));
    }
    let distinct: Vec<usize> = (0..sets.len()).filter(|index| firsts[*index] == *index).collect();
    let kept: Vec<Vec<u64>> = distinct.iter().map(|index| sets[*index].clone()).collect();
    for pair in near::pairs(&kept, bound) {
        let row = |index: usize| candidates[distinct[index]].row();
        let (first, second) = (row(pair.first), row(pair.second));
        if !copies.contains_key(&first) && !copies.contains_key(&second) {
            copies.insert(second, (false, first));
        }
    }
    copies
}

/// By problem, so that no problem is in both; by hash, so that adding problems moves none (but for those that join a template).
fn split_of(group: &str, options: &CorpusOptions) -> Split {
    let share = seed(&["split", &options.seed.to_string(), group]) as f64 / u64::MAX as f64;
    if share < options.validation { Split::Validation } else { Split::Train }
}

fn example(problem: &Problem, candidate: Candidate, options: &CorpusOptions) -> Example {
    let messages = vec![
        Message::system(&options.system),
        Message::user(problem.problem.clone()),
        Message::assistant(candidate.text),
    ];
    let unsuited = candidate.unsuited.as_ref().map(told);
    Example {
        problem: problem.id.clone(),
        attempt: candidate.key.attempt,
        run: candidate.run,
        messages,
        unsuited,
    }
}

#[cfg(test)]
mod tests;
