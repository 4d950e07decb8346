//! Tests over real sockets, files and processes.

// Tests start processes of their own.
#![allow(clippy::disallowed_methods)]

mod registry;
mod remote;
