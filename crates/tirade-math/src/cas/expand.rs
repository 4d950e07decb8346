//! Expanding products and powers of polynomials, and collecting by a variable.

use smol_str::SmolStr;

use super::kernel::is_number;
use super::tex::tex;
use super::{canonical, from_polynomial, surd_of, symbols, to_polynomial};
use crate::derivation::{Derivation, Rule, claim, term, wanted};
use crate::exact::{Exact, Worked};
use crate::expr::Expr;
use crate::poly::MPoly;

/// Multiplies out, as SymPy's `expand`.
///
/// # Errors
/// `Unsupported` unless the expression is a polynomial with rational coefficients or a number made of square roots.
pub fn expand_worked(e: &Expr) -> Exact<Worked<Expr>> {
    let input = canonical(e)?;
    let mut steps = Derivation::default();
    if is_number(&input) {
        let value = surd_of(&input)?.expr;
        steps.push(Rule::Compute, || [claim(format!("{} = {}", tex(&input), tex(&value)))]);
        return Ok(Worked::new(value, steps));
    }
    let names = symbols(&input);
    let p = expand_steps(&input, &names, &mut steps)?;
    let value = from_polynomial(&p, &names)?;
    if value == input {
        steps = Derivation::default();
        steps.push(Rule::Trivial, || [claim(format!("{} = {}", tex(&input), tex(&value)))]);
    } else {
        steps.push(Rule::Conclude, || [claim(format!("{} = {}", tex(&input), tex(&value)))]);
    }
    Ok(Worked::new(value, steps))
}

/// The polynomial of an expression; each power of a sum and each product of sums becomes a step.
fn expand_steps(e: &Expr, names: &[SmolStr], steps: &mut Derivation) -> Exact<MPoly> {
    match e {
        Expr::Add(terms) => {
            let mut sum = MPoly::zero(names.len());
            for t in terms {
                sum = sum.add(&expand_steps(t, names, steps)?);
            }
            Ok(sum)
        }
        Expr::Mul(factors) => {
            let mut product = MPoly::one(names.len());
            for f in factors {
                let next = expand_steps(f, names, steps)?;
                let both = product.mul(&next)?;
                let interesting = next.len() > 1 && product != MPoly::one(names.len());
                if interesting || (product.len() > 1 && next != MPoly::one(names.len())) {
                    product_step([&product, &next, &both], names, steps)?;
                }
                product = both;
            }
            Ok(product)
        }
        Expr::Pow(base, exponent) => {
            let inner = expand_steps(base, names, steps)?;
            let Some(k) = exponent.as_i64().and_then(|k| usize::try_from(k).ok()) else {
                return to_polynomial(e, names);
            };
            let power = inner.pow(k)?;
            if inner.len() > 1 && wanted() {
                let (a, b) = (from_polynomial(&inner, names)?, from_polynomial(&power, names)?);
                steps.push(Rule::ExpandPower, || [claim(format!("{}^{{{k}}} = {}", wrap(tex(&a)), tex(&b)))]);
            }
            Ok(power)
        }
        _ => to_polynomial(e, names),
    }
}

/// Two factors and their product.
fn product_step(parts: [&MPoly; 3], names: &[SmolStr], steps: &mut Derivation) -> Exact<()> {
    if wanted() {
        let [a, b, c] = parts.map(|p| from_polynomial(p, names).map(|e| tex(&e)));
        let formula = format!("{} {} = {}", wrap(a?), wrap(b?), c?);
        steps.push(Rule::ExpandProduct, || [claim(formula)]);
    }
    Ok(())
}

fn wrap(text: String) -> String {
    format!("({text})")
}

/// Collects powers of one symbol, as SymPy's `collect` does for expanded polynomials.
///
/// # Errors
/// As [`expand_worked`].
pub fn collect_worked(e: &Expr, name: &SmolStr) -> Exact<Worked<Expr>> {
    let expanded = expand_worked(e)?;
    let mut names = symbols(&expanded.value);
    if !names.contains(name) {
        return Ok(expanded);
    }
    names.retain(|n| n != name);
    names.insert(0, name.clone());
    let p = to_polynomial(&expanded.value, &names)?;
    let mut terms = Vec::new();
    for (k, c) in p.coefficients_in(0).iter().enumerate().filter(|(_, c)| !c.is_zero()) {
        let power = super::kernel::pow(&Expr::sym(name.clone()), &Expr::int(k as i64))?;
        terms.push(super::kernel::mul([from_polynomial(c, &names)?, power])?);
    }
    let value = super::kernel::add(terms)?;
    let mut steps = expanded.derivation;
    let formula = || format!("{} = {}", tex(&expanded.value), tex(&value));
    steps.push(Rule::CollectPowers, || [term(tex(&Expr::sym(name.clone()))), claim(formula())]);
    Ok(Worked::new(value, steps))
}
