//! Lines: equations, intersections, angles, distances.

use dashu::integer::IBig;
use dashu::rational::RBig;

use super::Point;
use super::point::midpoint_worked;
use crate::cas::surd_to_expr;
use crate::derivation::{Derivation, Rule, claim, condition, term};
use crate::exact::{Exact, Worked, undefined};
use crate::expr::{Const, Expr, Func};
use crate::surd::Surd;

/// The line `a x + b y = c`, with `a`, `b` not both zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Coefficient of x.
    pub a: Surd,
    /// Coefficient of y.
    pub b: Surd,
    /// Right-hand side.
    pub c: Surd,
}

impl Line {
    /// The line through two points.
    ///
    /// # Errors
    /// `Undefined` for equal points.
    pub fn through(p: &Point, q: &Point) -> Exact<Line> {
        let d = q.minus(p);
        if d.is_zero() {
            return undefined("a line through one point only");
        }
        let line = Line { a: d.y.clone(), b: d.x.neg(), c: d.y.mul(&p.x)?.sub(&d.x.mul(&p.y)?) };
        Ok(line.normalised())
    }

    /// Coprime integer coefficients with a positive first one, if the coefficients are rational.
    pub fn normalised(self) -> Line {
        let rational = [&self.a, &self.b, &self.c].map(Surd::as_rational);
        let [Some(a), Some(b), Some(c)] = rational else { return self };
        let coefficients: Vec<RBig> = [c, b, a].into_iter().collect();
        // The polynomial's primitive part has the sign of its last nonzero coefficient, which is a, or b if a is zero.
        let ints = crate::poly::Poly::new(coefficients).primitive().1;
        let at = |i: usize| Surd::from(RBig::from(ints.get(i).cloned().unwrap_or(IBig::ZERO)));
        Line { a: at(2), b: at(1), c: at(0) }
    }

    /// LaTeX of the equation.
    pub fn tex(&self) -> String {
        let mut left = String::new();
        for (s, name) in [(&self.a, "x"), (&self.b, "y")].into_iter().filter(|(s, _)| !s.is_zero()) {
            let text = match s.as_rational() {
                Some(q) if q.is_one() => format!(" + {name}"),
                Some(q) if q == RBig::NEG_ONE => format!(" - {name}"),
                _ => format!("{}{name}", s.signed_tex()),
            };
            left.push_str(&text);
        }
        let left = match (left.strip_prefix(" + "), left.strip_prefix(" - ")) {
            (Some(rest), _) => rest.to_string(),
            (_, Some(rest)) => format!("-{rest}"),
            _ => left,
        };
        format!("{left} = {}", self.c.tex())
    }

    /// `a x + b y` at a point.
    ///
    /// # Errors
    /// `TooLarge` for many distinct roots.
    pub fn value(&self, p: &Point) -> Exact<Surd> {
        Ok(self.a.mul(&p.x)?.add(&self.b.mul(&p.y)?))
    }

    /// A point of the line: where it meets an axis.
    ///
    /// # Errors
    /// `TooLarge` for many distinct roots.
    pub fn some_point(&self) -> Exact<Point> {
        if self.b.is_zero() {
            Ok(Point::new(self.c.div(&self.a)?, Surd::default()))
        } else {
            Ok(Point::new(Surd::default(), self.c.div(&self.b)?))
        }
    }
}

/// Common point of two lines; `None` when they are parallel or equal.
///
/// # Errors
/// `TooLarge` for many distinct roots.
pub fn intersection_worked(l: &Line, m: &Line) -> Exact<Worked<Option<Point>>> {
    let det = l.a.mul(&m.b)?.sub(&m.a.mul(&l.b)?);
    let mut steps = Derivation::default();
    steps.push(Rule::Given, || [condition(l.tex()), condition(m.tex())]);
    if det.is_zero() {
        steps.push(Rule::ParallelLines, || []);
        return Ok(Worked::new(None, steps));
    }
    let x = l.c.mul(&m.b)?.sub(&m.c.mul(&l.b)?).div(&det)?;
    let y = l.a.mul(&m.c)?.sub(&m.a.mul(&l.c)?).div(&det)?;
    let point = Point::new(x, y);
    steps.push(Rule::IntersectLines, || [condition(format!("(x, y) = {}", point.tex()))]);
    steps.push(Rule::CheckSolution, || [check(l, &point), check(m, &point)]);
    Ok(Worked::new(Some(point), steps))
}

