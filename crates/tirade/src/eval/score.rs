//! From how each attempt ended to the figures of a report: accuracy by level and subject, pass@k, maj@k, what went wrong.
//!
//! ```
//! use tirade::eval::score::{Attempt, Ending, Outcome, Score};
//!
//! let attempt = Attempt { ending: Ending::Right, answer: Some(0), seconds: 2.5, tokens: 120 };
//! let outcome = Outcome { problem: "starter/algebra/6".into(), level: Some(2), subject: None, attempts: vec![attempt] };
//! assert_eq!(Score::of("base", &[outcome]).overall.share(), 1.0);
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statistics::{Interval, majority, mcnemar_exact, pass_at_k, wilson};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The answer is equal to gold.
    Right,
    /// The answer is not equal to gold.
    Wrong,
    /// The verifier could not decide; counted as not right.
    Undecided,
    NoAnswer,
    /// The tools failed, not the mathematics.
    ToolError,
    /// Turns, tokens, context or repetition.
    Limit,
    /// The model could not be reached or refused.
    Error,
}

impl Ending {
    /// Every ending, the good one first.
    pub const ALL: [Self; 7] = [
        Self::Right,
        Self::Wrong,
        Self::Undecided,
        Self::NoAnswer,
        Self::ToolError,
        Self::Limit,
        Self::Error,
    ];

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Undecided => "undecided",
            Self::NoAnswer => "no answer",
            Self::ToolError => "tool error",
            Self::Limit => "limit",
            Self::Error => "error",
        }
    }
}

/// One attempt at a problem.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub ending: Ending,
    /// Which class of equivalent answers of this problem, numbered by the caller; for the majority vote.
    pub answer: Option<usize>,
    pub seconds: f64,
    /// Tokens the model wrote.
    pub tokens: u64,
}

/// All attempts at one problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The problem's id.
    pub problem: String,
    pub level: Option<u8>,
    pub subject: Option<String>,
    pub attempts: Vec<Attempt>,
}

impl Outcome {
    /// Whether the first attempt was right: what accuracy counts.
    pub fn is_right(&self) -> bool {
        self.attempts.first().is_some_and(|attempt| attempt.ending == Ending::Right)
    }

    fn majority_is_right(&self) -> bool {
        let votes: Vec<_> = self.attempts.iter().map(|attempt| attempt.answer).collect();
        let winner = majority(&votes);
        let right = |attempt: &Attempt| attempt.answer == winner && attempt.ending == Ending::Right;
        winner.is_some() && self.attempts.iter().any(right)
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub right: u64,
    pub of: u64,
}

impl Rate {
    /// 0 to 1; 0 of 0 is 0.
    pub fn share(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.right as f64 / self.of as f64 }
    }

    /// The Wilson interval (95 %).
    pub fn interval(self) -> Interval {
        wilson(self.right, self.of)
    }

    fn add(&mut self, right: bool) {
        self.right += u64::from(right);
        self.of += 1;
    }
}

/// What one model did on a set of problems.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// For people: `base`, `adapter`, …
    pub name: String,
    /// First attempts, so that each problem counts once and the interval is honest.
    pub overall: Rate,
    /// By level, then `unknown`; empty where no level is known.
    pub by_level: Vec<(String, Rate)>,
    pub by_subject: Vec<(String, Rate)>,
    /// For k = 1, 2, 4, … up to the number of attempts that every problem has; empty for one attempt.
    pub pass_at: Vec<(u64, f64)>,
    /// The majority vote over that many attempts; nothing for one attempt.
    pub majority_at: Option<(u64, f64)>,
    /// Over all attempts; endings that never happened are left out.
    pub endings: Vec<(Ending, u64)>,
    /// Mean of all attempts.
    pub seconds_per_attempt: f64,
    pub tokens_per_attempt: f64,
}

impl Score {
    /// Counts the outcomes of one model.
    pub fn of(name: impl Into<String>, outcomes: &[Outcome]) -> Self {
        let attempts: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.attempts).collect();
        let mean = |sum: f64| if attempts.is_empty() { 0.0 } else { sum / attempts.len() as f64 };
        let count = |ending| attempts.iter().filter(|attempt| attempt.ending == ending).count() as u64;
        let endings = Ending::ALL.map(|ending| (ending, count(ending)));
        let k = outcomes.iter().map(|outcome| outcome.attempts.len() as u64).min().unwrap_or(0);
        let mut overall = Rate::default();
        outcomes.iter().for_each(|outcome| overall.add(outcome.is_right()));
        Self {
            name: name.into(),
            overall,
            by_level: rates(outcomes, |outcome| outcome.level.map(|level| level.to_string())),
            by_subject: rates(outcomes, |outcome| outcome.subject.clone()),
            pass_at: powers_of_two(k).map(|at| (at, mean_pass(outcomes, at))).collect(),
            majority_at: (k > 1)
                .then(|| (k, mean_of(outcomes, |o| f64::from(u8::from(o.majority_is_right()))))),
            endings: endings.into_iter().filter(|(_, count)| *count > 0).collect(),
            seconds_per_attempt: mean(attempts.iter().map(|attempt| attempt.seconds).sum()),
            tokens_per_attempt: mean(attempts.iter().map(|attempt| attempt.tokens as f64).sum()),
        }
    }
}

