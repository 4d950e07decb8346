//! Translating: every correct attempt of a solve run that used a tool and has no solution yet.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use futures::stream;
use serde_json::json;

use super::{Context, PipelineError, Progress, finish_all};
use crate::model::Model;
use crate::problem::Problem;
use crate::prompts::Prompts;
use crate::stop::Stop;
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
    let translation = begin(context, job)?;
    let Translation { run, wanted, halt, .. } = &translation;
    let done = translation.done(context)?;
    let missing: Vec<&AttemptKey> = wanted.iter().filter(|key| !done.contains(key)).collect();
    let (total, ready) = (wanted.len(), wanted.len() - missing.len());
    (context.watch)(&Progress::Stage { stage: Stage::Translate, run, done: ready, total });

    let models = translation.models(context, job);
    let with = job.translators(&models);
    let tasks = missing.into_iter().map(|key| Ok(translation.one(context, job, &with, key)));
    finish_all(stream::iter(tasks), context.concurrency, halt).await?;
    if context.shard == super::Shard::WHOLE {
        context.store.finish(run, context.now)?;
    }
    Ok(translation.run)
}

/// A translation that has begun: its run and the traces it is about.
pub(super) struct Translation {
    pub run: String,
    /// The attempts to be translated by this process.
    pub wanted: Vec<AttemptKey>,
    pub halt: Stop,
    problems: BTreeMap<String, Problem>,
}

/// Finds or adds the job's run.
pub(super) fn begin(context: &Context<'_>, job: &TranslateJob) -> Result<Translation, PipelineError> {
    let run = context.begin(&job.spec())?;
    let problems = context.store.problems(&job.solved)?;
    Ok(Translation {
        run,
        wanted: wanted(context, job)?,
        halt: context.stop.child(),
        problems: problems.into_iter().map(|problem| (problem.id.clone(), problem)).collect(),
    })
}

impl TranslateJob {
    /// Translator, judge and rephraser at work with the job's prompts and options.
    pub(super) fn translators<'a, M: Model>(
        &'a self,
        [translator, judge, rephraser]: &'a [M; 3],
    ) -> Translators<'a> {
        Translators { translator, judge, rephraser, prompts: &self.prompts, options: &self.options }
    }

    fn spec(&self) -> RunSpec {
        RunSpec {
            stage: Stage::Translate,
            inputs: vec![self.solved.clone()],
            config: json!({
                "translator": self.translator.identity(),
                "judge": self.judge.identity(),
                "rephraser": self.rephraser.identity(),
                "options": self.options,
                "with_toolless": self.with_toolless,
                "prompts": self.prompts.hashes(&translate::PROMPTS),
            }),
        }
    }
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

impl Translation {
    /// The wanted attempts that have a solution.
    pub fn done(&self, context: &Context<'_>) -> Result<HashSet<AttemptKey>, PipelineError> {
        let solutions = context.store.solutions::<serde_json::Value>(&self.run)?;
        let done: HashSet<AttemptKey> = solutions.into_iter().map(|solution| solution.key).collect();
        Ok(self.wanted.iter().filter(|key| done.contains(key)).cloned().collect())
    }

    /// Translator, judge and rephraser, with the run's account and with what they answered before.
    pub fn models(&self, context: &Context<'_>, job: &TranslateJob) -> [RecordedModel; 3] {
        [&job.translator, &job.judge, &job.rephraser].map(|model| {
            RecordedModel::new(model.clone(), context.store.clone(), self.halt.clone()).for_run(&self.run)
        })
    }

    /// Translates one trace and keeps the solution.
    pub async fn one(
        &self,
        context: &Context<'_>,
        job: &TranslateJob,
        with: &Translators<'_>,
        key: &AttemptKey,
    ) -> Result<(), PipelineError> {
        let Some(problem) = self.problems.get(&key.problem) else {
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
        Ok(context.store.add_solution(&self.run, &row)?)
    }
}
