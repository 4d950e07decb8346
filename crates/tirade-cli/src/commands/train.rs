//! `tirade train`: a corpus in, a LoRA adapter out.

mod check;
mod options;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use tirade::model::name::ModelName;
use tirade::pipeline::{self, TrainJob};
use tirade::store::Stage;

use self::options::{LearningArgs, LoraArgs, MachineArgs};
use super::solve::ShareArgs;
use crate::home::Home;
use crate::open::Opened;
use crate::work::Work;

/// Train a LoRA adapter on a corpus
///
/// Loss on the assistant's tokens only, adapter in PEFT's format. After Ctrl-C or a kill the same
/// command goes on from the last checkpoint and ends with the same weights. `--check` shows beforehand what would be trained.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainArgs {
    /// The student: `local:NAME`, `file:model.gguf`, or a folder with safetensors
    #[arg(long, default_value = "local:qwen2.5-coder-0.5b-instruct")]
    pub model: String,
    /// The corpus run; the latest where it is not said
    #[arg(long)]
    pub from: Option<String>,
    /// Only so many examples
    #[arg(long, alias = "max_samples")]
    pub max_samples: Option<usize>,
    #[command(flatten)]
    #[serde(flatten)]
    pub lora: LoraArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub learning: LearningArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub machine: MachineArgs,
    /// Where the adapter goes; else `adapters/RUN` in the experiment's folder
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// What the model card calls the adapter, as `user/name` on the hub. Nothing is uploaded
    #[arg(long, alias = "repo_name")]
    pub repo_name: Option<String>,
    /// Only show what would be trained: text, mask, end token, memory, time. Trains nothing and writes nothing
    #[arg(long)]
    #[serde(skip)]
    pub check: bool,
    /// With --check: print the whole report as JSON
    #[arg(long, requires = "check")]
    #[serde(skip)]
    pub json: bool,
}

crate::defaults_from_clap!(TrainArgs);

pub async fn run(args: TrainArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let mut opened = Opened::new(home);
    if args.check {
        return check::check(&job(&args, &work, &opened).await?, &work, args.json);
    }
    train(&args, &work, &mut opened).await.map(drop)
}

/// The stage itself, as recipes call it. Gives the run's id.
pub async fn train(args: &TrainArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<String> {
    if let Some(device) = args.machine.cuda_device {
        eprintln!("--cuda-device {device}: this program has no CUDA back end; it trains on the processor");
    }
    let job = job(args, work, opened).await?;
    let trained = work.stage(&ShareArgs::default(), async |context| pipeline::train(context, &job)).await?;
    println!(
        "{}: {} steps, {} trained numbers, mean loss of the last steps {:.3}",
        trained.run, trained.steps, trained.parameters, trained.final_loss
    );
    println!("adapter written to {}", trained.adapter.display());
    Ok(trained.run)
}

async fn job(args: &TrainArgs, work: &Work, opened: &Opened<'_>) -> anyhow::Result<TrainJob> {
    // Before the model, which may have to be downloaded.
    let corpus = work.input(args.from.as_deref(), Stage::Corpus)?;
    let name: ModelName = args.model.parse()?;
    let mut options = options::combined(&args.lora, &args.learning, &args.machine)?;
    options.model = opened.weights(&name).await?;
    options.name = args.repo_name.clone();
    let mut job = TrainJob {
        corpus,
        base: opened.weights_identity(&name).await?,
        options,
        max_samples: args.max_samples,
    };
    job.options.output = args.output.clone().unwrap_or_else(|| work.adapter(&job.run()));
    Ok(job)
}
