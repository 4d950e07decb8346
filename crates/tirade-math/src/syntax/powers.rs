//! Exponents, and the marks that stand where an exponent does.

use super::ParseError;
use super::parser::{MAX_POSTFIX, Parser, Result};
use super::token::{Delim, Tok};
use crate::expr::{Const, Expr, Func, SetOp};

impl<'a> Parser<'a> {
    /// Exponents, factorials, primes, percent and degree marks behind an atom.
    pub fn power(&mut self) -> Result<Expr> {
        self.deeper(|p| {
            let mut base = p.atom()?;
            for _ in 0..MAX_POSTFIX {
                base = match p.peek() {
                    Some(Tok::Caret) => p.raise(base)?,
                    Some(Tok::Bang) => p.factorial(base),
                    Some(Tok::Degree) => {
                        p.pos += 1;
                        p.degrees(base)?
                    }
                    Some(Tok::Percent) => {
                        p.pos += 1;
                        Expr::Quantity(Box::new(base), "%".into())
                    }
                    Some(Tok::Currency(name)) if !matches!(p.peek_at(1), Some(Tok::Number(_))) => {
                        p.pos += 1;
                        Expr::Quantity(Box::new(base), name.into())
                    }
                    Some(Tok::Top) => {
                        p.pos += 1;
                        Expr::call(Func::Transpose, base)
                    }
                    Some(Tok::Prime) => {
                        p.pos += 1;
                        Expr::Apply("'".into(), vec![base])
                    }
                    _ => return Ok(base),
                };
            }
            Err(ParseError::TooDeep)
        })
    }

    fn factorial(&mut self, base: Expr) -> Expr {
        self.pos += 1;
        if self.peek() == Some(Tok::Bang) && !self.spaced() {
            self.pos += 1;
            return Expr::call(Func::DoubleFactorial, base);
        }
        Expr::call(Func::Factorial, base)
    }

    pub fn raise(&mut self, base: Expr) -> Result<Expr> {
        self.pos += 1;
        if let Some(marked) = self.raised_mark(&base)? {
            return Ok(marked);
        }
        let exponent = match self.peek() {
            Some(Tok::Open(Delim::Group)) => self.atom()?,
            Some(Tok::Minus | Tok::Plus) => self.signed_power()?,
            _ => self.power_operand()?,
        };
        Ok(base.pow(exponent))
    }

    fn signed_power(&mut self) -> Result<Expr> {
        let negative = self.peek() == Some(Tok::Minus);
        self.pos += 1;
        let operand = self.deeper(Self::power_operand)?;
        Ok(if negative { operand.neg() } else { operand })
    }

    /// An exponent without braces: an atom, perhaps raised again (`2^3^4` is `2^(3^4)`).
    fn power_operand(&mut self) -> Result<Expr> {
        let operand = self.atom()?;
        if self.peek() == Some(Tok::Caret) {
            return self.deeper(|p| p.raise(operand));
        }
        Ok(operand)
    }

    /// Marks that are raised but are no exponents: `^\circ`, `^{\text{th}}`, `^\prime`, `^T`, `ℤ^+`.
    fn raised_mark(&mut self, base: &Expr) -> Result<Option<Expr>> {
        let grouped = self.peek() == Some(Tok::Open(Delim::Group));
        let tok = if grouped { self.peek_at(1) } else { self.peek() };
        if let (true, Some(Tok::Ident(a)), Some(Tok::Ident(b)), Some(Tok::Close(Delim::Group))) =
            (grouped, tok, self.peek_at(2), self.peek_at(3))
            && super::lexer::is_ordinal(&format!("{a}{b}"))
            && base.as_i64().is_some()
        {
            // 17^{th} without \text
            self.pos += 4;
            return Ok(Some(base.clone()));
        }
        let closes = !grouped || self.peek_at(2) == Some(Tok::Close(Delim::Group));
        let len = if grouped { 3 } else { 1 };
        let set =
            matches!(base, Expr::Const(Const::Reals | Const::Integers | Const::Naturals | Const::Rationals));
        let matrix = matches!(base, Expr::Matrix(_) | Expr::Bracket(_) | Expr::Interval(_) | Expr::Tuple(_));
        let marked = match tok {
            Some(Tok::Degree) if closes => {
                self.pos += len;
                return self.degrees(base.clone()).map(Some);
            }
            Some(Tok::Degree) if grouped => return self.unexpected(),
            Some(Tok::Text(t)) if super::lexer::is_ordinal(t.trim()) && closes => base.clone(),
            Some(Tok::Prime | Tok::Ident("prime")) if closes => Expr::Apply("'".into(), vec![base.clone()]),
            Some(Tok::Ident("T") | Tok::Top) if closes && matrix => Expr::call(Func::Transpose, base.clone()),
            Some(sign @ (Tok::Plus | Tok::Minus | Tok::Times | Tok::Ident("star"))) if set && closes => {
                signed_set(base, sign)
            }
            _ => return Ok(None),
        };
        self.pos += len;
        Ok(Some(marked))
    }

    /// Degrees, perhaps with minutes and seconds: `60° 42' 30''`.
    pub fn degrees(&mut self, value: Expr) -> Result<Expr> {
        if let Some(Tok::Ident(scale @ ("C" | "F")) | Tok::Text(scale)) = self.peek()
            && let Some(unit @ ("°C" | "°F")) = crate::unit::lookup(&format!("degrees {scale}"))
        {
            self.pos += 1;
            return Ok(Expr::Quantity(Box::new(value), unit.into()));
        }
        let mut total = value;
        for scale in [60, 3600] {
            let (Some(Tok::Number(n)), Some(Tok::Prime)) = (self.peek(), self.peek_at(1)) else { break };
            let Some(part) = super::number::value(n) else { break };
            self.pos += 2;
            self.eat(Tok::Prime);
            total = Expr::sum([total, part.div(Expr::int(scale))]);
        }
        Ok(Expr::Quantity(Box::new(total), "°".into()))
    }
}

/// `ℝ^+`, `ℤ^-`, `ℝ^*`: the positive, the negative, the non-zero numbers of a set.
pub fn signed_set(set: &Expr, sign: Tok<'_>) -> Expr {
    let infinity = Expr::Const(Const::Infinity);
    let half = match sign {
        Tok::Plus => Expr::Tuple(vec![Expr::int(0), infinity]),
        Tok::Minus => Expr::Tuple(vec![infinity.neg(), Expr::int(0)]),
        _ => return Expr::SetOp(SetOp::Difference, vec![set.clone(), Expr::Set(vec![Expr::int(0)])]),
    };
    match set {
        Expr::Const(Const::Reals) => half,
        other => Expr::SetOp(SetOp::Intersection, vec![other.clone(), half]),
    }
}
