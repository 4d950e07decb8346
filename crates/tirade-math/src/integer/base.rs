//! Numerals in other bases.

use dashu::base::{Abs, DivRemEuclid, UnsignedAbs};
use dashu::integer::IBig;

use super::is_negative;
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, Worked, bounded, undefined};

const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn valid_base(base: u32) -> Exact<()> {
    if (2..=36).contains(&base) { Ok(()) } else { undefined(format!("base {base}; bases go from 2 to 36")) }
}

/// The digits of `|n|` in a base from 2 to 36, most significant first; `[0]` for zero.
///
/// # Errors
/// `Undefined` for other bases, `TooLarge` for huge numbers.
pub fn digits(n: &IBig, base: u32) -> Exact<Vec<u32>> {
    valid_base(base)?;
    bounded(n)?;
    let text = n.unsigned_abs().in_radix(base as u8).to_string();
    Ok(text.chars().filter_map(|c| c.to_digit(36)).collect())
}

/// The numeral of `n` in a base from 2 to 36, with a minus sign for negative numbers and capital letters above 9.
///
/// # Errors
/// As [`digits`].
pub fn to_base_worked(n: &IBig, base: u32) -> Exact<Worked<String>> {
    let list = digits(n, base)?;
    let sign = if is_negative(n) { "-" } else { "" };
    let body: String = list.iter().map(|&d| DIGITS[d as usize % 36] as char).collect();
    let mut steps = Derivation::default();
    let (mut rest, divisor) = (n.clone().abs(), IBig::from(base));
    let mut divisions = Vec::new();
    while !rest.is_zero() && divisions.len() < 64 {
        let (q, r) = (&rest).div_rem_euclid(&divisor);
        divisions.push(claim(format!("{rest} = {q} \\cdot {base} + {r}")));
        rest = q;
    }
    if rest.is_zero() && !divisions.is_empty() {
        steps.push(Rule::BaseDivisions, || [term(base.to_string())].into_iter().chain(divisions));
    }
    steps.push(Rule::BaseReadUp, || [term(format!("{sign}{body}_{{{base}}}"))]);
    Ok(Worked::new(format!("{sign}{body}"), steps))
}

/// The integer that a numeral in a base from 2 to 36 stands for. Letters may be small or capital.
///
/// # Errors
/// `Undefined` for other bases, foreign digits or an empty numeral; `TooLarge` for long numerals.
pub fn from_base_worked(numeral: &str, base: u32) -> Exact<Worked<IBig>> {
    valid_base(base)?;
    let (negative, body) = match numeral.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, numeral.trim()),
    };
    crate::exact::at_most("number of digits", body.len(), 4_000)?;
    let parsed: Option<Vec<u32>> = body.chars().map(|c| c.to_digit(base)).collect();
    let Some(list) = parsed.filter(|l| !l.is_empty()) else {
        return undefined(format!("the numeral {numeral:?} in base {base}"));
    };
    let value = list.iter().fold(IBig::ZERO, |n, &d| n * IBig::from(base) + IBig::from(d));
    let mut steps = Derivation::default();
    if list.len() <= 64 {
        let place = |(i, d): (usize, &u32)| format!("{d} \\cdot {base}^{{{}}}", list.len() - 1 - i);
        let sum: Vec<String> = list.iter().enumerate().map(place).collect();
        steps.push(Rule::BasePositional, || [claim(format!("{} = {value}", sum.join(" + ")))]);
    }
    Ok(Worked::new(if negative { -value } else { value }, steps))
}

/// Sum of the digits of `|n|` in a base.
///
/// # Errors
/// As [`digits`].
pub fn digit_sum_worked(n: &IBig, base: u32) -> Exact<Worked<IBig>> {
    let list = digits(n, base)?;
    let value: u64 = list.iter().map(|&d| u64::from(d)).sum();
    let parts: Vec<String> = list.iter().map(u32::to_string).collect();
    let mut steps = Derivation::default();
    if base != 10 {
        steps.extend(to_base_worked(n, base)?.derivation);
    }
    steps.push(Rule::DigitSum, || [claim(format!("{} = {value}", parts.join(" + ")))]);
    Ok(Worked::new(value.into(), steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for base in [2, 3, 7, 10, 16, 36] {
            for n in [-255, -1, 0, 1, 2, 35, 36, 1_000_003] {
                let text = to_base_worked(&n.into(), base).unwrap().value;
                assert_eq!(
                    from_base_worked(&text, base).unwrap().value,
                    n.into(),
                    "{n} in base {base}: {text}"
                );
            }
        }
    }

    #[test]
    fn refusals_and_sentences() {
        assert!(from_base_worked("129", 9).is_err());
        assert!(from_base_worked("", 9).is_err());
        assert!(to_base_worked(&5.into(), 1).is_err());
        let english = to_base_worked(&11.into(), 2).unwrap().derivation.render_english();
        assert!(english.contains("$11 = 5 \\cdot 2 + 1$, $5 = 2 \\cdot 2 + 1$"), "{english}");
        assert_eq!(digit_sum_worked(&(1 << 10).into(), 10).unwrap().value, 7.into());
    }
}
