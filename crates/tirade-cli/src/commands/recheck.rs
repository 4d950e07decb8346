//! `tirade recheck`: stored translations under today's checks.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use tirade::pipeline;
use tirade::store::Stage;

use super::solve::ShareArgs;
use crate::work::Work;

/// Judge and check stored translations again, asking no model
///
/// The translations of a run go through this version's mathematics, repairs and checks, with stored replies.
/// The outcome is a translate run of its own, which `tirade corpus` filters anew; the old one stays as it was.
#[derive(Args, Clone, Debug)]
pub struct RecheckArgs {
    /// The translate run; the latest where it is not said
    pub run: Option<String>,
}

pub async fn run(args: RecheckArgs, dir: &Path) -> anyhow::Result<()> {
    let work = Work::existing(dir)?;
    let from = work.input(args.run.as_deref(), Stage::Translate)?;
    let found =
        work.stage(&ShareArgs::default(), async |context| pipeline::recheck(context, &from).await).await?;
    let stored = found.total - found.replayed;
    println!(
        "{}: {} of {} outcomes changed ({stored} texts checked as they were stored)",
        found.run,
        found.changed.len(),
        found.total
    );
    let mut kinds: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (_, before, now) in &found.changed {
        *kinds.entry((named(before), named(now))).or_default() += 1;
    }
    for ((before, now), count) in kinds {
        println!("  {count:>5} {before} → {now}");
    }
    crate::summary::translated(&work, &found.run)
}

fn named(reason: &str) -> String {
    if reason.is_empty() { "accepted".into() } else { reason.replace('_', " ") }
}
