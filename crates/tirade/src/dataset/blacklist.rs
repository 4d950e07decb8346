//! Problems to leave out, named by their ids.

use std::collections::HashSet;
use std::path::Path;

use super::DatasetError;
use super::row::snake_case;
use crate::problem::Problem;

/// Ids to leave out; read from lines, or from a column `problem_id` or `id` of a CSV file.
#[derive(Debug, Default)]
pub(super) struct Blacklist(HashSet<String>);

impl Blacklist {
    /// Reads a file; what it is, its ending says.
    pub(super) fn read(path: &Path) -> Result<Self, DatasetError> {
        let text = std::fs::read_to_string(path).map_err(DatasetError::io(path))?;
        let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let ids = if is_csv { column(&text, path)? } else { lines(&text) };
        Ok(Self(ids.iter().map(|id| key(id)).collect()))
    }

    /// By id, or by the paper's name for it: `Algebra_1531` is `math/train/algebra/1531`.
    pub(super) fn has(&self, problem: &Problem) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let number = problem.id.rsplit('/').next().unwrap_or("");
        let of_paper = problem.subject.as_deref().map(|subject| key(&format!("{subject}_{number}")));
        self.0.contains(&key(&problem.id)) || of_paper.is_some_and(|id| self.0.contains(&id))
    }
}

/// An id as it is compared: a full one as it is, a name of the paper (`Counting & Probability_12`) in our spelling.
fn key(id: &str) -> String {
    if id.contains('/') { id.to_lowercase() } else { snake_case(id) }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

fn column(text: &str, path: &Path) -> Result<Vec<String>, DatasetError> {
    let malformed = |expected: &str, found: String| DatasetError::Malformed {
        path: path.to_owned(),
        expected: expected.into(),
        found,
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| malformed("a CSV header", error.to_string()))?.clone();
    let column =
        ["problem_id", "id"].iter().find_map(|name| header.iter().position(|cell| cell.trim() == *name));
    let column = column.ok_or_else(|| {
        let columns = header.iter().collect::<Vec<_>>().join(", ");
        malformed("a column `problem_id` or `id`", format!("the columns {columns}"))
    })?;
    let records: Result<Vec<_>, _> = reader.records().collect();
    let records = records.map_err(|error| malformed("CSV", error.to_string()))?;
    Ok(records.iter().filter_map(|record| record.get(column)).map(|id| id.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ours_or_the_papers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.txt");
        std::fs::write(&path, "# seen\nmath/train/algebra/1\n\n Counting & Probability_12\nAlgebra_7\n")
            .unwrap();
        let list = Blacklist::read(&path).unwrap();
        let check = |id: &str, subject: &str, expected| {
            let problem = Problem { id: id.into(), subject: Some(subject.into()), ..Problem::default() };
            assert_eq!(list.has(&problem), expected, "{id}");
        };
        check("math/train/algebra/1", "algebra", true);
        check("math/train/algebra/7", "algebra", true);
        check("math/train/counting_and_probability/12", "counting_and_probability", true);
        check("math/train/algebra/12", "algebra", false);
        check("math/test/algebra/1", "algebra", false);
    }

    #[test]
    fn a_csv_without_ids_says_so() {
        let error = column("a,b\n1,2\n", Path::new("x.csv")).unwrap_err().to_string();
        assert_eq!(error, "x.csv: expected a column `problem_id` or `id`, found the columns a, b");
    }
}
