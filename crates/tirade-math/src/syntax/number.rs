//! Number literals: finding where one ends, and its exact value.

use super::Commas;
use crate::expr::{Decimal, Expr, Rational};
use dashu::integer::{IBig, UBig};
use std::borrow::Cow;

/// Exponents beyond this stay unread: `1e999999999` is no number we store.
const MAX_EXPONENT: u32 = 20_000;

/// Longer literals are not turned into numbers: it would take milliseconds and no answer has them.
const MAX_DIGITS: usize = 10_000;

/// A literal found at the start of a text.
pub struct Found {
    pub len: usize,
    /// Whether a comma was read as part of it, or stood right behind it before more digits.
    pub comma: bool,
}

/// Finds the number literal at the start of `text`, which starts with a digit or a point.
pub fn scan(text: &str, commas: Commas, inside_brackets: bool) -> Found {
    let b = text.as_bytes();
    let mut i = digits(b, 0);
    let mut comma = false;
    let groupable = (1..=3).contains(&i) && b[0] != b'0';
    if groupable {
        while let Some((mark, plain)) = group_mark(&b[i..]) {
            // 1 000 is a thousand, but not where parts are separated by blanks or a fraction follows.
            if b[i] == b' ' && (inside_brackets || b.get(i + 4) == Some(&b'/')) {
                break;
            }
            if plain && (inside_brackets || commas != Commas::Group) {
                comma = !inside_brackets;
                break;
            }
            comma |= plain;
            i += mark + 3;
        }
    }
    if commas == Commas::Decimal && b.get(i) == Some(&b',') && digits(b, i + 1) > i + 1 && !inside_brackets {
        return Found { len: digits(b, i + 1), comma: true };
    }
    comma |= !inside_brackets && b.get(i) == Some(&b',') && b.get(i + 1).is_some_and(u8::is_ascii_digit);
    if b.get(i) == Some(&b'.') {
        let end = digits(b, i + 1);
        let repeats = [r"\overline", r"\bar", r"\dot"].iter().any(|r| text[end..].starts_with(r))
            || (b.get(end) == Some(&b'(')
                && b.get(digits(b, end + 1)) == Some(&b')')
                && digits(b, end + 1) > end + 1);
        if end > i + 1 || repeats {
            i = end;
        }
    }
    Found { len: exponent(b, i), comma }
}

fn digits(b: &[u8], from: usize) -> usize {
    from + b.get(from..).map_or(0, |s| s.iter().take_while(|c| c.is_ascii_digit()).count())
}

/// The length of a thousands mark with exactly three digits behind it, and whether it is a plain comma.
fn group_mark(b: &[u8]) -> Option<(usize, bool)> {
    let marks: [(&[u8], bool); 7] = [
        (b",\\!", false),
        (b"{,}", false),
        (b" ", false),
        (b"\\,", false),
        (b"\\!", false),
        (b",", true),
        (b"{,\\!}", false),
    ];
    let (mark, plain) = marks.iter().find(|(m, _)| b.starts_with(m))?;
    let mut from = mark.len();
    while b.get(from) == Some(&b' ') && !plain && *mark != b" " {
        from += 1;
    }
    (digits(b, from) == from + 3).then_some((from, *plain))
}

/// The end of the literal with an exponent such as `e10`, if one follows.
fn exponent(b: &[u8], at: usize) -> usize {
    if !matches!(b.get(at), Some(b'e' | b'E')) {
        return at;
    }
    let sign = usize::from(matches!(b.get(at + 1), Some(b'+' | b'-')));
    let end = digits(b, at + 1 + sign);
    let letter = b.get(end).is_some_and(u8::is_ascii_alphabetic);
    if end > at + 1 + sign && !letter { end } else { at }
}

/// The exact value of a literal that [`scan`] found.
pub fn value(literal: &str) -> Option<Expr> {
    if literal.len() > MAX_DIGITS {
        return None;
    }
    let (mantissa, exponent) = match literal.find(['e', 'E']) {
        Some(i) => (&literal[..i], literal[i + 1..].trim_start_matches('+').parse::<i64>().ok()?),
        None => (literal, 0),
    };
    if exponent.unsigned_abs() > u64::from(MAX_EXPONENT) {
        return None;
    }
    let mantissa = clean(mantissa);
    match mantissa.split_once('.') {
        None if exponent == 0 => Some(Expr::Num(Rational::from(integer(&mantissa)?))),
        split => {
            let (whole, fraction) = split.unwrap_or((&mantissa, ""));
            let digits: String = [whole, fraction].concat();
            Some(scaled(integer(&digits)?, fraction.len() as i64 - exponent))
        }
    }
}

/// `digits / 10^places`; negative places multiply.
fn scaled(digits: IBig, places: i64) -> Expr {
    let scale = UBig::from(10u8).pow(places.unsigned_abs() as usize);
    if places <= 0 {
        return Expr::Num(Rational::from(digits * IBig::from(scale)));
    }
    Expr::Dec(Decimal { value: Rational::from_parts(digits, scale), places: places as u32 })
}

fn integer(digits: &str) -> Option<IBig> {
    if digits.is_empty() {
        return Some(IBig::ZERO);
    }
    // u64 parsing is several times quicker and covers nearly every literal.
    match digits.parse::<u64>() {
        Ok(n) => Some(IBig::from(n)),
        Err(_) => UBig::from_str_radix(digits, 10).ok().map(IBig::from),
    }
}

/// The literal without grouping marks; a comma that is left is a decimal comma.
fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Cow::Borrowed(text);
    }
    let last = text.rsplit(',').next().unwrap_or("");
    let decimal =
        text.matches(',').count() == 1 && last.len() != 3 && last.bytes().all(|b| b.is_ascii_digit());
    let kept = text.chars().filter_map(|c| match c {
        '0'..='9' | '.' => Some(c),
        ',' if decimal => Some('.'),
        _ => None,
    });
    Cow::Owned(kept.collect())
}

/// A repeating decimal: `0.1` + `6` is 1/6.
pub fn repeating(literal: &str, cycle: &str) -> Option<Expr> {
    let (whole, head) = literal.split_once('.')?;
    if cycle.is_empty() || cycle.len() > 100 || !cycle.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let ten = UBig::from(10u8);
    let before = integer(&clean(&[whole, head].concat()))?;
    let all = integer(&clean(&[whole, head, cycle].concat()))?;
    let divisor = (ten.pow(cycle.len()) - UBig::ONE) * ten.pow(head.len());
    Some(Expr::Num(Rational::from_parts(all - before, divisor)))
}

/// `0.333…`, `0.1666…`, `0.142857142857…`: the fraction whose digits repeat as they visibly do.
pub fn continued(literal: &str) -> Option<Expr> {
    let (whole, digits) = literal.split_once('.')?;
    let b = digits.as_bytes();
    for period in 1..=b.len() / 2 {
        let needed = if period == 1 { 3 } else { 2 * period };
        // The shortest start behind which all digits repeat with this period.
        let start = (0..b.len()).find(|s| (*s..b.len()).skip(period).all(|i| b[i] == b[i - period]))?;
        if b.len() - start >= needed {
            let head = format!("{whole}.{}", &digits[..start]);
            return repeating(&head, &digits[start..start + period]);
        }
    }
    None
}
