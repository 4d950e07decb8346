//! Equations and inequalities as answers.

use super::compare::compare;
use super::region;
use super::shape::{Chain, Shape, Statement, shape};
use super::{locus, truth};
use crate::equiv::{Scalar, any, equivalent, free_names};
use crate::expr::{Expr, LogicOp, RelOp};
use crate::normal::{Atom, Builder};
use crate::policy::Policy;
use crate::verdict::{Equivalence, Outcome, Stage};
use smol_str::SmolStr;

/// Two statements.
pub fn statements(gold: &Statement, answer: &Statement, policy: &Policy) -> Equivalence {
    if gold.expr == answer.expr {
        return Equivalence::equal(Stage::Identical, "the same statement");
    }
    if answer.is_broken(policy) {
        return Equivalence::not_equal(Stage::Exact, "the answer contradicts itself");
    }
    if let (Some((gn, gv)), Some((an, av))) = (&gold.labelled, &answer.labelled) {
        return labelled((gn, gv), (an, av), gold, answer, policy);
    }
    let set = |e: &Expr| matches!(e, Expr::Relation(_, rest) if rest.iter().any(|(op, _)| *op == RelOp::In));
    if !policy.inequalities_are_sets && set(&gold.expr) != set(&answer.expr) {
        return Equivalence::not_equal(Stage::Convention, "an inequality on one side, a set on the other");
    }
    let unsolved = region::is_solved(&gold.expr) && !region::is_solved(&answer.expr);
    if let (Some(g), Some(a), false) = (region_of(&gold.expr), region_of(&answer.expr), unsolved) {
        let decided = region::same(&g, &a);
        if decided.is_equal() {
            return decided;
        }
    }
    if let Some(decided) = truth::same(&gold.expr, &answer.expr) {
        return decided;
    }
    let direct = relations(&gold.expr, &answer.expr);
    if !direct.is_equal() && locus::same(&gold.expr, &answer.expr) {
        return Equivalence::equal(Stage::NormalForm, "the same factors are zero");
    }
    direct
}

impl Statement {
    /// Whether its chain does not hold, by the policy's measure.
    pub fn is_broken(&self, policy: &Policy) -> bool {
        self.chain == Chain::Contradicts || (policy.chains_hold && self.chain == Chain::Slips)
    }
}

fn region_of(e: &Expr) -> Option<region::Region> {
    if region::is_region_like(e) { region::region(e) } else { None }
}

fn labelled(
    (gn, gv): (&Expr, &Shape),
    (an, av): (&Expr, &Shape),
    gold: &Statement,
    answer: &Statement,
    policy: &Policy,
) -> Equivalence {
    if let (Expr::Apply(f, gargs), Expr::Apply(g, aargs)) = (gn, an)
        && f == g
        && gargs.len() == aargs.len()
        && gargs != aargs
        && let Some(renamed) = rename(answer, gargs, aargs)
    {
        return compare(gv, &renamed, policy);
    }
    if let (Some((stem, n)), Some((other, k))) = (indexed(gn), indexed(an))
        && stem == other
        && n != k
        && !any(&answer.expr, &|e| *e == n)
        && let Some(renamed) = rename(answer, &[n], &[k])
    {
        return compare(gv, &renamed, policy);
    }
    let values = compare(gv, av, policy);
    if gn == an || matches!(gn, Expr::Text(_)) || matches!(an, Expr::Text(_)) {
        return values;
    }
    let direct = relations(&gold.expr, &answer.expr);
    if direct.is_equal() {
        return direct;
    }
    // Another name for the same value: a different variable is a different answer, but `y` and `f(x)` are not.
    match (gn, an) {
        (Expr::Sym(_), Expr::Sym(_)) | (Expr::Apply(..), Expr::Apply(..)) if values.is_equal() => {
            Equivalence::not_equal(Stage::Structure, "the same value under another name")
        }
        _ => values,
    }
}

