//! Building the corpus of a translate run.

use serde_json::json;

use super::{Context, PipelineError, Progress};
use crate::corpus::{self, Corpus, CorpusOptions};
use crate::hash::digest;
use crate::problem::Problem;
use crate::store::{RunSpec, Stage};

/// Which solutions become examples.
pub struct CorpusJob {
    /// The translate run.
    pub translated: String,
    /// Problems that must not be learnt from.
    pub evaluation: Vec<Problem>,
    pub options: CorpusOptions,
}

/// Builds the corpus, keeps its examples, and gives the run's id with it.
pub fn corpus(context: &Context<'_>, job: &CorpusJob) -> Result<(String, Corpus), PipelineError> {
    let store = &context.store;
    let held_out: Vec<&str> = job.evaluation.iter().map(|problem| problem.problem.as_str()).collect();
    let spec = RunSpec {
        stage: Stage::Corpus,
        inputs: vec![job.translated.clone()],
        config: json!({"options": job.options, "evaluation": {"count": held_out.len(), "digest": digest(&held_out)}}),
    };
    let translated = store.run(&job.translated)?;
    let solved = translated
        .inputs
        .first()
        .ok_or_else(|| PipelineError::Input(format!("{} names no solve run", job.translated)))?;
    let corpus = corpus::build(
        &store.problems(solved)?,
        &store.solutions(&job.translated)?,
        &job.evaluation,
        &job.options,
    );
    let run = store.begin(&spec, context.now)?;
    let rows: Vec<_> = corpus
        .examples
        .iter()
        .map(|(split, example)| (example.problem.clone(), split.as_str().to_owned(), example.clone()))
        .collect();
    store.add_examples(&run, &rows)?;
    store.finish(&run, context.now)?;
    (context.watch)(&Progress::Stage {
        stage: Stage::Corpus,
        run: &run,
        done: rows.len(),
        total: rows.len(),
    });
    Ok((run, corpus))
}
