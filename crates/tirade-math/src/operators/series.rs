//! Infinite geometric series.

use super::{depends, put};
use crate::equiv::compare_constants;
use crate::expr::{Big, Const, Expr, Func, Rational};
use crate::normal::Builder;
use std::cmp::Ordering;

/// `\sum_{k=a}^\infty c r^k` as `c r^a / (1 - r)`, where r is a number proven to lie between -1 and 1.
pub fn geometric(big: &Big) -> Option<Expr> {
    let (Some(low), Some(Expr::Const(Const::Infinity))) = (&big.low, &big.high) else { return None };
    low.as_i64()?;
    let growth = growth(&big.body, &big.var)?;
    let ratio = Expr::Num(growth);
    let size = Expr::call(Func::Abs, ratio.clone());
    if compare_constants(&size, &Expr::int(1))? != Ordering::Less {
        return None;
    }
    let first = put(&big.body, &big.var, low);
    Some(first.div(Expr::sum([Expr::int(1), ratio.neg()])))
}

/// The number by which an expression is multiplied when the variable grows by 1, where that is always the same.
fn growth(e: &Expr, name: &str) -> Option<Rational> {
    match e {
        e if !depends(e, name) => Some(Rational::ONE),
        Expr::Mul(factors) => factors.iter().try_fold(Rational::ONE, |g, f| Some(g * growth(f, name)?)),
        Expr::Pow(base, exponent) if !depends(exponent, name) => {
            power(&growth(base, name)?, &Builder::default().build(exponent)?.as_constant()?)
        }
        Expr::Pow(base, exponent) => {
            let next = put(exponent, name, &Expr::sum([Expr::sym(name), Expr::int(1)]));
            let step = Builder::default().build(&Expr::sum([next, (**exponent).clone().neg()]))?;
            power(base.as_rational()?, &step.as_constant()?)
        }
        _ => None,
    }
}

fn power(base: &Rational, exponent: &Rational) -> Option<Rational> {
    let n = i64::try_from(exponent.numerator()).ok().filter(|n| exponent.is_int() && n.abs() <= 20)?;
    let power = base.pow(n.unsigned_abs() as isize);
    if n >= 0 { Some(power) } else { (!power.is_zero()).then(|| Rational::ONE / power) }
}
