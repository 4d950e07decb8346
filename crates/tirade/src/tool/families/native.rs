//! What the native functions share: taking arguments as exact values, and turning worked values into answers.

use dashu::integer::IBig;
use serde_json::{Value, json};
use tirade_math::Expr;
use tirade_math::exact::{Exact, ExactError, Worked};

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

/// An argument that is an integer literal.
pub fn integer_of(args: &Args, name: &str) -> Result<IBig, Decline> {
    integer(args.expr(name)?).ok_or_else(|| Decline::Lane(format!("{name} is not an integer literal")))
}

/// A list of integer literals.
pub fn integers_of(args: &Args, name: &str) -> Result<Vec<IBig>, Decline> {
    let all = args.list(name)?.iter().map(integer).collect::<Option<_>>();
    all.ok_or_else(|| Decline::Lane(format!("{name} are not all integer literals")))
}

fn integer(expr: &Expr) -> Option<IBig> {
    expr.as_rational().filter(|n| n.is_int()).map(|n| n.numerator().clone())
}

/// An integer literal from 0 to `most`; the SymPy lane words the error for others.
pub fn small(args: &Args, name: &str, most: u64) -> Result<u64, Decline> {
    let value = u64::try_from(&integer_of(args, name)?).ok().filter(|value| *value <= most);
    value.ok_or_else(|| Decline::Lane(format!("{name} is not between 0 and {most}")))
}
