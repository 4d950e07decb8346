//! Replies written down in a file: `script:FILE`. A real model in every respect but wit, for tests, demonstrations and the
//! [mock server](crate::mock_server).
//!
//! The file has one JSON object per line; empty lines and lines that start with `//` are skipped. The first row whose `when` fits
//! the request answers it. A reply depends on the request alone, so every run gives the same, whatever runs at the same time.
//! ```text
//! {"when": {"last": "What is {{a}} + {{b}}?"}, "reply": "```python\nprint({{a}} + {{b}})\n```"}
//! {"when": {"last": "{{sum}}", "turn": 1}, "reply": "So the answer is \\boxed{{{sum}}}.", "usage": {"prompt": 50, "completion": 9}}
//! {"when": {"contains": "triangle"}, "reply": "", "tool_calls": [{"name": "area", "arguments": {"a": 3, "b": 4, "c": 5}}]}
//! {"when": {"seed": 7}, "error": {"status": 429, "message": "slow down", "retry_after": 2}}
//! {"reply": "I do not know.", "finish": "length"}
//! ```
//! `when` may ask for `contains` (a pattern in any message), `last` (in the last message), `turn` (how many replies the conversation
//! has already) and `seed` (of the sampling); all that are given must fit. In a pattern `{{name}}` stands for any text, as short as
//! possible, and the same `{{name}}` in the reply and in arguments is replaced by it. A pattern may be found anywhere in a message.

mod pattern;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::remote::failure;
use super::{Finish, Model, ModelError, Reply, Request, Role, ToolCall, Usage, cut_at_stop};
use crate::hash::digest;
use pattern::Captures;

/// Rows that answer requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    rows: Vec<Row>,
}

/// One line of a script.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Row {
    pub when: When,
    pub reply: String,
    pub reasoning: Option<String>,
    pub tool_calls: Vec<ScriptedCall>,
    /// As the row says; else `tool_calls` where there are some, else `stop`.
    pub finish: Option<Finish>,
    /// Estimated from the texts where the row does not say.
    pub usage: Option<Usage>,
    /// Instead of a reply: what a server would say.
    pub error: Option<ScriptedError>,
    /// Only for the mock server: what goes wrong the first times this request is asked, one per time, before the row answers.
    pub faults: Vec<Fault>,
}

/// What a request must be like for a row to answer it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    pub contains: Option<String>,
    pub last: Option<String>,
    pub turn: Option<usize>,
    pub seed: Option<u64>,
}

/// A tool call of a row; arguments are an object, or text where they shall be malformed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    pub name: String,
    #[serde(default)]
    pub arguments: Value,
}

/// A server's error as a row has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedError {
    pub status: u16,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub code: String,
    /// Seconds, sent as the header `retry-after`.
    #[serde(default)]
    pub retry_after: Option<f64>,
}

/// What can go wrong between a server and its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429 with `retry-after`.
    RateLimit,
    /// 429 that does not say when to come back.
    BareRateLimit,
    /// 500 before anything was computed.
    ServerError,
    /// 502 after the reply was computed (and would be charged): a proxy lost it.
    Lost,
    /// 503 while the model is loading.
    Loading,
    /// The reply never comes.
    Stall,
    /// A reply whose JSON ends in the middle.
    Truncated,
    /// The connection closes instead of a reply.
    Dropped,
    /// The connection closes in the middle of the reply.
    Cut,
}

impl ScriptedError {
    /// The body in which servers wrap it.
    pub fn body(&self) -> Value {
        serde_json::json!({"error": {"message": self.message, "code": self.code, "type": self.code}})
    }
}

/// A script that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    #[error("script {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error(
        "script line {line}: {message}\n  hint: a row looks like {{\"when\": {{\"last\": \"2 + 2\"}}, \"reply\": \"4\"}}"
    )]
    Row { line: usize, message: String },
}

impl Script {
    /// Reads the rows of a file's text.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let is_row = |line: &str| !line.is_empty() && !line.starts_with("//");
        let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| is_row(line));
        let row = |(i, line)| {
            serde_json::from_str(line).map_err(|error: serde_json::Error| ScriptError::Row {
                line: i + 1,
                message: error.to_string(),
            })
        };
        Ok(Self { rows: lines.map(row).collect::<Result<_, _>>()? })
    }

    /// Whether some row calls a tool natively.
    pub fn calls_tools(&self) -> bool {
        self.rows.iter().any(|row| !row.tool_calls.is_empty())
    }

    /// The first row that fits and what its patterns caught.
    pub fn find(&self, request: &Request) -> Option<(&Row, Captures)> {
        self.rows.iter().find_map(|row| Some((row, row.when.fits(request)?)))
    }
}

