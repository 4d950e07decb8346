//! From a raw trace to a [`Trace`]: the same events that the solver would have left.

use serde_json::json;
use tirade_math::ExtractMode;

use super::{RawTrace, Step};
use crate::model::{Finish, ToolCall, Usage};
use crate::problem::Problem;
use crate::solver::answer_in;
use crate::tool::{EXECUTE_CODE, ToolResult, ToolStatus};
use crate::trace::{Event, Trace};

/// An answer is compared, so it is short; longer output is no answer.
const LONGEST_ANSWER: usize = 200;

impl RawTrace {
    /// The trace under an id of ours. `source` names the data set where the row does not.
    pub fn into_trace(self, id: String, attempt: u32, source: &str) -> Trace {
        let answer = self.answer();
        let mut events = Events::default();
        for step in self.steps {
            events.push(step);
        }
        events.say();
        let mut events = events.done;
        events.extend(answer.map(|answer| Event::Answer { answer }));
        let problem = Problem {
            id,
            problem: self.problem,
            answer: self.gold,
            solution: self.solution,
            level: self.level,
            subject: self.subject,
            source: self.origin.unwrap_or_else(|| source.to_owned()),
        };
        Trace { problem, attempt, events }
    }

    /// The answer in the last thing that was said; else the one the row names; else the last output, for programs that only print it.
    fn answer(&self) -> Option<String> {
        let last_said = self.steps.iter().rev().find_map(|step| match step {
            Step::Text(text) => Some(text),
            _ => None,
        });
        let printed = || match self.steps.last() {
            Some(Step::Output(output)) if status_of(output) == ToolStatus::Ok => {
                let line = output.trim().lines().last()?.trim();
                (!line.is_empty() && line.len() <= LONGEST_ANSWER).then(|| line.to_owned())
            }
            _ => None,
        };
        let named =
            || self.prediction.clone().filter(|text| !text.trim().is_empty() && text.len() <= LONGEST_ANSWER);
        last_said.and_then(|text| answer_in(text, ExtractMode::Strict)).or_else(named).or_else(printed)
    }
}

/// Events so far, and what is said before the next call.
#[derive(Default)]
struct Events {
    done: Vec<Event>,
    said: Vec<String>,
    calls: usize,
    /// The call that has no result yet.
    open: Option<String>,
}

impl Events {
    fn push(&mut self, step: Step) {
        match step {
            Step::Text(text) => self.said.push(text.trim().to_owned()),
            Step::Code(code) => {
                self.call(EXECUTE_CODE, json!({ "code": code.replace("\r\n", "\n") }).to_string())
            }
            Step::Call { name, arguments } => self.call(&name, arguments),
            Step::Output(output) => self.result(output),
        }
    }

    fn call(&mut self, name: &str, arguments: String) {
        let call = ToolCall { id: format!("call_{}", self.calls), name: name.to_owned(), arguments };
        self.calls += 1;
        self.open = Some(call.id.clone());
        let text = std::mem::take(&mut self.said).join("\n\n");
        self.done.push(reply(text, vec![call.clone()], Finish::ToolCalls));
        self.done.push(Event::ToolCall { call });
    }

    /// Output that no call made was written by the model: it stays in its words.
    fn result(&mut self, output: String) {
        let content = without_colours(&output);
        match self.open.take() {
            Some(call_id) => {
                let result =
                    ToolResult { status: status_of(&content), content, derivation: None, seconds: 0.0 };
                self.done.push(Event::ToolResult { call_id, result });
            }
            None => self.said.push(content),
        }
    }

    /// What was said last.
    fn say(&mut self) {
        let text = std::mem::take(&mut self.said).join("\n\n");
        if !text.is_empty() {
            self.done.push(reply(text, Vec::new(), Finish::Stop));
        }
    }
}

fn reply(text: String, tool_calls: Vec<ToolCall>, finish: Finish) -> Event {
    Event::Reply { text, reasoning: None, tool_calls, finish, usage: Usage::default(), seconds: 0.0 }
}

/// How a call ended, as far as its output tells: there is no exit status in these corpora.
pub(super) fn status_of(output: &str) -> ToolStatus {
    let last = output.trim().lines().last().unwrap_or_default().trim();
    let name = last.split([':', ' ', '(']).next().unwrap_or_default();
    let is_exception =
        ["Error", "Exception", "Interrupt"].iter().any(|end| name.ends_with(end)) && !name.is_empty();
    let lower = last.to_ascii_lowercase();
    if name == "TimeoutError" || lower.starts_with("timeout") || lower.starts_with("time out") {
        ToolStatus::Timeout
    } else if is_exception
        // What the paper's code writes where a call failed, and what its tools answer.
        || output.trim() == "No response"
        || output.starts_with("{\"status\": \"error\"")
        || output.contains("Traceback (most recent call last)") 
        || output.starts_with("Runtime errors:")
    {
        ToolStatus::Error
    } else {
        ToolStatus::Ok
    }
}

/// Without the colours of a terminal (`ESC [ … m`), which notebooks leave in error messages.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(after.len());
        rest = after[end..].strip_prefix('m').unwrap_or(&after[end..]);
    }
    out.push_str(rest);
    out
}
