//! A session: the cells of one problem, in one interpreter.
//!
//! A session remembers its cells, not only their results. So a worker that died (a cell ran into its limit, a zygote was
//! killed) is replaced by a fresh one that runs the earlier cells again, without the one that died; and a cell whose result
//! is in the cache need not run at all until a later cell needs its definitions.

use crate::backend::{Ended, Kind, Worker};
use crate::outcome::read;
use crate::{CacheKey, CallResult, Limits, ResultCache, Sandbox, SandboxError, SessionLimits, Status};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Cells that share their definitions. Calls of one session run one after the other; sessions share nothing.
///
/// Between calls the process is stopped, so that nothing a cell left behind runs on.
pub struct Session {
    sandbox: Sandbox,
    cache: Option<Arc<ResultCache>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    worker: Option<Box<dyn Worker>>,
    /// The last worker was left unable to run anything.
    broken: bool,
    history: History,
    spent: Spent,
    answered: HashMap<String, (String, CallResult)>,
}

/// The cells that make up the session's state, and how many of them the worker has run.
#[derive(Default)]
struct History {
    cells: Vec<(String, Duration)>,
    applied: usize,
    /// The worker holds something no replay would bring back.
    tainted: bool,
    /// Deaths without a good call between them.
    deaths: u32,
}

#[derive(Default)]
struct Spent {
    calls: u32,
    wall: Duration,
    cpu: Duration,
}

/// A history longer than this is not worth replaying.
const HISTORY_BYTES: usize = 1 << 20;

impl Session {
    pub(crate) fn new(sandbox: Sandbox, cache: Option<Arc<ResultCache>>) -> Session {
        Session { sandbox, cache, state: Mutex::default() }
    }

    /// Runs one cell. As in a notebook, the value of a last expression is printed unless it is `None`.
    ///
    /// A cell that has to be killed leaves no trace: the next one finds the definitions of the cells before it, or is told
    /// that they are gone ([`CallResult::state_lost`]) when running those again would take longer than a call may.
    ///
    /// # Errors
    /// Only when the sandbox itself is broken; whatever the code does is a [`CallResult`].
    pub fn execute(&self, code: &str, limits: &Limits) -> Result<CallResult, SandboxError> {
        self.execute_in(&mut self.lock(), code, limits)
    }

    /// The same for a call that may be repeated because its reply was lost: under one `id` the code runs once, and the
    /// repetition gets the first result, marked as [`CallResult::cached`].
    ///
    /// # Errors
    /// [`SandboxError::Reused`] when the id was used for other code.
    pub fn execute_once(&self, id: &str, code: &str, limits: &Limits) -> Result<CallResult, SandboxError> {
        let mut state = self.lock();
        if let Some((before, result)) = state.answered.get(id) {
            let same = before == code;
            return same
                .then(|| CallResult { cached: true, ..result.clone() })
                .ok_or_else(|| SandboxError::Reused(id.into()));
        }
        let result = self.execute_in(&mut state, code, limits)?;
        state.answered.insert(id.into(), (code.into(), result.clone()));
        Ok(result)
    }

    /// Bytes of memory that the session's process has taken for itself; 0 without one.
    pub fn memory(&self) -> u64 {
        self.lock().worker.as_ref().map_or(0, |worker| worker.memory())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn execute_in(&self, state: &mut State, code: &str, limits: &Limits) -> Result<CallResult, SandboxError> {
        let key = self.key(&state.history, code, limits);
        if let (Some(cache), Some(key)) = (&self.cache, &key)
            && let Some(known) = cache.get(key)
        {
            state.history.add(code, Duration::from_secs_f64(known.wall_ms / 1e3));
            return Ok(known);
        }
        let all = &self.sandbox.config.session;
        if let Some(why) = state.spent.refusal(all) {
            return Ok(CallResult::new(Status::Timeout, why));
        }
        let limits = state.spent.remaining(all, limits);
        let result = state.run(&self.sandbox, code, &limits)?;
        if let (Some(cache), Some(key)) = (&self.cache, &key) {
            cache.put(key, &result);
        }
        Ok(result)
    }

    /// Everything the result depends on: versions, history, code, and the limits that a cell can notice and live on.
    fn key(&self, history: &History, code: &str, limits: &Limits) -> Option<CacheKey> {
        let versions = self.cache.as_ref().map(|_| self.sandbox.versions())?;
        let (output, memory) = (limits.output.to_le_bytes(), limits.memory.to_le_bytes());
        let mut parts: Vec<&[u8]> = vec![b"cell", versions.as_bytes(), &output, &memory];
        parts.extend(history.cells.iter().map(|(code, _)| code.as_bytes()));
        parts.push(code.as_bytes());
        (!history.tainted).then(|| CacheKey::of(&parts))
    }
}

impl State {
    /// A call whose process was killed by someone else is made once more: its code had no effect outside. So is one that met
    /// an interpreter broken by earlier cells, without those.
    fn run(&mut self, sandbox: &Sandbox, code: &str, limits: &Limits) -> Result<CallResult, SandboxError> {
        let first = self.history.cells.is_empty() && !self.history.tainted;
        let result = self.run_once(sandbox, code, limits)?;
        if std::mem::take(&mut self.broken) && !first {
            self.history = History::default();
            let result = self.run_once(sandbox, code, limits)?;
            return Ok(CallResult { state_lost: true, ..result });
        }
        if result.status != Status::Killed || result.state_lost {
            return Ok(result);
        }
        self.run_once(sandbox, code, limits)
    }

