//! Two typed answers: the gold's kind says how the other is read.

use super::shape::{Shape, Statement, Value};
use super::{list, region, relation, scalar, spoken};
use crate::expr::{Const, Expr};
use crate::policy::Policy;
use crate::verdict::{Equivalence, Stage};

/// Whether `answer` is the same answer as `gold`.
pub fn compare(gold: &Shape, answer: &Shape, policy: &Policy) -> Equivalence {
    use Shape::*;
    match (gold, answer) {
        (Value(g), Value(a)) => scalar::values(g, a, policy),
        (Conditional(g, _), Conditional(a, _)) => compare(g, a, policy),
        (g, Conditional(a, words)) if is_universal(words) => compare(g, a, policy),
        (Conditional(g, _), a) => compare(g, a, policy),
        (_, Conditional(..)) => {
            Equivalence::unknown(Stage::Text, "the answer holds under a condition in words")
        }
        (Relation(g), Relation(a)) => relation::statements(g, a, policy),
        (Relation(g), a) => gold_statement(g, a, policy),
        (g, Relation(a)) => answer_statement(g, a, policy),
        (Text(g), Text(a)) => words(g, a),
        (Value(g), Text(a)) => match spoken::number(a) {
            Some(n) => scalar::values(g, &plain(n), policy),
            None => Equivalence::not_equal(Stage::Structure, "words, but a value was asked for"),
        },
        (Text(g), Value(a)) if spoken::number(g).is_some() => match spoken::number(g) {
            Some(n) => scalar::values(&plain(n), a, policy),
            None => Equivalence::not_equal(Stage::Structure, "another kind of answer"),
        },
        (Matrix(g), Matrix(a)) => matrices(g, a, policy),
        (Matrix(g), Tuple(a, _) | List(a) | Bracket(a)) => list::ordered(&vector(g), a, policy),
        (Tuple(g, _), Matrix(a)) => list::ordered(g, &vector(a), policy),
        (Ratio(g), Ratio(a)) => ratios(g, a, policy),
        (Ratio(g), Value(a)) if g.len() == 2 => quotient(g, a, policy),
        (Value(g), Ratio(a)) if a.len() == 2 => quotient_reversed(g, a, policy),
        (Cases(g), Cases(a)) => cases(g, a, policy),
        (Other(g), Other(a)) => trees(g, a),
        (Text(w), Region(_)) if spoken::named_set(w).is_some() => regions(&named(w, gold), answer),
        (Region(_), Text(w)) if spoken::named_set(w).is_some() => regions(gold, &named(w, answer)),
        (List(g), Region(Expr::Interval(i))) if g.len() == 2 && i.closed == (true, true) => {
            // [a, b] against two answers: a list as Python prints it
            sequences(gold, g, &List(vec![super::shape::shape(&i.low), super::shape::shape(&i.high)]), policy)
        }
        (Region(_), _) | (_, Region(_)) => regions(gold, answer),
        (Text(w), Set(a)) | (Set(a), Text(w)) if a.is_empty() && says_none(w) => {
            Equivalence::equal(Stage::Convention, "no solution")
        }
        (List(g), _) | (Set(g), _) | (Bracket(g), _) | (Tuple(g, _), _) => sequences(gold, g, answer, policy),
        (Value(_), List(a) | Set(a) | Bracket(a)) if a.len() == 1 => compare(gold, &a[0], policy),
        _ => Equivalence::not_equal(Stage::Structure, "another kind of answer"),
    }
}

/// A number without unit.
fn plain(n: crate::Rational) -> Value {
    Value { scalar: crate::equiv::Scalar::new(Expr::Num(n)), unit: None }
}

/// The set that words name, or the words as they were.
fn named(words: &str, otherwise: &Shape) -> Shape {
    spoken::named_set(words).map_or_else(|| otherwise.clone(), Shape::Region)
}

fn is_universal(words: &str) -> bool {
    ["for all", "for any", "for every", "for each", "for some", "where"].iter().any(|w| words.starts_with(w))
}

