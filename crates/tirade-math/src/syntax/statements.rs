//! The top of the grammar: lists, statements, relations, sets.

use super::ParseError;
use super::parser::{MAX_DEPTH, MAX_POSTFIX, Parser, Result};
use super::token::Tok;
use crate::expr::{Expr, LogicOp, RelOp, SetOp};

impl<'a> Parser<'a> {
    /// Items separated by commas, semicolons, "and", "or".
    pub fn statements(&mut self) -> Result<Expr> {
        let mut groups = vec![vec![self.statement()?]];
        let mut seen = Separators::default();
        while let Some(separator) = self.peek() {
            match separator {
                Tok::Comma => seen.comma = true,
                Tok::And | Tok::Amp => seen.and = true,
                Tok::Semicolon | Tok::Or => {
                    seen.or |= separator == Tok::Or;
                    seen.semicolon |= separator == Tok::Semicolon;
                }
                _ => break,
            }
            self.pos += 1;
            // ", and" and ", or" are one separator; the word decides.
            while let Some(next @ (Tok::Comma | Tok::And | Tok::Or | Tok::Semicolon)) = self.peek() {
                seen.or |= next == Tok::Or;
                self.pos += 1;
            }
            if self.peek().is_none() || matches!(self.peek(), Some(Tok::Close(_))) {
                break;
            }
            let item = self.statement()?;
            let new_group = matches!(separator, Tok::Semicolon | Tok::Or);
            match groups.last_mut() {
                Some(group) if !new_group => group.push(item),
                _ => groups.push(vec![item]),
            }
        }
        Ok(combine(groups, seen))
    }

    /// One statement: a relation, perhaps with "implies", a label in front or a condition behind.
    pub fn statement(&mut self) -> Result<Expr> {
        self.deeper(|p| {
            p.skip_fillers();
            if let Some(quantified) = p.quantified()? {
                return Ok(quantified);
            }
            let left = p.relation()?;
            let op = match p.peek() {
                Some(Tok::Implies) => LogicOp::Implies,
                Some(Tok::Iff) => LogicOp::Iff,
                Some(Tok::Text(t)) if is_condition(t) => return p.conditioned(left),
                _ => return Ok(left),
            };
            p.pos += 1;
            Ok(Expr::Logic(op, vec![left, p.statement()?]))
        })
    }

    fn quantified(&mut self) -> Result<Option<Expr>> {
        let op = match self.peek() {
            Some(Tok::ForAll) => LogicOp::ForAll,
            Some(Tok::Exists) => LogicOp::Exists,
            Some(Tok::Not) => LogicOp::Not,
            _ => return Ok(None),
        };
        self.pos += 1;
        let mut parts = vec![self.relation()?];
        if op != LogicOp::Not && matches!(self.peek(), Some(Tok::Comma | Tok::Colon)) {
            self.pos += 1;
            parts.push(self.statement()?);
        }
        Ok(Some(Expr::Logic(op, parts)))
    }

    /// "only x=0", "about 5": words that add nothing. "Minimum: 1" is a label and stays.
    fn skip_fillers(&mut self) {
        while let Some(Tok::Text(t)) = self.peek() {
            let filler = matches!(
                t.to_ascii_lowercase().as_str(),
                "only"
                    | "exactly"
                    | "about"
                    | "approximately"
                    | "is"
                    | "are"
                    | "the"
                    | "answer is"
                    | "the answer is"
                    | "all"
                    | "just"
                    | "either"
                    | "both"
            );
            if !filler || self.peek_at(1).is_none() {
                break;
            }
            self.pos += 1;
        }
    }

    /// `value, for all n`: kept as a value with one condition, in words.
    fn conditioned(&mut self, value: Expr) -> Result<Expr> {
        let start = self.toks[self.pos].at as usize;
        let end =
            self.toks[self.pos..].iter().position(|t| matches!(t.tok, Tok::Close(_) | Tok::Amp | Tok::Row));
        let stop = end.map_or(self.src.len(), |n| self.toks[self.pos + n].at as usize);
        self.pos = end.map_or(self.toks.len(), |n| self.pos + n);
        let words = crate::text::normalize(self.src.get(start..stop).unwrap_or(""));
        Ok(Expr::Cases(vec![(value, Expr::Text(words.into()))]))
    }

