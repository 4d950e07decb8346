//! The stream of rows of a source: file after file, row after row, whatever the size.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::read::{self, Records};
use super::row::{Context, row};
use super::{BadRow, DatasetError, Fields, Location, Row, Split};

/// Problems written for tirade, each answer checked by `data/check_starter.py`; embedded so that the first run needs no download.
const STARTER: &str = include_str!("../../data/starter.jsonl");

/// Opens a file or a folder and streams its rows. One row is in memory at a time, and eight bytes for each one seen (the ids).
pub fn open(location: &Location, fields: &Fields) -> Result<Rows, DatasetError> {
    let rows = |files, current| Rows {
        location: location.clone(),
        fields: fields.clone(),
        files,
        current: Some(current),
        seen: HashSet::new(),
    };
    let Some(path) = &location.path else { return Ok(rows(Vec::new(), File::starter())) };
    let mut files = if path.is_dir() { read::files_under(path)? } else { vec![path.clone()] };
    files.reverse();
    let Some(first) = files.pop() else {
        return Err(DatasetError::Malformed {
            path: path.clone(),
            expected: format!("files ending in .{}", read::ENDINGS.join(", .")),
            found: "none".into(),
        });
    };
    let current = File::open(&first, location)?;
    Ok(rows(files, current))
}

/// See [`open`]. An error row does not end the stream.
pub struct Rows {
    location: Location,
    fields: Fields,
    /// What is still to be read, last first.
    files: Vec<PathBuf>,
    current: Option<File>,
    seen: HashSet<u64>,
}

struct File {
    path: PathBuf,
    prefix: String,
    split: Option<Split>,
    records: Records,
}

impl Iterator for Rows {
    type Item = Result<Row, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(mut file) = self.current.take()
                && let Some(record) = file.records.next()
            {
                let row = record.and_then(|record| self.read(&file, &record));
                self.current = Some(file);
                return Some(row);
            }
            let path = self.files.pop()?;
            match File::open(&path, &self.location) {
                Ok(file) => self.current = Some(file),
                Err(error) => return Some(Err(whole_file(&path, &error))),
            }
        }
    }
}

impl Rows {
    fn read(&mut self, file: &File, record: &read::Record) -> Result<Row, BadRow> {
        let context = Context {
            file: &file.path,
            prefix: &file.prefix,
            fields: &self.fields,
            source: &self.location.label,
            split: file.split,
        };
        let row = row(record, &context)?;
        let mut hasher = DefaultHasher::new();
        row.problem.id.hash(&mut hasher);
        if self.seen.insert(hasher.finish()) {
            return Ok(row);
        }
        let (file, line) = (file.path.display().to_string(), record.line);
        let found = format!("`{}` a second time", row.problem.id);
        Err(BadRow { file, line, field: "id".into(), expected: "an id of its own".into(), found })
    }
}

impl File {
    fn open(path: &Path, location: &Location) -> Result<Self, DatasetError> {
        let records = read::open(path)?;
        let root = location.path.as_deref().unwrap_or(Path::new(""));
        let split = location.split.or_else(|| split_of(path, root));
        Ok(Self { path: path.to_owned(), prefix: prefix(path, root, &location.name), split, records })
    }

    /// The set inside this program.
    fn starter() -> Self {
        let records = read::embedded("starter.jsonl", STARTER);
        Self { path: "starter.jsonl".into(), prefix: "starter".into(), split: None, records }
    }
}

/// In a folder the way to the file is part of the id, so that `algebra/train.parquet` and `geometry/train.parquet` do not clash.
fn prefix(path: &Path, root: &Path, name: &str) -> String {
    let inner = path.strip_prefix(root).unwrap_or(Path::new("")).with_extension("");
    let parts = inner.iter().map(|part| part.to_string_lossy());
    std::iter::once(name.into()).chain(parts).collect::<Vec<_>>().join("/")
}

/// The half that the file's name or a folder on the way to it tells: `train-00000-of-00001.parquet`, `gsm8k_test.jsonl`.
fn split_of(path: &Path, root: &Path) -> Option<Split> {
    // The root's own name counts (MATH/train), the folders above it do not (/home/test/data).
    let above = root.parent().unwrap_or(Path::new(""));
    let inner = path.strip_prefix(above).unwrap_or(path).with_extension("");
    let text = inner.to_string_lossy().to_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(Split::from_name)
}

fn whole_file(path: &Path, error: &DatasetError) -> BadRow {
    BadRow {
        file: path.display().to_string(),
        line: 0,
        field: "row".into(),
        expected: "a readable file".into(),
        found: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn ids(path: &Path) -> Vec<String> {
        let location =
            Location { name: "set".into(), label: "Set".into(), path: Some(path.to_owned()), split: None };
        let show = |row: Result<Row, BadRow>| match row {
            Ok(row) => format!("{} {}", row.problem.id, row.split.map_or("-", Split::as_str)),
            Err(bad) => format!("{} {}", bad.field, bad.found),
        };
        open(&location, &Fields::default()).unwrap().map(show).collect()
    }

    #[test]
    fn a_tree_of_files_is_read_in_order_and_over_its_bad_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("MATH");
        let row = r#"{"problem":"p","solution":"\\boxed{1}"}"#;
        for name in ["train/algebra/10.json", "train/algebra/2.json", "test/geometry/1.json"] {
            write(&root, name, row);
        }
        write(&root, "train/algebra/3.json", "{");
        write(&root, "README.md", "not data");
        let got = ids(&root);
        assert_eq!(got[0], "math/test/geometry/1 test");
        assert_eq!(got[1], "math/train/algebra/2 train");
        assert!(got[2].starts_with("row EOF"), "{}", got[2]);
        assert_eq!(got[3], "math/train/algebra/10 train");
        assert_eq!(got.len(), 4);
    }

    #[test]
    fn shards_do_not_clash_and_repeated_ids_are_error_rows() {
        let folder = tempfile::tempdir().unwrap();
        let row = "{\"problem\":\"p\",\"answer\":1}\n";
        write(folder.path(), "algebra/train-00000-of-00001.jsonl", row);
        write(folder.path(), "geometry/test-00000-of-00001.jsonl", row);
        write(
            folder.path(),
            "twice.jsonl",
            "{\"problem\":\"p\",\"answer\":1,\"id\":\"a/1\"}\n".repeat(2).as_str(),
        );
        assert_eq!(
            ids(folder.path()),
            [
                "set/algebra/train-00000-of-00001/0 train",
                "set/geometry/test-00000-of-00001/0 test",
                "a/1 -",
                "id `a/1` a second time",
            ]
        );
    }

    #[test]
    fn an_empty_folder_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location {
            name: "set".into(),
            label: "Set".into(),
            path: Some(folder.path().to_owned()),
            split: None,
        };
        let error = open(&location, &Fields::default()).err().unwrap().to_string();
        assert!(error.contains("expected files ending in .jsonl"), "{error}");
    }
}
