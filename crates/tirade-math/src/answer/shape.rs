//! The kind of answer an expression is, prepared once so that it can be compared many times.

use super::matrix;
use crate::equiv::{Scalar, any};
use crate::expr::{BigOp, Const, Expr, Func, LogicOp, RelOp, SetOp};
use smol_str::SmolStr;
use std::collections::HashSet;

/// A typed answer.
#[derive(Clone, Debug)]
pub enum Shape {
    /// One value, with its unit if it has one.
    Value(Value),
    /// Several answers, in no order unless a policy says so.
    List(Vec<Shape>),
    /// A set.
    Set(Vec<Shape>),
    /// An ordered tuple; with two parts perhaps an open interval.
    Tuple(Vec<Shape>, Expr),
    /// `[a, b, c]`.
    Bracket(Vec<Shape>),
    /// Rows.
    Matrix(Vec<Vec<Shape>>),
    /// An interval, union, set builder: compared as a region of the line.
    Region(Expr),
    /// A relation or a combination of relations.
    Relation(Box<Statement>),
    /// `a : b`.
    Ratio(Vec<Shape>),
    /// Words.
    Text(SmolStr),
    /// A value that holds under a condition, in words.
    Conditional(Box<Shape>, SmolStr),
    /// Case distinctions, and the expression they came from.
    Cases(Vec<(Shape, Shape)>, Expr),
    /// Anything else, compared as a tree.
    Other(Expr),
}

/// A scalar with unit.
#[derive(Clone, Debug)]
pub struct Value {
    /// The value without its unit.
    pub scalar: Scalar,
    /// What stood behind it.
    pub unit: Option<SmolStr>,
}

/// A relation as an answer.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The whole statement.
    pub expr: Expr,
    /// If it only names a value (`x = 5`, `f(x) = 2x`): the name and the value.
    pub labelled: Option<(Expr, Shape)>,
    /// Whether its parts contradict each other.
    pub chain: Chain,
}

/// Whether the constants of a chain of equations agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Chain {
    /// They do, as far as is known.
    Holds,
    /// `z = 3 + 3 = 2`: a slip in the work; what stands at the end is the answer.
    Slips,
    /// `x = 41 = 42`: two answers.
    Contradicts,
}

/// What kind of answer `e` is.
pub fn shape(e: &Expr) -> Shape {
    if let Some(rows) = matrix::fold(e) {
        return Shape::Matrix(rows.iter().map(|r| r.iter().map(shape).collect()).collect());
    }
    if is_scalar_kind(e) && has_signs(e) {
        return Shape::List(expand_signs(e).iter().map(shape).collect());
    }
    match e {
        e if super::truth::is_formula(e) && !is_flat(e) => statement(e),
        Expr::Logic(LogicOp::Or, items) if are_alternatives(items) => statement(e),
        Expr::Logic(LogicOp::Or | LogicOp::And, items) if !items.iter().any(is_inequality) => list(items),
        Expr::Set(items) | Expr::List(items) if items.iter().all(is_dict_entry) && items.len() > 1 => {
            let named = items.iter().filter_map(|i| match i {
                Expr::Ratio(parts) => Some(Expr::relation(parts[0].clone(), RelOp::Eq, parts[1].clone())),
                _ => None,
            });
            list(&named.collect::<Vec<_>>())
        }
        Expr::List(items) => list(items),
        Expr::Set(items) => Shape::Set(dedup(flat_shapes(items))),
        Expr::Tuple(items) => tuple(items, e),
        Expr::Bracket(items) => Shape::Bracket(items.iter().map(shape).collect()),
        Expr::SetBuilder(element, condition) => match family(element, condition) {
            Some(value) => shape(value),
            None => Shape::Region(e.clone()),
        },
        Expr::Interval(_) => Shape::Region(e.clone()),
        Expr::SetOp(SetOp::Union, parts) if parts.iter().all(|p| matches!(p, Expr::Set(_))) => {
            let items: Vec<Expr> = parts
                .iter()
                .flat_map(|p| if let Expr::Set(v) = p { v.clone() } else { Vec::new() })
                .collect();
            Shape::Set(dedup(flat_shapes(&items)))
        }
        Expr::SetOp(..) => Shape::Region(e.clone()),
        Expr::Const(Const::EmptySet) => Shape::Set(Vec::new()),
        Expr::Const(
            Const::Reals | Const::Integers | Const::Naturals | Const::Rationals | Const::Complexes,
        ) => Shape::Region(e.clone()),
        Expr::Const(Const::True | Const::False | Const::Ellipsis) => Shape::Other(e.clone()),
        Expr::Relation(..) | Expr::Logic(..) => statement(e),
        Expr::Ratio(parts) => Shape::Ratio(parts.iter().map(shape).collect()),
        Expr::Text(words) => Shape::Text(words.clone()),
        Expr::Cases(cases) if cases.len() == 1 => match &cases[0].1 {
            Expr::Text(words) => Shape::Conditional(Box::new(shape(&cases[0].0)), words.clone()),
            _ => shape(&cases[0].0),
        },
        Expr::Cases(cases) => {
            Shape::Cases(cases.iter().map(|(a, b)| (shape(a), shape(b))).collect(), e.clone())
        }
        Expr::Quantity(x, unit) => {
            Shape::Value(Value { scalar: Scalar::new((**x).clone()), unit: Some(unit.clone()) })
        }
        Expr::Matrix(_) => Shape::Other(e.clone()),
        Expr::Add(terms) if terms.iter().any(is_set_of_numbers) => Shape::Region(e.clone()),
        _ => Shape::Value(value(e)),
    }
}

