//! The command `tirade`: the only crate that prints, reads the environment or knows clap.
//!
//! One command is one file in `commands/`; its arguments' doc comments are the manual, and the same struct is the section of a recipe.

mod beside;
mod commands;
mod download;
mod forecast;
mod home;
mod jsonl;
mod log;
mod open;
mod otel;
mod problems;
mod progress;
mod recipe;
mod span;
mod summary;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use commands::Command;
use home::Home;
use tirade_sandbox::BackendKind;

/// Turn tool-integrated reasoning into prose, and models that need tools into models that do not.
///
/// Start with `tirade quickstart`: it sets itself up, solves problems with a model that calls tools, rewrites the traces as prose,
/// trains a small model on them and measures it before and after. Every stage is a command of its own; running a command again
/// continues it.
#[derive(Parser)]
#[command(name = "tirade", version, max_term_width = 110, propagate_version = true)]
struct Cli {
    /// Folder of the experiment: store, adapters, logs, report
    #[arg(long, global = true, default_value = "tirade-work", value_name = "FOLDER")]
    dir: PathBuf,
    /// What confines the tools' Python: native (Linux, the default there) or wasm (any system, fixed clocks, slower, no numpy)
    ///
    /// wasm is CPython with SymPy in WebAssembly. It is there when tirade was built with the feature: cargo install --path
    /// crates/tirade-cli --features wasm.
    #[arg(
        long,
        global = true,
        default_value_t,
        value_name = "NAME",
        env = "TIRADE_BACKEND",
        hide_env = true
    )]
    backend: BackendKind,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    leave_when_nobody_reads();
    let cli = Cli::parse();
    // This thread for everything that waits: a turn is a dozen short steps of tasks that wake each other, and to wake another thread
    // costs more than a step. Models, tools and the store's writer have threads of their own.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::anyhow!("no event loop to work with: {error}")),
    };
    let result = runtime.block_on(async {
        commands::dispatch(cli.command, &cli.dir, &Home::from_environment(cli.backend)?).await
    });
    // A tool or a server may still be answering a call nobody waits for.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// `tirade data show math | head` ends when `head` does, without a word.
///
/// `println!` panics on a closed pipe. The signal SIGPIPE stays ignored, as Rust has it: at its default the end of a sandbox child would
/// end us too.
fn leave_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if message.starts_with("failed printing to std") && message.contains("Broken pipe") {
            std::process::exit(CLOSED_PIPE);
        }
        usual(panic);
    }));
}

/// What a shell reports of a program that SIGPIPE ended.
const CLOSED_PIPE: i32 = 128 + 13;

/// The chain of causes in one sentence, none said twice, and the hints below it.
fn explained(error: &anyhow::Error) -> String {
    let (mut causes, mut hints) = (Vec::<String>::new(), Vec::<String>::new());
    for text in error.chain().map(ToString::to_string) {
        let (hint, cause): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.trim_start().starts_with("hint:"));
        let cause = cause.join("\n");
        if !causes.iter().any(|said| said.contains(&cause)) {
            causes.push(cause);
        }
        hints.extend(hint.iter().map(|line| (*line).to_owned()));
    }
    let mut lines = vec![causes.join(": ")];
    for hint in hints {
        if !lines.contains(&hint) {
            lines.push(hint);
        }
    }
    lines.join("\n")
}

/// One clear error: what, with which value, what to do next. A stopped command has its own exit code.
fn fail(error: &anyhow::Error) -> ExitCode {
    let pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(pipe) {
        return ExitCode::from(CLOSED_PIPE as u8);
    }
    let stopped = error.downcast_ref::<work::Interrupted>().is_some();
    eprintln!("{}{}", if stopped { "" } else { "error: " }, explained(error));
    ExitCode::from(if stopped { 130 } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once_and_hints_come_last() {
        let check = |chain: &[&str], expected: &str| {
            let (first, more) = chain.split_last().unwrap();
            let error = more
                .iter()
                .rev()
                .fold(anyhow::anyhow!("{first}"), |error, text| error.context(text.to_string()));
            assert_eq!(explained(&error), expected);
        };
        check(&["no model"], "no model");
        check(&["no store\n  hint: use --dir", "full"], "no store: full\n  hint: use --dir");
        check(&["store a: full\n  hint: make room", "full"], "store a: full\n  hint: make room");
        check(&["a\n  hint: x", "b\n  hint: y", "c\n  hint: x"], "a: b: c\n  hint: x\n  hint: y");
    }
}
