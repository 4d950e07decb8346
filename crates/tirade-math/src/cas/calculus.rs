//! Derivatives, antiderivatives of polynomials, limits of rational functions.

use dashu::rational::RBig;
use smol_str::SmolStr;

use super::kernel::{add, mul, pow};
use super::tex::{factor_tex, tex};
use super::{canonical, from_dense, rational_text, to_dense};
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, Worked, unsupported};
use crate::expr::{Expr, Func};
use crate::poly::{Poly, rational_tex};

/// Derivative with respect to a symbol, in the form SymPy's `diff` leaves it.
///
/// # Errors
/// `Unsupported` for expressions outside the kernel of [`canonical`].
pub fn differentiate_worked(e: &Expr, name: &SmolStr) -> Exact<Worked<Expr>> {
    let input = canonical(e)?;
    let mut steps = Derivation::default();
    let value = derivative(&input, name, Some(&mut steps))?;
    let whole = claim(format!("{} = {}", d_tex(&input, name), tex(&value)));
    let told = steps.steps.last().is_some_and(|s| s.formulas.last() == Some(&whole));
    if !told {
        steps.push(Rule::DerivativeResult, [whole]);
    }
    Ok(Worked::new(value, steps))
}

/// Derivative without steps.
pub(super) fn derivative(e: &Expr, name: &SmolStr, mut steps: Option<&mut Derivation>) -> Exact<Expr> {
    match e {
        Expr::Sym(s) if s == name => Ok(Expr::int(1)),
        e if !depends(e, name) => Ok(Expr::int(0)),
        Expr::Add(terms) => {
            let parts: Vec<Expr> =
                terms.iter().map(|t| derivative(t, name, steps.as_deref_mut())).collect::<Exact<_>>()?;
            let value = add(parts)?;
            note(&mut steps, Rule::DerivativeSum, e, name, &value);
            Ok(value)
        }
        Expr::Mul(factors) => product_rule(e, factors, name, steps),
        Expr::Pow(base, n) => power_rule(e, base, n, name, steps),
        Expr::Call(f, args) => chain_rule(e, *f, args, name, steps),
        other => unsupported(format!("the derivative of {other}")),
    }
}

fn depends(e: &Expr, name: &SmolStr) -> bool {
    match e {
        Expr::Sym(s) => s == name,
        Expr::Add(parts) | Expr::Mul(parts) | Expr::Call(_, parts) => parts.iter().any(|p| depends(p, name)),
        Expr::Pow(b, n) => depends(b, name) || depends(n, name),
        _ => false,
    }
}

fn d_tex(e: &Expr, name: &SmolStr) -> String {
    format!("\\frac{{d}}{{d{}}} \\left({}\\right)", tex(&Expr::sym(name.clone())), tex(e))
}

fn note(steps: &mut Option<&mut Derivation>, rule: Rule, e: &Expr, name: &SmolStr, value: &Expr) {
    if let Some(steps) = steps {
        steps.push(rule, [claim(format!("{} = {}", d_tex(e, name), tex(value)))]);
    }
}

/// Each factor is differentiated in turn.
fn product_rule(
    e: &Expr,
    factors: &[Expr],
    name: &SmolStr,
    mut steps: Option<&mut Derivation>,
) -> Exact<Expr> {
    let mut terms = Vec::new();
    for (i, f) in factors.iter().enumerate().filter(|(_, f)| depends(f, name)) {
        let d = derivative(f, name, steps.as_deref_mut())?;
        let others = factors.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, g)| g.clone());
        terms.push(mul(others.chain([d]))?);
    }
    let single = terms.len() == 1;
    let value = add(terms)?;
    note(&mut steps, if single { Rule::ConstantMultiple } else { Rule::DerivativeProduct }, e, name, &value);
    Ok(value)
}

