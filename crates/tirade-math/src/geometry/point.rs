//! Points: distance, midpoint, collinearity.

use dashu::rational::RBig;

use crate::cas::{surd_of, surd_to_expr, to_sympy_string};
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, Worked, at_most, undefined};
use crate::expr::Expr;
use crate::surd::Surd;

/// A point of the plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// First coordinate.
    pub x: Surd,
    /// Second coordinate.
    pub y: Surd,
}

impl Point {
    /// From coordinates.
    pub fn new(x: Surd, y: Surd) -> Point {
        Point { x, y }
    }

    /// From small integers.
    pub fn from_ints(x: i64, y: i64) -> Point {
        Point { x: x.into(), y: y.into() }
    }

    /// From rational coordinates.
    pub fn from_rationals(x: RBig, y: RBig) -> Point {
        Point { x: x.into(), y: y.into() }
    }

    /// From expressions such as `sqrt(2)/2`.
    ///
    /// # Errors
    /// `Unsupported` unless both are numbers made of square roots.
    pub fn from_exprs(x: &Expr, y: &Expr) -> Exact<Point> {
        Ok(Point { x: surd_of(x)?.surd, y: surd_of(y)?.surd })
    }

    /// Both coordinates, if they are rational.
    pub fn as_rationals(&self) -> Option<(RBig, RBig)> {
        Some((self.x.as_rational()?, self.y.as_rational()?))
    }

    /// LaTeX, `(1, \sqrt{2})`.
    pub fn tex(&self) -> String {
        format!("({}, {})", self.x.tex(), self.y.tex())
    }

    /// SymPy's `Point2D(1, sqrt(2))`.
    ///
    /// # Errors
    /// Never in practice.
    pub fn sympy_text(&self) -> Exact<String> {
        let text = |s: &Surd| to_sympy_string(&surd_to_expr(s)?);
        Ok(format!("Point2D({}, {})", text(&self.x)?, text(&self.y)?))
    }

    /// Vector from `other` to this point.
    pub fn minus(&self, other: &Point) -> Point {
        Point { x: self.x.sub(&other.x), y: self.y.sub(&other.y) }
    }

    /// Sum of vectors.
    pub fn plus(&self, other: &Point) -> Point {
        Point { x: self.x.add(&other.x), y: self.y.add(&other.y) }
    }

    /// Multiple of a vector.
    pub fn scale(&self, q: &RBig) -> Point {
        Point { x: self.x.scale(q), y: self.y.scale(q) }
    }

    /// Inner product of vectors.
    ///
    /// # Errors
    /// `TooLarge` for many distinct roots.
    pub fn dot(&self, other: &Point) -> Exact<Surd> {
        Ok(self.x.mul(&other.x)?.add(&self.y.mul(&other.y)?))
    }

    /// `x1 y2 - x2 y1` of vectors.
    ///
    /// # Errors
    /// `TooLarge` for many distinct roots.
    pub fn cross(&self, other: &Point) -> Exact<Surd> {
        Ok(self.x.mul(&other.y)?.sub(&self.y.mul(&other.x)?))
    }

    /// Whether both coordinates are zero.
    pub fn is_zero(&self) -> bool {
        self.x.is_zero() && self.y.is_zero()
    }
}

/// `(a)^{2}` or `a^{2}`.
pub(super) fn square_tex(s: &Surd) -> String {
    format!("{}^{{2}}", s.factor_tex())
}

/// Distance of two points.
///
/// # Errors
/// `Unsupported` when the root does not denest.
pub fn distance_worked(a: &Point, b: &Point) -> Exact<Worked<Surd>> {
    let d = b.minus(a);
    let squared = d.dot(&d)?;
    let value = squared.sqrt()?;
    let mut steps = Derivation::default();
    let differences = [(&b.x, &a.x, &d.x), (&b.y, &a.y, &d.y)];
    let difference =
        |(p, q, r): (&Surd, &Surd, &Surd)| claim(format!("{} - {} = {}", p.tex(), q.factor_tex(), r.tex()));
    steps.push(Rule::Compute, || differences.map(difference));
    let root = format!("\\sqrt{{{} + {}}} = {}", square_tex(&d.x), square_tex(&d.y), value.tex());
    steps.push(Rule::DistanceFormula, || [claim(root)]);
    Ok(Worked::new(value, steps))
}

/// Midpoint of two points.
///
/// # Errors
/// Never in practice.
pub fn midpoint_worked(a: &Point, b: &Point) -> Exact<Worked<Point>> {
    let half = RBig::from_parts(1.into(), 2u8.into());
    let middle = a.plus(b).scale(&half);
    let average = |p: &Surd, q: &Surd, m: &Surd| {
        claim(format!("\\frac{{{}{}}}{{2}} = {}", p.tex(), q.signed_tex(), m.tex()))
    };
    let mut steps = Derivation::default();
    steps.push(Rule::Averages, || [average(&a.x, &b.x, &middle.x), average(&a.y, &b.y, &middle.y)]);
    steps.push(Rule::MidpointIs, || [term(middle.tex())]);
    Ok(Worked::new(middle, steps))
}

/// Whether all points lie on one line.
///
/// # Errors
/// `Undefined` for no points; `TooLarge` for more than 200.
pub fn collinear_worked(points: &[Point]) -> Exact<Worked<bool>> {
    at_most("number of points", points.len(), 200)?;
    let Some(first) = points.first() else { return undefined("the collinearity of no points") };
    let mut steps = Derivation::default();
    let Some(direction) = points.iter().map(|p| p.minus(first)).find(|d| !d.is_zero()) else {
        steps.push(Rule::Collinear, || []);
        return Ok(Worked::new(true, steps));
    };
    for p in points {
        let v = p.minus(first);
        if v.is_zero() || v == direction {
            continue;
        }
        let cross = direction.cross(&v)?;
        let formula = format!(
            "{} \\cdot {} - {} \\cdot {} = {}",
            direction.x.factor_tex(),
            v.y.factor_tex(),
            direction.y.factor_tex(),
            v.x.factor_tex(),
            cross.tex()
        );
        steps.push(Rule::CrossProductTest, || [claim(formula)]);
        if !cross.is_zero() {
            steps.push(Rule::NotCollinear, || []);
            return Ok(Worked::new(false, steps));
        }
    }
    steps.push(Rule::Collinear, || []);
    Ok(Worked::new(true, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_midpoints() {
        let (a, b) = (Point::from_ints(0, 0), Point::from_ints(2, 4));
        assert_eq!(distance_worked(&a, &b).unwrap().value.tex(), "2 \\sqrt{5}");
        assert_eq!(midpoint_worked(&a, &b).unwrap().value, Point::from_ints(1, 2));
    }

    #[test]
    fn collinearity() {
        let p = |x, y| Point::from_ints(x, y);
        assert!(collinear_worked(&[p(0, 0), p(1, 1), p(5, 5)]).unwrap().value);
        assert!(!collinear_worked(&[p(0, 0), p(1, 1), p(5, 6)]).unwrap().value);
        assert!(collinear_worked(&[p(1, 1), p(1, 1)]).unwrap().value);
        assert!(collinear_worked(&[]).is_err());
    }
}
