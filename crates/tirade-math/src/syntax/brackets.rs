//! Everything between brackets, bars and `\begin … \end`.

use super::parser::{Parser, Result};
use super::token::{Delim, SetCall, Tok};
use crate::expr::{Const, Expr, Func, Interval};

impl<'a> Parser<'a> {
    /// The opening bracket is eaten.
    pub fn bracket(&mut self, open: Delim) -> Result<Expr> {
        let start = self.pos - 1;
        self.fresh(|p| match open {
            Delim::Brace => p.set(),
            Delim::Group => p.group(),
            Delim::Abs | Delim::Floor | Delim::Ceil => p.delimited(open),
            _ => p.parenthesized(open, start),
        })
    }

    fn parenthesized(&mut self, open: Delim, start: usize) -> Result<Expr> {
        if open == Delim::Bracket && self.peek() == Some(Tok::Close(Delim::Bracket)) {
            self.pos += 1;
            return Ok(Expr::Bracket(Vec::new()));
        }
        let content = self.statements()?;
        let Some(Tok::Close(close)) = self.peek() else { return self.unexpected() };
        if !matches!(close, Delim::Paren | Delim::Bracket | Delim::Angle) {
            return self.unexpected();
        }
        self.pos += 1;
        let alone = start == 0 && self.pos == self.toks.len();
        Ok(match (content, open, close) {
            (Expr::List(items), Delim::Bracket, _) | (Expr::List(items), Delim::Paren, Delim::Bracket)
                if items.len() == 2 =>
            {
                interval(items, (open == Delim::Bracket, close == Delim::Bracket))
            }
            (Expr::List(items), Delim::Bracket, Delim::Bracket) => Expr::Bracket(items),
            (Expr::List(items), ..) => Expr::Tuple(items),
            (one, Delim::Bracket, Delim::Bracket) if alone => Expr::Bracket(vec![one]),
            (_, Delim::Bracket, Delim::Paren) | (_, Delim::Paren, Delim::Bracket) => {
                return self.unexpected();
            }
            (one, ..) => one,
        })
    }

    /// `]a, b[`: an open interval, as some countries write it.
    pub fn reversed_interval(&mut self) -> Result<Expr> {
        let content = self.fresh(|p| {
            p.bracket_ends = true;
            p.statements()
        })?;
        let closed = match self.peek() {
            Some(Tok::Open(Delim::Bracket)) => false,
            Some(Tok::Close(Delim::Bracket)) => true,
            _ => return self.unexpected(),
        };
        match content {
            Expr::List(items) if items.len() == 2 => {
                self.pos += 1;
                if !closed {
                    return Ok(Expr::Tuple(items));
                }
                Ok(interval(items, (false, true)))
            }
            _ => self.unexpected(),
        }
    }

    /// LaTeX braces: grouping; with commas inside a list.
    fn group(&mut self) -> Result<Expr> {
        let mut content = self.statements()?;
        if let Some(Tok::Infix(binomial)) = self.peek() {
            self.pos += 1;
            let below = self.statements()?;
            content =
                if binomial { Expr::Call(Func::Binom, vec![content, below]) } else { content.div(below) };
        }
        if self.eat(Tok::Close(Delim::Group)) { Ok(content) } else { self.unexpected() }
    }

    fn delimited(&mut self, delim: Delim) -> Result<Expr> {
        let content = self.sum()?;
        if !self.eat(Tok::Close(delim)) {
            return self.unexpected();
        }
        Ok(match delim {
            Delim::Floor => Expr::call(Func::Floor, content),
            Delim::Ceil => Expr::call(Func::Ceil, content),
            _ => absolute(content),
        })
    }

    /// `|x|`: the opening bar is eaten.
    pub fn bars(&mut self) -> Result<Expr> {
        let saved = std::mem::replace(&mut self.bar_ends, true);
        let content = self.sum();
        self.bar_ends = saved;
        let content = content?;
        if self.eat(Tok::Bar) { Ok(absolute(content)) } else { self.unexpected() }
    }

    /// `\{…\}`: elements, or an element and its condition.
    fn set(&mut self) -> Result<Expr> {
        if self.eat(Tok::Close(Delim::Brace)) {
            return Ok(Expr::Const(Const::EmptySet));
        }
        (self.bar_ends, self.colon_ends) = (true, true);
        let element = self.statements();
        (self.bar_ends, self.colon_ends) = (false, false);
        let element = element?;
        if matches!(self.peek(), Some(Tok::Bar | Tok::Mid | Tok::Colon)) {
            self.pos += 1;
            let condition = self.statements()?;
            return self.close_brace(Expr::SetBuilder(Box::new(element), Box::new(condition)));
        }
        let set = match element {
            Expr::List(items) => Expr::Set(items),
            one => Expr::Set(vec![one]),
        };
        self.close_brace(set)
    }

    fn close_brace(&mut self, set: Expr) -> Result<Expr> {
        if self.eat(Tok::Close(Delim::Brace)) || self.eat(Tok::Close(Delim::Group)) {
            Ok(set)
        } else {
            self.unexpected()
        }
    }