/// A sum of quantities of one unit is a quantity; `5\%` inside a product stays inside.
fn value(e: &Expr) -> Value {
    if let Expr::Mul(factors) = e
        && let [Expr::Num(n), Expr::Quantity(x, unit)] = factors.as_slice()
        && *n == crate::Rational::NEG_ONE
    {
        return Value { scalar: Scalar::new((**x).clone().neg()), unit: Some(unit.clone()) };
    }
    if let Expr::Add(terms) = e
        && let Some((total, unit)) = mixed_units(terms)
    {
        return Value { scalar: Scalar::new(total), unit: Some(unit.into()) };
    }
    Value { scalar: Scalar::new(e.clone()), unit: None }
}

/// Units that are mixed in one quantity, largest first, each with how many of the next it holds.
const MIXED: [&[(&str, i64)]; 7] = [
    &[("week", 7), ("day", 24), ("h", 60), ("min", 60), ("s", 1)],
    &[("year", 12), ("month", 1)],
    &[("yd", 3), ("ft", 12), ("in", 1)],
    &[("lb", 16), ("oz", 1)],
    &[("km", 1000), ("m", 100), ("cm", 10), ("mm", 1)],
    &[("kg", 1000), ("g", 1)],
    &[("dollar", 100), ("cent", 1)],
];

/// `2 h 30 min` in its smallest unit, 150 min.
fn mixed_units(terms: &[Expr]) -> Option<(Expr, &'static str)> {
    let Expr::Quantity(_, first) = terms.first()? else { return None };
    let family = MIXED.iter().find(|f| f.iter().any(|(name, _)| name == first))?;
    let place = |unit: &str| family.iter().position(|(name, _)| *name == unit);
    let mut parts = Vec::with_capacity(terms.len());
    for term in terms {
        let Expr::Quantity(x, unit) = term else { return None };
        parts.push((&**x, place(unit)?));
    }
    if parts.windows(2).any(|w| w[0].1 >= w[1].1) {
        return None;
    }
    let smallest = parts.iter().map(|p| p.1).max()?;
    let scaled = parts.iter().map(|(x, at)| {
        let factor: i64 = family[*at..smallest].iter().map(|(_, n)| n).product();
        match x.as_rational() {
            Some(r) => Expr::Num(r.clone() * crate::Rational::from(factor)),
            None => Expr::product([Expr::int(factor), (*x).clone()]),
        }
    });
    let total = scaled.reduce(|a, b| match (&a, &b) {
        (Expr::Num(x), Expr::Num(y)) => Expr::Num(x + y),
        _ => Expr::sum([a, b]),
    })?;
    Some((total, family[smallest].0))
}

