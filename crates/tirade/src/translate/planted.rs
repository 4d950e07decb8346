//! Pairs of results whose truth is known, made from real tool results: to find out what a judge model is worth.
//!
//! Each pair is a result and the same written differently, or a result and one with a planted error (one number, sign or operator changed, a member
//! left out) written differently too: so the writing does not give the truth away. Pairs that `tirade-math` cannot decide come first, since a
//! judge is asked about no others.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tirade_math::{Gold, Outcome, Policy};

use crate::hash::seed;

/// Two results, and whether they are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    pub result: String,
    pub written: String,
    pub same: bool,
    /// What was changed; empty where nothing was.
    pub error: String,
    /// `tirade-math` cannot tell.
    pub undecided: bool,
}

/// At most `each` pairs that are the same and `each` that differ. The same results and seed give the same pairs, in whatever order the results come.
pub fn plant(results: &[String], each: usize, seed_: u64) -> Vec<Planted> {
    let distinct: BTreeSet<&String> = results.iter().filter(|result| usable(result)).collect();
    let (mut same, mut different) = (Vec::new(), Vec::new());
    for result in distinct {
        let style = seed(&["style", &seed_.to_string(), result]);
        same.extend(pair(result, result, style, ""));
        for (error, changed) in errors(result, style) {
            different.extend(pair(result, &changed, style / 7, error));
        }
    }
    [same, different].into_iter().flat_map(|pairs| choose(pairs, each, seed_)).collect()
}

/// Results that a person could compare: not empty, not a page, no traceback.
fn usable(result: &str) -> bool {
    let length = result.chars().count();
    (1..=200).contains(&length) && result.chars().any(|c| c.is_ascii_digit()) && !result.contains("Error")
}

/// Undecided ones first, within each by hash.
fn choose(mut pairs: Vec<Planted>, each: usize, seed_: u64) -> Vec<Planted> {
    pairs.sort_by_key(|pair| {
        (!pair.undecided, seed(&["choose", &seed_.to_string(), &pair.result, &pair.written]))
    });
    pairs.truncate(each);
    pairs
}

fn pair(result: &str, other: &str, style: u64, error: &str) -> Option<Planted> {
    let written = rewritten(other, style);
    let policy = Policy::default();
    let boxed = format!("\\boxed{{{written}}}");
    let outcome = tirade_math::verify(&Gold::parse(result, &policy), &boxed, &policy).outcome;
    let same = error.is_empty();
    // A planted error that is none (0 with its sign changed), or a rewriting that changes the meaning: mathematics knows better.
    let refuted = matches!((outcome, same), (Outcome::Equal, false) | (Outcome::NotEqual, true));
    let undecided = matches!(outcome, Outcome::Unknown | Outcome::GoldUnparsed);
    (!refuted && written != result).then(|| Planted {
        result: result.to_owned(),
        written,
        same,
        error: error.to_owned(),
        undecided,
    })
}

/// The same result in other writing.
fn rewritten(result: &str, style: u64) -> String {
    let plain = result.trim();
    let inner =
        plain.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(|rest| rest.contains(": "));
    let text = match inner {
        Some(pairs) => {
            pairs.split(", ").map(|pair| pair.replacen(": ", " = ", 1)).collect::<Vec<_>>().join(" and ")
        }
        None => listed(plain),
    };
    let text = text.replace("**", "^");
    let text = if style.is_multiple_of(2) { text.replace('*', " \\cdot ") } else { text.replace('*', " ") };
    match style / 2 % 3 {
        0 => format!("the result is {text}"),
        1 => text.replace(" + ", "+").replace(" - ", "-").replace(" = ", "=") + " ",
        _ => format!("we obtain {text}"),
    }
    .trim_end()
    .to_owned()
}

/// `[2, -2]` as `2 and -2`; what is nested stays.
fn listed(text: &str) -> String {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match inner.filter(|inner| !inner.contains(['(', '[', '{'])) {
        Some(inner) => inner.split(", ").collect::<Vec<_>>().join(" and "),
        None => text.to_owned(),
    }
}

