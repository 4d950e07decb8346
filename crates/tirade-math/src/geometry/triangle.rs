//! Centres of a triangle.

use dashu::rational::RBig;

use super::line::intersection_worked;
use super::{Line, Point, perpendicular_bisector_worked};
use crate::derivation::{Derivation, Rule, claim, condition, term};
use crate::exact::{Exact, Worked, undefined};
use crate::surd::Surd;

fn proper(a: &Point, b: &Point, c: &Point) -> Exact<()> {
    if b.minus(a).cross(&c.minus(a))?.is_zero() {
        return undefined("a centre of a triangle whose corners lie on one line");
    }
    Ok(())
}

/// Centroid of a triangle.
///
/// # Errors
/// Never in practice.
pub fn centroid_worked(a: &Point, b: &Point, c: &Point) -> Exact<Worked<Point>> {
    let third = RBig::from_parts(1.into(), 3u8.into());
    let value = a.plus(b).plus(c).scale(&third);
    let average = |p: &Surd, q: &Surd, r: &Surd, m: &Surd| {
        claim(format!("\\frac{{{}{}{}}}{{3}} = {}", p.tex(), q.signed_tex(), r.signed_tex(), m.tex()))
    };
    let mut steps = Derivation::default();
    steps.push(Rule::Averages, || [average(&a.x, &b.x, &c.x, &value.x), average(&a.y, &b.y, &c.y, &value.y)]);
    steps.push(Rule::CentroidIs, || [term(value.tex())]);
    Ok(Worked::new(value, steps))
}

/// The line through `apex` perpendicular to the line `pq`.
fn altitude(apex: &Point, p: &Point, q: &Point) -> Exact<Line> {
    let d = q.minus(p);
    Ok(Line { c: d.dot(apex)?, a: d.x, b: d.y }.normalised())
}

/// Orthocentre of a triangle.
///
/// # Errors
/// `Undefined` for corners on one line.
pub fn orthocenter_worked(a: &Point, b: &Point, c: &Point) -> Exact<Worked<Point>> {
    proper(a, b, c)?;
    let (first, second) = (altitude(a, b, c)?, altitude(b, a, c)?);
    let mut steps = Derivation::default();
    steps.push(Rule::AltitudeEquation, || [term(a.tex()), condition(first.tex())]);
    steps.push(Rule::AltitudeEquation, || [term(b.tex()), condition(second.tex())]);
    meet(&first, &second, steps)
}

fn meet(first: &Line, second: &Line, mut steps: Derivation) -> Exact<Worked<Point>> {
    let Worked { value, derivation } = intersection_worked(first, second)?;
    steps.steps.extend(derivation.steps.into_iter().skip(1));
    match value {
        Some(point) => Ok(Worked::new(point, steps)),
        None => undefined("the intersection of parallel lines"),
    }
}

/// Circumcentre of a triangle.
///
/// # Errors
/// `Undefined` for corners on one line.
pub fn circumcenter_worked(a: &Point, b: &Point, c: &Point) -> Exact<Worked<Point>> {
    proper(a, b, c)?;
    let (first, second) = (perpendicular_bisector_worked(a, b)?, perpendicular_bisector_worked(a, c)?);
    let mut steps = Derivation::default();
    for (worked, end) in [(&first, b), (&second, c)] {
        steps.push(Rule::BisectorEquation, || {
            [term(a.tex()), term(end.tex()), condition(worked.value.0.tex())]
        });
    }
    meet(&first.value.0, &second.value.0, steps)
}

/// Incentre of a triangle, the average of the corners weighted by the opposite sides.
///
/// # Errors
/// `Undefined` for corners on one line; `Unsupported` when a side length does not denest.
pub fn incenter_worked(a: &Point, b: &Point, c: &Point) -> Exact<Worked<Point>> {
    proper(a, b, c)?;
    let length = |p: &Point, q: &Point| super::distance_worked(p, q);
    let sides = [length(b, c)?, length(a, c)?, length(a, b)?];
    let mut steps = Derivation::default();
    steps.push(Rule::SideLengths, || sides.iter().map(|s| term(s.value.tex())));
    let [p, q, r] = sides.map(|s| s.value);
    let total = p.add(&q).add(&r);
    let weighted = |f: fn(&Point) -> &Surd| -> Exact<Surd> {
        p.mul(f(a))?.add(&q.mul(f(b))?).add(&r.mul(f(c))?).div(&total)
    };
    let value = Point::new(weighted(|p| &p.x)?, weighted(|p| &p.y)?);
    steps.push(Rule::IncenterIs, || [term(value.tex())]);
    Ok(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(x: i64, y: i64) -> Point {
        Point::from_ints(x, y)
    }

    #[test]
    fn centres_of_a_right_triangle() {
        let (a, b, c) = (p(0, 0), p(3, 0), p(0, 4));
        assert_eq!(orthocenter_worked(&a, &b, &c).unwrap().value, a);
        assert_eq!(incenter_worked(&a, &b, &c).unwrap().value, p(1, 1));
        let circumcenter = circumcenter_worked(&a, &b, &c).unwrap().value;
        assert_eq!(circumcenter.tex(), "(\\frac{3}{2}, 2)");
        assert_eq!(centroid_worked(&a, &b, &c).unwrap().value.tex(), "(1, \\frac{4}{3})");
    }

    #[test]
    fn flat_triangles_are_refused() {
        assert!(orthocenter_worked(&p(0, 0), &p(1, 1), &p(2, 2)).is_err());
    }
}
