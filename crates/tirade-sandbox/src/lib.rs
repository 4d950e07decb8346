//! Runs untrusted Python: zygote, isolation, protocol. Knows nothing of models or mathematics.
//!
//! A [`Sandbox`] gives [`Session`]s (cells of code, state kept, one confined process each) and [`TypedWorker`]s (trusted
//! handlers on untrusted JSON). All calls block; wrap them in `spawn_blocking` from asynchronous code.
//!
//! ```no_run
//! use tirade_sandbox::{Limits, Sandbox, SandboxConfig, setup};
//!
//! let python = setup::ensure_environment("target/python".as_ref(), &mut |step| eprintln!("{step}"))?;
//! let sandbox = Sandbox::start(SandboxConfig::new(python))?;
//! let session = sandbox.session();
//! session.execute("from sympy import *; x = symbols('x')", &Limits::default())?;
//! let result = session.execute("solve(x**2 - 5*x + 6, x)", &Limits::default())?;
//! assert_eq!(result.stdout, "[2, 3]\n");
//! # Ok::<(), tirade_sandbox::SandboxError>(())
//! ```

// This is the one crate that starts processes.
#![allow(clippy::disallowed_methods)]

mod backend;
mod cache;
mod error;
mod later;
mod limits;
#[cfg(target_os = "linux")]
mod linux;
mod outcome;
pub mod probe;
mod result;
mod sandbox;
mod session;
pub mod setup;
mod typed;

pub use cache::{CacheKey, CacheStore, ResultCache};
pub use error::SandboxError;
pub use limits::{Limits, SandboxConfig, SessionLimits};
pub use result::{CallResult, Status};
pub use sandbox::Sandbox;
pub use session::Session;
pub use typed::TypedWorker;
