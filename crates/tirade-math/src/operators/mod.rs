//! Derivatives, integrals and geometric series inside an answer, written out before it is compared.
//!
//! [`evaluated`] replaces what it can do exactly and leaves the rest as it stands, so that an operator nobody can evaluate is
//! compared as an expression or not at all. The tool lane has [`crate::cas`], which also explains its steps and prints as
//! SymPy does, by the same rules for derivatives; here only the value counts, and every elementary function is known.

mod derivative;
mod integral;
mod series;

pub use derivative::derivative;
pub(crate) use derivative::{Form, derived};

use crate::equiv::any;
use crate::expr::{Big, BigOp, Expr};
use std::borrow::Cow;
use std::cell::Cell;

/// Parts that one derivative may visit: derivatives of deeply nested products grow fast.
const MAX_PARTS: u32 = 400;
/// Parts of an expression that is derived or integrated.
const MAX_SIZE: usize = 300;
/// The highest order of a derivative.
const MAX_ORDER: i64 = 9;
/// Operators evaluated in one answer.
const MAX_OPERATORS: u32 = 16;

/// `e` with its operators written out where that can be done exactly.
pub fn evaluated(e: Expr) -> Expr {
    if !any(&e, &|e| matches!(e, Expr::Big(_))) {
        return e;
    }
    let left = Cell::new(MAX_OPERATORS);
    e.map(&|e| match &e {
        Expr::Big(big) if left.get() > 0 => {
            left.set(left.get() - 1);
            value(big).unwrap_or_else(|| renamed(big))
        }
        _ => e,
    })
}

/// An operator that stays, with one name for what it binds: `\lim_{t \to 0} f(t)` is `\lim_{x \to 0} f(x)`. From inside
/// out, so that operators inside each other get different names.
fn renamed(big: &Big) -> Expr {
    let bound = match big.op {
        BigOp::Derivative => false,
        BigOp::Limit => big.low.is_some(),
        _ => big.low.is_some() && big.high.is_some(),
    };
    let mut depth = 0;
    let name = |n: usize| format!("•{n}");
    while bound && any(&big.body, &|e| matches!(e, Expr::Big(inner) if inner.var == name(depth))) {
        depth += 1;
    }
    let mut big = big.clone();
    if bound {
        big.body = put(&big.body, &big.var, &Expr::sym(name(depth)));
        big.var = name(depth).into();
    }
    Expr::Big(Box::new(big))
}

fn value(big: &Big) -> Option<Expr> {
    if !is_small(&big.body) {
        return None;
    }
    match big.op {
        BigOp::Derivative => nth_derivative(big),
        BigOp::Integral => integral::integral(big),
        BigOp::Sum => series::geometric(big),
        BigOp::Prod | BigOp::Limit => None,
    }
}

fn is_small(e: &Expr) -> bool {
    fn count(e: &Expr, left: &mut usize) {
        *left = left.saturating_sub(1);
        if *left > 0 {
            e.for_each_child(&mut |c| count(c, left));
        }
    }
    let mut left = MAX_SIZE;
    count(e, &mut left);
    left > 0
}

fn nth_derivative(big: &Big) -> Option<Expr> {
    // dy/dx of a mere name says that y depends on x
    if matches!(&big.body, Expr::Sym(name) if *name != big.var) {
        return None;
    }
    let order = big.low.as_ref().map_or(Some(1), Expr::as_i64).filter(|n| (1..=MAX_ORDER).contains(n))?;
    let mut f = big.body.clone();
    for _ in 0..order {
        f = derivative(&f, &big.var, MAX_PARTS).filter(is_small)?;
    }
    Some(f)
}

/// Whether the variable occurs, also as an argument of an unknown function.
pub(crate) fn depends(e: &Expr, name: &str) -> bool {
    any(e, &|e| matches!(e, Expr::Sym(s) if s == name))
}

/// `e` with a value in place of the variable.
pub(crate) fn put(e: &Expr, name: &str, value: &Expr) -> Expr {
    e.clone().map(&|e| if matches!(&e, Expr::Sym(s) if s == name) { value.clone() } else { e })
}

