//! Limits of a call and settings of a sandbox: plain data.

use std::path::PathBuf;
use std::time::Duration;

/// What one call may use. All limits are enforced from outside the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Real time; the child is killed at its end (overshoot at most 50 ms on a machine that is not starved).
    pub wall: Duration,
    /// Processor time of the call.
    pub cpu: Duration,
    /// Address space beyond what the warmed interpreter has, in bytes.
    pub memory: u64,
    /// Bytes kept of standard output, and as many of standard error. What exceeds it is dropped; a call that
    /// goes on to sixteen times as much (at least 1 MiB) is killed.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            wall: Duration::from_secs(10),
            cpu: Duration::from_secs(10),
            memory: 512 << 20,
            output: 64 << 10,
        }
    }
}

impl Limits {
    /// The same limits with another wall and CPU time.
    pub fn within(self, time: Duration) -> Limits {
        Limits { wall: time, cpu: time, ..self }
    }

    /// Bytes at which a flooding call is killed.
    pub(crate) fn flood(&self) -> usize {
        self.output.saturating_mul(16).max(1 << 20)
    }
}

/// What all calls of one session may use together; a session beyond it answers no more calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Calls.
    pub calls: u32,
    /// Real time of all calls.
    pub wall: Duration,
    /// Processor time of all calls.
    pub cpu: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        SessionLimits { calls: 1000, wall: Duration::from_secs(600), cpu: Duration::from_secs(600) }
    }
}

/// What confines the code. The default is what this system has: `native` on Linux, `wasm` elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackendKind {
    /// CPython, with SymPy, mpmath and numpy, in processes confined by the kernel. Linux only.
    Native,
    /// CPython, with SymPy and mpmath, in WebAssembly: the same on every system, and repeatable to the last clock. Slower, and a
    /// cargo feature (`wasm`).
    Wasm,
}

impl Default for BackendKind {
    fn default() -> Self {
        if cfg!(target_os = "linux") { BackendKind::Native } else { BackendKind::Wasm }
    }
}

impl BackendKind {
    /// `native` or `wasm`.
    pub fn name(self) -> &'static str {
        match self {
            BackendKind::Native => "native",
            BackendKind::Wasm => "wasm",
        }
    }

    /// The name of the folder that [`setup`](crate::setup) fills for it.
    pub fn folder(self) -> &'static str {
        match self {
            BackendKind::Native => "python",
            BackendKind::Wasm => "wasm",
        }
    }
}

impl std::fmt::Display for BackendKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for BackendKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [BackendKind::Native, BackendKind::Wasm]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("there is no back end `{name}`; there are `native` and `wasm`"))
    }
}

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// What confines the code.
    pub backend: BackendKind,
    /// What [`setup`](crate::setup) has made for it: the interpreter, or the component of the WASM back end.
    pub python: PathBuf,
    /// Zygotes: one per core is plenty, each takes about 100 MB. The WASM back end has none.
    pub workers: usize,
    /// Ready children kept per zygote, so that a new session does not wait for a fork.
    pub spares: usize,
    /// Limits of a call that names none.
    pub limits: Limits,
    /// Limits of a session.
    pub session: SessionLimits,
    /// Calls after which a typed worker is replaced by a fresh one.
    pub typed_recycle: u32,
    /// Ask for namespaces (network, IPC, host name, user) where the kernel allows them.
    pub namespaces: bool,
    /// Serve although a probe got through or a layer is missing. Never the default; say so loudly.
    pub insecure: bool,
}

impl SandboxConfig {
    /// The defaults for an interpreter.
    pub fn new(python: impl Into<PathBuf>) -> SandboxConfig {
        SandboxConfig {
            backend: BackendKind::default(),
            python: python.into(),
            workers: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
            spares: 2,
            limits: Limits::default(),
            session: SessionLimits::default(),
            typed_recycle: 500,
            namespaces: true,
            insecure: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_end_is_named_as_it_is_shown() {
        for kind in [BackendKind::Native, BackendKind::Wasm] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("docker".parse::<BackendKind>().unwrap_err().contains("`native` and `wasm`"));
    }
}
