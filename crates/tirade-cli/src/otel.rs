//! Spans of every attempt in the form of OpenTelemetry, for viewers that know its conventions for generative models.
//!
//! `--otel FILE` adds a line of OTLP/JSON for each finished attempt (the format of the collector's file exporter and receiver): a span
//! `invoke_agent` with a span `chat` for each reply and `execute_tool` for each tool call. Texts are left out: the store has them.
//! The conventions are still moving; every name of theirs is in this file.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde_json::{Value, json};
use tirade::hash::digest;
use tirade::pipeline::Progress;
use tirade::store::Outcome;
use tirade::tool::ToolStatus;
use tirade::trace::Event;

/// Writes spans.
pub struct Spans(Mutex<State>);

struct State {
    file: File,
    run: String,
    model: String,
    open: HashMap<(String, u32), Agent>,
}

/// An attempt that is under way.
#[derive(Default)]
struct Agent {
    began: u64,
    children: Vec<Value>,
    /// Names of tool calls by id.
    tools: HashMap<String, String>,
}

impl Spans {
    /// Lines are added to the file.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write the spans to {}", path.display()))?;
        let (run, model, open) = (String::new(), String::new(), HashMap::new());
        Ok(Self(Mutex::new(State { file, run, model, open })))
    }

    /// Takes in what happened; `model_of` tells the model of a run.
    pub fn watch(&self, progress: &Progress<'_>, model_of: impl FnOnce(&str) -> String) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Stage { run, .. } => {
                state.run = (*run).to_owned();
                state.model = model_of(run);
                state.open.clear();
            }
            Progress::Event { problem, attempt, event } => state.event(problem, *attempt, event, now()),
            Progress::Attempt { row } => {
                let key = (row.key.problem.clone(), row.key.attempt);
                let Some(agent) = state.open.remove(&key) else { return };
                let line = state.line(&key, agent, row.outcome, now());
                // Spans that cannot be written cost no row.
                let _ = writeln!(state.file, "{line}");
            }
            _ => {}
        }
    }
}

impl State {
    fn event(&mut self, problem: &str, attempt: u32, event: &Event, now: u64) {
        let ids = Ids::of(&self.run, problem, attempt);
        let agent = self
            .open
            .entry((problem.to_owned(), attempt))
            .or_insert_with(|| Agent { began: now, ..Agent::default() });
        let child = agent.children.len();
        let span = |name: String, seconds: f64, attributes: Value, failed: bool| {
            let began = now.saturating_sub((seconds.max(0.0) * 1e9) as u64);
            ids.span(child + 1, name, (began, now), attributes, failed)
        };
        match event {
            Event::ToolCall { call } => drop(agent.tools.insert(call.id.clone(), call.name.clone())),
            Event::Reply { finish, usage, seconds, .. } => {
                let attributes = json!({
                    "gen_ai.operation.name": "chat", "gen_ai.request.model": self.model,
                    "gen_ai.usage.input_tokens": usage.prompt, "gen_ai.usage.output_tokens": usage.completion,
                    "gen_ai.response.finish_reasons": json!(finish),
                });
                agent.children.push(span(format!("chat {}", self.model), *seconds, attributes, false));
            }
            Event::ToolResult { call_id, result } => {
                let name = agent.tools.get(call_id).cloned().unwrap_or_default();
                let attributes = json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": call_id});
                let failed = result.status != ToolStatus::Ok;
                agent.children.push(span(format!("execute_tool {name}"), result.seconds, attributes, failed));
            }
            _ => {}
        }
    }

