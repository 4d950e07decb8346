//! One function per format: from a row to traces. Fields are named as the formats name them.

use serde_json::{Map, Value};

use super::steps::{Step, fenced, tagged};
use super::{RawTrace, Wrong};
use crate::dataset::bare_answer;
use crate::solver::answer_in;
use tirade_math::ExtractMode;

type Values = Map<String, Value>;

/// ToRA: training rows with `messages`, or outputs with one trace per member of `code`.
pub(super) fn tora(values: &Values) -> Result<Vec<RawTrace>, Wrong> {
    let common = RawTrace {
        gold: gold(values, &["gt", "answer"])?,
        solution: optional(values, "gt_cot"),
        level: level(values),
        subject: subject(values),
        id: id(values, &["id", "idx"]),
        origin: optional(values, "dataset"),
        ..RawTrace::default()
    };
    let Some(codes) = values.get("code").and_then(Value::as_array) else {
        let (problem, reply) = conversation(values)?;
        return Ok(vec![RawTrace { problem, steps: fenced(&reply), ..common }]);
    };
    let problem = text(values, &["question", "problem"])?;
    let member = |list: &str, index: usize| values.get(list).and_then(|list| list.get(index)).cloned();
    let trace = |(index, code): (usize, &Value)| {
        let code = code.as_str().ok_or_else(|| wrong_type(&format!("code[{index}]"), "a text", code))?;
        Ok(RawTrace {
            problem: problem.clone(),
            steps: fenced(code),
            prediction: member("pred", index).and_then(|value| scalar(&value)),
            label: member("score", index).and_then(|value| value.as_bool()),
            ..common.clone()
        })
    };
    codes.iter().enumerate().map(trace).collect()
}

/// MathCoder: blocks in the last message, or `debug_result` of its outputs.
pub(super) fn mathcoder(values: &Values) -> Result<RawTrace, Wrong> {
    let messages = list(values, "messages")?;
    let problem = messages
        .iter()
        .find(|message| message["role"] == "user")
        .map(|message| blocks_text(&message["content"]));
    let problem = problem.filter(|problem| !problem.is_empty());
    let problem =
        problem.ok_or_else(|| Wrong::new("messages", "a message of the user with the problem", "none"))?;
    let assistant = messages.iter().find(|message| message["role"] == "assistant");
    let blocks: Vec<&Value> = match (values.get("debug_result").and_then(Value::as_array), assistant) {
        (Some(result), _) => result.iter().collect(),
        (None, Some(message)) => {
            message["content"].as_array().map(|all| all.iter().collect()).unwrap_or_default()
        }
        (None, None) => {
            return Err(Wrong::new("messages", "debug_result or a message of the assistant", "neither"));
        }
    };
    let steps =
        blocks.iter().filter_map(|block| mathcoder_step(block).transpose()).collect::<Result<Vec<_>, _>>()?;
    let truth = values.get("ground_truth").or_else(|| values.get("extra"));
    let given =
        truth.and_then(|truth| truth.get("answer")).and_then(scalar).or_else(|| optional(values, "answer"));
    let prediction = optional(values, "model_answer").or_else(|| optional(values, "completion"));
    let raw = RawTrace {
        problem,
        solution: truth
            .and_then(|truth| truth["solution"].as_str())
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        level: level(values),
        subject: subject(values),
        id: id(values, &["id", "idx"]),
        steps: without_repeated_answer(steps, optional(values, "completion").as_deref()),
        prediction,
        ..RawTrace::default()
    };
    Ok(with_gold(raw, given))
}

/// `{"type" or "role": "text" | "code" | "execution", "content"}`; what system and user said is no step.
fn mathcoder_step(block: &Value) -> Result<Option<Step>, Wrong> {
    let kind = block["type"].as_str().or_else(|| block["role"].as_str()).unwrap_or_default();
    let content = || match &block["content"] {
        Value::String(text) => Ok(text.clone()),
        other => Err(wrong_type("content", "a text", other)),
    };
    Ok(match kind {
        "text" | "assistant" => Some(Step::Text(content()?)),
        "code" => Some(Step::Code(content()?)),
        "execution" | "output" => Some(Step::Output(content()?)),
        "system" | "user" => None,
        other => return Err(Wrong::new("type", "text, code or execution", format!("{other:?}"))),
    })
}

/// NuminaMath-TIR: a solution with fenced blocks. It has no gold answer apart from what the solution ends in.
pub(super) fn numina(values: &Values) -> Result<RawTrace, Wrong> {
    let (problem, reply) = match values.get("solution").and_then(Value::as_str) {
        Some(solution) => (text(values, &["problem"])?, solution.to_owned()),
        None => conversation(values)?,
    };
    let raw = RawTrace {
        problem,
        steps: fenced(&reply),
        id: id(values, &["id"]),
        origin: optional(values, "source"),
        ..RawTrace::default()
    };
    Ok(with_gold(raw, optional(values, "answer")))
}

/// OpenMathInstruct-1 and -2, OpenMathReasoning.
pub(super) fn openmath(values: &Values) -> Result<RawTrace, Wrong> {
    Ok(RawTrace {
        problem: text(values, &["question", "problem"])?,
        gold: gold(values, &["expected_answer", "answer"])?,
        id: id(values, &["id"]),
        origin: optional(values, "dataset").or_else(|| optional(values, "problem_source")),
        steps: tagged(&text(values, &["generated_solution"])?),
        prediction: optional(values, "predicted_answer"),
        label: values.get("is_correct").and_then(Value::as_bool),
        ..RawTrace::default()
    })
}