    fn run_once(
        &mut self,
        sandbox: &Sandbox,
        code: &str,
        limits: &Limits,
    ) -> Result<CallResult, SandboxError> {
        let mut lost = self.revive(sandbox, limits)?;
        let mut result = self.exchange(code, limits).ok_or(SandboxError::NoChild(0))?;
        if self.worker.is_none() {
            lost |= self.history.died(limits);
        } else if result.status.is_repeatable() {
            self.history.ran(code, Duration::from_secs_f64(result.wall_ms / 1e3));
        } else {
            self.history.tainted = true;
        }
        result.state_lost = lost;
        Ok(result)
    }

    /// Makes sure of a worker that has run all earlier cells; true when their definitions are lost.
    fn revive(&mut self, sandbox: &Sandbox, limits: &Limits) -> Result<bool, SandboxError> {
        let mut lost = false;
        if self.worker.as_mut().is_some_and(|worker| !worker.is_idle()) {
            self.worker = None;
            lost = self.history.died(limits);
        } else if self.worker.as_ref().is_some_and(|worker| worker.is_full()) {
            // What fills it is among the definitions: running them again would fill the next one.
            self.worker = None;
            self.history = History::default();
            lost = true;
        }
        for _ in 0..3 {
            if self.worker.is_none() {
                self.worker = Some(sandbox.backend.worker()?);
            }
            while self.worker.is_some()
                && let Some((code, _)) = self.history.cells.get(self.history.applied)
            {
                let code = code.clone();
                self.exchange(&code, limits);
                self.history.applied += 1;
            }
            if self.worker.is_some() {
                break;
            }
            lost |= self.history.died(limits);
        }
        Ok(lost)
    }

    /// One exchange; a worker that does not survive it is dropped.
    fn exchange(&mut self, code: &str, limits: &Limits) -> Option<CallResult> {
        let worker = self.worker.as_mut()?;
        worker.pause(false);
        let outcome = worker.exchange(Kind::Cell, code.as_bytes(), limits);
        self.spent.calls += 1;
        self.spent.wall += outcome.wall;
        self.spent.cpu += outcome.cpu;
        self.broken = outcome.ended == Ended::Broken;
        if outcome.is_alive() {
            worker.pause(true);
        } else {
            self.worker = None;
        }
        Some(read(outcome, limits))
    }
}

impl History {
    /// Adds a cell that the worker has run.
    fn ran(&mut self, code: &str, wall: Duration) {
        self.deaths = 0;
        self.add(code, wall);
        self.applied = self.cells.len();
    }

    /// Adds a cell whose result was known.
    fn add(&mut self, code: &str, wall: Duration) {
        self.cells.push((code.to_owned(), wall));
    }

    /// The worker is gone. True when the definitions are lost with it: they cannot be replayed, or would take too long, or
    /// a replay has just failed.
    fn died(&mut self, limits: &Limits) -> bool {
        self.deaths += 1;
        let wall: Duration = self.cells.iter().map(|(_, wall)| *wall).sum();
        let bytes: usize = self.cells.iter().map(|(code, _)| code.len()).sum();
        let lost = self.tainted || self.deaths > 1 || wall > limits.wall || bytes > HISTORY_BYTES;
        let had_state = self.tainted || !self.cells.is_empty();
        self.applied = 0;
        if lost {
            *self = History::default();
        }
        lost && had_state
    }
}

impl Spent {
    fn refusal(&self, all: &SessionLimits) -> Option<String> {
        let what = match () {
            () if self.calls >= all.calls => format!("{} calls", all.calls),
            () if self.wall >= all.wall => format!("{} s", all.wall.as_secs_f64()),
            () if self.cpu >= all.cpu => format!("{} s of CPU", all.cpu.as_secs_f64()),
            () => return None,
        };
        Some(format!("this session has used up its {what}; no more code is run"))
    }

    fn remaining(&self, all: &SessionLimits, limits: &Limits) -> Limits {
        let (wall, cpu) = (all.wall.saturating_sub(self.wall), all.cpu.saturating_sub(self.cpu));
        Limits { wall: limits.wall.min(wall), cpu: limits.cpu.min(cpu), ..*limits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(cells: &[u64]) -> History {
        let mut history = History::default();
        for seconds in cells {
            history.ran("x", Duration::from_secs(*seconds));
        }
        history
    }

    #[test]
    fn a_death_costs_the_definitions_only_when_they_cannot_be_replayed() {
        let limits = Limits::default();
        let mut short = history(&[1, 2]);
        assert!(!short.died(&limits));
        assert_eq!((short.cells.len(), short.applied), (2, 0));
        assert!(short.died(&limits), "the second death in a row");
        assert!(short.cells.is_empty());

        assert!(history(&[6, 6]).died(&limits), "longer than a call may take");
        assert!(!History::default().died(&limits), "nothing to lose");
        let mut tainted = History { tainted: true, ..History::default() };
        assert!(tainted.died(&limits));
        assert!(!tainted.tainted, "a fresh interpreter has no past");
    }
}
