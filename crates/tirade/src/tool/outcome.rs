//! How one call went, in full: what the command line prints as a row, and what becomes the [`ToolResult`] that a model sees.

use std::borrow::Cow;

use serde_json::{Value, json};
use tirade_math::fuel;
use tirade_sandbox::{CallResult, Status};

use super::args::Args;
use super::spec::Tool;
use super::{ToolResult, ToolStatus};

/// A call that the native lane answered. Its steps are worked out when somebody wants to read them: most calls are made for their
/// results, and telling how they follow takes longer than finding them.
#[derive(Clone, Debug)]
pub struct NativeCall {
    pub(super) tool: &'static Tool,
    pub(super) args: Args,
}

impl NativeCall {
    /// Makes the call once more, with its steps in words.
    fn derivation(&self) -> Option<String> {
        let native = self.tool.native?;
        fuel::within(fuel::CALL, || native(&self.args)).ok()?.derivation
    }
}

impl PartialEq for NativeCall {
    fn eq(&self, other: &Self) -> bool {
        self.tool.name == other.tool.name && self.args.values() == other.args.values()
    }
}

/// The full outcome of one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub status: ToolStatus,
    /// What a typed tool answers; null for code.
    pub json: Value,
    /// What code printed, with the value of its last expression; cut at the output limit.
    pub stdout: String,
    pub stderr: String,
    /// Why code failed, short enough for a model; empty if it did not.
    pub error: String,
    /// Where the native lane answered: what [`derivation`](Self::derivation) explains.
    pub native: Option<NativeCall>,
    /// Real time in milliseconds; zero from the cache.
    pub wall_ms: f64,
    /// Processor time in milliseconds; zero from the cache and in the native lane.
    pub cpu_ms: f64,
    /// Nothing ran: the result was known.
    pub cached: bool,
    /// Output was dropped.
    pub truncated: bool,
    /// The variables of earlier cells are gone.
    pub state_lost: bool,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            status: ToolStatus::Ok,
            json: Value::Null,
            stdout: String::new(),
            stderr: String::new(),
            error: String::new(),
            native: None,
            wall_ms: 0.0,
            cpu_ms: 0.0,
            cached: false,
            truncated: false,
            state_lost: false,
        }
    }
}

impl Outcome {
    /// A typed tool's answer; one that says `"status": "error"` is an error.
    pub fn json(json: Value) -> Self {
        let failed = json.get("status").is_some_and(|status| status == "error");
        Self { status: if failed { ToolStatus::Error } else { ToolStatus::Ok }, json, ..Self::default() }
    }

    /// The error of a typed tool, as CAMEL words it.
    pub fn typed_error(tool: &str, message: &str) -> Self {
        Self::json(
            json!({ "status": "error", "message": format!("Error in {tool}: {}", shortened(message)) }),
        )
    }

    /// The outcome of a typed call in the sandbox.
    pub fn of_typed(tool: &str, call: CallResult) -> Self {
        let status = status_of(call.status);
        let outcome = match (call.json, status) {
            (Some(json), ToolStatus::Ok) => Self::json(json),
            _ => Self { status, ..Self::typed_error(tool, &reason(status, &call.error)) },
        };
        Self { wall_ms: call.wall_ms, cpu_ms: call.cpu_ms, ..outcome }
    }

    /// The outcome of a cell.
    pub fn of_cell(call: CallResult) -> Self {
        Self {
            status: status_of(call.status),
            stdout: call.stdout,
            stderr: call.stderr,
            error: call.error,
            wall_ms: call.wall_ms,
            cpu_ms: call.cpu_ms,
            truncated: call.truncated,
            state_lost: call.state_lost,
            ..Self::default()
        }
    }

    /// Whether the same call would end like this again.
    pub fn is_repeatable(&self) -> bool {
        matches!(self.status, ToolStatus::Ok | ToolStatus::Error) && !self.truncated && !self.state_lost
    }

    /// Roughly what it takes to keep.
    pub fn bytes(&self) -> usize {
        let texts = self.stdout.len() + self.stderr.len() + self.error.len();
        200 + texts + json_bytes(&self.json)
    }

    /// The steps of a native call, in words.
    pub fn derivation(&self) -> Option<String> {
        self.native.as_ref()?.derivation()
    }

    /// What the model sees, and the derivation.
    pub fn into_result(self) -> ToolResult {
        let derivation = self.derivation();
        let content = if self.json.is_null() { self.printed() } else { self.json.to_string() };
        ToolResult { status: self.status, content, derivation, seconds: self.wall_ms / 1e3 }
    }

    /// Output, then what went wrong, then what to know for the next cell.
    fn printed(&self) -> String {
        let mut parts = vec![self.stdout.trim_end().to_owned()];
        if self.truncated {
            parts.push("(the output was longer and is cut here)".to_owned());
        }
        if self.status == ToolStatus::Ok && self.stdout.trim().is_empty() {
            parts.push("(no output: print the result, or end with an expression)".to_owned());
        }
        parts.extend([self.stderr.trim_end().to_owned(), self.error.trim_end().to_owned()]);
        if self.error.starts_with("NameError") {
            parts.push("  hint: define or import it first, for example: from sympy import *".to_owned());
        }
        if self.state_lost {
            parts.push("(the session starts afresh: define your variables again)".to_owned());
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }
}

/// A message may hold what the model wrote, which may be long.
fn shortened(message: &str) -> Cow<'_, str> {
    let place = |n: usize| message.char_indices().nth(n).map_or(message.len(), |(at, _)| at);
    let length = message.chars().count();
    if length <= 400 {
        return message.into();
    }
    format!("{} … {}", &message[..place(300)], &message[place(length - 90)..]).into()
}

fn json_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 32,
        Value::Array(items) => items.iter().map(json_bytes).sum::<usize>() + 32,
        Value::Object(map) => {
            map.iter().map(|(key, value)| key.len() + json_bytes(value) + 32).sum::<usize>() + 32
        }
        _ => 32,
    }
}

fn status_of(status: Status) -> ToolStatus {
    match status {
        Status::Ok => ToolStatus::Ok,
        Status::Error => ToolStatus::Error,
        Status::Timeout => ToolStatus::Timeout,
        Status::Memory => ToolStatus::Memory,
        Status::Output => ToolStatus::Output,
        Status::Crashed | Status::Killed => ToolStatus::Crashed,
    }
}

/// What ended a typed call, and what the model may do about it.
fn reason(status: ToolStatus, error: &str) -> String {
    let advice = match status {
        ToolStatus::Timeout => "Simplify the input, use smaller numbers, or reason directly.",
        ToolStatus::Memory | ToolStatus::Output => "The numbers grow too large this way; reason directly.",
        _ => "Check the input, or try another tool.",
    };
    format!("{}. {advice}", error.trim_end_matches('.'))
}
