//! What a run would do, before it does it: what is learnt, what is left out, how much memory and time it takes.
//!
//! [`check`] reads the examples exactly as [`super::train`] does, loads no weights and writes nothing.

use std::time::Instant;

use serde::Serialize;

use super::bytes::{self, Frozen, Input, product};
use super::corpus::{ChatExample, Notes, Writer, steps};
use super::engine::Sequence;
use super::error::TrainError;
use super::gemm::View;
use super::memory::Memory;
use super::options::{BasePrecision, TrainOptions};
use super::panels::Panels;
use super::run::{Prepared, prepare};
use super::store::Form;
use crate::quant::DType;

/// Examples shown in full.
const PREVIEWS: usize = 2;
/// Share of the plain product's speed that a whole step reached on the models measured in `benches/train`.
const EFFICIENCY: f64 = 0.8;

/// What [`check`] found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// Examples given, and of these usable.
    pub examples: usize,
    pub usable: usize,
    /// Usable examples that the loss is measured on without learning from them.
    pub validation: usize,
    /// Ids of the examples that are left out or suspicious, by reason.
    pub notes: Notes,
    /// Tokens of the usable examples, and of these learnt, per epoch.
    pub tokens: usize,
    pub supervised: usize,
    /// Tokens of the longest usable example.
    pub longest: usize,
    /// Usable examples whose last learnt token ends the turn.
    pub ended: usize,
    /// Steps of the whole run.
    pub steps: usize,
    /// Trained numbers.
    pub parameters: usize,
    /// Whether other splits of the same examples per step (n × 1, 1 × n) make the same steps.
    pub accumulation_invariant: bool,
    /// Predicted memory.
    pub memory: Memory,
    /// Floating-point operations of the whole run, with what activation checkpointing does twice.
    pub operations: f64,
    /// Predicted seconds of computing, from a product timed just now.
    pub seconds: f64,
    /// The first examples as the model sees them.
    pub previews: Vec<Preview>,
    /// What a person should look at before starting, in sentences.
    pub warnings: Vec<String>,
}

/// One example, decoded from the very tokens that are trained on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    pub id: String,
    pub pieces: Vec<Piece>,
}

/// Consecutive tokens that are all learnt, or all only read. Markup tokens appear by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Piece {
    pub text: String,
    pub learnt: bool,
}

/// One example as it is trained on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenisedExample {
    pub id: String,
    pub tokens: Vec<u32>,
    /// Weight of each token in the loss; 0 is read only.
    pub weights: Vec<f32>,
}

/// The tokens and loss weights of every usable example, in order.
///
/// # Errors
/// As [`super::train`], before the first step.
pub fn tokenise(
    options: &TrainOptions,
    examples: &[ChatExample],
) -> Result<Vec<TokenisedExample>, TrainError> {
    let sequences = prepare(options, examples, &[])?.0.corpus.sequences;
    Ok(sequences
        .into_iter()
        .map(|s| TokenisedExample { id: s.id, tokens: s.tokens, weights: s.weights })
        .collect())
}

/// Examines a run without starting it.
///
/// # Errors
/// As [`super::train`], before the first step: options or a corpus with which nothing would be trained, a model that cannot be
/// read, a template that refuses an example, or more memory than `memory_limit`.
pub fn check(
    options: &TrainOptions,
    train: &[ChatExample],
    validation: &[ChatExample],
) -> Result<CheckReport, TrainError> {
    let (prepared, writer) = prepare(options, train, validation)?;
    prepared.refuse_early_stop(options)?;
    prepared.memory.refuse_above(options.memory_limit)?;
    let Prepared { corpus, .. } = &prepared;
    let sequences = &corpus.sequences;
    let ends =
        |s: &&Sequence| s.weights.iter().rposition(|w| *w > 0.0).is_some_and(|i| writer.ends(s.tokens[i]));
    let work = operations(options, &prepared);
    let mut report = CheckReport {
        examples: train.len(),
        usable: sequences.len(),
        validation: prepared.validation.sequences.len(),
        notes: corpus.notes.clone(),
        tokens: sequences.iter().map(|s| s.tokens.len()).sum(),
        supervised: sequences.iter().map(Sequence::supervised).sum(),
        longest: sequences.iter().map(|s| s.tokens.len()).max().unwrap_or(0),
        ended: sequences.iter().filter(ends).count(),
        steps: prepared.steps.len(),
        parameters: prepared.plan.len,
        accumulation_invariant: accumulation_invariant(options, &prepared),
        memory: prepared.memory,
        operations: work.frozen + work.rest,
        seconds: work.seconds(options.base_precision) / (EFFICIENCY * options.threads as f64),
        previews: sequences.iter().take(PREVIEWS).map(|s| preview(s, &writer)).collect(),
        warnings: Vec::new(),
    };
    report.warnings = warnings(options, &report);
    Ok(report)
}

impl Writer {
    fn ends(&self, token: u32) -> bool {
        self.tokenizer.end_tokens().contains(&token)
    }
}

