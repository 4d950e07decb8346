//! The client against a real llama.cpp server. Ignored, since it needs one: `benches/remote/llama_server.py` starts it, and
//! `TIRADE_LLAMA_URL=http://127.0.0.1:8080/v1 cargo test -p tirade --test it llama_server -- --ignored` asks it.
//!
//! With a model of 135 million parameters only the plumbing can be asserted, not the answers.

use serde_json::json;
use tirade::model::remote::{RemoteConfig, RemoteModel};
use tirade::model::{
    Finish, Message, Model, ModelError, Request, Sampling, ToolChoice, ToolSpec, tool_calls,
};

use super::{ask, model, quick};

fn server(stream: bool) -> RemoteModel {
    let url = std::env::var("TIRADE_LLAMA_URL").expect("TIRADE_LLAMA_URL names the server");
    let patient = std::time::Duration::from_secs(120);
    model(&url, RemoteConfig { stream, try_timeout: patient, deadline: patient, ..quick() })
}

fn limited(text: &str, max_tokens: u32) -> Request {
    Request { sampling: Sampling { max_tokens, ..Sampling::default() }, ..ask(text) }
}

#[tokio::test]
#[ignore = "needs a llama.cpp server at TIRADE_LLAMA_URL"]
async fn text_is_the_same_whole_and_streamed() {
    let request = limited("Count from one to ten.", 24);
    let whole = server(false).reply(&request).await.unwrap();
    let streamed = server(true).reply(&request).await.unwrap();
    assert_eq!(whole.text, streamed.text);
    assert!(!whole.text.is_empty() && whole.usage.prompt > 5 && whole.usage.completion > 0, "{whole:?}");
    assert_eq!((whole.usage.completion, whole.finish), (streamed.usage.completion, streamed.finish));
}

#[tokio::test]
#[ignore = "needs a llama.cpp server at TIRADE_LLAMA_URL"]
async fn it_stops_where_it_is_told() {
    let cut = server(false).reply(&limited("Count from one to ten.", 3)).await.unwrap();
    assert_eq!((cut.finish, cut.usage.completion), (Finish::Length, 3));
    let whole = server(false).reply(&limited("Count from one to ten.", 24)).await.unwrap();
    let middle: String = whole.text.chars().skip(whole.text.chars().count() / 2).take(3).collect();
    let request = Request { stop: vec![middle.clone()], ..limited("Count from one to ten.", 24) };
    let stopped = server(false).reply(&request).await.unwrap();
    assert!(!stopped.text.contains(&middle) && whole.text.starts_with(&stopped.text), "{:?}", stopped.text);
}

#[tokio::test]
#[ignore = "needs a llama.cpp server at TIRADE_LLAMA_URL"]
async fn a_conversation_that_is_too_long_is_told_with_its_tokens() {
    let error =
        server(false).reply(&limited(&"many words and more words ".repeat(1000), 8)).await.unwrap_err();
    assert!(matches!(error, ModelError::ContextOverflow { tokens, .. } if tokens > 4000), "{error}");
}

#[tokio::test]
#[ignore = "needs a llama.cpp server at TIRADE_LLAMA_URL"]
async fn a_required_tool_is_called_natively_or_in_text_and_its_result_can_follow() {
    let parameters = json!({
        "type": "object", "properties": {"expr": {"type": "string"}}, "required": ["expr"], "additionalProperties": false,
    });
    let calc = ToolSpec { name: "calc".into(), description: "Calculates.".into(), parameters };
    let other = ToolSpec { name: "plot".into(), ..calc.clone() };
    let tools = vec![other, calc];
    let mut request = Request {
        tools,
        tool_choice: ToolChoice::Named("calc".into()),
        ..limited("What is 2+2? Use the tool.", 64)
    };
    let mut reply = server(false).reply(&request).await.unwrap();
    if reply.tool_calls.is_empty() {
        reply.tool_calls = tool_calls::parse(&reply.text, "python").calls;
    }
    assert_eq!(reply.tool_calls[0].name, "calc", "{reply:?}");
    request.tool_choice = ToolChoice::None;
    request.messages.extend([Message::from_reply(&reply), Message::tool(&reply.tool_calls[0].id, "4")]);
    let answer = server(false).reply(&request).await.unwrap();
    assert!(answer.tool_calls.is_empty(), "{answer:?}");
}

#[tokio::test]
#[ignore = "needs a llama.cpp server at TIRADE_LLAMA_URL"]
async fn it_lists_its_model() {
    assert_eq!(server(false).offered().await.unwrap().len(), 1);
}
