//! The stages as commands run them: read rows from the store, do what is missing, keep every row as soon as it is finished.
//!
//! What a stage does with one row is in [`crate::solver`], [`crate::translate`], [`crate::corpus`] and `tirade-nn`; here is only what they have
//! in common: which rows are missing, how many at once, progress, and a request to stop.

mod corpus;
mod eval;
mod forecast;
mod import;
mod judge;
mod recheck;
mod solve;
mod train;
mod translate;

use std::sync::Arc;

use futures::{Stream, StreamExt};

use crate::model::ModelError;
use crate::model::price::Budget;
use crate::stop::Stop;
use crate::store::{AttemptRow, RunSpec, Stage, Store, StoreError};
use crate::trace::Event;

pub use corpus::{CorpusJob, card, corpus};
pub use eval::eval;
pub use forecast::{Estimate, Forecast, Units, forecast, forecast_judge, forecast_translation};
pub use import::{ImportJob, ImportSummary, import};
pub use judge::{Calibration, JudgeJob, Share, calibrate};
pub use recheck::{Rechecked, recheck};
pub use solve::{Problems, SolveJob, solve};
pub use train::{TrainJob, Trained, examples, train};
pub use translate::{TranslateJob, translate};

/// What every stage is given.
pub struct Context<'a> {
    pub store: Arc<Store>,
    pub stop: Stop,
    /// Sees everything that happens.
    pub watch: &'a (dyn Fn(&Progress<'_>) + Send + Sync),
    /// Rows worked on at once.
    pub concurrency: usize,
    /// This process does rows `index` of `of`, chosen by the problem's hash.
    pub shard: Shard,
    /// Unix seconds, for the run's own record.
    pub now: i64,
    /// What the models of this command may spend, the same that [`crate::model::price::Metered`] ones ask.
    pub budget: Budget,
}

impl Context<'_> {
    /// Finds or adds the run; what it spent before this command counts.
    fn begin(&self, spec: &RunSpec) -> Result<String, StoreError> {
        let run = self.store.begin(spec, self.now)?;
        self.budget.add_spent(self.store.account(&run)?.cost);
        Ok(run)
    }
}

/// Carries out all tasks, so many at once. After the first error no further task is begun and `halt` is requested, but what is under way
/// is waited for: its replies are paid for, and have to reach the store.
async fn finish_all<T: Future<Output = Result<(), PipelineError>>>(
    tasks: impl Stream<Item = Result<T, PipelineError>>,
    at_once: usize,
    halt: &Stop,
) -> Result<(), PipelineError> {
    let begun = tasks.take_while(|_| std::future::ready(!halt.requested()));
    let running = begun.map(|task| async { task?.await }).buffer_unordered(at_once.max(1));
    let mut running = std::pin::pin!(running);
    let mut end = Ok(());
    while let Some(result) = running.next().await {
        let Err(error) = result else { continue };
        halt.request();
        if matches!(end, Ok(()) | Err(PipelineError::Stopped)) {
            end = Err(error);
        }
    }
    if end.is_ok() && halt.requested() { Err(PipelineError::Stopped) } else { end }
}

/// One of several processes that share a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    pub index: u64,
    pub of: u64,
}

impl Shard {
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Whether the problem is this shard's.
    pub fn has(self, problem: &str) -> bool {
        crate::hash::seed(&["shard", problem]) % self.of == self.index
    }
}

/// What happens in a stage.
#[derive(Clone, Debug)]
pub enum Progress<'a> {
    /// `done` of `total` rows were there already.
    Stage {
        stage: Stage,
        run: &'a str,
        done: usize,
        total: usize,
    },
    /// Something happened in an attempt.
    Event {
        problem: &'a str,
        attempt: u32,
        event: &'a Event,
    },
    Attempt {
        row: &'a AttemptRow,
    },
    Solution {
        problem: &'a str,
        accepted: bool,
        reason: &'a str,
    },
    Train {
        event: &'a tirade_nn::train::TrainEvent,
    },
}

/// What ends a stage before it is finished. Everything finished is kept.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("{0}")]
    Train(#[from] tirade_nn::train::TrainError),
    #[error("stopped; everything finished is kept")]
    Stopped,
    #[error("{0}")]
    Input(String),
}

impl PipelineError {
    fn from_model(error: ModelError) -> Self {
        if error == ModelError::Stopped { Self::Stopped } else { Self::Model(error) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_is_finished_when_something_ends_the_run() {
        let (halt, finished) = (Stop::default(), AtomicU32::new(0));
        let task = |i: u64| {
            let (halt, finished) = (&halt, &finished);
            async move {
                tokio::time::sleep(Duration::from_millis(i)).await;
                match i {
                    3 => return Err(PipelineError::Input("broken".into())),
                    5 if halt.requested() => return Err(PipelineError::Stopped),
                    _ => {}
                }
                finished.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        };
        let tasks = futures::stream::iter((1..100).map(|i| Ok(task(i))));
        let error = finish_all(tasks, 4, &halt).await.unwrap_err();
        assert_eq!(error.to_string(), "broken", "not that the others were stopped");
        // 1 and 2 before, 4 and 6 while it ended; 5 saw the request; 7 may have been begun in the place of 3.
        assert_eq!(finished.load(Ordering::Relaxed), 4);
    }
}