    pub fn relation(&mut self) -> Result<Expr> {
        let first = self.set_level()?;
        if matches!(first, Expr::Text(_)) && self.peek() == Some(Tok::Colon) && !self.colon_ends {
            self.pos += 1;
            let value = self.set_level()?;
            return Ok(Expr::relation(first, RelOp::Eq, value));
        }
        let mut rest = Vec::new();
        loop {
            let op = match self.peek() {
                Some(Tok::Rel(op)) => op,
                Some(Tok::Mid) if !self.bar_ends => RelOp::Divides,
                _ => break,
            };
            self.pos += 1;
            if self.peek().is_none() && op == RelOp::Eq {
                break;
            }
            while self.eat(Tok::Amp) {}
            rest.push((op, self.set_level()?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Relation(Box::new(first), rest) })
    }

    fn set_level(&mut self) -> Result<Expr> {
        while self.eat(Tok::Amp) && self.peek().is_some() {}
        let mut left = self.sum()?;
        let mut last: Option<SetOp> = None;
        for _ in 0..MAX_POSTFIX * 64 {
            let op = match self.peek() {
                Some(Tok::SetOp(op)) => op,
                // "minus" between sets: {x | x < 3/2} - {-6}
                _ => break,
            };
            self.pos += 1;
            let right = self.sum()?;
            left = match left {
                Expr::SetOp(inner, mut parts)
                    if inner == op && last == Some(op) && op != SetOp::Difference =>
                {
                    parts.push(right);
                    Expr::SetOp(op, parts)
                }
                other if last.is_some_and(|l| l != op) => {
                    // Alternating operators nest; the depth guard counts each change.
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(ParseError::TooDeep);
                    }
                    Expr::SetOp(op, vec![other, right])
                }
                other if op == SetOp::Difference && last.is_some() => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(ParseError::TooDeep);
                    }
                    Expr::SetOp(op, vec![other, right])
                }
                other => Expr::SetOp(op, vec![other, right]),
            };
            last = Some(op);
        }
        Ok(left)
    }
}

/// Words that start a condition.
pub(super) fn is_condition(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or("");
    let word = first.trim_matches(|c: char| !c.is_ascii_alphabetic()).to_ascii_lowercase();
    matches!(
        word.as_str(),
        "if" | "for"
            | "where"
            | "when"
            | "with"
            | "such"
            | "otherwise"
            | "given"
            | "provided"
            | "whenever"
            | "as"
    )
}

#[derive(Default)]
struct Separators {
    comma: bool,
    and: bool,
    or: bool,
    semicolon: bool,
}

fn is_statement(e: &Expr) -> bool {
    matches!(e, Expr::Relation(..) | Expr::Logic(..))
}

/// What a separated sequence is: a statement joined by "and"/"or", a list, or a list of lists.
fn combine(mut groups: Vec<Vec<Expr>>, seen: Separators) -> Expr {
    if groups.len() == 1 {
        let Some(mut items) = groups.pop() else { return Expr::List(Vec::new()) };
        return match items.len() {
            1 => items.swap_remove(0),
            _ if seen.or => Expr::Logic(LogicOp::Or, items),
            _ if seen.and && !seen.comma && items.iter().all(is_statement) => {
                Expr::Logic(LogicOp::And, items)
            }
            _ => Expr::List(items),
        };
    }
    let nested = groups.iter().all(|g| g.len() > 1 && g.len() == groups[0].len());
    if nested || (seen.semicolon && groups.iter().any(|g| g.len() > 1)) {
        let rows =
            groups.into_iter().map(|mut g| if g.len() == 1 { g.swap_remove(0) } else { Expr::Tuple(g) });
        return Expr::List(rows.collect());
    }
    let single = groups.iter().all(|g| g.len() == 1);
    let statements = groups.iter().flatten().all(is_statement);
    if seen.or && statements && (single || seen.and) {
        let parts = groups
            .into_iter()
            .map(|mut g| if g.len() == 1 { g.swap_remove(0) } else { Expr::Logic(LogicOp::And, g) });
        return Expr::Logic(LogicOp::Or, parts.collect());
    }
    let items: Vec<Expr> = groups.into_iter().flatten().collect();
    if seen.or && !seen.comma && !seen.and && !seen.semicolon {
        Expr::Logic(LogicOp::Or, items)
    } else {
        Expr::List(items)
    }
}
