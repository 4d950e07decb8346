//! A server's reply, read tolerantly: servers differ in where they put things, and models in what they write.

use serde_json::Value;

use super::failure::Failure;
use crate::model::{Finish, Reply, ToolCall, Usage, cut_at_stop, thinking};

/// Reads the body of a chat completion. What the body says beyond a [`Reply`] stays in `raw`.
pub fn reply(body: &str, stop: &[String]) -> Result<Reply, Failure> {
    let raw: Value = serde_json::from_str(body).map_err(|error| broken(&error, body))?;
    if let Some(error) = error_inside(&raw) {
        return Err(error);
    }
    let choice = &raw["choices"][0];
    let Some(message) = choice.get("message").filter(|message| message.is_object()) else {
        return Err(Failure::broken(format!("the reply has no message: {}", excerpt(body))));
    };
    let (reasoning, said) = texts(message);
    let tool_calls = tool_calls(message);
    Ok(Reply {
        text: cut_at_stop(said, stop),
        reasoning,
        finish: finish(choice, !tool_calls.is_empty()),
        tool_calls,
        usage: usage(&raw["usage"]),
        seconds: 0.0,
        cost: None,
        raw,
    })
}

pub fn broken(error: &serde_json::Error, body: &str) -> Failure {
    Failure::broken(format!("the reply is no JSON ({error}): {}", excerpt(body)))
}

/// The first characters of a server's text, on one line, for an error.
pub fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 300;
    let line: String = text.chars().take(CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(CHARACTERS).is_some() { format!("{line}…") } else { line }
}

/// OpenRouter and gateways answer 200 and put the error into the body or into the choice.
fn error_inside(raw: &Value) -> Option<Failure> {
    let error = [&raw["error"], &raw["choices"][0]["error"]].into_iter().find(|error| error.is_object())?;
    let status = error["code"].as_u64().or_else(|| error["code"].as_str()?.parse().ok()).unwrap_or(500);
    let body = serde_json::json!({ "error": error }).to_string();
    Some(super::failure::classify(u16::try_from(status).unwrap_or(500), &body))
}

/// Reasoning and text. Reasoning comes as `reasoning` (vLLM, OpenRouter, Groq), as `reasoning_content` (DeepSeek, SGLang, llama.cpp),
/// as typed parts of the content (Mistral) or inside of the text.
fn texts(message: &Value) -> (Option<String>, String) {
    let (mut thought, mut said) = (String::new(), String::new());
    match &message["content"] {
        Value::String(text) => said.push_str(text),
        Value::Array(parts) => parts.iter().for_each(|part| add_part(part, &mut thought, &mut said)),
        _ => {}
    }
    for field in ["reasoning", "reasoning_content"] {
        if thought.is_empty() {
            thought.push_str(message[field].as_str().unwrap_or(""));
        }
    }
    if !thought.is_empty() {
        return (Some(thought), said);
    }
    thinking::split(&said)
}

fn add_part(part: &Value, thought: &mut String, said: &mut String) {
    match &part["thinking"] {
        Value::String(text) => thought.push_str(text),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part["text"].as_str()).for_each(|text| thought.push_str(text))
        }
        _ => said.push_str(part["text"].as_str().unwrap_or("")),
    }
}

fn tool_calls(message: &Value) -> Vec<ToolCall> {
    let modern = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let calls = modern.iter().enumerate().map(|(i, call)| tool_call(call, &call["function"], i));
    let legacy = message.get("function_call").filter(|call| call.is_object());
    calls.chain(legacy.map(|call| tool_call(&Value::Null, call, modern.len()))).collect()
}

/// Whatever the arguments are, they are kept as text: what is wrong with them is told to the model.
fn tool_call(call: &Value, function: &Value, index: usize) -> ToolCall {
    let arguments = match &function["arguments"] {
        Value::String(text) if text.trim().is_empty() => "{}".to_owned(),
        Value::String(text) => text.clone(),
        Value::Null => "{}".to_owned(),
        other => other.to_string(),
    };
    let id = call["id"].as_str().filter(|id| !id.is_empty());
    ToolCall {
        id: id.map_or_else(|| format!("call_{index}"), str::to_owned),
        name: function["name"].as_str().unwrap_or("").trim().to_owned(),
        arguments,
    }
}

/// Servers say `stop` next to tool calls; a reply cut off in a call must not look complete.
fn finish(choice: &Value, calls: bool) -> Finish {
    match choice["finish_reason"].as_str() {
        Some("length" | "max_tokens" | "model_length") => Finish::Length,
        Some("content_filter") => Finish::Filtered,
        _ if calls => Finish::ToolCalls,
        _ => Finish::Stop,
    }
}

