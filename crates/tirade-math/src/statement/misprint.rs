//! Misprints: an equation that would hold if one number or sign in it were another.
//!
//! `(x - 8)^2 + y^2 = 5` after `x^2 - 2x + y^2 = 4` is no second circle, and `9x^7 - 30x + 25 = (3x - 5)^2` no equation to
//! solve. Both sides are evaluated in floats at three points; what is found is exact enough to accuse, since it takes a
//! whole number to mend it at all three.

use super::floats::approx;
use super::sampled::{Eval, Range};
use crate::equiv::{any, free_names};
use crate::expr::{Expr, Rational};
use smol_str::SmolStr;

/// Places of an equation that are tried.
const MAX_PLACES: usize = 40;
/// Points that all have to agree.
const POINTS: usize = 3;
/// Exponents and the like are tried up to this far from what is written.
const REACH: i32 = 9;
/// The largest denominator of a fraction that was written for a whole number.
const MAX_SPLIT: u32 = 6;
/// Relative error under which two floats are one number.
const TOLERANCE: f64 = 1e-8;

/// An equation said before, by the value of its difference at each point.
#[derive(Clone, Debug)]
pub struct Sample {
    values: [f64; POINTS],
    names: Vec<SmolStr>,
}

/// Values that names are known to have.
pub type Known = [(SmolStr, f64)];

impl Sample {
    /// Of `l - r`; `None` where a side has no real value, or the equation holds by itself.
    pub fn of(l: &Expr, r: &Expr) -> Option<Sample> {
        let equation = Equation { l, r, known: &[], range: Range::Positive, loose: false };
        let mut values = [0.0; POINTS];
        for (point, value) in values.iter_mut().enumerate() {
            *value = equation.cleared(point, None).filter(|v| *v != 0.0)?;
        }
        Some(Sample { values, names: names(l, r) })
    }

    /// Whether it has these names, in order.
    pub fn is_about(&self, names: &[SmolStr]) -> bool {
        self.names == names
    }
}

/// Whether it is in proportion to the other.
pub fn agrees(l: &Expr, r: &Expr, other: &Sample) -> bool {
    let equation = Equation { l, r, known: &[], range: Range::Positive, loose: false };
    are_in_proportion(&equation.written(), other)
}

fn are_in_proportion(written: &[Option<f64>; POINTS], Sample { values: other, .. }: &Sample) -> bool {
    (0..POINTS).all(|point| {
        let next = (point + 1) % POINTS;
        let (Some(a), Some(b)) = (written[point], written[next]) else { return false };
        let (a, b) = (a * other[next], b * other[point]);
        (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
    })
}

/// Whether it does not hold with these values.
pub fn fails(l: &Expr, r: &Expr, known: &Known) -> bool {
    let at = Eval { point: 0, known, change: None, range: Range::Positive };
    let rooted = |e: &Expr| match e {
        Expr::Pow(base, x) => {
            x.as_rational().is_some_and(|x| !x.is_int())
                && at.value(base).is_none_or(|b| b.im != 0.0 || b.re < 0.0)
        }
        _ => false,
    };
    if any(l, &rooted) || any(r, &rooted) {
        return false;
    }
    let (Some(l), Some(r)) = (at.value(l), at.value(r)) else { return false };
    let scale = l.norm().max(r.norm());
    scale.is_finite() && scale < 1e12 && (l.re - r.re).abs() + (l.im - r.im).abs() > 1e-6 * scale.max(1e-3)
}

/// The real value of an expression without unknowns.
pub fn value(e: &Expr) -> Option<f64> {
    let barred = |e: &Expr| matches!(e, Expr::Sym(_) | Expr::Apply(..) | Expr::Dec(_) | Expr::Quantity(..));
    if any(e, &barred) {
        return None;
    }
    let value = Eval { point: 0, known: &[], change: None, range: Range::Positive }.value(e)?;
    (value.im == 0.0).then_some(value.re)
}

/// The names in an equation, in order.
pub fn names(l: &Expr, r: &Expr) -> Vec<SmolStr> {
    let mut names = Vec::new();
    free_names(l, &mut names);
    free_names(r, &mut names);
    names.sort();
    names.dedup();
    names
}

/// Whether another number or sign makes it an identity; `loose` in a calculation, where two sums are hardly an equation.
pub fn of_identity(l: &Expr, r: &Expr, known: &Known, loose: bool) -> bool {
    let equation = Equation { l, r, known, range: Range::of(l, r), loose };
    let says_something =
        (0..equation.points()).any(|point| equation.difference(point, None).is_some_and(|d| d != 0.0));
    says_something
        && equation.varies()
        && [true, false].into_iter().filter(|first| *first || loose).any(|first| {
            let places = places(l).chain(places(r)).filter(|place| place.what.is_plain() == first);
            places.take(MAX_PLACES).any(|place| equation.mended(&place, None))
        })
}

/// Which of the equations said before it would be, but for one number or sign.
pub fn of_equation<'s>(l: &Expr, r: &Expr, said: impl Iterator<Item = &'s Sample> + Clone) -> Option<usize> {
    of_said(l, r, said, false)
}