fn list(items: &[Expr]) -> Shape {
    if items.len() > 1
        && let Some((total, unit)) = mixed_units(items)
    {
        // 2 dollars and 50 cents
        return Shape::Value(Value { scalar: Scalar::new(total), unit: Some(unit.into()) });
    }
    let mut shapes = flat_shapes(items);
    // k ∈ ℤ behind a family says only what k is.
    if shapes.len() > 1 {
        let kept: Vec<Shape> = shapes.iter().filter(|s| !is_domain(s)).cloned().collect();
        if !kept.is_empty() {
            shapes = kept;
        }
    }
    if shapes.len() == 1 { shapes.swap_remove(0) } else { Shape::List(shapes) }
}

fn is_domain(s: &Shape) -> bool {
    let Shape::Relation(st) = s else { return false };
    is_domain_statement(&st.expr)
}

/// `k ∈ ℤ`, `n ∈ ℤ^+`.
fn is_domain_statement(e: &Expr) -> bool {
    matches!(e, Expr::Relation(_, rest) if rest.len() == 1 && rest[0].0 == RelOp::In
        && (matches!(rest[0].1, Expr::Const(_))
            || matches!(&rest[0].1, Expr::SetOp(_, parts) if matches!(parts[0], Expr::Const(_)))))
}

/// `x: 3` in a dictionary, as SymPy's solve prints `{x: 3, y: 4}`.
fn is_dict_entry(e: &Expr) -> bool {
    matches!(e, Expr::Ratio(parts) if parts.len() == 2 && matches!(parts[0], Expr::Sym(_)))
}

fn is_set_of_numbers(e: &Expr) -> bool {
    matches!(e, Expr::SetBuilder(..) | Expr::Interval(_) | Expr::Const(Const::Reals | Const::Integers))
}

/// `{x | x = kπ, k ∈ ℤ}` and `{kπ | k ∈ ℤ}` are the family `kπ`.
fn family<'e>(element: &'e Expr, condition: &'e Expr) -> Option<&'e Expr> {
    let whole = |e: &Expr| {
        matches!(e, Expr::Relation(_, rest) if rest.len() == 1 && rest[0].0 == RelOp::In
            && rest[0].1 == Expr::Const(Const::Integers))
    };
    if whole(condition) && !matches!(element, Expr::Sym(_) | Expr::Relation(..)) {
        return Some(element);
    }
    let (Expr::List(parts) | Expr::Logic(LogicOp::And, parts)) = condition else { return None };
    let [Expr::Relation(name, rest), domain] = parts.as_slice() else { return None };
    let [(RelOp::Eq, value)] = rest.as_slice() else { return None };
    (whole(domain) && **name == *element).then_some(value)
}

/// Shapes of items, with `±` written out.
fn flat_shapes(items: &[Expr]) -> Vec<Shape> {
    let mut out = Vec::new();
    for item in items {
        match shape(item) {
            Shape::List(inner) if has_signs(item) => out.extend(inner),
            other => out.push(other),
        }
    }
    out
}

/// Without repetitions of the same value, as written.
fn dedup(mut items: Vec<Shape>) -> Vec<Shape> {
    let mut seen = HashSet::new();
    items.retain(|item| match item {
        Shape::Value(v) => seen.insert((v.scalar.expr.clone(), v.unit.clone())),
        _ => true,
    });
    items
}

