//! Code calls explained without a model: a program and what it printed become the steps that a student would write.
//!
//! [`Reader::explain`] reads the part of Python that models write for mathematics, follows it with exact numbers and `tirade-math`'s computer
//! algebra (nothing is executed), and says each step in English with LaTeX. What it finds must agree with what the program printed, and
//! no formula may be one that `tirade-math` finds false; all else is refused by the name of the construct. The work is bounded.
//!
//! ```
//! use tirade::translate::code::Reader;
//! let mut reader = Reader::default();
//! let text = reader.explain("shirts = 3\npants = 4\nprint(shirts * pants)", "12").unwrap();
//! assert_eq!(text, "Let the number of shirts be $3$ and the number of pants be $4$. We get $3 \\cdot 4 = 12$.");
//! assert!(reader.explain("import os", "").is_err());
//! ```

mod approximate;
mod ast;
mod collections;
mod compare;
mod evaluate;
mod follow;
mod formula;
mod lex;
mod library;
mod lists;
mod mathematics;
mod methods;
mod names;
mod output;
mod parse;
mod parse_expression;
mod rounding;
mod series;
mod solving;
mod statements;
mod story;
mod telling;
#[cfg(test)]
mod tests;
mod value;
mod vocabulary;

pub use follow::Reader;
pub(crate) use names::capitalised;

/// Why a program is not explained: the construct that stopped it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no rule explains {0}")]
pub struct Unexplained(String);

impl Unexplained {
    fn new(what: &str) -> Self {
        Self(what.to_owned())
    }

    fn syntax(what: &str) -> Self {
        Self(format!("{what} (the program cannot be read)"))
    }

    /// Prose cannot carry a brute-force search.
    fn search(count: i128) -> Self {
        Self(format!("a search over {count} cases"))
    }
}
