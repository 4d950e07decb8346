//! Words and layout: forms in which two ways to write the same text are the same string.

/// Commands that only say how something looks; their braces stay.
const LAYOUT: [&str; 29] = [
    "left",
    "right",
    "big",
    "Big",
    "bigg",
    "Bigg",
    "text",
    "textbf",
    "textit",
    "textrm",
    "textnormal",
    "mathrm",
    "mathbf",
    "mathit",
    "mathsf",
    "mathtt",
    "bold",
    "boldsymbol",
    "mbox",
    "hbox",
    "displaystyle",
    "textstyle",
    "scriptstyle",
    "limits",
    "quad",
    "qquad",
    "rm",
    "bf",
    "operatorname",
];

/// Where `needle` stands in `text`. Mostly it does not, and `contains` knows that before a search has begun.
pub fn places<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.contains(needle).then(|| text.match_indices(needle).map(|(at, _)| at)).into_iter().flatten()
}

/// The length of a balanced `{…}` at the start of `rest`; escaped braces do not count.
pub fn group(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    if bytes.first() != Some(&b'{') {
        return None;
    }
    let (mut depth, mut at) = (0usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the brace closes that was opened just before `text`; every brace counts, also an escaped one.
pub fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The text without blanks, dollar signs and layout commands; every other character stays.
pub fn layout_free(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut len = c.len_utf8();
        if c == '\\' {
            let letters = rest[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
            let name = &rest[1..1 + letters];
            match name {
                "" if rest[1..].starts_with([',', ';', ':', '!', ' ', '>']) => len = 2,
                "dfrac" | "tfrac" | "cfrac" => {
                    out.push_str("\\frac");
                    len = 1 + letters;
                }
                _ if letters > 0 && LAYOUT.contains(&name) => len = 1 + letters,
                _ => {
                    out.push_str(&rest[..1 + letters]);
                    len = 1 + letters;
                }
            }
        } else if !(c.is_whitespace() || matches!(c, '$' | '~')) {
            out.push(c);
        }
        rest = &rest[len..];
    }
    while out.ends_with(['.', ',', ';']) {
        out.pop();
    }
    out
}

/// Whether nothing is left of a text once layout and empty braces are taken away.
pub fn is_blank(text: &str) -> bool {
    // Most texts show something at once, and nobody writes pages of blanks.
    if text.len() > 1000 {
        return text.trim().is_empty();
    }
    let first = text.trim_start().as_bytes().first().copied().unwrap_or(b'{');
    if !matches!(first, b'\\' | b'{' | b'$' | b'~' | b'.' | b',' | b';') {
        return false;
    }
    layout_free(text).bytes().all(|b| matches!(b, b'{' | b'}'))
}

/// Lower case, LaTeX wrappers and punctuation dropped, one space between words.
pub fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => {
                let word: usize = text[i + 1..].bytes().take_while(u8::is_ascii_alphabetic).count();
                for _ in 0..word {
                    chars.next();
                }
                out.push(' ');
            }
            '\'' | '’' => {}
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            '+' | '-' | '=' | '<' | '>' | '/' | '*' | '^' | '%' => out.push(c),
            _ => out.push(' '),
        }
    }
    let mut words = out.split_whitespace();
    let first = words.next().unwrap_or("").to_string();
    words.fold(first, |mut line, word| {
        line.push(' ');
        line.push_str(word);
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_dropped_and_meaning_kept() {
        for (a, b) in [
            (r"$ \dfrac{1}{2} $", r"\frac{1}{2}"),
            (r"\left( a , b \right)", "(a,b)"),
            (r"10\,\!000.", "10000"),
        ] {
            assert_eq!(layout_free(a), layout_free(b));
        }
        assert_ne!(layout_free(r"\le 7"), layout_free("7"));
        assert_ne!(layout_free("x^{12}"), layout_free("x^12"));
    }

    #[test]
    fn blank_texts() {
        for text in ["", " ", r"\displaystyle ", r"\text{}", "{}", r"\,", "$ $", r"\text{ }."] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["0", r"\emptyset", r"\{\}", r"\pi"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