    /// The `\begin{name}` is eaten.
    pub fn environment(&mut self, name: &str) -> Result<Expr> {
        let rows = self.fresh(|p| p.rows(name))?;
        if !matches!(self.peek(), Some(Tok::End(_))) {
            return self.unexpected();
        }
        self.pos += 1;
        let name = name.trim_end_matches('*');
        match name {
            "cases" | "dcases" | "rcases" => Ok(cases(rows)),
            "vmatrix" | "Vmatrix" => {
                Ok(Expr::call(Func::Det, matrix(rows).map_or_else(|| self.unexpected(), Ok)?))
            }
            _ if name.ends_with("matrix") || name == "array" || name == "tabular" => {
                matrix(rows).map_or_else(|| self.unexpected(), Ok)
            }
            _ => Ok(list(rows)),
        }
    }

    /// `Interval(a, b)`, `Union(…)`, `FiniteSet(…)`; the name is eaten.
    pub fn set_call(&mut self, call: SetCall) -> Result<Expr> {
        let mut args = self.arguments()?;
        let (low_closed, high_closed) = match call {
            SetCall::Op(op) => return Ok(Expr::SetOp(op, args)),
            SetCall::Finite => return Ok(Expr::Set(args)),
            SetCall::Interval(low, high) => (low, high),
        };
        // Interval(a, b, left_open, right_open)
        let open = |e: Option<&Expr>, closed: bool| match e {
            Some(Expr::Const(Const::True)) => false,
            _ => closed,
        };
        let closed = (open(args.get(2), low_closed), open(args.get(3), high_closed));
        args.truncate(2);
        match args.len() {
            2 if closed == (false, false) => Ok(Expr::Tuple(args)),
            2 => Ok(interval(args, closed)),
            _ => self.unexpected(),
        }
    }

    /// `Matrix([[a, b], [c, d]])` or `matrix([a, b], [c, d])`; the name is eaten.
    pub fn matrix_call(&mut self) -> Result<Expr> {
        let mut rows = self.arguments()?;
        if let [one] = rows.as_slice()
            && let Some(inner) = items(one).filter(|v| v.iter().all(|r| items(r).is_some()))
        {
            rows = inner;
        }
        let rows: Option<Vec<Vec<Expr>>> = rows.iter().map(items).collect();
        rows.and_then(matrix).map_or_else(|| self.unexpected(), Ok)
    }

    fn rows(&mut self, name: &str) -> Result<Vec<Vec<Expr>>> {
        let aligned = name.contains("align") || name.contains("gather") || name.contains("split");
        let mut rows = vec![Vec::new()];
        loop {
            match self.peek() {
                Some(Tok::End(_)) | None => break,
                Some(Tok::Amp) => self.pos += 1,
                Some(Tok::Row) => {
                    self.pos += 1;
                    if rows.last().is_some_and(|r| !r.is_empty()) {
                        rows.push(Vec::new());
                    }
                }
                Some(Tok::Comma) => self.pos += 1,
                _ => {
                    let cell =
                        if name.contains("cases") || aligned { self.case_cell()? } else { self.sum()? };
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                    }
                }
            }
        }
        if rows.last().is_some_and(Vec::is_empty) {
            rows.pop();
        }
        Ok(rows)
    }

    /// A cell of a case distinction: the word before a condition is dropped.
    fn case_cell(&mut self) -> Result<Expr> {
        if let Some(Tok::Text(t)) = self.peek() {
            let word = crate::text::normalize(t);
            if matches!(word.as_str(), "otherwise" | "else") {
                self.pos += 1;
                return Ok(Expr::Const(Const::True));
            }
            if matches!(word.as_str(), "if" | "for" | "when" | "where") {
                self.pos += 1;
            }
        }
        self.relation()
    }
}

fn absolute(content: Expr) -> Expr {
    match content {
        matrix @ Expr::Matrix(_) => Expr::call(Func::Det, matrix),
        other => Expr::call(Func::Abs, other),
    }
}

fn interval(mut items: Vec<Expr>, closed: (bool, bool)) -> Expr {
    let high = Box::new(items.pop().unwrap_or(Expr::int(0)));
    let low = Box::new(items.pop().unwrap_or(Expr::int(0)));
    Expr::Interval(Interval { low, high, closed })
}

/// What stands in square brackets; two items were read as an interval.
fn items(e: &Expr) -> Option<Vec<Expr>> {
    match e {
        Expr::Bracket(items) => Some(items.clone()),
        Expr::Interval(i) if i.closed == (true, true) => Some(vec![(*i.low).clone(), (*i.high).clone()]),
        _ => None,
    }
}

/// Rows of equal length; a bracket around one inner matrix is dropped by the caller.
fn matrix(rows: Vec<Vec<Expr>>) -> Option<Expr> {
    let width = rows.first()?.len();
    (width > 0 && rows.iter().all(|r| r.len() == width)).then_some(Expr::Matrix(rows))
}

fn cases(rows: Vec<Vec<Expr>>) -> Expr {
    let two = rows.iter().all(|r| r.len() == 2);
    if !two {
        return list(rows);
    }
    let pairs = rows.into_iter().filter_map(|r| {
        let mut cells = r.into_iter();
        Some((cells.next()?, cells.next()?))
    });
    Expr::Cases(pairs.collect())
}

/// Lines of an aligned display: its parts side by side are one statement when the second is a relation's rest.
fn list(rows: Vec<Vec<Expr>>) -> Expr {
    let mut items: Vec<Expr> = rows.into_iter().flatten().collect();
    if items.len() == 1 { items.swap_remove(0) } else { Expr::List(items) }
}
