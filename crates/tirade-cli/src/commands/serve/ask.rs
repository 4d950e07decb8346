//! From the body of a request to what the engine is asked.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tirade::model::local::{call_grammar, prompt};
use tirade::model::{Message, Request, Role, ToolCall, ToolChoice, ToolSpec, Tools};
use tirade_nn::engine::{AdapterId, Engine, GenerateRequest, Grammar, Penalties, Sampling};

use super::server::Problem;

/// The body of `POST /v1/chat/completions`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Body {
    pub model: String,
    messages: Vec<WireMessage>,
    tools: Vec<WireTool>,
    tool_choice: Value,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<i64>,
    min_p: Option<f32>,
    seed: Option<i64>,
    stop: Option<Stop>,
    n: Option<u64>,
    pub stream: bool,
    stream_options: StreamOptions,
    logprobs: Option<bool>,
    response_format: ResponseFormat,
    top_logprobs: Option<usize>,
    frequency_penalty: Option<f32>,
    presence_penalty: Option<f32>,
    repetition_penalty: Option<f32>,
    logit_bias: BTreeMap<String, f32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stop {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct WireMessage {
    role: String,
    #[serde(default)]
    content: Content,
    #[serde(default)]
    tool_calls: Option<Vec<WireCall>>,
    #[serde(default)]
    tool_call_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Content {
    #[default]
    None,
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct WireCall {
    #[serde(default)]
    id: String,
    function: WireFunctionCall,
}

#[derive(Deserialize)]
struct WireFunctionCall {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Deserialize)]
struct WireTool {
    function: WireFunction,
}

#[derive(Deserialize)]
struct WireFunction {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Value,
}

#[derive(Deserialize, Default)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat {
    #[default]
    Text,
    JsonObject,
    JsonSchema {
        json_schema: JsonSchema,
    },
}

#[derive(Deserialize)]
struct JsonSchema {
    schema: Value,
}

/// A request as the engine understands it.
pub struct Ask {
    /// One per choice; they differ in their seeds.
    pub requests: Vec<GenerateRequest>,
    /// With these, calls are looked for in the reply.
    pub tools: Tools,
    pub tool_choice: ToolChoice,
    pub stream: bool,
    /// Whether a stream ends with the number of tokens.
    pub usage: bool,
}

impl Body {
    /// What the engine is asked. `fresh` is the seed where the request names none.
    pub fn ask(self, engine: &Engine, adapter: Option<AdapterId>, fresh: u64) -> Result<Ask, Problem> {
        let sampling = self.sampling(fresh);
        let penalties = self.penalties()?;
        let top_logprobs = self.top_logprobs()?;
        let count = self.n.unwrap_or(1);
        if !(1..=64).contains(&count) {
            return Err(Problem::bad(format!("n is {count}; 1 to 64 is possible")));
        }
        let wanted = self.max_completion_tokens.or(self.max_tokens);
        let logprobs = self.logprobs.unwrap_or(false);
        let stop = match self.stop {
            None => Vec::new(),
            Some(Stop::One(text)) => vec![text],
            Some(Stop::Many(texts)) => texts,
        };
        let tools: Tools = self.tools.into_iter().map(tool).collect();
        let tool_choice = tool_choice(&self.tool_choice, &tools)?;
        let grammar = match self.response_format {
            ResponseFormat::Text => call_grammar(&tools, &tool_choice),
            _ if matches!(tool_choice, ToolChoice::Required | ToolChoice::Named(_)) => {
                return Err(Problem::bad(
                    "response_format and a tool_choice that demands a call exclude each other".into(),
                ));
            }
            ResponseFormat::JsonObject => Some(Grammar::JsonSchema(json!({ "type": "object" }))),
            ResponseFormat::JsonSchema { json_schema } => Some(Grammar::JsonSchema(json_schema.schema)),
        };
        let messages = self.messages.into_iter().map(message).collect::<Result<_, _>>()?;
        let request = Request { messages, tools, ..Request::default() };
        let prompt = prompt(engine, &request).map_err(|error| Problem::bad(error.to_string()))?;
        let room = engine.context().saturating_sub(prompt.len());
        if room == 0 {
            return Err(Problem::overflow(prompt.len(), engine.context()));
        }
        let max_tokens = wanted.unwrap_or(room).min(room);
        let request_of = |i: u64| GenerateRequest {
            prompt: prompt.clone(),
            max_tokens,
            stop: stop.clone(),
            penalties: penalties.clone(),
            sampling: Sampling { seed: sampling.seed.wrapping_add(i), ..sampling },
            grammar: grammar.clone(),
            adapter,
            logprobs,
            top_logprobs,
            ignore_end: false,
        };
        Ok(Ask {
            requests: (0..count).map(request_of).collect(),
            tools: request.tools,
            tool_choice,
            stream: self.stream,
            usage: self.stream_options.include_usage,
        })
    }

    fn sampling(&self, fresh: u64) -> Sampling {
        Sampling {
            temperature: self.temperature.unwrap_or(1.0),
            top_p: self.top_p.unwrap_or(1.0),
            // Other servers write -1 for all tokens.
            top_k: self.top_k.and_then(|k| usize::try_from(k).ok()).unwrap_or(0),
            min_p: self.min_p.unwrap_or(0.0),
            seed: self.seed.map_or(fresh, |seed| seed as u64),
        }
    }

    fn penalties(&self) -> Result<Penalties, Problem> {
        let bias = |(token, bias): (&String, &f32)| match token.parse() {
            Ok(token) => Ok((token, *bias)),
            Err(_) => {
                Err(Problem::bad(format!("logit_bias names {token:?}; its keys are numbers of tokens")))
            }
        };
        Ok(Penalties {
            presence: self.presence_penalty.unwrap_or(0.0),
            frequency: self.frequency_penalty.unwrap_or(0.0),
            repetition: self.repetition_penalty.unwrap_or(1.0),
            bias: self.logit_bias.iter().map(bias).collect::<Result<_, _>>()?,
        })
    }

    fn top_logprobs(&self) -> Result<usize, Problem> {
        match self.top_logprobs.unwrap_or(0) {
            0 => Ok(0),
            _ if self.logprobs != Some(true) => Err(Problem::bad("top_logprobs needs logprobs: true".into())),
            count if count > 20 => {
                Err(Problem::bad(format!("top_logprobs is {count}; up to 20 is possible")))
            }
            count => Ok(count),
        }
    }
}

fn message(wire: WireMessage) -> Result<Message, Problem> {
    let content = match wire.content {
        Content::None => String::new(),
        Content::Text(text) => text,
        Content::Parts(parts) => {
            if let Some(part) = parts.iter().find(|part| part.kind != "text") {
                return Err(Problem::bad(format!(
                    "a part of kind {:?} in a message; only text is read",
                    part.kind
                )));
            }
            parts.into_iter().map(|part| part.text).collect()
        }
    };
    let role = match wire.role.as_str() {
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        other => return Err(Problem::bad(format!("a message of role {other:?}"))),
    };
    let call = |call: WireCall| ToolCall {
        id: call.id,
        name: call.function.name,
        arguments: call.function.arguments,
    };
    let base = Message { role, ..Message::user(content) };
    Ok(Message {
        tool_calls: wire.tool_calls.unwrap_or_default().into_iter().map(call).collect(),
        tool_call_id: wire.tool_call_id,
        ..base
    })
}

fn tool(wire: WireTool) -> ToolSpec {
    let WireFunction { name, description, parameters } = wire.function;
    let parameters = if parameters.is_null() { json!({ "type": "object" }) } else { parameters };
    ToolSpec { name, description, parameters }
}

fn tool_choice(value: &Value, tools: &[ToolSpec]) -> Result<ToolChoice, Problem> {
    let choice = match value {
        Value::Null => ToolChoice::Auto,
        Value::String(word) => match word.as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" => ToolChoice::Required,
            other => return Err(Problem::bad(format!("tool_choice is {other:?}"))),
        },
        other => match other.pointer("/function/name").and_then(Value::as_str) {
            Some(name) => ToolChoice::Named(name.to_owned()),
            None => return Err(Problem::bad("tool_choice names no function".into())),
        },
    };
    match &choice {
        ToolChoice::Required if tools.is_empty() => {
            Err(Problem::bad("a call is required, of no tool".into()))
        }
        ToolChoice::Named(name) if !tools.iter().any(|tool| tool.name == *name) => {
            Err(Problem::bad(format!("tool_choice names {name:?}, which is not among the tools")))
        }
        _ => Ok(choice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(value: Value) -> Body {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn penalties_are_the_protocols() {
        let read = |value: Value| body(value).penalties().ok();
        assert_eq!(read(json!({ "logit_bias": {} })), Some(Penalties::default()));
        assert_eq!(read(json!({ "logit_bias": { "five": 1 } })), None);
        let all = json!({ "logit_bias": { "5": -100 }, "presence_penalty": 1, "frequency_penalty": 0.5, "repetition_penalty": 1.1 });
        let expected = Penalties { presence: 1.0, frequency: 0.5, repetition: 1.1, bias: vec![(5, -100.0)] };
        assert_eq!(read(all), Some(expected));
    }

    #[test]
    fn alternatives_need_logprobs() {
        for (value, expected) in [
            (json!({}), Some(0)),
            (json!({ "top_logprobs": 3 }), None),
            (json!({ "top_logprobs": 3, "logprobs": true }), Some(3)),
            (json!({ "top_logprobs": 21, "logprobs": true }), None),
        ] {
            assert_eq!(body(value.clone()).top_logprobs().ok(), expected, "{value}");
        }
    }

    #[test]
    fn messages_are_read_in_every_form() {
        let wires: Vec<WireMessage> = serde_json::from_value(json!([
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "x", "type": "function", "function": {"name": "add", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "x", "content": "3"},
        ]))
        .unwrap();
        let read: Vec<Message> = wires.into_iter().map(|w| message(w).unwrap()).collect();
        assert_eq!(
            read.iter().map(|m| m.role.as_str()).collect::<Vec<_>>(),
            ["system", "user", "assistant", "tool"]
        );
        assert_eq!((read[1].content.as_str(), read[2].tool_calls[0].name.as_str()), ("ab", "add"));
        assert_eq!(read[3].tool_call_id.as_deref(), Some("x"));
        for wrong in [json!({"role": "horse"}), json!({"role": "user", "content": [{"type": "image_url"}]})] {
            assert!(message(serde_json::from_value(wrong.clone()).unwrap()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tool_choices() {
        let tools = [ToolSpec { name: "add".into(), description: String::new(), parameters: json!({}) }];
        for (value, expected) in [
            (json!(null), Some(ToolChoice::Auto)),
            (json!("required"), Some(ToolChoice::Required)),
            (json!({"type": "function", "function": {"name": "add"}}), Some(ToolChoice::Named("add".into()))),
            (json!({"type": "function", "function": {"name": "gcd"}}), None),
            (json!("perhaps"), None),
            (json!(7), None),
        ] {
            assert_eq!(tool_choice(&value, &tools).ok(), expected, "{value}");
        }
        assert!(tool_choice(&json!("required"), &[]).is_err());
    }

    #[test]
    fn absent_numbers_are_the_protocols() {
        let sampling = body(json!({ "top_k": -1 })).sampling(9);
        assert_eq!((sampling.temperature, sampling.top_p, sampling.top_k, sampling.seed), (1.0, 1.0, 0, 9));
        assert_eq!(body(json!({ "seed": -3 })).sampling(9).seed, -3i64 as u64);
    }
}
