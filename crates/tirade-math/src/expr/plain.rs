//! Plain text: what `Display` writes and [`crate::parse`] reads back.

use super::{Big, Const, Decimal, Expr, Interval, LogicOp, Rational, RelOp, SetOp};
use std::fmt::{self, Display, Formatter, Write};

/// How tightly an expression binds; a part with less than its place asks for is put in parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Level {
    List,
    Logic,
    Relation,
    Set,
    Sum,
    Product,
    Power,
    Atom,
}

impl Expr {
    pub(super) fn level(&self) -> Level {
        match self {
            Expr::List(_) => Level::List,
            Expr::Logic(..) => Level::Logic,
            Expr::Relation(..) | Expr::Ratio(_) => Level::Relation,
            Expr::SetOp(..) => Level::Set,
            Expr::Add(_) | Expr::PlusMinus(..) => Level::Sum,
            Expr::Mul(_) | Expr::Quantity(..) | Expr::Big(_) => Level::Product,
            Expr::Num(n) if *n < Rational::ZERO || !n.is_int() => Level::Product,
            Expr::Dec(d) if d.value < Rational::ZERO => Level::Product,
            Expr::Pow(..) => Level::Power,
            _ => Level::Atom,
        }
    }

    /// Splits a term into its sign and the rest, so that sums read `a - b`.
    pub(super) fn split_sign(&self) -> (bool, Option<Expr>) {
        match self {
            Expr::Num(n) if *n < Rational::ZERO => (true, Some(Expr::Num(-n.clone()))),
            Expr::Dec(d) if d.value < Rational::ZERO => (true, Some(self.clone().neg())),
            Expr::Mul(f) => match &f[0] {
                Expr::Num(n) if *n < Rational::ZERO => (true, Some(self.clone().neg())),
                _ => (false, None),
            },
            _ => (false, None),
        }
    }

    /// The divisor of a factor `x^-1` or `x^-n`.
    pub(super) fn as_divisor(&self) -> Option<Expr> {
        let Expr::Pow(base, exponent) = self else { return None };
        match &**exponent {
            Expr::Num(n) if *n == Rational::NEG_ONE => Some((**base).clone()),
            Expr::Num(n) if *n < Rational::ZERO => Some((**base).clone().pow(Expr::Num(-n.clone()))),
            _ => None,
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Num(n) => write!(f, "{n}"),
            Expr::Dec(d) => write!(f, "{d}"),
            Expr::Sym(s) => f.write_str(s),
            Expr::Const(c) => f.write_str(constant(*c)),
            Expr::Add(terms) => sum(f, terms),
            Expr::Mul(factors) => product(f, factors),
            Expr::Pow(base, exponent) => power(f, self, base, exponent),
            Expr::Call(func, args) => call(f, func.name(), args),
            Expr::Apply(name, args) => call(f, name, args),
            Expr::PlusMinus(plus, x) => {
                f.write_str(if *plus { "±" } else { "∓" })?;
                at(f, x, Level::Product)
            }
            Expr::Based(digits, base) => based(f, digits, *base),
            Expr::Relation(first, rest) => {
                at(f, first, Level::Set)?;
                rest.iter().try_for_each(|(op, e)| {
                    write!(f, " {} ", relation(*op))?;
                    at(f, e, Level::Set)
                })
            }
            Expr::Logic(op, parts) => logic(f, *op, parts),
            Expr::Tuple(items) => bracketed(f, "(", items, ")"),
            Expr::Bracket(items) => bracketed(f, "[", items, "]"),
            Expr::List(items) => bracketed(f, "", items, ""),
            Expr::Set(items) => bracketed(f, "{", items, "}"),
            Expr::Interval(i) => interval(f, i),
            Expr::SetOp(op, parts) => joined(f, parts, set_op(*op), Level::Sum),
            Expr::SetBuilder(element, condition) => write!(f, "{{{element} | {condition}}}"),
            Expr::Matrix(rows) => {
                f.write_str("[")?;
                for (i, row) in rows.iter().enumerate() {
                    bracketed(f, if i == 0 { "[" } else { ", [" }, row, "]")?;
                }
                f.write_str("]")
            }
            Expr::Ratio(parts) => joined(f, parts, ":", Level::Sum),
            Expr::Quantity(value, unit) => {
                at(f, value, Level::Sum)?;
                write!(f, "{}{unit}", if matches!(unit.as_str(), "%" | "°") { "" } else { " " })
            }
            Expr::Cases(cases) => {
                f.write_str("cases(")?;
                for (i, (value, condition)) in cases.iter().enumerate() {
                    write!(f, "{}{value} if {condition}", if i == 0 { "" } else { "; " })?;
                }
                f.write_str(")")
            }
            Expr::Big(big) => big_op(f, big),
            Expr::Text(text) => f.write_str(text),
        }
    }
}

impl Display for Decimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scale = dashu::integer::UBig::from(10u8).pow(self.places as usize);
        let scaled = self.value.clone() * Rational::from(scale);
        let text = scaled.numerator().to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |d| ("-", d));
        let places = self.places as usize;
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        write!(f, "{sign}{whole}{}{fraction}", if places == 0 { "" } else { "." })
    }
}

