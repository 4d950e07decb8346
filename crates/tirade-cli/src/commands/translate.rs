//! `tirade translate`: traces in, checked prose out.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tirade::model::Model;
use tirade::model::price::Price;
use tirade::pipeline::{self, Context, TranslateJob};
use tirade::prompts::Prompts;
use tirade::store::Stage;
use tirade::translate::{TranslateOptions, Way};

use super::judge::CalibrationArgs;
use super::solve::{ForecastArgs, ShareArgs};
use crate::home::Home;
use crate::open::{NoModel, Opened};
use crate::work::Work;

/// Back-translate correct traces into prose without tools, and check the prose
///
/// Each tool call of a correct trace is derived in words and judged, the whole
/// is rephrased, and machine checks accept or reject it. Rejected text goes no further.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct TranslateArgs {
    /// The solve run; the latest where it is not said
    #[arg(long)]
    pub from: Option<String>,
    /// How tool calls become words
    #[arg(long, value_enum, default_value_t = WayArg::Mixed)]
    pub way: WayArg,
    /// The model that derives tool calls; unused with --way rules
    #[arg(long, default_value = "local:qwen2.5-coder-1.5b-instruct")]
    pub model: String,
    /// The model that is asked where mathematics cannot decide; else the translator
    #[arg(long)]
    pub judge: Option<String>,
    /// The model that writes the whole; else the translator
    #[arg(long)]
    pub rephraser: Option<String>,
    /// Derivations tried per tool call
    #[arg(long, default_value_t = 3)]
    pub tries: u32,
    /// How often findings go back to the rephraser
    #[arg(long, default_value_t = 2)]
    pub repairs: u32,
    /// Of second and later tries; the first is greedy
    #[arg(long, default_value_t = 0.7)]
    pub temperature: f32,
    /// Tokens per reply
    #[arg(long, default_value_t = 1024)]
    pub max_tokens: u32,
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Also check and keep correct attempts that called no tool
    #[arg(long)]
    pub with_toolless: bool,
    #[command(flatten)]
    #[serde(flatten)]
    pub calibration: CalibrationArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub share: ShareArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub forecast: ForecastArgs,
}

crate::defaults_from_clap!(TranslateArgs);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayArg {
    /// No model: the tools' own derivations
    Rules,
    /// Derive each call without seeing its result, then judge
    Llm,
    /// Phrase the known result and the tool's derivation
    #[default]
    Mixed,
}

impl TranslateArgs {
    fn options(&self) -> TranslateOptions {
        TranslateOptions {
            way: match self.way {
                WayArg::Rules => Way::Rules,
                WayArg::Llm => Way::Llm,
                WayArg::Mixed => Way::Mixed,
            },
            tries: self.tries,
            repairs: self.repairs,
            temperature: self.temperature,
            max_tokens: self.max_tokens,
            seed: self.seed,
        }
    }
}

pub async fn run(args: TranslateArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let mut opened = Opened::for_work(home, &work);
    if args.forecast.dry_run {
        return dry_run(&args, &work, &mut opened).await;
    }
    let run = translate(&args, &work, &mut opened).await?;
    crate::summary::translated(&work, &run)
}

async fn dry_run(args: &TranslateArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<()> {
    let (job, prices) = job(args, work, opened).await?;
    let pilot = args.forecast.pilot;
    let forecast = async |context: &Context<'_>| pipeline::forecast_translation(context, &job, pilot).await;
    let forecast = work.stage(&args.share, forecast).await?;
    print!("{}", crate::forecast::told(&forecast, &prices, args.share.concurrency));
    Ok(())
}

/// The stage itself, as recipes call it. Gives the run's id.
pub async fn translate(args: &TranslateArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<String> {
    let (job, _) = job(args, work, opened).await?;
    if args.calibration.judge_bar.is_some() && args.way != WayArg::Rules {
        let solved = job.solved.clone();
        super::judge::measure(&args.calibration, work, &args.share, solved, job.judge.clone()).await?;
    }
    work.stage(&args.share, async |context| pipeline::translate(context, &job).await).await
}

/// What is to be done, and the prices of the models that have one.
async fn job(
    args: &TranslateArgs,
    work: &Work,
    opened: &mut Opened<'_>,
) -> anyhow::Result<(TranslateJob, Vec<Price>)> {
    let solved = work.input(args.from.as_deref(), Stage::Solve)?;
    let mut prices = Vec::new();
    let mut open = async |name: &str| {
        let model = match args.forecast.dry_run {
            true => opened.for_forecast(name, None, &args.share, &args.forecast).await?,
            false => opened.model(name, None, &args.share).await?,
        };
        prices.extend(model.price);
        anyhow::Ok(model.model)
    };
    let translator = match args.way {
        WayArg::Rules => Arc::new(NoModel::default()) as Arc<dyn Model>,
        _ => open(&args.model).await?,
    };
    let mut other = async |name: &Option<String>| match name {
        Some(name) => open(name).await,
        None => Ok(translator.clone()),
    };
    let job = TranslateJob {
        solved,
        judge: other(&args.judge).await?,
        rephraser: other(&args.rephraser).await?,
        translator: translator.clone(),
        prompts: Prompts::default(),
        options: args.options(),
        with_toolless: args.with_toolless,
    };
    prices.dedup();
    Ok((job, prices))
}
