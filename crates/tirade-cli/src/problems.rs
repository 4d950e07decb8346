//! Which problems: the same arguments for every command that takes some.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tirade::dataset::{self, Fields, Selection, Split};
use tirade::problem::Problem;

use crate::home::Home;

/// A selection of problems.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ProblemArgs {
    /// `starter` (built in), a MATH subject such as `algebra`, a set such as `math`, `math500`, `gsm8k`, `aime24`, `amc23`, or a file or folder
    #[arg(long, default_value = "starter")]
    pub dataset: String,
    /// Which part of the set: `eval` takes the test part, other commands the training part, where it is not said
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Only problems of this level; several with commas
    #[arg(long, value_delimiter = ',')]
    pub level: Vec<u8>,
    /// How many problems; all where it is not said
    #[arg(long)]
    pub num: Option<usize>,
    /// How many problems to pass over first
    #[arg(long, alias = "start_idx", default_value_t = 0)]
    pub start_idx: usize,
    /// File with ids of problems to leave out, one a line or as a CSV column problem_id
    #[arg(long, alias = "blacklist_problems")]
    pub blacklist: Option<PathBuf>,
    /// Folder with problem sets; else the imported ones
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// For files with names of their own: problem=question,answer=target
    #[arg(long, value_delimiter = ',')]
    pub field: Vec<String>,
}

crate::defaults_from_clap!(ProblemArgs);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Train,
    Test,
}

impl ProblemArgs {
    /// The problems selected, from the part `usual` where no other is named. Bad rows are said and left out.
    pub fn load(&self, usual: Mode, home: &Home) -> anyhow::Result<Vec<Problem>> {
        let selection = Selection {
            dataset: self.dataset.clone(),
            level: self.level.clone(),
            num: self.num,
            start_idx: self.start_idx,
            mode: Some(match self.mode.unwrap_or(usual) {
                Mode::Train => Split::Train,
                Mode::Test => Split::Test,
            }),
            blacklist: self.blacklist.clone(),
            fields: Fields::parse(&self.field.join(","))?,
        };
        let folder = self.data_dir.clone().unwrap_or_else(|| home.data());
        let selected = dataset::select(&selection, &folder)?;
        for bad in selected.bad_rows.iter().take(5) {
            eprintln!("left out: {bad}");
        }
        if selected.skipped.bad > 5 {
            eprintln!(
                "left out: {} more rows; `tirade data show {}` lists them",
                selected.skipped.bad - 5,
                self.dataset
            );
        }
        anyhow::ensure!(
            !selected.problems.is_empty(),
            "the selection {} has no problems ({:?})\n  hint: `tirade data show {}` shows what is there",
            self.dataset,
            selected.skipped,
            self.dataset
        );
        Ok(selected.problems)
    }
}
