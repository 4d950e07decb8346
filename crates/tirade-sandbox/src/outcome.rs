//! From what was seen to what is told.

use crate::backend::{Ended, Outcome, Said};
use crate::{CallResult, Limits, Status};

pub(crate) fn read(outcome: Outcome, limits: &Limits) -> CallResult {
    let (status, error, json) = match outcome.ended {
        Ended::Replied(Said::Ok, _) => (Status::Ok, String::new(), None),
        Ended::Replied(Said::Error, text) => (Status::Error, lossy(short(&text)), None),
        Ended::Replied(Said::Memory, text) => (Status::Memory, memory(&text, limits), None),
        Ended::Replied(Said::Json, text) => match serde_json::from_slice(&text) {
            Ok(json) => (Status::Ok, String::new(), Some(json)),
            Err(error) => {
                (Status::Error, format!("the handler's reply cannot be read as JSON: {error}"), None)
            }
        },
        Ended::Timeout(text) => (Status::Timeout, text, None),
        Ended::Flood => {
            (Status::Output, format!("stopped: it wrote more than {} bytes", limits.flood()), None)
        }
        Ended::Crashed(text) => (Status::Crashed, text, None),
        Ended::Killed(text) => (Status::Killed, text, None),
        Ended::Broken => (Status::Crashed, "the interpreter was broken by what it ran".into(), None),
    };
    let result = CallResult {
        json,
        stdout: lossy(&outcome.stdout),
        stderr: lossy(&outcome.stderr),
        truncated: outcome.truncated,
        ..CallResult::new(status, error)
    };
    result.timed(outcome.wall, outcome.cpu)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn memory(text: &[u8], limits: &Limits) -> String {
    format!("{}\n  hint: {} MiB may be used", lossy(short(text)), limits.memory >> 20)
}

/// The interpreter keeps its errors short; a cell that answers in its place need not.
fn short(text: &[u8]) -> &[u8] {
    const ERROR_BYTES: usize = 12 << 10;
    &text[..text.len().min(ERROR_BYTES)]
}