pub(super) fn constant(c: Const) -> &'static str {
    match c {
        Const::Infinity => "infinity",
        Const::Ellipsis => "...",
        Const::EmptySet => "{}",
        Const::Reals => "ℝ",
        Const::Rationals => "ℚ",
        Const::Integers => "ℤ",
        Const::Naturals => "ℕ",
        Const::Complexes => "ℂ",
        other => other.name(),
    }
}

fn relation(op: RelOp) -> &'static str {
    match op {
        RelOp::Approx => "≈",
        RelOp::Equiv => "≡",
        RelOp::In => "∈",
        RelOp::NotIn => "∉",
        RelOp::Subset => "⊆",
        RelOp::Superset => "⊇",
        RelOp::Prop => "∝",
        RelOp::Parallel => "∥",
        RelOp::Perp => "⊥",
        RelOp::Divides => "∣",
        RelOp::To => "→",
        other => other.name(),
    }
}

fn set_op(op: SetOp) -> &'static str {
    match op {
        SetOp::Union => " ∪ ",
        SetOp::Intersection => " ∩ ",
        SetOp::Difference => " ∖ ",
    }
}

fn at(f: &mut Formatter<'_>, e: &Expr, level: Level) -> fmt::Result {
    if e.level() < level { write!(f, "({e})") } else { write!(f, "{e}") }
}

fn sum(f: &mut Formatter<'_>, terms: &[Expr]) -> fmt::Result {
    for (i, term) in terms.iter().enumerate() {
        let (negative, rest) = if i == 0 { (false, None) } else { term.split_sign() };
        if i > 0 && !matches!(term, Expr::PlusMinus(..)) {
            f.write_str(if negative { " - " } else { " + " })?;
        } else if i > 0 {
            f.write_char(' ')?;
        }
        let term = rest.as_ref().unwrap_or(term);
        if matches!(term, Expr::PlusMinus(..)) { write!(f, "{term}")? } else { at(f, term, Level::Product)? }
    }
    Ok(())
}

fn product(f: &mut Formatter<'_>, factors: &[Expr]) -> fmt::Result {
    for (i, factor) in factors.iter().enumerate() {
        match factor {
            Expr::Num(n) if i == 0 && *n == Rational::NEG_ONE => {
                f.write_char('-')?;
                continue;
            }
            Expr::Num(n) if i == 0 && n.is_int() => write!(f, "{n}")?,
            Expr::Num(n) if i == 0 => write!(f, "{n}")?,
            Expr::Dec(d) if i == 0 => write!(f, "{d}")?,
            _ => match factor.as_divisor() {
                Some(divisor) if i > 0 && !(i == 1 && factors[0] == Expr::int(-1)) => {
                    f.write_char('/')?;
                    at(f, &divisor, Level::Power)?;
                    continue;
                }
                _ => {
                    if i > 0 && !(i == 1 && factors[0] == Expr::int(-1)) {
                        f.write_char('*')?;
                    }
                    at(f, factor, Level::Power)?;
                    continue;
                }
            },
        }
    }
    Ok(())
}

fn power(f: &mut Formatter<'_>, whole: &Expr, base: &Expr, exponent: &Expr) -> fmt::Result {
    if let Some(divisor) = whole.as_divisor() {
        f.write_str("1/")?;
        return at(f, &divisor, Level::Power);
    }
    at(f, base, Level::Atom)?;
    f.write_char('^')?;
    at(f, exponent, Level::Atom)
}

fn call(f: &mut Formatter<'_>, name: &str, args: &[Expr]) -> fmt::Result {
    f.write_str(name)?;
    bracketed(f, "(", args, ")")
}

fn bracketed(f: &mut Formatter<'_>, open: &str, items: &[Expr], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        at(f, item, Level::Logic)?;
    }
    f.write_str(close)
}

fn joined(f: &mut Formatter<'_>, parts: &[Expr], separator: &str, level: Level) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        at(f, part, level)?;
    }
    Ok(())
}

fn logic(f: &mut Formatter<'_>, op: LogicOp, parts: &[Expr]) -> fmt::Result {
    match op {
        LogicOp::And => joined(f, parts, " and ", Level::Relation),
        LogicOp::Or => joined(f, parts, " or ", Level::Relation),
        LogicOp::Implies => joined(f, parts, " implies ", Level::Relation),
        LogicOp::Iff => joined(f, parts, " iff ", Level::Relation),
        LogicOp::Not | LogicOp::ForAll | LogicOp::Exists => call(f, op.name(), parts),
    }
}

fn based(f: &mut Formatter<'_>, digits: &[u8], base: u32) -> fmt::Result {
    for d in digits {
        f.write_char(char::from_digit(u32::from(*d), 36).unwrap_or('?').to_ascii_uppercase())?;
    }
    write!(f, "_{base}")
}

fn interval(f: &mut Formatter<'_>, i: &Interval) -> fmt::Result {
    let (open, close) = (if i.closed.0 { '[' } else { '(' }, if i.closed.1 { ']' } else { ')' });
    write!(f, "{open}{}, {}{close}", i.low, i.high)
}

fn big_op(f: &mut Formatter<'_>, big: &Big) -> fmt::Result {
    write!(f, "{}({}, {}", big.op.name(), big.body, big.var)?;
    for bound in [&big.low, &big.high].into_iter().flatten() {
        write!(f, ", {bound}")?;
    }
    f.write_char(')')
}
