//! One pass over the bytes: LaTeX, plain text and what models make of both.
//!
//! The lexer never fails on sloppiness that has one reading (`\frac12`, `10,\!080`, doubled backslashes, `rac{`);
//! a character with no mathematical meaning is an error, so that prose is not read as a product of letters.

mod latex;
mod letters;

pub use letters::is_ordinal;

use super::number;
use super::token::{Delim, Tok, Token};
use super::words::{self, Command};
use super::{Commas, ParseError};
use crate::expr::{Const, RelOp};

/// More tokens than this are no answer.
pub const MAX_TOKENS: usize = 20_000;

pub struct Lexer<'a> {
    src: &'a str,
    pos: usize,
    toks: Vec<Token<'a>>,
    spaced: bool,
    negate: bool,
    /// How many brackets other than `{}` are open: commas inside them separate.
    depth: u32,
    commas: Commas,
    /// Whether a comma between digits could have been read another way.
    pub comma_seen: bool,
}

/// All tokens of `src`, and whether another reading of its commas exists.
pub fn lex(src: &str, commas: Commas) -> Result<(Vec<Token<'_>>, bool), ParseError> {
    let toks = Vec::with_capacity(src.len().min(MAX_TOKENS) / 2 + 4);
    let mut lexer =
        Lexer { src, pos: 0, toks, spaced: false, negate: false, depth: 0, commas, comma_seen: false };
    while lexer.pos < src.len() {
        lexer.step()?;
        if lexer.toks.len() > MAX_TOKENS {
            return Err(ParseError::TooLong);
        }
    }
    Ok((lexer.toks, lexer.comma_seen))
}

impl<'a> Lexer<'a> {
    fn byte(&self, offset: usize) -> u8 {
        self.src.as_bytes().get(self.pos + offset).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'a str {
        &self.src[self.pos..]
    }

    fn push(&mut self, tok: Tok<'a>) {
        let mut tok = tok;
        if self.negate {
            self.negate = false;
            tok = negated(tok);
        }
        match tok {
            Tok::Open(d) if d != Delim::Group => self.depth += 1,
            Tok::Close(d) if d != Delim::Group => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.toks.push(Token { tok, at: self.pos as u32, spaced: self.spaced });
        self.spaced = false;
    }

    /// Pushes a token that is `len` bytes long.
    fn take(&mut self, tok: Tok<'a>, len: usize) -> Result<(), ParseError> {
        self.push(tok);
        self.pos += len;
        Ok(())
    }

    fn last(&self) -> Option<Tok<'a>> {
        self.toks.last().map(|t| t.tok)
    }

    /// Whether what stands before can carry a unit.
    fn after_value(&self) -> bool {
        let last = match self.toks.as_slice() {
            [.., value, Token { tok: Tok::Open(Delim::Group), .. }]
                if matches!(value.tok, Tok::Number(_)) =>
            {
                Some(value.tok)
            }
            _ => self.last(),
        };
        matches!(last, Some(Tok::Number(_) | Tok::Close(_) | Tok::Const(_) | Tok::Text(_)))
    }

    fn step(&mut self) -> Result<(), ParseError> {
        let b = self.byte(0);
        match b {
            b' ' | b'\t' | b'\n' | b'\r' | b'~' | 0x0b => self.blank(),
            0x0c if self.eaten_escape('f')? => Ok(()),
            0x08 if self.eaten_escape('b')? => Ok(()),
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_ascii_digit() && !self.after_dot() => self.number(),
            b'.' => self.dots(),
            b'a'..=b'z' | b'A'..=b'Z' => self.letters(),
            b'\\' => self.backslash(),
            0x80.. => self.unicode(),
            _ => self.punctuation(b),
        }
    }

    fn blank(&mut self) -> Result<(), ParseError> {
        if self.byte(0) == b'\t' && self.eaten_escape('t')? {
            return Ok(());
        }
        self.spaced = true;
        self.pos += 1;
        Ok(())
    }

