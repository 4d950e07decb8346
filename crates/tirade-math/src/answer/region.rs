//! Regions of the real line: intervals, unions, solution sets of inequalities.

use crate::equiv::{any, compare_constants, equivalent};
use crate::expr::{Const, Expr, Func, LogicOp, Rational, RelOp, SetOp};
use crate::normal::{Atom, Builder};
use crate::verdict::{Equivalence, Outcome, Stage};
use smol_str::SmolStr;
use std::cmp::Ordering;

/// One interval; equal closed ends are a point.
#[derive(Clone, Debug)]
pub struct Part {
    low: Expr,
    high: Expr,
    closed: (bool, bool),
}

/// Disjoint parts from left to right, and the variable they are about, if it has a name.
#[derive(Clone, Debug)]
pub struct Region {
    subject: Option<Expr>,
    parts: Vec<Part>,
    /// Whether the parts could be put in order (their ends are numbers).
    ordered: bool,
}

const MAX_PARTS: usize = 64;

fn infinity(positive: bool) -> Expr {
    let i = Expr::Const(Const::Infinity);
    if positive { i } else { i.neg() }
}

fn is_infinite(e: &Expr) -> bool {
    any(e, &|e| *e == Expr::Const(Const::Infinity))
}

fn part(low: Expr, high: Expr, closed: (bool, bool)) -> Part {
    // An end at infinity never belongs to the interval, whatever bracket was drawn.
    let closed = (closed.0 && !is_infinite(&low), closed.1 && !is_infinite(&high));
    Part { low, high, closed }
}

/// The region an expression describes.
pub fn region(e: &Expr) -> Option<Region> {
    match e {
        Expr::Logic(_, items) | Expr::List(items) if items.len() > MAX_PARTS => None,
        Expr::Interval(i) => one(part((*i.low).clone(), (*i.high).clone(), i.closed)),
        Expr::Tuple(items) if items.len() == 2 => {
            one(part(items[0].clone(), items[1].clone(), (false, false)))
        }
        Expr::Const(Const::Reals) => one(part(infinity(false), infinity(true), (false, false))),
        Expr::Const(Const::EmptySet) => Some(Region { subject: None, parts: Vec::new(), ordered: true }),
        Expr::Set(items) => points(items),
        Expr::SetOp(SetOp::Union, parts) => parts.iter().map(region).reduce(|a, b| union(a?, b?))?,
        Expr::SetOp(SetOp::Intersection, parts) => {
            parts.iter().map(region).reduce(|a, b| intersection(a?, b?))?
        }
        Expr::SetOp(SetOp::Difference, parts) => {
            let (first, rest) = parts.split_first()?;
            rest.iter().try_fold(region(first)?, |a, b| intersection(a, complement(region(b)?)?))
        }
        // sets subtracted with a minus sign
        Expr::Add(terms) if terms.len() == 2 => match &terms[1] {
            Expr::Mul(f) if f.len() == 2 && f[0] == Expr::int(-1) && matches!(f[1], Expr::Set(_)) => {
                intersection(region(&terms[0])?, complement(region(&f[1])?)?)
            }
            _ => None,
        },
        Expr::SetBuilder(element, condition) => {
            let inner = match &**element {
                Expr::Relation(x, rest) if rest.len() == 1 && rest[0].0 == RelOp::In => {
                    let base = region(&rest[0].1)?;
                    let mut both = intersection(base, region(condition)?)?;
                    both.subject = Some((**x).clone());
                    return Some(both);
                }
                _ => region(condition)?,
            };
            Some(inner)
        }
        Expr::Logic(LogicOp::Not, items) => complement(region(items.first()?)?),
        Expr::Logic(LogicOp::Or, items) => items.iter().map(region).reduce(|a, b| union(a?, b?))?,
        Expr::Logic(LogicOp::And, items) | Expr::List(items) => {
            items.iter().map(region).reduce(|a, b| intersection(a?, b?))?
        }
        Expr::Relation(first, rest) => relation(first, rest),
        _ => None,
    }
}

fn one(part: Part) -> Option<Region> {
    Some(Region { subject: None, parts: vec![part], ordered: true })
}

fn points(items: &[Expr]) -> Option<Region> {
    let mut total = Region { subject: None, parts: Vec::new(), ordered: true };
    for p in items {
        total = union(total, one(part(p.clone(), p.clone(), (true, true)))?)?;
    }
    Some(total)
}

