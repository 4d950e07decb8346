//! Tool calls that a model writes as plain text, because it or its server has no protocol for them.
//!
//! [`parse`] splits a reply into what was said before the first call and the calls. A model that goes on after a call invents its
//! result, so only calls with nothing but space between them count and the rest of the text is dropped.
//! ```
//! use tirade::model::tool_calls::parse;
//! let parsed = parse("I add.\n```python\nprint(2 + 2)\n```\nIt prints 5.", "run_python");
//! assert_eq!(parsed.text, "I add.");
//! assert_eq!(parsed.calls[0].name, "run_python");
//! assert_eq!(parsed.calls[0].arguments, r#"{"code":"print(2 + 2)"}"#);
//! ```
//! | written as | by |
//! |---|---|
//! | ```` ```python ```` … ```` ``` ```` | ToRA, Qwen-Math, most models when asked for programs |
//! | ```` ```json ```` `{"name": …, "arguments": …}` ```` ``` ```` | Qwen2.5-Coder |
//! | `<tool_call>{…}</tool_call>` | Hermes, Qwen, SmolLM2 |
//! | `[TOOL_CALLS] [{…}]`, `[TOOL_CALLS]name[ARGS]{…}` | Mistral |
//! | `{"name": …, "parameters": …}` and nothing else, or after `<\|python_tag\|>` | Llama 3 |
//!
//! A call in explicit marks that cannot be read is still a call, with its raw text as arguments: the model is told what is wrong
//! with it. A fence with other JSON in it is not. Time is linear in the text, whatever the text is.

mod lenient;

use serde_json::{Map, Value, json};

use super::ToolCall;
pub use lenient::read as read_json;

/// A reply, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What was said before the first call (all of it if there is none), without trailing space.
    pub text: String,
    /// In the order written; ids are `call_0`, `call_1` …, unique within this reply only.
    pub calls: Vec<ToolCall>,
}

/// Marks after which a call follows, with what ends it.
const MARKS: &[(&str, &str)] =
    &[("<tool_call>", "</tool_call>"), ("[TOOL_CALLS]", ""), ("<|python_tag|>", "<|eom_id|>")];

/// Nobody means more calls in one breath; a model that repeats itself writes thousands.
const MAX_CALLS: usize = 16;

/// Finds the calls in `text`. A Python fence becomes a call of `python_tool` with the argument `code`.
pub fn parse(text: &str, python_tool: &str) -> Parsed {
    if let Some(calls) = bare_call(text) {
        return Parsed { text: String::new(), calls: number(calls) };
    }
    let mut rest = text;
    let mut said = text.len();
    let mut calls = Vec::new();
    while calls.len() < MAX_CALLS
        && let Some(block) = next_block(rest, python_tool)
    {
        let start = text.len() - rest.len() + block.start;
        if calls.is_empty() {
            said = start;
        } else if !rest[..block.start].trim().is_empty() {
            break;
        }
        calls.extend(block.calls);
        calls.truncate(MAX_CALLS);
        rest = &rest[block.end..];
    }
    Parsed { text: text[..said].trim_end().to_owned(), calls: number(calls) }
}

/// A call without its id.
struct Call {
    name: String,
    arguments: String,
}

/// The calls of one fence or mark, and where it is in the text.
struct Block {
    start: usize,
    end: usize,
    calls: Vec<Call>,
}

fn number(calls: Vec<Call>) -> Vec<ToolCall> {
    let with_id = |(i, call): (usize, Call)| ToolCall {
        id: format!("call_{i}"),
        name: call.name,
        arguments: call.arguments,
    };
    calls.into_iter().enumerate().map(with_id).collect()
}

/// The first fence or mark that holds a call.
fn next_block(text: &str, python_tool: &str) -> Option<Block> {
    let marked =
        MARKS.iter().filter_map(|mark| text.find(mark.0).map(|at| (at, mark))).min_by_key(|(at, _)| *at);
    let before_mark = marked.map_or(text.len(), |(at, _)| at);
    match fenced(&text[..before_mark], text, python_tool) {
        Some(block) => Some(block),
        None => marked.map(|(at, mark)| marked_block(text, at, *mark)),
    }
}

