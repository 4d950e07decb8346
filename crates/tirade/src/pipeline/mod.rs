//! The stages as commands run them: read rows from the store, do what is missing, keep every row as soon as it is finished.
//!
//! What a stage does with one row is in [`crate::solver`], [`crate::translate`], [`crate::corpus`] and `tirade-nn`; here is only what they have
//! in common: which rows are missing, how many at once, progress, and a request to stop.

mod corpus;
mod eval;
mod import;
mod judge;
mod recheck;
mod solve;
mod train;
mod translate;

use std::sync::Arc;

use crate::model::ModelError;
use crate::stop::Stop;
use crate::store::{AttemptRow, Stage, Store, StoreError};
use crate::trace::Event;

pub use corpus::{CorpusJob, card, corpus};
pub use eval::eval;
pub use import::{ImportJob, ImportSummary, import};
pub use judge::{Calibration, JudgeJob, Share, calibrate};
pub use recheck::{Rechecked, recheck};
pub use solve::{SolveJob, solve};
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