fn preview(sequence: &Sequence, writer: &Writer) -> Preview {
    // The first token is never predicted, whatever its weight.
    let learnt = |i: usize| i > 0 && sequence.weights[i] > 0.0;
    let indices: Vec<usize> = (0..sequence.tokens.len()).collect();
    let pieces = indices.chunk_by(|&a, &b| learnt(a) == learnt(b)).map(|run| {
        let bytes: Vec<u8> =
            run.iter().flat_map(|&i| writer.tokenizer.bytes(sequence.tokens[i])).copied().collect();
        Piece { text: String::from_utf8_lossy(&bytes).into_owned(), learnt: learnt(run[0]) }
    });
    Preview { id: sequence.id.clone(), pieces: pieces.collect() }
}

fn accumulation_invariant(options: &TrainOptions, prepared: &Prepared) -> bool {
    let lengths: Vec<usize> = prepared.corpus.sequences.iter().map(|s| s.tokens.len()).collect();
    let all = options.examples_per_step();
    [(1, all), (all, 1)].into_iter().all(|(batch_size, gradient_accumulation)| {
        steps(&TrainOptions { batch_size, gradient_accumulation, ..options.clone() }, &lengths)
            == prepared.steps
    })
}

/// Floating-point operations of the whole run: products with frozen weights, and everything else.
#[derive(Clone, Copy, Default)]
struct Operations {
    frozen: f64,
    rest: f64,
}

impl Operations {
    /// On one thread, at the speed of products timed just now.
    fn seconds(self, precision: BasePrecision) -> f64 {
        self.frozen / measured_speed(precision) + self.rest / measured_speed(BasePrecision::F32)
    }
}

fn operations(options: &TrainOptions, prepared: &Prepared) -> Operations {
    let shape = &prepared.shape;
    let linear: usize = shape.sizes().iter().map(|(i, o)| i * o).sum::<usize>() * shape.layers.len();
    let heads = &shape.layers[0].heads;
    let passes = if options.activation_checkpointing { 3.0 } else { 2.0 };
    let mut sum = Operations::default();
    for &i in prepared.steps.iter().flatten() {
        let s = &prepared.corpus.sequences[i];
        let (length, adapter) = (s.tokens.len() as f64, prepared.plan.len as f64);
        let attention = 7.0 * length * (heads.queries * heads.width * shape.layers.len()) as f64;
        let head = 4.0 * s.supervised() as f64 * (shape.vocabulary * shape.hidden) as f64;
        sum.frozen += 2.0 * passes * length * linear as f64 + head;
        sum.rest += length * (6.0 * adapter + attention);
    }
    sum
}

/// Operations per second of one thread, from the best of a few products of a usual size with a weight held so.
fn measured_speed(precision: BasePrecision) -> f64 {
    const SIZE: usize = 512;
    let values = vec![0.5f32; SIZE * SIZE];
    let panels = Panels::weight(&values, SIZE, SIZE).rounded(Form::of(DType::F32, precision));
    let weight = Frozen { floats: &panels, bytes: panels.bytes() };
    let (mut input, mut out, mut memory) =
        (Input::default(), vec![0f32; SIZE * SIZE], bytes::Memory::default());
    let mut time = || {
        let start = Instant::now();
        input.pack(View::new(&values, SIZE, SIZE), weight.bytes);
        product(&input, &weight, None, &mut out, SIZE, false, &mut memory);
        start.elapsed().as_secs_f64()
    };
    let best = (0..8).map(|_| time()).fold(f64::INFINITY, f64::min);
    2.0 * (SIZE * SIZE * SIZE) as f64 / best.max(1e-9)
}

fn warnings(options: &TrainOptions, report: &CheckReport) -> Vec<String> {
    let Notes { dropped, truncated, unsupervised, unended, duplicates, doubled_start, markup } =
        &report.notes;
    let max = options.max_length;
    let some = |ids: &[String], what: String| {
        let first = ids.first()?;
        Some(format!("{} of {} examples {what} (first: {first})", ids.len(), report.examples))
    };
    let copies: Vec<String> = duplicates.iter().map(|(id, _)| id.clone()).collect();
    let mut warnings: Vec<String> = [
        some(dropped, format!("are longer than max_length {max} and left out")),
        some(truncated, format!("are cut at max_length {max}: their end, with the answer, is not learnt")),
        some(unsupervised, "have no assistant turn to learn and are left out".into()),
        some(
            unended,
            "have an assistant turn without an end-of-turn token: the model will not learn to stop".into(),
        ),
        some(&copies, "repeat an earlier one token by token".into()),
        some(doubled_start, "begin with two begin-of-text tokens".into()),
        some(markup, "have markup tokens inside what the assistant wrote".into()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if report.ended == 0 {
        warnings
            .push("no example ends in a learnt end-of-turn token: the model will not learn to stop".into());
    }
    if report.steps < 10 {
        let per_step = options.examples_per_step();
        warnings.push(format!(
            "only {} steps of {per_step} examples: lower batch_size or add epochs",
            report.steps
        ));
    }
    if options.dft && options.learning_rate < 1e-4 {
        warnings.push("dft weighs unlikely tokens down; it usually needs a higher learning rate".into());
    }
    warnings
}