/// Segments of text, code and output: tirade's own plain layout.
pub(super) fn segments(values: &Values) -> Result<RawTrace, Wrong> {
    let step = |(index, segment): (usize, &Value)| {
        let field = format!("segments[{index}]");
        let content = segment["content"]
            .as_str()
            .ok_or_else(|| wrong_type(&field, "a content that is text", segment))?;
        match segment["type"].as_str() {
            Some("text") => Ok(Step::Text(content.to_owned())),
            Some("code") => Ok(Step::Code(content.to_owned())),
            Some("output") => Ok(Step::Output(content.to_owned())),
            other => Err(Wrong::new(&field, "the type text, code or output", format!("{other:?}"))),
        }
    };
    let steps = list(values, "segments")?.iter().enumerate().map(step).collect::<Result<Vec<_>, _>>()?;
    let prediction = optional(values, "prediction");
    Ok(RawTrace {
        problem: text(values, &["problem", "question"])?,
        gold: gold(values, &["answer", "gold"])?,
        solution: optional(values, "solution"),
        level: level(values),
        subject: subject(values),
        id: id(values, &["id"]),
        origin: optional(values, "origin").or_else(|| optional(values, "source")),
        steps: without_repeated_answer(steps, prediction.as_deref()),
        prediction,
        label: values.get("label").and_then(Value::as_bool),
        ..RawTrace::default()
    })
}

/// The problem and the reply of a conversation in plain texts.
fn conversation(values: &Values) -> Result<(String, String), Wrong> {
    let messages = list(values, "messages")?;
    let of = |role: &str| {
        let message = messages.iter().find(|message| message["role"] == role);
        let content =
            message.and_then(|message| message["content"].as_str()).filter(|text| !text.trim().is_empty());
        content
            .map(str::to_owned)
            .ok_or_else(|| Wrong::new("messages", &format!("a message of the {role} with text"), "none"))
    };
    Ok((of("user")?, of("assistant")?))
}

/// MathCoder's outputs end with the extracted answer once more, which nobody said.
fn without_repeated_answer(mut steps: Vec<Step>, answer: Option<&str>) -> Vec<Step> {
    if let [.., Step::Text(_), Step::Text(last)] = steps.as_slice()
        && answer.is_some_and(|answer| answer.trim() == last.trim())
    {
        steps.pop();
    }
    steps
}

/// The gold answer that was given, or else what the trace answers.
fn with_gold(mut raw: RawTrace, given: Option<String>) -> RawTrace {
    let said = raw.steps.iter().rev().find_map(|step| match step {
        Step::Text(text) => answer_in(text, ExtractMode::Strict),
        _ => None,
    });
    raw.own_gold = given.is_none();
    raw.gold = given.map(|gold| bare_answer(&gold)).or(said).unwrap_or_default();
    raw
}

fn blocks_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(blocks) => {
            let texts: Vec<&str> = blocks.iter().filter_map(|block| block["content"].as_str()).collect();
            texts.join("\n").trim().to_owned()
        }
        _ => String::new(),
    }
}

fn list<'a>(values: &'a Values, field: &str) -> Result<&'a Vec<Value>, Wrong> {
    match values.get(field) {
        Some(Value::Array(members)) => Ok(members),
        Some(other) => Err(wrong_type(field, "a list", other)),
        None => Err(Wrong::new(field, "a list", "no such field")),
    }
}

/// The first of the fields that is there, as text that is not empty.
fn text(values: &Values, fields: &[&str]) -> Result<String, Wrong> {
    let found =
        fields.iter().find_map(|field| Some((field, values.get(*field).filter(|value| !value.is_null())?)));
    match found {
        Some((_, Value::String(text))) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Some((field, other)) => Err(wrong_type(field, "a text that is not empty", other)),
        None => Err(Wrong::new(fields[0], "a text that is not empty", "no such field")),
    }
}

fn gold(values: &Values, fields: &[&str]) -> Result<String, Wrong> {
    let found =
        fields.iter().find_map(|field| Some((field, values.get(*field).filter(|value| !value.is_null())?)));
    let Some((field, value)) = found else {
        return Err(Wrong::new(fields[0], "a gold answer", "no such field"));
    };
    match scalar(value).map(|gold| bare_answer(&gold)).filter(|gold| !gold.is_empty()) {
        Some(gold) => Ok(gold),
        None => Err(wrong_type(field, "a gold answer", value)),
    }
}

/// A text that may be absent; numbers as they are written.
fn optional(values: &Values, field: &str) -> Option<String> {
    scalar(values.get(field)?).filter(|text| !text.trim().is_empty())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn id(values: &Values, fields: &[&str]) -> Option<String> {
    fields.iter().find_map(|field| optional(values, field))
}

/// `Level 4`, `4` or 4; anything else is no level.
fn level(values: &Values) -> Option<u8> {
    let text = optional(values, "level")?;
    text.trim_start_matches("Level").trim().parse().ok().filter(|level| (1..=5).contains(level))
}

fn subject(values: &Values) -> Option<String> {
    let name = optional(values, "subject").or_else(|| optional(values, "type"))?;
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    Some(words.join("_"))
}

fn wrong_type(field: &str, expected: &str, found: &Value) -> Wrong {
    let found: String = found.to_string().chars().take(80).collect();
    Wrong::new(field, expected, found)
}
