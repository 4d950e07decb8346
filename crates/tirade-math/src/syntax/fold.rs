//! Digits and signs of other scripts, put into ASCII before anything is read.

use std::borrow::Cow;

/// `text` with full-width forms, Arabic, Persian and Devanagari digits as ASCII.
pub fn fold(text: &str) -> Cow<'_, str> {
    // Lead bytes of the scripts in question; plain text and LaTeX have none of them.
    let foreign = |b: &u8| matches!(b, 0xd9 | 0xdb | 0xe0 | 0xef);
    if text.is_ascii() || !text.as_bytes().iter().any(foreign) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(ascii).collect())
}

fn ascii(c: char) -> char {
    let digit = |zero: u32| char::from_digit(c as u32 - zero, 10).unwrap_or(c);
    match c {
        '٠'..='٩' => digit(0x660),
        '۰'..='۹' => digit(0x6f0),
        '०'..='९' => digit(0x966),
        '٫' => '.',
        '٪' => '%',
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
        ] {
            assert_eq!(fold(from), to);
        }
    }
}
