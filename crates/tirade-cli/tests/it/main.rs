//! Whole runs of the binary, as a user gives them.

// These tests start the program they test.
#![allow(clippy::disallowed_methods)]

mod command;
mod errors;
mod kill;
mod pipeline;
mod real_model;
mod training;
