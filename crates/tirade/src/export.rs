//! Tables of an experiment as CSV, JSONL or Parquet. The first four have the columns of the paper's code, so that its scripts can read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};

use crate::corpus::presets::tagged;
use crate::problem::Problem;
use crate::store::{AttemptRow, Outcome, Run, Stage, Store, StoreError};
use crate::tool::{EXECUTE_CODE, ToolkitSelection};
use crate::trace::Trace;

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// One row a run: metadata_id, git_commit_version, date_run, model, …
    Metadata,
    /// One row a problem: problem_id, problem_text, level, category, standard_solution.
    Problem,
    /// One row an attempt, with the trace as tagged text.
    Reasoning,
    /// One row a run: correct, incorrect, skipped, accuracy.
    Summary,
    /// The store's own attempts.
    Attempts,
    /// Attempts with all events.
    Traces,
    Solutions,
    Examples,
    Scores,
}

/// A table: every row has the columns in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Value>>,
}

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("CSV: {0}")]
    Csv(#[from] csv::Error),
    #[error("Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("CSV: {0}")]
    Flush(String),
}

/// Reads a table from the store: of one run, or of all.
pub fn rows(store: &Store, table: Table, run: Option<&str>) -> Result<Rows, ExportError> {
    let runs: Vec<Run> =
        store.runs()?.into_iter().filter(|found| run.is_none_or(|run| run == found.run)).collect();
    if let (Some(run), true) = (run, runs.is_empty()) {
        store.run(run)?;
    }
    let columns = columns(table);
    let mut rows = Vec::new();
    for run in &runs {
        let solving = [Stage::Solve, Stage::Eval].iter().any(|stage| stage.as_str() == run.stage);
        match table {
            Table::Metadata if solving => rows.push(metadata(store, run)?),
            Table::Summary if solving => rows.push(summary(run, &store.attempts(&run.run)?)),
            Table::Problem if solving => rows.extend(store.problems(&run.run)?.iter().map(problem)),
            Table::Reasoning if solving => rows.extend(reasoning(store, run)?),
            Table::Attempts if solving => {
                rows.extend(store.attempts(&run.run)?.into_iter().map(|row| attempt(run, row)))
            }
            Table::Traces if solving => rows.extend(traces(store, run)?),
            Table::Solutions => rows.extend(solutions(store, run)?),
            Table::Examples => rows.extend(examples(store, run)?),
            Table::Scores => rows.extend(scores(store, run)?),
            _ => {}
        }
    }
    if table == Table::Problem {
        let mut seen = std::collections::HashSet::new();
        rows.retain(|row: &Vec<Value>| seen.insert(row[0].to_string()));
    }
    Ok(Rows { columns, rows })
}

fn columns(table: Table) -> Vec<&'static str> {
    match table {
        Table::Metadata => vec![
            "metadata_id",
            "git_commit_version",
            "date_run",
            "model",
            "level",
            "num_problems",
            "multi_step",
            "sympy_toolkit",
            "code_toolkit",
            "geometry_toolkit",
            "dataset",
        ],
        Table::Problem => vec!["problem_id", "problem_text", "level", "category", "standard_solution"],
        Table::Reasoning => vec![
            "reasoning_path_id",
            "metadata_id",
            "problem_id",
            "date_run",
            "solution_log",
            "used_sympy",
            "used_code_toolkit",
            "used_geometry_toolkit",
            "is_correct",
        ],
        Table::Summary => vec!["metadata_id", "date", "correct", "incorrect", "skipped", "accuracy"],
        Table::Attempts => vec![
            "run",
            "problem",
            "attempt",
            "outcome",
            "answer",
            "message",
            "tool_calls",
            "tool_errors",
            "prompt_tokens",
            "completion_tokens",
            "seconds",
            "cost",
        ],
        Table::Traces => vec!["run", "problem", "attempt", "outcome", "answer", "events"],
        Table::Solutions => vec!["run", "problem", "attempt", "outcome", "reason", "solution"],
        Table::Examples => vec!["run", "split", "example"],
        Table::Scores => vec!["run", "metric", "slice", "value", "low", "high", "count"],
    }
}

