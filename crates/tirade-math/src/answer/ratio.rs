//! Ratios, and the times of day that are written like them.

use dashu::integer::IBig;

use super::list;
use super::shape::{Shape, Value};
use crate::equiv::equivalent;
use crate::expr::Expr;
use crate::integer::gcd;
use crate::policy::Policy;
use crate::verdict::{Equivalence, Stage};

/// a : b = c : d when a·d = b·c, part by part for longer ones.
pub fn same(g: &[Shape], a: &[Shape], policy: &Policy) -> Equivalence {
    if g.len() != a.len() {
        return Equivalence::not_equal(Stage::Structure, "ratios of different length");
    }
    if list::ordered(g, a, policy).is_equal() {
        return Equivalence::equal(Stage::Structure, "the same ratio");
    }
    if let (Some(x), Some(y)) = (minutes_of_day(g), minutes_of_day(a))
        && x == y
    {
        return Equivalence::equal(Stage::Convention, "the same time of day");
    }
    if is_clock(g) {
        return Equivalence::not_equal(Stage::Structure, "another time");
    }
    let zero = |items: &[Shape]| items.iter().any(|s| value_expr(s).is_some_and(Expr::is_zero));
    if zero(g) || zero(a) {
        return Equivalence::not_equal(Stage::Structure, "times or ratios with a zero that differ");
    }
    for i in 1..g.len() {
        let (Some(g0), Some(gi), Some(a0), Some(ai)) =
            (value_expr(&g[0]), value_expr(&g[i]), value_expr(&a[0]), value_expr(&a[i]))
        else {
            return Equivalence::unknown(Stage::Structure, "a ratio of something else than numbers");
        };
        let left = Expr::product([g0.clone(), ai.clone()]);
        let right = Expr::product([gi.clone(), a0.clone()]);
        let same = equivalent(&left, &right);
        if !same.is_equal() {
            return same;
        }
    }
    Equivalence::equal(Stage::NormalForm, "proportional")
}

/// `3:15 pm` is 15:15.
fn minutes_of_day(parts: &[Shape]) -> Option<i64> {
    let [Shape::Value(hours), Shape::Value(minutes)] = parts else { return None };
    let (h, m) = (hours.scalar.expr.as_i64()?, minutes.scalar.expr.as_i64()?);
    let h = match minutes.unit.as_deref() {
        Some("am") if (1..=12).contains(&h) => h % 12,
        Some("pm") if (1..=12).contains(&h) => h % 12 + 12,
        None if (0..24).contains(&h) => h,
        _ => return None,
    };
    (0..60).contains(&m).then_some(60 * h + m)
}

/// `12:30` is a time and no ratio: an author writes a ratio in lowest terms, and minutes stay below 60.
fn is_clock(g: &[Shape]) -> bool {
    let [a, b] = g else { return false };
    let whole = |s: &Shape| value_expr(s).and_then(Expr::as_i64);
    if matches!(b, Shape::Value(v) if matches!(v.unit.as_deref(), Some("am" | "pm"))) {
        return true;
    }
    let (Some(hours), Some(minutes)) = (whole(a), whole(b)) else { return false };
    (0..=24).contains(&hours)
        && (10..60).contains(&minutes)
        && gcd(&hours.into(), &minutes.into()) > IBig::ONE
}

/// The number that a ratio of two values is.
pub fn quotient(parts: &[Shape]) -> Option<Value> {
    let [a, b] = parts else { return None };
    match super::shape::shape(&value_expr(a)?.clone().div(value_expr(b)?.clone())) {
        Shape::Value(quotient) => Some(quotient),
        _ => None,
    }
}

fn value_expr(s: &Shape) -> Option<&Expr> {
    if let Shape::Value(v) = s { Some(&v.scalar.expr) } else { None }
}
