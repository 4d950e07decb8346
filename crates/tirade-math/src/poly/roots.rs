//! Exact roots: rational, quadratic, and square roots of quadratics.

use dashu::base::Abs;
use dashu::integer::IBig;
use dashu::rational::RBig;

use super::{Factored, Poly, factor, rational_tex};
use crate::exact::{Exact, unsupported};
use crate::integer::{is_negative, square_part};

/// An exact root of a polynomial over the rational numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// A rational number.
    Rational(RBig),
    /// `a + b sqrt(d)` with `b != 0` and `d` square-free, not 0 or 1; not real if `d < 0`.
    Quadratic {
        /// Rational part.
        a: RBig,
        /// Factor of the square root.
        b: RBig,
        /// Square-free radicand.
        d: IBig,
    },
    /// `sqrt(r)` or `-sqrt(r)` of a quadratic number `r = a + b sqrt(d)` as above.
    SquareRoot {
        /// Whether there is a minus sign in front.
        negative: bool,
        /// Rational part of the radicand.
        a: RBig,
        /// Factor of the inner square root.
        b: RBig,
        /// Square-free inner radicand.
        d: IBig,
    },
}

impl Root {
    /// LaTeX.
    pub fn tex(&self) -> String {
        match self {
            Root::Rational(q) => rational_tex(q),
            Root::Quadratic { a, b, d } => quadratic_tex(a, b, d),
            Root::SquareRoot { negative, a, b, d } => {
                format!("{}\\sqrt{{{}}}", if *negative { "-" } else { "" }, quadratic_tex(a, b, d))
            }
        }
    }
}

/// `a + b sqrt(d)` over one denominator; `i sqrt(-d)` for negative `d`.
fn quadratic_tex(a: &RBig, b: &RBig, d: &IBig) -> String {
    let denominator = crate::integer::lcm(a.denominator().as_ibig(), b.denominator().as_ibig());
    let times = |q: &RBig| q.numerator() * (&denominator / q.denominator().as_ibig());
    let (p, q) = (times(a), times(b));
    let root = match (is_negative(d), d.clone().abs()) {
        (true, one) if one.is_one() => "i".to_string(),
        (true, n) => format!("\\sqrt{{{n}}} i"),
        (false, n) => format!("\\sqrt{{{n}}}"),
    };
    let size = q.clone().abs();
    let part = if size.is_one() { root } else { format!("{size} {root}") };
    let numerator = match (p.is_zero(), is_negative(&q)) {
        (true, true) => format!("-{part}"),
        (true, false) => part,
        (false, true) => format!("{p} - {part}"),
        (false, false) => format!("{p} + {part}"),
    };
    if denominator.is_one() { numerator } else { format!("\\frac{{{numerator}}}{{{denominator}}}") }
}

/// Distinct rational roots in increasing order.
///
/// # Errors
/// As [`factor`].
pub fn rational_roots(p: &Poly) -> Exact<Vec<RBig>> {
    let linear = factor(p)?.factors.into_iter().filter(|(f, _)| f.degree() == 1);
    let mut roots: Vec<RBig> = linear.map(|(f, _)| -(f.coeff(0) / f.coeff(1))).collect();
    roots.sort();
    Ok(roots)
}

/// All complex roots with multiplicities, in the order of the factors; within a quadratic factor the root with the
/// negative square root comes first.
///
/// # Errors
/// `Unsupported` when an irreducible factor is neither linear, quadratic nor biquadratic.
pub fn exact_roots(p: &Poly) -> Exact<Vec<(Root, usize)>> {
    roots_of_factors(&factor(p)?)
}

/// [`exact_roots`] of a polynomial that is already factored.
pub(crate) fn roots_of_factors(p: &Factored) -> Exact<Vec<(Root, usize)>> {
    let mut roots = Vec::new();
    for (f, multiplicity) in &p.factors {
        roots.extend(roots_of_irreducible(f)?.into_iter().map(|r| (r, *multiplicity)));
    }
    Ok(roots)
}

/// The roots of an irreducible polynomial.
///
/// # Errors
/// `Unsupported` unless it is linear, quadratic or biquadratic.
pub(crate) fn roots_of_irreducible(f: &Poly) -> Exact<Vec<Root>> {
    match f.degree() {
        1 => Ok(vec![Root::Rational(-(f.coeff(0) / f.coeff(1)))]),
        2 => quadratic_roots(f),
        4 if f.coeff(1).is_zero() && f.coeff(3).is_zero() => biquadratic_roots(f),
        n => unsupported(format!("the roots of an irreducible polynomial of degree {n} as a short formula")),
    }
}

/// Both roots of a quadratic, the one with `-sqrt` first; a rational pair is returned as such.
pub(crate) fn quadratic_roots(f: &Poly) -> Exact<Vec<Root>> {
    let [c, b, a] = [0, 1, 2].map(|i| f.coeff(i));
    let double = &a * RBig::from(2);
    let discriminant = &b * &b - RBig::from(4) * &a * &c;
    let (factor, d) = root_of_rational(&discriminant)?;
    let middle = -b / &double;
    let mut offset = factor / double;
    if offset < RBig::ZERO {
        offset = -offset;
    }
    let root = |b: RBig| {
        if d.is_one() {
            Root::Rational(&middle + b)
        } else {
            Root::Quadratic { a: middle.clone(), b, d: d.clone() }
        }
    };
    Ok(vec![root(-offset.clone()), root(offset)])
}

/// `sqrt(q) = f sqrt(d)` with `f >= 0` rational and `d` square-free (1 for a rational root, negative for negative `q`).
pub(crate) fn root_of_rational(q: &RBig) -> Exact<(RBig, IBig)> {
    let denominator = q.denominator().as_ibig();
    let (square, free) = square_part(&(q.numerator() * denominator))?;
    Ok((RBig::from(square) / RBig::from(denominator.clone()), free))
}

fn biquadratic_roots(f: &Poly) -> Exact<Vec<Root>> {
    let squares = quadratic_roots(&Poly::new(vec![f.coeff(0), f.coeff(2), f.coeff(4)]))?;
    let mut roots = Vec::new();
    for square in squares {
        if let Root::Quadratic { a, b, d } = square {
            let root = |negative| Root::SquareRoot { negative, a: a.clone(), b: b.clone(), d: d.clone() };
            roots.extend([root(true), root(false)]);
        }
    }
    if roots.len() == 4 { Ok(roots) } else { unsupported("the roots of this polynomial of degree 4") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rational_and_quadratic() {
        let p = Poly::from_ints(&[-6, 11, -6, 1]);
        assert_eq!(rational_roots(&p).unwrap(), [1, 2, 3].map(RBig::from));
        let golden = exact_roots(&Poly::from_ints(&[-1, -1, 1])).unwrap();
        let half = RBig::from_parts(1.into(), 2u8.into());
        assert_eq!(golden[1], (Root::Quadratic { a: half.clone(), b: half, d: 5.into() }, 1));
        let complex = exact_roots(&Poly::from_ints(&[4, 0, 1])).unwrap();
        assert_eq!(complex[0].0, Root::Quadratic { a: RBig::ZERO, b: RBig::from(-2), d: (-1).into() });
    }

    #[test]
    fn biquadratic_and_refusal() {
        assert_eq!(exact_roots(&Poly::from_ints(&[1, 0, -10, 0, 1])).unwrap().len(), 4);
        assert!(exact_roots(&Poly::from_ints(&[-1, -1, 0, 0, 0, 1])).is_err());
    }
}
