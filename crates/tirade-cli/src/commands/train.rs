//! `tirade train`: a corpus in, a LoRA adapter out.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use tirade::corpus::Split;
use tirade::model::name::ModelName;
use tirade::pipeline::{self, TrainJob};
use tirade::store::Stage;
use tirade_nn::train::TrainOptions;

use super::solve::ShareArgs;
use crate::home::Home;
use crate::open::Opened;
use crate::work::Work;

/// Train a LoRA adapter on a corpus
///
/// Loss on the assistant's tokens only, adapter in PEFT's format. After Ctrl-C or a kill the same
/// command goes on from the last checkpoint and ends with the same weights.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainArgs {
    /// The student: `local:NAME`, `file:model.gguf`, or a folder with safetensors
    #[arg(long, default_value = "local:qwen2.5-coder-0.5b-instruct")]
    pub model: String,
    /// The corpus run; the latest where it is not said
    #[arg(long)]
    pub from: Option<String>,
    /// Rank of the adapter
    #[arg(long, default_value_t = 64)]
    pub rank: usize,
    /// Scale of the adapter is alpha / rank; else twice the rank
    #[arg(long)]
    pub alpha: Option<f32>,
    #[arg(long, default_value_t = 0.0)]
    pub dropout: f32,
    /// Linear layers that get an adapter
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"
    )]
    pub target_modules: Vec<String>,
    #[arg(long, alias = "train_epochs", default_value_t = 3)]
    pub train_epochs: usize,
    #[arg(long, default_value_t = 2e-4)]
    pub learning_rate: f64,
    /// Examples per optimizer step
    #[arg(long, default_value_t = 4)]
    pub batch_size: usize,
    /// Tokens per example; longer examples are left out and counted
    #[arg(long, default_value_t = 1024)]
    pub max_length: usize,
    /// Only so many examples
    #[arg(long, alias = "max_samples")]
    pub max_samples: Option<usize>,
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Where the adapter goes; else `adapters/RUN` in the experiment's folder
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// Only show what would be trained: text, mask, end token, memory, time
    #[arg(long)]
    #[serde(skip)]
    pub check: bool,
}

crate::defaults_from_clap!(TrainArgs);

pub async fn run(args: TrainArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let mut opened = Opened::new(home);
    if args.check {
        return check(&args, &work, &mut opened).await;
    }
    train(&args, &work, &mut opened).await.map(drop)
}

/// The stage itself, as recipes call it. Gives the run's id.
pub async fn train(args: &TrainArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<String> {
    let job = job(args, work, opened).await?;
    let trained = work
        .stage(&ShareArgs::default(), async |context| {
            tokio::task::block_in_place(|| pipeline::train(context, &job))
        })
        .await?;
    println!(
        "{}: {} steps, {} trained numbers, last loss {:.3}",
        trained.run, trained.steps, trained.parameters, trained.final_loss
    );
    println!("adapter written to {}", trained.adapter.display());
    Ok(trained.run)
}

async fn job(args: &TrainArgs, work: &Work, opened: &Opened<'_>) -> anyhow::Result<TrainJob> {
    let name: ModelName = args.model.parse()?;
    let options = TrainOptions {
        model: opened.weights(&name).await?,
        rank: args.rank,
        alpha: args.alpha.unwrap_or(2.0 * args.rank as f32),
        dropout: args.dropout,
        target_modules: args.target_modules.clone(),
        learning_rate: args.learning_rate,
        epochs: args.train_epochs,
        batch_size: args.batch_size,
        // `--batch-size` is examples per step: nothing else multiplies it.
        gradient_accumulation: 1,
        checkpoint_every: Some(10),
        threads: std::thread::available_parallelism().map_or(1, |count| count.get()),
        max_length: args.max_length,
        seed: args.seed,
        ..TrainOptions::default()
    };
    let mut job = TrainJob {
        corpus: work.input(args.from.as_deref(), Stage::Corpus)?,
        base: opened.weights_identity(&name).await?,
        options,
        max_samples: args.max_samples,
    };
    job.options.output = args.output.clone().unwrap_or_else(|| work.adapter(&job.run()));
    Ok(job)
}

/// Shows what would be trained, and trains nothing.
async fn check(args: &TrainArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<()> {
    let job = job(args, work, opened).await?;
    let examples = pipeline::examples(&work.store, &job.corpus, Split::Train)?;
    let report = tokio::task::block_in_place(|| tirade_nn::train::check(&job.options, &examples))?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}
