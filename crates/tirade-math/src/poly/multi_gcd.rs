//! Greatest common divisors in several variables, by primitive remainder sequences in one variable at a time.

use dashu::rational::RBig;

use super::{MPoly, gcd};
use crate::exact::{Exact, at_most, bits};

/// Greatest common divisor with coprime integer coefficients and a positive leading one; zero if both are zero.
///
/// # Errors
/// `TooLarge` when intermediate polynomials outgrow the bounds.
pub fn gcd_multi(a: &MPoly, b: &MPoly) -> Exact<MPoly> {
    if a.is_zero() || b.is_zero() {
        let other = if a.is_zero() { b } else { a };
        return Ok(other.primitive().1);
    }
    let used: Vec<usize> = a.used_vars().into_iter().filter(|v| b.used_vars().contains(v)).collect();
    let Some(&main) = used.first() else { return Ok(MPoly::one(a.vars())) };
    if let (1, Some(p), Some(q)) = (used.len(), a.to_dense(main), b.to_dense(main)) {
        return Ok(MPoly::from_dense(a.vars(), main, &gcd(&p, &q)?.primitive_part()));
    }
    let (content_a, part_a) = split_content(a, main)?;
    let (content_b, part_b) = split_content(b, main)?;
    let content = gcd_multi(&content_a, &content_b)?;
    let part = primitive_remainders(part_a, part_b, main)?;
    Ok(content.mul(&part)?.primitive().1)
}

/// Content with respect to a variable, and the polynomial divided by it.
pub(super) fn split_content(p: &MPoly, main: usize) -> Exact<(MPoly, MPoly)> {
    let mut content = MPoly::zero(p.vars());
    for c in p.coefficients_in(main).iter().rev().filter(|c| !c.is_zero()) {
        content = gcd_multi(&content, c)?;
        if content.as_constant().is_some() {
            return Ok((MPoly::one(p.vars()), p.primitive().1));
        }
    }
    let part = p.exact_div(&content)?.unwrap_or_else(|| p.clone());
    Ok((content, part.primitive().1))
}

/// Euclid's algorithm with pseudo-remainders that are made primitive after every step.
fn primitive_remainders(mut a: MPoly, mut b: MPoly, main: usize) -> Exact<MPoly> {
    if a.degree_in(main) < b.degree_in(main) {
        std::mem::swap(&mut a, &mut b);
    }
    while !b.is_zero() {
        if b.degree_in(main) == 0 {
            return Ok(MPoly::one(a.vars()));
        }
        let r = pseudo_remainder(&a, &b, main)?;
        let next = if r.is_zero() { r } else { split_content(&r, main)?.1 };
        (a, b) = (b, next);
    }
    Ok(a)
}

/// A multiple of `a`, by a power of the leading coefficient of `b`, reduced modulo `b`.
fn pseudo_remainder(a: &MPoly, b: &MPoly, main: usize) -> Exact<MPoly> {
    let degree = b.degree_in(main);
    let lead = b.coefficients_in(main).pop().unwrap_or_else(|| MPoly::zero(b.vars()));
    let mut rest = a.clone();
    while !rest.is_zero() && rest.degree_in(main) >= degree {
        let shift = rest.degree_in(main) - degree;
        let top = rest.coefficients_in(main).pop().unwrap_or_else(|| MPoly::zero(b.vars()));
        let mut exponents = smallvec::SmallVec::from_elem(0u16, b.vars());
        exponents[main] = shift as u16;
        let multiple = b.mul(&top)?.mul(&MPoly::monomial(exponents, RBig::ONE))?;
        rest = rest.mul(&lead)?.sub(&multiple);
        at_most("terms in a pseudo-remainder", rest.len(), 400)?;
        rest.terms()
            .try_for_each(|(_, c)| at_most("bits of a pseudo-remainder", bits(c.numerator()), 4_096))?;
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_factors_are_found() {
        let (x, y, z) = (MPoly::var(3, 0), MPoly::var(3, 1), MPoly::var(3, 2));
        let common = x.mul(&y).unwrap().add(&z).add(&MPoly::one(3));
        let a = common.mul(&x.sub(&y)).unwrap();
        let b = common.mul(&x.add(&z).pow(2).unwrap()).unwrap();
        assert_eq!(gcd_multi(&a, &b).unwrap(), common.primitive().1);
        assert_eq!(gcd_multi(&x, &y).unwrap(), MPoly::one(3));
        assert_eq!(gcd_multi(&x.mul(&y).unwrap(), &y.mul(&z).unwrap()).unwrap(), y);
        assert_eq!(gcd_multi(&MPoly::zero(3), &a).unwrap(), a.primitive().1);
    }
}