fn tuple(items: &[Expr], e: &Expr) -> Shape {
    if items.iter().any(has_signs) {
        // Signs in different parts are independent: (±a, ±b) is four points.
        let mut rows: Vec<Vec<Expr>> = vec![Vec::new()];
        for item in items {
            let choices = expand_signs(item);
            rows = rows
                .iter()
                .flat_map(|r| choices.iter().map(move |c| [r.as_slice(), std::slice::from_ref(c)].concat()))
                .collect();
            if rows.len() > 64 {
                return Shape::Other(e.clone());
            }
        }
        return Shape::List(
            rows.into_iter().map(|r| Shape::Tuple(r.iter().map(shape).collect(), Expr::Tuple(r))).collect(),
        );
    }
    Shape::Tuple(items.iter().map(shape).collect(), e.clone())
}

fn has_signs(e: &Expr) -> bool {
    any(e, &|e| matches!(e, Expr::PlusMinus(..)))
}

fn is_scalar_kind(e: &Expr) -> bool {
    use Expr::{Add, Apply, Call, Mul, PlusMinus, Pow, Quantity};
    matches!(e, Add(_) | Mul(_) | Pow(..) | Call(..) | Apply(..) | PlusMinus(..) | Quantity(..))
}

/// Both readings of the `±` in a scalar (all upper signs, all lower signs), or the expression itself.
pub fn expand_signs(e: &Expr) -> Vec<Expr> {
    if !is_scalar_kind(e) || !has_signs(e) {
        return vec![e.clone()];
    }
    let choose = |upper: bool| {
        e.clone().map(&move |e| match e {
            Expr::PlusMinus(plus, x) => {
                if plus == upper {
                    *x
                } else {
                    x.neg()
                }
            }
            other => other,
        })
    };
    vec![choose(true), choose(false)]
}

/// "A and B": two letters, not a formula.
fn is_flat(e: &Expr) -> bool {
    matches!(e, Expr::Logic(LogicOp::And | LogicOp::Or, items) if !items.iter().any(|i| matches!(i, Expr::Logic(..))))
}

/// `a = 0` or `b = 0`: equations about different things, so that they are no list of values.
fn are_alternatives(items: &[Expr]) -> bool {
    let subject = |e: &Expr| match e {
        Expr::Relation(left, rest) if matches!(rest.as_slice(), [(RelOp::Eq, _)]) => Some((**left).clone()),
        _ => None,
    };
    let subjects: Option<Vec<Expr>> = items.iter().map(subject).collect();
    subjects.is_some_and(|s| s.windows(2).any(|w| w[0] != w[1]))
}

fn is_inequality(e: &Expr) -> bool {
    match e {
        Expr::Relation(_, rest) => {
            rest.iter().any(|(op, _)| op.is_order() || *op == RelOp::Ne || *op == RelOp::In)
        }
        Expr::Logic(_, items) => items.iter().any(is_inequality),
        _ => false,
    }
}

fn statement(e: &Expr) -> Shape {
    let (labelled, chain) = labelled(e);
    Shape::Relation(Box::new(Statement { expr: e.clone(), labelled, chain }))
}

