//! The server over a real socket, with a tiny model of random weights, and with SmolLM2 where it is at hand.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tirade::model::local::LocalModel;
use tirade::model::name::ModelName;
use tirade::model::remote::{Keys, RemoteConfig, RemoteModel};
use tirade::model::{Finish, Message, Model as _, Request, Sampling, ToolChoice, ToolSpec, Tools};
use tirade_nn::engine::{Engine, EngineOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::server::{Served, Server};

#[path = "../../../../tirade-nn/tests/it/make.rs"]
#[allow(dead_code)]
mod make;

/// A server that runs until it is told to stop.
struct Live {
    base: String,
    host: String,
    engine: Arc<Engine>,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn start(path: &Path, key: Option<&str>) -> Live {
    let options = EngineOptions { threads: 1, ..EngineOptions::default() };
    let engine = Arc::new(Engine::open(path, options).unwrap());
    let hidden = make::HIDDEN;
    let mut numbers = make::Numbers(5);
    let mut floats = || (0..4 * hidden).map(|_| numbers.float()).collect::<Vec<f32>>();
    let (a, b) = (floats(), floats());
    let mut models = vec![Served { name: "base".into(), adapter: None }];
    if engine.config().hidden == hidden {
        let pair = ("model.layers.0.self_attn.o_proj", &a[..], &b[..]);
        models.push(Served {
            name: "tuned".into(),
            adapter: Some(engine.add_adapter(4, 2.0, [pair]).unwrap()),
        });
    }
    let server = Server::bind("127.0.0.1:0", engine.clone(), models, key.map(str::to_owned)).await.unwrap();
    let host = server.address.to_string();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(server.until(async { drop(stopped.await) }));
    Live { base: format!("http://{host}/v1"), host, engine, stop, ended }
}

async fn tiny() -> (Live, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    std::fs::write(&path, make::tiny_model(1)).unwrap();
    (start(&path, None).await, folder)
}

/// Status and body of a request made by hand.
async fn send(host: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(host).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut text = Vec::new();
    socket.read_to_end(&mut text).await.unwrap();
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    (status, if chunked { unchunked(body) } else { body.to_owned() })
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

async fn ask(live: &Live, body: &Value) -> (u16, Value) {
    let (status, text) = send(&live.host, "POST", "/v1/chat/completions", "", &body.to_string()).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}")))
}

fn body(more: Value) -> Value {
    let mut body = json!({ "model": "base", "messages": [{"role": "user", "content": "ab"}], "seed": 4, "max_tokens": 30 });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_stream_is_the_whole_answer_in_pieces() {
    let (live, _folder) = tiny().await;
    let (status, whole) = ask(&live, &body(json!({"logprobs": true}))).await;
    assert_eq!(status, 200, "{whole}");
    let choice = &whole["choices"][0];
    let tokens = whole["usage"]["completion_tokens"].as_u64().unwrap();
    assert_eq!(choice["logprobs"]["content"].as_array().unwrap().len() as u64, tokens);
    let streamed = body(json!({"stream": true, "stream_options": {"include_usage": true}}));
    let (_, events) = send(&live.host, "POST", "/v1/chat/completions", "", &streamed.to_string()).await;
    let mut events: Vec<&str> = events.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(events.pop(), Some("[DONE]"));
    let events: Vec<Value> = events.into_iter().map(|e| serde_json::from_str(e).unwrap()).collect();
    let text: String = events.iter().filter_map(|e| e["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, choice["message"]["content"].as_str().unwrap());
    assert_eq!(events.last().unwrap()["usage"]["completion_tokens"], tokens);
    assert_eq!(events[events.len() - 2]["choices"][0]["finish_reason"], choice["finish_reason"]);
}

#[tokio::test]
async fn biases_and_alternatives() {
    let (live, _folder) = tiny().await;
    let asked = json!({"logit_bias": {"100": 100}, "logprobs": true, "top_logprobs": 2, "max_tokens": 3, "temperature": 0});
    let (status, answer) = ask(&live, &body(asked)).await;
    assert_eq!(status, 200, "{answer}");
    let content = answer["choices"][0]["logprobs"]["content"].as_array().unwrap();
    assert!(
        content.len() == 3 && content.iter().all(|token| token["bytes"] == content[0]["bytes"]),
        "{answer}"
    );
    let likeliest = content[0]["top_logprobs"].as_array().unwrap();
    assert_eq!(likeliest.len(), 2);
    assert!(
        likeliest[0]["logprob"].as_f64() > content[0]["logprob"].as_f64(),
        "the bias is not in the probabilities"
    );
}

#[tokio::test]
async fn requests_at_once_get_what_each_gets_alone() {
    let (live, _folder) = tiny().await;
    let bodies: Vec<Value> = (0..12)
        .map(|i| body(json!({"seed": i / 2, "model": (if i % 2 == 0 { "base" } else { "tuned" }), "messages": [{"role": "user", "content": format!("ab{i}")}]})))
        .collect();
    let text = |(status, answer): (u16, Value)| {
        assert_eq!(status, 200, "{answer}");
        answer["choices"][0]["message"]["content"].clone()
    };
    let mut alone = Vec::new();
    for body in &bodies {
        alone.push(text(ask(&live, body).await));
    }
    let together = futures::future::join_all(bodies.iter().map(|body| ask(&live, body))).await;
    assert_eq!(together.into_iter().map(text).collect::<Vec<_>>(), alone);
    let tuned = text(ask(&live, &body(json!({"model": "tuned"}))).await);
    assert_ne!(tuned, text(ask(&live, &body(json!({}))).await), "the adapter changes the reply");
}

#[tokio::test]
async fn choices_differ_in_their_seeds() {
    let (live, _folder) = tiny().await;
    let (_, three) = ask(&live, &body(json!({"n": 3}))).await;
    let (_, third) = ask(&live, &body(json!({"seed": 6}))).await;
    assert_eq!(three["choices"].as_array().unwrap().len(), 3);
    assert_eq!(three["choices"][2]["message"], third["choices"][0]["message"]);
    assert_ne!(three["choices"][0]["message"], three["choices"][1]["message"]);
}

#[tokio::test]
async fn a_schema_holds() {
    let (live, _folder) = tiny().await;
    let schema = json!({"type": "object", "properties": {"same": {"type": "boolean"}}, "required": ["same"], "additionalProperties": false});
    let format =
        json!({"type": "json_schema", "json_schema": {"name": "verdict", "strict": true, "schema": schema}});
    let (status, answer) = ask(&live, &body(json!({"response_format": format, "max_tokens": 100}))).await;
    assert_eq!(status, 200, "{answer}");
    let reply: Value =
        serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert!(reply["same"].is_boolean(), "{reply}");
}

#[tokio::test]
async fn what_cannot_be_answered_is_said() {
    let (live, _folder) = tiny().await;
    let long = "ab".repeat(600);
    for (more, status, part) in [
        (json!({"model": "horse"}), 404, "served are base, tuned"),
        (json!({"logit_bias": {"five": 1}}), 400, "logit_bias"),
        (json!({"logit_bias": {"9999999": 1}}), 400, "vocabulary"),
        (json!({"presence_penalty": 3}), 400, "presence"),
        (json!({"top_logprobs": 2}), 400, "needs logprobs"),
        (json!({"temperature": -1}), 400, "temperature"),
        (json!({"n": 0}), 400, "n is 0"),
        (json!({"messages": [{"role": "user", "content": long}]}), 400, "context length"),
        (json!({"messages": [{"role": "horse", "content": ""}]}), 400, "horse"),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "horse"}}}}),
            400,
            "grammar",
        ),
        (json!({"tool_choice": "required"}), 400, "no tool"),
        (json!({"max_tokens": 0}), 400, "max_tokens"),
    ] {
        let (got, answer) = ask(&live, &body(more.clone())).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(got == status && message.contains(part), "{more}: {got} {answer}");
    }
    let (status, _) = send(&live.host, "POST", "/v1/chat/completions", "", "{\"model\": ").await;
    assert_eq!(status, 400);
    assert_eq!(send(&live.host, "GET", "/v2", "", "").await.0, 404);
}

