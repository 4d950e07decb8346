//! The command `tirade`: the only crate that prints or reads the environment.
fn main() {}