/// Splits `name = value`, `value = name`, `name = value = value`, `exact ≈ rounded`.
fn labelled(e: &Expr) -> (Option<(Expr, Shape)>, Chain) {
    let Expr::Relation(first, rest) = e else { return (None, Chain::Holds) };
    if let [(RelOp::In, set @ Expr::Set(_))] = rest.as_slice() {
        return (Some(((**first).clone(), shape(set))), Chain::Holds);
    }
    if !rest.iter().all(|(op, _)| matches!(op, RelOp::Eq | RelOp::Approx | RelOp::Equiv)) {
        return (None, Chain::Holds);
    }
    let sides: Vec<&Expr> = std::iter::once(&**first).chain(rest.iter().map(|(_, e)| e)).collect();
    let approx_from = rest.iter().position(|(op, _)| *op == RelOp::Approx).map_or(sides.len(), |i| i + 1);
    let constants: Vec<&Expr> = sides.iter().copied().filter(|s| is_constant(s)).collect();
    let exact: Vec<&Expr> = sides[..approx_from].iter().copied().filter(|s| is_constant(s)).collect();
    let mut chain = Chain::Holds;
    for pair in exact.windows(2) {
        let link = link(pair[0], pair[1]);
        chain = if link > chain { link } else { chain };
    }
    for rounded in &sides[approx_from..] {
        if exact.last().is_some_and(|exact| !super::scalar::is_rounding(exact, rounded)) {
            chain = Chain::Contradicts;
        }
    }
    let names: Vec<&Expr> = sides.iter().copied().filter(|s| is_label(s)).collect();
    let values: Vec<&Expr> = sides.iter().copied().filter(|s| !is_label(s)).collect();
    if constants.len() == sides.len() {
        // 42 ≈ 42.0 is a value; 41 = 42 contradicts itself
        let value =
            if approx_from < sides.len() { exact.last().or(constants.first()) } else { constants.last() };
        return (value.map(|v| (Expr::Text("".into()), shape(v))), chain);
    }
    match (names.as_slice(), values.as_slice()) {
        (_, []) if sides.len() == 2 => (Some((sides[0].clone(), shape(sides[1]))), chain),
        ([name, ..], [.., last]) if values.len() == 1 || values.iter().all(|v| is_constant(v)) => {
            let value = if approx_from < sides.len() { exact.last().unwrap_or(last) } else { last };
            let shared = !is_constant(value) && shares_names(name, value);
            (if shared { None } else { Some(((*name).clone(), shape(value))) }, chain)
        }
        _ => (None, chain),
    }
}

/// Two constants said to be equal.
fn link(a: &Expr, b: &Expr) -> Chain {
    let unit = |e: &Expr| if let Expr::Quantity(_, unit) = e { Some(unit.clone()) } else { None };
    if unit(a) != unit(b) && [unit(a), unit(b)].iter().flatten().all(|u| !matches!(u.as_str(), "%" | "°")) {
        // 2 hours = 120: a conversion, not a contradiction
        return Chain::Holds;
    }
    let literal = |e: &Expr| match e {
        Expr::Quantity(x, _) => x.as_rational().is_some(),
        other => other.as_rational().is_some(),
    };
    if crate::equiv::equivalent(a, b).is_equal() {
        Chain::Holds
    } else if literal(a) && literal(b) {
        Chain::Contradicts
    } else {
        Chain::Slips
    }
}

fn is_constant(e: &Expr) -> bool {
    !matches!(e, Expr::Text(_)) && !any(e, &|e| matches!(e, Expr::Sym(_) | Expr::Apply(..) | Expr::Text(_)))
}

fn shares_names(name: &Expr, value: &Expr) -> bool {
    let Expr::Sym(_) = name else { return false };
    any(value, &|e| e == name)
}

/// Names a value: a variable, `f(x)`, `|AB|`, `(x, y)`, `S_1 : S_2`, `NO/BO`, words. Holds no number and no sum.
fn is_label(e: &Expr) -> bool {
    match e {
        Expr::Sym(_) | Expr::Apply(..) | Expr::Text(_) => true,
        Expr::Tuple(items) | Expr::Ratio(items) => items.iter().all(is_label),
        Expr::Call(Func::Abs | Func::Conj | Func::Max | Func::Min, args) => args.iter().all(is_label),
        Expr::Mul(factors) => factors.iter().all(is_segment),
        Expr::Big(big) => big.op == BigOp::Derivative && matches!(big.body, Expr::Sym(_) | Expr::Apply(..)),
        Expr::Const(Const::E | Const::I) => false,
        _ => false,
    }
}

/// A factor of a geometric name such as `AB` or `\angle ABC`; products of small letters are equations, not names.
fn is_segment(e: &Expr) -> bool {
    let upper = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_uppercase()) || matches!(s, "angle" | "triangle" | "Delta")
    };
    match e {
        Expr::Sym(s) => upper(s),
        Expr::Pow(base, exponent) => {
            is_segment(base) && exponent.as_i64() == Some(-1)
                || matches!(&**base, Expr::Mul(f) if f.iter().all(is_segment))
        }
        Expr::Mul(f) => f.iter().all(is_segment),
        Expr::Quantity(x, _) => is_segment(x),
        _ => false,
    }
}
