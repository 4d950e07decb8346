//! Characteristic polynomials, eigenvalues and eigenvectors.

use dashu::base::UnsignedAbs;
use dashu::integer::IBig;
use dashu::rational::RBig;

use super::reduce::nullspace_of;
use super::{MAX_ENTRY_BITS, Matrix, integral, rref};
use crate::derivation::{Derivation, Formula, Rule, claim, term, wanted};
use crate::exact::{Exact, Worked, at_most, bits, unsupported};
use crate::poly::{Factored, Poly, Root, factor, rational_tex, roots_of_factors};

/// An eigenvalue with its multiplicity and a basis of its eigenvectors as columns.
pub type EigenSpace = (RBig, usize, Vec<Matrix>);

/// Largest side for eigenvalues.
const MAX_EIGEN_SIDE: usize = 12;

/// `det(x I - M)` by the method of Faddeev and LeVerrier.
///
/// # Errors
/// `Undefined` unless the matrix is square; `TooLarge` beyond 12 rows.
pub fn characteristic_polynomial(m: &Matrix) -> Exact<Poly> {
    let n = m.side()?;
    at_most("rows of a matrix with eigenvalues", n, MAX_EIGEN_SIDE)?;
    let (rows, scale) = integral(m)?;
    let mut coefficients = vec![RBig::ONE];
    let mut product: Vec<Vec<IBig>> =
        (0..n).map(|i| (0..n).map(|j| IBig::from(u8::from(i == j))).collect()).collect();
    for k in 1..=n {
        let mut next = times(&rows, &product)?;
        let trace: IBig = (0..n).map(|i| &next[i][i]).sum();
        let c = -trace / IBig::from(k);
        (0..n).for_each(|i| next[i][i] += &c);
        coefficients.push(RBig::from_parts(c, scale.pow(k).unsigned_abs()));
        product = next;
    }
    coefficients.reverse();
    Ok(Poly::new(coefficients))
}

/// The product of two square matrices of integers.
fn times(a: &[Vec<IBig>], b: &[Vec<IBig>]) -> Exact<Vec<Vec<IBig>>> {
    let entry = |row: &Vec<IBig>, j: usize| {
        let sum: IBig = row.iter().zip(b).map(|(x, other)| x * &other[j]).sum();
        at_most("bits of a matrix entry", bits(&sum), MAX_ENTRY_BITS).map(|()| sum)
    };
    a.iter().map(|row| (0..b.len()).map(|j| entry(row, j)).collect()).collect()
}

fn characteristic_steps(m: &Matrix, p: &Poly) -> Exact<(Derivation, Factored)> {
    let factored = factor(p)?;
    let mut steps = Derivation::default();
    if !wanted() {
        return Ok((steps, factored));
    }
    let power = |(f, n): &(Poly, usize)| {
        let base = format!("({})", f.tex("x"));
        if *n == 1 { base } else { format!("{base}^{{{n}}}") }
    };
    let product: String = factored.factors.iter().map(power).collect();
    steps.push(Rule::MatrixIs, || [term(format!("A = {}", m.tex()))]);
    let shown = if factored.factors.len() == 1 && factored.factors[0].1 == 1 {
        Formula::Term(p.tex("x"))
    } else {
        claim(format!("{} = {product}", p.tex("x")))
    };
    steps.push(Rule::CharacteristicPolynomial, || [shown]);
    Ok((steps, factored))
}

/// Eigenvalues with multiplicities, when all are rational, quadratic or square roots of quadratic numbers.
///
/// # Errors
/// `Unsupported` otherwise; as [`characteristic_polynomial`].
pub fn eigenvalues_worked(m: &Matrix) -> Exact<Worked<Vec<(Root, usize)>>> {
    let p = characteristic_polynomial(m)?;
    let (mut steps, factored) = characteristic_steps(m, &p)?;
    let roots = roots_of_factors(&factored)?;
    steps.push(Rule::EigenvaluesAre, || roots.iter().map(|(r, _)| term(r.tex())));
    Ok(Worked::new(roots, steps))
}

/// Eigenvectors for matrices whose eigenvalues are all rational, eigenvalues in increasing order.
///
/// # Errors
/// `Unsupported` for other eigenvalues; as [`characteristic_polynomial`].
pub fn eigenvectors_worked(m: &Matrix) -> Exact<Worked<Vec<EigenSpace>>> {
    let p = characteristic_polynomial(m)?;
    let (mut steps, factored) = characteristic_steps(m, &p)?;
    if factored.factors.iter().any(|(f, _)| f.degree() > 1) {
        return unsupported("eigenvectors for eigenvalues that are not rational");
    }
    let value = |f: &Poly| -(f.coeff(0) / f.coeff(1));
    let mut values: Vec<(RBig, usize)> = factored.factors.iter().map(|(f, n)| (value(f), *n)).collect();
    values.sort();
    steps.push(Rule::EigenvaluesAre, || values.iter().map(|(q, _)| term(rational_tex(q))));
    let mut spaces = Vec::new();
    for (value, multiplicity) in values {
        let shifted = m.add_scaled(&Matrix::identity(m.height()), &-value.clone())?;
        let basis = nullspace_of(&rref(&shifted)?, m.width());
        let equation = term(format!("{} v = 0", shifted.tex()));
        let vectors = basis.iter().map(|v| term(v.tex()));
        steps.push(Rule::EigenvectorSolve, || {
            [term(rational_tex(&value)), equation].into_iter().chain(vectors)
        });
        spaces.push((value, multiplicity, basis));
    }
    Ok(Worked::new(spaces, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigen_table() {
        let m = Matrix::from_ints(&[&[5, 4], &[2, 3]]).unwrap();
        assert_eq!(characteristic_polynomial(&m).unwrap(), Poly::from_ints(&[7, -8, 1]));
        let half = m.rows().iter().map(|row| row.iter().map(|q| q / RBig::from(2)).collect()).collect();
        let p = characteristic_polynomial(&Matrix::new(half).unwrap()).unwrap();
        assert_eq!(p.scale(&RBig::from(4)), Poly::from_ints(&[7, -16, 4]));
        let spaces = eigenvectors_worked(&m).unwrap().value;
        for (value, _, basis) in &spaces {
            for v in basis {
                let scaled = Matrix::new(v.rows().iter().map(|r| vec![&r[0] * value]).collect()).unwrap();
                assert_eq!(m.mul(v).unwrap(), scaled);
            }
        }
        assert_eq!(spaces.iter().map(|s| s.0.clone()).collect::<Vec<_>>(), [1, 7].map(RBig::from));
    }

    #[test]
    fn quadratic_eigenvalues() {
        let m = Matrix::from_ints(&[&[0, 1], &[1, 1]]).unwrap();
        assert_eq!(eigenvalues_worked(&m).unwrap().value.len(), 2);
        assert!(eigenvectors_worked(&m).is_err());
    }
}
