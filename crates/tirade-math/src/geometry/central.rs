//! Ellipses and hyperbolas with axes parallel to the coordinate axes.

use dashu::rational::RBig;

use super::conic::{push_multiple, shifted_square};
use super::{Conic, ConicKind, Line, Point};
use crate::cas::{canonical, surd_to_expr};
use crate::derivation::{Derivation, Rule, claim, condition, term};
use crate::exact::{Exact, Worked, unsupported};
use crate::expr::{Const, Expr};
use crate::poly::rational_tex;
use crate::surd::Surd;

/// Which curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CentralKind {
    /// `(x-h)^2/a^2 + (y-k)^2/b^2 = 1` or with the axes exchanged, `a >= b`.
    Ellipse,
    /// `(x-h)^2/a^2 - (y-k)^2/b^2 = 1` or with the axes exchanged.
    Hyperbola,
}

/// An ellipse or a hyperbola.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Central {
    /// Which curve.
    pub kind: CentralKind,
    /// Abscissa of the centre.
    pub h: RBig,
    /// Ordinate of the centre.
    pub k: RBig,
    /// Square of the semi-axis that carries the foci.
    pub a_squared: RBig,
    /// Square of the other semi-axis.
    pub b_squared: RBig,
    /// Whether the foci lie on a horizontal line.
    pub horizontal: bool,
}

impl Central {
    /// Centre.
    pub fn center(&self) -> Point {
        Point::from_rationals(self.h.clone(), self.k.clone())
    }

    /// Square of the distance from the centre to a focus.
    pub fn c_squared(&self) -> RBig {
        match self.kind {
            CentralKind::Ellipse => &self.a_squared - &self.b_squared,
            CentralKind::Hyperbola => &self.a_squared + &self.b_squared,
        }
    }

    /// Two points on an axis through the centre, the one with the smaller coordinate first.
    fn pair(&self, squared: &RBig, along: bool) -> Exact<[Point; 2]> {
        let offset = Surd::sqrt_rational(squared)?;
        let zero = Surd::default();
        let v = if along == self.horizontal { Point::new(offset, zero) } else { Point::new(zero, offset) };
        Ok([self.center().minus(&v), self.center().plus(&v)])
    }

    /// The foci.
    ///
    /// # Errors
    /// `TooLarge` for huge numbers.
    pub fn foci(&self) -> Exact<[Point; 2]> {
        self.pair(&self.c_squared(), true)
    }

    /// The ends of the axis that carries the foci.
    ///
    /// # Errors
    /// `TooLarge` for huge numbers.
    pub fn vertices(&self) -> Exact<[Point; 2]> {
        self.pair(&self.a_squared, true)
    }

    /// The ends of the other axis.
    ///
    /// # Errors
    /// `TooLarge` for huge numbers.
    pub fn co_vertices(&self) -> Exact<[Point; 2]> {
        self.pair(&self.b_squared, false)
    }

    /// Eccentricity.
    ///
    /// # Errors
    /// `TooLarge` for huge numbers.
    pub fn eccentricity(&self) -> Exact<Surd> {
        Surd::sqrt_rational(&(self.c_squared() / &self.a_squared))
    }

    /// The directrices, at distance `a^2 / c` from the centre.
    ///
    /// # Errors
    /// `Undefined` for a circle.
    pub fn directrices(&self) -> Exact<[Line; 2]> {
        let distance = Surd::from(self.a_squared.clone()).div(&Surd::sqrt_rational(&self.c_squared())?)?;
        let middle = Surd::from(if self.horizontal { self.h.clone() } else { self.k.clone() });
        let line = |c: Surd| {
            let (one, zero) = (Surd::from(1), Surd::default());
            let (a, b) = if self.horizontal { (one, zero) } else { (zero, one) };
            Line { a, b, c }
        };
        Ok([line(middle.sub(&distance)), line(middle.add(&distance))])
    }

