//! What is known: polynomials that are zero, reduced like the rows of a linear system whose unknowns are monomials.
//!
//! `AB = 2`, `BC = 5` imply `AB + BC = 7` and contradict `AB + BC = 8`; `x = 3` is put into every other fact. Each row
//! remembers which statements it rests on, so that a contradiction can name them.

use crate::Rational;
use crate::expr::Expr;
use crate::normal::{Atom, Builder, Exponent, Fraction, Mono, Poly};
use smol_str::SmolStr;

/// Statements by number; a set of them.
pub type Sources = u128;
/// Statements that can be told apart.
pub const MAX_SOURCES: usize = 128;
/// Facts with more terms than this are not kept.
const MAX_TERMS: usize = 40;
/// Facts kept at most.
const MAX_ROWS: usize = 48;

#[derive(Clone, Debug)]
struct Row {
    /// Zero; the coefficient of the pivot is 1.
    poly: Poly,
    pivot: Mono,
    sources: Sources,
}

/// Polynomials that are zero.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    rows: Vec<Row>,
    /// The facts as they were said, also what followed from others.
    said: Vec<(Poly, Sources)>,
    /// What contradicts these may be true.
    pub distrusted: Sources,
}

/// What a new fact is to the old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It follows from these, and with any other number in it it would not hold.
    Implied(Sources),
    /// It follows from these, but says no more than one of them.
    Restated,
    /// It is one of these but for one number.
    Resembles(Sources),
    /// It is new, and these hold because of it: `x = 2` after `x² = 4`, also where it gives that only with their help.
    Confirms(Sources),
    /// It is new.
    New,
    /// It cannot hold together with these.
    Contradicts(Sources),
    /// It is none that can be kept.
    Unfit,
}

/// The difference of the two sides as a polynomial that is zero where the equation holds.
pub fn difference(left: &Expr, right: &Expr) -> Option<Poly> {
    let (a, b) = (Builder::default().build(left)?, Builder::default().build(right)?);
    let poly = a.cross_difference(&b)?;
    Some(primitive(poly))
}

/// Without negative powers of variables, and without constants that divide every term (`4πr² = 324π`).
fn primitive(poly: Poly) -> Poly {
    let Some((first, _)) = poly.0.first() else { return poly };
    let mut common = Mono::default();
    for (atom, e) in &first.0 {
        if is_constant_atom(atom) && poly.0.iter().all(|(m, _)| m.0.contains(&(atom.clone(), *e))) {
            common.0.push((atom.clone(), *e));
        }
    }
    for (mono, _) in &poly.0 {
        for (atom, e) in &mono.0 {
            if matches!(atom, Atom::Sym(_)) && e.num < 0 {
                match common.0.iter_mut().find(|(a, _)| a == atom) {
                    Some((_, worst)) => *worst = (*worst).min(*e),
                    None => common.0.push((atom.clone(), *e)),
                }
            }
        }
    }
    if common.is_one() {
        return poly;
    }
    common.0.sort();
    let inverse = common.pow(Exponent { num: -1, den: 1 });
    match inverse {
        Some((up, c)) => poly.mul(&Poly::term(up, c.unwrap_or(Rational::ONE))).unwrap_or(poly),
        None => poly,
    }
}

fn is_constant_atom(atom: &Atom) -> bool {
    let constant = |f: &Fraction| {
        f.num.0.iter().chain(&f.den.0).all(|(m, _)| m.0.iter().all(|(a, _)| is_constant_atom(a)))
    };
    match atom {
        Atom::I | Atom::Prime(_) | Atom::E | Atom::Pi => true,
        Atom::Sym(_) | Atom::Apply(..) => false,
        Atom::Base(f) => constant(f),
        Atom::Power(p) => constant(&p.0) && constant(&p.1),
        Atom::Call(_, args) => args.iter().all(constant),
    }
}

fn is_constant(mono: &Mono) -> bool {
    mono.0.iter().all(|(atom, _)| is_constant_atom(atom))
}

