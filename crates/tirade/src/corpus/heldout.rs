//! Decontamination: does a problem of the corpus say the same as one that the student is measured on?
//!
//! [`HeldOut`] indexes the evaluation problems once; [`HeldOut::find`] gives the [`Match`]es of one statement with their evidence. Four kinds are told
//! apart: the same statement, long runs of the same words, the same template with other numbers, and a paraphrase that keeps the numbers.
//!
//! ```
//! use tirade::corpus::heldout::{HeldOut, Kind, Rules};
//!
//! let held_out = HeldOut::new([("test/1", "A baker sells 12 loaves a day. How many loaves does she sell in 5 days?")], Rules::default());
//! let found = held_out.find("a baker sells 12 loaves a day; how many loaves does she sell in five days");
//! assert_eq!((found[0].id.as_str(), found[0].kind), ("test/1", Kind::Exact));
//! ```

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::words::{Token, jaccard, masked, shared, shingles, stem, tokens};

/// How a statement agrees with a held-out one, the strongest kind first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The same but for layout, case, punctuation and how numbers are written.
    Exact,
    /// The same template with other numbers.
    NumbersChanged,
    /// Long runs of the same words.
    Ngram,
    /// Other words, but the same numbers about the same things.
    Rephrased,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::NumbersChanged => "numbers_changed",
            Self::Ngram => "ngram",
            Self::Rephrased => "rephrased",
        }
    }
}

/// Where the lines are drawn. Measured on GSM8K and MATH: `benches/corpus`.
///
/// The weight of a word is between 0 (in every held-out problem) and about 1 (in none or few of them), so sums of weights are numbers of rare words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Tokens of a run that counts as copied.
    pub ngram: usize,
    /// Share of the shorter statement's runs that must be copied.
    pub ngram_share: f64,
    /// Jaccard index of runs of three tokens, numbers masked.
    pub template: f64,
    /// Weight of the shared words below which a template is nobody's (`Compute 2 + 3.`).
    pub template_weight: f64,
    /// Cosine of the weighted words of a paraphrase.
    pub words: f64,
    /// Weighted Jaccard index of its numbers.
    pub numbers: f64,
    /// Weight of its shared words, and of its shared numbers (at least two of them).
    pub words_weight: f64,
    pub numbers_weight: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            ngram: 8,
            ngram_share: 0.5,
            template: 0.7,
            template_weight: 2.5,
            words: 0.25,
            numbers: 0.75,
            words_weight: 1.9,
            numbers_weight: 0.4,
        }
    }
}

/// Evidence that a statement agrees with a held-out problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// Id of the held-out problem.
    pub id: String,
    pub kind: Kind,
    /// Of the kind's own measure, 0 to 1.
    pub score: f64,
    /// What the two have in common, for people: the copied words, or shared rare words and numbers.
    pub shared: String,
}

/// Only so many held-out problems are compared closely.
const CLOSEST: usize = 8;

/// Index of the held-out problems.
pub struct HeldOut {
    rules: Rules,
    entries: Vec<Entry>,
    exact: HashMap<Vec<Token>, usize>,
    /// Stem → entries that have it.
    postings: HashMap<SmolStr, Vec<u32>>,
    word_weights: Weights,
    number_weights: Weights,
}

struct Entry {
    id: String,
    shape: Shape,
    norm: f64,
}

/// All that is compared of a statement. Lists are sorted, each member once.
struct Shape {
    tokens: Vec<Token>,
    stems: Vec<SmolStr>,
    numbers: Vec<SmolStr>,
    runs: Vec<u64>,
    template: Vec<u64>,
}

