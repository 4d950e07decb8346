//! `tirade retry`: errors get another chance.

use std::path::Path;

use clap::Args;
use tirade::store::Stage;

use crate::work::Work;

/// Make the attempts that ended in an error anew
///
/// Forgets the attempts of a run that ended in an error (server gone, sandbox broken), so that the command that made the run makes just
/// those anew. What was answered is not asked again.
#[derive(Args, Clone, Debug)]
pub struct RetryArgs {
    /// The run; the latest solve run where it is not said
    pub run: Option<String>,
}

pub fn run(args: RetryArgs, dir: &Path) -> anyhow::Result<()> {
    let work = Work::existing(dir)?;
    let run = work.input(args.run.as_deref(), Stage::Solve)?;
    let forgotten = work.store.forget_errors(&run)?;
    println!("{run}: {forgotten} attempts will be made anew; give the command that made the run again");
    Ok(())
}
