//! Simplifying polynomials and rational functions to the form SymPy's `simplify` chooses.

use dashu::rational::RBig;
use smol_str::SmolStr;

use super::factor::keep_coefficient;
use super::kernel::{add, is_number, mul, pow};
use super::tex::tex;
use super::{canonical, from_polynomial, surd_of, symbols, to_fraction, to_polynomial};
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, Worked, unsupported};
use crate::expr::Expr;
use crate::poly::{MPoly, Monomial, gcd_multi};

/// Simplifies numbers made of square roots, expanded polynomials and quotients of expanded polynomials.
///
/// # Errors
/// `Unsupported` where SymPy would weigh several forms against each other.
pub fn simplify_worked(e: &Expr) -> Exact<Worked<Expr>> {
    let input = canonical(e)?;
    let mut steps = Derivation::default();
    let value = if is_number(&input) {
        surd_of(&input)?.expr
    } else {
        let names = symbols(&input);
        match to_polynomial(&input, &names) {
            Ok(p) => simplify_polynomial(&input, &p, &names)?,
            Err(_) => simplify_fraction(&input, &names, &mut steps)?,
        }
    };
    let rule = if steps.steps.is_empty() { Rule::Simplify } else { Rule::Conclude };
    steps.push(rule, || [claim(format!("{} = {}", tex(&input), tex(&value)))]);
    Ok(Worked::new(value, steps))
}

fn simplify_polynomial(input: &Expr, p: &MPoly, names: &[SmolStr]) -> Exact<Expr> {
    if from_polynomial(p, names)? != *input {
        return unsupported("choosing between the factored and the expanded form of a product");
    }
    let monomial = MPoly::monomial(p.monomial_content(), RBig::ONE);
    if p.len() < 2 || monomial == MPoly::one(names.len()) {
        return Ok(input.clone());
    }
    let (content, primitive) = p.primitive();
    let rest = primitive.exact_div(&monomial)?.unwrap_or(primitive);
    let (expanded, factored) = (operations(p), operations(&monomial) + 1 + operations(&rest));
    if !content.is_one() || expanded == factored {
        return unsupported("choosing between the factored and the expanded form of a sum");
    }
    if expanded < factored {
        return Ok(input.clone());
    }
    mul([from_polynomial(&monomial, names)?, from_polynomial(&rest, names)?])
}

/// Number of operations in an expanded polynomial with integer coefficients, as SymPy counts them.
fn operations(p: &MPoly) -> usize {
    let size = |c: &RBig| if *c < RBig::ZERO { -c.clone() } else { c.clone() };
    let term = |(m, c): (&Monomial, &RBig)| {
        let used = m.iter().filter(|e| **e > 0).count();
        let powers = m.iter().filter(|e| **e > 1).count();
        let number = usize::from(!size(c).is_one() || used == 0);
        (used + number).saturating_sub(1) + powers
    };
    p.terms().map(term).sum::<usize>() + p.len().saturating_sub(1)
}

/// `c x^n (rest)`: the common monomial in front; the common number too if there is a monomial or `always` says so.
fn take_out_monomial(p: &MPoly, names: &[SmolStr], always: bool) -> Exact<Expr> {
    let monomial: Monomial = p.monomial_content();
    let trivial = monomial.iter().all(|e| *e == 0);
    if p.len() < 2 || (trivial && !always) {
        return from_polynomial(p, names);
    }
    let (content, _) = p.primitive();
    let size = if content < RBig::ZERO { -content } else { content };
    let outside = MPoly::monomial(monomial, size.clone());
    let Some(rest) = p.exact_div(&outside)? else { return from_polynomial(p, names) };
    let inside = from_polynomial(&rest, names)?;
    let powers = from_polynomial(&outside.scale(&(RBig::ONE / &size)), names)?;
    keep_coefficient(size, mul([powers, inside])?)
}

