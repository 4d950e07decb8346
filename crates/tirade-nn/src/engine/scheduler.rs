//! The engine's thread: puts batches together, runs them, and hands out what comes of them.
//!
//! Each step takes one token from every sequence that is replying and fills the rest of the batch with pieces of
//! prompts, oldest first. When the cache is full, the youngest sequence gives its blocks back and begins again later;
//! its reply does not change.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Instant;

use super::blocks::Blocks;
use super::request::{AdapterId, Finish, GenerateRequest};
use super::sequence::{Believed, Sequence, Waiting};
use super::stats::Counters;
use crate::NnError;
use crate::kernel::attention::BLOCK;
use crate::kernel::ops::{argmax, exp_sum};
use crate::kernel::simd::Isa;
use crate::kv::KvCache;
use crate::lora::Lora;
use crate::model::{Model, Segment};
use crate::pool::Pool;
use crate::tokenizer::Tokenizer;

/// Rows whose logits are computed together: 152 000 floats each.
const LOGIT_ROWS: usize = 32;

/// What other threads ask of the engine.
pub enum Command {
    Submit(Box<Sequence>),
    AddAdapter {
        lora: Box<Lora>,
        reply: mpsc::Sender<AdapterId>,
    },
    Score {
        tokens: Vec<u32>,
        adapter: Option<AdapterId>,
        what: Score,
        reply: mpsc::Sender<Result<Vec<f32>, NnError>>,
    },
}

/// What is wanted of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Score {
    /// The log-probability of each token but the first.
    Logprobs,
    /// The logits after the last token.
    Logits,
}

/// All the engine's thread owns.
pub struct Scheduler {
    pub model: Model,
    pub tokenizer: Arc<Tokenizer>,
    pub pool: Pool,
    pub isa: Isa,
    pub kv: KvCache,
    pub blocks: Blocks,
    pub adapters: HashMap<AdapterId, Lora>,
    pub max_batch: usize,
    pub context: usize,
    /// Rows per step, at most, as long as fewer sequences are replying.
    pub step_rows: usize,
    pub counters: Arc<Counters>,
    pub waiting: Waiting,
    /// Oldest first.
    pub running: Vec<Sequence>,
}

/// A sequence's part in a step: how many of its tokens go through.
struct Part {
    index: usize,
    count: usize,
}

impl Scheduler {
    /// Serves commands until all senders are gone and all work is done or cancelled.
    pub fn serve(mut self, commands: &mpsc::Receiver<Command>) {
        loop {
            if self.running.is_empty() && self.waiting.is_empty() {
                match commands.recv() {
                    Ok(command) => self.obey(command),
                    Err(mpsc::RecvError) => return,
                }
            }
            loop {
                match commands.try_recv() {
                    Ok(command) => self.obey(command),
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => return self.stop(),
                }
            }
            self.drop_cancelled();
            self.step();
        }
    }

    fn stop(mut self) {
        for sequence in self.running.drain(..).chain(self.waiting.drain(..)) {
            sequence.finish(Finish::Cancelled);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Submit(sequence) => match self.problem(&sequence) {
                None => self.waiting.push_back(*sequence),
                Some(problem) => sequence.refuse(NnError::Request(problem)),
            },
            Command::AddAdapter { lora, reply } => {
                let id = AdapterId(self.adapters.len() as u64 + 1);
                self.adapters.insert(id, *lora);
                // Whoever asked may have gone; the adapter is there all the same.
                let _ = reply.send(id);
            }
            Command::Score { tokens, adapter, what, reply } => {
                let scores = self.score(&tokens, adapter, what);
                let _ = reply.send(scores);
            }
        }
    }

    fn problem(&self, sequence: &Sequence) -> Option<String> {
        let request = &sequence.request;
        let len = request.prompt.len();
        if let Some(problem) = self.tokens_problem(&request.prompt, request.adapter) {
            return Some(problem);
        }
        if len >= self.context {
            return Some(format!("the prompt has {len} tokens and the context is {}", self.context));
        }
        if request.max_tokens == 0 {
            return Some("max_tokens is 0".into());
        }
        request.sampling.problem().or_else(|| request.penalties.problem(self.model.config().vocab))
    }

