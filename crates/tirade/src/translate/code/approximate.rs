//! Doubles for exact numbers: only to compare with printed decimals and to order, never to prove.

use tirade_math::Expr;
use tirade_math::expr::{Const, Func};

/// The nearest double of a real number without variables, as far as floating point tells.
pub fn approximate(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Num(value) => Some(value.to_f64().value()),
        Expr::Dec(decimal) => Some(decimal.value.to_f64().value()),
        Expr::Const(Const::Pi) => Some(std::f64::consts::PI),
        Expr::Const(Const::E) => Some(std::f64::consts::E),
        Expr::Add(terms) => terms.iter().try_fold(0.0, |sum, term| Some(sum + approximate(term)?)),
        Expr::Mul(factors) => {
            factors.iter().try_fold(1.0, |product, factor| Some(product * approximate(factor)?))
        }
        Expr::Pow(base, exponent) => Some(approximate(base)?.powf(approximate(exponent)?)),
        Expr::Call(func, args) => call(*func, args),
        _ => None,
    }
}

fn call(func: Func, args: &[Expr]) -> Option<f64> {
    let x = approximate(args.first()?)?;
    let value = match (func, args.len()) {
        (Func::Sqrt, 1) => x.sqrt(),
        (Func::Root, 2) => x.powf(1.0 / approximate(&args[1])?),
        (Func::Exp, 1) => x.exp(),
        (Func::Ln, 1) => x.ln(),
        (Func::Log, 2) => x.ln() / approximate(&args[1])?.ln(),
        (Func::Sin, 1) => x.sin(),
        (Func::Cos, 1) => x.cos(),
        (Func::Tan, 1) => x.tan(),
        (Func::Asin, 1) => x.asin(),
        (Func::Acos, 1) => x.acos(),
        (Func::Atan, 1) => x.atan(),
        (Func::Abs, 1) => x.abs(),
        (Func::Floor, 1) => x.floor(),
        (Func::Ceil, 1) => x.ceil(),
        _ => return None,
    };
    value.is_finite().then_some(value)
}
