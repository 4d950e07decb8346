//! Words: a form in which two ways to write the same words are the same string.

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
