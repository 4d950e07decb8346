//! `execute_code`: Python cells of one session, with results of known cells taken from the cache.
//!
//! A cell's result depends on the cells before it, on how much memory they all may use (a cell can notice that and live on), and on
//! nothing else (hash seeds and random seeds are fixed). So a known cell is not run but noted, and the noted cells are run only when an unknown one follows that may need their variables.

use sha2::{Digest, Sha256};
use tirade_sandbox::{CallResult, Limits, Sandbox, SandboxError, Session, Status};

use super::cache::{Cache, Key};
use super::outcome::Outcome;

/// The cells of one session.
pub struct Cells {
    sandbox: Sandbox,
    session: Session,
    /// Hash over all cells so far: what the next result depends on.
    history: [u8; 32],
    /// Cells whose result was known, not yet run in this session's interpreter.
    noted: Vec<String>,
    /// Cells that the interpreter has run to their end: what a killed interpreter is given again.
    run: Vec<String>,
}

impl Cells {
    /// No cells yet; the interpreter is taken at the first cell that has to run.
    pub fn new(sandbox: &Sandbox) -> Self {
        Self {
            sandbox: sandbox.clone(),
            session: sandbox.session(),
            history: [0; 32],
            noted: Vec::new(),
            run: Vec::new(),
        }
    }

    /// Gives up the interpreter. The next cell that has to run gets a fresh one, in which all cells so far are run first.
    pub fn hibernate(&mut self) {
        if !self.run.is_empty() {
            self.session = self.sandbox.session();
            self.run.append(&mut self.noted);
            self.noted = std::mem::take(&mut self.run);
        }
    }

    /// Bytes that the interpreter has taken for this session; 0 without one.
    pub fn memory(&self) -> u64 {
        self.session.memory()
    }

    /// The outcome of the next cell.
    ///
    /// # Errors
    /// Only when the sandbox itself is broken.
    pub fn execute(&mut self, code: &str, limits: &Limits, cache: &Cache) -> Result<Outcome, SandboxError> {
        let next = extend(&self.history, code, limits.memory);
        let fits = |known: &Outcome| known.stdout.len().max(known.stderr.len()) <= limits.output;
        if let Some(known) = cache.get(&Key::Cell(next)).filter(fits) {
            self.history = next;
            self.noted.push(code.to_owned());
            return Ok(known);
        }
        let mut call = self.run(code, limits)?;
        if lost_from_outside(&call) {
            self.session = self.sandbox.session();
            self.noted = std::mem::take(&mut self.run);
            call = self.run(code, limits)?;
        }
        // One that was stopped left no trace, and would only be stopped again.
        let ended_itself = call.status.is_repeatable();
        let outcome = Outcome::of_cell(call);
        if outcome.state_lost {
            self.forget();
        } else {
            self.history = next;
            self.run.extend(ended_itself.then(|| code.to_owned()));
            cache.put(Key::Cell(next), &outcome);
        }
        Ok(outcome)
    }

    /// Runs the noted cells, then this one.
    fn run(&mut self, code: &str, limits: &Limits) -> Result<CallResult, SandboxError> {
        let mut lost = false;
        for noted in std::mem::take(&mut self.noted) {
            lost |= self.session.execute(&noted, limits)?.state_lost;
            self.run.push(noted);
        }
        let mut call = self.session.execute(code, limits)?;
        call.state_lost |= lost;
        Ok(call)
    }

    /// After a cell that was killed the interpreter is a fresh one: its next cell follows nothing.
    fn forget(&mut self) {
        self.history = [0; 32];
        self.noted.clear();
        self.run.clear();
    }
}

/// The interpreter was killed by someone else, during this cell or before it: not the code's doing, so all is run once more.
fn lost_from_outside(call: &CallResult) -> bool {
    call.status == Status::Killed || (call.state_lost && call.status.is_repeatable())
}

fn extend(history: &[u8; 32], code: &str, memory: u64) -> [u8; 32] {
    Sha256::new()
        .chain_update(history)
        .chain_update(memory.to_le_bytes())
        .chain_update(code)
        .finalize()
        .into()
}
