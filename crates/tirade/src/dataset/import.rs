//! Any source into one normalised file in the data folder, with a manifest that says what it holds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BadRow, DatasetError, Fields, Location, Row, Split, known_sets, open};

/// Error rows beyond these are counted, not listed.
const BAD_ROWS_LISTED: usize = 100;

/// What to import and under which name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// A file or a folder.
    pub source: PathBuf,
    /// The new data set's name: lower-case letters, digits, `_` and `-`.
    pub name: String,
    pub fields: Fields,
    /// The half all rows belong to, where neither rows nor file names say it.
    pub split: Option<Split>,
}

/// What an import gave; kept as `<name>.manifest.json` beside the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub name: String,
    pub source: String,
    pub fields: Fields,
    pub rows: u64,
    pub bad: u64,
    /// The first hundred error rows.
    pub bad_rows: Vec<BadRow>,
    /// Rows by half, level and subject; rows without one are under `unknown`.
    pub by_split: BTreeMap<String, u64>,
    pub by_level: BTreeMap<String, u64>,
    pub by_subject: BTreeMap<String, u64>,
    /// Of the file `<name>.jsonl`.
    pub sha256: String,
    /// The program that wrote it.
    pub tirade_version: String,
}

/// Writes `<data_dir>/<name>.jsonl` and its manifest. Neither exists before both are whole; an import under the same name replaces
/// the one before. A source without one good row is an error and writes nothing.
pub fn import(request: &Import, data_dir: &Path) -> Result<Manifest, DatasetError> {
    check_name(&request.name)?;
    let rows = open(&location(request), &request.fields)?;
    std::fs::create_dir_all(data_dir).map_err(DatasetError::io(data_dir))?;
    let target = data_dir.join(format!("{}.jsonl", request.name));
    let unfinished = target.with_extension("jsonl.part");
    let written = write(rows, &unfinished, request).and_then(|manifest| {
        if manifest.rows == 0 {
            let first =
                manifest.bad_rows.first().map(|bad| format!("; the first: {bad}")).unwrap_or_default();
            let reason = format!("{} rows, all malformed{first}", manifest.bad);
            return Err(DatasetError::Empty { dataset: request.name.clone(), reason });
        }
        Ok(manifest)
    });
    let manifest = written.inspect_err(|_| drop(std::fs::remove_file(&unfinished)))?;
    std::fs::rename(&unfinished, &target).map_err(DatasetError::io(&target))?;
    let path = manifest_path(&target);
    let text =
        serde_json::to_string_pretty(&manifest).map_err(|error| DatasetError::Usage(error.to_string()))?;
    std::fs::write(&path, text + "\n").map_err(DatasetError::io(&path))?;
    Ok(manifest)
}

/// The manifest of a data file, if it was imported.
pub fn manifest(data_file: &Path) -> Option<Manifest> {
    let text = std::fs::read_to_string(manifest_path(data_file)).ok()?;
    serde_json::from_str(&text).ok()
}

fn manifest_path(data_file: &Path) -> PathBuf {
    data_file.with_extension("manifest.json")
}

/// The ids begin with the set's own name, also where one half is imported as `gsm8k_train`.
fn location(request: &Import) -> Location {
    let half = Split::ALL.into_iter().find_map(|split| {
        let set = request.name.strip_suffix(split.as_str())?.strip_suffix('_')?;
        Some((known_sets().iter().find(|known| known.name == set)?, split))
    });
    let known = half.map(|(set, _)| set).or_else(|| known_sets().iter().find(|set| set.name == request.name));
    let name = match half {
        Some((set, split)) => format!("{}/{split}", set.name),
        None => request.name.clone(),
    };
    Location {
        name,
        label: known.map_or(request.name.clone(), |set| set.label.into()),
        path: Some(request.source.clone()),
        split: request.split.or(half.map(|(_, split)| split)),
    }
}

fn check_name(name: &str) -> Result<(), DatasetError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(fits) && name != "starter" {
        return Ok(());
    }
    Err(DatasetError::Usage(format!(
        "--name: expected lower-case letters, digits, `_` and `-` (and not the embedded `starter`), found `{name}`"
    )))
}

