//! What a run would do, before it does it: what is supervised, what is left out, memory and time.

use serde::Serialize;

use super::corpus::ChatExample;
use super::error::TrainError;
use super::options::TrainOptions;
use super::run::prepare;

/// One example as it is trained on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenisedExample {
    pub id: String,
    pub tokens: Vec<u32>,
    /// Weight of each token in the loss; 0 is read only.
    pub weights: Vec<f32>,
}

/// The tokens and loss weights of every usable example, in order.
///
/// # Errors
/// As [`super::train`], before the first step.
pub fn tokenise(options: &TrainOptions, examples: &[ChatExample]) -> Result<Vec<TokenisedExample>, TrainError> {
    let sequences = prepare(options, examples, &[])?.corpus.sequences;
    Ok(sequences.into_iter().map(|s| TokenisedExample { id: s.id, tokens: s.tokens, weights: s.weights }).collect())
}
