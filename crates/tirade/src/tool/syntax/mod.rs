//! Reads what models write as tool arguments: SymPy's grammar and everyday notation, LaTeX through [`tirade_math::parse`].
//!
//! `x**2`, `x^2`, `2x(x+1)`, `|x|`, `x = 2`, `x == 2`, `Eq(x, 2)`, `1 < x <= 5`, `sin^2 x`, `Sum(k, (k, 1, n))` are all
//! read, and nothing is ever evaluated: the outcome is an [`Expr`], plain data. Answers (what a solution ends with) are read by
//! `tirade_math` with other habits, such as units; here `5 m` is five times m.
//!
//! ```
//! use tirade::tool::syntax::read;
//! assert_eq!(read("2x(x-1) = 0", &[]).unwrap(), read("Eq(2*x*(x-1), 0)", &[]).unwrap());
//! ```

mod call;
mod lex;
mod names;
mod parse;

use tirade_math::Expr;
use tirade_math::expr::{Const, Func};

/// Longest argument, in bytes.
pub const MAX_BYTES: usize = 20_000;

/// Reads one argument. `variables` are names that stand for themselves here even if they have a meaning elsewhere (`E`, `i`).
///
/// # Errors
/// What could not be read, with the place, in words for the model.
pub fn read(text: &str, variables: &[String]) -> Result<Expr, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the argument is empty".to_owned());
    }
    if text.len() > MAX_BYTES {
        return Err(format!("the argument has {} bytes; at most {MAX_BYTES} are read", text.len()));
    }
    if text.contains(['\\', '$']) {
        let latex = tirade_math::parse(text).map_err(|e| format!("{e} in {text:?}"))?;
        return Ok(settle(latex, variables));
    }
    parse::parse(text, variables)
}

/// LaTeX leaves two things open that an argument does not: `log` without a base is natural, and a variable is a variable.
fn settle(expr: Expr, variables: &[String]) -> Expr {
    let is_variable = |name: &str| variables.iter().any(|v| v == name);
    map(expr, &|node| match node {
        Expr::Call(Func::Log, args) if args.len() == 1 => Expr::Call(Func::Ln, args),
        Expr::Const(Const::E) if is_variable("e") => Expr::sym("e"),
        Expr::Const(Const::I) if is_variable("i") => Expr::sym("i"),
        other => other,
    })
}

/// Rebuilds a tree from the leaves up. The depth of a parsed tree is bounded, so this may recurse.
pub(crate) fn map(expr: Expr, change: &impl Fn(Expr) -> Expr) -> Expr {
    let all = |items: Vec<Expr>| items.into_iter().map(|e| map(e, change)).collect::<Vec<_>>();
    let one = |item: Box<Expr>| Box::new(map(*item, change));
    change(match expr {
        Expr::Add(items) => Expr::Add(all(items)),
        Expr::Mul(items) => Expr::Mul(all(items)),
        Expr::Pow(base, exponent) => Expr::Pow(one(base), one(exponent)),
        Expr::Call(func, args) => Expr::Call(func, all(args)),
        Expr::Apply(name, args) => Expr::Apply(name, all(args)),
        Expr::Relation(left, rest) => Expr::Relation(one(left), rest.into_iter().map(|(op, e)| (op, map(e, change))).collect()),
        Expr::Logic(op, items) => Expr::Logic(op, all(items)),
        Expr::Tuple(items) => Expr::Tuple(all(items)),
        Expr::Bracket(items) => Expr::Bracket(all(items)),
        Expr::List(items) => Expr::List(all(items)),
        Expr::Set(items) => Expr::Set(all(items)),
        Expr::Matrix(rows) => Expr::Matrix(rows.into_iter().map(all).collect()),
        Expr::Big(mut big) => {
            big.body = map(big.body, change);
            big.low = big.low.map(|e| map(e, change));
            big.high = big.high.map(|e| map(e, change));
            Expr::Big(big)
        }
        other => other,
    })
}
