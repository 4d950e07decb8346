//! Conics with rational coefficients: reading an equation, telling what it describes.

use dashu::rational::RBig;
use smol_str::SmolStr;

use super::Point;
use crate::cas::{from_polynomial, to_polynomial, zero_form};
use crate::derivation::{Derivation, Rule, claim, condition, term, words};
use crate::exact::{Exact, Worked, unsupported};
use crate::expr::Expr;
use crate::poly::{MPoly, rational_tex};
use crate::surd::Surd;

/// `a x^2 + b x y + c y^2 + d x + e y + f = 0`, not all of `a`, `b`, `c` zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conic {
    /// The six coefficients `a` to `f`, coprime integers, the first nonzero one positive.
    pub coefficients: [RBig; 6],
}

/// What a quadratic equation in two variables describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConicKind {
    /// A circle with positive radius.
    Circle,
    /// An ellipse that is no circle.
    Ellipse,
    /// A parabola.
    Parabola,
    /// A hyperbola.
    Hyperbola,
    /// One point.
    Point,
    /// Two lines that meet.
    CrossingLines,
    /// Two parallel lines or one line twice, or nothing.
    ParallelLines,
    /// No real point.
    Empty,
}

impl ConicKind {
    /// With its article, for a sentence.
    pub fn name(self) -> &'static str {
        match self {
            ConicKind::Circle => "a circle",
            ConicKind::Ellipse => "an ellipse",
            ConicKind::Parabola => "a parabola",
            ConicKind::Hyperbola => "a hyperbola",
            ConicKind::Point => "a single point",
            ConicKind::CrossingLines => "two crossing lines",
            ConicKind::ParallelLines => "parallel or coinciding lines, or no point at all",
            ConicKind::Empty => "no real point",
        }
    }
}

fn names() -> [SmolStr; 2] {
    ["x".into(), "y".into()]
}

impl Conic {
    /// From the six coefficients.
    ///
    /// # Errors
    /// `Unsupported` when the equation is not of degree two.
    pub fn new(coefficients: [RBig; 6]) -> Exact<Conic> {
        if coefficients[..3].iter().all(RBig::is_zero) {
            return unsupported("an equation without a term of degree two as a conic");
        }
        let mut reversed = coefficients.to_vec();
        reversed.reverse();
        let mut ints = crate::poly::Poly::new(reversed).primitive().1.into_iter();
        let mut low_first: Vec<RBig> = (0..6).map(|_| ints.next().map_or(RBig::ZERO, RBig::from)).collect();
        low_first.reverse();
        match <[RBig; 6]>::try_from(low_first) {
            Ok(coefficients) => Ok(Conic { coefficients }),
            Err(_) => unsupported("a conic without six coefficients"),
        }
    }

    /// From an equation (or an expression that is to be zero) in x and y.
    ///
    /// # Errors
    /// `Unsupported` unless it is a polynomial of degree two in x and y with rational coefficients.
    pub fn from_equation(e: &Expr) -> Exact<Conic> {
        let p = to_polynomial(&zero_form(e)?, &names())?;
        if p.total_degree() > 2 {
            return unsupported("an equation of degree above two as a conic");
        }
        let at = |i: u16, j: u16| {
            let found = p.terms().find(|(m, _)| m[0] == i && m[1] == j);
            found.map_or(RBig::ZERO, |(_, c)| c.clone())
        };
        Conic::new([at(2, 0), at(1, 1), at(0, 2), at(1, 0), at(0, 1), at(0, 0)])
    }

    fn polynomial(&self) -> MPoly {
        let powers: [(u16, u16); 6] = [(2, 0), (1, 1), (0, 2), (1, 0), (0, 1), (0, 0)];
        let term =
            |((i, j), c): (&(u16, u16), &RBig)| MPoly::monomial([*i, *j].into_iter().collect(), c.clone());
        powers.iter().zip(&self.coefficients).map(term).fold(MPoly::zero(2), |p, t| p.add(&t))
    }

    /// The left side of the general equation, as an expanded expression.
    ///
    /// # Errors
    /// Never in practice.
    pub fn to_expr(&self) -> Exact<Expr> {
        from_polynomial(&self.polynomial(), &names())
    }

    /// LaTeX of the left side.
    pub fn tex(&self) -> String {
        self.polynomial().tex(&names().map(|n| n.to_string()))
    }

    /// Value of the left side at a point.
    ///
    /// # Errors
    /// `TooLarge` for many distinct roots.
    pub fn value(&self, p: &Point) -> Exact<Surd> {
        let [a, b, c, d, e, f] = &self.coefficients;
        let (xx, xy, yy) = (p.x.mul(&p.x)?, p.x.mul(&p.y)?, p.y.mul(&p.y)?);
        let terms =
            [xx.scale(a), xy.scale(b), yy.scale(c), p.x.scale(d), p.y.scale(e), Surd::from(f.clone())];
        Ok(terms.iter().fold(Surd::default(), |s, t| s.add(t)))
    }

