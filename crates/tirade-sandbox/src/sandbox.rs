//! The entry: one sandbox per program, shared by all its sessions and typed workers.

use crate::backend::Backend;
use crate::later::{Later, Start};
use crate::{BackendKind, ResultCache, SandboxConfig, SandboxError, Session, TypedWorker, probe};
use std::sync::Arc;

/// A running sandbox. Cheap to clone; the last clone ends its processes.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) config: Arc<SandboxConfig>,
}

impl Sandbox {
    /// Starts the interpreters, attacks them with the start-up probes, and refuses to serve when one gets through.
    ///
    /// # Errors
    /// [`SandboxError::Unsupported`] and [`SandboxError::NotBuilt`] where the back end is not to be had, [`SandboxError::Zygote`] and
    /// [`SandboxError::Component`] when what it runs on is broken,
    /// [`SandboxError::NotConfined`] or [`SandboxError::Probe`] when a layer does not hold.
    pub fn start(mut config: SandboxConfig) -> Result<Sandbox, SandboxError> {
        // The zygote starts in `/`. Not canonical: a virtual environment is known by its link.
        config.python =
            std::path::absolute(&config.python).map_err(SandboxError::system("path of Python"))?;
        let sandbox = Sandbox { backend: backend(&config)?, config: Arc::new(config) };
        if !sandbox.config.insecure {
            probe::refuse_escapes(&sandbox)?;
        }
        Ok(sandbox)
    }

    /// A sandbox that starts when it is [prepared](Self::prepare) or first used: until then no process runs. `versions` is what the
    /// environment is known to hold, as [`versions`](Self::versions) tells it; another one is refused when it starts.
    pub(crate) fn later(config: SandboxConfig, versions: String, start: Box<Start>) -> Sandbox {
        Sandbox { backend: Arc::new(Later::new(start, versions)), config: Arc::new(config) }
    }

    /// Makes sure that the interpreters run and that the probes did not get through.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn prepare(&self) -> Result<(), SandboxError> {
        self.backend.prepare()
    }

    /// A new session: its own interpreter, state kept between its calls. The interpreter is taken at the first call.
    pub fn session(&self) -> Session {
        Session::new(self.clone(), None)
    }

    /// The same with a cache: a cell that has run after the same cells before is not run again.
    pub fn session_with_cache(&self, cache: Arc<ResultCache>) -> Session {
        Session::new(self.clone(), Some(cache))
    }

    /// A worker for trusted code on untrusted data: `handler` is Python source that defines `handle(request)`, which
    /// takes and returns JSON values. It is loaded when the worker is prepared or first called.
    pub fn typed(&self, handler: &str) -> TypedWorker {
        TypedWorker::new(self.clone(), handler)
    }

    /// What runs the code, for cache keys and reports: `mpmath 1.3.0, numpy 2.2.6, python 3.11.7, sympy 1.14.0`.
    pub fn versions(&self) -> &str {
        self.backend.versions()
    }

    /// What confines the code on this machine, layer by layer, for `tirade doctor`; nothing before it has started.
    pub fn layers(&self) -> &[probe::Layer] {
        self.backend.layers()
    }

    /// How the sandbox was set up.
    pub fn config(&self) -> &SandboxConfig {
        &self.config
    }
}

fn backend(config: &SandboxConfig) -> Result<Arc<dyn Backend>, SandboxError> {
    match config.backend {
        #[cfg(target_os = "linux")]
        BackendKind::Native => Ok(Arc::new(crate::linux::Linux::start(config)?)),
        #[cfg(not(target_os = "linux"))]
        BackendKind::Native => Err(SandboxError::Unsupported(std::env::consts::OS)),
        #[cfg(feature = "wasm")]
        BackendKind::Wasm => Ok(Arc::new(crate::wasm::Wasm::start(config)?)),
        #[cfg(not(feature = "wasm"))]
        BackendKind::Wasm => Err(SandboxError::NotBuilt),
    }
}
