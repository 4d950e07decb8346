//! The expression type: plain data, what every other module of the crate reads and writes.
//!
//! An [`Expr`] says what was written, normalised only where two spellings cannot mean different things:
//! `a - b` is `Add[a, Mul[-1, b]]`, `a/b` is `Mul[a, Pow[b, -1]]`, a fraction of two integer literals is one exact
//! number. Nothing is simplified and nothing is evaluated, so `0/0` and `2^{10^{10}}` are harmless trees.
//!
//! ```
//! use tirade_math::{Expr, parse};
//! let e = parse(r"\frac{1}{2}x + \sqrt{3}").unwrap();
//! assert_eq!(e.to_string(), "1/2*x + sqrt(3)");
//! let json = serde_json::to_string(&e).unwrap();
//! assert_eq!(json, r#"{"add":[{"mul":[{"num":"1/2"},{"sym":"x"}]},{"call":["sqrt",[{"num":"3"}]]}]}"#);
//! assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), e);
//! ```

mod build;
mod func;
mod json;
mod latex;
mod plain;

pub use build::based_value;
pub use func::{BigOp, Const, Func, LogicOp, RelOp, SetOp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// An exact rational number of any size.
pub type Rational = dashu::rational::RBig;

/// A mathematical expression or statement, as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// An exact number: integer, fraction of integer literals, mixed number.
    #[serde(with = "json::rational")]
    Num(Rational),
    /// A decimal literal: its exact value, and how many digits stood after the point.
    #[serde(with = "json::decimal")]
    Dec(Decimal),
    /// A variable: `x`, `theta`, `x_1`, `f'`.
    Sym(SmolStr),
    /// A named constant or a named set.
    Const(Const),
    /// A sum of two or more terms.
    Add(Vec<Expr>),
    /// A product of two or more factors. The first factor of a negated term is `Num(-1)`.
    Mul(Vec<Expr>),
    /// Base and exponent.
    Pow(Box<Expr>, Box<Expr>),
    /// A known function and its arguments.
    Call(Func, Vec<Expr>),
    /// An unknown function, by name: `f(x)`, `T(10)`.
    Apply(SmolStr, Vec<Expr>),
    /// `±x` (true) or `∓x` (false), as a term.
    PlusMinus(bool, Box<Expr>),
    /// A numeral in another base: its digits, most significant first, and the base.
    Based(Vec<u8>, u32),
    /// A chain of relations, `a < b <= c`: the first side, then each relation with its right side.
    Relation(Box<Expr>, Vec<(RelOp, Expr)>),
    /// `and`, `or`, `not`, `implies`, `iff` of statements.
    Logic(LogicOp, Vec<Expr>),
    /// An ordered tuple, `(a, b)`; with two parts it may also be an open interval, which the other side decides.
    Tuple(Vec<Expr>),
    /// Square brackets around one, three or more items: `[1, 2, 3]`.
    Bracket(Vec<Expr>),
    /// Items separated by commas or "and" without brackets: `1, 2`.
    List(Vec<Expr>),
    /// `{a, b}`.
    Set(Vec<Expr>),
    /// Ends and whether each belongs to it. `(a, b)` is a [`Expr::Tuple`].
    Interval(Interval),
    /// Union, intersection, difference of sets.
    SetOp(SetOp, Vec<Expr>),
    /// `{ element | condition }`.
    SetBuilder(Box<Expr>, Box<Expr>),
    /// Rows of equal length.
    Matrix(Vec<Vec<Expr>>),
    /// `a : b` or `a : b : c`.
    Ratio(Vec<Expr>),
    /// A value with what follows it: `5 cm`, `28 %`, `60°` (see [`crate::unit`]).
    Quantity(Box<Expr>, SmolStr),
    /// Values with their conditions; the condition of "otherwise" is `Const::True`.
    Cases(Vec<(Expr, Expr)>),
    /// Sum, product, integral, limit or derivative.
    Big(Box<Big>),
    /// Words, lower-cased, one space between them.
    Text(SmolStr),
}

/// A decimal literal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The exact value: `0.25` is 1/4.
    pub value: Rational,
    /// Digits written after the point (after an exponent is applied, never negative).
    pub places: u32,
}

/// An interval with both ends; `closed` tells for the low and the high end whether it belongs to the interval.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// Low end.
    pub low: Box<Expr>,
    /// High end.
    pub high: Box<Expr>,
    /// Whether the low and the high end belong to it.
    pub closed: (bool, bool),
}

/// A big operator: its body and the variable it binds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Big {
    /// Which operator.
    pub op: BigOp,
    /// What is summed, integrated, derived.
    pub body: Expr,
    /// The bound variable.
    pub var: SmolStr,
    /// Lower bound, or the point a limit goes to. For a derivative, its order.
    pub low: Option<Expr>,
    /// Upper bound; for a limit `Num(1)` or `Num(-1)` if it is one-sided.
    pub high: Option<Expr>,
}
