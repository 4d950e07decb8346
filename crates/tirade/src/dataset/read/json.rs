//! JSONL, streamed line by line, and JSON documents (one problem, or an array of problems).

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Record, Records, unreadable};
use crate::dataset::{BadRow, DatasetError};

/// A longer line is not a problem but a file that is not JSONL; it is stepped over without being kept.
const LONGEST_LINE: u64 = 16 << 20;

pub(super) fn lines(path: &Path) -> Result<Records, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io(path))?;
    Ok(lines_of(path, BufReader::new(file)))
}

/// JSONL from anywhere; `path` is what errors call it.
pub(super) fn lines_of(path: &Path, input: impl BufRead + Send + 'static) -> Records {
    Box::new(Lines { path: path.to_owned(), input, line: 0, index: 0, ended: false })
}

struct Lines<R> {
    path: PathBuf,
    input: R,
    line: u64,
    index: u64,
    ended: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Record, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let bytes = match self.read_line() {
                Ok(bytes) if !self.ended => bytes,
                Ok(_) => return None,
                Err(bad) => return Some(Err(bad)),
            };
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            if text.trim_ascii().is_empty() {
                continue;
            }
            self.index += 1;
            let record = Record { line: self.line, index: self.index - 1, values: Map::new() };
            return Some(match serde_json::from_slice(text) {
                Ok(Value::Object(values)) => Ok(Record { values, ..record }),
                Ok(other) => Err(unreadable(&self.path, self.line, "a JSON object", kind(&other))),
                Err(error) => Err(unreadable(&self.path, self.line, "a JSON object", without_line(&error))),
            });
        }
    }
}

impl<R: BufRead> Lines<R> {
    /// The next line; sets `ended` at the end of the file and after a read error.
    fn read_line(&mut self) -> Result<Vec<u8>, BadRow> {
        let mut bytes = Vec::new();
        self.line += 1;
        let read = (&mut self.input).take(LONGEST_LINE).read_until(b'\n', &mut bytes);
        match read {
            _ if self.ended => Ok(bytes),
            Ok(0) => {
                self.ended = true;
                Ok(bytes)
            }
            Ok(n) if n as u64 == LONGEST_LINE && !bytes.ends_with(b"\n") => {
                self.skip_line();
                self.index += 1;
                let expected = format!("a line of at most {} MiB", LONGEST_LINE >> 20);
                Err(unreadable(&self.path, self.line, &expected, "a longer one"))
            }
            Ok(_) => Ok(bytes),
            Err(error) => {
                self.ended = true;
                Err(unreadable(&self.path, self.line, "a readable line", error.to_string()))
            }
        }
    }

    fn skip_line(&mut self) {
        while let Ok(bytes) = self.input.fill_buf() {
            let end = bytes.iter().position(|b| *b == b'\n');
            let used = end.map_or(bytes.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() || used == 0 {
                return;
            }
        }
    }
}

/// A whole document in memory: one object is one record, an array of objects is many.
pub(super) fn document(path: &Path) -> Result<Records, DatasetError> {
    let bytes = std::fs::read(path).map_err(DatasetError::io(path))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let one = |result| Box::new(std::iter::once(result)) as Records;
    let path = path.to_owned();
    Ok(match serde_json::from_slice(text) {
        Ok(Value::Object(values)) => one(Ok(Record { line: 1, index: 0, values })),
        Ok(Value::Array(values)) => Box::new((0u64..).zip(values).map(move |(index, value)| match value {
            Value::Object(values) => Ok(Record { line: index + 1, index, values }),
            other => Err(unreadable(&path, index + 1, "a JSON object", kind(&other))),
        })),
        Ok(other) => one(Err(unreadable(&path, 1, "a JSON object or an array of them", kind(&other)))),
        Err(error) => {
            one(Err(unreadable(&path, error.line() as u64, "a JSON document", without_line(&error))))
        }
    })
}

/// What serde says, without its line number: within one line of JSONL that is always 1 and would mislead.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    format!("{message} (column {})", error.column())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn jsonl_gives_each_line_or_says_what_is_wrong_with_it() {
        let text = b"\xef\xbb\xbf{\"a\":1}\r\n\n[1]\n{\"a\":\n{\"b\":\"\xff\"}\n{\"c\":3}";
        let got = read("x.jsonl", text);
        assert_eq!(got[0], r#"1/0 {"a":1}"#);
        assert_eq!(got[1], "3: a JSON object / an array");
        assert!(got[2].starts_with("4: a JSON object / EOF while parsing a value (column"), "{}", got[2]);
        assert!(got[3].starts_with("5: a JSON object / invalid unicode code point"), "{}", got[3]);
        assert_eq!(got[4], r#"6/4 {"c":3}"#);
        assert_eq!(got.len(), 5);
    }

    #[test]
    fn documents_hold_one_problem_or_many() {
        assert_eq!(read("1.json", br#"{"a":1}"#), [r#"1/0 {"a":1}"#]);
        assert_eq!(read("m.json", br#"[{"a":1}, 2]"#), [r#"1/0 {"a":1}"#, "2: a JSON object / a number"]);
        assert_eq!(read("n.json", b"null"), ["1: a JSON object or an array of them / null"]);
        assert!(read("t.json", b"{\n\"a\": tru").remove(0).starts_with("2: a JSON document"));
    }

    #[test]
    fn a_line_without_end_is_stepped_over() {
        let mut bytes = vec![b'x'; (LONGEST_LINE + 5) as usize];
        bytes.extend(b"\n{\"a\":1}\n");
        assert_eq!(
            read("big.jsonl", &bytes),
            ["1: a line of at most 16 MiB / a longer one", r#"2/1 {"a":1}"#]
        );
    }
}
