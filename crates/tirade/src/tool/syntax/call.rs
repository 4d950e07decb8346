//! What a name with its arguments means.

use tirade_math::Expr;
use tirade_math::expr::{Big, BigOp, Const, Func, Interval, LogicOp, RelOp};

use super::names::Callable;
use super::parse::radians;

type Parsed = Result<Expr, String>;

/// The expression that `name(args)` stands for.
pub fn build(name: &str, callable: Callable, args: Vec<Expr>) -> Parsed {
    let count = args.len();
    let wrong =
        || Err(format!("{name}() does not take {count} argument{}", if count == 1 { "" } else { "s" }));
    let mut rest = args.into_iter();
    let mut take = || rest.next().unwrap_or_else(|| Expr::int(0));
    Ok(match (callable, count) {
        (Callable::Func(Func::Ln), 2) => Expr::Call(Func::Log, vec![take(), take()]),
        (Callable::Func(func), _) if accepts(func, count) => Expr::Call(func, rest.collect()),
        (Callable::LogBase(base), 1) => Expr::Call(Func::Log, vec![take(), Expr::int(base)]),
        (Callable::Relation(RelOp::Eq), 1) => Expr::relation(take(), RelOp::Eq, Expr::int(0)),
        (Callable::Relation(op), 2) => Expr::relation(take(), op, take()),
        (Callable::And, _) => Expr::Logic(LogicOp::And, rest.collect()),
        (Callable::Or, _) => Expr::Logic(LogicOp::Or, rest.collect()),
        (Callable::Not, 1) => Expr::Logic(LogicOp::Not, vec![take()]),
        (Callable::Quotient, 2) => take().div(take()),
        (Callable::Quotient | Callable::Identity, 1) => take(),
        (Callable::Power, 2) => take().pow(take()),
        (Callable::Power, 3) => Expr::Call(Func::Mod, vec![take().pow(take()), take()]),
        (Callable::Cbrt, 1) => Expr::Call(Func::Root, vec![take(), Expr::int(3)]),
        (Callable::Radians, 1) => radians(take()),
        (Callable::Matrix, 1) => matrix(take())?,
        (Callable::Piecewise, _) => Expr::Cases(rest.map(case).collect::<Result<_, _>>()?),
        (Callable::Tuple, _) => Expr::Tuple(rest.collect()),
        (Callable::FiniteSet, _) => Expr::Set(rest.collect()),
        (Callable::Interval, 2) => interval(take(), take(), false, false),
        (Callable::Interval, 4) => {
            let (low, high) = (take(), take());
            interval(low, high, is_true(&take()), is_true(&take()))
        }
        (Callable::Big(op), _) if count > 0 => big(name, op, rest.collect())?,
        _ => return wrong(),
    })
}

fn accepts(func: Func, count: usize) -> bool {
    match func {
        Func::Max | Func::Min | Func::Gcd | Func::Lcm => count >= 1,
        Func::Root | Func::Binom | Func::Perm | Func::Mod => count == 2,
        Func::Log | Func::Round => count == 1 || count == 2,
        _ => count == 1,
    }
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(Const::True))
}

fn interval(low: Expr, high: Expr, left_open: bool, right_open: bool) -> Expr {
    Expr::Interval(Interval { low: Box::new(low), high: Box::new(high), closed: (!left_open, !right_open) })
}

/// `[[1, 2], [3, 4]]` as rows; `[1, 2]` is a column, as in SymPy.
pub fn matrix(rows: Expr) -> Parsed {
    let Expr::Bracket(items) = rows else {
        return Err("Matrix() needs a list of rows, such as [[1, 2], [3, 4]]".to_owned());
    };
    let rows: Vec<Vec<Expr>> =
        items.into_iter().map(|row| if let Expr::Bracket(cells) = row { cells } else { vec![row] }).collect();
    if rows.iter().any(|row| row.len() != rows[0].len()) {
        return Err("the rows of a matrix must be equally long".to_owned());
    }
    Ok(Expr::Matrix(rows))
}

fn case(pair: Expr) -> Result<(Expr, Expr), String> {
    match pair {
        Expr::Tuple(items) => <[Expr; 2]>::try_from(items).map(|[value, condition]| (value, condition)).ok(),
        _ => None,
    }
    .ok_or_else(|| "Piecewise() needs pairs (value, condition)".to_owned())
}

/// `Sum(body, (k, 1, n))`, `Integral(body, x)`, `Limit(body, x, 0, "+")` without its quotes, `Derivative(body, x)`; several ranges nest.
fn big(name: &str, op: BigOp, mut args: Vec<Expr>) -> Parsed {
    let mut body = args.remove(0);
    if op == BigOp::Limit {
        args = vec![Expr::Tuple(args)];
    }
    if op == BigOp::Derivative && args.is_empty() {
        args.push(Expr::sym("x"));
    }
    if args.is_empty() {
        return Err(format!("{name}() needs its variable and range, such as (k, 1, n)"));
    }
    for range in args {
        let (var, low, high) = parts(name, op, range)?;
        body = Expr::Big(Box::new(Big { op, body: bind(body, &var), var: var.into(), low, high }));
    }
    Ok(body)
}

fn parts(name: &str, op: BigOp, range: Expr) -> Result<(String, Option<Expr>, Option<Expr>), String> {
    let mut items = if let Expr::Tuple(items) = range { items } else { vec![range] }.into_iter();
    let var = match items.next() {
        Some(Expr::Sym(var)) => var.to_string(),
        Some(Expr::Const(Const::I)) => "i".to_owned(),
        Some(Expr::Const(Const::E)) => "e".to_owned(),
        other => {
            return Err(format!(
                "{name}() runs over a variable, not over {}",
                other.map_or_else(String::new, |e| e.to_string())
            ));
        }
    };
    let (low, high) = (items.next(), items.next());
    let needs_both = matches!(op, BigOp::Sum | BigOp::Prod);
    if (needs_both && high.is_none())
        || (op == BigOp::Integral && low.is_some() != high.is_some())
        || items.next().is_some()
    {
        return Err(format!("{name}() over {var} needs both bounds, such as ({var}, 1, 10)"));
    }
    Ok((var, low, high))
}

/// Inside a sum over `i` the letter i is its index, not the imaginary unit.
fn bind(body: Expr, var: &str) -> Expr {
    let constant = match var {
        "i" => Const::I,
        "e" => Const::E,
        _ => return body,
    };
    super::map(body, &|node| if node == Expr::Const(constant) { Expr::sym(var) } else { node })
}
