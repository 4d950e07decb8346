//! One file per command; the doc comments of its arguments are its manual.

pub mod data;