/// `a_n` as its stem and its index, a letter.
fn indexed(name: &Expr) -> Option<(SmolStr, Expr)> {
    let Expr::Sym(name) = name else { return None };
    let (stem, index) = name.split_once('_')?;
    let letter = index.len() == 1 && index.bytes().all(|b| b.is_ascii_lowercase());
    letter.then(|| (stem.into(), Expr::sym(index)))
}

/// The value of `f(b) = …` with b called as in `f(a) = …`.
fn rename(answer: &Statement, to: &[Expr], from: &[Expr]) -> Option<Shape> {
    let all = |names: &[Expr]| names.iter().all(|n| matches!(n, Expr::Sym(_)));
    let Expr::Relation(_, rest) = &answer.expr else { return None };
    let (_, value) = rest.last()?;
    if !all(to) || !all(from) {
        return None;
    }
    let renamed = value.clone().map(&|e| match from.iter().position(|f| *f == e) {
        Some(i) => to[i].clone(),
        None => e,
    });
    Some(shape(&renamed))
}

/// Two relations as written: equal sides, sides swapped, or one a multiple of the other.
fn relations(gold: &Expr, answer: &Expr) -> Equivalence {
    if let (Expr::Logic(p, gs), Expr::Logic(q, xs)) = (gold, answer) {
        return logic(*p, gs, *q, xs);
    }
    let (Expr::Relation(g, gr), Expr::Relation(a, ar)) = (gold, answer) else {
        return Equivalence::not_equal(Stage::Structure, "another kind of statement");
    };
    if let ([(p, g2)], [(q, a2)]) = (gr.as_slice(), ar.as_slice()) {
        return pair((g, *p, g2), (a, *q, a2));
    }
    chains(g, gr, a, ar)
}

fn logic(p: LogicOp, gs: &[Expr], q: LogicOp, xs: &[Expr]) -> Equivalence {
    if p != q || gs.len() != xs.len() {
        return Equivalence::not_equal(Stage::Structure, "another combination of statements");
    }
    let mut used = vec![false; xs.len()];
    for g in gs {
        let found = (0..xs.len()).find(|j| !used[*j] && (*g == xs[*j] || relations(g, &xs[*j]).is_equal()));
        match found {
            Some(j) => used[j] = true,
            None => return Equivalence::not_equal(Stage::Structure, "a statement has no counterpart"),
        }
    }
    Equivalence::equal(Stage::Structure, "the same statements")
}

/// A chain against a chain, forwards or backwards.
fn chains(g: &Expr, gr: &[(RelOp, Expr)], a: &Expr, ar: &[(RelOp, Expr)]) -> Equivalence {
    if gr.len() != ar.len() {
        return Equivalence::not_equal(Stage::Structure, "chains of different length");
    }
    let sides = |first: &Expr, rest: &[(RelOp, Expr)]| -> Vec<Expr> {
        std::iter::once(first.clone()).chain(rest.iter().map(|(_, e)| e.clone())).collect()
    };
    let (gs, mut xs) = (sides(g, gr), sides(a, ar));
    let gops: Vec<RelOp> = gr.iter().map(|r| r.0).collect();
    let mut aops: Vec<RelOp> = ar.iter().map(|r| r.0).collect();
    if gops != aops {
        xs.reverse();
        aops = aops.iter().rev().map(|o| o.flip().unwrap_or(*o)).collect();
    }
    let same = gops == aops && gs.iter().zip(&xs).all(|(x, y)| equivalent(x, y).is_equal());
    if same {
        Equivalence::equal(Stage::Structure, "the same chain")
    } else {
        Equivalence::not_equal(Stage::Structure, "different chains")
    }
}

