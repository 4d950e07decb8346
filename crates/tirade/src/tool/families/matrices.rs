//! Matrices and vectors.

use super::VARIABLE;
use crate::tool::spec::{Kind, Param, Tool, param, tool};

const MATRIX: Param =
    param("matrix", Kind::Matrix, "The rows, such as [[1, 2], [3, \"sqrt(2)\"]]; entries may be exact text.");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("compute_determinant", "The determinant of a square matrix.", &[MATRIX]),
    tool("compute_inverse", "The inverse of a square matrix.", &[MATRIX]),
    tool("compute_eigenvalues", "The eigenvalues of a square matrix, each with its multiplicity.", &[MATRIX]),
    tool("compute_eigenvectors", "The eigenvalues with their multiplicities and eigenvectors.", &[MATRIX]),
    tool("compute_nullspace", "A basis of the vectors that the matrix sends to zero.", &[MATRIX]),
    tool("compute_rank", "The rank of a matrix.", &[MATRIX]),
    tool(
        "compute_inner_product",
        "The sum of the products of matching components of two vectors.",
        &[
            param("vector1", Kind::Values, "The first vector, such as [1, 2, 3]."),
            param("vector2", Kind::Values, "The second vector, equally long."),
        ],
    ),
    tool(
        "matrix_multiplication",
        "The product of two matrices.",
        &[
            param("matrix1", Kind::Matrix, "The rows of the left matrix."),
            param("matrix2", Kind::Matrix, "The rows of the right matrix."),
        ],
    ),
    tool("row_reduce", "The reduced row echelon form.", &[MATRIX]),
    tool(
        "characteristic_polynomial",
        "The characteristic polynomial det(variable*I - matrix).",
        &[MATRIX, VARIABLE],
    ),
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
