//! The CSV files of the paper's code: reasoning paths in one, their problems in another.
//!
//! `solution_log` is tagged text (`<message>`, `<tool><tool_name><args><result>`) with line breaks written as `\n`; later stages dump it as JSON once more.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::{RawTrace, Step, Wrong};
use crate::dataset::{self, DatasetError, records};
use tirade_math::ExtractMode;

/// The problems of the paper's CSV by their id; empty where other formats are read.
#[derive(Clone, Debug, Default)]
pub struct PaperProblems {
    rows: HashMap<String, Map<String, Value>>,
}

impl PaperProblems {
    /// Reads the file with the columns problem_id, problem_text, level, category, standard_solution.
    ///
    /// # Errors
    /// When it cannot be read or has not these columns.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        let mut rows = HashMap::new();
        for record in records(path)?.flatten() {
            let Some(id) = record.values.get("problem_id").and_then(Value::as_str) else {
                return Err(DatasetError::Malformed {
                    path: path.to_owned(),
                    expected: "the columns problem_id, problem_text, standard_solution".into(),
                    found: record.values.keys().cloned().collect::<Vec<_>>().join(", "),
                });
            };
            rows.insert(id.to_owned(), record.values);
        }
        Ok(Self { rows })
    }

    /// One reasoning path with its problem.
    pub(super) fn trace(&self, values: &Map<String, Value>) -> Result<RawTrace, Wrong> {
        let id = column(values, "problem_id")?;
        let problem = self.rows.get(id).ok_or_else(|| {
            Wrong::new(
                "problem_id",
                "the id of a row in the problem file",
                format!("{id:?} of {} problems", self.rows.len()),
            )
        })?;
        let solution = plain(column(problem, "standard_solution")?);
        let boxed = tirade_math::extract(&solution, ExtractMode::Strict);
        let gold = match &boxed {
            tirade_math::Extracted::Answer(answer, _) => answer.to_string(),
            tirade_math::Extracted::None(_) => dataset::bare_answer(&solution),
        };
        let level = problem.get("level").and_then(Value::as_str).unwrap_or_default();
        let worked = solution.trim() != gold;
        Ok(RawTrace {
            problem: plain(column(problem, "problem_text")?),
            gold,
            level: level.trim_start_matches("Level").trim().parse().ok(),
            subject: problem
                .get("category")
                .and_then(Value::as_str)
                .map(|name| name.to_lowercase().replace(' ', "_")),
            id: Some(id.to_owned()),
            steps: steps(&plain(column(values, "solution_log")?))?,
            label: values
                .get("is_correct")
                .and_then(Value::as_str)
                .and_then(|text| text.to_lowercase().parse().ok()),
            solution: worked.then_some(solution),
            ..RawTrace::default()
        })
    }
}

fn column<'a>(values: &'a Map<String, Value>, name: &str) -> Result<&'a str, Wrong> {
    let text = values.get(name).and_then(Value::as_str);
    text.ok_or_else(|| {
        Wrong::new(
            name,
            "a column with text",
            if values.contains_key(name) { "an empty cell" } else { "no such column" },
        )
    })
}

/// The text of a cell: JSON once more where a later stage dumped it, line breaks instead of `\n` where there is none.
fn plain(cell: &str) -> String {
    if let Some(Value::String(text)) =
        cell.starts_with('"').then(|| serde_json::from_str(cell).ok()).flatten()
    {
        return plain(&text);
    }
    if cell.contains('\n') { cell.to_owned() } else { unescaped(cell) }
}

/// `\n` before anything but a letter that would make it a LaTeX command (`\neq`, `\nu`) is a line break.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\n") {
        out.push_str(before);
        let command =
            ["eq", "u", "ot", "abla", "ear", "mid", "leq", "geq", "e", "i", "ewline", "parallel", "exists"]
                .iter()
                .any(|name| {
                    after
                        .strip_prefix(name)
                        .is_some_and(|tail| !tail.starts_with(|c: char| c.is_ascii_alphabetic()))
                });
        out.push_str(if command { "\\n" } else { "\n" });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn steps(log: &str) -> Result<Vec<Step>, Wrong> {
    let mut steps = Vec::new();
    let mut rest = log;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some((message, tail)) = between(rest, "message") {
            steps.push(Step::Text(message.trim().to_owned()));
            rest = tail;
        } else if let Some((tool, tail)) = between(rest, "tool") {
            steps.extend(call(tool)?);
            rest = tail;
        } else {
            rest = &rest[1..];
        }
    }
    if steps.is_empty() {
        let found: String = log.chars().take(60).collect();
        return Err(Wrong::new("solution_log", "<message> and <tool> tags", found));
    }
    Ok(steps)
}

/// What is in the tag that the text begins with, and what follows it.
fn between<'a>(text: &'a str, tag: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix('<')?.strip_prefix(tag)?.strip_prefix('>')?.split_once(&format!("</{tag}>"))
}

fn call(tool: &str) -> Result<[Step; 2], Wrong> {
    let part = |tag: &str| {
        let start = tool.find(&format!("<{tag}>"));
        let found = start.and_then(|start| between(&tool[start..], tag));
        found
            .map(|(text, _)| text.trim())
            .ok_or_else(|| Wrong::new("solution_log", &format!("<{tag}> in each <tool>"), "none"))
    };
    let (name, arguments, result) =
        (part("tool_name")?.to_owned(), part("args")?.to_owned(), part("result")?);
    Ok([Step::Call { name, arguments }, Step::Output(result.to_owned())])
}
