//! A request as the JSON that a server's dialect of the chat protocol wants.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::provider::{Dialect, Wire};
use crate::hash::digest;
use crate::model::{Message, Request, Role, ToolCall, ToolChoice, ToolSpec};

/// The body of a request in the server's protocol, as JSON text.
pub fn body(model: &str, dialect: &Dialect, request: &Request, stream: bool) -> String {
    match dialect.wire {
        Wire::Chat => text(&Chat { model, dialect, request, stream }),
        Wire::Anthropic => super::anthropic::body(model, request).to_string(),
        Wire::Gemini => super::gemini::body(request).to_string(),
    }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("requests have string keys")
}

/// The body of a chat completion request. It goes from the request straight into text: conversations are long, and written anew for
/// every turn.
struct Chat<'a> {
    model: &'a str,
    dialect: &'a Dialect,
    request: &'a Request,
    stream: bool,
}

impl Serialize for Chat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { model, dialect, request, stream } = *self;
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("model", model)?;
        body.serialize_entry("messages", &Each(&request.messages, |message| Past { message, dialect }))?;
        self.add_sampling(&mut body)?;
        self.add_tools(&mut body)?;
        if stream {
            body.serialize_entry("stream", &true)?;
            body.serialize_entry("stream_options", &json!({"include_usage": true}))?;
        }
        body.end()
    }
}

/// A slice as a sequence of what is made of each.
struct Each<'a, T, F>(&'a [T], F);

impl<'a, T, U: Serialize, F: Fn(&'a T) -> U> Serialize for Each<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
}

impl Chat<'_> {
    fn add_sampling<M: SerializeMap>(&self, body: &mut M) -> Result<(), M::Error> {
        let (sampling, dialect) = (&self.request.sampling, self.dialect);
        body.serialize_entry(dialect.max_tokens, &sampling.max_tokens)?;
        if dialect.fixes_sampling(self.model) {
            return Ok(());
        }
        body.serialize_entry("temperature", &short(sampling.temperature))?;
        if sampling.top_p != 1.0 {
            body.serialize_entry("top_p", &short(sampling.top_p))?;
        }
        if let Some(field) = dialect.seed {
            // Servers read the seed into a signed integer; some of 32 bits.
            body.serialize_entry(field, &(sampling.seed & 0x7fff_ffff))?;
        }
        if !self.request.stop.is_empty() {
            body.serialize_entry("stop", &self.request.stop)?;
        }
        Ok(())
    }

    /// The object form of `tool_choice` is taken for `auto` by llama.cpp, without a word. So one tool is asked for by offering no other
    /// and saying `required`, which every server reads.
    fn add_tools<M: SerializeMap>(&self, body: &mut M) -> Result<(), M::Error> {
        let (tools, strict) = (&self.request.tools, self.dialect.strict_tools);
        let offer = |specs: &[ToolSpec]| raw(specs.iter().map(|spec| tool(spec, strict)).collect());
        let choice = match &self.request.tool_choice {
            ToolChoice::Named(name) => {
                let Some(one) = tools.iter().position(|tool| tool.name == *name) else { return Ok(()) };
                body.serialize_entry("tools", &offer(&tools[one..=one]))?;
                "required"
            }
            other => {
                let Some(all) = tools.chat(strict, offer) else { return Ok(()) };
                body.serialize_entry("tools", all)?;
                match other {
                    ToolChoice::None => "none",
                    ToolChoice::Required => "required",
                    ToolChoice::Auto | ToolChoice::Named(_) => "auto",
                }
            }
        };
        body.serialize_entry("tool_choice", choice)
    }
}

fn raw(tools: Vec<Value>) -> Box<RawValue> {
    to_raw_value(&tools).expect("descriptions have string keys")
}

/// 0.7 as `0.7`, not as the nearest double of the nearest float.
pub fn short(number: f32) -> Value {
    number.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

fn tool(spec: &ToolSpec, strict: bool) -> Value {
    let mut function = json!({
        "name": spec.name, "description": spec.description, "parameters": spec.parameters,
    });
    if strict && is_strict(&spec.parameters) {
        function["strict"] = true.into();
    }
    json!({"type": "function", "function": function})
}

/// Whether a schema is one that strict mode accepts: every object closed, and all of its properties required.
fn is_strict(schema: &Value) -> bool {
    let inner_ok = match schema {
        Value::Object(object) => object.values().all(is_strict),
        Value::Array(items) => items.iter().all(is_strict),
        _ => true,
    };
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return inner_ok };
    let required = schema.get("required").and_then(Value::as_array).map_or(0, Vec::len);
    inner_ok
        && required == properties.len()
        && schema.get("additionalProperties") == Some(&Value::Bool(false))
}

