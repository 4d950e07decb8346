//! The store: one SQLite file that keeps every row of every run, and every paid reply before it is used.
//!
//! [`Store`] is the only way in. A *run* is one stage over one input with one configuration; its id is a hash of everything that
//! determines its rows, so the same command finds the same run and adds only what is missing. [`Recorded`](recorded) wraps a model
//! or a toolbox so that nothing answered is asked again, whatever killed the process.
//!
//! ```no_run
//! # fn main() -> Result<(), tirade::store::StoreError> {
//! let store = tirade::store::Store::open("tirade.db".as_ref())?;
//! for run in store.runs()? {
//!     println!("{} {}", run.run, run.stage);
//! }
//! # Ok(()) }
//! ```

mod account;
pub mod batch;
mod facts;
pub mod recorded;
mod rows;
mod run;
mod unfinished;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::Connection;

pub use account::{Account, PassRate, Totals};
pub use facts::Imported;
pub use rows::{AttemptKey, AttemptRow, Outcome, ScoreRow, SolutionRow};
pub use run::{Run, RunSpec, Stage};
pub use unfinished::{Aim, Unfinished};
use writer::Writer;

/// Version of `schema.sql`; a store with another one is refused.
const SCHEMA_VERSION: i64 = 3;

/// An open store. Replies, tool results and attempts go through one writer, which commits whatever has come together; everything else
/// is a cheap call on a connection behind a lock.
pub struct Store {
    path: PathBuf,
    connection: Mutex<Connection>,
    writer: Writer,
}

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("store {path}: {source}\n  hint: is the folder writable and the disk not full?")]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error(
        "store {path} has schema version {found}, this tirade reads {known}\n  hint: use the tirade that made it, or begin another experiment with --dir"
    )]
    OtherVersion { path: PathBuf, found: i64, known: i64 },
    #[error("store {path}: row of table {table} is not readable: {message}")]
    Row { path: PathBuf, table: &'static str, message: String },
    #[error("store {path} has no run {run}\n  hint: `tirade runs` lists what is there")]
    NoRun { path: PathBuf, run: String },
    #[error("store {path}: {message}\n  hint: is the folder writable and the disk not full?")]
    Writer { path: PathBuf, message: String },
    #[error(
        "store {path}: run {run} exists with another configuration\n  hint: this is a hash collision; please report it"
    )]
    OtherConfig { path: PathBuf, run: String },
}

impl Store {
    /// Opens the store at `path`, creating it where there is none.
    ///
    /// # Errors
    /// When the file cannot be written, is not a store, or was made by a newer or older tirade.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = connect(path)?;
        let wrap = |source| StoreError::Sqlite { path: path.to_owned(), source };
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(wrap)?;
        match found {
            0 => create(&connection).map_err(wrap)?,
            SCHEMA_VERSION => {}
            _ => {
                return Err(StoreError::OtherVersion { path: path.to_owned(), found, known: SCHEMA_VERSION });
            }
        }
        let writer = Writer::start(path, connect(path)?)?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), writer })
    }

    /// Where the store is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held leaves SQLite consistent: its transaction is rolled back.
        self.connection.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn run_sql<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&mut self.connection()).map_err(|source| StoreError::Sqlite { path: self.path.clone(), source })
    }

    fn decode<T: serde::de::DeserializeOwned>(
        &self,
        table: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| StoreError::Row {
            path: self.path.clone(),
            table,
            message: error.to_string(),
        })
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let open = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        // A longer log and a larger cache than SQLite's own: fewer pages are written twice.
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; \
             PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-16000;",
        )?;
        Ok(connection)
    };
    open().map_err(|source| StoreError::Sqlite { path: path.to_owned(), source })
}

/// Makes the tables unless another process has done so meanwhile.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let now: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if now == 0 {
        let tables = include_str!("schema.sql");
        connection.execute_batch(&format!("{tables} PRAGMA user_version={SCHEMA_VERSION};"))?;
    }
    connection.execute_batch("COMMIT")
}

/// JSON of a plain row. Our rows have string keys and finite numbers, which always encode.
fn encode<T: serde::Serialize>(row: &T) -> String {
    serde_json::to_string(row).expect("plain rows encode as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_newer_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("newer.db");
        Store::open(&path).unwrap().connection().execute_batch("PRAGMA user_version=99").unwrap();
        let message = Store::open(&path).err().unwrap().to_string();
        assert!(message.contains("schema version 99") && message.contains("hint"), "{message}");
    }

    #[test]
    fn refuses_a_file_that_is_no_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "not a database, but long enough to be looked at as one".repeat(20)).unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::Sqlite { .. })));
    }
}