fn pair((g, p, g2): (&Expr, RelOp, &Expr), (a, q, a2): (&Expr, RelOp, &Expr)) -> Equivalence {
    let straight = p == q && same_side(g, a) && same_side(g2, a2);
    let flipped = p.flip() == Some(q) && same_side(g, a2) && same_side(g2, a);
    if straight || flipped {
        return Equivalence::equal(Stage::Structure, "the same sides");
    }
    let orders = p.is_order() && q.is_order();
    if !(orders || (p == q && matches!(p, RelOp::Eq | RelOp::Ne))) {
        return Equivalence::not_equal(Stage::Structure, "another relation");
    }
    let difference = |x: &Expr, y: &Expr| Expr::sum([x.clone(), y.clone().neg()]);
    let (d1, d2) = (difference(g, g2), difference(a, a2));
    match proportional(&d1, &d2) {
        Some(positive) => {
            let q = if positive { Some(q) } else { q.flip() };
            if q == Some(p) {
                Equivalence::equal(Stage::NormalForm, "one relation is a multiple of the other")
            } else {
                Equivalence::not_equal(Stage::NormalForm, "the relation points the other way")
            }
        }
        None if p == RelOp::Eq && q == RelOp::Eq && same_zeros(&d1, &d2) => {
            Equivalence::equal(Stage::Numeric, "one equation is a multiple of the other")
        }
        None => Equivalence::not_equal(Stage::NormalForm, "no multiple of the relation"),
    }
}

fn same_side(a: &Expr, b: &Expr) -> bool {
    a == b || equivalent(a, b).is_equal()
}

/// The sign of the constant factor between two expressions, if there is one. Denominators are multiplied away.
fn proportional(a: &Expr, b: &Expr) -> Option<bool> {
    let (x, y) = (Builder::default().build(a)?, Builder::default().build(b)?);
    if let Some(ratio) = clear(&x.num).ratio(&clear(&y.num)) {
        return Some(ratio > crate::Rational::ZERO);
    }
    None
}

/// Whether two differences are the same up to a constant factor, told from their values at one point: `a·b(p) = b·a(p)`.
fn same_zeros(a: &Expr, b: &Expr) -> bool {
    let names = |e: &Expr| {
        let mut names = Vec::new();
        free_names(e, &mut names);
        names.sort_unstable();
        names
    };
    let shared = names(a);
    if shared.is_empty() || shared.len() > 6 || shared != names(b) {
        return false;
    }
    let at_point = |e: &Expr| {
        e.clone().map(&|e| match &e {
            Expr::Sym(name) => match shared.iter().position(|n| n == name) {
                Some(i) => Expr::Num(crate::Rational::from_parts((7 + 6 * i as i64).into(), 11u8.into())),
                None => e,
            },
            _ => e,
        })
    };
    let (at_a, at_b) = (at_point(a), at_point(b));
    let nonzero = |e: &Expr| equivalent(e, &Expr::int(0)).outcome == Outcome::NotEqual;
    nonzero(&at_a)
        && nonzero(&at_b)
        && equivalent(&Expr::product([a.clone(), at_b]), &Expr::product([b.clone(), at_a])).is_equal()
}

/// The numerator without negative powers of variables.
fn clear(p: &crate::normal::Poly) -> crate::normal::Poly {
    use crate::normal::{Exponent, Mono, Poly};
    let mut common = Mono::default();
    for (m, _) in &p.0 {
        for (atom, e) in &m.0 {
            if matches!(atom, Atom::Sym(_)) && e.num < 0 {
                match common.0.iter_mut().find(|(a, _)| a == atom) {
                    Some((_, worst)) if e < worst => *worst = *e,
                    Some(_) => {}
                    None => common.0.push((atom.clone(), *e)),
                }
            }
        }
    }
    // factors shared by all terms (x in x² = 2x is kept: it carries a root)
    if common.is_one() {
        return p.clone();
    }
    common.0.sort();
    match common.pow(Exponent { num: -1, den: 1 }) {
        Some((up, _)) => p.mul(&Poly::term(up, crate::Rational::ONE)).unwrap_or_else(|| p.clone()),
        None => p.clone(),
    }
}

