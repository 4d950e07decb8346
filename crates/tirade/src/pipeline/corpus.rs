//! Building a corpus: reads the rows that a preset needs, asks the student where it may choose, keeps examples and card.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Context, PipelineError, Progress};
use crate::corpus::card::{Card, Dropped, Filter};
use crate::corpus::presets::{self, Preset};
use crate::corpus::{self, Candidate, Corpus, CorpusOptions, unsuited};
use crate::hash::digest;
use crate::model::{Message, Model};
use crate::problem::Problem;
use crate::store::{AttemptKey, Outcome, Run, RunSpec, SolutionRow, Stage, Store};
use crate::trace::Trace;
use crate::translate::Solution;

/// Which solutions become examples.
pub struct CorpusJob {
    /// Translate runs, whose solutions of one problem compete; for the presets `gold` and `own` also solve or eval runs.
    pub from: Vec<String>,
    pub preset: Preset,
    /// Problems that must not be learnt from, by data set.
    pub evaluation: Vec<(String, Vec<Problem>)>,
    pub options: CorpusOptions,
    /// Whose log-probability chooses between candidates.
    pub student: Option<Arc<dyn Model>>,
}

/// Builds the corpus, keeps its examples, and gives the run's id with it.
pub async fn corpus(context: &Context<'_>, job: &CorpusJob) -> Result<(String, Corpus), PipelineError> {
    let store = &context.store;
    let sources = job.from.iter().map(|run| Source::read(store, job, run)).collect::<Result<Vec<_>, _>>()?;
    let by_id = problems_of(&sources)?;
    let mut pool = Pool::default();
    for source in &sources {
        match job.preset {
            Preset::Gold => pool.gold(store, source)?,
            Preset::Own => pool.own(store, source)?,
            preset => pool.translated(store, source, preset, &job.options)?,
        }
    }
    if let Some(student) = &job.student {
        ask(context, student.as_ref(), &by_id, &mut pool.candidates, &job.options).await?;
    }
    let evaluation: Vec<Problem> = job.evaluation.iter().flat_map(|(_, problems)| problems.clone()).collect();
    let problems: Vec<Problem> = by_id.into_values().collect();
    let mut corpus = corpus::build(&problems, pool.candidates, &evaluation, &job.options);
    corpus.card.solutions = pool.solutions;
    for dropped in &pool.dropped {
        *corpus.card.rejected.entry(dropped.detail.clone()).or_default() += 1;
    }
    corpus.dropped.splice(0..0, pool.dropped);
    corpus.card.about = about(store, job, &sources, &corpus)?;
    let run = keep(context, job, &corpus)?;
    Ok((run, corpus))
}

fn keep(context: &Context<'_>, job: &CorpusJob, corpus: &Corpus) -> Result<String, PipelineError> {
    let store = &context.store;
    let spec = RunSpec {
        stage: Stage::Corpus,
        inputs: job.from.clone(),
        config: json!({
            "preset": job.preset,
            "options": job.options,
            "evaluation": evaluation(job),
            "student": job.student.as_ref().map(|student| student.identity()),
        }),
    };
    let run = store.begin(&spec, context.now)?;
    let rows: Vec<_> = corpus
        .examples
        .iter()
        .map(|(split, example)| (example.problem.clone(), split.as_str().to_owned(), example.clone()))
        .collect();
    store.add_examples(&run, &rows)?;
    store.add_fact(&format!("card:{run}"), &corpus.card)?;
    store.finish(&run, context.now)?;
    let total = rows.len();
    (context.watch)(&Progress::Stage { stage: Stage::Corpus, run: &run, done: total, total });
    Ok(run)
}

/// The card of a corpus run, where the run is finished.
pub fn card(store: &Store, run: &str) -> Result<Option<Card>, PipelineError> {
    Ok(store.fact(&format!("card:{run}"))?)
}

/// A run that a corpus is made from, and what it was made from.
struct Source {
    /// The translate run, where one is read.
    translated: Option<Run>,
    solved: Run,
    problems: BTreeMap<String, Problem>,
}

