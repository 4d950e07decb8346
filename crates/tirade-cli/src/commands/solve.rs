//! `tirade solve`: problems in, traces out.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tirade::model::price::Prices;
use tirade::pipeline::{self, SolveJob};
use tirade::prompts::Prompts;
use tirade::solver::{Protocol, SolverOptions};
use tirade::store::Stage;
use tirade::tool::ToolkitSelection;
use tirade_math::Policy;

use crate::home::Home;
use crate::open::{OpenModel, Opened};
use crate::problems::{ProblemArgs, Source};
use crate::span::Span;
use crate::work::Work;

/// Solve problems with a model that calls tools; every step is kept as a trace
///
/// Every reply and every tool result is kept before it is used: after Ctrl-C or a kill the same command goes on where it was,
/// and asks nothing twice. (A power cut may cost the last moments: the disk is not waited for.)
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct SolveArgs {
    /// The solver: `local:NAME`, `openai:gpt-4o-mini`, `http://host:8000/v1#NAME`, `file:model.gguf`, `script:FILE` (see `tirade models`)
    #[arg(long, default_value = "local:qwen2.5-coder-1.5b-instruct")]
    pub model: String,
    #[command(flatten)]
    #[serde(flatten)]
    pub problems: ProblemArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub tools: ToolkitArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub sampling: SolverArgs,
    #[command(flatten)]
    #[serde(flatten)]
    pub share: ShareArgs,
    /// No further attempts at a problem once so many are correct; attempts at one problem are then made one after another
    #[arg(long, value_name = "N")]
    pub enough: Option<u32>,
    #[command(flatten)]
    #[serde(flatten)]
    pub forecast: ForecastArgs,
}

/// Which tools the solver may call; without any of these it gets the code toolkit.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Tools")]
pub struct ToolkitArgs {
    /// 27 functions of SymPy and number theory, called with typed arguments
    #[arg(long, alias = "sympy_toolkit")]
    pub sympy_toolkit: bool,
    /// Python in a sandbox, with SymPy and NumPy
    #[arg(long, alias = "code_toolkit")]
    pub code_toolkit: bool,
    /// Exact arithmetic
    #[arg(long, alias = "math_toolkit")]
    pub math_toolkit: bool,
    /// Exact plane geometry
    #[arg(long, alias = "geometry_toolkit")]
    pub geometry_toolkit: bool,
}

/// How attempts are made.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Attempts")]
pub struct SolverArgs {
    /// Plan without tools first, then act and reflect step by step
    #[arg(long, alias = "multi_step")]
    pub multi_step: bool,
    /// How the model asks for tools: by the chat protocol, or with ```python blocks in its text
    #[arg(long, value_enum, default_value_t = ProtocolArg::Auto)]
    pub protocol: ProtocolArg,
    /// Attempts per problem
    #[arg(long, default_value_t = 1)]
    pub attempts: u32,
    /// Replies per attempt; before the last the model is told to wrap up
    #[arg(long, default_value_t = 15)]
    pub max_turns: u32,
    /// Tokens per reply
    #[arg(long, default_value_t = 2048)]
    pub max_tokens: u32,
    /// 0 is greedy
    #[arg(long, default_value_t = 0.0)]
    pub temperature: f32,
    #[arg(long, default_value_t = 1.0)]
    pub top_p: f32,
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Tokens that an attempt may write, over all its replies
    #[arg(long, default_value_t = 32_000)]
    pub max_attempt_tokens: u64,
    /// Seconds that an attempt may wait for model and tools
    #[arg(long)]
    pub max_attempt_seconds: Option<f64>,
    /// US dollars that an attempt may cost
    #[arg(long)]
    pub max_attempt_cost: Option<f64>,
}

/// How the work is shared out. Changing any of this changes no row.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Sharing the work")]
pub struct ShareArgs {
    /// Rows worked on at once
    #[arg(long, default_value_t = 16)]
    pub concurrency: usize,
    /// Of several processes that share the work, which this is (from 0)
    #[arg(long, alias = "job_id", default_value_t = 0)]
    pub job_id: u64,
    /// How many processes share the work
    #[arg(long, alias = "total_jobs", default_value_t = 1)]
    pub total_jobs: u64,
    /// US dollars that the run may cost in all, what it spent before it was continued included
    #[arg(long)]
    pub max_cost: Option<f64>,
    /// File with prices of models, which come before those built in (`tirade solve --dry-run` shows which is used)
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Ask in batches: half the price, replies within a day. A batch goes on while tirade does not run, and is found again (openai:, groq:,
    /// servers that speak their protocol)
    #[arg(long)]
    pub batch: bool,
    /// Stop after so long, as Ctrl-C does: `90s`, `30m`, `8h`
    #[arg(long, value_name = "TIME")]
    pub max_time: Option<Span>,
    /// How long a server may take for one reply; a call with all its retries may take six times as long
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub call_timeout: Span,
    /// File to which a line of OTLP/JSON is added for each attempt: spans as OpenTelemetry names them
    #[arg(long, value_name = "FILE")]
    pub otel: Option<PathBuf>,
    /// The most requests per minute to a server; its headers lower it
    #[arg(long, value_name = "N")]
    pub rpm: Option<u32>,
    /// The most tokens per minute to a server; its headers lower it
    #[arg(long, value_name = "N")]
    pub tpm: Option<u32>,
}

/// What it would take.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ForecastArgs {
    /// Only tell how much is missing and what tokens, dollars and time it will take, from a pilot
    #[arg(long)]
    pub dry_run: bool,
    /// Problems (traces) of the pilot, which are done, paid for, and part of the run; with 0 nobody is asked and no key is needed
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub pilot: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtocolArg {
    #[default]
    Auto,
    Native,
    Fenced,
}

crate::defaults_from_clap!(SolveArgs, SolverArgs, ShareArgs, ForecastArgs);

impl ShareArgs {
    /// Rows worked on at once. A batch is as large as the number of those that wait for it.
    pub fn at_once(&self) -> usize {
        const BATCH: usize = 5_000;
        if self.batch { self.concurrency.max(BATCH) } else { self.concurrency }
    }

