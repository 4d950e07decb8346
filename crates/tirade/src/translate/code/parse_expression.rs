//! The expressions of the Python that is read.

use super::Unexplained;
use super::ast::{Clause, Comprehension, Node, Piece};
use super::lex::Token;
use super::parse::{DEEPEST, Parser, expression};

const KEYWORDS: [&str; 9] = ["if", "else", "for", "in", "and", "or", "is", "as", "import"];
/// Binary operators from loose to tight; the power is apart.
const LEVELS: [&[&str]; 6] = [&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "//", "%"]];
/// Operators, calls or indices after each other: each nests the tree one deeper.
const LONGEST_CHAIN: usize = 100;
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

impl Parser {
    /// One expression, or several with commas as a tuple.
    pub(super) fn expressions(&mut self) -> Result<Node, Unexplained> {
        let first = self.expression()?;
        if !self.at_op(",") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.op(",") {
            let ends = match self.peek() {
                None | Some(Token::Newline) => true,
                Some(Token::Op(op)) => matches!(*op, ")" | "]" | "}" | "=" | ":"),
                _ => false,
            };
            if ends {
                break;
            }
            parts.push(self.expression()?);
        }
        Ok(Node::Tuple(parts))
    }

    pub(super) fn expression(&mut self) -> Result<Node, Unexplained> {
        self.nested(|parser| {
            if parser.at_word("lambda") {
                return parser.lambda();
            }
            let then = parser.logic(0)?;
            if !parser.word("if") {
                return Ok(then);
            }
            let condition = parser.logic(0)?;
            if !parser.word("else") {
                return Err(parser.unexpected());
            }
            let otherwise = parser.expression()?;
            Ok(Node::IfElse(Box::new([then, condition, otherwise])))
        })
    }

    fn lambda(&mut self) -> Result<Node, Unexplained> {
        self.at += 1;
        let mut params = Vec::new();
        while !self.op(":") {
            params.push(self.name()?);
            self.op(",");
        }
        Ok(Node::Lambda(params, Box::new(self.expression()?)))
    }

    /// `or` (0), `and` (1), `not` (2).
    fn logic(&mut self, level: usize) -> Result<Node, Unexplained> {
        let Some(word) = ["or", "and"].get(level).copied() else {
            return if self.word("not") {
                let inner = self.nested(|parser| parser.logic(2))?;
                Ok(Node::Unary("not", Box::new(inner)))
            } else {
                self.comparison()
            };
        };
        let first = self.logic(level + 1)?;
        if !self.at_word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.word(word) {
            parts.push(self.logic(level + 1)?);
        }
        Ok(Node::Logic(word, parts))
    }

    fn comparison(&mut self) -> Result<Node, Unexplained> {
        let first = self.binary(0)?;
        let mut links = Vec::new();
        while let Some(operator) = self.comparison_sign() {
            links.push((operator, self.binary(0)?));
        }
        Ok(if links.is_empty() { first } else { Node::Compare(Box::new(first), links) })
    }

