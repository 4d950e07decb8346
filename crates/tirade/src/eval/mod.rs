//! Evaluation: the same solver and verifier with another model, and the figures made of the outcome.

pub mod score;
pub mod statistics;
