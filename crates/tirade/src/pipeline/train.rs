//! Training a LoRA adapter on the examples of a corpus run.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tirade_nn::template::ChatMessage;
use tirade_nn::train::{ChatExample, Point, TrainEvent, TrainOptions};

use super::{Context, PipelineError, Progress};
use crate::corpus::{Example, Split};
use crate::store::{RunSpec, Stage, Store};

/// What to train on what.
pub struct TrainJob {
    /// The corpus run.
    pub corpus: String,
    /// The base model, named by content.
    pub base: String,
    /// Some are no part of the run's identity: `model`, `output`, `name`, `threads`, `checkpoint_every`, `resume`, `memory_limit`.
    pub options: TrainOptions,
    /// Only so many training examples.
    pub max_samples: Option<usize>,
}

/// Options that say where and with what, not what is trained.
const PLACES: [&str; 7] =
    ["model", "output", "name", "threads", "checkpoint_every", "resume", "memory_limit"];

impl TrainJob {
    fn spec(&self) -> RunSpec {
        let mut options = json!(self.options);
        for place in PLACES {
            if let Some(options) = options.as_object_mut() {
                options.remove(place);
            }
        }
        RunSpec {
            stage: Stage::Train,
            inputs: vec![self.corpus.clone()],
            config: json!({"base": self.base, "options": options, "max_samples": self.max_samples}),
        }
    }

    /// The run's id, which is known before the training: it names the adapter's folder.
    pub fn run(&self) -> String {
        self.spec().id()
    }
}

/// A finished training run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trained {
    pub run: String,
    pub adapter: PathBuf,
    pub base: String,
    pub steps: usize,
    /// Trained numbers.
    pub parameters: usize,
    /// Mean loss of the last steps, in nats per supervised token.
    pub final_loss: f64,
    /// The loss curve, validations included.
    pub curve: Vec<Point>,
}

/// The examples of a corpus as the trainer takes them.
pub fn examples(store: &Store, corpus: &str, split: Split) -> Result<Vec<ChatExample>, PipelineError> {
    let examples: Vec<Example> = store.examples(corpus, split.as_str())?;
    let convert = |example: Example| ChatExample {
        id: format!("{}#{}", example.problem, example.attempt),
        messages: example
            .messages
            .iter()
            .map(|message| ChatMessage::new(message.role.as_str(), &message.content))
            .collect(),
    };
    Ok(examples.into_iter().map(convert).collect())
}

/// Trains, or continues from the last checkpoint, or finds that it was done. Blocks.
///
/// # Errors
/// When the corpus is empty, the training breaks, or a stop was requested; the last checkpoint is whole by then.
pub fn train(context: &Context<'_>, job: &TrainJob) -> Result<Trained, PipelineError> {
    let store = &context.store;
    let mut examples_of =
        [examples(store, &job.corpus, Split::Train)?, examples(store, &job.corpus, Split::Validation)?];
    if examples_of[0].is_empty() {
        return Err(PipelineError::Input(format!(
            "corpus {} has no training examples\n  hint: no solution was accepted; `tirade report` shows which filter took them",
            job.corpus
        )));
    }
    if let Some(most) = job.max_samples {
        examples_of[0].truncate(most);
    }
    let run = store.begin(&job.spec(), context.now)?;
    let made = store.adapter::<Trained>(&run)?.map(|(_, trained)| trained);
    if let Some(trained) = made.filter(|trained| trained.adapter.join("adapter_config.json").is_file()) {
        let steps = trained.steps;
        (context.watch)(&Progress::Stage { stage: Stage::Train, run: &run, done: steps, total: steps });
        return Ok(trained);
    }
    (context.watch)(&Progress::Stage { stage: Stage::Train, run: &run, done: 0, total: 0 });
    let mut on_event = |event: &TrainEvent| {
        (context.watch)(&Progress::Train { event });
        if context.stop.requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let summary = tirade_nn::train::train(&job.options, &examples_of[0], &examples_of[1], &mut on_event)?;
    if summary.stopped {
        return Err(PipelineError::Stopped);
    }
    let trained = Trained {
        run: run.clone(),
        adapter: summary.adapter.clone(),
        base: job.base.clone(),
        steps: summary.steps,
        parameters: summary.parameters,
        final_loss: summary.loss,
        curve: curve(&summary.adapter),
    };
    store.add_adapter(&run, &trained.adapter.to_string_lossy(), &trained)?;
    store.finish(&run, context.now)?;
    Ok(trained)
}

/// The curve the trainer wrote; lines it cannot have written are passed over.
fn curve(adapter: &Path) -> Vec<Point> {
    let text = std::fs::read_to_string(adapter.join("loss.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
