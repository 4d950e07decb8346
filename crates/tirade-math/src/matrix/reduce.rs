//! Row reduction, rank and null space.

use dashu::rational::RBig;

use super::{Matrix, bounded_entry};
use crate::derivation::{Derivation, Rule, claim, term, wanted};
use crate::exact::{Exact, Worked};
use crate::poly::rational_tex;

/// Reduced row echelon form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// The reduced matrix.
    pub matrix: Matrix,
    /// Column of the pivot of each nonzero row.
    pub pivots: Vec<usize>,
}

/// Reduced row echelon form.
///
/// # Errors
/// `TooLarge` when entries outgrow the bit bound.
pub fn rref(m: &Matrix) -> Exact<Reduced> {
    reduce(m, None)
}

/// [`rref`] with each row operation.
///
/// # Errors
/// As [`rref`].
pub fn rref_worked(m: &Matrix) -> Exact<Worked<Reduced>> {
    let mut steps = Derivation::default();
    steps.push(Rule::MatrixIs, || [term(m.tex())]);
    let reduced = reduce(m, wanted().then_some(&mut steps))?;
    steps.push(Rule::RowReduced, || [term(reduced.matrix.tex())]);
    Ok(Worked::new(reduced, steps))
}

fn reduce(m: &Matrix, mut steps: Option<&mut Derivation>) -> Exact<Reduced> {
    let mut work = m.clone();
    let mut pivots = Vec::new();
    for column in 0..m.width() {
        let top = pivots.len();
        let Some(row) = (top..m.height()).find(|&r| !work.rows[r][column].is_zero()) else { continue };
        if row != top {
            work.rows.swap(row, top);
            note(&mut steps, Rule::RowSwap, &[(top + 1).to_string(), (row + 1).to_string()], &work);
        }
        let inverse = RBig::ONE / &work.rows[top][column];
        if !inverse.is_one() {
            for entry in &mut work.rows[top] {
                *entry *= &inverse;
            }
            note(&mut steps, Rule::RowScale, &[(top + 1).to_string(), rational_tex(&inverse)], &work);
        }
        if clear_column(&mut work, top, column)? {
            note(&mut steps, Rule::RowEliminate, &[(top + 1).to_string()], &work);
        }
        pivots.push(column);
    }
    Ok(Reduced { matrix: work, pivots })
}

fn note(steps: &mut Option<&mut Derivation>, rule: Rule, args: &[String], m: &Matrix) {
    if let Some(steps) = steps {
        let args = args.iter().map(|a| term(a.as_str()));
        steps.push(rule, || args.chain([term(m.tex())]).collect::<Vec<_>>());
    }
}

/// Subtracts multiples of the pivot row from all others; tells whether anything changed.
fn clear_column(work: &mut Matrix, top: usize, column: usize) -> Exact<bool> {
    let pivot = work.rows[top].clone();
    let mut changed = false;
    for row in (0..work.height()).filter(|&r| r != top) {
        let factor = work.rows[row][column].clone();
        if factor.is_zero() {
            continue;
        }
        changed = true;
        for (entry, p) in work.rows[row].iter_mut().zip(&pivot) {
            *entry -= &factor * p;
            bounded_entry(entry)?;
        }
    }
    Ok(changed)
}

/// Rank by row reduction.
///
/// # Errors
/// As [`rref`].
pub fn rank_worked(m: &Matrix) -> Exact<Worked<usize>> {
    let mut worked = rref_worked(m)?;
    let rank = worked.value.pivots.len();
    worked.derivation.push(Rule::RankCount, || [term(rank.to_string()), term(rank.to_string())]);
    Ok(worked.map(|_| rank))
}

/// Basis of the null space as column vectors, one for each free column, with a one in that place.
///
/// # Errors
/// As [`rref`].
pub fn nullspace_worked(m: &Matrix) -> Exact<Worked<Vec<Matrix>>> {
    let mut worked = rref_worked(m)?;
    let basis = nullspace_of(&worked.value, m.width());
    if basis.is_empty() {
        worked.derivation.push(Rule::NullspaceTrivial, || []);
    } else {
        worked.derivation.push(Rule::NullspaceSolve, || basis.iter().map(|v| term(v.tex())));
        let zero = Matrix { rows: vec![vec![RBig::ZERO]; m.height()] };
        let check = |v: &Matrix| claim(format!("{} {} = {}", m.tex(), v.tex(), zero.tex()));
        worked.derivation.push(Rule::CheckSolution, || basis.iter().map(check));
    }
    Ok(worked.map(|_| basis))
}

pub(super) fn nullspace_of(reduced: &Reduced, width: usize) -> Vec<Matrix> {
    let free = (0..width).filter(|c| !reduced.pivots.contains(c));
    free.map(|f| {
        let mut vector = vec![RBig::ZERO; width];
        vector[f] = RBig::ONE;
        for (row, &pivot) in reduced.pivots.iter().enumerate() {
            vector[pivot] = -reduced.matrix.rows[row][f].clone();
        }
        Matrix { rows: vector.into_iter().map(|q| vec![q]).collect() }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_and_nullspace() {
        let m = Matrix::from_ints(&[&[1, 2, 3], &[2, 4, 6], &[1, 0, 1]]).unwrap();
        assert_eq!(rank_worked(&m).unwrap().value, 2);
        let basis = nullspace_worked(&m).unwrap().value;
        assert_eq!(basis, [Matrix::from_ints(&[&[-1], &[-1], &[1]]).unwrap()]);
        let identity = Matrix::identity(3);
        assert!(nullspace_worked(&identity).unwrap().value.is_empty());
    }

    #[test]
    fn row_operations_are_told() {
        let m = Matrix::from_ints(&[&[0, 2], &[1, 1]]).unwrap();
        let english = rref_worked(&m).unwrap().derivation.render_english();
        for part in ["Swap rows $1$ and $2$", "Multiply row $2$ by $\\frac{1}{2}$", "Use row $2$ to clear"] {
            assert!(english.contains(part), "{english}");
        }
    }
}