/// A gold equation against a bare expression: the expression solves it for one of its variables (`xy = 6`, `6/x`).
pub fn solved_form(gold: &Statement, answer: &Scalar) -> Equivalence {
    let no = Equivalence::not_equal(Stage::Structure, "an expression for an equation");
    let Expr::Relation(left, rest) = &gold.expr else { return no };
    let [(RelOp::Eq, right)] = rest.as_slice() else { return no };
    if !left.is_zero() && !right.is_zero() && equivalent(left, right).is_equal() {
        // The gold states an identity: its value is what both sides are.
        return equivalent(right, &answer.expr);
    }
    let mut names = Vec::new();
    free_names(&gold.expr, &mut names);
    let mut answer_names = Vec::new();
    free_names(&answer.expr, &mut answer_names);
    let difference = Expr::sum([(**left).clone(), right.clone().neg()]);
    for name in names.iter().filter(|n| !answer_names.contains(n)) {
        if !is_linear_in(&difference, name) || answer_names.iter().any(|n| !names.contains(n)) {
            continue;
        }
        let variable = Expr::Sym(name.clone());
        let substituted = difference.clone().map(&|e| if e == variable { answer.expr.clone() } else { e });
        let put = |side: &Expr| side.clone().map(&|e| if e == variable { answer.expr.clone() } else { e });
        let balanced = !substituted.is_zero() && equivalent(&put(left), &put(right)).is_equal();
        if balanced {
            return Equivalence::equal(Stage::NormalForm, "the expression solves the equation");
        }
    }
    no
}

fn is_linear_in(e: &Expr, name: &SmolStr) -> bool {
    let Some(normal) = Builder::default().build(e) else { return false };
    let mut seen = false;
    let linear = normal.den.0.is_empty()
        && normal.num.0.iter().all(|(m, _)| {
            m.0.iter().all(|(atom, exponent)| match atom {
                Atom::Sym(s) if s == name => {
                    seen = true;
                    exponent.num == 1 && exponent.den == 1
                }
                Atom::Sym(_) | Atom::Prime(_) | Atom::Pi | Atom::E | Atom::I => true,
                Atom::Call(_, args) => args.iter().all(|a| !mentions(a, name)),
                _ => false,
            })
        });
    linear && seen
}

fn mentions(f: &crate::normal::Fraction, name: &SmolStr) -> bool {
    f.num
        .0
        .iter()
        .chain(&f.den.0)
        .any(|(m, _)| m.0.iter().any(|(a, _)| matches!(a, Atom::Sym(s) if s == name)))
}

/// Whether a relation between constants holds: for the checks of prose.
pub(crate) fn check_chain(first: &Expr, rest: &[(RelOp, Expr)]) -> Outcome {
    let mut left = first;
    let mut unknown = false;
    for (op, right) in rest {
        match link(left, *op, right) {
            Some(true) => {}
            Some(false) => return Outcome::NotEqual,
            None => unknown = true,
        }
        left = right;
    }
    if unknown { Outcome::Unknown } else { Outcome::Equal }
}

fn link(left: &Expr, op: RelOp, right: &Expr) -> Option<bool> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let free = |e: &Expr| any(e, &|e| matches!(e, Expr::Sym(_) | Expr::Apply(..)));
    let decided = |o: Outcome| match o {
        Outcome::Equal => Some(true),
        Outcome::NotEqual => Some(false),
        _ => None,
    };
    match op {
        RelOp::Eq => {
            let outcome = compare(&shape(left), &shape(right), &exact_policy()).outcome;
            if outcome == Outcome::NotEqual && (free(left) || free(right)) { None } else { decided(outcome) }
        }
        RelOp::Ne => decided(equivalent(left, right).outcome).map(|e| !e),
        RelOp::Approx => (!free(left) && !free(right))
            .then(|| super::scalar::is_rounding(left, right) || super::scalar::is_rounding(right, left)),
        RelOp::Lt | RelOp::Le | RelOp::Gt | RelOp::Ge if !free(left) && !free(right) => {
            let order = crate::equiv::compare_constants(left, right)?;
            Some(match op {
                RelOp::Lt => order == Less,
                RelOp::Le => order != Greater,
                RelOp::Gt => order == Greater,
                _ => matches!(order, Greater | Equal),
            })
        }
        _ => None,
    }
}

fn exact_policy() -> Policy {
    Policy {
        digits_for_fraction: 0,
        digits_for_irrational: 0,
        digits_of_gold: 0,
        digits_for_decimal: 0,
        percent_free: false,
        ..Policy::default()
    }
}
