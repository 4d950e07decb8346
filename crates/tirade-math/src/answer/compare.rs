//! Two typed answers: the gold's kind says how the other is read.

use super::shape::{Shape, Statement, Value};
use super::{list, locus, region, relation, scalar, spoken, truth};
use crate::equiv::{equivalent, free_names};
use crate::expr::{Const, Expr, LogicOp};
use crate::policy::Policy;
use crate::verdict::{Equivalence, Outcome, Stage};

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
        (Ratio(g), Ratio(a)) => ratios(g, a, policy),
        (Ratio(g), Value(a)) if g.len() == 2 => quotient(g, a, policy),
        (Value(g), Ratio(a)) if a.len() == 2 => quotient_reversed(g, a, policy),
        (Cases(g, ge), Cases(a, ae)) => {
            let direct = cases(g, a, policy);
            if direct.is_equal() { direct } else { piecewise(ge, ae) }
        }
        (Cases(_, g), Value(a)) => piecewise(g, &a.scalar.expr),
        (Value(g), Cases(_, a)) => piecewise(&g.scalar.expr, a),
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

fn is_universal(words: &str) -> bool {
    ["for all", "for any", "for every", "for each", "for some", "where"].iter().any(|w| words.starts_with(w))
}

/// "no solution", "there are no real roots", "none".
fn says_none(words: &str) -> bool {
    let words = ["there is ", "there are ", "there exists ", "there exist ", "the "]
        .iter()
        .find_map(|w| words.strip_prefix(w))
        .unwrap_or(words);
    let nothing = |rest: &str| {
        let thing = rest
            .split(' ')
            .find(|w| !matches!(*w, "real" | "such" | "valid" | "possible" | "integer" | "positive"));
        thing.is_some_and(|w| {
            matches!(
                w.trim_end_matches('s'),
                "solution"
                    | "root"
                    | "answer"
                    | "value"
                    | "number"
                    | "integer"
                    | "function"
                    | "pair"
                    | "triple"
                    | "x"
                    | "n"
            )
        })
    };
    matches!(words, "none" | "empty set" | "does not exist" | "dne" | "doesnt exist" | "nonexistent")
        || words.strip_prefix("no ").is_some_and(nothing)
}

/// "infinitely many solutions", "an infinite number".
fn says_endless(words: &str) -> bool {
    let words = ["there are ", "an ", "the "].iter().find_map(|w| words.strip_prefix(w)).unwrap_or(words);
    let rest = ["infinitely many", "infinite number", "infinite", "infinitely"]
        .iter()
        .find_map(|w| words.strip_prefix(w));
    matches!(rest.map(str::trim), Some("" | "solutions" | "of solutions" | "many" | "many solutions"))
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
    if strip(g) == strip(a) || (says_none(g) && says_none(a)) || (says_endless(g) && says_endless(a)) {
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
    if let (Some(x), Some(y)) = (minutes_of_day(g), minutes_of_day(a))
        && x == y
    {
        return Equivalence::equal(Stage::Convention, "the same time of day");
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
        let same = equivalent(&left, &right);
        if !same.is_equal() {
            return same;
        }
    }
    Equivalence::equal(Stage::NormalForm, "proportional")
}

/// `3:15 pm` is 15:15.
fn minutes_of_day(parts: &[Shape]) -> Option<i64> {
    let [Shape::Value(hours), Shape::Value(minutes)] = parts else { return None };
    let (h, m) = (hours.scalar.expr.as_i64()?, minutes.scalar.expr.as_i64()?);
    let h = match minutes.unit.as_deref() {
        Some("am") if (1..=12).contains(&h) => h % 12,
        Some("pm") if (1..=12).contains(&h) => h % 12 + 12,
        None if (0..24).contains(&h) => h,
        _ => return None,
    };
    (0..60).contains(&m).then_some(60 * h + m)
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

/// Functions defined by cases agree where they are sampled, and at every number at which the case may change.
fn piecewise(g: &Expr, a: &Expr) -> Equivalence {
    let mut names = Vec::new();
    free_names(g, &mut names);
    free_names(a, &mut names);
    let [name] = names.as_slice() else {
        return Equivalence::unknown(Stage::Structure, "case distinctions in several variables");
    };
    let mut numbers = Vec::new();
    for side in [g, a] {
        condition_numbers(side, &mut numbers);
    }
    for number in numbers.iter().take(MAX_BORDERS) {
        let put = |e: &Expr| {
            e.clone().map(&|e| if matches!(&e, Expr::Sym(s) if s == name) { (*number).clone() } else { e })
        };
        let there = equivalent(&put(g), &put(a));
        // Only where both are defined: a border that one side leaves out is told from the sides.
        if there.outcome == Outcome::NotEqual {
            return Equivalence::not_equal(Stage::Numeric, "different values where a case ends");
        }
    }
    equivalent(g, a)
}

/// Numbers at which case distinctions may change, as many as are tried.
const MAX_BORDERS: usize = 16;

/// The numbers that stand in conditions.
fn condition_numbers<'e>(e: &'e Expr, out: &mut Vec<&'e Expr>) {
    let Expr::Cases(cases) = e else { return };
    for (_, condition) in cases {
        let mut todo = vec![condition];
        while let Some(part) = todo.pop() {
            match part {
                number if number.as_rational().is_some() && !out.contains(&number) => out.push(number),
                Expr::Relation(..) | Expr::List(_) | Expr::Logic(..) => {
                    part.for_each_child(&mut |c| todo.push(c))
                }
                _ => {}
            }
        }
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
