//! Parabolas with an axis parallel to a coordinate axis.

use dashu::rational::RBig;

use super::conic::{push_multiple, shifted_square};
use super::{Conic, ConicKind, Line, Point};
use crate::derivation::{Derivation, Rule, claim, condition, term};
use crate::exact::{Exact, Worked, undefined, unsupported};
use crate::poly::rational_tex;
use crate::surd::Surd;

/// `(x-h)^2 = 4 p (y-k)`, or `(y-k)^2 = 4 p (x-h)` when the axis is horizontal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parabola {
    /// Abscissa of the vertex.
    pub h: RBig,
    /// Ordinate of the vertex.
    pub k: RBig,
    /// Signed distance from the vertex to the focus.
    pub p: RBig,
    /// Whether the axis is horizontal.
    pub horizontal: bool,
}

impl Parabola {
    /// Vertex.
    pub fn vertex(&self) -> Point {
        Point::from_rationals(self.h.clone(), self.k.clone())
    }

    /// Focus.
    pub fn focus(&self) -> Point {
        let zero = RBig::ZERO;
        let (dx, dy) = if self.horizontal { (&self.p, &zero) } else { (&zero, &self.p) };
        Point::from_rationals(&self.h + dx, &self.k + dy)
    }

    fn axis_parallel(vertical: bool, at: RBig) -> Line {
        let (one, zero) = (Surd::from(1), Surd::default());
        let (a, b) = if vertical { (one, zero) } else { (zero, one) };
        Line { a, b, c: at.into() }
    }

    /// Directrix.
    pub fn directrix(&self) -> Line {
        let at = if self.horizontal { &self.h } else { &self.k };
        Parabola::axis_parallel(self.horizontal, at - &self.p)
    }

    /// Axis of symmetry.
    pub fn axis(&self) -> Line {
        Parabola::axis_parallel(
            !self.horizontal,
            if self.horizontal { self.k.clone() } else { self.h.clone() },
        )
    }

    /// The general equation.
    ///
    /// # Errors
    /// Never in practice.
    pub fn conic(&self) -> Exact<Conic> {
        parabola_equation(&self.focus(), &self.directrix())
    }

    /// LaTeX of the standard equation.
    pub fn standard_tex(&self) -> String {
        let four_p = &self.p * RBig::from(4);
        let linear = |name: &str, at: &RBig| {
            let shifted = format!("{name}{}", crate::poly::signed_rational_tex(&-at.clone()));
            match (at.is_zero(), four_p.is_one()) {
                (true, _) => name.to_string(),
                (_, true) => shifted,
                _ => format!("({shifted})"),
            }
        };
        let (square, side) = if self.horizontal {
            (shifted_square("y", &self.k), linear("x", &self.h))
        } else {
            (shifted_square("x", &self.h), linear("y", &self.k))
        };
        let mut right = String::new();
        push_multiple(&mut right, &four_p, &side);
        format!("{square} = {right}")
    }
}

/// Vertex, focus and directrix from an equation, by completing the square.
///
/// # Errors
/// `Unsupported` for other conics and for turned axes.
pub fn parabola_worked(conic: &Conic) -> Exact<Worked<Parabola>> {
    if conic.kind() != ConicKind::Parabola {
        return unsupported(format!("reading {} as a parabola", conic.kind().name()));
    }
    let [a, b, c, d, e, f] = &conic.coefficients;
    if !b.is_zero() {
        return unsupported("a parabola whose axis is not parallel to a coordinate axis");
    }
    // square (u - m)^2 + slope v + constant = 0, with u = x or u = y
    let horizontal = a.is_zero();
    let (square, linear, slope) = if horizontal { (c, e, d) } else { (a, d, e) };
    let m = -(linear / (RBig::from(2) * square));
    let n = (square * &m * &m - f) / slope;
    let p = -(slope / (RBig::from(4) * square));
    let (u, v) = if horizontal { ("y", "x") } else { ("x", "y") };
    let mut right = String::new();
    push_multiple(&mut right, square, &shifted_square(u, &m));
    push_multiple(&mut right, slope, v);
    let rest = f - square * &m * &m;
    if !rest.is_zero() {
        push_multiple(&mut right, &rest, "");
    }
    let mut steps = Derivation::default();
    steps.push(Rule::CompleteSquare, || [claim(format!("{} = {right}", conic.tex()))]);
    let (h, k) = if horizontal { (n, m) } else { (m, n) };
    let value = Parabola { h, k, p, horizontal };
    steps.push(Rule::ParabolaForm, || [condition(value.standard_tex()), term(value.vertex().tex())]);
    let shown = condition(format!("4 p = {}", rational_tex(&(&value.p * RBig::from(4)))));
    steps
        .push(Rule::ParabolaFocus, || [shown, term(value.focus().tex()), condition(value.directrix().tex())]);
    Ok(Worked::new(value, steps))
}

fn parabola_equation(focus: &Point, directrix: &Line) -> Exact<Conic> {
    let rational = (
        focus.as_rationals(),
        directrix.a.as_rational(),
        directrix.b.as_rational(),
        directrix.c.as_rational(),
    );
    let (Some((p, q)), Some(a), Some(b), Some(c)) = rational else {
        return unsupported("a parabola whose focus or directrix is not rational");
    };
    // (a^2 + b^2)((x-p)^2 + (y-q)^2) = (a x + b y - c)^2
    let n = &a * &a + &b * &b;
    let two = RBig::from(2);
    let coefficients = [
        &n - &a * &a,
        -(&two * &a * &b),
        &n - &b * &b,
        &two * (&a * &c - &n * &p),
        &two * (&b * &c - &n * &q),
        &n * (&p * &p + &q * &q) - &c * &c,
    ];
    Conic::new(coefficients)
}

/// The parabola with a given focus and directrix.
///
/// # Errors
/// `Undefined` when the focus lies on the directrix; `Unsupported` for irrational data.
pub fn parabola_from_focus_worked(focus: &Point, directrix: &Line) -> Exact<Worked<Conic>> {
    if directrix.value(focus)? == directrix.c {
        return undefined("a parabola whose focus lies on its directrix");
    }
    let conic = parabola_equation(focus, directrix)?;
    let mut steps = Derivation::default();
    let formulas = [term(focus.tex()), condition(directrix.tex()), condition(format!("{} = 0", conic.tex()))];
    steps.push(Rule::EqualDistances, || formulas);
    Ok(Worked::new(conic, steps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn properties() {
        let conic = Conic::from_equation(&parse("y = x^2 - 4x + 7").unwrap()).unwrap();
        let p = parabola_worked(&conic).unwrap().value;
        assert_eq!(p.vertex(), Point::from_ints(2, 3));
        assert_eq!(p.focus().tex(), "(2, \\frac{13}{4})");
        assert_eq!(p.directrix().tex(), "y = \\frac{11}{4}");
        assert_eq!(p.axis().tex(), "x = 2");
        assert_eq!(p.standard_tex(), "(x - 2)^{2} = y - 3");
        assert_eq!(p.conic().unwrap(), conic);
    }

    #[test]
    fn sideways_and_from_focus() {
        let conic = Conic::from_equation(&parse("y^2 = 8x").unwrap()).unwrap();
        let p = parabola_worked(&conic).unwrap().value;
        assert!(p.horizontal);
        assert_eq!(p.focus(), Point::from_ints(2, 0));
        assert_eq!(parabola_from_focus_worked(&p.focus(), &p.directrix()).unwrap().value, conic);
    }
}
