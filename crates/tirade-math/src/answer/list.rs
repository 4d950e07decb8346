//! Matching the parts of lists, sets and tuples.

use super::compare::compare;
use super::shape::Shape;
use crate::policy::Policy;
use crate::verdict::{Equivalence, Outcome, Stage};

/// Lists longer than this are matched only if they are plain numbers.
const MAX_MATCH: usize = 64;

/// Same parts in the same order.
pub fn ordered(gold: &[Shape], answer: &[Shape], policy: &Policy) -> Equivalence {
    if gold.len() != answer.len() {
        return Equivalence::not_equal(Stage::Structure, "another number of parts");
    }
    let mut unknown = None;
    for (g, a) in gold.iter().zip(answer) {
        let part = compare(g, a, policy);
        match part.outcome {
            Outcome::Equal => {}
            Outcome::NotEqual => return part,
            _ => unknown = Some(part),
        }
    }
    unknown.unwrap_or_else(|| Equivalence::equal(Stage::Structure, "all parts are equal"))
}

/// Same parts in any order, each used once.
pub fn unordered(gold: &[Shape], answer: &[Shape], policy: &Policy) -> Equivalence {
    let once;
    let answer = if answer.len() > gold.len() && answer.len() <= MAX_MATCH && repeats(gold) == 0 {
        // An answer repeated word for word is still one answer.
        once = distinct(answer);
        &once
    } else {
        answer
    };
    if gold.len() != answer.len() {
        return Equivalence::not_equal(Stage::Structure, "another number of parts");
    }
    if let Some(decided) = numbers(gold, answer) {
        return decided;
    }
    if gold.len() > MAX_MATCH {
        return Equivalence::unknown(Stage::Budget, "too many parts to match");
    }
    let mut used = vec![false; answer.len()];
    let mut unknown = false;
    for (i, g) in gold.iter().enumerate() {
        // The same place first: most answers keep the order.
        let candidates = std::iter::once(i).chain((0..answer.len()).filter(|j| *j != i));
        let mut found = false;
        for j in candidates.filter(|j| !used[*j]).collect::<Vec<_>>() {
            match compare(g, &answer[j], policy).outcome {
                Outcome::Equal => {
                    used[j] = true;
                    found = true;
                    break;
                }
                Outcome::NotEqual => {}
                _ => unknown = true,
            }
        }
        if !found {
            return if unknown {
                Equivalence::unknown(Stage::Structure, "a part could not be compared")
            } else {
                Equivalence::not_equal(Stage::Structure, "a part has no counterpart")
            };
        }
    }
    Equivalence::equal(Stage::Structure, "the same parts")
}

fn distinct(items: &[Shape]) -> Vec<Shape> {
    let mut out: Vec<Shape> = Vec::with_capacity(items.len());
    for item in items {
        let tree = tree(item);
        if tree.is_none() || !out.iter().any(|o| self::tree(o) == tree) {
            out.push(item.clone());
        }
    }
    out
}

fn repeats(items: &[Shape]) -> usize {
    items.len() - distinct(items).len()
}

fn tree(s: &Shape) -> Option<&crate::Expr> {
    match s {
        Shape::Tuple(_, e) => Some(e),
        _ => None,
    }
}

/// Plain numbers: sort and compare.
fn numbers(gold: &[Shape], answer: &[Shape]) -> Option<Equivalence> {
    let plain = |items: &[Shape]| {
        let mut values = Vec::with_capacity(items.len());
        for s in items {
            let Shape::Value(v) = s else { return None };
            if v.unit.is_some() {
                return None;
            }
            match &v.scalar.expr {
                crate::Expr::Num(n) => values.push(n.clone()),
                _ => return None,
            }
        }
        values.sort();
        Some(values)
    };
    let (g, a) = (plain(gold)?, plain(answer)?);
    Some(if g == a {
        Equivalence::equal(Stage::Exact, "the same numbers")
    } else {
        Equivalence::not_equal(Stage::Exact, "different numbers")
    })
}
