//! What a comparison says.

use std::borrow::Cow;
use std::fmt;

/// The answer of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The same answer.
    Equal,
    /// Another answer.
    NotEqual,
    /// Not decided within the bounds.
    Unknown,
    /// The completion holds no answer.
    NoAnswer,
    /// The gold answer could not be read; nothing can be compared with it.
    GoldUnparsed,
}

/// Which step decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Finding the answer in the text.
    Extract,
    /// Reading the answer.
    Parse,
    /// Both are written the same way, up to layout.
    Identical,
    /// Words or a choice letter.
    Text,
    /// Exact arithmetic on numbers.
    Exact,
    /// Normal forms of polynomials, rational functions, roots.
    NormalForm,
    /// Residues modulo primes.
    Modular,
    /// Interval arithmetic. `NotEqual` is certain; `Equal` means agreement to more than 100 bits.
    Numeric,
    /// Logarithms of numbers too large for floats.
    Tower,
    /// Shape: number of parts, kind of brackets, order.
    Structure,
    /// A stated convention: rounding, units, labels, percent.
    Convention,
    /// The allowance of work was used up.
    Budget,
}

impl Outcome {
    /// The name in JSON rows.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Equal => "equal",
            Outcome::NotEqual => "not_equal",
            Outcome::Unknown => "unknown",
            Outcome::NoAnswer => "no_answer",
            Outcome::GoldUnparsed => "gold_unparsed",
        }
    }
}

impl Stage {
    /// The name in JSON rows.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Extract => "extract",
            Stage::Parse => "parse",
            Stage::Identical => "identical",
            Stage::Text => "text",
            Stage::Exact => "exact",
            Stage::NormalForm => "normal_form",
            Stage::Modular => "modular",
            Stage::Numeric => "numeric",
            Stage::Tower => "tower",
            Stage::Structure => "structure",
            Stage::Convention => "convention",
            Stage::Budget => "budget",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The result of [`crate::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub outcome: Outcome,
    /// What decided it.
    pub stage: Stage,
    /// Why, in a few words.
    pub reason: Cow<'static, str>,
    /// The answer found in the completion.
    pub extracted: Option<String>,
}

impl Verdict {
    /// Whether the answer counts as right. Everything but `Equal` does not.
    pub fn is_correct(&self) -> bool {
        self.outcome == Outcome::Equal
    }
}

/// The result of comparing two expressions: equal, not equal or not decided, by which step, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivalence {
    /// `Equal`, `NotEqual` or `Unknown`.
    pub outcome: Outcome,
    /// What decided it.
    pub stage: Stage,
    /// Why, in a few words.
    pub reason: Cow<'static, str>,
}

impl Equivalence {
    pub(crate) fn equal(stage: Stage, reason: &'static str) -> Self {
        Equivalence { outcome: Outcome::Equal, stage, reason: Cow::Borrowed(reason) }
    }

    pub(crate) fn not_equal(stage: Stage, reason: &'static str) -> Self {
        Equivalence { outcome: Outcome::NotEqual, stage, reason: Cow::Borrowed(reason) }
    }

    pub(crate) fn unknown(stage: Stage, reason: &'static str) -> Self {
        Equivalence { outcome: Outcome::Unknown, stage, reason: Cow::Borrowed(reason) }
    }

    /// Whether the outcome is `Equal`.
    pub fn is_equal(&self) -> bool {
        self.outcome == Outcome::Equal
    }
}
