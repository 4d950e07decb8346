//! Splits an argument into tokens. Byte positions are kept so that an error can point at the place.

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token<'a> {
    /// Digits, perhaps with a point and an exponent.
    Number(&'a str),
    /// Letters, digits, underscores; starts with a letter.
    Name(&'a str),
    /// An operator or bracket, spelled in its one canonical way.
    Op(&'static str),
}

/// A token, where it starts, and whether a space stood before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<'a> {
    pub token: Token<'a>,
    pub at: usize,
    pub spaced: bool,
}

/// Spelling and canonical form; longer spellings come first.
const OPERATORS: &[(&str, &str)] = &[
    ("**", "^"),
    ("<=", "<="),
    ("=<", "<="),
    (">=", ">="),
    ("=>", ">="),
    ("==", "="),
    ("!=", "!="),
    ("<>", "!="),
    ("&&", "&"),
    ("//", "//"),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("×", "*"),
    ("·", "*"),
    ("⋅", "*"),
    ("÷", "/"),
    ("−", "-"),
    ("–", "-"),
    ("√", "√"),
    ("°", "°"),
    ("∞", "oo"),
    ("π", "pi"),
    ("²", "²"),
    ("³", "³"),
    ("^", "^"),
    ("*", "*"),
    ("/", "/"),
    ("+", "+"),
    ("-", "-"),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("!", "!"),
    ("%", "%"),
    ("|", "|"),
    ("&", "&"),
    ("~", "~"),
    ("(", "("),
    (")", ")"),
    ("[", "["),
    ("]", "]"),
    ("{", "{"),
    ("}", "}"),
    (",", ","),
    (":", ":"),
];

/// All tokens, or what could not be read and where.
pub fn tokens(text: &str) -> Result<Vec<Placed<'_>>, String> {
    let (mut found, mut at, mut spaced) = (Vec::new(), 0, false);
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            spaced = true;
            continue;
        }
        let rest = &text[at..];
        let (token, length) =
            if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) {
                let length = number_length(rest);
                (Token::Number(&rest[..length]), length)
            } else if c.is_alphabetic() && c != 'π' {
                let length = rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\'') || c == '²' || c == '³')
                    .unwrap_or(rest.len());
                (Token::Name(&rest[..length]), length)
            } else if let Some((spelling, canonical)) =
                OPERATORS.iter().find(|(spelling, _)| rest.starts_with(spelling))
            {
                (Token::Op(canonical), spelling.len())
            } else {
                return Err(format!("{c:?} cannot be read at position {at} of {text:?}"));
            };
        found.push(Placed { token, at, spaced });
        at += length;
        spaced = false;
    }
    Ok(found)
}

/// Digits, point, digits, and an exponent only where digits follow: `2e3` is a number, `2e` is twice e.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end += 1 + digits(end + 1);
    }
    let exponent =
        text[end..].strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    if let Some(rest) = exponent.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        let from = text.len() - rest.len();
        end = from + digits(from);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found = tokens(text).unwrap();
        let shown: Vec<&str> = found
            .iter()
            .map(|p| match p.token {
                Token::Number(s) | Token::Name(s) => s,
                Token::Op(s) => s,
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn spellings_become_one() {
        check("x**2 == y", &["x", "^", "2", "=", "y"]);
        check("a<=b≥c", &["a", "<=", "b", ">=", "c"]);
        check("2×3·4−1", &["2", "*", "3", "*", "4", "-", "1"]);
    }

    #[test]
    fn numbers_end_where_they_should() {
        check("2e3", &["2e3"]);
        check("2e", &["2", "e"]);
        check("2e+x", &["2", "e", "+", "x"]);
        check("1.5e-3x", &["1.5e-3", "x"]);
        check(".5+3.", &[".5", "+", "3."]);
        check("x1+a_2", &["x1", "+", "a_2"]);
    }

    #[test]
    fn strange_characters_are_named_with_their_place() {
        assert_eq!(tokens("x+@").unwrap_err(), "'@' cannot be read at position 2 of \"x+@\"");
    }
}
