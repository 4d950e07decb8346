//! The seam between what a session means and how an interpreter is confined.
//!
//! Linux answers with forked children of a zygote (`linux`), every system with instances of a WebAssembly component (`wasm`, a
//! cargo feature); nothing above this line knows which.

use crate::probe::Layer;
use crate::{Limits, SandboxError};
use std::time::Duration;

/// What is asked of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Run a cell.
    Cell,
    /// Load a handler's source.
    Load,
    /// Call the handler with JSON.
    Typed,
}

impl Kind {
    /// As the interpreter's `answer` knows it (python/cells.py).
    pub fn byte(self) -> u8 {
        match self {
            Kind::Cell => b'C',
            Kind::Load => b'L',
            Kind::Typed => b'T',
        }
    }
}

/// What a worker says about its own call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Ok,
    Error,
    Memory,
    Json,
}

impl Said {
    /// What the interpreter may answer to a request; `None` when it says that it is broken, or anything else.
    pub fn read(byte: u8, kind: Kind) -> Option<Said> {
        match (byte, kind) {
            (b'o', Kind::Cell | Kind::Load) => Some(Said::Ok),
            (b'j', Kind::Typed) => Some(Said::Json),
            (b'e', _) => Some(Said::Error),
            (b'm', _) => Some(Said::Memory),
            _ => None,
        }
    }
}

/// Bytes of a reply (an error text, a header) beyond the output limit.
pub(crate) const SLACK: usize = 64 << 10;
/// What a small call takes: an arena or two of the interpreter. A worker with less memory left is full.
pub(crate) const FULL: u64 = 3 << 20;

/// How an exchange ended, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// A well-formed reply.
    Replied(Said, Vec<u8>),
    /// The named limit was reached and the worker killed.
    Timeout(String),
    /// The output flooded and the worker was killed.
    Flood,
    /// The worker ended by itself.
    Crashed(String),
    /// The worker was killed by someone else.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "nobody kills what is no process"))]
    Killed(String),
    /// The interpreter cannot carry out a request, or does not keep to the protocol: this one or an earlier one broke it.
    Broken,
}

/// One exchange with a worker.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub ended: Ended,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub truncated: bool,
    pub wall: Duration,
    pub cpu: Duration,
}

impl Outcome {
    /// Whether the worker may be asked again.
    pub fn is_alive(&self) -> bool {
        matches!(self.ended, Ended::Replied(..))
    }
}

/// One confined interpreter.
pub(crate) trait Worker: Send {
    /// Sends one request and waits for its end, whatever that is.
    fn exchange(&mut self, kind: Kind, body: &[u8], limits: &Limits) -> Outcome;

    /// Whether the worker still waits for a request, untouched since the last reply.
    fn is_idle(&mut self) -> bool;

    /// Stops or resumes the worker between calls.
    fn pause(&mut self, paused: bool);

    /// Whether so little of its memory limit is left that hardly any call could be carried out.
    fn is_full(&self) -> bool;

    /// Bytes of memory it has taken since it was fresh.
    fn memory(&self) -> u64;
}

/// A source of confined interpreters.
pub(crate) trait Backend: Send + Sync {
    /// A fresh worker, confined and checked.
    fn worker(&self) -> Result<Box<dyn Worker>, SandboxError>;

    /// Makes sure that workers can be had; whoever does not call it waits at the first worker.
    fn prepare(&self) -> Result<(), SandboxError> {
        Ok(())
    }

    /// Versions of what runs the code, as one line: part of every cache key.
    fn versions(&self) -> &str;

    /// What confines the code on this machine.
    fn layers(&self) -> &[Layer];
}
