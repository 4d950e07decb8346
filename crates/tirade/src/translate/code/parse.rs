//! Statements from tokens. What is outside the part of Python that is explained is refused by name.

use super::Unexplained;
use super::ast::{Block, Function, Node, Statement};
use super::lex::{Token, tokens};

/// Longer programs are not read.
const LONGEST: usize = 20_000;
/// Nesting of blocks and brackets.
pub(super) const DEEPEST: usize = 40;

const AUGMENTED: [(&str, &str); 7] =
    [("+=", "+"), ("-=", "-"), ("*=", "*"), ("/=", "/"), ("//=", "//"), ("%=", "%"), ("**=", "**")];
const REFUSED: [&str; 10] =
    ["class", "try", "with", "async", "await", "yield", "global", "nonlocal", "assert", "raise"];

/// Reads a program.
///
/// # Errors
/// The construct that is not read.
pub fn parse(source: &str) -> Result<Block, Unexplained> {
    if source.len() > LONGEST {
        return Err(Unexplained::new("a program of this length"));
    }
    let mut parser = Parser { tokens: tokens(source)?, at: 0, depth: 0 };
    let indented = parser.skip(&Token::Indent);
    let mut block = Block::new();
    while parser.at < parser.tokens.len() {
        if indented && parser.skip(&Token::Dedent) {
            continue;
        }
        parser.statement(&mut block)?;
    }
    Ok(block)
}

/// Reads the expression in the braces of an f-string.
pub(super) fn expression(source: &str, depth: usize) -> Result<Node, Unexplained> {
    let mut parser = Parser { tokens: tokens(source.trim())?, at: 0, depth };
    let node = parser.expressions()?;
    parser.skip(&Token::Newline);
    if parser.at == parser.tokens.len() { Ok(node) } else { Err(Unexplained::syntax("an f-string")) }
}

/// Where the reading stands. The expressions are in `parse_expression.rs`.
pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) depth: usize,
}

