//! Which column of a source holds which field of a problem.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::DatasetError;

/// Each field of a problem with the column names under which the known data sets have it, most specific first.
const COLUMNS: &[(&str, &[&str])] = &[
    ("id", &["unique_id", "id", "problem_id"]),
    ("problem", &["problem", "question"]),
    ("answer", &["answer", "final_answer", "expected_answer", "target"]),
    ("solution", &["solution"]),
    ("level", &["level"]),
    ("subject", &["subject", "type", "category"]),
    ("split", &["split"]),
    ("source", &["source"]),
];

/// A mapping given by a person: field → column. A field mapped to nothing (`level=`) is not read.
///
/// ```
/// let fields = tirade::dataset::Fields::parse("problem=question,answer=reward.truth").unwrap();
/// assert_eq!(fields.column("answer"), Some("reward.truth"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads `problem=question,answer=target`; the empty text is the empty mapping.
    pub fn parse(text: &str) -> Result<Self, DatasetError> {
        let mut fields = Self::default();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (field, column) = pair.split_once('=').ok_or_else(|| {
                DatasetError::Usage(format!(
                    "--field: expected FIELD=COLUMN, found `{pair}` (example: problem=question)"
                ))
            })?;
            if !COLUMNS.iter().any(|(name, _)| *name == field.trim()) {
                let known: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
                return Err(DatasetError::Usage(format!(
                    "--field: a problem has no field `{}`; it has {}",
                    field.trim(),
                    known.join(", ")
                )));
            }
            fields.0.insert(field.trim().to_owned(), column.trim().to_owned());
        }
        Ok(fields)
    }

    /// The column a person named for `field`.
    pub fn column(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Adds the mappings of `more`, which win.
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// The value of `field` in `row`. A column a person named must be there; a column found by habit may be absent.
    pub(super) fn value<'a>(
        &self,
        row: &'a Map<String, Value>,
        field: &str,
    ) -> Result<Option<&'a Value>, String> {
        match self.column(field) {
            Some("") => Ok(None),
            Some(column) => match lookup(row, column) {
                Some(value) => Ok(non_null(value)),
                None => Err(column.to_owned()),
            },
            None => Ok(habitual(row, field).and_then(non_null)),
        }
    }
}

fn habitual<'a>(row: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    let (_, columns) = COLUMNS.iter().find(|(name, _)| *name == field)?;
    columns.iter().find_map(|column| {
        row.get(*column)
            .or_else(|| row.iter().find(|(key, _)| key.eq_ignore_ascii_case(column)).map(|(_, v)| v))
    })
}

/// A column by name, else a nested one by path: `reward_model.ground_truth`.
fn lookup<'a>(row: &'a Map<String, Value>, column: &str) -> Option<&'a Value> {
    row.get(column).or_else(|| {
        let (outer, inner) = column.split_once('.')?;
        lookup(row.get(outer)?.as_object()?, inner)
    })
}

fn non_null(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn columns_are_found_by_name_habit_and_path() {
        let check = |mapping: &str, json: &str, field: &str, expected: Result<Option<&str>, String>| {
            let row = row(json);
            let got = Fields::parse(mapping).unwrap().value(&row, field).map(|v| v.and_then(Value::as_str));
            assert_eq!(got, expected, "{mapping} {json} {field}");
        };
        check("", r#"{"question":"q"}"#, "problem", Ok(Some("q")));
        check("", r#"{"Problem":"q"}"#, "problem", Ok(Some("q")));
        check("", r#"{"id":"a","unique_id":"b"}"#, "id", Ok(Some("b")));
        check("", r#"{"level":null}"#, "level", Ok(None));
        check("problem=text", r#"{"problem":"no","text":"q"}"#, "problem", Ok(Some("q")));
        check("problem=text", r#"{"problem":"no"}"#, "problem", Err("text".into()));
        check("answer=r.truth", r#"{"r":{"truth":"5"}}"#, "answer", Ok(Some("5")));
        check("level=", r#"{"level":"hard"}"#, "level", Ok(None));
    }

    #[test]
    fn a_mapping_that_makes_no_sense_says_so() {
        let error = |text| Fields::parse(text).unwrap_err().to_string();
        assert!(error("problem").contains("expected FIELD=COLUMN, found `problem`"));
        assert!(error("gold=x").contains("no field `gold`; it has id, problem, answer"));
    }
}
