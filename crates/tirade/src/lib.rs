//! The tirade pipeline as a library: a problem goes in on the left, a report comes out on the right.
//!
//! ```text
//! dataset ─Problem─▶ solver ─Trace─▶ translate ─Solution─▶ corpus ─Example─▶ (tirade-nn trains) ─▶ eval ─Score─▶ report
//! ```
//! Every stage is a function from rows of one plain type to rows of the next. The [`store`] keeps every row; nothing on the right
//! is imported by anything on its left (`tests/it/layers.rs` reads the `use crate::` lines and checks it).
//! This crate never prints and never reads the environment: `tirade-cli` passes both in.

pub mod corpus;
pub mod dataset;
pub mod eval;
pub mod export;
pub mod hash;
pub mod import;
pub mod mock_server;
pub mod model;
pub mod pipeline;
pub mod problem;
pub mod prompts;
pub mod report;
pub mod solver;
pub mod stop;
pub mod store;
pub mod tool;
pub mod trace;
pub mod translate;
pub mod verdict;
