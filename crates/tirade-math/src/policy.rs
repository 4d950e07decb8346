//! The conventions a comparison follows. See `CONVENTIONS.md` for each with its reason.

/// Where an answer may be found in a completion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExtractMode {
    /// Only the last box, or `####`. For training rewards: nothing else can be gamed by talking.
    Strict,
    /// Also "the answer is …", "Answer: …".
    Standard,
    /// Also the last formula, a whole short text, the last number.
    #[default]
    Lenient,
}

/// How units are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// Values only.
    Ignore,
    /// Two known units must be the same; a missing one is forgiven.
    #[default]
    IfBoth,
    /// Both sides must have the same unit, or none.
    Strict,
}

/// A set of conventions. All fields are public; start from [`Policy::default`], [`Policy::strict`] or
/// [`Policy::lenient`] and change what differs.
///
/// ```
/// use tirade_math::{Gold, Policy, verify_answer};
/// let right = |gold: &str, answer: &str, p: &Policy| verify_answer(&Gold::parse(gold, p), answer, p).is_correct();
/// assert!(right("50\\%", "50", &Policy::default()));
/// assert!(!right("50\\%", "50", &Policy::strict()));
/// assert!(right("600/7", "85.714", &Policy::default()));
/// assert!(!right("1/3", "0.33", &Policy::default()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Where answers are looked for.
    pub extract: ExtractMode,
    /// Units.
    pub units: Units,
    /// Whether `50%` is also 50 and 0.5.
    pub percent_free: bool,
    /// Whether `-2 ≤ x ≤ 7` and `[-2, 7]` are the same answer.
    pub inequalities_are_sets: bool,
    /// Whether `x = 5` and `5` are the same answer, and which side may carry the label.
    pub labels_free: bool,
    /// Whether `60°` is also `π/3`.
    pub degrees_free: bool,
    /// Whether lists without brackets are unordered.
    pub lists_unordered: bool,
    /// Whether a set may be given for a tuple and the reverse.
    pub tuple_is_set: bool,
    /// Significant digits a correctly rounded decimal must have to stand for a fraction, all behind the point or one more:
    /// with 4, 0.3333 and 85.714 do, 85.71 does not; 0 forbids it.
    pub digits_for_fraction: u32,
    /// Significant digits it must have to stand for an irrational number; 0 forbids it.
    pub digits_for_irrational: u32,
    /// Significant digits a decimal gold must have for an exact value that rounds to it to count; 0 forbids it.
    pub digits_of_gold: u32,
    /// Significant digits a coarser decimal must have to stand for a finer one; 0 forbids it.
    pub digits_for_decimal: u32,
    /// Whether `z = 3 + 3 = 2`, a slip in the work before the end, makes the answer wrong. Two different numbers
    /// (`x = 41 = 42`) always do.
    pub chains_hold: bool,
    /// Whether 12.000000000000002, as printed from a double, is 12.
    pub float_noise: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            extract: ExtractMode::Lenient,
            units: Units::IfBoth,
            percent_free: true,
            inequalities_are_sets: true,
            labels_free: true,
            degrees_free: true,
            lists_unordered: true,
            tuple_is_set: false,
            digits_for_fraction: 4,
            digits_for_irrational: 10,
            digits_of_gold: 3,
            digits_for_decimal: 3,
            chains_hold: false,
            float_noise: true,
        }
    }
}

impl Policy {
    /// Exact values, units and percent as written; answers only from boxes. For rewards.
    pub fn strict() -> Policy {
        Policy {
            extract: ExtractMode::Strict,
            units: Units::Strict,
            percent_free: false,
            degrees_free: false,
            digits_for_fraction: 0,
            digits_for_irrational: 0,
            digits_of_gold: 0,
            digits_for_decimal: 0,
            chains_hold: true,
            float_noise: false,
            ..Policy::default()
        }
    }

    /// Units ignored, three correct digits are enough.
    pub fn lenient() -> Policy {
        Policy {
            units: Units::Ignore,
            tuple_is_set: true,
            digits_for_fraction: 3,
            digits_for_irrational: 3,
            digits_of_gold: 2,
            digits_for_decimal: 2,
            ..Policy::default()
        }
    }

    /// The names [`Policy::for_dataset`] knows.
    pub const NAMES: [&str; 17] = [
        "default",
        "strict",
        "lenient",
        "math",
        "math500",
        "aime",
        "amc",
        "hmmt",
        "olympiadbench",
        "gsm8k",
        "svamp",
        "asdiv",
        "mawps",
        "gsm_hard",
        "gsm_plus",
        "college_math",
        "minerva_math",
    ];

    /// The conventions of a named data set; `None` for a name nobody knows.
    ///
    /// `math`, `math500`, `aime`, `amc`: default. `gsm8k`, `svamp`, `asdiv`, `mawps`: numbers, units ignored, no rounding.
    pub fn for_dataset(name: &str) -> Option<Policy> {
        let exact = Policy {
            units: Units::Ignore,
            digits_for_fraction: 0,
            digits_for_irrational: 0,
            digits_of_gold: 0,
            digits_for_decimal: 0,
            ..Policy::default()
        };
        Some(match name {
            "math" | "math500" | "aime" | "amc" | "hmmt" | "olympiadbench" | "default" => Policy::default(),
            "gsm8k" | "svamp" | "asdiv" | "mawps" | "gsm_hard" | "gsm_plus" => exact,
            "strict" => Policy::strict(),
            "lenient" | "college_math" | "minerva_math" => Policy::lenient(),
            _ => return None,
        })
    }
}
