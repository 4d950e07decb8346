//! Typed calls: trusted Python (a toolkit) on untrusted arguments, in persistent workers.

use crate::backend::{Ended, Kind, Said, Worker};
use crate::{CallResult, Limits, Sandbox, SandboxError, Status, session};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A handler loaded into a few persistent children. Thread-safe: each call takes an idle child or starts one.
///
/// The children are confined like any other and replaced after a number of calls, or when a call ends them. Requests and
/// replies are JSON; nothing is unpickled or evaluated on the host's side.
#[derive(Clone)]
pub struct TypedWorker {
    sandbox: Sandbox,
    handler: Arc<str>,
    idle: Arc<Mutex<Vec<Loaded>>>,
}

struct Loaded {
    worker: Box<dyn Worker>,
    calls: u32,
}

/// Loading a handler is the host's own work: generous, but not endless.
const LOADING: Duration = Duration::from_secs(30);

impl TypedWorker {
    pub(crate) fn new(sandbox: Sandbox, handler: &str) -> Result<TypedWorker, SandboxError> {
        let typed = TypedWorker { sandbox, handler: handler.into(), idle: Arc::default() };
        let first = typed.load()?;
        typed.put_back(first);
        Ok(typed)
    }

    /// Calls `handle(request)`. What it returns is [`CallResult::json`]; an exception it lets through is
    /// [`Status::Error`].
    ///
    /// # Errors
    /// Only when the sandbox itself is broken.
    pub fn call(&self, request: &serde_json::Value, limits: &Limits) -> Result<CallResult, SandboxError> {
        let body = request.to_string();
        let mut loaded = self.take()?;
        let outcome = loaded.worker.exchange(Kind::Typed, body.as_bytes(), limits);
        loaded.calls += 1;
        let alive = outcome.is_alive();
        let mut result = session::read(outcome, limits);
        result.state_lost = !alive;
        if alive && result.status != Status::Memory && loaded.calls < self.sandbox.config.typed_recycle {
            self.put_back(loaded);
        }
        Ok(result)
    }

    fn take(&self) -> Result<Loaded, SandboxError> {
        while let Some(mut loaded) = self.lock().pop() {
            if loaded.worker.is_idle() {
                return Ok(loaded);
            }
        }
        self.load()
    }

    fn put_back(&self, loaded: Loaded) {
        self.lock().push(loaded);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Loaded>> {
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A fresh child with the handler in it; once more when the child was killed meanwhile.
    fn load(&self) -> Result<Loaded, SandboxError> {
        let limits = Limits::default().within(LOADING);
        let mut last = String::new();
        for _ in 0..3 {
            let mut worker = self.sandbox.backend.worker()?;
            match worker.exchange(Kind::Load, self.handler.as_bytes(), &limits).ended {
                Ended::Replied(Said::Ok, _) => return Ok(Loaded { worker, calls: 0 }),
                Ended::Replied(_, text) => {
                    return Err(SandboxError::Handler(String::from_utf8_lossy(&text).into_owned()));
                }
                Ended::Killed(why) => last = why,
                other => return Err(SandboxError::Handler(format!("{other:?}"))),
            }
        }
        Err(SandboxError::Handler(last))
    }
}
