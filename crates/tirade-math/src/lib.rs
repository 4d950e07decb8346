//! Extract and compare mathematical answers: no I/O, no clock, no thread, never panics.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cas;
pub mod derivation;
pub mod exact;
pub mod expr;
pub mod geometry;
pub mod integer;
pub mod matrix;
pub mod poly;
pub mod surd;
mod syntax;
mod text;
pub mod unit;

pub use expr::{Expr, Rational};
pub use syntax::{Commas, ParseError, Parsed, parse, parse_with};