/// Whether no unknown is left in it.
pub fn is_closed(poly: &Poly) -> bool {
    poly.0.iter().all(|(m, _)| is_constant(m))
}

/// Whether a name stands anywhere in it.
pub fn mentions(poly: &Poly, name: &SmolStr) -> bool {
    any_atom(poly, &|atom| matches!(atom, Atom::Sym(s) | Atom::Apply(s, _) if s == name))
}

/// Whether an unknown function is applied to something unknown: `f(x + 1) = …` speaks of every x.
pub fn applies_to_unknowns(poly: &Poly) -> bool {
    any_atom(
        poly,
        &|atom| matches!(atom, Atom::Apply(_, args) if args.iter().any(|a| !is_closed(&a.num) || !is_closed(&a.den))),
    )
}

/// `8x^3 - 4x = 8(x - r)^2(x - s)`: an equation of polynomials in x with other unknowns, which may hold for every x;
/// `x^2 - y^2 = 12` is none.
pub fn is_polynomial_identity(poly: &Poly) -> bool {
    let point = |name: &str| matches!(name, "x" | "y" | "z");
    ["x", "z", "t"].into_iter().any(|name| {
        poly.0
            .iter()
            .any(|(m, _)| m.0.iter().any(|(a, e)| matches!(a, Atom::Sym(s) if s == name) && e.num > 1))
            && any_atom(poly, &|a| matches!(a, Atom::Sym(s) if s != name && !point(s)))
    })
}

/// Whether two unknowns stand side by side.
pub fn has_product(poly: &Poly) -> bool {
    let letter = |atom: &Atom| matches!(atom, Atom::Sym(name) if name.len() == 1);
    poly.0.iter().any(|(m, _)| m.0.iter().filter(|(atom, _)| letter(atom)).count() > 1)
}

/// `c x + d = 0` with nothing else unknown: the variable and its value.
pub fn value(poly: &Poly) -> Option<(SmolStr, Poly)> {
    let row = Row::new(poly.clone(), 0)?;
    let (name, value) = row.value()?;
    Some((name.clone(), value))
}

fn any_atom(poly: &Poly, test: &dyn Fn(&Atom) -> bool) -> bool {
    let inside = |f: &Fraction| any_atom(&f.num, test) || any_atom(&f.den, test);
    poly.0.iter().flat_map(|(m, _)| &m.0).any(|(atom, _)| {
        test(atom)
            || match atom {
                Atom::Base(f) => inside(f),
                Atom::Power(p) => inside(&p.0) || inside(&p.1),
                Atom::Call(_, args) | Atom::Apply(_, args) => args.iter().any(inside),
                _ => false,
            }
    })
}

impl Row {
    /// A row from a polynomial that is not constant; the pivot is its last term, which has a variable.
    fn new(poly: Poly, sources: Sources) -> Option<Row> {
        let (pivot, c) = poly.0.iter().rev().find(|(m, _)| !is_constant(m))?;
        let (pivot, scale) = (pivot.clone(), &Rational::ONE / c);
        Some(Row { poly: poly.scaled(&scale), pivot, sources })
    }

    /// `x = c`: the variable and its value.
    fn value(&self) -> Option<(&SmolStr, Poly)> {
        let [(Atom::Sym(name), Exponent { num: 1, den: 1 })] = self.pivot.0.as_slice() else { return None };
        let rest: Vec<_> = self.poly.0.iter().filter(|(m, _)| *m != self.pivot).cloned().collect();
        let rest = Poly(rest);
        is_closed(&rest).then(|| (name, rest.scaled(&Rational::NEG_ONE)))
    }
}

impl Facts {
    /// Adds the fact that `poly` is zero, unless it contradicts the others.
    pub fn add(&mut self, poly: Poly, source: Sources) -> Added {
        self.learn(poly, source).0
    }

    /// [`Facts::add`], and what was known before where that has changed.
    pub fn learn(&mut self, poly: Poly, source: Sources) -> (Added, Option<Facts>) {
        let mut before = None;
        let added = self.took(poly, source, &mut before);
        (added, before)
    }