fn relation(first: &Expr, rest: &[(RelOp, Expr)]) -> Option<Region> {
    match rest {
        [(RelOp::In, set)] => {
            let mut r = region(set)?;
            r.subject = Some(first.clone());
            Some(r)
        }
        [(RelOp::NotIn, set)] => {
            let mut r = complement(region(set)?)?;
            r.subject = Some(first.clone());
            Some(r)
        }
        [(op, right)] => single(first, *op, right),
        [(a, middle), (b, last)] => intersection(single(first, *a, middle)?, single(middle, *b, last)?),
        _ => None,
    }
}

/// The solution of one inequality in one subject.
fn single(left: &Expr, op: RelOp, right: &Expr) -> Option<Region> {
    if !(op.is_order() || matches!(op, RelOp::Ne | RelOp::Eq)) {
        return None;
    }
    if let Some(solved) = polynomial(left, op, right) {
        return Some(solved);
    }
    let (subject, bound, op) = isolate(left, op, right)?;
    if let Expr::Call(Func::Abs, args) = &subject {
        return absolute(args.first()?, op, &bound);
    }
    let mut r = half_line(op, bound)?;
    r.subject = Some(subject);
    Some(r)
}

/// x² < 4 and its kin.
fn polynomial(left: &Expr, op: RelOp, right: &Expr) -> Option<Region> {
    if is_linear_side(left) && is_linear_side(right) {
        return None;
    }
    let (subject, pieces) = super::inequality::solve(left, op, right)?;
    let mut total = Region { subject: None, parts: Vec::new(), ordered: true };
    for (low, high, closed) in pieces {
        let ends = (low.unwrap_or_else(|| infinity(false)), high.unwrap_or_else(|| infinity(true)));
        total = union(total, one(part(ends.0, ends.1, (closed, closed)))?)?;
    }
    total.subject = Some(subject);
    Some(total)
}

/// Whether a side has no powers, quotients or products of the variable, so that the inequality counts as solved.
fn is_linear_side(e: &Expr) -> bool {
    let free = |e: &Expr| any(e, &|e| matches!(e, Expr::Sym(_) | Expr::Apply(..)));
    match e {
        e if !free(e) => true,
        Expr::Add(terms) => terms.iter().all(is_linear_side),
        Expr::Mul(factors) => {
            factors.iter().filter(|f| free(f)).count() == 1 && factors.iter().all(is_linear_side)
        }
        Expr::Call(Func::Abs, args) => args.iter().all(is_linear_side),
        Expr::Pow(..) => false,
        _ => true,
    }
}

/// Whether every inequality in `e` is solved for its variable, up to linear steps.
pub fn is_solved(e: &Expr) -> bool {
    match e {
        Expr::Relation(first, rest) => {
            let linear = is_linear_side;
            rest.iter().any(|(op, _)| !op.is_order() && *op != RelOp::Ne)
                || linear(first) && rest.iter().all(|(_, e)| linear(e))
        }
        Expr::Logic(_, items) | Expr::List(items) | Expr::SetOp(_, items) => items.iter().all(is_solved),
        Expr::SetBuilder(_, condition) => is_solved(condition),
        _ => true,
    }
}

fn half_line(op: RelOp, bound: Expr) -> Option<Region> {
    match op {
        RelOp::Lt | RelOp::Le => one(part(infinity(false), bound, (false, op == RelOp::Le))),
        RelOp::Gt | RelOp::Ge => one(part(bound, infinity(true), (op == RelOp::Ge, false))),
        RelOp::Eq => one(part(bound.clone(), bound, (true, true))),
        RelOp::Ne => complement(one(part(bound.clone(), bound, (true, true)))?),
        _ => None,
    }
}

/// |x| < c and its kin.
fn absolute(inner: &Expr, op: RelOp, bound: &Expr) -> Option<Region> {
    let below = single(inner, op, bound)?;
    let above = single(inner, op.flip()?, &bound.clone().neg())?;
    match op {
        RelOp::Lt | RelOp::Le => intersection(above, below),
        RelOp::Gt | RelOp::Ge => union(above, below),
        _ => None,
    }
}

/// Rewrites an inequality as `subject op bound`.
fn isolate(left: &Expr, op: RelOp, right: &Expr) -> Option<(Expr, Expr, RelOp)> {
    let free = |e: &Expr| any(e, &|e| matches!(e, Expr::Sym(_) | Expr::Apply(..)));
    if let Some(solved) = linear(left, op, right) {
        return Some(solved);
    }
    match (free(left), free(right)) {
        (true, false) => Some((left.clone(), right.clone(), op)),
        (false, true) => Some((right.clone(), left.clone(), op.flip()?)),
        (true, true) if matches!(left, Expr::Sym(_) | Expr::Apply(..)) && !any(right, &|e| e == left) => {
            Some((left.clone(), right.clone(), op))
        }
        (true, true) if matches!(right, Expr::Sym(_)) && !any(left, &|e| e == right) => {
            Some((right.clone(), left.clone(), op.flip()?))
        }
        _ => None,
    }
}

