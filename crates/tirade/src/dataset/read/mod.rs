//! Files into raw records: one iterator per format, none of which knows what a problem is.

mod csv;
mod json;
mod parquet;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{BadRow, DatasetError};

/// A row as the file has it.
pub(crate) struct Record {
    /// From 1, as an editor counts; the row number in Parquet.
    pub line: u64,
    /// From 0, error rows counted too: what an id is made of where the row has none.
    pub index: u64,
    pub values: Map<String, Value>,
}

pub(crate) type Records = Box<dyn Iterator<Item = Result<Record, BadRow>> + Send>;

/// The endings of the files we read.
pub(super) const ENDINGS: [&str; 7] = ["jsonl", "ndjson", "json", "csv", "tsv", "parquet", "pq"];

/// Streams the records of one file; the format is what its ending says.
pub(crate) fn open(path: &Path) -> Result<Records, DatasetError> {
    match ending(path).as_str() {
        "jsonl" | "ndjson" => json::lines(path),
        "json" => json::document(path),
        "csv" => csv::open(path, b','),
        "tsv" => csv::open(path, b'\t'),
        "parquet" | "pq" => parquet::open(path),
        other => Err(DatasetError::Malformed {
            path: path.to_owned(),
            expected: format!("a file ending in .{}", ENDINGS.join(", .")),
            found: if other.is_empty() { "no ending".into() } else { format!(".{other}") },
        }),
    }
}

/// Streams the records of JSONL inside this program; `name` is what errors call it.
pub(super) fn embedded(name: &str, text: &'static str) -> Records {
    json::lines_of(Path::new(name), text.as_bytes())
}

/// The data files of a folder, subfolders included, in the order a person would count them (2.json before 10.json).
pub(super) fn files_under(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(DatasetError::io(&folder))? {
            let path = entry.map_err(DatasetError::io(&folder))?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            // A link to a folder is not followed: it could lead in a circle.
            if path.is_dir() && !path.is_symlink() && !hidden {
                folders.push(path);
            } else if is_data(&path) && !hidden {
                files.push(path);
            }
        }
    }
    files.sort_by_cached_key(|path| natural_key(path));
    Ok(files)
}

pub(super) fn is_data(path: &Path) -> bool {
    let manifest = path.to_string_lossy().ends_with(".manifest.json");
    path.is_file() && ENDINGS.contains(&ending(path).as_str()) && !manifest
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// A path as texts each followed by a number, so that numbers sort by size.
fn natural_key(path: &Path) -> Vec<(String, Option<u64>)> {
    let mut key: Vec<(String, Option<u64>)> = vec![(String::new(), None)];
    for c in path.to_string_lossy().chars() {
        let Some((word, number)) = key.last_mut() else { break };
        match (c.to_digit(10), &number) {
            (Some(digit), _) => {
                *number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit.into()))
            }
            (None, None) => word.push(c),
            (None, Some(_)) => key.push((c.to_string(), None)),
        }
    }
    key
}

/// A row that cannot be read at all.
fn unreadable(path: &Path, line: u64, expected: &str, found: impl Into<String>) -> BadRow {
    BadRow {
        file: path.display().to_string(),
        line,
        field: "row".into(),
        expected: expected.into(),
        found: found.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of these bytes, read: `line/index row`, or what is wrong with the line.
    pub(super) fn read(name: &str, bytes: &[u8]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let show = |item: Result<Record, BadRow>| match item {
            Ok(record) => format!("{}/{} {}", record.line, record.index, Value::Object(record.values)),
            Err(bad) => format!("{}: {} / {}", bad.line, bad.expected, bad.found),
        };
        open(&path).unwrap().map(show).collect()
    }

    #[test]
    fn files_are_counted_as_people_count() {
        let mut names = ["b/1.json", "a/10.json", "a/2.json", "a/0.json", "a.json"].map(Path::new);
        names.sort_by_cached_key(|path| natural_key(path));
        assert_eq!(names, ["a.json", "a/0.json", "a/2.json", "a/10.json", "b/1.json"].map(Path::new));
    }

    #[test]
    fn an_unknown_ending_says_what_is_read() {
        let error = open(Path::new("notes.txt")).err().unwrap().to_string();
        assert_eq!(
            error,
            "notes.txt: expected a file ending in .jsonl, .ndjson, .json, .csv, .tsv, .parquet, .pq, found .txt"
        );
    }
}
