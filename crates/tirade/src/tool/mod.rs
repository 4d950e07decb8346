//! A tool is what the solver may call. A tool's error is text shown to the model; a broken sandbox ends the attempt.

//!
//! [`StandardToolbox`] has three lanes: native Rust on `tirade-math` (with a derivation in words), typed calls of SymPy in a confined
//! worker (arguments parsed here and sent as trees, never as text), and Python cells in a confined interpreter per session.
//! `families` has the tables of tools, [`syntax`] reads their arguments.

pub(crate) mod args;
pub mod batch;
mod batch_row;
mod cache;
mod cells;
mod families;
mod outcome;
#[cfg(test)]
mod random;
pub mod spec;
pub mod syntax;
#[cfg(test)]
mod tests;
mod toolbox;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use outcome::Outcome;
pub use toolbox::{EXECUTE_CODE, StandardSession, StandardToolbox, ToolOptions, ToolkitSelection};

use crate::model::Tools;

/// Tools for one attempt: it may hold state (Python variables), so each attempt gets its own.
#[async_trait]
pub trait ToolSession: Send {
    /// Calls the tool `name`. `Err` means that the tools themselves are broken, not that the call was wrong.
    async fn call(&mut self, name: &str, arguments: &Value) -> Result<ToolResult, ToolFailure>;
}

/// A set of tools, and the way to start a session with them.
pub trait Toolbox: Send + Sync {
    /// The tools in the order in which they are described to the model.
    fn specs(&self) -> &Tools;
    /// What determines the results: toolkit and library versions. Part of the key under which a result is stored.
    fn identity(&self) -> &str;
    /// Makes sure that the tools work, before anything is paid for that they would be called for. It may take seconds, and blocks.
    fn prepare(&self) -> Result<(), ToolFailure> {
        Ok(())
    }
    fn session(&self) -> Result<Box<dyn ToolSession>, ToolFailure>;
}

/// What a call gave, as it is shown to the model and kept in the trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    pub status: ToolStatus,
    /// The text the model sees: a JSON object for typed tools, printed output for code.
    pub content: String,
    /// How the result follows, step by step, in plain mathematical English with LaTeX; only from native tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivation: Option<String>,
    pub seconds: f64,
}

/// How a call ended, decided outside the process that ran it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    Ok,
    /// The tool or the code says that something is wrong.
    Error,
    Timeout,
    Memory,
    Output,
    Crashed,
}

/// The tools are broken (no interpreter, sandbox gone): ends the attempt as an infrastructure failure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("tools: {0}")]
pub struct ToolFailure(pub String);