/// Solves `a·x + b op 0` for the only variable, with rational a and constant b.
fn linear(left: &Expr, op: RelOp, right: &Expr) -> Option<(Expr, Expr, RelOp)> {
    if matches!(left, Expr::Sym(_)) && right.as_rational().is_some() {
        return Some((left.clone(), right.clone(), op));
    }
    if left.as_rational().is_some() && matches!(right, Expr::Sym(_)) {
        return Some((right.clone(), left.clone(), op.flip()?));
    }
    let difference = Expr::sum([left.clone(), right.clone().neg()]);
    let normal = Builder::default().build(&difference)?;
    if !normal.den.0.is_empty() {
        return None;
    }
    let mut slope: Option<(SmolStr, Rational)> = None;
    for (mono, c) in &normal.num.0 {
        let names = mono.0.iter().filter(|(a, _)| !matches!(a, Atom::Prime(_) | Atom::Pi | Atom::E)).count();
        match mono.0.as_slice() {
            [(Atom::Sym(name), e)] if e.num == 1 && e.den == 1 && slope.is_none() => {
                slope = Some((name.clone(), c.clone()))
            }
            _ if names == 0 => {}
            _ => return None,
        }
    }
    let (name, a) = slope?;
    let subject = Expr::Sym(name);
    // x = x - difference / a
    let bound = Expr::sum([subject.clone(), Expr::product([Expr::Num(-(&Rational::ONE / &a)), difference])]);
    let constant = constant_part(&bound, &subject)?;
    let op = if a < Rational::ZERO { op.flip()? } else { op };
    Some((subject, constant, op))
}

/// The value of an expression in which the variable cancels: the variable is set to zero.
fn constant_part(e: &Expr, variable: &Expr) -> Option<Expr> {
    Some(e.clone().map(&|e| if e == *variable { Expr::int(0) } else { e }))
}

fn merge_subject(a: &Region, b: &Region) -> Option<Option<Expr>> {
    match (&a.subject, &b.subject) {
        (Some(x), Some(y)) if x != y => None,
        (Some(x), _) | (_, Some(x)) => Some(Some(x.clone())),
        _ => Some(None),
    }
}

/// The union, merged where parts touch.
fn union(a: Region, b: Region) -> Option<Region> {
    let subject = merge_subject(&a, &b)?;
    let mut parts = a.parts;
    parts.extend(b.parts);
    if parts.len() > MAX_PARTS {
        return None;
    }
    let mut ordered = true;
    // insertion sort with a fallible comparison
    for i in 1..parts.len() {
        let mut j = i;
        while j > 0 {
            match low_order(&parts[j - 1], &parts[j]) {
                Some(Ordering::Greater) => parts.swap(j - 1, j),
                Some(_) => break,
                None => {
                    ordered = false;
                    break;
                }
            }
            j -= 1;
        }
    }
    let mut merged: Vec<Part> = Vec::with_capacity(parts.len());
    for p in parts {
        match merged.last_mut() {
            Some(last) if ordered && touches(last, &p)? => {
                if high_order(last, &p)? == Ordering::Less {
                    last.high = p.high;
                    last.closed.1 = p.closed.1;
                }
            }
            _ => merged.push(p),
        }
    }
    Some(Region { subject, parts: merged, ordered })
}

fn low_order(a: &Part, b: &Part) -> Option<Ordering> {
    Some(compare_constants(&a.low, &b.low)?.then(b.closed.0.cmp(&a.closed.0)))
}

fn high_order(a: &Part, b: &Part) -> Option<Ordering> {
    Some(compare_constants(&a.high, &b.high)?.then(a.closed.1.cmp(&b.closed.1)))
}

fn touches(a: &Part, b: &Part) -> Option<bool> {
    Some(match compare_constants(&a.high, &b.low)? {
        Ordering::Greater => true,
        Ordering::Equal => a.closed.1 || b.closed.0,
        Ordering::Less => false,
    })
}

