//! Tests over real sockets, files and processes.

mod registry;
mod remote;
