//! Extract and compare mathematical answers: no I/O, no clock, no thread, never panics.
#![forbid(unsafe_code)]

pub mod derivation;
pub mod exact;
pub mod integer;
pub mod matrix;
pub mod poly;
pub mod surd;
