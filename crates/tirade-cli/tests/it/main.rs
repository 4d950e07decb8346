//! Whole runs of the binary, as a user gives them.

// These tests start the program they test.
#![allow(clippy::disallowed_methods)]

mod command;
mod corpus;
mod errors;
mod kill;
mod money;
mod pipeline;
mod real_model;
mod server;
mod training;
mod verify;
