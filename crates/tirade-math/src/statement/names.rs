//! What letters mean in a text, where the parser alone cannot know.
//!
//! `AB` is a segment in geometry and no product, `\angle ABC` is one angle, `p(-5)` applies a function that the problem
//! calls p, `e` and `i` are often variables.

use crate::equiv::any;
use crate::expr::{Const, Expr};
use crate::text::{closing_brace, places};
use std::borrow::Cow;

/// The meaning of letters in one problem and its solution.
#[derive(Clone, Debug)]
pub struct Names {
    i_is_unit: bool,
    e_is_number: bool,
    /// Letters used as functions that the parser would take for factors.
    functions: Vec<u8>,
    /// Greek letters used as functions: `\phi(x)`.
    greek: Vec<String>,
    /// Numerals of another base, clocks, remainders: sums of whole numbers may not be what they seem.
    pub modular: bool,
    /// Remainders: fractions may be inverses.
    pub remainders: bool,
    /// Lines and curves: x and y stand for any point.
    pub curves: bool,
    /// Letters may be digits, and letters side by side a numeral.
    pub digits: bool,
    /// Letters that stand for numbers by themselves, so that `15h` are no hours.
    units: Vec<u8>,
    /// Angles are measured in parts of π, too.
    pub radians: bool,
    /// Powers come round: polynomials are equal without being identical.
    pub cyclic: bool,
}

/// Commands for operations that a problem defines, or that are no numbers; `@` and `cis` are more of them.
const FOREIGN: [&str; 29] = [
    "\\$",
    "\\#",
    "\\star",
    "\\diamond",
    "\\clubsuit",
    "\\spadesuit",
    "\\heartsuit",
    "\\oplus",
    "\\otimes",
    "\\nabla",
    "\\bigstar",
    "\\dagger",
    "\\odot",
    "\\ominus",
    "\\bullet",
    "\\Diamond",
    "\\bowtie",
    "\\square",
    "\\Box",
    "\\blacksquare",
    "\\ast",
    "\\S",
    "\\uparrow",
    "\\downarrow",
    "\\underline",
    "\\cancel",
    "\\cancelto",
    "\\bcancel",
    "\\not",
];

impl Names {
    /// Reads them off the texts.
    pub fn of(problem: &str, text: &str) -> Names {
        let (problem, text) = (&*without_drawings(problem), &*without_drawings(text));
        let has = |needles: &[&str]| needles.iter().any(|n| problem.contains(n) || text.contains(n));
        let imaginary =
            ["i^", "omplex", "maginary", "sqrt{-", "+i", "-i", "+ i", "- i", "eal part", "cis", "e^{i"];
        // not "model"
        let modulo = has(&["pmod", "bmod", "\\mod", "modul", " mod ", "mod $", "(mod"]);
        let numerals = has(&[" in base", "base-", "base ten", "base $", "base 1", "hexadecimal", "numeral"]);
        let multiple = [problem, text].iter().any(|t| follows_digit(t, b'i'));
        Names {
            i_is_unit: multiple || has(&imaginary),
            e_is_number: has(&["e^{", "e^x", "e^t", "e^-", "\\ln", "2.718"])
                && !has(&[" e =", "$e =", "$e=", " e="]),
            functions: function_letters(problem, text),
            greek: greek_functions(problem, text),
            modular: modulo || numerals || has(&["clock", "emainder", "digit"]),
            curves: CURVES.iter().any(|word| has_word(problem, word) || has_word(text, word)),
            remainders: modulo,
            digits: numerals || has(&["digit"]),
            units: variable_letters(problem, text),
            radians: has(&["radian", "\\frac{\\pi", "\\pi/", "\\pi}{"]),
            cyclic: has(&["of unity", "omega"]) || [problem, text].iter().any(|t| is_power_of_one(t)),
        }
    }

    /// The constants that are variables here, as variables.
    pub fn apply(&self, e: Expr) -> Expr {
        let e = self.without_letter_units(e);
        let e = if self.i_is_unit { e } else { e.replace_const(Const::I, &"i".into()) };
        if self.e_is_number { e } else { e.replace_const(Const::E, &"e".into()) }
    }

    /// `15h` as a product where h is a variable.
    fn without_letter_units(&self, e: Expr) -> Expr {
        let is_letter = |unit: &str| matches!(unit.as_bytes(), [letter] if self.units.contains(letter));
        if !any(&e, &|e| matches!(e, Expr::Quantity(_, unit) if is_letter(unit))) {
            return e;
        }
        e.map(&|e| match e {
            Expr::Quantity(x, unit) if is_letter(&unit) => Expr::product([*x, Expr::Sym(unit)]),
            other => other,
        })
    }