    fn took(&mut self, poly: Poly, source: Sources, before: &mut Option<Facts>) -> Added {
        let Some((left, because)) = self.reduce(poly.clone()) else { return Added::Unfit };
        if left.is_zero() {
            self.say(&poly, source);
            let telling = self.determines(&poly) || is_telling(&poly);
            return if telling { Added::Implied(because) } else { Added::Restated };
        }
        if is_closed(&left) {
            let by = self.denied_by(&poly).filter(|_| because & self.distrusted != 0).unwrap_or(because);
            return if surely_nonzero(&left) { Added::Contradicts(by) } else { Added::Unfit };
        }
        if source & self.distrusted == 0
            && let Some(by) = self.denied_by(&poly)
        {
            return Added::Contradicts(by);
        }
        if let Some(others) = self.without_common_root(&left) {
            return Added::Contradicts(because | others);
        }
        if let Some(others) = self.resembled(&poly) {
            return Added::Resembles(others);
        }
        if left.0.len() > MAX_TERMS || self.rows.len() >= MAX_ROWS {
            return Added::Unfit;
        }
        let Some(row) = Row::new(left, source | because) else { return Added::Unfit };
        let mut next = self.clone();
        let confirmed = match next.insert(row, 0) {
            Ok(confirmed) => confirmed,
            Err(sources) => return Added::Contradicts(sources & !source),
        };
        next.say(&poly, source);
        *before = Some(std::mem::replace(self, next));
        if confirmed == 0 { Added::New } else { Added::Confirms(confirmed & !source) }
    }

    fn say(&mut self, poly: &Poly, source: Sources) {
        if self.said.len() < MAX_ROWS && !self.said.iter().any(|(known, _)| known == poly) {
            self.said.push((poly.clone(), source));
        }
    }

    /// One statement that is to be trusted and about the same variable only, which has other roots.
    ///
    /// An equation may have some of the roots of another, or all and more; that some are shared and some not on either
    /// side is a mistake.
    fn denied_by(&self, poly: &Poly) -> Option<Sources> {
        let (name, dense) = univariate(poly)?;
        let denies = |(said, source): &(Poly, Sources)| {
            let (other, polynomial) = univariate(said)?;
            if other != name || source & self.distrusted != 0 {
                return None;
            }
            let common = crate::poly::gcd(&dense, &polynomial).ok()?.degree();
            let least = dense.degree().min(polynomial.degree());
            (common < least && (common > 0 || least == 1)).then_some(*source)
        };
        self.said.iter().find_map(denies)
    }

    /// Whether every term of it has a known value.
    pub fn determines(&self, poly: &Poly) -> bool {
        poly.0.iter().all(|(mono, _)| {
            let term = Poly::term(mono.clone(), Rational::ONE);
            is_constant(mono) || self.reduce(term).is_some_and(|(left, _)| is_closed(&left))
        })
    }

    /// Facts about the one variable of `poly` that no root of it satisfies.
    fn without_common_root(&self, poly: &Poly) -> Option<Sources> {
        let (name, dense) = univariate(poly)?;
        let apart = |row: &Row| {
            let (other, polynomial) = univariate(&row.poly)?;
            let common = crate::poly::gcd(&dense, &polynomial).ok()?;
            (other == name && common.degree() == 0).then_some(row.sources)
        };
        self.rows.iter().find_map(apart)
    }

    /// A fact with the same terms and only one other coefficient.
    fn resembled(&self, poly: &Poly) -> Option<Sources> {
        if !is_telling(poly) {
            return None;
        }
        let one_off = |(said, _): &&(Poly, Sources)| {
            said.0.len() == poly.0.len()
                && said.0.iter().zip(&poly.0).all(|(a, b)| a.0 == b.0)
                && said.0.iter().zip(&poly.0).any(|(a, b)| {
                    let scale = &b.1 / &a.1;
                    said.0.iter().zip(&poly.0).filter(|(a, b)| &a.1 * &scale != b.1).count() == 1
                })
        };
        self.said.iter().find(one_off).map(|(_, sources)| *sources)
    }

