//! Exact real numbers that are sums of rational multiples of square roots.
//!
//! ```
//! use tirade_math::surd::Surd;
//! let root = Surd::sqrt_int(&12.into()).unwrap();      // 2 sqrt(3)
//! assert_eq!(root.tex(), "2 \\sqrt{3}");
//! assert!(root.mul(&root).unwrap() == Surd::from(12));
//! assert!(root.sub(&Surd::from(3)).is_positive());
//! ```

use std::cmp::Ordering;
use std::collections::BTreeMap;

use dashu::base::{Abs, UnsignedAbs};
use dashu::integer::IBig;
use dashu::rational::RBig;

use crate::exact::{Exact, at_most, bounded_rational, undefined, unsupported};
use crate::integer::{factorint, gcd, square_part};
use crate::poly::rational_tex;

/// Most distinct square roots in one number.
const MAX_ROOTS: usize = 32;

/// `sum of c_i sqrt(n_i)` with distinct positive square-free `n_i` (1 for the rational part) and nonzero `c_i`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Surd {
    terms: BTreeMap<IBig, RBig>,
}

impl From<RBig> for Surd {
    fn from(q: RBig) -> Self {
        Surd::term(q, IBig::ONE)
    }
}

impl From<i64> for Surd {
    fn from(n: i64) -> Self {
        Surd::from(RBig::from(n))
    }
}

impl Surd {
    /// `c sqrt(n)` for square-free `n > 0`.
    pub(crate) fn term(c: RBig, n: IBig) -> Surd {
        let mut terms = BTreeMap::new();
        if !c.is_zero() {
            terms.insert(n, c);
        }
        Surd { terms }
    }

    /// The terms `(n, c)` meaning `c sqrt(n)`, smallest `n` first.
    pub fn terms(&self) -> impl Iterator<Item = (&IBig, &RBig)> {
        self.terms.iter()
    }

    /// Square root of a non-negative integer.
    ///
    /// # Errors
    /// `Undefined` for negative numbers, `TooLarge` when the square part cannot be found.
    pub fn sqrt_int(n: &IBig) -> Exact<Surd> {
        Surd::sqrt_rational(&RBig::from(n.clone()))
    }

    /// Square root of a non-negative rational number.
    ///
    /// # Errors
    /// As [`Surd::sqrt_int`].
    pub fn sqrt_rational(q: &RBig) -> Exact<Surd> {
        if *q < RBig::ZERO {
            return undefined(format!("the real square root of {q}"));
        }
        if q.is_zero() {
            return Ok(Surd::default());
        }
        let denominator = q.denominator().as_ibig();
        let (square, free) = square_part(&(q.numerator() * denominator))?;
        Ok(Surd::term(RBig::from(square) / RBig::from(denominator.clone()), free))
    }

    /// The value, if it is rational.
    pub fn as_rational(&self) -> Option<RBig> {
        match self.terms.len() {
            0 => Some(RBig::ZERO),
            1 => self.terms.get(&IBig::ONE).cloned(),
            _ => None,
        }
    }

    /// Whether this is zero. Square roots of distinct square-free numbers are independent, so only the empty sum is.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// Sum.
    pub fn add(&self, other: &Surd) -> Surd {
        let mut sum = self.clone();
        for (n, c) in &other.terms {
            sum.accumulate(n.clone(), c.clone());
        }
        sum
    }

    fn accumulate(&mut self, n: IBig, c: RBig) {
        let total = self.terms.remove(&n).unwrap_or(RBig::ZERO) + c;
        if !total.is_zero() {
            self.terms.insert(n, total);
        }
    }

    /// Negation.
    pub fn neg(&self) -> Surd {
        self.scale(&RBig::NEG_ONE)
    }

    /// Difference.
    pub fn sub(&self, other: &Surd) -> Surd {
        self.add(&other.neg())
    }

    /// Product with a rational number.
    pub fn scale(&self, q: &RBig) -> Surd {
        if q.is_zero() {
            return Surd::default();
        }
        Surd { terms: self.terms.iter().map(|(n, c)| (n.clone(), c * q)).collect() }
    }

    /// Product.
    ///
    /// # Errors
    /// `TooLarge` for more than 32 distinct roots or huge coefficients.
    pub fn mul(&self, other: &Surd) -> Exact<Surd> {
        let mut product = Surd::default();
        for (m, a) in &self.terms {
            for (n, b) in &other.terms {
                // sqrt(m) sqrt(n) = g sqrt(mn / g^2)
                let g = gcd(m, n);
                let c = a * b * RBig::from(g.clone());
                bounded_rational(&c)?;
                product.accumulate((m / &g) * (n / &g), c);
            }
        }
        at_most("distinct square roots", product.terms.len(), MAX_ROOTS)?;
        Ok(product)
    }

