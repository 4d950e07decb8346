//! Parquet, as the hub stores data sets: row by row through the crate's record reader, so no Arrow is needed.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use parquet::file::reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use serde_json::{Map, Value};

use super::{Record, Records, unreadable};
use crate::dataset::{BadRow, DatasetError};

pub(super) fn open(path: &Path) -> Result<Records, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io(path))?;
    let malformed = |found: String| DatasetError::Malformed {
        path: path.to_owned(),
        expected: "a Parquet file".into(),
        found,
    };
    let rows = guarded(|| {
        let reader = SerializedFileReader::new(file)?;
        Ok(RowIter::from_file_into(Box::new(reader)))
    });
    Ok(Box::new(Rows { path: path.to_owned(), rows: Some(rows.map_err(malformed)?), index: 0 }))
}

struct Rows {
    path: PathBuf,
    /// Nothing once the file turned out to be damaged.
    rows: Option<RowIter<'static>>,
    index: u64,
}

impl Iterator for Rows {
    type Item = Result<Record, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.rows.as_mut()?;
        let index = self.index;
        self.index += 1;
        match guarded(|| rows.next().transpose()) {
            Ok(row) => row.map(|row| Ok(Record { line: index + 1, index, values: object(row) })),
            Err(error) => {
                // The reader's state is unknown after an error: what follows in this file cannot be trusted.
                self.rows = None;
                Some(Err(unreadable(
                    &self.path,
                    index + 1,
                    "a readable row (the rest of the file is left out)",
                    error,
                )))
            }
        }
    }
}

/// The record reader panics on some damaged files (`bit_util.rs`: "assertion failed: size <= src.len()", parquet 60.1); for us that is
/// an error like any other.
fn guarded<T>(read: impl FnOnce() -> Result<T, parquet::errors::ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("a damaged file (the Parquet reader gave up)".into()),
    }
}

fn object(row: Row) -> Map<String, Value> {
    row.into_columns().into_iter().map(|(name, field)| (name, value(field))).collect()
}

/// Numbers stay numbers; what JSON has no word for becomes the text the crate prints.
fn value(field: Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(v) => v.into(),
        Field::Byte(v) => v.into(),
        Field::Short(v) => v.into(),
        Field::Int(v) => v.into(),
        Field::Long(v) => v.into(),
        Field::UByte(v) => v.into(),
        Field::UShort(v) => v.into(),
        Field::UInt(v) => v.into(),
        Field::ULong(v) => v.into(),
        Field::Float(v) => v.into(),
        Field::Double(v) => v.into(),
        Field::Str(v) => v.into(),
        Field::Bytes(v) => String::from_utf8_lossy(v.data()).into_owned().into(),
        Field::Group(row) => Value::Object(object(row)),
        Field::ListInternal(list) => list.elements().iter().cloned().map(value).collect(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// A file as the hub has AMC: `question`, `answer` as a double, and a null in the second row.
    fn amc_file(path: &Path) {
        let schema = "message schema { required binary question (UTF8); optional double answer; }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties =
            WriterProperties::builder().set_compression(parquet::basic::Compression::SNAPPY).build();
        let file = File::create(path).unwrap();
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let texts = [ByteArray::from("How many?"), ByteArray::from("How few?")];
        column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(&[3159.0], Some(&[1, 0]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn rows_come_with_their_types() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("amc.parquet");
        amc_file(&path);
        let rows: Vec<_> =
            open(&path).unwrap().map(|row| Value::Object(row.unwrap().values).to_string()).collect();
        assert_eq!(
            rows,
            [r#"{"question":"How many?","answer":3159.0}"#, r#"{"question":"How few?","answer":null}"#]
        );
    }

    #[test]
    fn a_damaged_file_is_an_error_not_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("amc.parquet");
        amc_file(&path);
        let whole = std::fs::read(&path).unwrap();
        let damaged = folder.path().join("damaged.parquet");
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x5a;
            std::fs::write(&damaged, &bytes).unwrap();
            // At most two rows can be there: a reader that never ends would show here.
            refused += match open(&damaged) {
                Ok(rows) => usize::from(rows.take(5).any(|row| row.is_err())),
                Err(_) => 1,
            };
            std::fs::write(&damaged, &whole[..at]).unwrap();
            assert!(open(&damaged).is_err(), "cut after {at} bytes");
        }
        assert!(refused > whole.len() / 10, "only {refused} of {} damages were noticed", whole.len());
    }
}