    /// Adds a row; where it gives a variable its value, the value goes into the other rows. Returns what these confirm.
    fn insert(&mut self, row: Row, depth: usize) -> Result<Sources, Sources> {
        let value = row.value().map(|(name, value)| (name.clone(), value));
        let sources = row.sources;
        self.rows.push(row);
        let Some((name, value)) = value else { return Ok(0) };
        let last = self.rows.len() - 1;
        let touched: Vec<Row> = self.rows.extract_if(..last, |r| mentions(&r.poly, &name)).collect();
        let mut confirmed = 0;
        for old in touched {
            let Some(poly) = put(&old.poly, &name, &value) else { continue };
            let Some((poly, because)) = self.reduce(primitive(poly)) else { continue };
            let because = because | old.sources | sources;
            if poly.is_zero() {
                confirmed |= because;
            } else if is_closed(&poly) {
                if surely_nonzero(&poly) {
                    return Err(because);
                }
            } else if depth < 8
                && let Some(row) = Row::new(poly, because)
            {
                confirmed |= self.insert(row, depth + 1)?;
            }
        }
        Ok(confirmed)
    }

    /// What is left of a polynomial when everything known is used, and which statements were.
    pub fn reduce(&self, poly: Poly) -> Option<(Poly, Sources)> {
        let (mut poly, mut because) = (poly, 0);
        for row in &self.rows {
            if let Some((name, value)) = row.value()
                && mentions(&poly, name)
            {
                poly = primitive(put(&poly, name, &value)?);
                because |= row.sources;
            } else if let Some((_, c)) = poly.0.iter().find(|(m, _)| *m == row.pivot) {
                poly = poly.add_scaled(&row.poly, &-c.clone())?;
                because |= row.sources;
            }
        }
        Some((poly, because))
    }

    /// Whether anything is known about a name.
    pub fn speaks_of(&self, name: &SmolStr) -> bool {
        self.rows.iter().any(|row| mentions(&row.poly, name))
    }

    /// Names with a known rational value that rests on trusted statements only.
    pub fn values(&self, trusted: &dyn Fn(Sources) -> bool) -> Vec<(SmolStr, f64)> {
        let rows = self.rows.iter().filter(|row| trusted(row.sources));
        rows.filter_map(|row| {
            let (name, value) = row.value()?;
            Some((name.clone(), super::floats::approx(&value.as_constant()?)))
        })
        .collect()
    }

    /// Names with a known rational value, and what it rests on.
    pub fn values_because(&self) -> Vec<(SmolStr, f64, Sources)> {
        let value = |row: &Row| {
            let (name, value) = row.value()?;
            Some((name.clone(), super::floats::approx(&value.as_constant()?), row.sources))
        };
        self.rows.iter().filter_map(value).collect()
    }

    /// Everything about a name is forgotten: it is given a new meaning.
    pub fn forget(&mut self, name: &SmolStr) {
        self.rows.retain(|r| !mentions(&r.poly, name));
        self.said.retain(|(poly, _)| !mentions(poly, name));
    }
}

/// Enough terms that two such facts with all but one number in common are hardly two facts.
pub fn is_telling(poly: &Poly) -> bool {
    let nonlinear = poly
        .0
        .iter()
        .any(|(m, _)| m.0.iter().any(|(a, e)| !is_constant_atom(a) && e.num > 1) || m.0.len() > 1);
    poly.0.len() > if nonlinear { 2 } else { 3 }
}

/// A polynomial with rational coefficients in one variable, and that variable.
pub fn univariate(poly: &Poly) -> Option<(&SmolStr, crate::poly::Poly)> {
    const MAX_DEGREE: usize = 12;
    let mut name = None;
    let mut coefficients = vec![Rational::ZERO; MAX_DEGREE + 1];
    for (mono, c) in &poly.0 {
        let degree = match mono.0.as_slice() {
            [] => 0,
            [(Atom::Sym(s), Exponent { num: degree @ 1..=12, den: 1 })] if *name.get_or_insert(s) == s => {
                *degree as usize
            }
            _ => return None,
        };
        coefficients[degree] = c.clone();
    }
    Some((name?, crate::poly::Poly::new(coefficients)))
}

