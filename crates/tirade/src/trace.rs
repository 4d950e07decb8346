//! A trace: one attempt at a problem, step by step, complete enough that nothing else is needed to show, translate or replay it.

use serde::{Deserialize, Serialize};

use crate::model::{Finish, Message, ToolCall, Usage};
use crate::problem::Problem;
use crate::tool::ToolResult;

/// One attempt at a problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub problem: Problem,
    /// 0 for the first attempt at this problem in a run.
    pub attempt: u32,
    pub events: Vec<Event>,
}

/// One step of an attempt. The enum is closed: who reads traces handles every kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The solver added messages to the conversation.
    Prompt { phase: Phase, messages: Vec<Message> },
    /// The model answered.
    Reply {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
        finish: Finish,
        usage: Usage,
        seconds: f64,
    },
    /// The solver called a tool, whether the model asked natively or in fenced code.
    ToolCall { call: ToolCall },
    ToolResult {
        call_id: String,
        #[serde(flatten)]
        result: ToolResult,
    },
    /// The final answer, as extracted from the last reply.
    Answer { answer: String },
    /// A limit ended the attempt.
    Limit { limit: Limit, message: String },
    /// Something outside the model's doing ended the attempt: the tools broke, or the model was not to be had.
    Error {
        #[serde(default)]
        in_tools: bool,
        message: String,
    },
}

/// Which part of the solver's protocol a prompt belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Single-step solving, and the system prompt of any.
    Solve,
    Plan,
    Act,
    Reflect,
    WrapUp,
}

/// Which limit ended an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    Turns,
    Tokens,
    /// The model wrote the same call again and again.
    Repetition,
    Context,
    /// Too long a wait for model and tools.
    Time,
    Cost,
}

impl Trace {
    /// The final answer, where the attempt reached one.
    pub fn answer(&self) -> Option<&str> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Answer { answer } => Some(answer.as_str()),
            _ => None,
        })
    }

    /// Every tool call with its result, in order; a call that never returned has none.
    pub fn tool_calls(&self) -> Vec<(&ToolCall, Option<&ToolResult>)> {
        let result_of = |id: &str| {
            self.events.iter().find_map(|event| match event {
                Event::ToolResult { call_id, result } if call_id == id => Some(result),
                _ => None,
            })
        };
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::ToolCall { call } => Some((call, result_of(&call.id))),
                _ => None,
            })
            .collect()
    }

    /// Tokens of all replies.
    pub fn usage(&self) -> Usage {
        let mut total = Usage::default();
        for event in &self.events {
            if let Event::Reply { usage, .. } = event {
                total += *usage;
            }
        }
        total
    }

    /// Seconds spent waiting for the model and the tools.
    pub fn seconds(&self) -> f64 {
        self.events
            .iter()
            .map(|event| match event {
                Event::Reply { seconds, .. } => *seconds,
                Event::ToolResult { result, .. } => result.seconds,
                _ => 0.0,
            })
            .sum()
    }
}
