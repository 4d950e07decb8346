//! One relation between two expressions: true, false, or a condition on its unknowns.

use crate::answer::is_rounding;
use crate::equiv::{any, compare_constants, constant_value, equivalent};
use crate::expr::{Const, Expr, Func, RelOp};
use crate::normal::Builder;
use crate::numeric::Real;
use crate::verdict::Outcome;
use std::cmp::Ordering::{Equal, Greater, Less};

use super::Truth;

/// Relative difference below which two decimals may be roundings of each other somewhere on the way.
const LOOSE: f64 = 0.01;

/// Whether there are variables or unknown functions in it.
pub fn is_open(e: &Expr) -> bool {
    any(e, &|e| matches!(e, Expr::Sym(_) | Expr::Apply(..)))
}

/// Whether it is one number for given values of its variables: no tuples, sets, words, statements, dots or `±`.
pub fn is_scalar(e: &Expr) -> bool {
    !any(e, &|e| match e {
        Expr::Num(_) | Expr::Dec(_) | Expr::Sym(_) | Expr::Based(..) => false,
        Expr::Add(_) | Expr::Mul(_) | Expr::Pow(..) | Expr::Apply(..) | Expr::Quantity(..) => false,
        Expr::Call(f, args) => {
            matches!(f, Func::Det | Func::Trace | Func::Transpose | Func::Max | Func::Min) && args.len() == 1
        }
        Expr::Ratio(parts) => parts.len() != 2,
        Expr::Const(c) => !matches!(c, Const::Pi | Const::E | Const::I),
        Expr::Big(_) => false,
        _ => true,
    })
}

/// Decides a relation between two scalars without unknowns.
pub fn closed(left: &Expr, op: RelOp, right: &Expr) -> Truth {
    match op {
        RelOp::Eq => equal(left, right),
        RelOp::Ne => equal(left, right).not(),
        RelOp::Approx => near(left, right),
        RelOp::Lt | RelOp::Le | RelOp::Gt | RelOp::Ge => ordered(left, op, right),
        _ => Truth::Undecided,
    }
}

fn ordered(left: &Expr, op: RelOp, right: &Expr) -> Truth {
    let Some(order) = compare_constants(&without_units(left), &without_units(right)) else {
        return Truth::Undecided;
    };
    let holds = match op {
        RelOp::Lt => order == Less,
        RelOp::Le => order != Greater,
        RelOp::Gt => order == Greater,
        _ => order != Less,
    };
    let convertible = units(left) != units(right);
    match holds {
        true => Truth::True,
        false if convertible || order == Equal && has_decimal(left, right) => Truth::Undecided,
        false => Truth::False,
    }
}

fn equal(left: &Expr, right: &Expr) -> Truth {
    let (l, r) = (without_units(left), without_units(right));
    match equivalent(&l, &r).outcome {
        Outcome::Equal => return Truth::True,
        Outcome::NotEqual => {}
        _ => return Truth::Undecided,
    }
    // 20% of 50 written as 20 · 50 / 100, angles without their degree sign
    let (bare_l, bare_r) = (without_marks(left), without_marks(right));
    if (bare_l != l || bare_r != r) && equivalent(&bare_l, &bare_r).outcome == Outcome::Equal {
        return Truth::True;
    }
    let (here, there) = (units(left), units(right));
    let converts = here != there && !here.is_empty() && !there.is_empty();
    // 2.54 cm : 1 in is one
    let rate = here.len() > 1 && bare_r == Expr::int(1);
    if converts || rate {
        return Truth::Undecided;
    }
    if has_decimal(left, right) {
        return rounded(&bare_l, &bare_r);
    }
    Truth::False
}

/// `\sqrt{2} = 1.414`: an equals sign before a rounded decimal.
fn rounded(left: &Expr, right: &Expr) -> Truth {
    if has_few_places(left) && has_few_places(right) {
        return Truth::False;
    }
    if is_rounding(left, right) || is_rounding(right, left) {
        return Truth::True;
    }
    if terminates(left, right) || terminates(right, left) {
        return Truth::False;
    }
    match relative_difference(left, right) {
        Some(d) if d > LOOSE => Truth::False,
        _ => Truth::Undecided,
    }
}

/// Whether a value needs no more decimal places than the other side shows, so that nothing is rounded.
fn terminates(value: &Expr, shown: &Expr) -> bool {
    let Expr::Dec(shown) = shown else { return false };
    let exact = !any(value, &|e| matches!(e, Expr::Dec(_)));
    let value = Builder::default().build(value).and_then(|f| f.as_constant());
    let power = crate::Rational::from(dashu::integer::IBig::from(10).pow(shown.places.min(12) as usize));
    exact && value.is_some_and(|x| (x * power).is_int())
}

