//! Functions defined by cases, at given values.

use super::Truth;
use super::link::{closed, is_open, is_scalar};
use crate::expr::{Const, Expr, LogicOp};

/// Whether it is a case distinction whose values are numbers and whose conditions can be decided at given values.
pub fn is_function(e: &Expr) -> bool {
    let Expr::Cases(cases) = e else { return false };
    let condition = |c: &Expr| matches!(c, Expr::Relation(..) | Expr::Logic(..) | Expr::Const(Const::True));
    cases.len() > 1 && cases.iter().all(|(value, c)| is_scalar(value) && condition(c))
}

/// The value of the first case that holds; anything but a case distinction is itself. `None` where a condition before that
/// is not decided.
pub fn chosen(e: Expr) -> Option<Expr> {
    let Expr::Cases(cases) = e else { return Some(e) };
    for (value, condition) in cases {
        match holds(&condition) {
            Truth::True => return Some(value),
            Truth::False => {}
            Truth::Undecided => return None,
        }
    }
    None
}

fn holds(condition: &Expr) -> Truth {
    match condition {
        Expr::Const(Const::True) => Truth::True,
        Expr::Relation(first, rest) => {
            let mut left = &**first;
            let mut links = Vec::with_capacity(rest.len());
            for (op, right) in rest {
                let number = |e: &Expr| is_scalar(e) && !is_open(e);
                let decided = number(left) && number(right);
                links.push(if decided { closed(left, *op, right) } else { Truth::Undecided });
                left = right;
            }
            all(links)
        }
        Expr::Logic(LogicOp::And, parts) => all(parts.iter().map(holds).collect()),
        Expr::Logic(LogicOp::Or, parts) => all(parts.iter().map(|p| holds(p).not()).collect()).not(),
        _ => Truth::Undecided,
    }
}

fn all(parts: Vec<Truth>) -> Truth {
    if parts.contains(&Truth::False) {
        Truth::False
    } else if parts.contains(&Truth::Undecided) {
        Truth::Undecided
    } else {
        Truth::True
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn the_first_case_that_holds() {
        let cases = |x: &str| {
            let text = format!(
                r"\begin{{cases}} 1 & {x} < 0 \\ 2 & 0 \le {x} < 5 \\ 3 & \text{{otherwise}} \end{{cases}}"
            );
            parse(&text).unwrap()
        };
        for (x, value) in [("-1", Some(1)), ("0", Some(2)), ("7", Some(3)), ("y", None)] {
            assert_eq!(chosen(cases(x)), value.map(Expr::int), "{x}");
        }
        assert!(is_function(&cases("x")));
        assert!(!is_function(&parse("x + 1").unwrap()));
    }
}
