//! Python source into tokens, with indentation as tokens of its own.

use super::Unexplained;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Name(String),
    Number(String),
    /// The characters between the quotes, and whether it is an f-string.
    Text(String, bool),
    Op(&'static str),
    Newline,
    Indent,
    Dedent,
}

/// Longest first where one begins another.
const OPERATORS: [&str; 44] = [
    "**=", "//=", ">>=", "<<=", "...", "**", "//", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=",
    "->", ":=", "<<", ">>", "|=", "&=", "^=", "+", "-", "*", "/", "%", "<", ">", "=", "(", ")", "[", "]",
    "{", "}", ",", ":", ".", ";", "|", "&", "^",
];

/// The tokens of a program.
pub fn tokens(source: &str) -> Result<Vec<Token>, Unexplained> {
    let mut lexer = Lexer { rest: source, found: Vec::new(), depth: 0, indents: vec![0] };
    lexer.indentation()?;
    while !lexer.rest.is_empty() {
        lexer.next()?;
    }
    lexer.newline();
    for _ in 1..lexer.indents.len() {
        lexer.found.push(Token::Dedent);
    }
    Ok(lexer.found)
}

struct Lexer<'a> {
    rest: &'a str,
    found: Vec<Token>,
    /// Open brackets: inside them line breaks mean nothing.
    depth: usize,
    indents: Vec<usize>,
}

impl<'a> Lexer<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        self.take(self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len()))
    }

    fn next(&mut self) -> Result<(), Unexplained> {
        let Some(first) = self.rest.chars().next() else { return Ok(()) };
        match first {
            '\n' => {
                self.take(1);
                if self.depth == 0 {
                    self.newline();
                    self.indentation()?;
                }
            }
            '#' => {
                self.take_while(|c| c != '\n');
            }
            '\\' if self.rest[1..].trim_start_matches([' ', '\r']).starts_with('\n') => {
                let length = self.rest.find('\n').unwrap_or(0) + 1;
                self.take(length);
            }
            c if c.is_whitespace() => {
                self.take(c.len_utf8());
            }
            c if c.is_ascii_digit()
                || c == '.' && self.rest[1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                self.number()
            }
            '"' | '\'' => self.text("")?,
            c if c.is_alphabetic() || c == '_' => self.word()?,
            _ => self.operator()?,
        }
        Ok(())
    }

    fn newline(&mut self) {
        if !matches!(self.found.last(), None | Some(Token::Newline | Token::Indent | Token::Dedent)) {
            self.found.push(Token::Newline);
        }
    }

    /// The white space at the start of a line; empty lines and comments do not count.
    fn indentation(&mut self) -> Result<(), Unexplained> {
        let mut width = 0;
        loop {
            match self.rest.chars().next() {
                Some(' ') => width += 1,
                Some('\t') => width += 8 - width % 8,
                Some('\r') => {}
                Some('\n') => width = 0,
                Some('#') => {
                    self.take_while(|c| c != '\n');
                    continue;
                }
                None => return Ok(()),
                Some(_) => break,
            }
            self.take(1);
        }
        if width > *self.indents.last().unwrap_or(&0) {
            self.indents.push(width);
            self.found.push(Token::Indent);
        }
        while width < *self.indents.last().unwrap_or(&0) {
            self.indents.pop();
            self.found.push(Token::Dedent);
        }
        if width == *self.indents.last().unwrap_or(&0) {
            Ok(())
        } else {
            Err(Unexplained::syntax("uneven indentation"))
        }
    }

    fn number(&mut self) {
        let bytes = self.rest.as_bytes();
        let mut length = 0;
        while let Some(byte) = bytes.get(length) {
            let exponent_sign = matches!(byte, b'+' | b'-') && matches!(bytes[length - 1], b'e' | b'E');
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent_sign) {
                break;
            }
            length += 1;
        }
        let text = self.take(length).replace('_', "");
        self.found.push(Token::Number(text));
    }

    fn word(&mut self) -> Result<(), Unexplained> {
        let word = self.take_while(|c| c.is_alphanumeric() || c == '_');
        let prefix = word.len() <= 2 && word.chars().all(|c| "rRfFbBuU".contains(c));
        if prefix && self.rest.starts_with(['"', '\'']) {
            return self.text(word);
        }
        self.found.push(Token::Name(word.to_owned()));
        Ok(())
    }

    fn text(&mut self, prefix: &str) -> Result<(), Unexplained> {
        let quote = &self.rest[..1];
        let long = quote.repeat(3);
        let close = if self.rest.starts_with(&long) { long.as_str() } else { quote };
        self.take(close.len());
        let raw = prefix.contains(['r', 'R']);
        let mut text = String::new();
        while !self.rest.starts_with(close) {
            let Some(c) = self.rest.chars().next() else {
                return Err(Unexplained::syntax("text that does not end"));
            };
            self.take(c.len_utf8());
            if c == '\n' && close.len() == 1 {
                return Err(Unexplained::syntax("text that does not end"));
            }
            match c {
                '\\' if !raw => text.push(self.escape()),
                c => text.push(c),
            }
        }
        self.take(close.len());
        self.found.push(Token::Text(text, prefix.contains(['f', 'F'])));
        Ok(())
    }

    fn escape(&mut self) -> char {
        let Some(c) = self.rest.chars().next() else { return '\\' };
        let meaning = match c {
            'n' => '\n',
            't' => '\t',
            '\\' | '\'' | '"' => c,
            _ => return '\\',
        };
        self.take(1);
        meaning
    }

    fn operator(&mut self) -> Result<(), Unexplained> {
        let Some(operator) = OPERATORS.into_iter().find(|operator| self.rest.starts_with(operator)) else {
            let sign: String = self.rest.chars().take(1).collect();
            return Err(Unexplained::syntax(&format!("the sign {sign}")));
        };
        match operator {
            "(" | "[" | "{" => self.depth += 1,
            ")" | "]" | "}" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.take(operator.len());
        self.found.push(Token::Op(operator));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_blocks() {
        let name = |text: &str| Token::Name(text.into());
        let found = tokens("if a:\n    b  # why\n\nc = (1,\n  2)").unwrap();
        let expected = [
            name("if"),
            name("a"),
            Token::Op(":"),
            Token::Newline,
            Token::Indent,
            name("b"),
            Token::Newline,
            Token::Dedent,
            name("c"),
            Token::Op("="),
            Token::Op("("),
            Token::Number("1".into()),
            Token::Op(","),
            Token::Number("2".into()),
            Token::Op(")"),
            Token::Newline,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn texts_and_numbers() {
        let cases: [(&str, Token); 6] = [
            ("1_000", Token::Number("1000".into())),
            ("2.5e-3", Token::Number("2.5e-3".into())),
            ("r'a\\n'", Token::Text("a\\n".into(), false)),
            ("'a\\n'", Token::Text("a\n".into(), false)),
            ("f\"{x}\"", Token::Text("{x}".into(), true)),
            ("\"\"\"a\nb\"\"\"", Token::Text("a\nb".into(), false)),
        ];
        for (source, expected) in cases {
            assert_eq!(tokens(source).unwrap()[0], expected, "{source}");
        }
    }

    #[test]
    fn broken_programs_are_refused() {
        for source in ["'a", "  a\n b", "a ? b", "'''", "é\u{301}€"] {
            assert!(tokens(source).is_err(), "{source}");
        }
    }
}
