//! Evaluation: the same solver and verifier with another model, and the figures made of the outcome.

mod rows;
pub mod score;
pub mod statistics;

pub use rows::{outcomes, score_rows};
