//! Powers in normal form: of numbers by their primes, of monomials factor by factor, of sums as far as the caps allow.

use super::MAX_EXPAND;
use super::mono::{Atom, Exponent, Mono, is_small_power, prime_power};
use super::poly::{Fraction, Poly};
use crate::expr::{Func, Rational};
use crate::fuel;
use dashu::base::{BitTest, UnsignedAbs};
use dashu::integer::{IBig, UBig};
use std::sync::Arc;

pub(super) fn power(base: &Fraction, exponent: &Fraction) -> Option<Fraction> {
    if let Some(x) = exponent.as_constant() {
        return rational_power(base, Exponent::from_rational(&x)?);
    }
    symbolic_power(base, exponent)
}

/// `base^(c₁m₁ + c₂m₂ + …)` is the product of `(base^mᵢ)^cᵢ`, where the base is positive or one variable.
fn symbolic_power(base: &Fraction, exponent: &Fraction) -> Option<Fraction> {
    if base.num.is_zero() {
        return None;
    }
    if base.as_constant().is_some_and(|c| c.is_one()) {
        return Some(base.clone());
    }
    let splits =
        base.is_positive_atom() || base.num.0.len() == 1 && base.den.0.is_empty() && base.num.0[0].1.is_one();
    if !splits || !exponent.den.0.is_empty() {
        return Some(Fraction::atom(Atom::Power(Arc::new((base.clone(), exponent.clone()))), Exponent::ONE));
    }
    let mut product = Fraction::constant(Rational::ONE);
    for (unit, e) in base_parts(base)? {
        for (m, c) in &exponent.num.0 {
            let scaled = Exponent::from_rational(c)?.mul(e)?;
            let factor = if m.is_one() {
                rational_power(&unit, scaled)?
            } else {
                let x = Fraction::poly(Poly::term(m.clone(), Rational::ONE));
                Fraction::atom(Atom::Power(Arc::new((unit.clone(), x))), scaled)
            };
            product = product.mul(&factor)?;
        }
    }
    Some(product)
}

/// The bases whose powers make up a positive constant or one monomial: `12` is 2² · 3.
fn base_parts(base: &Fraction) -> Option<Vec<(Fraction, Exponent)>> {
    let (mono, c) = &base.num.0[0];
    let mut parts = Vec::new();
    for (p, n) in factor_rational(c)? {
        parts.push((Fraction::constant(Rational::from(p)), Exponent::new(n, 1)?));
    }
    for (atom, e) in &mono.0 {
        parts.push((Fraction::atom(atom.clone(), Exponent::ONE), *e));
    }
    Some(parts)
}

pub(super) fn rational_power(base: &Fraction, e: Exponent) -> Option<Fraction> {
    if e.num == 0 {
        return (!base.num.is_zero()).then(|| Fraction::constant(Rational::ONE));
    }
    if base.num.is_zero() {
        return (e.num > 0).then(|| base.clone());
    }
    if e.num < 0 {
        return rational_power(&base.inv()?, Exponent { num: -e.num, den: e.den });
    }
    if base.den.0.is_empty() && base.num.0.len() == 1 {
        return monomial_power(&base.num.0[0], e);
    }
    if e.den == 1 {
        let n = e.num.unsigned_abs();
        if n <= MAX_EXPAND {
            return base.powi(n);
        }
        return Some(Fraction::atom(Atom::Base(Arc::new(base.clone())), e));
    }
    if !base.den.0.is_empty() {
        // √(a/b) of sums: as one opaque base
        return Some(Fraction::atom(Atom::Base(Arc::new(base.clone())), e));
    }
    root_of_sum(&base.num, e)
}

/// The fractional power of a sum: its positive content goes out, whole powers are multiplied out.
fn root_of_sum(sum: &Poly, e: Exponent) -> Option<Fraction> {
    let content = content(sum);
    let primitive = Fraction::poly(sum.clone().scaled(&(&Rational::ONE / &content)));
    let whole = e.floor();
    let part = Exponent::new(e.num - whole.checked_mul(e.den)?, e.den)?;
    let outside = rational_power(&Fraction::constant(content), e)?;
    let inside = Fraction::atom(Atom::Base(Arc::new(primitive.clone())), part);
    let whole = u64::try_from(whole).ok().filter(|w| *w <= MAX_EXPAND)?;
    outside.mul(&inside)?.mul(&primitive.powi(whole)?)
}

/// The positive rational by which all coefficients become integers without a common factor.
fn content(sum: &Poly) -> Rational {
    use dashu::base::Gcd;
    let mut above = UBig::ZERO;
    let mut below = UBig::ONE;
    for (_, c) in &sum.0 {
        above = if above.is_zero() {
            c.numerator().clone().unsigned_abs()
        } else {
            above.gcd(c.numerator().clone().unsigned_abs())
        };
        let g = (&below).gcd(c.denominator());
        below = below / g * c.denominator();
    }
    Rational::from_parts(IBig::from(above), below)
}

