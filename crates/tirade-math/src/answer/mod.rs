//! Answers: what an expression means as an answer, and whether two answers are the same.

mod compare;
mod list;
mod matrix;
mod region;
mod relation;
mod scalar;
mod shape;
mod spoken;

pub use compare::compare;
pub(crate) use relation::check_chain;
pub use shape::{Shape, shape};
