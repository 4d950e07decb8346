//! Extract and compare mathematical answers: no I/O, no clock, no thread, never panics.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod answer;
mod cardinal;
pub mod cas;
mod cases;
mod choice;
pub mod derivation;
mod equiv;
pub mod exact;
pub mod expr;
mod extract;
pub mod fuel;
pub mod geometry;
mod group;
pub mod integer;
pub mod matrix;
mod normal;
mod numeric;
mod operators;
mod policy;
pub mod poly;
mod reading;
mod statement;
pub mod surd;
mod syntax;
mod text;
pub mod unit;
mod verdict;
mod verify;

pub use cardinal::cardinal;
pub use cases::{Case, CaseResult, judge, judge_line};
pub use equiv::equivalent;
pub use expr::{Expr, Rational};
pub use extract::{Extracted, How, extract};
pub use group::group;
pub use policy::{ExtractMode, Policy, Units};
pub use statement::{
    Assumptions, Formula, Statement, Truth, Why, check_prose, check_relation, check_statement, formulas,
};
pub use syntax::{Commas, ParseError, Parsed, parse, parse_with};
pub use text::closing_brace;
pub use verdict::{Equivalence, Outcome, Stage, Verdict};
pub use verify::{Gold, verify, verify_answer};
