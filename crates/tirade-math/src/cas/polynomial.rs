//! Facts about a polynomial in one symbol: degree, coefficients, SymPy's `Poly(...)` text.

use smol_str::SmolStr;

use super::tex::tex;
use super::{canonical, from_polynomial, symbols, to_polynomial, to_sympy_string};
use crate::derivation::{Derivation, Rule, claim, term, wanted};
use crate::exact::{Exact, Worked, undefined, unsupported};
use crate::expr::Expr;
use crate::poly::MPoly;

struct Parts {
    names: Vec<SmolStr>,
    polynomial: MPoly,
    coefficients: Vec<MPoly>,
}

/// The polynomial with the wanted symbol first, and its coefficients, constant term first.
fn parts(e: &Expr, name: &SmolStr) -> Exact<Parts> {
    let input = canonical(e)?;
    let mut names = symbols(&input);
    names.retain(|n| n != name);
    names.insert(0, name.clone());
    let polynomial = to_polynomial(&input, &names)?;
    let coefficients = polynomial.coefficients_in(0);
    Ok(Parts { names, polynomial, coefficients })
}

fn introduce(e: &Expr, p: &Parts) -> Exact<Derivation> {
    if !wanted() {
        return Ok(Derivation::default());
    }
    let (input, expanded) = (canonical(e)?, from_polynomial(&p.polynomial, &p.names)?);
    let mut steps = Derivation::default();
    if input != expanded {
        steps.push(Rule::ExpandProduct, || [claim(format!("{} = {}", tex(&input), tex(&expanded)))]);
    }
    Ok(steps)
}

/// Degree in a symbol.
///
/// # Errors
/// `Unsupported` unless the expression is a polynomial; `Undefined` for zero.
pub fn degree_worked(e: &Expr, name: &SmolStr) -> Exact<Worked<usize>> {
    let p = parts(e, name)?;
    if p.polynomial.is_zero() {
        return undefined("the degree of the zero polynomial");
    }
    let degree = p.coefficients.len() - 1;
    let mut steps = introduce(e, &p)?;
    let shown = from_polynomial(&p.polynomial, &p.names)?;
    let formulas = || [tex(&Expr::sym(name.clone())), tex(&shown), degree.to_string()];
    steps.push(Rule::DegreeIs, || formulas().map(term));
    Ok(Worked::new(degree, steps))
}

/// Coefficients of the powers of a symbol, highest power first, zeros included.
///
/// # Errors
/// `Unsupported` unless the expression is a polynomial.
pub fn coefficients_worked(e: &Expr, name: &SmolStr) -> Exact<Worked<Vec<Expr>>> {
    let p = parts(e, name)?;
    let mut values: Vec<Expr> =
        p.coefficients.iter().rev().map(|c| from_polynomial(c, &p.names)).collect::<Exact<_>>()?;
    if values.is_empty() {
        values.push(Expr::int(0));
    }
    let mut steps = introduce(e, &p)?;
    steps.push(Rule::CoefficientsAre, || values.iter().map(|c| term(tex(c))));
    Ok(Worked::new(values, steps))
}

/// SymPy's `str(Poly(e, x))`, for example `Poly(x**2 + 1, x, domain='ZZ')`.
///
/// # Errors
/// `Unsupported` unless the expression is a polynomial.
pub fn polynomial_text(e: &Expr, name: &SmolStr) -> Exact<String> {
    let p = parts(e, name)?;
    let integral = p.polynomial.terms().all(|(_, c)| c.is_int());
    let ring = if integral { "ZZ" } else { "QQ" };
    let others: Vec<&str> = p.names[1..].iter().map(SmolStr::as_str).collect();
    let domain = if others.is_empty() { ring.to_string() } else { format!("{ring}[{}]", others.join(",")) };
    let mut out = String::new();
    for (n, c) in p.coefficients.iter().enumerate().rev().filter(|(_, c)| !c.is_zero()) {
        push_term(&mut out, c, n, &p.names)?;
    }
    if out.is_empty() {
        out.push('0');
    }
    if name.chars().any(|c| !c.is_ascii_alphanumeric() && c != '_') {
        return unsupported(format!("{name} as a generator"));
    }
    Ok(format!("Poly({out}, {name}, domain='{domain}')"))
}

fn push_term(out: &mut String, c: &MPoly, n: usize, names: &[SmolStr]) -> Exact<()> {
    let power = match n {
        0 => String::new(),
        1 => names[0].to_string(),
        _ => format!("{}**{n}", names[0]),
    };
    let coefficient = to_sympy_string(&from_polynomial(c, names)?)?;
    let text = match (power.is_empty(), coefficient.as_str()) {
        (true, _) => coefficient,
        (false, "1") => power,
        (false, "-1") => format!("-{power}"),
        (false, _) if c.len() > 1 => format!("({coefficient})*{power}"),
        (false, _) => format!("{coefficient}*{power}"),
    };
    match (out.is_empty(), text.strip_prefix('-')) {
        (true, _) => out.push_str(&text),
        (false, Some(rest)) => out.push_str(&format!(" - {rest}")),
        (false, None) => out.push_str(&format!(" + {text}")),
    }
    Ok(())
}
