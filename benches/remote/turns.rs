//! CPU and time per turn of the client with its store, against a mock server in another process. See README.md.
//!
//! `turns serve ADDRESS LATENCY_MS` serves; `turns drive URL CONVERSATIONS IN_FLIGHT` holds conversations of two turns with a tool call between
//! them, and prints one JSON line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use tirade::mock_server::{MockConfig, MockServer};
use tirade::model::remote::{Keys, RemoteConfig, RemoteModel};
use tirade::model::scripted::Script;
use tirade::model::{Message, Model, Request, ToolSpec};
use tirade::store::Store;
use tirade::store::recorded::RecordedModel;

const SCRIPT: &str = r#"
{"when": {"last": "What is {{a}} + {{b}}?", "turn": 0}, "reply": "I add the two numbers with the tool.", "tool_calls": [{"name": "add", "arguments": {"a": "{{a}}", "b": "{{b}}"}}]}
{"when": {"last": "{{sum}}", "turn": 1}, "reply": "The sum of the two numbers is $\\boxed{{{sum}}}$."}
"#;

const SYSTEM: &str = "You solve problems of mathematics step by step. Call the tool for every calculation. Put the answer into \\boxed{}.";

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", address, latency] => serve(address, latency.parse().expect("milliseconds")).await,
        ["drive", url, conversations, in_flight] => {
            drive(url, conversations.parse().expect("a number"), in_flight.parse().expect("a number")).await
        }
        _ => eprintln!("turns serve ADDRESS LATENCY_MS | turns drive URL CONVERSATIONS IN_FLIGHT"),
    }
}

async fn serve(address: &str, latency: u64) {
    let latency = Duration::from_millis(latency);
    let script = Script::parse(SCRIPT).expect("the script is well-formed");
    let config = MockConfig { script, latency: latency..=latency, ..MockConfig::default() };
    MockServer::start(address, config).await.expect("the address is free").wait().await.expect("it serves");
}

async fn drive(url: &str, conversations: u64, in_flight: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Store::open(&folder.path().join("bench.db")).expect("a store"));
    let name = format!("{url}#mock").parse().expect("a name");
    let config = RemoteConfig { in_flight, ..RemoteConfig::default() };
    let remote = Arc::new(RemoteModel::new(&name, &Keys::default(), config).expect("a model"));
    let model = Arc::new(RecordedModel::new(remote, store, tirade::stop::Stop::default()));
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let right = futures::stream::iter(0..conversations)
        .map(|i| {
            let model = model.clone();
            tokio::spawn(async move { conversation(&*model, i).await })
        })
        .buffer_unordered(in_flight)
        .filter(|right| std::future::ready(*right.as_ref().unwrap_or(&false)))
        .count()
        .await;
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let turns = 2 * conversations;
    println!(
        "{{\"client\": \"tirade\", \"turns\": {turns}, \"right\": {right}, \"in_flight\": {in_flight}, \"seconds\": {seconds:.2}, \
         \"turns_per_second\": {:.0}, \"cpu_us_per_turn\": {:.0}, \"peak_mb\": {}}}",
        turns as f64 / seconds,
        cpu * 1e6 / turns as f64,
        peak_mb(),
    );
}

/// Whether the conversation ended in the right sum.
async fn conversation(model: &dyn Model, i: u64) -> bool {
    let messages = vec![Message::system(SYSTEM), Message::user(format!("What is {i} + 7?"))];
    let mut request = Request { messages, tools: vec![add_tool()], ..Request::default() };
    loop {
        let Ok(reply) = model.reply(&request).await else { return false };
        if reply.tool_calls.is_empty() {
            return reply.text.contains(&format!("\\boxed{{{}}}", i + 7));
        }
        request.messages.push(Message::from_reply(&reply));
        for call in &reply.tool_calls {
            let arguments: serde_json::Value = serde_json::from_str(&call.arguments).unwrap_or_default();
            let number =
                |name: &str| arguments[name].as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            request.messages.push(Message::tool(&call.id, (number("a") + number("b")).to_string()));
        }
    }
}

fn add_tool() -> ToolSpec {
    ToolSpec {
        name: "add".into(),
        description: "Adds two numbers.".into(),
        parameters: serde_json::json!({
            "type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "required": ["a", "b"], "additionalProperties": false,
        }),
    }
}

/// User and system time of this process, from `/proc` in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat[stat.rfind(')').expect("a name in brackets")..].split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().expect("a number");
    (ticks(12) + ticks(13)) / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
