//! From expressions to polynomials and rational functions, and back.

use dashu::rational::RBig;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::kernel::{add, mul, pow};
use crate::exact::{Exact, MAX_DEGREE, at_most, undefined, unsupported};
use crate::expr::Expr;
use crate::poly::{MPoly, Monomial, Poly, gcd_multi};

/// The symbols of an expression, in SymPy's order of polynomial generators.
pub fn symbols(e: &Expr) -> Vec<SmolStr> {
    let mut names = Vec::new();
    visit(e, &mut names);
    names.sort_by_cached_key(|n| generator_rank(n));
    names
}

fn visit(e: &Expr, names: &mut Vec<SmolStr>) {
    match e {
        Expr::Sym(s) if !names.contains(s) => names.push(s.clone()),
        Expr::Add(parts) | Expr::Mul(parts) | Expr::Call(_, parts) => {
            parts.iter().for_each(|p| visit(p, names))
        }
        Expr::Pow(b, e) => [b, e].into_iter().for_each(|p| visit(p, names)),
        Expr::Relation(first, rest) => {
            visit(first, names);
            rest.iter().for_each(|(_, side)| visit(side, names));
        }
        _ => {}
    }
}

/// SymPy's rank of a generator: x, y, z, then p to w, then a to o, then all other names; digits at the end count as a number.
fn generator_rank(name: &str) -> (u32, String, u64) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let index = name[stem.len()..].parse().unwrap_or(0);
    let rank = match stem.as_bytes() {
        [c @ b'x'..=b'z'] => 124 + u32::from(c - b'x'),
        [c @ b'p'..=b'w'] => 216 + u32::from(c - b'p'),
        [c @ b'a'..=b'o'] => 301 + u32::from(c - b'a'),
        _ => 1_000,
    };
    (rank, stem.to_string(), index)
}

/// Whether pi, e or i occurs.
pub(super) fn contains_constant(e: &Expr) -> bool {
    match e {
        Expr::Const(_) => true,
        Expr::Add(parts) | Expr::Mul(parts) | Expr::Call(_, parts) => parts.iter().any(contains_constant),
        Expr::Pow(b, e) => contains_constant(b) || contains_constant(e),
        _ => false,
    }
}

/// A quotient of two polynomials without common factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Numerator.
    pub top: MPoly,
    /// Denominator, never zero.
    pub bottom: MPoly,
}

/// The expression as a polynomial in the given symbols with rational coefficients.
///
/// # Errors
/// `Unsupported` if it is none, `TooLarge` beyond the bounds.
pub fn to_polynomial(e: &Expr, names: &[SmolStr]) -> Exact<MPoly> {
    let n = names.len();
    match e {
        Expr::Num(q) => Ok(MPoly::constant(n, q.clone())),
        Expr::Dec(d) => Ok(MPoly::constant(n, d.value.clone())),
        Expr::Sym(s) => match names.iter().position(|name| name == s) {
            Some(i) => Ok(MPoly::var(n, i)),
            None => unsupported(format!("{s} as a variable of this polynomial")),
        },
        Expr::Add(terms) => {
            let mut sum = MPoly::zero(n);
            for t in terms {
                match monomial(t, names) {
                    Some((exponents, c)) => sum.add_term(exponents, c),
                    None => sum = sum.add(&to_polynomial(t, names)?),
                }
            }
            Ok(sum)
        }
        Expr::Mul(factors) => factors.iter().try_fold(MPoly::one(n), |p, f| p.mul(&to_polynomial(f, names)?)),
        Expr::Pow(base, exponent) => match exponent.as_i64().and_then(|k| usize::try_from(k).ok()) {
            Some(k) => to_polynomial(base, names)?.pow(at_most("exponent", k, MAX_DEGREE * 100).map(|()| k)?),
            None if matches!(**base, Expr::Num(_)) => to_number_power(base, exponent, n),
            None => unsupported(format!("{e} as a polynomial")),
        },
        other => unsupported(format!("{other} as a polynomial with rational coefficients")),
    }
}

/// A term of an expanded polynomial: a number times powers of symbols.
fn monomial(term: &Expr, names: &[SmolStr]) -> Option<(Monomial, RBig)> {
    let mut exponents: Monomial = SmallVec::from_elem(0, names.len());
    let mut coefficient = RBig::ONE;
    for factor in if let Expr::Mul(factors) = term { factors.as_slice() } else { std::slice::from_ref(term) }
    {
        let (name, power) = match factor {
            Expr::Num(q) => {
                coefficient *= q;
                continue;
            }
            Expr::Sym(name) => (name, 1),
            Expr::Pow(base, exponent) => match &**base {
                Expr::Sym(name) => (name, u16::try_from(exponent.as_i64()?).ok()?),
                _ => return None,
            },
            _ => return None,
        };
        let exponent = &mut exponents[names.iter().position(|n| n == name)?];
        *exponent = exponent.checked_add(power)?;
    }
    let degree: usize = exponents.iter().map(|e| usize::from(*e)).sum();
    (degree <= MAX_DEGREE).then_some((exponents, coefficient))
}

fn to_number_power(base: &Expr, exponent: &Expr, n: usize) -> Exact<MPoly> {
    match pow(base, exponent)? {
        Expr::Num(q) => Ok(MPoly::constant(n, q)),
        other => unsupported(format!("{other} as a rational number")),
    }
}

