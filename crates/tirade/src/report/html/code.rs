//! Program text with its words coloured: enough for the short Python that models write, and right on any text.

use super::text::escape;

const KEYWORDS: [&str; 27] = [
    "and", "as", "assert", "break", "class", "continue", "def", "elif", "else", "except", "False", "for",
    "from", "if", "import", "in", "is", "lambda", "None", "not", "or", "return", "True", "try", "while",
    "with", "yield",
];

/// A block of code.
pub(super) fn block(code: &str) -> String {
    format!("<pre class=\"code\">{}</pre>\n", coloured(code.trim_end()))
}

fn coloured(code: &str) -> String {
    let mut html = String::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(rest, first);
        let (text, after) = rest.split_at(length);
        match class {
            "" => html += &escape(text),
            class => html += &format!("<span class=\"{class}\">{}</span>", escape(text)),
        }
        rest = after;
    }
    html
}

/// The class and the length in bytes of the token that begins `text`; never 0.
fn token(text: &str, first: char) -> (&'static str, usize) {
    let while_ = |fits: &dyn Fn(char) -> bool| text.find(|c| !fits(c)).unwrap_or(text.len());
    match first {
        '#' => ("comment", text.find('\n').unwrap_or(text.len())),
        '"' | '\'' => ("string", string(text, first)),
        c if c.is_alphabetic() || c == '_' => {
            let length = while_(&|c| c.is_alphanumeric() || c == '_');
            (if KEYWORDS.contains(&&text[..length]) { "keyword" } else { "" }, length)
        }
        c if c.is_ascii_digit() => ("number", while_(&|c| c.is_ascii_alphanumeric() || c == '.')),
        c => ("", c.len_utf8()),
    }
}

/// A string ends at its quote; at the line's end if it has one quote, at the text's end if it is never closed.
fn string(text: &str, quote: char) -> usize {
    let triple: String = [quote; 3].iter().collect();
    if let Some(body) = text.strip_prefix(&triple) {
        return body.find(&triple).map_or(text.len(), |at| at + 6);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_is_coloured_and_escaped() {
        let html = coloured("for n in range(12):  # <b>\n    print(f'a\\'<', n)\n");
        assert_eq!(
            html,
            "<span class=\"keyword\">for</span> n <span class=\"keyword\">in</span> range(<span class=\"number\">12</span>):  \
             <span class=\"comment\"># &lt;b&gt;</span>\n    print(f<span class=\"string\">&#39;a\\&#39;&lt;&#39;</span>, n)\n"
        );
    }

    #[test]
    fn any_text_comes_back_whole() {
        for text in ["", "'", "'''", "\"open\nnext", "é\u{1f600}'é", "12.5e3x", "\\"] {
            let html = coloured(text);
            let bare = html.replace("</span>", "");
            let bare = ["string", "number", "keyword", "comment"]
                .iter()
                .fold(bare, |bare, class| bare.replace(&format!("<span class=\"{class}\">"), ""));
            assert_eq!(bare, escape(text));
        }
    }
}
