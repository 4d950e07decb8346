//! Sums of monomials, and quotients of such sums.

use super::mono::{Atom, Exponent, Mono};
use super::{MAX_BITS, MAX_EXPAND, MAX_PRODUCTS, MAX_TERMS};
use crate::expr::Rational;
use crate::fuel;
use dashu::base::BitTest;
use std::cmp::Ordering;

/// Terms sorted by monomial, no zero coefficients.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Poly(pub Vec<(Mono, Rational)>);

/// Numerator and denominator. A denominator of one term is multiplied into the numerator, so it is 1; otherwise its
/// first coefficient is 1. Common factors of several terms are not cancelled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction {
    /// Numerator.
    pub num: Poly,
    /// Denominator; empty means 1.
    pub den: Poly,
}

fn too_big(r: &Rational) -> bool {
    r.numerator().bit_len().max(r.denominator().bit_len()) > MAX_BITS
}

/// Units of [`fuel`] for a term that is made or looked at, besides its coefficient and its atoms.
const TERM: u64 = 15;
/// For each atom in it.
const ATOM: u64 = 12;

impl Poly {
    /// A number.
    pub fn constant(value: Rational) -> Poly {
        if value.is_zero() { Poly::default() } else { Poly(vec![(Mono::default(), value)]) }
    }

