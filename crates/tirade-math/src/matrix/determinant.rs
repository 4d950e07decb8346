//! Determinants and inverses.

use dashu::integer::IBig;
use dashu::rational::RBig;

use super::{MAX_ENTRY_BITS, Matrix, bounded_entry, entry_tex, integral, rref};
use crate::derivation::{Derivation, Rule, claim, term, wanted};
use crate::exact::{Exact, Worked, at_most, bits, bounded_rational, undefined};
use crate::poly::rational_tex;

/// Determinant by Bareiss' elimination, in which every division is exact and every entry a minor.
///
/// # Errors
/// `Undefined` unless the matrix is square; `TooLarge` when entries outgrow the bit bound.
pub fn determinant(m: &Matrix) -> Exact<RBig> {
    let n = m.side()?;
    let (mut rows, scale) = integral(m)?;
    let (mut minor, mut negative) = (IBig::ONE, false);
    for k in 0..n {
        let Some(row) = (k..n).find(|&r| !rows[r][k].is_zero()) else { return Ok(RBig::ZERO) };
        negative ^= row != k;
        rows.swap(row, k);
        let (above, below) = rows.split_at_mut(k + 1);
        let pivot = &above[k];
        for row in below {
            for j in k + 1..n {
                row[j] = (&row[j] * &pivot[k] - &row[k] * &pivot[j]) / &minor;
                at_most("bits of a matrix entry", bits(&row[j]), MAX_ENTRY_BITS)?;
            }
        }
        minor = pivot[k].clone();
    }
    let value = RBig::from(if negative { -minor } else { minor }) / RBig::from(scale.pow(n));
    bounded_rational(&value)?;
    Ok(value)
}

fn eliminate_below(work: &mut Matrix, column: usize) -> Exact<bool> {
    let pivot = work.rows[column].clone();
    let mut changed = false;
    for row in work.rows.iter_mut().skip(column + 1).filter(|r| !r[column].is_zero()) {
        let factor = &row[column] / &pivot[column];
        changed = true;
        for (entry, p) in row.iter_mut().zip(&pivot) {
            *entry -= &factor * p;
            bounded_entry(entry)?;
        }
    }
    Ok(changed)
}

/// [`determinant`]: by the formula for two rows, by cofactors for three, by elimination beyond.
///
/// # Errors
/// As [`determinant`].
pub fn determinant_worked(m: &Matrix) -> Exact<Worked<RBig>> {
    let value = determinant(m)?;
    let mut steps = Derivation::default();
    match m.side()? {
        _ if !wanted() => {}
        1 => steps.push(Rule::Trivial, || [claim(format!("\\det {} = {}", m.tex(), rational_tex(&value)))]),
        2 => steps.push(Rule::DeterminantTwo, || [claim(two_by_two_tex(m, &value))]),
        3 => cofactor_steps(m, &value, &mut steps)?,
        _ => elimination_steps(m, &value, &mut steps)?,
    }
    Ok(Worked::new(value, steps))
}

fn two_by_two_tex(m: &Matrix, value: &RBig) -> String {
    let [[a, b], [c, d]] = [0, 1].map(|i| [0, 1].map(|j| entry_tex(&m.rows[i][j])));
    format!("{} = {a} \\cdot {d} - {b} \\cdot {c} = {}", m.bars_tex(), rational_tex(value))
}

fn minor(m: &Matrix, row: usize, column: usize) -> Matrix {
    let keep =
        |r: &Vec<RBig>| r.iter().enumerate().filter(|(j, _)| *j != column).map(|(_, q)| q.clone()).collect();
    Matrix { rows: m.rows.iter().enumerate().filter(|(i, _)| *i != row).map(|(_, r)| keep(r)).collect() }
}

fn cofactor_steps(m: &Matrix, value: &RBig, steps: &mut Derivation) -> Exact<()> {
    let mut expansion = String::new();
    let mut numbers = String::new();
    let mut minors = Vec::new();
    for (j, a) in m.rows[0].iter().enumerate() {
        let sign = if j % 2 == 1 {
            " - "
        } else if j == 0 {
            ""
        } else {
            " + "
        };
        let small = minor(m, 0, j);
        let d = determinant(&small)?;
        expansion += &format!("{sign}{} \\cdot {}", entry_tex(a), small.bars_tex());
        numbers += &format!("{sign}{} \\cdot {}", entry_tex(a), entry_tex(&d));
        minors.push(claim(two_by_two_tex(&small, &d)));
    }
    steps.push(Rule::DeterminantCofactor, || [claim(format!("{} = {expansion}", m.bars_tex()))]);
    steps.push(Rule::Compute, || minors);
    steps.push(Rule::Conclude, || [claim(format!("{} = {numbers} = {}", m.bars_tex(), rational_tex(value)))]);
    Ok(())
}

