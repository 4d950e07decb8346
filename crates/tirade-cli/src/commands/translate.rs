//! `tirade translate`: traces in, checked prose out.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tirade::pipeline::{self, TranslateJob};
use tirade::prompts::Prompts;
use tirade::store::Stage;
use tirade::translate::{TranslateOptions, Way};

use super::judge::CalibrationArgs;
use super::solve::ShareArgs;
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
    let run = translate(&args, &work, &mut Opened::for_work(home, &work)).await?;
    crate::summary::translated(&work, &run)
}

/// The stage itself, as recipes call it. Gives the run's id.
pub async fn translate(args: &TranslateArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<String> {
    let solved = work.input(args.from.as_deref(), Stage::Solve)?;
    let translator = match args.way {
        WayArg::Rules => Arc::new(NoModel::default()) as Arc<dyn tirade::model::Model>,
        _ => opened.model(&args.model, None, &args.share).await?.model,
    };
    let mut other = async |name: &Option<String>| match name {
        Some(name) => anyhow::Ok(opened.model(name, None, &args.share).await?.model),
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
    if args.calibration.judge_bar.is_some() && args.way != WayArg::Rules {
        let solved = job.solved.clone();
        super::judge::measure(&args.calibration, work, &args.share, solved, job.judge.clone()).await?;
    }
    work.stage(&args.share, async |context| pipeline::translate(context, &job).await).await
}