    fn tokens_problem(&self, tokens: &[u32], adapter: Option<AdapterId>) -> Option<String> {
        let vocab = self.model.config().vocab;
        if tokens.is_empty() {
            return Some("the prompt is empty".into());
        }
        if let Some(token) = tokens.iter().find(|&&t| t as usize >= vocab) {
            return Some(format!("token {token} is not in the vocabulary of {vocab}"));
        }
        adapter.filter(|id| !self.adapters.contains_key(id)).map(|id| format!("{id:?} is not loaded"))
    }

    fn drop_cancelled(&mut self) {
        let (gone, kept) = std::mem::take(&mut self.running).into_iter().partition(Sequence::is_cancelled);
        self.running = kept;
        let gone: Vec<Sequence> = gone;
        for mut sequence in gone {
            sequence.release(&mut self.blocks);
            sequence.finish(Finish::Cancelled);
        }
        let (gone, kept) = std::mem::take(&mut self.waiting).into_iter().partition(Sequence::is_cancelled);
        self.waiting = kept;
        let gone: Waiting = gone;
        gone.into_iter().for_each(|sequence| sequence.finish(Finish::Cancelled));
    }

    fn step(&mut self) {
        let mut parts = self.continue_running();
        self.admit(&mut parts);
        if parts.is_empty() {
            return;
        }
        let begun = Instant::now();
        let logits_of = self.run(&parts);
        let prompt_rows: usize = parts.iter().map(|p| p.count).sum::<usize>() - logits_of.len();
        self.counters.add(logits_of.len(), prompt_rows, begun.elapsed());
    }

    /// The parts of sequences that are running already: one token of each that is replying, then prompts.
    fn continue_running(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut left = self.step_rows;
        for replying in [true, false] {
            let mut index = 0;
            while index < self.running.len() {
                let sequence = &self.running[index];
                let missing = sequence.tokens.len() - sequence.computed;
                let count = if replying { 1 } else { missing.min(left) };
                if (missing == 1) == replying && count > 0 {
                    if !self.make_room(index, count) {
                        // The youngest went back to the queue, perhaps this one; positions of others are unchanged.
                        parts.retain(|part: &Part| part.index < self.running.len());
                        continue;
                    }
                    parts.push(Part { index, count });
                    left = left.saturating_sub(count);
                }
                index += 1;
            }
        }
        // Only now is it certain that all of them go through, and others may use what they will have computed.
        for part in &parts {
            self.advance(part.index, part.count);
        }
        parts
    }

    /// Reserves cache for `count` more tokens; false if a sequence had to leave for it.
    fn make_room(&mut self, index: usize, count: usize) -> bool {
        let sequence = &mut self.running[index];
        if sequence.reserve(sequence.computed + count, &mut self.blocks, &mut self.kv) {
            return true;
        }
        let mut youngest = self.running.pop().expect("the sequence at `index` is running");
        youngest.release(&mut self.blocks);
        self.waiting.push_front(youngest);
        false
    }

    fn advance(&mut self, index: usize, count: usize) {
        let sequence = &mut self.running[index];
        sequence.advance(sequence.computed + count, &mut self.blocks);
    }

