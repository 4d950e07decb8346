//! Tuples, vectors and matrices: sums, multiples and products worked out entry by entry.

use super::Truth;
use super::link::{closed, is_open, is_scalar};
use super::misprint;
use super::walk::size;
use crate::equiv::equivalent;
use crate::expr::{Expr, RelOp};
use crate::verdict::Outcome;

/// Rows of entries; a tuple is one column.
type Array = Vec<Vec<Expr>>;

/// Larger arrays are not worked out.
const LARGEST: usize = 6;
/// Powers are multiplied out up to this.
const MAX_POWER: i64 = 8;

enum Value {
    Scalar(Expr),
    Array(Array),
}

/// Whether two members with arrays in them are the same.
pub fn equal(l: &Expr, op: RelOp, r: &Expr) -> Truth {
    if op != RelOp::Eq {
        return Truth::Undecided;
    }
    let (Some(Value::Array(a)), Some(Value::Array(b))) = (value(l), value(r)) else {
        return Truth::Undecided;
    };
    if a.len() != b.len() || a[0].len() != b[0].len() {
        return Truth::Undecided;
    }
    let (mut truth, mut alike, mut other) = (Truth::True, 0, Vec::new());
    for (x, y) in a.iter().flatten().zip(b.iter().flatten()) {
        match entry(x, y) {
            Truth::True => alike += usize::from(is_open(x) && size(x) > 1),
            Truth::False => return Truth::False,
            Truth::Undecided => {
                truth = Truth::Undecided;
                other.push((x, y));
            }
        }
    }
    match other.as_slice() {
        // one entry is another where the rest was worked out right
        [(x, y)] if alike > 0 && misprint::of_identity(x, y, &[], false) => Truth::False,
        _ => truth,
    }
}

fn entry(x: &Expr, y: &Expr) -> Truth {
    if !is_scalar(x) || !is_scalar(y) {
        return Truth::Undecided;
    }
    if !is_open(x) && !is_open(y) {
        return closed(x, RelOp::Eq, y);
    }
    if equivalent(x, y).outcome == Outcome::Equal { Truth::True } else { Truth::Undecided }
}

fn value(e: &Expr) -> Option<Value> {
    match e {
        Expr::Matrix(rows) => array(rows.clone()),
        Expr::Tuple(items) => array(items.iter().map(|x| vec![x.clone()]).collect()),
        Expr::Add(terms) => {
            let mut sum: Option<Array> = None;
            for term in terms {
                let Value::Array(a) = value(term)? else { return None };
                sum = Some(match sum {
                    None => a,
                    Some(s) => zip(&s, &a)?,
                });
            }
            Some(Value::Array(sum?))
        }
        Expr::Mul(factors) => {
            let mut product = value(&factors[0])?;
            for f in &factors[1..] {
                product = times(product, value(f)?)?;
            }
            Some(product)
        }
        Expr::Pow(base, exponent) => match (value(base)?, exponent.as_i64()) {
            (Value::Array(a), Some(n @ 1..=MAX_POWER)) => {
                let mut power = a.clone();
                for _ in 1..n {
                    power = product(&power, &a)?;
                }
                Some(Value::Array(power))
            }
            (Value::Array(_), _) => None,
            _ => Some(Value::Scalar(e.clone())),
        },
        _ if is_scalar(e) => Some(Value::Scalar(e.clone())),
        _ => None,
    }
}

fn array(rows: Array) -> Option<Value> {
    let width = rows.first()?.len();
    let small =
        rows.len() <= LARGEST && (1..=LARGEST).contains(&width) && rows.iter().all(|r| r.len() == width);
    let entries = rows.iter().flatten().all(is_scalar);
    (small && entries).then_some(Value::Array(rows))
}

fn zip(a: &Array, b: &Array) -> Option<Array> {
    if a.len() != b.len() || a[0].len() != b[0].len() {
        return None;
    }
    let add = |x: &Expr, y: &Expr| Expr::sum([x.clone(), y.clone()]);
    Some(a.iter().zip(b).map(|(r, s)| r.iter().zip(s).map(|(x, y)| add(x, y)).collect()).collect())
}

fn times(a: Value, b: Value) -> Option<Value> {
    Some(match (a, b) {
        (Value::Scalar(x), Value::Scalar(y)) => Value::Scalar(Expr::product([x, y])),
        (Value::Scalar(x), Value::Array(a)) | (Value::Array(a), Value::Scalar(x)) => {
            let scale = |y: &Expr| Expr::product([x.clone(), y.clone()]);
            Value::Array(a.iter().map(|row| row.iter().map(scale).collect()).collect())
        }
        (Value::Array(a), Value::Array(b)) => Value::Array(product(&a, &b)?),
    })
}

fn product(a: &Array, b: &Array) -> Option<Array> {
    if a[0].len() != b.len() {
        return None;
    }
    let cell = |row: &[Expr], j: usize| {
        Expr::sum(row.iter().zip(b).map(|(x, r)| Expr::product([x.clone(), r[j].clone()])))
    };
    Some(a.iter().map(|row| (0..b[0].len()).map(|j| cell(row, j)).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn arrays_are_worked_out() {
        let m = |rows: &str| format!("\\begin{{pmatrix}} {rows} \\end{{pmatrix}}");
        for (l, r, expected) in [
            (m("1 & 2 \\\\ 3 & 4") + &m("1 \\\\ 1"), m("3 \\\\ 7"), Truth::True),
            (m("1 & 2 \\\\ 3 & 4") + &m("1 \\\\ 1"), m("3 \\\\ 8"), Truth::False),
            (m("3 - 5 \\\\ 4"), m("-2 \\\\ 4"), Truth::True),
            (format!("\\frac12 {}", m("4 \\\\ 6")), m("2 \\\\ 3"), Truth::True),
            (format!("{}^2", m("0 & 1 \\\\ 1 & 0")), m("1 & 0 \\\\ 0 & 1"), Truth::True),
            (m("x + x \\\\ 1"), m("2x \\\\ 1"), Truth::True),
            ("(1 + 1, 3)".into(), "(2, 3)".into(), Truth::True),
        ] {
            assert_eq!(equal(&parse(&l).unwrap(), RelOp::Eq, &parse(&r).unwrap()), expected, "{l} {r}");
        }
    }
}