    /// The asymptotes of a hyperbola.
    ///
    /// # Errors
    /// `Unsupported` for an ellipse.
    pub fn asymptotes(&self) -> Exact<[Line; 2]> {
        if self.kind == CentralKind::Ellipse {
            return unsupported("the asymptotes of an ellipse, which has none");
        }
        let ratio = Surd::sqrt_rational(&(&self.b_squared / &self.a_squared))?;
        let slope = if self.horizontal { ratio } else { ratio.recip()? };
        let line = |slope: Surd| -> Exact<Line> {
            let c = slope.scale(&self.h).neg().add(&Surd::from(self.k.clone())).neg();
            Ok(Line { a: slope, b: Surd::from(-1), c }.normalised())
        };
        Ok([line(slope.neg())?, line(slope)?])
    }

    /// Area of an ellipse, as an expression with pi.
    ///
    /// # Errors
    /// `Unsupported` for a hyperbola.
    pub fn area(&self) -> Exact<Expr> {
        if self.kind == CentralKind::Hyperbola {
            return unsupported("the area of a hyperbola");
        }
        let product = Surd::sqrt_rational(&(&self.a_squared * &self.b_squared))?;
        canonical(&Expr::Mul(vec![Expr::constant(Const::Pi), surd_to_expr(&product)?]))
    }

    /// The general equation.
    ///
    /// # Errors
    /// Never in practice.
    pub fn conic(&self) -> Exact<Conic> {
        let sign = if self.kind == CentralKind::Ellipse { RBig::ONE } else { RBig::NEG_ONE };
        let (along, across) = (RBig::ONE / &self.a_squared, sign / &self.b_squared);
        let (p, q) = if self.horizontal { (along, across) } else { (across, along) };
        let two = RBig::from(-2);
        let constant = &p * &self.h * &self.h + &q * &self.k * &self.k - RBig::ONE;
        Conic::new([p.clone(), RBig::ZERO, q.clone(), &two * p * &self.h, two * q * &self.k, constant])
    }

    /// LaTeX of the standard equation.
    pub fn standard_tex(&self) -> String {
        let fraction = |top: String, bottom: &RBig| format!("\\frac{{{top}}}{{{}}}", rational_tex(bottom));
        let (x, y) = (shifted_square("x", &self.h), shifted_square("y", &self.k));
        let (along, across) = if self.horizontal { (x, y) } else { (y, x) };
        let (along, across) = (fraction(along, &self.a_squared), fraction(across, &self.b_squared));
        match (self.kind, self.horizontal) {
            (CentralKind::Hyperbola, _) => format!("{along} - {across} = 1"),
            (CentralKind::Ellipse, true) => format!("{along} + {across} = 1"),
            (CentralKind::Ellipse, false) => format!("{across} + {along} = 1"),
        }
    }
}

/// `a (x-h)^2 + c (y-k)^2 = r` by completing squares; returns `(h, k, r)`.
fn complete_squares(conic: &Conic, steps: &mut Derivation) -> Exact<(RBig, RBig, RBig)> {
    let [a, b, c, d, e, f] = &conic.coefficients;
    if !b.is_zero() {
        return unsupported("a conic whose axes are not parallel to the coordinate axes");
    }
    let two = RBig::from(2);
    let (h, k) = (-(d / (&two * a)), -(e / (&two * c)));
    let r = a * &h * &h + c * &k * &k - f;
    let mut right = String::new();
    push_multiple(&mut right, a, &shifted_square("x", &h));
    push_multiple(&mut right, c, &shifted_square("y", &k));
    if !r.is_zero() {
        push_multiple(&mut right, &-r.clone(), "");
    }
    if !(h.is_zero() && k.is_zero()) {
        steps.push(Rule::CompleteSquare, || [claim(format!("{} = {right}", conic.tex()))]);
    }
    Ok((h, k, r))
}

/// Centre and axes of an ellipse (or a circle).
///
/// # Errors
/// `Unsupported` for other conics and for turned axes.
pub fn ellipse_worked(conic: &Conic) -> Exact<Worked<Central>> {
    if !matches!(conic.kind(), ConicKind::Ellipse | ConicKind::Circle) {
        return unsupported(format!("reading {} as an ellipse", conic.kind().name()));
    }
    let mut steps = Derivation::default();
    let (h, k, r) = complete_squares(conic, &mut steps)?;
    let (p, q) = (&r / &conic.coefficients[0], &r / &conic.coefficients[2]);
    let horizontal = p >= q;
    let (a_squared, b_squared) = if horizontal { (p, q) } else { (q, p) };
    let value = Central { kind: CentralKind::Ellipse, h, k, a_squared, b_squared, horizontal };
    describe(&value, &mut steps)?;
    Ok(Worked::new(value, steps))
}

