//! One command, one file. Each gives its arguments and one function.

pub mod check;
pub mod corpus;
pub mod data;
pub mod doctor;
pub mod eval;
pub mod export;
pub mod merge;
pub mod mock_server;
pub mod models;
pub mod quickstart;
pub mod report;
pub mod retry;
pub mod run;
pub mod runs;
pub mod show;
pub mod solve;
pub mod tool;
pub mod train;
pub mod translate;
pub mod verify;

use std::path::Path;

use clap::Subcommand;

use crate::home::Home;

/// Everything tirade can do.
#[derive(Subcommand)]
pub enum Command {
    /// The whole pipeline on a small real model: sets itself up, takes about 20 minutes on two cores
    Quickstart(quickstart::QuickstartArgs),
    /// Carry out a recipe: a whole experiment as a short file
    Run(run::RunArgs),
    /// Solve problems with a model that calls tools; every step is kept as a trace
    Solve(solve::SolveArgs),
    /// Back-translate correct traces into prose without tools, and check the prose
    Translate(translate::TranslateArgs),
    /// Build a training corpus from accepted solutions
    Corpus(corpus::CorpusArgs),
    /// Train a LoRA adapter on a corpus
    Train(train::TrainArgs),
    /// Measure a model without tools, before and after training
    Eval(eval::EvalArgs),
    /// Show an experiment: in the terminal and as one HTML page
    Report(report::ReportArgs),
    /// List the runs of an experiment
    Runs(runs::RunsArgs),
    /// Show one attempt step by step
    Show(show::ShowArgs),
    /// Write the tables of an experiment as CSV or JSONL
    Export(export::ExportArgs),
    /// Make the attempts that ended in an error anew
    Retry(retry::RetryArgs),
    /// Problem sets: list, import, show
    Data(data::DataArgs),
    /// Local models: list, download, show
    Models(models::ModelsArgs),
    /// Tools: list, call, run Python in the sandbox
    Tool(tool::ToolArgs),
    /// Compare answers with gold answers
    Verify(verify::VerifyArgs),
    /// Check solutions in prose: answer, equations, tool talk
    Check(check::CheckArgs),
    /// A server that speaks the OpenAI protocol from a script, with faults on demand
    MockServer(mock_server::MockServerArgs),
    /// What is installed, what the sandbox can enforce here, what is missing and what to do about it
    Doctor(doctor::DoctorArgs),
}

/// Carries out one command.
pub async fn dispatch(command: Command, dir: &Path, home: &Home) -> anyhow::Result<()> {
    match command {
        Command::Quickstart(args) => quickstart::run(args, dir, home).await,
        Command::Run(args) => run::run(args, dir, home).await,
        Command::Solve(args) => solve::run(args, dir, home).await,
        Command::Translate(args) => translate::run(args, dir, home).await,
        Command::Corpus(args) => corpus::run(args, dir, home).await,
        Command::Train(args) => train::run(args, dir, home).await,
        Command::Eval(args) => eval::run(args, dir, home).await,
        Command::Report(args) => report::run(args, dir),
        Command::Runs(args) => runs::run(args, dir),
        Command::Show(args) => show::run(args, dir),
        Command::Export(args) => export::run(args, dir),
        Command::Retry(args) => retry::run(args, dir),
        Command::Data(args) => data::run(args, home.data(), &mut std::io::stdout()),
        Command::Models(args) => models::run(args, dir, home).await,
        Command::Tool(args) => tool::run(args, home),
        Command::Verify(args) => verify::run(args),
        Command::Check(args) => check::run(args),
        Command::MockServer(args) => mock_server::run(args).await,
        Command::Doctor(args) => doctor::run(args, dir, home).await,
    }
}
