//! Stored translations under today's checks: nothing new is asked of any model.
//!
//! Each trace is translated again with models that answer only what the store has. Where all answers are there, mathematics, judge, repairs and
//! checks have all had their say anew. Where one is missing (today's checks would have sent the text back), the stored text is checked as it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use serde_json::json;

use super::{Context, PipelineError};
use crate::hash::digest;
use crate::model::{Model, ModelError, Reply, Request};
use crate::problem::Problem;
use crate::prompts::Prompts;
use crate::store::recorded::RecordedModel;
use crate::store::{AttemptKey, Run, RunSpec, SolutionRow, Stage};
use crate::trace::Trace;
use crate::translate::check::{self, Case};
use crate::translate::{self, Outcome, Solution, TranslateOptions, Translators};

/// What became of a run that was checked again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rechecked {
    /// The new run, which `tirade corpus --from` reads like any other; the old one where no row is different.
    pub run: String,
    pub total: usize,
    /// Those for which every answer was in the store: judged and repaired anew. The others kept their text.
    pub replayed: usize,
    /// Attempt, and its reason before and now; empty is accepted.
    pub changed: Vec<(AttemptKey, String, String)>,
}

/// Checks a translate run again and keeps the outcome as a run of its own: rows are never changed.
///
/// # Errors
/// When the run is no translate run, or its options are from another version.
pub async fn recheck(context: &Context<'_>, from: &str) -> Result<Rechecked, PipelineError> {
    let store = &context.store;
    let old = store.run(from)?;
    let solved = old.inputs.first().filter(|_| old.stage == Stage::Translate.as_str());
    let solved = solved.ok_or_else(|| PipelineError::Input(format!("{from} is no translate run")))?.clone();
    let replay = Replay::of(context, &old)?;
    let problems: BTreeMap<String, Problem> =
        store.problems(&solved)?.into_iter().map(|problem| (problem.id.clone(), problem)).collect();
    let mut found = Rechecked { run: from.to_owned(), ..Rechecked::default() };
    let (mut rows, mut same) = (Vec::new(), true);
    for before in store.solutions::<Solution>(from)? {
        let Some(problem) = problems.get(&before.key.problem) else { continue };
        let events = store.events(&solved, &before.key)?;
        let trace = Trace { problem: problem.clone(), attempt: before.key.attempt, events };
        let (now, replayed) = replay.again(&trace, &before).await?;
        found.total += 1;
        found.replayed += usize::from(replayed);
        same &= now == before;
        if now.reason != before.reason {
            found.changed.push((before.key, before.reason, now.reason.clone()));
        }
        rows.push(now);
    }
    if same {
        return Ok(found);
    }
    let outcomes: Vec<String> = rows.iter().map(|row| json!(row.row).to_string()).collect();
    let rows_digest = digest(&outcomes.iter().map(String::as_str).collect::<Vec<_>>());
    let mut config = old.config.clone();
    config["recheck"] = json!({"of": from, "program": env!("CARGO_PKG_VERSION"), "rows": rows_digest});
    found.run =
        store.begin(&RunSpec { stage: Stage::Translate, inputs: vec![solved], config }, context.now)?;
    for row in &rows {
        store.add_solution(&found.run, row)?;
    }
    store.finish(&found.run, context.now)?;
    Ok(found)
}

/// The translators of a run, with nobody behind them.
struct Replay<'a> {
    context: &'a Context<'a>,
    prompts: Prompts,
    options: TranslateOptions,
    /// Translator, judge, rephraser.
    identities: [String; 3],
}

impl<'a> Replay<'a> {
    fn of(context: &'a Context<'a>, run: &Run) -> Result<Self, PipelineError> {
        let options = serde_json::from_value(run.config["options"].clone()).map_err(|error| {
            PipelineError::Input(format!(
                "the options of {} cannot be read by this version: {error}",
                run.run
            ))
        })?;
        let identity = |role: &str| run.config[role].as_str().unwrap_or("none").to_owned();
        let identities = ["translator", "judge", "rephraser"].map(identity);
        Ok(Self { context, prompts: Prompts::default(), options, identities })
    }

    /// The solution under today's code, and whether everything it needed was in the store.
    async fn again(
        &self,
        trace: &Trace,
        before: &SolutionRow<Solution>,
    ) -> Result<(SolutionRow<Solution>, bool), PipelineError> {
        let missed = Arc::new(AtomicBool::new(false));
        let [translator, judge, rephraser] = self.identities.clone().map(|identity| {
            let absent = Arc::new(Absent { identity, missed: missed.clone() });
            RecordedModel::new(absent, self.context.store.clone(), self.context.stop.clone())
        });
        let with = Translators {
            translator: &translator,
            judge: &judge,
            rephraser: &rephraser,
            prompts: &self.prompts,
            options: &self.options,
        };
        let solution = translate::translate(&with, trace).await.map_err(PipelineError::from_model)?;
        let replayed = !missed.load(Ordering::Relaxed);
        let row = if replayed { solution } else { checked(trace, before.row.clone()) };
        let (outcome, reason) = (row.outcome.as_str().to_owned(), row.reason());
        Ok((SolutionRow { key: before.key.clone(), outcome, reason, row }, replayed))
    }
}

/// The stored text under today's checks. One that never came to be stays failed.
fn checked(trace: &Trace, mut solution: Solution) -> Solution {
    if solution.text.is_empty() {
        return solution;
    }
    solution.findings = check::check(&Case::of(trace, &solution.translations, &solution.text));
    solution.outcome = if solution.findings.is_empty() { Outcome::Accepted } else { Outcome::Rejected };
    solution
}

/// Stands where a model was; notes that it would have been asked.
struct Absent {
    identity: String,
    missed: Arc<AtomicBool>,
}

#[async_trait]
impl Model for Absent {
    fn identity(&self) -> &str {
        &self.identity
    }

    async fn reply(&self, _: &Request) -> Result<Reply, ModelError> {
        self.missed.store(true, Ordering::Relaxed);
        let message = "not asked: a recheck uses stored replies only".into();
        Err(ModelError::Refused { model: self.identity.clone(), message })
    }
}
