//! Whether statements in a text are true: what the checks of prose ask, thousands of times per second.

mod again;
mod along;
mod arrays;
mod broken;
mod cased;
mod chains;
mod congruence;
mod cue;
mod drawn;
mod echo;
mod facts;
mod firm;
mod floats;
mod formulas;
mod link;
mod misprint;
mod names;
mod near;
mod operation;
mod plain;
mod plus_minus;
mod prose;
mod put_back;
mod read;
mod relation;
mod restated;
mod rule;
mod sampled;
mod suspect;
mod told;
mod walk;

pub use formulas::{Formula, formulas};
pub use prose::{Statement, Why, check_prose};
pub use relation::{Assumptions, check_relation, check_statement};

use serde::{Deserialize, Serialize};

/// The truth of a statement, as far as it can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It cannot be read, it holds for some values only, or deciding it takes too much work.
    Undecided,
}

impl Truth {
    /// The truth of the negation.
    fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Undecided => Truth::Undecided,
        }
    }
}
