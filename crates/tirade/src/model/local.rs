//! A model in this process: `tirade-nn` behind the [`Model`] trait.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use tirade_nn::NnError;
use tirade_nn::adapter::Adapter;
use tirade_nn::engine::{self, AdapterId, Engine, EngineOptions, GenerateRequest};
use tirade_nn::template::ChatMessage;

use super::tool_calls;
use super::{Finish, Message, Model, ModelError, Reply, Request, Role, ToolSpec, Usage};

/// What a ```` ```python ```` block calls when tools were offered.
const PYTHON_TOOL: &str = "execute_code";

/// An engine, with at most one of its adapters. Several of these may share an engine.
pub struct LocalModel {
    engine: Arc<Engine>,
    adapter: Option<AdapterId>,
    identity: String,
}

impl LocalModel {
    /// Loads the weights. `identity` names them by content, for example `local:smollm2-135m-instruct@b179c952`.
    pub fn open(path: &Path, options: EngineOptions, identity: &str) -> Result<Self, NnError> {
        let options =
            EngineOptions { memory_bytes: options.memory_bytes.or_else(engine::available_memory), ..options };
        Ok(Self {
            engine: Arc::new(Engine::open(path, options)?),
            adapter: None,
            identity: identity.to_owned(),
        })
    }

    /// The same weights with an adapter; `identity` names the adapter by content.
    pub fn with_adapter(&self, folder: &Path, identity: &str) -> Result<Self, NnError> {
        let adapter = Adapter::read(folder)?;
        let pairs =
            adapter.pairs.iter().map(|pair| (pair.name.as_str(), pair.a.as_slice(), pair.b.as_slice()));
        let added = self.engine.add_adapter(adapter.config.r, adapter.config.scale(), pairs);
        let added = added.map_err(|what| NnError::Adapter { path: folder.to_owned(), what })?;
        let identity = format!("{}+adapter:{identity}", self.identity);
        Ok(Self { engine: self.engine.clone(), adapter: Some(added), identity })
    }

    fn broken(&self, error: &NnError) -> ModelError {
        ModelError::Refused { model: self.identity.clone(), message: error.to_string() }
    }
}

#[async_trait]
impl Model for LocalModel {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn supports_tools(&self) -> bool {
        false
    }

    async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
        let messages: Vec<ChatMessage> = request.messages.iter().map(chat_message).collect();
        let tools = tools_json(&request.tools);
        let prompt =
            self.engine.render(&messages, tools.as_ref(), true).map_err(|error| self.broken(&error))?;
        let tokens = prompt.len() as u64;
        if tokens + 16 > self.engine.context() as u64 {
            return Err(ModelError::ContextOverflow { model: self.identity.clone(), tokens });
        }
        let sampling = &request.sampling;
        let ticket = self.engine.submit(GenerateRequest {
            prompt,
            max_tokens: sampling.max_tokens as usize,
            stop: request.stop.clone(),
            sampling: engine::Sampling {
                temperature: sampling.temperature,
                top_p: sampling.top_p,
                seed: sampling.seed,
                ..engine::Sampling::default()
            },
            adapter: self.adapter,
            ..GenerateRequest::default()
        });
        let done = tokio::task::spawn_blocking(move || ticket.wait()).await;
        let generated = done
            .map_err(|error| ModelError::Refused {
                model: self.identity.clone(),
                message: error.to_string(),
            })?
            .map_err(|error| self.broken(&error))?;
        let parsed = (!request.tools.is_empty()).then(|| tool_calls::parse(&generated.text, PYTHON_TOOL));
        let calls = parsed.map(|parsed| parsed.calls).unwrap_or_default();
        Ok(Reply {
            finish: match generated.finish {
                engine::Finish::Length => Finish::Length,
                _ if !calls.is_empty() => Finish::ToolCalls,
                _ => Finish::Stop,
            },
            text: generated.text,
            tool_calls: calls,
            usage: Usage {
                prompt: tokens,
                cached: generated.cached_tokens as u64,
                completion: generated.tokens.len() as u64,
                reasoning: 0,
            },
            seconds: generated.seconds,
            ..Reply::default()
        })
    }

    async fn log_probability(&self, messages: &[Message]) -> Result<f64, ModelError> {
        let Some((_, before)) = messages.split_last() else { return Ok(0.0) };
        let render = |messages: &[Message], open_turn| {
            let messages: Vec<ChatMessage> = messages.iter().map(chat_message).collect();
            self.engine.render(&messages, None, open_turn).map_err(|error| self.broken(&error))
        };
        let (prompt, whole) = (render(before, true)?, render(messages, false)?);
        if whole.len() > self.engine.context() {
            return Err(ModelError::ContextOverflow {
                model: self.identity.clone(),
                tokens: whole.len() as u64,
            });
        }
        let (engine, adapter) = (self.engine.clone(), self.adapter);
        let shared = prompt.iter().zip(&whole).take_while(|(a, b)| a == b).count();
        let done = tokio::task::spawn_blocking(move || engine.score(&whole, adapter)).await;
        let refused = |message: String| ModelError::Refused { model: self.identity.clone(), message };
        let scores =
            done.map_err(|error| refused(error.to_string()))?.map_err(|error| self.broken(&error))?;
        // The first token has no score, so the score of token i is at i - 1.
        let reply = scores.get(shared.saturating_sub(1)..).filter(|reply| !reply.is_empty());
        let reply = reply.ok_or_else(|| refused("the last message has no tokens".into()))?;
        Ok(reply.iter().map(|score| f64::from(*score)).sum::<f64>() / reply.len() as f64)
    }
}

fn chat_message(message: &Message) -> ChatMessage {
    let mut content = message.content.clone();
    // Templates differ in whether they know tool calls; all know text.
    for call in &message.tool_calls {
        content.push_str(&format!(
            "\n<tool_call>\n{{\"name\": {}, \"arguments\": {}}}\n</tool_call>",
            json!(call.name),
            call.arguments
        ));
    }
    match message.role {
        Role::Tool => ChatMessage::new("user", &format!("<tool_response>\n{content}\n</tool_response>")),
        role => ChatMessage::new(role.as_str(), &content),
    }
}

/// The tools in the form the chat templates expect.
fn tools_json(tools: &[ToolSpec]) -> Option<Value> {
    let function = |tool: &ToolSpec| json!({"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}});
    (!tools.is_empty()).then(|| tools.iter().map(function).collect())
}
