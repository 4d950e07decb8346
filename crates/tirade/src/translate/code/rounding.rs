//! Roots and rounding.

use dashu::integer::IBig;
use tirade_math::{Expr, Rational, integer};

use super::Unexplained;
use super::evaluate::Worked;
use super::follow::Reader;
use super::value::{Kind, Number, Value};

impl Reader {
    pub(super) fn root(&mut self, x: &Worked, n: Option<&Worked>) -> Result<Worked, Unexplained> {
        let number = x.number()?;
        let exponent = match n {
            None => Rational::from_parts(1.into(), 2u8.into()),
            Some(n) => {
                let n = n
                    .number()?
                    .rational()
                    .filter(|n| !n.is_zero())
                    .cloned()
                    .ok_or_else(|| Unexplained::new("this root"))?;
                Rational::ONE / n
            }
        };
        let before = match n {
            None => "\\sqrt{".to_owned(),
            Some(n) => format!("\\sqrt[{}]{{", n.formula.text),
        };
        let value = match (number.rational(), n) {
            // An exact root where there is one.
            (Some(q), Some(n)) => exact_root(q, n.number()?.integer())
                .map_or_else(|| number.expr.clone().pow(Expr::Num(exponent)), Expr::Num),
            _ => number.expr.clone().pow(Expr::Num(exponent)),
        };
        Ok(Worked::with(
            Number::new(value, if number.kind == Kind::Int { Kind::Exact } else { number.kind })?,
            x.formula.wrapped(&before, "}"),
        ))
    }

    pub(super) fn rounded(
        &mut self,
        x: &Worked,
        before: &str,
        after: &str,
        round: impl Fn(f64) -> f64,
    ) -> Result<Worked, Unexplained> {
        let number = x.number()?;
        let value = match number.rational() {
            Some(q) if before.contains("ceil") => q.ceil(),
            Some(q) => q.floor(),
            None => {
                let value = number.approximate().ok_or_else(|| Unexplained::new("rounding this"))?;
                if (value - value.round()).abs() < 1e-9 || value.abs() > 1e12 {
                    return Err(Unexplained::new("rounding a number this near to a whole one"));
                }
                IBig::from(round(value) as i64)
            }
        };
        let value = Number { expr: Expr::Num(value.into()), kind: Kind::Int };
        let whole = number.rational().is_some_and(Rational::is_int) && x.formula.text == number.tex();
        let formula = if whole { x.formula.clone() } else { x.formula.wrapped(before, after) };
        // What is rounded is shown, where the six places that are shown do not change the result.
        let near =
            number.approximate().filter(|_| number.rational().is_none()).map(|near| format!("{near:.6}"));
        let near = near
            .filter(|near| near.parse().is_ok_and(|near: f64| Some(round(near) as i64) == value.integer()));
        let lines = near.map(|near| vec![format!("{before}{near}{after}")]);
        Ok(Worked::with(value, lines.map_or(formula.clone(), |lines| formula.through(&lines))))
    }

    /// `int(…)` of a text or of a number towards zero.
    pub(super) fn whole(&mut self, x: &Worked) -> Result<Worked, Unexplained> {
        if let Value::Text(text) = &x.value {
            let number = Number::literal(text.trim()).filter(|number| number.integer().is_some());
            return Ok(Worked::plain(Value::Number(
                number.ok_or_else(|| Unexplained::new("text as a number"))?,
            )));
        }
        let number = x.number()?;
        if number.rational().is_some_and(Rational::is_int) {
            return Ok(Worked::with(Number { kind: Kind::Int, ..number.clone() }, x.formula.clone()));
        }
        if number.compare(&Number::int(0)).is_some_and(|order| order.is_lt()) {
            return Err(Unexplained::new("cutting off a negative number"));
        }
        self.rounded(x, "\\left\\lfloor ", " \\right\\rfloor", f64::floor)
    }

    pub(super) fn round(&mut self, x: &Worked, places: Option<&Worked>) -> Result<Worked, Unexplained> {
        let number = x.number()?;
        let places = match places {
            Some(places) => {
                places.number()?.integer().and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= 12)
            }
            None => Some(0),
        };
        let places = places.ok_or_else(|| Unexplained::new("rounding to so many places"))?;
        let scale = Rational::from(IBig::from(10).pow(places));
        let rounded = match number.rational() {
            Some(q) => {
                let scaled = q * &scale;
                if scaled.is_int() {
                    return Ok(x.clone());
                }
                let half = Rational::from_parts(1.into(), 2u8.into());
                Rational::from((scaled + half).floor()) / scale
            }
            None => {
                let text = format!(
                    "{:.*}",
                    places,
                    number.approximate().ok_or_else(|| Unexplained::new("rounding this"))?
                );
                return match Number::literal(&text) {
                    Some(value) => Ok(Worked::with(value, x.formula.rounded_from(number.approximate()))),
                    None => Err(Unexplained::new("rounding a negative number")),
                };
            }
        };
        let kind = if places == 0 { Kind::Int } else { Kind::Float };
        Ok(Worked::with(Number::new(Expr::Num(rounded), kind)?, x.formula.rounded_from(None)))
    }
}

/// The lines of a fractional power: `243^{3/5}` is the cube of the fifth root.
pub(super) fn through_root(operator: &str, x: &Number, y: &Number) -> Option<Vec<String>> {
    let exponent = y.rational().filter(|exponent| operator == "**" && !exponent.is_int())?;
    let degree = i64::try_from(exponent.denominator().as_ibig()).ok()?;
    let root = exact_root(x.rational().filter(|base| **base > Rational::ZERO)?, Some(degree))?;
    let (base, root) = (x.tex(), Number { expr: Expr::Num(root), kind: Kind::Exact }.tex());
    let over = if degree == 2 { format!("\\sqrt{{{base}}}") } else { format!("\\sqrt[{degree}]{{{base}}}") };
    let power = exponent.numerator();
    Some(match power.to_string().as_str() {
        "1" => vec![over],
        power => {
            let root = if root.starts_with("\\frac") { format!("\\left({root}\\right)") } else { root };
            vec![format!("\\left({over}\\right)^{{{power}}}"), format!("{root}^{{{power}}}")]
        }
    })
}

/// `x^(p/q)` where it is rational: `243^(3/5)` is 27.
pub(super) fn rational_power(x: &Number, y: &Number) -> Option<Rational> {
    let exponent = y.rational().filter(|e| !e.is_int())?;
    let base = x.rational().filter(|base| **base > Rational::ZERO)?;
    let root = exact_root(base, i64::try_from(exponent.denominator().as_ibig()).ok())?;
    let power = isize::try_from(exponent.numerator()).ok().filter(|p| p.unsigned_abs() <= 64)?;
    (super::value::bits(&root) <= 64).then(|| root.pow(power))
}

/// The rational n-th root, where there is one.
fn exact_root(q: &Rational, n: Option<i64>) -> Option<Rational> {
    let n = usize::try_from(n?).ok().filter(|n| (1..=60).contains(n))?;
    let root = |value: &IBig| {
        let found = integer::integer_root(value, n).ok()?;
        (found.pow(n) == *value).then_some(found)
    };
    let (top, bottom) = (root(q.numerator())?, root(q.denominator().as_ibig())?);
    Some(Rational::from(top) / Rational::from(bottom))
}
