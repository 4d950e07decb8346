//! Multiple choice: the letter in `C`, `(C)`, `\textbf{(C)}\ 12`, `C) twelve`.

use crate::expr::{Const, Expr};
use crate::syntax::{Commas, parse_with};
use crate::verdict::{Equivalence, Stage};
use std::borrow::Cow;

/// A choice letter and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// `A` to `J`.
    pub letter: char,
    /// The words or formula of the choice, if they were written too.
    pub content: String,
}

/// Commands that only make letters upright or bold.
const WRAPPERS: [&str; 8] =
    ["\\textbf{", "\\text{", "\\mathbf{", "\\mathrm{", "\\textrm{", "\\textit{", "\\mbox{", "\\boldsymbol{"];

/// Reads a choice: a capital letter alone, in parentheses, or in front of the choice's content.
pub fn read(text: &str) -> Option<Choice> {
    if text.len() > 300 || !text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let plain = unwrapped(text.trim().trim_matches('$').trim());
    let plain = plain.trim();
    let (letter, rest, closed) = match plain.strip_prefix(['(', '[']) {
        Some(rest) => {
            let mut chars = rest.chars();
            let letter = chars.next()?;
            let rest = chars.as_str().strip_prefix([')', ']'])?;
            (letter, rest, true)
        }
        None => {
            let mut chars = plain.chars();
            let letter = chars.next()?;
            let rest = chars.as_str();
            let marked =
                rest.strip_prefix([')', '.', ':']).filter(|r| r.is_empty() || r.starts_with([' ', '~']));
            (letter, marked.unwrap_or(rest), marked.is_some())
        }
    };
    if !('A'..='J').contains(&letter) {
        return None;
    }
    let content = rest.trim_start_matches([':', '.', ' ', '~', '$']).trim_end_matches(['$', '.', ' ', '*']);
    let fits = content.is_empty() && rest.trim_matches(['.', '*', ' ', '$']).is_empty()
        || closed
            && (rest.starts_with([' ', '~', '$', ':', '.', '\\'])
                || content.starts_with(char::is_alphanumeric));
    // "(A) + 5" is a sum.
    let operator = content.starts_with(['+', '-', '*', '/', '=', '<', '>', '^', '_', '(', ',']);
    (fits && !operator).then(|| Choice { letter, content: content.to_string() })
}

/// Without bold and upright wrappers at the start, `\left`, `\right` and stars.
fn unwrapped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '*']) {
        return Cow::Borrowed(text);
    }
    let mut plain = text.replace("\\left", "").replace("\\right", "").replace("\\ ", " ").replace("**", "");
    plain = plain.replace("\\qquad", " ").replace("\\quad", " ").replace("\\,", " ");
    for _ in 0..3 {
        let Some(wrapper) = WRAPPERS.iter().find(|w| plain.starts_with(**w)) else { break };
        plain = plain[wrapper.len()..].replacen('}', "", 1);
    }
    Cow::Owned(plain)
}

/// A gold letter against an answer that is one letter, in any case, or starts with "(B)".
pub fn compare(gold: &Choice, answer: &str) -> Option<Equivalence> {
    let letter =
        read(answer).map(|c| c.letter).or_else(|| match parse_with(answer, Commas::Group).ok()?.expr {
            Expr::Sym(s) if s.len() == 1 => s.chars().next(),
            Expr::Const(Const::E) => Some('E'),
            Expr::Const(Const::I) => Some('I'),
            _ => None,
        })?;
    Some(if letter.eq_ignore_ascii_case(&gold.letter) {
        Equivalence::equal(Stage::Text, "the same choice")
    } else {
        Equivalence::not_equal(Stage::Text, "another choice")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_contents() {
        for (text, letter, content) in [
            ("C", 'C', ""),
            ("(C)", 'C', ""),
            ("C.", 'C', ""),
            (r"\text{(C)}", 'C', ""),
            (r"\textbf{(B)}\ 12", 'B', "12"),
            (r"\textbf{(B) } \frac12", 'B', r"\frac12"),
            ("(D) Alina", 'D', "Alina"),
            ("B) 12", 'B', "12"),
            ("B. twelve", 'B', "twelve"),
            (r"\left(B\right)", 'B', ""),
            ("**B**", 'B', ""),
        ] {
            assert_eq!(read(text), Some(Choice { letter, content: content.into() }), "{text}");
        }
        for text in ["(A)(B)", "(A) + 5", "AB", "(A,B)", "Alina", "(M)", "A = 5", "(-5)", "C^2", "B_2", "A:B"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
