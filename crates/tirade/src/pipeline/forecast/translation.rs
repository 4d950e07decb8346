//! The forecast of a translation: the sampling unit is the trace.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream;

use super::{Estimate, Forecast};
use crate::hash::seed;
use crate::model::price::Usd;
use crate::model::{Model, ModelError, Reply, Request};
use crate::pipeline::translate::{Translation, begin};
use crate::pipeline::{Context, PipelineError, Progress, TranslateJob, finish_all};
use crate::store::{AttemptKey, Stage};

/// Translates `pilot` traces drawn at random and tells from them what the rest will take. They are rows of the run itself, and a trace
/// that was translated earlier is gone through with its stored replies. With a pilot of 0 nobody is asked.
///
/// # Errors
/// Whatever ends the pilot.
pub async fn forecast_translation(
    context: &Context<'_>,
    job: &TranslateJob,
    pilot: usize,
) -> Result<Forecast, PipelineError> {
    let translation = begin(context, job)?;
    let mut drawn: Vec<&AttemptKey> = translation.wanted.iter().collect();
    drawn.sort_by_key(|key| seed(&["pilot", &key.problem, &key.attempt.to_string()]));
    drawn.truncate(pilot);
    let (run, total) = (&translation.run, drawn.len());
    (context.watch)(&Progress::Stage { stage: Stage::Translate, run, done: 0, total });
    let samples = Mutex::new(Vec::new());
    let tasks = drawn.into_iter().map(|key| Ok(sample(context, job, &translation, key, &samples)));
    finish_all(stream::iter(tasks), context.concurrency, &translation.halt).await?;
    let samples = samples.into_inner().unwrap_or_else(PoisonError::into_inner);
    let done: HashSet<AttemptKey> = translation.done(context)?;
    let spent = context.store.account(run)?.cost.dollars();
    Ok(from_samples(run, translation.wanted.len(), done.len(), &samples, spent))
}

async fn sample(
    context: &Context<'_>,
    job: &TranslateJob,
    translation: &Translation,
    key: &AttemptKey,
    samples: &Mutex<Vec<Sample>>,
) -> Result<(), PipelineError> {
    let sample = Mutex::new(Sample::default());
    let models = translation.models(context, job).map(|model| Watched { model, sample: &sample });
    translation.one(context, job, &job.translators(&models), key).await?;
    let sample = *sample.lock().unwrap_or_else(PoisonError::into_inner);
    samples.lock().unwrap_or_else(PoisonError::into_inner).push(sample);
    Ok(())
}

/// What one trace took.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    prompt_tokens: u64,
    completion_tokens: u64,
    seconds: f64,
    /// None while no model with a price was asked.
    cost: Option<Usd>,
}

/// A model whose replies are added up.
struct Watched<'a, M> {
    model: M,
    sample: &'a Mutex<Sample>,
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

fn from_samples(run: &str, wanted: usize, done: usize, samples: &[Sample], spent: f64) -> Forecast {
    let missing = wanted.saturating_sub(done);
    let sum = |of: &dyn Fn(&Sample) -> f64| {
        Estimate::of_rest(&samples.iter().map(of).collect::<Vec<f64>>(), missing)
    };
    let is_priced = samples.iter().any(|sample| sample.cost.is_some());
    Forecast {
        stage: Stage::Translate,
        run: run.to_owned(),
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
