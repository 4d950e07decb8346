//! `tirade quickstart`: the recipe that comes with the program.

use std::path::Path;

use clap::Args;

use crate::home::Home;
use crate::recipe::Recipe;

const RECIPE: &str = include_str!("../../../../recipes/quickstart.toml");

/// The whole pipeline on a small real model: sets itself up, takes about 20 minutes on two cores
///
/// With the built-in problems: sets up the tools' Python and downloads the models, solves, translates,
/// builds a corpus, trains an adapter, measures the student before and after, and writes report.html.
#[derive(Args, Clone, Debug)]
pub struct QuickstartArgs {
    /// Change a setting of the recipe: --set solve.num=5 (several times)
    #[arg(long)]
    pub set: Vec<String>,
}

pub async fn run(args: QuickstartArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let mut recipe = Recipe::parse("quickstart", RECIPE)?;
    for assignment in &args.set {
        recipe.set(assignment)?;
    }
    super::run::carry_out(&recipe, dir, home).await
}
