//! Integration tests: tiny models made here, hostile files, and real models where they are at hand.

mod engine;
mod formats;
mod grammar;
mod hostile;
mod hub;
mod make;
mod real;
