//! Numbers in all their spellings: repeating decimals, other bases, mixed numbers.

use super::number;
use super::parser::{Parser, Result};
use super::token::{Delim, Tok};
use crate::cardinal::cardinal;
use crate::expr::{Expr, Rational};

impl<'a> Parser<'a> {
    pub fn number(&mut self, literal: &str) -> Result<Expr> {
        if self.peek() == Some(Tok::Ellipsis) && literal.contains('.') {
            // 0.333…: the digits go on; a pattern that repeats says how
            self.pos += 1;
            let value = number::continued(literal).or_else(|| number::value(literal));
            return value.map_or_else(|| self.unexpected(), Ok);
        }
        if literal.contains('.')
            && let Some(cycle) = self.cycle(literal)?
        {
            return number::repeating(literal, &cycle).map_or_else(|| self.unexpected(), Ok);
        }
        number::value(literal).map_or_else(|| self.unexpected(), Ok)
    }

    /// The digits that repeat: `0.\overline{36}`, `0.\dot{3}`, `0.\dot{1}4\dot{7}`, `0.(36)`.
    fn cycle(&mut self, literal: &str) -> Result<Option<String>> {
        if self.peek() == Some(Tok::Open(Delim::Paren)) && !self.spaced() {
            let (Some(Tok::Number(cycle)), Some(Tok::Close(Delim::Paren))) =
                (self.peek_at(1), self.peek_at(2))
            else {
                return Ok(None);
            };
            if !(literal.ends_with('.') || literal.starts_with("0.")) {
                return Ok(None);
            }
            self.pos += 3;
            return Ok(Some(cycle.to_string()));
        }
        let dotted = self.peek() == Some(Tok::Accent("dot"));
        if !dotted && self.peek() != Some(Tok::Overline) {
            return Ok(None);
        }
        let mut cycle = self.marked_digits()?.to_string();
        if let (true, Some(Tok::Number(inner)), Some(Tok::Accent("dot"))) =
            (dotted, self.peek(), self.peek_at(1))
        {
            self.pos += 1;
            cycle.push_str(inner);
            cycle.push_str(self.marked_digits()?);
        } else if dotted && self.peek() == Some(Tok::Accent("dot")) {
            cycle.push_str(self.marked_digits()?);
        }
        Ok(Some(cycle))
    }

    /// The digits under a bar or dot, which is eaten.
    fn marked_digits(&mut self) -> Result<&'a str> {
        self.pos += 1;
        let grouped = self.eat(Tok::Open(Delim::Group));
        let Some(Tok::Number(digits)) = self.peek() else { return self.unexpected() };
        self.pos += 1;
        if grouped && !self.eat(Tok::Close(Delim::Group)) {
            return self.unexpected();
        }
        Ok(digits)
    }

    /// `1011_2`, `1A_{16}`: digits with a base behind them.
    pub fn numeral(&mut self) -> Result<Option<Expr>> {
        // (1011)_2: the parentheses add nothing
        if let (Some(Tok::Open(Delim::Paren)), Some(Tok::Number(_)), Some(Tok::Close(_)), Some(Tok::Under)) =
            (self.peek(), self.peek_at(1), self.peek_at(2), self.peek_at(3))
        {
            self.toks.remove(self.pos + 2);
            self.toks.remove(self.pos);
        }
        let mut digits: Vec<u8> = Vec::new();
        let mut at = 0;
        while let Some(tok) = self.peek_at(at) {
            let text = match tok {
                Tok::Number(n) => n,
                Tok::Ident(n)
                    if n.len() == 1 && n.as_bytes()[0].is_ascii_uppercase() && n.as_bytes()[0] <= b'F' =>
                {
                    n
                }
                _ => break,
            };
            if at > 0 && self.toks[self.pos + at].spaced {
                break;
            }
            digits.extend(text.chars().filter_map(|c| c.to_digit(36)).map(|d| d as u8));
            at += 1;
        }
        let number_first = matches!(self.peek(), Some(Tok::Number(n)) if !n.contains('.'));
        if at == 0 || self.peek_at(at) != Some(Tok::Under) || (at > 1) != (at > 1 && digits.len() > 1) {
            return Ok(None);
        }
        let (base, len) = match (self.peek_at(at + 1), self.peek_at(at + 2), self.peek_at(at + 3)) {
            (Some(Tok::Number(b)), ..) => (b.parse().ok(), 2),
            (Some(Tok::Text(b)), ..) => (base_word(b), 2),
            (Some(Tok::Open(Delim::Group)), Some(Tok::Number(b)), Some(Tok::Close(Delim::Group))) => {
                (b.parse().ok(), 4)
            }
            (Some(Tok::Open(Delim::Group)), Some(Tok::Text(b)), Some(Tok::Close(Delim::Group))) => {
                (base_word(b), 4)
            }
            _ => return Ok(None),
        };
        let Some(base) = base else { return Ok(None) };
        let valid = (2..=36).contains(&base) && digits.iter().all(|d| u32::from(*d) < base);
        if !valid || (!number_first && (at == 1 || base < 11)) || digits.len() > 4000 {
            return if number_first { self.unexpected() } else { Ok(None) };
        }
        self.pos += at + len;
        Ok(Some(Expr::Based(digits, base)))
    }

    /// A power, or a mixed number: `3\frac12`, `1 1/4`.
    pub fn mixed_or_power(&mut self) -> Result<Expr> {
        let start = self.pos;
        let whole = match self.peek() {
            Some(Tok::Number(n)) if n.bytes().all(|b| b.is_ascii_digit()) => n,
            _ => return self.power(),
        };
        if self.peek_at(1) == Some(Tok::Frac) {
            // \frac52 splits the number token "52": keep it, should this be a product after all.
            let saved = self.toks.get(start + 2).copied();
            self.pos += 2;
            let above = self.argument()?;
            let below = self.argument()?;
            if let (Some(a), Some(b)) = (above.as_i64(), below.as_i64())
                && 0 < a
                && a < b
                && !matches!(self.peek(), Some(Tok::Caret))
            {
                return self.mixed(whole, above.div(below));
            }
            self.pos = start;
            if let Some(token) = saved {
                self.toks[start + 2] = token;
            }
            return self.power();
        }
        let slash = matches!(
            (self.peek_at(1), self.peek_at(2), self.peek_at(3)),
            (Some(Tok::Number(_)), Some(Tok::Slash), Some(Tok::Number(_)))
        );
        if slash && self.toks[self.pos + 1].spaced {
            let (Some(Tok::Number(a)), Some(Tok::Number(b))) = (self.peek_at(1), self.peek_at(3)) else {
                return self.power();
            };
            if let (Ok(x), Ok(y)) = (a.parse::<u64>(), b.parse::<u64>())
                && 0 < x
                && x < y
            {
                self.pos += 4;
                let fraction = Expr::Num(Rational::from_parts(x.into(), y.into()));
                return self.mixed(whole, fraction);
            }
        }
        self.power()
    }

    fn mixed(&mut self, whole: &str, fraction: Expr) -> Result<Expr> {
        let (Some(Expr::Num(whole)), Expr::Num(fraction)) = (number::value(whole), fraction) else {
            return self.unexpected();
        };
        let value = Expr::Num(whole + fraction);
        if self.eat(Tok::Percent) {
            return Ok(Expr::Quantity(Box::new(value), "%".into()));
        }
        Ok(value)
    }
}

/// The base in `1011_{\text{two}}`; any other word is none.
fn base_word(word: &str) -> Option<u32> {
    cardinal(&word.trim().to_ascii_lowercase())
}
