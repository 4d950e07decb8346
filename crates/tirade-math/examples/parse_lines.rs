//! Reads one text per line and prints what the parser makes of it: `cargo run --example parse_lines < FILE`.
use std::io::{BufRead, stdin};

fn main() {
    for line in stdin().lock().lines().map_while(Result::ok) {
        let line = line.replace("⏎", "\n");
        match tirade_math::parse(&line) {
            Ok(e) => println!("{line}\t=>\t{e}\t{}", e.to_latex()),
            Err(e) => println!("{line}\t=>\tERROR {e}"),
        }
    }
}