/// A message of the conversation so far.
struct Past<'a> {
    message: &'a Message,
    dialect: &'a Dialect,
}

impl Serialize for Past<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { message, dialect } = *self;
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("role", message.role.as_str())?;
        // Never null, also next to tool calls: llama-cpp-python answers null with 500.
        fields.serialize_entry("content", &message.content)?;
        if !message.tool_calls.is_empty() {
            fields.serialize_entry("tool_calls", &Each(&message.tool_calls, |each| call(each, dialect)))?;
        }
        if let Some(id) = &message.tool_call_id {
            fields.serialize_entry("tool_call_id", &call_id(id, dialect))?;
        }
        if message.role == Role::Assistant && dialect.reasoning_back {
            add_reasoning(&mut fields, message)?;
        }
        fields.end()
    }
}

/// Under both names: vLLM renamed `reasoning_content` to `reasoning`, and templates read the one or the other.
fn add_reasoning<M: SerializeMap>(fields: &mut M, message: &Message) -> Result<(), M::Error> {
    if let Some(reasoning) = &message.reasoning {
        fields.serialize_entry("reasoning", reasoning)?;
        fields.serialize_entry("reasoning_content", reasoning)?;
    }
    if !message.reasoning_details.is_null() {
        fields.serialize_entry("reasoning_details", &message.reasoning_details)?;
    }
    Ok(())
}

/// A past call, as the protocol has it.
#[derive(Serialize)]
struct Call<'a> {
    id: Cow<'a, str>,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: Cow<'a, str>,
}

/// Arguments that are no JSON object go out as an empty one with the text kept beside: chat templates parse them, and fail with 500.
fn call<'a>(call: &'a ToolCall, dialect: &Dialect) -> Call<'a> {
    let is_object = serde_json::from_str::<HashMap<Cow<'_, str>, &RawValue>>(&call.arguments).is_ok();
    let arguments = match is_object {
        true => Cow::Borrowed(&*call.arguments),
        false => Cow::Owned(json!({"malformed": call.arguments}).to_string()),
    };
    let function = Function { name: &call.name, arguments };
    Call { id: call_id(&call.id, dialect), r#type: "function", function }
}

/// Mistral wants ids of nine letters or digits; others are hashed to that, the same way each time.
fn call_id<'a>(id: &'a str, dialect: &Dialect) -> Cow<'a, str> {
    let fits = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !dialect.short_ids || fits { id.into() } else { digest(&[id])[..9].to_owned().into() }
}

#[cfg(test)]
mod tests {
    use super::super::provider::{PLAIN, PROVIDERS, SELF_HOSTED};
    use super::*;
    use crate::model::{Reply, Sampling};

    fn body(model: &str, dialect: &Dialect, request: &Request, stream: bool) -> Value {
        serde_json::from_str(&super::body(model, dialect, request, stream)).unwrap()
    }

    fn message(message: &Message, dialect: &Dialect) -> Value {
        serde_json::to_value(Past { message, dialect }).unwrap()
    }

    fn dialect(prefix: &str) -> Dialect {
        PROVIDERS.iter().find(|provider| provider.prefix == prefix).unwrap().dialect
    }