    /// Begins waiting sequences while there are rows and cache left in this step.
    fn admit(&mut self, parts: &mut Vec<Part>) {
        loop {
            let used: usize = parts.iter().map(|p| p.count).sum();
            let left = self.step_rows.saturating_sub(used);
            if left == 0 || self.running.len() >= self.max_batch {
                return;
            }
            let Some(mut sequence) = self.waiting.pop_front() else { return };
            sequence.take_known_blocks(&mut self.blocks);
            let count = (sequence.tokens.len() - sequence.computed).min(left);
            // All of its tokens and one more must fit, or it would be the first to leave again.
            let needed = sequence.tokens.len() + 1 - sequence.computed;
            let room = self.blocks.available() * BLOCK;
            let fits =
                needed <= room && sequence.reserve(sequence.computed + count, &mut self.blocks, &mut self.kv);
            if !fits {
                sequence.release(&mut self.blocks);
                if self.running.is_empty() && parts.is_empty() {
                    let len = sequence.tokens.len();
                    sequence.refuse(NnError::Request(format!(
                        "{len} tokens do not fit the key-value cache; raise its limit"
                    )));
                    continue;
                }
                return self.waiting.push_front(sequence);
            }
            self.running.push(sequence);
            let index = self.running.len() - 1;
            self.advance(index, count);
            parts.push(Part { index, count });
        }
    }

    /// Runs a batch; returns the sequences that got a token.
    fn run(&mut self, parts: &[Part]) -> Vec<usize> {
        // Neighbours with the same adapter are multiplied together.
        let mut order: Vec<&Part> = parts.iter().collect();
        order.sort_by_key(|part| (self.running[part.index].request.adapter.map_or(0, |id| id.0), part.index));
        let segments: Vec<Segment> = order
            .iter()
            .map(|part| {
                let sequence = &self.running[part.index];
                let start = sequence.computed - part.count;
                let complete = sequence.computed == sequence.tokens.len();
                Segment {
                    tokens: &sequence.tokens[start..sequence.computed],
                    start,
                    table: &sequence.table,
                    adapter: sequence.request.adapter.and_then(|id| self.adapters.get(&id)),
                    wanted: part.count - usize::from(complete)..part.count,
                }
            })
            .collect();
        let hidden = self.model.forward(&self.pool, &mut self.kv, &segments);
        let asked: Vec<usize> = order
            .iter()
            .map(|part| part.index)
            .filter(|&index| self.running[index].computed == self.running[index].tokens.len())
            .collect();
        self.choose(&asked, &hidden);
        asked
    }

    /// Chooses the next token of each sequence in `asked` and ends those that are done.
    fn choose(&mut self, asked: &[usize], hidden: &[f32]) {
        let (width, vocab) = (self.model.config().hidden, self.model.config().vocab);
        let mut done = Vec::new();
        for (asked, hidden) in asked.chunks(LOGIT_ROWS).zip(hidden.chunks(LOGIT_ROWS * width)) {
            let mut logits = self.model.logits(&self.pool, hidden);
            for (&index, logits) in asked.iter().zip(logits.chunks_exact_mut(vocab)) {
                match self.extend(index, logits) {
                    Ok(None) => {}
                    Ok(Some(finish)) => done.push((index, Ok(finish))),
                    Err(problem) => done.push((index, Err(problem))),
                }
            }
        }
        done.sort_unstable_by_key(|(index, _)| std::cmp::Reverse(*index));
        for (index, outcome) in done {
            let mut sequence = self.running.remove(index);
            sequence.release(&mut self.blocks);
            match outcome {
                Ok(finish) => sequence.finish(finish),
                Err(problem) => {
                    sequence.refuse(NnError::Request(format!("the reply's grammar: {problem}")));
                }
            }
        }
    }

    /// Adds a token to a reply; says if that ends it. Fails with a sentence if its grammar cannot go on.
    fn extend(&mut self, index: usize, logits: &mut [f32]) -> Result<Option<Finish>, String> {
        let sequence = &mut self.running[index];
        let request = &sequence.request;
        // A probability is the model's own, whatever penalties and the grammar make of it.
        let own = (request.logprobs || request.top_logprobs > 0).then(|| logits.to_vec());
        if !request.penalties.is_none() {
            let (prompt, reply) = sequence.tokens.split_at(request.prompt.len());
            request.penalties.apply(logits, prompt, reply);
        }
        if let Some(constraint) = &mut sequence.constraint {
            constraint.mask(logits)?;
        }
        let token = sequence.request.sampling.choose(self.isa, logits, sequence.generated());
        let believed =
            own.map_or_else(Believed::default, |own| believed(self.isa, &own, token, &sequence.request));
        let complete = sequence.constraint.as_mut().map_or(Ok(false), |c| c.push(token))?;
        let visible = if self.tokenizer.is_special(token) { &[] } else { self.tokenizer.bytes(token) };
        let is_end = self.tokenizer.end_tokens().contains(&token);
        let finish = sequence.push(token, believed, visible, is_end, self.context);
        Ok(finish
            .filter(|finish| !(complete && *finish == Finish::Length))
            .or(complete.then_some(Finish::Stop)))
    }