fn intersection(a: Region, b: Region) -> Option<Region> {
    let subject = merge_subject(&a, &b)?;
    if a.parts.len() * b.parts.len() > MAX_PARTS {
        return None;
    }
    let mut parts = Vec::new();
    for x in &a.parts {
        for y in &b.parts {
            let (low, low_closed) = match compare_or_infinite(&x.low, &y.low, false)? {
                Ordering::Greater => (x.low.clone(), x.closed.0),
                Ordering::Less => (y.low.clone(), y.closed.0),
                Ordering::Equal => (x.low.clone(), x.closed.0 && y.closed.0),
            };
            let (high, high_closed) = match compare_or_infinite(&x.high, &y.high, true)? {
                Ordering::Less => (x.high.clone(), x.closed.1),
                Ordering::Greater => (y.high.clone(), y.closed.1),
                Ordering::Equal => (x.high.clone(), x.closed.1 && y.closed.1),
            };
            let keep = match compare_constants(&low, &high) {
                Some(Ordering::Less) | None => true,
                Some(Ordering::Equal) => low_closed && high_closed,
                Some(Ordering::Greater) => false,
            };
            if keep {
                parts.push(part(low, high, (low_closed, high_closed)));
            }
        }
    }
    Some(Region { subject, parts, ordered: true })
}

/// Ends with letters in them cannot be ordered, but an infinite end is beyond any of them.
fn compare_or_infinite(a: &Expr, b: &Expr, positive: bool) -> Option<Ordering> {
    compare_constants(a, b).or_else(|| match (is_infinite(a), is_infinite(b)) {
        (true, false) => Some(if positive { Ordering::Greater } else { Ordering::Less }),
        (false, true) => Some(if positive { Ordering::Less } else { Ordering::Greater }),
        _ => None,
    })
}

fn complement(a: Region) -> Option<Region> {
    if !a.ordered {
        return None;
    }
    let mut parts = Vec::new();
    let (mut low, mut closed) = (infinity(false), false);
    for p in &a.parts {
        if !(is_infinite(&p.low) && is_infinite(&low)) {
            parts.push(part(low, p.low.clone(), (closed, !p.closed.0)));
        }
        low = p.high.clone();
        closed = !p.closed.1;
    }
    if !is_infinite(&low) || a.parts.is_empty() {
        parts.push(part(low, infinity(true), (closed, false)));
    }
    Some(Region { subject: a.subject, parts, ordered: true })
}

/// Whether two regions are the same set.
pub fn same(gold: &Region, answer: &Region) -> Equivalence {
    if let (Some(g), Some(a)) = (&gold.subject, &answer.subject)
        && g != a
        && !(matches!(g, Expr::Sym(_)) && matches!(a, Expr::Sym(_)))
    {
        return Equivalence::not_equal(Stage::Structure, "inequalities about different things");
    }
    if let (Some(g @ Expr::Sym(_)), Some(a @ Expr::Sym(_))) = (&gold.subject, &answer.subject)
        && g != a
    {
        return Equivalence::not_equal(Stage::Structure, "inequalities about different variables");
    }
    if gold.parts.len() != answer.parts.len() {
        return Equivalence::not_equal(Stage::Structure, "another number of intervals");
    }
    let mut unknown = false;
    for (g, a) in gold.parts.iter().zip(&answer.parts) {
        if g.closed != a.closed {
            return Equivalence::not_equal(Stage::Structure, "an end point belongs to one side only");
        }
        for (x, y) in [(&g.low, &a.low), (&g.high, &a.high)] {
            match equivalent(x, y).outcome {
                Outcome::Equal => {}
                Outcome::NotEqual if rounds(x, y) => {}
                Outcome::NotEqual => return Equivalence::not_equal(Stage::Structure, "different end points"),
                _ => unknown = true,
            }
        }
    }
    if unknown {
        return Equivalence::unknown(Stage::Structure, "an end point could not be compared");
    }
    Equivalence::equal(Stage::Structure, "the same intervals")
}

/// End points given as correctly rounded decimals of at least four digits.
fn rounds(gold: &Expr, answer: &Expr) -> bool {
    let Expr::Dec(d) = answer else { return false };
    let g = super::shape::Value { scalar: crate::equiv::Scalar::new(gold.clone()), unit: None };
    let a = super::shape::Value { scalar: crate::equiv::Scalar::new(Expr::Dec(d.clone())), unit: None };
    super::scalar::values(&g, &a, &crate::Policy::default()).is_equal()
}

/// Whether an expression can only be meant as a region.
pub fn is_region_like(e: &Expr) -> bool {
    match e {
        Expr::Interval(_) | Expr::SetBuilder(..) | Expr::SetOp(..) => true,
        Expr::Relation(_, rest) => {
            rest.iter().all(|(op, _)| op.is_order() || matches!(op, RelOp::In | RelOp::NotIn | RelOp::Ne))
        }
        Expr::Logic(_, items) | Expr::List(items) => {
            items.iter().any(is_region_like)
                && items.iter().all(|i| is_region_like(i) || matches!(i, Expr::Relation(..)))
        }
        Expr::Const(Const::Reals) => true,
        Expr::Add(terms) => terms.iter().any(is_region_like),
        _ => false,
    }
}