    fn line(&self, (problem, attempt): &(String, u32), agent: Agent, outcome: Outcome, now: u64) -> Value {
        let attributes = json!({
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "tirade", "gen_ai.request.model": self.model,
            "gen_ai.conversation.id": format!("{}/{problem}#{attempt}", self.run), "tirade.outcome": outcome.as_str(),
        });
        let failed = matches!(outcome, Outcome::Error | Outcome::ToolError);
        let ids = Ids::of(&self.run, problem, *attempt);
        let mut spans =
            vec![ids.span(0, "invoke_agent tirade".into(), (agent.began, now), attributes, failed)];
        spans.extend(agent.children);
        let resource = json!({"attributes": attributes_of(&json!({"service.name": "tirade"}))});
        let scope = json!({"name": "tirade", "version": env!("CARGO_PKG_VERSION")});
        json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]})
    }
}

/// The ids of an attempt: the same whenever it is made.
struct Ids(String);

impl Ids {
    fn of(run: &str, problem: &str, attempt: u32) -> Self {
        Self(digest(&[run, problem, &attempt.to_string()]))
    }

    /// The span at `index`; the first is the parent of the others.
    fn span(
        &self,
        index: usize,
        name: String,
        (began, ended): (u64, u64),
        attributes: Value,
        failed: bool,
    ) -> Value {
        let id = |index: usize| digest(&[&self.0, &index.to_string()])[..16].to_owned();
        json!({
            "traceId": self.0[..32], "spanId": id(index), "parentSpanId": if index == 0 { String::new() } else { id(0) },
            "name": name, "kind": if index == 0 { 1 } else { 3 },
            "startTimeUnixNano": began.to_string(), "endTimeUnixNano": ended.to_string(),
            "attributes": attributes_of(&attributes), "status": if failed { json!({"code": 2}) } else { json!({}) },
        })
    }
}

/// Attributes in OTLP's own form.
fn attributes_of(attributes: &Value) -> Vec<Value> {
    let typed = |value: &Value| match value {
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::String(text) => json!({"stringValue": text}),
        other => json!({"stringValue": other.to_string()}),
    };
    let fields = attributes.as_object().into_iter().flatten();
    fields.map(|(key, value)| json!({"key": key, "value": typed(value)})).collect()
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use tirade::model::{Finish, ToolCall, Usage};
    use tirade::tool::ToolResult;

    use super::*;

    #[test]
    fn an_attempt_is_a_tree_of_spans() {
        let file = tempfile::tempfile().unwrap();
        let mut state = State { file, run: "solve-1".into(), model: "openai:x".into(), open: HashMap::new() };
        let call = ToolCall { id: "c".into(), name: "add".into(), arguments: "{}".into() };
        let usage = Usage { prompt: 7, completion: 3, ..Usage::default() };
        let reply = Event::Reply {
            text: "secret".into(),
            reasoning: None,
            tool_calls: vec![call.clone()],
            finish: Finish::ToolCalls,
            usage,
            seconds: 2.0,
        };
        let result = ToolResult {
            status: ToolStatus::Error,
            content: "secret".into(),
            derivation: None,
            seconds: 0.5,
        };
        let second = 1_000_000_000;
        state.event("p", 0, &reply, 10 * second);
        state.event("p", 0, &Event::ToolCall { call }, 10 * second);
        state.event("p", 0, &Event::ToolResult { call_id: "c".into(), result }, 11 * second);
        let agent = state.open.remove(&("p".to_owned(), 0)).unwrap();
        let line = state.line(&("p".to_owned(), 0), agent, Outcome::Wrong, 12 * second);
        let spans = line["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
        let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["invoke_agent tirade", "chat openai:x", "execute_tool add"]);
        assert!(
            spans[1..]
                .iter()
                .all(|span| span["parentSpanId"] == spans[0]["spanId"]
                    && span["traceId"] == spans[0]["traceId"])
        );
        assert_eq!(
            (&spans[1]["startTimeUnixNano"], &spans[1]["endTimeUnixNano"]),
            (&json!("8000000000"), &json!("10000000000"))
        );
        assert_eq!(spans[2]["status"]["code"], 2);
        let text = line.to_string();
        assert!(
            text.contains(r#"{"key":"gen_ai.usage.input_tokens","value":{"intValue":"7"}}"#)
                && !text.contains("secret"),
            "{text}"
        );
    }
}
