//! Anthropic's and Google's own protocols, and the fields that Mistral refuses: with the bodies as those servers send them.

use serde_json::{Value, json};
use tirade::model::name::ModelName;
use tirade::model::remote::{Keys, RemoteModel};
use tirade::model::{Message, Model, ModelError, Reply, Request, ToolSpec};

use super::canned::{Canned, CannedServer, Seen};
use super::{ask, quick};

const KEY: &str = "a-key-of-some-length";

/// What replies of a provider come to, and what was asked.
async fn exchange(
    provider: &str,
    request: &Request,
    replies: Vec<Canned>,
) -> (Result<Reply, ModelError>, Vec<Seen>) {
    let server = CannedServer::start(replies).await;
    let name: ModelName = format!("{provider}:{}#some-model", server.url).parse().unwrap();
    let keys = Keys::from_variables(|_| Some(KEY.into()));
    let reply = RemoteModel::new(&name, &keys, quick()).unwrap().reply(request).await;
    (reply, server.seen())
}

fn with_tool(text: &str) -> Request {
    let parameters =
        json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
    Request {
        tools: vec![ToolSpec { name: "calc".into(), description: "Calculates.".into(), parameters }].into(),
        ..ask(text)
    }
}

#[tokio::test]
async fn anthropic_continues_a_conversation_with_a_tool() {
    let called = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "tool_use", "id": "toolu_1", "name": "calc", "input": {"x": 1}},
    ], "stop_reason": "tool_use", "usage": {"input_tokens": 10, "output_tokens": 5}});
    let (reply, seen) = exchange("anthropic", &with_tool("2+2"), vec![Canned::ok(called.clone())]).await;
    let reply = reply.unwrap();
    assert_eq!((reply.tool_calls[0].name.as_str(), reply.usage.prompt), ("calc", 10));
    assert_eq!(seen[0].headers["x-api-key"], KEY);
    assert_eq!(seen[0].headers["anthropic-version"], "2023-06-01");
    assert!(
        seen[0].path.ends_with("/messages") && !seen[0].headers.contains_key("authorization"),
        "{}",
        seen[0].path
    );

    let mut next = with_tool("2+2");
    next.messages.extend([Message::from_reply(&reply), Message::tool("toolu_1", "4")]);
    let said = json!({"content": [{"type": "text", "text": "4"}], "stop_reason": "end_turn", "usage": {}});
    let (reply, seen) = exchange("anthropic", &next, vec![Canned::ok(said)]).await;
    assert_eq!(reply.unwrap().text, "4");
    assert_eq!(
        seen[0].body["messages"][1]["content"], called["content"],
        "signed thinking goes back untouched"
    );
    assert_eq!(seen[0].body["messages"][2]["content"][0]["tool_use_id"], "toolu_1");
}

#[tokio::test]
async fn gemini_continues_a_conversation_with_a_tool() {
    let parts = json!([{"functionCall": {"name": "calc", "args": {"x": 1}}, "thoughtSignature": "sig"}]);
    let called = json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 7}});
    let (reply, seen) = exchange("gemini", &with_tool("2+2"), vec![Canned::ok(called)]).await;
    let reply = reply.unwrap();
    assert_eq!((reply.usage.completion, reply.usage.reasoning), (12, 7));
    assert_eq!(seen[0].headers["x-goog-api-key"], KEY);
    assert!(seen[0].path.ends_with("/models/some-model:generateContent"), "{}", seen[0].path);

    let mut next = with_tool("2+2");
    next.messages.extend([Message::from_reply(&reply), Message::tool(&reply.tool_calls[0].id, "4")]);
    let said = json!({"candidates": [{"content": {"parts": [{"text": "4"}]}, "finishReason": "STOP"}]});
    let (reply, seen) = exchange("gemini", &next, vec![Canned::ok(said)]).await;
    assert_eq!(reply.unwrap().text, "4");
    assert_eq!(seen[0].body["contents"][1]["parts"], parts);
    assert_eq!(seen[0].body["contents"][2]["parts"][0]["functionResponse"]["name"], "calc");
}

#[tokio::test]
async fn their_errors_are_understood() {
    let overloaded =
        Canned::status(529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#);
    let said = Canned::ok(json!({"content": [{"type": "text", "text": "4"}], "stop_reason": "end_turn"}));
    let (reply, seen) = exchange("anthropic", &ask("hi"), vec![overloaded, said]).await;
    assert_eq!((reply.unwrap().text.as_str(), seen.len()), ("4", 2));

    let long = Canned::status(
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
    );
    let (reply, _) = exchange("anthropic", &ask("hi"), vec![long]).await;
    assert!(matches!(reply, Err(ModelError::ContextOverflow { tokens: 210_000, .. })), "{reply:?}");

    let wrong = Canned::status(
        400,
        r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}"#,
    );
    let (reply, seen) = exchange("gemini", &ask("hi"), vec![wrong]).await;
    assert!(reply.unwrap_err().ends_run() && seen.len() == 1);
}

/// Mistral answers fields that it does not know with 422.
#[tokio::test]
async fn mistral_gets_no_field_that_it_does_not_know() {
    let details = json!([{"type": "reasoning.encrypted", "data": "x"}]);
    let past =
        Message { reasoning: Some("hm".into()), reasoning_details: details, ..Message::assistant("4") };
    let request =
        Request { messages: vec![Message::user("2+2"), past, Message::user("sure?")], ..with_tool("") };
    let reply = Canned::message(json!({"content": "yes"}), "stop");
    let (_, seen) = exchange("mistral", &request, vec![reply]).await;
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(fields(&seen[0].body), "model messages max_tokens temperature random_seed tools tool_choice");
    assert_eq!(fields(&seen[0].body["messages"][1]), "role content");
    assert_eq!(fields(&seen[0].body["tools"][0]["function"]), "name description parameters");
}
