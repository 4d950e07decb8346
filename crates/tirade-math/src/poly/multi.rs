//! Sparse polynomials in several variables over the rational numbers.

use std::collections::BTreeMap;

use dashu::rational::RBig;
use smallvec::SmallVec;

use super::Poly;
use super::dense::push_term;
use crate::exact::{Exact, MAX_BITS, MAX_DEGREE, MAX_TERMS, at_most, bits, bounded_rational, undefined};
use crate::fuel;

/// Units of [`fuel`] for a term besides its coefficient.
const TERM: u64 = 30;

/// Exponents of the variables, in a fixed order.
pub type Monomial = SmallVec<[u16; 4]>;

/// A polynomial as a map from monomials to nonzero coefficients. The variables are numbered; the caller names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MPoly {
    vars: usize,
    terms: BTreeMap<Monomial, RBig>,
}

impl MPoly {
    /// The zero polynomial in `vars` variables.
    pub fn zero(vars: usize) -> MPoly {
        MPoly { vars, terms: BTreeMap::new() }
    }

    /// A constant.
    pub fn constant(vars: usize, c: RBig) -> MPoly {
        MPoly::monomial(SmallVec::from_elem(0, vars), c)
    }

    /// The polynomial one.
    pub fn one(vars: usize) -> MPoly {
        MPoly::constant(vars, RBig::ONE)
    }

    /// Variable number `index`.
    pub fn var(vars: usize, index: usize) -> MPoly {
        let mut exponents: Monomial = SmallVec::from_elem(0, vars);
        if let Some(e) = exponents.get_mut(index) {
            *e = 1;
        }
        MPoly::monomial(exponents, RBig::ONE)
    }

    /// One term.
    pub fn monomial(exponents: Monomial, c: RBig) -> MPoly {
        let mut p = MPoly::zero(exponents.len());
        p.add_term(exponents, c);
        p
    }

