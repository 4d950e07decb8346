//! Polynomial division and the Euclidean algorithm, written out.

use super::{Poly, gcd};
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, Worked};

/// Quotient and remainder by long division.
///
/// # Errors
/// `Undefined` for a zero divisor.
pub fn div_rem_worked(a: &Poly, b: &Poly, x: &str) -> Exact<Worked<(Poly, Poly)>> {
    let (quotient, remainder) = a.div_rem(b)?;
    let mut steps = Derivation::default();
    let mut rest = a.clone();
    for n in (0..quotient.coeffs().len()).rev() {
        let c = quotient.coeff(n);
        if c.is_zero() {
            continue;
        }
        let part = Poly::monomial(c, n);
        let leading = |p: &Poly| Poly::monomial(p.lead(), p.degree()).tex(x);
        let divided = format!("\\frac{{{}}}{{{}}} = {}", leading(&rest), leading(b), part.tex(x));
        let next = rest.sub(&part.mul(b));
        let shown =
            format!("{} - {} {} = {}", rest.factor_tex(x), part.factor_tex(x), paren(b, x), next.tex(x));
        steps.push(Rule::LongDivisionStep, || [claim(divided), claim(shown)]);
        rest = next;
    }
    steps.push(Rule::LongDivisionResult, || [claim(identity(a, b, &quotient, &remainder, x))]);
    Ok(Worked::new((quotient, remainder), steps))
}

fn paren(p: &Poly, x: &str) -> String {
    format!("({})", p.tex(x))
}

fn identity(a: &Poly, b: &Poly, q: &Poly, r: &Poly, x: &str) -> String {
    let product = format!("{} = {} {}", a.tex(x), paren(b, x), paren(q, x));
    if r.is_zero() { product } else { format!("{product} + {}", paren(r, x)) }
}

/// Monic greatest common divisor by the Euclidean algorithm.
///
/// # Errors
/// `TooLarge` when coefficients outgrow the bit bound.
pub fn gcd_worked(a: &Poly, b: &Poly, x: &str) -> Exact<Worked<Poly>> {
    let value = gcd(a, b)?;
    let mut steps = Derivation::default();
    let (mut p, mut q) =
        if a.degree() >= b.degree() { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
    let mut rows = Vec::new();
    while !q.is_zero() {
        let (quotient, r) = p.div_rem(&q)?;
        rows.push(claim(identity(&p, &q, &quotient, &r, x)));
        (p, q) = (q, r);
    }
    if !rows.is_empty() {
        steps.push(Rule::PolyGcdDivisions, || rows);
    }
    steps.push(Rule::PolyGcdEnd, || [term(value.tex(x))]);
    Ok(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_division_reads_well() {
        let a = Poly::from_ints(&[-4, 0, -2, 1]);
        let b = Poly::from_ints(&[-3, 1]);
        let worked = div_rem_worked(&a, &b, "x").unwrap();
        assert_eq!(worked.value, (Poly::from_ints(&[3, 1, 1]), Poly::from_ints(&[5])));
        let english = worked.derivation.render_english();
        assert!(english.starts_with(
            "Divide the leading terms, $\\frac{x^{3}}{x} = x^{2}$, and subtract: \
             $(x^{3} - 2x^{2} - 4) - x^{2} (x - 3) = x^{2} - 4$."
        ));
        assert!(
            english.ends_with("Hence $x^{3} - 2x^{2} - 4 = (x - 3) (x^{2} + x + 3) + (5)$."),
            "{english}"
        );
    }

    #[test]
    fn gcd_matches_the_bare_function() {
        let a = Poly::from_ints(&[-1, 0, 0, 1]);
        let b = Poly::from_ints(&[-1, 0, 1]);
        assert_eq!(gcd_worked(&a, &b, "x").unwrap().value, Poly::from_ints(&[-1, 1]));
    }
}
