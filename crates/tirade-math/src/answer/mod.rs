//! Answers: what an expression means as an answer, and whether two answers are the same.

mod compare;
mod inequality;
mod list;
mod locus;
mod matrix;
mod piecewise;
mod ratio;
mod region;
mod relation;
mod scalar;
mod shape;
pub mod spoken;
mod truth;

pub use compare::compare;
pub(crate) use relation::check_chain;
pub(crate) use scalar::is_rounding;
pub use shape::{Shape, Value, shape};
