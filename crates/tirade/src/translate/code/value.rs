//! What the names of a program stand for, as exact mathematics.

use std::rc::Rc;

use tirade_math::expr::{Decimal, Func};
use tirade_math::{Expr, Outcome, Rational, cas, equivalent};

use super::Unexplained;
use super::ast::{Function, Node};

/// A value of the program.
#[derive(Clone, Debug)]
pub enum Value {
    None,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Set(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// First, behind the last, step.
    Range(i64, i64, i64),
    /// An equation or inequality.
    Relation(Expr),
    Matrix(Vec<Vec<Number>>),
    Function(Rc<Function>),
    Lambda(Rc<(Vec<String>, Node)>),
    /// A function or module of Python by its full name, such as `math.gcd`.
    Known(String),
}

/// Which of Python's numbers it is; its value is exact all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Float,
    /// SymPy's: exact, maybe with variables.
    Exact,
}

/// A number or an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub expr: Expr,
    pub kind: Kind,
}

/// Largest numerator or denominator, in bits.
const MOST_BITS: usize = 600;
/// Digits after the point of a decimal that is shown in full.
const SHOWN_PLACES: usize = 6;

impl Number {
    pub fn int(value: i64) -> Self {
        Self { expr: Expr::int(value), kind: Kind::Int }
    }

    /// Takes an expression to its canonical form where there is one.
    pub fn new(expr: Expr, kind: Kind) -> Result<Self, Unexplained> {
        let expr = match expr {
            Expr::Num(_) | Expr::Sym(_) => expr,
            Expr::Dec(decimal) => Expr::Num(decimal.value),
            other => cas::canonical(&other).unwrap_or(other),
        };
        match &expr {
            Expr::Num(value) if bits(value) > MOST_BITS => {
                Err(Unexplained::new("numbers of more than 180 digits"))
            }
            _ => Ok(Self { expr, kind }),
        }
    }

    /// A literal of the program.
    pub fn literal(text: &str) -> Option<Self> {
        if let Ok(value) = text.parse::<u128>() {
            return Some(Self { expr: Expr::Num(Rational::from(value)), kind: Kind::Int });
        }
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent = exponent.parse::<isize>().ok().filter(|exponent| exponent.unsigned_abs() <= 60)?;
        let mut decimal = Decimal::parse(digits)?;
        decimal.value *= Rational::from(10).pow(exponent);
        let small = bits(&decimal.value) <= MOST_BITS;
        small.then_some(Self { expr: Expr::Num(decimal.value), kind: Kind::Float })
    }

    pub fn rational(&self) -> Option<&Rational> {
        self.expr.as_rational()
    }

    pub fn integer(&self) -> Option<i64> {
        self.expr.as_i64()
    }

    /// Whether variables occur.
    pub fn is_symbolic(&self) -> bool {
        !cas::symbols(&self.expr).is_empty()
    }

    /// LaTeX of the value; a float with few digits as a decimal.
    pub fn tex(&self) -> String {
        match (self.kind, self.rational()) {
            (Kind::Float, Some(value)) => decimal(value).unwrap_or_else(|| cas::tex(&self.expr)),
            _ => with_roots(cas::display_order(&self.expr)).to_latex(),
        }
    }

    pub fn same_as(&self, other: &Self) -> bool {
        self.expr == other.expr || equivalent(&self.expr, &other.expr).outcome == Outcome::Equal
    }

    /// The nearest double, where the value is a real number.
    pub fn approximate(&self) -> Option<f64> {
        super::approximate::approximate(&self.expr).filter(|value| value.is_finite())
    }

    /// Whether it is less than another, where that can be told.
    pub fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        if let (Some(a), Some(b)) = (self.rational(), other.rational()) {
            return Some(a.cmp(b));
        }
        if self.expr == other.expr {
            return Some(std::cmp::Ordering::Equal);
        }
        let (a, b) = (self.approximate()?, other.approximate()?);
        let certain = (a - b).abs() > 1e-9 * a.abs().max(b.abs()).max(1.0);
        if certain { a.partial_cmp(&b) } else { self.same_as(other).then_some(std::cmp::Ordering::Equal) }
    }
}

/// Powers of one half, one third and so on as roots.
fn with_roots(expr: Expr) -> Expr {
    let degree = |exponent: &Expr| {
        let exponent =
            exponent.as_rational().filter(|exponent| *exponent.numerator() == dashu::integer::IBig::ONE)?;
        i64::try_from(exponent.denominator().as_ibig()).ok().filter(|degree| (2..=60).contains(degree))
    };
    expr.map(&|part| match part {
        Expr::Pow(base, exponent) => match degree(&exponent) {
            Some(2) => Expr::call(Func::Sqrt, *base),
            Some(degree) => Expr::Call(Func::Root, vec![*base, Expr::int(degree)]),
            None => Expr::Pow(base, exponent),
        },
        other => other,
    })
}

/// The kind of a result of two numbers.
pub fn joint(a: Kind, b: Kind) -> Kind {
    match (a, b) {
        (Kind::Float, _) | (_, Kind::Float) => Kind::Float,
        (Kind::Int, Kind::Int) => Kind::Int,
        _ => Kind::Exact,
    }
}

pub fn bits(value: &Rational) -> usize {
    use dashu::base::BitTest;
    value.numerator().bit_len().max(value.denominator().bit_len())
}

/// A decimal that ends after few digits.
pub fn decimal(value: &Rational) -> Option<String> {
    if value.is_int() {
        return Some(value.to_string());
    }
    for places in 1..=SHOWN_PLACES {
        let scaled = value * Rational::from(dashu::integer::IBig::from(10).pow(places));
        if scaled.is_int() {
            return Some(with_point(&scaled.numerator().to_string(), places));
        }
    }
    None
}

