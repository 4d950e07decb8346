//! Inequalities said before, so that `x < 8` after `2x < 16` is recognised.

use crate::Rational;
use crate::expr::RelOp;
use crate::normal::Poly;

/// Inequalities `poly op 0`, scaled so that the first coefficient is 1.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    known: Vec<(Poly, RelOp, Option<usize>)>,
}

/// Inequalities kept.
const MAX: usize = 60;

impl Orders {
    /// Adds `poly op 0`. If it was said before, perhaps with another scale, the index given then.
    pub fn add(&mut self, poly: Poly, op: RelOp, index: Option<usize>) -> Option<Option<usize>> {
        let (_, first) = poly.0.first()?;
        let positive = *first > Rational::ZERO;
        let scale = &Rational::ONE / first;
        let poly = poly.scaled(&scale);
        let op = if positive { op } else { op.flip()? };
        if let Some((_, _, before)) = self.known.iter().find(|(p, o, _)| *p == poly && *o == op) {
            return Some(*before);
        }
        if self.known.len() < MAX {
            self.known.push((poly, op, index));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::statement::facts::difference;

    #[test]
    fn scaled_inequalities_are_the_same() {
        for (first, second, same) in [
            (("2x", RelOp::Lt, "16"), ("x", RelOp::Lt, "8"), true),
            (("-2x", RelOp::Lt, "16"), ("x", RelOp::Gt, "-8"), true),
            (("2x", RelOp::Lt, "16"), ("x", RelOp::Lt, "9"), false),
            (("2x", RelOp::Lt, "16"), ("x", RelOp::Le, "8"), false),
        ] {
            let mut orders = Orders::default();
            let poly =
                |(l, _, r): (&str, RelOp, &str)| difference(&parse(l).unwrap(), &parse(r).unwrap()).unwrap();
            assert_eq!(orders.add(poly(first), first.1, Some(0)), None);
            assert_eq!(orders.add(poly(second), second.1, Some(1)).is_some(), same, "{first:?} {second:?}");
        }
    }
}
