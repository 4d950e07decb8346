//! `tirade report`: what an experiment found, in the terminal and as a page.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use tirade::report::{self, gather};

use crate::recipe;
use crate::work::{Work, write_whole};

/// Show an experiment: in the terminal and as one HTML page
///
/// What the latest runs found: the yield of every stage, accuracy before and after with intervals, time, tokens, tool
/// use, and traces beside their prose. The page needs nothing beside it.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportArgs {
    /// The page; else report.html in the experiment's folder
    #[arg(long, short)]
    pub output: Option<PathBuf>,
    /// Also write the tables as CSV files into this folder
    #[arg(long)]
    pub csv: Option<PathBuf>,
    /// What the page is called; else the title of the experiment's recipe
    #[arg(long)]
    pub title: Option<String>,
}

crate::defaults_from_clap!(ReportArgs);

pub fn run(args: ReportArgs, dir: &Path) -> anyhow::Result<()> {
    let work = Work::existing(dir)?;
    write(&args, &work)
}

/// The stage itself, as recipes call it.
pub fn write(args: &ReportArgs, work: &Work) -> anyhow::Result<()> {
    let title = args.title.clone().or_else(|| recipe::kept_title(&work.dir));
    let report = gather(&work.store, title.as_deref().unwrap_or("tirade"), &crate::work::today())?;
    print!("{}", report::terminal::render(&report, terminal_width()));
    let page = args.output.clone().unwrap_or_else(|| work.dir.join("report.html"));
    write_whole(&page, report::html::render(&report).as_bytes())?;
    if let Some(folder) = &args.csv {
        std::fs::create_dir_all(folder)?;
        for table in report::csv::tables(&report) {
            write_whole(&folder.join(table.file), table.text.as_bytes())?;
        }
    }
    println!("\nreport written to {}", page.display());
    Ok(())
}

fn terminal_width() -> usize {
    let (_, columns) = console::Term::stdout().size();
    usize::from(columns).clamp(60, 140)
}
