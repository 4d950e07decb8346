//! What a call gives back.

use std::time::Duration;

/// How a call ended. Only `Ok`, `Error` and a caught `MemoryError` rest on the child's word, and only about its own
/// call; everything else is what the supervisor saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Ran to its end.
    Ok,
    /// Raised an exception.
    Error,
    /// Reached the wall or CPU limit and was killed.
    Timeout,
    /// Reached the memory limit.
    Memory,
    /// Flooded its output and was killed.
    Output,
    /// The process ended by itself: a signal, an exit, or a broken protocol.
    Crashed,
    /// The process was killed from outside (the system's out-of-memory killer, a dying zygote).
    Killed,
}

impl Status {
    /// Whether the same code would end like this again: what a cache may keep.
    pub fn is_repeatable(self) -> bool {
        matches!(self, Status::Ok | Status::Error)
    }
}

/// The outcome of one call.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CallResult {
    /// How it ended.
    pub status: Status,
    /// Standard output (of a cell: with the value of its last expression), cut at the limit, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, cut at the limit.
    pub stderr: String,
    /// Short and for a reader: the last line of the traceback and the offending line, or what limit was reached.
    /// Empty when all is well.
    pub error: String,
    /// The reply of a typed call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<serde_json::Value>,
    /// Real time in milliseconds.
    pub wall_ms: f64,
    /// Processor time of the child in milliseconds.
    pub cpu_ms: f64,
    /// Output was dropped.
    pub truncated: bool,
    /// Nothing ran: the result was known.
    #[serde(default)]
    pub cached: bool,
    /// The definitions of earlier cells are gone: a process died (in this call or before it) and its session could not be
    /// rebuilt from its earlier cells.
    #[serde(default)]
    pub state_lost: bool,
}

impl CallResult {
    pub(crate) fn new(status: Status, error: String) -> CallResult {
        CallResult {
            status,
            error,
            stdout: String::new(),
            stderr: String::new(),
            json: None,
            wall_ms: 0.0,
            cpu_ms: 0.0,
            truncated: false,
            cached: false,
            state_lost: false,
        }
    }

    pub(crate) fn timed(mut self, wall: Duration, cpu: Duration) -> CallResult {
        self.wall_ms = wall.as_secs_f64() * 1e3;
        self.cpu_ms = cpu.as_secs_f64() * 1e3;
        self
    }
}
