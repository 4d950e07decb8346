//! The two orders SymPy puts expressions in: `Basic.compare` for the arguments of sums and products, `sort_key` for
//! printing and for lists of solutions. Both are defined here for canonical expressions only.

use std::cmp::Ordering;

use dashu::rational::RBig;

use crate::expr::{Const, Expr, Func};

/// SymPy's name of a function class, for the functions that canonical expressions may contain.
pub(super) fn function_name(f: Func) -> &'static str {
    match f {
        Func::Ln => "log",
        other => other.name(),
    }
}

/// Rank in SymPy's `ordering_of_classes`; functions are unknown to it and come last.
fn class_rank(e: &Expr) -> u8 {
    match e {
        Expr::Num(q) if q.is_zero() => 0,
        Expr::Num(q) if q.is_one() => 1,
        Expr::Num(q) if *q == half() => 2,
        Expr::Num(q) if *q == RBig::NEG_ONE => 5,
        Expr::Num(q) if q.is_int() => 7,
        Expr::Num(_) => 8,
        Expr::Const(Const::E) => 10,
        Expr::Const(Const::Pi) => 11,
        Expr::Const(Const::I) => 12,
        Expr::Sym(_) => 13,
        Expr::Pow(..) => 15,
        Expr::Mul(_) => 16,
        Expr::Add(_) => 17,
        _ => 60,
    }
}

pub(super) fn half() -> RBig {
    RBig::from_parts_const(dashu::base::Sign::Positive, 1, 2)
}

/// `Basic.compare`.
pub(super) fn compare(a: &Expr, b: &Expr) -> Ordering {
    class_rank(a).cmp(&class_rank(b)).then_with(|| match (a, b) {
        (Expr::Num(p), Expr::Num(q)) => {
            p.numerator().cmp(q.numerator()).then_with(|| p.denominator().cmp(q.denominator()))
        }
        (Expr::Sym(s), Expr::Sym(t)) => s.cmp(t),
        (Expr::Pow(b1, e1), Expr::Pow(b2, e2)) => compare(b1, b2).then_with(|| compare(e1, e2)),
        (Expr::Mul(x), Expr::Mul(y)) | (Expr::Add(x), Expr::Add(y)) => compare_lists(x, y),
        (Expr::Call(f, x), Expr::Call(g, y)) => {
            function_name(*f).cmp(function_name(*g)).then_with(|| compare_lists(x, y))
        }
        _ => Ordering::Equal,
    })
}

fn compare_lists(x: &[Expr], y: &[Expr]) -> Ordering {
    let pairs = || x.iter().zip(y).map(|(a, b)| compare(a, b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal);
    x.len().cmp(&y.len()).then_with(pairs)
}

/// SymPy's `sort_key`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    class: (u8, u32, &'static str),
    args: (usize, Vec<Argument>),
    exponent: Option<Box<SortKey>>,
    coefficient: RBig,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Argument {
    Name(String),
    Key(SortKey),
}

pub(super) fn number_key(q: RBig) -> SortKey {
    SortKey { class: (1, 0, "Number"), args: (0, vec![]), exponent: None, coefficient: q }
}

fn class_key(e: &Expr) -> (u8, u32, &'static str) {
    match e {
        Expr::Num(_) => (1, 0, "Number"),
        Expr::Const(Const::Pi) => (2, 0, "Pi"),
        Expr::Const(Const::E) => (2, 0, "Exp1"),
        Expr::Const(Const::I) => (2, 0, "ImaginaryUnit"),
        Expr::Sym(_) => (2, 0, "Symbol"),
        Expr::Add(_) => (3, 1, "Add"),
        Expr::Mul(_) => (3, 0, "Mul"),
        Expr::Pow(..) => (3, 2, "Pow"),
        Expr::Call(f, _) => (4, function_rank(*f), function_name(*f)),
        _ => (5, 0, ""),
    }
}

fn function_rank(f: Func) -> u32 {
    match f {
        Func::Exp => 10,
        Func::Ln => 11,
        Func::Sin => 20,
        Func::Cos => 21,
        Func::Tan => 22,
        _ => 10_000,
    }
}

/// Splits a product into its rational coefficient and the rest.
pub(super) fn split_coefficient(e: &Expr) -> (RBig, Expr) {
    match e {
        Expr::Num(q) => (q.clone(), Expr::int(1)),
        Expr::Mul(factors) => match factors.split_first() {
            Some((Expr::Num(q), [single])) => (q.clone(), single.clone()),
            Some((Expr::Num(q), rest)) => (q.clone(), Expr::Mul(rest.to_vec())),
            _ => (RBig::ONE, e.clone()),
        },
        _ => (RBig::ONE, e.clone()),
    }
}

/// SymPy's `sort_key` of a canonical expression.
pub(super) fn sort_key(e: &Expr) -> SortKey {
    if let Expr::Num(q) = e {
        return number_key(q.clone());
    }
    let (coefficient, rest) = split_coefficient(e);
    let (base, exponent) = match rest {
        Expr::Pow(b, e) => (*b, *e),
        other => (other, Expr::int(1)),
    };
    let args: Vec<Argument> = match &base {
        Expr::Add(_) => {
            super::print::ordered_terms(&base).iter().map(|t| Argument::Key(sort_key(t))).collect()
        }
        Expr::Mul(_) => ordered_factors(&base).iter().map(|t| Argument::Key(sort_key(t))).collect(),
        Expr::Call(_, args) => args.iter().map(|t| Argument::Key(sort_key(t))).collect(),
        atom => vec![Argument::Name(super::print::atom_name(atom))],
    };
    SortKey {
        class: class_key(&base),
        args: (args.len(), args),
        exponent: Some(Box::new(sort_key(&exponent))),
        coefficient,
    }
}

/// SymPy's `as_ordered_factors`.
pub(super) fn ordered_factors(e: &Expr) -> Vec<Expr> {
    let mut factors = match e {
        Expr::Mul(factors) => factors.clone(),
        other => vec![other.clone()],
    };
    factors.sort_by_cached_key(sort_key);
    factors
}
