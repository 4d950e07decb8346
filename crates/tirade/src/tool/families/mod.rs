//! The tables of typed tools, one file a family. A table entry says what a tool is; the functions below each table are the native
//! lane; the Python functions of the same names, in `python/`, are the SymPy lane.

pub mod algebra;
pub mod calculus;
mod conic_text;
pub mod conics;
pub mod geometry;
pub mod math;
pub mod matrices;
mod native;
pub mod numbers;
mod plane;

use super::spec::{Kind, Param, Tool, param};

/// The families of the SymPy toolkit.
pub const SYMPY: &[&[Tool]] = &[algebra::TOOLS, matrices::TOOLS, calculus::TOOLS, numbers::TOOLS];

/// The families of the math toolkit.
pub const MATH: &[&[Tool]] = &[math::TOOLS];

/// The families of the geometry toolkit.
pub const GEOMETRY: &[&[Tool]] = &[geometry::TOOLS, conics::TOOLS];

const EXPRESSION: Param = param(
    "expression",
    Kind::Expression,
    "The expression, such as (x^2 - 1)/(x - 1). SymPy syntax, plain notation and LaTeX are read.",
);
const VARIABLE: Param = param("variable", Kind::Variable, "The variable, such as x.");
const OPTIONAL_VARIABLE: Param =
    param("variable", Kind::OptionalVariable, "The variable; null for x, or for the only variable.");