fn usage(usage: &Value) -> Usage {
    let number = |paths: &[&str]| paths.iter().find_map(|path| usage.pointer(path)?.as_u64()).unwrap_or(0);
    Usage {
        prompt: number(&["/prompt_tokens", "/input_tokens"]),
        cached: number(&["/prompt_tokens_details/cached_tokens", "/prompt_cache_hit_tokens"]),
        completion: number(&["/completion_tokens", "/output_tokens"]),
        reasoning: number(&["/completion_tokens_details/reasoning_tokens", "/reasoning_tokens"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(message: Value) -> Reply {
        reply(&json!({"choices": [{"message": message}]}).to_string(), &[]).unwrap()
    }

    #[test]
    fn content_and_reasoning_wherever_they_are() {
        let thinking = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "4"}]);
        let cases = [
            (json!({"content": "4"}), None, "4"),
            (json!({"content": null}), None, ""),
            (json!({"content": "4", "reasoning": "hm"}), Some("hm"), "4"),
            (json!({"content": "4", "reasoning": null, "reasoning_content": "hm"}), Some("hm"), "4"),
            (json!({"content": "4", "reasoning": "hm", "reasoning_content": "hm"}), Some("hm"), "4"),
            (json!({"content": "<think>hm</think>4"}), Some("hm"), "4"),
            (json!({ "content": thinking }), Some("hm"), "4"),
            (json!({"content": [{"type": "thinking", "thinking": "hm"}, {"text": "4"}, 7]}), Some("hm"), "4"),
            (json!({"content": {"odd": 1}}), None, ""),
        ];
        for (message, reasoning, text) in cases {
            let reply = read(message.clone());
            assert_eq!((reply.reasoning.as_deref(), reply.text.as_str()), (reasoning, text), "{message}");
        }
    }

    #[test]
    fn arguments_are_kept_as_they_are() {
        let call =
            |function: Value| read(json!({"content": "", "tool_calls": [{"id": "a", "function": function}]}));
        let cases = [
            (json!({"name": "f", "arguments": "{\"x\":1}"}), "f", "{\"x\":1}"),
            (json!({"name": " f ", "arguments": {"x": 1}}), "f", "{\"x\":1}"),
            (json!({"name": "f", "arguments": "{"}), "f", "{"),
            (json!({"name": "f", "arguments": ""}), "f", "{}"),
            (json!({"name": "f"}), "f", "{}"),
            (json!({"name": null, "arguments": 7}), "", "7"),
            (json!("f"), "", "{}"),
        ];
        for (function, name, arguments) in cases {
            let reply = call(function.clone());
            let call = &reply.tool_calls[0];
            assert_eq!((call.name.as_str(), call.arguments.as_str()), (name, arguments), "{function}");
            assert_eq!(reply.finish, Finish::ToolCalls);
        }
    }

    #[test]
    fn ids_that_are_missing_are_made_up() {
        let reply =
            read(json!({"tool_calls": [{"function": {"name": "f"}}, {"id": "", "function": {"name": "g"}}]}));
        assert_eq!(
            reply.tool_calls.iter().map(|call| call.id.as_str()).collect::<Vec<_>>(),
            ["call_0", "call_1"]
        );
        let reply = read(json!({"function_call": {"name": "old", "arguments": "{}"}}));
        assert_eq!((reply.tool_calls[0].name.as_str(), reply.finish), ("old", Finish::ToolCalls));
    }

    #[test]
    fn how_it_ended() {
        let call = json!([{"id": "a", "function": {"name": "f", "arguments": "{"}}]);
        let cases = [
            (json!("stop"), json!([]), Finish::Stop),
            (json!("stop"), call.clone(), Finish::ToolCalls),
            (json!("length"), call.clone(), Finish::Length),
            (json!("length"), json!(null), Finish::Length),
            (json!("content_filter"), json!([]), Finish::Filtered),
            (json!("tool_calls"), json!([]), Finish::Stop),
            (json!(null), json!([]), Finish::Stop),
        ];
        for (reason, calls, expected) in cases {
            let body = json!({"choices": [{"finish_reason": reason, "message": {"content": "", "tool_calls": calls}}]});
            assert_eq!(reply(&body.to_string(), &[]).unwrap().finish, expected, "{body}");
        }
    }

    #[test]
    fn usage_in_the_spellings_of_servers() {
        let cases = [
            (json!({"prompt_tokens": 5, "completion_tokens": 3}), (5, 0, 3, 0)),
            (
                json!({"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4},
                    "completion_tokens_details": {"reasoning_tokens": 2}}),
                (5, 4, 3, 2),
            ),
            (
                json!({"prompt_tokens": 5, "prompt_tokens_details": null, "prompt_cache_hit_tokens": 2}),
                (5, 2, 0, 0),
            ),
            (json!(null), (0, 0, 0, 0)),
        ];
        for (value, (prompt, cached, completion, reasoning)) in cases {
            assert_eq!(usage(&value), Usage { prompt, cached, completion, reasoning }, "{value}");
        }
    }

    #[test]
    fn text_ends_where_it_was_told_to() {
        let body = json!({"choices": [{"message": {"content": "a```output\nb\nSTOP"}}]}).to_string();
        for (stop, expected) in [
            ("```output", "a"),
            ("STOP", "a```output\nb\n"),
            ("none", "a```output\nb\nSTOP"),
            ("", "a```output\nb\nSTOP"),
        ] {
            assert_eq!(reply(&body, &[stop.to_owned()]).unwrap().text, expected);
        }
    }

    #[test]
    fn what_cannot_be_read_is_tried_again() {
        for body in
            ["", "{\"choices\": [{\"mess", "<html>Bad gateway</html>", "{}", "{\"choices\": []}", "[]", "7"]
        {
            let failure = reply(body, &[]).unwrap_err();
            assert!(failure.is_transient(), "{body}: {failure:?}");
        }
    }

    #[test]
    fn an_error_inside_of_a_200_is_an_error() {
        let overflow = json!({"error": {"code": 400, "message": "maximum context length is 10 tokens, you sent 12 tokens"}});
        assert_eq!(reply(&overflow.to_string(), &[]).unwrap_err(), Failure::ContextOverflow { tokens: 12 });
        let upstream = json!({"choices": [{"error": {"code": "502", "message": "upstream"}, "message": {"content": ""}}]});
        assert!(reply(&upstream.to_string(), &[]).unwrap_err().is_transient());
    }

    #[test]
    fn excerpts_are_short_and_on_one_line() {
        assert_eq!(excerpt("a\nb"), "a b");
        assert_eq!(excerpt(&"é".repeat(400)).chars().count(), 301);
    }
}
