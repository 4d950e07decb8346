//! Derivatives, integrals, limits, series, extrema, sums, products and recurrences.

use tirade_math::cas::{self, rational_text};

use super::native::{expression, rational_of, text, variable_or_default};
use super::{EXPRESSION, OPTIONAL_VARIABLE, VARIABLE};
use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline, Kind, Param, Tool, param, tool};

const LOWER: Param = param("lower", Kind::Value, "The lower end, such as 0, pi/2 or -oo.");
const UPPER: Param = param("upper", Kind::Value, "The upper end, such as 1, sqrt(2) or oo.");
const LOWER_OR_NULL: Param =
    param("lower", Kind::OptionalValue, "The left end of the interval; null for none.");
const UPPER_OR_NULL: Param =
    param("upper", Kind::OptionalValue, "The right end of the interval; null for none.");
const POINT: Param = param("point", Kind::Value, "The point, such as 0, 1/2 or oo.");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("differentiate", "The derivative of an expression.", &[EXPRESSION, OPTIONAL_VARIABLE]).native(differentiate),
    tool(
        "integrate",
        "An antiderivative of an expression, without the constant.",
        &[EXPRESSION, OPTIONAL_VARIABLE],
    ).native(integrate),
    tool(
        "definite_integral",
        "The exact integral between two bounds.",
        &[EXPRESSION, VARIABLE, LOWER, UPPER],
    ).native(definite_integral),
    tool(
        "series_expansion",
        "The Taylor or Laurent series around a point, with the order term.",
        &[EXPRESSION, VARIABLE, POINT, param("order", Kind::Value, "The power at which the series stops.")],
    ),
    tool(
        "compute_limit",
        "The limit of an expression. Two-sided unless a side is named; zoo means that it is infinite with different signs.",
        &[
            EXPRESSION,
            VARIABLE,
            POINT,
            param(
                "direction",
                Kind::Choice(&["both", "+", "-"]),
                "both, + (from the right) or - (from the left).",
            ),
        ],
    ).native(compute_limit),
    tool("find_critical_points", "The points where the derivative is zero.", &[EXPRESSION, VARIABLE]),
    tool(
        "check_continuity",
        "Whether the expression is continuous at a point: True or False.",
        &[EXPRESSION, VARIABLE, POINT],
    ),
    tool(
        "find_extrema",
        "The least and the greatest value on an interval, and where the derivative is zero.",
        &[EXPRESSION, VARIABLE, LOWER_OR_NULL, UPPER_OR_NULL],
    ),
    tool(
        "optimize",
        "The least or greatest value among the points where the objective is stationary on the equations given (Lagrange).",
        &[
            param("objective", Kind::Expression, "What is to be made small or large, such as x*y."),
            param("constraints", Kind::Expressions, "Equations that hold, such as [\"x + y = 10\"]."),
            param("variables", Kind::Variables, "The variables, such as [\"x\", \"y\"]."),
            param("goal", Kind::Choice(&["min", "max"]), "min or max."),
        ],
    ),
    tool("function_domain", "The real numbers for which an expression is defined.", &[EXPRESSION, VARIABLE]),
    tool(
        "function_range",
        "The values that an expression takes on an interval.",
        &[EXPRESSION, VARIABLE, LOWER_OR_NULL, UPPER_OR_NULL],
    ),
    tool(
        "compute_sum",
        "The sum of an expression for all integers between two bounds, also symbolic or infinite.",
        &[EXPRESSION, VARIABLE, LOWER, UPPER],
    ),
    tool(
        "compute_product",
        "The product of an expression for all integers between two bounds.",
        &[EXPRESSION, VARIABLE, LOWER, UPPER],
    ),
    tool(
        "solve_recurrence",
        "A closed form of a sequence given by a linear recurrence and initial values.",
        &[
            param("recurrence", Kind::Expression, "The recurrence, such as a(n+2) = a(n+1) + a(n)."),
            param("function", Kind::Function, "The name of the sequence, such as a."),
            param("variable", Kind::Variable, "The index, such as n."),
            param("initial_points", Kind::Values, "Indices of the known terms, such as [0, 1]."),
            param("initial_values", Kind::Values, "The known terms, such as [0, 1]."),
        ],
    ),
];

type Native = Result<Answer, Decline>;

fn differentiate(args: &Args) -> Native {
    let e = args.expr("expression")?;
    expression(cas::differentiate_worked(e, &variable_or_default(args, "variable", e)))
}

fn integrate(args: &Args) -> Native {
    let e = args.expr("expression")?;
    expression(cas::integrate_worked(e, &variable_or_default(args, "variable", e)))
}

fn definite_integral(args: &Args) -> Native {
    let (e, low, high) = (args.expr("expression")?, rational_of(args, "lower")?, rational_of(args, "upper")?);
    let x = variable_or_default(args, "variable", e);
    text(cas::definite_integral_worked(e, &x, &low, &high).map(|w| w.map(|value| rational_text(&value))))
}

/// Finite limits of rational functions: there both sides agree, so the direction does not matter.
fn compute_limit(args: &Args) -> Native {
    let (e, point) = (args.expr("expression")?, rational_of(args, "point")?);
    let x = variable_or_default(args, "variable", e);
    text(cas::limit_worked(e, &x, &point).map(|w| w.map(|value| rational_text(&value))))
}