/// The claim that a point lies on a line, with its coordinates put in.
pub(super) fn check(l: &Line, p: &Point) -> crate::derivation::Formula {
    let product = |a: &Surd, b: &Surd| format!("{} \\cdot {}", a.factor_tex(), b.factor_tex());
    claim(format!("{} + {} = {}", product(&l.a, &p.x), product(&l.b, &p.y), l.c.tex()))
}

/// Perpendicular bisector of a segment: its equation, and the midpoint with a second point as SymPy gives it.
///
/// # Errors
/// `Undefined` for equal points.
pub fn perpendicular_bisector_worked(p: &Point, q: &Point) -> Exact<Worked<(Line, Point, Point)>> {
    let d = q.minus(p);
    if d.is_zero() {
        return undefined("the perpendicular bisector of a point");
    }
    let Worked { value: middle, derivation: mut steps } = midpoint_worked(p, q)?;
    let one = Surd::from(1);
    let normal = match (d.x.is_zero(), d.y.is_zero()) {
        (true, _) => Point::new(one, Surd::default()),
        (_, true) => Point::new(Surd::default(), one),
        _ => Point::new(d.y.neg(), d.x.clone()),
    };
    let second = middle.plus(&normal);
    let line = Line { c: d.dot(&middle)?, a: d.x, b: d.y }.normalised();
    let formulas = [term(p.tex()), term(q.tex()), condition(line.tex())];
    steps.push(Rule::BisectorEquation, || formulas);
    steps.push(Rule::CheckSolution, || [check(&line, &middle)]);
    Ok(Worked::new((line, middle, second), steps))
}

/// Distance of a point from the line through two points.
///
/// # Errors
/// `Undefined` for equal points on the line; `Unsupported` when a root does not denest.
pub fn point_line_distance_worked(p: &Point, a: &Point, b: &Point) -> Exact<Worked<Surd>> {
    let line = Line::through(a, b)?;
    let offset = line.value(p)?.sub(&line.c);
    let norm = line.a.mul(&line.a)?.add(&line.b.mul(&line.b)?);
    let size = if offset.is_positive() { offset.clone() } else { offset.neg() };
    let value = size.div(&norm.sqrt()?)?;
    let mut steps = Derivation::default();
    steps.push(Rule::LineThrough, || [condition(line.tex())]);
    let product = |a: &Surd, b: &Surd| format!("{} \\cdot {}", a.factor_tex(), b.factor_tex());
    let top = format!("{} + {} - {}", product(&line.a, &p.x), product(&line.b, &p.y), line.c.factor_tex());
    let squares = format!("{} + {}", super::point::square_tex(&line.a), super::point::square_tex(&line.b));
    let formula = format!("\\frac{{\\left|{top}\\right|}}{{\\sqrt{{{squares}}}}} = {}", value.tex());
    steps.push(Rule::PointLineDistance, || [claim(formula)]);
    Ok(Worked::new(value, steps))
}

/// Angle between two lines given by points, from 0 to pi, as the arc cosine of the directions' inner product.
///
/// # Errors
/// `Undefined` for a line through one point only; `Unsupported` when a root does not denest.
pub fn angle_between_worked(l: (&Point, &Point), m: (&Point, &Point)) -> Exact<Worked<Expr>> {
    let (u, v) = (l.1.minus(l.0), m.1.minus(m.0));
    if u.is_zero() || v.is_zero() {
        return undefined("the angle of a line through one point only");
    }
    let norms = u.dot(&u)?.mul(&v.dot(&v)?)?;
    let cosine = u.dot(&v)?.div(&norms.sqrt()?)?;
    let mut steps = Derivation::default();
    steps.push(Rule::DirectionVectors, || [term(u.tex()), term(v.tex())]);
    let product = |a: &Surd, b: &Surd| format!("{} \\cdot {}", a.factor_tex(), b.factor_tex());
    let squares = |p: &Point| {
        format!("\\sqrt{{{} + {}}}", super::point::square_tex(&p.x), super::point::square_tex(&p.y))
    };
    let top = format!("{} + {}", product(&u.x, &v.x), product(&u.y, &v.y));
    let formula = format!("\\frac{{{top}}}{{{} \\cdot {}}} = {}", squares(&u), squares(&v), cosine.tex());
    steps.push(Rule::AngleCosine, || [claim(formula)]);
    let value = arc_cosine(&cosine)?;
    steps.push(Rule::AngleIs, || {
        [claim(format!("\\arccos\\left({}\\right) = {}", cosine.tex(), crate::cas::tex(&value)))]
    });
    Ok(Worked::new(value, steps))
}