/// Numerator and denominator of a rational number as an expression.
fn ratio(above: i64, below: u8) -> Expr {
    Expr::Num(crate::Rational::from_parts(above.into(), below.into()))
}

/// Factors of a product, or the expression alone.
fn factors(e: &Expr) -> Cow<'_, [Expr]> {
    match e {
        Expr::Mul(factors) => Cow::Borrowed(factors),
        other => Cow::Owned(vec![other.clone()]),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Outcome, equivalent, parse};

    fn outcome(a: &str, b: &str) -> Outcome {
        let read = |t: &str| parse(t).unwrap_or_else(|e| panic!("{t}: {e}"));
        equivalent(&read(a), &read(b)).outcome
    }

    // Values checked with SymPy 1.14.0: diff, integrate, summation.
    #[test]
    fn written_out() {
        for (operator, value) in [
            (r"\frac{d}{dx} x^3", "3x^2"),
            (r"\frac{d^2}{dx^2} \sin(3x)", r"-9\sin 3x"),
            (r"\frac{d}{dx}\left(x^x\right)", r"x^x(\ln x+1)"),
            (r"\frac{d}{dt} \frac{\arctan t}{t}", r"\frac{1}{t(1+t^2)}-\frac{\arctan t}{t^2}"),
            (r"\frac{d}{dx} \sqrt[3]{x^2+1}", r"\frac{2x}{3(x^2+1)^{2/3}}"),
            ("diff(x^2*exp(a*x), x)", "2*x*exp(a*x) + a*x^2*exp(a*x)"),
            ("diff(q(s), s, 2)", "diff(diff(q(s), s), s)"),
            (r"\int_0^1 x^2\,dx", "1/3"),
            (r"\int_0^\pi \sin x\,dx", "2"),
            (r"\int_1^e \frac{1}{x}\,dx", "1"),
            (r"\int_1^e \frac{dx}{x}", "1"),
            (r"\int_0^1 (x^2+1)^2\,dx", "28/15"),
            (r"\int_0^1 x e^{x}\,dx", "1"),
            (r"\int_0^{\pi} x^2\cos x\,dx", r"-2\pi"),
            (r"\int_0^4 \sqrt{x}\,dx", "16/3"),
            (r"\int_0^1 \frac{1}{1+x^2}\,dx", r"\frac{\pi}{4}"),
            (r"\int_0^{1/2} \frac{dx}{\sqrt{1-x^2}}", r"\frac{\pi}{6}"),
            (r"\int_0^{\pi/2} \sin^2 x\,dx", r"\frac{\pi}{4}"),
            (r"\int_1^2 (2x-1)^{-2}\,dx", "1/3"),
            (r"\int_0^t (a x + b)\,dx", r"\frac{a t^2}{2} + b t"),
            (r"\int_0^1 2^x dx", r"\frac{1}{\ln 2}"),
            (r"\int_1^e \ln x\,dx", "1"),
            (r"\sum_{n=1}^\infty \frac{1}{2^n}", "1"),
            (r"\sum_{k=0}^{\infty} 3\left(-\frac23\right)^k", "9/5"),
        ] {
            assert_eq!(outcome(operator, value), Outcome::Equal, "{operator} is {value}");
            let other = format!("{value} + 1/7");
            assert_eq!(outcome(operator, &other), Outcome::NotEqual, "{operator} is not {other}");
        }
    }

    #[test]
    fn divergent_or_unknown_operators_stay() {
        for (operator, value) in [
            (r"\int_{-1}^1 \frac{1}{x}\,dx", "0"),
            (r"\int_{-1}^1 \frac{1}{x^2}\,dx", "-2"),
            (r"\int_0^1 e^{x^2}\,dx", "1"),
            (r"\int_{-1}^{1} \sqrt{x}\,dx", "2/3"),
            (r"\sum_{k=0}^{\infty} 2^k", "-1"),
            (r"\sum_{k=0}^{\infty} x^k", r"\frac{1}{1-x}"),
            (r"\frac{dy}{dx}", "0"),
        ] {
            assert_ne!(outcome(operator, value), Outcome::Equal, "{operator}");
        }
    }
}
