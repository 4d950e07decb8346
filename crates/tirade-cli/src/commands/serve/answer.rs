//! From the engine's replies to the protocol's JSON, whole or in pieces.

use serde_json::{Value, json};
use tirade::model::local::calls;
use tirade::model::{ToolCall, ToolChoice, Tools};
use tirade_nn::engine::{Finish, GenerateReply};
use tirade_nn::tokenizer::Tokenizer;

/// What all parts of an answer have in common.
pub struct Answer {
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    pub model: String,
    pub tools: Tools,
    pub tool_choice: ToolChoice,
}

impl Answer {
    /// The whole answer: a choice per reply.
    pub fn whole(&self, replies: &[GenerateReply], tokenizer: &Tokenizer) -> Value {
        let choice = |(index, reply): (usize, &GenerateReply)| {
            let (text, calls) = self.said(reply);
            let mut message = json!({ "role": "assistant", "content": text });
            if !calls.is_empty() {
                message["tool_calls"] = calls.iter().map(|call| self.call(call)).collect();
            }
            json!({ "index": index, "message": message, "finish_reason": finish(reply, &calls),
                "logprobs": logprobs(reply, tokenizer) })
        };
        let mut body = self.frame("chat.completion", replies.iter().enumerate().map(choice).collect());
        body["usage"] = usage(replies);
        body
    }

    /// A piece of a choice's text; the first piece also says who speaks.
    pub fn piece(&self, index: usize, text: &str, first: bool) -> Value {
        let mut delta = json!({ "content": text });
        if first {
            delta["role"] = "assistant".into();
        }
        self.chunk(json!([{ "index": index, "delta": delta, "finish_reason": null }]))
    }

    /// The last piece of a choice. `shown` says whether its text has been sent already.
    pub fn end(&self, index: usize, reply: &GenerateReply, shown: bool, tokenizer: &Tokenizer) -> Value {
        let (text, calls) = self.said(reply);
        let mut delta = json!({});
        if !shown {
            delta = json!({ "role": "assistant", "content": text });
        }
        if !calls.is_empty() {
            let numbered = |(i, call)| {
                let mut call = self.call(call);
                call["index"] = json!(i);
                call
            };
            delta["tool_calls"] = calls.iter().enumerate().map(numbered).collect();
        }
        self.chunk(json!([{ "index": index, "delta": delta, "finish_reason": finish(reply, &calls),
            "logprobs": logprobs(reply, tokenizer) }]))
    }

    /// The number of tokens, after the last piece.
    pub fn totals(&self, replies: &[GenerateReply]) -> Value {
        let mut body = self.chunk(json!([]));
        body["usage"] = usage(replies);
        body
    }

    /// Whether text can be shown as it comes: not if it may turn out to be a call.
    pub fn streams_text(&self) -> bool {
        self.tools.is_empty() || self.tool_choice == ToolChoice::None
    }

    fn said(&self, reply: &GenerateReply) -> (String, Vec<ToolCall>) {
        let parsed = calls(&self.tools, &self.tool_choice, &reply.text);
        (parsed.text, parsed.calls)
    }

    /// Ids are unique among all answers, as clients that keep a conversation expect.
    fn call(&self, call: &ToolCall) -> Value {
        json!({ "id": format!("{}-{}", self.id, call.id), "type": "function",
            "function": { "name": call.name, "arguments": call.arguments } })
    }

    fn chunk(&self, choices: Value) -> Value {
        self.frame("chat.completion.chunk", choices)
    }

    fn frame(&self, object: &str, choices: Value) -> Value {
        json!({ "id": self.id, "object": object, "created": self.created, "model": self.model, "choices": choices })
    }
}

fn finish(reply: &GenerateReply, calls: &[ToolCall]) -> &'static str {
    match reply.finish {
        Finish::Length => "length",
        _ if !calls.is_empty() => "tool_calls",
        Finish::Stop | Finish::Cancelled => "stop",
    }
}

fn usage(replies: &[GenerateReply]) -> Value {
    // The choices share a prompt.
    let prompt = replies.first().map_or(0, |reply| reply.prompt_tokens);
    let cached = replies.first().map_or(0, |reply| reply.cached_tokens);
    let completion: usize = replies.iter().map(|reply| reply.tokens.len()).sum();
    json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": { "cached_tokens": cached } })
}

fn logprobs(reply: &GenerateReply, tokenizer: &Tokenizer) -> Value {
    let Some(logprobs) = &reply.logprobs else { return Value::Null };
    let one = |token: u32, logprob: f32| {
        let bytes = tokenizer.bytes(token);
        json!({ "token": String::from_utf8_lossy(bytes), "bytes": bytes, "logprob": logprob })
    };
    let with_likeliest = |(i, (&token, &logprob)): (usize, (&u32, &f32))| {
        let likeliest = reply.top_logprobs.get(i).into_iter().flatten();
        let mut value = one(token, logprob);
        value["top_logprobs"] = likeliest.map(|&(token, logprob)| one(token, logprob)).collect();
        value
    };
    json!({ "content": reply.tokens.iter().zip(logprobs).enumerate().map(with_likeliest).collect::<Vec<_>>() })
}
