//! Solving: every problem × attempt that has no row yet. Evaluation is the same with another model.
//!
//! Problems stream from their source into the store and from there, a page at a time, to the solver: the memory a run needs does not
//! depend on how many there are.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use futures::{Stream, TryStreamExt, stream};
use serde_json::{Value, json};
use tirade_math::Policy;

use super::{Context, PipelineError, Progress, Shard, finish_all};
use crate::hash::Parts;
use crate::model::Model;
use crate::model::price::Price;
use crate::problem::Problem;
use crate::prompts::Prompts;
use crate::solver::{self, Solver, SolverOptions};
use crate::store::recorded::{RecordedModel, RecordedToolbox};
use crate::store::{Aim, Outcome, RunSpec, Stage, Unfinished};
use crate::tool::{ToolFailure, Toolbox};
use crate::verdict::attempt_row;

/// Problems that can be gone through as often as needed, each time the same in the same order.
pub trait Problems: Send + Sync {
    /// An error ends the run.
    fn each(&self) -> Box<dyn Iterator<Item = Result<Problem, PipelineError>> + '_>;
}

impl Problems for Vec<Problem> {
    fn each(&self) -> Box<dyn Iterator<Item = Result<Problem, PipelineError>> + '_> {
        Box::new(self.iter().cloned().map(Ok))
    }
}

/// What is to be solved, by whom, how.
pub struct SolveJob {
    pub stage: Stage,
    pub problems: Box<dyn Problems>,
    pub model: Arc<dyn Model>,
    pub toolbox: Option<Arc<dyn Toolbox>>,
    pub prompts: Prompts,
    pub options: SolverOptions,
    /// Attempts per problem.
    pub attempts: u32,
    /// A problem's attempts are made one after another and end once so many are correct.
    pub enough: Option<u32>,
    /// How the problems and tools were chosen, for people and tables.
    pub about: Value,
    pub policy: Policy,
    /// US dollars of a reply's usage, where the model has a price.
    pub price: Option<Price>,
}

/// The problems of a job, counted.
pub(super) struct Tally {
    count: usize,
    /// Of this process's shard.
    mine: usize,
    digest: String,
}

impl SolveJob {
    /// When a problem of this job is done with.
    pub fn aim(&self) -> Aim {
        Aim { attempts: self.attempts, enough: self.enough }
    }

    fn tally(&self, shard: Shard) -> Result<Tally, PipelineError> {
        let (mut count, mut mine, mut all) = (0, 0, Parts::default());
        for problem in self.problems.each() {
            let problem = problem?;
            count += 1;
            mine += usize::from(shard.has(&problem.id));
            all.add(&json!(problem).to_string());
        }
        Ok(Tally { count, mine, digest: all.digest() })
    }

    fn spec(&self, tally: &Tally) -> RunSpec {
        let mut config = json!({
            "model": self.model.identity(),
            "tools": self.toolbox.as_ref().map(|toolbox| toolbox.identity()),
            "solver": self.options,
            "attempts": self.attempts,
            "prompts": self.prompts.hashes(&solver::PROMPTS),
            "problems": {"count": tally.count, "digest": tally.digest},
            "policy": format!("{:?}", self.policy),
            "about": self.about,
        });
        if let Some(enough) = self.enough {
            config["enough"] = enough.into();
        }
        RunSpec { stage: self.stage, inputs: Vec::new(), config }
    }
}

/// Finds or adds the job's run with all its problems. Gives its id and how many problems are this shard's.
pub(super) fn begin(context: &Context<'_>, job: &SolveJob) -> Result<(String, usize), PipelineError> {
    let tally = job.tally(context.shard)?;
    let run = context.begin(&job.spec(&tally))?;
    if context.store.counts(&run)?.0 < tally.count {
        let mut broken = Ok(());
        let mut whole =
            job.problems.each().map_while(|problem| problem.map_err(|error| broken = Err(error)).ok());
        context.store.add_problems(&run, &mut whole)?;
        drop(whole);
        broken?;
    }
    Ok((run, tally.mine))
}

/// Does what is missing and gives the run's id.
///
/// # Errors
/// Whatever ends the run; finished attempts are in the store by then.
pub async fn solve(context: &Context<'_>, job: &SolveJob) -> Result<String, PipelineError> {
    let (run, mine) = begin(context, job)?;
    let (done, total) = (attempts_there(context, &run)?, mine * job.attempts as usize);
    (context.watch)(&Progress::Stage { stage: job.stage, run: &run, done, total });
    let is_complete = || context.store.is_complete(&run, job.aim());
    let was_complete = is_complete()?;
    if !was_complete {
        solve_where(context, job, &run, &|problem| context.shard.has(problem)).await?;
    }
    if was_complete || is_complete()? {
        context.store.finish(&run, context.now)?;
    }
    Ok(run)
}

