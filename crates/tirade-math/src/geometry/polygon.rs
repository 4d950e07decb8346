//! Areas of polygons and triangles.

use dashu::rational::RBig;

use super::Point;
use crate::derivation::{Derivation, Rule, claim};
use crate::exact::{Exact, Worked, at_most, undefined};
use crate::surd::Surd;

/// Area of a simple polygon from its corners in order, never negative.
///
/// # Errors
/// `Undefined` for fewer than three corners; `TooLarge` for more than 200.
pub fn polygon_area_worked(corners: &[Point]) -> Exact<Worked<Surd>> {
    at_most("corners of a polygon", corners.len(), 200)?;
    if corners.len() < 3 {
        return undefined("the area of a polygon with fewer than three corners");
    }
    let next = corners.iter().cycle().skip(1);
    let mut total = Surd::default();
    let mut products = Vec::new();
    for (p, q) in corners.iter().zip(next) {
        let cross = p.cross(q)?;
        products.push(format!(
            "({} \\cdot {} - {} \\cdot {})",
            p.x.factor_tex(),
            q.y.factor_tex(),
            q.x.factor_tex(),
            p.y.factor_tex()
        ));
        total = total.add(&cross);
    }
    let size = if total.is_positive() { total } else { total.neg() };
    let value = size.scale(&RBig::from_parts(1.into(), 2u8.into()));
    let mut steps = Derivation::default();
    let formula = format!("\\frac{{1}}{{2}} \\left|{}\\right| = {}", products.join(" + "), value.tex());
    steps.push(Rule::ShoelaceFormula, || [claim(formula)]);
    Ok(Worked::new(value, steps))
}

/// Area of a triangle from its sides.
///
/// # Errors
/// `Undefined` when no such triangle exists; `Unsupported` when the root does not denest.
pub fn heron_worked(a: &Surd, b: &Surd, c: &Surd) -> Exact<Worked<Surd>> {
    for (x, y, z) in [(a, b, c), (b, c, a), (c, a, b)] {
        if !x.is_positive() || !x.add(y).sub(z).is_positive() {
            return undefined(format!("a triangle with sides {}, {}, {}", a.tex(), b.tex(), c.tex()));
        }
    }
    let s = a.add(b).add(c).scale(&RBig::from_parts(1.into(), 2u8.into()));
    let rests = [s.sub(a), s.sub(b), s.sub(c)];
    let squared = rests.iter().try_fold(s.clone(), |p, r| p.mul(r))?;
    let value = squared.sqrt()?;
    let mut steps = Derivation::default();
    let sum = format!("\\frac{{{}{}{}}}{{2}} = {}", a.tex(), b.signed_tex(), c.signed_tex(), s.tex());
    steps.push(Rule::SemiPerimeter, || [claim(sum)]);
    let factors: Vec<String> =
        [a, b, c].iter().map(|x| format!("({} - {})", s.tex(), x.factor_tex())).collect();
    let root = format!("\\sqrt{{{} \\cdot {}}} = {}", s.factor_tex(), factors.join(" "), value.tex());
    steps.push(Rule::HeronFormula, || [claim(root)]);
    Ok(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas() {
        let corners = [(2, 3), (5, 7), (8, 1)].map(|(x, y)| Point::from_ints(x, y));
        assert_eq!(polygon_area_worked(&corners).unwrap().value, Surd::from(15));
        assert!(polygon_area_worked(&corners[..2]).is_err());
        let side = Surd::from;
        assert_eq!(heron_worked(&side(3), &side(4), &side(5)).unwrap().value, Surd::from(6));
        assert_eq!(heron_worked(&side(2), &side(2), &side(2)).unwrap().value.tex(), "\\sqrt{3}");
        assert!(heron_worked(&side(1), &side(2), &side(3)).is_err());
    }
}