impl HeldOut {
    /// Indexes (id, statement) pairs. Of equal statements the first gives its id.
    pub fn new<'a>(problems: impl IntoIterator<Item = (&'a str, &'a str)>, rules: Rules) -> Self {
        let shaped: Vec<(String, Shape)> = problems
            .into_iter()
            .map(|(id, statement)| (id.to_owned(), Shape::of(statement, rules.ngram)))
            .collect();
        let word_weights = Weights::of(shaped.iter().map(|(_, shape)| &shape.stems));
        let number_weights = Weights::of(shaped.iter().map(|(_, shape)| &shape.numbers));
        let mut exact = HashMap::new();
        let mut postings: HashMap<SmolStr, Vec<u32>> = HashMap::new();
        for (index, (_, shape)) in shaped.iter().enumerate() {
            exact.entry(shape.tokens.clone()).or_insert(index);
            for stem in &shape.stems {
                postings.entry(stem.clone()).or_default().push(index as u32);
            }
        }
        // What is in every fifth problem says nothing about which one it is.
        let most = (shaped.len() / 5).max(50);
        postings.retain(|_, entries| entries.len() <= most);
        let entry = |(id, shape): (String, Shape)| Entry { id, norm: word_weights.norm(&shape.stems), shape };
        let entries = shaped.into_iter().map(entry).collect();
        Self { rules, entries, exact, postings, word_weights, number_weights }
    }

    /// How many problems are held out.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is held out.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every held-out problem that the statement agrees with, the strongest evidence first; none for an empty statement.
    pub fn find(&self, statement: &str) -> Vec<Match> {
        let shape = Shape::of(statement, self.rules.ngram);
        if shape.tokens.is_empty() {
            return Vec::new();
        }
        let same = self.exact.get(&shape.tokens).copied();
        let mut closest = self.closest(&shape);
        closest.retain(|index| Some(*index) != same);
        let mut found: Vec<Match> = same.into_iter().map(|index| self.exactly(index, statement)).collect();
        found.extend(closest.into_iter().filter_map(|index| self.compare(&shape, index)));
        found.sort_by(|a, b| {
            a.kind.cmp(&b.kind).then(b.score.total_cmp(&a.score)).then_with(|| a.id.cmp(&b.id))
        });
        found
    }

    fn exactly(&self, index: usize, statement: &str) -> Match {
        let shared = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        Match { id: self.entries[index].id.clone(), kind: Kind::Exact, score: 1.0, shared }
    }

    /// The entries that share most of their own weight with the statement.
    fn closest(&self, shape: &Shape) -> Vec<usize> {
        let mut weights: HashMap<u32, f64> = HashMap::new();
        for stem in &shape.stems {
            let Some(entries) = self.postings.get(stem) else { continue };
            let weight = self.word_weights.of_word(stem).powi(2);
            for entry in entries {
                *weights.entry(*entry).or_default() += weight;
            }
        }
        let mut ranked: Vec<(f64, usize)> = weights
            .into_iter()
            .map(|(index, weight)| (weight / self.entries[index as usize].norm, index as usize))
            .collect();
        let order = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if ranked.len() > CLOSEST {
            ranked.select_nth_unstable_by(CLOSEST, order);
            ranked.truncate(CLOSEST);
        }
        ranked.sort_by(order);
        ranked.into_iter().map(|(_, index)| index).collect()
    }

    fn compare(&self, shape: &Shape, index: usize) -> Option<Match> {
        let entry = &self.entries[index];
        let stems = common(&shape.stems, &entry.shape.stems);
        let weight = self.word_weights.sum(&stems);
        let id = entry.id.clone();
        let template = jaccard(&shape.template, &entry.shape.template);
        if template >= self.rules.template && weight >= self.rules.template_weight {
            let shared = self.rarest(&stems);
            return Some(Match { id, kind: Kind::NumbersChanged, score: template, shared });
        }
        if let Some(score) = self.copied(shape, entry) {
            let shared = longest_run(&shape.tokens, &entry.shape.tokens);
            return Some(Match { id, kind: Kind::Ngram, score, shared });
        }
        let numbers = common(&shape.numbers, &entry.shape.numbers);
        let squares: f64 = stems.iter().map(|stem| self.word_weights.of_word(stem).powi(2)).sum();
        let cosine = squares / (self.word_weights.norm(&shape.stems) * entry.norm).max(f64::MIN_POSITIVE);
        let either = self.number_weights.sum(&union(&shape.numbers, &entry.shape.numbers));
        let both = self.number_weights.sum(&numbers);
        let agrees = weight >= self.rules.words_weight
            && cosine >= self.rules.words
            && numbers.len() >= 2
            && both >= self.rules.numbers_weight
            && both / either >= self.rules.numbers;
        let shared = format!("{}; numbers {}", self.rarest(&stems), numbers.join(", "));
        agrees.then_some(Match { id, kind: Kind::Rephrased, score: cosine, shared })
    }

    /// The share of copied runs, where it is enough.
    fn copied(&self, shape: &Shape, entry: &Entry) -> Option<f64> {
        if shape.tokens.len().min(entry.shape.tokens.len()) < self.rules.ngram {
            return None;
        }
        let runs = shape.runs.len().min(entry.shape.runs.len());
        let share = shared(&shape.runs, &entry.shape.runs) as f64 / runs as f64;
        (share >= self.rules.ngram_share).then_some(share)
    }

    /// The shared words that say most, at most eight.
    fn rarest(&self, stems: &[SmolStr]) -> String {
        let mut words: Vec<&SmolStr> = stems.iter().collect();
        words.sort_by(|a, b| {
            self.word_weights.of_word(b).total_cmp(&self.word_weights.of_word(a)).then_with(|| a.cmp(b))
        });
        words.iter().take(8).map(|word| word.as_str()).collect::<Vec<_>>().join(" ")
    }
}

