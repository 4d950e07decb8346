//! Anthropic's own protocol: `POST /v1/messages`. Content is a list of typed blocks; results of tools are the user's; thinking is signed and
//! goes back untouched.

use serde_json::{Map, Value, json};

use super::decode::{broken, excerpt};
use super::failure::Failure;
use crate::model::{
    Finish, Message, Reply, Request, Role, ToolCall, ToolChoice, ToolSpec, Usage, cut_at_stop,
};

/// The body of a request.
pub fn body(model: &str, request: &Request) -> Value {
    let sampling = &request.sampling;
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("max_tokens".into(), sampling.max_tokens.into());
    let system: Vec<&str> = of_role(request, Role::System).map(|message| message.content.as_str()).collect();
    if !system.is_empty() {
        body.insert("system".into(), system.join("\n\n").into());
    }
    body.insert("messages".into(), messages(request));
    // Newer models refuse both; temperature is the one that people set.
    match sampling.temperature == 1.0 && sampling.top_p != 1.0 {
        true => body.insert("top_p".into(), super::encode::short(sampling.top_p)),
        false => body.insert("temperature".into(), super::encode::short(sampling.temperature.min(1.0))),
    };
    // Stop texts of nothing but space are refused.
    let stop: Vec<&String> = request.stop.iter().filter(|text| !text.trim().is_empty()).collect();
    if !stop.is_empty() {
        body.insert("stop_sequences".into(), json!(stop));
    }
    if !request.tools.is_empty() {
        body.insert("tools".into(), request.tools.iter().map(tool).collect());
        body.insert("tool_choice".into(), choice(&request.tool_choice));
    }
    Value::Object(body)
}

fn of_role(request: &Request, role: Role) -> impl Iterator<Item = &Message> {
    request.messages.iter().filter(move |message| message.role == role)
}

fn tool(spec: &ToolSpec) -> Value {
    json!({"name": spec.name, "description": spec.description, "input_schema": spec.parameters})
}

fn choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!({"type": "auto"}),
        ToolChoice::None => json!({"type": "none"}),
        ToolChoice::Required => json!({"type": "any"}),
        ToolChoice::Named(name) => json!({"type": "tool", "name": name}),
    }
}

/// Neighbours of one side become one message: results of tools have to follow their calls at once.
fn messages(request: &Request) -> Value {
    let mut sides: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in request.messages.iter().filter(|message| message.role != Role::System) {
        let side = if message.role == Role::Assistant { "assistant" } else { "user" };
        let blocks = blocks(message);
        match sides.last_mut() {
            Some((last, all)) if *last == side => all.extend(blocks),
            _ => sides.push((side, blocks)),
        }
    }
    sides.into_iter().map(|(side, blocks)| json!({"role": side, "content": blocks})).collect()
}

fn blocks(message: &Message) -> Vec<Value> {
    if let Some(id) = &message.tool_call_id {
        return vec![json!({"type": "tool_result", "tool_use_id": id, "content": message.content})];
    }
    let mut blocks: Vec<Value> = message.reasoning_details.as_array().cloned().unwrap_or_default();
    blocks.retain(is_thinking);
    if !message.content.trim().is_empty() {
        blocks.push(json!({"type": "text", "text": message.content}));
    }
    for call in &message.tool_calls {
        // Malformed arguments go back inside of an object: nothing else is accepted.
        let input: Map<String, Value> = serde_json::from_str(&call.arguments)
            .unwrap_or_else(|_| Map::from_iter([("malformed".to_owned(), call.arguments.as_str().into())]));
        blocks.push(json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input}));
    }
    if blocks.is_empty() {
        // A message without a block is refused.
        blocks.push(json!({"type": "text", "text": "…"}));
    }
    blocks
}

fn is_thinking(block: &Value) -> bool {
    matches!(block["type"].as_str(), Some("thinking" | "redacted_thinking"))
}

