//! The training loop: prepare, resume, step, validate, checkpoint, finish.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::base;
use super::checkpoint::{self, Progress, State};
use super::corpus::{ChatExample, Corpus, Notes, Writer, steps};
use super::curve::{self, Point};
use super::engine::{Engine, Sequence};
use super::error::TrainError;
use super::lora::Plan;
use super::memory::{Memory, predict};
use super::model::{Model, Shape};
use super::optim::{AdamW, clip, learning_rate};
use super::options::TrainOptions;
use crate::adapter::{Adapter, replace};
use crate::weights::Weights;

/// Tokens computed together; longer examples are computed alone.
pub(crate) const CHUNK: usize = 512;

/// What happens during a run, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainEvent {
    /// The model is loaded and the first step is about to run.
    Start {
        /// Steps already done, by the run that is continued.
        step: usize,
        /// Steps of the whole run.
        total: usize,
        /// Trained numbers.
        parameters: usize,
        /// Predicted memory.
        memory: Memory,
    },
    /// A step is done.
    Step {
        step: usize,
        total: usize,
        /// Mean over the step's supervised tokens, before the update.
        loss: f64,
        /// Before clipping.
        grad_norm: f64,
        learning_rate: f64,
        /// All tokens of the step, read or learnt.
        tokens: usize,
        tokens_per_second: f64,
        /// Seconds the remaining steps will take at this pace.
        eta_seconds: f64,
    },
    /// The validation examples were evaluated.
    Validation { step: usize, loss: f64, best: f64 },
    /// A checkpoint is on disk.
    Checkpoint { step: usize, path: PathBuf },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainSummary {
    /// Where the adapter is.
    pub adapter: PathBuf,
    /// Steps done and planned.
    pub steps: usize,
    pub total: usize,
    /// The caller asked to stop; calling again continues.
    pub stopped: bool,
    /// Validation stopped improving.
    pub stopped_early: bool,
    /// Mean loss of the last (at most ten) steps.
    pub loss: f64,
    /// Best loss on the validation examples, if there were any.
    pub validation: Option<f64>,
    /// Trained numbers.
    pub parameters: usize,
    /// What happened to the training examples.
    pub notes: Notes,
}

/// Everything known before the weights are loaded.
pub(crate) struct Prepared {
    pub shape: Shape,
    pub plan: Plan,
    pub corpus: Corpus,
    pub validation: Corpus,
    pub steps: Vec<Vec<usize>>,
    pub memory: Memory,
}

impl Prepared {
    /// Stopping early needs something to watch.
    pub fn refuse_early_stop(&self, options: &TrainOptions) -> Result<(), TrainError> {
        if options.early_stop.is_some() && self.validation.sequences.is_empty() {
            return Err(TrainError::option(
                "early_stop",
                "it needs validation examples, and none are usable",
            ));
        }
        Ok(())
    }
}

/// Reads the examples against the model's tokenizer and predicts what the run needs; loads no weights. The writer is what read them.
pub(crate) fn prepare(
    options: &TrainOptions,
    train: &[ChatExample],
    validation: &[ChatExample],
) -> Result<(Prepared, Writer), TrainError> {
    options.validate()?;
    let weights = Weights::open(&options.model)?;
    let config = weights.config();
    if options.max_length > config.context {
        let what = format!(
            "{} is more than the {} tokens the model was made for",
            options.max_length, config.context
        );
        return Err(TrainError::option("max_length", what));
    }
    let writer = Writer::of(&weights, &options.model)?;
    let corpus = Corpus::new(options, &writer, train)?;
    corpus.refuse_empty(train.len(), options.max_length)?;
    let validation = Corpus::new(options, &writer, validation)?;
    corpus.refuse_unknown(config.vocab)?;
    validation.refuse_unknown(config.vocab)?;
    let shape = Shape::new(config);
    let sizes = shape.sizes();
    let plan = Plan::new(
        shape.layers.len(),
        sizes,
        &options.modules()?,
        options.rank,
        options.scale(),
        options.dropout,
    );
    let lengths: Vec<usize> = corpus.sequences.iter().map(|s| s.tokens.len()).collect();
    let steps = steps(options, &lengths);
    let all = || corpus.sequences.iter().chain(&validation.sequences);
    let chunk = all().map(|s| s.tokens.len()).max().unwrap_or(1).max(CHUNK);
    let memory = predict(options, &shape, &plan, chunk, base::held(&weights, options.base_precision)?);
    Ok((Prepared { shape, plan, corpus, validation, steps, memory }, writer))
}

