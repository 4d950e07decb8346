//! Solving: every problem × attempt that has no row yet. Evaluation is the same with another model.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tirade_math::Policy;

use super::{Context, PipelineError, Progress};
use crate::hash::digest;
use crate::model::Model;
use crate::model::price::Price;
use crate::problem::Problem;
use crate::prompts::Prompts;
use crate::solver::{self, Solver, SolverOptions};
use crate::store::recorded::{RecordedModel, RecordedToolbox};
use crate::store::{AttemptKey, RunSpec, Stage};
use crate::tool::Toolbox;
use crate::verdict::attempt_row;

/// What is to be solved, by whom, how.
pub struct SolveJob {
    pub stage: Stage,
    pub problems: Vec<Problem>,
    pub model: Arc<dyn Model>,
    pub toolbox: Option<Arc<dyn Toolbox>>,
    pub prompts: Prompts,
    pub options: SolverOptions,
    /// Attempts per problem.
    pub attempts: u32,
    /// How the problems and tools were chosen, for people and tables.
    pub about: Value,
    pub policy: Policy,
    /// US dollars of a reply's usage, where the model has a price.
    pub price: Option<Price>,
}

impl SolveJob {
    fn spec(&self) -> RunSpec {
        let problems: Vec<String> = self.problems.iter().map(|problem| json!(problem).to_string()).collect();
        let problems: Vec<&str> = problems.iter().map(String::as_str).collect();
        RunSpec { stage: self.stage, inputs: Vec::new(), config: self.config(&digest(&problems)) }
    }

    fn config(&self, problems: &str) -> Value {
        json!({
            "model": self.model.identity(),
            "tools": self.toolbox.as_ref().map(|toolbox| toolbox.identity()),
            "solver": self.options,
            "attempts": self.attempts,
            "prompts": self.prompts.hashes(&solver::PROMPTS),
            "problems": {"count": self.problems.len(), "digest": problems},
            "policy": format!("{:?}", self.policy),
            "about": self.about,
        })
    }
}

/// Does what is missing and gives the run's id.
///
/// # Errors
/// Whatever ends the run; finished attempts are in the store by then.
pub async fn solve(context: &Context<'_>, job: &SolveJob) -> Result<String, PipelineError> {
    let store = &context.store;
    let run = store.begin(&job.spec(), context.now)?;
    store.add_problems(&run, &job.problems)?;
    let done: HashSet<AttemptKey> = store.attempts(&run)?.into_iter().map(|row| row.key).collect();
    let all =
        job.problems.iter().flat_map(|problem| (0..job.attempts).map(move |attempt| (problem, attempt)));
    let mine: Vec<(&Problem, u32)> = all.filter(|(problem, _)| context.shard.has(&problem.id)).collect();
    let missing: Vec<(&Problem, u32)> = mine.iter().copied().filter(|at| !done.contains(&key(*at))).collect();
    let (total, ready) = (mine.len(), mine.len() - missing.len());
    (context.watch)(&Progress::Stage { stage: job.stage, run: &run, done: ready, total });

    let model = RecordedModel::new(job.model.clone(), store.clone(), context.stop.clone());
    let toolbox = job.toolbox.clone().map(|toolbox| RecordedToolbox::new(toolbox, store.clone()));
    let solver = Solver {
        model: &model,
        toolbox: toolbox.as_ref().map(|toolbox| toolbox as &dyn Toolbox),
        prompts: &job.prompts,
        options: &job.options,
    };
    stream::iter(missing)
        .map(|(problem, attempt)| one(context, job, &solver, &run, problem, attempt))
        .buffer_unordered(context.concurrency.max(1))
        .try_collect::<()>()
        .await?;
    if store.attempts(&run)?.len() == job.problems.len() * job.attempts as usize {
        store.finish(&run, context.now)?;
    }
    Ok(run)
}

async fn one(
    context: &Context<'_>,
    job: &SolveJob,
    solver: &Solver<'_>,
    run: &str,
    problem: &Problem,
    attempt: u32,
) -> Result<(), PipelineError> {
    if context.stop.requested() {
        return Err(PipelineError::Stopped);
    }
    let mut watch = |event: &_| (context.watch)(&Progress::Event { problem: &problem.id, attempt, event });
    let trace =
        solver::solve(solver, problem, attempt, &mut watch).await.map_err(PipelineError::from_model)?;
    let mut row = attempt_row(&trace, &job.policy);
    row.cost = job.price.as_ref().map(|price| price.cost(&trace.usage()).dollars());
    context.store.add_attempt(run, &row, &trace)?;
    (context.watch)(&Progress::Attempt { row: &row });
    Ok(())
}

fn key((problem, attempt): (&Problem, u32)) -> AttemptKey {
    AttemptKey { problem: problem.id.clone(), attempt }
}