/// The tools have to work before anything is paid for that they would be called for.
async fn prepare(toolbox: &Arc<dyn Toolbox>) -> Result<(), PipelineError> {
    let toolbox = toolbox.clone();
    let prepared = tokio::task::spawn_blocking(move || toolbox.prepare()).await;
    let broken = |error: ToolFailure| PipelineError::Input(error.to_string());
    prepared
        .map_err(|error| PipelineError::Input(format!("the tools cannot start: {error}")))?
        .map_err(broken)
}

/// How many attempts of this shard the run has.
fn attempts_there(context: &Context<'_>, run: &str) -> Result<usize, PipelineError> {
    if context.shard == Shard::WHOLE {
        return Ok(context.store.counts(run)?.1);
    }
    let mut there = 0;
    context.store.each_attempt(run, |problem| there += usize::from(context.shard.has(problem)))?;
    Ok(there)
}

/// Makes the missing attempts at the problems that `wanted` picks by id.
pub(super) async fn solve_where(
    context: &Context<'_>,
    job: &SolveJob,
    run: &str,
    wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<(), PipelineError> {
    if let Some(toolbox) = &job.toolbox {
        prepare(toolbox).await?;
    }
    let (store, halt) = (&context.store, context.stop.child());
    let model = RecordedModel::new(job.model.clone(), store.clone(), halt.clone()).for_run(run);
    let toolbox = job.toolbox.clone().map(|toolbox| RecordedToolbox::new(toolbox, store.clone()));
    let solver = Solver {
        model: &model,
        toolbox: toolbox.as_ref().map(|toolbox| toolbox as &dyn Toolbox),
        prompts: &job.prompts,
        options: &job.options,
    };
    let work = |task: Task| task.carry_out(context, job, &solver, run);
    finish_all(tasks(context, job, run, wanted).map_ok(work), context.concurrency, &halt).await
}

/// Attempts at one problem that are made one after another.
struct Task {
    problem: Arc<Problem>,
    /// How many correct ones there are already.
    correct: u32,
    attempts: Vec<u32>,
    enough: Option<u32>,
}

/// What is missing, in the order of the problems. Without `enough`, every attempt is a task of its own.
fn tasks<'a>(
    context: &'a Context<'_>,
    job: &'a SolveJob,
    run: &'a str,
    wanted: &'a (dyn Fn(&str) -> bool + Sync),
) -> impl Stream<Item = Result<Task, PipelineError>> + 'a {
    const PAGE: usize = 256;
    let next = move |(mut ready, after): (VecDeque<Task>, Option<i64>)| async move {
        let mut after = after;
        while ready.is_empty() {
            let page = context.store.unfinished(run, job.aim(), after?, PAGE);
            let page = match page {
                Ok(page) => page,
                Err(error) => return Some((Err(error.into()), (ready, None))),
            };
            after = page.last().map(|last| last.position);
            let mine = page.into_iter().filter(|one| wanted(&one.problem.id));
            ready.extend(mine.flat_map(|one| Task::of(one, job)));
        }
        ready.pop_front().map(|task| (Ok(task), (ready, after)))
    };
    stream::unfold((VecDeque::new(), Some(-1)), next)
}

impl Task {
    fn of(unfinished: Unfinished, job: &SolveJob) -> Vec<Self> {
        let there: HashSet<u32> = unfinished.done.iter().map(|(attempt, _)| *attempt).collect();
        let missing =
            |range: Range<u32>| range.filter(|attempt| !there.contains(attempt)).collect::<Vec<_>>();
        let correct =
            unfinished.done.iter().filter(|(_, outcome)| *outcome == Outcome::Correct).count() as u32;
        let problem = Arc::new(unfinished.problem);
        let task = |attempts| Self { problem: problem.clone(), correct, attempts, enough: job.enough };
        match job.enough {
            Some(_) => vec![task(missing(0..job.attempts))],
            None => missing(0..job.attempts).into_iter().map(|attempt| task(vec![attempt])).collect(),
        }
    }

    async fn carry_out(
        self,
        context: &Context<'_>,
        job: &SolveJob,
        solver: &Solver<'_>,
        run: &str,
    ) -> Result<(), PipelineError> {
        let mut correct = self.correct;
        for attempt in self.attempts {
            if self.enough.is_some_and(|enough| correct >= enough) {
                break;
            }
            let outcome = one(context, job, solver, run, &self.problem, attempt).await?;
            correct += u32::from(outcome == Outcome::Correct);
        }
        Ok(())
    }
}

async fn one(
    context: &Context<'_>,
    job: &SolveJob,
    solver: &Solver<'_>,
    run: &str,
    problem: &Problem,
    attempt: u32,
) -> Result<Outcome, PipelineError> {
    let mut watch = |event: &_| (context.watch)(&Progress::Event { problem: &problem.id, attempt, event });
    let trace =
        solver::solve(solver, problem, attempt, &mut watch).await.map_err(PipelineError::from_model)?;
    let mut row = attempt_row(&trace, &job.policy);
    row.cost = job.price.as_ref().map(|price| price.cost(&trace.usage()).dollars());
    context.store.keep_attempt(run, &row, &trace).await?;
    (context.watch)(&Progress::Attempt { row: &row });
    Ok(row.outcome)
}