fn elimination_steps(m: &Matrix, value: &RBig, steps: &mut Derivation) -> Exact<()> {
    let n = m.side()?;
    let mut work = m.clone();
    let mut negative = false;
    for column in 0..n {
        let Some(row) = (column..n).find(|&r| !work.rows[r][column].is_zero()) else {
            steps.push(Rule::DeterminantZeroColumn, || [claim(format!("{} = 0", m.bars_tex()))]);
            return Ok(());
        };
        if row != column {
            let before = work.bars_tex();
            work.rows.swap(row, column);
            negative = !negative;
            let swapped = claim(format!("{before} = -{}", work.bars_tex()));
            steps.push(Rule::DeterminantSwap, || {
                [term((column + 1).to_string()), term((row + 1).to_string()), swapped]
            });
        }
        let before = work.bars_tex();
        if eliminate_below(&mut work, column)? {
            let cleared = claim(format!("{before} = {}", work.bars_tex()));
            steps.push(Rule::DeterminantRowReduce, || [term((column + 1).to_string()), cleared]);
        }
    }
    let diagonal: Vec<String> = (0..n).map(|i| entry_tex(&work.rows[i][i])).collect();
    let product = if negative { -value.clone() } else { value.clone() };
    let triangular =
        format!("{} = {} = {}", work.bars_tex(), diagonal.join(" \\cdot "), rational_tex(&product));
    steps.push(Rule::DeterminantTriangular, || [claim(triangular)]);
    steps.push(Rule::Conclude, || [claim(format!("{} = {}", m.bars_tex(), rational_tex(value)))]);
    Ok(())
}

/// Inverse matrix.
///
/// # Errors
/// `Undefined` for a matrix that is not square or has determinant zero.
pub fn inverse(m: &Matrix) -> Exact<Matrix> {
    let n = m.side()?;
    let reduced = rref(&augmented(m))?;
    if reduced.pivots.len() < n || reduced.pivots[n - 1] != n - 1 {
        return undefined("the inverse of a matrix whose determinant is zero");
    }
    Ok(right_half(&reduced.matrix, n))
}

fn augmented(m: &Matrix) -> Matrix {
    let identity = Matrix::identity(m.height());
    let join = |(a, b): (&Vec<RBig>, &Vec<RBig>)| a.iter().chain(b).cloned().collect();
    Matrix { rows: m.rows.iter().zip(&identity.rows).map(join).collect() }
}

fn right_half(m: &Matrix, n: usize) -> Matrix {
    Matrix { rows: m.rows.iter().map(|r| r[n..].to_vec()).collect() }
}

/// [`inverse`]: by the formula for two rows, by row reduction beyond.
///
/// # Errors
/// As [`inverse`].
pub fn inverse_worked(m: &Matrix) -> Exact<Worked<Matrix>> {
    let value = inverse(m)?;
    let mut steps = Derivation::default();
    if !wanted() {
        return Ok(Worked::new(value, steps));
    }
    if m.side()? == 2 {
        let det = determinant_worked(m)?;
        let [[a, b], [c, d]] = [0, 1].map(|i| [0, 1].map(|j| m.rows[i][j].clone()));
        let adjugate = Matrix { rows: vec![vec![d, -b], vec![-c, a]] };
        let factor = rational_tex(&(RBig::ONE / &det.value));
        steps.extend(det.derivation);
        let scaled = claim(format!("{factor} {} = {}", adjugate.tex(), value.tex()));
        steps.push(Rule::InverseTwo, || [scaled]);
    } else {
        let worked = super::rref_worked(&augmented(m))?;
        steps.push(Rule::InverseAugment, || [term(augmented(m).tex())]);
        steps.steps.extend(worked.derivation.steps.into_iter().skip(1));
        steps.push(Rule::InverseRead, || [term(value.tex())]);
    }
    let identity = Matrix::identity(m.height());
    steps.push(Rule::CheckSolution, || [claim(format!("{} {} = {}", m.tex(), value.tex(), identity.tex()))]);
    Ok(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn determinants() {
        let cases: [(&[&[i64]], i64); 5] = [
            (&[&[7]], 7),
            (&[&[1, 2], &[3, 4]], -2),
            (&[&[2, 0, 1], &[1, 3, 2], &[1, 1, 1]], 0),
            (&[&[1, 2, 3], &[0, 4, 5], &[1, 0, 6]], 22),
            (&[&[0, 1, 0, 2], &[1, 0, 0, 0], &[0, 0, 3, 1], &[2, 1, 1, 1]], 4),
        ];
        for (rows, expected) in cases {
            let m = Matrix::from_ints(rows).unwrap();
            assert_eq!(determinant_worked(&m).unwrap().value, expected.into(), "{rows:?}");
        }
        let third = |n: i64| RBig::from(n) / RBig::from(3);
        let m = Matrix::new(vec![vec![third(0), third(2)], vec![third(5), RBig::from(7)]]).unwrap();
        assert_eq!(determinant(&m).unwrap(), third(-10) / RBig::from(3));
    }

    #[test]
    fn inverses_invert() {
        for rows in [&[&[1, 2][..], &[3, 4]][..], &[&[2, 0, 1], &[1, 3, 2], &[1, 1, 2]]] {
            let m = Matrix::from_ints(rows).unwrap();
            let inverse = inverse_worked(&m).unwrap().value;
            assert_eq!(m.mul(&inverse).unwrap(), Matrix::identity(m.height()));
        }
        assert!(inverse(&Matrix::from_ints(&[&[1, 2], &[2, 4]]).unwrap()).is_err());
        assert!(inverse(&Matrix::from_ints(&[&[0, 1, 2], &[0, 2, 4], &[0, 0, 1]]).unwrap()).is_err());
    }
}