fn metadata(store: &Store, run: &Run) -> Result<Vec<Value>, ExportError> {
    let config = &run.config;
    let toolkits = &config["about"]["toolkits"];
    let has = |name: &str| json!(toolkits.as_array().is_some_and(|kits| kits.iter().any(|kit| kit == name)));
    Ok(vec![
        json!(run.run),
        json!(run.program),
        json!(run.started),
        config["model"].clone(),
        config["about"]["level"].clone(),
        json!(store.problems(&run.run)?.len()),
        config["solver"]["multi_step"].clone(),
        has("sympy"),
        has("code"),
        has("geometry"),
        config["about"]["dataset"].clone(),
    ])
}

fn problem(problem: &Problem) -> Vec<Value> {
    let solution = problem.solution.as_ref().unwrap_or(&problem.answer);
    vec![
        json!(problem.id),
        json!(problem.problem),
        json!(problem.level),
        json!(problem.subject),
        json!(solution),
    ]
}

fn summary(run: &Run, attempts: &[AttemptRow]) -> Vec<Value> {
    let count = |wanted: &[Outcome]| attempts.iter().filter(|row| wanted.contains(&row.outcome)).count();
    let (correct, skipped) = (count(&[Outcome::Correct]), count(&[Outcome::ToolError, Outcome::Error]));
    let incorrect = attempts.len() - correct - skipped;
    let accuracy = if correct + incorrect == 0 {
        Value::Null
    } else {
        json!(correct as f64 / (correct + incorrect) as f64)
    };
    vec![json!(run.run), json!(run.started), json!(correct), json!(incorrect), json!(skipped), accuracy]
}

fn attempt(run: &Run, row: AttemptRow) -> Vec<Value> {
    vec![
        json!(run.run),
        json!(row.key.problem),
        json!(row.key.attempt),
        json!(row.outcome),
        json!(row.answer),
        json!(row.message),
        json!(row.tool_calls),
        json!(row.tool_errors),
        json!(row.prompt_tokens),
        json!(row.completion_tokens),
        json!(row.seconds),
        json!(row.cost),
    ]
}

fn traces(store: &Store, run: &Run) -> Result<Vec<Vec<Value>>, ExportError> {
    let row = |row: AttemptRow| {
        let events = store.events(&run.run, &row.key)?;
        let AttemptRow { key, outcome, answer, .. } = row;
        Ok(vec![
            json!(run.run),
            json!(key.problem),
            json!(key.attempt),
            json!(outcome),
            json!(answer),
            json!(events),
        ])
    };
    store.attempts(&run.run)?.into_iter().map(row).collect()
}

fn reasoning(store: &Store, run: &Run) -> Result<Vec<Vec<Value>>, ExportError> {
    let problems: BTreeMap<String, Problem> =
        store.problems(&run.run)?.into_iter().map(|problem| (problem.id.clone(), problem)).collect();
    let mut rows = Vec::new();
    for AttemptRow { key, outcome, .. } in store.attempts(&run.run)? {
        let Some(problem) = problems.get(&key.problem) else { continue };
        let events = store.events(&run.run, &key)?;
        let trace = Trace { problem: problem.clone(), attempt: key.attempt, events };
        let used = |toolkit: &str| {
            json!(trace.tool_calls().iter().any(|(call, _)| toolkit_of(&call.name) == Some(toolkit)))
        };
        rows.push(vec![
            json!(format!("{}/{}/{}", run.run, key.problem, key.attempt)),
            json!(run.run),
            json!(key.problem),
            json!(run.started),
            json!(tagged(&trace)),
            used("sympy"),
            used("code"),
            used("geometry"),
            json!(outcome == Outcome::Correct),
        ]);
    }
    Ok(rows)
}

/// The toolkit a tool belongs to.
fn toolkit_of(tool: &str) -> Option<&'static str> {
    let none = ToolkitSelection::default();
    let typed = [
        ("sympy", ToolkitSelection { sympy: true, ..none }),
        ("math", ToolkitSelection { math: true, ..none }),
        ("geometry", ToolkitSelection { geometry: true, ..none }),
    ];
    if tool == EXECUTE_CODE {
        return Some("code");
    }
    typed.into_iter().find(|(_, kit)| kit.tools().any(|known| known.name == tool)).map(|(name, _)| name)
}

