//! The messages of a conversation, as every provider's chat protocol has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Reply;

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
    /// The result of a tool call; `tool_call_id` names the call.
    Tool,
}

impl Role {
    /// The spelling of the chat protocols.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
    /// Only on assistant messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Only on tool messages: which call this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Only on assistant messages: what the model thought aloud. It is sent back to servers that read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Only on assistant messages: signed reasoning that its server wants back untouched (OpenRouter, Anthropic, Gemini); else null.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub reasoning_details: Value,
}

impl Message {
    fn plain(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
            tool_calls: Vec::new(),
            tool_call_id: None,
            reasoning: None,
            reasoning_details: Value::Null,
        }
    }

    /// The reply as the next message of its conversation.
    pub fn from_reply(reply: &Reply) -> Self {
        Self {
            tool_calls: reply.tool_calls.clone(),
            reasoning: reply.reasoning.clone(),
            reasoning_details: super::remote::signed_reasoning(&reply.raw),
            ..Self::assistant(&reply.text)
        }
    }

    pub fn system(content: impl Into<String>) -> Self {
        Self::plain(Role::System, content)
    }

    pub fn user(content: impl Into<String>) -> Self {
        Self::plain(Role::User, content)
    }

    pub fn assistant(content: impl Into<String>) -> Self {
        Self::plain(Role::Assistant, content)
    }

    /// The result of the call `id`.
    pub fn tool(id: impl Into<String>, content: impl Into<String>) -> Self {
        Self { tool_call_id: Some(id.into()), ..Self::plain(Role::Tool, content) }
    }
}

/// A call as the model wrote it. The arguments are its raw text: they may be malformed, which is told to the model as a tool error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// A JSON object if the model kept to the protocol.
    pub arguments: String,
}
