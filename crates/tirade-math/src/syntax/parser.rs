//! The grammar from lists down to powers; [`super::atom`] has what stands below.

use super::ParseError;
use super::statements::is_condition;
use super::token::{Delim, Tok, Token};
use crate::expr::{Const, Expr, Func, RelOp};

/// Deeper nesting is refused, so that every later recursion over the tree is safe.
pub const MAX_DEPTH: u32 = 64;
/// More marks behind one operand (`x!!!!…`) are refused for the same reason.
pub const MAX_POSTFIX: usize = 16;

pub type Result<T> = std::result::Result<T, ParseError>;

pub struct Parser<'a> {
    pub src: &'a str,
    pub toks: Vec<Token<'a>>,
    pub pos: usize,
    pub depth: u32,
    /// Inside `|…|` or before the bar of a set builder: a bar ends the expression.
    pub bar_ends: bool,
    /// Before the colon of a set builder.
    pub colon_ends: bool,
    /// Inside an integral: `dx` ends the expression.
    pub dx_ends: bool,
    /// Inside `]a, b[`: an opening bracket ends the expression.
    pub bracket_ends: bool,
}

impl<'a> Parser<'a> {
    pub fn new(src: &'a str, toks: Vec<Token<'a>>) -> Self {
        Parser {
            src,
            toks,
            pos: 0,
            depth: 0,
            bar_ends: false,
            colon_ends: false,
            dx_ends: false,
            bracket_ends: false,
        }
    }