fn write(
    rows: impl Iterator<Item = Result<Row, BadRow>>,
    path: &Path,
    request: &Import,
) -> Result<Manifest, DatasetError> {
    let mut manifest = Manifest {
        name: request.name.clone(),
        source: request.source.display().to_string(),
        fields: request.fields.clone(),
        tirade_version: env!("CARGO_PKG_VERSION").into(),
        ..Manifest::default()
    };
    let mut file = BufWriter::new(File::create(path).map_err(DatasetError::io(path))?);
    let mut hasher = Sha256::new();
    for row in rows {
        match row {
            Ok(row) => {
                let mut line =
                    serde_json::to_vec(&row).map_err(|error| DatasetError::Usage(error.to_string()))?;
                line.push(b'\n');
                hasher.update(&line);
                file.write_all(&line).map_err(DatasetError::io(path))?;
                manifest.count(&row);
            }
            Err(bad) => manifest.count_bad(bad),
        }
    }
    let file = file.into_inner().map_err(|error| DatasetError::io(path)(error.into_error()))?;
    file.sync_all().map_err(DatasetError::io(path))?;
    manifest.sha256 = format!("{:x}", hasher.finalize());
    Ok(manifest)
}

impl Manifest {
    fn count(&mut self, row: &Row) {
        let unknown = || "unknown".to_owned();
        let level = row.problem.level.map_or_else(unknown, |level| level.to_string());
        let subject = row.problem.subject.clone().unwrap_or_else(unknown);
        let split = row.split.map_or_else(unknown, |split| split.to_string());
        self.rows += 1;
        *self.by_split.entry(split).or_default() += 1;
        *self.by_level.entry(level).or_default() += 1;
        *self.by_subject.entry(subject).or_default() += 1;
    }

    fn count_bad(&mut self, bad: BadRow) {
        self.bad += 1;
        if self.bad_rows.len() < BAD_ROWS_LISTED {
            self.bad_rows.push(bad);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Selection, select};

    fn source(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("raw.csv");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn an_import_can_be_selected_from_with_the_same_ids() {
        let (folder, source) =
            source("question,target,level\nOne and one?,2.0,1\nNo gold?,,2\nTwo and two?,4,\n");
        let fields = Fields::parse("answer=target").unwrap();
        let request = Import { source, name: "sums".into(), fields, split: None };
        let manifest = import(&request, folder.path()).unwrap();
        assert_eq!((manifest.rows, manifest.bad), (2, 1));
        assert_eq!(manifest.by_level, [("1".to_owned(), 1), ("unknown".to_owned(), 1)].into());
        let found =
            select(&Selection { dataset: "sums".into(), ..Selection::default() }, folder.path()).unwrap();
        let rows: Vec<_> =
            found.problems.iter().map(|p| (p.id.as_str(), p.answer.as_str(), p.source.as_str())).collect();
        assert_eq!(rows, [("sums/0", "2", "sums"), ("sums/2", "4", "sums")]);
        assert_eq!(super::manifest(&folder.path().join("sums.jsonl")), Some(manifest));
    }

    #[test]
    fn one_half_of_a_known_set_is_found_as_that() {
        let (folder, source) = source("question,answer\nq,#### 7\n");
        let request = Import { source, name: "gsm8k_test".into(), ..Import::default() };
        import(&request, folder.path()).unwrap();
        let wanted = Selection { dataset: "gsm8k".into(), mode: Some(Split::Test), ..Selection::default() };
        let problem = select(&wanted, folder.path()).unwrap().problems.remove(0);
        assert_eq!((problem.id.as_str(), problem.source.as_str()), ("gsm8k/test/0", "GSM8K"));
    }

    #[test]
    fn nothing_half_written_is_left() {
        let (folder, source) = source("question,answer\nq,\n");
        let request = Import { source, name: "none".into(), ..Import::default() };
        let error = import(&request, folder.path()).unwrap_err().to_string();
        assert!(error.contains("1 rows, all malformed; the first: "), "{error}");
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["raw.csv"]);
        let bad = Import { name: "../x".into(), ..request };
        assert!(import(&bad, folder.path()).unwrap_err().to_string().contains("found `../x`"));
    }
}