    /// One term.
    pub fn term(mono: Mono, coefficient: Rational) -> Poly {
        if coefficient.is_zero() { Poly::default() } else { Poly(vec![(mono, coefficient)]) }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The number it is, if it is one.
    pub fn as_constant(&self) -> Option<Rational> {
        match self.0.as_slice() {
            [] => Some(Rational::ZERO),
            [(m, c)] if m.is_one() => Some(c.clone()),
            _ => None,
        }
    }

    /// `self + other · scale`.
    pub fn add_scaled(&self, other: &Poly, scale: &Rational) -> Option<Poly> {
        let mut out = Vec::with_capacity(self.0.len() + other.0.len());
        fuel::spend(TERM * (self.0.len() + other.0.len()) as u64)?;
        let (mut i, mut j) = (0, 0);
        while i < self.0.len() || j < other.0.len() {
            let order = match (self.0.get(i), other.0.get(j)) {
                (Some(a), Some(b)) => a.0.cmp(&b.0),
                (Some(_), None) => Ordering::Less,
                _ => Ordering::Greater,
            };
            match order {
                Ordering::Less => {
                    out.push(self.0[i].clone());
                    i += 1;
                }
                Ordering::Greater => {
                    out.push((other.0[j].0.clone(), &other.0[j].1 * scale));
                    j += 1;
                }
                Ordering::Equal => {
                    fuel::spend(
                        fuel::product(&other.0[j].1, scale) + fuel::sum(&self.0[i].1, &other.0[j].1),
                    )?;
                    let c = &self.0[i].1 + &other.0[j].1 * scale;
                    if too_big(&c) {
                        return None;
                    }
                    if !c.is_zero() {
                        out.push((self.0[i].0.clone(), c));
                    }
                    i += 1;
                    j += 1;
                }
            }
        }
        (out.len() <= MAX_TERMS).then_some(Poly(out))
    }

    /// Sum.
    pub fn add(&self, other: &Poly) -> Option<Poly> {
        self.add_scaled(other, &Rational::ONE)
    }

    /// Product with a number.
    pub fn scaled(mut self, by: &Rational) -> Poly {
        if !by.is_one() {
            for (_, c) in &mut self.0 {
                let _ = fuel::spend(TERM / 2 + fuel::product(c, by));
                *c = &*c * by;
            }
        }
        self
    }

    /// Product.
    pub fn mul(&self, other: &Poly) -> Option<Poly> {
        if self.0.len() * other.0.len() > MAX_PRODUCTS {
            return None;
        }
        let mut out = Vec::with_capacity(self.0.len() * other.0.len());
        let mut written_out = 0;
        for (ma, ca) in &self.0 {
            for (mb, cb) in &other.0 {
                fuel::spend(TERM + ATOM * (ma.0.len() + mb.0.len()) as u64 + fuel::product(ca, cb))?;
                let (m, factor) = ma.mul(mb)?;
                let mut c = ca * cb;
                if let Some(f) = factor {
                    c *= f;
                }
                if too_big(&c) {
                    return None;
                }
                match whole_base(&m) {
                    Some((at, base, n)) => {
                        written_out += 1;
                        if written_out > MAX_WRITTEN_OUT {
                            return None;
                        }
                        out.extend(multiplied_out(&m, at, base, n, &c)?);
                    }
                    None => out.push((m, c)),
                }
            }
        }
        Poly::collect(out)
    }

    /// Sorts and merges terms.
    pub fn collect(mut terms: Vec<(Mono, Rational)>) -> Option<Poly> {
        if terms.len() > 1 {
            let atoms = terms[0].0.0.len().max(1) as u64;
            fuel::spend(atoms * ATOM * terms.len() as u64)?;
            terms.sort_by(|a, b| a.0.cmp(&b.0));
            let mut merged: Vec<(Mono, Rational)> = Vec::with_capacity(terms.len());
            for (m, c) in terms {
                match merged.last_mut() {
                    Some((last, sum)) if *last == m => {
                        fuel::spend(fuel::sum(sum, &c))?;
                        *sum += c;
                    }
                    _ => merged.push((m, c)),
                }
            }
            merged.retain(|(_, c)| !c.is_zero());
            terms = merged;
        }
        (terms.len() <= MAX_TERMS).then_some(Poly(terms))
    }

    /// The factor by which `other` is this, if it is a multiple by a number.
    pub fn ratio(&self, other: &Poly) -> Option<Rational> {
        if self.0.len() != other.0.len() || self.is_zero() {
            return None;
        }
        let ratio = &other.0[0].1 / &self.0[0].1;
        let same = self.0.iter().zip(&other.0).all(|(a, b)| a.0 == b.0 && &a.1 * &ratio == b.1);
        same.then_some(ratio)
    }

    /// Whether different normal forms of this kind have different values: integer powers of variables and of one of
    /// π and e, square-root-like powers of primes, i.
    pub fn is_independent(&self) -> bool {
        self.0.iter().all(|(m, _)| {
            m.0.iter().all(|(atom, e)| match atom {
                Atom::Sym(_) => e.den == 1,
                Atom::I => true,
                Atom::Prime(_) => e.den > 1 && e.floor() == 0,
                Atom::Pi => e.den == 1,
                _ => false,
            })
        })
    }

    /// The value modulo a prime, for sums of integer powers of primes.
    pub fn modulo(&self, modulus: u64) -> Option<u64> {
        let mut sum = 0u64;
        for (m, c) in &self.0 {
            let mut term = rational_modulo(c, modulus)?;
            for (atom, e) in &m.0 {
                let (Atom::Prime(p), 1) = (atom, e.den) else { return None };
                // a^(m-1) = 1, so a negative exponent is a positive one.
                let power = e.num.rem_euclid(i64::try_from(modulus).ok()? - 1) as u64;
                term = mul_mod(term, pow_mod(p % modulus, power, modulus), modulus);
            }
            sum = (sum + term) % modulus;
        }
        Some(sum)
    }
}

/// Terms of one product in which roots of sums become sums again.
const MAX_WRITTEN_OUT: u32 = 64;

/// A sum under roots whose exponents have added up to a whole number: `√s·√s`.
fn whole_base(m: &Mono) -> Option<(usize, &Fraction, u64)> {
    m.0.iter().enumerate().find_map(|(at, (atom, e))| match atom {
        Atom::Base(base)
            if e.den == 1 && (1..=MAX_EXPAND as i64).contains(&e.num) && base.den.0.is_empty() =>
        {
            Some((at, &**base, e.num as u64))
        }
        _ => None,
    })
}

/// The term `c·m` with the base at `at` written out.
fn multiplied_out(
    m: &Mono,
    at: usize,
    base: &Fraction,
    n: u64,
    c: &Rational,
) -> Option<Vec<(Mono, Rational)>> {
    let mut rest = m.clone();
    rest.0.remove(at);
    Some(base.powi(n)?.num.mul(&Poly::term(rest, c.clone()))?.0)
}

fn rational_modulo(r: &Rational, modulus: u64) -> Option<u64> {
    let below = residue(&dashu::integer::IBig::from(r.denominator().clone()), modulus);
    if below == 0 {
        return None;
    }
    Some(mul_mod(residue(r.numerator(), modulus), pow_mod(below, modulus - 2, modulus), modulus))
}

fn residue(n: &dashu::integer::IBig, modulus: u64) -> u64 {
    use dashu::base::{Signed, UnsignedAbs};
    let size = u64::try_from(n.clone().unsigned_abs() % dashu::integer::UBig::from(modulus)).unwrap_or(0);
    if n.is_negative() { (modulus - size) % modulus } else { size }
}

fn mul_mod(a: u64, b: u64, modulus: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(modulus)) as u64
}

