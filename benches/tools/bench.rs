//! CPU time per typed call, in this process and all it starts: the native lane, a known result, and SymPy in a warm worker.
//!
//! `cargo run --release -p tirade --example tools_bench -- benches/tools/calls.jsonl PYTHON-ENVIRONMENT ROUNDS`
//! One JSON row per way and call on standard output. Counted is this thread's CPU time plus what the sandbox says of the
//! worker's. Native calls and `fresh` ones have new arguments each time, so that no cache answers.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tirade::tool::{StandardSession, StandardToolbox, ToolOptions, ToolStatus, ToolkitSelection};
use tirade_sandbox::{BackendKind, Sandbox, SandboxConfig, setup};

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> AnyResult<()> {
    let mut args = std::env::args().skip(1);
    let mut next = |what: &'static str| args.next().ok_or(what);
    let (calls, environment) = (next("which calls?")?, next("which Python environment?")?);
    let rounds: u32 = next("how many rounds?")?.parse()?;
    let python =
        setup::ensure_environment(BackendKind::Native, &std::path::absolute(environment)?, &mut |step| {
            eprintln!("{step}")
        })?;
    let sandbox = Arc::new(Sandbox::start(SandboxConfig { workers: 1, ..SandboxConfig::new(python) })?);
    let open = |native: bool, cache: bool| {
        let options = ToolOptions { native, cache, ..ToolOptions::default() };
        StandardToolbox::with_options(ToolkitSelection::ALL, Arc::clone(&sandbox), options)
    };
    let (native, known, sympy) = (open(true, false), open(true, true), open(false, false));
    for line in std::fs::read_to_string(calls)?.lines() {
        let call: Value = serde_json::from_str(line)?;
        measure("native", &call, &mut native.open(), 50 * rounds, |n| fresh(&call, n))?;
        measure("known result", &call, &mut known.open(), 50 * rounds, |_| call["args"].clone())?;
        measure("SymPy, warm", &call, &mut sympy.open(), rounds, |_| call["args"].clone())?;
        measure("SymPy, warm, fresh arguments", &call, &mut sympy.open(), rounds, |n| fresh(&call, n))?;
    }
    Ok(())
}

/// The call's `fresh` arguments with a number in the place of each `@`.
fn fresh(call: &Value, n: u32) -> Value {
    let text = call["fresh"].to_string().replace('@', &(1000 + n).to_string());
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn measure(
    way: &str,
    call: &Value,
    session: &mut StandardSession,
    rounds: u32,
    args: impl Fn(u32) -> Value,
) -> AnyResult<()> {
    let tool = call["tool"].as_str().ok_or("a call without tool")?;
    let first = session.run(tool, &call["args"], None)?;
    if first.status != ToolStatus::Ok {
        return Err(format!("{way} {tool}: {}", first.into_result().content).into());
    }
    let all: Vec<Value> = (0..rounds).map(args).collect();
    let (before, began, mut child) = (cpu_ms(), Instant::now(), 0.0);
    for args in &all {
        child += session.run(tool, args, None)?.cpu_ms;
    }
    let (cpu, wall) = (cpu_ms() - before + child, began.elapsed().as_secs_f64() * 1e3);
    let per_call = |total: f64| (total / f64::from(rounds) * 1e5).round() / 1e5;
    let row = json!({ "way": way, "call": call["name"], "calls": rounds, "cpu_ms": per_call(cpu), "wall_ms": per_call(wall) });
    println!("{row}");
    Ok(())
}

/// CPU time of this thread: all of the native lane, and this side of a SymPy call.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    nanoseconds / 1e6
}
