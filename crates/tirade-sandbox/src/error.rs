//! What stops the sandbox itself. A failing cell is not an error: it is a [`CallResult`](crate::CallResult).

use std::path::PathBuf;

/// Why no sandbox, session or environment could be had. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// This system has no such back end.
    #[error(
        "no native sandbox for {0}: it needs Linux; nothing was run. Use the WASM back end (`--backend wasm`), or run tirade inside a Linux container"
    )]
    Unsupported(&'static str),
    /// The WASM back end is asked for, or is the only one here, and was not compiled in.
    #[error(
        "this tirade was built without the WASM sandbox{}; nothing was run. Build it with the feature: `cargo install --path crates/tirade-cli --features wasm`",
        if cfg!(target_os = "linux") { "" } else { ", the only one on this system" }
    )]
    NotBuilt,
    /// The component of the WASM back end cannot be loaded, or did not compile.
    #[error(
        "the WASM interpreter cannot be loaded: {0}; `tirade doctor --repair --backend wasm` makes it anew"
    )]
    Component(String),
    /// The interpreter could not be started.
    #[error("cannot start Python at {path}: {source}; run `tirade doctor --repair`, or name another interpreter", path = .path.display())]
    Python {
        /// The interpreter that was tried.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The interpreter started but could not load its modules, or died before it was ready.
    #[error(
        "the Python zygote did not become ready: {0}; `tirade doctor --repair` makes the environment anew"
    )]
    Zygote(String),
    /// The environment is not the one that results are kept under: it was made anew meanwhile.
    #[error("the tools' environment now holds {found}, not {known}; nothing was run. Give the command again")]
    Changed {
        /// What it holds.
        found: String,
        /// What it was known to hold.
        known: String,
    },
    /// No child could be had in time.
    #[error("no sandbox child within {0} s; the machine may be out of memory or processes")]
    NoChild(u64),
    /// A layer does not hold on this machine, seen from outside.
    #[error(
        "the sandbox does not hold here: {0}; nothing was run (an explicit insecure mode is the only way round)"
    )]
    NotConfined(String),
    /// A start-up probe got through.
    #[error(
        "sandbox probe `{name}` got through: {detail}; refusing to run untrusted code (an explicit insecure mode is the only way round)"
    )]
    Probe {
        /// Name of the probe.
        name: &'static str,
        /// What it saw.
        detail: String,
    },
    /// The handler given to a typed worker does not load.
    #[error("the typed handler does not load: {0}")]
    Handler(String),
    /// A call id was used for two different cells.
    #[error("call id `{0}` was already used for other code in this session; give each call its own")]
    Reused(String),
    /// A system call failed.
    #[error("{what}: {source}")]
    System {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The Python environment could not be set up.
    #[error("cannot set up Python in {dir}: {reason}\n  hint: {hint}", dir = .dir.display())]
    Setup {
        /// The folder of the environment.
        dir: PathBuf,
        /// What failed, with the tool's own words.
        reason: String,
        /// What to do next.
        hint: &'static str,
    },
}

impl SandboxError {
    /// For `map_err`: a failed system call with what was being done.
    pub(crate) fn system<E: Into<std::io::Error>>(what: &'static str) -> impl FnOnce(E) -> SandboxError {
        move |source| SandboxError::System { what, source: source.into() }
    }
}