/// Two models on the same problems, problem by problem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    pub both: u64,
    pub only_base: u64,
    pub only_adapter: u64,
    pub neither: u64,
    /// The exact McNemar test, two-sided.
    pub p: f64,
}

impl Paired {
    /// Compares first attempts at the problems that both have.
    pub fn of(base: &[Outcome], adapter: &[Outcome]) -> Self {
        let adapter: BTreeMap<_, _> = adapter.iter().map(|o| (o.problem.as_str(), o.is_right())).collect();
        let mut paired = Self::default();
        for outcome in base {
            let Some(after) = adapter.get(outcome.problem.as_str()) else { continue };
            match (outcome.is_right(), after) {
                (true, true) => paired.both += 1,
                (true, false) => paired.only_base += 1,
                (false, true) => paired.only_adapter += 1,
                (false, false) => paired.neither += 1,
            }
        }
        paired.p = mcnemar_exact(paired.only_base, paired.only_adapter);
        paired
    }
}

/// None where nobody knows any key: that would say the whole once more.
fn rates(outcomes: &[Outcome], key: impl Fn(&Outcome) -> Option<String>) -> Vec<(String, Rate)> {
    // The unknown come last: no key sorts after every text.
    let mut rates: BTreeMap<(bool, String), Rate> = BTreeMap::new();
    let mut known = false;
    for outcome in outcomes {
        let key = key(outcome);
        known |= key.is_some();
        let key = (key.is_none(), key.unwrap_or_else(|| "unknown".into()));
        rates.entry(key).or_default().add(outcome.is_right());
    }
    if !known {
        return Vec::new();
    }
    rates.into_iter().map(|((_, name), rate)| (name, rate)).collect()
}

fn powers_of_two(most: u64) -> impl Iterator<Item = u64> {
    let most = if most > 1 { most } else { 0 };
    std::iter::successors(Some(1u64), |k| k.checked_mul(2)).take_while(move |k| *k <= most)
}

fn mean_pass(outcomes: &[Outcome], k: u64) -> f64 {
    mean_of(outcomes, |outcome| {
        let right = outcome.attempts.iter().filter(|attempt| attempt.ending == Ending::Right).count() as u64;
        pass_at_k(outcome.attempts.len() as u64, right, k).unwrap_or(0.0)
    })
}

fn mean_of(outcomes: &[Outcome], value: impl Fn(&Outcome) -> f64) -> f64 {
    if outcomes.is_empty() { 0.0 } else { outcomes.iter().map(value).sum::<f64>() / outcomes.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One attempt per letter: `+` right, `-` wrong, `0` no answer; each wrong answer is the same wrong answer.
    fn outcome(problem: &str, level: Option<u8>, attempts: &str) -> Outcome {
        let attempt = |letter| {
            let (ending, answer) = match letter {
                '+' => (Ending::Right, Some(0)),
                '-' => (Ending::Wrong, Some(1)),
                _ => (Ending::NoAnswer, None),
            };
            Attempt { ending, answer, seconds: 2.0, tokens: 10 }
        };
        let subject = Some("algebra".to_owned());
        Outcome { problem: problem.into(), level, subject, attempts: attempts.chars().map(attempt).collect() }
    }

    #[test]
    fn first_attempts_are_accuracy_and_all_attempts_are_pass_at_k() {
        let outcomes =
            [outcome("a", Some(1), "+--0"), outcome("b", Some(2), "-++0"), outcome("c", None, "0000")];
        let score = Score::of("base", &outcomes);
        assert_eq!(score.overall, Rate { right: 1, of: 3 });
        let levels: Vec<_> =
            score.by_level.iter().map(|(name, rate)| (name.as_str(), rate.right, rate.of)).collect();
        assert_eq!(levels, [("1", 1, 1), ("2", 0, 1), ("unknown", 0, 1)]);
        let pass: Vec<_> = score.pass_at.iter().map(|(k, value)| (*k, (value * 1000.0).round())).collect();
        // (1/4 + 2/4 + 0) / 3, (1/2 + 5/6 + 0) / 3, (1 + 1 + 0) / 3
        assert_eq!(pass, [(1, 250.0), (2, 444.0), (4, 667.0)]);
        assert_eq!(score.majority_at, Some((4, 1.0 / 3.0)));
        assert_eq!(score.endings, [(Ending::Right, 3), (Ending::Wrong, 3), (Ending::NoAnswer, 6)]);
        assert_eq!((score.seconds_per_attempt, score.tokens_per_attempt), (2.0, 10.0));
    }

    #[test]
    fn one_attempt_has_no_pass_at_k_and_nothing_is_not_a_number() {
        let score = Score::of("base", &[outcome("a", Some(1), "+")]);
        assert!(score.pass_at.is_empty() && score.majority_at.is_none());
        let nothing = Score::of("base", &[]);
        assert_eq!((nothing.overall.share(), nothing.seconds_per_attempt), (0.0, 0.0));
    }

    #[test]
    fn pairs_are_matched_by_problem() {
        let base = [
            outcome("a", None, "+"),
            outcome("b", None, "-"),
            outcome("c", None, "-"),
            outcome("x", None, "+"),
        ];
        let adapter = [outcome("c", None, "-"), outcome("b", None, "+"), outcome("a", None, "+")];
        let expected = Paired { both: 1, only_base: 0, only_adapter: 1, neither: 1, p: 1.0 };
        assert_eq!(Paired::of(&base, &adapter), expected);
    }
}
