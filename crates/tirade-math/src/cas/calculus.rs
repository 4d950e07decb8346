//! Derivatives, antiderivatives of polynomials, limits of rational functions.

use dashu::rational::RBig;
use smol_str::SmolStr;

use super::kernel::{add, mul, pow};
use super::tex::{factor_tex, tex};
use super::{canonical, from_dense, rational_text, to_dense};
use crate::derivation::{Derivation, Rule, claim, term, wanted};
use crate::exact::{Exact, MAX_TERMS, Worked, at_most, unsupported};
use crate::expr::Expr;
use crate::operators::{Form, derived, put};
use crate::poly::{Poly, rational_tex};

/// Derivative with respect to a symbol, in the form SymPy's `diff` leaves it.
///
/// # Errors
/// `Unsupported` for expressions outside the kernel of [`canonical`].
pub fn differentiate_worked(e: &Expr, name: &SmolStr) -> Exact<Worked<Expr>> {
    let input = canonical(e)?;
    let mut form = Canonical { name, steps: Derivation::default(), left: MAX_TERMS };
    let value = derived(&input, name, &mut form)?;
    let mut steps = form.steps;
    if wanted() {
        let whole = claim(format!("{} = {}", d_tex(&input, name), tex(&value)));
        let told = steps.steps.last().is_some_and(|s| s.formulas.last() == Some(&whole));
        if !told {
            steps.push(Rule::DerivativeResult, || [whole]);
        }
    }
    Ok(Worked::new(value, steps))
}

/// SymPy's form of a derivative, with what each rule gave.
struct Canonical<'a> {
    name: &'a SmolStr,
    steps: Derivation,
    /// Parts that may still be visited.
    left: usize,
}

impl Form for Canonical<'_> {
    fn visit(&mut self, cost: usize) -> Exact<()> {
        at_most("parts of a derivative", cost, self.left)?;
        self.left -= cost;
        Ok(())
    }

    fn sum(&self, terms: Vec<Expr>) -> Exact<Expr> {
        add(terms)
    }

    fn product(&self, factors: Vec<Expr>) -> Exact<Expr> {
        mul(factors)
    }

    fn power(&self, base: &Expr, exponent: &Expr) -> Exact<Expr> {
        pow(base, exponent)
    }

    /// `base^n * (n * base' / base)`, which is how SymPy's `Pow` differentiates.
    fn lowered(&self, base: &Expr, n: &Expr, inner: Expr) -> Exact<Expr> {
        let Expr::Num(exponent) = n else {
            return unsupported(format!("a derivative with the exponent {n}"));
        };
        if matches!(base, Expr::Sym(_)) {
            return mul([n.clone(), pow(base, &Expr::Num(exponent - RBig::ONE))?]);
        }
        let factor = mul([n.clone(), inner])?;
        mul([pow(base, n)?, mul([factor, pow(base, &Expr::int(-1))?])?])
    }

    fn told(&mut self, rule: Rule, e: &Expr, value: &Expr) {
        self.steps.push(rule, || [claim(format!("{} = {}", d_tex(e, self.name), tex(value)))]);
    }
}

fn d_tex(e: &Expr, name: &SmolStr) -> String {
    format!("\\frac{{d}}{{d{}}} \\left({}\\right)", tex(&Expr::sym(name.clone())), tex(e))
}

/// Antiderivative of a polynomial in one symbol, without a constant, as SymPy's `integrate`.
///
/// # Errors
/// `Unsupported` for anything but a polynomial with rational coefficients in that symbol alone.
pub fn integrate_worked(e: &Expr, name: &SmolStr) -> Exact<Worked<Expr>> {
    let input = canonical(e)?;
    let p = to_dense(&input, name)?;
    let value = from_dense(&p.antiderivative(), name)?;
    let mut steps = Derivation::default();
    let x = tex(&Expr::sym(name.clone()));
    if matches!(input, Expr::Mul(_) | Expr::Pow(..)) && p.term_count() > 1 {
        steps.push(Rule::ExpandProduct, || [claim(format!("{} = {}", tex(&input), p.tex(&x)))]);
    }
    let derivative = || claim(format!("{} = {}", d_tex(&value, name), p.tex(&x)));
    steps.push(Rule::IntegratePowers, || [term(tex(&value)), derivative()]);
    Ok(Worked::new(value, steps))
}

