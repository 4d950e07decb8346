//! Translating: every correct attempt of a solve run that used a tool and has no solution yet.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use futures::stream;
use serde_json::json;

use super::{Context, PipelineError, Progress, finish_all};
use crate::model::Model;
use crate::problem::Problem;
use crate::prompts::Prompts;
use crate::store::recorded::RecordedModel;
use crate::store::{AttemptKey, AttemptRow, Outcome, RunSpec, SolutionRow, Stage};
use crate::trace::Trace;
use crate::translate::{self, TranslateOptions, Translators};

/// Which traces are to be translated, by whom, how.
pub struct TranslateJob {
    /// The solve run.
    pub solved: String,
    pub translator: Arc<dyn Model>,
    pub judge: Arc<dyn Model>,
    pub rephraser: Arc<dyn Model>,
    pub prompts: Prompts,
    pub options: TranslateOptions,
    /// Also correct attempts that called no tool: their prose is already prose, and is checked all the same.
    pub with_toolless: bool,
}

/// Does what is missing and gives the run's id.
///
/// # Errors
/// Whatever ends the run; finished solutions are in the store by then.
pub async fn translate(context: &Context<'_>, job: &TranslateJob) -> Result<String, PipelineError> {
    let store = &context.store;
    let spec = RunSpec {
        stage: Stage::Translate,
        inputs: vec![job.solved.clone()],
        config: json!({
            "translator": job.translator.identity(),
            "judge": job.judge.identity(),
            "rephraser": job.rephraser.identity(),
            "options": job.options,
            "with_toolless": job.with_toolless,
            "prompts": job.prompts.hashes(&translate::PROMPTS),
        }),
    };
    let run = context.begin(&spec)?;
    let wanted = wanted(context, job)?;
    let done: HashSet<AttemptKey> =
        store.solutions::<serde_json::Value>(&run)?.into_iter().map(|solution| solution.key).collect();
    let missing: Vec<&AttemptKey> = wanted.iter().filter(|key| !done.contains(key)).collect();
    let (total, ready) = (wanted.len(), wanted.len() - missing.len());
    (context.watch)(&Progress::Stage { stage: Stage::Translate, run: &run, done: ready, total });

    let problems: BTreeMap<String, Problem> =
        store.problems(&job.solved)?.into_iter().map(|problem| (problem.id.clone(), problem)).collect();
    let halt = context.stop.child();
    let recorded =
        |model: &Arc<dyn Model>| RecordedModel::new(model.clone(), store.clone(), halt.clone()).for_run(&run);
    let (translator, judge, rephraser) =
        (recorded(&job.translator), recorded(&job.judge), recorded(&job.rephraser));
    let with = Translators {
        translator: &translator,
        judge: &judge,
        rephraser: &rephraser,
        prompts: &job.prompts,
        options: &job.options,
    };
    let tasks = missing.into_iter().map(|key| Ok(one(context, job, &with, &run, key, &problems)));
    finish_all(stream::iter(tasks), context.concurrency, &halt).await?;
    if context.shard == super::Shard::WHOLE {
        store.finish(&run, context.now)?;
    }
    Ok(run)
}

fn wanted(context: &Context<'_>, job: &TranslateJob) -> Result<Vec<AttemptKey>, PipelineError> {
    let fits =
        |row: &AttemptRow| row.outcome == Outcome::Correct && (row.tool_calls > 0 || job.with_toolless);
    let rows = context.store.attempts(&job.solved)?;
    Ok(rows
        .into_iter()
        .filter(fits)
        .map(|row| row.key)
        .filter(|key| context.shard.has(&key.problem))
        .collect())
}

async fn one(
    context: &Context<'_>,
    job: &TranslateJob,
    with: &Translators<'_>,
    run: &str,
    key: &AttemptKey,
    problems: &BTreeMap<String, Problem>,
) -> Result<(), PipelineError> {
    let Some(problem) = problems.get(&key.problem) else {
        return Err(PipelineError::Input(format!(
            "run {} has an attempt at {} but not the problem",
            job.solved, key.problem
        )));
    };
    let events = context.store.events(&job.solved, key)?;
    let trace = Trace { problem: problem.clone(), attempt: key.attempt, events };
    let solution = translate::translate(with, &trace).await.map_err(PipelineError::from_model)?;
    let reason = solution.reason();
    (context.watch)(&Progress::Solution {
        problem: &key.problem,
        accepted: solution.outcome == translate::Outcome::Accepted,
        reason: &reason,
    });
    let row = SolutionRow {
        key: key.clone(),
        outcome: solution.outcome.as_str().to_owned(),
        reason,
        row: solution,
    };
    Ok(context.store.add_solution(run, &row)?)
}
