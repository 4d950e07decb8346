//! `tirade solve`: problems in, traces out.

use std::path::Path;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tirade::pipeline::{self, SolveJob};
use tirade::prompts::Prompts;
use tirade::solver::{Protocol, SolverOptions};
use tirade::store::Stage;
use tirade::tool::ToolkitSelection;
use tirade_math::Policy;

use crate::home::Home;
use crate::open::Opened;
use crate::problems::ProblemArgs;
use crate::work::Work;

/// Solve problems with a model that calls tools; every step is kept as a trace
///
/// Every reply and every tool result is kept before it is used: after Ctrl-C, a kill or a power cut the same command goes on where it was,
/// and asks nothing twice.
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
    /// US dollars this command may spend on models that cost money
    #[arg(long)]
    pub max_cost: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtocolArg {
    #[default]
    Auto,
    Native,
    Fenced,
}

crate::defaults_from_clap!(SolveArgs, SolverArgs, ShareArgs);

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
            ..SolverOptions::default()
        }
    }
}

pub async fn run(args: SolveArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let run = solve(&args, &work, &mut Opened::new(home)).await?;
    crate::summary::solved(&work, &run)
}

/// The stage itself, as recipes call it. Gives the run's id.
pub async fn solve(args: &SolveArgs, work: &Work, opened: &mut Opened<'_>) -> anyhow::Result<String> {
    let problems = args.problems.load(opened.home)?;
    let model = opened.model(&args.model, None, args.share.max_cost).await?;
    let job = SolveJob {
        stage: Stage::Solve,
        problems,
        model: model.model,
        toolbox: Some(opened.toolbox(&args.tools)?),
        prompts: Prompts::default(),
        options: args.sampling.options(),
        attempts: args.sampling.attempts,
        about: json!({"problems": args.problems.about(), "toolkits": args.tools.names()}),
        policy: Policy::default(),
        price: model.price,
    };
    work.stage(&args.share, async |context| pipeline::solve(context, &job).await).await
}
