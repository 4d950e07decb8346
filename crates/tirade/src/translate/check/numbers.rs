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

/// Results of the trace that the text does not contain. Of a result with several numbers one must appear, a large one if there is any; a decimal
/// may stand as a fraction or rounded.
pub(super) fn missing_results(case: &Case<'_>) -> Vec<Finding> {
    let present: HashSet<String> = numbers(case.text).map(|number| number.text).collect();
    let values = values(case.text);
    let mut findings = Vec::new();
    for result in &case.results {
        let all: Vec<Number> = numbers(result).collect();
        let any_large = all.iter().any(|number| number.value > SMALL);
        let mut wanted = all.iter().filter(|number| !any_large || number.value > SMALL);
        let appears = |number: &Number| {
            present.contains(&number.text) || values.iter().any(|value| rounds_to(number, *value))
        };
        if result.len() <= LONGEST_RESULT && !all.is_empty() && !wanted.any(appears) {
            let message = format!("the intermediate result {result} does not appear");
            findings.push(Finding::whole(Kind::MissingResult, message));
        }
    }
    findings
}

/// Whether a value of the text is this decimal, to the digits that people write.
fn rounds_to(number: &Number, value: f64) -> bool {
    number.text.contains('.') && (number.value - value).abs() <= 0.005 * number.value.abs().max(0.01)
}

/// Numbers and fractions of numbers: `0.5`, `1/2`, `\frac{1}{2}`.
pub(super) fn values(text: &str) -> Vec<f64> {
    let all: Vec<Number> = numbers(text).collect();
    let fractions = all.windows(2).filter_map(|pair| {
        let between = text.get(pair[0].start + pair[0].length..pair[1].start)?;
        matches!(between.trim(), "/" | "}{").then(|| pair[0].value / pair[1].value)
    });
    all.iter().map(|number| number.value).chain(fractions).collect()
}

/// Numbers of the text that are neither small, nor given, nor derived: on the one side of a formula that computes them, listed with others, or
/// the sum, difference, product or quotient of two numbers before.
pub(super) fn unsupported(case: &Case<'_>) -> Vec<Finding> {
    let sources = case.results.iter().chain(&case.sources).copied().chain([case.problem, case.gold]);
    let known: HashSet<String> = sources.flat_map(numbers).map(|number| number.text).collect();
    let computed = computed_numbers(case.text);
    let mut before: Vec<f64> = numbers(case.problem).map(|number| number.value).collect();
    let mut seen = HashSet::new();
    let mut findings = Vec::new();
    for number in numbers(case.text) {
        let end = number.start + number.length;
        let supported = number.value.abs() <= SMALL
            || COMMON.contains(&number.value)
            || known.contains(&number.text)
            || computed.contains(&number.text)
            || is_listed(case.text, number.start, end)
            || is_derived(number.value, &before);
        if before.len() < MOST_OPERANDS {
            before.push(number.value);
        }
        if !supported && seen.insert(number.text.clone()) {
            let message = format!("the number {} comes from nowhere: say how it is found", number.text);
            findings.push(Finding::at(Kind::UnsupportedNumber, number.start, end, message));
        }
    }
    findings
}

/// Numbers that everybody knows: angles, hours, percent, powers of ten.
const COMMON: [f64; 14] =
    [24.0, 26.0, 30.0, 45.0, 52.0, 60.0, 90.0, 100.0, 180.0, 270.0, 360.0, 365.0, 1000.0, 10000.0];
/// Operands tried; a solution with more numbers derives nearly everything.
const MOST_OPERANDS: usize = 60;

/// One operation away from two numbers before.
pub(super) fn is_derived(value: f64, before: &[f64]) -> bool {
    let close = |other: f64| (other - value).abs() <= 1e-9 * value.abs();
    before.iter().any(|a| before.iter().any(|b| close(a + b) || close(a - b) || close(a * b) || close(a / b)))
        || before.iter().any(|a| {
            [2.0, 10.0, 100.0].into_iter().any(|by| close(a * by) || close(a / by))
                || close(a + 1.0)
                || close(a - 1.0)
        })
}

/// One of several numbers with commas between them: `11, 13, 17`.
fn is_listed(text: &str, start: usize, end: usize) -> bool {
    let comma_behind = |rest: &str| {
        let rest = rest.trim_start_matches(['$', ')', '}']);
        rest.strip_prefix(',').is_some_and(|rest| {
            rest.trim_start_matches([' ', '$', '(', '~', '\\', 'd', 'o', 't', 's', 'l'])
                .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | 'a' | ','))
        })
    };
    let before = text[..start].trim_end_matches(['$', ' ', '(', '-']);
    let listed = |before: &str| {
        before.ends_with(',')
            && before
                .trim_end_matches([',', '$', ')', ' '])
                .ends_with(|c: char| c.is_ascii_digit() || c == 's')
    };
    comma_behind(&text[end..]) || listed(before) || listed(before.trim_end_matches("and").trim_end())
}

/// Numbers of sentences that have an equals sign, and of formulas that compute: the equation check answers for them.
fn computed_numbers(text: &str) -> HashSet<String> {
    let computing = |line: &&str| {
        ["=", "\\approx", "\\equiv", "\\implies", "\\to", "<", ">", "\\le", "\\ge"]
            .iter()
            .any(|sign| line.contains(sign))
    };
    const OPERATORS: [&str; 9] = ["+", "-", "*", "/", "^", "\\cdot", "\\times", "\\frac", "\\binom"];
    let formulas = tirade_math::formulas(text);
    let terms = formulas
        .iter()
        .map(|formula| &text[formula.inside.clone()])
        .filter(|formula| OPERATORS.iter().any(|operator| formula.contains(operator)));
    let sentences = text.lines().flat_map(|line| line.split(". "));
    sentences.filter(computing).chain(terms).flat_map(numbers).map(|number| number.text).collect()
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
    fn what_is_listed_or_one_step_away_has_a_source() {
        for (text, found) in [
            ("The primes are 13, 17, 19, and 23.", 0),
            ("Together they are 42 apples.", 0),
            ("Each has 20 of them.", 0),
            ("A turn has 360 degrees.", 0),
            ("It must be 77 then.", 1),
        ] {
            let case = Case { problem: "Add 40 and 2.", gold: "1", text, ..Case::default() };
            assert_eq!(unsupported(&case).len(), found, "{text}");
        }
    }

    #[test]
    fn results_must_appear() {
        for (text, result, missing) in [
            ("The gcd is 21.", "21", 0),
            ("The gcd is 21.", "105", 1),
            ("The two are 3 and 7.", "[3, 105]", 1),
            ("It is $\\frac{1}{8}$ of all.", "0.125", 0),
            ("It is about 6.67 litres.", "6.666666666666667", 0),
            ("It is about 6.1 litres.", "6.666666666666667", 1),
            ("It holds.", "True", 0),
        ] {
            let case = Case { text, results: vec![result], ..Case::default() };
            assert_eq!(missing_results(&case).len(), missing, "{text} {result}");
        }
    }
}