/// Definite integral of a polynomial between rational bounds.
///
/// # Errors
/// As [`integrate_worked`]; `TooLarge` when numbers outgrow the bounds.
pub fn definite_integral_worked(e: &Expr, name: &SmolStr, low: &RBig, high: &RBig) -> Exact<Worked<RBig>> {
    let mut worked = integrate_worked(e, name)?;
    let f = to_dense(&worked.value, name)?;
    [low, high].into_iter().try_for_each(crate::exact::bounded_rational)?;
    let (top, bottom) = (f.eval(high), f.eval(low));
    let value = &top - &bottom;
    crate::exact::bounded_rational(&value)?;
    let difference = || format!("{} - {} = {}", rational_tex(&top), paren(&bottom), rational_tex(&value));
    let ends = || [high, low].map(|q| claim(super::factor::value_tex(&f, q)));
    worked.derivation.push(Rule::EvaluateBounds, || ends().into_iter().chain([claim(difference())]));
    Ok(worked.map(|_| value))
}

fn paren(q: &RBig) -> String {
    if *q < RBig::ZERO { format!("({})", rational_tex(q)) } else { rational_tex(q) }
}

/// Limit of a rational function in one symbol at a rational point where it has a finite value after cancelling.
///
/// # Errors
/// `Unsupported` at poles and for anything but rational functions.
pub fn limit_worked(e: &Expr, name: &SmolStr, point: &RBig) -> Exact<Worked<RBig>> {
    let input = canonical(e)?;
    let fraction = super::to_fraction(&input, std::slice::from_ref(name))?;
    let dense = |p: &crate::poly::MPoly| p.to_dense(0).unwrap_or_default();
    let (top, bottom) = (dense(&fraction.top), dense(&fraction.bottom));
    let below = bottom.eval(point);
    if below.is_zero() {
        return unsupported(format!("the limit at the pole {}", rational_text(point)));
    }
    let value = top.eval(point) / below;
    crate::exact::bounded_rational(&value)?;
    let x = tex(&Expr::sym(name.clone()));
    let mut steps = Derivation::default();
    if !wanted() {
        return Ok(Worked::new(value, steps));
    }
    let reduced = reduced_tex(&top, &bottom, &x);
    if input == canonical(&from_dense(&top, name)?)? || continuous(&input, name, point)? {
        let shown = format!(
            "\\lim_{{{x} \\to {}}} {} = {}",
            rational_tex(point),
            factor_tex(&input),
            rational_tex(&value)
        );
        steps.push(Rule::LimitContinuous, || [claim(shown)]);
    } else {
        let shown =
            format!("\\lim_{{{x} \\to {}}} {reduced} = {}", rational_tex(point), rational_tex(&value));
        steps.push(Rule::LimitCancel, || [claim(shown)]);
    }
    Ok(Worked::new(value, steps))
}

fn reduced_tex(top: &Poly, bottom: &Poly, x: &str) -> String {
    if bottom.is_one() {
        format!("({})", top.tex(x))
    } else {
        format!("\\frac{{{}}}{{{}}}", top.tex(x), bottom.tex(x))
    }
}

/// Whether substituting the point divides by zero nowhere.
fn continuous(e: &Expr, name: &SmolStr, point: &RBig) -> Exact<bool> {
    Ok(substitute(e, name, &Expr::Num(point.clone())).is_ok())
}

/// Puts an expression in place of a symbol and evaluates what SymPy would evaluate by itself.
///
/// # Errors
/// `Undefined` for a division by zero; as [`canonical`].
pub fn substitute(e: &Expr, name: &SmolStr, value: &Expr) -> Exact<Expr> {
    canonical(&put(e, name, value))
}