/// The signed thinking of a reply, which goes back with it.
pub fn signed(raw: &Value) -> Value {
    let blocks = raw["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    let thinking: Vec<Value> = blocks.iter().filter(|block| is_thinking(block)).cloned().collect();
    if thinking.is_empty() { Value::Null } else { thinking.into() }
}

/// Reads the body of a reply.
pub fn reply(body: &str, stop: &[String]) -> Result<Reply, Failure> {
    let raw: Value = serde_json::from_str(body).map_err(|error| broken(&error, body))?;
    let Some(blocks) = raw["content"].as_array() else {
        return Err(Failure::broken(format!("the reply has no content: {}", excerpt(body))));
    };
    let text_of = |kind: &str| -> String {
        let of_kind = blocks.iter().filter(|block| block["type"] == kind);
        of_kind.filter_map(|block| block[kind].as_str()).collect()
    };
    let thought = text_of("thinking");
    let tool_calls: Vec<ToolCall> = blocks
        .iter()
        .filter(|block| block["type"] == "tool_use")
        .enumerate()
        .map(|(i, block)| call(i, block))
        .collect();
    Ok(Reply {
        text: cut_at_stop(text_of("text"), stop),
        reasoning: (!thought.is_empty()).then_some(thought),
        finish: match raw["stop_reason"].as_str() {
            Some("max_tokens" | "model_context_window_exceeded") => Finish::Length,
            Some("refusal") => Finish::Filtered,
            _ if !tool_calls.is_empty() => Finish::ToolCalls,
            _ => Finish::Stop,
        },
        tool_calls,
        usage: usage(&raw["usage"]),
        raw,
        ..Reply::default()
    })
}

fn call(index: usize, block: &Value) -> ToolCall {
    let id = block["id"].as_str().map_or_else(|| format!("call_{index}"), str::to_owned);
    let arguments = if block["input"].is_null() { "{}".to_owned() } else { block["input"].to_string() };
    ToolCall { id, name: block["name"].as_str().unwrap_or("").to_owned(), arguments }
}

/// `input_tokens` are those that no cache had.
fn usage(usage: &Value) -> Usage {
    let number = |field: &str| usage[field].as_u64().unwrap_or(0);
    let cached = number("cache_read_input_tokens");
    let prompt = [number("input_tokens"), number("cache_creation_input_tokens"), cached];
    Usage {
        prompt: prompt.into_iter().fold(0, u64::saturating_add),
        cached,
        completion: number("output_tokens"),
        reasoning: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sampling;

    #[test]
    fn a_conversation_with_tools_and_thinking() {
        let raw = json!({"content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "I add."},
            {"type": "tool_use", "id": "t1", "name": "add", "input": {"a": 1}},
            {"type": "tool_use", "id": "t2", "name": "add", "input": {"a": 2}},
        ], "stop_reason": "tool_use", "usage": {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 5}});
        let first = reply(&raw.to_string(), &[]).unwrap();
        assert_eq!(
            (first.text.as_str(), first.reasoning.as_deref(), first.finish),
            ("I add.", Some("hm"), Finish::ToolCalls)
        );
        assert_eq!(first.usage, Usage { prompt: 7, cached: 4, completion: 5, reasoning: 0 });
        assert_eq!(
            (first.tool_calls[1].id.as_str(), first.tool_calls[1].arguments.as_str()),
            ("t2", "{\"a\":2}")
        );

        let parameters = json!({"type": "object"});
        let request = Request {
            messages: vec![
                Message::system("You add."),
                Message::user("1+2?"),
                Message::from_reply(&first),
                Message::tool("t1", "1"),
                Message::tool("t2", "2"),
                Message::user("Wrap up."),
            ],
            tools: vec![ToolSpec {
                name: "add".into(),
                description: "Adds.".into(),
                parameters: parameters.clone(),
            }]
            .into(),
            tool_choice: ToolChoice::None,
            stop: vec!["\n".into(), "END".into()],
            sampling: Sampling { max_tokens: 9, temperature: 0.5, ..Sampling::default() },
        };
        let expected = json!({
            "model": "claude", "max_tokens": 9, "system": "You add.",
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "1+2?"}]},
                {"role": "assistant", "content": raw["content"]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "1"},
                    {"type": "tool_result", "tool_use_id": "t2", "content": "2"},
                    {"type": "text", "text": "Wrap up."},
                ]},
            ],
            "temperature": 0.5, "stop_sequences": ["END"],
            "tools": [{"name": "add", "description": "Adds.", "input_schema": parameters}],
            "tool_choice": {"type": "none"},
        });
        assert_eq!(body("claude", &request), expected);
    }

    #[test]
    fn odd_messages_are_made_acceptable() {
        let call = ToolCall { id: "t".into(), name: "f".into(), arguments: "{".into() };
        let malformed = Message { tool_calls: vec![call], ..Message::assistant("") };
        assert_eq!(blocks(&malformed)[0]["input"], json!({"malformed": "{"}));
        assert_eq!(blocks(&Message::assistant(" "))[0]["text"], "…");
    }

    #[test]
    fn how_it_ended() {
        for (reason, expected) in
            [("end_turn", Finish::Stop), ("max_tokens", Finish::Length), ("refusal", Finish::Filtered)]
        {
            let raw = json!({"content": [{"type": "text", "text": "a STOP b"}], "stop_reason": reason});
            let reply = reply(&raw.to_string(), &["STOP".into()]).unwrap();
            assert_eq!((reply.finish, reply.text.as_str()), (expected, "a "));
        }
        for odd in ["", "{}", "[]", "{\"content\": 1}"] {
            assert!(reply(odd, &[]).unwrap_err().is_transient(), "{odd}");
        }
    }
}
