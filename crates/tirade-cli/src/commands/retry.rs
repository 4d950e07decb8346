//! `tirade retry`: errors get another chance.

use std::path::Path;

use anyhow::Context as _;
use clap::{Args, Parser};
use tirade::store::Stage;

use crate::Cli;
use crate::commands::Command;
use crate::home::Home;
use crate::work::Work;

/// Make the attempts that ended in an error anew
///
/// Forgets the attempts of a run that ended in an error (server gone, sandbox broken) and gives the command again that made the run: it
/// makes just those. What was answered is not asked again.
#[derive(Args, Clone, Debug)]
pub struct RetryArgs {
    /// The run; the latest solve run where it is not said
    pub run: Option<String>,
}

pub async fn run(args: RetryArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let command = forget(&args, dir)?;
    // The store is closed by now: the command opens it anew.
    Box::pin(super::dispatch(command, dir, home)).await
}

/// Forgets the errors and gives the command that made the run.
fn forget(args: &RetryArgs, dir: &Path) -> anyhow::Result<Command> {
    let work = Work::existing(dir)?;
    let run = work.input(args.run.as_deref(), Stage::Solve)?;
    let words = work.store.command(&run)?;
    let forgotten = work.store.forget_errors(&run)?;
    println!("{run}: {forgotten} attempts are made anew");
    let words = words.with_context(|| {
        format!("the command that made {run} is not in the store\n  hint: give it again; it makes just those attempts")
    })?;
    let cli = Cli::try_parse_from(&words)
        .with_context(|| format!("the command `{}` is not understood any more", words.join(" ")))?;
    Ok(cli.command)
}
