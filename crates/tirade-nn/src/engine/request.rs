//! What is asked of the engine and what comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::grammar::Grammar;
use crate::NnError;
use crate::penalty::Penalties;
use crate::sample::Sampling;

/// An adapter the engine has loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdapterId(pub(super) u64);

/// One reply to generate.
#[derive(Debug, Clone, Default)]
pub struct GenerateRequest {
    pub prompt: Vec<u32>,
    /// The reply ends after this many tokens.
    pub max_tokens: usize,
    /// The reply ends before the first of these texts.
    pub stop: Vec<String>,
    pub sampling: Sampling,
    pub penalties: Penalties,
    /// The form the reply must have; `None` for any.
    pub grammar: Option<Grammar>,
    pub adapter: Option<AdapterId>,
    /// Whether the log-probability of every token is wanted.
    pub logprobs: bool,
    /// How many of the likeliest tokens are wanted beside every token.
    pub top_logprobs: usize,
    /// Whether the reply goes on after the model's end token, to `max_tokens`: for benchmarks.
    pub ignore_end: bool,
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model ended its turn, or a stop text came.
    Stop,
    /// `max_tokens`, or the context is full.
    Length,
    /// The ticket was dropped or cancelled.
    Cancelled,
}

/// A reply.
#[derive(Debug, Clone)]
pub struct GenerateReply {
    /// Without markup, and without the stop text.
    pub text: String,
    /// Every token that was generated, the end token included.
    pub tokens: Vec<u32>,
    pub finish: Finish,
    /// The stop text that ended it, if one did.
    pub stopped_by: Option<String>,
    pub prompt_tokens: usize,
    /// Tokens of the prompt that were still known from earlier.
    pub cached_tokens: usize,
    /// Natural logarithms of the tokens' probabilities at temperature 1, if asked for.
    pub logprobs: Option<Vec<f32>>,
    /// For every token, the likeliest ones in its place with the same logarithms, likeliest first; empty if none were asked for.
    pub top_logprobs: Vec<Vec<(u32, f32)>>,
    /// From submission to the end.
    pub seconds: f64,
}

/// Takes a piece of text.
pub type OnText = Box<dyn FnMut(&str) + Send>;
/// Takes the reply.
pub type OnDone = Box<dyn FnOnce(Result<GenerateReply, NnError>) + Send>;

/// What a request calls back with; both are called on the engine's thread and should be quick.
#[derive(Default)]
pub struct Callbacks {
    /// Pieces of text, in order, as soon as no stop text can begin in them.
    pub text: Option<OnText>,
    /// The reply.
    pub done: Option<OnDone>,
}

/// Ends a request on demand; dropping it changes nothing.
#[derive(Debug, Clone)]
pub struct Cancel(pub(super) Arc<AtomicBool>);

impl Cancel {
    /// Ends the request soon; it replies with what there is and [`Finish::Cancelled`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A reply to wait for. Dropping it cancels the request.
pub struct Ticket {
    pub(super) reply: mpsc::Receiver<Result<GenerateReply, NnError>>,
    pub(super) cancel: Cancel,
}

impl Ticket {
    /// Waits for the reply.
    ///
    /// # Errors
    /// If the request could not be served, or the engine stopped.
    pub fn wait(self) -> Result<GenerateReply, NnError> {
        self.reply.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// The reply if it is there.
    pub fn poll(&self) -> Option<Result<GenerateReply, NnError>> {
        match self.reply.try_recv() {
            Ok(reply) => Some(reply),
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => Some(Err(stopped())),
        }
    }

    /// Ends the request soon; [`Ticket::wait`] then gives what there is.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

pub(super) fn stopped() -> NnError {
    NnError::Request("the engine has stopped".into())
}
