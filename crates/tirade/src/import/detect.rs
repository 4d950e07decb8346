//! Which format a row has, by its fields.

use serde_json::{Map, Value};

use super::{Format, Wrong};

/// The format that was named, or the one whose fields the row has.
pub(super) fn format(values: &Map<String, Value>, named: Option<Format>) -> Result<Format, Wrong> {
    named.or_else(|| detect(values)).ok_or_else(|| {
        let fields: Vec<&str> = values.keys().map(String::as_str).collect();
        let expected = "the fields of a known format (tora, mathcoder, numina, openmath, paper, segments)";
        Wrong::new("row", expected, format!("the fields {}", fields.join(", ")))
    })
}

fn detect(values: &Map<String, Value>) -> Option<Format> {
    let has = |field: &str| values.get(field).is_some_and(|value| !value.is_null());
    let contents_are = |kind: fn(&Value) -> bool| {
        let messages = values.get("messages").and_then(Value::as_array);
        messages.is_some_and(|all| all.iter().any(|message| kind(&message["content"])))
    };
    if values.get("segments").is_some_and(Value::is_array) {
        Some(Format::Segments)
    } else if has("solution_log") || has("reasoning_path_id") {
        Some(Format::Paper)
    } else if has("generated_solution") {
        Some(Format::OpenMath)
    } else if has("debug_result") || contents_are(Value::is_array) {
        Some(Format::MathCoder)
    } else if has("gt") && (values.get("code").is_some_and(Value::is_array) || contents_are(Value::is_string))
    {
        Some(Format::Tora)
    } else if has("solution") && (contents_are(Value::is_string) || has("problem")) {
        Some(Format::Numina)
    } else {
        None
    }
}
