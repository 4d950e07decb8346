//! Functions defined by cases.

use super::list;
use super::shape::Shape;
use crate::equiv::{equivalent, free_names};
use crate::expr::Expr;
use crate::policy::Policy;
use crate::verdict::{Equivalence, Outcome, Stage};

/// Numbers at which case distinctions may change, as many as are tried.
const MAX_BORDERS: usize = 16;

/// The same cases in whatever order.
pub fn same(g: &[(Shape, Shape)], a: &[(Shape, Shape)], policy: &Policy) -> Equivalence {
    let pairs = |v: &[(Shape, Shape)]| -> Vec<Shape> {
        v.iter().map(|(x, c)| Shape::Tuple(vec![x.clone(), c.clone()], Expr::int(0))).collect()
    };
    list::unordered(&pairs(g), &pairs(a), policy)
}

/// Functions defined by cases agree where they are sampled, and at every number at which the case may change.
pub fn agree(g: &Expr, a: &Expr) -> Equivalence {
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