    /// A formula in the parser's words; `None` where it uses signs with a meaning of their own.
    pub fn rewrite<'a>(&self, source: &'a str) -> Option<Cow<'a, str>> {
        let special = |b: u8| b.is_ascii_uppercase() || matches!(b, b'\\' | b'@' | b'&' | b'(');
        if !source.bytes().any(special) {
            return Some(Cow::Borrowed(source));
        }
        if is_foreign(source) {
            return None;
        }
        let mut out = String::with_capacity(source.len() + 16);
        let mut at = 0;
        while at < source.len() {
            at += self.step(&source[at..], &mut out)?;
        }
        Some(if source.contains("\\choose") { Cow::Owned(binomials(&out)) } else { Cow::Owned(out) })
    }

    /// Copies or rewrites what `rest` starts with; returns how much that was.
    fn step(&self, rest: &str, out: &mut String) -> Option<usize> {
        let bytes = rest.as_bytes();
        if rest.starts_with("\\\\") || bytes[0] == b'&' {
            out.push(' ');
            return Some(if bytes[0] == b'&' { 1 } else { 2 });
        }
        if bytes[0] == b'\\' {
            return self.command(rest, out);
        }
        if bytes[0].is_ascii_uppercase() {
            let run = bytes.iter().take_while(|b| b.is_ascii_uppercase()).count();
            if run >= 2 {
                atomic("\\ell", &rest[..run], run == 2, out);
                return Some(run);
            }
        }
        if bytes[0].is_ascii_alphabetic()
            && let Some(length) = self.application(rest, out)
        {
            return Some(length);
        }
        let length = rest.chars().next().map_or(1, char::len_utf8);
        out.push_str(&rest[..length]);
        Some(length)
    }

    fn command(&self, rest: &str, out: &mut String) -> Option<usize> {
        let letters = rest[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let length = match letters {
            0 => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => 1 + letters,
        };
        match &rest[1..1 + letters] {
            "angle" | "triangle" => {
                let (name, size) = figure(&rest[length..])?;
                atomic("\\theta", &name, false, out);
                return Some(length + size);
            }
            "overline" | "overarc" | "widehat" | "segment" => {
                if let Some((name, size)) = figure(&rest[length..])
                    && name.len() >= 2
                {
                    atomic("\\ell", &name, name.len() == 2, out);
                    return Some(length + size);
                }
            }
            // words are copied as they are
            "begin" => {
                let name = rest[length..].strip_prefix('{').and_then(|r| Some(&r[..r.find('}')?]))?;
                let close = format!("\\end{{{name}}}");
                let size = rest.find(&close)? + close.len();
                out.push_str(&rest[..size]);
                return Some(size);
            }
            "text" | "mbox" | "textrm" | "textbf" | "mathrm" | "operatorname" => {
                let size = rest[length..].find('}').map_or(0, |n| n + 1);
                out.push_str(&rest[..length + size]);
                return Some(length + size);
            }
            "qquad" | "quad" => {
                out.push(' ');
                return Some(length);
            }
            name if opens(&rest[length..]) && self.greek.iter().any(|g| g == name) => {
                out.push_str(&format!("f_{{{name}}}"));
                return Some(length);
            }
            _ => {}
        }
        out.push_str(&rest[..length]);
        Some(length)
    }

    /// `p(…)` and `f^{-1}(…)` as functions.
    fn application(&self, rest: &str, out: &mut String) -> Option<usize> {
        let letter = rest.as_bytes()[0];
        let known = b"fghFGH".contains(&letter) || self.functions.contains(&letter);
        if !known {
            return None;
        }
        for (mark, name) in [("^{-1}", "inv"), ("^{(2)}", "two")] {
            if rest[1..].starts_with(mark) && opens(&rest[1 + mark.len()..]) {
                out.push_str(&format!("f_{{{name}{}}}", letter as char));
                return Some(1 + mark.len());
            }
        }
        if self.functions.contains(&letter) && opens(&rest[1..]) {
            out.push_str(&format!("f_{{{}}}", letter as char));
            return Some(1);
        }
        None
    }
}

/// `z^5 = 1`.
fn is_power_of_one(text: &str) -> bool {
    let powers = ["^7 = 1", "^5 = 1", "^3 = 1", "^3=1", "^5=1", "^7=1"];
    powers.iter().any(|power| {
        places(text, power).any(|at| !text[at + power.len()..].starts_with(|c: char| c.is_ascii_digit()))
    })
}

/// A text without the programs of its figures, whose words and letters say nothing.
fn without_drawings(text: &str) -> Cow<'_, str> {
    const ENDS: (&str, &str) = ("[asy]", "[/asy]");
    if !text.contains(ENDS.0) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(ENDS.0);
    let first = parts.next().unwrap_or("");
    let behind = |part: &str| part.split_once(ENDS.1).map_or(String::new(), |(_, behind)| behind.to_string());
    Cow::Owned(parts.fold(first.to_string(), |words, part| words + " " + &behind(part)))
}

