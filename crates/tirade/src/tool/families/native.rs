//! What the native functions share: taking arguments as exact values, and turning worked values into answers.

use dashu::integer::IBig;
use serde_json::{Value, json};
use smol_str::SmolStr;
use tirade_math::cas::{self, to_sympy_string};
use tirade_math::exact::{Exact, ExactError, Worked};
use tirade_math::{Expr, Rational};

use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline};

impl From<ExactError> for Decline {
    /// What is undefined is the caller's mistake; what is too large or not done here, SymPy may still do.
    fn from(error: ExactError) -> Self {
        match error {
            ExactError::Undefined(what) => Decline::Error(what),
            ExactError::TooLarge { .. } | ExactError::Unsupported(_) => Decline::Lane(error.to_string()),
        }
    }
}

/// An answer whose content is made from the value.
pub fn worked<T>(result: Exact<Worked<T>>, content: impl FnOnce(T) -> Value) -> Result<Answer, Decline> {
    let Worked { value, derivation } = result?;
    let steps = derivation.render_english();
    Ok(Answer { content: content(value), derivation: Some(steps).filter(|steps| !steps.is_empty()) })
}

/// `{"result": "…"}` with the value as text.
pub fn text<T: ToString>(result: Exact<Worked<T>>) -> Result<Answer, Decline> {
    worked(result, |value| json!({ "result": value.to_string() }))
}

/// `{"result": "…"}` with the expression in SymPy's spelling.
pub fn expression(result: Exact<Worked<Expr>>) -> Result<Answer, Decline> {
    let Worked { value, derivation } = result?;
    let value = to_sympy_string(&value)?;
    worked(Ok(Worked { value, derivation }), |text| json!({ "result": text }))
}

/// The value of an expression that is a rational number.
pub fn rational(expr: &Expr) -> Result<Rational, Decline> {
    match expr.as_rational() {
        Some(value) => Ok(value.clone()),
        None => match cas::canonical(expr)? {
            Expr::Num(value) => Ok(value),
            other => Err(Decline::Lane(format!("{other} is not a rational number"))),
        },
    }
}

/// An argument that is a rational number.
pub fn rational_of(args: &Args, name: &str) -> Result<Rational, Decline> {
    rational(args.expr(name)?)
}

/// A list of rational numbers.
pub fn rationals(list: &[Expr]) -> Result<Vec<Rational>, Decline> {
    list.iter().map(rational).collect()
}

/// An argument that is an integer.
pub fn integer_of(args: &Args, name: &str) -> Result<IBig, Decline> {
    integer(args.expr(name)?)
}

/// A list of integers.
pub fn integers_of(args: &Args, name: &str) -> Result<Vec<IBig>, Decline> {
    args.list(name)?.iter().map(integer).collect()
}

fn integer(expr: &Expr) -> Result<IBig, Decline> {
    let value = rational(expr)?;
    if value.is_int() {
        Ok(value.numerator().clone())
    } else {
        Err(Decline::Lane(format!("{value} is not an integer")))
    }
}

/// The variable an argument names; else x where it occurs or nothing does; else the only one there is.
pub fn variable_or_default(args: &Args, name: &str, expr: &Expr) -> SmolStr {
    if let Some(variable) = args.variable(name) {
        return variable.clone();
    }
    let mut symbols = cas::symbols(expr);
    let only = symbols.len() == 1;
    if only { symbols.remove(0) } else { SmolStr::new_static("x") }
}

/// An integer literal from 0 to `most`; the SymPy lane words the error for others.
pub fn small(args: &Args, name: &str, most: u64) -> Result<u64, Decline> {
    let value = u64::try_from(&integer_of(args, name)?).ok().filter(|value| *value <= most);
    value.ok_or_else(|| Decline::Lane(format!("{name} is not between 0 and {most}")))
}