/// How many units of its last place a decimal is from an exact value.
fn last_places_off(exact: &Expr, shown: &Expr) -> Option<f64> {
    let Expr::Dec(decimal) = shown else { return None };
    if any(exact, &|e| matches!(e, Expr::Dec(_))) {
        return None;
    }
    let (x, y) = (constant_value(exact)?.approx(), constant_value(shown)?.approx());
    Some((x - y).abs() * 10f64.powi(decimal.places.min(12) as i32))
}

/// Whether it is a number with at most one decimal place, which nobody rounds without saying so.
fn has_few_places(e: &Expr) -> bool {
    let value = Builder::default().build(e).and_then(|f| f.as_constant());
    value.is_some_and(|x| (x * crate::Rational::from(10)).is_int())
}

fn near(left: &Expr, right: &Expr) -> Truth {
    let (left, right) = (without_marks(left), without_marks(right));
    if is_rounding(&left, &right) || is_rounding(&right, &left) {
        return Truth::True;
    }
    if is_misrounded(&left, &right) {
        return Truth::False;
    }
    let coarse = last_places_off(&left, &right).is_some_and(|places| places > 3.0);
    match relative_difference(&left, &right) {
        Some(d) if d > if coarse { LOOSE / 5.0 } else { 2.5 * LOOSE } => Truth::False,
        _ => Truth::Undecided,
    }
}

/// `12.3 \approx 12.1`: a decimal before one with as few places or fewer, which is not its rounding.
fn is_misrounded(written: &Expr, shown: &Expr) -> bool {
    const OFF: i32 = 2;
    let (Expr::Dec(written), Expr::Dec(shown)) = (written, shown) else { return false };
    let unit = crate::Rational::from(dashu::integer::IBig::from(10).pow(shown.places.min(12) as usize));
    let off = (&written.value - &shown.value) * unit;
    let off = if off < crate::Rational::ZERO { -off } else { off };
    shown.places <= written.places && off >= crate::Rational::from(OFF)
}

/// Whether something in it is divided by zero, or is the inverse sine or cosine of a number beyond one.
pub fn is_undefined(e: &Expr) -> bool {
    let constant = |e: &Expr| (!is_open(e)).then(|| Builder::default().build(e)?.as_constant()).flatten();
    any(e, &|e| match e {
        // of `\log_2 1/2` people mean another logarithm
        Expr::Pow(base, x) => {
            x.as_rational().is_some_and(|x| *x < crate::Rational::ZERO)
                && !any(base, &|e| matches!(e, Expr::Call(..)))
                && constant(base).is_some_and(|b| b.is_zero())
        }
        Expr::Call(Func::Asin | Func::Acos, args) => {
            let one = crate::Rational::ONE;
            args.first().and_then(constant).is_some_and(|x| x > one || x < -one)
        }
        _ => false,
    })
}

fn relative_difference(left: &Expr, right: &Expr) -> Option<f64> {
    let (x, y) = (constant_value(left)?.approx(), constant_value(right)?.approx());
    let size = x.abs().max(y.abs());
    (size > 0.0 && size.is_finite()).then(|| (x - y).abs() / size)
}

fn has_decimal(left: &Expr, right: &Expr) -> bool {
    let decimal = |e: &Expr| any(e, &|e| matches!(e, Expr::Dec(_)));
    decimal(left) || decimal(right)
}

fn units(e: &Expr) -> Vec<&str> {
    fn collect<'a>(e: &'a Expr, out: &mut Vec<&'a str>) {
        if let Expr::Quantity(_, unit) = e
            && !matches!(unit.as_str(), "%" | "°")
            && !out.contains(&unit.as_str())
        {
            out.push(unit);
        }
        e.for_each_child(&mut |c| collect(c, out));
    }
    let mut out = Vec::new();
    collect(e, &mut out);
    out
}

/// Quantities as their numbers; percent and degrees stay.
pub fn without_units(e: &Expr) -> Expr {
    if !any(e, &|e| matches!(e, Expr::Quantity(..))) {
        return e.clone();
    }
    e.clone().map(&|e| match e {
        Expr::Quantity(x, unit) if !matches!(unit.as_str(), "%" | "°") => *x,
        other => other,
    })
}

/// Degrees as bare numbers, except where a function takes the angle: 180° and 180 are one measure to most writers.
pub fn without_degrees(e: Expr) -> Expr {
    let marked = any(&e, &|e| matches!(e, Expr::Quantity(_, unit) if unit == "°"));
    if !marked || any(&e, &|e| matches!(e, Expr::Call(..))) {
        return e;
    }
    e.map(&|e| match e {
        Expr::Quantity(x, unit) if unit == "°" => *x,
        other => other,
    })
}

/// Quantities as their numbers, percent and degrees too.
fn without_marks(e: &Expr) -> Expr {
    if !any(e, &|e| matches!(e, Expr::Quantity(..))) {
        return e.clone();
    }
    e.clone().map(&|e| match e {
        Expr::Quantity(x, _) => *x,
        other => other,
    })
}
