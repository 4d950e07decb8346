use super::*;
use crate::model::{Message, Sampling};

const SUMS: &str = r#"
// Adds with a tool, then says what it gave.
{"when": {"last": "What is {{a}} + {{b}}?", "turn": 0}, "tool_calls": [{"name": "add", "arguments": {"a": "{{a}}", "b": "{{b}}"}}]}
{"when": {"last": "{{sum}}", "turn": 1}, "reply": "\\boxed{{{sum}}}", "usage": {"prompt": 5, "completion": 6}}
{"when": {"contains": "loud"}, "reply": "HELLO", "finish": "length", "reasoning": "they want it loud"}
{"when": {"seed": 3}, "error": {"status": 401, "message": "bad key"}}
{"when": {"seed": 4}, "error": {"status": 503, "message": "loading model"}}
{"when": {"contains": "broken"}, "tool_calls": [{"name": "add", "arguments": "{\"a\": "}]}
"#;

fn model() -> ScriptedModel {
    ScriptedModel::new("sums.jsonl", SUMS).unwrap()
}

fn request(seed: u64, messages: Vec<Message>) -> Request {
    Request { messages, sampling: Sampling { seed, ..Sampling::default() }, ..Request::default() }
}

#[tokio::test]
async fn a_conversation_with_a_tool() {
    let mut conversation = vec![Message::system("Be quick."), Message::user("What is 17 + 25?")];
    let reply = model().reply(&request(0, conversation.clone())).await.unwrap();
    assert_eq!(reply.finish, Finish::ToolCalls);
    assert_eq!(reply.tool_calls[0].arguments, r#"{"a":"17","b":"25"}"#);
    assert!(reply.usage.prompt > 0 && reply.usage.completion > 0);
    conversation.extend([Message::from_reply(&reply), Message::tool(&reply.tool_calls[0].id, "42")]);
    let reply = model().reply(&request(0, conversation)).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish), ("\\boxed{42}", Finish::Stop));
    assert_eq!(reply.usage, Usage { prompt: 5, completion: 6, ..Usage::default() });
}

#[tokio::test]
async fn rows_set_everything_a_reply_has() {
    let reply = model().reply(&request(0, vec![Message::user("be loud")])).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish), ("HELLO", Finish::Length));
    assert_eq!(reply.reasoning.as_deref(), Some("they want it loud"));
    let reply = model().reply(&request(0, vec![Message::user("broken")])).await.unwrap();
    assert_eq!(reply.tool_calls[0].arguments, r#"{"a": "#);
}

#[tokio::test]
async fn replies_end_where_the_request_says() {
    let mut request = request(0, vec![Message::user("be loud")]);
    request.stop = vec!["LO".into()];
    assert_eq!(model().reply(&request).await.unwrap().text, "HEL");
}

#[tokio::test]
async fn errors_are_those_of_a_server() {
    let reply =
        |seed| async move { model().reply(&request(seed, vec![Message::user("x")])).await.unwrap_err() };
    assert!(matches!(reply(3).await, ModelError::Unusable { message, .. } if message.contains("bad key")));
    assert!(matches!(reply(4).await, ModelError::Unavailable { tries: 1, .. }));
    let error = reply(0).await.to_string();
    assert!(error.contains("no row fits the conversation that ends in \"x\""), "{error}");
}

#[test]
fn mistakes_are_told_with_their_line() {
    for (text, expected) in [
        ("{\"reply\": \"a\"}\n\n{\"replay\": \"b\"}", "line 3: unknown field `replay`"),
        ("{\"reply\": \"a\"", "line 1: EOF"),
        ("// fine\n7", "line 2: invalid type"),
    ] {
        let error = Script::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("hint:"), "{error}");
    }
    let error = ScriptedModel::open(Path::new("/no/such.jsonl")).err().unwrap().to_string();
    assert!(error.contains("script /no/such.jsonl: No such file"), "{error}");
}

#[test]
fn identity_changes_with_the_content() {
    let identity = |text: &str| ScriptedModel::new("a.jsonl", text).unwrap().identity().to_owned();
    assert!(identity("{}").starts_with("script:a.jsonl@"));
    assert_ne!(identity("{}"), identity("{\"reply\": \"b\"}"));
    assert!(model().supports_tools() && !ScriptedModel::new("a", "{}").unwrap().supports_tools());
}
