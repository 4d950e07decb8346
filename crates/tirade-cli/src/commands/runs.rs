//! `tirade runs`: what an experiment consists of.

use std::path::Path;

use clap::Args;

use crate::work::Work;

/// List the runs of an experiment, oldest first
///
/// A run is one stage over one input with one configuration.
#[derive(Args, Clone, Debug)]
pub struct RunsArgs {
    /// One JSON object a line, with the whole configuration
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: RunsArgs, dir: &Path) -> anyhow::Result<()> {
    let work = Work::existing(dir)?;
    for run in work.store.runs()? {
        if args.json {
            println!("{}", serde_json::to_string(&run)?);
        } else {
            let state = if run.finished.is_some() { "finished" } else { "not finished" };
            println!("{:<24} {:<12} {}", run.run, state, run.inputs.join(" "));
        }
    }
    Ok(())
}
