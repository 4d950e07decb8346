//! `tirade corpus`: accepted solutions in, training examples out.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};
use tirade::corpus::{Corpus, CorpusOptions, Split};
use tirade::pipeline::{self, CorpusJob};
use tirade::prompts::Prompts;
use tirade::store::Stage;

use super::solve::ShareArgs;
use crate::home::Home;
use crate::problems::{Mode, ProblemArgs};
use crate::work::Work;

/// Build a training corpus from accepted solutions
///
/// The accepted solutions of a translate run become chat messages as JSONL, split by problem into training and
/// validation, with a card that counts what every filter took away.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct CorpusArgs {
    /// The translate run; the latest where it is not said
    #[arg(long)]
    pub from: Option<String>,
    /// Problem sets whose problems must not be learnt from (their test part)
    #[arg(long, value_delimiter = ',', default_value = "starter")]
    pub held_out: Vec<String>,
    /// Folder with problem sets; else the imported ones
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Solutions kept per problem; the shortest accepted ones
    #[arg(long, default_value_t = 1)]
    pub per_problem: usize,
    /// Share of the problems set apart for validation
    #[arg(long, default_value_t = 0.1)]
    pub validation: f64,
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Where to write train.jsonl, validation.jsonl and card.json; else `corpus/RUN` in the experiment's folder
    #[arg(long)]
    pub output: Option<PathBuf>,
}

crate::defaults_from_clap!(CorpusArgs);

pub async fn run(args: CorpusArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let run = corpus(&args, &work, home).await?;
    println!("corpus {run}");
    Ok(())
}

/// The stage itself, as recipes call it. Gives the run's id.
pub async fn corpus(args: &CorpusArgs, work: &Work, home: &Home) -> anyhow::Result<String> {
    let mut evaluation = Vec::new();
    for dataset in &args.held_out {
        let problems = ProblemArgs {
            dataset: dataset.clone(),
            data_dir: args.data_dir.clone(),
            ..ProblemArgs::default()
        };
        evaluation.extend(problems.usually(Mode::Test).load(home)?);
    }
    let job = CorpusJob {
        translated: work.input(args.from.as_deref(), Stage::Translate)?,
        evaluation,
        options: CorpusOptions {
            system: Prompts::default().render("solve_plain", &[]),
            per_problem: args.per_problem,
            validation: args.validation,
            seed: args.seed,
        },
    };
    let (run, corpus) =
        work.stage(&ShareArgs::default(), async |context| pipeline::corpus(context, &job)).await?;
    let folder = args.output.clone().unwrap_or_else(|| work.dir.join("corpus").join(&run));
    write(&folder, &corpus).with_context(|| format!("cannot write the corpus to {}", folder.display()))?;
    println!("{}", crate::summary::card(&corpus.card));
    println!("written to {}", folder.display());
    Ok(run)
}

fn write(folder: &Path, corpus: &Corpus) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    for split in [Split::Train, Split::Validation] {
        let lines: Vec<String> = corpus
            .examples
            .iter()
            .filter(|(of, _)| *of == split)
            .map(|(_, example)| serde_json::to_string(example))
            .collect::<Result<_, _>>()?;
        let text = lines.into_iter().map(|line| line + "\n").collect::<String>();
        std::fs::write(folder.join(format!("{}.jsonl", split.as_str())), text)?;
    }
    std::fs::write(folder.join("card.json"), serde_json::to_string_pretty(&corpus.card)? + "\n")?;
    Ok(())
}
