//! Whether a statement in a text is true: what the checks of prose ask, thousands of times per second.

use super::Truth;
use crate::answer::check_chain;
use crate::expr::{Expr, LogicOp};
use crate::syntax::parse;
use crate::verdict::Outcome;
use smol_str::SmolStr;

/// What is known about the variables of a statement.
#[derive(Clone, Debug, Default)]
pub struct Assumptions {
    /// Values by name, as given in the text so far.
    pub values: Vec<(SmolStr, Expr)>,
}

impl Assumptions {
    /// Adds or replaces a value.
    pub fn set(&mut self, name: &str, value: Expr) {
        self.values.retain(|(n, _)| n != name);
        self.values.push((name.into(), value));
    }
}

/// Whether a relation or chain of relations holds, with variables replaced by their known values.
///
/// Equations in unknown variables are true when they are identities and undecided otherwise, since they may define
/// what they speak of. `a ≈ b` is true when b is a rounding (or truncation) of a to the digits it shows.
///
/// ```
/// use tirade_math::{Assumptions, Truth, check_relation, parse};
/// let none = Assumptions::default();
/// assert_eq!(check_relation(r"2 + 3\cdot 4 = 14", &none), Truth::True);
/// assert_eq!(check_relation("3^2 + 4^2 = 24 + 1 = 26", &none), Truth::False);
/// assert_eq!(check_relation(r"\frac{22}{7} \approx 3.14", &none), Truth::True);
/// assert_eq!(check_relation("(x+1)^2 = x^2 + 2x + 1", &none), Truth::True);
/// assert_eq!(check_relation("x + 1 = 5", &none), Truth::Undecided);
/// let mut four = Assumptions::default();
/// four.set("x", parse("4").unwrap());
/// assert_eq!(check_relation("x + 1 = 5", &four), Truth::True);
/// ```
pub fn check_relation(latex: &str, assumptions: &Assumptions) -> Truth {
    match parse(latex) {
        Ok(e) => check_statement(&e, assumptions),
        Err(_) => Truth::Undecided,
    }
}

/// [`check_relation`] on a parsed statement.
pub fn check_statement(statement: &Expr, assumptions: &Assumptions) -> Truth {
    let substituted;
    let statement = if assumptions.values.is_empty() {
        statement
    } else {
        substituted = substitute(statement.clone(), assumptions);
        &substituted
    };
    truth(statement)
}

fn truth(e: &Expr) -> Truth {
    match e {
        Expr::Relation(first, rest) => match check_chain(first, rest) {
            Outcome::Equal => Truth::True,
            Outcome::NotEqual => Truth::False,
            _ => Truth::Undecided,
        },
        Expr::Logic(LogicOp::And, parts) | Expr::List(parts)
            if parts.iter().all(|p| matches!(p, Expr::Relation(..))) =>
        {
            all(parts.iter().map(truth))
        }
        Expr::Logic(LogicOp::Or, parts) => all(parts.iter().map(truth).map(Truth::not)).not(),
        Expr::Logic(LogicOp::Not, parts) if parts.len() == 1 => truth(&parts[0]).not(),
        _ => Truth::Undecided,
    }
}

fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    truths.fold(Truth::True, |sum, t| match (sum, t) {
        (Truth::False, _) | (_, Truth::False) => Truth::False,
        (Truth::Undecided, _) | (_, Truth::Undecided) => Truth::Undecided,
        _ => Truth::True,
    })
}

fn substitute(e: Expr, assumptions: &Assumptions) -> Expr {
    e.map(&|e| match &e {
        Expr::Sym(name) => match assumptions.values.iter().find(|(n, _)| n == name) {
            Some((_, value)) => value.clone(),
            None => e,
        },
        _ => e,
    })
}
