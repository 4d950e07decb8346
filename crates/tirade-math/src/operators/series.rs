//! Infinite geometric series.

use super::put;
use crate::equiv::compare_constants;
use crate::expr::{Big, Const, Expr, Func};
use crate::normal::Builder;
use std::cmp::Ordering;

/// `\sum_{k=a}^\infty c r^k` as `c r^a / (1 - r)`, where r is a number proven to lie between -1 and 1.
pub fn geometric(big: &Big) -> Option<Expr> {
    let (Some(low), Some(Expr::Const(Const::Infinity))) = (&big.low, &big.high) else { return None };
    low.as_i64()?;
    let next = put(&big.body, &big.var, &Expr::sum([Expr::sym(big.var.clone()), Expr::int(1)]));
    let quotient = Builder::default().build(&next)?.mul(&Builder::default().build(&big.body)?.inv()?)?;
    let ratio = Expr::Num(quotient.as_constant()?);
    let size = Expr::call(Func::Abs, ratio.clone());
    if compare_constants(&size, &Expr::int(1))? != Ordering::Less {
        return None;
    }
    let first = put(&big.body, &big.var, low);
    Some(first.div(Expr::sum([Expr::int(1), ratio.neg()])))
}
