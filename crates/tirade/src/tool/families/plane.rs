//! What the native geometry shares: points, lines and numbers of the plane, as arguments and as text.

use tirade_math::Expr;
use tirade_math::cas::{self, surd_to_expr, to_sympy_string};
use tirade_math::exact::{Exact, Worked};
use tirade_math::expr::Func;
use tirade_math::geometry::{Line, Point};
use tirade_math::surd::Surd;

use super::native::text;
use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline};

/// A point argument whose coordinates are numbers made of square roots.
pub fn point_of(args: &Args, name: &str) -> Result<Point, Decline> {
    point(args.list(name)?)
}

/// A list of points.
pub fn points_of(args: &Args, name: &str) -> Result<Vec<Point>, Decline> {
    args.rows(name)?.iter().map(|row| point(row)).collect()
}

fn point(coordinates: &[Expr]) -> Result<Point, Decline> {
    match coordinates {
        [x, y] => Ok(Point::from_exprs(x, y)?),
        _ => Err(Decline::Lane("a point in space".to_owned())),
    }
}

/// SymPy's spelling of a number.
pub fn surd_text(surd: &Surd) -> Exact<String> {
    to_sympy_string(&surd_to_expr(surd)?)
}

/// `(1, sqrt(2))`.
pub fn pair_text(point: &Point) -> Exact<String> {
    Ok(format!("({}, {})", surd_text(&point.x)?, surd_text(&point.y)?))
}

/// `y = 2*x + 1`, or `x = 3` for a vertical line.
pub fn line_text(line: &Line) -> Exact<String> {
    if line.b.is_zero() {
        return Ok(format!("x = {}", surd_text(&line.c.div(&line.a)?)?));
    }
    let slope = line.a.div(&line.b)?.neg();
    let steps = slope.terms().map(|(radicand, factor)| {
        let root = Expr::call(Func::Sqrt, Expr::Num(radicand.clone().into()));
        Expr::product([Expr::Num(factor.clone()), root, Expr::sym("x")])
    });
    let shift = surd_to_expr(&line.c.div(&line.b)?)?;
    Ok(format!("y = {}", to_sympy_string(&cas::canonical(&Expr::sum(steps.chain([shift])))?)?))
}

/// An answer that is a number.
pub fn number(result: Exact<Worked<Surd>>) -> Result<Answer, Decline> {
    let Worked { value, derivation } = result?;
    text(Ok(Worked { value: surd_text(&value)?, derivation }))
}

/// An answer that is a point in SymPy's spelling.
pub fn sympy_point(result: Exact<Worked<Point>>) -> Result<Answer, Decline> {
    let Worked { value, derivation } = result?;
    text(Ok(Worked { value: value.sympy_text()?, derivation }))
}
