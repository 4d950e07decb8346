//! Data sets: every way in which problems are stored, read into one type, [`Problem`].
//!
//! A source is a file (JSONL, JSON, CSV, TSV, Parquet) or a folder of them; [`open`] streams its rows, whatever the size. A row that
//! is malformed or has no gold answer is an error row ([`BadRow`]: file, line, field, expected, found) and reading goes on.
//! [`select`] is what a run uses: it finds a data set by name, subject or path and picks rows as the command line says.
//!
//! ```
//! use std::path::Path;
//! use tirade::dataset::{Selection, select};
//!
//! let wanted = Selection { dataset: "starter/algebra".into(), num: Some(2), ..Selection::default() };
//! let selected = select(&wanted, Path::new("no-folder-needed")).unwrap();
//! assert_eq!(selected.problems.len(), 2);
//! assert_eq!(selected.problems[0].subject.as_deref(), Some("algebra"));
//! ```
//!
//! Deliberately unknown here: models, the store, and where the data folder is (the caller says).

mod blacklist;
mod fields;
mod gold;
mod import;
mod known;
mod read;
mod row;
mod rows;
mod select;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use fields::Fields;
pub(crate) use gold::bare_answer;
pub use gold::last_boxed;
pub use import::{Import, Manifest, import, manifest};
pub use known::{KnownSet, Listing, Location, known_sets, list, locate};
pub(crate) use read::{Record, open as records};
pub use rows::{Rows, open};
pub use select::{Picking, Selected, Selection, Skipped, pick, select};

use crate::problem::Problem;

/// A problem as it was read, with the half of the data set it belongs to where the source says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    #[serde(flatten)]
    pub problem: Problem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

/// The two halves of a data set: problems to learn from, and problems to be measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    Train,
    Test,
}

impl Split {
    /// Both halves, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// `train` or `test`, as in file names and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }

    /// The half with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|split| split.as_str().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row that cannot become a [`Problem`]. It is listed, counted and stepped over; the run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{file}:{line}: field `{field}`: expected {expected}, found {found}")]
pub struct BadRow {
    pub file: String,
    /// The line of a text file or the row of a Parquet file, from 1; 0 when the whole file is meant.
    pub line: u64,
    /// The field of [`Problem`], or `row` when the row cannot be read at all.
    pub field: String,
    pub expected: String,
    pub found: String,
}

/// Why a data set cannot be used at all: the run has nothing to start from.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// No known name, subject or path.
    #[error(
        "no data set `{name}`: it is neither a path, nor a known set ({known}), nor a MATH subject ({subjects})\n  hint: `tirade data list` shows what is there; `tirade data import FILE --name {name}` adds a file of your own"
    )]
    Unknown { name: String, known: String, subjects: String },
    /// A known set whose files are not in the data folder.
    #[error(
        "the data set `{name}` is not in {}\n  looked for: {}\n  hint: get it from {origin} and run `tirade data import PATH --name {name}`; the embedded set needs no download: `--dataset starter`",
        data_dir.display(),
        looked_for.join(", ")
    )]
    Missing { name: String, data_dir: PathBuf, looked_for: Vec<String>, origin: String },
    /// The set has no such half.
    #[error("the data set `{name}` has no {wanted} problems\n  hint: say `--mode {}` or leave `--mode` out", other(*wanted))]
    NoSuchSplit { name: String, wanted: Split },
    /// A file that is not what its name says, or a folder without data files.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Malformed { path: PathBuf, expected: String, found: String },
    /// Rows were there, none was left.
    #[error("`{dataset}` has no problem left after selection: {reason}")]
    Empty { dataset: String, reason: String },
    /// A field mapping or a name that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The operating system says no.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

#[cfg(test)]
mod real_data_test;

fn other(split: Split) -> Split {
    match split {
        Split::Train => Split::Test,
        Split::Test => Split::Train,
    }
}

impl DatasetError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
