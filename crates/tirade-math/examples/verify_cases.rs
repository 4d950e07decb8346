//! Judges a file of cases and prints the rate: `cargo run --release --example verify_cases -- FILE [--threads N] [--policy P] [--repeat N]`.
//!
//! Verdicts go to standard output, one JSON row per line, in order; the rate to standard error. With `--repeat` every row
//! is judged that often, so that small files can be timed. Rows are judged as given; expected labels are not read.
use std::time::Instant;
use tirade_math::{CaseResult, Policy, judge_line};

fn main() {
    let mut args = std::env::args().skip(1);
    let (mut file, mut threads, mut repeat, mut policy) = (String::new(), 1, 1, Policy::default());
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        match arg.as_str() {
            "--threads" => threads = value().parse().unwrap_or(1),
            "--repeat" => repeat = value().parse().unwrap_or(1),
            "--policy" => policy = Policy::for_dataset(&value()).expect("an unknown policy"),
            _ => file = arg,
        }
    }
    let text = std::fs::read_to_string(&file).expect("the cases file");
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    let started = Instant::now();
    let rows = run(&lines, threads.max(1), repeat, &policy);
    let seconds = started.elapsed().as_secs_f64() * threads as f64;
    for row in &rows {
        println!("{}", serde_json::to_string(row).expect("a row"));
    }
    eprintln!(
        "{} rows x {repeat}, {threads} threads, {:.0} rows per thread-second",
        rows.len(),
        (rows.len() * repeat) as f64 / seconds
    );
}

fn run(lines: &[&str], threads: usize, repeat: usize, policy: &Policy) -> Vec<CaseResult> {
    let size = lines.len().div_ceil(threads).max(1);
    let judge = |chunk: &[&str]| -> Vec<CaseResult> {
        let once = |line: &&str| {
            let mut row = judge_line(line, policy);
            for _ in 1..repeat {
                row = judge_line(line, policy);
            }
            row
        };
        chunk.iter().map(once).collect()
    };
    std::thread::scope(|s| {
        let workers: Vec<_> = lines.chunks(size).map(|chunk| s.spawn(move || judge(chunk))).collect();
        workers.into_iter().flat_map(|w| w.join().expect("a worker")).collect()
    })
}