    /// A prime below some root, if there is a root.
    fn some_prime(&self) -> Exact<Option<IBig>> {
        match self.terms.keys().find(|n| !n.is_one()) {
            None => Ok(None),
            Some(n) => Ok(factorint(n)?.first().map(|(p, _)| p.clone())),
        }
    }

    /// `(a, b)` with `self = a + b sqrt(p)` and no root in `a`, `b` divisible by `p`.
    fn split(&self, p: &IBig) -> (Surd, Surd) {
        let (mut a, mut b) = (Surd::default(), Surd::default());
        for (n, c) in &self.terms {
            if (n % p).is_zero() {
                b.accumulate(n / p, c.clone());
            } else {
                a.accumulate(n.clone(), c.clone());
            }
        }
        (a, b)
    }

    /// Reciprocal, by multiplying with one conjugate after another.
    ///
    /// # Errors
    /// `Undefined` for zero, `TooLarge` as [`Surd::mul`].
    pub fn recip(&self) -> Exact<Surd> {
        if self.is_zero() {
            return undefined("division by zero");
        }
        let Some(p) = self.some_prime()? else {
            let q = self.as_rational().unwrap_or(RBig::ONE);
            return Ok(Surd::from(RBig::ONE / q));
        };
        let (a, b) = self.split(&p);
        let norm = a.mul(&a)?.sub(&b.mul(&b)?.scale(&RBig::from(p.clone())));
        let conjugate = a.sub(&b.mul(&Surd::term(RBig::ONE, p))?);
        conjugate.mul(&norm.recip()?)
    }

    /// Quotient.
    ///
    /// # Errors
    /// As [`Surd::recip`].
    pub fn div(&self, other: &Surd) -> Exact<Surd> {
        self.mul(&other.recip()?)
    }

    /// Sign, decided exactly.
    ///
    /// # Errors
    /// `TooLarge` as [`Surd::mul`].
    pub fn sign(&self) -> Exact<Ordering> {
        if self.terms.values().all(|c| *c > RBig::ZERO) {
            return Ok(if self.is_zero() { Ordering::Equal } else { Ordering::Greater });
        }
        if self.terms.values().all(|c| *c < RBig::ZERO) {
            return Ok(Ordering::Less);
        }
        let Some(p) = self.some_prime()? else { return Ok(Ordering::Equal) };
        let (a, b) = self.split(&p);
        let (sign_a, sign_b) = (a.sign()?, b.sign()?);
        if sign_a == sign_b || sign_b == Ordering::Equal {
            return Ok(sign_a);
        }
        if sign_a == Ordering::Equal {
            return Ok(sign_b);
        }
        // The larger square wins.
        let squares = a.mul(&a)?.sub(&b.mul(&b)?.scale(&RBig::from(p))).sign()?;
        Ok(if squares == Ordering::Greater { sign_a } else { sign_b })
    }

    /// Whether the number is above zero; `false` also when the bounds do not allow to decide.
    pub fn is_positive(&self) -> bool {
        matches!(self.sign(), Ok(Ordering::Greater))
    }

    /// Exact comparison.
    ///
    /// # Errors
    /// `TooLarge` as [`Surd::mul`].
    pub fn compare(&self, other: &Surd) -> Exact<Ordering> {
        self.sub(other).sign()
    }

    /// Square root, if it is again a sum of square roots: of rational numbers, and of `a + b sqrt(n)` when it denests.
    ///
    /// # Errors
    /// `Undefined` for negative numbers, `Unsupported` for roots that do not denest.
    pub fn sqrt(&self) -> Exact<Surd> {
        if let Some(q) = self.as_rational() {
            return Surd::sqrt_rational(&q);
        }
        if self.sign()? == Ordering::Less {
            return undefined("the real square root of a negative number");
        }
        let mut roots = self.terms.iter().filter(|(n, _)| !n.is_one());
        let (Some((n, b)), None) = (roots.next(), roots.next()) else {
            return unsupported("the square root of a sum of several square roots");
        };
        let a = self.terms.get(&IBig::ONE).cloned().unwrap_or(RBig::ZERO);
        denest(&a, b, n)
    }

    /// Approximate value, for ordering and drawing only.
    pub fn to_f64(&self) -> f64 {
        self.terms.iter().map(|(n, c)| c.to_f64_fast() * RBig::from(n.clone()).to_f64_fast().sqrt()).sum()
    }

