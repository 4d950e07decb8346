//! Dense polynomials in one variable over the rational numbers.

use dashu::base::{Gcd, UnsignedAbs};
use dashu::integer::{IBig, UBig};
use dashu::rational::RBig;

use crate::exact::{Exact, MAX_BITS, MAX_DEGREE, at_most, bits, bounded_rational, undefined};
use crate::fuel;

/// A polynomial as its coefficients, constant term first, without trailing zeros; zero is the empty list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Poly {
    coeffs: Vec<RBig>,
}

/// Units of [`fuel`] for a product of two coefficients of machine size.
const TERM: u64 = 10;

impl Poly {
    /// From coefficients, constant term first.
    pub fn new(mut coeffs: Vec<RBig>) -> Poly {
        while coeffs.last().is_some_and(RBig::is_zero) {
            coeffs.pop();
        }
        Poly { coeffs }
    }

    /// From small integer coefficients, constant term first.
    pub fn from_ints(coeffs: &[i64]) -> Poly {
        Poly::new(coeffs.iter().map(|&c| RBig::from(c)).collect())
    }

    /// From integer coefficients, constant term first.
    pub fn from_ibigs(coeffs: &[IBig]) -> Poly {
        Poly::new(coeffs.iter().map(|c| RBig::from(c.clone())).collect())
    }

    /// A constant.
    pub fn constant(c: RBig) -> Poly {
        Poly::new(vec![c])
    }

    /// The polynomial one.
    pub fn one() -> Poly {
        Poly::constant(RBig::ONE)
    }

    /// The variable itself.
    pub fn x() -> Poly {
        Poly::new(vec![RBig::ZERO, RBig::ONE])
    }

    /// `c x^n`.
    pub fn monomial(c: RBig, n: usize) -> Poly {
        let mut coeffs = vec![RBig::ZERO; n];
        coeffs.push(c);
        Poly::new(coeffs)
    }

    /// Coefficients, constant term first.
    pub fn coeffs(&self) -> &[RBig] {
        &self.coeffs
    }

    /// Coefficient of `x^n`.
    pub fn coeff(&self, n: usize) -> RBig {
        self.coeffs.get(n).cloned().unwrap_or(RBig::ZERO)
    }

    /// Whether this is the zero polynomial.
    pub fn is_zero(&self) -> bool {
        self.coeffs.is_empty()
    }

    /// Whether this is a constant (possibly zero).
    pub fn is_constant(&self) -> bool {
        self.coeffs.len() <= 1
    }

    /// Whether this is the constant one.
    pub fn is_one(&self) -> bool {
        self.coeffs.len() == 1 && self.coeffs[0].is_one()
    }

    /// The degree; zero for constants, the zero polynomial included.
    pub fn degree(&self) -> usize {
        self.coeffs.len().saturating_sub(1)
    }

    /// Leading coefficient; zero for the zero polynomial.
    pub fn lead(&self) -> RBig {
        self.coeffs.last().cloned().unwrap_or(RBig::ZERO)
    }

    /// Sum.
    pub fn add(&self, other: &Poly) -> Poly {
        let n = self.coeffs.len().max(other.coeffs.len());
        Poly::new((0..n).map(|i| self.coeff(i) + other.coeff(i)).collect())
    }

    /// Difference.
    pub fn sub(&self, other: &Poly) -> Poly {
        let n = self.coeffs.len().max(other.coeffs.len());
        Poly::new((0..n).map(|i| self.coeff(i) - other.coeff(i)).collect())
    }

    /// Product.
    pub fn mul(&self, other: &Poly) -> Poly {
        if self.is_zero() || other.is_zero() {
            return Poly::default();
        }
        let mut out = vec![RBig::ZERO; self.coeffs.len() + other.coeffs.len() - 1];
        for (i, a) in self.coeffs.iter().enumerate().filter(|(_, a)| !a.is_zero()) {
            for (j, b) in other.coeffs.iter().enumerate().filter(|(_, b)| !b.is_zero()) {
                out[i + j] += a * b;
            }
        }
        Poly::new(out)
    }

    /// Units of [`fuel`] of a product, by its leading coefficients.
    fn cost(&self, other: &Poly) -> u64 {
        let each = TERM + 2 * fuel::product(&self.lead(), &other.lead());
        (self.coeffs.len() * other.coeffs.len()) as u64 * each
    }

    /// Product with a number.
    pub fn scale(&self, c: &RBig) -> Poly {
        Poly::new(self.coeffs.iter().map(|a| a * c).collect())
    }

    /// Negation.
    pub fn neg(&self) -> Poly {
        self.scale(&RBig::NEG_ONE)
    }