    fn spec(name: &str) -> ToolSpec {
        let parameters = json!({
            "type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"], "additionalProperties": false,
        });
        ToolSpec { name: name.into(), description: "d".into(), parameters }
    }

    fn request() -> Request {
        let sampling = Sampling { temperature: 0.7, top_p: 0.95, max_tokens: 9, seed: u64::MAX };
        let stop = vec!["```output".to_owned()];
        Request { messages: vec![Message::user("hi")], sampling, stop, ..Request::default() }
    }

    #[test]
    fn the_plain_dialect() {
        let expected = json!({
            "model": "m", "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 9, "temperature": 0.7, "top_p": 0.95, "seed": 0x7fff_ffff, "stop": ["```output"],
        });
        assert_eq!(body("m", &PLAIN, &request(), false), expected);
    }

    #[test]
    fn dialects_differ_in_names_and_in_what_they_take() {
        let cases = [
            ("openai", "gpt-4o", "max_completion_tokens,temperature,top_p,seed,stop"),
            ("openai", "gpt-5-mini", "max_completion_tokens"),
            ("openai", "o3", "max_completion_tokens"),
            ("mistral", "mistral-small-latest", "max_tokens,temperature,top_p,random_seed,stop"),
            ("deepseek", "deepseek-chat", "max_tokens,temperature,top_p,stop"),
            ("groq", "openai/gpt-oss-20b", "max_tokens,temperature,top_p,seed,stop"),
        ];
        for (prefix, model, expected) in cases {
            let body = body(model, &dialect(prefix), &request(), false);
            let fields: Vec<&str> = body.as_object().unwrap().keys().skip(2).map(String::as_str).collect();
            assert_eq!(fields.join(","), expected, "{prefix}:{model}");
        }
    }

    #[test]
    fn tool_choice_is_always_a_word() {
        let tools = vec![spec("f"), spec("g")];
        let cases = [
            (ToolChoice::Auto, "auto", 2),
            (ToolChoice::None, "none", 2),
            (ToolChoice::Required, "required", 2),
            (ToolChoice::Named("g".into()), "required", 1),
        ];
        for (tool_choice, word, count) in cases {
            let request = Request { tools: tools.clone().into(), tool_choice, ..request() };
            let body = body("m", &PLAIN, &request, false);
            assert_eq!(
                (&body["tool_choice"], body["tools"].as_array().unwrap().len()),
                (&json!(word), count)
            );
        }
        assert_eq!(body("m", &PLAIN, &request(), false).get("tool_choice"), None);
    }

    #[test]
    fn strict_where_it_is_known_and_the_schema_allows_it() {
        let strict = |prefix: &str, tool: ToolSpec| {
            let request = Request { tools: vec![tool].into(), ..request() };
            body("m", &dialect(prefix), &request, false)["tools"][0]["function"].get("strict").cloned()
        };
        let mut open = spec("f");
        open.parameters["additionalProperties"] = json!(true);
        assert_eq!(strict("openai", spec("f")), Some(json!(true)));
        assert_eq!(strict("openai", open), None);
        assert_eq!(strict("mistral", spec("f")), None);
    }

    fn called(id: &str, arguments: &str) -> Message {
        let call = ToolCall { id: id.into(), name: "f".into(), arguments: arguments.into() };
        let reply = Reply { reasoning: Some("hm".into()), tool_calls: vec![call], ..Reply::default() };
        Message::from_reply(&reply)
    }

    #[test]
    fn past_replies() {
        let plain = message(&called("a", "{\"x\":1}"), &PLAIN);
        assert_eq!(
            plain,
            json!({"role": "assistant", "content": "", "tool_calls":
                [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}}]}),
            "content is not null, and reasoning goes only to who reads it",
        );
        let own = message(&called("a", "{"), &SELF_HOSTED);
        assert_eq!((&own["reasoning"], &own["reasoning_content"]), (&json!("hm"), &json!("hm")));
        assert_eq!(own["tool_calls"][0]["function"]["arguments"], json!("{\"malformed\":\"{\"}"));
    }

    #[test]
    fn signed_reasoning_goes_back_untouched() {
        let details = json!([{"type": "reasoning.encrypted", "data": "x"}]);
        let raw = json!({"choices": [{"message": {"reasoning_details": details}}]});
        let past = Message::from_reply(&Reply { raw, ..Reply::default() });
        assert_eq!(message(&past, &dialect("openrouter"))["reasoning_details"], details);
        assert_eq!(message(&past, &dialect("mistral")).get("reasoning_details"), None);
    }

    #[test]
    fn ids_for_mistral_have_nine_characters_and_still_match() {
        let mistral = dialect("mistral");
        let id = |text: &str| message(&called(text, "{}"), &mistral)["tool_calls"][0]["id"].clone();
        assert_eq!(id("abcDEF123"), json!("abcDEF123"));
        let hashed = id("call_1");
        assert_eq!(hashed.as_str().unwrap().len(), 9);
        assert_eq!(message(&Message::tool("call_1", "4"), &mistral)["tool_call_id"], hashed);
    }
}
