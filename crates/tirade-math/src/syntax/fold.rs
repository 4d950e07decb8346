//! Digits and signs of other scripts, put into ASCII before anything is read.

use std::borrow::Cow;

/// `text` with full-width forms, Arabic, Persian and Devanagari digits, letters of mathematical alphabets, raised and
/// lowered characters as ASCII.
pub fn fold(text: &str) -> Cow<'_, str> {
    // Lead bytes of the scripts in question; plain text and LaTeX have none of them.
    let foreign = |b: &u8| matches!(b, 0xc2 | 0xca | 0xcb | 0xd9 | 0xdb | 0xe0 | 0xe1 | 0xe2 | 0xef | 0xf0);
    if text.is_ascii() || !text.as_bytes().iter().any(foreign) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut open = None;
    for c in text.chars() {
        let place = raised(c);
        if open != place.map(|p| p.0) {
            out.extend(open.map(|_| '}'));
            if let Some((mark, _)) = place {
                out.push_str(if mark == '^' { "^{" } else { "_{" });
            }
            open = place.map(|p| p.0);
        }
        match (place, c) {
            (Some((_, plain)), _) => out.push(plain),
            (None, '∛') => out.push_str("\\sqrt[3]"),
            (None, '∜') => out.push_str("\\sqrt[4]"),
            _ => out.push(ascii(c)),
        }
    }
    out.extend(open.map(|_| '}'));
    Cow::Owned(out)
}

/// Raised (`^`) and lowered (`_`) characters.
fn raised(c: char) -> Option<(char, char)> {
    const RAISED: (&str, &str) = ("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵃᵇᶜᵈᵉᵏᵐᵖʳˢᵗ", "0123456789+-=()nixyabcdekmprst");
    const LOWERED: (&str, &str) = ("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aeijklmnoprstuvx");
    let find = |(from, to): (&str, &str)| from.chars().zip(to.chars()).find(|(f, _)| *f == c).map(|(_, t)| t);
    match c {
        '¹' | '²' | '³' | 'ⱼ' | 'ʰ'..='˿' | 'ᴀ'..='ᶿ' | '⁰'..='ₜ' => {
            find(RAISED).map(|t| ('^', t)).or_else(|| find(LOWERED).map(|t| ('_', t)))
        }
        _ => None,
    }
}

fn ascii(c: char) -> char {
    let digit = |zero: u32| char::from_digit(c as u32 - zero, 10).unwrap_or(c);
    match c {
        '٠'..='٩' => digit(0x660),
        '۰'..='۹' => digit(0x6f0),
        '०'..='९' => digit(0x966),
        '٫' => '.',
        '٪' => '%',
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        'ℎ' => 'h',
        // Thirteen alphabets of bold, italic and other letters, one after the other.
        '\u{1d400}'..='\u{1d6a3}' => {
            let letter = ((c as u32 - 0x1d400) % 52) as u8;
            char::from(if letter < 26 { b'A' + letter } else { b'a' + letter - 26 })
        }
        '\u{1d7ce}'..='\u{1d7ff}' => char::from(b'0' + ((c as u32 - 0x1d7ce) % 10) as u8),
        // The full-width forms stand in the order of ASCII.
        '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn other_scripts() {
        for (from, to) in [
            ("７", "7"),
            ("（１，２）", "(1,2)"),
            ("٦٦", "66"),
            ("६७", "67"),
            ("x ＝ １／２", "x = 1/2"),
            ("π≈3", "π≈3"),
            ("x²³+1", "x^{23}+1"),
            ("2⁻³", "2^{-3}"),
            ("aₙ₊₁²", "a_{n+1}^{2}"),
            ("∛27", "\\sqrt[3]27"),
            ("𝑥+𝟐𝐲", "x+2y"),
            ("ℝ ≤ 1\u{202f}000", "ℝ ≤ 1 000"),
        ] {
            assert_eq!(fold(from), to);
        }
    }
}
