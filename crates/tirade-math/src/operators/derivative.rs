//! Derivatives by rule, of everything elementary.

use super::depends;
use crate::expr::{Const, Expr, Func};

/// The derivative of `e` with respect to `name`, not simplified; `None` for what has no rule here, or over the allowance
/// `left` of parts.
pub fn derivative(e: &Expr, name: &str, left: &mut u32) -> Option<Expr> {
    *left = left.checked_sub(1)?;
    if !depends(e, name) {
        return (!matches!(e, Expr::Const(Const::Infinity | Const::Undefined))).then(|| Expr::int(0));
    }
    match e {
        Expr::Sym(_) => Some(Expr::int(1)),
        Expr::Add(terms) => {
            let parts: Option<Vec<Expr>> = terms.iter().map(|t| derivative(t, name, left)).collect();
            Some(Expr::sum(parts?.into_iter().filter(|p| !p.is_zero())))
        }
        Expr::Mul(factors) => product_rule(factors, name, left),
        Expr::Pow(base, exponent) => power_rule(base, exponent, name, left),
        Expr::Call(Func::Root, args) => match args.as_slice() {
            [x, n] if !depends(n, name) => {
                let scaled = e.clone().div(n.clone()).div(x.clone());
                Some(times(scaled, derivative(x, name, left)?))
            }
            _ => None,
        },
        Expr::Call(Func::Log, args) if args.len() == 2 && !depends(&args[1], name) => {
            let below = Expr::product([args[0].clone(), ln(&args[1])]);
            Some(times(Expr::int(1).div(below), derivative(&args[0], name, left)?))
        }
        Expr::Call(f, args) => match args.as_slice() {
            [x] => Some(times(outer(*f, x, e)?, derivative(x, name, left)?)),
            _ => None,
        },
        Expr::Apply(f, args) => match args.as_slice() {
            // f(x) becomes f'(x)
            [x] => Some(times(Expr::Apply(format!("{f}'").into(), args.clone()), derivative(x, name, left)?)),
            _ => None,
        },
        _ => None,
    }
}

fn ln(x: &Expr) -> Expr {
    Expr::call(Func::Ln, x.clone())
}

/// A product without the factors 1, and 0 for a factor 0.
fn times(a: Expr, b: Expr) -> Expr {
    if a.is_zero() || b.is_zero() {
        return Expr::int(0);
    }
    Expr::product([a, b].into_iter().filter(|x| *x != Expr::int(1)))
}

fn product_rule(factors: &[Expr], name: &str, left: &mut u32) -> Option<Expr> {
    let mut terms = Vec::new();
    for (i, f) in factors.iter().enumerate().filter(|(_, f)| depends(f, name)) {
        *left = left.checked_sub(factors.len() as u32)?;
        let others = factors.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, g)| g.clone());
        terms.push(times(Expr::product(others), derivative(f, name, left)?));
    }
    Some(Expr::sum(terms))
}

fn power_rule(base: &Expr, exponent: &Expr, name: &str, left: &mut u32) -> Option<Expr> {
    let whole = base.clone().pow(exponent.clone());
    if !depends(exponent, name) {
        let lower = match exponent.as_rational() {
            Some(n) => Expr::Num(n - crate::Rational::ONE),
            None => Expr::sum([exponent.clone(), Expr::int(-1)]),
        };
        let power = if lower.is_zero() { Expr::int(1) } else { base.clone().pow(lower) };
        return Some(times(Expr::product([exponent.clone(), power]), derivative(base, name, left)?));
    }
    let grown = times(whole.clone(), derivative(exponent, name, left)?);
    if *base == Expr::Const(Const::E) {
        return Some(grown);
    }
    let grown = times(grown, ln(base));
    if !depends(base, name) {
        return Some(grown);
    }
    let shrunk = Expr::product([whole, exponent.clone(), base.clone().pow(Expr::int(-1))]);
    Some(Expr::sum([grown, times(shrunk, derivative(base, name, left)?)]))
}

/// The derivative of a function at `x`; `e` is the function's value there.
fn outer(f: Func, x: &Expr, e: &Expr) -> Option<Expr> {
    let call = |f: Func| Expr::call(f, x.clone());
    let square = |e: Expr| e.pow(Expr::int(2));
    let one_plus = |sign: i64| Expr::sum([Expr::int(1), Expr::product([Expr::int(sign), square(x.clone())])]);
    let over = |below: Expr| Expr::int(1).div(below);
    let root = |radicand: Expr| Expr::call(Func::Sqrt, radicand);
    Some(match f {
        Func::Sqrt => over(Expr::product([Expr::int(2), e.clone()])),
        Func::Exp => e.clone(),
        Func::Ln | Func::Log => over(x.clone()),
        Func::Sin => call(Func::Cos),
        Func::Cos => call(Func::Sin).neg(),
        Func::Tan => square(call(Func::Sec)),
        Func::Cot => square(call(Func::Csc)).neg(),
        Func::Sec => Expr::product([e.clone(), call(Func::Tan)]),
        Func::Csc => Expr::product([e.clone(), call(Func::Cot)]).neg(),
        Func::Asin => over(root(one_plus(-1))),
        Func::Acos => over(root(one_plus(-1))).neg(),
        Func::Atan => over(one_plus(1)),
        Func::Acot => over(one_plus(1)).neg(),
        Func::Sinh => call(Func::Cosh),
        Func::Cosh => call(Func::Sinh),
        Func::Tanh => over(square(call(Func::Cosh))),
        Func::Asinh => over(root(one_plus(1))),
        Func::Atanh => over(one_plus(-1)),
        Func::Abs => x.clone().div(e.clone()),
        _ => return None,
    })
}
