//! Numbers: those the trace found must be there, those nobody derived must not.

use std::collections::HashSet;

use super::{Case, Finding, Kind};

/// Numbers up to this size need no source: they count, index and halve.
const SMALL: f64 = 12.0;
/// Decimal places beyond which a number is a float's print.
const NOISE: usize = 9;
/// What may stand between groups of three digits.
const SEPARATORS: [&str; 4] = [",", "{,}", "\\,", "\\!"];
/// Results longer than this are not expected word for word.
const LONGEST_RESULT: usize = 60;

/// Results of the trace that the text does not contain: at least one of each result's numbers must appear.
pub(super) fn missing_results(case: &Case<'_>) -> Vec<Finding> {
    let present: HashSet<String> = numbers(case.text).map(|number| number.text).collect();
    let mut findings = Vec::new();
    for result in &case.results {
        let wanted: Vec<String> = numbers(result).map(|number| number.text).collect();
        let short = result.len() <= LONGEST_RESULT && !wanted.is_empty();
        if short && !wanted.iter().any(|number| present.contains(number)) {
            findings.push(Finding::whole(
                Kind::MissingResult,
                format!("the intermediate result {result} does not appear"),
            ));
        }
    }
    findings
}

/// Numbers of the text that are neither small, nor given, nor derived, nor on the one side of a formula that computes them.
pub(super) fn unsupported(case: &Case<'_>) -> Vec<Finding> {
    let sources = case.results.iter().chain(&case.sources).copied().chain([case.problem, case.gold]);
    let known: HashSet<String> = sources.flat_map(numbers).map(|number| number.text).collect();
    let computed = computed_numbers(case.text);
    let mut seen = HashSet::new();
    numbers(case.text)
        .filter(|number| {
            number.value.abs() > SMALL && !known.contains(&number.text) && !computed.contains(&number.text)
        })
        .filter(|number| seen.insert(number.text.clone()))
        .map(|number| {
            let message = format!("the number {} comes from nowhere: say how it is found", number.text);
            Finding::at(Kind::UnsupportedNumber, number.start, number.start + number.length, message)
        })
        .collect()
}

/// Numbers of lines that have an equals sign: the equation check answers for them.
fn computed_numbers(text: &str) -> HashSet<String> {
    let computing = |line: &&str| {
        ["=", "\\approx", "\\equiv", "\\implies", "\\to", "<", ">", "\\le", "\\ge"]
            .iter()
            .any(|sign| line.contains(sign))
    };
    text.lines().filter(computing).flat_map(numbers).map(|number| number.text).collect()
}

struct Number {
    /// Without thousands separators and without trailing zeros after the point.
    text: String,
    value: f64,
    start: usize,
    length: usize,
}

/// The unsigned decimal numbers of a text. `1,234` and `1{,}234` are one number, `2, 3` are two.
fn numbers(text: &str) -> impl Iterator<Item = Number> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(|c: char| c.is_ascii_digit())?;
        let length = number_length(&text.as_bytes()[start..]);
        at = start + length;
        let digits = rounded(text[start..at].chars().filter(|c| c.is_ascii_digit() || *c == '.').collect());
        let plain =
            if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
        let value = plain.parse().unwrap_or(f64::INFINITY);
        Some(Number { text: plain.to_owned(), value, start, length })
    })
}

/// A float's noise is no digit: `7480.000000000001` is `7480.000000`.
fn rounded(digits: String) -> String {
    let places = digits.split_once('.').map_or(0, |(_, places)| places.len());
    match digits.parse::<f64>() {
        Ok(value) if places > NOISE => format!("{value:.6}"),
        _ => digits,
    }
}

fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    let separator =
        |at: usize| SEPARATORS.into_iter().find(|separator| bytes[at..].starts_with(separator.as_bytes()));
    while let Some(separator) = separator(length) {
        if digits(length + separator.len()) != 3 {
            break;
        }
        length += separator.len() + 3;
    }
    if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        numbers(text).map(|number| number.text).collect()
    }

    #[test]
    fn reads_numbers() {
        assert_eq!(found("1,234 and 2, 3 and 0.50 and 7."), ["1234", "2", "3", "0.5", "7"]);
        assert_eq!(found("12{,}345 x2"), ["12345", "2"]);
        assert_eq!(found("f(1,2)"), ["1", "2"]);
        assert_eq!(found("7480.000000000001"), ["7480"]);
    }

    #[test]
    fn numbers_need_a_source() {
        let case = Case {
            problem: "Add 40 and 2.",
            gold: "42",
            text: "Some say 99. We get 40 and 42.",
            ..Case::default()
        };
        let messages: Vec<String> = unsupported(&case).into_iter().map(|finding| finding.message).collect();
        assert_eq!(messages, ["the number 99 comes from nowhere: say how it is found"]);
    }

    #[test]
    fn results_must_appear() {
        let case = Case { text: "The gcd is 21.", results: vec!["21", "105"], ..Case::default() };
        assert_eq!(missing_results(&case).len(), 1);
    }
}