fn pow_mod(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = mul_mod(result, base, modulus);
        }
        base = mul_mod(base, base, modulus);
        exponent >>= 1;
    }
    result
}

impl Fraction {
    /// A number.
    pub fn constant(value: Rational) -> Fraction {
        Fraction { num: Poly::constant(value), den: Poly::default() }
    }

    /// A polynomial.
    pub fn poly(num: Poly) -> Fraction {
        Fraction { num, den: Poly::default() }
    }

    /// An atom to a power.
    pub fn atom(atom: Atom, e: Exponent) -> Fraction {
        Fraction::poly(Poly::term(Mono::atom(atom, e), Rational::ONE))
    }

    /// The number it is, if it is one.
    pub fn as_constant(&self) -> Option<Rational> {
        if self.den.0.is_empty() { self.num.as_constant() } else { None }
    }

    /// Whether it is one prime, e or π.
    pub fn is_positive_atom(&self) -> bool {
        match self.num.0.as_slice() {
            [(m, c)] if self.den.0.is_empty() && *c > Rational::ZERO => {
                m.0.iter().all(|(a, _)| a.is_positive())
            }
            _ => false,
        }
    }

    /// Sum.
    pub fn add(&self, other: &Fraction) -> Option<Fraction> {
        match (self.den.0.is_empty(), other.den.0.is_empty()) {
            (true, true) => Some(Fraction::poly(self.num.add(&other.num)?)),
            (true, false) => Fraction::new(self.num.mul(&other.den)?.add(&other.num)?, other.den.clone()),
            (false, true) => Fraction::new(other.num.mul(&self.den)?.add(&self.num)?, self.den.clone()),
            (false, false) if self.den == other.den => {
                Fraction::new(self.num.add(&other.num)?, self.den.clone())
            }
            (false, false) => {
                let num = self.num.mul(&other.den)?.add(&other.num.mul(&self.den)?)?;
                Fraction::new(num, self.den.mul(&other.den)?)
            }
        }
    }

    /// Product.
    pub fn mul(&self, other: &Fraction) -> Option<Fraction> {
        let num = self.num.mul(&other.num)?;
        let den = match (self.den.0.is_empty(), other.den.0.is_empty()) {
            (true, true) => return Some(Fraction::poly(num)),
            (true, false) => other.den.clone(),
            (false, true) => self.den.clone(),
            (false, false) => self.den.mul(&other.den)?,
        };
        Fraction::new(num, den)
    }

    /// 1/x; `None` for zero.
    pub fn inv(&self) -> Option<Fraction> {
        if self.num.is_zero() {
            return None;
        }
        let num = if self.den.0.is_empty() { Poly::constant(Rational::ONE) } else { self.den.clone() };
        Fraction::new(num, self.num.clone())
    }

    /// A quotient in normal form.
    pub fn new(num: Poly, den: Poly) -> Option<Fraction> {
        if num.is_zero() {
            return Some(Fraction::poly(num));
        }
        if num == den {
            return Some(Fraction::constant(Rational::ONE));
        }
        match den.0.as_slice() {
            [] => Some(Fraction::poly(num)),
            [(m, c)] => {
                let (m, factor) = m.pow(Exponent { num: -1, den: 1 })?;
                let c = &Rational::ONE / c * factor.unwrap_or(Rational::ONE);
                Some(Fraction::poly(num.mul(&Poly::term(m, c))?))
            }
            [(_, c), ..] => {
                let scale = &Rational::ONE / c;
                let (num, den) = (num.scaled(&scale), den.scaled(&scale));
                if let Some(ratio) = den.ratio(&num) {
                    return Some(Fraction::constant(ratio));
                }
                Some(Fraction { num, den })
            }
        }
    }

    /// The difference as one numerator: zero exactly when the two are equal as formal expressions.
    pub fn cross_difference(&self, other: &Fraction) -> Option<Poly> {
        let left = if other.den.0.is_empty() { self.num.clone() } else { self.num.mul(&other.den)? };
        let right = if self.den.0.is_empty() { other.num.clone() } else { other.num.mul(&self.den)? };
        left.add_scaled(&right, &Rational::NEG_ONE)
    }

    /// Integer power by repeated squaring.
    pub fn powi(&self, n: u64) -> Option<Fraction> {
        let mut result = Fraction::constant(Rational::ONE);
        let mut square = self.clone();
        let mut left = n;
        while left > 0 {
            if left & 1 == 1 {
                result = result.mul(&square)?;
            }
            left >>= 1;
            if left > 0 {
                square = square.mul(&square)?;
            }
        }
        Some(result)
    }
}
