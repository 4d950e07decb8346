//! Numbers made of square roots, as expressions.

use dashu::integer::IBig;
use dashu::rational::RBig;

use super::canonical;
use super::compare::half;
use super::kernel::{add, mul};
use crate::exact::{Exact, unsupported};
use crate::expr::{Const, Expr};
use crate::poly::Root;
use crate::surd::Surd;

/// A real number made of square roots, in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurdNumber {
    /// The number.
    pub surd: Surd,
    /// The same as a canonical expression.
    pub expr: Expr,
}

/// The value of an expression without symbols, if it is a real number made of rational numbers and square roots.
///
/// # Errors
/// `Unsupported` for symbols, pi, e, i and other roots; `Undefined` for divisions by zero and roots of negative numbers.
pub fn surd_of(e: &Expr) -> Exact<SurdNumber> {
    let surd = evaluate(&canonical(e)?)?;
    let expr = surd_to_expr(&surd)?;
    Ok(SurdNumber { surd, expr })
}

fn evaluate(e: &Expr) -> Exact<Surd> {
    match e {
        Expr::Num(q) => Ok(q.clone().into()),
        Expr::Add(terms) => terms.iter().try_fold(Surd::default(), |s, t| Ok(s.add(&evaluate(t)?))),
        Expr::Mul(factors) => factors.iter().try_fold(Surd::from(1), |p, f| p.mul(&evaluate(f)?)),
        Expr::Pow(base, exponent) => match &**exponent {
            Expr::Num(n) => power(&evaluate(base)?, n),
            _ => unsupported(format!("the power {e}")),
        },
        other => unsupported(format!("{other} as a number made of square roots")),
    }
}

fn power(base: &Surd, exponent: &RBig) -> Exact<Surd> {
    let doubled = exponent * RBig::from(2);
    let Ok(n) = i32::try_from(doubled.numerator()) else { return unsupported("this exponent") };
    if !doubled.is_int() || n.abs() > 400 {
        return unsupported("roots other than square roots, or an exponent above 200");
    }
    let base = if n % 2 == 0 { base.clone() } else { base.sqrt()? };
    let n = if n % 2 == 0 { n / 2 } else { n };
    let base = if n < 0 { base.recip()? } else { base };
    (0..n.abs()).try_fold(Surd::from(1), |p, _| p.mul(&base))
}

/// A surd as a canonical expression.
///
/// # Errors
/// Never in practice; the bounds of the kernel apply.
pub fn surd_to_expr(s: &Surd) -> Exact<Expr> {
    let term = |(n, c): (&IBig, &RBig)| {
        let root = if n.is_one() { Expr::int(1) } else { Expr::Num(n.clone().into()).pow(Expr::Num(half())) };
        mul([Expr::Num(c.clone()), root])
    };
    add(s.terms().map(term).collect::<Exact<Vec<_>>>()?)
}

/// A root of a polynomial as a canonical expression.
///
/// # Errors
/// `Unsupported` for square roots of numbers that are not real.
pub fn root_to_expr(root: &Root) -> Exact<Expr> {
    match root {
        Root::Rational(q) => Ok(Expr::Num(q.clone())),
        Root::Quadratic { a, b, d } => {
            let negative = *d < IBig::ZERO;
            let size = if negative { -d.clone() } else { d.clone() };
            let surd = Surd::term(b.clone(), size);
            let unit = if negative { Expr::constant(Const::I) } else { Expr::int(1) };
            add([Expr::Num(a.clone()), mul([surd_to_expr(&surd)?, unit])?])
        }
        Root::SquareRoot { negative, a, b, d } => nested_root(*negative, a, b, d),
    }
}

/// `sqrt(a + b sqrt(d))`, with i in front for a negative radicand; numbers are not taken out of the root.
fn nested_root(negative: bool, a: &RBig, b: &RBig, d: &IBig) -> Exact<Expr> {
    if *d < IBig::ZERO {
        return unsupported("the square root of a number that is not real");
    }
    let inner = Surd::sqrt_int(d)?.scale(b).add(&Surd::from(a.clone()));
    let (unit, size) =
        if inner.is_positive() { (Expr::int(1), inner) } else { (Expr::constant(Const::I), inner.neg()) };
    let root = surd_to_expr(&size)?.pow(Expr::Num(half()));
    let sign = if negative { -1 } else { 1 };
    mul([Expr::int(sign), unit, root])
}
