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
#[command(next_help_heading = "Problems")]
pub struct ProblemArgs {
    /// `starter` (built in), a MATH subject such as `algebra`, a set such as `math`, `math500`, `gsm8k`, `aime24`, `amc23`, or a file or folder
    #[arg(long, default_value = "starter")]
    pub dataset: String,
    #[command(flatten)]
    #[serde(flatten)]
    pub filter: FilterArgs,
    /// Folder with problem sets; else the imported ones
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
}

/// Which problems of a data set.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterArgs {
    /// Which half of the set [default: test for `eval`; else train, or the only half there is]
    #[arg(long, value_enum, hide_default_value = true)]
    pub mode: Option<Mode>,
    /// Only problems of these levels: 1, 1,3 or 2-4
    #[arg(long, value_parser = levels, value_name = "LEVELS")]
    pub level: Option<Levels>,
    /// How many problems, or `all`
    #[arg(long, value_parser = number)]
    pub num: Option<usize>,
    /// How many of the problems that fit to pass over first
    #[arg(long, alias = "start_idx", default_value_t = 0)]
    pub start_idx: usize,
    /// Take them in a random order that this seed determines, instead of the file's
    #[arg(long, value_name = "SEED")]
    pub shuffle: Option<u64>,
    /// File with ids of problems to leave out, one a line or as a CSV column problem_id
    #[arg(long, alias = "blacklist_problems", value_name = "FILE")]
    pub blacklist: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    pub fields: FieldArgs,
}

/// Which columns hold what.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldArgs {
    /// Where a field of a problem is: problem=question,answer=reward.truth. Fields: id, problem, answer, solution, level, subject,
    /// split, source. `level=` does not read the level
    #[arg(long, value_name = "FIELD=COLUMN,…", value_delimiter = ',')]
    pub field: Vec<String>,
}

crate::defaults_from_clap!(ProblemArgs, FilterArgs);

/// A half of a data set, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Train,
    Test,
}

/// See [`levels`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Levels(Vec<u8>);

impl From<Mode> for Split {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Train => Self::Train,
            Mode::Test => Self::Test,
        }
    }
}

impl FieldArgs {
    pub fn parsed(&self) -> anyhow::Result<Fields> {
        Ok(Fields::parse(&self.field.join(","))?)
    }
}

impl FilterArgs {
    pub fn selection(&self, dataset: &str) -> anyhow::Result<Selection> {
        Ok(Selection {
            dataset: dataset.to_owned(),
            level: self.level.clone().map(|levels| levels.0).unwrap_or_default(),
            num: self.num,
            start_idx: self.start_idx,
            shuffle: self.shuffle,
            mode: self.mode.map(Split::from),
            blacklist: self.blacklist.clone(),
            fields: self.fields.parsed()?,
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

impl ProblemArgs {
    /// The same selection, from the half `usual` where none is named.
    pub fn usually(&self, usual: Mode) -> Self {
        let filter = FilterArgs { mode: self.filter.mode.or(Some(usual)), ..self.filter.clone() };
        Self { filter, ..self.clone() }
    }

    /// The problems selected: read anew whenever a stage goes through them, and never all in memory. Bad rows are said once and left out.
    pub fn source(&self, home: &Home) -> anyhow::Result<Source> {
        let folder = self.data_dir.clone().unwrap_or_else(|| home.data());
        let source = Source { selection: self.filter.selection(&self.dataset)?, folder, told: Once::new() };
        // A set that is not there is told before a model is asked or loaded.
        dataset::pick(&source.selection, &source.folder)?;
        Ok(source)
    }

    /// The same as a list.
    pub fn load(&self, home: &Home) -> anyhow::Result<Vec<Problem>> {
        Ok(self.source(home)?.each().collect::<Result<_, _>>()?)
    }

    /// What was selected, for the run's record.
    pub fn about(&self) -> serde_json::Value {
        let mode = self.filter.mode.map(|mode| Split::from(mode).as_str());
        serde_json::json!({"dataset": self.dataset, "mode": mode, "level": self.filter.level})
    }
}

/// `1`, `1,3`, `2-4`, and `Level 3` as the paper's command line has it.
fn levels(text: &str) -> Result<Levels, String> {
    let wrong = || format!("expected levels from 1 to 5 such as 1, 1,3 or 2-4, found `{text}`");
    let level = |text: &str| text.trim().trim_start_matches("Level").trim().parse::<u8>().ok();
    let mut all = Vec::new();
    for part in text.split(',') {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        match (level(low), level(high)) {
            (Some(low @ 1..=5), Some(high @ 1..=5)) if low <= high => all.extend(low..=high),
            _ => return Err(wrong()),
        }
    }
    Ok(Levels(all))
}

fn number(text: &str) -> Result<usize, String> {
    match text {
        "all" => Ok(usize::MAX),
        _ => text.parse().map_err(|_| format!("expected a number or `all`, found `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_numbers_are_read_or_refused() {
        let check = |text: &str, expected: Option<&[u8]>| {
            assert_eq!(levels(text).ok().map(|levels| levels.0).as_deref(), expected, "{text}");
        };
        check("1", Some(&[1]));
        check("Level 3", Some(&[3]));
        check("1,3-5", Some(&[1, 3, 4, 5]));
        check("0", None);
        check("6", None);
        check("4-2", None);
        check("hard", None);
        assert_eq!(number("all"), Ok(usize::MAX));
        assert!(number("ten").unwrap_err().contains("found `ten`"));
    }
}
