//! CSV and TSV with a header line; every value is a text, an empty one is absent.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::{Record, Records, unreadable};
use crate::dataset::{BadRow, DatasetError};

pub(super) fn open(path: &Path, delimiter: u8) -> Result<Records, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io(path))?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(file);
    let header = reader.headers().map_err(|error| DatasetError::Malformed {
        path: path.to_owned(),
        expected: "a header line of column names".into(),
        found: error.to_string(),
    })?;
    let header = header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    Ok(Box::new(Csv { path: path.to_owned(), header, reader, index: 0, ended: false }))
}

struct Csv {
    path: PathBuf,
    header: Vec<String>,
    reader: Reader<File>,
    index: u64,
    ended: bool,
}

impl Iterator for Csv {
    type Item = Result<Record, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let mut cells = StringRecord::new();
        let index = self.index;
        self.index += 1;
        match self.reader.read_record(&mut cells) {
            Ok(false) => None,
            Ok(true) => {
                let line = cells.position().map_or(0, csv::Position::line);
                Some(Ok(Record { line, index, values: self.values(&cells) }))
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                self.ended = matches!(error.kind(), csv::ErrorKind::Io(_));
                let expected = format!("{} cells of UTF-8 text", self.header.len());
                Some(Err(unreadable(&self.path, line, &expected, describe(&error))))
            }
        }
    }
}

impl Csv {
    fn values(&self, cells: &StringRecord) -> Map<String, Value> {
        let filled = self.header.iter().zip(cells).filter(|(_, cell)| !cell.trim().is_empty());
        let mut values: Map<_, _> =
            filled.map(|(name, cell)| (name.clone(), Value::String(cell.to_owned()))).collect();
        // A column that is there but empty is not the same as a column that is not there.
        for name in &self.header {
            values.entry(name.clone()).or_insert(Value::Null);
        }
        values
    }
}

fn describe(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { len, .. } => format!("{len} cells"),
        csv::ErrorKind::Utf8 { err, .. } => format!("other bytes in cell {}", err.field() + 1),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn csv_counts_lines_as_an_editor_does() {
        let text = b"\xef\xbb\xbfquestion,target\n\"two\nlines\",4\nonly one\n\xff,5\nlast,\n";
        assert_eq!(
            read("x.csv", text),
            [
                r#"2/0 {"question":"two\nlines","target":"4"}"#,
                "4: 2 cells of UTF-8 text / 1 cells",
                "5: 2 cells of UTF-8 text / other bytes in cell 1",
                r#"6/3 {"question":"last","target":null}"#,
            ]
        );
    }

    #[test]
    fn tsv_is_csv_with_tabs() {
        assert_eq!(read("x.tsv", b"a\tb\n1,5\t2\n"), [r#"2/0 {"a":"1,5","b":"2"}"#]);
    }
}