    /// `b^2 - 4 a c`.
    pub fn discriminant(&self) -> RBig {
        let [a, b, c, ..] = &self.coefficients;
        b * b - RBig::from(4) * a * c
    }

    /// Four times the determinant of the symmetric 3 by 3 matrix of the equation.
    pub fn determinant(&self) -> RBig {
        let [a, b, c, d, e, f] = &self.coefficients;
        RBig::from(4) * a * c * f + b * d * e - a * e * e - c * d * d - b * b * f
    }

    /// What the equation describes.
    pub fn kind(&self) -> ConicKind {
        let [a, b, c, ..] = &self.coefficients;
        let (disc, det) = (self.discriminant(), self.determinant());
        match (disc.cmp(&RBig::ZERO), det.is_zero()) {
            (std::cmp::Ordering::Greater, false) => ConicKind::Hyperbola,
            (std::cmp::Ordering::Greater, true) => ConicKind::CrossingLines,
            (std::cmp::Ordering::Equal, false) => ConicKind::Parabola,
            (std::cmp::Ordering::Equal, true) => ConicKind::ParallelLines,
            (std::cmp::Ordering::Less, true) => ConicKind::Point,
            (std::cmp::Ordering::Less, false) if det * (a + c) > RBig::ZERO => ConicKind::Empty,
            _ if b.is_zero() && a == c => ConicKind::Circle,
            _ => ConicKind::Ellipse,
        }
    }
}

/// [`Conic::kind`] with the discriminant.
///
/// # Errors
/// Never in practice.
pub fn classify_worked(conic: &Conic) -> Exact<Worked<ConicKind>> {
    let kind = conic.kind();
    let [a, b, c, ..] = &conic.coefficients;
    let paren = |q: &RBig| if *q < RBig::ZERO { format!("({})", rational_tex(q)) } else { rational_tex(q) };
    let formula = format!(
        "{}^{{2}} - 4 \\cdot {} \\cdot {} = {}",
        paren(b),
        paren(a),
        paren(c),
        rational_tex(&conic.discriminant())
    );
    let mut steps = Derivation::default();
    steps.push(Rule::Given, || [condition(format!("{} = 0", conic.tex()))]);
    steps.push(Rule::ConicDiscriminant, || [term("B^{2} - 4 A C"), claim(formula)]);
    steps.push(Rule::ConicKind, || [words(kind.name())]);
    Ok(Worked::new(kind, steps))
}

/// `(x - h)^{2}`, or `x^{2}` for zero.
pub(super) fn shifted_square(name: &str, h: &RBig) -> String {
    if h.is_zero() {
        return format!("{name}^{{2}}");
    }
    format!("({name}{})^{{2}}", crate::poly::signed_rational_tex(&-h.clone()))
}

/// `q * text` as a later or first term of a sum.
pub(super) fn push_multiple(out: &mut String, q: &RBig, text: &str) {
    let negative = *q < RBig::ZERO;
    let size = if negative { -q.clone() } else { q.clone() };
    out.push_str(match (out.is_empty(), negative) {
        (true, true) => "-",
        (true, false) => "",
        (false, true) => " - ",
        (false, false) => " + ",
    });
    if !size.is_one() || text.is_empty() {
        out.push_str(&rational_tex(&size));
    }
    out.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn kinds() {
        let cases = [
            ("x^2 + y^2 = 4", ConicKind::Circle),
            ("4x^2 + 9y^2 - 36 = 0", ConicKind::Ellipse),
            ("x^2 - y^2 = 1", ConicKind::Hyperbola),
            ("x y = 1", ConicKind::Hyperbola),
            ("y = x^2", ConicKind::Parabola),
            ("x^2 + y^2 = 0", ConicKind::Point),
            ("x^2 + y^2 + 1 = 0", ConicKind::Empty),
            ("x^2 - y^2 = 0", ConicKind::CrossingLines),
            ("x^2 = 1", ConicKind::ParallelLines),
        ];
        for (text, kind) in cases {
            let conic = Conic::from_equation(&parse(text).unwrap()).unwrap();
            assert_eq!(classify_worked(&conic).unwrap().value, kind, "{text}");
        }
        assert!(Conic::from_equation(&parse("x + y = 1").unwrap()).is_err());
        assert!(Conic::from_equation(&parse("x^3 + y = 1").unwrap()).is_err());
    }
}