fn monomial_power(term: &(Mono, Rational), e: Exponent) -> Option<Fraction> {
    let (mono, c) = term;
    if e.den == 1 {
        let (m, factor) = mono.pow(e)?;
        let number = number_power(c, e)?;
        return number.mul(&Fraction::poly(Poly::term(m, factor.unwrap_or(Rational::ONE))));
    }
    let negative = *c < Rational::ZERO;
    let size = if negative { -c.clone() } else { c.clone() };
    let positive_mono = mono.0.iter().all(|(a, _)| a.is_positive());
    let sign = match (negative, e.den) {
        (false, _) => Fraction::constant(Rational::ONE),
        (true, 2) if positive_mono => {
            let quarter = e.num.rem_euclid(4);
            let i = Fraction::atom(Atom::I, Exponent::ONE);
            i.powi(quarter as u64)?
        }
        (true, d) if d % 2 == 1 => {
            Fraction::constant(if e.num % 2 == 0 { Rational::ONE } else { Rational::NEG_ONE })
        }
        _ => {
            let base = Fraction::poly(Poly::term(mono.clone(), c.clone()));
            return Some(Fraction::atom(Atom::Base(Arc::new(base)), e));
        }
    };
    sign.mul(&number_power(&size, e)?)?.mul(&root_of_mono(mono, e)?)
}

/// `(x^a y^b)^e`: splits over factors known to be positive; the square root of a square is an absolute value.
fn root_of_mono(mono: &Mono, e: Exponent) -> Option<Fraction> {
    let mut positive = Mono::default();
    let mut other = Mono::default();
    for (atom, x) in &mono.0 {
        let target = if atom.is_positive() { &mut positive } else { &mut other };
        target.0.push((atom.clone(), *x));
    }
    let (m, factor) = positive.pow(e)?;
    let outside = Fraction::poly(Poly::term(m, factor.unwrap_or(Rational::ONE)));
    let inside = match other.0.as_slice() {
        [] => return Some(outside),
        [(Atom::I, _)] => {
            Fraction::atom(Atom::Base(Arc::new(Fraction::poly(Poly::term(other, Rational::ONE)))), e)
        }
        [(atom, x)] if x.den == 1 && x.num % 2 == 0 && e.den % 2 == 0 => {
            let total = x.mul(e)?;
            if total.den == 1 && total.num % 2 == 0 {
                Fraction::atom(atom.clone(), total)
            } else {
                let inner: Arc<[Fraction]> = vec![Fraction::atom(atom.clone(), Exponent::ONE)].into();
                Fraction::atom(Atom::Call(Func::Abs, inner), total)
            }
        }
        [(atom, x)] => Fraction::atom(atom.clone(), x.mul(e)?),
        _ => Fraction::atom(Atom::Base(Arc::new(Fraction::poly(Poly::term(other, Rational::ONE)))), e),
    };
    outside.mul(&inside)
}

/// `c^e` for a number: whole powers are numbers while they are small, the rest are powers of primes.
fn number_power(c: &Rational, e: Exponent) -> Option<Fraction> {
    if c.is_one() {
        return Some(Fraction::constant(Rational::ONE));
    }
    if e.den == 1 {
        let n = e.num.unsigned_abs();
        let bits = (c.numerator().bit_len().max(c.denominator().bit_len()) as u64).checked_mul(n)?;
        if bits < super::MAX_BITS as u64 / 2 {
            fuel::spend((bits / 64).pow(2))?;
            let power = c.pow(n as isize);
            return Some(Fraction::constant(if e.num < 0 { &Rational::ONE / power } else { power }));
        }
        let negative = *c < Rational::ZERO && e.num % 2 != 0;
        let size = if *c < Rational::ZERO { -c.clone() } else { c.clone() };
        let sign = Fraction::constant(if negative { Rational::NEG_ONE } else { Rational::ONE });
        return sign.mul(&prime_powers(&size, e)?);
    }
    prime_powers(c, e)
}

fn prime_powers(c: &Rational, e: Exponent) -> Option<Fraction> {
    let Some(factors) = factor_rational(c) else {
        return Some(Fraction::atom(Atom::Base(Arc::new(Fraction::constant(c.clone()))), e));
    };
    let mut number = Rational::ONE;
    let mut mono = Mono::default();
    for (p, n) in factors {
        let total = Exponent::new(n, 1)?.mul(e)?;
        let whole = total.floor();
        let mut left = total;
        if whole != 0 && is_small_power(p, whole) {
            number *= prime_power(p, whole);
            left = total.add(Exponent::new(-whole, 1)?)?;
        }
        if left.num != 0 {
            mono.0.push((Atom::Prime(p), left));
        }
    }
    mono.0.sort();
    Some(Fraction::poly(Poly::term(mono, number)))
}

/// Prime factors with exponents (negative below the line), by trial division; `None` if a large part is left.
pub(super) fn factor_rational(c: &Rational) -> Option<Vec<(u64, i64)>> {
    let mut out = Vec::new();
    factor_into(c.numerator().clone().unsigned_abs(), 1, &mut out)?;
    factor_into(c.denominator().clone(), -1, &mut out)?;
    out.sort_unstable();
    Some(out)
}

fn factor_into(n: UBig, sign: i64, out: &mut Vec<(u64, i64)>) -> Option<()> {
    let mut left = u64::try_from(n).ok()?;
    let mut p = 2u64;
    while p * p <= left && p < 5000 {
        let mut count = 0;
        while left % p == 0 {
            left /= p;
            count += 1;
        }
        if count > 0 {
            out.push((p, count * sign));
        }
        p += if p == 2 { 1 } else { 2 };
    }
    fuel::spend(p)?;
    if left > 1 {
        if left >= 5000 * 5000 {
            // Perhaps composite: a perfect square is the only case that matters for roots.
            let r = (left as f64).sqrt().round() as u64;
            if r.checked_mul(r) == Some(left) && r < 5000 * 5000 {
                out.push((r, 2 * sign));
                return Some(());
            }
            return None;
        }
        out.push((left, sign));
    }
    Some(())
}
