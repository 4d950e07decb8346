//! What was taken by some of the rows of a stage, added up as their models reply.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Estimate, Forecast, Units};
use crate::model::price::Usd;
use crate::model::{Model, ModelError, Reply, Request};

/// What one row took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    prompt_tokens: u64,
    completion_tokens: u64,
    seconds: f64,
    /// None while no model with a price was asked.
    cost: Option<Usd>,
}

/// A model whose replies are added up.
pub(super) struct Watched<'a, M> {
    pub model: M,
    pub sample: &'a Mutex<Sample>,
}

#[async_trait]
impl<M: Model> Model for Watched<'_, M> {
    fn identity(&self) -> &str {
        self.model.identity()
    }

    async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
        let reply = self.model.reply(request).await?;
        let mut sample = self.sample.lock().unwrap_or_else(PoisonError::into_inner);
        sample.prompt_tokens += reply.usage.prompt;
        sample.completion_tokens += reply.usage.completion;
        sample.seconds += reply.seconds;
        if let Some(cost) = reply.cost {
            sample.cost = Some(Usd(sample.cost.unwrap_or_default().0.saturating_add(cost.0)));
        }
        Ok(reply)
    }
}

/// The forecast for the rest of `wanted` rows, of which `done` are there.
pub(super) fn from_samples(
    units: Units,
    run: String,
    [wanted, done]: [usize; 2],
    samples: &[Sample],
    spent: f64,
) -> Forecast {
    let missing = wanted.saturating_sub(done);
    let sum = |of: &dyn Fn(&Sample) -> f64| {
        Estimate::of_rest(&samples.iter().map(of).collect::<Vec<f64>>(), missing)
    };
    let is_priced = samples.iter().any(|sample| sample.cost.is_some());
    Forecast {
        units,
        run,
        problems: wanted,
        done,
        missing,
        sampled: samples.len(),
        prompt_tokens: sum(&|sample| sample.prompt_tokens as f64),
        completion_tokens: sum(&|sample| sample.completion_tokens as f64),
        seconds: sum(&|sample| sample.seconds),
        cost: is_priced.then(|| sum(&|sample| sample.cost.unwrap_or_default().dollars())),
        spent,
    }
}