    /// Power.
    ///
    /// # Errors
    /// `TooLarge` beyond the degree or bit bound.
    pub fn pow(&self, n: usize) -> Exact<Poly> {
        at_most("degree", self.degree().saturating_mul(n), MAX_DEGREE)?;
        let size = self
            .coeffs
            .iter()
            .map(|c| bits(c.numerator()) + bits(c.denominator().as_ibig()))
            .max()
            .unwrap_or(0);
        at_most("number of bits", size.saturating_mul(n), MAX_BITS)?;
        let mut out = Poly::one();
        let mut square = self.clone();
        let mut n = n;
        while n > 0 {
            if n & 1 == 1 {
                fuel::charge(out.cost(&square))?;
                out = out.mul(&square);
            }
            n >>= 1;
            if n > 0 {
                fuel::charge(square.cost(&square))?;
                square = square.mul(&square);
            }
        }
        Ok(out)
    }

    /// Quotient and remainder.
    ///
    /// # Errors
    /// `Undefined` for a zero divisor; `TooLarge` when coefficients outgrow the bit bound.
    pub fn div_rem(&self, divisor: &Poly) -> Exact<(Poly, Poly)> {
        if divisor.is_zero() {
            return undefined("division by the zero polynomial");
        }
        let lead = divisor.lead();
        let mut rest = self.coeffs.clone();
        let shift_max = (rest.len() + 1).saturating_sub(divisor.coeffs.len());
        let mut quotient = vec![RBig::ZERO; shift_max];
        for shift in (0..shift_max).rev() {
            let q = &rest[shift + divisor.degree()] / &lead;
            if q.is_zero() {
                continue;
            }
            bounded_rational(&q)?;
            fuel::charge(divisor.coeffs.len() as u64 * (TERM + 2 * fuel::product(&q, &lead)))?;
            for (i, d) in divisor.coeffs.iter().enumerate() {
                rest[shift + i] -= &q * d;
            }
            quotient[shift] = q;
        }
        Ok((Poly::new(quotient), Poly::new(rest)))
    }

    /// Quotient, if the division leaves no remainder.
    pub fn exact_div(&self, divisor: &Poly) -> Option<Poly> {
        let (q, r) = self.div_rem(divisor).ok()?;
        r.is_zero().then_some(q)
    }

    /// Derivative.
    pub fn derivative(&self) -> Poly {
        Poly::new(self.coeffs.iter().enumerate().skip(1).map(|(i, c)| c * RBig::from(i)).collect())
    }

    /// Antiderivative with constant term zero.
    pub fn antiderivative(&self) -> Poly {
        let terms = self.coeffs.iter().enumerate().map(|(i, c)| c / RBig::from(i + 1));
        Poly::new(std::iter::once(RBig::ZERO).chain(terms).collect())
    }

    /// Value at a point.
    pub fn eval(&self, x: &RBig) -> RBig {
        self.coeffs.iter().rev().fold(RBig::ZERO, |value, c| value * x + c)
    }

    /// `self(inner(x))`.
    ///
    /// # Errors
    /// `TooLarge` beyond the degree bound.
    pub fn compose(&self, inner: &Poly) -> Exact<Poly> {
        at_most("degree", self.degree().saturating_mul(inner.degree()), MAX_DEGREE)?;
        let step = |value: Poly, c: &RBig| value.mul(inner).add(&Poly::constant(c.clone()));
        Ok(self.coeffs.iter().rev().fold(Poly::default(), step))
    }

    /// The polynomial divided by its leading coefficient.
    pub fn monic(&self) -> Poly {
        if self.is_zero() { Poly::default() } else { self.scale(&(RBig::ONE / self.lead())) }
    }

    /// `(c, p)` with `self = c p`, `p` with coprime integer coefficients and a positive leading one.
    pub fn primitive(&self) -> (RBig, Vec<IBig>) {
        if self.is_zero() {
            return (RBig::ONE, vec![]);
        }
        let mut denominator = UBig::ONE;
        for c in &self.coeffs {
            let d = c.denominator();
            denominator = &denominator / (&denominator).gcd(d) * d;
        }
        let scaled = |c: &RBig| c.numerator() * IBig::from(&denominator / c.denominator());
        let mut ints: Vec<IBig> = self.coeffs.iter().map(scaled).collect();
        let mut content = ints_content(&ints);
        if self.lead() < RBig::ZERO {
            content = -content;
        }
        for c in &mut ints {
            *c /= &content;
        }
        (RBig::from_parts(content, denominator), ints)
    }