/// Centre and axes of a hyperbola.
///
/// # Errors
/// As [`ellipse_worked`].
pub fn hyperbola_worked(conic: &Conic) -> Exact<Worked<Central>> {
    if conic.kind() != ConicKind::Hyperbola {
        return unsupported(format!("reading {} as a hyperbola", conic.kind().name()));
    }
    let mut steps = Derivation::default();
    let (h, k, r) = complete_squares(conic, &mut steps)?;
    let (p, q) = (&r / &conic.coefficients[0], &r / &conic.coefficients[2]);
    let horizontal = p > RBig::ZERO;
    let (a_squared, b_squared) = if horizontal { (p, -q) } else { (q, -p) };
    let value = Central { kind: CentralKind::Hyperbola, h, k, a_squared, b_squared, horizontal };
    describe(&value, &mut steps)?;
    let [first, second] = value.asymptotes()?;
    steps.push(Rule::AsymptotesAre, || [condition(first.tex()), condition(second.tex())]);
    Ok(Worked::new(value, steps))
}

fn describe(c: &Central, steps: &mut Derivation) -> Exact<()> {
    steps.push(Rule::StandardForm, || [condition(c.standard_tex()), term(c.center().tex())]);
    let squared = c.c_squared();
    let sign = if c.kind == CentralKind::Ellipse { '-' } else { '+' };
    let (a, b) = (rational_tex(&c.a_squared), rational_tex(&c.b_squared));
    let formula = claim(format!("{a} {sign} {b} = {}", rational_tex(&squared)));
    let distance = Surd::sqrt_rational(&squared)?;
    steps.push(Rule::FocalDistance, || [formula, term(format!("c = {}", distance.tex()))]);
    let [first, second] = c.foci()?;
    steps.push(Rule::FociAre, || [term(first.tex()), term(second.tex())]);
    let [first, second] = c.vertices()?;
    steps.push(Rule::VerticesAre, || [term(first.tex()), term(second.tex())]);
    let ratio = format!("\\frac{{{}}}{{\\sqrt{{{a}}}}} = {}", distance.tex(), c.eccentricity()?.tex());
    steps.push(Rule::EccentricityIs, || [claim(ratio)]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cas::to_sympy_string;
    use crate::parse;

    fn conic(text: &str) -> Conic {
        Conic::from_equation(&parse(text).unwrap()).unwrap()
    }

    #[test]
    fn ellipse() {
        let source = conic("4x^2 + 9y^2 - 16x + 18y - 11 = 0");
        let e = ellipse_worked(&source).unwrap();
        assert_eq!(e.value.standard_tex(), "\\frac{(x - 2)^{2}}{9} + \\frac{(y + 1)^{2}}{4} = 1");
        assert_eq!(e.value.foci().unwrap().map(|p| p.tex()), ["(2 - \\sqrt{5}, -1)", "(2 + \\sqrt{5}, -1)"]);
        assert_eq!(e.value.eccentricity().unwrap().tex(), "\\frac{\\sqrt{5}}{3}");
        assert_eq!(to_sympy_string(&e.value.area().unwrap()).unwrap(), "6*pi");
        assert_eq!(e.value.conic().unwrap(), source);
    }

    #[test]
    fn hyperbola() {
        let source = conic("9y^2 - 16x^2 = 144");
        let h = hyperbola_worked(&source).unwrap().value;
        assert!(!h.horizontal);
        assert_eq!(h.foci().unwrap(), [Point::from_ints(0, -5), Point::from_ints(0, 5)]);
        assert_eq!(h.asymptotes().unwrap().map(|l| l.tex()), ["4x + 3y = 0", "4x - 3y = 0"]);
        assert_eq!(h.directrices().unwrap()[1].tex(), "y = \\frac{16}{5}");
        assert_eq!(h.conic().unwrap(), source);
        assert!(hyperbola_worked(&conic("x y = 1")).is_err());
    }
}
