//! What a program printed, beside what it must print by the explanation.

use tirade_math::expr::Decimal;
use tirade_math::{Outcome, Rational, equivalent};

use super::Unexplained;
use super::evaluate::Worked;
use super::value::{Number, Value};
use crate::tool::syntax::{Names, read};

/// A part of a printed line.
#[derive(Clone, Debug)]
pub(super) enum Fragment {
    Text(String),
    /// A value and its format, such as `.2f`.
    Value(Worked, String),
}

/// Floating point may be off by this share.
const NOISE: f64 = 1e-9;

/// Whether the output is what was to be printed.
///
/// # Errors
/// The value that differs.
pub(super) fn matches(printed: &[Vec<Fragment>], output: &str) -> Result<(), Unexplained> {
    let mut rest = output.trim();
    for line in printed {
        for (index, fragment) in line.iter().enumerate() {
            rest = rest.trim_start();
            match fragment {
                Fragment::Text(text) => {
                    rest = skip_text(rest, text).ok_or_else(|| differs(text, rest))?;
                }
                Fragment::Value(worked, format) => {
                    let next = line[index + 1..].iter().find_map(|fragment| match fragment {
                        Fragment::Text(text) if !text.trim().is_empty() => Some(text.trim()),
                        Fragment::Value(..) => Some(" "),
                        _ => None,
                    });
                    let end = ends(rest, next)
                        .into_iter()
                        .find(|&end| same(&worked.value, rest[..end].trim(), format));
                    let shown = worked.value.tex().unwrap_or_else(|| worked.value.what().to_owned());
                    rest = &rest[end.ok_or_else(|| differs(&shown, rest))?..];
                }
            }
        }
    }
    if rest.trim().is_empty() { Ok(()) } else { Err(differs("nothing more", rest)) }
}

fn differs(expected: &str, found: &str) -> Unexplained {
    let short = |text: &str| text.lines().next().unwrap_or_default().chars().take(60).collect::<String>();
    Unexplained::new(&format!("the output: it should be {}, but is {}", short(expected), short(found)))
}

/// Where a value may end: at the next text, at each space, at the end of the line, at the end of the output.
fn ends(rest: &str, next: Option<&str>) -> Vec<usize> {
    let line = rest.find('\n').unwrap_or(rest.len());
    let mut found: Vec<usize> = Vec::new();
    if let Some(next) = next {
        found.extend(rest[..line].match_indices(next).map(|(at, _)| at).take(40));
    }
    found.extend([line, rest.len()]);
    found
}

/// Skips printed text, whatever white space is in it.
fn skip_text<'a>(rest: &'a str, text: &str) -> Option<&'a str> {
    text.split_whitespace().try_fold(rest, |rest, word| rest.trim_start().strip_prefix(word))
}

/// Whether a printed text is the value.
pub(super) fn same(value: &Value, text: &str, format: &str) -> bool {
    match value {
        Value::None => text == "None",
        Value::Bool(value) => text == if *value { "True" } else { "False" },
        Value::Text(value) => text.trim_matches(['\'', '"']) == value,
        Value::Number(number) => same_number(number, text, format),
        Value::List(items) => all(items, inside(text, "[", "]")),
        Value::Tuple(items) => all(items, inside(text, "(", ")")),
        Value::Set(items) => same_set(items, text),
        Value::Dict(pairs) => same_pairs(pairs, text),
        Value::Matrix(rows) => {
            let row = |row: &Vec<Number>| Value::List(row.iter().cloned().map(Value::Number).collect());
            all(&rows.iter().map(row).collect::<Vec<_>>(), inside(text, "Matrix([", "])"))
        }
        Value::Relation(_) | Value::Range(..) | Value::Function(_) | Value::Lambda(_) | Value::Known(_) => {
            false
        }
    }
}

fn all(items: &[Value], inside: Option<&str>) -> bool {
    let Some(inside) = inside else { return false };
    let parts = split(inside);
    parts.len() == items.len() && items.iter().zip(parts).all(|(item, part)| same(item, part, ""))
}

