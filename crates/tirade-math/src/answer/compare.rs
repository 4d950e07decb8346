//! Two typed answers: the gold's kind says how the other is read.

use super::shape::{Shape, Statement, Value};
use super::{list, locus, piecewise, ratio, region, relation, scalar, spoken, truth};
use crate::equiv::equivalent;
use crate::expr::{Const, Expr, LogicOp};
use crate::policy::Policy;
use crate::verdict::{Equivalence, Stage};

/// Whether `answer` is the same answer as `gold`.
pub fn compare(gold: &Shape, answer: &Shape, policy: &Policy) -> Equivalence {
    use Shape::*;
    match (gold, answer) {
        (Value(g), Value(a)) => scalar::values(g, a, policy),
        (Conditional(g, _), Conditional(a, _)) => compare(g, a, policy),
        (g, Conditional(a, words)) if spoken::is_universal(words) => compare(g, a, policy),
        (Conditional(g, _), a) => compare(g, a, policy),
        (_, Conditional(..)) => {
            Equivalence::unknown(Stage::Text, "the answer holds under a condition in words")
        }
        (Text(w), Relation(_) | Set(_)) if spoken::named_set(w).is_some() => regions(&named(w, gold), answer),
        (Relation(_) | Set(_), Text(w)) if spoken::named_set(w).is_some() => regions(gold, &named(w, answer)),
        (Relation(g), Relation(a)) => relation::statements(g, a, policy),
        (Relation(g), List(a)) | (List(a), Relation(g)) if alternatives(g, a) => {
            Equivalence::equal(Stage::NormalForm, "the same factors are zero")
        }
        (Relation(s), Other(e)) | (Other(e), Relation(s)) => truth::same(&s.expr, e)
            .unwrap_or_else(|| Equivalence::not_equal(Stage::Structure, "another kind of answer")),
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
        (Tuple(g, _), Value(a)) if point(a).is_some() => {
            list::ordered(g, &point(a).unwrap_or_default(), policy)
        }
        (Value(g), Tuple(a, _)) if point(g).is_some() => {
            list::ordered(&point(g).unwrap_or_default(), a, policy)
        }
        (Value(g), Tuple(a, _)) => {
            unit_vector(g, a.len()).map_or_else(another_kind, |g| list::ordered(&g, a, policy))
        }
        (Tuple(g, _), Value(a)) => {
            unit_vector(a, g.len()).map_or_else(another_kind, |a| list::ordered(g, &a, policy))
        }
        (Value(g), Matrix(a)) => {
            let a = vector(a);
            unit_vector(g, a.len()).map_or_else(another_kind, |g| list::ordered(&g, &a, policy))
        }
        (Matrix(g), Value(a)) => {
            let g = vector(g);
            unit_vector(a, g.len()).map_or_else(another_kind, |a| list::ordered(&g, &a, policy))
        }
        (Matrix(g), Tuple(a, _) | List(a) | Bracket(a)) => list::ordered(&vector(g), a, policy),
        (Tuple(g, _), Matrix(a)) => list::ordered(g, &vector(a), policy),
        (Ratio(g), Ratio(a)) => ratio::same(g, a, policy),
        (Ratio(g), Value(a)) if g.len() == 2 => {
            ratio::quotient(g).map_or_else(another_kind, |g| scalar::values(&g, a, policy))
        }
        (Value(g), Ratio(a)) if a.len() == 2 => {
            ratio::quotient(a).map_or_else(another_kind, |a| scalar::values(g, &a, policy))
        }
        (Cases(g, ge), Cases(a, ae)) => {
            let direct = piecewise::same(g, a, policy);
            if direct.is_equal() { direct } else { piecewise::agree(ge, ae) }
        }
        (Cases(_, g), Value(a)) => piecewise::agree(g, &a.scalar.expr),
        (Value(g), Cases(_, a)) => piecewise::agree(&g.scalar.expr, a),
        (Other(g), Other(a)) => trees(g, a),
        (Text(w), Region(_)) if spoken::named_set(w).is_some() => regions(&named(w, gold), answer),
        (Region(_), Text(w)) if spoken::named_set(w).is_some() => regions(gold, &named(w, answer)),
        (List(g), Region(Expr::Interval(i))) if g.len() == 2 && i.closed == (true, true) => {
            // [a, b] against two answers: a list as Python prints it
            sequences(gold, g, &List(vec![super::shape::shape(&i.low), super::shape::shape(&i.high)]), policy)
        }
        (Region(_), _) | (_, Region(_)) => regions(gold, answer),
        (Text(w), Set(a)) | (Set(a), Text(w)) if a.is_empty() && spoken::says_none(w) => {
            Equivalence::equal(Stage::Convention, "no solution")
        }
        (List(g), _) | (Set(g), _) | (Bracket(g), _) | (Tuple(g, _), _) => sequences(gold, g, answer, policy),
        (Value(_), List(a) | Set(a) | Bracket(a)) if a.len() == 1 => compare(gold, &a[0], policy),
        _ => Equivalence::not_equal(Stage::Structure, "another kind of answer"),
    }
}