/// The expression as a reduced fraction of polynomials.
///
/// # Errors
/// `Undefined` for a zero denominator, `Unsupported` and `TooLarge` as [`to_polynomial`].
pub fn to_fraction(e: &Expr, names: &[SmolStr]) -> Exact<Fraction> {
    match to_polynomial(e, names) {
        Ok(top) => Ok(Fraction { top, bottom: MPoly::one(names.len()) }),
        Err(_) => to_quotient(e, names),
    }
}

fn to_quotient(e: &Expr, names: &[SmolStr]) -> Exact<Fraction> {
    let n = names.len();
    match e {
        Expr::Add(terms) => {
            let mut sum = Fraction { top: MPoly::zero(n), bottom: MPoly::one(n) };
            for t in terms {
                sum = sum.add(&to_quotient(t, names)?)?;
            }
            Ok(sum)
        }
        Expr::Mul(factors) => {
            let start = Fraction { top: MPoly::one(n), bottom: MPoly::one(n) };
            factors.iter().try_fold(start, |p, f| p.mul(&to_quotient(f, names)?))
        }
        Expr::Pow(base, exponent) => match exponent.as_i64() {
            Some(k) if k < 0 => to_quotient(base, names)?.power(k.unsigned_abs() as usize)?.recip(),
            Some(k) => to_quotient(base, names)?.power(k as usize),
            None => Ok(Fraction { top: to_polynomial(e, names)?, bottom: MPoly::one(n) }),
        },
        _ => Ok(Fraction { top: to_polynomial(e, names)?, bottom: MPoly::one(n) }),
    }
}

impl Fraction {
    fn add(&self, other: &Fraction) -> Exact<Fraction> {
        if self.bottom == other.bottom {
            return Fraction { top: self.top.add(&other.top), bottom: self.bottom.clone() }.reduce();
        }
        let top = self.top.mul(&other.bottom)?.add(&other.top.mul(&self.bottom)?);
        Fraction { top, bottom: self.bottom.mul(&other.bottom)? }.reduce()
    }

    fn mul(&self, other: &Fraction) -> Exact<Fraction> {
        Fraction { top: self.top.mul(&other.top)?, bottom: self.bottom.mul(&other.bottom)? }.reduce()
    }

    fn power(&self, n: usize) -> Exact<Fraction> {
        at_most("exponent", n, MAX_DEGREE * 100)?;
        Ok(Fraction { top: self.top.pow(n)?, bottom: self.bottom.pow(n)? })
    }

    fn recip(&self) -> Exact<Fraction> {
        if self.top.is_zero() {
            return undefined("division by zero");
        }
        Ok(Fraction { top: self.bottom.clone(), bottom: self.top.clone() })
    }

    /// Cancels the greatest common divisor; the denominator gets coprime integer coefficients and a positive leading one.
    pub fn reduce(&self) -> Exact<Fraction> {
        if self.bottom.is_zero() {
            return undefined("division by zero");
        }
        let (mut top, mut bottom) = (self.top.clone(), self.bottom.clone());
        if bottom.as_constant().is_none() {
            let common = gcd_multi(&top, &bottom)?;
            if common.as_constant().is_none() {
                top = top.exact_div(&common)?.unwrap_or(top);
                bottom = bottom.exact_div(&common)?.unwrap_or(bottom);
            }
        }
        let (content, bottom) = bottom.primitive();
        Ok(Fraction { top: top.scale(&(RBig::ONE / content)), bottom })
    }

    /// Numerator and denominator with integer coefficients.
    pub fn integral(&self) -> (MPoly, MPoly) {
        let (content, top) = self.top.primitive();
        if top.is_zero() {
            return (top, MPoly::one(self.top.vars()));
        }
        let numerator = RBig::from(content.numerator().clone());
        let denominator = RBig::from(content.denominator().as_ibig().clone());
        (top.scale(&numerator), self.bottom.scale(&denominator))
    }
}

/// A polynomial as an expanded canonical expression.
///
/// # Errors
/// Never in practice; the bounds of the kernel apply.
pub fn from_polynomial(p: &MPoly, names: &[SmolStr]) -> Exact<Expr> {
    let term = |(m, c): (&Monomial, &RBig)| {
        let power = |(e, name): (&u16, &SmolStr)| pow(&Expr::sym(name.clone()), &Expr::int(i64::from(*e)));
        let factors: Vec<Expr> = m.iter().zip(names).map(power).collect::<Exact<_>>()?;
        mul(factors.into_iter().chain([Expr::Num(c.clone())]))
    };
    add(p.terms().map(term).collect::<Exact<Vec<_>>>()?)
}

/// A polynomial in one variable as an expanded canonical expression.
///
/// # Errors
/// As [`from_polynomial`].
pub fn from_dense(p: &Poly, name: &SmolStr) -> Exact<Expr> {
    from_polynomial(&MPoly::from_dense(1, 0, p), std::slice::from_ref(name))
}

/// The expression as a polynomial in one symbol and no other.
///
/// # Errors
/// `Unsupported` if another symbol occurs or it is no polynomial.
pub fn to_dense(e: &Expr, name: &SmolStr) -> Exact<Poly> {
    let p = to_polynomial(e, std::slice::from_ref(name))?;
    p.to_dense(0).ok_or_else(|| crate::exact::ExactError::Unsupported("a polynomial in one variable".into()))
}

/// LaTeX names of symbols.
pub(super) fn tex_names(names: &[SmolStr]) -> Vec<String> {
    names.iter().map(|n| Expr::sym(n.clone()).to_latex()).collect()
}
