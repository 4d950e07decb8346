//! `tirade tool`: what tools there are, one call, Python in the sandbox, many calls from a file.

use std::io::{BufReader, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tirade::model::ToolSpec;
use tirade::tool::{EXECUTE_CODE, Outcome, StandardToolbox, ToolStatus, Toolbox, ToolkitSelection, batch};
use tirade_sandbox::{SandboxConfig, setup};

use crate::home::Home;

/// Tools: list them, call one, run Python in the sandbox, work through a file of calls
#[derive(Args, Debug)]
pub struct ToolArgs {
    #[command(subcommand)]
    command: ToolCommand,
}

#[derive(Subcommand, Debug)]
enum ToolCommand {
    /// Show every tool with its arguments
    List(ListArgs),
    /// Call one tool: tirade tool call solve_equation --args '{"sympy_equation": "x^2 = 4", "variable": "x"}'
    Call(CallArgs),
    /// Run a Python file (- for standard input) in the sandbox and show what it prints
    ///
    /// There are the standard library, sympy, mpmath and, but for --backend wasm, numpy; there are no files, no network, no processes.
    Python(PythonArgs),
    /// Work through calls, one JSON object a line, from standard input; outcomes go to standard output
    ///
    /// In: {"id": 1, "session": "a", "tool": "gcd", "args": {"numbers": [12, 18]}} or {"id": 2, "session": "a", "code": "1 + 1"}, with
    /// "limits": {"wall_s": 5, "cpu_s": 5, "memory_mb": 512, "output_bytes": 65536} if wanted. Rows of one session are done in order and
    /// share variables; sessions run side by side; rows without a session share nothing.
    ///
    /// Out: {"id", "status", "result" or "stdout" and "stderr", "error", "wall_ms", "cpu_ms", "cached", "truncated"}, as soon as it is known.
    /// status is ok, error, timeout, memory, output or crashed. A row given again with the same session, id and call (its reply was
    /// lost) is not carried out again: its first outcome comes back, cached.
    Batch(BatchArgs),
}

#[derive(Args, Debug)]
struct ListArgs {
    /// Print the specifications as JSON, as they are sent to a model
    #[arg(long)]
    json: bool,
    /// Also the names that are answered but not offered to models, such as compute_ellipse_foci
    #[arg(long)]
    all: bool,
}

#[derive(Args, Debug)]
struct CallArgs {
    /// The tool, such as factor_expression
    name: String,
    /// The arguments as a JSON object
    #[arg(long, default_value = "{}", value_name = "JSON")]
    args: String,
}

#[derive(Args, Debug)]
struct PythonArgs {
    /// A file, or - for standard input
    file: PathBuf,
}

#[derive(Args, Debug)]
struct BatchArgs {
    /// Sessions that run at the same time; 0 for one per core
    #[arg(long, default_value_t = 0)]
    jobs: usize,
}

/// Carries out `tirade tool …`.
pub fn run(args: ToolArgs, home: &Home) -> anyhow::Result<()> {
    match args.command {
        ToolCommand::List(args) => list(&args, home),
        ToolCommand::Call(args) => call(&args, home),
        ToolCommand::Python(args) => python(&args, home),
        ToolCommand::Batch(args) => run_batch(&args, home),
    }
}

fn list(args: &ListArgs, home: &Home) -> anyhow::Result<()> {
    let mut specs = ToolkitSelection::ALL.specs(home.backend);
    if args.all {
        specs.extend(ToolkitSelection::ALL.tools().filter(|tool| !tool.offered).map(|tool| tool.spec()));
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        let functions: Vec<Value> = specs.iter().map(function).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&functions)?)?;
        return Ok(());
    }
    for spec in &specs {
        let names: Vec<&str> = spec.parameters["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        writeln!(out, "{}({})\n    {}", spec.name, names.join(", "), spec.description)?;
    }
    Ok(())
}

/// The form of function-calling protocols.
fn function(spec: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "function": { "name": spec.name, "description": spec.description, "strict": true, "parameters": spec.parameters },
    })
}

fn call(args: &CallArgs, home: &Home) -> anyhow::Result<()> {
    let hint = "hint: quote it for the shell: --args '{\"expression\": \"x^2\"}'";
    let arguments: Value = serde_json::from_str(&args.args)
        .with_context(|| format!("--args is not JSON: {}\n  {hint}", args.args))?;
    let outcome = open(home, 1)?.open().run(&args.name, &arguments, None)?;
    let derivation = outcome.derivation();
    finish(outcome)?;
    if let Some(steps) = derivation {
        println!("\n{steps}");
    }
    Ok(())
}

fn python(args: &PythonArgs, home: &Home) -> anyhow::Result<()> {
    let code = if args.file.as_os_str() == "-" {
        let mut code = String::new();
        std::io::stdin().read_to_string(&mut code).context("standard input cannot be read as text")?;
        code
    } else {
        std::fs::read_to_string(&args.file)
            .with_context(|| format!("{} cannot be read", args.file.display()))?
    };
    finish(open(home, 1)?.open().run(EXECUTE_CODE, &json!({ "code": code }), None)?)
}

/// Shows an outcome; one that is not ok ends the command with an error.
fn finish(outcome: Outcome) -> anyhow::Result<()> {
    let status = outcome.status;
    let to_stdout = status == ToolStatus::Ok || !outcome.stdout.is_empty() || !outcome.json.is_null();
    let content = outcome.into_result().content;
    if to_stdout {
        println!("{}", if std::io::stdout().is_terminal() { harmless(&content) } else { content });
    } else {
        eprintln!("{}", if std::io::stderr().is_terminal() { harmless(&content) } else { content });
    }
    anyhow::ensure!(
        status == ToolStatus::Ok,
        "the call ended with status {}",
        json!(status).as_str().unwrap_or_default()
    );
    Ok(())
}

/// What untrusted code printed, for a terminal: control characters could make it write files, rename windows, fill the clipboard.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

fn run_batch(args: &BatchArgs, home: &Home) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs = if args.jobs == 0 { cores } else { args.jobs };
    if std::io::stdin().is_terminal() {
        eprintln!("reading calls from the terminal, one JSON object a line; end with Ctrl-D");
    }
    let toolbox = open(home, jobs)?;
    // No row's time is that of the start.
    toolbox.prepare()?;
    batch::run(&toolbox, BufReader::new(std::io::stdin()), std::io::stdout(), jobs)?;
    Ok(())
}

/// Every toolkit, over a sandbox with the environment of this user, which is made at the first time. It starts at the first call that is
/// not answered natively.
fn open(home: &Home, jobs: usize) -> anyhow::Result<StandardToolbox> {
    let configure = move |python| SandboxConfig { workers: jobs.min(4), ..SandboxConfig::new(python) };
    let sandbox = setup::start_later(home.backend, &home.python(), |step| eprintln!("{step}"), configure)?;
    Ok(StandardToolbox::new(ToolkitSelection::ALL, Arc::new(sandbox)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_control_characters() {
        assert_eq!(
            harmless("a\tb\n\u{1b}]52;c;eA==\u{7}\u{9b}2Jé\r"),
            "a\tb\n\u{fffd}]52;c;eA==\u{fffd}\u{fffd}2Jé\u{fffd}"
        );
    }
}
