//! `tirade eval`: a model without tools, measured.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tirade::pipeline::{self, SolveJob};
use tirade::prompts::Prompts;
use tirade::store::Stage;
use tirade_math::Policy;

use super::solve::{ForecastArgs, ShareArgs, SolverArgs, foretell};
use crate::home::Home;
use crate::open::{OpenModel, Opened};
use crate::problems::{Mode, ProblemArgs};
use crate::work::Work;

/// Measure a model without tools, before and after training
///
/// The same solver and the same verifier as `solve`, tools off. With --adapter the base model and the
/// adapted one are measured on the same problems and compared pair by pair.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct EvalArgs {
    /// The student
    #[arg(long, default_value = "local:qwen2.5-coder-0.5b-instruct")]
    pub model: String,
    /// A LoRA adapter to compare with the base model: a folder, a train run, or `latest`
    #[arg(long)]
    pub adapter: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub problems: ProblemArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub sampling: SolverArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub share: ShareArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub forecast: ForecastArgs,
}

crate::defaults_from_clap!(EvalArgs);

/// The runs of an evaluation.
pub struct Evaluated {
    pub base: String,
    pub adapted: Option<String>,
}

pub async fn run(args: EvalArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let mut opened = Opened::for_work(home, &work);
    if args.forecast.dry_run {
        return dry_run(&args, &work, &mut opened).await;
    }
    let evaluated = eval(&args, &work, &mut opened).await?;
    crate::summary::evaluated(&work, &evaluated)
}

async fn dry_run(args: &EvalArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<()> {
    for adapter in measured(args, work)? {
        let model = opened.for_forecast(&args.model, adapter.as_deref(), &args.share, &args.forecast).await?;
        foretell(&job(args, model, opened)?, &args.forecast, &args.share, work).await?;
    }
    Ok(())
}

/// The stage itself, as recipes call it.
pub async fn eval(args: &EvalArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<Evaluated> {
    let mut runs = Vec::new();
    for adapter in measured(args, work)? {
        let model = opened.model(&args.model, adapter.as_deref(), &args.share).await?;
        let job = job(args, model, opened)?;
        runs.push(work.stage(&args.share, async |context| pipeline::eval(context, &job).await).await?);
    }
    let mut runs = runs.into_iter();
    Ok(Evaluated { base: runs.next().unwrap_or_default(), adapted: runs.next() })
}

/// What is measured: the base model, and then the adapter in the folder.
fn measured(args: &EvalArgs, work: &Work) -> anyhow::Result<Vec<Option<PathBuf>>> {
    let adapter = args.adapter.as_deref().map(|name| work.adapter_folder(name)).transpose()?;
    Ok([None].into_iter().chain(adapter.map(Some)).collect())
}

fn job(args: &EvalArgs, model: OpenModel, opened: &Opened<'_>) -> anyhow::Result<SolveJob> {
    let selected = args.problems.usually(Mode::Test);
    Ok(SolveJob {
        stage: Stage::Eval,
        problems: Box::new(selected.source(opened.home)?),
        model: model.model,
        toolbox: None,
        prompts: Prompts::default(),
        options: args.sampling.options(),
        attempts: args.sampling.attempts,
        enough: None,
        about: json!({"problems": selected.about()}),
        policy: Policy::default(),
        price: model.price,
    })
}
