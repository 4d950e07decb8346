//! Answers and completions written for this crate from the mathematics: `tests/answers/*.txt`, one case a line.
use tirade_math::{Gold, Policy, Verdict, verify, verify_answer};

/// The verdict a line expects, the line, what stands before `~~`, and the answer.
fn cases(
    text: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(|line| {
        let (head, answer) = line.split_once(" ~~ ").unwrap_or_else(|| panic!("no ~~ in {line}"));
        let (verdict, rest) = head.split_once(' ').unwrap_or_else(|| panic!("no gold in {line}"));
        assert!(matches!(verdict, "same" | "other" | "only"), "{line}");
        (verdict, line, rest, answer)
    })
}

fn report(failed: Vec<String>) {
    assert!(failed.is_empty(), "{} of them:\n{}", failed.len(), failed.join("\n"));
}

fn told(line: &str, v: &Verdict) -> String {
    format!("{line}\n    {} at {}: {}", v.outcome, v.stage, v.reason)
}

#[test]
fn bare_answers() {
    let policy = Policy::default();
    let mut failed = Vec::new();
    for (verdict, line, gold, answer) in cases(include_str!("../answers/fresh.txt")) {
        let v = verify_answer(&Gold::parse(gold, &policy), answer, &policy);
        if v.is_correct() != (verdict == "same") {
            failed.push(told(line, &v));
        }
    }
    report(failed);
}

/// What is not the same answer is not the same the other way round either.
#[test]
fn other_answers_are_other_both_ways() {
    let policy = Policy::default();
    let mut failed = Vec::new();
    for (verdict, line, gold, answer) in cases(include_str!("../answers/fresh.txt")) {
        let v = verify_answer(&Gold::parse(answer, &policy), gold, &policy);
        if verdict == "other" && v.is_correct() {
            failed.push(told(line, &v));
        }
    }
    report(failed);
}

#[test]
fn completions() {
    let mut failed = Vec::new();
    for (verdict, line, rest, text) in cases(include_str!("../answers/completions.txt")) {
        let (mode, gold) = rest.split_once(' ').expect("a mode and a gold");
        let policy = if mode == "strict" { Policy::strict() } else { Policy::default() };
        let v = verify(&Gold::parse(gold, &policy), &text.replace('⏎', "\n"), &policy);
        if v.is_correct() != (verdict == "same") {
            failed.push(told(line, &v));
        }
    }
    report(failed);
}
