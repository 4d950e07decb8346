//! From text to [`Expr`]: one total parser for LaTeX, plain text and the mixtures that models write.
//!
//! [`parse`] either reads the whole text as mathematics or says where it stopped; what is left over is never ignored.
//!
//! ```
//! use tirade_math::parse;
//! assert_eq!(parse(r"\frac12x").unwrap(), parse("(1/2)*x").unwrap());
//! assert_eq!(parse(r"10,\!080").unwrap(), parse("10080").unwrap());
//! assert!(parse("41 42").is_err());
//! ```

mod atom;
mod brackets;
mod fold;
mod lexer;
mod number;
mod numerals;
mod operators;
mod parser;
mod powers;
mod propositional;
mod quantity;
mod statements;
mod token;
mod words;

use crate::expr::Expr;
use std::fmt;

pub use words::is_greek_name;

/// How a comma between digits is read, where more than one reading exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commas {
    /// `1,234` is one number.
    #[default]
    Group,
    /// `1,234` is two numbers.
    List,
    /// `1,5` is one and a half.
    Decimal,
}

/// A parsed text.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What was read.
    pub expr: Expr,
    /// Whether another [`Commas`] would have read it otherwise.
    pub comma_seen: bool,
}

/// Why a text is not one expression. Offsets are bytes from the start (of the text with full-width forms made ASCII).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Nothing there.
    Empty,
    /// More tokens than any answer has.
    TooLong,
    /// Nested deeper than any answer is.
    TooDeep,
    /// A character that means nothing in mathematics.
    Character(usize),
    /// Something that cannot stand there.
    Unexpected(usize),
    /// The text ended too early.
    End,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Empty => f.write_str("nothing to read"),
            ParseError::TooLong => f.write_str("longer than an answer may be"),
            ParseError::TooDeep => f.write_str("nested deeper than an answer may be"),
            ParseError::Character(at) => write!(f, "byte {at}: a character without mathematical meaning"),
            ParseError::Unexpected(at) => write!(f, "byte {at}: this cannot stand here"),
            ParseError::End => f.write_str("the text ends too early"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Reads a whole text as one expression, statement or list of them.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    parse_with(text, Commas::Group).map(|p| p.expr)
}

/// [`parse`] with a choice of what commas between digits mean.
pub fn parse_with(text: &str, commas: Commas) -> Result<Parsed, ParseError> {
    let text = &*fold::fold(text);
    let (tokens, comma_seen) = lexer::lex(text, commas)?;
    let expr = parser::Parser::new(text, tokens).whole()?;
    Ok(Parsed { expr, comma_seen })
}