/// `acos` of a number, as a multiple of pi for the well-known cosines.
fn arc_cosine(cosine: &Surd) -> Exact<Expr> {
    let root = |n: i64, d: i64| Surd::sqrt_int(&n.into()).map(|s| s.scale(&(RBig::ONE / RBig::from(d))));
    let half = |n: i64| Surd::from(RBig::from_parts(n.into(), 2u8.into()));
    let table: [(Surd, i64, i64); 9] = [
        (Surd::from(1), 0, 1),
        (root(3, 2)?, 1, 6),
        (root(2, 2)?, 1, 4),
        (half(1), 1, 3),
        (Surd::from(0), 1, 2),
        (half(-1), 2, 3),
        (root(2, 2)?.neg(), 3, 4),
        (root(3, 2)?.neg(), 5, 6),
        (Surd::from(-1), 1, 1),
    ];
    match table.iter().find(|(c, _, _)| c == cosine) {
        Some((_, n, d)) => {
            let q = RBig::from(*n) / RBig::from(*d);
            crate::cas::canonical(&Expr::Mul(vec![Expr::Num(q), Expr::constant(Const::Pi)]))
        }
        None => Ok(Expr::call(Func::Acos, surd_to_expr(cosine)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(x: i64, y: i64) -> Point {
        Point::from_ints(x, y)
    }

    #[test]
    fn equations_are_normalised() {
        assert_eq!(Line::through(&p(0, 1), &p(2, 5)).unwrap().tex(), "2x - y = -1");
        assert_eq!(Line::through(&p(0, 3), &p(5, 3)).unwrap().tex(), "y = 3");
        assert_eq!(Line::through(&p(2, 0), &p(2, 9)).unwrap().tex(), "x = 2");
        assert!(Line::through(&p(2, 0), &p(2, 0)).is_err());
    }

    #[test]
    fn bisector_as_sympy_gives_it() {
        let (line, middle, second) = perpendicular_bisector_worked(&p(0, 0), &p(4, 2)).unwrap().value;
        assert_eq!((line.tex().as_str(), middle, second), ("2x + y = 5", p(2, 1), p(0, 5)));
    }

    #[test]
    fn distances_and_angles() {
        assert_eq!(
            point_line_distance_worked(&p(0, 0), &p(0, 2), &p(2, 0)).unwrap().value.tex(),
            "\\sqrt{2}"
        );
        let right = angle_between_worked((&p(0, 0), &p(1, 0)), (&p(0, 0), &p(0, 7))).unwrap().value;
        assert_eq!(crate::cas::to_sympy_string(&right).unwrap(), "pi/2");
        let odd = angle_between_worked((&p(0, 0), &p(1, 0)), (&p(0, 0), &p(1, 3))).unwrap().value;
        assert_eq!(crate::cas::to_sympy_string(&odd).unwrap(), "acos(sqrt(10)/10)");
    }

    #[test]
    fn intersections() {
        let l = Line::through(&p(0, 0), &p(1, 1)).unwrap();
        let m = Line::through(&p(0, 2), &p(2, 0)).unwrap();
        assert_eq!(intersection_worked(&l, &m).unwrap().value, Some(p(1, 1)));
        assert_eq!(intersection_worked(&l, &l).unwrap().value, None);
    }
}
