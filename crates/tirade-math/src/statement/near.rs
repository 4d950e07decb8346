//! Claims that would follow from what is known if one number or sign in them were another.
//!
//! After `a + c = 10` and `b + c = 9`, `a - b + 2c = 19` is no third fact but a misprint of `a + b + 2c = 19`. Unlike
//! [`misprint`](super::misprint), which compares floats with one equation, this reduces polynomials by all facts at once:
//! what is found would be an exact consequence.

use super::facts::{Facts, Sources, difference};
use super::misprint::{What, is_printed, places};
use crate::expr::{Expr, Rational};
use crate::normal::Poly;

/// Places of a claim that are tried.
const MAX_PLACES: usize = 20;
/// Exponents tried for another.
const EXPONENTS: [i64; 4] = [1, 2, 3, 4];

/// On which facts the claim `l = r` would rest, were one number or sign in it another; `left` is what the facts leave of it
/// as it is written.
///
/// Two equations of few terms may well differ in the sign of one: such signs are mended only where there are more than three
/// terms, and nothing but exponents where there are two.
///
/// Where the facts had nothing to say, since they are about other powers, only exponents are mended: `x^2 + y^9` after `x^2 + y^2`.
pub fn implied(
    l: &Expr,
    r: &Expr,
    (left, because): (&Poly, Sources),
    facts: &Facts,
    terms: usize,
) -> Option<Sources> {
    let claim = Claim { l, r, left, facts };
    if because == 0 || terms < 3 {
        let number = places(l).chain(places(r)).filter(|place| place.what == What::Factor);
        let mut powers = number.filter(|place| is_power(l, place.node) || is_power(r, place.node));
        return powers.find_map(|place| claim.exponent(place.node));
    }
    let tried = places(l)
        .chain(places(r))
        .filter(|place| place.what.is_plain() && (terms > 3 || place.what != What::OuterSign));
    tried.take(MAX_PLACES).find_map(|place| claim.mended(place.node, place.what))
}

struct Claim<'a> {
    l: &'a Expr,
    r: &'a Expr,
    left: &'a Poly,
    facts: &'a Facts,
}

impl Claim<'_> {
    /// What the facts leave of the claim with `new` in place of a node.
    fn with(&self, node: &Expr, new: &Expr) -> Option<(Poly, Sources)> {
        let (l, r) = (replaced(self.l, node, new), replaced(self.r, node, new));
        self.facts.reduce(difference(&l, &r)?)
    }

    /// The facts that imply it with `new` there, unless it says nothing any more.
    fn holds(&self, node: &Expr, new: &Expr) -> Option<Sources> {
        let (left, because) = self.with(node, new)?;
        (left.is_zero() && because != 0).then_some(because)
    }

    fn mended(&self, node: &Expr, what: What) -> Option<Sources> {
        match what {
            What::Sign | What::OuterSign => self.holds(node, &node.clone().neg()),
            What::Plus(i) => self.holds(node, &multiplied(node, i)?),
            What::Side | What::Terms(_) => None,
            What::Number | What::Factor => self.number(node).or_else(|| self.exponent(node)),
        }
    }

    /// The claim changes in proportion to the number, so what is left shows which number it should be.
    fn number(&self, node: &Expr) -> Option<Sources> {
        let written = node.as_rational()?;
        let (next, _) = self.with(node, &Expr::Num(written + Rational::ONE))?;
        let step = next.add_scaled(self.left, &Rational::NEG_ONE)?;
        let wanted = written - step.ratio(self.left)?;
        let whole_side = std::ptr::eq(node, self.l) || std::ptr::eq(node, self.r);
        let written_so = if wanted.is_zero() {
            whole_side
        } else {
            is_printed(super::floats::approx(&wanted), node, written)
        };
        if written_so { self.holds(node, &Expr::Num(wanted)) } else { None }
    }

    fn exponent(&self, node: &Expr) -> Option<Sources> {
        let written = node.as_i64()?;
        let is_one = |e: &Expr| has_exponent(e, node);
        if !is_one(self.l) && !is_one(self.r) {
            return None;
        }
        EXPONENTS.into_iter().filter(|n| *n != written).find_map(|n| self.holds(node, &Expr::int(n)))
    }
}

