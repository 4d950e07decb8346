//! Runs untrusted Python: isolation, limits, protocol. Knows nothing of models or mathematics.
//!
//! A [`Sandbox`] gives [`Session`]s (cells of code, state kept, one confined process each) and [`TypedWorker`]s (trusted
//! handlers on untrusted JSON). All calls block; wrap them in `spawn_blocking` from asynchronous code.
//!
//! ```no_run
//! use tirade_sandbox::{BackendKind, Limits, Sandbox, SandboxConfig, setup};
//!
//! let python = setup::ensure_environment(BackendKind::default(), "target/python".as_ref(), &mut |step| eprintln!("{step}"))?;
//! let sandbox = Sandbox::start(SandboxConfig::new(python))?;
//! let session = sandbox.session();
//! session.execute("from sympy import *; x = symbols('x')", &Limits::default())?;
//! let result = session.execute("solve(x**2 - 5*x + 6, x)", &Limits::default())?;
//! assert_eq!(result.stdout, "[2, 3]\n");
//! # Ok::<(), tirade_sandbox::SandboxError>(())
//! ```

// Where a back end is missing, not all is used that both share.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]
// This is the one crate that starts processes.
#![allow(clippy::disallowed_methods)]

mod backend;
mod cache;
mod capped;
mod error;
mod later;
mod limits;
#[cfg(target_os = "linux")]
mod linux;
mod outcome;
mod preload;
pub mod probe;
mod result;
mod sandbox;
mod session;
pub mod setup;
mod typed;
#[cfg(feature = "wasm")]
mod wasm;

pub use cache::{CacheKey, CacheStore, ResultCache};
pub use error::SandboxError;
pub use limits::{BackendKind, Limits, SandboxConfig, SessionLimits};
pub use result::{CallResult, Status};
pub use sandbox::Sandbox;
pub use session::Session;
pub use typed::TypedWorker;
