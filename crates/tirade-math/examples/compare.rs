//! Compares two texts and explains the verdict: `cargo run --example compare -- GOLD ANSWER`.
use tirade_math::{Gold, Policy, parse, verify_answer};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [gold, answer] = args.as_slice() else { panic!("two arguments: GOLD ANSWER") };
    for text in [gold, answer] {
        match parse(text) {
            Ok(e) => println!("{text}  reads as  {e}"),
            Err(e) => println!("{text}  is not read: {e}"),
        }
    }
    let policy = Policy::default();
    let v = verify_answer(&Gold::parse(gold, &policy), answer, &policy);
    println!("{} by {}: {}", v.outcome, v.stage, v.reason);
}
