//! Extract and compare mathematical answers: no I/O, no clock, no thread, never panics.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod answer;
mod cases;
mod equiv;
pub mod expr;
mod extract;
mod normal;
mod numeric;
mod policy;
mod statement;
mod syntax;
mod text;
pub mod unit;
mod verdict;
mod verify;

pub use cases::{Case, CaseResult, judge, judge_line};
pub use equiv::equivalent;
pub use expr::{Expr, Rational};
pub use extract::{Extracted, How, extract};
pub use policy::{ExtractMode, Policy, Units};
pub use statement::{Assumptions, Truth, check_relation, check_statement};
pub use syntax::{Commas, ParseError, Parsed, parse, parse_with};
pub use verdict::{Equivalence, Outcome, Stage, Verdict};
pub use verify::{Gold, group, verify, verify_answer};
