//! Greatest common divisors, resultants and discriminants in one variable.

use dashu::rational::RBig;

use super::Poly;
use crate::exact::{Exact, at_most, bits, bounded_rational, undefined};

/// Largest degree of the smaller polynomial of a gcd, and of both of a resultant.
const MAX_GCD_DEGREE: usize = 80;
/// Largest coefficient, in bits, of a remainder.
const MAX_REMAINDER_BITS: usize = 4_096;

/// Refuses remainders whose coefficients have grown too large to go on quickly.
pub(super) fn small_coefficients(p: &Poly) -> Exact<()> {
    let size = |c: &RBig| bits(c.numerator()).max(bits(c.denominator().as_ibig()));
    let largest = p.coeffs().iter().map(size).max().unwrap_or(0);
    at_most("bits of a polynomial remainder", largest, MAX_REMAINDER_BITS)
}

/// Monic greatest common divisor; zero if both are zero.
///
/// Remainders are made primitive after each division, which keeps coefficients small enough at our degrees.
///
/// # Errors
/// `TooLarge` when coefficients outgrow the bit bound.
pub fn gcd(a: &Poly, b: &Poly) -> Exact<Poly> {
    at_most("degree of a polynomial gcd", a.degree().min(b.degree()), MAX_GCD_DEGREE)?;
    let (mut a, mut b) = (a.primitive_part(), b.primitive_part());
    while !b.is_zero() {
        if b.is_constant() {
            return Ok(Poly::one());
        }
        let (_, r) = a.div_rem(&b)?;
        small_coefficients(&r)?;
        (a, b) = (b, r.primitive_part());
    }
    Ok(a.monic())
}

/// Resultant by the Euclidean algorithm.
///
/// # Errors
/// `TooLarge` when coefficients outgrow the bit bound.
pub fn resultant(a: &Poly, b: &Poly) -> Exact<RBig> {
    if a.is_zero() || b.is_zero() {
        return Ok(RBig::ZERO);
    }
    at_most("degree of a resultant", a.degree().max(b.degree()), MAX_GCD_DEGREE)?;
    let (mut a, mut b, mut factor) = (a.clone(), b.clone(), RBig::ONE);
    while !b.is_constant() {
        let (_, r) = a.div_rem(&b)?;
        small_coefficients(&r)?;
        if r.is_zero() {
            return Ok(RBig::ZERO);
        }
        // res(a, b) = (-1)^(deg a deg b) lc(b)^(deg a - deg r) res(b, r)
        if a.degree() % 2 == 1 && b.degree() % 2 == 1 {
            factor = -factor;
        }
        factor *= power(&b.lead(), a.degree() - r.degree());
        bounded_rational(&factor)?;
        (a, b) = (b, r);
    }
    Ok(factor * power(&b.lead(), a.degree()))
}

fn power(q: &RBig, n: usize) -> RBig {
    q.pow(n as isize)
}

/// Discriminant of a polynomial of degree at least 1.
///
/// # Errors
/// `Undefined` for constants; `TooLarge` as [`resultant`].
pub fn discriminant(p: &Poly) -> Exact<RBig> {
    let n = p.degree();
    if n == 0 {
        return undefined("the discriminant of a constant");
    }
    let value = resultant(p, &p.derivative())? / p.lead();
    Ok(if n * (n - 1) / 2 % 2 == 1 { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcds() {
        let a = Poly::from_ints(&[-1, 0, 1]);
        let b = Poly::from_ints(&[1, 2, 1]);
        assert_eq!(gcd(&a, &b).unwrap(), Poly::from_ints(&[1, 1]));
        assert_eq!(gcd(&a, &Poly::default()).unwrap(), a);
        assert_eq!(gcd(&a, &Poly::from_ints(&[7, 1])).unwrap(), Poly::one());
    }

    #[test]
    fn discriminants() {
        let cases: [(&[i64], i64); 4] =
            [(&[6, -5, 1], 1), (&[1, 2, 1], 0), (&[-1, -1, 0, 1], -23), (&[1, 1], 1)];
        for (coeffs, expected) in cases {
            assert_eq!(discriminant(&Poly::from_ints(coeffs)).unwrap(), expected.into(), "{coeffs:?}");
        }
        assert_eq!(resultant(&Poly::from_ints(&[-1, 0, 1]), &Poly::from_ints(&[-2, 1])).unwrap(), 3.into());
    }
}
