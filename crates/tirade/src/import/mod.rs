//! Traces that others made, as attempts of ours: existing tool-integrated corpora can be back-translated.
//!
//! [`open`] streams the rows of a file; each becomes one or more [`RawTrace`]s, or an error row with file, line and field. [`RawTrace::into_trace`]
//! makes a [`Trace`](crate::trace::Trace) that nothing can tell from one of the solver's, but that it has no prompts and no token counts.
//!
//! | format | rows |
//! |---|---|
//! | ToRA | `messages` with ```` ```python ```` and ```` ```output ```` blocks and `gt`; or outputs with `question`, `gt`, `code`, `pred` |
//! | MathCoder | `messages` whose contents are lists of `text`, `code`, `execution` blocks; or outputs with `debug_result` |
//! | NuminaMath-TIR | `problem`, `solution` with fenced blocks, `messages` |
//! | OpenMathInstruct | `question`, `expected_answer`, `generated_solution` with `<llm-code>` tags; also OpenMathReasoning |
//! | paper | the CSV files of the paper's code: reasoning paths with `solution_log`, and the problems beside them |
//! | segments | `problem`, `answer`, `segments` of `text`, `code`, `output` |
//!
//! ```
//! use tirade::import::{Format, read_row};
//!
//! let row = serde_json::json!({
//!     "question": "What is 6 times 7?", "expected_answer": "42",
//!     "generated_solution": "<llm-code>\n6 * 7\n</llm-code>\n<llm-code-output>\n42\n</llm-code-output>\nIt is \\boxed{42}.",
//! });
//! let (format, traces) = read_row(row.as_object().unwrap(), None).unwrap();
//! let trace = traces[0].clone().into_trace("omi/0".into(), 0, "OpenMathInstruct");
//! assert_eq!((format, trace.answer()), (Format::OpenMath, Some("42")));
//! ```

mod detect;
mod formats;
mod paper;
mod steps;
mod trace;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dataset::{BadRow, DatasetError, records};
pub use paper::PaperProblems;
pub use steps::Step;

/// Whose layout a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Tora,
    MathCoder,
    Numina,
    OpenMath,
    Paper,
    Segments,
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tora => "tora",
            Self::MathCoder => "mathcoder",
            Self::Numina => "numina",
            Self::OpenMath => "openmath",
            Self::Paper => "paper",
            Self::Segments => "segments",
        }
    }
}

/// A trace as a row has it, whatever the format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawTrace {
    pub problem: String,
    /// The gold answer, bare. Where a format has none, the trace's own answer stands for it ([`RawTrace::own_gold`]).
    pub gold: String,
    /// The row has no gold answer: what the trace answers is taken for it.
    pub own_gold: bool,
    /// A worked solution, where the row has one.
    pub solution: Option<String>,
    pub level: Option<u8>,
    pub subject: Option<String>,
    /// The row's own id, which need not be unique.
    pub id: Option<String>,
    /// Who made it, where the row says.
    pub origin: Option<String>,
    pub steps: Vec<Step>,
    /// The answer that the row says the trace gives.
    pub prediction: Option<String>,
    /// Whether the row says that it is right.
    pub label: Option<bool>,
}

/// What is wrong with a row: field, expected, found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub field: String,
    pub expected: String,
    pub found: String,
}

impl Wrong {
    fn new(field: &str, expected: &str, found: impl Into<String>) -> Self {
        Self { field: field.into(), expected: expected.into(), found: found.into() }
    }

    fn at(self, file: &str, line: u64) -> BadRow {
        let Self { field, expected, found } = self;
        BadRow { file: file.into(), line, field, expected, found }
    }
}

/// A row with its place and format, or an error row.
pub type Row = Result<(u64, Format, Vec<RawTrace>), BadRow>;

/// Streams the rows of a file (JSONL, JSON, CSV, Parquet …), one in memory at a time. Without `format` each row is looked at; `problems` are those of
/// the paper's CSV. `name` is what error rows call the file.
///
/// # Errors
/// When the file cannot be opened or is not what its name says.
pub fn open<'a>(
    path: &Path,
    name: &'a str,
    format: Option<Format>,
    problems: &'a PaperProblems,
) -> Result<impl Iterator<Item = Row> + use<'a>, DatasetError> {
    let read = move |record: crate::dataset::Record| {
        let row = match detect::format(&record.values, format) {
            Ok(Format::Paper) => problems.trace(&record.values).map(|trace| (Format::Paper, vec![trace])),
            _ => read_row(&record.values, format),
        };
        row.map(|(format, traces)| (record.line, format, traces)).map_err(|wrong| wrong.at(name, record.line))
    };
    let named = move |bad: BadRow| BadRow { file: name.to_owned(), ..bad };
    Ok(records(path)?.map(move |record| record.map_err(named).and_then(read)))
}

/// Reads one row; of the paper's format only with its problems, so not here.
///
/// # Errors
/// Which field is wrong.
pub fn read_row(
    values: &Map<String, Value>,
    format: Option<Format>,
) -> Result<(Format, Vec<RawTrace>), Wrong> {
    let format = detect::format(values, format)?;
    let traces = match format {
        Format::Tora => formats::tora(values)?,
        Format::MathCoder => vec![formats::mathcoder(values)?],
        Format::Numina => vec![formats::numina(values)?],
        Format::OpenMath => vec![formats::openmath(values)?],
        Format::Segments => vec![formats::segments(values)?],
        Format::Paper => {
            return Err(Wrong::new("row", "the problems of the paper's CSV beside it", "only this row"));
        }
    };
    for trace in &traces {
        if trace.steps.is_empty() {
            return Err(Wrong::new("trace", "text, code or output", "nothing"));
        }
        if trace.gold.trim().is_empty() {
            return Err(Wrong::new("answer", "a gold answer", "none, and the trace gives none either"));
        }
    }
    Ok((format, traces))
}

#[cfg(test)]
mod tests;
