//! Products of powers of atoms.

use super::poly::Fraction;
use crate::expr::{Func, Rational};
use dashu::integer::{IBig, UBig};
use smallvec::SmallVec;
use smol_str::SmolStr;
use std::sync::Arc;

/// What a normal form does not look into. The order is that of the variants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Atom {
    /// The imaginary unit; its exponent is 0 or 1.
    I,
    /// A prime, with an exponent that is no integer, or is too large to multiply out.
    Prime(u64),
    /// Euler's number.
    E,
    /// π.
    Pi,
    /// A variable.
    Sym(SmolStr),
    /// A base (of several terms, or negative, or a huge number) under a fractional exponent.
    Base(Arc<Fraction>),
    /// A base with a symbolic exponent.
    Power(Arc<(Fraction, Fraction)>),
    /// A function of normalised arguments.
    Call(Func, Arc<[Fraction]>),
    /// An unknown function of normalised arguments.
    Apply(SmolStr, Arc<[Fraction]>),
}

impl Atom {
    /// Known to be a positive real, so that powers of powers multiply.
    pub fn is_positive(&self) -> bool {
        match self {
            Atom::Prime(_) | Atom::E | Atom::Pi => true,
            Atom::Power(p) => p.0.is_positive_atom(),
            _ => false,
        }
    }
}

/// A rational exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exponent {
    /// Numerator.
    pub num: i64,
    /// Denominator, positive.
    pub den: i64,
}

impl Exponent {
    /// 1.
    pub const ONE: Exponent = Exponent { num: 1, den: 1 };

    /// num/den in lowest terms, if it is small.
    pub fn new(num: i64, den: i64) -> Option<Exponent> {
        if den == 0 || num == i64::MIN || den == i64::MIN {
            return None;
        }
        let mut g = num.unsigned_abs();
        let mut b = den.unsigned_abs();
        while b != 0 {
            (g, b) = (b, g % b);
        }
        let g = i64::try_from(g).ok().filter(|g| *g != 0)?;
        let sign = if den < 0 { -1 } else { 1 };
        let e = Exponent { num: num / g * sign, den: den / g * sign };
        (e.num.abs() < 1 << 40 && e.den < 1 << 20).then_some(e)
    }

    /// From an exact number.
    pub fn from_rational(r: &Rational) -> Option<Exponent> {
        let num = i64::try_from(r.numerator()).ok()?;
        let den = i64::try_from(r.denominator().clone()).ok()?;
        Exponent::new(num, den)
    }

    /// Sum.
    pub fn add(self, other: Exponent) -> Option<Exponent> {
        if self.den == 1 && other.den == 1 {
            return Exponent::new(self.num.checked_add(other.num)?, 1);
        }
        let num = self.num.checked_mul(other.den)?.checked_add(other.num.checked_mul(self.den)?)?;
        Exponent::new(num, self.den.checked_mul(other.den)?)
    }

    /// Product.
    pub fn mul(self, other: Exponent) -> Option<Exponent> {
        Exponent::new(self.num.checked_mul(other.num)?, self.den.checked_mul(other.den)?)
    }

    /// Greatest integer not above.
    pub fn floor(self) -> i64 {
        self.num.div_euclid(self.den)
    }
}

/// Atoms with non-zero exponents, sorted by atom.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mono(pub SmallVec<[(Atom, Exponent); 2]>);

impl Mono {
    /// One atom.
    pub fn atom(atom: Atom, exponent: Exponent) -> Mono {
        let mut m = Mono::default();
        m.0.push((atom, exponent));
        m
    }

    /// Whether it is 1.
    pub fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// The product, and the factor of its coefficient that powers of i and of primes turn into.
    pub fn mul(&self, other: &Mono) -> Option<(Mono, Option<Rational>)> {
        if other.is_one() {
            return Some((self.clone(), None));
        }
        if self.is_one() {
            return Some((other.clone(), None));
        }
        let mut out = Mono::default();
        let mut factor = None;
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        loop {
            let (atom, e) = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => match x.0.cmp(&y.0) {
                    std::cmp::Ordering::Less => {
                        out.0.push((*x).clone());
                        a.next();
                        continue;
                    }
                    std::cmp::Ordering::Greater => {
                        out.0.push((*y).clone());
                        b.next();
                        continue;
                    }
                    std::cmp::Ordering::Equal => {
                        let pair = (x.0.clone(), x.1.add(y.1)?);
                        a.next();
                        b.next();
                        pair
                    }
                },
                (Some(_), None) => {
                    out.0.extend(a.cloned());
                    break;
                }
                (None, Some(_)) => {
                    out.0.extend(b.cloned());
                    break;
                }
                (None, None) => break,
            };
            out.push_settled(atom, e, &mut factor)?;
        }
        Some((out, factor))
    }

    /// Pushes an atom whose exponent just changed: i² = −1, and whole powers of primes go into the coefficient.
    fn push_settled(&mut self, atom: Atom, e: Exponent, factor: &mut Option<Rational>) -> Option<()> {
        let mut e = e;
        match atom {
            Atom::I => {
                if e.num.rem_euclid(4) >= 2 {
                    scale(factor, Rational::NEG_ONE);
                }
                e = Exponent { num: e.num.rem_euclid(2), den: 1 };
            }
            Atom::Prime(p) => {
                let whole = e.floor();
                if whole != 0 && is_small_power(p, whole) {
                    scale(factor, prime_power(p, whole));
                    e = e.add(Exponent::new(-whole, 1)?)?;
                }
            }
            _ => {}
        }
        if e.num != 0 {
            self.0.push((atom, e));
        }
        Some(())
    }

    /// A copy with every exponent multiplied, and the coefficient that falls out.
    pub fn pow(&self, e: Exponent) -> Option<(Mono, Option<Rational>)> {
        let mut out = Mono::default();
        let mut factor = None;
        for (atom, x) in &self.0 {
            out.push_settled(atom.clone(), x.mul(e)?, &mut factor)?;
        }
        Some((out, factor))
    }
}

/// Whether `p^n` is small enough to be part of a coefficient.
pub fn is_small_power(p: u64, n: i64) -> bool {
    (n.unsigned_abs() as f64) * (p as f64).log2() < super::MAX_BITS as f64 / 4.0
}

/// `p^n` as a number.
pub fn prime_power(p: u64, n: i64) -> Rational {
    let power = UBig::from(p).pow(n.unsigned_abs() as usize);
    if n >= 0 { Rational::from(power) } else { Rational::from_parts(IBig::ONE, power) }
}

fn scale(factor: &mut Option<Rational>, by: Rational) {
    *factor = Some(match factor.take() {
        None => by,
        Some(f) => f * by,
    });
}
