//! A back end that is started when the first interpreter is asked for: a command that finds everything done starts none.

use crate::backend::{Backend, Worker};
use crate::probe::Layer;
use crate::{Sandbox, SandboxError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What will be started, and what it is known to be.
pub(crate) struct Later {
    start: Box<Start>,
    versions: String,
    started: OnceLock<Arc<dyn Backend>>,
    starting: Mutex<()>,
}

pub(crate) type Start = dyn Fn() -> Result<Sandbox, SandboxError> + Send + Sync;

impl Later {
    pub fn new(start: Box<Start>, versions: String) -> Later {
        Later { start, versions, started: OnceLock::new(), starting: Mutex::new(()) }
    }

    /// The started back end, attacked with the probes first. One caller starts it, others wait; after a failure the next tries again.
    fn backend(&self) -> Result<&Arc<dyn Backend>, SandboxError> {
        let _one_at_a_time = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(backend) = self.started.get() {
            return Ok(backend);
        }
        let backend = (self.start)()?.backend;
        if backend.versions() != self.versions {
            let (found, known) = (backend.versions().to_owned(), self.versions.clone());
            return Err(SandboxError::Changed { found, known });
        }
        Ok(self.started.get_or_init(|| backend))
    }
}

impl Backend for Later {
    fn worker(&self) -> Result<Box<dyn Worker>, SandboxError> {
        self.backend()?.worker()
    }

    fn prepare(&self) -> Result<(), SandboxError> {
        self.backend().map(drop)
    }

    fn versions(&self) -> &str {
        &self.versions
    }

    fn layers(&self) -> &[Layer] {
        self.started.get().map_or(&[], |backend| backend.layers())
    }
}