/// The same where the words promise one of them: any sign may be the one.
pub fn of_promised<'s>(l: &Expr, r: &Expr, said: impl Iterator<Item = &'s Sample> + Clone) -> Option<usize> {
    of_said(l, r, said, true)
}

fn of_said<'s>(
    l: &Expr,
    r: &Expr,
    said: impl Iterator<Item = &'s Sample> + Clone,
    loose: bool,
) -> Option<usize> {
    let names = names(l, r);
    let mut about = said.enumerate().filter(|(_, s)| s.names == names).peekable();
    about.peek()?;
    let equation = Equation { l, r, known: &[], range: Range::Positive, loose };
    let places: Vec<Place<'_>> =
        places(l).chain(places(r)).filter(|place| place.what.is_plain()).take(MAX_PLACES).collect();
    let written = equation.written();
    let mended = |s: &Sample| {
        !are_in_proportion(&written, s) && places.iter().any(|place| equation.mended(place, Some(s)))
    };
    about.find(|(_, s)| mended(s)).map(|(i, _)| i)
}

/// What may be misprinted.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub node: &'a Expr,
    pub what: What,
}

#[derive(Clone, Copy, PartialEq)]
pub enum What {
    /// A number that is written as such.
    Number,
    /// A number in a product or an exponent, where nobody writes a one.
    Factor,
    /// The sign of a term.
    Sign,
    /// The sign of a term of a whole side, in which two equations may well differ.
    OuterSign,
    /// The sign of a whole side or exponent.
    Side,
    /// The plus sign behind a term of a sum, for a sign of multiplication, beside a number.
    Plus(usize),
    /// The same between two unknowns.
    Terms(usize),
}

impl What {
    /// Whether it may be mended in any equation, not only in a step of a calculation.
    pub fn is_plain(self) -> bool {
        !matches!(self, What::Terms(_) | What::Side)
    }
}

/// How a node is evaluated instead.
pub type Change<'a> = Option<(Place<'a>, f64)>;

struct Equation<'a> {
    l: &'a Expr,
    r: &'a Expr,
    known: &'a Known,
    range: Range,
    /// Whether more may be mended, since it is a step of a calculation.
    loose: bool,
}