fn says_none(words: &str) -> bool {
    matches!(
        words,
        "no solution"
            | "no solutions"
            | "none"
            | "empty set"
            | "no real solution"
            | "no real solutions"
            | "does not exist"
            | "dne"
            | "no answer exists"
            | "no such number exists"
    )
}

fn words(g: &str, a: &str) -> Equivalence {
    if g == a {
        return Equivalence::equal(Stage::Text, "the same words");
    }
    let numbers = (spoken::number(g), spoken::number(a));
    if numbers.0.is_some() && numbers.0 == numbers.1 {
        return Equivalence::equal(Stage::Text, "the same number in words");
    }
    // "an ellipse", "the graph is an ellipse"
    let tail = |s: &str| s.rsplit(" is ").next().unwrap_or(s).to_string();
    let strip = |s: &str| {
        let s = tail(s);
        let bare = ["the ", "an ", "a "].iter().find_map(|w| s.strip_prefix(w)).unwrap_or(&s).to_string();
        bare.replace(' ', "")
    };
    if strip(g) == strip(a) || (says_none(g) && says_none(a)) {
        return Equivalence::equal(Stage::Text, "the same words");
    }
    Equivalence::not_equal(Stage::Text, "other words")
}

fn trees(g: &Expr, a: &Expr) -> Equivalence {
    if g == a {
        Equivalence::equal(Stage::Identical, "the same expression")
    } else {
        Equivalence::not_equal(Stage::Structure, "another kind of expression")
    }
}

fn regions(gold: &Shape, answer: &Shape) -> Equivalence {
    let (g, a) = (as_region(gold), as_region(answer));
    match (g, a) {
        (Some(g), Some(a)) => region::same(&g, &a),
        _ => match (gold, answer) {
            (Shape::Region(g), Shape::Region(a)) if g == a => {
                Equivalence::equal(Stage::Identical, "the same set")
            }
            (Shape::Region(_), Shape::Region(_)) => {
                Equivalence::unknown(Stage::Structure, "sets that could not be compared")
            }
            _ => Equivalence::not_equal(Stage::Structure, "another kind of set"),
        },
    }
}

/// The region of an answer that may be one; a tuple of two is an open interval here.
fn as_region(s: &Shape) -> Option<region::Region> {
    match s {
        Shape::Region(e) => region::region(e),
        Shape::Tuple(_, e @ Expr::Tuple(items)) if items.len() == 2 => region::region(e),
        Shape::Relation(st) => region::region(&st.expr),
        Shape::Set(items) if items.is_empty() => region::region(&Expr::Const(Const::EmptySet)),
        Shape::Set(items) => {
            let points: Option<Vec<Expr>> = items
                .iter()
                .map(|i| if let Shape::Value(v) = i { Some(v.scalar.expr.clone()) } else { None })
                .collect();
            region::region(&Expr::Set(points?))
        }
        Shape::List(items) => {
            let parts: Option<Vec<Expr>> = items
                .iter()
                .map(|i| match i {
                    Shape::Relation(st) => Some(st.expr.clone()),
                    _ => None,
                })
                .collect();
            region::region(&Expr::List(parts?))
        }
        _ => None,
    }
}

fn sequences(gold: &Shape, g: &[Shape], answer: &Shape, policy: &Policy) -> Equivalence {
    use Shape::*;
    match (gold, answer) {
        (List(_) | Set(_), List(a) | Set(a)) => unlabelled(g, a, policy),
        (List(_), Bracket(a)) => unlabelled(g, a, policy),
        (List(_), Tuple(a, _)) => {
            let as_one = list::ordered(g, a, policy);
            if as_one.is_equal() || !policy.tuple_is_set { as_one } else { list::unordered(g, a, policy) }
        }
        (Tuple(_, _) | Bracket(_), List(a)) => list::ordered(g, a, policy),
        (Tuple(..), Tuple(a, _)) | (Bracket(_), Bracket(a)) => list::ordered(g, a, policy),
        (Set(_), Tuple(a, _)) | (Tuple(..), Set(a)) if policy.tuple_is_set => list::unordered(g, a, policy),
        (Bracket(_), Tuple(a, _)) | (Tuple(..), Bracket(a)) if g.len() != 2 => list::ordered(g, a, policy),
        (List(_) | Set(_) | Bracket(_), other) if g.len() == 1 => compare(&g[0], other, policy),
        (Set(_), Text(w)) if g.is_empty() && says_none(w) => {
            Equivalence::equal(Stage::Convention, "no solution")
        }
        (List(_), Text(w)) => {
            let parts: Vec<Shape> = w.split(" and ").map(|p| Text(p.trim().into())).collect();
            list::unordered(g, &parts, policy)
        }
        (List(_), Matrix(a)) => list::ordered(g, &vector(a), policy),
        _ => Equivalence::not_equal(Stage::Structure, "another kind of answer"),
    }
}

