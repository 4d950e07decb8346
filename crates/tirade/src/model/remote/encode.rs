//! A request as the JSON that a server's dialect of the chat protocol wants.

use serde_json::{Map, Value, json};

use super::provider::{Dialect, Wire};
use crate::hash::digest;
use crate::model::{Message, Request, Role, ToolCall, ToolChoice, ToolSpec};

/// The body of a request in the server's protocol.
pub fn body(model: &str, dialect: &Dialect, request: &Request, stream: bool) -> Value {
    match dialect.wire {
        Wire::Chat => chat(model, dialect, request, stream),
        Wire::Anthropic => super::anthropic::body(model, request),
        Wire::Gemini => super::gemini::body(request),
    }
}

/// The body of a chat completion request.
fn chat(model: &str, dialect: &Dialect, request: &Request, stream: bool) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    let messages = request.messages.iter().map(|each| message(each, dialect)).collect();
    body.insert("messages".into(), messages);
    add_sampling(&mut body, model, dialect, request);
    add_tools(&mut body, dialect, request);
    if stream {
        body.insert("stream".into(), true.into());
        body.insert("stream_options".into(), json!({"include_usage": true}));
    }
    Value::Object(body)
}

fn add_sampling(body: &mut Map<String, Value>, model: &str, dialect: &Dialect, request: &Request) {
    let sampling = &request.sampling;
    body.insert(dialect.max_tokens.into(), sampling.max_tokens.into());
    if dialect.fixes_sampling(model) {
        return;
    }
    body.insert("temperature".into(), short(sampling.temperature));
    if sampling.top_p != 1.0 {
        body.insert("top_p".into(), short(sampling.top_p));
    }
    if let Some(field) = dialect.seed {
        // Servers read the seed into a signed integer; some of 32 bits.
        body.insert(field.into(), (sampling.seed & 0x7fff_ffff).into());
    }
    if !request.stop.is_empty() {
        body.insert("stop".into(), json!(request.stop));
    }
}

/// 0.7 as `0.7`, not as the nearest double of the nearest float.
pub fn short(number: f32) -> Value {
    number.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// The object form of `tool_choice` is taken for `auto` by llama.cpp, without a word. So one tool is asked for by offering no other
/// and saying `required`, which every server reads.
fn add_tools(body: &mut Map<String, Value>, dialect: &Dialect, request: &Request) {
    let named = match &request.tool_choice {
        ToolChoice::Named(name) => Some(name),
        _ => None,
    };
    let offered = request.tools.iter().filter(|tool| named.is_none_or(|name| tool.name == *name));
    let tools: Vec<Value> = offered.map(|each| tool(each, dialect)).collect();
    if tools.is_empty() {
        return;
    }
    body.insert("tools".into(), tools.into());
    let choice = match request.tool_choice {
        ToolChoice::Auto => "auto",
        ToolChoice::None => "none",
        ToolChoice::Required | ToolChoice::Named(_) => "required",
    };
    body.insert("tool_choice".into(), choice.into());
}

fn tool(spec: &ToolSpec, dialect: &Dialect) -> Value {
    let mut function = json!({
        "name": spec.name, "description": spec.description, "parameters": spec.parameters,
    });
    if dialect.strict_tools && is_strict(&spec.parameters) {
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

fn message(message: &Message, dialect: &Dialect) -> Value {
    let mut fields = Map::new();
    fields.insert("role".into(), message.role.as_str().into());
    // Never null, also next to tool calls: llama-cpp-python answers null with 500.
    fields.insert("content".into(), message.content.as_str().into());
    if !message.tool_calls.is_empty() {
        fields
            .insert("tool_calls".into(), message.tool_calls.iter().map(|each| call(each, dialect)).collect());
    }
    if let Some(id) = &message.tool_call_id {
        fields.insert("tool_call_id".into(), call_id(id, dialect).into());
    }
    if message.role == Role::Assistant && dialect.reasoning_back {
        add_reasoning(&mut fields, message);
    }
    Value::Object(fields)
}

/// Under both names: vLLM renamed `reasoning_content` to `reasoning`, and templates read the one or the other.
fn add_reasoning(fields: &mut Map<String, Value>, message: &Message) {
    if let Some(reasoning) = &message.reasoning {
        fields.insert("reasoning".into(), reasoning.as_str().into());
        fields.insert("reasoning_content".into(), reasoning.as_str().into());
    }
    if !message.reasoning_details.is_null() {
        fields.insert("reasoning_details".into(), message.reasoning_details.clone());
    }
}

/// Arguments that are no JSON object go out as an empty one with the text kept beside: chat templates parse them, and fail with 500.
fn call(call: &ToolCall, dialect: &Dialect) -> Value {
    let is_object = serde_json::from_str::<Map<String, Value>>(&call.arguments).is_ok();
    let arguments =
        if is_object { call.arguments.clone() } else { json!({"malformed": call.arguments}).to_string() };
    json!({
        "id": call_id(&call.id, dialect),
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    })
}

/// Mistral wants ids of nine letters or digits; others are hashed to that, the same way each time.
fn call_id(id: &str, dialect: &Dialect) -> String {
    let fits = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !dialect.short_ids || fits { id.to_owned() } else { digest(&[id])[..9].to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::provider::{PLAIN, PROVIDERS, SELF_HOSTED};
    use super::*;
    use crate::model::{Reply, Sampling};

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
            let request = Request { tools: tools.clone(), tool_choice, ..request() };
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
            let request = Request { tools: vec![tool], ..request() };
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
