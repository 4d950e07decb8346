//! `tirade import`: traces that others made become attempts of this experiment.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tirade::import::Format;
use tirade::pipeline::{self, ImportJob, ImportSummary};

use super::solve::ShareArgs;
use crate::work::Work;

/// Error rows beyond these are counted; --bad-rows writes all.
const SHOWN: usize = 10;

/// Bring in traces that others made, as a solve run
///
/// ToRA, MathCoder, NuminaMath-TIR, OpenMathInstruct and the paper's CSV. `tirade translate` goes on from there. Every answer is verified anew.
/// Rows that cannot be read are listed with file, line and field. Giving the command again changes nothing; after a kill it goes on.
///
/// (`tirade data import` is another thing: it adds problems, without traces, to the data folder.)
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// JSONL, JSON, CSV or Parquet; several files make one run
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Whose layout the rows have; each row is looked at where it is not said
    #[arg(long, value_enum)]
    pub format: Option<FormatArg>,
    /// Begins the ids of the problems; else the first file's name
    #[arg(long)]
    pub name: Option<String>,
    /// The problems of the paper's CSV; else BASE_problem.csv beside BASE_reasoning.csv
    #[arg(long)]
    pub problems: Option<PathBuf>,
    /// Write all error rows to this file, as JSONL
    #[arg(long)]
    pub bad_rows: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// ToRA: corpus and outputs
    Tora,
    /// MathCoder: MathCodeInstruct and outputs
    Mathcoder,
    /// NuminaMath-TIR
    Numina,
    /// OpenMathInstruct and OpenMathReasoning
    Openmath,
    /// The CSV files of the paper's code
    Paper,
    /// problem, answer, segments of text, code and output
    Segments,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Tora => Self::Tora,
            FormatArg::Mathcoder => Self::MathCoder,
            FormatArg::Numina => Self::Numina,
            FormatArg::Openmath => Self::OpenMath,
            FormatArg::Paper => Self::Paper,
            FormatArg::Segments => Self::Segments,
        }
    }
}

impl ImportArgs {
    fn job(&self) -> ImportJob {
        let stem = self.files[0].file_stem().unwrap_or_default().to_string_lossy().into_owned();
        ImportJob {
            files: self.files.clone(),
            format: self.format.map(Format::from),
            name: self.name.clone().unwrap_or(stem),
            problems: self.problems.clone().or_else(|| self.files.iter().find_map(|file| beside(file))),
        }
    }
}

/// The problem file that the paper's code writes beside its reasoning paths.
fn beside(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?.to_str()?;
    let problems = file.with_file_name(name.replace("reasoning", "problem"));
    (name.contains("reasoning") && name.ends_with(".csv") && problems.is_file()).then_some(problems)
}

pub async fn run(args: ImportArgs, dir: &Path) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let job = args.job();
    let summary = work.stage(&ShareArgs::default(), async |context| pipeline::import(context, &job)).await?;
    println!("{}", told(&summary));
    let bad = work.store.bad_rows(&summary.run)?;
    for row in bad.iter().take(SHOWN) {
        println!("  left out: {row}");
    }
    if bad.len() > SHOWN {
        println!("  … and {} more; --bad-rows FILE writes all", bad.len() - SHOWN);
    }
    if let Some(path) = &args.bad_rows {
        let lines: Vec<String> = bad.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        crate::work::write_whole(path, (lines.join("\n") + "\n").as_bytes())?;
    }
    Ok(())
}

/// `solve-…: 5 attempts at 4 problems, 4 with calls (4 tora, 1 numina)` and what they are worth.
fn told(summary: &ImportSummary) -> String {
    let counts = |counts: &std::collections::BTreeMap<String, usize>| {
        let parts: Vec<String> =
            counts.iter().map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
        parts.join(", ")
    };
    let mut text = format!(
        "{}: {} attempts at {} problems, {} with calls ({})\n  verified: {}",
        summary.run,
        summary.attempts,
        summary.problems,
        summary.with_calls,
        counts(&summary.by_format),
        counts(&summary.by_outcome)
    );
    if summary.own_gold > 0 {
        text +=
            &format!("\n  {} rows have no gold answer: their own answer is taken for it", summary.own_gold);
    }
    if summary.labelled > 0 {
        text += &format!(
            "\n  {} of {} labels of the source disagree with the verifier",
            summary.disagreements, summary.labelled
        );
        for example in summary.examples.iter().take(3) {
            text += &format!("\n    {example}");
        }
    }
    if summary.bad > 0 {
        text += &format!("\n  {} rows could not be read", summary.bad);
    }
    text
}
