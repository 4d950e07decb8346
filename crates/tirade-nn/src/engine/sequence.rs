//! One request on its way through the engine.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::blocks::{Blocks, Prefix, root};
use super::grammar::Constraint;
use super::request::{Callbacks, Finish, GenerateReply, GenerateRequest};
use super::text::Text;
use crate::NnError;
use crate::kernel::attention::BLOCK;
use crate::kv::KvCache;

/// What the model itself thinks of a chosen token, as far as it was asked for.
#[derive(Default)]
pub struct Believed {
    pub logprob: Option<f32>,
    /// The likeliest tokens in its place.
    pub top: Option<Vec<(u32, f32)>>,
}

/// A request with all that has come of it so far.
pub struct Sequence {
    pub request: GenerateRequest,
    pub callbacks: Callbacks,
    pub constraint: Option<Constraint>,
    cancelled: Arc<AtomicBool>,
    begun: Instant,
    /// The prompt, then the reply.
    pub tokens: Vec<u32>,
    /// Tokens whose keys and values are in the cache.
    pub computed: usize,
    pub table: Vec<u32>,
    /// Blocks of `table` that are remembered, and the prefix they make.
    remembered: usize,
    prefix: Prefix,
    cached: Option<usize>,
    text: Text,
    stopped_by: Option<String>,
    logprobs: Vec<f32>,
    top_logprobs: Vec<Vec<(u32, f32)>>,
}

impl Sequence {
    pub fn new(mut request: GenerateRequest, callbacks: Callbacks, cancelled: Arc<AtomicBool>) -> Self {
        let stop = std::mem::take(&mut request.stop);
        Self {
            tokens: request.prompt.clone(),
            callbacks,
            constraint: None,
            cancelled,
            begun: Instant::now(),
            computed: 0,
            table: Vec::new(),
            remembered: 0,
            prefix: root(request.adapter.map_or(0, |id| id.0)),
            cached: None,
            text: Text::new(stop),
            stopped_by: None,
            logprobs: Vec::new(),
            top_logprobs: Vec::new(),
            request,
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Tokens of the reply so far.
    pub fn generated(&self) -> usize {
        self.tokens.len() - self.request.prompt.len()
    }

    /// Takes over the blocks of an earlier sequence that began with the same tokens. The last token is always left to
    /// compute: its logits are needed.
    pub fn take_known_blocks(&mut self, blocks: &mut Blocks) {
        let prefix_of = self.tokens[..self.tokens.len() - 1].as_chunks::<BLOCK>().0;
        for chunk in &prefix_of[self.remembered.min(prefix_of.len())..] {
            let Some((block, prefix)) = blocks.reuse(self.prefix, chunk) else { break };
            self.table.push(block);
            self.prefix = prefix;
            self.remembered += 1;
        }
        self.computed = self.table.len() * BLOCK;
        self.cached.get_or_insert(self.computed);
    }

    /// Makes room in the cache for all positions below `end`; false if there is none left.
    pub fn reserve(&mut self, end: usize, blocks: &mut Blocks, kv: &mut KvCache) -> bool {
        while self.table.len() * BLOCK < end {
            let Some(block) = blocks.allocate() else { return false };
            kv.clear(block);
            self.table.push(block);
        }
        true
    }

    /// Notes that the cache now holds the first `computed` tokens, and lets others use the full blocks among them.
    pub fn advance(&mut self, computed: usize, blocks: &mut Blocks) {
        self.computed = computed;
        let full = self.tokens[..computed].as_chunks::<BLOCK>().0;
        for (chunk, &block) in full.iter().zip(&self.table).skip(self.remembered) {
            self.prefix = blocks.remember(self.prefix, chunk, block);
        }
        self.remembered = full.len();
    }

    /// Gives all blocks back; what was computed must be looked up or computed again.
    pub fn release(&mut self, blocks: &mut Blocks) {
        self.table.drain(..).for_each(|block| blocks.release(block));
        self.computed = 0;
        self.remembered = 0;
        self.prefix = root(self.request.adapter.map_or(0, |id| id.0));
    }

    /// Adds a token to the reply; says if that ends it.
    pub fn push(
        &mut self,
        token: u32,
        believed: Believed,
        bytes: &[u8],
        is_end: bool,
        context: usize,
    ) -> Option<Finish> {
        self.tokens.push(token);
        self.logprobs.extend(believed.logprob);
        self.top_logprobs.extend(believed.top);
        if is_end && !self.request.ignore_end {
            return Some(Finish::Stop);
        }
        self.stopped_by = self.text.push(bytes);
        if self.stopped_by.is_some() {
            return Some(Finish::Stop);
        }
        if let Some(show) = &mut self.callbacks.text {
            let fresh = self.text.fresh(false);
            if !fresh.is_empty() {
                show(&fresh);
            }
        }
        let full = self.generated() >= self.request.max_tokens || self.tokens.len() >= context;
        full.then_some(Finish::Length)
    }

    /// Reports the reply.
    pub fn finish(mut self, finish: Finish) {
        if let Some(show) = &mut self.callbacks.text {
            let fresh = self.text.fresh(true);
            if !fresh.is_empty() {
                show(&fresh);
            }
        }
        let reply = GenerateReply {
            text: self.text.whole(),
            tokens: self.tokens[self.request.prompt.len()..].to_vec(),
            finish,
            stopped_by: self.stopped_by.take(),
            prompt_tokens: self.request.prompt.len(),
            cached_tokens: self.cached.unwrap_or(0),
            logprobs: self.request.logprobs.then(|| std::mem::take(&mut self.logprobs)),
            top_logprobs: std::mem::take(&mut self.top_logprobs),
            seconds: self.begun.elapsed().as_secs_f64(),
        };
        self.report(Ok(reply));
    }

    /// Reports that the request cannot be served.
    pub fn refuse(mut self, error: NnError) {
        self.report(Err(error));
    }

    fn report(&mut self, result: Result<GenerateReply, NnError>) {
        if let Some(done) = self.callbacks.done.take() {
            done(result);
        }
    }
}

/// Sequences that wait for their turn.
pub type Waiting = VecDeque<Sequence>;