/// `-1234` with two places is `-12.34`.
pub fn with_point(digits: &str, places: usize) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, part) = padded.split_at(padded.len() - places);
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

impl Value {
    pub fn int(value: i64) -> Self {
        Self::Number(Number::int(value))
    }

    pub fn exact(expr: Expr) -> Result<Self, Unexplained> {
        Number::new(expr, Kind::Exact).map(Self::Number)
    }

    /// What kind of thing it is, for messages.
    pub fn what(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a truth value",
            Self::Number(number) if number.is_symbolic() => "an expression",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Set(_) => "a set",
            Self::Dict(_) => "a dictionary",
            Self::Range(..) => "a range",
            Self::Relation(_) => "a relation",
            Self::Matrix(_) => "a matrix",
            Self::Function(_) | Self::Lambda(_) | Self::Known(_) => "a function",
        }
    }

    /// How many values it is made of. Nesting weighs too, so that what is built in a loop cannot grow deep.
    pub fn weight(&self) -> usize {
        self.weight_at(1)
    }

    fn weight_at(&self, level: usize) -> usize {
        let all = |items: &[Self]| {
            items.iter().fold(level * level, |sum, item| sum.saturating_add(item.weight_at(level + 1)))
        };
        match self {
            _ if level > 60 => usize::MAX / 2,
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => all(items),
            Self::Dict(pairs) => pairs.iter().fold(level, |sum, (key, value)| {
                sum.saturating_add(key.weight_at(level + 1)).saturating_add(value.weight_at(level + 1))
            }),
            Self::Matrix(rows) => rows.iter().map(Vec::len).sum(),
            Self::Text(text) => 1 + text.len() / 20,
            _ => 1,
        }
    }

    /// The members of what can be gone through.
    pub fn members(&self, most: usize) -> Result<Vec<Value>, Unexplained> {
        let members = match self {
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => items.clone(),
            Self::Text(text) => text.chars().map(|c| Self::Text(c.into())).collect(),
            Self::Dict(pairs) => pairs.iter().map(|(key, _)| key.clone()).collect(),
            Self::Range(low, high, step) => {
                let count = range_length(*low, *high, *step);
                if count > most as i128 {
                    return Err(Unexplained::search(count));
                }
                (0..count as i64).map(|i| Self::int(low + i * step)).collect()
            }
            other => return Err(Unexplained::new(&format!("going through {}", other.what()))),
        };
        if members.len() > most { Err(Unexplained::search(members.len() as i128)) } else { Ok(members) }
    }

    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::None => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Number(number) => number.rational().map(|value| !value.is_zero()),
            Self::Text(text) => Some(!text.is_empty()),
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => Some(!items.is_empty()),
            Self::Dict(pairs) => Some(!pairs.is_empty()),
            _ => None,
        }
    }

    pub fn same_as(&self, other: &Self) -> bool {
        let all = |a: &[Self], b: &[Self]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_as(b));
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a.same_as(b),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => all(a, b),
            (Self::Set(a), Self::Set(b)) => {
                a.len() == b.len() && a.iter().all(|a| b.iter().any(|b| a.same_as(b)))
            }
            _ => false,
        }
    }

    /// LaTeX, for what can be written as mathematics.
    pub fn tex(&self) -> Option<String> {
        let join = |items: &[Self]| Some(items.iter().map(Self::tex).collect::<Option<Vec<_>>>()?.join(", "));
        match self {
            Self::Number(number) => Some(number.tex()),
            Self::Relation(relation) => Some(cas::display_order(relation).to_latex()),
            Self::List(items) if !items.is_empty() => join(items),
            Self::Set(items) if !items.is_empty() => Some(format!("\\{{{}\\}}", join(items)?)),
            Self::Tuple(items) if !items.is_empty() => Some(format!("({})", join(items)?)),
            Self::Range(low, high, step) => {
                let (first, by) = (i128::from(*low), i128::from(*step));
                let last = first + (range_length(*low, *high, *step) - 1) * by;
                Some(format!("{first}, {}, \\dots, {last}", first + by))
            }
            Self::Matrix(rows) => {
                let row = |row: &Vec<Number>| row.iter().map(Number::tex).collect::<Vec<_>>().join(" & ");
                let rows: Vec<String> = rows.iter().map(row).collect();
                Some(format!("\\begin{{pmatrix}} {} \\end{{pmatrix}}", rows.join(" \\\\ ")))
            }
            _ => None,
        }
    }
}

/// How many numbers a range has.
pub fn range_length(low: i64, high: i64, step: i64) -> i128 {
    let (low, high, step) = (i128::from(low), i128::from(high), i128::from(step));
    if step == 0 { 0 } else { ((high - low + step - step.signum()) / step).max(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_they_are_shown() {
        for (text, expected) in
            [("0.60", "0.6"), ("12", "12"), ("1e3", "1000"), ("0.125", "0.125"), ("1_0", "")]
        {
            let shown = Number::literal(text).map(|number| number.tex()).unwrap_or_default();
            assert_eq!(shown, expected, "{text}");
        }
        let third = Number { expr: Expr::Num(Rational::from_parts(1.into(), 3u8.into())), kind: Kind::Float };
        assert_eq!(third.tex(), "\\frac{1}{3}");
        assert_eq!(with_point("-5", 2), "-0.05");
    }

    #[test]
    fn ranges_are_counted_without_being_built() {
        for ((low, high, step), expected) in
            [((0, 10, 1), 10), ((1, 10, 3), 3), ((10, 0, -1), 10), ((5, 5, 1), 0), ((0, 1, 0), 0)]
        {
            assert_eq!(range_length(low, high, step), expected, "{low} {high} {step}");
        }
        assert!(Value::Range(0, i64::MAX, 1).members(100).is_err());
    }
}
