//! Points, lines and tangents against a conic.

use std::cmp::Ordering;

use dashu::rational::RBig;

use super::{Conic, Line, Point};
use crate::derivation::{Derivation, Rule, claim, condition, term, words};
use crate::exact::{Exact, Worked, undefined, unsupported};
use crate::poly::Poly;
use crate::surd::Surd;

/// Where a point lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// On the side of a focus.
    Inside,
    /// On the curve.
    On,
    /// On the other side.
    Outside,
}

fn proper(conic: &Conic) -> Exact<()> {
    if conic.determinant().is_zero() {
        return unsupported("tangents and sides of a degenerate conic");
    }
    Ok(())
}

/// Whether a point lies inside (with a focus), on or outside a conic.
///
/// # Errors
/// `Unsupported` for degenerate conics.
pub fn position_worked(conic: &Conic, p: &Point) -> Exact<Worked<Position>> {
    proper(conic)?;
    let value = conic.value(p)?;
    // The value has the sign of the determinant on the side of the foci.
    let focus_side = if conic.determinant() > RBig::ZERO { Ordering::Greater } else { Ordering::Less };
    let (position, name) = match value.sign()? {
        Ordering::Equal => (Position::On, "on the curve"),
        s if s == focus_side => (Position::Inside, "inside"),
        _ => (Position::Outside, "outside"),
    };
    let mut steps = Derivation::default();
    steps.push(Rule::PointPosition, || [claim(substituted_tex(conic, p, &value)), words(name)]);
    Ok(Worked::new(position, steps))
}

/// The left side with a point's coordinates put in, and its value.
fn substituted_tex(conic: &Conic, p: &Point, value: &Surd) -> String {
    let (x, y) = (p.x.factor_tex(), p.y.factor_tex());
    let powers = [
        format!("{x}^{{2}}"),
        format!("{x} \\cdot {y}"),
        format!("{y}^{{2}}"),
        x.clone(),
        y.clone(),
        String::new(),
    ];
    let mut out = String::new();
    for (c, text) in conic.coefficients.iter().zip(&powers).filter(|(c, _)| !c.is_zero()) {
        let negative = *c < RBig::ZERO;
        out.push_str(match (out.is_empty(), negative) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        });
        let size = crate::poly::rational_tex(&if negative { -c.clone() } else { c.clone() });
        match (text.is_empty(), size == "1") {
            (true, _) => out.push_str(&size),
            (_, true) => out.push_str(text),
            _ => out.push_str(&format!("{size} \\cdot {text}")),
        }
    }
    format!("{out} = {}", value.tex())
}

/// The polar line of a point: the tangent if the point lies on the conic.
fn polar(conic: &Conic, p: &Point) -> Exact<Line> {
    let [a, b, c, d, e, f] = &conic.coefficients;
    let two = RBig::from(2);
    let plus = |s: Surd, q: &RBig| s.add(&Surd::from(q.clone()));
    let line = Line {
        a: plus(p.x.scale(&(a * &two)).add(&p.y.scale(b)), d),
        b: plus(p.x.scale(b).add(&p.y.scale(&(c * &two))), e),
        c: plus(p.x.scale(d).add(&p.y.scale(e)), &(f * &two)).neg(),
    };
    if line.a.is_zero() && line.b.is_zero() {
        return undefined("the polar line of the centre");
    }
    Ok(line.normalised())
}

/// Tangent at a point of the conic.
///
/// # Errors
/// `Undefined` when the point does not lie on the conic.
pub fn tangent_at_worked(conic: &Conic, p: &Point) -> Exact<Worked<Line>> {
    proper(conic)?;
    let value = conic.value(p)?;
    if !value.is_zero() {
        return undefined(format!("the tangent at {}, which is not on the curve", p.tex()));
    }
    let line = polar(conic, p)?;
    let mut steps = Derivation::default();
    steps.push(Rule::PointPosition, || [claim(substituted_tex(conic, p, &value)), words("on the curve")]);
    steps.push(Rule::TangentAt, || [term(p.tex()), condition(line.tex())]);
    steps.push(Rule::CheckSolution, || [super::line::check(&line, p)]);
    Ok(Worked::new(line, steps))
}

/// Tangents through a point: two from outside, one on the curve, none inside.
///
/// # Errors
/// `Unsupported` for degenerate conics and irrational points; `TooLarge` for huge numbers.
pub fn tangents_from_worked(conic: &Conic, p: &Point) -> Exact<Worked<Vec<Line>>> {
    if conic.value(p)?.is_zero() {
        return Ok(tangent_at_worked(conic, p)?.map(|line| vec![line]));
    }
    proper(conic)?;
    let chord = polar(conic, p)?;
    let mut steps = Derivation::default();
    steps.push(Rule::PolarLine, || [term(p.tex()), condition(chord.tex())]);
    let contacts = line_intersections_worked(conic, &chord)?;
    steps.extend(contacts.derivation);
    let lines: Vec<Line> = contacts.value.iter().map(|q| polar(conic, q)).collect::<Exact<_>>()?;
    for (q, line) in contacts.value.iter().zip(&lines) {
        steps.push(Rule::TangentAt, || [term(q.tex()), condition(line.tex())]);
    }
    Ok(Worked::new(lines, steps))
}

