//! Exact computer algebra on [`Expr`](crate::Expr): each operation returns its value with a derivation.
//!
//! Values are *canonical*: what SymPy's automatic evaluation would build, in SymPy's order, so that
//! [`to_sympy_string`] prints them as SymPy's `str` does. Wherever SymPy's answer or spelling is not certain the
//! operation returns `Err(Unsupported)` and the caller asks SymPy; no answer is ever approximated.
//!
//! | tool | function | result text |
//! |---|---|---|
//! | `simplify_expression` | [`simplify_worked`] | [`to_sympy_string`] |
//! | `expand_expression`, `factor_expression` | [`expand_worked`], [`factor_worked`] | [`to_sympy_string`] |
//! | `collect`, `cancel`/`together` | [`collect_worked`], [`cancel_worked`] | [`to_sympy_string`] |
//! | `solve_linear_system` | [`solve_linear_system_worked`] | `[]` for `None`, else `[`[`tuple_text`]`]` |
//! | `solve_equation`, `find_roots` (one symbol) | [`solve_worked`] | list of [`to_sympy_string`] |
//! | `find_critical_points` | [`solve_worked`] of the value of [`differentiate_worked`] | list |
//! | `solve_univariate_inequality` | [`solve_inequality_worked`] | [`intervals_text`] |
//! | `polynomial_representation`, `_degree`, `_coefficients` | [`polynomial_text`], [`degree_worked`], [`coefficients_worked`] | text, number, list |
//! | `differentiate`, `integrate` (polynomials) | [`differentiate_worked`], [`integrate_worked`] | [`to_sympy_string`] |
//! | `definite_integral` (polynomials, rational bounds) | [`definite_integral_worked`] | [`rational_text`] |
//! | `compute_limit` (rational functions off their poles) | [`limit_worked`] | [`rational_text`] |
//! | `check_continuity` (rational functions) | `limit_worked` and [`substitute`] | `"True"` when both agree |
//! | sums, products | [`sum_worked`], [`product_worked`] | [`to_sympy_string`] |
//! | substitution, exact evaluation | [`substitute`], [`canonical`], [`surd_of`] | [`to_sympy_string`] |
//! | `compute_determinant`, `compute_inverse`, `compute_rank`, `compute_nullspace` | [`matrix`](crate::matrix)`::{determinant, inverse, rank, nullspace}_worked` | [`rational_text`], [`matrix_text`] |
//! | `compute_eigenvalues`, `compute_eigenvectors` | `matrix::{eigenvalues, eigenvectors}_worked` | [`root_to_expr`], [`matrix_text`] |
//! | `compute_inner_product`, `matrix_multiplication` | `matrix::{dot, product}_worked` | [`rational_text`], [`matrix_text`] |
//! | number theory, counting, bases | [`integer`](crate::integer) | `to_string` |
//! | geometry | [`geometry`](crate::geometry) | `Point::sympy_text`, `surd_to_expr` + [`to_sympy_string`] |
//!
//! ```
//! use tirade_math::{cas, parse};
//! let worked = cas::factor_worked(&parse("x^3 - x").unwrap()).unwrap();
//! assert_eq!(cas::to_sympy_string(&worked.value).unwrap(), "x*(x - 1)*(x + 1)");
//! assert_eq!(
//!     worked.derivation.render_english(),
//!     "Take out the common factor: $x^{3} - x = x(x^{2} - 1)$. This is a difference of squares: \
//!      $x^{2} - 1 = (x - 1) (x + 1)$. Therefore $x^{3} - x = x\\left(x - 1\\right)\\left(x + 1\\right)$."
//! );
//! ```

mod calculus;
mod compare;
mod expand;
mod factor;
mod inequality;
mod kernel;
mod poly;
mod polynomial;
mod print;
mod simplify;
mod solve;
mod sums;
mod surds;
mod system;
mod tex;
pub use calculus::{
    definite_integral_worked, differentiate_worked, integrate_worked, limit_worked, substitute,
};
pub use expand::{collect_worked, expand_worked};
pub use factor::factor_worked;
pub use inequality::{End, Intervals, intervals_text, solve_inequality_worked};
pub use kernel::canonical;
pub use poly::{Fraction, from_dense, from_polynomial, symbols, to_dense, to_fraction, to_polynomial};
pub use polynomial::{coefficients_worked, degree_worked, polynomial_text};
pub use print::{matrix_text, rational_text, to_sympy_string};
pub use simplify::{cancel_worked, simplify_worked};
pub use solve::{solve_worked, zero_form};
pub use sums::{product_worked, sum_worked};
pub use surds::{SurdNumber, root_to_expr, surd_of, surd_to_expr};
pub use system::{linear_system, solve_linear_system_worked, tuple_text};
pub use tex::{display_order, tex};
