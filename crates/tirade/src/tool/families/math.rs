//! Exact arithmetic: CAMEL's five names, without its silent rounding to two places, and `evaluate`.

use dashu::base::{Abs, Sign, Signed, UnsignedAbs};
use dashu::integer::{IBig, UBig};
use serde_json::json;
use tirade_math::Rational;
use tirade_math::cas::{rational_text, tex};
use tirade_math::expr::Expr;

use super::native::{integer_of, rational_of};
use crate::tool::args::{Arg, Args};
use crate::tool::spec::{Answer, Decline, Kind, Param, Tool, param, tool};

const A: Param = param("a", Kind::Value, "A number such as 0.1, 3/4 or sqrt(2); decimals are exact.");
const B: Param = param("b", Kind::Value, "A number.");
const PLACES: Param =
    param("decimal_places", Kind::OptionalValue, "Places to round to; null for the exact result.");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("math_add", "a + b, exactly.", &[A, B]).native(math_add),
    tool("math_subtract", "a - b, exactly.", &[A, B]).native(math_subtract),
    tool("math_multiply", "a * b, exactly unless places to round to are given.", &[A, B, PLACES])
        .native(math_multiply),
    tool("math_divide", "a / b, exactly unless places to round to are given.", &[A, B, PLACES])
        .native(math_divide),
    tool(
        "math_round",
        "Rounds to a number of decimal places, half away from zero.",
        &[A, param("decimal_places", Kind::OptionalValue, "Places after the point; null for none.")],
    )
    .native(math_round),
    tool(
        "evaluate",
        "The exact value of an arithmetic expression, with its decimal value.",
        &[param("expression", Kind::Expression, "The expression, such as (3/4 + 0.2)^2 * 5! or sqrt(8).")],
    )
    .native(evaluate),
];

type Native = Result<Answer, Decline>;

fn math_add(args: &Args) -> Native {
    combine(args, "+", |a, b| Ok(a + b))
}

fn math_subtract(args: &Args) -> Native {
    combine(args, "-", |a, b| Ok(a - b))
}

fn math_multiply(args: &Args) -> Native {
    combine(args, "\\cdot", |a, b| Ok(a * b))
}

fn math_divide(args: &Args) -> Native {
    combine(args, ":", |a, b| {
        if b.is_zero() { Err(Decline::Error("Cannot divide by zero.".to_owned())) } else { Ok(a / b) }
    })
}

fn math_round(args: &Args) -> Native {
    let a = rational_of(args, "a")?;
    let rounded = round(&a, places(args)?.unwrap_or(0));
    let steps = format!("Rounded, ${}$ is ${}$.", number_tex(&a), number_tex(&rounded));
    Ok(answer(&rounded, steps))
}

fn evaluate(args: &Args) -> Native {
    let value = rational_of(args, "expression")?;
    let steps = format!("${} = {}$.", tex(args.expr("expression")?), number_tex(&value));
    Ok(answer(&value, steps))
}

fn combine(
    args: &Args,
    sign: &str,
    operation: fn(Rational, Rational) -> Result<Rational, Decline>,
) -> Native {
    let (a, b) = (rational_of(args, "a")?, rational_of(args, "b")?);
    let second = if b.is_negative() { format!("({})", number_tex(&b)) } else { number_tex(&b) };
    let left = format!("{} {sign} {second}", number_tex(&a));
    let exact = operation(a, b)?;
    let mut steps = format!("${left} = {}$.", number_tex(&exact));
    let Some(places) = places(args)? else { return Ok(answer(&exact, steps)) };
    let rounded = round(&exact, places);
    if rounded != exact {
        steps += &format!(" Rounded, this is ${}$.", number_tex(&rounded));
    }
    Ok(answer(&rounded, steps))
}

/// Places to round to, if any are given.
fn places(args: &Args) -> Result<Option<i32>, Decline> {
    if args.values().last() == Some(&Arg::Absent) || args.expr("decimal_places").is_err() {
        return Ok(None);
    }
    let places = i32::try_from(&integer_of(args, "decimal_places")?).ok().filter(|places| places.abs() <= 50);
    places.map(Some).ok_or_else(|| Decline::Lane("decimal_places is not between -50 and 50".to_owned()))
}

/// Half away from zero.
fn round(value: &Rational, places: i32) -> Rational {
    let scale = power_of_ten(places);
    let scaled = value.clone().abs() * &scale + Rational::from_parts(1.into(), 2u8.into());
    let rounded = Rational::from(scaled.floor()) / scale;
    if value.is_negative() { -rounded } else { rounded }
}

fn power_of_ten(exponent: i32) -> Rational {
    let power = Rational::from(UBig::from(10u8).pow(exponent.unsigned_abs() as usize));
    if exponent < 0 { Rational::ONE / power } else { power }
}

fn number_tex(value: &Rational) -> String {
    tex(&Expr::Num(value.clone()))
}

/// The decimal is told where it is not the value itself.
fn answer(value: &Rational, steps: String) -> Answer {
    let text = rational_text(value);
    let content = match decimal(value) {
        Some(decimal) if decimal != text => json!({ "result": text, "decimal": decimal }),
        _ => json!({ "result": text }),
    };
    Answer { content, derivation: Some(steps) }
}

/// All digits where they end within fifty places, else fifteen of them where no exponent is needed.
fn decimal(value: &Rational) -> Option<String> {
    if value.is_int() {
        return None;
    }
    let finite = (1..=50usize).find(|places| (value * power_of_ten(*places as i32)).is_int());
    let places = match finite {
        Some(places) => places as i32,
        None => 15 - leading_digits(value)?,
    };
    let scaled = round(value, places) * power_of_ten(places);
    Some(with_point(scaled.numerator(), places as usize))
}

/// Digits before the point; less than one for leading zeros behind it.
fn leading_digits(value: &Rational) -> Option<i32> {
    let size = value.clone().abs();
    (-3..=14).find(|digits| size < power_of_ten(*digits))
}

fn with_point(digits: &IBig, places: usize) -> String {
    let text = format!("{:0>width$}", digits.unsigned_abs().to_string(), width = places + 1);
    let (whole, rest) = text.split_at(text.len() - places);
    let sign = if digits.sign() == Sign::Negative { "-" } else { "" };
    format!("{sign}{whole}.{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_all_digits_or_fifteen() {
        for (value, expected) in [
            ("1/2", Some("0.5")),
            ("-3/8", Some("-0.375")),
            ("1/3", Some("0.333333333333333")),
            ("2/3", Some("0.666666666666667")),
            ("-200/7", Some("-28.5714285714286")),
            ("1/7000", Some("0.000142857142857143")),
            ("7", None),
        ] {
            assert_eq!(decimal(&value.parse().unwrap()).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for (value, places, expected) in
            [("5/2", 0, "3"), ("-5/2", 0, "-3"), ("2345/1000", 2, "47/20"), ("1250", -2, "1300")]
        {
            assert_eq!(round(&value.parse().unwrap(), places).to_string(), expected, "{value}");
        }
    }

    #[test]
    fn evaluates_what_is_rational() {
        for (text, expected) in [("(2/3 + 1)^2 * 3 - 5/7", "160/21"), ("5!", "120"), ("2^-3", "1/8")] {
            let e = crate::tool::syntax::read(text, &Default::default()).unwrap();
            assert_eq!(super::super::native::rational(&e).unwrap().to_string(), expected, "{text}");
        }
    }
}
