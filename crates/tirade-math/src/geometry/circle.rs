//! Circles.

use dashu::rational::RBig;

use super::conic::{push_multiple, shifted_square};
use super::{Conic, ConicKind, Point, circumcenter_worked};
use crate::cas::{canonical, surd_to_expr};
use crate::derivation::{Derivation, Rule, claim, condition, term};
use crate::exact::{Exact, Worked, undefined, unsupported};
use crate::expr::{Const, Expr};
use crate::poly::rational_tex;
use crate::surd::Surd;

/// A circle with positive radius.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Centre.
    pub center: Point,
    /// Square of the radius.
    pub radius_squared: Surd,
}

impl Circle {
    /// Radius.
    ///
    /// # Errors
    /// `Unsupported` when the root does not denest.
    pub fn radius(&self) -> Exact<Surd> {
        self.radius_squared.sqrt()
    }

    /// Area as an expression with pi.
    ///
    /// # Errors
    /// Never in practice.
    pub fn area(&self) -> Exact<Expr> {
        canonical(&Expr::Mul(vec![Expr::constant(Const::Pi), surd_to_expr(&self.radius_squared)?]))
    }

    /// Circumference as an expression with pi.
    ///
    /// # Errors
    /// As [`Circle::radius`].
    pub fn circumference(&self) -> Exact<Expr> {
        let radius = surd_to_expr(&self.radius()?)?;
        canonical(&Expr::Mul(vec![Expr::int(2), Expr::constant(Const::Pi), radius]))
    }

    /// The general equation.
    ///
    /// # Errors
    /// `Unsupported` unless centre and squared radius are rational.
    pub fn conic(&self) -> Exact<Conic> {
        let (Some((h, k)), Some(r)) = (self.center.as_rationals(), self.radius_squared.as_rational()) else {
            return unsupported("the equation of a circle whose centre is not rational");
        };
        let double = |q: &RBig| q * RBig::from(-2);
        Conic::new([RBig::ONE, RBig::ZERO, RBig::ONE, double(&h), double(&k), &h * &h + &k * &k - r])
    }

    /// LaTeX of the standard equation.
    pub fn standard_tex(&self) -> String {
        let square = |name: &str, s: &Surd| match s.as_rational() {
            Some(q) => shifted_square(name, &q),
            None => format!("({name}{})^{{2}}", s.neg().signed_tex()),
        };
        let left = format!("{} + {}", square("x", &self.center.x), square("y", &self.center.y));
        format!("{left} = {}", self.radius_squared.tex())
    }
}

/// Centre and radius from an equation, by completing squares.
///
/// # Errors
/// `Unsupported` unless the equation describes a circle.
pub fn circle_worked(conic: &Conic) -> Exact<Worked<Circle>> {
    if conic.kind() != ConicKind::Circle {
        return unsupported(format!("reading {} as a circle", conic.kind().name()));
    }
    let [a, _, _, d, e, f] = &conic.coefficients;
    let half = |q: &RBig| -(q / (RBig::from(2) * a));
    let (h, k) = (half(d), half(e));
    let r = &h * &h + &k * &k - f / a;
    let mut squares = format!("{} + {}", shifted_square("x", &h), shifted_square("y", &k));
    push_multiple(&mut squares, &-r.clone(), "");
    let left = if a.is_one() { squares } else { format!("{} \\left({squares}\\right)", rational_tex(a)) };
    let mut steps = Derivation::default();
    steps.push(Rule::CompleteSquare, || [claim(format!("{} = {left}", conic.tex()))]);
    let circle = Circle { center: Point::from_rationals(h, k), radius_squared: r.into() };
    let radius = circle.radius()?;
    let read = [term(circle.center.tex()), term(format!("r = {}", radius.tex()))];
    steps.push(Rule::CircleRead, || read);
    Ok(Worked::new(circle, steps))
}

/// The circle through three points.
///
/// # Errors
/// `Undefined` for points on one line.
pub fn circle_from_three_points_worked(a: &Point, b: &Point, c: &Point) -> Exact<Worked<Circle>> {
    let Worked { value: center, derivation: mut steps } = circumcenter_worked(a, b, c)?;
    let d = a.minus(&center);
    let radius_squared = d.dot(&d)?;
    if radius_squared.is_zero() {
        return undefined("a circle with radius zero");
    }
    let squares =
        format!("{}^{{2}} + {}^{{2}} = {}", d.x.factor_tex(), d.y.factor_tex(), radius_squared.tex());
    steps.push(Rule::RadiusSquared, || [claim(squares)]);
    let circle = Circle { center, radius_squared };
    steps.push(Rule::CircleEquation, || [condition(circle.standard_tex())]);
    Ok(Worked::new(circle, steps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cas::to_sympy_string;
    use crate::parse;

    #[test]
    fn completing_squares() {
        let conic = Conic::from_equation(&parse("x^2 + y^2 - 4x + 6y - 12 = 0").unwrap()).unwrap();
        let worked = circle_worked(&conic).unwrap();
        assert_eq!(worked.value.center, Point::from_ints(2, -3));
        assert_eq!(worked.value.radius().unwrap(), Surd::from(5));
        assert_eq!(to_sympy_string(&worked.value.area().unwrap()).unwrap(), "25*pi");
        assert_eq!(to_sympy_string(&worked.value.circumference().unwrap()).unwrap(), "10*pi");
        assert_eq!(worked.value.conic().unwrap(), conic);
        let english = worked.derivation.render_english();
        assert!(english.contains("= (x - 2)^{2} + (y + 3)^{2} - 25$"), "{english}");
    }

    #[test]
    fn three_points() {
        let p = Point::from_ints;
        let circle = circle_from_three_points_worked(&p(1, 0), &p(0, 1), &p(-1, 0)).unwrap().value;
        assert_eq!((circle.center, circle.radius_squared), (p(0, 0), Surd::from(1)));
        assert!(circle_from_three_points_worked(&p(0, 0), &p(1, 1), &p(2, 2)).is_err());
    }
}
