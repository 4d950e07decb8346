//! Expressions, equations, inequalities and polynomials.

use super::{EXPRESSION, OPTIONAL_VARIABLE, VARIABLE};
use crate::tool::spec::{Kind, Param, Tool, param, tool};

const EQUATIONS: &str =
    "The equations, such as [\"x + y = 3\", \"x - y = 1\"]; an expression without = is set to zero.";
const VARIABLES: Param = param("variables", Kind::Variables, "The unknowns, such as [\"x\", \"y\"].");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("simplify_expression", "Simplifies an expression.", &[EXPRESSION]),
    tool("expand_expression", "Multiplies out products and powers.", &[EXPRESSION]),
    tool(
        "factor_expression",
        "Factors a polynomial or a fraction of polynomials over the rational numbers.",
        &[EXPRESSION],
    ),
    tool(
        "solve_linear_system",
        "Solves linear equations. Each solution is a tuple in the order of the variables; [] means that there is none; free variables \
         stay in the tuple.",
        &[param("equations", Kind::Expressions, EQUATIONS), VARIABLES],
    ),
    tool(
        "solve_nonlinear_system",
        "Solves polynomial and other equations in several unknowns, complex solutions included. Each solution is a tuple in the order \
         of the variables.",
        &[param("sympy_equations", Kind::Expressions, EQUATIONS), VARIABLES],
    ),
    tool(
        "solve_univariate_inequality",
        "Solves an inequality in one real variable.",
        &[
            param("inequality", Kind::Expression, "The inequality, such as x^2 - 4 >= 0 or 1 < x^2 < 9."),
            VARIABLE,
        ],
    ),
    tool(
        "reduce_inequalities",
        "Solves several inequalities that hold at once.",
        &[param("inequalities", Kind::Expressions, "The inequalities, such as [\"x > 1\", \"x^2 < 25\"].")],
    ),
    tool(
        "polynomial_representation",
        "Writes an expression as a polynomial in one variable.",
        &[EXPRESSION, VARIABLE],
    ),
    tool("polynomial_degree", "The degree of a polynomial in one variable.", &[EXPRESSION, VARIABLE]),
    tool(
        "polynomial_coefficients",
        "The coefficients of a polynomial, from the highest power down.",
        &[EXPRESSION, VARIABLE],
    ),
    tool(
        "solve_equation",
        "Solves an equation for one variable; complex solutions are included.",
        &[
            param(
                "sympy_equation",
                Kind::Expression,
                "The equation, such as x^2 = 4; an expression without = is set to zero.",
            ),
            OPTIONAL_VARIABLE,
        ],
    ),
    tool("find_roots", "Finds the roots of an expression or equation.", &[EXPRESSION]),
    tool("cancel_expression", "Writes an expression as one fraction in lowest terms.", &[EXPRESSION]),
    tool(
        "partial_fractions",
        "Splits a fraction of polynomials into partial fractions.",
        &[EXPRESSION, OPTIONAL_VARIABLE],
    ),
    tool("simplify_trig", "Simplifies an expression with trigonometric identities.", &[EXPRESSION]),
    tool("expand_trig", "Expands sines and cosines of sums and multiples of angles.", &[EXPRESSION]),
    tool("simplify_radicals", "Denests roots and makes denominators rational.", &[EXPRESSION]),
    tool(
        "substitute",
        "Replaces variables by values, all at once.",
        &[EXPRESSION, VARIABLES, param("values", Kind::Values, "The values, in the order of the variables.")],
    ),
    tool(
        "evaluate_numeric",
        "The decimal value of an expression.",
        &[EXPRESSION, param("digits", Kind::Value, "How many significant digits, such as 15.")],
    ),
    tool(
        "complex_form",
        "Real part, imaginary part, modulus, argument and conjugate of a complex number.",
        &[EXPRESSION],
    ),
    tool(
        "polynomial_division",
        "Divides polynomials with remainder.",
        &[
            param("dividend", Kind::Expression, "The polynomial to divide."),
            param("divisor", Kind::Expression, "The polynomial to divide by."),
            VARIABLE,
        ],
    ),
    tool(
        "polynomial_gcd",
        "The greatest common divisor of two polynomials.",
        &[
            param("expression1", Kind::Expression, "The first polynomial."),
            param("expression2", Kind::Expression, "The second polynomial."),
        ],
    ),
    tool("complete_square", "Writes a quadratic as a*(x - h)**2 + k.", &[EXPRESSION, VARIABLE]),
];