/// Trains a LoRA adapter and writes it to `options.output` in PEFT's format, with loss curve, checkpoints and model card.
///
/// `on_event` sees every step; when it answers `Break`, the run stops behind a checkpoint and can be continued by calling again.
///
/// # Errors
/// Before the first step for options, model, examples or memory that cannot work; later if the loss stops being a number or a
/// file cannot be written. The last checkpoint stays whole in every case.
pub fn train(
    options: &TrainOptions,
    train: &[ChatExample],
    validation: &[ChatExample],
    on_event: &mut dyn FnMut(&TrainEvent) -> ControlFlow<()>,
) -> Result<TrainSummary, TrainError> {
    // The tokenizer may take more memory than the adapter, and is not needed any more.
    let (prepared, _) = prepare(options, train, validation)?;
    prepared.refuse_early_stop(options)?;
    prepared.memory.refuse_above(options.memory_limit)?;
    fs::create_dir_all(&options.output).map_err(|e| TrainError::io(&options.output, e))?;
    let model = base::load(options, &prepared)?;
    let mut run = Run::new(options, &prepared, &model)?;
    let event = TrainEvent::Start {
        step: run.progress.state.step,
        total: prepared.steps.len(),
        parameters: prepared.plan.len,
        memory: prepared.memory,
    };
    let mut stop = on_event(&event).is_break();
    while !stop && !run.finished() {
        stop = run.step(on_event)?.is_break();
    }
    run.finish(stop, on_event)
}

struct Run<'a> {
    options: &'a TrainOptions,
    prepared: &'a Prepared,
    engine: Engine<'a>,
    progress: Progress,
    gradient: Vec<f32>,
    points: Vec<Point>,
    saved_at: Option<usize>,
    started: Instant,
    tokens_done: usize,
    tokens_left: usize,
}

impl<'a> Run<'a> {
    /// Starts afresh, or from the checkpoint in the output directory.
    fn new(options: &'a TrainOptions, prepared: &'a Prepared, model: &'a Model) -> Result<Self, TrainError> {
        let digest = digest(&prepared.corpus.sequences, &prepared.validation.sequences);
        let found = if options.resume { checkpoint::latest(&options.output)? } else { None };
        let progress = match &found {
            Some(path) => checkpoint::load(path, options, &digest, prepared.plan.len)?,
            None => Progress {
                state: State { step: 0, options: options.clone(), examples: digest, best: None, waited: 0 },
                adapter: prepared.plan.initial(options.seed),
                optimiser: AdamW::new(prepared.plan.len),
                best: None,
            },
        };
        let mut engine = Engine::new(model, &prepared.plan, options.threads);
        (engine.checkpointing, engine.dft, engine.chunk_tokens) =
            (options.activation_checkpointing, options.dft, CHUNK);
        let step = progress.state.step;
        let tokens = |step: &Vec<usize>| {
            step.iter().map(|&i| prepared.corpus.sequences[i].tokens.len()).sum::<usize>()
        };
        Ok(Self {
            points: curve::read(&options.output.join("loss.jsonl"), step)?,
            saved_at: found.map(|_| step),
            tokens_left: prepared.steps[step.min(prepared.steps.len())..].iter().map(tokens).sum(),
            gradient: vec![0.0; prepared.plan.len],
            started: Instant::now(),
            tokens_done: 0,
            options,
            prepared,
            engine,
            progress,
        })
    }

    fn finished(&self) -> bool {
        self.progress.state.step >= self.prepared.steps.len() || self.patience_is_over()
    }

    fn patience_is_over(&self) -> bool {
        self.options.early_stop.is_some_and(|patience| self.progress.state.waited >= patience)
    }

