//! Typed tool calls without a derivation of their own: explained from the arguments and the result.
//!
//! [`explain`] says a step only after `tirade-math` has found it true: a rewritten expression equals the one given, a solution solves, an
//! antiderivative has the integrand as derivative. What cannot be checked is refused by name.
//!
//! ```
//! use tirade::translate::typed::explain;
//! let said = explain("partial_fractions", r#"{"expression": "1/(x^2 - 1)", "variable": "x"}"#, r#"{"result": "1/(2*(x - 1)) - 1/(2*(x + 1))"}"#);
//! assert!(said.unwrap().starts_with("Splitting into partial fractions"));
//! assert!(explain("partial_fractions", r#"{"expression": "1/(x^2 - 1)", "variable": "x"}"#, r#"{"result": "1/(x - 1)"}"#).is_err());
//! ```

mod algebra;
mod calculus;
mod figures;
mod lagrange;
#[cfg(test)]
mod tests;

use serde_json::Value;
use tirade_math::{Assumptions, Expr, Outcome, Truth, cas, check_relation, equivalent};

use crate::tool::ToolkitSelection;
use crate::tool::args::Args;
use crate::tool::spec::Decline;
use crate::tool::syntax::{Names, read};

/// A call with what it gave: everything, and the result in it.
struct Call {
    args: Args,
    content: Value,
    result: Value,
}

type Explained = Result<String, String>;

/// The steps of a typed call.
///
/// # Errors
/// What no rule explains, or what could not be checked.
pub fn explain(name: &str, arguments: &str, content: &str) -> Explained {
    let tool = ToolkitSelection::ALL.tools().find(|tool| tool.name == name);
    let tool = tool.ok_or_else(|| format!("no rule explains the tool {name}"))?;
    let arguments: Value =
        serde_json::from_str(arguments).map_err(|why| format!("the arguments of {name}: {why}"))?;
    let content: Value =
        serde_json::from_str(content).map_err(|why| format!("the result of {name}: {why}"))?;
    let call = Call {
        args: Args::read(tool, &arguments)?,
        result: content.get("result").unwrap_or(&content).clone(),
        content,
    };
    let found = algebra::explain(name, &call)
        .or_else(|| calculus::explain(name, &call))
        .or_else(|| figures::explain(name, &call));
    found.unwrap_or_else(|| Err(format!("no rule explains the tool {name}")))
}

impl Call {
    fn expr(&self, name: &str) -> Result<&Expr, String> {
        self.args.expr(name).map_err(declined)
    }

    fn list(&self, name: &str) -> Result<&[Expr], String> {
        self.args.list(name).map_err(declined)
    }

    fn rows(&self, name: &str) -> Result<&[Vec<Expr>], String> {
        self.args.rows(name).map_err(declined)
    }

    fn variable(&self, name: &str) -> smol_str::SmolStr {
        self.args.variable(name).cloned().unwrap_or_else(|| "x".into())
    }

    /// The result as text.
    fn text(&self) -> Result<&str, String> {
        self.result.as_str().ok_or_else(|| "a result that is no text".to_owned())
    }

    /// The result, or one part of it, as an expression.
    fn value(&self) -> Result<Expr, String> {
        read_result(self.text()?)
    }

    fn part(&self, name: &str) -> Result<Expr, String> {
        let text = self.result.get(name).and_then(Value::as_str);
        read_result(text.ok_or_else(|| format!("a result without {name}"))?)
    }

    /// The members of a list of texts.
    fn items(&self) -> Result<Vec<Expr>, String> {
        let items = self.result.as_array().ok_or("a result that is no list")?;
        items.iter().map(|item| read_result(item.as_str().unwrap_or_default())).collect()
    }
}

fn declined(why: Decline) -> String {
    match why {
        Decline::Lane(what) | Decline::Error(what) => what,
    }
}

fn read_result(text: &str) -> Result<Expr, String> {
    read(text, &Names::default()).map_err(|why| format!("the result {text}: {why}"))
}

/// `left = right`, after it was found to hold for all values.
fn equation(left: &Expr, right: &Expr) -> Explained {
    equation_as(&left.to_latex(), left, right)
}

/// The same with other words for the left side.
fn equation_as(shown: &str, left: &Expr, right: &Expr) -> Explained {
    let shown = if shown == right.to_latex() {
        return Ok(right.to_latex());
    } else {
        format!("{shown} = {}", right.to_latex())
    };
    match equivalent(left, right).outcome {
        Outcome::Equal => Ok(shown),
        _ => Err(format!("{shown} could not be checked")),
    }
}

/// LaTeX of a relation, after it was found to hold.
fn holds(latex: String) -> Explained {
    match check_relation(&latex, &Assumptions::default()) {
        Truth::True => Ok(latex),
        _ => Err(format!("{latex} could not be checked")),
    }
}

/// An expression with values for its variables.
fn put(expr: &Expr, values: &[(smol_str::SmolStr, Expr)]) -> Expr {
    expr.clone().map(&|part| match &part {
        Expr::Sym(name) => {
            values.iter().find(|(known, _)| known == name).map_or(part.clone(), |(_, value)| value.clone())
        }
        _ => part,
    })
}

/// The simplest form that is known.
fn simple(expr: &Expr) -> Expr {
    cas::canonical(expr).unwrap_or_else(|_| expr.clone())
}

/// `$a$, $b$, and $c$`.
fn listed(formulas: &[String]) -> String {
    let quoted: Vec<String> = formulas.iter().map(|formula| format!("${formula}$")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