fn same_set(items: &[Value], text: &str) -> bool {
    let text = text
        .strip_prefix("FiniteSet(")
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| inside(text, "{", "}"));
    let Some(text) = text else { return false };
    let parts = split(text);
    parts.len() == items.len() && items.iter().all(|item| parts.iter().any(|part| same(item, part, "")))
}

fn same_pairs(pairs: &[(Value, Value)], text: &str) -> bool {
    let Some(text) = inside(text, "{", "}") else { return false };
    let parts = split(text);
    let found = |key: &Value, value: &Value| {
        parts.iter().any(|part| {
            part.split_once(':').is_some_and(|(k, v)| same(key, k.trim(), "") && same(value, v.trim(), ""))
        })
    };
    parts.len() == pairs.len() && pairs.iter().all(|(key, value)| found(key, value))
}

fn inside<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    text.trim().strip_prefix(open)?.strip_suffix(close)
}

/// The parts between commas that stand in no brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

fn same_number(number: &Number, text: &str, format: &str) -> bool {
    let plain: String = text.chars().filter(|c| *c != ',').collect();
    let percent = format.ends_with('%');
    let plain = if percent { plain.trim_end_matches('%').to_owned() } else { plain };
    if let Some(written) = Decimal::parse(plain.strip_prefix('-').unwrap_or(&plain)) {
        let value = if plain.starts_with('-') { -written.value } else { written.value };
        return near(number, &value, plain.contains(['.', 'e']), places(format), percent);
    }
    let Ok(expr) = read(text, &Names::default()) else { return false };
    number.expr == expr || equivalent(&number.expr, &expr).outcome == Outcome::Equal
}

fn near(number: &Number, written: &Rational, is_decimal: bool, places: Option<i32>, percent: bool) -> bool {
    if !is_decimal && places.is_none() {
        return number.rational() == Some(written);
    }
    let Some(value) = number.approximate() else { return false };
    let value = if percent { value * 100.0 } else { value };
    let written = written.to_f64().value();
    let rounding = places.map_or(0.0, |places| 0.500_001 * 10f64.powi(-places));
    (value - written).abs() <= rounding.max(NOISE * value.abs().max(1.0))
}

/// `.2f` has two.
fn places(format: &str) -> Option<i32> {
    let digits = format.trim_start_matches(',').strip_prefix('.')?.trim_end_matches(['f', '%', 'g']);
    digits.parse().ok().filter(|places| (0..=30).contains(places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_values_are_recognised() {
        let number = |text: &str| Value::Number(Number::literal(text).unwrap());
        let list = Value::List(vec![number("1"), number("2")]);
        let pair = Value::Dict(vec![(Value::Text("x".into()), number("3"))]);
        for (value, text, format, expected) in [
            (number("12"), "12", "", true),
            (number("12"), "12.0", "", true),
            (number("12"), "12.000000000000002", "", true),
            (number("12"), "13", "", false),
            (number("2.346"), "2.35", ".2f", true),
            (number("2.346"), "2.34", ".2f", false),
            (number("1234"), "1,234", ",", true),
            (list.clone(), "[1, 2]", "", true),
            (list, "[2, 1]", "", false),
            (pair, "{x: 3}", "", true),
            (Value::Bool(true), "True", "", true),
        ] {
            assert_eq!(same(&value, text, format), expected, "{text} {format}");
        }
    }

    #[test]
    fn lines_are_matched_part_by_part() {
        let value = |text: &str| {
            Fragment::Value(Worked::plain(Value::Number(Number::literal(text).unwrap())), String::new())
        };
        let text = |text: &str| Fragment::Text(text.into());
        let line = vec![text("The sum is "), value("12"), text(" dollars")];
        assert!(matches(std::slice::from_ref(&line), "The sum is 12 dollars\n").is_ok());
        assert!(matches(&[line.clone(), line], "The sum is 12 dollars\nThe sum is 12 dollars").is_ok());
        assert!(matches(&[vec![value("1"), value("2")]], "1 2").is_ok());
        assert!(matches(&[vec![value("1")]], "1\n2").is_err());
        assert!(matches(&[vec![value("2")]], "1").is_err());
    }
}