/// Lists whose parts may be labelled on one side: "w = 16, d = 3" against "16, 3".
fn unlabelled(g: &[Shape], a: &[Shape], policy: &Policy) -> Equivalence {
    let labels = |items: &[Shape]| -> Option<Vec<Expr>> {
        items
            .iter()
            .map(|s| {
                if let Shape::Relation(st) = s { st.labelled.as_ref().map(|(n, _)| n.clone()) } else { None }
            })
            .collect()
    };
    let distinct = |names: &[Expr]| (1..names.len()).all(|i| !names[..i].contains(&names[i]));
    if let (None, Some(names)) = (labels(g), labels(a))
        && g.len() == a.len()
        && distinct(&names)
        && g.iter().all(|s| matches!(s, Shape::Value(_)))
    {
        // Named parts against plain ones: the order of the names carries the meaning, so try it first.
        let in_order = list::ordered(g, a, policy);
        if in_order.is_equal() {
            return in_order;
        }
    }
    if policy.lists_unordered { list::unordered(g, a, policy) } else { list::ordered(g, a, policy) }
}

fn matrices(g: &[Vec<Shape>], a: &[Vec<Shape>], policy: &Policy) -> Equivalence {
    let vector_like = |m: &[Vec<Shape>]| m.len() == 1 || m.iter().all(|r| r.len() == 1);
    if g.len() != a.len() || g[0].len() != a[0].len() {
        if vector_like(g) && vector_like(a) {
            return list::ordered(&vector(g), &vector(a), policy);
        }
        return Equivalence::not_equal(Stage::Structure, "matrices of different size");
    }
    let flat = |m: &[Vec<Shape>]| m.iter().flatten().cloned().collect::<Vec<_>>();
    list::ordered(&flat(g), &flat(a), policy)
}

/// The entries of a row or column; of any other matrix its rows as they come, which no tuple equals.
fn vector(m: &[Vec<Shape>]) -> Vec<Shape> {
    if m.len() == 1 || m.iter().all(|r| r.len() == 1) {
        m.iter().flatten().cloned().collect()
    } else {
        Vec::new()
    }
}

fn value_expr(s: &Shape) -> Option<&Expr> {
    if let Shape::Value(v) = s { Some(&v.scalar.expr) } else { None }
}

/// a : b = c : d when a·d = b·c, part by part for longer ones.
fn ratios(g: &[Shape], a: &[Shape], policy: &Policy) -> Equivalence {
    if g.len() != a.len() {
        return Equivalence::not_equal(Stage::Structure, "ratios of different length");
    }
    if list::ordered(g, a, policy).is_equal() {
        return Equivalence::equal(Stage::Structure, "the same ratio");
    }
    if is_clock(g) {
        return Equivalence::not_equal(Stage::Structure, "another time");
    }
    let zero = |items: &[Shape]| items.iter().any(|s| value_expr(s).is_some_and(Expr::is_zero));
    if zero(g) || zero(a) {
        return Equivalence::not_equal(Stage::Structure, "times or ratios with a zero that differ");
    }
    for i in 1..g.len() {
        let (Some(g0), Some(gi), Some(a0), Some(ai)) =
            (value_expr(&g[0]), value_expr(&g[i]), value_expr(&a[0]), value_expr(&a[i]))
        else {
            return Equivalence::unknown(Stage::Structure, "a ratio of something else than numbers");
        };
        let left = Expr::product([g0.clone(), ai.clone()]);
        let right = Expr::product([gi.clone(), a0.clone()]);
        let same = crate::equiv::equivalent(&left, &right);
        if !same.is_equal() {
            return same;
        }
    }
    Equivalence::equal(Stage::NormalForm, "proportional")
}