    fn comparison_sign(&mut self) -> Option<&'static str> {
        if let Some(sign) = COMPARISONS.into_iter().find(|sign| self.op(sign)) {
            return Some(sign);
        }
        if self.word("in") {
            return Some("in");
        }
        if self.word("is") {
            return Some(if self.word("not") { "!=" } else { "==" });
        }
        let negated = self.at_word("not")
            && matches!(self.tokens.get(self.at + 1), Some(Token::Name(name)) if name == "in");
        self.at += 2 * usize::from(negated);
        negated.then_some("not in")
    }

    fn binary(&mut self, level: usize) -> Result<Node, Unexplained> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        let mut length = 0;
        while let Some(operator) = operators.iter().find(|operator| self.op(operator)) {
            length += 1;
            if length > LONGEST_CHAIN {
                return Err(Unexplained::new("an expression this long"));
            }
            left = Node::Binary(operator, Box::new(left), Box::new(self.binary(level + 1)?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, Unexplained> {
        for sign in ["-", "+"] {
            if self.op(sign) {
                let inner = self.nested(Self::unary)?;
                return Ok(Node::Unary(sign, Box::new(inner)));
            }
        }
        let base = self.atom_with_trailers()?;
        if self.op("**") {
            let exponent = self.nested(Self::unary)?;
            return Ok(Node::Binary("**", Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    pub(super) fn atom_with_trailers(&mut self) -> Result<Node, Unexplained> {
        let mut node = self.atom()?;
        for _ in 0..LONGEST_CHAIN {
            if self.op("(") {
                node = self.call(node)?;
            } else if self.op("[") {
                node = self.subscript(node)?;
            } else if self.op(".") {
                node = Node::Attribute(Box::new(node), self.name()?);
            } else {
                return Ok(node);
            }
        }
        Err(Unexplained::new("an expression this long"))
    }

    fn call(&mut self, function: Node) -> Result<Node, Unexplained> {
        let (mut given, mut named) = (Vec::new(), Vec::new());
        while !self.op(")") {
            if self.at_op("*") || self.at_op("**") {
                return Err(Unexplained::new("unpacking with `*`"));
            }
            let is_named = matches!(self.tokens.get(self.at + 1), Some(Token::Op("=")));
            match self.peek() {
                Some(Token::Name(name)) if is_named => {
                    let name = name.clone();
                    self.at += 2;
                    named.push((name, self.expression()?));
                }
                _ => {
                    let element = self.expression()?;
                    given.push(if self.at_word("for") {
                        self.comprehension('(', element, None)?
                    } else {
                        element
                    });
                }
            }
            if !self.op(",") && !self.at_op(")") {
                return Err(self.unexpected());
            }
        }
        Ok(Node::Call(Box::new(function), given, named))
    }

    fn subscript(&mut self, node: Node) -> Result<Node, Unexplained> {
        let mut parts: [Option<Box<Node>>; 3] = [None, None, None];
        let mut colons = 0;
        while !self.op("]") {
            if self.op(":") {
                colons += 1;
            } else if colons < 3 && parts[colons].is_none() {
                parts[colons] = Some(Box::new(self.expressions()?));
            } else {
                return Err(self.unexpected());
            }
            if colons > 2 {
                return Err(self.unexpected());
            }
        }
        match (colons, parts) {
            (0, [Some(index), _, _]) => Ok(Node::Index(Box::new(node), index)),
            (0, _) => Err(self.unexpected()),
            (_, parts) => Ok(Node::Slice(Box::new(node), parts)),
        }
    }

    fn atom(&mut self) -> Result<Node, Unexplained> {
        let Some(token) = self.peek().cloned() else { return Err(self.unexpected()) };
        match token {
            Token::Number(text) => {
                self.at += 1;
                Ok(Node::Number(text))
            }
            Token::Name(name) if !KEYWORDS.contains(&name.as_str()) => {
                self.at += 1;
                Ok(Node::Name(name))
            }
            Token::Text(..) => self.text(),
            Token::Op("(") => self.parentheses(),
            Token::Op("[") => self.list(),
            Token::Op("{") => self.braces(),
            _ => Err(self.unexpected()),
        }
    }

    /// Strings beside each other are one.
    fn text(&mut self) -> Result<Node, Unexplained> {
        let mut pieces = Vec::new();
        while let Some(Token::Text(text, formatted)) = self.peek().cloned() {
            self.at += 1;
            if formatted {
                self.format_pieces(&text, &mut pieces)?
            } else {
                pieces.push(Piece::Literal(text))
            }
        }
        Ok(Node::Text(pieces))
    }

    fn format_pieces(&self, text: &str, pieces: &mut Vec<Piece>) -> Result<(), Unexplained> {
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal += &rest[..at];
            let doubled = rest[at + 1..].starts_with(&rest[at..=at]);
            if doubled {
                literal += &rest[at..=at];
                rest = &rest[at + 2..];
                continue;
            }
            let Some(end) = rest[at..].find('}').filter(|end| *end > 0) else {
                return Err(Unexplained::syntax("an f-string"));
            };
            let inside = &rest[at + 1..at + end];
            let (value, format) = split_format(inside);
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            pieces.push(Piece::Value(expression(value, (self.depth + 1).min(DEEPEST))?, format.to_owned()));
            rest = &rest[at + end + 1..];
        }
        pieces.push(Piece::Literal(literal + rest));
        Ok(())
    }

    fn parentheses(&mut self) -> Result<Node, Unexplained> {
        self.at += 1;
        if self.op(")") {
            return Ok(Node::Tuple(Vec::new()));
        }
        let inside = self.expressions()?;
        let inside = if self.at_word("for") { self.comprehension('(', inside, None)? } else { inside };
        self.expect(")")?;
        Ok(inside)
    }

    fn list(&mut self) -> Result<Node, Unexplained> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.op("]") {
            let item = self.expression()?;
            if items.is_empty() && self.at_word("for") {
                let made = self.comprehension('[', item, None)?;
                self.expect("]")?;
                return Ok(made);
            }
            items.push(item);
            if !self.op(",") && !self.at_op("]") {
                return Err(self.unexpected());
            }
        }
        Ok(Node::List(items))
    }

    fn braces(&mut self) -> Result<Node, Unexplained> {
        self.at += 1;
        let (mut pairs, mut items) = (Vec::new(), Vec::new());
        while !self.op("}") {
            let key = self.expression()?;
            let value = if self.op(":") { Some(self.expression()?) } else { None };
            if self.at_word("for") {
                let made = self.comprehension('{', key, value)?;
                self.expect("}")?;
                return Ok(made);
            }
            match value {
                Some(value) => pairs.push((key, value)),
                None => items.push(key),
            }
            if !self.op(",") && !self.at_op("}") {
                return Err(self.unexpected());
            }
        }
        Ok(if items.is_empty() { Node::Dict(pairs) } else { Node::Set(items) })
    }

    fn comprehension(
        &mut self,
        bracket: char,
        element: Node,
        value: Option<Node>,
    ) -> Result<Node, Unexplained> {
        let mut clauses = Vec::new();
        while self.word("for") {
            let target = self.targets()?;
            if !self.word("in") {
                return Err(self.unexpected());
            }
            let source = self.logic(0)?;
            let mut conditions = Vec::new();
            while self.word("if") {
                conditions.push(self.logic(0)?);
            }
            clauses.push(Clause { target, source, conditions });
        }
        Ok(Node::Comprehension(Box::new(Comprehension { bracket, element, value, clauses })))
    }
}

/// `x:.2f` is `x` and `.2f`; a colon in brackets belongs to the expression, `=` and `!r` are left out.
fn split_format(inside: &str) -> (&str, &str) {
    let mut depth = 0usize;
    for (at, c) in inside.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return (&inside[..at], &inside[at + 1..]),
            '!' if depth == 0 && !inside[at + 1..].starts_with('=') => return (&inside[..at], ""),
            _ => {}
        }
    }
    (inside, "")
}
