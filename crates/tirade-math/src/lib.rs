//! Extract and compare mathematical answers: no I/O, no clock, no thread, never panics.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cas;
pub mod derivation;
mod equiv;
pub mod exact;
pub mod expr;
mod extract;
pub mod integer;
pub mod matrix;
mod normal;
mod numeric;
mod policy;
pub mod poly;
pub mod surd;
mod syntax;
mod text;
pub mod unit;
mod verdict;

pub use equiv::equivalent;
pub use expr::{Expr, Rational};
pub use extract::{Extracted, How, extract};
pub use policy::{ExtractMode, Policy, Units};
pub use syntax::{Commas, ParseError, Parsed, parse, parse_with};
pub use verdict::{Equivalence, Outcome, Stage, Verdict};
