//! LaTeX of canonical expressions in reading order: highest powers first, as SymPy orders terms.

use super::compare::{ordered_factors, split_coefficient};
use super::print::ordered_terms;
use crate::expr::Expr;

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
        Expr::Relation(first, rest) => {
            let side = |(op, e): &(_, Expr)| (*op, display_order(e));
            Expr::Relation(Box::new(display_order(first)), rest.iter().map(side).collect())
        }
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
