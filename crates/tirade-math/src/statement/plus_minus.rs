//! `\frac{-b \pm \sqrt{d}}{2} = 3 \pm 1`: both readings of the sign.

use super::Truth;
use super::link::{closed, is_open, is_scalar};
use crate::equiv::any;
use crate::expr::{Expr, RelOp};

/// Whether a `±` or `∓` stands in it.
pub fn has(e: &Expr) -> bool {
    any(e, &|e| matches!(e, Expr::PlusMinus(..)))
}

/// Two members with `±` on one or both sides, without unknowns: true if the upper and lower readings agree, one with one.
pub fn equal(l: &Expr, op: RelOp, r: &Expr) -> Truth {
    let readings = [reading(l, true), reading(l, false), reading(r, true), reading(r, false)];
    if op != RelOp::Eq || readings.iter().any(|e| is_open(e) || !is_scalar(e)) || !has(l) {
        return Truth::Undecided;
    }
    let [lu, ld, ru, rd] = &readings;
    let truth = |a, b| closed(a, RelOp::Eq, b);
    if !has(r) {
        // one of the two values is chosen
        return if truth(lu, ru) == Truth::True || truth(ld, ru) == Truth::True {
            Truth::True
        } else {
            Truth::Undecided
        };
    }
    match (truth(lu, ru), truth(ld, rd), truth(lu, rd), truth(ld, ru)) {
        (Truth::True, Truth::True, ..) | (.., Truth::True, Truth::True) => Truth::True,
        (Truth::False, _, Truth::False, _) | (_, Truth::False, _, Truth::False) => Truth::False,
        _ => Truth::Undecided,
    }
}

fn reading(e: &Expr, upper: bool) -> Expr {
    e.clone().map(&|e| match e {
        Expr::PlusMinus(plus, x) => {
            if plus == upper {
                *x
            } else {
                x.neg()
            }
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn both_readings_must_agree() {
        for (l, r, expected) in [
            (r"\frac{-15\pm\sqrt{729}}{2}", r"\frac{-15\pm27}{2}", Truth::True),
            (r"3 \pm 1", r"3 \mp 1", Truth::True),
            (r"3 \pm 1", r"3 \pm 2", Truth::False),
            (r"3 \pm 1", "4", Truth::True),
            (r"x \pm 1", "4", Truth::Undecided),
        ] {
            assert_eq!(equal(&parse(l).unwrap(), RelOp::Eq, &parse(r).unwrap()), expected, "{l} {r}");
        }
    }
}
