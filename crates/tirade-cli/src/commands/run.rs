//! `tirade run`: a whole experiment from a file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::corpus::CorpusArgs;
use super::eval::EvalArgs;
use super::report::ReportArgs;
use super::solve::SolveArgs;
use super::train::TrainArgs;
use super::translate::TranslateArgs;
use crate::home::Home;
use crate::open::Opened;
use crate::recipe::{Recipe, Resolved};
use crate::work::Work;

/// The sections a recipe may have, in the order in which they are carried out.
const STAGES: [&str; 6] = ["solve", "translate", "corpus", "train", "eval", "report"];

/// Carry out a recipe: a whole experiment as a short file
///
/// The sections of a recipe are `[solve]`, `[translate]`, `[corpus]`, `[train]`, `[eval]`, `[report]`; the settings of a section are the
/// arguments of the command of that name. Each stage reads the one before it; of several `[[translate]]` sections all are read. Giving the same recipe again continues it.
/// The recipe is kept with every setting written out as `recipe.toml` in the experiment's folder.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The recipe
    pub recipe: PathBuf,
    /// Change a setting: --set solve.num=5 (several times)
    #[arg(long)]
    pub set: Vec<String>,
}

pub async fn run(args: RunArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let name = args.recipe.display().to_string();
    let text = std::fs::read_to_string(&args.recipe).with_context(|| {
        format!("cannot read the recipe {name}\n  hint: recipes/quickstart.toml is one to start from")
    })?;
    let mut recipe = Recipe::parse(&name, &text)?;
    for assignment in &args.set {
        recipe.set(assignment)?;
    }
    carry_out(&recipe, dir, home).await
}

/// Does every stage of the recipe, each on what the one before it made.
pub async fn carry_out(recipe: &Recipe, dir: &Path, home: &Home) -> anyhow::Result<()> {
    // Every section is read before anything is done: a mistake in the last one must not cost an hour.
    let stages = Stages::read(recipe)?;
    let work = Work::open(dir)?;
    stages.keep(recipe, dir)?;
    let mut opened = Opened::for_work(home, &work);
    let corpus = stages.examples(&work, home, &mut opened).await?;
    if let Some(mut args) = stages.train {
        args.from = args.from.or(corpus);
        // The teacher's memory is the student's now.
        opened.forget();
        super::train::train(&args, &work, &mut opened).await?;
    }
    if let Some(args) = stages.eval {
        let evaluated = super::eval::eval(&args, &work, &mut opened).await?;
        crate::summary::evaluated(&work, &evaluated)?;
    }
    if let Some(args) = stages.report {
        super::report::run(args, dir)?;
    }
    Ok(())
}

/// The sections of a recipe.
struct Stages {
    solve: Option<SolveArgs>,
    translate: Vec<TranslateArgs>,
    corpus: Option<CorpusArgs>,
    train: Option<TrainArgs>,
    eval: Option<EvalArgs>,
    report: Option<ReportArgs>,
}

impl Stages {
    fn read(recipe: &Recipe) -> anyhow::Result<Self> {
        if let Some(unknown) =
            recipe.sections().find(|name| !STAGES.contains(name) && recipe.text(name).is_none())
        {
            anyhow::bail!("the recipe has a section [{unknown}]\n  hint: sections are {}", STAGES.join(", "));
        }
        Ok(Self {
            solve: recipe.section("solve")?,
            translate: recipe.each("translate")?,
            corpus: recipe.section("corpus")?,
            train: recipe.section("train")?,
            eval: recipe.section("eval")?,
            report: recipe.section("report")?,
        })
    }

    /// Keeps the recipe with every setting beside the store.
    fn keep(&self, recipe: &Recipe, dir: &Path) -> anyhow::Result<()> {
        let mut resolved = Resolved::of(recipe);
        resolved.add("solve", &self.solve)?;
        resolved.add_each("translate", &self.translate)?;
        resolved.add("corpus", &self.corpus)?;
        resolved.add("train", &self.train)?;
        resolved.add("eval", &self.eval)?;
        resolved.add("report", &self.report)?;
        resolved.keep(dir)
    }

    /// Solves, translates and builds the corpus, as far as the recipe says. Gives the corpus run.
    async fn examples(
        &self,
        work: &Work,
        home: &Home,
        opened: &mut Opened<'_>,
    ) -> anyhow::Result<Option<String>> {
        let mut solved: Option<String> = None;
        if let Some(args) = &self.solve {
            let run = super::solve::solve(args, work, opened).await?;
            crate::summary::solved(work, &run)?;
            solved = Some(run);
        }
        let mut translated = Vec::new();
        for args in &self.translate {
            let args = TranslateArgs { from: args.from.clone().or_else(|| solved.clone()), ..args.clone() };
            let run = super::translate::translate(&args, work, opened).await?;
            crate::summary::translated(work, &run)?;
            translated.push(run);
        }
        let Some(args) = &self.corpus else { return Ok(None) };
        let mut args = args.clone();
        if args.from.is_empty() {
            args.from = if translated.is_empty() { solved.into_iter().collect() } else { translated };
        }
        super::corpus::corpus(&args, work, home, opened).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_can_be_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../recipes");
        let mut read = 0;
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let recipe =
                Recipe::parse(&file.display().to_string(), &std::fs::read_to_string(&file).unwrap()).unwrap();
            Stages::read(&recipe).unwrap_or_else(|why| panic!("{}: {why:#}", file.display()));
            read += 1;
        }
        assert!(read >= 3, "{read} recipes in {folder}");
    }
}
