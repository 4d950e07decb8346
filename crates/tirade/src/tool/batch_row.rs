//! One row of a batch, in and out.

use serde_json::{Map, Value, json};
use tirade_sandbox::Limits;

use super::batch::limits;
use super::outcome::Outcome;

/// A row as it was read.
pub struct Row {
    pub number: usize,
    /// Given back with the outcome; the line's number if the row has none.
    pub id: Value,
    /// The row says its id itself: given again with the same call, it is a repetition.
    pub named: bool,
    pub session: Option<String>,
    pub call: Call,
}

/// What a row asks for.
#[derive(Debug, PartialEq)]
pub enum Call {
    Tool {
        tool: String,
        args: Value,
        limits: Option<Limits>,
    },
    Code {
        code: String,
        limits: Option<Limits>,
    },
    /// The row cannot be carried out, and why.
    Wrong(String),
}

impl Row {
    /// Never fails: a row that cannot be read becomes a call that is wrong.
    pub fn read(line: &[u8], number: usize) -> Self {
        let mut row = match serde_json::from_slice::<Value>(line) {
            Ok(Value::Object(map)) => map,
            Ok(other) => {
                return Self::wrong(number, format!("line {number}: expected a JSON object, found {other}"));
            }
            Err(error) => return Self::wrong(number, format!("line {number}: not JSON: {error}")),
        };
        let id = row.remove("id");
        let named = id.is_some();
        let id = id.unwrap_or_else(|| json!(number));
        let session = match row.remove("session") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(other) => Some(other.to_string()),
        };
        let call = call(row).unwrap_or_else(|message| Call::Wrong(format!("line {number}: {message}")));
        Self { number, id, named, session, call }
    }

    fn wrong(number: usize, message: String) -> Self {
        Self { number, id: json!(number), named: false, session: None, call: Call::Wrong(message) }
    }
}

fn call(mut row: Map<String, Value>) -> Result<Call, String> {
    let limits = match row.remove("limits") {
        None | Some(Value::Null) => None,
        Some(Value::Object(map)) => Some(limits(&map)?),
        Some(other) => return Err(format!("limits must be an object, found {other}")),
    };
    let tool = row.remove("tool");
    let (args, code) = (row.remove("args"), row.remove("code"));
    if let Some(unknown) = row.keys().next() {
        return Err(format!("unknown field {unknown:?}; known are id, session, tool, args, code, limits"));
    }
    match (tool, args, code) {
        (None | Some(Value::Null), None, Some(Value::String(code))) => Ok(Call::Code { code, limits }),
        (Some(Value::String(tool)), None, Some(code)) => {
            Ok(Call::Tool { tool, args: json!({ "code": code }), limits })
        }
        (Some(Value::String(tool)), args, None) => {
            Ok(Call::Tool { tool, args: args.unwrap_or_else(|| json!({})), limits })
        }
        _ => Err("expected \"tool\" with \"args\", or \"code\"".to_owned()),
    }
}

/// The outcome as a row: a typed tool's own fields (`result`, `note`, …), or what code printed.
pub fn outcome_row(id: &Value, outcome: Outcome) -> Value {
    let mut row = Map::new();
    row.insert("id".to_owned(), id.clone());
    row.insert("status".to_owned(), json!(outcome.status));
    let derivation = outcome.derivation();
    if let Value::Object(fields) = outcome.json {
        for (name, value) in fields {
            match name.as_str() {
                "status" => {}
                "message" => drop(row.insert("error".to_owned(), value)),
                _ => drop(row.insert(name, value)),
            }
        }
    } else {
        row.insert("stdout".to_owned(), json!(outcome.stdout));
        row.insert("stderr".to_owned(), json!(outcome.stderr));
        row.insert("error".to_owned(), json!(outcome.error));
    }
    if let Some(derivation) = derivation {
        row.insert("derivation".to_owned(), json!(derivation));
    }
    if outcome.state_lost {
        row.insert("state_lost".to_owned(), json!(true));
    }
    row.insert("wall_ms".to_owned(), json!(outcome.wall_ms));
    row.insert("cpu_ms".to_owned(), json!(outcome.cpu_ms));
    row.insert("cached".to_owned(), json!(outcome.cached));
    row.insert("truncated".to_owned(), json!(outcome.truncated));
    Value::Object(row)
}
