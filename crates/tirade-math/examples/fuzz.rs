//! An in-process fuzzer: mutates the lines of a corpus and judges pairs of them.
//!
//! `cargo run --release --example fuzz -- SEED COUNT FILE…` where a FILE is JSON lines with string fields, or plain text.
//! A panic ends the run with the input printed; a comparison slower than 100 ms, or one that differs when run again, is
//! reported and counted. Symmetry and reflexivity are checked on the way. Same seed, same inputs.
use std::time::{Duration, Instant};
use tirade_math::{
    Assumptions, ExtractMode, Gold, Outcome, Policy, check_relation, extract, parse, verify, verify_answer,
};

#[path = "support/rng.rs"]
mod rng;
use rng::Rng;

const BITS: [&str; 64] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "|",
    "\\{",
    "\\}",
    "^",
    "_",
    "/",
    "*",
    "+",
    "-",
    "=",
    "<",
    ">",
    ",",
    ";",
    ":",
    "!",
    "'",
    "%",
    "$",
    "&",
    "\\\\",
    "\\frac",
    "\\sqrt",
    "\\sqrt[3]",
    "\\pm",
    "\\left",
    "\\right",
    "\\boxed{",
    "\\text{",
    "\\text{ and }",
    "\\begin{pmatrix}",
    "\\end{pmatrix}",
    "\\begin{cases}",
    "\\sum_{k=1}^{n}",
    "\\int",
    "\\log_",
    "\\sin",
    "\\infty",
    "\\cup",
    "\\in",
    "\\circ",
    "\\overline",
    "\\pi",
    "e",
    "i",
    "x",
    "n",
    "0",
    "1",
    "2",
    "99",
    "0.5",
    "10^{10}",
    "é",
    "∞",
    "²",
    "≤",
    "\u{0}",
];

fn mutate(text: &str, other: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = text.chars().take(400).collect();
    for _ in 0..=rng.next(4) {
        let at = rng.next(chars.len() + 1);
        match rng.next(6) {
            0 if !chars.is_empty() => {
                let end = (at + 1 + rng.next(4)).min(chars.len());
                chars.drain(at.min(end)..end);
            }
            1 => {
                let bit = BITS[rng.next(BITS.len())];
                chars.splice(at..at, bit.chars());
            }
            2 => {
                let source: Vec<char> = other.chars().take(400).collect();
                let from = rng.next(source.len() + 1);
                let to = (from + rng.next(30)).min(source.len());
                chars.splice(at..at, source[from..to].iter().copied());
            }
            3 if !chars.is_empty() => {
                let (a, b) = (at.min(chars.len() - 1), rng.next(chars.len()));
                chars.swap(a, b);
            }
            4 if !chars.is_empty() => {
                let from = rng.next(chars.len());
                let piece: Vec<char> = chars[from..(from + rng.next(12)).min(chars.len())].to_vec();
                for _ in 0..=rng.next(4) {
                    chars.splice(at..at, piece.iter().copied());
                }
            }
            _ => {
                let digit = char::from(b'0' + rng.next(10) as u8);
                chars.insert(at, digit);
            }
        }
    }
    chars.into_iter().collect()
}

fn strings(value: &serde_json::Value, out: &mut Vec<String>) {
    match value {
        serde_json::Value::String(s) if !s.is_empty() => out.push(s.clone()),
        serde_json::Value::Object(map) => map.values().for_each(|v| strings(v, out)),
        _ => {}
    }
}

fn corpus(files: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for file in files {
        for line in std::fs::read_to_string(file).expect("a corpus file").lines() {
            match serde_json::from_str(line) {
                Ok(value) => strings(&value, &mut out),
                Err(_) => out.push(line.to_string()),
            }
        }
    }
    out.retain(|s| s.len() < 2000);
    out
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seed, count, files @ ..] = args.as_slice() else { panic!("SEED COUNT FILE…") };
    let (seed, count): (u64, u64) = (seed.parse().expect("a seed"), count.parse().expect("a count"));
    let corpus = corpus(files);
    let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut slow, mut odd, mut worst) = (0u64, 0u64, Duration::ZERO);
    let policies = [Policy::default(), Policy::strict(), Policy::lenient()];
    let started = Instant::now();
    for n in 0..count {
        let (a, b) = (&corpus[rng.next(corpus.len())], &corpus[rng.next(corpus.len())]);
        let gold_text = if rng.next(2) == 0 { a.clone() } else { mutate(a, b, &mut rng) };
        let pred = mutate(if rng.next(2) == 0 { a } else { b }, a, &mut rng);
        let policy = &policies[rng.next(3)];
        let before = Instant::now();
        let panicked = std::panic::catch_unwind(|| one(&gold_text, &pred, policy, n));
        let took = before.elapsed();
        match panicked {
            Err(_) => {
                println!("PANIC at input {n} of seed {seed}: gold {gold_text:?} pred {pred:?}");
                std::process::exit(1);
            }
            Ok(Some(complaint)) => {
                odd += 1;
                println!("{complaint}: gold {gold_text:?} pred {pred:?}");
            }
            Ok(None) => {}
        }
        worst = worst.max(took);
        if took > Duration::from_millis(100) {
            slow += 1;
            println!("SLOW {took:?}: gold {gold_text:?} pred {pred:?}");
        }
    }
    println!(
        "{count} inputs, seed {seed}, {:.0} s: no panic, {slow} slower than 100 ms, worst {worst:?}, {odd} complaints",
        started.elapsed().as_secs_f64()
    );
}

fn one(gold: &str, pred: &str, policy: &Policy, n: u64) -> Option<String> {
    let g = Gold::parse(gold, policy);
    let v = match n % 4 {
        0 => verify(&g, pred, policy),
        1 => {
            let _ = extract(pred, ExtractMode::Lenient);
            let _ = check_relation(pred, &Assumptions::default());
            if let Ok(e) = parse(pred) {
                // Printing and reading back must not panic either.
                let _ =
                    (parse(&e.to_string()), parse(&e.to_latex()), serde_json::to_string(&e).expect("json"));
            }
            return None;
        }
        _ => verify_answer(&g, pred, policy),
    };
    if n % 4 == 2 {
        let again = verify_answer(&Gold::parse(gold, policy), pred, policy);
        if again != v {
            return Some(format!("NOT DETERMINISTIC {v:?} then {again:?}"));
        }
        let own = verify_answer(&g, g.text(), policy);
        if !own.is_correct() && own.outcome != Outcome::NoAnswer {
            return Some(format!("NOT REFLEXIVE {own:?}"));
        }
    }
    None
}