impl Source {
    fn read(store: &Store, job: &CorpusJob, from: &str) -> Result<Self, PipelineError> {
        let run = store.run(from)?;
        let (translated, solved) = if run.stage == Stage::Translate.as_str() {
            let solved = run
                .inputs
                .first()
                .ok_or_else(|| PipelineError::Input(format!("{from} names no solve run")))?;
            let solved = store.run(solved)?;
            (Some(run), solved)
        } else {
            (None, run)
        };
        refuse(job.preset, from, translated.as_ref(), &solved)?;
        let problems =
            store.problems(&solved.run)?.into_iter().map(|problem| (problem.id.clone(), problem)).collect();
        Ok(Self { translated, solved, problems })
    }

    /// The run whose rows its candidates are.
    fn run(&self) -> &str {
        &self.translated.as_ref().unwrap_or(&self.solved).run
    }

    fn trace(&self, store: &Store, key: &AttemptKey) -> Result<Option<Trace>, PipelineError> {
        let Some(problem) = self.problems.get(&key.problem) else { return Ok(None) };
        let events = store.events(&self.solved.run, key)?;
        Ok(Some(Trace { problem: problem.clone(), attempt: key.attempt, events }))
    }

    fn solutions(&self, store: &Store) -> Result<Option<Vec<SolutionRow<Solution>>>, PipelineError> {
        Ok(self.translated.as_ref().map(|run| store.solutions(&run.run)).transpose()?)
    }
}

/// The problems of all sources by id.
///
/// # Errors
/// Two problems with one id: nobody could tell whose solution is whose.
fn problems_of(sources: &[Source]) -> Result<BTreeMap<String, Problem>, PipelineError> {
    let mut known: BTreeMap<&str, (&Problem, &str)> = BTreeMap::new();
    for source in sources {
        for (id, problem) in &source.problems {
            let (first, run) = *known.entry(id).or_insert((problem, source.run()));
            if first.problem != problem.problem {
                return Err(PipelineError::Input(format!(
                    "{id} is one problem in {run} and another in {}: read one of the two sets under another --name",
                    source.run()
                )));
            }
        }
    }
    Ok(known.into_iter().map(|(id, (problem, _))| (id.to_owned(), problem.clone())).collect())
}

/// Presets and the runs they cannot be made from.
fn refuse(preset: Preset, from: &str, translated: Option<&Run>, solved: &Run) -> Result<(), PipelineError> {
    let name = preset.as_str();
    let solving = [Stage::Solve, Stage::Eval].iter().any(|stage| stage.as_str() == solved.stage);
    let wrong =
        |what: &str| Err(PipelineError::Input(format!("the preset {name} {what}; {from} is not one")));
    match translated {
        None if preset.reads_translations() => wrong("needs a translate run"),
        None if !solving => wrong("needs a translate, solve or eval run"),
        Some(run) if preset == Preset::Rules && run.config["options"]["way"] != "rules" => {
            wrong("needs a run of `tirade translate --way rules`")
        }
        _ => Ok(()),
    }
}

/// Candidates, and what was turned down before.
#[derive(Default)]
struct Pool {
    solutions: usize,
    candidates: Vec<Candidate>,
    dropped: Vec<Dropped>,
}

impl Pool {
    fn add(&mut self, run: &str, key: &AttemptKey, candidate: Result<Candidate, String>) {
        self.solutions += 1;
        let run = run.to_owned();
        match candidate {
            Ok(candidate) => self.candidates.push(Candidate { run, ..candidate }),
            Err(detail) => {
                self.dropped.push(Dropped { key: key.clone(), run, filter: Filter::NotAccepted, detail })
            }
        }
    }

    fn translated(
        &mut self,
        store: &Store,
        source: &Source,
        preset: Preset,
        options: &CorpusOptions,
    ) -> Result<(), PipelineError> {
        for solution in source.solutions(store)?.unwrap_or_default() {
            let Some(trace) = source.trace(store, &solution.key)? else { continue };
            let candidate = presets::translated(preset, &trace, &solution);
            let unsuited = unsuited::unsuited(&trace, &options.bounds);
            self.add(
                source.run(),
                &solution.key,
                candidate.map(|candidate| Candidate { unsuited, ..candidate }),
            );
        }
        Ok(())
    }