/// Words of problems in which x and y are coordinates.
const CURVES: [&str; 14] = [
    "line",
    "graph",
    "slope",
    "parabola",
    "curve",
    "circle",
    "axis",
    "axes",
    "asymptote",
    "ellipse",
    "hyperbola",
    "plane",
    "intercept",
    "tangent",
];

/// Whether a word stands in a text, also with an ending.
fn has_word(text: &str, word: &str) -> bool {
    places(text, word).any(|at| {
        let behind = &text[at + word.len()..];
        let ending = ["s", "es", "ed"].iter().find_map(|e| behind.strip_prefix(e)).unwrap_or(behind);
        let free = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphabetic());
        !text[..at].ends_with(|c: char| c.is_ascii_alphabetic()) && (free(behind) || free(ending))
    })
}

/// Letters that stand alone in a formula or before a relation: `$h$`, `h =`.
fn variable_letters(problem: &str, text: &str) -> Vec<u8> {
    let mut found = Vec::new();
    for source in [problem, text] {
        let bytes = source.as_bytes();
        for (at, letter) in bytes.iter().enumerate().filter(|(_, b)| b.is_ascii_alphabetic()) {
            let before = at.checked_sub(1).map_or(b' ', |i| bytes[i]);
            let opens = matches!(before, b'$' | b' ' | b'&' | b'(' | b'[' | b'\n');
            let closes = matches!(bytes.get(at + 1), Some(b'$' | b'='))
                || bytes.get(at + 1) == Some(&b' ') && bytes.get(at + 2) == Some(&b'=');
            if opens && closes && !found.contains(letter) {
                found.push(*letter);
            }
        }
    }
    found
}

/// Vectors and matrices in bold or with arrows.
pub fn has_vectors(source: &str) -> bool {
    ["\\mathbf", "\\vec", "\\overrightarrow", "\\bold"].iter().any(|v| source.contains(v))
}

/// Matrices in bold, of which equations hold that no letters satisfy.
pub fn has_matrices(source: &str) -> bool {
    ["\\mathbf{", "\\bold{"].iter().any(|command| {
        places(source, command)
            .any(|at| source[at + command.len()..].starts_with(|c: char| c.is_ascii_uppercase()))
    })
}

/// Vectors, and formulas that people read in another way than the parser: `17\pi/32\pi`, `3^25^2`, `35\boxed{68}`.
pub fn is_ambiguous(source: &str) -> bool {
    let bytes = source.as_bytes();
    let division = source.match_indices('/').any(|(at, _)| {
        let rest = source[at + 1..].trim_start();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let behind = rest[digits..].trim_start();
        let joined = behind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '(')
            || ["\\pi", "\\sqrt", "\\left("].iter().any(|c| behind.starts_with(c));
        digits > 0 && joined
    });
    let exponent = source.match_indices('^').any(|(at, _)| {
        let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        digits > 1 && bytes.get(at + 1 + digits) == Some(&b'^')
    });
    let boxed = places(source, "\\boxed").any(|at| source[..at].ends_with(|c: char| c.is_ascii_digit()));
    let periods = places(source, "\\overline").any(|at| {
        let inside = source[at + "\\overline".len()..].trim_start_matches(['{', ' ']);
        let before = source[..at].strip_suffix('.');
        let decimal = before.is_some_and(|b| b.ends_with(|c: char| c.is_ascii_digit()));
        let digits = inside.starts_with(|c: char| c.is_ascii_digit());
        digits != decimal || before.is_some() && !decimal
    });
    has_vectors(source) || periods || division || exponent || boxed
}

fn opens(rest: &str) -> bool {
    rest.starts_with('(') || rest.starts_with("\\left(") || rest.starts_with("\\left (")
}

/// Whether a formula uses one of the [`FOREIGN`] signs.
fn is_foreign(source: &str) -> bool {
    let command = |at: usize| {
        let letters = source[at + 1..].bytes().take_while(u8::is_ascii_alphabetic).count();
        source.get(at..at + 1 + letters.max(1)).is_some_and(|command| FOREIGN.contains(&command))
    };
    let cis = |at: usize| !source[at + 3..].starts_with(|c: char| c.is_ascii_alphabetic());
    source.contains('@')
        || memchr::memchr_iter(b'\\', source.as_bytes()).any(command)
        || places(source, "cis").any(cis)
}

/// One name for a figure: `\ell_{AB}`; a segment is the same from both ends.
fn atomic(head: &str, name: &str, symmetric: bool, out: &mut String) {
    let mut letters: Vec<char> = name.chars().collect();
    let angle = letters.len() == 3 && head == "\\theta" && letters[0] > letters[2];
    if angle {
        letters.swap(0, 2);
    }
    if symmetric {
        letters.sort_unstable();
    }
    out.push_str(head);
    out.push_str("_{");
    out.extend(letters);
    out.push_str("} ");
}

