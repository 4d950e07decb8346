//! The OpenAI chat protocol from the server's side.

use serde_json::{Value, json};

use crate::model::{Finish, Message, Reply, Request, Role, Sampling, ToolCall, ToolSpec};

/// What a chat completion request asks; None where it is no such request.
pub struct Asked {
    pub model: String,
    pub request: Request,
    pub stream: bool,
}

pub fn read(body: &[u8]) -> Option<Asked> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let number = |fields: &[&str]| fields.iter().find_map(|field| body[*field].as_u64());
    let sampling = Sampling {
        temperature: body["temperature"].as_f64().unwrap_or(0.0) as f32,
        top_p: body["top_p"].as_f64().unwrap_or(1.0) as f32,
        max_tokens: number(&["max_tokens", "max_completion_tokens"])
            .and_then(|n| n.try_into().ok())
            .unwrap_or(u32::MAX),
        seed: number(&["seed", "random_seed"]).unwrap_or(0),
    };
    let list = |field: &str| body[field].as_array().map(Vec::as_slice).unwrap_or_default();
    let stop = match &body["stop"] {
        Value::String(text) => vec![text.clone()],
        _ => list("stop").iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
    };
    let messages = body["messages"].as_array()?.iter().map(message).collect::<Option<_>>()?;
    let tools = list("tools").iter().filter_map(tool).collect();
    Some(Asked {
        model: body["model"].as_str().unwrap_or("").to_owned(),
        request: Request { messages, tools, sampling, stop, ..Request::default() },
        stream: body["stream"] == true,
    })
}

fn message(value: &Value) -> Option<Message> {
    let role: Role = serde_json::from_value(value["role"].clone()).ok()?;
    let calls = value["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let call = |call: &Value| ToolCall {
        id: text(&call["id"]),
        name: text(&call["function"]["name"]),
        arguments: text(&call["function"]["arguments"]),
    };
    Some(Message {
        role,
        tool_calls: calls.iter().map(call).collect(),
        tool_call_id: value["tool_call_id"].as_str().map(str::to_owned),
        ..Message::user(text(&value["content"]))
    })
}

fn tool(value: &Value) -> Option<ToolSpec> {
    let function = &value["function"];
    Some(ToolSpec {
        name: function["name"].as_str()?.to_owned(),
        description: function["description"].as_str().unwrap_or("").to_owned(),
        parameters: function["parameters"].clone(),
    })
}

/// The body of a chat completion.
pub fn whole(reply: &Reply, model: &str, id: &str) -> Value {
    let mut message = json!({"role": "assistant", "content": reply.text});
    if let Some(reasoning) = &reply.reasoning {
        message["reasoning"] = reasoning.as_str().into();
    }
    if !reply.tool_calls.is_empty() {
        message["tool_calls"] = reply.tool_calls.iter().map(call).collect();
    }
    json!({
        "id": id, "object": "chat.completion", "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish(reply.finish)}],
        "usage": usage(reply),
    })
}

/// The same as server-sent events: text in pieces of a few characters, calls in two pieces, usage in a last chunk without choices.
pub fn events(reply: &Reply, model: &str, id: &str) -> String {
    let mut deltas = vec![json!({"role": "assistant", "reasoning": reply.reasoning})];
    let characters: Vec<char> = reply.text.chars().collect();
    deltas.extend(characters.chunks(16).map(|piece| json!({"content": piece.iter().collect::<String>()})));
    for (index, each) in reply.tool_calls.iter().enumerate() {
        let function = json!({"name": each.name});
        deltas.push(json!({"tool_calls": [{"index": index, "id": each.id, "type": "function", "function": function}]}));
        deltas.push(json!({"tool_calls": [{"index": index, "function": {"arguments": each.arguments}}]}));
    }
    let chunk = |choices: Value, usage: Value| {
        format!("data: {}\n\n", json!({"id": id, "model": model, "choices": choices, "usage": usage}))
    };
    let mut text: String = deltas
        .into_iter()
        .map(|delta| chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null))
        .collect();
    text += &chunk(json!([{"index": 0, "delta": {}, "finish_reason": finish(reply.finish)}]), Value::Null);
    text += &chunk(json!([]), usage(reply));
    text + "data: [DONE]\n\n"
}

fn call(call: &ToolCall) -> Value {
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}})
}

fn usage(reply: &Reply) -> Value {
    let usage = reply.usage;
    json!({
        "prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    })
}

fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::Filtered => "content_filter",
    }
}