impl Shape {
    fn of(statement: &str, ngram: usize) -> Self {
        let tokens = tokens(statement);
        let (mut stems, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for token in &tokens {
            match token {
                Token::Word(word) if word.chars().nth(1).is_some() => {
                    stems.insert(SmolStr::from(stem(word)));
                }
                Token::Number(number) => {
                    numbers.insert(number.clone());
                }
                _ => {}
            }
        }
        Self {
            runs: shingles(&tokens, ngram),
            template: shingles(&masked(&tokens), 3),
            stems: stems.into_iter().collect(),
            numbers: numbers.into_iter().collect(),
            tokens,
        }
    }
}

/// How much a word says about which held-out problem it is from.
struct Weights {
    problems: f64,
    counts: HashMap<SmolStr, u32>,
}

impl Weights {
    fn of<'a>(problems: impl Iterator<Item = &'a Vec<SmolStr>>) -> Self {
        let mut weights = Self { problems: 0.0, counts: HashMap::new() };
        for words in problems {
            weights.problems += 1.0;
            for word in words {
                *weights.counts.entry(word.clone()).or_default() += 1;
            }
        }
        weights
    }

    /// Inverse document frequency over its greatest value.
    fn of_word(&self, word: &str) -> f64 {
        let count = f64::from(self.counts.get(word).copied().unwrap_or(0));
        let total = self.problems + 1.0;
        ((total / (count + 0.5)).ln() / (total / 0.5).ln()).max(0.0)
    }

    fn sum(&self, words: &[SmolStr]) -> f64 {
        words.iter().map(|word| self.of_word(word)).sum()
    }

    fn norm(&self, words: &[SmolStr]) -> f64 {
        words.iter().map(|word| self.of_word(word).powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE)
    }
}

/// Of sorted lists.
fn common(a: &[SmolStr], b: &[SmolStr]) -> Vec<SmolStr> {
    a.iter().filter(|word| b.binary_search(word).is_ok()).cloned().collect()
}

fn union(a: &[SmolStr], b: &[SmolStr]) -> Vec<SmolStr> {
    let mut all = [a, b].concat();
    all.sort();
    all.dedup();
    all
}