    /// [`Poly::primitive`]'s polynomial part as a `Poly`.
    pub fn primitive_part(&self) -> Poly {
        Poly::from_ibigs(&self.primitive().1)
    }

    /// Number of nonzero terms.
    pub fn term_count(&self) -> usize {
        self.coeffs.iter().filter(|c| !c.is_zero()).count()
    }

    /// LaTeX with the highest power first.
    pub fn tex(&self, x: &str) -> String {
        let mut out = String::new();
        for (n, c) in self.coeffs.iter().enumerate().rev().filter(|(_, c)| !c.is_zero()) {
            let power = match n {
                0 => String::new(),
                1 => x.to_string(),
                _ => format!("{x}^{{{n}}}"),
            };
            push_term(&mut out, c, &power);
        }
        if out.is_empty() { "0".into() } else { out }
    }

    /// LaTeX in parentheses when it has several terms or a sign in front.
    pub fn factor_tex(&self, x: &str) -> String {
        let text = self.tex(x);
        if self.term_count() > 1 || text.starts_with('-') { format!("({text})") } else { text }
    }
}

/// The positive gcd of a list that is not all zero.
pub(super) fn ints_content(ints: &[IBig]) -> IBig {
    let mut g = UBig::ZERO;
    for c in ints.iter().filter(|c| !c.is_zero()) {
        g = if g.is_zero() { c.unsigned_abs() } else { g.gcd(c.unsigned_abs()) };
        if g.is_one() {
            break;
        }
    }
    g.into()
}

/// Appends `+ c x^n` to a LaTeX sum.
pub(super) fn push_term(out: &mut String, c: &RBig, power: &str) {
    let negative = *c < RBig::ZERO;
    let magnitude = if negative { -c.clone() } else { c.clone() };
    match (out.is_empty(), negative) {
        (true, true) => out.push('-'),
        (true, false) => {}
        (false, true) => out.push_str(" - "),
        (false, false) => out.push_str(" + "),
    }
    if !magnitude.is_one() || power.is_empty() {
        out.push_str(&rational_tex(&magnitude));
    }
    out.push_str(power);
}

/// LaTeX of a rational number.
pub fn rational_tex(q: &RBig) -> String {
    if q.is_int() {
        return q.numerator().to_string();
    }
    let sign = if *q < RBig::ZERO { "-" } else { "" };
    format!("{sign}\\frac{{{}}}{{{}}}", q.numerator().unsigned_abs(), q.denominator())
}

/// LaTeX of a rational number as a later term of a sum: ` + q` or ` - q`.
pub fn signed_rational_tex(q: &RBig) -> String {
    if *q < RBig::ZERO {
        format!(" - {}", rational_tex(&-q.clone()))
    } else {
        format!(" + {}", rational_tex(q))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ring_operations() {
        let p = Poly::from_ints(&[1, 1]);
        assert_eq!(p.pow(3).unwrap(), Poly::from_ints(&[1, 3, 3, 1]));
        assert_eq!(p.mul(&Poly::from_ints(&[-1, 1])), Poly::from_ints(&[-1, 0, 1]));
        assert!(p.sub(&p).is_zero());
        assert_eq!(p.compose(&Poly::from_ints(&[0, 0, 1])).unwrap(), Poly::from_ints(&[1, 0, 1]));
        assert!(p.pow(1_000).is_err());
    }

    #[test]
    fn division_identity() {
        let a = Poly::from_ints(&[5, -3, 0, 2, 7]);
        let b = Poly::from_ints(&[1, 2, 3]);
        let (q, r) = a.div_rem(&b).unwrap();
        assert_eq!(q.mul(&b).add(&r), a);
        assert!(r.degree() < b.degree());
        assert!(a.div_rem(&Poly::default()).is_err());
        assert_eq!(b.div_rem(&a).unwrap(), (Poly::default(), b.clone()));
    }

    #[test]
    fn primitive_parts() {
        let half = RBig::from_parts(IBig::from(-3), 2u8.into());
        let p = Poly::new(vec![RBig::from(3), half]);
        let (content, ints) = p.primitive();
        assert_eq!(ints, [IBig::from(-2), IBig::from(1)]);
        assert_eq!(Poly::from_ibigs(&ints).scale(&content), p);
    }

    #[test]
    fn tex_table() {
        let cases: [(&[i64], &str); 5] = [
            (&[], "0"),
            (&[-1], "-1"),
            (&[0, 1], "x"),
            (&[1, -1, 2], "2x^{2} - x + 1"),
            (&[0, 0, 0, -1], "-x^{3}"),
        ];
        for (coeffs, tex) in cases {
            assert_eq!(Poly::from_ints(coeffs).tex("x"), tex);
        }
    }
}