/// Letters behind `\angle`: `ABC`, ` A`, `{ABC}`.
fn figure(rest: &str) -> Option<(String, usize)> {
    let trimmed = rest.trim_start_matches([' ', '{']);
    let skipped = rest.len() - trimmed.len();
    let run = trimmed.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if run == 0 || run > 6 || trimmed.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    let braces = rest[..skipped].matches('{').count();
    let closing = trimmed[run..].bytes().take_while(|b| *b == b'}').count().min(braces);
    (closing == braces).then(|| (trimmed[..run].to_string(), skipped + run + closing))
}

/// Single letters before `(x)`, `(n)`, … that are functions. Letters that are often factors are so only before `(x) =` and the like.
fn function_letters(problem: &str, text: &str) -> Vec<u8> {
    const FACTORS: &[u8] = b"abcdkmnrstxyzij";
    let mut found = Vec::new();
    for source in [problem, text] {
        let bytes = source.as_bytes();
        for (at, _) in source.match_indices('(') {
            let Some(letter) = at.checked_sub(1).map(|i| bytes[i]).filter(u8::is_ascii_alphabetic) else {
                continue;
            };
            let alone = at < 2 || !bytes[at - 2].is_ascii_alphanumeric() && bytes[at - 2] != b'\\';
            let argument =
                bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) && bytes.get(at + 2) == Some(&b')');
            let says = !FACTORS.contains(&letter)
                || argument
                    && b"xntz".contains(&bytes[at + 1])
                    && bytes[at + 1] != letter
                    && defines(&source[at + 3..]);
            if alone && argument && says && !b"fghFGH".contains(&letter) && !found.contains(&letter) {
                found.push(letter);
            }
        }
    }
    found
}

fn defines(rest: &str) -> bool {
    rest.trim_start().starts_with(['=', '$', ',', '&', '.'])
}

/// Greek letters before `(x)`, `(n)`, ….
fn greek_functions(problem: &str, text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for source in [problem, text] {
        for (at, _) in source.match_indices('(') {
            let before = &source[..at];
            let head = before.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let name = &before[head.len()..];
            let argument = source.as_bytes().get(at + 2) == Some(&b')');
            let known = found.iter().any(|f| f == name);
            if argument && !known && head.ends_with('\\') && crate::syntax::is_greek_name(name) {
                found.push(name.to_string());
            }
        }
    }
    found
}

/// `2i`: the letter behind a digit, by itself.
fn follows_digit(text: &str, letter: u8) -> bool {
    text.as_bytes().windows(3).any(|w| w[0].is_ascii_digit() && w[1] == letter && !w[2].is_ascii_alphabetic())
}

/// `{n \choose k}` as `\binom{n}{k}`.
fn binomials(source: &str) -> String {
    let mut text = source.to_string();
    for _ in 0..20 {
        let Some(at) = text.find("\\choose") else { break };
        let (Some(open), Some(close)) =
            (matching_open(&text, at), closing_brace(&text[at..]).map(|n| at + n))
        else {
            break;
        };
        let (top, bottom) = (text[open + 1..at].trim(), text[at + "\\choose".len()..close].trim());
        let replaced = format!("\\binom{{{top}}}{{{bottom}}}");
        text.replace_range(open..=close, &replaced);
    }
    text
}

fn matching_open(text: &str, at: usize) -> Option<usize> {
    let mut depth = 0;
    for (i, b) in text.as_bytes()[..at].iter().enumerate().rev() {
        match b {
            b'}' => depth += 1,
            b'{' if depth == 0 => return Some(i),
            b'{' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_put_in_the_parsers_words() {
        let names = Names::of("Let $p(x)$ be a polynomial.", "");
        for (source, expected) in [
            ("AB + BC", Some("\\ell_{AB}  + \\ell_{BC} ")),
            ("BA", Some("\\ell_{AB} ")),
            ("\\angle CBA", Some("\\theta_{ABC} ")),
            ("{5 \\choose 2}", Some("\\binom{5}{2}")),
            ("p(-5)", Some("f_{p}(-5)")),
            ("f^{-1}(3)", Some("f_{invf}(3)")),
            ("2 \\$ 3", None),
            ("\\text{ABC} + 1", Some("\\text{ABC} + 1")),
            ("x + 1", Some("x + 1")),
            ("\\begin{pmatrix} AB \\\\ 2 \\end{pmatrix}", Some("\\begin{pmatrix} AB \\\\ 2 \\end{pmatrix}")),
        ] {
            assert_eq!(names.rewrite(source).as_deref(), expected, "{source}");
        }
    }
}