    /// Adds one term, with as many exponents as there are variables.
    pub fn add_term(&mut self, exponents: Monomial, c: RBig) {
        if c.is_zero() {
            return;
        }
        match self.terms.entry(exponents) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(c);
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                *slot.get_mut() += c;
                if slot.get().is_zero() {
                    slot.remove();
                }
            }
        }
    }

    /// Number of variables.
    pub fn vars(&self) -> usize {
        self.vars
    }

    /// The terms, lexicographically smallest monomial first.
    pub fn terms(&self) -> impl DoubleEndedIterator<Item = (&Monomial, &RBig)> {
        self.terms.iter()
    }

    /// Number of terms.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there is no term.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether this is the zero polynomial.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// The value, if no variable occurs.
    pub fn as_constant(&self) -> Option<RBig> {
        match self.terms.len() {
            0 => Some(RBig::ZERO),
            1 => self
                .terms
                .first_key_value()
                .filter(|(m, _)| m.iter().all(|e| *e == 0))
                .map(|(_, c)| c.clone()),
            _ => None,
        }
    }

    /// Lexicographically largest term.
    pub fn lead(&self) -> Option<(&Monomial, &RBig)> {
        self.terms.last_key_value()
    }

    /// Degree in one variable.
    pub fn degree_in(&self, index: usize) -> usize {
        self.terms.keys().map(|m| usize::from(m.get(index).copied().unwrap_or(0))).max().unwrap_or(0)
    }

    /// Largest sum of exponents.
    pub fn total_degree(&self) -> usize {
        self.terms.keys().map(|m| m.iter().map(|&e| usize::from(e)).sum()).max().unwrap_or(0)
    }

    /// Numbers of the variables that occur.
    pub fn used_vars(&self) -> Vec<usize> {
        (0..self.vars).filter(|&i| self.terms.keys().any(|m| m[i] > 0)).collect()
    }

    /// Sum.
    pub fn add(&self, other: &MPoly) -> MPoly {
        let (mut sum, rest) =
            if self.len() >= other.len() { (self.clone(), other) } else { (other.clone(), self) };
        for (m, c) in &rest.terms {
            sum.add_term(m.clone(), c.clone());
        }
        sum
    }

    /// Negation.
    pub fn neg(&self) -> MPoly {
        self.scale(&RBig::NEG_ONE)
    }

    /// Difference.
    pub fn sub(&self, other: &MPoly) -> MPoly {
        let mut difference = self.clone();
        for (m, c) in &other.terms {
            difference.add_term(m.clone(), -c.clone());
        }
        difference
    }

    /// Product with a number.
    pub fn scale(&self, factor: &RBig) -> MPoly {
        if factor.is_zero() {
            return MPoly::zero(self.vars);
        }
        MPoly { vars: self.vars, terms: self.terms.iter().map(|(m, c)| (m.clone(), c * factor)).collect() }
    }

    fn mul_term(&self, exponents: &Monomial, factor: &RBig) -> MPoly {
        let product = |m: &Monomial| m.iter().zip(exponents).map(|(a, b)| a + b).collect();
        MPoly { vars: self.vars, terms: self.terms.iter().map(|(m, c)| (product(m), c * factor)).collect() }
    }

    /// Product.
    ///
    /// # Errors
    /// `TooLarge` beyond the bounds on terms, degree and bits.
    pub fn mul(&self, other: &MPoly) -> Exact<MPoly> {
        at_most("terms in a product", self.len().saturating_mul(other.len()), 60 * MAX_TERMS)?;
        at_most("degree", self.total_degree() + other.total_degree(), MAX_DEGREE)?;
        let mut product = MPoly::zero(self.vars);
        for (a, x) in &self.terms {
            for (b, y) in &other.terms {
                fuel::charge(TERM + fuel::product(x, y))?;
                let c = x * y;
                fuel::charge(fuel::sum(&c, &c))?;
                product.add_term(a.iter().zip(b).map(|(a, b)| a + b).collect(), c);
            }
            at_most("terms in a product", product.len(), MAX_TERMS)?;
        }
        Ok(product)
    }

    /// Power.
    ///
    /// # Errors
    /// `TooLarge` as [`MPoly::mul`].
    pub fn pow(&self, n: usize) -> Exact<MPoly> {
        at_most("degree", self.total_degree().saturating_mul(n), MAX_DEGREE)?;
        let size = |c: &RBig| bits(c.numerator()) + bits(c.denominator().as_ibig());
        let bits = self.terms.values().map(size).max().unwrap_or(0);
        at_most("number of bits", bits.saturating_mul(n), MAX_BITS)?;
        let mut out = MPoly::one(self.vars);
        // Multiplying by the sparse base each time is cheaper than squaring dense intermediate results.
        if self.len() > 1 {
            for _ in 0..n {
                out = out.mul(self)?;
            }
            return Ok(out);
        }
        let Some((m, c)) = self.lead() else { return Ok(if n == 0 { out } else { self.clone() }) };
        Ok(MPoly::monomial(m.iter().map(|e| e * n as u16).collect(), c.pow(n as isize)))
    }

    /// Quotient, if `divisor` divides.
    ///
    /// # Errors
    /// `Undefined` for a zero divisor, `TooLarge` when coefficients outgrow the bit bound.
    pub fn exact_div(&self, divisor: &MPoly) -> Exact<Option<MPoly>> {
        let Some((lead, c)) = divisor.lead() else { return undefined("division by the zero polynomial") };
        let inverse = RBig::ONE / c;
        let mut rest = self.clone();
        let mut quotient = MPoly::zero(self.vars);
        while let Some((m, c)) = rest.lead() {
            let Some(exponents) = monomial_quotient(m, lead) else { return Ok(None) };
            fuel::charge((TERM + fuel::product(c, &inverse)) * (divisor.len() + rest.len()) as u64)?;
            let q = c * &inverse;
            bounded_rational(&q)?;
            at_most("terms in a quotient", quotient.len(), MAX_TERMS)?;
            rest = rest.sub(&divisor.mul_term(&exponents, &q));
            quotient.add_term(exponents, q);
        }
        Ok(Some(quotient))
    }

    /// Coefficients with respect to one variable, constant term first; they no longer contain that variable.
    pub fn coefficients_in(&self, index: usize) -> Vec<MPoly> {
        let mut coefficients =
            vec![MPoly::zero(self.vars); if self.is_zero() { 0 } else { self.degree_in(index) + 1 }];
        for (m, c) in &self.terms {
            let mut rest = m.clone();
            let power = std::mem::take(&mut rest[index]);
            coefficients[usize::from(power)].add_term(rest, c.clone());
        }
        coefficients
    }

    /// The inverse of [`MPoly::coefficients_in`].
    pub fn from_coefficients(vars: usize, index: usize, coefficients: &[MPoly]) -> MPoly {
        let mut p = MPoly::zero(vars);
        for (power, coefficient) in coefficients.iter().enumerate() {
            for (m, c) in &coefficient.terms {
                let mut m = m.clone();
                m[index] += power as u16;
                p.add_term(m, c.clone());
            }
        }
        p
    }

    /// As a polynomial in one variable, if no other occurs.
    pub fn to_dense(&self, index: usize) -> Option<Poly> {
        let mut coeffs = vec![RBig::ZERO; self.degree_in(index) + 1];
        for (m, c) in &self.terms {
            if m.iter().enumerate().any(|(i, e)| i != index && *e > 0) {
                return None;
            }
            coeffs[usize::from(m[index])] = c.clone();
        }
        Some(Poly::new(coeffs))
    }

    /// From a polynomial in one variable.
    pub fn from_dense(vars: usize, index: usize, p: &Poly) -> MPoly {
        let coefficients: Vec<MPoly> = p.coeffs().iter().map(|c| MPoly::constant(vars, c.clone())).collect();
        MPoly::from_coefficients(vars, index, &coefficients)
    }

    /// Puts a number in place of a variable.
    ///
    /// # Errors
    /// `TooLarge` when coefficients outgrow the bit bound.
    pub fn substitute(&self, index: usize, value: &RBig) -> Exact<MPoly> {
        let mut p = MPoly::zero(self.vars);
        for (m, c) in &self.terms {
            let mut m = m.clone();
            let power = std::mem::take(&mut m[index]);
            let c = c * value.pow(power as isize);
            bounded_rational(&c)?;
            p.add_term(m, c);
        }
        Ok(p)
    }

    /// Partial derivative.
    pub fn derivative(&self, index: usize) -> MPoly {
        let mut p = MPoly::zero(self.vars);
        for (m, c) in self.terms.iter().filter(|(m, _)| m[index] > 0) {
            let mut lower = m.clone();
            lower[index] -= 1;
            p.add_term(lower, c * RBig::from(m[index]));
        }
        p
    }

    /// `(c, p)` with `self = c p`, where `p` has coprime integer coefficients and a positive leading one.
    pub fn primitive(&self) -> (RBig, MPoly) {
        let (content, ints) = Poly::new(self.terms.values().cloned().collect()).primitive();
        let terms = self.terms.keys().cloned().zip(ints.into_iter().map(RBig::from)).collect();
        (content, MPoly { vars: self.vars, terms })
    }

    /// The largest monomial that divides every term.
    pub fn monomial_content(&self) -> Monomial {
        let mut keys = self.terms.keys();
        let first = keys.next().cloned().unwrap_or_else(|| SmallVec::from_elem(0, self.vars));
        keys.fold(first, |least, m| least.iter().zip(m).map(|(a, b)| *a.min(b)).collect())
    }

    /// LaTeX, lexicographically largest monomial first.
    pub fn tex(&self, names: &[String]) -> String {
        let mut out = String::new();
        for (m, c) in self.terms.iter().rev() {
            push_term(&mut out, c, &monomial_tex(m, names));
        }
        if out.is_empty() { "0".into() } else { out }
    }
}