fn power_rule(
    e: &Expr,
    base: &Expr,
    exponent: &Expr,
    name: &SmolStr,
    mut steps: Option<&mut Derivation>,
) -> Exact<Expr> {
    let Expr::Num(n) = exponent else { return unsupported(format!("the derivative of {e}")) };
    let inner = derivative(base, name, steps.as_deref_mut())?;
    let lower = pow(base, &Expr::Num(n - RBig::ONE))?;
    let value = mul([mul([exponent.clone(), lower])?, inner.clone()])?;
    let value = if matches!(base, Expr::Sym(_)) { value } else { sympy_power_derivative(base, n, &inner)? };
    let rule = if matches!(base, Expr::Sym(_)) { Rule::DerivativePower } else { Rule::DerivativeChain };
    note(&mut steps, rule, e, name, &value);
    Ok(value)
}

/// `base^n * (n * base' / base)`, which is how SymPy's `Pow` differentiates.
fn sympy_power_derivative(base: &Expr, n: &RBig, inner: &Expr) -> Exact<Expr> {
    let factor = mul([Expr::Num(n.clone()), inner.clone()])?;
    mul([pow(base, &Expr::Num(n.clone()))?, mul([factor, pow(base, &Expr::int(-1))?])?])
}

fn chain_rule(
    e: &Expr,
    f: Func,
    args: &[Expr],
    name: &SmolStr,
    mut steps: Option<&mut Derivation>,
) -> Exact<Expr> {
    let [x] = args else { return unsupported(format!("the derivative of {e}")) };
    let outer = match f {
        Func::Exp => e.clone(),
        Func::Ln => pow(x, &Expr::int(-1))?,
        Func::Sin => Expr::call(Func::Cos, x.clone()),
        Func::Cos => mul([Expr::int(-1), Expr::call(Func::Sin, x.clone())])?,
        Func::Tan => add([Expr::int(1), pow(&Expr::call(Func::Tan, x.clone()), &Expr::int(2))?])?,
        _ => return unsupported(format!("the derivative of {e}")),
    };
    let inner = derivative(x, name, steps.as_deref_mut())?;
    let value = mul([inner.clone(), outer])?;
    let rule = if inner == Expr::int(1) { Rule::DerivativeBasic } else { Rule::DerivativeChain };
    note(&mut steps, rule, e, name, &value);
    Ok(value)
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
        steps.push(Rule::ExpandProduct, [claim(format!("{} = {}", tex(&input), p.tex(&x)))]);
    }
    let derivative = claim(format!("{} = {}", d_tex(&value, name), p.tex(&x)));
    steps.push(Rule::IntegratePowers, [term(tex(&value)), derivative]);
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
    let difference = format!("{} - {} = {}", rational_tex(&top), paren(&bottom), rational_tex(&value));
    let ends = [high, low].map(|q| claim(super::factor::value_tex(&f, q)));
    worked.derivation.push(Rule::EvaluateBounds, ends.into_iter().chain([claim(difference)]));
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
    let reduced = reduced_tex(&top, &bottom, &x);
    if input == canonical(&from_dense(&top, name)?)? || continuous(&input, name, point)? {
        let shown = format!(
            "\\lim_{{{x} \\to {}}} {} = {}",
            rational_tex(point),
            factor_tex(&input),
            rational_tex(&value)
        );
        steps.push(Rule::LimitContinuous, [claim(shown)]);
    } else {
        let shown =
            format!("\\lim_{{{x} \\to {}}} {reduced} = {}", rational_tex(point), rational_tex(&value));
        steps.push(Rule::LimitCancel, [claim(shown)]);
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
    canonical(&replace(e, name, value))
}

fn replace(e: &Expr, name: &SmolStr, value: &Expr) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(|p| replace(p, name, value)).collect();
    match e {
        Expr::Sym(s) if s == name => value.clone(),
        Expr::Add(parts) => Expr::Add(all(parts)),
        Expr::Mul(parts) => Expr::Mul(all(parts)),
        Expr::Call(f, parts) => Expr::Call(*f, all(parts)),
        Expr::Pow(b, n) => replace(b, name, value).pow(replace(n, name, value)),
        other => other.clone(),
    }
}