/// The longest run of tokens that is in both, as text; the first of several.
fn longest_run(a: &[Token], b: &[Token]) -> String {
    // Of runs that end at the tokens of `b` before this one.
    let mut before = vec![0usize; b.len() + 1];
    let (mut best, mut end) = (0, 0);
    for (i, token) in a.iter().enumerate() {
        let mut row = vec![0usize; b.len() + 1];
        for (j, other) in b.iter().enumerate() {
            if token == other {
                row[j + 1] = before[j] + 1;
                if row[j + 1] > best {
                    (best, end) = (row[j + 1], i + 1);
                }
            }
        }
        before = row;
    }
    let written = |token: &Token| match token {
        Token::Word(text) | Token::Number(text) => text.to_string(),
        Token::Sign(sign) => sign.to_string(),
    };
    a[end - best..end].iter().map(written).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statements written for this test.
    const HELD_OUT: &[(&str, &str)] = &[
        (
            "bees",
            "A beekeeper has 14 hives. Each hive gives 23 jars of honey in spring and half as many in autumn. If she sells a jar for $6, how much money does she make in a year?",
        ),
        (
            "ferry",
            "A ferry carries 45 cars across the strait every 90 minutes. On Sunday it sails from 8 in the morning until 5 in the afternoon. How many cars can cross on Sunday?",
        ),
        (
            "tiles",
            "Marta lays square tiles of side 30 centimetres on a terrace that is 6 metres long and 4.5 metres wide. How many tiles does the terrace need?",
        ),
        ("sum", "Compute $17 + 25$."),
        (
            "roots",
            r"Let $r$ and $s$ be the roots of the quadratic equation $x^2 - 7x + 11 = 0$. Find the value of $r^3 + s^3$ without solving the equation.",
        ),
    ];

    fn check(statement: &str, expected: Option<(&str, Kind)>) {
        let held_out = HeldOut::new(HELD_OUT.iter().copied(), Rules::default());
        let found = held_out.find(statement);
        let first = found.first().map(|found| (found.id.as_str(), found.kind));
        assert_eq!(first, expected, "{statement}: {found:?}");
    }

    #[test]
    fn the_same_statement_is_exact_however_it_is_written() {
        check("compute 17+25", Some(("sum", Kind::Exact)));
        check(
            r"Let \(r\) and \(s\) be the roots of the quadratic equation \(x^{2} - 7x + 11 = 0\). Find the value of \(r^{3} + s^{3}\) without solving the equation",
            Some(("roots", Kind::Exact)),
        );
        check(
            "A beekeeper has fourteen hives. Each hive gives 23 jars of honey in spring and half as many in autumn. If she sells a jar for 6$, how much money does she make in a year?",
            Some(("bees", Kind::Exact)),
        );
    }

    #[test]
    fn other_numbers_in_the_same_words() {
        check(
            "A beekeeper has 9 hives. Each hive gives 31 jars of honey in spring and half as many in autumn. If she sells a jar for $7.50, how much money does she make in a year?",
            Some(("bees", Kind::NumbersChanged)),
        );
        check(
            r"Let $r$ and $s$ be the roots of the quadratic equation $x^2 - 5x + 3 = 0$. Find the value of $r^3 + s^3$ without solving the equation.",
            Some(("roots", Kind::NumbersChanged)),
        );
        check("Compute $18 + 26$.", None);
    }

    #[test]
    fn a_copied_half_is_found_in_other_company() {
        check(
            "Read the following and answer in one word. Marta lays square tiles of side 30 centimetres on a terrace that is 6 metres long and 4.5 metres wide. How many tiles does the terrace need? Show each of your steps to a friend who has never done this before and explain why the numbers of rows and columns are whole.",
            Some(("tiles", Kind::Ngram)),
        );
    }

    #[test]
    fn a_paraphrase_keeps_the_numbers() {
        check(
            "Every 90 minutes 45 cars are taken over the strait by a ferry. How many cars are able to get across on a Sunday when sailing starts at 8 in the morning and stops at 5 in the afternoon?",
            Some(("ferry", Kind::Rephrased)),
        );
        check(
            "The owner of 14 hives harvests 23 jars of honey from each in spring and half that number in autumn. She sells every jar at $6. What does her honey bring in over the year?",
            Some(("bees", Kind::Rephrased)),
        );
    }

    #[test]
    fn what_only_resembles_is_left_alone() {
        check(
            "A ferry carries 60 lorries and 12 cars. How heavy is the load if a lorry weighs 18 tonnes and a car 1.5 tonnes?",
            None,
        );
        check("How many square tiles of side 20 centimetres fit into a box?", None);
        check(r"Find the sum of the roots of the equation $x^2 - 7x + 11 = 0$.", None);
        check("", None);
        check("$$$", None);
    }

    #[test]
    fn every_match_is_given_with_its_evidence() {
        let twice = [("a", HELD_OUT[0].1), ("b", &HELD_OUT[0].1.replace("14", "15"))];
        let found = HeldOut::new(twice, Rules::default()).find(HELD_OUT[0].1);
        let kinds: Vec<_> = found.iter().map(|found| (found.id.as_str(), found.kind)).collect();
        assert_eq!(kinds, [("a", Kind::Exact), ("b", Kind::NumbersChanged)]);
        assert!(found[0].shared.starts_with("A beekeeper has 14 hives."), "{found:?}");
        assert!(found[1].shared.contains("beekeeper") && found[1].score > 0.9, "{found:?}");
    }
}