    /// The problems with an accepted translation, where a translate run says which; else all.
    fn gold(&mut self, store: &Store, source: &Source) -> Result<(), PipelineError> {
        let accepted: Option<BTreeSet<String>> = source.solutions(store)?.map(|solutions| {
            let accepted = solutions.into_iter().filter(|solution| solution.reason.is_empty());
            accepted.map(|solution| solution.key.problem).collect()
        });
        for (id, problem) in &source.problems {
            if accepted.as_ref().is_none_or(|accepted| accepted.contains(id)) {
                self.add(
                    source.run(),
                    &AttemptKey { problem: id.clone(), attempt: 0 },
                    presets::gold(problem),
                );
            }
        }
        Ok(())
    }

    fn own(&mut self, store: &Store, source: &Source) -> Result<(), PipelineError> {
        for row in store.attempts(&source.solved.run)? {
            if row.outcome != Outcome::Correct {
                self.add(source.run(), &row.key, Err(row.outcome.as_str().to_owned()));
            } else if let Some(trace) = source.trace(store, &row.key)? {
                self.add(source.run(), &row.key, presets::own(&trace));
            }
        }
        Ok(())
    }
}

/// Asks the student about the candidates of problems that have more of them than will be kept: nothing hangs on the others. What it said is kept.
async fn ask(
    context: &Context<'_>,
    student: &dyn Model,
    problems: &BTreeMap<String, Problem>,
    candidates: &mut [Candidate],
    options: &CorpusOptions,
) -> Result<(), PipelineError> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for candidate in candidates.iter() {
        *counts.entry(candidate.key.problem.clone()).or_default() += 1;
    }
    for candidate in candidates.iter_mut().filter(|one| counts[&one.key.problem] > options.per_problem) {
        if context.stop.requested() {
            return Err(PipelineError::Stopped);
        }
        let Some(problem) = problems.get(&candidate.key.problem) else { continue };
        let messages = [
            Message::system(&options.system),
            Message::user(&problem.problem),
            Message::assistant(&candidate.text),
        ];
        let key = format!("log-probability:{}", digest(&[student.identity(), &json!(messages).to_string()]));
        let known: Option<f64> = context.store.fact(&key)?;
        let value = match known {
            Some(value) => value,
            None => student.log_probability(&messages).await?,
        };
        context.store.add_fact(&key, &value)?;
        candidate.log_probability = Some(value);
    }
    Ok(())
}

fn evaluation(job: &CorpusJob) -> Value {
    let one = |(name, problems): &(String, Vec<Problem>)| {
        let statements: Vec<&str> = problems.iter().map(|problem| problem.problem.as_str()).collect();
        json!({"name": name, "count": problems.len(), "digest": digest(&statements)})
    };
    job.evaluation.iter().map(one).collect()
}

/// Everything that a reader of the corpus must know to make it again, and what it cost.
fn about(
    store: &Store,
    job: &CorpusJob,
    sources: &[Source],
    corpus: &Corpus,
) -> Result<Value, PipelineError> {
    let mut runs: Vec<&Run> = sources.iter().map(|source| &source.solved).collect();
    runs.extend(sources.iter().filter_map(|source| source.translated.as_ref()));
    let mut seen = BTreeSet::new();
    runs.retain(|run| seen.insert(&run.run));
    let runs = runs.into_iter().map(|run| of_run(store, run)).collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<String> = corpus.examples.iter().map(|(_, example)| json!(example).to_string()).collect();
    Ok(json!({
        "preset": job.preset,
        "program": env!("CARGO_PKG_VERSION"),
        "runs": runs,
        "evaluation": evaluation(job),
        "options": job.options,
        "student": job.student.as_ref().map(|student| student.identity()),
        "examples_digest": digest(&lines.iter().map(String::as_str).collect::<Vec<_>>()),
    }))
}

/// A run with its models, prompts and hashes, and the calls on its account.
fn of_run(store: &Store, run: &Run) -> Result<Value, PipelineError> {
    let account = store.account(&run.run)?;
    Ok(json!({
        "run": run.run,
        "stage": run.stage,
        "program": run.program,
        "config": run.config,
        "calls": account.calls,
        "prompt_tokens": account.usage.prompt,
        "completion_tokens": account.usage.completion,
        "dollars": account.cost.dollars(),
        "calls_without_price": account.unpriced,
    }))
}