/// Common points of a conic and a line.
///
/// # Errors
/// `Unsupported` for irrational lines and for lines that belong to the conic.
pub fn line_intersections_worked(conic: &Conic, line: &Line) -> Exact<Worked<Vec<Point>>> {
    let (Some(a), Some(b), Some(start)) =
        (line.a.as_rational(), line.b.as_rational(), line.some_point()?.as_rationals())
    else {
        return unsupported("the intersection with a line whose coefficients are not rational");
    };
    let x = Poly::new(vec![start.0, b]);
    let y = Poly::new(vec![start.1, -a]);
    let [c0, c1, c2, c3, c4, c5] = &conic.coefficients;
    let parts = [x.mul(&x).scale(c0), x.mul(&y).scale(c1), y.mul(&y).scale(c2), x.scale(c3), y.scale(c4)];
    let p = parts.iter().fold(Poly::constant(c5.clone()), |p, q| p.add(q));
    if p.is_zero() {
        return unsupported("the intersection with a line that belongs to the conic");
    }
    let mut steps = Derivation::default();
    let parametric = format!("x = {}, \\; y = {}", x.tex("t"), y.tex("t"));
    steps.push(Rule::SubstituteLine, || [condition(parametric), condition(format!("{} = 0", p.tex("t")))]);
    let points: Vec<Point> =
        real_roots(&p)?.iter().map(|t| Ok(Point::new(at(&x, t), at(&y, t)))).collect::<Exact<_>>()?;
    if points.is_empty() {
        steps.push(Rule::NoIntersection, || []);
    } else {
        steps.push(Rule::IntersectionsAre, || points.iter().map(|p| term(p.tex())));
        let zero = Surd::default();
        steps.push(Rule::CheckSolution, || points.iter().map(|p| claim(substituted_tex(conic, p, &zero))));
    }
    Ok(Worked::new(points, steps))
}

fn at(p: &Poly, t: &Surd) -> Surd {
    t.scale(&p.coeff(1)).add(&Surd::from(p.coeff(0)))
}

/// Real roots of a polynomial of degree at most two, in increasing order.
fn real_roots(p: &Poly) -> Exact<Vec<Surd>> {
    let [c, b, a] = [0, 1, 2].map(|i| p.coeff(i));
    if a.is_zero() {
        return Ok(if b.is_zero() { vec![] } else { vec![Surd::from(-c / b)] });
    }
    let d = &b * &b - RBig::from(4) * &a * &c;
    let double = RBig::from(2) * &a;
    let middle = Surd::from(-b / &double);
    if d < RBig::ZERO {
        return Ok(vec![]);
    }
    let offset = Surd::sqrt_rational(&(d / (&double * &double)))?;
    Ok(if offset.is_zero() { vec![middle] } else { vec![middle.sub(&offset), middle.add(&offset)] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn conic(text: &str) -> Conic {
        Conic::from_equation(&parse(text).unwrap()).unwrap()
    }

    #[test]
    fn positions() {
        let p = Point::from_ints;
        let cases = [
            ("x^2 + y^2 = 25", p(3, 4), Position::On),
            ("x^2 + y^2 = 25", p(0, 0), Position::Inside),
            ("y = x^2", p(0, -1), Position::Outside),
            ("y = x^2", p(0, 1), Position::Inside),
            ("x^2 - y^2 = 1", p(0, 0), Position::Outside),
        ];
        for (text, point, expected) in cases {
            assert_eq!(
                position_worked(&conic(text), &point).unwrap().value,
                expected,
                "{text} {}",
                point.tex()
            );
        }
    }

    #[test]
    fn tangents() {
        let circle = conic("x^2 + y^2 = 25");
        let p = Point::from_ints;
        assert_eq!(tangent_at_worked(&circle, &p(3, 4)).unwrap().value.tex(), "3x + 4y = 25");
        assert!(tangent_at_worked(&circle, &p(3, 3)).is_err());
        let from = tangents_from_worked(&conic("x^2 + y^2 = 1"), &p(1, 1)).unwrap().value;
        let mut texts = from.iter().map(Line::tex).collect::<Vec<_>>();
        texts.sort();
        assert_eq!(texts, ["x = 1", "y = 1"]);
        assert!(tangents_from_worked(&circle, &p(1, 1)).unwrap().value.is_empty());
    }

    #[test]
    fn intersections() {
        let line = Line::through(&Point::from_ints(0, 0), &Point::from_ints(1, 1)).unwrap();
        let worked = line_intersections_worked(&conic("x^2 + y^2 = 1"), &line).unwrap();
        let texts: Vec<String> = worked.value.iter().map(Point::tex).collect();
        let (plus, minus) = ("\\frac{\\sqrt{2}}{2}", "-\\frac{\\sqrt{2}}{2}");
        assert_eq!(texts.len(), 2);
        assert!(
            texts.contains(&format!("({plus}, {plus})")) && texts.contains(&format!("({minus}, {minus})"))
        );
    }
}