    pub fn peek(&self) -> Option<Tok<'a>> {
        self.toks.get(self.pos).map(|t| t.tok)
    }

    pub fn peek_at(&self, offset: usize) -> Option<Tok<'a>> {
        self.toks.get(self.pos + offset).map(|t| t.tok)
    }

    pub fn spaced(&self) -> bool {
        self.toks.get(self.pos).is_some_and(|t| t.spaced)
    }

    pub fn eat(&mut self, tok: Tok<'_>) -> bool {
        let found = self.peek() == Some(tok);
        self.pos += usize::from(found);
        found
    }

    pub fn unexpected<T>(&self) -> Result<T> {
        Err(self.toks.get(self.pos).map_or(ParseError::End, |t| ParseError::Unexpected(t.at as usize)))
    }

    pub fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        let result = if self.depth > MAX_DEPTH { Err(ParseError::TooDeep) } else { f(self) };
        self.depth -= 1;
        result
    }

    /// Runs `f` with none of the early ends, as inside brackets.
    pub fn fresh<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let saved = (self.bar_ends, self.colon_ends, self.dx_ends, self.bracket_ends);
        (self.bar_ends, self.colon_ends, self.dx_ends, self.bracket_ends) = (false, false, false, false);
        let result = f(self);
        (self.bar_ends, self.colon_ends, self.dx_ends, self.bracket_ends) = saved;
        result
    }

    pub fn whole(mut self) -> Result<Expr> {
        if self.toks.is_empty() {
            return Err(ParseError::Empty);
        }
        while matches!(self.toks.last(), Some(t) if matches!(t.tok, Tok::Comma | Tok::Semicolon | Tok::Row | Tok::Caret))
        {
            self.toks.pop();
        }
        if let Some(formula) = self.propositional()? {
            return Ok(formula);
        }
        // "= 7", "≈ 7.0": the left side was left out
        let rel = matches!(self.peek(), Some(Tok::Rel(RelOp::Eq | RelOp::Approx)));
        self.pos = usize::from(rel && self.toks.len() > 1);
        if self.pos == self.toks.len() {
            return Err(ParseError::Empty);
        }
        let mut expr = self.statements()?;
        if let Some(Tok::Infix(binomial)) = self.peek() {
            // 5 \choose 2 without braces around it
            self.pos += 1;
            let below = self.statements()?;
            expr = if binomial { Expr::Call(Func::Binom, vec![expr, below]) } else { expr.div(below) };
        }
        if self.pos < self.toks.len() { self.unexpected() } else { Ok(expr) }
    }

    pub fn sum(&mut self) -> Result<Expr> {
        let mut terms = vec![self.signed_term()?];
        while let Some(Tok::Plus | Tok::Minus | Tok::PlusMinus | Tok::MinusPlus) = self.peek() {
            if self.dx_ends && self.at_dx() {
                break;
            }
            terms.push(self.signed_term()?);
        }
        Ok(Expr::sum(terms))
    }

    /// A product behind any number of signs.
    fn signed_term(&mut self) -> Result<Expr> {
        let mut negative = false;
        let mut plus_minus = None;
        loop {
            match self.peek() {
                Some(Tok::Minus) => negative = !negative,
                Some(Tok::Plus) => {}
                Some(Tok::PlusMinus) => plus_minus = Some(true),
                Some(Tok::MinusPlus) => plus_minus = Some(false),
                _ => break,
            }
            self.pos += 1;
        }
        let bracketed = matches!(self.peek(), Some(Tok::Open(_)));
        let term = self.product()?;
        Ok(match (plus_minus, negative) {
            (Some(plus), _) => Expr::PlusMinus(plus, Box::new(term)),
            (None, true) if !bracketed => negated(term),
            (None, true) => term.neg(),
            (None, false) => term,
        })
    }

    pub fn product(&mut self) -> Result<Expr> {
        let first = self.quotient()?;
        if self.peek() != Some(Tok::Colon) || self.colon_ends || matches!(first, Expr::Text(_)) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.peek() == Some(Tok::Colon) {
            self.pos += 1;
            let negative = self.eat(Tok::Minus);
            let part = self.quotient()?;
            parts.push(if negative { part.neg() } else { part });
        }
        Ok(Expr::Ratio(parts))
    }

    /// Factors joined by `*`, `/`, `mod` or nothing, and what may follow a value: a unit.
    fn quotient(&mut self) -> Result<Expr> {
        let mut value = self.mixed_or_power()?;
        let mut wraps = 0;
        loop {
            value = match self.peek() {
                Some(Tok::Times) => {
                    self.pos += 1;
                    let factor = self.signed_factor()?;
                    Expr::product([value, factor])
                }
                Some(Tok::Slash) => {
                    self.pos += 1;
                    let divisor = self.signed_factor()?;
                    value.div(divisor)
                }
                Some(Tok::Open(Delim::Paren)) if self.peek_at(1) == Some(Tok::Mod) && wraps < MAX_POSTFIX => {
                    // 3 (mod 5)
                    self.pos += 2;
                    wraps += 1;
                    let modulus = self.signed_factor()?;
                    if !self.eat(Tok::Close(Delim::Paren)) {
                        return self.unexpected();
                    }
                    Expr::Call(Func::Mod, vec![value, modulus])
                }
                Some(Tok::Mod) if wraps < MAX_POSTFIX => {
                    self.pos += 1;
                    wraps += 1;
                    let modulus = self.signed_factor()?;
                    Expr::Call(Func::Mod, vec![value, modulus])
                }
                Some(Tok::Open(Delim::Group))
                    if matches!(
                        (self.peek_at(1), self.peek_at(2)),
                        (Some(Tok::Text(_)), Some(Tok::Close(Delim::Group)))
                    ) =>
                {
                    // 95{minutes}: the braces are only layout
                    self.toks.remove(self.pos + 2);
                    self.toks.remove(self.pos);
                    value
                }
                Some(Tok::Text(t)) if !is_condition(t) => return self.quantity(value),
                Some(Tok::Frac)
                    if [2, 5].iter().any(|at| matches!(self.peek_at(*at), Some(Tok::Text(_)))) =>
                {
                    match self.unit_fraction() {
                        Some(unit) => return Ok(Expr::Quantity(Box::new(value), unit.into())),
                        None => return self.unexpected(),
                    }
                }
                Some(_) if self.starts_factor() => {
                    if matches!(value, Expr::Text(_)) {
                        return self.unexpected();
                    }
                    let factor = self.power()?;
                    Expr::product([value, factor])
                }
                _ => return Ok(value),
            };
        }
    }

    fn signed_factor(&mut self) -> Result<Expr> {
        let mut negative = false;
        while let Some(Tok::Minus | Tok::Plus) = self.peek() {
            negative ^= self.peek() == Some(Tok::Minus);
            self.pos += 1;
        }
        let factor = self.mixed_or_power()?;
        Ok(if negative { factor.neg() } else { factor })
    }

    /// `a/b dx`: the differential that ends an integrand.
    pub fn at_dx(&self) -> bool {
        self.peek() == Some(Tok::Ident("d"))
            && matches!(self.peek_at(1), Some(Tok::Ident(_) | Tok::Const(Const::E | Const::I)))
    }

    pub fn starts_factor(&self) -> bool {
        match self.peek() {
            Some(Tok::Bar) => !self.bar_ends,
            Some(Tok::Open(Delim::Bracket)) if self.bracket_ends => false,
            Some(Tok::Ident("d")) if self.dx_ends => !self.at_dx(),
            // Two numbers side by side are no product ("41 42").
            Some(Tok::Number(_)) => self.pos > 0 && !matches!(self.toks[self.pos - 1].tok, Tok::Number(_)),
            Some(tok) => starts_atom(tok),
            None => false,
        }
    }
}

/// The sign binds closer than `mod`: -1 mod 2 is 1.
fn negated(term: Expr) -> Expr {
    match term {
        Expr::Call(Func::Mod, mut args) if args.len() == 2 => {
            let modulus = args.swap_remove(1);
            Expr::Call(Func::Mod, vec![negated(args.swap_remove(0)), modulus])
        }
        other => other.neg(),
    }
}

fn starts_atom(tok: Tok<'_>) -> bool {
    matches!(
        tok,
        Tok::Ident(_)
            | Tok::Func(_)
            | Tok::Const(_)
            | Tok::Open(_)
            | Tok::Frac
            | Tok::Sqrt
            | Tok::Binom
            | Tok::Overline
            | Tok::Accent(_)
            | Tok::Begin(_)
            | Tok::Big(_)
            | Tok::Boxed
            | Tok::Ellipsis
            | Tok::Currency(_)
            | Tok::RelCall(_)
            | Tok::MatrixCall
            | Tok::BigCall(_)
            | Tok::SetCall(_)
    )
}
