//! The grammar from lists down to powers; [`super::atom`] has what stands below.

use super::ParseError;
use super::token::{Delim, Tok, Token};
use crate::expr::{Const, Expr, Func, LogicOp, RelOp, SetOp};

/// Deeper nesting is refused, so that every later recursion over the tree is safe.
const MAX_DEPTH: u32 = 64;
/// More marks behind one operand (`x!!!!…`) are refused for the same reason.
const MAX_POSTFIX: usize = 16;

pub type Result<T> = std::result::Result<T, ParseError>;

pub struct Parser<'a> {
    pub src: &'a str,
    pub toks: Vec<Token<'a>>,
    pub pos: usize,
    depth: u32,
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
        Parser { src, toks, pos: 0, depth: 0, bar_ends: false, colon_ends: false, dx_ends: false, bracket_ends: false }
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
        while matches!(self.toks.last(), Some(t) if matches!(t.tok, Tok::Comma | Tok::Semicolon | Tok::Row | Tok::Caret)) {
            self.toks.pop();
        }
        // "= 7", "≈ 7.0": the left side was left out
        let rel = matches!(self.toks[0].tok, Tok::Rel(RelOp::Eq | RelOp::Approx));
        self.pos = usize::from(rel && self.toks.len() > 1);
        if self.pos == self.toks.len() {
            return Err(ParseError::Empty);
        }
        let expr = self.statements()?;
        if self.pos < self.toks.len() { self.unexpected() } else { Ok(expr) }
    }

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
        let term = self.product()?;
        Ok(match (plus_minus, negative) {
            (Some(plus), _) => Expr::PlusMinus(plus, Box::new(term)),
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
                Some(Tok::Frac) if [2, 5].iter().any(|at| matches!(self.peek_at(*at), Some(Tok::Text(_)))) => {
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

    fn raise(&mut self, base: Expr) -> Result<Expr> {
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
        let closes = !grouped || self.peek_at(2) == Some(Tok::Close(Delim::Group));
        let len = if grouped { 3 } else { 1 };
        let set =
            matches!(base, Expr::Const(Const::Reals | Const::Integers | Const::Naturals | Const::Rationals));
        let matrix = matches!(base, Expr::Matrix(_));
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
    fn degrees(&mut self, value: Expr) -> Result<Expr> {
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
    )
}

/// Words that start a condition.
fn is_condition(text: &str) -> bool {
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