impl Parser {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn skip(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    pub(super) fn op(&mut self, operator: &'static str) -> bool {
        self.skip(&Token::Op(operator))
    }

    pub(super) fn at_op(&self, operator: &'static str) -> bool {
        self.peek() == Some(&Token::Op(operator))
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(name)) if name == word)
    }

    pub(super) fn word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, operator: &'static str) -> Result<(), Unexplained> {
        if self.op(operator) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn unexpected(&self) -> Unexplained {
        match self.peek() {
            Some(Token::Name(name)) => Unexplained::syntax(&format!("the word {name} here")),
            Some(Token::Op(operator)) => Unexplained::syntax(&format!("the sign {operator} here")),
            Some(_) => Unexplained::syntax("this line"),
            None => Unexplained::syntax("the end"),
        }
    }

    /// Counts nesting while `read` reads.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Unexplained>,
    ) -> Result<T, Unexplained> {
        if self.depth >= DEEPEST {
            return Err(Unexplained::new("nesting this deep"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn statement(&mut self, block: &mut Block) -> Result<(), Unexplained> {
        let Some(Token::Name(word)) = self.peek() else { return self.simple_line(block) };
        let word = word.clone();
        if REFUSED.contains(&word.as_str()) {
            return Err(Unexplained::new(&format!("the statement `{word}`")));
        }
        let statement = match word.as_str() {
            "if" => self.conditional()?,
            "for" => {
                self.at += 1;
                let target = self.targets()?;
                if !self.word("in") {
                    return Err(self.unexpected());
                }
                let source = self.expressions()?;
                Statement::For(target, source, self.block()?)
            }
            "while" => {
                self.at += 1;
                let condition = self.expression()?;
                Statement::While(condition, self.block()?)
            }
            "def" => Statement::Define(self.define()?),
            _ => return self.simple_line(block),
        };
        if matches!(statement, Statement::For(..) | Statement::While(..)) && self.at_word("else") {
            return Err(Unexplained::new("`else` after a loop"));
        }
        block.push(statement);
        Ok(())
    }

    fn conditional(&mut self) -> Result<Statement, Unexplained> {
        self.at += 1;
        let condition = self.expression()?;
        let mut branches = vec![(condition, self.block()?)];
        while self.word("elif") {
            let condition = self.expression()?;
            branches.push((condition, self.block()?));
        }
        let otherwise = if self.word("else") { self.block()? } else { Block::new() };
        Ok(Statement::If(branches, otherwise))
    }

    fn define(&mut self) -> Result<Function, Unexplained> {
        self.at += 1;
        let name = self.name()?;
        self.expect("(")?;
        let mut params = Vec::new();
        while !self.op(")") {
            let param = self.name()?;
            if self.op(":") {
                self.expression()?;
            }
            let default = if self.op("=") { Some(self.expression()?) } else { None };
            params.push((param, default));
            if !self.op(",") && !self.at_op(")") {
                return Err(self.unexpected());
            }
        }
        if self.op("->") {
            self.expression()?;
        }
        Ok(Function { name, params, body: self.block()? })
    }

    pub(super) fn name(&mut self) -> Result<String, Unexplained> {
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// `:` and what belongs to it, indented or on the same line.
    fn block(&mut self) -> Result<Block, Unexplained> {
        self.expect(":")?;
        self.nested(|parser| {
            let mut block = Block::new();
            if !parser.skip(&Token::Newline) {
                parser.simple_line(&mut block)?;
                return Ok(block);
            }
            if !parser.skip(&Token::Indent) {
                return Err(Unexplained::syntax("a block without lines"));
            }
            while !parser.skip(&Token::Dedent) {
                if parser.peek().is_none() {
                    break;
                }
                parser.statement(&mut block)?;
            }
            Ok(block)
        })
    }

    fn simple_line(&mut self, block: &mut Block) -> Result<(), Unexplained> {
        loop {
            block.push(self.simple()?);
            let more = self.op(";");
            if self.skip(&Token::Newline) || self.peek().is_none() {
                return Ok(());
            }
            if !more {
                return Err(self.unexpected());
            }
        }
    }

    fn simple(&mut self) -> Result<Statement, Unexplained> {
        if self.at_word("import") || self.at_word("from") {
            return self.import();
        }
        for (word, statement) in
            [("pass", Statement::Pass), ("break", Statement::Break), ("continue", Statement::Continue)]
        {
            if self.word(word) {
                return Ok(statement);
            }
        }
        if self.word("return") {
            let bare = matches!(self.peek(), None | Some(Token::Newline | Token::Op(";")));
            return Ok(Statement::Return(if bare { None } else { Some(self.expressions()?) }));
        }
        if let Some(Token::Name(word)) = self.peek()
            && (REFUSED.contains(&word.as_str()) || word == "del")
        {
            return Err(Unexplained::new(&format!("the statement `{word}`")));
        }
        self.assignment()
    }

    fn assignment(&mut self) -> Result<Statement, Unexplained> {
        let first = self.expressions()?;
        for (sign, operator) in AUGMENTED {
            if self.op(sign) {
                return Ok(Statement::Augment(first, operator, self.expressions()?));
            }
        }
        if self.op(":") {
            self.expression()?;
        }
        let mut parts = vec![first];
        while self.op("=") {
            parts.push(self.expressions()?);
        }
        match parts.pop() {
            Some(value) if parts.is_empty() => Ok(Statement::Value(value)),
            Some(value) => Ok(Statement::Assign(parts, value)),
            None => Err(self.unexpected()),
        }
    }

    fn import(&mut self) -> Result<Statement, Unexplained> {
        let from = if self.word("from") { Some(self.dotted()?) } else { None };
        if !self.word("import") {
            return Err(self.unexpected());
        }
        let open = self.op("(");
        let mut names = Vec::new();
        loop {
            if self.op("*") {
                names.push(("*".to_owned(), from.clone().unwrap_or_default()));
            } else {
                let name = self.dotted()?;
                let full = from.as_ref().map_or(name.clone(), |module| format!("{module}.{name}"));
                let own = if self.word("as") { self.name()? } else { name };
                names.push((own, full));
            }
            if !self.op(",") || open && self.at_op(")") {
                break;
            }
        }
        if open {
            self.expect(")")?;
        }
        Ok(Statement::Import(names))
    }

    fn dotted(&mut self) -> Result<String, Unexplained> {
        let mut name = self.name()?;
        while self.op(".") {
            name = name + "." + &self.name()?;
        }
        Ok(name)
    }

    /// What a loop assigns to: names, maybe several.
    pub(super) fn targets(&mut self) -> Result<Node, Unexplained> {
        let mut targets = vec![self.atom_with_trailers()?];
        let mut tuple = false;
        while self.op(",") {
            tuple = true;
            if self.at_word("in") {
                break;
            }
            targets.push(self.atom_with_trailers()?);
        }
        Ok(if tuple { Node::Tuple(targets) } else { targets.remove(0) })
    }
}
