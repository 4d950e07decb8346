//! Integration tests of tirade-math: tables of answers, completions and statements, and the computer algebra.

mod cas;
mod claims;
mod completions;
mod fresh;
mod pairs;
mod parsing;
mod properties;
mod readings;
mod statements;
mod sympy;
mod variants;
