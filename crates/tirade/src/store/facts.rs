//! Facts: what was measured once, under a key that says all it depends on; and the error rows of imports.

use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{AttemptRow, Store, StoreError, encode};
use crate::dataset::BadRow;
use crate::problem::Problem;
use crate::trace::Trace;

/// A row of an import: the problem with its place in the run, and what somebody made of it.
pub struct Imported {
    pub position: u64,
    pub row: AttemptRow,
    pub trace: Trace,
}

impl Store {
    /// A fact, where it is known.
    pub fn fact<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let found: Option<String> = self.run_sql(|connection| {
            let mut select = connection.prepare_cached("SELECT row FROM facts WHERE key = ?1")?;
            select.query_row([key], |row| row.get(0)).optional()
        })?;
        found.map(|text| self.decode("facts", &text)).transpose()
    }

    /// Keeps a fact; one that is there stays.
    pub fn add_fact<T: Serialize>(&self, key: &str, row: &T) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            let mut insert = connection
                .prepare_cached("INSERT INTO facts (key, row) VALUES (?1,?2) ON CONFLICT DO NOTHING")?;
            insert.execute(params![key, encode(row)]).map(drop)
        })
    }

    /// Keeps a batch of imported attempts with their problems, and the rows that could not be read: all or nothing. What is there stays.
    pub fn add_imported(&self, run: &str, imported: &[Imported], bad: &[BadRow]) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            let transaction = connection.transaction()?;
            for one in imported {
                add_problem(&transaction, run, one.position, &one.trace.problem)?;
                super::rows::Finished::new(run, &one.row, &one.trace).insert(&transaction)?;
            }
            for row in bad {
                transaction.execute(
                    "INSERT INTO bad_rows (run, file, line, field, expected, found) VALUES (?1,?2,?3,?4,?5,?6) ON CONFLICT DO NOTHING",
                    params![run, row.file, row.line as i64, row.field, row.expected, row.found],
                )?;
            }
            transaction.commit()
        })
    }

    /// The error rows of an import, by file and line.
    pub fn bad_rows(&self, run: &str) -> Result<Vec<BadRow>, StoreError> {
        self.run_sql(|connection| {
            let mut select = connection.prepare(
                "SELECT file, line, field, expected, found FROM bad_rows WHERE run = ?1 ORDER BY file, line, field",
            )?;
            let read = |row: &rusqlite::Row<'_>| {
                Ok(BadRow {
                    file: row.get(0)?,
                    line: row.get::<_, i64>(1)? as u64,
                    field: row.get(2)?,
                    expected: row.get(3)?,
                    found: row.get(4)?,
                })
            };
            select.query_map([run], read)?.collect()
        })
    }
}

fn add_problem(
    connection: &rusqlite::Connection,
    run: &str,
    position: u64,
    problem: &Problem,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO problems (run, position, problem, row) VALUES (?1,?2,?3,?4) ON CONFLICT DO NOTHING",
    )?;
    insert.execute(params![run, position as i64, problem.id, encode(problem)]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_stays_as_it_was_first_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("t.db")).unwrap();
        assert_eq!(store.fact::<u32>("a").unwrap(), None);
        store.add_fact("a", &1).unwrap();
        store.add_fact("a", &2).unwrap();
        assert_eq!(store.fact::<u32>("a").unwrap(), Some(1));
    }
}