impl When {
    /// What the patterns caught, if everything fits.
    fn fits(&self, request: &Request) -> Option<Captures> {
        let turns = request.messages.iter().filter(|message| message.role == Role::Assistant).count();
        if self.turn.is_some_and(|turn| turn != turns)
            || self.seed.is_some_and(|seed| seed != request.sampling.seed)
        {
            return None;
        }
        let mut captures = Captures::default();
        if let Some(wanted) = &self.last {
            captures.extend(pattern::find(wanted, &request.messages.last()?.content)?);
        }
        if let Some(wanted) = &self.contains {
            captures
                .extend(request.messages.iter().find_map(|message| pattern::find(wanted, &message.content))?);
        }
        Some(captures)
    }
}

impl Row {
    /// The reply with everything caught put into its places.
    pub fn answer(&self, request: &Request, captures: &Captures) -> Reply {
        let text = cut_at_stop(pattern::fill(&self.reply, captures), &request.stop);
        let tool_calls: Vec<ToolCall> =
            self.tool_calls.iter().enumerate().map(|(i, call)| call.fill(i, request, captures)).collect();
        let said = if tool_calls.is_empty() { Finish::Stop } else { Finish::ToolCalls };
        Reply {
            usage: self.usage.unwrap_or_else(|| estimate(request, &text, &tool_calls)),
            finish: self.finish.unwrap_or(said),
            reasoning: self.reasoning.clone(),
            text,
            tool_calls,
            ..Reply::default()
        }
    }
}

impl ScriptedCall {
    /// The id tells the message and the place in it, so that no two calls of a conversation share one.
    fn fill(&self, index: usize, request: &Request, captures: &Captures) -> ToolCall {
        let arguments = match &self.arguments {
            Value::String(text) => pattern::fill(text, captures),
            Value::Null => "{}".to_owned(),
            value => pattern::fill(&value.to_string(), captures),
        };
        let id = format!("call_{}_{index}", request.messages.len());
        ToolCall { id, name: self.name.clone(), arguments }
    }
}

/// Four bytes a token.
fn estimate(request: &Request, text: &str, calls: &[ToolCall]) -> Usage {
    let bytes =
        |calls: &[ToolCall]| calls.iter().map(|call| call.name.len() + call.arguments.len()).sum::<usize>();
    let prompt: usize =
        request.messages.iter().map(|message| message.content.len() + bytes(&message.tool_calls)).sum();
    Usage {
        prompt: prompt.div_ceil(4) as u64,
        completion: (text.len() + bytes(calls)).div_ceil(4) as u64,
        ..Usage::default()
    }
}

/// A model that answers from a script.
pub struct ScriptedModel {
    script: Script,
    identity: String,
}

impl ScriptedModel {
    /// Reads the file. The identity has the file's name and the hash of its content: an edited script is another model.
    pub fn open(path: &Path) -> Result<Self, ScriptError> {
        let read = std::fs::read_to_string(path);
        let text = read.map_err(|source| ScriptError::Read { path: path.to_owned(), source })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::new(&name, &text)
    }

    /// From a script's text.
    pub fn new(name: &str, text: &str) -> Result<Self, ScriptError> {
        let identity = format!("script:{name}@{}", &digest(&[text])[..8]);
        Ok(Self { script: Script::parse(text)?, identity })
    }

    fn no_row(&self, request: &Request) -> ModelError {
        let last: String = request
            .messages
            .last()
            .map(|message| message.content.chars().take(200).collect())
            .unwrap_or_default();
        ModelError::Refused {
            model: self.identity.clone(),
            message: format!(
                "no row fits the conversation that ends in {last:?}; add one, or a last row without `when`"
            ),
        }
    }
}

#[async_trait]
impl Model for ScriptedModel {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn supports_tools(&self) -> bool {
        self.script.calls_tools()
    }

    async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
        let (row, captures) = self.script.find(request).ok_or_else(|| self.no_row(request))?;
        match &row.error {
            None => Ok(row.answer(request, &captures)),
            Some(error) => {
                Err(failure::classify(error.status, &error.body().to_string()).into_error(&self.identity, 1))
            }
        }
    }
}

#[cfg(test)]
mod tests;
