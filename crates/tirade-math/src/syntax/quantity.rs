//! What may stand behind a value: units, scale words ("million"), annotations.

use super::parser::{Parser, Result};
use super::token::{Delim, Tok};
use crate::expr::Expr;
use crate::unit;

impl<'a> Parser<'a> {
    /// A value with the words behind it: a unit with its exponent, or an annotation.
    pub fn quantity(&mut self, value: Expr) -> Result<Expr> {
        let Some(Tok::Text(words)) = self.peek() else { return Ok(value) };
        self.pos += 1;
        if super::lexer::is_ordinal(words.trim()) && !matches!(value, Expr::Text(_)) {
            let rest = matches!(self.peek(), Some(Tok::Text(_)));
            return if rest { self.quantity(value) } else { Ok(value) };
        }
        if let Some((scaled, rest)) = scaled(&value, words) {
            return match (rest, self.peek()) {
                ("", Some(Tok::Text(_))) => self.quantity(scaled),
                ("", _) => Ok(scaled),
                (rest, _) => self.with_unit(scaled, unit::canonical(rest)),
            };
        }
        self.with_unit(value, unit::canonical(words))
    }

    /// The rest of a unit behind its first word.
    fn with_unit(&mut self, value: Expr, mut unit: String) -> Result<Expr> {
        loop {
            match self.peek() {
                Some(Tok::Caret) => {
                    self.pos += 1;
                    let e = self.argument()?;
                    unit.push_str(&format!("^{e}"));
                }
                Some(Tok::Slash) if matches!(self.peek_at(1), Some(Tok::Text(_) | Tok::Ident(_))) => {
                    let Some(Tok::Text(w) | Tok::Ident(w)) = self.peek_at(1) else { break };
                    self.pos += 2;
                    unit.push('/');
                    unit.push_str(&unit::canonical(w));
                }
                Some(Tok::Times)
                    if unit::is_canonical(&unit)
                        && matches!(self.peek_at(1), Some(Tok::Text(w)) if unit::is_unit(w)) =>
                {
                    self.pos += 1;
                    unit.push(' ');
                }
                Some(Tok::Text(more)) => {
                    self.pos += 1;
                    unit.push(' ');
                    unit.push_str(&unit::canonical(more));
                }
                _ => break,
            }
        }
        if matches!(value, Expr::Text(_)) {
            let text = format!("{value} {unit}");
            return Ok(Expr::Text(text.into()));
        }
        let unit = unit::canonical(&unit);
        let quantity = Expr::Quantity(Box::new(value), unit.into());
        // 2 hours 30 minutes
        if matches!(self.peek(), Some(Tok::Number(_))) {
            let more = self.product()?;
            if matches!(more, Expr::Quantity(..) | Expr::Add(_)) {
                return Ok(Expr::sum([quantity, more]));
            }
            return self.unexpected();
        }
        Ok(quantity)
    }

    /// `\frac{\text{mi}}{\text{h}}` behind a value.
    pub fn unit_fraction(&mut self) -> Option<String> {
        let (open, close) = (Some(Tok::Open(Delim::Group)), Some(Tok::Close(Delim::Group)));
        let shape = [self.peek_at(1), self.peek_at(3), self.peek_at(4), self.peek_at(6)];
        let (Some(Tok::Frac), [a, b, c, d]) = (self.peek(), shape) else { return None };
        let name = |at| match self.peek_at(at) {
            Some(Tok::Text(name) | Tok::Ident(name)) => Some(name),
            _ => None,
        };
        let (above, below) = (name(2)?, name(5)?);
        if [a, b, c, d] != [open, close, open, close] {
            return None;
        }
        self.pos += 7;
        Some(unit::canonical(&format!("{above}/{below}")))
    }
}

/// A number times the factor its first word stands for, and the rest of the words: `1.5` million dollars.
fn scaled<'t>(value: &Expr, words: &'t str) -> Option<(Expr, &'t str)> {
    let words = words.trim();
    let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
    let factor = crate::Rational::from(unit::scale(first)?);
    Some((Expr::Num(value.as_rational()?.clone() * factor), rest.trim()))
}
