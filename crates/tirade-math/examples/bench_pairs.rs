//! Judges the rows of a cases file again and again, for `benches/verify/bench.py`: `bench_pairs FILE MODE REPEAT`.
//!
//! MODE is `fresh` (the gold answer is read each time), `reuse` (read once, as in grading many samples of a problem) or
//! `parse` (only the predictions are extracted and parsed). Prints the number of judged rows and of equal ones; the caller
//! measures CPU time.
use tirade_math::{Case, ExtractMode, Extracted, Gold, Policy, extract, parse, verify, verify_answer};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, mode, repeat] = args.as_slice() else { panic!("FILE MODE REPEAT") };
    let text = std::fs::read_to_string(file).expect("the cases file");
    let cases: Vec<Case> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let policy = Policy::default();
    let golds: Vec<Gold> = cases.iter().map(|c| Gold::parse(&c.gold, &policy)).collect();
    let judge = |case: &Case, gold: &Gold| {
        if case.is_raw() {
            verify_answer(gold, &case.pred, &policy)
        } else {
            verify(gold, &case.pred, &policy)
        }
    };
    let mut equal = 0u64;
    for _ in 0..repeat.parse().expect("a number") {
        for (case, gold) in cases.iter().zip(&golds) {
            equal += u64::from(match mode.as_str() {
                "reuse" => judge(case, gold).is_correct(),
                "fresh" => judge(case, &Gold::parse(&case.gold, &policy)).is_correct(),
                _ => match extract(&case.pred, ExtractMode::Lenient) {
                    Extracted::Answer(answer, _) => parse(&answer).is_ok(),
                    Extracted::None(_) => false,
                },
            });
        }
    }
    println!("{} {equal}", cases.len() as u64 * repeat.parse::<u64>().expect("a number"));
}