    fn score(
        &mut self,
        tokens: &[u32],
        adapter: Option<AdapterId>,
        what: Score,
    ) -> Result<Vec<f32>, NnError> {
        if let Some(problem) = self.tokens_problem(tokens, adapter) {
            return Err(NnError::Request(problem));
        }
        let needed = tokens.len().div_ceil(BLOCK);
        // The blocks of sequences at work stay theirs.
        let table: Vec<u32> = (0..needed).map_while(|_| self.blocks.allocate()).collect();
        let result = if table.len() < needed {
            Err(NnError::Request(format!("{} tokens do not fit the key-value cache now", tokens.len())))
        } else {
            table.iter().for_each(|&block| self.kv.clear(block));
            Ok(self.score_in(tokens, adapter, what, &table))
        };
        table.into_iter().for_each(|block| self.blocks.release(block));
        result
    }

    fn score_in(
        &mut self,
        tokens: &[u32],
        adapter: Option<AdapterId>,
        what: Score,
        table: &[u32],
    ) -> Vec<f32> {
        let adapter = adapter.and_then(|id| self.adapters.get(&id));
        let mut scores = Vec::with_capacity(tokens.len());
        for start in (0..tokens.len()).step_by(self.step_rows) {
            let end = tokens.len().min(start + self.step_rows);
            let wanted = match what {
                Score::Logprobs => 0..end.min(tokens.len() - 1) - start,
                Score::Logits => end - start - usize::from(end == tokens.len())..end - start,
            };
            let segment = Segment { tokens: &tokens[start..end], start, table, adapter, wanted };
            let hidden = self.model.forward(&self.pool, &mut self.kv, &[segment]);
            for hidden in hidden.chunks(LOGIT_ROWS * self.model.config().hidden) {
                let logits = self.model.logits(&self.pool, hidden);
                match what {
                    Score::Logits => scores = logits,
                    Score::Logprobs => {
                        for logits in logits.chunks_exact(self.model.config().vocab) {
                            scores.push(logprob(self.isa, logits, tokens[scores.len() + 1]));
                        }
                    }
                }
            }
        }
        scores
    }
}

fn believed(isa: Isa, logits: &[f32], token: u32, request: &GenerateRequest) -> Believed {
    let total = log_sum(isa, logits);
    let top = |count| {
        likeliest(logits, count).into_iter().map(|token| (token, logits[token as usize] - total)).collect()
    };
    Believed {
        logprob: request.logprobs.then(|| logits[token as usize] - total),
        top: (request.top_logprobs > 0).then(|| top(request.top_logprobs)),
    }
}

/// The `count` tokens with the largest logits, largest first.
fn likeliest(logits: &[f32], count: usize) -> Vec<u32> {
    let order = |a: &u32, b: &u32| logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b));
    let mut tokens: Vec<u32> = (0..logits.len() as u32).collect();
    if count < tokens.len() {
        tokens.select_nth_unstable_by(count, order);
        tokens.truncate(count);
    }
    tokens.sort_unstable_by(order);
    tokens
}

fn logprob(isa: Isa, logits: &[f32], token: u32) -> f32 {
    logits[token as usize] - log_sum(isa, logits)
}

/// The logarithm of the sum of all exponentials.
fn log_sum(isa: Isa, logits: &[f32]) -> f32 {
    let largest = logits[argmax(isa, logits)];
    largest + exp_sum(isa, logits, largest, 1.0).ln()
}
