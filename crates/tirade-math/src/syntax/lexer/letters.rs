//! Runs of letters: words, units, functions glued to their argument, products of variables.

use super::Lexer;
use crate::expr::{BigOp, Const, RelOp, SetOp};
use crate::syntax::ParseError;
use crate::syntax::token::{Delim, SetCall, Tok};
use crate::syntax::words;
use crate::unit;

impl<'a> Lexer<'a> {
    pub(super) fn letters(&mut self) -> Result<(), ParseError> {
        let rest = self.rest();
        let len = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let run = &rest[..len];
        if len == 1 && matches!(run, "a" | "p" | "A" | "P") && self.after_value() {
            let clock = ["a.m", "p.m", "A.M", "P.M"].into_iter().find(|c| rest.starts_with(c));
            if let Some(clock) = clock.filter(|_| !self.byte(3).is_ascii_alphanumeric()) {
                return self.take(Tok::Text(clock), 3);
            }
        }
        if run == "U"
            && matches!(self.last(), Some(Tok::Close(_)))
            && rest[1..].trim_start().starts_with(['(', '[', '{', '\\'])
        {
            return self.take(Tok::SetOp(SetOp::Union), 1);
        }
        if matches!(run, "x" | "X")
            && matches!(self.last(), Some(Tok::Number(_)))
            && rest[1..].trim_start().starts_with("10^")
        {
            return self.take(Tok::Times, 1);
        }
        if run == "h" && self.after_value() && minutes_follow(&rest[1..]) {
            return self.take(Tok::Text(run), 1);
        }
        if len == 1 {
            let braced = self.last() == Some(Tok::Open(Delim::Group)) && self.byte(1) == b'}';
            let unit = braced && self.after_value() && self.toks.len() >= 2 && unit::is_unit(run);
            return if unit { self.take(Tok::Text(run), 1) } else { self.letter(run) };
        }
        if run == "rac" && !matches!(self.byte(3), b'{' | b'1'..=b'9') {
            return self.split_letters(run);
        }
        if run == "not" && self.negates(len) {
            return self.take(Tok::Not, len);
        }
        if matches!(run, "sq" | "cu") && self.after_value() {
            // 25 sq. ft
            let dot = usize::from(self.byte(len) == b'.');
            self.take(Tok::Text(run), len)?;
            return self.skip(dot);
        }
        if matches!(run, "min" | "sec" | "mins") && self.after_value() && !self.argument_follows(len) {
            return self.take(Tok::Text(run), len);
        }
        if let Some(tok) = words::word(run) {
            return self.take(tok, len);
        }
        if let Some((tok, len)) = sympy_name(rest) {
            return self.take(tok, len);
        }
        if matches!(run, "Point" | "Tuple")
            && rest[len..].trim_start_matches(['2', '3', 'D']).starts_with('(')
        {
            // Point2D(1, 2) is the point (1, 2)
            return self.skip(rest.find('(').unwrap_or(len));
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
            let call = match run {
                "matrix" | "Matrix" => Some(Tok::MatrixCall),
                "sum" | "Sum" => Some(Tok::BigCall(BigOp::Sum)),
                "product" | "Product" => Some(Tok::BigCall(BigOp::Prod)),
                "diff" | "noundiff" | "Derivative" => Some(Tok::BigCall(BigOp::Derivative)),
                "integrate" | "Integral" => Some(Tok::BigCall(BigOp::Integral)),
                _ => None,
            };
            if let Some(call) = call {
                return self.take(call, len);
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

    /// Whether "not" is the connective: `not(A)`, `not A`, but not "not 5" or "not a number".
    fn negates(&self, len: usize) -> bool {
        let rest = self.rest()[len..].trim_start();
        let b = rest.as_bytes();
        let letter =
            b.first().is_some_and(u8::is_ascii_uppercase) && !b.get(1).is_some_and(u8::is_ascii_alphanumeric);
        rest.starts_with('(') || letter
    }

    /// Whether what stands behind a word could be the argument of a function: `sec x`, `min(`, but not `30 sec`.
    pub(super) fn argument_follows(&self, len: usize) -> bool {
        let rest = self.rest()[len..].trim_start_matches([' ', '~']);
        rest.starts_with(['(', '{', '_', '^', '\\', '[']) || rest.starts_with(|c: char| c.is_alphabetic())
    }

    /// A digit behind a currency code, perhaps after a dot and blanks: `Rs. 500`.
    pub(super) fn money_follows(&self, len: usize) -> bool {
        let rest = &self.rest()[len..];
        rest.trim_start_matches(['.', ' ', '~']).starts_with(|c: char| c.is_ascii_digit())
    }

    /// A run of letters that is no word: functions in front of an argument (`sinx`), else a product.
    pub(super) fn split_letters(&mut self, run: &'a str) -> Result<(), ParseError> {
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

    pub(super) fn letter(&mut self, letter: &'a str) -> Result<(), ParseError> {
        let tok = match letter {
            "e" => Tok::Const(Const::E),
            "i" => Tok::Const(Const::I),
            _ => Tok::Ident(letter),
        };
        self.take(tok, 1)
    }
}

/// The rest of `1 h 30 min`.
fn minutes_follow(rest: &str) -> bool {
    let rest = rest.trim_start();
    let minutes = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    minutes.len() < rest.len() && (minutes.starts_with("min") || minutes.starts_with("m ") || minutes == "m")
}

pub(super) fn currency(code: &str) -> &'static str {
    match code {
        "USD" => "dollar",
        "EUR" => "euro",
        "GBP" => "£",
        "RMB" => "yuan",
        _ => "rupee",
    }
}

pub fn is_ordinal(word: &str) -> bool {
    matches!(word, "th" | "st" | "nd" | "rd")
}

/// Whether a bare run of letters is a word of prose and not a product of variables.
pub(super) fn is_bare_word(run: &str, spaced: bool) -> bool {
    match run.len() {
        2 => {
            spaced
                && matches!(
                    run,
                    "if" | "is"
                        | "of"
                        | "no"
                        | "to"
                        | "as"
                        | "an"
                        | "so"
                        | "we"
                        | "cm"
                        | "km"
                        | "kg"
                        | "No"
                        | "If"
                        | "Is"
                        | "An"
                )
        }
        3 => matches!(
            run.to_ascii_lowercase().as_str(),
            "yes"
                | "per"
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
pub(super) fn is_alphabetical(run: &str) -> bool {
    run.len() <= 6 && run.as_bytes().windows(2).all(|w| w[0] < w[1] && w[1] - w[0] == 1)
}

/// Sets as SymPy prints them, with the length of the name.
fn sympy_name(rest: &str) -> Option<(Tok<'static>, usize)> {
    const NAMES: [(&str, SetCall); 8] = [
        ("Interval.open(", SetCall::Interval(false, false)),
        ("Interval.Lopen(", SetCall::Interval(false, true)),
        ("Interval.Ropen(", SetCall::Interval(true, false)),
        ("Interval(", SetCall::Interval(true, true)),
        ("Union(", SetCall::Op(SetOp::Union)),
        ("Intersection(", SetCall::Op(SetOp::Intersection)),
        ("Complement(", SetCall::Op(SetOp::Difference)),
        ("FiniteSet(", SetCall::Finite),
    ];
    if rest.starts_with("EmptySet") {
        return Some((Tok::Const(Const::EmptySet), "EmptySet".len()));
    }
    if rest.starts_with("Reals") {
        return Some((Tok::Const(Const::Reals), "Reals".len()));
    }
    let (name, call) = NAMES.iter().find(|(name, _)| rest.starts_with(name))?;
    Some((Tok::SetCall(*call), name.len() - 1))
}
