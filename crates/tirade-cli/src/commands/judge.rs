//! `tirade judge`: what a judge model is worth.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use serde::{Deserialize, Serialize};
use tirade::model::Model;
use tirade::pipeline::{self, Calibration, Context, JudgeJob, Share};
use tirade::prompts::Prompts;
use tirade::store::Stage;

use super::solve::{ForecastArgs, ShareArgs};
use crate::home::Home;
use crate::open::{OpenModel, Opened};
use crate::work::Work;

/// Measure a judge model on planted errors
///
/// Pairs are made from the tool results of a solve run, half of them the same in other writing, half with one
/// number, sign, operator or member changed. The result is kept and used again for the same judge and prompt.
#[derive(Args, Clone, Debug)]
pub struct JudgeArgs {
    /// The judge
    #[arg(long)]
    pub model: String,
    /// The solve run with the tool results; the latest where it is not said
    #[arg(long)]
    pub from: Option<String>,
    #[command(flatten)]
    pub calibration: CalibrationArgs,
    #[command(flatten)]
    pub share: ShareArgs,
    #[command(flatten)]
    pub forecast: ForecastArgs,
}

/// How a judge is measured, and what it must reach.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct CalibrationArgs {
    /// Refuse to go on unless sensitivity and specificity are above this with 95 % confidence (0.8 is a good bar)
    #[arg(long)]
    pub judge_bar: Option<f64>,
    /// Pairs of each kind that the judge is measured on
    #[arg(long, default_value_t = 40)]
    pub judge_cases: usize,
}

crate::defaults_from_clap!(CalibrationArgs);

pub async fn run(args: JudgeArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::existing(dir)?;
    let solved = work.input(args.from.as_deref(), Stage::Solve)?;
    let mut opened = Opened::new(home);
    if args.forecast.dry_run {
        let judge = opened.for_forecast(&args.model, None, &args.share, &args.forecast).await?;
        return foretell(&args, &work, solved, judge).await;
    }
    let judge = opened.model(&args.model, None, &args.share).await?.model;
    measure(&args.calibration, &work, &args.share, solved, judge).await
}

async fn foretell(args: &JudgeArgs, work: &Work, solved: String, judge: OpenModel) -> anyhow::Result<()> {
    let (job, pilot) = (args.calibration.job(solved, judge.model), args.forecast.pilot);
    let forecast = async |context: &Context<'_>| pipeline::forecast_judge(context, &job, pilot).await;
    let forecast = work.stage(&args.share, forecast).await?;
    print!("{}", crate::forecast::told(&forecast, judge.price.as_slice(), args.share.concurrency));
    Ok(())
}

impl CalibrationArgs {
    fn job(&self, solved: String, judge: Arc<dyn Model>) -> JudgeJob {
        JudgeJob { solved, judge, prompts: Prompts::default(), cases: self.judge_cases, seed: 0 }
    }
}

/// Measures the judge, says what was found, and refuses it below the bar.
pub async fn measure(
    args: &CalibrationArgs,
    work: &Work,
    share: &ShareArgs,
    solved: String,
    judge: Arc<dyn Model>,
) -> anyhow::Result<()> {
    let job = args.job(solved, judge);
    let found = work.stage(share, async |context| pipeline::calibrate(context, &job).await).await?;
    println!("{}", told(&found));
    if let Some(bar) = args.judge_bar {
        found.require(bar)?;
    }
    Ok(())
}

fn told(found: &Calibration) -> String {
    let share = |share: &Share| {
        let (right, of, interval) = (share.right, share.of, share.interval);
        format!("{right} of {of} [{:.3}, {:.3}]", interval.low, interval.high)
    };
    let cost = match found.cost.dollars() {
        0.0 => String::new(),
        dollars => format!(", {dollars:.4} US dollars"),
    };
    format!(
        "judge {}\n  sensitivity (planted errors found)      {}\n  specificity (same pairs called the same) {}\n  {} of the pairs are such as mathematics cannot decide; {} verdicts unreadable, {} contradictory\n  {} questions{}",
        found.judge,
        share(&found.sensitivity),
        share(&found.specificity),
        found.undecided,
        found.unreadable,
        found.contradictory,
        found.calls,
        cost
    )
}
