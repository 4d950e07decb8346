//! The forecast of a translation: the sampling unit is the trace.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use futures::stream;

use super::sample::{Sample, Watched, from_samples};
use super::{Forecast, Units};
use crate::hash::seed;
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
    Ok(from_samples(Units::TRACES, run.clone(), [translation.wanted.len(), done.len()], &samples, spent))
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
