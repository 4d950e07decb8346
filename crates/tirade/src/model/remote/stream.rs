//! Server-sent events of a streamed reply, joined into the reply as it would have come whole.

use serde_json::{Map, Value, json};

use super::failure::Failure;

/// Joins the chunks of `text/event-stream` into one chat completion body. A stream that ends before it says how is broken.
pub fn join(text: &str) -> Result<String, Failure> {
    let mut joined = Joined::default();
    for line in text.lines() {
        let Some(data) = line.strip_prefix("data:").map(str::trim) else { continue };
        if data == "[DONE]" {
            joined.done = true;
            break;
        }
        let chunk: Value = serde_json::from_str(data)
            .map_err(|error| Failure::broken(format!("a piece of the stream is no JSON: {error}")))?;
        if chunk.get("error").is_some_and(|error| !error.is_null()) {
            return Ok(chunk.to_string());
        }
        joined.add(&chunk);
    }
    joined.finish()
}

#[derive(Default)]
struct Joined {
    content: String,
    /// Text fields beside the content, by name: `reasoning`, `reasoning_content`.
    texts: Map<String, Value>,
    details: Vec<Value>,
    calls: Vec<Value>,
    finish_reason: Value,
    usage: Value,
    head: Map<String, Value>,
    done: bool,
}

impl Joined {
    /// The last chunk has usage and no choice.
    fn add(&mut self, chunk: &Value) {
        for field in ["id", "model", "created", "system_fingerprint"] {
            if let Some(value) = chunk.get(field) {
                self.head.entry(field).or_insert_with(|| value.clone());
            }
        }
        if chunk["usage"].is_object() {
            self.usage = chunk["usage"].clone();
        }
        let choice = &chunk["choices"][0];
        if choice["finish_reason"].is_string() {
            self.finish_reason = choice["finish_reason"].clone();
        }
        let delta = &choice["delta"];
        self.content += delta["content"].as_str().unwrap_or("");
        for field in ["reasoning", "reasoning_content"] {
            append(&mut self.texts, field, &delta[field]);
        }
        self.details.extend(delta["reasoning_details"].as_array().cloned().unwrap_or_default());
        for call in delta["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default() {
            self.add_call(call);
        }
    }

    /// Calls come in pieces that say to which call they belong; without a number, an id or a name begins a new call.
    fn add_call(&mut self, piece: &Value) {
        const MOST: usize = 128;
        let begins = piece["id"].is_string() || piece["function"]["name"].is_string();
        let next = self.calls.len();
        let index = match piece["index"].as_u64() {
            Some(index) => usize::try_from(index).unwrap_or(MOST).min(next),
            None if begins => next,
            None => next.saturating_sub(1),
        };
        if index == next {
            if next == MOST {
                return;
            }
            self.calls.push(json!({"id": "", "type": "function", "function": {"name": "", "arguments": ""}}));
        }
        let call = &mut self.calls[index];
        extend(&mut call["id"], &piece["id"]);
        extend(&mut call["function"]["name"], &piece["function"]["name"]);
        extend(&mut call["function"]["arguments"], &piece["function"]["arguments"]);
    }

    fn finish(mut self) -> Result<String, Failure> {
        if !self.done && self.finish_reason.is_null() {
            return Err(Failure::broken("the stream ended in the middle of the reply".into()));
        }
        let mut message = json!({"role": "assistant", "content": self.content});
        let fields = message.as_object_mut().expect("made as an object");
        fields.append(&mut self.texts);
        if !self.details.is_empty() {
            fields.insert("reasoning_details".into(), self.details.into());
        }
        if !self.calls.is_empty() {
            fields.insert("tool_calls".into(), self.calls.into());
        }
        self.head.insert(
            "choices".into(),
            json!([{"index": 0, "message": message, "finish_reason": self.finish_reason}]),
        );
        self.head.insert("usage".into(), self.usage);
        Ok(Value::Object(self.head).to_string())
    }
}

fn append(texts: &mut Map<String, Value>, field: &str, piece: &Value) {
    if piece.is_string() {
        extend(texts.entry(field).or_insert_with(|| "".into()), piece);
    }
}

fn extend(text: &mut Value, piece: &Value) {
    if let (Value::String(text), Some(piece)) = (text, piece.as_str()) {
        text.push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finish, Reply, Usage};

    fn read(deltas: &[&str]) -> Result<Reply, Failure> {
        let lines: String = deltas.iter().map(|delta| format!("data: {delta}\n\n")).collect();
        super::super::decode::reply(&join(&lines)?, &[])
    }

    #[test]
    fn text_reasoning_and_usage_are_joined() {
        let reply = read(&[
            r#"{"id":"a","choices":[{"delta":{"role":"assistant","reasoning":"h"}}]}"#,
            r#"{"id":"a","choices":[{"delta":{"reasoning":"m"}}]}"#,
            r#"{"id":"a","choices":[{"delta":{"content":"4"}}]}"#,
            r#"{"id":"a","choices":[{"delta":{"content":"2"},"finish_reason":"stop"}]}"#,
            r#"{"id":"a","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
            "[DONE]",
        ])
        .unwrap();
        assert_eq!((reply.text.as_str(), reply.reasoning.as_deref()), ("42", Some("hm")));
        assert_eq!(reply.usage, Usage { prompt: 3, completion: 2, ..Usage::default() });
        assert_eq!(reply.raw["id"], "a");
    }

    #[test]
    fn calls_come_in_pieces_and_may_lack_arguments() {
        let reply = read(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"x","function":{"name":"f"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"y","function":{"name":"g"}}]}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
        ])
        .unwrap();
        let calls: Vec<_> =
            reply.tool_calls.iter().map(|c| (c.id.as_str(), c.name.as_str(), c.arguments.as_str())).collect();
        assert_eq!(calls, [("x", "f", "{\"a\":1}"), ("y", "g", "{}")]);
        assert_eq!(reply.finish, Finish::ToolCalls);
    }

    #[test]
    fn a_stream_that_breaks_off_is_tried_again() {
        for deltas in [&[][..], &[r#"{"choices":[{"delta":{"content":"4"}}]}"#], &["{\"choi"]] {
            assert!(read(deltas).unwrap_err().is_transient(), "{deltas:?}");
        }
        let overloaded = read(&[r#"{"error":{"code":503,"message":"busy"}}"#]);
        assert!(overloaded.unwrap_err().is_transient());
    }

    #[test]
    fn hostile_numbers_make_no_million_calls() {
        let piece = r#"{"choices":[{"delta":{"tool_calls":[{"index":18446744073709551615,"id":"x","function":{"name":"f"}}]}}]}"#;
        let reply = read(&[piece, piece, "[DONE]"]).unwrap();
        assert_eq!(reply.tool_calls.len(), 2);
        let many = vec![piece; 1000];
        assert_eq!(
            read(&many.into_iter().chain(["[DONE]"]).collect::<Vec<_>>()).unwrap().tool_calls.len(),
            128
        );
    }
}
