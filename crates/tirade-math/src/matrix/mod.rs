//! Matrices over the rational numbers: elimination, determinants, inverses, eigenvalues, linear systems.
//!
//! ```
//! use tirade_math::matrix::{determinant_worked, Matrix};
//! let m = Matrix::from_ints(&[&[1, 2], &[3, 4]]).unwrap();
//! assert_eq!(determinant_worked(&m).unwrap().value, (-2).into());
//! ```

mod determinant;
mod eigen;
mod reduce;
mod system;

pub use determinant::{determinant, determinant_worked, inverse, inverse_worked};
pub use eigen::{characteristic_polynomial, eigenvalues_worked, eigenvectors_worked};
pub use reduce::{Reduced, nullspace_worked, rank_worked, rref, rref_worked};
pub use system::{Affine, LinearSystem, Solutions, solve_system, solve_system_worked};

use dashu::integer::IBig;
use dashu::rational::RBig;

use crate::derivation::{Derivation, Rule, claim};
use crate::exact::{Exact, Worked, at_most, bits, bounded_rational, undefined};
use crate::poly::rational_tex;

/// Largest entry, in bits, during elimination.
const MAX_ENTRY_BITS: usize = 4_096;
/// Most rows or columns.
pub const MAX_SIDE: usize = 24;

/// A rectangular matrix of rational numbers, at least one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    rows: Vec<Vec<RBig>>,
}

impl Matrix {
    /// From rows of equal length.
    ///
    /// # Errors
    /// `Undefined` for empty or ragged rows, `TooLarge` beyond [`MAX_SIDE`].
    pub fn new(rows: Vec<Vec<RBig>>) -> Exact<Matrix> {
        let width = rows.first().map_or(0, Vec::len);
        if width == 0 || rows.iter().any(|r| r.len() != width) {
            return undefined("a matrix needs at least one entry and rows of equal length");
        }
        at_most("rows or columns of a matrix", width.max(rows.len()), MAX_SIDE)?;
        rows.iter().flatten().try_for_each(bounded_entry)?;
        Ok(Matrix { rows })
    }

    /// From small integers.
    ///
    /// # Errors
    /// As [`Matrix::new`].
    pub fn from_ints(rows: &[&[i64]]) -> Exact<Matrix> {
        Matrix::new(rows.iter().map(|r| r.iter().map(|&n| RBig::from(n)).collect()).collect())
    }