impl Equation<'_> {
    fn difference(&self, point: usize, change: Change<'_>) -> Option<f64> {
        let at = Eval { point, known: self.known, change, range: self.range };
        let (l, r) = (at.value(self.l)?, at.value(self.r)?);
        // real and imaginary part in one number, which keeps it linear
        let difference = (l.re - r.re) + 0.618 * (l.im - r.im);
        let scale = l.norm().max(r.norm()).max(1.0);
        scale.is_finite().then_some(if difference.abs() <= TOLERANCE * scale { 0.0 } else { difference })
    }

    /// The difference times everything unknown that it is divided by, so that `y = 1/x` and `xy = 1` are in proportion.
    fn cleared(&self, point: usize, change: Change<'_>) -> Option<f64> {
        let at = Eval { point, known: self.known, change, range: self.range };
        let mut below = 1.0;
        for side in [self.l, self.r] {
            below *= denominator(side, &at)?;
        }
        Some(self.difference(point, change)? * below)
    }

    /// How many points have to agree.
    fn points(&self) -> usize {
        if self.range == Range::Positive { POINTS } else { 4 * POINTS }
    }

    /// Whether one of its sides takes several values.
    fn varies(&self) -> bool {
        let value = |side, point| {
            let at = Eval { point, known: self.known, change: None, range: self.range };
            at.value(side).map(|v| v.re + v.im)
        };
        let other = |side, point| match (value(side, 0), value(side, point)) {
            (Some(a), Some(b)) => (a - b).abs() > TOLERANCE,
            _ => false,
        };
        [self.l, self.r].into_iter().any(|side| (1..self.points()).any(|point| other(side, point)))
    }

    /// Its [`Equation::cleared`] values as it is written.
    fn written(&self) -> [Option<f64>; POINTS] {
        std::array::from_fn(|point| self.cleared(point, None))
    }

    /// Whether the place can be mended so that the equation is an identity, or the other one.
    fn mended(&self, place: &Place<'_>, other: Option<&Sample>) -> bool {
        let holds = |t: f64| (0..self.points()).all(|point| self.lack(place, t, other, point) == Some(0.0));
        if other.is_some() && place.what == What::OuterSign && !self.loose {
            return false;
        }
        let telling =
            |t: f64| other.is_none() || self.difference(0, Some((*place, t))).is_some_and(|d| d != 0.0);
        let found = match place.what {
            What::Sign | What::OuterSign | What::Side => Some(-1.0).filter(|t| holds(*t)),
            What::Plus(_) | What::Terms(_) => Some(1.0).filter(|t| holds(*t)),
            What::Factor => self.number(place, other).filter(|t| *t != 1.0 && holds(*t)),
            What::Number => self.number(place, other).filter(|t| holds(*t)),
        };
        found.is_some_and(telling)
    }

    /// What is missing at a point when the place is `t`: the difference, or how far it is from being in proportion.
    fn lack(&self, place: &Place<'_>, t: f64, other: Option<&Sample>, point: usize) -> Option<f64> {
        let change = Some((*place, t));
        let Some(Sample { values: other, .. }) = other else { return self.difference(point, change) };
        let next = (point + 1) % POINTS;
        let (a, b) = (self.cleared(point, change)? * other[next], self.cleared(next, change)? * other[point]);
        let lack = a - b;
        Some(if lack.abs() <= TOLERANCE * a.abs().max(b.abs()).max(1e-6) { 0.0 } else { lack })
    }

    /// The number that would mend it at the first point.
    fn number(&self, place: &Place<'_>, other: Option<&Sample>) -> Option<f64> {
        let written = place.node.as_rational()?;
        let lack = |t: f64| self.lack(place, t, other, 0);
        let smooth = !matches!(self.range, Range::Whole | Range::Steps);
        // a power of zero has no value
        if smooth && let (Some(zero), Some(one), Some(two)) = (lack(0.0), lack(1.0), lack(2.0)) {
            let size = zero.abs().max(one.abs()).max(two.abs());
            if (zero - 2.0 * one + two).abs() <= 1e-9 * size {
                let slope = one - zero;
                let t = if slope == 0.0 { return None } else { (-zero / slope * 1e7).round() / 1e7 };
                let split = self.loose && (1..=MAX_SPLIT).any(|n| is_whole(t * f64::from(n)));
                return (is_printed(t, place.node, written) || split && t != 0.0).then_some(t);
            }
        }
        let (above, below) = (
            approx(&Rational::from(written.numerator().clone())),
            approx(&Rational::from(written.denominator().clone())),
        );
        let steps = (1..=REACH).flat_map(|k| [f64::from(k), -f64::from(k)]);
        let near = steps.flat_map(|k| [(above + k) / below, above / (below + k)]).filter(|t| *t != 0.0);
        // `(x - 0)^2`, but nobody writes `x^0`
        let zero = Some(0.0).filter(|_| self.loose && place.what == What::Number);
        let fits = |t: &f64| t.is_finite() && lack(*t) == Some(0.0);
        near.chain([-above / below]).chain(zero).find(fits)
    }
}

/// What the terms of a side are divided by.
fn denominator(e: &Expr, at: &Eval<'_>) -> Option<f64> {
    let terms = match e {
        Expr::Add(terms) => terms.as_slice(),
        e => std::slice::from_ref(e),
    };
    let mut product = 1.0;
    let mut seen: Vec<&Expr> = Vec::new();
    for factor in terms
        .iter()
        .flat_map(|t| if let Expr::Mul(factors) = t { factors.as_slice() } else { std::slice::from_ref(t) })
    {
        if let Expr::Pow(base, x) = factor
            && x.as_i64().is_some_and(|x| x < 0)
            && !is_number(base)
            && !seen.contains(&factor)
        {
            seen.push(factor);
            product /= at.value(factor).filter(|v| v.im == 0.0 && v.re != 0.0)?.re;
        }
    }
    Some(product)
}

/// Whether one may write `t` where `node` stands.
pub fn is_printed(t: f64, node: &Expr, written: &Rational) -> bool {
    let unit = match node {
        Expr::Dec(d) => 10f64.powi(d.places.min(9) as i32),
        _ => approx(&Rational::from(written.denominator().clone())),
    };
    let fraction = !written.is_int() && is_whole(approx(&Rational::from(written.numerator().clone())) / t);
    t != 0.0 && t != approx(written) && (is_whole(t * unit) || fraction)
}

fn is_whole(x: f64) -> bool {
    const LARGEST: f64 = 1e5;
    x.abs() < LARGEST && (x - x.round()).abs() < 1e-6
}

/// Every place of an expression, outermost first.
pub fn places(e: &Expr) -> impl Iterator<Item = Place<'_>> {
    let mut found = Vec::new();
    if !is_number(e) {
        found.push(Place { node: e, what: What::Side });
    }
    collect(e, What::Number, &mut found);
    let outer = match e {
        Expr::Add(terms) => terms.as_slice(),
        _ => &[],
    };
    for place in &mut found {
        if place.what == What::Sign && outer.iter().any(|term| std::ptr::eq(term, place.node)) {
            place.what = What::OuterSign;
        }
    }
    found.into_iter()
}