/// Whether the node is the exponent of a name, or of a product of names.
fn is_power(e: &Expr, node: &Expr) -> bool {
    let name = |base: &Expr| match base {
        Expr::Mul(names) => names.iter().all(|e| matches!(e, Expr::Sym(_))),
        base => matches!(base, Expr::Sym(_)),
    };
    let mut found = matches!(e, Expr::Pow(base, x) if std::ptr::eq(&raw const **x, node) && name(base));
    e.for_each_child(&mut |c| found = found || is_power(c, node));
    found
}

/// Whether the node is the exponent of a power in `e`.
fn has_exponent(e: &Expr, node: &Expr) -> bool {
    if let Expr::Pow(_, exponent) = e
        && std::ptr::eq(&raw const **exponent, node)
    {
        return true;
    }
    let mut found = false;
    e.for_each_child(&mut |c| found = found || has_exponent(c, node));
    found
}

/// A sum with two of its terms multiplied instead.
fn multiplied(sum: &Expr, i: usize) -> Option<Expr> {
    let Expr::Add(terms) = sum else { return None };
    let mut terms = terms.clone();
    let next = terms.remove(i + 1);
    let first = std::mem::replace(&mut terms[i], Expr::int(0));
    terms[i] = Expr::product([first, next]);
    Some(Expr::sum(terms))
}

/// A copy of `e` with `new` in place of that very node.
fn replaced(e: &Expr, node: &Expr, new: &Expr) -> Expr {
    if std::ptr::eq(e, node) {
        return new.clone();
    }
    let all = |parts: &[Expr]| parts.iter().map(|p| replaced(p, node, new)).collect::<Vec<_>>();
    match e {
        Expr::Add(terms) => Expr::Add(all(terms)),
        Expr::Mul(factors) => Expr::Mul(all(factors)),
        Expr::Pow(base, exponent) => replaced(base, node, new).pow(replaced(exponent, node, new)),
        Expr::Call(f, args) => Expr::Call(*f, all(args)),
        Expr::Apply(f, args) => Expr::Apply(f.clone(), all(args)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::misprint::tests::sides;
    use super::*;

    #[test]
    fn consequences_but_for_one_number_or_sign() {
        for (known, claim, expected) in [
            (&["a + c = 10", "b + c = 9"][..], "a - b + 2c = 19", Some(0b11)),
            (&["a + c = 10", "b + c = 9"], "a + b + 2c = 18", Some(0b11)),
            (&["x^2 + 2x = 3 + m"], "x^2 + 2x - (3 - m) = 0", Some(1)),
            (&["2y = 3 - x", "-y = 5x + 1"], "2y - 2y = 3 - x + 5x + 1", Some(0b11)),
            (&["p q = 9", "p^2 + 2p q + q^2 = 36"], "p^2 + 18 - q^2 = 36", Some(0b11)),
            (&["k x^2 + 20x + k = 0"], "k x^2 + 20x + k = 5", Some(1)),
            (&["x^2 + y^2 = 5"], "x^2 + 3y = 5", None),
            (&["x + y = 10"], "2x + 3y = 25", None),
        ] {
            let mut facts = Facts::default();
            for (i, k) in known.iter().enumerate() {
                let (l, r) = sides(k);
                facts.add(difference(&l, &r).unwrap(), 1 << i);
            }
            let (l, r) = sides(claim);
            let (left, because) = facts.reduce(difference(&l, &r).unwrap()).unwrap();
            assert_eq!(implied(&l, &r, (&left, because), &facts, 4), expected, "{known:?} {claim}");
        }
    }
}