/// The first fence that opens within `region` (a prefix of `text`) and holds a call.
fn fenced(region: &str, text: &str, python_tool: &str) -> Option<Block> {
    let mut from = 0;
    while let Some(at) = region[from..].find("```").map(|at| from + at) {
        let Some(fence) = Fence::read(&text[at + 3..]) else {
            from = at + 3;
            continue;
        };
        let calls = match fence.language.to_ascii_lowercase().as_str() {
            "python" | "py" | "python3" | "tool_code" => {
                let code = json!({"code": fence.inside.trim_end()}).to_string();
                vec![Call { name: python_tool.to_owned(), arguments: code }]
            }
            "json" | "tool_call" | "" => calls_of(fence.inside).unwrap_or_default(),
            _ => Vec::new(),
        };
        let end = at + 3 + fence.length;
        if !calls.is_empty() {
            return Some(Block { start: at, end, calls });
        }
        if end >= region.len() {
            return None;
        }
        from = end;
    }
    None
}

/// A fenced block, from after its opening backticks.
struct Fence<'a> {
    language: &'a str,
    inside: &'a str,
    /// To the end of the backticks that close it, or of the text where it was cut off.
    length: usize,
}

impl<'a> Fence<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let line_end = text.bytes().take(32).position(|byte| byte == b'\n');
        let line_end = line_end.or((text.len() <= 32).then_some(text.len()))?;
        let mut length = (line_end + 1).min(text.len());
        let body = &text[length..];
        for line in body.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            if line[indent..].starts_with("```") {
                let inside = &text[text.len() - body.len()..length];
                return Some(Self { language: text[..line_end].trim(), inside, length: length + indent + 3 });
            }
            length += line.len();
        }
        Some(Self { language: text[..line_end].trim(), inside: body, length })
    }
}

fn marked_block(text: &str, at: usize, (open, close): (&str, &str)) -> Block {
    let inside = &text[at + open.len()..];
    let length = if close.is_empty() { inside.len() } else { inside.find(close).unwrap_or(inside.len()) };
    let end = (at + open.len() + length + close.len()).min(text.len());
    let inside = inside[..length].trim();
    let calls = calls_of(inside).or_else(|| named_arguments(inside)).unwrap_or_else(|| {
        let name = lenient::string_after(inside, "\"name\"").unwrap_or_default();
        vec![Call { name, arguments: inside.to_owned() }]
    });
    Block { start: at, end, calls }
}

/// Mistral's newer form: `name[ARGS]{…}`, with `[CALL_ID]…` before `[ARGS]` in some versions.
fn named_arguments(inside: &str) -> Option<Vec<Call>> {
    let (name, arguments) = inside.split_once("[ARGS]")?;
    let name = name.split_once("[CALL_ID]").map_or(name, |(name, _)| name);
    let read =
        lenient::read(arguments).map_or_else(|| arguments.trim().to_owned(), |value| value.to_string());
    Some(vec![Call { name: name.trim().to_owned(), arguments: read }])
}

/// A reply that is one call and nothing else.
fn bare_call(text: &str) -> Option<Vec<Call>> {
    let text = text.trim();
    let whole = text.starts_with('{') && text.ends_with('}') || text.starts_with('[') && text.ends_with(']');
    if !whole || text.starts_with("[TOOL_CALLS]") {
        return None;
    }
    calls_of(text)
}

/// The calls that a JSON value stands for; none where it is some other JSON or none at all.
fn calls_of(text: &str) -> Option<Vec<Call>> {
    let calls = match lenient::read(text)? {
        Value::Array(items) => items.iter().map(call_of).collect::<Option<Vec<_>>>()?,
        Value::Object(object) => match object.get("tool_calls").and_then(Value::as_array) {
            Some(items) => items.iter().map(call_of).collect::<Option<Vec<_>>>()?,
            None => vec![call_of(&Value::Object(object))?],
        },
        _ => return None,
    };
    (!calls.is_empty()).then_some(calls)
}

fn call_of(value: &Value) -> Option<Call> {
    let object = value.get("function").filter(|inner| inner.is_object()).unwrap_or(value).as_object()?;
    let name = ["name", "tool", "tool_name", "function"].iter().find_map(|key| object.get(*key)?.as_str())?;
    let arguments = ["arguments", "parameters", "args", "input"].iter().find_map(|key| object.get(*key));
    let arguments = match arguments {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(arguments)) => Value::Object(arguments.clone()).to_string(),
        Some(_) => return None,
        // Only a value that says nothing else is a call without arguments.
        None if object.len() == 1 => Value::Object(Map::new()).to_string(),
        None => return None,
    };
    Some(Call { name: name.trim().to_owned(), arguments })
}

#[cfg(test)]
mod tests;
