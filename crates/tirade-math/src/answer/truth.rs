//! Propositional formulas, compared by their truth tables.

use crate::expr::{Const, Expr, LogicOp};
use crate::verdict::{Equivalence, Stage};

/// More letters than this are not tabulated.
const MAX_LETTERS: usize = 10;

/// Whether an expression is a formula with a connective in it.
pub fn is_formula(e: &Expr) -> bool {
    matches!(e, Expr::Logic(..)) && is_proposition(e)
}

fn is_proposition(e: &Expr) -> bool {
    match e {
        Expr::Sym(_) | Expr::Const(Const::True | Const::False | Const::E | Const::I) => true,
        Expr::Logic(LogicOp::ForAll | LogicOp::Exists, _) => false,
        Expr::Logic(_, items) => items.iter().all(is_proposition),
        _ => false,
    }
}

/// Whether two formulas have the same truth table; `None` if a side is none, or has too many letters.
pub fn same(a: &Expr, b: &Expr) -> Option<Equivalence> {
    if !(is_proposition(a) && is_proposition(b) && (is_formula(a) || is_formula(b))) {
        return None;
    }
    let mut letters = Vec::new();
    collect(a, &mut letters);
    collect(b, &mut letters);
    if letters.len() > MAX_LETTERS {
        return None;
    }
    let agree = (0..1u32 << letters.len()).all(|row| value(a, &letters, row) == value(b, &letters, row));
    Some(if agree {
        Equivalence::equal(Stage::Exact, "the same truth table")
    } else {
        Equivalence::not_equal(Stage::Exact, "different truth tables")
    })
}

fn is_letter(e: &Expr) -> bool {
    matches!(e, Expr::Sym(_) | Expr::Const(Const::E | Const::I))
}

fn collect<'e>(e: &'e Expr, letters: &mut Vec<&'e Expr>) {
    if is_letter(e) && !letters.contains(&e) {
        letters.push(e);
    }
    e.for_each_child(&mut |c| collect(c, letters));
}

fn value(e: &Expr, letters: &[&Expr], row: u32) -> bool {
    let side = |e: &Expr| value(e, letters, row);
    match e {
        Expr::Logic(LogicOp::And, items) => items.iter().all(side),
        Expr::Logic(LogicOp::Or, items) => items.iter().any(side),
        Expr::Logic(LogicOp::Not, items) => !items.iter().any(side),
        Expr::Logic(LogicOp::Implies, items) => !side(&items[0]) || side(&items[1]),
        Expr::Logic(_, items) => side(&items[0]) == side(&items[1]),
        Expr::Const(Const::True) => true,
        letter => letters.iter().position(|l| *l == letter).is_some_and(|i| row >> i & 1 == 1),
    }
}