    /// Identity matrix.
    pub(crate) fn identity(n: usize) -> Matrix {
        let entry = |i, j| if i == j { RBig::ONE } else { RBig::ZERO };
        Matrix { rows: (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect() }
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<RBig>] {
        &self.rows
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// Side length.
    ///
    /// # Errors
    /// `Undefined` unless the matrix is square.
    pub fn side(&self) -> Exact<usize> {
        if self.height() == self.width() {
            Ok(self.height())
        } else {
            undefined(format!(
                "this operation on a {} by {} matrix, which is not square",
                self.height(),
                self.width()
            ))
        }
    }

    /// Transposed matrix.
    pub fn transpose(&self) -> Matrix {
        Matrix { rows: (0..self.width()).map(|j| self.rows.iter().map(|r| r[j].clone()).collect()).collect() }
    }

    /// Sum of the diagonal.
    ///
    /// # Errors
    /// `Undefined` unless the matrix is square.
    pub fn trace(&self) -> Exact<RBig> {
        let n = self.side()?;
        Ok(total((0..n).map(|i| self.rows[i][i].clone())))
    }

    /// Entrywise sum of `self` and `factor * other`.
    ///
    /// # Errors
    /// `Undefined` for different shapes.
    pub fn add_scaled(&self, other: &Matrix, factor: &RBig) -> Exact<Matrix> {
        if self.height() != other.height() || self.width() != other.width() {
            return undefined("the sum of matrices of different shapes");
        }
        let row = |(a, b): (&Vec<RBig>, &Vec<RBig>)| a.iter().zip(b).map(|(x, y)| x + factor * y).collect();
        Ok(Matrix { rows: self.rows.iter().zip(&other.rows).map(row).collect() })
    }

    /// Product.
    ///
    /// # Errors
    /// `Undefined` unless the shapes fit, `TooLarge` for huge entries.
    pub fn mul(&self, other: &Matrix) -> Exact<Matrix> {
        if self.width() != other.height() {
            return undefined(format!(
                "the product of a {} by {} and a {} by {} matrix",
                self.height(),
                self.width(),
                other.height(),
                other.width()
            ));
        }
        let columns = other.transpose();
        let entry = |r: &Vec<RBig>, c: &Vec<RBig>| total(r.iter().zip(c).map(|(a, b)| a * b));
        Matrix::new(self.rows.iter().map(|r| columns.rows.iter().map(|c| entry(r, c)).collect()).collect())
    }

    /// LaTeX with round brackets.
    pub fn tex(&self) -> String {
        format!("\\begin{{pmatrix}} {} \\end{{pmatrix}}", self.body_tex())
    }

    /// LaTeX with the bars of a determinant.
    pub fn bars_tex(&self) -> String {
        format!("\\begin{{vmatrix}} {} \\end{{vmatrix}}", self.body_tex())
    }

    fn body_tex(&self) -> String {
        let row = |r: &Vec<RBig>| r.iter().map(rational_tex).collect::<Vec<_>>().join(" & ");
        self.rows.iter().map(row).collect::<Vec<_>>().join(" \\\\ ")
    }
}

/// Refuses entries that have grown too large to go on quickly.
fn bounded_entry(q: &RBig) -> Exact<()> {
    let size = bits(q.numerator()).max(bits(q.denominator().as_ibig()));
    at_most("bits of a matrix entry", size, MAX_ENTRY_BITS)
}

/// The matrix times the least number that makes its entries integers, and that number.
fn integral(m: &Matrix) -> Exact<(Vec<Vec<IBig>>, IBig)> {
    let mut scale = IBig::ONE;
    for q in m.rows.iter().flatten().filter(|q| !q.is_int()) {
        scale = crate::integer::lcm(&scale, q.denominator().as_ibig());
        at_most("bits of a matrix entry", bits(&scale), MAX_ENTRY_BITS)?;
    }
    let whole = |q: &RBig| q.numerator() * (&scale / q.denominator().as_ibig());
    Ok((m.rows.iter().map(|row| row.iter().map(whole).collect()).collect(), scale))
}

/// Sum of rational numbers.
pub(crate) fn total(numbers: impl Iterator<Item = RBig>) -> RBig {
    numbers.fold(RBig::ZERO, |sum, q| sum + q)
}

/// LaTeX of a number as a factor: fractions as they are, negative numbers in parentheses.
pub(crate) fn entry_tex(q: &RBig) -> String {
    if *q < RBig::ZERO { format!("({})", rational_tex(q)) } else { rational_tex(q) }
}

/// [`Matrix::mul`], written out.
///
/// # Errors
/// As [`Matrix::mul`].
pub fn product_worked(a: &Matrix, b: &Matrix) -> Exact<Worked<Matrix>> {
    let product = a.mul(b)?;
    let mut steps = Derivation::default();
    steps.push(Rule::MatrixProduct, || [claim(format!("{} {} = {}", a.tex(), b.tex(), product.tex()))]);
    Ok(Worked::new(product, steps))
}

/// Inner product of two vectors of equal length.
///
/// # Errors
/// `Undefined` for different lengths or no entries, `TooLarge` for huge numbers.
pub fn dot_worked(a: &[RBig], b: &[RBig]) -> Exact<Worked<RBig>> {
    if a.len() != b.len() || a.is_empty() {
        return undefined(format!(
            "the inner product of vectors with {} and {} components",
            a.len(),
            b.len()
        ));
    }
    at_most("components of a vector", a.len(), crate::exact::MAX_TERMS)?;
    a.iter().chain(b).try_for_each(bounded_rational)?;
    let value = total(a.iter().zip(b).map(|(x, y)| x * y));
    let parts: Vec<String> =
        a.iter().zip(b).map(|(x, y)| format!("{} \\cdot {}", entry_tex(x), entry_tex(y))).collect();
    let mut steps = Derivation::default();
    steps.push(Rule::DotProduct, || [claim(format!("{} = {}", parts.join(" + "), rational_tex(&value)))]);
    Ok(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_checked() {
        assert!(Matrix::new(vec![]).is_err());
        assert!(Matrix::from_ints(&[&[1, 2], &[3]]).is_err());
        let wide = Matrix::from_ints(&[&[1, 2, 3]]).unwrap();
        assert!(wide.side().is_err());
        assert!(wide.mul(&wide).is_err());
        assert_eq!(wide.mul(&wide.transpose()).unwrap(), Matrix::from_ints(&[&[14]]).unwrap());
    }

    #[test]
    fn dot_sentence() {
        let v = |a: [i64; 2]| a.map(RBig::from).to_vec();
        let english = dot_worked(&v([1, -2]), &v([3, 4])).unwrap().derivation.render_english();
        assert_eq!(english, "Multiply matching components and add: $1 \\cdot 3 + (-2) \\cdot 4 = -5$.");
        assert!(dot_worked(&v([1, 2]), &[]).is_err());
    }
}
