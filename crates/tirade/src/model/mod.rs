//! A model continues a conversation: remote, local, scripted or replayed.
//!
//! The trait is small on purpose. Retries and rate limits belong to the remote implementation; remembering replies belongs to
//! [`crate::store`]; what the reply means belongs to the solver.

// The one module that opens connections; `registry::wheels` runs pip where the hub cannot be reached.
#![allow(clippy::disallowed_methods)]

pub mod local;
mod message;
pub mod name;
pub mod price;
pub mod registry;
pub mod remote;
pub mod scripted;
pub mod thinking;
pub mod tool_calls;
mod tools;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use message::{Message, Role, ToolCall};
pub use tools::{ToolSpec, Tools};

/// Continues conversations. Implementations are cheap to share and safe to call concurrently.
#[async_trait]
pub trait Model: Send + Sync {
    /// What determines the replies: provider, name and revision, for example `openai:gpt-4o-mini` or
    /// `local:smollm2-135m-instruct@b179c952+adapter:91ac…`. It is part of the key under which a reply is stored.
    fn identity(&self) -> &str;

    /// Continues the conversation by one assistant message.
    async fn reply(&self, request: &Request) -> Result<Reply, ModelError>;

    /// Whether tool calls are part of the protocol; else tools are offered as fenced code in the text.
    fn supports_tools(&self) -> bool {
        false
    }

    /// The mean natural log-probability per token that this model gives the last of the messages (an assistant's), given those before it.
    ///
    /// # Errors
    /// Only models in this process can tell; the others say so.
    async fn log_probability(&self, _messages: &[Message]) -> Result<f64, ModelError> {
        Err(ModelError::Unusable {
            model: self.identity().to_owned(),
            message: "it does not tell the probability of a given text".into(),
            hint: "name a model in this process: local:NAME or file:PATH".into(),
        })
    }
}

/// Everything that determines a reply, but for the model itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub messages: Vec<Message>,
    /// Tools offered natively; empty for the fenced protocol and for models without tools.
    #[serde(default, skip_serializing_if = "Tools::is_none")]
    pub tools: Tools,
    /// Whether the model may, must or must not call one of `tools`.
    #[serde(default, skip_serializing_if = "ToolChoice::is_auto")]
    pub tool_choice: ToolChoice,
    pub sampling: Sampling,
    /// Texts that end the reply; the text that matched is not part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

/// Whether the next reply calls a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// It must answer in text; the tools stay described, so that earlier calls make sense.
    None,
    /// It must call some tool.
    Required,
    /// It must call this one.
    Named(String),
}

impl ToolChoice {
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// How the next token is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 is greedy.
    pub temperature: f32,
    pub top_p: f32,
    /// Limit on the tokens of one reply.
    pub max_tokens: u32,
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 0.0, top_p: 1.0, max_tokens: 1024, seed: 0 }
    }
}

/// One assistant message and what it took to get it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub text: String,
    /// What a reasoning model thought aloud, where the server sends it apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    pub finish: Finish,
    pub usage: Usage,
    /// Seconds from request to reply, retries included.
    pub seconds: f64,
    /// What it cost, where the model has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<price::Usd>,
    /// The server's own reply, unread parts included; null for models in this process.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub raw: serde_json::Value,
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    #[default]
    Stop,
    Length,
    ToolCalls,
    /// The server's content filter ended it.
    Filtered,
}

/// Tokens of one reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt: u64,
    /// Of `prompt`, how many came from a cache and cost less.
    #[serde(default)]
    pub cached: u64,
    pub completion: u64,
    /// Of `completion`, how many were reasoning.
    #[serde(default)]
    pub reasoning: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.prompt += other.prompt;
        self.cached += other.cached;
        self.completion += other.completion;
        self.reasoning += other.reasoning;
    }
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// The conversation no longer fits: ends the attempt, not the run.
    #[error("{model}: the conversation of {tokens} tokens does not fit into the context")]
    ContextOverflow { model: String, tokens: u64 },
    /// This request cannot be answered (malformed for this server, filtered …): ends the attempt, not the run.
    #[error("{model}: {message}")]
    Refused { model: String, message: String },
    /// Nothing will be answered until a person acts (bad key, quota, no such model): ends the run.
    #[error("{model}: {message}\n  hint: {hint}")]
    Unusable { model: String, message: String, hint: String },
    /// The server stayed unreachable or overloaded after all retries: ends the attempt; running again goes on.
    #[error("{model}: gave up after {tries} tries: {message}")]
    Unavailable { model: String, tries: u32, message: String },
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
}

impl ModelError {
    /// Whether going on with other attempts is pointless.
    pub fn ends_run(&self) -> bool {
        matches!(self, Self::Unusable { .. } | Self::Stopped)
    }
}

/// The text up to the first of `stop`. Some servers keep the text that stopped them, and some do not know `stop` at all.
pub(crate) fn cut_at_stop(mut text: String, stop: &[String]) -> String {
    let found = stop.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop.as_str()));
    if let Some(at) = found.min() {
        text.truncate(at);
    }
    text
}