    /// One optimiser step with what follows it.
    fn step(
        &mut self,
        on_event: &mut dyn FnMut(&TrainEvent) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, TrainError> {
        let (index, total) = (self.progress.state.step, self.prepared.steps.len());
        let examples: Vec<&Sequence> =
            self.prepared.steps[index].iter().map(|&i| &self.prepared.corpus.sequences[i]).collect();
        let dropout = Some([self.options.seed, index as u64]);
        let outcome = self.engine.run(&self.progress.adapter, &examples, dropout, Some(&mut self.gradient));
        let grad_norm = clip(&mut self.gradient, self.options.max_grad_norm);
        if !outcome.loss.is_finite() || !grad_norm.is_finite() {
            return Err(self.not_finite(&outcome.broken, &examples));
        }
        let rate = learning_rate(self.options, index, total);
        let decay = self.options.weight_decay;
        self.progress.optimiser.update(&mut self.progress.adapter, &self.gradient, rate, decay, index + 1);
        self.progress.state.step = index + 1;
        self.points.push(Point {
            step: index + 1,
            loss: Some(outcome.loss),
            grad_norm: Some(grad_norm),
            learning_rate: Some(rate),
            supervised: Some(outcome.supervised),
            validation: None,
        });
        self.tokens_done += outcome.tokens;
        self.tokens_left = self.tokens_left.saturating_sub(outcome.tokens);
        let tokens_per_second = self.tokens_done as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        let event = TrainEvent::Step {
            step: index + 1,
            total,
            loss: outcome.loss,
            grad_norm,
            learning_rate: rate,
            tokens: outcome.tokens,
            tokens_per_second,
            eta_seconds: self.tokens_left as f64 / tokens_per_second,
        };
        let mut flow = on_event(&event);
        if self.due(self.options.validate_every.unwrap_or(self.steps_per_epoch())) {
            flow = either(flow, self.validate(on_event));
        }
        if self.options.checkpoint_every.is_some_and(|every| self.due(every)) {
            flow = either(flow, self.save(on_event)?);
        }
        Ok(flow)
    }

    fn due(&self, every: usize) -> bool {
        let step = self.progress.state.step;
        step.is_multiple_of(every) || step == self.prepared.steps.len()
    }

    fn steps_per_epoch(&self) -> usize {
        match self.options.max_steps {
            None => self.prepared.steps.len().div_ceil(self.options.epochs.max(1)),
            Some(_) => self.prepared.corpus.sequences.len().div_ceil(self.options.examples_per_step()),
        }
    }

    /// The weights of before this step go to a checkpoint, since they are the last good ones.
    fn not_finite(&mut self, broken: &[String], examples: &[&Sequence]) -> TrainError {
        let ids: Vec<&str> = match broken {
            [] => examples.iter().map(|s| &s.id[..]).collect(),
            broken => broken.iter().map(|id| &id[..]).collect(),
        };
        let (examples, step) = (ids.join(", "), self.progress.state.step);
        let saved = match self.saved_at == Some(step) {
            true => Ok(checkpoint::folder(&self.options.output, step)),
            false => checkpoint::save(&self.options.output, &self.progress),
        };
        saved.map_or_else(
            |error| error,
            |checkpoint| TrainError::NotFinite { step: step + 1, examples, checkpoint },
        )
    }

    fn validate(&mut self, on_event: &mut dyn FnMut(&TrainEvent) -> ControlFlow<()>) -> ControlFlow<()> {
        let examples: Vec<&Sequence> = self.prepared.validation.sequences.iter().collect();
        if examples.is_empty() {
            return ControlFlow::Continue(());
        }
        let loss = self.engine.run(&self.progress.adapter, &examples, None, None).loss;
        let (step, state) = (self.progress.state.step, &mut self.progress.state);
        if state.best.is_none_or(|best| loss < best) {
            (state.best, state.waited) = (Some(loss), 0);
            self.progress.best = self.options.early_stop.map(|_| self.progress.adapter.clone());
        } else {
            state.waited += 1;
        }
        self.points.push(Point::validated(step, loss));
        on_event(&TrainEvent::Validation { step, loss, best: self.progress.state.best.unwrap_or(loss) })
    }

    fn save(
        &mut self,
        on_event: &mut dyn FnMut(&TrainEvent) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, TrainError> {
        let step = self.progress.state.step;
        if self.saved_at == Some(step) {
            return Ok(ControlFlow::Continue(()));
        }
        // The curve first: it may run ahead of the checkpoint and is cut back on resuming, but must not lag behind.
        replace(&self.options.output.join("loss.jsonl"), curve::jsonl(&self.points).as_bytes())?;
        let path = checkpoint::save(&self.options.output, &self.progress)?;
        self.saved_at = Some(step);
        Ok(on_event(&TrainEvent::Checkpoint { step, path }))
    }

    fn finish(
        mut self,
        stopped: bool,
        on_event: &mut dyn FnMut(&TrainEvent) -> ControlFlow<()>,
    ) -> Result<TrainSummary, TrainError> {
        let _ = self.save(on_event)?;
        let best = self.progress.best.as_ref().unwrap_or(&self.progress.adapter);
        let output = &self.options.output;
        let adapter = Adapter::trained(self.options, &self.prepared.plan, best);
        adapter.write(output)?;
        replace(&output.join("loss.svg"), curve::svg(&self.points).as_bytes())?;
        let losses: Vec<f64> = self.points.iter().rev().filter_map(|p| p.loss).take(10).collect();
        let summary = TrainSummary {
            adapter: output.clone(),
            steps: self.progress.state.step,
            total: self.prepared.steps.len(),
            stopped: stopped && !self.finished(),
            stopped_early: self.patience_is_over(),
            loss: losses.iter().sum::<f64>() / losses.len().max(1) as f64,
            validation: self.progress.state.best,
            parameters: self.prepared.plan.len,
            notes: self.prepared.corpus.notes.clone(),
        };
        let card = super::card::model_card(self.options, self.prepared, &summary);
        replace(&output.join("README.md"), card.as_bytes())?;
        write_json(
            &output.join("training.json"),
            &serde_json::json!({ "options": self.options, "summary": summary }),
        )?;
        Ok(summary)
    }
}

fn either(a: ControlFlow<()>, b: ControlFlow<()>) -> ControlFlow<()> {
    if a.is_break() { a } else { b }
}

fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), TrainError> {
    Ok(replace(path, (serde_json::to_string_pretty(value).expect("plain data") + "\n").as_bytes())?)
}

/// FNV-1a over the tokens and weights of all sequences: tells another corpus from this one when resuming.
fn digest(train: &[Sequence], validation: &[Sequence]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut eat = |value: u64| {
        for byte in value.to_le_bytes() {
            hash = (hash ^ byte as u64).wrapping_mul(0x100_0000_01b3);
        }
    };
    for sequences in [train, validation] {
        eat(sequences.len() as u64);
        for s in sequences {
            eat(s.tokens.len() as u64);
            s.tokens.iter().zip(&s.weights).for_each(|(&t, w)| eat((t as u64) << 32 | w.to_bits() as u64));
        }
    }
    format!("{hash:016x}")
}
