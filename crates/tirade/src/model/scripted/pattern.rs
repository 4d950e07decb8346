//! Patterns of scripts: text with `{{name}}` for what may vary.

use std::collections::BTreeMap;

/// What each name of a pattern stood for.
pub type Captures = BTreeMap<String, String>;

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Finds the pattern in the text. Each name stands for the shortest text up to what follows it in the pattern; a name at the end
/// for the rest of the line. The text before the first name is looked for once, so a pattern is found at its first start only.
pub fn find(pattern: &str, text: &str) -> Option<Captures> {
    let mut captures = Captures::new();
    let mut rest = text;
    let mut open: Option<&str> = None;
    for piece in pieces(pattern) {
        match piece {
            Piece::Text(literal) => {
                let at = rest.find(literal)?;
                if let Some(name) = open.take() {
                    captures.insert(name.to_owned(), rest[..at].trim().to_owned());
                }
                rest = &rest[at + literal.len()..];
            }
            Piece::Name(name) => open = Some(name),
        }
    }
    if let Some(name) = open {
        captures.insert(name.to_owned(), rest.lines().next().unwrap_or("").trim().to_owned());
    }
    Some(captures)
}

/// Puts what was caught into the text; names that were not caught stay as they are written.
pub fn fill(text: &str, captures: &Captures) -> String {
    let put = |piece| match piece {
        Piece::Text(literal) => literal.to_owned(),
        Piece::Name(name) => captures.get(name).cloned().unwrap_or_else(|| format!("{{{{{name}}}}}")),
    };
    pieces(text).into_iter().map(put).collect()
}

/// Cuts at every `{{name}}`; a name is letters and underscores, so that LaTeX's braces stay text: `\boxed{{{x}}}` holds one name.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut literal, mut at) = (0, 0);
    while let Some(found) = text[at..].find("{{").map(|found| at + found) {
        let inside = &text[found + 2..];
        let length = inside.bytes().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'_').count();
        if length == 0 || !inside[length..].starts_with("}}") {
            at = found + 1;
            continue;
        }
        if found > literal {
            pieces.push(Piece::Text(&text[literal..found]));
        }
        pieces.push(Piece::Name(&inside[..length]));
        at = found + 2 + length + 2;
        literal = at;
    }
    if literal < text.len() {
        pieces.push(Piece::Text(&text[literal..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_catch_what_varies() {
        type Caught = Option<&'static [(&'static str, &'static str)]>;
        let cases: [(&str, &str, Caught); 9] = [
            ("", "any", Some(&[])),
            ("+ 2", "1 + 2 = 3", Some(&[])),
            ("+ 4", "1 + 2 = 3", None),
            ("What is {{a}} + {{b}}?", "Hi. What is 17 + 25? Box it.", Some(&[("a", "17"), ("b", "25")])),
            ("is {{rest}}", "this is all\nbut this", Some(&[("rest", "is all")])),
            ("{{all}}", "42\n", Some(&[("all", "42")])),
            ("x{{a}}y{{b}}z", "x y z", Some(&[("a", ""), ("b", "")])),
            ("x{{a}}y", "x", None),
            ("\\frac{{1}{2}}", "\\frac{{1}{2}}", Some(&[])),
        ];
        for (pattern, text, expected) in cases {
            let expected = expected
                .map(|pairs| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<Captures>());
            assert_eq!(find(pattern, text), expected, "{pattern} in {text}");
        }
    }

    #[test]
    fn names_in_the_reply_are_filled() {
        let captures = Captures::from([("sum".into(), "42".into())]);
        for (text, expected) in [
            ("\\boxed{{{sum}}}", "\\boxed{42}"),
            ("{{sum}}{{sum}} {{other}}", "4242 {{other}}"),
            ("{{ sum }} {{", "{{ sum }} {{"),
            ("é{{sum}}é", "é42é"),
        ] {
            assert_eq!(fill(text, &captures), expected);
        }
    }
}
