//! Matrices and vectors.

use serde_json::{Map, Value, json};
use tirade_math::cas::{self, matrix_text, rational_text, to_sympy_string};
use tirade_math::derivation::wanted;
use tirade_math::matrix::{self, Matrix};

use super::VARIABLE;
use super::native::{rationals, text, worked};
use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline, Kind, Param, Tool, param, tool};

const MATRIX: Param =
    param("matrix", Kind::Matrix, "The rows, such as [[1, 2], [3, \"sqrt(2)\"]]; entries may be exact text.");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("compute_determinant", "The determinant of a square matrix.", &[MATRIX]).native(compute_determinant),
    tool("compute_inverse", "The inverse of a square matrix.", &[MATRIX]).native(compute_inverse),
    tool("compute_eigenvalues", "The eigenvalues of a square matrix, each with its multiplicity.", &[MATRIX])
        .native(compute_eigenvalues),
    tool("compute_eigenvectors", "The eigenvalues with their multiplicities and eigenvectors.", &[MATRIX])
        .native(compute_eigenvectors),
    tool("compute_nullspace", "A basis of the vectors that the matrix sends to zero.", &[MATRIX])
        .native(compute_nullspace),
    tool("compute_rank", "The rank of a matrix.", &[MATRIX]).native(compute_rank),
    tool(
        "compute_inner_product",
        "The sum of the products of matching components of two vectors.",
        &[
            param("vector1", Kind::Values, "The first vector, such as [1, 2, 3]."),
            param("vector2", Kind::Values, "The second vector, equally long."),
        ],
    )
    .native(compute_inner_product),
    tool(
        "matrix_multiplication",
        "The product of two matrices.",
        &[
            param("matrix1", Kind::Matrix, "The rows of the left matrix."),
            param("matrix2", Kind::Matrix, "The rows of the right matrix."),
        ],
    )
    .native(matrix_multiplication),
    tool("row_reduce", "The reduced row echelon form.", &[MATRIX]).native(row_reduce),
    tool(
        "characteristic_polynomial",
        "The characteristic polynomial det(variable*I - matrix).",
        &[MATRIX, VARIABLE],
    )
    .native(characteristic_polynomial),
    tool(
        "matrix_power",
        "A square matrix multiplied by itself; -1 inverts.",
        &[MATRIX, param("exponent", Kind::Value, "The exponent, an integer or a variable.")],
    ),
    tool(
        "cross_product",
        "The cross product of two vectors with three components.",
        &[
            param("vector1", Kind::Values, "The first vector, such as [1, 2, 3]."),
            param("vector2", Kind::Values, "The second vector."),
        ],
    ),
];

type Native = Result<Answer, Decline>;

fn matrix_of(args: &Args, name: &str) -> Result<Matrix, Decline> {
    let rows = args.rows(name)?.iter().map(|row| rationals(row)).collect::<Result<_, _>>()?;
    Ok(Matrix::new(rows)?)
}

fn compute_determinant(args: &Args) -> Native {
    text(matrix::determinant_worked(&matrix_of(args, "matrix")?).map(|w| w.map(|det| rational_text(&det))))
}

fn compute_inverse(args: &Args) -> Native {
    text(matrix::inverse_worked(&matrix_of(args, "matrix")?).map(|w| w.map(|m| matrix_text(&m))))
}

fn compute_rank(args: &Args) -> Native {
    worked(matrix::rank_worked(&matrix_of(args, "matrix")?), |rank| json!({ "result": rank }))
}

fn compute_nullspace(args: &Args) -> Native {
    worked(matrix::nullspace_worked(&matrix_of(args, "matrix")?), |basis| json!({ "result": texts(&basis) }))
}

fn texts(vectors: &[Matrix]) -> Vec<String> {
    vectors.iter().map(matrix_text).collect()
}

fn row_reduce(args: &Args) -> Native {
    text(
        matrix::rref_worked(&matrix_of(args, "matrix")?)
            .map(|w| w.map(|reduced| matrix_text(&reduced.matrix))),
    )
}

pub(super) fn compute_inner_product(args: &Args) -> Native {
    let (a, b) = (rationals(args.list("vector1")?)?, rationals(args.list("vector2")?)?);
    if a.len() != b.len() {
        let message = format!("Vectors must have the same dimensions, found {} and {}", a.len(), b.len());
        return Err(Decline::Error(message));
    }
    text(matrix::dot_worked(&a, &b).map(|w| w.map(|dot| rational_text(&dot))))
}

fn matrix_multiplication(args: &Args) -> Native {
    let (a, b) = (matrix_of(args, "matrix1")?, matrix_of(args, "matrix2")?);
    text(matrix::product_worked(&a, &b).map(|w| w.map(|m| matrix_text(&m))))
}

fn characteristic_polynomial(args: &Args) -> Native {
    let x = args.variable("variable").ok_or_else(|| Decline::Lane("no variable".to_owned()))?;
    let matrix = matrix_of(args, "matrix")?;
    let p = matrix::characteristic_polynomial(&matrix)?;
    let steps = wanted().then(|| {
        let name = cas::tex(&tirade_math::Expr::sym(x.clone()));
        let (a, shown) = (matrix.tex(), p.tex(&name));
        format!("For $A = {a}$ the characteristic polynomial is $\\det({name} I - A) = {shown}$.")
    });
    Ok(Answer::new(to_sympy_string(&cas::from_dense(&p, x)?)?, steps))
}

fn compute_eigenvalues(args: &Args) -> Native {
    let solved = matrix::eigenvalues_worked(&matrix_of(args, "matrix")?)?;
    let mut values = Map::new();
    for (root, multiplicity) in &solved.value {
        values.insert(to_sympy_string(&cas::root_to_expr(root)?)?, Value::String(multiplicity.to_string()));
    }
    worked(Ok(solved), |_| json!({ "result": values }))
}

fn compute_eigenvectors(args: &Args) -> Native {
    worked(matrix::eigenvectors_worked(&matrix_of(args, "matrix")?), |spaces| {
        let row = |(value, multiplicity, basis): &(_, usize, Vec<Matrix>)| json!({ "eigenvalue": rational_text(value), "multiplicity": multiplicity, "eigenvectors": texts(basis) });
        json!({ "result": spaces.iter().map(row).collect::<Vec<_>>() })
    })
}
