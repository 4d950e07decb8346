//! One pass over the bytes: LaTeX, plain text and what models make of both.
//!
//! The lexer never fails on sloppiness that has one reading (`\frac12`, `10,\!080`, doubled backslashes, `rac{`);
//! a character with no mathematical meaning is an error, so that prose is not read as a product of letters.

use super::number;
use super::token::{Delim, Tok, Token};
use super::words::{self, Command};
use super::{Commas, ParseError};
use crate::expr::{Const, Func, RelOp};
use crate::unit;

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
            b'\'' => (Tok::Prime, 1),
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
        let begins = self.toks.is_empty() || matches!(self.last(), Some(Tok::Comma | Tok::Rel(_) | Tok::Open(_)));
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

    fn letters(&mut self) -> Result<(), ParseError> {
        let rest = self.rest();
        let len = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let run = &rest[..len];
        if len == 1 && matches!(run, "a" | "p" | "A" | "P") && self.after_value() {
            let clock = ["a.m", "p.m", "A.M", "P.M"].into_iter().find(|c| rest.starts_with(c));
            if let Some(clock) = clock.filter(|_| !self.byte(3).is_ascii_alphanumeric()) {
                return self.take(Tok::Text(clock), 3);
            }
        }
        if run == "U" && matches!(self.last(), Some(Tok::Close(_))) && rest[1..].trim_start().starts_with(['(', '[', '{', '\\']) {
            return self.take(Tok::SetOp(crate::expr::SetOp::Union), 1);
        }
        if matches!(run, "x" | "X") && matches!(self.last(), Some(Tok::Number(_))) && rest[1..].trim_start().starts_with("10^") {
            return self.take(Tok::Times, 1);
        }
        if len == 1 {
            let braced = self.last() == Some(Tok::Open(Delim::Group)) && self.byte(1) == b'}';
            let unit = braced && self.after_value() && self.toks.len() >= 2 && unit::is_unit(run);
            return if unit { self.take(Tok::Text(run), 1) } else { self.letter(run) };
        }
        if run == "rac" && !matches!(self.byte(3), b'{' | b'1'..=b'9') {
            return self.split_letters(run);
        }
        if matches!(run, "min" | "sec" | "mins") && self.after_value() && !self.argument_follows(len) {
            return self.take(Tok::Text(run), len);
        }
        if let Some(tok) = words::word(run) {
            return self.take(tok, len);
        }
        if self.byte(len) == b'(' {
            let op = match run {
                "Eq" => Some(RelOp::Eq),
                "Ne" => Some(RelOp::Ne),
                "Lt" => Some(RelOp::Lt),
                "Le" => Some(RelOp::Le),
                "Gt" => Some(RelOp::Gt),
                "Ge" => Some(RelOp::Ge),
                _ => None,
            };
            if let Some(op) = op {
                return self.take(Tok::RelCall(op), len);
            }
        }
        if len <= 4 && run.starts_with("or") && run.as_bytes()[2].is_ascii_uppercase() {
            return self.take(Tok::Or, 2);
        }
        if matches!(run, "USD" | "EUR" | "GBP" | "Rs" | "RMB") && self.money_follows(len) {
            return self.take(Tok::Currency(currency(run)), len);
        }
        let unit_here = self.after_value() && (unit::is_unit(run) || (!self.spaced && is_ordinal(run)));
        if unit_here || is_bare_word(run, self.spaced || self.pos == 0 && self.byte(len) == b' ') {
            return self.take(Tok::Text(run), len);
        }
        self.split_letters(run)
    }

    /// Whether what stands behind a word could be the argument of a function: `sec x`, `min(`, but not `30 sec`.
    fn argument_follows(&self, len: usize) -> bool {
        let rest = self.rest()[len..].trim_start_matches([' ', '~']);
        rest.starts_with(['(', '{', '_', '^', '\\', '[']) || rest.starts_with(|c: char| c.is_alphabetic())
    }

    /// A digit behind a currency code, perhaps after a dot and blanks: `Rs. 500`.
    fn money_follows(&self, len: usize) -> bool {
        let rest = &self.rest()[len..];
        rest.trim_start_matches(['.', ' ', '~']).starts_with(|c: char| c.is_ascii_digit())
    }

    /// A run of letters that is no word: functions in front of an argument (`sinx`), else a product.
    fn split_letters(&mut self, run: &'a str) -> Result<(), ParseError> {
        let mut rest = run;
        while !rest.is_empty() {
            let longest = rest.len().min(7);
            let known = (2..=longest).rev().find_map(|n| {
                let tok = words::word(&rest[..n])?;
                let fits = matches!(tok, Tok::Func(_) | Tok::Sqrt | Tok::Const(Const::Pi));
                (fits && (rest.len() - n <= 2 || words::word(&rest[n..]).is_some())).then_some((tok, n))
            });
            match known {
                Some((tok, n)) => {
                    self.take(tok, n)?;
                    rest = &rest[n..];
                }
                None => {
                    self.letter(&rest[..1])?;
                    rest = &rest[1..];
                }
            }
        }
        Ok(())
    }

    fn letter(&mut self, letter: &'a str) -> Result<(), ParseError> {
        let tok = match letter {
            "e" => Tok::Const(Const::E),
            "i" => Tok::Const(Const::I),
            _ => Tok::Ident(letter),
        };
        self.take(tok, 1)
    }

    fn backslash(&mut self) -> Result<(), ParseError> {
        let rest = self.rest();
        if self.byte(1) == b'\\' {
            return self.double_backslash();
        }
        let letters = rest[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
        if letters == 0 {
            return self.control_symbol();
        }
        let name = &rest[1..1 + letters];
        self.command(name, 1 + letters)
    }

    /// `\\` is a new row, unless a known command follows: then the backslash was doubled by an escape.
    fn double_backslash(&mut self) -> Result<(), ParseError> {
        let rest = &self.rest()[2..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let known = letters >= 2 && !matches!(words::command(&rest[..letters]), Command::Unknown);
        if known
            || rest.starts_with(['(', ')', '[', ']', '%', '$', '{', '}', ',', '!']) && !rest.starts_with("[")
        {
            return self.skip(1);
        }
        self.take(Tok::Row, 2)
    }

    fn control_symbol(&mut self) -> Result<(), ParseError> {
        let Some(c) = self.rest()[1..].chars().next() else { return self.skip(1) };
        let len = 1 + c.len_utf8();
        match c {
            '(' | ')' | '[' | ']' => self.skip(len),
            ',' | ';' | ':' | '!' | ' ' | '>' | '\n' | '\t' | '/' | '\r' => {
                self.spaced = true;
                self.skip(len)
            }
            '{' => self.take(Tok::Open(Delim::Brace), len),
            '}' => self.take(Tok::Close(Delim::Brace), len),
            '|' => self.take(Tok::Bar, len),
            '%' => self.take(Tok::Percent, len),
            '$' => self.take(Tok::Currency("dollar"), len),
            '&' => self.take(Tok::Amp, len),
            '\u{c}' | '\u{8}' | '_' | '#' | '"' | '.' | '-' | '=' | '\'' | '*' | '+' => self.skip(1),
            _ => Err(ParseError::Character(self.pos)),
        }
    }

    fn command(&mut self, name: &'a str, len: usize) -> Result<(), ParseError> {
        match words::command(name) {
            Command::Tok(Tok::Sqrt) if name != "sqrt" => self.take(Tok::Func(Func::Sqrt), len),
            Command::Tok(tok) => self.take(tok, len),
            Command::Skip => {
                self.spaced |= matches!(name, "quad" | "qquad");
                self.skip(len)
            }
            Command::SkipGroup => {
                self.pos += len;
                if let Some((_, after)) = self.group() {
                    self.pos = after;
                }
                Ok(())
            }
            Command::Text => {
                self.pos += len;
                self.text_group(true)
            }
            Command::Name => {
                self.pos += len;
                let bold = !matches!(name, "mathbb" | "Bbb");
                if bold { self.text_group(false) } else { self.blackboard() }
            }
            Command::Begin | Command::End => self.environment(matches!(name, "begin"), len),
            Command::Not => {
                self.negate = true;
                self.skip(len)
            }
            Command::Fence => self.fence(name, len),
            Command::Unknown => self.unknown(name, len),
        }
    }

    /// A command nobody knows: `\quadx` and the like were glued to the next letter, the rest is a name.
    fn unknown(&mut self, name: &'a str, len: usize) -> Result<(), ParseError> {
        for known in [
            "qquad", "quad", "cdot", "times", "pi", "ln", "log", "sin", "cos", "tan", "left", "right",
            "circ", "lvert", "rvert", "le", "ge", "in",
        ] {
            if name.len() == known.len() + 1 && name.starts_with(known) {
                return self.command(&name[..known.len()], len - 1);
            }
        }
        self.take(Tok::Ident(name), len)
    }

    fn fence(&mut self, name: &str, len: usize) -> Result<(), ParseError> {
        self.pos += len;
        while self.byte(0) == b' ' {
            self.pos += 1;
        }
        let bar = ["|", r"\vert", r"\|"].into_iter().find(|b| self.rest().starts_with(b));
        match (self.byte(0), bar) {
            (b'.', _) => self.skip(1),
            (_, Some(bar)) if name.ends_with("left") || name.ends_with('l') => {
                self.take(Tok::Open(Delim::Abs), bar.len())
            }
            (_, Some(bar)) if name.ends_with("right") || name.ends_with('r') => {
                self.take(Tok::Close(Delim::Abs), bar.len())
            }
            (b'<', _) if name == "left" => self.take(Tok::Open(Delim::Angle), 1),
            (b'>', _) if name == "right" => self.take(Tok::Close(Delim::Angle), 1),
            _ => Ok(()),
        }
    }

    /// The content of the group that starts here (after blanks) and the offset behind it.
    fn group(&self) -> Option<(&'a str, usize)> {
        let blanks = self.rest().bytes().take_while(|b| *b == b' ').count();
        let start = self.pos + blanks;
        if self.src.as_bytes().get(start) != Some(&b'{') {
            return None;
        }
        let mut depth = 0u32;
        for (i, b) in self.src.bytes().enumerate().skip(start) {
            let escaped = i > 0 && self.src.as_bytes()[i - 1] == b'\\';
            match b {
                b'{' if !escaped => depth += 1,
                b'}' if !escaped => {
                    depth -= 1;
                    if depth == 0 {
                        return Some((&self.src[start + 1..i], i + 1));
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// `\text{…}` or `\mathrm{…}`: words are one token, anything without words is lexed in place.
    fn text_group(&mut self, text: bool) -> Result<(), ParseError> {
        let Some((content, after)) = self.group() else { return Ok(()) };
        let inner = content.trim_matches(|c: char| c.is_whitespace() || c == '~');
        if inner.is_empty() {
            self.pos = after;
            self.spaced = true;
            return Ok(());
        }
        let unit_here = self.after_value() && (unit::is_unit(inner) || is_unit_formula(inner));
        let word = if text { is_wordy(inner) } else { is_name(inner) };
        if unit_here || (word && words::word(inner).is_none()) {
            self.conjunctions(inner);
            self.pos = after;
            return Ok(());
        }
        if let Some(tok) = words::word(inner) {
            self.push(tok);
            self.pos = after;
        } else if inner.len() == 1 && inner.as_bytes()[0].is_ascii_alphabetic() {
            self.letter(inner)?;
            self.pos = after;
        }
        Ok(())
    }

    /// Words with "and"/"or" at their start or end: the conjunction is a token of its own.
    fn conjunctions(&mut self, words: &'a str) {
        let mut middle = words.trim_start_matches([',', ';', ' ']);
        let ends: [(&str, Tok<'a>); 2] = [("and", Tok::And), ("or", Tok::Or)];
        for (word, tok) in ends {
            if let Some(rest) = middle.strip_prefix(word).filter(|r| r.starts_with(' ')) {
                self.push(tok);
                middle = rest.trim();
                break;
            }
        }
        let last =
            ends.iter().find(|(w, _)| middle.ends_with(w) && middle[..middle.len() - w.len()].ends_with(' '));
        let body =
            last.map_or(middle, |(w, _)| &middle[..middle.len() - w.len()]).trim_end_matches([',', ' ']);
        if !body.is_empty() {
            self.push(Tok::Text(body));
        }
        if let Some((_, tok)) = last {
            self.push(*tok);
        }
    }

    fn blackboard(&mut self) -> Result<(), ParseError> {
        let set = match self.group() {
            Some((content, after)) => named_set(content.trim()).map(|set| (set, after)),
            None => {
                let blanks = self.rest().bytes().take_while(|b| *b == b' ').count();
                let at = self.pos + blanks;
                self.src.get(at..at + 1).and_then(named_set).map(|set| (set, at + 1))
            }
        };
        if let Some((set, after)) = set {
            self.push(Tok::Const(set));
            self.pos = after;
        }
        Ok(())
    }

    fn environment(&mut self, begin: bool, len: usize) -> Result<(), ParseError> {
        self.pos += len;
        let Some((name, after)) = self.group() else { return Err(ParseError::Character(self.pos)) };
        self.push(if begin { Tok::Begin(name) } else { Tok::End(name) });
        self.pos = after;
        if begin
            && matches!(name, "array" | "tabular")
            && let Some((_, after)) = self.group()
        {
            self.pos = after;
        }
        Ok(())
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
        if let Some(digits) = words::superscript(c) {
            return self.raised(Tok::Caret, digits, words::superscript);
        }
        if let Some(digits) = words::subscript(c) {
            return self.raised(Tok::Under, digits, words::subscript);
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

    /// Superscript and subscript digits: `x²³` is `x^{23}`.
    fn raised(
        &mut self,
        mark: Tok<'a>,
        first: &'static str,
        digit: fn(char) -> Option<&'static str>,
    ) -> Result<(), ParseError> {
        self.push(mark);
        self.push(Tok::Open(Delim::Group));
        let mut digits = Some(first);
        let mut value = first;
        let mut count = 0;
        while let Some(d) = digits {
            value = d;
            count += 1;
            let c = self.rest().chars().next().map_or(1, char::len_utf8);
            self.pos += c;
            digits = self.rest().chars().next().and_then(digit);
        }
        // Two digits and more are rare: they are spelled through a table to keep the slice static.
        let tok = if count == 1 {
            Tok::Number(value)
        } else {
            Tok::Number(number::small(self.src, self.pos, count))
        };
        self.push(tok);
        self.push(Tok::Close(Delim::Group));
        Ok(())
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

fn currency(code: &str) -> &'static str {
    match code {
        "USD" => "dollar",
        "EUR" => "euro",
        "GBP" => "£",
        "RMB" => "yuan",
        _ => "rupee",
    }
}

fn named_set(name: &str) -> Option<Const> {
    Some(match name {
        "R" => Const::Reals,
        "Z" => Const::Integers,
        "N" => Const::Naturals,
        "Q" => Const::Rationals,
        "C" => Const::Complexes,
        _ => return None,
    })
}

pub fn is_ordinal(word: &str) -> bool {
    matches!(word, "th" | "st" | "nd" | "rd")
}

/// `m/s^2`, `m s^{-2}`: a unit written as a formula.
fn is_unit_formula(text: &str) -> bool {
    text.len() <= 40 && text.contains(['/', '^', '·', ' ']) && unit::is_canonical(&unit::canonical(text))
}

/// Whether text holds a run of two letters, so that it is words and not a formula.
fn is_wordy(text: &str) -> bool {
    let mut run = 0;
    let mut command = false;
    for c in text.chars() {
        command = c == '\\' || (command && c.is_ascii_alphabetic());
        run = if c.is_alphabetic() && !command { run + 1 } else { 0 };
        if run >= 2 || (run == 1 && !c.is_ascii()) {
            return true;
        }
    }
    false
}

/// Whether `\mathrm{…}` holds a name of several letters, not a product such as `AB`.
fn is_name(text: &str) -> bool {
    text.len() >= 2
        && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ')
        && (unit::is_unit(text) || (text.len() >= 3 && !text.bytes().all(|b| b.is_ascii_uppercase())))
}

/// Whether a bare run of letters is a word of prose and not a product of variables.
fn is_bare_word(run: &str, spaced: bool) -> bool {
    match run.len() {
        2 => {
            spaced
                && matches!(
                    run,
                    "if" | "is" | "of" | "no" | "to" | "as" | "an" | "so" | "we" | "cm" | "km" | "kg"
                )
        }
        3 => matches!(
            run.to_ascii_lowercase().as_str(),
            "yes"
                | "odd"
                | "the"
                | "for"
                | "all"
                | "any"
                | "not"
                | "one"
                | "two"
                | "six"
                | "ten"
                | "day"
                | "red"
                | "has"
                | "are"
        ),
        _ => !run.bytes().all(|b| b.is_ascii_uppercase()) && !is_alphabetical(run),
    }
}

/// `abcd`, `wxyz`: letters in order are variables.
fn is_alphabetical(run: &str) -> bool {
    run.len() <= 6 && run.as_bytes().windows(2).all(|w| w[0] < w[1] && w[1] - w[0] == 1)
}