/// A sum of constants that are independent, so that it cannot vanish.
fn surely_nonzero(poly: &Poly) -> bool {
    !poly.is_zero() && poly.is_independent()
}

/// `poly` with a value for a variable; `None` where the value is none (a power of zero below the line) or too large.
fn put(poly: &Poly, name: &SmolStr, value: &Poly) -> Option<Poly> {
    let mut sum = Poly::default();
    for (mono, c) in &poly.0 {
        let mut rest = Mono::default();
        let mut factor = None;
        for (atom, e) in &mono.0 {
            match atom {
                Atom::Sym(s) if s == name && e.den == 1 => factor = Some(*e),
                _ => rest.0.push((atom.clone(), *e)),
            }
        }
        let term = Poly::term(rest, c.clone());
        let term = match factor {
            None => term,
            Some(e) => {
                let base = Fraction::poly(value.clone());
                let base = if e.num < 0 { base.inv()? } else { base };
                let power = base.powi(e.num.unsigned_abs().min(64))?;
                if !power.den.0.is_empty() {
                    return None;
                }
                term.mul(&power.num)?
            }
        };
        sum = sum.add(&term)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn add(facts: &mut Facts, equation: &str, source: Sources) -> Added {
        let (left, right) = equation.split_once('=').unwrap();
        facts.add(difference(&parse(left).unwrap(), &parse(right).unwrap()).unwrap(), source)
    }

    #[test]
    fn facts_imply_and_contradict() {
        for (known, claim, expected) in [
            (&["14 = 3J - 4"][..], "18 = 3J", Added::Implied(1)),
            (&["14 = 3J - 4"], "19 = 3J", Added::Contradicts(1)),
            (&["AB = 2", "BC = 5"], "AB + BC = 7", Added::Implied(3)),
            (&["AB = 2", "BC = 5"], "AB + BC = 8", Added::Contradicts(3)),
            (&["x^2 = 4"], "x = 2", Added::Confirms(1)),
            (&["x^2 = 4"], "x = 3", Added::Contradicts(1)),
            (&["3p + 4q = 8", "4p + 3q = 13"], "7q = -7", Added::Implied(3)),
            (&["3p + 4q = 8", "4p + 3q = 13", "q = -1"], "p = 4", Added::Implied(3)),
            (&["x = 3"], "y = x^2", Added::New),
            (&["x = 3", "y = x^2"], "y = 10", Added::Contradicts(3)),
            (&["324\\pi = 4\\pi r^2"], "r^2 = 81", Added::Implied(1)),
            (&["324\\pi = 4\\pi r^2"], "r = 9", Added::Confirms(1)),
            (&["x^2 - 8x + 8 = 0"], "x^2 + 8x + 8 = 0", Added::Contradicts(1)),
            (&["x^2 - 5x + 6 = 0"], "x^2 - 4 = 0", Added::Contradicts(1)),
            (&["x^2 - 5x + 6 = 0"], "x^3 - 7x + 6 = 0", Added::Contradicts(1)),
            (&["x^2 - 5x + 6 = 0"], "(x - 2)(x - 3)(x - 4) = 0", Added::New),
            (&["4n + 4m = mn"], "12n + 4m = mn", Added::Resembles(1)),
            (&["4n + 4m = mn"], "8n + 8m = 2mn", Added::Implied(1)),
            (&["x = y"], "2x = 2y", Added::Restated),
        ] {
            let mut facts = Facts::default();
            for (i, k) in known.iter().enumerate() {
                add(&mut facts, k, 1 << i);
            }
            assert_eq!(add(&mut facts, claim, 1 << 100), expected, "{known:?} {claim}");
        }
    }

    #[test]
    fn names_can_be_given_a_new_meaning() {
        let mut facts = Facts::default();
        add(&mut facts, "x = 3", 1);
        facts.forget(&"x".into());
        assert_eq!(add(&mut facts, "x = 4", 2), Added::New);
    }
}