#[tokio::test]
async fn only_who_has_the_key_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    std::fs::write(&path, make::tiny_model(1)).unwrap();
    let live = start(&path, Some("secret")).await;
    for (headers, status) in
        [("", 401), ("authorization: Bearer wrong\r\n", 401), ("authorization: Bearer secret\r\n", 200)]
    {
        assert_eq!(send(&live.host, "GET", "/v1/models", headers, "").await.0, status, "{headers}");
    }
    assert_eq!(send(&live.host, "GET", "/health", "", "").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_for_replies_under_way_but_not_for_those_nobody_waits_for() {
    let (live, _folder) = tiny().await;
    let long = body(json!({"max_tokens": 400})).to_string();
    let waiting = {
        let (host, body) = (live.host.clone(), long.clone());
        tokio::spawn(async move { send(&host, "POST", "/v1/chat/completions", "", &body).await })
    };
    while live.engine.stats().prefilled == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let head =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", long.len());
    for _ in 0..8 {
        let mut socket = TcpStream::connect(&live.host).await.unwrap();
        socket.write_all(format!("{head}{long}").as_bytes()).await.unwrap();
    }
    live.stop.send(()).unwrap();
    assert_eq!(waiting.await.unwrap().0, 200);
    live.ended.await.unwrap().unwrap();
}

fn client(live: &Live) -> RemoteModel {
    let name: ModelName = format!("{}#base", live.base).parse().unwrap();
    RemoteModel::new(
        &name,
        &Keys::from_variables(|_| None),
        RemoteConfig { stream: true, ..RemoteConfig::default() },
    )
    .unwrap()
}

#[tokio::test]
async fn our_own_client_gets_text_and_forced_calls() {
    let (live, _folder) = tiny().await;
    let sampling = Sampling { temperature: 1.0, max_tokens: 120, seed: 3, ..Sampling::default() };
    let request = Request { messages: vec![Message::user("ab")], sampling, ..Request::default() };
    let reply = client(&live).reply(&request).await.unwrap();
    assert!(reply.usage.completion > 0 && reply.usage.prompt > 0, "{reply:?}");
    let parameters = json!({"type": "object", "properties": {"a": {"type": "integer", "maximum": 99, "minimum": 0}},
        "required": ["a"], "additionalProperties": false});
    let tools =
        Tools::from(vec![ToolSpec { name: "square".into(), description: "a times a".into(), parameters }]);
    for tool_choice in [ToolChoice::Required, ToolChoice::Named("square".into())] {
        let request = Request { tools: tools.clone(), tool_choice, ..request.clone() };
        let reply = client(&live).reply(&request).await.unwrap();
        assert_eq!((reply.finish, reply.tool_calls.len()), (Finish::ToolCalls, 1), "{reply:?}");
        let arguments: Value = serde_json::from_str(&reply.tool_calls[0].arguments).unwrap();
        assert!(
            reply.tool_calls[0].name == "square" && arguments["a"].as_u64().is_some_and(|a| a < 100),
            "{reply:?}"
        );
    }
}

/// The model has random weights: only the schema can make its calls readable, as those of a judge have to be.
#[tokio::test]
async fn forced_calls_in_process_satisfy_their_schema() {
    let (live, _folder) = tiny().await;
    let model = LocalModel::new(live.engine.clone(), None, "here");
    let parameters = json!({"type": "object", "properties": {"same": {"type": "boolean"}}, "required": ["same"], "additionalProperties": false});
    let tools =
        Tools::from(vec![ToolSpec { name: "verdict".into(), description: "a test".into(), parameters }]);
    for seed in 0..4 {
        let sampling = Sampling { temperature: 1.0, max_tokens: 400, seed, ..Sampling::default() };
        let (messages, tool_choice) = (vec![Message::user("1")], ToolChoice::Named("verdict".into()));
        let request = Request { messages, tools: tools.clone(), tool_choice, sampling, ..Request::default() };
        let called = model.reply(&request).await.unwrap().tool_calls;
        let [call] = &called[..] else { panic!("{called:?}") };
        assert!(serde_json::from_str::<Value>(&call.arguments).unwrap()["same"].is_boolean(), "{call:?}");
    }
}

#[tokio::test]
async fn a_real_model_says_over_the_wire_what_it_says_in_process() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../models");
    let folder = std::env::var_os("TIRADE_MODELS").map_or(beside.into(), std::path::PathBuf::from);
    let path = folder.join("SmolLM2-135M-Instruct.Q4_1.gguf");
    if !path.exists() {
        eprintln!("skipped: {} is not there (set TIRADE_MODELS)", path.display());
        return;
    }
    let live = start(&path, None).await;
    let sampling = Sampling { max_tokens: 24, ..Sampling::default() };
    let messages = vec![Message::system("Be brief."), Message::user("Count from one to ten.")];
    let request = Request { messages, sampling, ..Request::default() };
    let here = LocalModel::new(live.engine.clone(), None, "here").reply(&request).await.unwrap();
    let there = client(&live).reply(&request).await.unwrap();
    assert_eq!((&there.text, there.finish), (&here.text, here.finish));
    assert!(!there.text.is_empty(), "{there:?}");
    let schema = json!({"type": "object", "properties": {"capital": {"enum": ["Paris", "Rome"]}}, "required": ["capital"], "additionalProperties": false});
    let asked = json!({ "model": "base", "messages": [{"role": "user", "content": "What is the capital of Italy?"}], "temperature": 0,
        "max_tokens": 40, "response_format": {"type": "json_schema", "json_schema": {"schema": schema}} });
    let (_, answer) = ask(&live, &asked).await;
    let said: Value =
        serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert!(["Paris", "Rome"].map(|c| json!(c)).contains(&said["capital"]), "{answer}");
}
