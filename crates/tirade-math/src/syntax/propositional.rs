//! Formulas of propositional logic: `A \land (B \lor \lnot C) \implies D`.
//!
//! "a and b" is usually a list of two answers, so a text is read here only if all of it is letters, brackets and connectives,
//! and it has a connective that no list has, or brackets around one.

use super::parser::{Parser, Result};
use super::token::{Delim, Tok};
use crate::expr::{Const, Expr, LogicOp};

impl<'a> Parser<'a> {
    /// The formula the whole text is, if it is one; otherwise nothing is eaten.
    pub fn propositional(&mut self) -> Result<Option<Expr>> {
        if !self.looks_propositional() {
            return Ok(None);
        }
        let formula = self.fresh(Self::equivalence)?;
        if self.pos < self.toks.len() { self.unexpected() } else { Ok(Some(formula)) }
    }

    fn looks_propositional(&self) -> bool {
        let (mut and, mut or, mut bracket, mut other) = (false, false, false, false);
        for token in &self.toks {
            match token.tok {
                Tok::Ident(_)
                | Tok::Const(Const::True | Const::False | Const::E | Const::I)
                | Tok::Close(_) => {}
                Tok::Open(Delim::Paren | Delim::Group | Delim::Bracket) => bracket = true,
                Tok::And => and = true,
                Tok::Or => or = true,
                Tok::Not | Tok::Implies | Tok::Iff | Tok::Xor(_) => other = true,
                _ => return false,
            }
        }
        other || (bracket && and && or)
    }

    fn equivalence(&mut self) -> Result<Expr> {
        self.deeper(|p| {
            let mut left = p.implication()?;
            while p.eat(Tok::Iff) {
                left = Expr::Logic(LogicOp::Iff, vec![left, p.implication()?]);
                p.grow()?;
            }
            Ok(left)
        })
    }

    /// Each further connective nests the tree by one.
    fn grow(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > super::parser::MAX_DEPTH { Err(super::ParseError::TooDeep) } else { Ok(()) }
    }

    fn implication(&mut self) -> Result<Expr> {
        let left = self.disjunction()?;
        if !self.eat(Tok::Implies) {
            return Ok(left);
        }
        let right = self.deeper(Self::implication)?;
        Ok(Expr::Logic(LogicOp::Implies, vec![left, right]))
    }

    fn disjunction(&mut self) -> Result<Expr> {
        let mut left = self.conjunction()?;
        loop {
            left = match self.peek() {
                Some(Tok::Or) => {
                    self.pos += 1;
                    Expr::Logic(LogicOp::Or, vec![left, self.conjunction()?])
                }
                Some(Tok::Xor(same)) => {
                    self.pos += 1;
                    let iff = Expr::Logic(LogicOp::Iff, vec![left, self.conjunction()?]);
                    if same { iff } else { Expr::Logic(LogicOp::Not, vec![iff]) }
                }
                _ => return Ok(left),
            };
            self.grow()?;
        }
    }

    fn conjunction(&mut self) -> Result<Expr> {
        let mut left = self.literal()?;
        while self.eat(Tok::And) {
            left = Expr::Logic(LogicOp::And, vec![left, self.literal()?]);
            self.grow()?;
        }
        Ok(left)
    }

    fn literal(&mut self) -> Result<Expr> {
        match self.peek() {
            Some(Tok::Not) => {
                self.pos += 1;
                let inner = self.deeper(Self::literal)?;
                Ok(Expr::Logic(LogicOp::Not, vec![inner]))
            }
            Some(Tok::Open(_)) => {
                self.pos += 1;
                let inner = self.equivalence()?;
                if !matches!(self.peek(), Some(Tok::Close(_))) {
                    return self.unexpected();
                }
                self.pos += 1;
                Ok(inner)
            }
            Some(Tok::Ident(name)) => {
                self.pos += 1;
                Ok(Expr::sym(name))
            }
            Some(Tok::Const(c)) => {
                self.pos += 1;
                Ok(Expr::Const(c))
            }
            _ => self.unexpected(),
        }
    }
}