/// `12:30` is a time and no ratio: an author writes a ratio in lowest terms, and minutes stay below 60.
fn is_clock(g: &[Shape]) -> bool {
    let [a, b] = g else { return false };
    let whole = |s: &Shape| value_expr(s).and_then(Expr::as_i64);
    if matches!(b, Shape::Value(v) if matches!(v.unit.as_deref(), Some("am" | "pm"))) {
        return true;
    }
    let (Some(hours), Some(minutes)) = (whole(a), whole(b)) else { return false };
    let common = |mut a: i64, mut b: i64| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (0..=24).contains(&hours) && (10..60).contains(&minutes) && common(hours, minutes) > 1
}

fn as_quotient(parts: &[Shape]) -> Option<Shape> {
    let (a, b) = (value_expr(&parts[0])?, value_expr(&parts[1])?);
    Some(super::shape::shape(&a.clone().div(b.clone())))
}

fn quotient(g: &[Shape], a: &Value, policy: &Policy) -> Equivalence {
    match as_quotient(g) {
        Some(Shape::Value(q)) => scalar::values(&q, a, policy),
        _ => Equivalence::not_equal(Stage::Structure, "a ratio and a number"),
    }
}

fn quotient_reversed(g: &Value, a: &[Shape], policy: &Policy) -> Equivalence {
    match as_quotient(a) {
        Some(Shape::Value(q)) => scalar::values(g, &q, policy),
        _ => Equivalence::not_equal(Stage::Structure, "a number and a ratio"),
    }
}

fn cases(g: &[(Shape, Shape)], a: &[(Shape, Shape)], policy: &Policy) -> Equivalence {
    let pairs = |v: &[(Shape, Shape)]| -> Vec<Shape> {
        v.iter().map(|(x, c)| Shape::Tuple(vec![x.clone(), c.clone()], Expr::int(0))).collect()
    };
    list::unordered(&pairs(g), &pairs(a), policy)
}

/// A gold relation against something that is none.
fn gold_statement(g: &Statement, answer: &Shape, policy: &Policy) -> Equivalence {
    if let Some(answer_region) = is_set(answer).then(|| as_region(answer)).flatten()
        && let Some(gold_region) = region::region(&g.expr)
        && region::is_region_like(&g.expr)
    {
        return region::same(&gold_region, &answer_region);
    }
    if let Some((_, value)) = &g.labelled
        && policy.labels_free
    {
        let direct = compare(value, answer, policy);
        if direct.is_equal() {
            return direct;
        }
        if let Shape::Value(v) = answer {
            let solved = relation::solved_form(g, &v.scalar);
            return if solved.is_equal() { solved } else { direct };
        }
        return direct;
    }
    match answer {
        Shape::Value(v) => relation::solved_form(g, &v.scalar),
        _ => Equivalence::not_equal(Stage::Structure, "a statement was asked for"),
    }
}

fn is_set(s: &Shape) -> bool {
    matches!(s, Shape::Region(_) | Shape::Set(_) | Shape::Tuple(..))
}

/// A relation given where the gold is none: its value, or its solution set.
fn answer_statement(gold: &Shape, a: &Statement, policy: &Policy) -> Equivalence {
    if a.is_broken(policy) {
        return Equivalence::not_equal(Stage::Exact, "the answer contradicts itself");
    }
    if let Some((_, value)) = &a.labelled
        && policy.labels_free
    {
        return compare(gold, value, policy);
    }
    if is_set(gold) && region::is_region_like(&a.expr) {
        let (Some(g), Some(r)) = (as_region(gold), region::region(&a.expr)) else {
            return Equivalence::unknown(Stage::Structure, "an inequality that could not be solved");
        };
        return region::same(&g, &r);
    }
    Equivalence::not_equal(Stage::Structure, "a statement, but a value was asked for")
}
