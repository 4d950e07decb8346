//! Arithmetic on written-out matrices: sums, products, scalar multiples.

use crate::expr::{Expr, Func};

type Rows = Vec<Vec<Expr>>;

/// Entries one product may have.
const MAX_ENTRIES: usize = 400;

/// Powers are multiplied out up to this.
const MAX_POWER: i64 = 12;

/// The items of `[a, b, c]`, or of `[a, b]`, which is read as an interval.
fn bracket_row(e: &Expr) -> Option<Vec<Expr>> {
    match e {
        Expr::Bracket(items) => Some(items.clone()),
        Expr::Interval(i) if i.closed == (true, true) => Some(vec![(*i.low).clone(), (*i.high).clone()]),
        _ => None,
    }
}

/// The matrix an expression is, if it is one.
pub fn fold(e: &Expr) -> Option<Rows> {
    match e {
        Expr::Matrix(rows) => match rows.as_slice() {
            // brackets around an array: [ [..] ]
            [row] if row.len() == 1 => match &row[0] {
                inner @ Expr::Matrix(_) => fold(inner),
                _ => Some(rows.clone()),
            },
            _ => Some(rows.clone()),
        },
        Expr::Bracket(items) if items.len() == 1 => fold(&items[0]),
        Expr::Tuple(items) if items.len() == 1 => fold(&items[0]),
        Expr::Bracket(items) if items.len() > 1 => {
            let rows: Rows = items.iter().map(bracket_row).collect::<Option<_>>()?;
            rows.iter().all(|r| r.len() == rows[0].len()).then_some(rows)
        }
        // [[1, 2], [3, 4]]: two rows, read as an interval of intervals
        Expr::Interval(i) if i.closed == (true, true) => {
            let rows = vec![bracket_row(&i.low)?, bracket_row(&i.high)?];
            (rows[0].len() == rows[1].len()).then_some(rows)
        }
        Expr::Add(terms) if terms.iter().any(has_matrix) => {
            let mut sum = fold(&terms[0])?;
            for t in &terms[1..] {
                sum = zip(&sum, &fold(t)?)?;
            }
            Some(sum)
        }
        Expr::Mul(factors) if factors.iter().any(has_matrix) => {
            let (matrices, scalars): (Vec<&Expr>, Vec<&Expr>) = factors.iter().partition(|f| has_matrix(f));
            let mut product = fold(matrices[0])?;
            for m in &matrices[1..] {
                product = multiply(&product, &fold(m)?)?;
            }
            if scalars.is_empty() {
                return Some(product);
            }
            let scale = Expr::product(scalars.into_iter().cloned());
            Some(
                product
                    .into_iter()
                    .map(|r| r.into_iter().map(|e| Expr::product([scale.clone(), e])).collect())
                    .collect(),
            )
        }
        Expr::Pow(base, exponent) if has_matrix(base) => {
            let base = fold(base)?;
            let n = exponent.as_i64().filter(|n| (1..=MAX_POWER).contains(n))?;
            (1..n).try_fold(base.clone(), |power, _| multiply(&power, &base))
        }
        Expr::Call(Func::Transpose, args) => {
            let inner = args.first()?;
            // `[1, 2]^T`, `(1, 2)^T`: a row is meant
            let row = match inner {
                Expr::Tuple(items) if !has_matrix(inner) => Some(items.clone()),
                other => bracket_row(other).filter(|_| fold(other).is_none()),
            };
            let rows = row.map_or_else(|| fold(inner), |row| Some(vec![row]))?;
            let width = rows.first()?.len();
            Some((0..width).map(|j| rows.iter().map(|r| r[j].clone()).collect()).collect())
        }
        _ => None,
    }
}

fn has_matrix(e: &Expr) -> bool {
    match e {
        Expr::Matrix(_) => true,
        Expr::Call(Func::Transpose, args) => args.iter().any(has_matrix),
        Expr::Add(v) | Expr::Mul(v) | Expr::Tuple(v) => v.iter().any(has_matrix),
        Expr::Pow(base, _) => has_matrix(base),
        _ => false,
    }
}

fn zip(a: &Rows, b: &Rows) -> Option<Rows> {
    if a.len() != b.len() || a.iter().zip(b).any(|(x, y)| x.len() != y.len()) {
        return None;
    }
    let add = |x: &Vec<Expr>, y: &Vec<Expr>| {
        x.iter().zip(y).map(|(p, q)| Expr::sum([p.clone(), q.clone()])).collect()
    };
    Some(a.iter().zip(b).map(|(x, y)| add(x, y)).collect())
}

fn multiply(a: &Rows, b: &Rows) -> Option<Rows> {
    let width = b.first()?.len();
    let inner = a.first()?.len();
    if inner != b.len() || a.len() * width * inner > MAX_ENTRIES {
        return None;
    }
    let entry = |row: &Vec<Expr>, j: usize| {
        Expr::sum(row.iter().zip(b).map(|(x, other)| Expr::product([x.clone(), other[j].clone()])))
    };
    Some(a.iter().map(|row| (0..width).map(|j| entry(row, j)).collect()).collect())
}
