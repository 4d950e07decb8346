//! One command, one file. Each gives its arguments and one function.

pub mod check;
pub mod corpus;
pub mod data;
pub mod doctor;
pub mod eval;
pub mod export;
pub mod import;
pub mod judge;
mod manual;
pub mod merge;
pub mod mock_server;
pub mod models;
pub mod quickstart;
pub mod recheck;
pub mod report;
pub mod retry;
pub mod run;
pub mod runs;
pub mod serve;
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
    #[command(after_long_help = manual::QUICKSTART)]
    Quickstart(quickstart::QuickstartArgs),
    #[command(after_long_help = manual::RUN)]
    Run(run::RunArgs),
    #[command(after_long_help = manual::SOLVE)]
    Solve(solve::SolveArgs),
    #[command(after_long_help = manual::IMPORT)]
    Import(import::ImportArgs),
    #[command(after_long_help = manual::TRANSLATE)]
    Translate(translate::TranslateArgs),
    #[command(after_long_help = manual::RECHECK)]
    Recheck(recheck::RecheckArgs),
    #[command(after_long_help = manual::JUDGE)]
    Judge(judge::JudgeArgs),
    #[command(after_long_help = manual::CORPUS)]
    Corpus(corpus::CorpusArgs),
    #[command(after_long_help = manual::TRAIN)]
    Train(train::TrainArgs),
    #[command(after_long_help = manual::EVAL)]
    Eval(eval::EvalArgs),
    #[command(after_long_help = manual::REPORT)]
    Report(report::ReportArgs),
    #[command(after_long_help = manual::RUNS)]
    Runs(runs::RunsArgs),
    #[command(after_long_help = manual::SHOW)]
    Show(show::ShowArgs),
    #[command(after_long_help = manual::EXPORT)]
    Export(export::ExportArgs),
    #[command(after_long_help = manual::RETRY)]
    Retry(retry::RetryArgs),
    #[command(after_long_help = manual::DATA)]
    Data(data::DataArgs),
    #[command(after_long_help = manual::MODELS)]
    Models(models::ModelsArgs),
    #[command(after_long_help = manual::TOOL)]
    Tool(tool::ToolArgs),
    #[command(after_long_help = manual::VERIFY)]
    Verify(verify::VerifyArgs),
    #[command(after_long_help = manual::CHECK)]
    Check(check::CheckArgs),
    #[command(after_long_help = manual::SERVE)]
    Serve(serve::ServeArgs),
    #[command(after_long_help = manual::MOCK_SERVER)]
    MockServer(mock_server::MockServerArgs),
    #[command(after_long_help = manual::DOCTOR)]
    Doctor(doctor::DoctorArgs),
}

/// Carries out one command.
pub async fn dispatch(command: Command, dir: &Path, home: &Home) -> anyhow::Result<()> {
    match command {
        Command::Quickstart(args) => quickstart::run(args, dir, home).await,
        Command::Run(args) => run::run(args, dir, home).await,
        Command::Solve(args) => solve::run(args, dir, home).await,
        Command::Import(args) => import::run(args, dir).await,
        Command::Recheck(args) => recheck::run(args, dir).await,
        Command::Judge(args) => judge::run(args, dir, home).await,
        Command::Translate(args) => translate::run(args, dir, home).await,
        Command::Corpus(args) => corpus::run(args, dir, home).await,
        Command::Train(args) => train::run(args, dir, home).await,
        Command::Eval(args) => eval::run(args, dir, home).await,
        Command::Report(args) => report::run(args, dir),
        Command::Runs(args) => runs::run(args, dir),
        Command::Show(args) => show::run(args, dir),
        Command::Export(args) => export::run(args, dir),
        Command::Retry(args) => retry::run(args, dir, home).await,
        Command::Data(args) => data::run(args, home.data(), &mut std::io::stdout()),
        Command::Models(args) => models::run(args, dir, home).await,
        Command::Tool(args) => tool::run(args, home),
        Command::Verify(args) => verify::run(args),
        Command::Check(args) => check::run(args),
        Command::Serve(args) => serve::run(args, home).await,
        Command::MockServer(args) => mock_server::run(args).await,
        Command::Doctor(args) => doctor::run(args, dir, home).await,
    }
}
