//! Copies that are not quite copies: an equation of the problem that the text says again, but for one number or sign.
//!
//! Nobody writes `\log_5 (x + 12) = 3` of a problem that says `\log_5 (x + 4) = 3` and means it. Formulas are compared as they
//! are written, so that this needs no mathematics: it also sees functions, vectors and absolute values.

use std::ops::Range;

use super::Truth;
use super::prose::{Statement, Why};

/// Tokens a copy must have.
const LEAST: usize = 7;

/// A statement as it is written.
pub struct Copy {
    tokens: Vec<Token>,
    words: Range<usize>,
    /// Its place among the statements of the solution; the problem's have none.
    index: Option<usize>,
    /// Denied, supposed or one of several: it may well differ.
    pub apart: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Token {
    kind: Kind,
    hash: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Operator,
    Other,
}

impl Copy {
    /// The statement that stands at `words` of `text`.
    pub fn of(text: &str, words: Range<usize>, index: Option<usize>, apart: bool) -> Copy {
        Copy { tokens: tokens(&text[words.clone()]), words, index, apart }
    }

    /// `= 5`, `= -5`: two equations may well differ in what they come to.
    fn is_whole_side(&self, at: usize) -> bool {
        let is = |i: usize, what: &[u8]| self.tokens.get(i).is_none_or(|t| t.hash == hash(what));
        let start = if at > 0 && is(at - 1, b"-") { at - 1 } else { at };
        (start == 0 || is(start - 1, b"=")) && is(at + 1, b"=")
    }

    /// Whether the other is this one but for a number or a sign; `None` where they have nothing to do with each other.
    fn differs(&self, other: &Copy) -> Option<bool> {
        if self.tokens.len() != other.tokens.len() {
            return None;
        }
        let mut differences = self.tokens.iter().zip(&other.tokens).enumerate().filter(|(_, (a, b))| a != b);
        let Some((at, (a, b))) = differences.next() else { return Some(false) };
        let alone = self.is_whole_side(at);
        (differences.next().is_none() && a.kind == b.kind && a.kind != Kind::Other && !alone).then_some(true)
    }
}

/// Marks each undecided statement that is one of the problem's but for a number or a sign, and nowhere repeated.
///
/// One of a series (`5 + 4(1)^2`, `5 + 4(2)^2`, …) is none, nor is what the text says again as it is.
pub fn mark(problem: &str, copies: &[Copy], out: &mut [Statement]) {
    for (at, copy) in copies.iter().enumerate() {
        let Some(index) = copy.index else { continue };
        if matches!(out[index].why, Why::Itself)
            || out[index].truth == Truth::False
            || copy.apart
            || copy.tokens.len() < LEAST
        {
            continue;
        }
        let others = || copies.iter().enumerate().filter(|(k, _)| *k != at).map(|(_, other)| other);
        let original =
            |other: &&Copy| other.index.is_none() && !other.apart && copy.differs(other) == Some(true);
        let Some(original) = others().find(original) else { continue };
        let repeated = others().any(|other| copy.differs(other) == Some(false));
        let beside =
            |other: &Copy| copy.differs(other) == Some(true) && original.differs(other) != Some(false);
        if !repeated && !others().any(|other| !std::ptr::eq(other, original) && beside(other)) {
            let words = problem[original.words.clone()].to_string();
            (out[index].truth, out[index].why) = (Truth::False, Why::Facts(vec![words]));
        }
    }
}

/// What a formula is made of, without its layout.
fn tokens(source: &str) -> Vec<Token> {
    const LAYOUT: [&str; 12] = [
        "left",
        "right",
        "quad",
        "qquad",
        "displaystyle",
        "boxed",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "limits",
        "label",
    ];
    let bytes = source.as_bytes();
    let (mut out, mut at): (Vec<Token>, usize) = (Vec::with_capacity(24), 0);
    while at < bytes.len() {
        let run = |from: usize, test: fn(&u8) -> bool| bytes[from..].iter().take_while(|b| test(b)).count();
        let (kind, length) = match bytes[at] {
            b'\\' => match run(at + 1, u8::is_ascii_alphabetic) {
                0 => (Kind::Other, 0),
                letters => (Kind::Other, 1 + letters),
            },
            b'0'..=b'9' => (Kind::Number, run(at, |b| b.is_ascii_digit() || *b == b'.')),
            b'+' | b'-' | b'*' => (Kind::Operator, 1),
            b' ' | b'\n' | b'&' | b'$' | b'{' | b'}' | b'~' | b'\t' => (Kind::Other, 0),
            _ => (Kind::Other, 1),
        };
        if length == 0 {
            at += if bytes[at] == b'\\' { 2 } else { 1 };
            continue;
        }
        let word = &source.as_bytes()[at..(at + length).min(bytes.len())];
        let name = if word[0] == b'\\' { std::str::from_utf8(&word[1..]).unwrap_or("") } else { "" };
        at += length;
        if LAYOUT.contains(&name) {
            continue;
        }
        let product = matches!(name, "cdot" | "times");
        let word: &[u8] = match name {
            "dfrac" | "tfrac" => b"\\frac",
            _ if kind == Kind::Number => word.strip_suffix(b".").unwrap_or(word),
            _ => word,
        };
        let index = out.last().is_some_and(|t| t.hash == hash(b"_"));
        let kind = if index {
            Kind::Other
        } else if product {
            Kind::Operator
        } else {
            kind
        };
        out.push(Token { kind, hash: hash(word) });
    }
    let mark = |t: &Token| t.hash == hash(b".") || t.hash == hash(b",");
    while out.last().is_some_and(mark) {
        out.pop();
    }
    out
}

fn hash(word: &[u8]) -> u64 {
    word.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}
