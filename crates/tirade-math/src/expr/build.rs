//! Small constructors, so that building a tree reads like the mathematics.

use super::{Const, Decimal, Expr, Func, Rational, RelOp};
use dashu::base::Sign;
use dashu::integer::{IBig, UBig};
use smol_str::SmolStr;

impl Expr {
    /// An integer.
    pub fn int(value: i64) -> Expr {
        Expr::Num(Rational::from(value))
    }

    /// A variable.
    pub fn sym(name: impl Into<SmolStr>) -> Expr {
        Expr::Sym(name.into())
    }

    /// A sum; nested sums are flattened, one term is itself, none is zero.
    pub fn sum(terms: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat = Vec::new();
        for term in terms {
            match term {
                // The first sum is taken as it is, so that adding term by term does not copy it each time.
                Expr::Add(inner) if flat.is_empty() => flat = inner,
                Expr::Add(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Expr::int(0),
            1 => flat.swap_remove(0),
            _ => Expr::Add(flat),
        }
    }

    /// A product; nested products are flattened, one factor is itself, none is one.
    pub fn product(factors: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat = Vec::new();
        for factor in factors {
            match factor {
                Expr::Mul(inner) if flat.is_empty() => flat = inner,
                Expr::Mul(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Expr::int(1),
            1 => flat.swap_remove(0),
            _ => Expr::Mul(flat),
        }
    }

    /// `self ^ exponent`.
    pub fn pow(self, exponent: Expr) -> Expr {
        Expr::Pow(Box::new(self), Box::new(exponent))
    }

    /// `-self`; the sign goes into a leading number.
    #[allow(clippy::should_implement_trait)] // Builders read better as a chain, and an operator would hide that nothing is simplified.
    pub fn neg(self) -> Expr {
        match self {
            Expr::Num(n) => Expr::Num(-n),
            Expr::Dec(d) => Expr::Dec(Decimal { value: -d.value, places: d.places }),
            Expr::Mul(mut factors) => {
                if factors.len() == 2 && factors[0] == Expr::int(-1) {
                    return factors.swap_remove(1);
                }
                match &mut factors[0] {
                    Expr::Num(n) => *n = -std::mem::replace(n, Rational::ZERO),
                    _ => factors.insert(0, Expr::int(-1)),
                }
                Expr::Mul(factors)
            }
            other => Expr::Mul(vec![Expr::int(-1), other]),
        }
    }

    /// `self / divisor`; a quotient of two integers is one number unless the divisor is zero.
    #[allow(clippy::should_implement_trait)] // Builders read better as a chain, and an operator would hide that nothing is simplified.
    pub fn div(self, divisor: Expr) -> Expr {
        match (self, divisor) {
            (Expr::Num(a), Expr::Num(b)) if a.is_int() && b.is_int() && !b.is_zero() => Expr::Num(a / b),
            (Expr::Num(a), b) if a.is_one() => b.pow(Expr::int(-1)),
            (a, b) => Expr::product([a, b.pow(Expr::int(-1))]),
        }
    }

    /// A known function of one argument.
    pub fn call(func: Func, argument: Expr) -> Expr {
        Expr::Call(func, vec![argument])
    }

    /// One relation.
    pub fn relation(left: Expr, op: RelOp, right: Expr) -> Expr {
        Expr::Relation(Box::new(left), vec![(op, right)])
    }

    /// π, e, i, …
    pub fn constant(value: Const) -> Expr {
        Expr::Const(value)
    }

    /// The exact value of a number literal (`Num` or `Dec`).
    pub fn as_rational(&self) -> Option<&Rational> {
        match self {
            Expr::Num(n) => Some(n),
            Expr::Dec(d) => Some(&d.value),
            _ => None,
        }
    }

    /// The value of an integer literal that fits.
    pub fn as_i64(&self) -> Option<i64> {
        let n = self.as_rational()?;
        if n.is_int() { i64::try_from(n.numerator()).ok() } else { None }
    }

    /// Whether this is the number zero.
    pub fn is_zero(&self) -> bool {
        self.as_rational().is_some_and(Rational::is_zero)
    }
}

impl Decimal {
    /// Reads digits, point, digits; at least one digit.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, body) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
        let digits: String = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let value = UBig::from_str_radix(&digits, 10).ok()?;
        let sign = if negative { Sign::Negative } else { Sign::Positive };
        let scale = UBig::from(10u8).pow(fraction.len());
        Some(Decimal {
            value: Rational::from_parts(IBig::from_parts(sign, value), scale),
            places: fraction.len() as u32,
        })
    }
}

impl Expr {
    /// A copy in which a constant became a variable, for a bound `i`.
    pub(crate) fn replace_const(self, from: Const, to: &SmolStr) -> Expr {
        self.map(&|e| match e {
            Expr::Const(c) if c == from => Expr::Sym(to.clone()),
            other => other,
        })
    }

    /// Rebuilds the tree from the leaves up, each node through `f`.
    pub fn map(self, f: &dyn Fn(Expr) -> Expr) -> Expr {
        let list = |items: Vec<Expr>| items.into_iter().map(|e| e.map(f)).collect::<Vec<_>>();
        let boxed = |e: Box<Expr>| Box::new(e.map(f));
        let rebuilt = match self {
            Expr::Add(v) => Expr::Add(list(v)),
            Expr::Mul(v) => Expr::Mul(list(v)),
            Expr::Pow(a, b) => Expr::Pow(boxed(a), boxed(b)),
            Expr::Call(g, v) => Expr::Call(g, list(v)),
            Expr::Apply(g, v) => Expr::Apply(g, list(v)),
            Expr::PlusMinus(s, x) => Expr::PlusMinus(s, boxed(x)),
            Expr::Relation(a, rest) => {
                Expr::Relation(boxed(a), rest.into_iter().map(|(op, e)| (op, e.map(f))).collect())
            }
            Expr::Logic(op, v) => Expr::Logic(op, list(v)),
            Expr::Tuple(v) => Expr::Tuple(list(v)),
            Expr::Bracket(v) => Expr::Bracket(list(v)),
            Expr::List(v) => Expr::List(list(v)),
            Expr::Set(v) => Expr::Set(list(v)),
            Expr::Interval(i) => {
                Expr::Interval(super::Interval { low: boxed(i.low), high: boxed(i.high), closed: i.closed })
            }
            Expr::SetOp(op, v) => Expr::SetOp(op, list(v)),
            Expr::SetBuilder(a, b) => Expr::SetBuilder(boxed(a), boxed(b)),
            Expr::Matrix(rows) => Expr::Matrix(rows.into_iter().map(list).collect()),
            Expr::Ratio(v) => Expr::Ratio(list(v)),
            Expr::Quantity(x, unit) => Expr::Quantity(boxed(x), unit),
            Expr::Cases(v) => Expr::Cases(v.into_iter().map(|(a, b)| (a.map(f), b.map(f))).collect()),
            Expr::Big(big) => {
                let super::Big { op, body, var, low, high } = *big;
                Expr::Big(Box::new(super::Big {
                    op,
                    body: body.map(f),
                    var,
                    low: low.map(|e| e.map(f)),
                    high: high.map(|e| e.map(f)),
                }))
            }
            leaf => leaf,
        };
        f(rebuilt)
    }
}

/// The value of digits in a base.
pub fn based_value(digits: &[u8], base: u32) -> Rational {
    let mut value = UBig::ZERO;
    for d in digits {
        value = value * UBig::from(base) + UBig::from(*d);
    }
    Rational::from(value)
}

impl Expr {
    /// Calls `f` on each direct part.
    pub fn for_each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            Expr::Num(_) | Expr::Dec(_) | Expr::Sym(_) | Expr::Const(_) | Expr::Based(..) | Expr::Text(_) => {
            }
            Expr::Add(v)
            | Expr::Mul(v)
            | Expr::Call(_, v)
            | Expr::Apply(_, v)
            | Expr::Logic(_, v)
            | Expr::Tuple(v)
            | Expr::Bracket(v)
            | Expr::List(v)
            | Expr::Set(v)
            | Expr::SetOp(_, v)
            | Expr::Ratio(v) => v.iter().for_each(f),
            Expr::Pow(a, b) | Expr::SetBuilder(a, b) => {
                f(a);
                f(b);
            }
            Expr::PlusMinus(_, x) | Expr::Quantity(x, _) => f(x),
            Expr::Relation(first, rest) => {
                f(first);
                rest.iter().for_each(|(_, e)| f(e));
            }
            Expr::Interval(i) => {
                f(&i.low);
                f(&i.high);
            }
            Expr::Matrix(rows) => rows.iter().flatten().for_each(f),
            Expr::Cases(cases) => cases.iter().for_each(|(a, b)| {
                f(a);
                f(b);
            }),
            Expr::Big(big) => {
                f(&big.body);
                big.low.iter().chain(&big.high).for_each(f);
            }
        }
    }
}
