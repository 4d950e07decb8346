//! Google's own protocol for Gemini: `POST /v1beta/models/MODEL:generateContent`. Content is a list of parts; thoughts carry signatures that
//! have to come back with the calls they led to.

use serde_json::{Map, Value, json};

use super::decode::{broken, excerpt};
use super::failure::Failure;
use crate::model::{
    Finish, Message, Reply, Request, Role, ToolCall, ToolChoice, ToolSpec, Usage, cut_at_stop,
};

/// The body of a request; the model is part of the URL.
pub fn body(request: &Request) -> Value {
    let mut body = Map::new();
    let system: Vec<&str> = request
        .messages
        .iter()
        .filter(|message| message.role == Role::System)
        .map(|message| message.content.as_str())
        .collect();
    if !system.is_empty() {
        body.insert("systemInstruction".into(), json!({"parts": [{"text": system.join("\n\n")}]}));
    }
    body.insert("contents".into(), contents(&request.messages));
    if !request.tools.is_empty() {
        let tools: Vec<Value> = request.tools.iter().map(tool).collect();
        body.insert("tools".into(), json!([{"functionDeclarations": tools}]));
        body.insert("toolConfig".into(), json!({"functionCallingConfig": choice(&request.tool_choice)}));
    }
    body.insert("generationConfig".into(), generation(request));
    Value::Object(body)
}

fn generation(request: &Request) -> Value {
    let sampling = &request.sampling;
    let mut config = json!({
        "maxOutputTokens": sampling.max_tokens,
        "temperature": super::encode::short(sampling.temperature),
        "seed": sampling.seed & 0x7fff_ffff,
    });
    if sampling.top_p != 1.0 {
        config["topP"] = super::encode::short(sampling.top_p);
    }
    if !request.stop.is_empty() {
        config["stopSequences"] = json!(request.stop);
    }
    config
}

fn tool(spec: &ToolSpec) -> Value {
    json!({"name": spec.name, "description": spec.description, "parametersJsonSchema": spec.parameters})
}

fn choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!({"mode": "AUTO"}),
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Required => json!({"mode": "ANY"}),
        ToolChoice::Named(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    }
}

/// Neighbours of one side become one content, so that all results of a turn come together.
fn contents(messages: &[Message]) -> Value {
    let mut sides: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages.iter().filter(|message| message.role != Role::System) {
        let side = if message.role == Role::Assistant { "model" } else { "user" };
        let parts = parts(message, messages);
        match sides.last_mut() {
            Some((last, all)) if *last == side => all.extend(parts),
            _ => sides.push((side, parts)),
        }
    }
    sides.into_iter().map(|(side, parts)| json!({"role": side, "parts": parts})).collect()
}

fn parts(message: &Message, all: &[Message]) -> Vec<Value> {
    if let Some(id) = &message.tool_call_id {
        let response = json!({"name": name_of(id, all), "response": {"result": message.content}});
        return vec![json!({ "functionResponse": response })];
    }
    // What came with signatures goes back as it came.
    if let Some(parts) = message.reasoning_details.as_array() {
        return parts.clone();
    }
    let mut parts = Vec::new();
    if !message.content.is_empty() || message.tool_calls.is_empty() {
        parts.push(json!({"text": message.content}));
    }
    for call in &message.tool_calls {
        let args: Map<String, Value> = serde_json::from_str(&call.arguments)
            .unwrap_or_else(|_| Map::from_iter([("malformed".to_owned(), call.arguments.as_str().into())]));
        parts.push(json!({"functionCall": {"name": call.name, "args": args}}));
    }
    parts
}

/// Results are told by the name of what was called.
fn name_of<'a>(id: &str, all: &'a [Message]) -> &'a str {
    let mut calls = all.iter().flat_map(|message| &message.tool_calls);
    calls.find(|call| call.id == id).map_or("", |call| &call.name)
}

/// The parts of a reply that carries signatures.
pub fn signed(raw: &Value) -> Value {
    let parts = raw.pointer("/candidates/0/content/parts").unwrap_or(&Value::Null);
    let has_signature =
        parts.as_array().is_some_and(|parts| parts.iter().any(|part| part.get("thoughtSignature").is_some()));
    if has_signature { parts.clone() } else { Value::Null }
}

