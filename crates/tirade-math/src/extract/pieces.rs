//! Formulas, numbers and sentences in running text.

use memchr::memmem;

/// A formula at the start, or several joined by "and".
pub(super) fn formula_run(text: &str) -> Option<&str> {
    let mut end = 0;
    loop {
        let (_, len) = formula_at(&text[end..])?;
        end += len;
        let rest = &text[end..];
        let gap = rest.len() - rest.trim_start_matches([' ', ',']).len();
        let after = &rest[gap..];
        let word = ["and ", "or "].iter().find(|w| after.starts_with(**w)).map_or(0, |w| w.len());
        let next = end + gap + word;
        if (word == 0 && gap == 0) || formula_at(&text[next..]).is_none() {
            return Some(&text[..end]);
        }
        end = next;
    }
}

const DELIMITERS: [(&str, &str); 4] = [("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$")];

/// The content and full length of a formula at the very start of `text`.
fn formula_at(text: &str) -> Option<(&str, usize)> {
    let (open, close) = DELIMITERS.iter().find(|(open, _)| text.starts_with(open))?;
    let body = &text[open.len()..];
    let mut from = 0;
    loop {
        let at = from + memmem::find(&body.as_bytes()[from..], close.as_bytes())?;
        let escaped = close.starts_with('$') && at > 0 && body.as_bytes()[at - 1] == b'\\';
        if !escaped {
            return Some((&body[..at], open.len() + at + close.len()));
        }
        from = at + close.len();
    }
}

/// The content of the last formula.
pub(super) fn last_formula(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut last = None;
    while let Some(i) = memchr::memchr2(b'$', b'\\', &bytes[from..]) {
        let at = from + i;
        if bytes[at] == b'\\' && !matches!(bytes.get(at + 1), Some(b'(' | b'[')) {
            from = at + 2;
            if from >= bytes.len() {
                break;
            }
            continue;
        }
        match text.get(at..).and_then(formula_at) {
            Some((content, len)) => {
                if !content.trim().is_empty() {
                    last = Some(content);
                }
                from = at + len;
            }
            None => from = at + 1,
        }
    }
    last.map(str::trim)
}

/// The last number that stands by itself, with sign, fraction and percent.
pub(super) fn last_number(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let is_part = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'/');
    let mut end = bytes.len();
    while let Some(last) = bytes[..end].iter().rposition(u8::is_ascii_digit) {
        let start = bytes[..=last].iter().rposition(|b| !is_part(*b)).map_or(0, |i| i + 1);
        let token = text[start..=last].trim_start_matches([',', '/']);
        let start = thousands(bytes, last + 1 - token.len(), last);
        let token = &text[start..=last];
        let before = start.checked_sub(1).map(|i| bytes[i]);
        let glued = before.is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'^');
        let bold = start >= 2 && bytes[start - 2] == b'*';
        if before.is_some_and(|b| matches!(b, b'+' | b'*' | b')') && !bold)
            && let Some(formula) = formula_around(text, start, last)
        {
            return Some(formula);
        }
        if !glued && !token.is_empty() {
            let signed = before == Some(b'-') && (start < 2 || !bytes[start - 2].is_ascii_alphanumeric());
            let percent = usize::from(bytes.get(last + 1) == Some(&b'%'));
            return text.get(start - usize::from(signed)..last + 1 + percent);
        }
        end = start;
    }
    None
}

/// The formula without blanks that a number ends, behind its last equals sign: `x^2+1` of `f(x)=x^2+1.`
fn formula_around(text: &str, start: usize, last: usize) -> Option<&str> {
    let from = text[..start].rfind(char::is_whitespace).map_or(0, |i| i + 1);
    let word = text.get(from..=last)?;
    let formula = word.rsplit('=').next()?.trim_start_matches(['*', '"', '`', '$']);
    (formula.len() <= 100 && formula.is_ascii() && crate::parse(formula).is_ok()).then_some(formula)
}

/// The start of `1 000 000`, when the group of digits at `start` is the last of a number with blanks for marks.
fn thousands(bytes: &[u8], start: usize, last: usize) -> usize {
    let digits_from = |at: usize| bytes[at..=last].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut start = start;
    while start >= 2 && bytes[start - 1] == b' ' && digits_from(start) == 3 {
        let group = bytes[..start - 1].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let before = (start - 1).checked_sub(group + 1).map(|i| bytes[i]);
        let whole = before.is_none_or(|b| matches!(b, b' ' | b'$' | b'(' | b'\n' | b'*' | b'='));
        if !(1..=3).contains(&group) || !whole || bytes[start - 1 - group] == b'0' {
            break;
        }
        start -= group + 1;
    }
    start
}

/// The first sentence of a line: up to a full stop that is no decimal point.
pub(super) fn sentence(line: &str) -> &str {
    let bytes = line.as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        if *b == b'.' && bytes.get(i + 1).is_none_or(|n| n.is_ascii_whitespace()) {
            return &line[..i];
        }
    }
    line
}

/// Without markdown stars, quotes and final punctuation.
pub(super) fn clean(text: &str) -> &str {
    if text.trim_end().ends_with("...") {
        return text.trim();
    }
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '"' | '`' | ':' | ','))
        .trim_end_matches(['.', '。', ';', '*'])
        .trim()
}
