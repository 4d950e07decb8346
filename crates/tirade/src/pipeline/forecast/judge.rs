//! The forecast of a calibration: the sampling unit is the pair, asked about one way round or both.

use std::sync::{Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt, stream};

use super::sample::{Sample, Watched, from_samples};
use super::{Forecast, Units};
use crate::hash::seed;
use crate::pipeline::judge::{ask_one, pairs};
use crate::pipeline::{Calibration, Context, JudgeJob, PipelineError};
use crate::stop::Stop;
use crate::store::recorded::RecordedModel;
use crate::translate::planted::Planted;

/// Asks about `pilot` pairs drawn at random and tells from all opinions that are in the store what the rest will take. They are part of
/// the calibration. With a pilot of 0 nobody is asked.
///
/// # Errors
/// As [`calibrate`](crate::pipeline::calibrate).
pub async fn forecast_judge(
    context: &Context<'_>,
    job: &JudgeJob,
    pilot: usize,
) -> Result<Forecast, PipelineError> {
    let (key, pairs) = (job.key(), pairs(context, job)?);
    let known: Option<Calibration> = context.store.fact(&key)?;
    let mut drawn: Vec<&Planted> = pairs.iter().filter(|_| known.is_none()).collect();
    drawn.sort_by_key(|pair| seed(&["pilot", &pair.result, &pair.written]));
    let judge = |stop: &Stop| {
        RecordedModel::new(job.judge.clone(), context.store.clone(), stop.clone()).for_run(&key)
    };
    let asked = judge(&context.stop);
    let pilot = drawn.iter().take(pilot).map(|pair| ask_one(&asked, job, pair));
    stream::iter(pilot).buffered(context.concurrency.max(1)).try_collect::<Vec<_>>().await?;
    // A model that is told to stop answers what is in the store, and nothing else.
    let stopped = Stop::default();
    stopped.request();
    let mut samples = Vec::new();
    for pair in &drawn {
        samples.extend(sample(judge(&stopped), job, pair).await?);
    }
    let done = if known.is_some() { pairs.len() } else { samples.len() };
    let spent = context.store.account(&key)?.cost.dollars();
    let run = format!("calibration of {}", job.judge.identity());
    Ok(from_samples(Units::PAIRS, run, [pairs.len(), done], &samples, spent))
}

/// What the opinion on a pair took; none where it is not in the store.
async fn sample(
    judge: RecordedModel,
    job: &JudgeJob,
    pair: &Planted,
) -> Result<Option<Sample>, PipelineError> {
    let sample = Mutex::new(Sample::default());
    match ask_one(&Watched { model: judge, sample: &sample }, job, pair).await {
        Ok(_) => Ok(Some(sample.into_inner().unwrap_or_else(PoisonError::into_inner))),
        Err(PipelineError::Stopped) => Ok(None),
        Err(error) => Err(error),
    }
}