/// `1/x`, beside which people do write a one.
fn is_divisor(e: &Expr) -> bool {
    matches!(e, Expr::Pow(_, x) if x.as_rational().is_some_and(|x| *x < Rational::ZERO))
}

/// Whether there is no unknown in it.
fn is_number(e: &Expr) -> bool {
    !any(e, &|e| matches!(e, Expr::Sym(_) | Expr::Apply(..)))
}

fn collect<'a>(e: &'a Expr, number: What, out: &mut Vec<Place<'a>>) {
    match e {
        Expr::Num(n) if *n != Rational::NEG_ONE => out.push(Place { node: e, what: number }),
        Expr::Dec(_) => out.push(Place { node: e, what: number }),
        Expr::Add(terms) => {
            for (i, term) in terms.iter().enumerate() {
                if matches!(term, Expr::Num(n) if *n == Rational::NEG_ONE) {
                    out.push(Place { node: term, what: What::Number });
                }
                if term.as_rational().is_none() {
                    out.push(Place { node: term, what: What::Sign });
                }
                if i + 1 < terms.len() {
                    let beside = is_number(term) || is_number(&terms[i + 1]);
                    let what = if beside { What::Plus(i) } else { What::Terms(i) };
                    out.push(Place { node: e, what });
                }
            }
        }
        Expr::Pow(_, exponent) if !is_number(exponent) => {
            out.push(Place { node: exponent, what: What::Side })
        }
        _ => {}
    }
    let above = |e: &Expr| matches!(e, Expr::Mul(factors) if factors.iter().any(is_divisor));
    let number =
        if matches!(e, Expr::Mul(_) | Expr::Pow(..)) && !above(e) { What::Factor } else { What::Number };
    e.for_each_child(&mut |child| collect(child, number, out));
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::parse;

    /// Both sides of an equation.
    pub(in crate::statement) fn sides(equation: &str) -> (Expr, Expr) {
        let (l, r) = equation.split_once('=').unwrap();
        (parse(l).unwrap(), parse(r).unwrap())
    }

    #[test]
    fn identities_but_for_one_number() {
        for (equation, expected) in [
            ("9y^7 - 30y + 25 = (3y - 5)^2", true),
            ("9y^2 - 30y + 26 = (3y - 5)^2", true),
            ("9y^2 + 30y + 25 = (3y - 5)^2", true),
            ("2 + 15n = 30n", true),
            ("(5^11)^x = 5^{3x}", true),
            ("\\sqrt{8p^2} = 3p\\sqrt{2}", true),
            ("(x + y)^2 = x^2 + 2xy - y^2", true),
            (r"\binom{n}{2} = \frac{n(n + 1)}{2}", true),
            (r"(x + yi)(x - yi) = x^2 - y^2", true),
            (r"\sin(2t) = 3\sin(t)\cos(t)", true),
            ("x^2 + 3x = 5x + 7", false),
            ("4x - 19 = 95 - 2x", false),
            ("a^2 + b^2 = c^2", false),
            ("4 \\cdot 2^x = 2^2 \\cdot 5^x", true),
            (r"\frac{1 + b}{1 + 1 \cdot b} = \frac{1 - b}{1 + b}", true),
            (r"\frac{1}{n(n + 1)} = \frac{4}{n} - \frac{1}{n + 1}", true),
            ("x(x^2 - 1)(x^2 - 1) = x(x^4 - 1)", true),
            ("|w^2 - 9| = |w - 3| |w + 4|", true),
            ("|x - 1| + |x + 2| = 2x + 1", false),
        ] {
            let (l, r) = sides(equation);
            assert_eq!(of_identity(&l, &r, &[], false), expected, "{equation}");
        }
    }

    #[test]
    fn equations_but_for_one_number() {
        for (said, equation, expected) in [
            ("x^2 - 2x + y^2 - 4y - 28 = 0", "(x - 8)^2 + (y - 2)^2 = 33", true),
            ("5x^2 + kx = 4", "5x^4 + kx - 4 = 0", true),
            ("x^2 - 8x + y^2 = 5", "x^2 - 8x + y^2 + 5 = 0", true),
            ("x^2 - 8x + y^2 = 5", "x^2 - 7x + 2y^2 = 5", false),
            ("x^2+12x+y^2+16y=0", "(x+6)^2+(y+8)^5=100", true),
            ("y = \\frac{2x + 7}{x - 3}", "x = \\frac{3y - 7}{y - 2}", true),
        ] {
            let ((l, r), (a, b)) = (sides(equation), sides(said));
            let sample = Sample::of(&a, &b).unwrap();
            assert_eq!(of_equation(&l, &r, [&sample].into_iter()).is_some(), expected, "{equation}");
        }
    }
}
