//! What follows a backslash: commands, groups of words, environments.

use super::Lexer;
use crate::expr::{Const, Func};
use crate::syntax::ParseError;
use crate::syntax::token::{Delim, Tok};
use crate::syntax::words::{self, Command};
use crate::unit;

impl<'a> Lexer<'a> {
    pub(super) fn backslash(&mut self) -> Result<(), ParseError> {
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
    pub(super) fn double_backslash(&mut self) -> Result<(), ParseError> {
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

    pub(super) fn control_symbol(&mut self) -> Result<(), ParseError> {
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

    pub(super) fn command(&mut self, name: &'a str, len: usize) -> Result<(), ParseError> {
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
    pub(super) fn unknown(&mut self, name: &'a str, len: usize) -> Result<(), ParseError> {
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

    pub(super) fn fence(&mut self, name: &str, len: usize) -> Result<(), ParseError> {
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
    pub(super) fn group(&self) -> Option<(&'a str, usize)> {
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
    pub(super) fn text_group(&mut self, text: bool) -> Result<(), ParseError> {
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
    pub(super) fn conjunctions(&mut self, words: &'a str) {
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

    pub(super) fn blackboard(&mut self) -> Result<(), ParseError> {
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

    pub(super) fn environment(&mut self, begin: bool, len: usize) -> Result<(), ParseError> {
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
}

pub(super) fn named_set(name: &str) -> Option<Const> {
    Some(match name {
        "R" => Const::Reals,
        "Z" => Const::Integers,
        "N" => Const::Naturals,
        "Q" => Const::Rationals,
        "C" => Const::Complexes,
        _ => return None,
    })
}

/// `m/s^2`, `m s^{-2}`: a unit written as a formula.
pub(super) fn is_unit_formula(text: &str) -> bool {
    text.len() <= 40 && text.contains(['/', '^', '·', ' ']) && unit::is_canonical(&unit::canonical(text))
}

/// Whether text holds a run of two letters, so that it is words and not a formula.
pub(super) fn is_wordy(text: &str) -> bool {
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
pub(super) fn is_name(text: &str) -> bool {
    text.len() >= 2
        && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ')
        && (unit::is_unit(text) || (text.len() >= 3 && !text.bytes().all(|b| b.is_ascii_uppercase())))
}
