//! One test for each peculiarity of a server, with the bodies as those servers send them.

use serde_json::{Value, json};
use tirade::model::remote::{Keys, RemoteModel};
use tirade::model::{
    Finish, Message, Model, ModelError, Reply, Request, Sampling, ToolCall, ToolChoice, ToolSpec,
};

use super::canned::{Canned, CannedServer};
use super::{ask, model, quick};

/// The reply that a server's replies come to, and the bodies that were asked.
async fn exchange(
    request: &Request,
    replies: impl IntoIterator<Item = Canned>,
) -> (Result<Reply, ModelError>, Vec<Value>) {
    let server = CannedServer::start(replies).await;
    let reply = model(&server.url, quick()).reply(request).await;
    (reply, server.seen().into_iter().map(|seen| seen.body).collect())
}

async fn reply_to(replies: impl IntoIterator<Item = Canned>) -> Reply {
    exchange(&ask("hi"), replies).await.0.unwrap()
}

fn call(arguments: Value) -> Value {
    json!([{"id": "call_1", "type": "function", "function": {"name": "calc", "arguments": arguments}}])
}

fn tool(name: &str) -> ToolSpec {
    let parameters = json!({
        "type": "object", "properties": {"expr": {"type": "string"}}, "required": ["expr"], "additionalProperties": false,
    });
    ToolSpec { name: name.into(), description: "Calculates.".into(), parameters }
}

#[tokio::test]
async fn reasoning_has_two_names_and_vllm_sends_null() {
    let message = |field: &str, value: Value| Canned::message(json!({"content": "4", field: value}), "stop");
    for field in ["reasoning", "reasoning_content"] {
        assert_eq!(reply_to([message(field, json!("hm"))]).await.reasoning.as_deref(), Some("hm"));
        assert_eq!(reply_to([message(field, json!(null))]).await.reasoning, None);
    }
}

#[tokio::test]
async fn reasoning_goes_back_under_both_names() {
    let past =
        Message::from_reply(&Reply { text: "4".into(), reasoning: Some("hm".into()), ..Reply::default() });
    let request =
        Request { messages: vec![Message::user("2+2"), past, Message::user("sure?")], ..Request::default() };
    let (_, asked) = exchange(&request, [Canned::message(json!({"content": "yes"}), "stop")]).await;
    let sent = &asked[0]["messages"][1];
    assert_eq!((&sent["reasoning"], &sent["reasoning_content"]), (&json!("hm"), &json!("hm")));
}

#[tokio::test]
async fn named_tool_choice_ends_with_stop_and_is_a_call_all_the_same() {
    let reply = reply_to([Canned::message(
        json!({"content": null, "tool_calls": call(json!("{\"expr\":\"2+2\"}"))}),
        "stop",
    )])
    .await;
    assert_eq!(reply.finish, Finish::ToolCalls);
    assert_eq!(
        reply.tool_calls[0],
        ToolCall { id: "call_1".into(), name: "calc".into(), arguments: "{\"expr\":\"2+2\"}".into() }
    );
}

#[tokio::test]
async fn arguments_against_the_schema_or_against_json_reach_the_solver_as_they_are() {
    for arguments in ["{\"extra\":1}", "{", "not json", "[1]"] {
        let reply = reply_to([Canned::message(
            json!({"content": "", "tool_calls": call(json!(arguments))}),
            "tool_calls",
        )])
        .await;
        assert_eq!(reply.tool_calls[0].arguments, arguments);
    }
}

#[tokio::test]
async fn one_tool_is_required_by_offering_no_other() {
    let tools = vec![tool("calc"), tool("plot")].into();
    let request = Request { tools, tool_choice: ToolChoice::Named("calc".into()), ..ask("2+2") };
    let (_, asked) = exchange(&request, [Canned::message(json!({"content": ""}), "stop")]).await;
    assert_eq!(asked[0]["tool_choice"], "required");
    assert_eq!(asked[0]["tools"].as_array().unwrap().len(), 1);
    assert_eq!(asked[0]["tools"][0]["function"]["name"], "calc");
}

