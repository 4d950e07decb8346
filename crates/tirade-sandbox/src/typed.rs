//! Typed calls: trusted Python (a toolkit) on untrusted arguments, in persistent workers.

use crate::backend::{Ended, Kind, Said, Worker};
use crate::outcome::read;
use crate::{CacheKey, CallResult, Limits, ResultCache, Sandbox, SandboxError, Status, cache};
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
    cache: Option<Arc<ResultCache>>,
    idle: Arc<Mutex<Vec<Loaded>>>,
}

struct Loaded {
    worker: Box<dyn Worker>,
    calls: u32,
}

/// Loading a handler is the host's own work: generous, but not endless.
const LOADING: Duration = Duration::from_secs(30);

impl TypedWorker {
    pub(crate) fn new(sandbox: Sandbox, handler: &str) -> TypedWorker {
        TypedWorker { sandbox, handler: handler.into(), cache: None, idle: Arc::default() }
    }

    /// Makes sure that a child is there and that the handler loads.
    ///
    /// # Errors
    /// [`SandboxError::Handler`] when it does not, or what keeps the sandbox from starting.
    pub fn prepare(&self) -> Result<(), SandboxError> {
        let first = self.take()?;
        self.put_back(first);
        Ok(())
    }

    /// The same worker with a cache before it.
    pub fn with_cache(self, cache: Arc<ResultCache>) -> TypedWorker {
        TypedWorker { cache: Some(cache), ..self }
    }

    /// Calls `handle(request)`. What it returns is [`CallResult::json`]; an exception it lets through is
    /// [`Status::Error`].
    ///
    /// # Errors
    /// Only when the sandbox itself is broken.
    pub fn call(&self, request: &serde_json::Value, limits: &Limits) -> Result<CallResult, SandboxError> {
        let Some(cache) = &self.cache else { return self.run(&request.to_string(), limits) };
        let body = cache::canonical(request);
        let (versions, output) = (self.sandbox.versions(), limits.output.to_le_bytes());
        let key =
            CacheKey::of(&[b"typed", versions.as_bytes(), &output, self.handler.as_bytes(), body.as_bytes()]);
        if let Some(known) = cache.get(&key) {
            return Ok(known);
        }
        let result = self.run(&body, limits)?;
        cache.put(&key, &result);
        Ok(result)
    }

    /// A call whose process was killed by someone else is made once more.
    fn run(&self, body: &str, limits: &Limits) -> Result<CallResult, SandboxError> {
        match self.run_once(body, limits)? {
            killed if killed.status == Status::Killed => self.run_once(body, limits),
            result => Ok(result),
        }
    }

    fn run_once(&self, body: &str, limits: &Limits) -> Result<CallResult, SandboxError> {
        let mut loaded = self.take()?;
        let outcome = loaded.worker.exchange(Kind::Typed, body.as_bytes(), limits);
        loaded.calls += 1;
        let alive = outcome.is_alive();
        let result = read(outcome, limits);
        // A worker that ran out of memory may hold on to it.
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