fn solutions(store: &Store, run: &Run) -> Result<Vec<Vec<Value>>, ExportError> {
    let solutions = store.solutions::<Value>(&run.run)?;
    let row = |solution: crate::store::SolutionRow<Value>| {
        let key = solution.key;
        vec![
            json!(run.run),
            json!(key.problem),
            json!(key.attempt),
            json!(solution.outcome),
            json!(solution.reason),
            solution.row,
        ]
    };
    Ok(solutions.into_iter().map(row).collect())
}

fn examples(store: &Store, run: &Run) -> Result<Vec<Vec<Value>>, ExportError> {
    let mut rows = Vec::new();
    for split in ["train", "validation"] {
        let examples = store.examples::<Value>(&run.run, split)?;
        rows.extend(examples.into_iter().map(|example| vec![json!(run.run), json!(split), example]));
    }
    Ok(rows)
}

fn scores(store: &Store, run: &Run) -> Result<Vec<Vec<Value>>, ExportError> {
    let row = |score: crate::store::ScoreRow| {
        vec![
            json!(run.run),
            json!(score.metric),
            json!(score.slice),
            json!(score.value),
            json!(score.low),
            json!(score.high),
            json!(score.count),
        ]
    };
    Ok(store.scores(&run.run)?.into_iter().map(row).collect())
}

/// A cell as text: strings as they are, nothing for null, JSON for the rest.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub fn csv(rows: &Rows) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&rows.columns)?;
    for row in &rows.rows {
        writer.write_record(row.iter().map(cell))?;
    }
    writer.into_inner().map_err(|error| ExportError::Flush(error.to_string()))
}

/// One object a line.
pub fn jsonl(rows: &Rows) -> Vec<u8> {
    let mut text = String::new();
    for row in &rows.rows {
        let object: serde_json::Map<String, Value> =
            rows.columns.iter().map(|column| (*column).to_owned()).zip(row.iter().cloned()).collect();
        text.push_str(&Value::Object(object).to_string());
        text.push('\n');
    }
    text.into_bytes()
}

/// Every column as optional UTF-8 text; what is no string is JSON.
pub fn parquet(rows: &Rows) -> Result<Vec<u8>, ExportError> {
    let fields: String =
        rows.columns.iter().map(|column| format!("optional binary {column} (UTF8); ")).collect();
    let schema = Arc::new(parse_message_type(&format!("message table {{ {fields} }}"))?);
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::builder().build()))?;
    let mut group = writer.next_row_group()?;
    for index in 0..rows.columns.len() {
        let Some(mut column) = group.next_column()? else { break };
        let levels: Vec<i16> = rows.rows.iter().map(|row| i16::from(!row[index].is_null())).collect();
        let present = rows.rows.iter().filter(|row| !row[index].is_null());
        let values: Vec<ByteArray> =
            present.map(|row| ByteArray::from(cell(&row[index]).into_bytes())).collect();
        column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
        column.close()?;
    }
    group.close()?;
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    fn table() -> Rows {
        Rows {
            columns: vec!["a", "b"],
            rows: vec![vec![json!("x, \"y\"\nz"), Value::Null], vec![json!(1.5), json!(true)]],
        }
    }

    #[test]
    fn tables_come_back() {
        assert_eq!(
            String::from_utf8(csv(&table()).unwrap()).unwrap(),
            "a,b\n\"x, \"\"y\"\"\nz\",\n1.5,true\n"
        );
        assert_eq!(jsonl(&table()).iter().filter(|byte| **byte == b'\n').count(), 2);
        let bytes = bytes::Bytes::from(parquet(&table()).unwrap());
        let reader = SerializedFileReader::new(bytes).unwrap();
        let rows: Vec<String> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].contains("b: null") && rows[1].contains("a: \"1.5\""), "{rows:?}");
    }
}
