//! The sandbox as its users see it; the same tests for both back ends:
//!
//!     cargo test -p tirade-sandbox
//!     TIRADE_TEST_BACKEND=wasm cargo test --release -p tirade-sandbox --features wasm --test it
//!
//! One Python environment (under `target/`) and one sandbox serve all tests.

// Tests start processes of their own.
#![allow(clippy::disallowed_methods)]

mod attacks;
mod cunning;
mod hostile;
mod life;
mod session;
mod shared;
mod stranger;
mod typed;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tirade_sandbox::{BackendKind, CallResult, Limits, Sandbox, SandboxConfig, Status, setup};

/// The sandbox of all tests, or `None` (after a clear line) where no Python can be had. In CI that is a failure.
fn sandbox() -> Option<&'static Sandbox> {
    static SANDBOX: OnceLock<Option<Sandbox>> = OnceLock::new();
    SANDBOX
        .get_or_init(|| config().map(|config| Sandbox::start(config).expect("the sandbox starts")))
        .as_ref()
}

fn config() -> Option<SandboxConfig> {
    config_for(backend())
}

fn config_for(backend: BackendKind) -> Option<SandboxConfig> {
    // Another user needs another folder: `TIRADE_TEST_PYTHON=/tmp/env setpriv --reuid 12345 ... target/debug/deps/it-*`.
    let dir = std::env::var_os("TIRADE_TEST_PYTHON").map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join(backend.folder()));
    match setup::ensure_environment(backend, &dir, &mut |step| eprintln!("{step}")) {
        Ok(python) => Some(SandboxConfig { backend, workers: 2, ..SandboxConfig::new(python) }),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{error}"),
        Err(error) => {
            eprintln!("SKIPPED: no Python environment for the sandbox tests: {error}");
            None
        }
    }
}

/// The back end that all tests are run on: this system's, or that of `TIRADE_TEST_BACKEND`.
fn backend() -> BackendKind {
    std::env::var("TIRADE_TEST_BACKEND").map_or(BackendKind::default(), |name| name.parse().unwrap())
}

/// The sandbox for a test of what only processes have: descriptors, system calls, pids.
fn native() -> Option<&'static Sandbox> {
    if backend() == BackendKind::Native {
        return sandbox();
    }
    eprintln!("SKIPPED: this is about processes, and the back end is {}", backend());
    None
}

/// Whether a hostile cell ended in one of the ways it may. In WebAssembly most fail early: what they would use is not there.
fn ended_as(result: &CallResult, allowed: &[Status]) -> bool {
    let early = [Status::Error, Status::Crashed].contains(&result.status);
    allowed.contains(&result.status) || backend() == BackendKind::Wasm && early
}

/// A secret of the host that no cell may see.
const ENV_SECRET: &str = "env-secret-3391";

/// Runs one cell in a fresh session.
fn run(sandbox: &Sandbox, code: &str) -> CallResult {
    sandbox.session().execute(code, &Limits::default()).expect("the sandbox works")
}

/// The standard output of a cell that must succeed.
fn stdout(sandbox: &Sandbox, code: &str) -> String {
    let result = run(sandbox, code);
    assert_eq!(result.status, Status::Ok, "{code}\n{result:?}");
    result.stdout
}

/// Runs two plain cells after each of the hostile ones, in its session, and asserts that they find what they always find.
fn second_cells_are_unharmed(sandbox: &Sandbox, first_cells: &[(&str, &str)], limits: &Limits) {
    let mut harmed = Vec::new();
    for (name, code) in first_cells {
        let session = sandbox.session();
        let first = session.execute(code, limits).unwrap();
        for next in
            ["print(21 + 21)", "from sympy import *\nx = symbols('x')\nprint(sum(solve(x**2 - 42*x + 5, x)))"]
        {
            let second = session.execute(next, limits).unwrap();
            if second.status != Status::Ok || second.stdout != "42\n" {
                harmed.push(format!("{name}\n  {first:?}\n  {next}: {second:?}"));
            }
        }
    }
    assert!(harmed.is_empty(), "{}", harmed.join("\n"));
}
