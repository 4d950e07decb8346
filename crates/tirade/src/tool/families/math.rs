//! Exact arithmetic: CAMEL's five names, without its silent rounding to two places, and `evaluate`.

use crate::tool::spec::{Kind, Param, Tool, param, tool};

const A: Param = param("a", Kind::Value, "A number such as 0.1, 3/4 or sqrt(2); decimals are exact.");
const B: Param = param("b", Kind::Value, "A number.");
const PLACES: Param =
    param("decimal_places", Kind::OptionalValue, "Places to round to; null for the exact result.");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("math_add", "a + b, exactly.", &[A, B]),
    tool("math_subtract", "a - b, exactly.", &[A, B]),
    tool("math_multiply", "a * b, exactly unless places to round to are given.", &[A, B, PLACES]),
    tool("math_divide", "a / b, exactly unless places to round to are given.", &[A, B, PLACES]),
    tool(
        "math_round",
        "Rounds to a number of decimal places, half away from zero.",
        &[A, param("decimal_places", Kind::OptionalValue, "Places after the point; null for none.")],
    ),
    tool(
        "evaluate",
        "The exact value of an arithmetic expression, with its decimal value.",
        &[param("expression", Kind::Expression, "The expression, such as (3/4 + 0.2)^2 * 5! or sqrt(8).")],
    ),
];