#[tokio::test]
async fn required_that_was_cut_off_in_the_text_before_the_call_says_length() {
    let reply = reply_to([Canned::message(json!({"content": "Let me first explain"}), "length")]).await;
    assert_eq!((reply.finish, reply.tool_calls.len()), (Finish::Length, 0));
}

#[tokio::test]
async fn a_call_cut_off_says_length() {
    let reply =
        reply_to([Canned::message(json!({"content": null, "tool_calls": call(json!("{"))}), "length")]).await;
    assert_eq!((reply.finish, reply.tool_calls[0].arguments.as_str()), (Finish::Length, "{"));
}

#[tokio::test]
async fn a_call_in_a_json_fence_is_found_in_the_text() {
    let text = "```json\n{\"name\": \"calc\", \"arguments\": {\"expr\": \"2+2\"}}\n```";
    let reply = reply_to([Canned::message(json!({ "content": text }), "stop")]).await;
    let parsed = tirade::model::tool_calls::parse(&reply.text, "python");
    assert_eq!(
        (parsed.calls[0].name.as_str(), parsed.calls[0].arguments.as_str()),
        ("calc", "{\"expr\":\"2+2\"}")
    );
}

#[tokio::test]
async fn content_beside_calls_is_never_null() {
    let called = Reply {
        tool_calls: vec![ToolCall { id: "a".into(), name: "calc".into(), arguments: "{}".into() }],
        ..Reply::default()
    };
    let messages = vec![Message::user("2+2"), Message::from_reply(&called), Message::tool("a", "4")];
    let (_, asked) = exchange(
        &Request { messages, ..Request::default() },
        [Canned::message(json!({"content": "4"}), "stop")],
    )
    .await;
    assert_eq!(asked[0]["messages"][1]["content"], "");
    assert_eq!(asked[0]["messages"][2], json!({"role": "tool", "content": "4", "tool_call_id": "a"}));
}

#[tokio::test]
async fn one_reply_is_asked_for_without_saying_n() {
    let request = Request { sampling: Sampling { temperature: 0.0, ..Sampling::default() }, ..ask("hi") };
    let (_, asked) = exchange(&request, [Canned::message(json!({"content": "4"}), "stop")]).await;
    assert_eq!((asked[0].get("n"), &asked[0]["temperature"]), (None, &json!(0.0)));
}

#[tokio::test]
async fn mistral_sends_thoughts_as_typed_parts() {
    let content = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "4"}]);
    let reply = reply_to([Canned::message(json!({ "content": content }), "stop")]).await;
    assert_eq!((reply.text.as_str(), reply.reasoning.as_deref()), ("4", Some("hm")));
}

#[tokio::test]
async fn openrouter_gets_its_signed_reasoning_back() {
    let details = json!([{"type": "reasoning.encrypted", "data": "xyz"}]);
    let message = json!({"content": "4", "reasoning": "hm", "reasoning_details": details});
    let past = Message::from_reply(&reply_to([Canned::message(message, "stop")]).await);
    let request = Request { messages: vec![Message::user("2+2"), past], ..Request::default() };
    let (_, asked) = exchange(&request, [Canned::message(json!({"content": ""}), "stop")]).await;
    assert_eq!(asked[0]["messages"][1]["reasoning_details"], details);
}

