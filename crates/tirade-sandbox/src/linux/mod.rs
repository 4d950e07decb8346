//! The Linux back end: supervisor (this process) → zygotes → one forked, confined child per session.
//!
//! ```text
//! supervisor ──spawn──▶ zygote (CPython, everything loaded) ──fork──▶ child ◀── code, JSON
//!     │  policy.rs: seccomp program,       │ applies it in each child      │
//!     │  landlock ruleset, rlimits         └─ pidfd ─────────┐             │ link, stdout, stderr
//!     └── checks /proc/<pid>/status, sets rlimits, kills through the pidfd ┘
//! ```
//!
//! Why Python applies what Rust decides: the guard must go up *after* fork, in a process that is already an interpreter,
//! and a helper library would have to be built and shipped for it. So Rust compiles the filter and passes the bytes; some
//! forty lines of the zygote hand them to the kernel; and before a child gets any code Rust looks from outside whether they
//! hold (`Seccomp: 2`, `NoNewPrivs: 1`, one thread, no capabilities) and refuses otherwise. Resource limits need no
//! courier: `prlimit` works from outside.
//!
//! A child shares the zygote's memory until it writes to it; `python/share.py` makes that rare, so that a session starts fast.
//!
//! What is not covered: holes of the kernel reachable through the ~50 allowed calls, side channels (time, caches), and
//! what code of one session does to later calls of the same session.

mod child;
mod exchange;
mod layers;
pub(crate) mod policy;
mod spawn;
mod wire;
mod zygote;

use crate::backend::{Backend, Worker};
use crate::probe::Layer;
use crate::{SandboxConfig, SandboxError};
use std::sync::atomic::{AtomicUsize, Ordering};
use zygote::Zygote;

/// Zygotes, used in turn.
pub(crate) struct Linux {
    zygotes: Vec<Zygote>,
    next: AtomicUsize,
    seccomp_filters: u32,
    versions: String,
    layers: Vec<Layer>,
}

impl Linux {
    /// Starts the first zygote, and when it is ready the others: on a busy machine they would only slow it down.
    pub fn start(config: &SandboxConfig) -> Result<Linux, SandboxError> {
        policy::seccomp()?;
        let mut zygotes = vec![Zygote::keep(config)];
        let facts = zygotes[0].ready()?;
        zygotes.extend((1..config.workers).map(|_| Zygote::keep(config)));
        let versions =
            facts.versions.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>();
        Ok(Linux {
            zygotes,
            next: AtomicUsize::new(0),
            seccomp_filters: own_filters(),
            versions: versions.join(", "),
            layers: layers::describe(&facts.layers),
        })
    }

    /// The next zygote in turn that has a spare child, or the next in turn.
    fn zygote(&self) -> &Zygote {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let turn = |offset| &self.zygotes[(first + offset) % self.zygotes.len()];
        (0..self.zygotes.len())
            .map(turn)
            .find(|zygote| zygote.spares() > 0)
            .unwrap_or_else(|| self.waitable(first))
    }

    /// A zygote that is starting (again) would make the caller wait; prefer one that is ready.
    fn waitable(&self, first: usize) -> &Zygote {
        let turn = |offset| &self.zygotes[(first + offset) % self.zygotes.len()];
        (0..self.zygotes.len()).map(turn).find(|zygote| zygote.is_ready()).unwrap_or_else(|| turn(0))
    }
}

impl Backend for Linux {
    fn worker(&self) -> Result<Box<dyn Worker>, SandboxError> {
        Ok(Box::new(self.zygote().child(self.seccomp_filters)?))
    }

    fn versions(&self) -> &str {
        &self.versions
    }

    fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

/// Filters this process already runs under (a container's): a child has these and ours.
fn own_filters() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let count = status.lines().find_map(|line| line.strip_prefix("Seccomp_filters:")?.trim().parse().ok());
    count.unwrap_or(0)
}