fn simplify_fraction(input: &Expr, names: &[SmolStr], steps: &mut Derivation) -> Exact<Expr> {
    let (above, below) = single_quotient(input, names)?;
    let fraction = to_fraction(input, names)?;
    let common = gcd_multi(&above, &below)?;
    if common.as_constant().is_none() {
        let shown = |top, bottom| quotient_tex(top, bottom, names);
        let formula = || format!("{} = {}", shown(&above, &below), shown(&fraction.top, &fraction.bottom));
        steps.push(Rule::CancelFactor, || {
            [term(common.tex(&super::poly::tex_names(names))), claim(formula())]
        });
    }
    if fraction.bottom.as_constant().is_some() {
        let p = fraction.top.scale(&(RBig::ONE / fraction.bottom.as_constant().unwrap_or(RBig::ONE)));
        return take_out_monomial(&p, names, false);
    }
    let (content, _) = fraction.top.primitive();
    if !content.is_int() || fraction.top.len() > 1 && fraction.bottom.len() == 1 {
        return unsupported("choosing how to write a fraction with numbers in its denominator");
    }
    let sign_inside = fraction.top.len() > 1 && content < RBig::ZERO;
    if sign_inside && content != RBig::NEG_ONE {
        return unsupported("choosing where to write a minus sign");
    }
    let top = take_out_monomial(&fraction.top, names, true)?;
    let bottom = take_out_monomial(&fraction.bottom, names, false)?;
    match top {
        Expr::Mul(factors) if matches!(factors.last(), Some(Expr::Add(_))) => {
            let below = pow(&bottom, &Expr::int(-1))?;
            let (numbers, rest): (Vec<_>, Vec<_>) =
                factors.into_iter().partition(|f| matches!(f, Expr::Num(_)));
            let c = numbers.first().and_then(|n| n.as_rational().cloned()).unwrap_or(RBig::ONE);
            keep_coefficient(c, mul(rest.into_iter().chain([below]))?)
        }
        top => mul([top, pow(&bottom, &Expr::int(-1))?]),
    }
}

/// Numerator and denominator as written, when the input is one quotient of polynomials.
fn single_quotient(input: &Expr, names: &[SmolStr]) -> Exact<(MPoly, MPoly)> {
    let factors = match input {
        Expr::Mul(factors) => factors.clone(),
        other => vec![other.clone()],
    };
    let n = names.len();
    let (mut above, mut below) = (MPoly::one(n), MPoly::one(n));
    let mut sums = 0;
    for f in factors {
        let (target, base, k) = match &f {
            Expr::Pow(base, e) if e.as_i64().is_some_and(|k| k < 0) => {
                (&mut below, (**base).clone(), e.as_i64())
            }
            _ => (&mut above, f.clone(), Some(-1)),
        };
        let p = to_polynomial(&base, names)?.pow(k.unwrap_or(-1).unsigned_abs() as usize)?;
        sums += usize::from(p.len() > 1);
        *target = target.mul(&p)?;
    }
    if sums > 2 {
        return unsupported("choosing between the factored and the expanded form of a quotient");
    }
    Ok((above, below))
}

fn quotient_tex(top: &MPoly, bottom: &MPoly, names: &[SmolStr]) -> String {
    let names = super::poly::tex_names(names);
    match bottom.as_constant() {
        Some(c) if c.is_one() => top.tex(&names),
        _ => format!("\\frac{{{}}}{{{}}}", top.tex(&names), bottom.tex(&names)),
    }
}

/// Brings sums of fractions over one denominator, numerator and denominator expanded, as SymPy's `cancel`.
///
/// # Errors
/// `Unsupported` unless the expression is a rational function with rational coefficients.
pub fn cancel_worked(e: &Expr) -> Exact<Worked<Expr>> {
    let input = canonical(e)?;
    let names = symbols(&input);
    let (top, bottom) = to_fraction(&input, &names)?.integral();
    let value = match bottom.as_constant() {
        Some(c) => from_polynomial(&top.scale(&(RBig::ONE / c)), &names)?,
        None => {
            mul([from_polynomial(&top, &names)?, pow(&from_polynomial(&bottom, &names)?, &Expr::int(-1))?])?
        }
    };
    let mut steps = Derivation::default();
    let rule = if matches!(input, Expr::Add(_)) { Rule::CommonDenominator } else { Rule::Simplify };
    let shown = add([value.clone()])?;
    steps.push(rule, || [claim(format!("{} = {}", tex(&input), tex(&shown)))]);
    Ok(Worked::new(value, steps))
}