    /// LaTeX, the rational part first.
    pub fn tex(&self) -> String {
        let mut out = String::new();
        for (n, c) in &self.terms {
            let negative = *c < RBig::ZERO;
            match (out.is_empty(), negative) {
                (true, true) => out.push('-'),
                (true, false) => {}
                (false, true) => out.push_str(" - "),
                (false, false) => out.push_str(" + "),
            }
            out.push_str(&root_tex(&c.clone().abs(), n));
        }
        if out.is_empty() { "0".into() } else { out }
    }

    /// LaTeX, in parentheses when it is a sum or negative.
    pub fn factor_tex(&self) -> String {
        let text = self.tex();
        if self.terms.len() > 1 || text.starts_with('-') { format!("({text})") } else { text }
    }

    /// LaTeX as a later term of a sum: ` + x` or ` - x`.
    pub fn signed_tex(&self) -> String {
        let text = self.tex();
        match (self.terms.len(), text.strip_prefix('-')) {
            (1, Some(rest)) => format!(" - {rest}"),
            (0 | 1, None) => format!(" + {text}"),
            _ => format!(" + ({text})"),
        }
    }
}

fn root_tex(c: &RBig, n: &IBig) -> String {
    if n.is_one() {
        return rational_tex(c);
    }
    let top = if c.numerator().is_one() {
        format!("\\sqrt{{{n}}}")
    } else {
        format!("{} \\sqrt{{{n}}}", c.numerator().unsigned_abs())
    };
    if c.is_int() { top } else { format!("\\frac{{{top}}}{{{}}}", c.denominator()) }
}

/// `sqrt(a + b sqrt(n)) = sqrt((a + r)/2) +- sqrt((a - r)/2)` with `r = sqrt(a^2 - b^2 n)` rational.
fn denest(a: &RBig, b: &RBig, n: &IBig) -> Exact<Surd> {
    let norm = a * a - b * b * RBig::from(n.clone());
    let root = if norm < RBig::ZERO { None } else { Surd::sqrt_rational(&norm)?.as_rational() };
    let Some(r) = root else { return unsupported("a square root that does not denest") };
    let half = |q: RBig| q / RBig::from(2);
    let (first, second) = (Surd::sqrt_rational(&half(a + &r))?, Surd::sqrt_rational(&half(a - &r))?);
    Ok(if *b > RBig::ZERO { first.add(&second) } else { first.sub(&second) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(n: i64) -> Surd {
        Surd::sqrt_int(&n.into()).unwrap()
    }

    #[test]
    fn field_operations() {
        let s = root(2).add(&root(3)).add(&Surd::from(1));
        let product = s.mul(&s.recip().unwrap()).unwrap();
        assert_eq!(product, Surd::from(1));
        assert_eq!(root(8).sub(&root(2)), root(2));
        assert_eq!(root(6).mul(&root(10)).unwrap(), root(15).scale(&RBig::from(2)));
        assert!(Surd::default().recip().is_err());
    }

    #[test]
    fn signs_are_exact() {
        // sqrt(2) + sqrt(3) - sqrt(10) = -0.016..., and a difference near 1e-8.
        assert_eq!(root(2).add(&root(3)).compare(&root(10)).unwrap(), Ordering::Less);
        let close = root(2).scale(&RBig::from(66_922)).sub(&Surd::from(94_642));
        assert_eq!(close.sign().unwrap(), (66_922f64 * 2f64.sqrt()).partial_cmp(&94_642.0).unwrap());
        assert_eq!(Surd::default().sign().unwrap(), Ordering::Equal);
    }

    #[test]
    fn denesting() {
        let nested = Surd::from(5).add(&root(24));
        assert_eq!(nested.sqrt().unwrap(), root(2).add(&root(3)));
        let minus = Surd::from(3).sub(&root(8));
        assert_eq!(minus.sqrt().unwrap(), root(2).sub(&Surd::from(1)));
        assert!(Surd::from(1).add(&root(2)).sqrt().is_err());
    }

    #[test]
    fn tex_table() {
        let half = RBig::from_parts(1.into(), 2u8.into());
        for (s, tex) in [
            (Surd::default(), "0"),
            (root(12), "2 \\sqrt{3}"),
            (Surd::from(1).sub(&root(5)), "1 - \\sqrt{5}"),
            (root(2).scale(&half), "\\frac{\\sqrt{2}}{2}"),
            (Surd::from(-half), "-\\frac{1}{2}"),
        ] {
            assert_eq!(s.tex(), tex);
        }
    }
}