/// `x = y or x = -y` against `x² = y²`.
fn alternatives(statement: &Statement, items: &[Shape]) -> bool {
    let equations: Option<Vec<Expr>> = items
        .iter()
        .map(|s| if let Shape::Relation(st) = s { Some(st.expr.clone()) } else { None })
        .collect();
    equations.is_some_and(|e| {
        let subject = |e: &Expr| if let Expr::Relation(left, _) = e { Some((**left).clone()) } else { None };
        e.len() > 1
            && e.windows(2).all(|w| subject(&w[0]) == subject(&w[1]))
            && locus::same(&statement.expr, &Expr::Logic(LogicOp::Or, e))
    })
}

fn another_kind() -> Equivalence {
    Equivalence::not_equal(Stage::Structure, "another kind of answer")
}

/// The coordinates of a point with its name: `P(3, 5)`.
fn point(v: &Value) -> Option<Vec<Shape>> {
    match &v.scalar.expr {
        Expr::Apply(name, args)
            if args.len() > 1 && name.len() == 1 && name.starts_with(|c: char| c.is_ascii_uppercase()) =>
        {
            Some(args.iter().map(super::shape::shape).collect())
        }
        _ => None,
    }
}

/// `2i - 3j + k` as the components (2, -3, 1).
fn unit_vector(v: &Value, length: usize) -> Option<Vec<Shape>> {
    let names = [Expr::Const(Const::I), Expr::sym("j"), Expr::sym("k")];
    let names = names.get(..length).filter(|n| n.len() >= 2)?;
    let e = &v.scalar.expr;
    if !names[1..].iter().any(|name| crate::equiv::any(e, &|e| e == name)) {
        return None;
    }
    let at = |chosen: Option<usize>| {
        e.clone().map(&|e| match names.iter().position(|n| *n == e) {
            Some(i) => Expr::int(i64::from(Some(i) == chosen)),
            None => e,
        })
    };
    let components: Vec<Expr> = (0..length).map(|i| at(Some(i))).collect();
    let rebuilt = Expr::sum(components.iter().zip(names).map(|(c, n)| Expr::product([c.clone(), n.clone()])));
    equivalent(e, &rebuilt).is_equal().then(|| components.iter().map(super::shape::shape).collect())
}

/// A number without unit.
fn plain(n: crate::Rational) -> Value {
    Value { scalar: crate::equiv::Scalar::new(Expr::Num(n)), unit: None }
}

/// The set that words name, or the words as they were.
fn named(words: &str, otherwise: &Shape) -> Shape {
    spoken::named_set(words).map_or_else(|| otherwise.clone(), Shape::Region)
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
    if strip(g) == strip(a)
        || (spoken::says_none(g) && spoken::says_none(a))
        || (spoken::says_endless(g) && spoken::says_endless(a))
    {
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
        (Set(_), Text(w)) if g.is_empty() && spoken::says_none(w) => {
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

/// A gold relation against something that is none.
fn gold_statement(g: &Statement, answer: &Shape, policy: &Policy) -> Equivalence {
    if region::is_region_like(&g.expr) && is_set(answer) && !policy.inequalities_are_sets {
        return Equivalence::not_equal(Stage::Convention, "an inequality was asked for, not a set");
    }
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
        if !policy.inequalities_are_sets {
            return Equivalence::not_equal(Stage::Convention, "a set was asked for, not an inequality");
        }
        if !region::is_solved(&a.expr) {
            return Equivalence::not_equal(Stage::Structure, "an inequality that was not solved");
        }
        let (Some(g), Some(r)) = (as_region(gold), region::region(&a.expr)) else {
            return Equivalence::unknown(Stage::Structure, "an inequality that could not be solved");
        };
        return region::same(&g, &r);
    }
    Equivalence::not_equal(Stage::Structure, "a statement, but a value was asked for")
}