/// Reads the body of a reply.
pub fn reply(body: &str, stop: &[String]) -> Result<Reply, Failure> {
    let raw: Value = serde_json::from_str(body).map_err(|error| broken(&error, body))?;
    if let Some(reason) = raw.pointer("/promptFeedback/blockReason").and_then(Value::as_str) {
        return Err(Failure::Refused { message: format!("the prompt was blocked: {reason}") });
    }
    let candidate = &raw["candidates"][0];
    let parts = candidate["content"]["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let reason = candidate["finishReason"].as_str();
    if parts.is_empty() && reason.is_none() {
        return Err(Failure::broken(format!("the reply has no candidate: {}", excerpt(body))));
    }
    let text = |thought: bool| -> String {
        let wanted = parts.iter().filter(|part| (part["thought"] == true) == thought);
        wanted.filter_map(|part| part["text"].as_str()).collect()
    };
    let (thought, mut said) = (text(true), text(false));
    if reason == Some("MALFORMED_FUNCTION_CALL") {
        said += candidate["finishMessage"].as_str().unwrap_or("");
    }
    let calls = parts.iter().filter_map(|part| part.get("functionCall"));
    let tool_calls: Vec<ToolCall> = calls.enumerate().map(|(i, found)| call(i, found)).collect();
    Ok(Reply {
        text: cut_at_stop(said, stop),
        reasoning: (!thought.is_empty()).then_some(thought),
        finish: finish(reason, !tool_calls.is_empty()),
        tool_calls,
        usage: usage(&raw["usageMetadata"]),
        raw,
        ..Reply::default()
    })
}

fn call(index: usize, found: &Value) -> ToolCall {
    let id = found["id"].as_str().map_or_else(|| format!("call_{index}"), str::to_owned);
    let arguments = if found["args"].is_null() { "{}".to_owned() } else { found["args"].to_string() };
    ToolCall { id, name: found["name"].as_str().unwrap_or("").to_owned(), arguments }
}

fn finish(reason: Option<&str>, calls: bool) -> Finish {
    match reason {
        Some("MAX_TOKENS") => Finish::Length,
        Some("SAFETY" | "RECITATION" | "PROHIBITED_CONTENT" | "BLOCKLIST" | "SPII") => Finish::Filtered,
        _ if calls => Finish::ToolCalls,
        _ => Finish::Stop,
    }
}

/// Thoughts are counted beside the candidates, and cost as much.
fn usage(usage: &Value) -> Usage {
    let number = |field: &str| usage[field].as_u64().unwrap_or(0);
    let reasoning = number("thoughtsTokenCount");
    Usage {
        prompt: number("promptTokenCount"),
        cached: number("cachedContentTokenCount"),
        completion: number("candidatesTokenCount").saturating_add(reasoning),
        reasoning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sampling;

    fn read(parts: Value, reason: &str) -> Reply {
        let raw = json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason}],
            "usageMetadata": {"promptTokenCount": 9, "cachedContentTokenCount": 4, "candidatesTokenCount": 3, "thoughtsTokenCount": 2}});
        reply(&raw.to_string(), &[]).unwrap()
    }

    #[test]
    fn a_conversation_with_signed_thoughts() {
        let parts = json!([
            {"text": "hm", "thought": true},
            {"text": "I add."},
            {"functionCall": {"name": "add", "args": {"a": 1}}, "thoughtSignature": "s"},
        ]);
        let first = read(parts.clone(), "STOP");
        assert_eq!(
            (first.text.as_str(), first.reasoning.as_deref(), first.finish),
            ("I add.", Some("hm"), Finish::ToolCalls)
        );
        assert_eq!(first.usage, Usage { prompt: 9, cached: 4, completion: 5, reasoning: 2 });
        let request = Request {
            messages: vec![
                Message::system("You add."),
                Message::user("1+1?"),
                Message::from_reply(&first),
                Message::tool("call_0", "2"),
            ],
            tools: vec![ToolSpec {
                name: "add".into(),
                description: "Adds.".into(),
                parameters: json!({"type": "object"}),
            }]
            .into(),
            tool_choice: ToolChoice::Named("add".into()),
            stop: vec!["END".into()],
            sampling: Sampling { max_tokens: 9, temperature: 0.5, top_p: 0.9, seed: 3 },
        };
        let expected = json!({
            "systemInstruction": {"parts": [{"text": "You add."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "1+1?"}]},
                {"role": "model", "parts": parts},
                {"role": "user", "parts": [{"functionResponse": {"name": "add", "response": {"result": "2"}}}]},
            ],
            "tools": [{"functionDeclarations": [{"name": "add", "description": "Adds.", "parametersJsonSchema": {"type": "object"}}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["add"]}},
            "generationConfig": {"maxOutputTokens": 9, "temperature": 0.5, "seed": 3, "topP": 0.9, "stopSequences": ["END"]},
        });
        assert_eq!(body(&request), expected);
    }

    #[test]
    fn without_signatures_the_parts_are_made_anew() {
        let first = read(json!([{"functionCall": {"name": "f"}}]), "STOP");
        assert_eq!(first.tool_calls[0].arguments, "{}");
        assert_eq!(
            parts(&Message::from_reply(&first), &[]),
            [json!({"functionCall": {"name": "f", "args": {}}})]
        );
    }

    #[test]
    fn how_it_ended() {
        for (reason, expected) in
            [("STOP", Finish::Stop), ("MAX_TOKENS", Finish::Length), ("SAFETY", Finish::Filtered)]
        {
            assert_eq!(read(json!([{"text": "a"}]), reason).finish, expected);
        }
        let blocked = json!({"promptFeedback": {"blockReason": "OTHER"}}).to_string();
        assert!(matches!(reply(&blocked, &[]).unwrap_err(), Failure::Refused { .. }));
        let malformed =
            json!({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "call:f{"}]});
        assert_eq!(reply(&malformed.to_string(), &[]).unwrap().text, "call:f{");
        for odd in ["", "{}", "[]"] {
            assert!(reply(odd, &[]).unwrap_err().is_transient(), "{odd}");
        }
    }
}