    /// `\times`, `\frac`, `\beta` in a string literal that took `\t`, `\f`, `\b` for a control character.
    fn eaten_escape(&mut self, first: char) -> Result<bool, ParseError> {
        let rest = &self.rest()[1..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        if letters == 0 || letters > 12 {
            return Ok(false);
        }
        let name = format!("{first}{}", &rest[..letters]);
        match words::command(&name) {
            Command::Tok(tok) => self.take(tok, 1 + letters)?,
            Command::Text => {
                self.pos += 1 + letters;
                self.text_group(true)?;
            }
            Command::Unknown => return Ok(false),
            _ => self.pos += 1 + letters,
        }
        Ok(true)
    }

    fn after_dot(&self) -> bool {
        self.pos > 0 && self.src.as_bytes()[self.pos - 1] == b'.'
    }

    fn dots(&mut self) -> Result<(), ParseError> {
        let n = self.rest().bytes().take_while(|b| *b == b'.').count();
        if n >= 2 { self.take(Tok::Ellipsis, n) } else { self.skip(1) }
    }

    fn skip(&mut self, len: usize) -> Result<(), ParseError> {
        self.pos += len;
        Ok(())
    }

    fn number(&mut self) -> Result<(), ParseError> {
        let inside = self.depth > 0;
        let found = number::scan(self.rest(), self.commas, inside);
        self.comma_seen |= found.comma;
        let text = &self.rest()[..found.len];
        self.take(Tok::Number(text), found.len)
    }

    fn punctuation(&mut self, b: u8) -> Result<(), ParseError> {
        let next = self.byte(1);
        let (tok, len) = match b {
            b'+' if next == b'-' && self.plus_minus() => (Tok::PlusMinus, 2),
            b'+' => (Tok::Plus, 1),
            b'-' if next == b'>' => (Tok::Rel(RelOp::To), 2),
            b'-' => (Tok::Minus, 1),
            b'*' if next == b'*' => (Tok::Caret, 2),
            b'*' => (Tok::Times, 1),
            b'/' => (Tok::Slash, 1),
            b':' if next == b'=' => (Tok::Rel(RelOp::Eq), 2),
            b':' => (Tok::Colon, 1),
            b'^' => (Tok::Caret, 1),
            b'_' => (Tok::Under, 1),
            b'!' if next == b'=' && !self.factorial_before() => (Tok::Rel(RelOp::Ne), 2),
            b'!' => (Tok::Bang, 1),
            // Maxima's 'f(x) is f, not evaluated.
            b'\''
                if !self.after_value()
                    && !matches!(self.last(), Some(Tok::Ident(_) | Tok::Prime | Tok::Func(_))) =>
            {
                return self.skip(1);
            }
            b'\'' => (Tok::Prime, 1),
            b'#' if self.rest().starts_with("#pm#") => (Tok::PlusMinus, 4),
            b'#' if !self.toks.is_empty() && next != b'#' => (Tok::Rel(RelOp::Ne), 1),
            b'%' if !self.after_value() && matches!(next, b'p' | b'e' | b'i') => return self.maxima(),
            b'%' => (Tok::Percent, 1),
            b'=' if next == b'/' && self.byte(2) == b'=' => (Tok::Rel(RelOp::Ne), 3),
            b'=' if next == b'=' => (Tok::Rel(RelOp::Eq), 2),
            b'=' if next == b'>' => (Tok::Implies, 2),
            b'=' => (Tok::Rel(RelOp::Eq), 1),
            b'<' => return self.less_than(),
            b'>' if next == b'=' => (Tok::Rel(RelOp::Ge), 2),
            b'>' => (Tok::Rel(RelOp::Gt), 1),
            b',' => (Tok::Comma, 1),
            b';' => (Tok::Semicolon, 1),
            b'(' => (Tok::Open(Delim::Paren), 1),
            b')' => (Tok::Close(Delim::Paren), 1),
            b'[' => (Tok::Open(Delim::Bracket), 1),
            b']' => (Tok::Close(Delim::Bracket), 1),
            b'{' => (Tok::Open(Delim::Group), 1),
            b'}' => (Tok::Close(Delim::Group), 1),
            // (x < 1) | (x > 2), as SymPy prints "or"
            b'|' if self.spaced
                && matches!(self.last(), Some(Tok::Close(Delim::Paren)))
                && self.rest()[1..].trim_start().starts_with('(')
                && !self.src.contains('{') =>
            {
                (Tok::Or, 1)
            }
            b'|' => (Tok::Bar, 1),
            b'&' => (Tok::Amp, 1),
            b'$' | b'`' | b'"' | 0x0c | 0x08 => return self.skip(1),
            _ => return Err(ParseError::Character(self.pos)),
        };
        self.take(tok, len)
    }

    /// `+-` is ±, but `3+-1` is a sum.
    fn plus_minus(&self) -> bool {
        let digit = self.byte(2).is_ascii_digit();
        let begins =
            self.toks.is_empty() || matches!(self.last(), Some(Tok::Comma | Tok::Rel(_) | Tok::Open(_)));
        self.byte(2) != b'-' && (!digit || begins)
    }

    /// `%pi`, `%e`, `%i`: constants as Maxima writes them.
    fn maxima(&mut self) -> Result<(), ParseError> {
        for (name, c) in [("%pi", Const::Pi), ("%e", Const::E), ("%i", Const::I)] {
            let tail = self.rest().as_bytes().get(name.len());
            if self.rest().starts_with(name) && !tail.is_some_and(u8::is_ascii_alphabetic) {
                return self.take(Tok::Const(c), name.len());
            }
        }
        self.take(Tok::Percent, 1)
    }

    /// `5!=120` is a factorial, `x!=3` is not.
    fn factorial_before(&self) -> bool {
        !self.spaced && matches!(self.last(), Some(Tok::Number(_)))
    }

    fn less_than(&mut self) -> Result<(), ParseError> {
        for (tag, tok) in [("<sup>", Tok::Caret), ("<sub>", Tok::Under)] {
            if self.rest().starts_with(tag) {
                self.push(tok);
                return self.take(Tok::Open(Delim::Group), tag.len());
            }
        }
        for tag in ["</sup>", "</sub>"] {
            if self.rest().starts_with(tag) {
                return self.take(Tok::Close(Delim::Group), tag.len());
            }
        }
        match self.byte(1) {
            b'=' => self.take(Tok::Rel(RelOp::Le), 2),
            b'>' => self.take(Tok::Rel(RelOp::Ne), 2),
            _ => self.take(Tok::Rel(RelOp::Lt), 1),
        }
    }

    fn unicode(&mut self) -> Result<(), ParseError> {
        let Some(c) = self.rest().chars().next() else { return Ok(()) };
        let len = c.len_utf8();
        if c.is_whitespace()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '。')
        {
            self.spaced = true;
            return self.skip(len);
        }
        if let Some((a, b)) = words::fraction(c) {
            self.push(Tok::Frac);
            self.push(Tok::Number(a));
            return self.take(Tok::Number(b), len);
        }
        if let Some(n) = words::circled(c) {
            if matches!(self.last(), Some(Tok::Number(_))) {
                self.push(Tok::Comma);
            }
            return self.take(Tok::Number(n), len);
        }
        match words::unicode(c) {
            Some(tok) => self.take(tok, len),
            None if c.is_alphabetic() => {
                let len: usize =
                    self.rest().chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
                let run = &self.rest()[..len];
                self.take(Tok::Text(run), len)
            }
            None => Err(ParseError::Character(self.pos)),
        }
    }
}

fn negated(tok: Tok<'_>) -> Tok<'_> {
    match tok {
        Tok::Rel(RelOp::Eq) => Tok::Rel(RelOp::Ne),
        Tok::Rel(RelOp::In) => Tok::Rel(RelOp::NotIn),
        Tok::Rel(RelOp::Lt) => Tok::Rel(RelOp::Ge),
        Tok::Rel(RelOp::Gt) => Tok::Rel(RelOp::Le),
        Tok::Rel(RelOp::Le) => Tok::Rel(RelOp::Gt),
        Tok::Rel(RelOp::Ge) => Tok::Rel(RelOp::Lt),
        other => other,
    }
}