/// Ways to be wrong: what was done, and the wrong result.
fn errors(result: &str, style: u64) -> Vec<(&'static str, String)> {
    let mut errors = Vec::new();
    let numbers = numbers(result);
    if let Some(&(start, end)) = numbers.get(style as usize % numbers.len().max(1)) {
        let before = &result[..start];
        errors.push((
            "number",
            format!("{before}{}{}", other_number(&result[start..end], style), &result[end..]),
        ));
        if result[..start].ends_with('-') {
            errors.push(("sign", format!("{}{}", &result[..start - 1], &result[start..])));
        } else if before.is_empty()
            || before.ends_with(['[', '(', ' ', '{']) && !before.ends_with("- ") && !before.ends_with("+ ")
        {
            errors.push(("sign", format!("{before}-{}", &result[start..])));
        }
    }
    for (from, to) in [(" + ", " - "), (" - ", " + ")] {
        if result.contains(from) {
            errors.push(("operator", result.replacen(from, to, 1)));
        }
    }
    if let Some((first, _)) =
        result.rsplit_once(", ").filter(|_| result.starts_with('[') && result.ends_with(']'))
    {
        errors.push(("member", format!("{first}]")));
    }
    errors
}

/// Byte ranges of the runs of digits.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match found.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found
}

/// Another number of the same length: one digit is changed, the first one not to 0.
fn other_number(digits: &str, style: u64) -> String {
    let at = style as usize / 3 % digits.len();
    let digit = digits.as_bytes()[at] - b'0';
    let mut changed = (digit + 1 + (style / 11 % 8) as u8) % 10;
    if changed == 0 && at == 0 {
        changed = if digit == 9 { 8 } else { 9 };
    }
    format!("{}{changed}{}", &digits[..at], &digits[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Vec<String> {
        [
            "{A: 20, C: 16}",
            "[-2, 2]",
            "x**2 + 7*x + 10",
            "47/72",
            "(175, 140, 280, 595)",
            "6.0",
            "Interval(2, 5)",
            "sqrt(39)",
            "True",
            "",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    #[test]
    fn pairs_are_what_they_say_they_are() {
        let pairs = plant(&results(), 50, 1);
        let count = |same| pairs.iter().filter(|pair| pair.same == same).count();
        assert!(count(true) >= 6 && count(false) >= 10, "{pairs:#?}");
        let digits =
            |text: &str| text.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect::<String>();
        for pair in &pairs {
            assert_ne!(pair.result, pair.written);
            let alike = digits(&pair.result) == digits(&pair.written);
            assert!(!pair.same || alike, "{pair:?}");
            assert!(pair.same == pair.error.is_empty());
        }
        assert!(pairs.iter().any(|pair| pair.undecided), "some are for a judge: {pairs:#?}");
    }

    #[test]
    fn the_same_seed_plants_the_same() {
        let mut backwards = results();
        backwards.reverse();
        assert_eq!(plant(&results(), 8, 3), plant(&backwards, 8, 3));
        assert_ne!(plant(&results(), 8, 3), plant(&results(), 8, 4));
        assert_eq!(plant(&results(), 2, 3).len(), 4);
        assert!(plant(&[], 9, 0).is_empty());
    }

    #[test]
    fn writing_changes_and_meaning_does_not() {
        for (result, expected) in
            [("{A: 20, C: 16}", "A = 20 and C = 16"), ("[-2, 2]", "-2 and 2"), ("x**2", "x^2")]
        {
            let forms: Vec<String> = (0..6).map(|style| rewritten(result, style)).collect();
            assert!(forms.iter().any(|form| form.ends_with(expected)), "{forms:?}");
        }
    }

    #[test]
    fn errors_are_errors() {
        for style in 0..200 {
            assert_ne!(other_number("10", style), "10");
            assert_ne!(other_number("9", style), "9");
        }
        let kinds: Vec<&str> = errors("[-2, x + 3]", 0).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["number", "sign", "operator", "member"]);
    }
}
