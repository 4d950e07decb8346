//! The client against a real llama.cpp server: one at `TIRADE_LLAMA_URL`, else one that is started here where the wheel `xllamacpp` is
//! (`TIRADE_LLAMA_PYTHON`, else `python3`) with the model at `TIRADE_LLAMA_MODEL`. Without them these tests say so and pass.
//!
//! With a model of 135 million parameters only the plumbing can be asserted, not the answers.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::json;
use tirade::model::remote::{RemoteConfig, RemoteModel};
use tirade::model::{
    Finish, Message, Model, ModelError, Request, Sampling, ToolCall, ToolChoice, ToolSpec, tool_calls,
};

use super::{ask, model, quick};

/// The server's URL, and its process where it is ours: it ends when our end of its input closes.
static SERVER: OnceLock<Option<(String, Option<Child>)>> = OnceLock::new();

fn start() -> Option<(String, Option<Child>)> {
    let variable = |name: &str| std::env::var(name).ok();
    if let Some(url) = variable("TIRADE_LLAMA_URL") {
        return Some((url, None));
    }
    let python = variable("TIRADE_LLAMA_PYTHON").unwrap_or_else(|| "python3".into());
    let weights = variable("TIRADE_LLAMA_MODEL")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/remote/llama_server.py");
    let mut command = Command::new(python);
    command.args([script, &weights]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    let url = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http")))?;
    Some((url, Some(child)))
}

/// A client of the server; none where there is no server.
fn server(stream: bool) -> Option<RemoteModel> {
    let Some((url, _)) = SERVER.get_or_init(start) else {
        eprintln!(
            "skipped: no llama.cpp server (TIRADE_LLAMA_URL, or TIRADE_LLAMA_MODEL and the wheel xllamacpp)"
        );
        return None;
    };
    let patient = std::time::Duration::from_secs(120);
    Some(model(url, RemoteConfig { stream, try_timeout: patient, deadline: patient, ..quick() }))
}

fn limited(text: &str, max_tokens: u32) -> Request {
    Request { sampling: Sampling { max_tokens, ..Sampling::default() }, ..ask(text) }
}

#[tokio::test]
async fn text_is_the_same_whole_and_streamed() {
    let request = limited("Count from one to ten.", 24);
    let (Some(plain), Some(streaming)) = (server(false), server(true)) else { return };
    let whole = plain.reply(&request).await.unwrap();
    let streamed = streaming.reply(&request).await.unwrap();
    assert_eq!(whole.text, streamed.text);
    assert!(!whole.text.is_empty() && whole.usage.prompt > 5 && whole.usage.completion > 0, "{whole:?}");
    assert_eq!((whole.usage.completion, whole.finish), (streamed.usage.completion, streamed.finish));
}

#[tokio::test]
async fn it_stops_where_it_is_told() {
    let Some(server) = server(false) else { return };
    let cut = server.reply(&limited("Count from one to ten.", 3)).await.unwrap();
    assert_eq!((cut.finish, cut.usage.completion), (Finish::Length, 3));
    let whole = server.reply(&limited("Count from one to ten.", 24)).await.unwrap();
    let middle: String = whole.text.chars().skip(whole.text.chars().count() / 2).take(3).collect();
    let request = Request { stop: vec![middle.clone()], ..limited("Count from one to ten.", 24) };
    let stopped = server.reply(&request).await.unwrap();
    assert!(!stopped.text.contains(&middle) && whole.text.starts_with(&stopped.text), "{:?}", stopped.text);
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_told_with_its_tokens() {
    let Some(server) = server(false) else { return };
    let error = server.reply(&limited(&"many words and more words ".repeat(1000), 8)).await.unwrap_err();
    assert!(matches!(error, ModelError::ContextOverflow { tokens, .. } if tokens > 4000), "{error}");
}

#[tokio::test]
async fn a_required_tool_is_called_natively_or_in_text_and_its_result_can_follow() {
    let parameters = json!({
        "type": "object", "properties": {"expr": {"type": "string"}}, "required": ["expr"], "additionalProperties": false,
    });
    let calc = ToolSpec { name: "calc".into(), description: "Calculates.".into(), parameters };
    let other = ToolSpec { name: "plot".into(), ..calc.clone() };
    let tools = vec![other, calc].into();
    let mut request = Request {
        tools,
        tool_choice: ToolChoice::Named("calc".into()),
        ..limited("What is 2+2? Use the tool.", 64)
    };
    let Some(server) = server(false) else { return };
    let mut reply = server.reply(&request).await.unwrap();
    if reply.tool_calls.is_empty() {
        reply.tool_calls = tool_calls::parse(&reply.text, "python").calls;
    }
    if reply.tool_calls.is_empty() {
        // llama.cpp lets a model write text before a required call, and this one may write nothing else.
        let call =
            ToolCall { id: "call_0".into(), name: "calc".into(), arguments: "{\"expr\":\"2+2\"}".into() };
        reply.tool_calls = vec![call];
    }
    assert_eq!(reply.tool_calls[0].name, "calc", "only one tool was offered: {reply:?}");
    request.tool_choice = ToolChoice::None;
    request.messages.extend([Message::from_reply(&reply), Message::tool(&reply.tool_calls[0].id, "4")]);
    let answer = server.reply(&request).await.unwrap();
    assert!(answer.tool_calls.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn it_lists_its_model() {
    let Some(server) = server(false) else { return };
    assert_eq!(server.offered().await.unwrap().len(), 1);
}
