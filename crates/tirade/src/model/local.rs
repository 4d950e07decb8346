//! A model in this process: `tirade-nn` behind the [`Model`] trait.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use tirade_nn::NnError;
use tirade_nn::adapter::Adapter;
use tirade_nn::engine::{self, AdapterId, Engine, EngineOptions, GenerateReply, GenerateRequest, Grammar};
use tirade_nn::template::ChatMessage;

use super::tool_calls;
use super::{Finish, Message, Model, ModelError, Reply, Request, Role, ToolChoice, ToolSpec, Usage};

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

    /// An engine that is open already, for example one that a server uses too.
    pub fn new(engine: Arc<Engine>, adapter: Option<AdapterId>, identity: &str) -> Self {
        Self { engine, adapter, identity: identity.to_owned() }
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
        let prompt = prompt(&self.engine, request).map_err(|error| self.broken(&error))?;
        let tokens = prompt.len() as u64;
        if tokens + 16 > self.engine.context() as u64 {
            return Err(ModelError::ContextOverflow { model: self.identity.clone(), tokens });
        }
        let ticket = self.engine.submit(generate(request, prompt, self.adapter));
        let done = tokio::task::spawn_blocking(move || ticket.wait()).await;
        let generated = done
            .map_err(|error| ModelError::Refused {
                model: self.identity.clone(),
                message: error.to_string(),
            })?
            .map_err(|error| self.broken(&error))?;
        Ok(reply(request, generated))
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

/// The tokens of a conversation, up to the beginning of the reply.
///
/// Templates that know nothing of tools leave them out without a word; then a system message describes them.
///
/// # Errors
/// If the model has no template, or it refuses the conversation.
pub fn prompt(engine: &Engine, request: &Request) -> Result<Vec<u32>, NnError> {
    let mut messages: Vec<ChatMessage> = request.messages.iter().map(chat_message).collect();
    let Some(tools) = tools_json(&request.tools) else { return engine.render(&messages, None, true) };
    let with = engine.render(&messages, Some(&tools), true)?;
    if with != engine.render(&messages, None, true)? {
        return Ok(with);
    }
    describe_tools(&mut messages, &request.tools);
    engine.render(&messages, None, true)
}

fn describe_tools(messages: &mut Vec<ChatMessage>, tools: &[ToolSpec]) {
    let list: Vec<String> = tools.iter().map(|tool| tool_json(tool).to_string()).collect();
    let text = format!(
        "These tools can be called:\n<tools>\n{}\n</tools>\nA call is written so, and its result is shown to you:\n\
         <tool_call>\n{{\"name\": \"NAME\", \"arguments\": {{…}}}}\n</tool_call>",
        list.join("\n")
    );
    match messages.first_mut().filter(|first| first.role == "system") {
        Some(system) => system.content = format!("{}\n\n{text}", system.content),
        None => messages.insert(0, ChatMessage::new("system", &text)),
    }
}

fn generate(request: &Request, prompt: Vec<u32>, adapter: Option<AdapterId>) -> GenerateRequest {
    let sampling = &request.sampling;
    GenerateRequest {
        prompt,
        max_tokens: sampling.max_tokens as usize,
        stop: request.stop.clone(),
        sampling: engine::Sampling {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            seed: sampling.seed,
            ..engine::Sampling::default()
        },
        grammar: call_grammar(&request.tools, &request.tool_choice),
        adapter,
        ..GenerateRequest::default()
    }
}

fn reply(request: &Request, generated: GenerateReply) -> Reply {
    let calls = calls(&request.tools, &request.tool_choice, &generated.text).calls;
    Reply {
        finish: match generated.finish {
            engine::Finish::Length => Finish::Length,
            _ if !calls.is_empty() => Finish::ToolCalls,
            _ => Finish::Stop,
        },
        tool_calls: calls,
        usage: Usage {
            prompt: generated.prompt_tokens as u64,
            cached: generated.cached_tokens as u64,
            completion: generated.tokens.len() as u64,
            reasoning: 0,
        },
        seconds: generated.seconds,
        text: generated.text,
        ..Reply::default()
    }
}

/// The calls in a reply, if calls were possible. A Python fence is one only where there is a tool that runs it.
pub fn calls(tools: &[ToolSpec], choice: &ToolChoice, text: &str) -> tool_calls::Parsed {
    let plain = || tool_calls::Parsed { text: text.to_owned(), calls: Vec::new() };
    if tools.is_empty() || *choice == ToolChoice::None {
        return plain();
    }
    let parsed = tool_calls::parse(text, PYTHON_TOOL);
    let runs_python = tools.iter().any(|tool| tool.name == PYTHON_TOOL);
    let is_program = parsed.calls.iter().any(|call| call.name == PYTHON_TOOL);
    if is_program && !runs_python { plain() } else { parsed }
}

/// The form of a reply that must be a call: of any tool, or of one. `None` where the model decides.
pub fn call_grammar(tools: &[ToolSpec], choice: &ToolChoice) -> Option<Grammar> {
    let wanted = |tool: &&ToolSpec| match choice {
        ToolChoice::Required => true,
        ToolChoice::Named(name) => tool.name == *name,
        ToolChoice::Auto | ToolChoice::None => false,
    };
    let calls: Vec<String> =
        tools.iter().filter(wanted).map(|t| format!("%json {}", call_schema(t))).collect();
    let rules = format!("start: \"<tool_call>\\n\" call \"\\n</tool_call>\"\ncall: {}", calls.join(" | "));
    (!calls.is_empty()).then_some(Grammar::Lark(rules))
}

/// The schema of a call of one tool. References within the arguments' schema are relative to the root, so its definitions move there.
fn call_schema(tool: &ToolSpec) -> Value {
    let mut arguments = tool.parameters.clone();
    let definitions =
        ["$defs", "definitions"].map(|key| Some((key, arguments.as_object_mut()?.remove(key)?)));
    let mut schema = json!({
        "type": "object",
        "properties": { "name": { "const": tool.name }, "arguments": arguments },
        "required": ["name", "arguments"],
        "additionalProperties": false,
        // As models were trained to write calls; free white space would let a small one write blanks for ever.
        "x-guidance": { "whitespace_flexible": false, "item_separator": ", ", "key_separator": ": " },
    });
    for (key, definitions) in definitions.into_iter().flatten() {
        schema[key] = definitions;
    }
    schema
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
    (!tools.is_empty()).then(|| tools.iter().map(tool_json).collect())
}

fn tool_json(tool: &ToolSpec) -> Value {
    let ToolSpec { name, description, parameters } = tool;
    json!({"type": "function", "function": {"name": name, "description": description, "parameters": parameters}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, parameters: Value) -> ToolSpec {
        ToolSpec { name: name.into(), description: format!("the tool {name}"), parameters }
    }

    #[test]
    fn a_call_is_forced_only_where_it_is_asked_for() {
        let tools = [tool("add", json!({"type": "object"})), tool("gcd", json!({"type": "object"}))];
        for (choice, names) in [
            (ToolChoice::Auto, &[][..]),
            (ToolChoice::None, &[]),
            (ToolChoice::Required, &["add", "gcd"]),
            (ToolChoice::Named("gcd".into()), &["gcd"]),
            (ToolChoice::Named("lcm".into()), &[]),
        ] {
            let rules = match call_grammar(&tools, &choice) {
                Some(Grammar::Lark(rules)) => rules,
                Some(other) => panic!("{other:?}"),
                None => String::new(),
            };
            let named: Vec<&str> = ["add", "gcd"]
                .into_iter()
                .filter(|n| rules.contains(&format!("{{\"const\":\"{n}\"}}")))
                .collect();
            assert_eq!(named, names, "{choice:?}: {rules}");
        }
        assert_eq!(call_grammar(&[], &ToolChoice::Required), None);
    }

    #[test]
    fn a_program_is_a_call_only_where_a_tool_runs_it() {
        let text = "So:\n```python\nprint(1)\n```\n";
        for (name, choice, count) in [
            ("execute_code", ToolChoice::Auto, 1),
            ("execute_code", ToolChoice::None, 0),
            ("add", ToolChoice::Auto, 0),
        ] {
            let parsed = calls(&[tool(name, json!({}))], &choice, text);
            assert_eq!((parsed.calls.len(), parsed.text == text), (count, count == 0), "{name} {choice:?}");
        }
    }

    #[test]
    fn definitions_move_to_the_root() {
        let parameters = json!({"type": "object", "properties": {"x": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}});
        let schema = call_schema(&tool("f", parameters));
        assert_eq!(schema["$defs"], json!({"n": {"type": "integer"}}));
        assert_eq!(schema["properties"]["arguments"].get("$defs"), None);
    }

    #[test]
    fn tools_join_the_system_message_there_is() {
        let tools = [tool("add", json!({}))];
        for (given, roles) in
            [(vec!["user"], vec!["system", "user"]), (vec!["system", "user"], vec!["system", "user"])]
        {
            let mut messages: Vec<ChatMessage> =
                given.iter().map(|role| ChatMessage::new(role, "text")).collect();
            describe_tools(&mut messages, &tools);
            assert_eq!(messages.iter().map(|m| m.role.as_str()).collect::<Vec<_>>(), roles);
            assert!(messages[0].content.contains("the tool add"));
        }
    }
}
