//! The kind of answer an expression is, prepared once so that it can be compared many times.

use super::matrix;
use crate::equiv::{Scalar, any};
use crate::expr::{Const, Expr, Func, LogicOp, RelOp, SetOp};
use smol_str::SmolStr;

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
    /// Case distinctions.
    Cases(Vec<(Shape, Shape)>),
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
    /// If the parts of its chain contradict each other (`x = 41 = 42`).
    pub contradicts: bool,
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
        Expr::List(items) => list(items),
        Expr::Logic(LogicOp::Or | LogicOp::And, items) if !items.iter().any(is_inequality) => list(items),
        Expr::Set(items) => Shape::Set(flat_shapes(items)),
        Expr::Tuple(items) => tuple(items, e),
        Expr::Bracket(items) => Shape::Bracket(items.iter().map(shape).collect()),
        Expr::Interval(_) | Expr::SetBuilder(..) => Shape::Region(e.clone()),
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
        Expr::Cases(cases) => Shape::Cases(cases.iter().map(|(a, b)| (shape(a), shape(b))).collect()),
        Expr::Quantity(x, unit) => {
            Shape::Value(Value { scalar: Scalar::new((**x).clone()), unit: Some(unit.clone()) })
        }
        Expr::Matrix(_) => Shape::Other(e.clone()),
        Expr::Add(terms) if terms.iter().any(|t| matches!(t, Expr::SetBuilder(..) | Expr::Interval(_))) => {
            Shape::Region(e.clone())
        }
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
    Value { scalar: Scalar::new(e.clone()), unit: None }
}

fn list(items: &[Expr]) -> Shape {
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
    matches!(&st.expr, Expr::Relation(_, rest) if rest.len() == 1 && rest[0].0 == RelOp::In
        && matches!(rest[0].1, Expr::Const(_)))
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

fn dedup(items: Vec<Shape>) -> Vec<Shape> {
    let mut out: Vec<Shape> = Vec::new();
    for item in items {
        let same = |o: &Shape| matches!((o, &item), (Shape::Value(a), Shape::Value(b)) if a.scalar.expr == b.scalar.expr);
        if !out.iter().any(same) {
            out.push(item);
        }
    }
    out
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
    let (labelled, contradicts) = labelled(e);
    Shape::Relation(Box::new(Statement { expr: e.clone(), labelled, contradicts }))
}

/// Splits `name = value`, `value = name`, `name = value = value`, `exact ≈ rounded`.
fn labelled(e: &Expr) -> (Option<(Expr, Shape)>, bool) {
    let Expr::Relation(first, rest) = e else { return (None, false) };
    if !rest.iter().all(|(op, _)| matches!(op, RelOp::Eq | RelOp::Approx | RelOp::Equiv)) {
        return (None, false);
    }
    let sides: Vec<&Expr> = std::iter::once(&**first).chain(rest.iter().map(|(_, e)| e)).collect();
    let approx_from = rest.iter().position(|(op, _)| *op == RelOp::Approx).map_or(sides.len(), |i| i + 1);
    let constants: Vec<&Expr> = sides.iter().copied().filter(|s| is_constant(s)).collect();
    let mut contradicts = false;
    let exact: Vec<&Expr> = sides[..approx_from].iter().copied().filter(|s| is_constant(s)).collect();
    for pair in exact.windows(2) {
        contradicts |= !crate::equiv::equivalent(pair[0], pair[1]).is_equal();
    }
    for rounded in &sides[approx_from..] {
        if let Some(exact) = exact.last() {
            contradicts |= !super::scalar::is_rounding(exact, rounded);
        }
    }
    let names: Vec<&Expr> = sides.iter().copied().filter(|s| is_label(s)).collect();
    let values: Vec<&Expr> = sides.iter().copied().filter(|s| !is_label(s)).collect();
    if constants.len() == sides.len() {
        // 42 ≈ 42.0 is a value; 41 = 42 contradicts itself
        let value =
            if approx_from < sides.len() { exact.last().or(constants.first()) } else { constants.last() };
        return (value.map(|v| (Expr::Text("".into()), shape(v))), contradicts);
    }
    match (names.as_slice(), values.as_slice()) {
        (_, []) if sides.len() == 2 => (Some((sides[0].clone(), shape(sides[1]))), contradicts),
        ([name, ..], [.., last]) if values.len() == 1 || values.iter().all(|v| is_constant(v)) => {
            let value = if approx_from < sides.len() { exact.last().unwrap_or(last) } else { last };
            let shared = !is_constant(value) && shares_names(name, value);
            (if shared { None } else { Some(((*name).clone(), shape(value))) }, contradicts)
        }
        _ => (None, contradicts),
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
