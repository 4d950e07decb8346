//! A session: the cells of one problem, in one interpreter.

use crate::backend::{Ended, Kind, Outcome, Said, Worker};
use crate::{CallResult, Limits, Sandbox, SandboxError, Status};
use std::sync::Mutex;
use std::time::Duration;

/// Cells that share their definitions. Calls of one session run one after the other; sessions share nothing.
///
/// Between calls the process is stopped, so that nothing a cell left behind runs on.
pub struct Session {
    sandbox: Sandbox,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    worker: Option<Box<dyn Worker>>,
    /// Cells have run in some interpreter: losing the worker loses definitions.
    used: bool,
    calls: u32,
    wall: Duration,
    cpu: Duration,
}

impl Session {
    pub(crate) fn new(sandbox: Sandbox) -> Session {
        Session { sandbox, state: Mutex::default() }
    }

    /// Runs one cell. As in a notebook, the value of a last expression is printed unless it is `None`.
    ///
    /// A call that is killed takes the session's definitions along: the next one starts afresh and says so
    /// ([`CallResult::state_lost`]).
    ///
    /// # Errors
    /// Only when the sandbox itself is broken; whatever the code does is a [`CallResult`].
    pub fn execute(&self, code: &str, limits: &Limits) -> Result<CallResult, SandboxError> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(spent) = state.spent(&self.sandbox) {
            return Ok(CallResult::new(Status::Timeout, spent));
        }
        let lost = state.prepare(&self.sandbox)?;
        let limits = state.remaining(&self.sandbox, limits);
        let Some(worker) = &mut state.worker else { return Err(SandboxError::NoChild(0)) };
        worker.pause(false);
        let outcome = worker.exchange(Kind::Cell, code.as_bytes(), &limits);
        let alive = outcome.is_alive();
        if alive {
            worker.pause(true);
        }
        state.account(&outcome);
        if !alive {
            state.worker = None;
            state.used = false;
        }
        let mut result = read(outcome, &limits);
        result.state_lost = lost || !alive;
        Ok(result)
    }
}

impl State {
    /// Makes sure of a worker; true when definitions were lost on the way.
    fn prepare(&mut self, sandbox: &Sandbox) -> Result<bool, SandboxError> {
        let dead = self.worker.as_mut().is_some_and(|worker| !worker.is_idle());
        if dead {
            self.worker = None;
        }
        let lost = dead && self.used;
        if self.worker.is_none() {
            self.worker = Some(sandbox.backend.worker()?);
        }
        self.used = true;
        Ok(lost)
    }

    fn account(&mut self, outcome: &Outcome) {
        self.calls += 1;
        self.wall += outcome.wall;
        self.cpu += outcome.cpu;
    }

    fn spent(&self, sandbox: &Sandbox) -> Option<String> {
        let all = &sandbox.config.session;
        let what = match () {
            () if self.calls >= all.calls => format!("{} calls", all.calls),
            () if self.wall >= all.wall => format!("{} s", all.wall.as_secs_f64()),
            () if self.cpu >= all.cpu => format!("{} s of CPU", all.cpu.as_secs_f64()),
            () => return None,
        };
        Some(format!("this session has used up its {what}; no more code is run"))
    }

    fn remaining(&self, sandbox: &Sandbox, limits: &Limits) -> Limits {
        let all = &sandbox.config.session;
        Limits {
            wall: limits.wall.min(all.wall - self.wall),
            cpu: limits.cpu.min(all.cpu - self.cpu),
            ..*limits
        }
    }
}

/// Turns what was seen into what is told.
pub(crate) fn read(outcome: Outcome, limits: &Limits) -> CallResult {
    let (status, error, json) = match outcome.ended {
        Ended::Replied(Said::Ok, _) => (Status::Ok, String::new(), None),
        Ended::Replied(Said::Error, text) => (Status::Error, lossy(&text), None),
        Ended::Replied(Said::Memory, text) => (Status::Memory, memory(&text, limits), None),
        Ended::Replied(Said::Json, text) => match serde_json::from_slice(&text) {
            Ok(json) => (Status::Ok, String::new(), Some(json)),
            Err(error) => (Status::Crashed, format!("the handler did not answer with JSON: {error}"), None),
        },
        Ended::Timeout(text) => (Status::Timeout, text, None),
        Ended::Flood => {
            (Status::Output, format!("stopped: it wrote more than {} bytes", limits.flood()), None)
        }
        Ended::Crashed(text) => (Status::Crashed, text, None),
        Ended::Killed(text) => (Status::Killed, text, None),
    };
    CallResult {
        json,
        stdout: lossy(&outcome.stdout),
        stderr: lossy(&outcome.stderr),
        truncated: outcome.truncated,
        ..CallResult::new(status, error)
    }
    .timed(outcome.wall, outcome.cpu)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn memory(text: &[u8], limits: &Limits) -> String {
    format!("{}\n  hint: {} MiB may be used", lossy(text), limits.memory >> 20)
}
