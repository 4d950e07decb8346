//! `tirade export`: the tables of an experiment as files.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tirade::export::{self, Table};

use crate::work::Work;

/// Write the tables of an experiment as CSV, JSONL or Parquet
///
/// The tables `metadata`, `problem`, `reasoning` and `summary` have the columns of the paper's code; the others are
/// the store's own rows.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// Which table
    #[arg(long, value_enum)]
    pub table: TableArg,
    /// Only this run
    #[arg(long)]
    pub run: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub format: Format,
    /// Where to; else the terminal (not for Parquet)
    #[arg(long, short)]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableArg {
    Metadata,
    Problem,
    Reasoning,
    Summary,
    Attempts,
    Traces,
    Solutions,
    Examples,
    Scores,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Csv,
    Jsonl,
    Parquet,
}

pub fn run(args: ExportArgs, dir: &Path) -> anyhow::Result<()> {
    let work = Work::existing(dir)?;
    let table = match args.table {
        TableArg::Metadata => Table::Metadata,
        TableArg::Problem => Table::Problem,
        TableArg::Reasoning => Table::Reasoning,
        TableArg::Summary => Table::Summary,
        TableArg::Attempts => Table::Attempts,
        TableArg::Traces => Table::Traces,
        TableArg::Solutions => Table::Solutions,
        TableArg::Examples => Table::Examples,
        TableArg::Scores => Table::Scores,
    };
    let rows = export::rows(&work.store, table, args.run.as_deref())?;
    let bytes = match args.format {
        Format::Csv => export::csv(&rows)?,
        Format::Jsonl => export::jsonl(&rows),
        Format::Parquet => export::parquet(&rows)?,
    };
    match &args.output {
        Some(path) => crate::work::write_whole(path, &bytes),
        None => Ok(std::io::stdout().write_all(&bytes)?),
    }
}
