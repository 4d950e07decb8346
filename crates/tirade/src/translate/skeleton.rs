//! What rules say about each tool call of a trace, without any model.

use serde_json::Value;

use super::code::Reader;
use super::results::says_nothing;
use super::typed;
use crate::model::ToolCall;
use crate::tool::{EXECUTE_CODE, ToolResult, ToolStatus};
use crate::trace::Trace;

/// One tool call by rule: its steps, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skeleton {
    pub call_id: String,
    pub steps: Result<String, String>,
}

/// A skeleton for each call of the trace that gave a result, in order.
pub fn skeletons(trace: &Trace) -> Vec<Skeleton> {
    let mut reader = Reader::about(&trace.problem.problem);
    let mut made = Vec::new();
    for (call, result) in trace.tool_calls() {
        let Some(result) = result else { continue };
        let code = (call.name == EXECUTE_CODE).then(|| code(call)).flatten();
        match (code, result.status) {
            (Some(code), ToolStatus::Ok) if !says_nothing(&result.content) => {
                let steps = reader.explain(&code, &result.content).map_err(|why| why.to_string());
                made.push(Skeleton { call_id: call.id.clone(), steps });
            }
            // A program that failed or printed nothing leaves names behind that a later one may use.
            (Some(code), _) => reader.pass_over(&code),
            (None, ToolStatus::Ok) => {
                made.push(Skeleton { call_id: call.id.clone(), steps: typed_steps(call, result) })
            }
            (None, _) => {}
        }
    }
    made
}

/// The program of a call that runs one.
pub fn code(call: &ToolCall) -> Option<String> {
    let arguments: Value = serde_json::from_str(&call.arguments).ok()?;
    Some(arguments.get("code")?.as_str()?.to_owned())
}

fn typed_steps(call: &ToolCall, result: &ToolResult) -> Result<String, String> {
    match &result.derivation {
        Some(derivation) => Ok(derivation.clone()),
        None => typed::explain(&call.name, &call.arguments, &result.content),
    }
}
