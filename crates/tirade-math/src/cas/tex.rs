//! LaTeX of canonical expressions in reading order: highest powers first, as SymPy orders terms.

use super::compare::{ordered_factors, split_coefficient};
use super::print::ordered_terms;
use crate::expr::{Expr, RelOp};

/// The same expression with sums and products in reading order.
pub fn display_order(e: &Expr) -> Expr {
    match e {
        Expr::Add(_) => Expr::Add(ordered_terms(e).iter().map(display_order).collect()),
        Expr::Mul(_) => {
            let (c, rest) = split_coefficient(e);
            let factors: Vec<Expr> = ordered_factors(&rest).iter().map(display_order).collect();
            if c.is_one() { Expr::Mul(factors) } else { Expr::Mul([vec![Expr::Num(c)], factors].concat()) }
        }
        Expr::Pow(b, n) => display_order(b).pow(display_order(n)),
        Expr::Call(f, args) => Expr::Call(*f, args.iter().map(display_order).collect()),
        other => other.clone(),
    }
}

/// LaTeX in reading order.
pub fn tex(e: &Expr) -> String {
    display_order(e).to_latex()
}

/// LaTeX in parentheses when it is a sum or has a sign in front.
pub(super) fn factor_tex(e: &Expr) -> String {
    let text = tex(e);
    if matches!(e, Expr::Add(_)) || text.starts_with('-') { format!("({text})") } else { text }
}

/// LaTeX of `a = b`.
pub(super) fn equation_tex(a: &Expr, b: &Expr) -> String {
    Expr::relation(display_order(a), RelOp::Eq, display_order(b)).to_latex()
}
