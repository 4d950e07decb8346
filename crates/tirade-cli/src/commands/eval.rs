//! `tirade eval`: a model without tools, measured.

use std::path::Path;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tirade::pipeline::{self, SolveJob};
use tirade::prompts::Prompts;
use tirade::store::Stage;
use tirade_math::Policy;

use super::solve::{ShareArgs, SolverArgs};
use crate::home::Home;
use crate::open::Opened;
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
}

crate::defaults_from_clap!(EvalArgs);

/// The runs of an evaluation.
pub struct Evaluated {
    pub base: String,
    pub adapted: Option<String>,
}

pub async fn run(args: EvalArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let evaluated = eval(&args, &work, &mut Opened::for_work(home, &work)).await?;
    crate::summary::evaluated(&work, &evaluated)
}

/// The stage itself, as recipes call it.
pub async fn eval(args: &EvalArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<Evaluated> {
    let adapter = args.adapter.as_deref().map(|name| work.adapter_folder(name)).transpose()?;
    let base = one(args, None, work, opened).await?;
    let adapted = match adapter {
        Some(folder) => Some(one(args, Some(&folder), work, opened).await?),
        None => None,
    };
    Ok(Evaluated { base, adapted })
}

async fn one(
    args: &EvalArgs,
    adapter: Option<&Path>,
    work: &Work,
    opened: &mut Opened<'_>,
) -> anyhow::Result<String> {
    let selected = args.problems.usually(Mode::Test);
    let problems = selected.source(opened.home)?;
    let model = opened.model(&args.model, adapter, &args.share).await?;
    let job = SolveJob {
        stage: Stage::Eval,
        problems: Box::new(problems),
        model: model.model,
        toolbox: None,
        prompts: Prompts::default(),
        options: args.sampling.options(),
        attempts: args.sampling.attempts,
        enough: None,
        about: json!({"problems": selected.about()}),
        policy: Policy::default(),
        price: model.price,
    };
    work.stage(&args.share, async |context| pipeline::eval(context, &job).await).await
}