    /// The prices of the user's file before those built in.
    pub fn price_table(&self) -> anyhow::Result<Prices> {
        let Some(path) = &self.prices else { return Ok(Prices::embedded()) };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Prices::embedded().overridden(&text).with_context(|| path.display().to_string())
    }
}

impl ToolkitArgs {
    /// The toolkits asked for; the code toolkit where none is.
    pub fn selection(&self) -> ToolkitSelection {
        let none = !(self.sympy_toolkit || self.code_toolkit || self.math_toolkit || self.geometry_toolkit);
        ToolkitSelection {
            sympy: self.sympy_toolkit,
            code: self.code_toolkit || none,
            math: self.math_toolkit,
            geometry: self.geometry_toolkit,
        }
    }

    fn names(&self) -> Vec<&'static str> {
        let chosen = self.selection();
        let named = [
            ("sympy", chosen.sympy),
            ("code", chosen.code),
            ("math", chosen.math),
            ("geometry", chosen.geometry),
        ];
        named.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect()
    }
}

impl SolverArgs {
    pub fn options(&self) -> SolverOptions {
        SolverOptions {
            multi_step: self.multi_step,
            protocol: match self.protocol {
                ProtocolArg::Auto => Protocol::Auto,
                ProtocolArg::Native => Protocol::Native,
                ProtocolArg::Fenced => Protocol::Fenced,
            },
            max_turns: self.max_turns,
            seed: self.seed,
            temperature: self.temperature,
            top_p: self.top_p,
            max_tokens: self.max_tokens,
            max_attempt_tokens: self.max_attempt_tokens,
            max_attempt_seconds: self.max_attempt_seconds,
            max_attempt_cost: self.max_attempt_cost,
            ..SolverOptions::default()
        }
    }
}

pub async fn run(args: SolveArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let mut opened = Opened::for_work(home, &work);
    if args.forecast.dry_run {
        return dry_run(&args, &work, &mut opened).await;
    }
    let run = solve(&args, &work, &mut opened).await?;
    crate::summary::solved(&work, &run)?;
    if args.sampling.attempts > 1 {
        print!("{}", difficulty(&work, &run)?);
    }
    Ok(())
}

/// How many problems there are of each pass rate.
fn difficulty(work: &Work, run: &str) -> anyhow::Result<String> {
    let rates = work.store.difficulty(run)?;
    let lines = rates.iter().map(|((correct, attempts), count)| {
        format!("  {count:>6} problems solved in {correct} of {attempts} attempts\n")
    });
    Ok(lines.collect())
}

/// The stage itself, as recipes call it. Gives the run's id.
pub async fn solve(args: &SolveArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<String> {
    let problems = args.problems.source(opened.home)?;
    let model = opened.model(&args.model, None, &args.share).await?;
    let job = job(args, opened, problems, model)?;
    work.stage(&args.share, async |context| pipeline::solve(context, &job).await).await
}

async fn dry_run(args: &SolveArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<()> {
    let problems = args.problems.source(opened.home)?;
    let model = opened.for_forecast(&args.model, None, &args.share, &args.forecast).await?;
    foretell(&job(args, opened, problems, model)?, &args.forecast, &args.share, work).await
}

/// Says what a job will take.
pub async fn foretell(
    job: &SolveJob,
    args: &ForecastArgs,
    share: &ShareArgs,
    work: &Work,
) -> anyhow::Result<()> {
    let forecast =
        work.stage(share, async |context| pipeline::forecast(context, job, args.pilot).await).await?;
    print!("{}", crate::forecast::told(&forecast, job.price.as_slice(), share.concurrency));
    Ok(())
}

fn job(
    args: &SolveArgs,
    opened: &mut Opened<'_>,
    problems: Source,
    model: OpenModel,
) -> anyhow::Result<SolveJob> {
    Ok(SolveJob {
        stage: Stage::Solve,
        problems: Box::new(problems),
        model: model.model,
        toolbox: Some(opened.toolbox(&args.tools)?),
        prompts: Prompts::default(),
        options: args.sampling.options(),
        attempts: args.sampling.attempts,
        enough: args.enough,
        about: json!({"problems": args.problems.about(), "toolkits": args.tools.names()}),
        policy: Policy::default(),
        price: model.price,
    })
}
