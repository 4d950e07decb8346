//! The part of Python that is read: plain data, nothing evaluated.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// As it was written: `1_000`, `0.25`, `1e3`.
    Number(String),
    /// Text, with the expressions of an f-string in it.
    Text(Vec<Piece>),
    /// `True`, `False` and `None` are names too.
    Name(String),
    List(Vec<Node>),
    Tuple(Vec<Node>),
    Set(Vec<Node>),
    Dict(Vec<(Node, Node)>),
    /// `-`, `+` or `not`.
    Unary(&'static str, Box<Node>),
    /// `+ - * / // % **` and the operators of sets.
    Binary(&'static str, Box<Node>, Box<Node>),
    /// `and` or `or`.
    Logic(&'static str, Vec<Node>),
    /// A chain such as `0 < x <= 5`.
    Compare(Box<Node>, Vec<(&'static str, Node)>),
    Call(Box<Node>, Vec<Node>, Vec<(String, Node)>),
    Attribute(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    Slice(Box<Node>, [Option<Box<Node>>; 3]),
    /// `then if condition else otherwise`, in this order.
    IfElse(Box<[Node; 3]>),
    Lambda(Vec<String>, Box<Node>),
    Comprehension(Box<Comprehension>),
}

/// A part of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Literal(String),
    /// An expression in braces and its format, such as `.2f`.
    Value(Node, String),
}

/// `[element for target in source if conditions]` in any brackets.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// `[`, `{` or `(`.
    pub bracket: char,
    pub element: Node,
    /// The value, where it makes a dictionary.
    pub value: Option<Node>,
    pub clauses: Vec<Clause>,
}

/// One `for` of a comprehension.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub target: Node,
    pub source: Node,
    pub conditions: Vec<Node>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    Assign(Vec<Node>, Node),
    /// `target op= value`.
    Augment(Node, &'static str, Node),
    Value(Node),
    /// The branches with their conditions, and what happens else.
    If(Vec<(Node, Block)>, Block),
    For(Node, Node, Block),
    While(Node, Block),
    Define(Function),
    Return(Option<Node>),
    /// Each name and what it stands for: `sp` for `sympy`, `sqrt` for `math.sqrt`.
    Import(Vec<(String, String)>),
    Break,
    Continue,
    Pass,
}

/// Statements of one indentation.
pub type Block = Vec<Statement>;

/// A function of the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub name: String,
    /// Names and default values.
    pub params: Vec<(String, Option<Node>)>,
    pub body: Block,
}