fn monomial_quotient(a: &Monomial, b: &Monomial) -> Option<Monomial> {
    a.iter().zip(b).map(|(x, y)| x.checked_sub(*y)).collect()
}

/// LaTeX of a monomial; empty for one.
pub(crate) fn monomial_tex(m: &Monomial, names: &[String]) -> String {
    let power = |(e, name): (&u16, &String)| match e {
        0 => None,
        1 => Some(name.clone()),
        _ => Some(format!("{name}^{{{e}}}")),
    };
    let mut out = String::new();
    for part in m.iter().zip(names).filter_map(power) {
        // A command such as \alpha must not run into the next letter.
        let command = out.rfind('\\').is_some_and(|i| out[i + 1..].chars().all(|c| c.is_ascii_alphabetic()));
        if command {
            out.push(' ');
        }
        out.push_str(&part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["x".into(), "y".into()]
    }

    #[test]
    fn binomial_square() {
        let sum = MPoly::var(2, 0).add(&MPoly::var(2, 1));
        let square = sum.pow(2).unwrap();
        assert_eq!(square.tex(&names()), "x^{2} + 2xy + y^{2}");
        assert_eq!(square.exact_div(&sum).unwrap(), Some(sum.clone()));
        assert_eq!(square.add(&MPoly::one(2)).exact_div(&sum).unwrap(), None);
    }

    #[test]
    fn views_and_derivative() {
        let p = MPoly::var(2, 0).pow(2).unwrap().mul(&MPoly::var(2, 1)).unwrap();
        assert_eq!(MPoly::from_coefficients(2, 0, &p.coefficients_in(0)), p);
        assert_eq!(p.derivative(0).tex(&names()), "2xy");
        assert_eq!(p.substitute(1, &RBig::from(3)).unwrap().to_dense(0), Some(Poly::from_ints(&[0, 0, 3])));
        assert_eq!(p.to_dense(0), None);
    }

    #[test]
    fn bounds() {
        let sum = (0..6).fold(MPoly::one(6), |p, i| p.add(&MPoly::var(6, i)));
        assert!(sum.pow(60).is_err());
    }
}
