//! Which problems: the same arguments for every command that takes some.

use std::path::PathBuf;
use std::sync::Once;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tirade::dataset::{self, Fields, Picking, Selected, Selection, Split};
use tirade::pipeline::{PipelineError, Problems};
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
    /// The problems selected, from the part `usual` where no other is named: read anew whenever a stage goes through them, and never all in
    /// memory. Bad rows are said once and left out.
    pub fn source(&self, usual: Mode, home: &Home) -> anyhow::Result<Source> {
        let folder = self.data_dir.clone().unwrap_or_else(|| home.data());
        let source = Source { selection: self.selection(usual)?, folder, told: Once::new() };
        // A set that is not there is told before a model is asked or loaded.
        dataset::pick(&source.selection, &source.folder)?;
        Ok(source)
    }

    /// The same as a list.
    pub fn load(&self, usual: Mode, home: &Home) -> anyhow::Result<Vec<Problem>> {
        let source = self.source(usual, home)?;
        Ok(source.each().collect::<Result<_, _>>()?)
    }

    fn selection(&self, usual: Mode) -> anyhow::Result<Selection> {
        Ok(Selection {
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
        })
    }
}

/// Problems of a selection, read from where they lie.
pub struct Source {
    selection: Selection,
    folder: PathBuf,
    told: Once,
}

impl Problems for Source {
    fn each(&self) -> Box<dyn Iterator<Item = Result<Problem, PipelineError>> + '_> {
        match dataset::pick(&self.selection, &self.folder) {
            Ok(picking) => Box::new(Reading { source: self, picking, any: false, ended: false }),
            Err(error) => Box::new(std::iter::once(Err(PipelineError::Input(error.to_string())))),
        }
    }
}

/// One pass over a source.
struct Reading<'a> {
    source: &'a Source,
    picking: Picking<'a>,
    any: bool,
    ended: bool,
}

impl Iterator for Reading<'_> {
    type Item = Result<Problem, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if let Some(problem) = self.picking.next() {
            self.any = true;
            return Some(Ok(problem));
        }
        self.ended = true;
        let (met, dataset) = (&self.picking.met, &self.source.selection.dataset);
        self.source.told.call_once(|| tell_bad_rows(met, dataset));
        let empty = || {
            let hint = format!("`tirade data show {dataset}` shows what is there");
            PipelineError::Input(format!(
                "the selection {dataset} has no problems ({:?})\n  hint: {hint}",
                met.skipped
            ))
        };
        (!self.any).then(|| Err(empty()))
    }
}

fn tell_bad_rows(met: &Selected, dataset: &str) {
    for bad in met.bad_rows.iter().take(5) {
        eprintln!("left out: {bad}");
    }
    if met.skipped.bad > 5 {
        eprintln!("left out: {} more rows; `tirade data show {dataset}` lists them", met.skipped.bad - 5);
    }
}
