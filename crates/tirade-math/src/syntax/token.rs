//! Tokens: what the lexer makes of LaTeX and of plain text alike.

use crate::expr::{BigOp, Const, Func, RelOp, SetOp};

/// A bracket, by what it may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delim {
    /// `( )`
    Paren,
    /// `[ ]`
    Bracket,
    /// `\{ \}`: a set, or grouping.
    Brace,
    /// `{ }`: LaTeX grouping (in plain text a set).
    Group,
    /// `\lvert \rvert`
    Abs,
    /// `\lfloor \rfloor`
    Floor,
    /// `\lceil \rceil`
    Ceil,
    /// `\langle \rangle`
    Angle,
}

/// One token. Slices point into the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tok<'a> {
    /// Digits with an optional point; may hold grouping marks, see [`super::number`].
    Number(&'a str),
    /// A variable by its canonical name.
    Ident(&'a str),
    /// A function that has a name of its own.
    Func(Func),
    /// A named constant or set.
    Const(Const),
    Plus,
    Minus,
    PlusMinus,
    MinusPlus,
    /// `*`, `\cdot`, `\times`
    Times,
    /// `/`, `\div`
    Slash,
    Colon,
    Caret,
    Under,
    Bang,
    Prime,
    Percent,
    /// `°`, `^\circ` (the caret is swallowed)
    Degree,
    /// A currency mark: its unit.
    Currency(&'a str),
    Rel(RelOp),
    /// `Eq(a, b)`, as SymPy prints relations.
    RelCall(RelOp),
    /// `Matrix([[a, b], [c, d]])`, as SymPy and Maxima print matrices.
    MatrixCall,
    /// `Interval(0, 1)`, `Union(…)`, as SymPy prints sets.
    SetCall(SetCall),
    /// `Sum(f, (k, a, b))`, `sum(f, k, a, b)`.
    BigCall(BigOp),
    Comma,
    Semicolon,
    And,
    Or,
    Not,
    Implies,
    Iff,
    /// `xor` (false) and `xnor` (true).
    Xor(bool),
    ForAll,
    Exists,
    Open(Delim),
    Close(Delim),
    /// `|`: opens or closes, the parser knows.
    Bar,
    /// `\mid`: the bar of a set builder, or "divides".
    Mid,
    Frac,
    Sqrt,
    Binom,
    /// `\choose` (true) or `\over` (false) inside braces.
    Infix(bool),
    /// `\overline`, `\bar`
    Overline,
    /// `\vec` and other accents, which become part of a name.
    Accent(&'static str),
    /// The content of `\text{…}`, or a bare word that is no mathematics.
    Text(&'a str),
    Begin(&'a str),
    End(&'a str),
    /// `\\`
    Row,
    /// `&`
    Amp,
    SetOp(SetOp),
    Big(BigOp),
    Ellipsis,
    /// `\bmod`, `\pmod`, `mod`
    Mod,
    /// `\boxed` inside mathematics: transparent.
    Boxed,
    /// Transpose mark (`^T` with `\top`).
    Top,
}

/// A set that SymPy prints as a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetCall {
    /// `Interval`, `Interval.open`, `.Lopen`, `.Ropen`: which ends belong to it, unless further arguments say otherwise.
    Interval(bool, bool),
    /// `Union`, `Intersection`, `Complement`
    Op(SetOp),
    /// `FiniteSet`
    Finite,
}

/// A token and whether blank space stood before it.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    pub tok: Tok<'a>,
    /// Byte offset in the source.
    pub at: u32,
    pub spaced: bool,
}