#[tokio::test]
async fn a_server_that_loads_its_model_is_waited_for() {
    let loading =
        Canned::status(503, r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#);
    let (reply, asked) =
        exchange(&ask("hi"), [loading.clone(), loading, Canned::message(json!({"content": "4"}), "stop")])
            .await;
    assert_eq!((reply.unwrap().text.as_str(), asked.len()), ("4", 3));
}

#[tokio::test]
async fn the_last_piece_of_a_stream_has_usage_and_no_choice() {
    let body = concat!(
        "data: {\"choices\":[{\"delta\":{\"content\":\"4\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"calc\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n",
        "data: [DONE]\n\n",
    );
    let streamed = Canned::status(200, body).header("content-type", "text/event-stream; charset=utf-8");
    let reply = reply_to([streamed]).await;
    assert_eq!((reply.text.as_str(), reply.usage.prompt, reply.usage.completion), ("4", 7, 2));
    assert_eq!(reply.tool_calls[0].arguments, "{}", "a tool without parameters may have no arguments");
}

#[tokio::test]
async fn groq_refuses_what_its_parser_cannot_read_and_the_model_hears_of_it() {
    let body = json!({"error": {"code": "tool_use_failed", "message": "Failed to call a function.",
        "failed_generation": "<tool_call>{\"name\": \"calc\", \"arguments\": {\"expr\": \"2+2\"}}</tool_call>"}});
    let (reply, asked) = exchange(&ask("hi"), [Canned::status(400, body.to_string())]).await;
    let reply = reply.unwrap();
    assert_eq!(
        (tirade::model::tool_calls::parse(&reply.text, "py").calls[0].name.as_str(), asked.len()),
        ("calc", 1)
    );
    assert_eq!(reply.raw, body);
}

#[tokio::test]
async fn openrouter_puts_errors_into_a_200() {
    let overloaded = Canned::ok(json!({"error": {"code": 502, "message": "Provider returned error"}}));
    let (reply, asked) =
        exchange(&ask("hi"), [overloaded, Canned::message(json!({"content": "4"}), "stop")]).await;
    assert_eq!((reply.unwrap().text.as_str(), asked.len()), ("4", 2));
}

#[tokio::test]
async fn what_cannot_succeed_is_asked_once() {
    let cases = [
        (401, r#"{"error":{"message":"Incorrect API key provided"}}"#, "unusable"),
        (402, r#"{"error":{"message":"Insufficient Balance"}}"#, "unusable"),
        (404, r#"{"error":{"code":"model_not_found","message":"The model does not exist"}}"#, "unusable"),
        (
            429,
            r#"{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}"#,
            "unusable",
        ),
        (
            400,
            r#"{"error":{"message":"maximum context length is 10 tokens, you requested 12 tokens"}}"#,
            "overflow 12",
        ),
        (
            400,
            r#"{"error":{"type":"exceed_context_size_error","message":"exceeds the available context size","n_prompt_tokens":812}}"#,
            "overflow 812",
        ),
        (422, r#"{"message":"Extra inputs are not permitted"}"#, "refused"),
    ];
    for (status, body, expected) in cases {
        let (reply, asked) = exchange(&ask("hi"), [Canned::status(status, body)]).await;
        let kind = match reply.unwrap_err() {
            ModelError::Unusable { .. } => "unusable".to_owned(),
            ModelError::ContextOverflow { tokens, .. } => format!("overflow {tokens}"),
            ModelError::Refused { .. } => "refused".to_owned(),
            other => other.to_string(),
        };
        assert_eq!((kind.as_str(), asked.len()), (expected, 1), "{status} {body}");
    }
}

#[tokio::test]
async fn the_whole_reply_is_kept() {
    let body = json!({"id": "x", "system_fingerprint": "fp", "choices": [{"message": {"content": "4", "odd": [1]}}], "extra": {"a": 1}});
    assert_eq!(reply_to([Canned::ok(body.clone())]).await.raw, body);
}

#[tokio::test]
async fn a_server_lists_its_models() {
    let list = json!({"data": [{"id": "Qwen/Qwen2.5-7B-Instruct"}, {"id": "b"}]});
    let server = CannedServer::start([Canned::ok(list)]).await;
    assert_eq!(model(&server.url, quick()).offered().await.unwrap(), ["Qwen/Qwen2.5-7B-Instruct", "b"]);
}

#[test]
fn a_missing_key_is_told_with_its_variable() {
    let name = "groq:llama-3.3-70b-versatile".parse().unwrap();
    let error = RemoteModel::new(&name, &Keys::default(), quick()).err().unwrap();
    assert!(error.ends_run());
    assert!(
        error.to_string().contains("no key for Groq") && error.to_string().contains("set GROQ_API_KEY"),
        "{error}"
    );
}
