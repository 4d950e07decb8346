//! The grammar: recursive descent from statements down to atoms, one function a level, with a bound on depth.

use tirade_math::Expr;
use tirade_math::expr::{Const, Decimal, Func, LogicOp, RelOp};

use super::Names;
use super::lex::{Placed, Token, tokens};
use super::names::{self, Callable};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 100;

type Parsed = Result<Expr, String>;

/// Reads a whole argument.
pub fn parse(text: &str, known: &Names) -> Parsed {
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0, bars: 0, known };
    let expr = parser.items()?;
    if parser.next < parser.tokens.len() {
        return Err(parser.unexpected());
    }
    Ok(expr)
}

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed<'a>>,
    next: usize,
    depth: usize,
    /// Open absolute-value bars: inside them the next bar closes.
    bars: usize,
    known: &'a Names,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn peek_op(&self) -> Option<&'static str> {
        if let Some(Token::Op(op)) = self.peek() { Some(op) } else { None }
    }

    fn eat(&mut self, op: &str) -> bool {
        let found = self.peek_op() == Some(op);
        self.next += usize::from(found);
        found
    }

    fn eat_name(&mut self, name: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(n)) if *n == name) && !self.is_variable(name);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, op: &str) -> Result<(), String> {
        if self.eat(op) { Ok(()) } else { Err(format!("expected {op:?}: {}", self.unexpected())) }
    }

    fn unexpected(&self) -> String {
        match self.tokens.get(self.next) {
            Some(placed) => format!(
                "unexpected {:?} at position {} of {:?}",
                &self.text[placed.at..],
                placed.at,
                self.text
            ),
            None => format!("{:?} ends too early", self.text),
        }
    }

    fn is_variable(&self, name: &str) -> bool {
        self.known.variables.iter().any(|v| v == name)
    }

    /// Runs one level deeper.
    fn nested(&mut self, level: fn(&mut Self) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("the argument is nested more than {MAX_DEPTH} levels deep"));
        }
        let expr = level(self);
        self.depth -= 1;
        expr
    }

    /// `a, b`: several items without brackets.
    fn items(&mut self) -> Parsed {
        let first = self.nested(Self::disjunction)?;
        if self.peek_op() != Some(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.eat(",") {
            all.push(self.nested(Self::disjunction)?);
        }
        Ok(Expr::List(all))
    }

    fn disjunction(&mut self) -> Parsed {
        let mut all = vec![self.conjunction()?];
        while self.eat_or() {
            all.push(self.conjunction()?);
        }
        Ok(one_or(all, |all| Expr::Logic(LogicOp::Or, all)))
    }

    /// `or`, `|` or `||`; two bars with a space between them are an "or" and an absolute value.
    fn eat_or(&mut self) -> bool {
        let bar = self.eat("|");
        if bar && self.tokens.get(self.next).is_some_and(|placed| !placed.spaced) {
            self.eat("|");
        }
        bar || self.eat_name("or")
    }

    fn conjunction(&mut self) -> Parsed {
        let mut all = vec![self.negation()?];
        while self.eat("&") || self.eat_name("and") {
            all.push(self.negation()?);
        }
        Ok(one_or(all, |all| Expr::Logic(LogicOp::And, all)))
    }

    fn negation(&mut self) -> Parsed {
        if self.eat("~") || self.eat_name("not") {
            return Ok(Expr::Logic(LogicOp::Not, vec![self.nested(Self::negation)?]));
        }
        self.relation()
    }

    fn relation(&mut self) -> Parsed {
        let left = self.sum()?;
        let mut rest = Vec::new();
        while let Some(op) = self.peek_op().and_then(relation_op) {
            self.next += 1;
            rest.push((op, self.sum()?));
        }
        Ok(if rest.is_empty() { left } else { Expr::Relation(Box::new(left), rest) })
    }

    fn sum(&mut self) -> Parsed {
        let mut terms = vec![self.term()?];
        loop {
            if self.eat("+") {
                terms.push(self.term()?);
            } else if self.eat("-") {
                terms.push(self.term()?.neg());
            } else if self.eat_name("mod") {
                let left = Expr::sum(std::mem::take(&mut terms));
                terms.push(Expr::Call(Func::Mod, vec![left, self.term()?]));
            } else {
                return Ok(Expr::sum(terms));
            }
        }
    }

    fn term(&mut self) -> Parsed {
        let mut product = self.unary()?;
        loop {
            if self.eat("*") {
                product = Expr::product([product, self.unary()?]);
            } else if self.eat("/") {
                product = product.div(self.unary()?);
            } else if self.eat("//") {
                product = Expr::call(Func::Floor, product.div(self.unary()?));
            } else if self.eat("%") {
                product = self.percent_or_mod(product)?;
            } else if self.starts_factor(&product) {
                product = Expr::product([product, self.power()?]);
            } else {
                return Ok(product);
            }
        }
    }

    /// Python's remainder where an operand follows, else per cent.
    fn percent_or_mod(&mut self, left: Expr) -> Parsed {
        if matches!(self.peek(), Some(Token::Number(_) | Token::Name(_))) || self.peek_op() == Some("(") {
            return Ok(Expr::Call(Func::Mod, vec![left, self.unary()?]));
        }
        Ok(left.div(Expr::int(100)))
    }

    /// Whether what follows is multiplied without a sign, as in `2x`, `(x+1)(x-1)`, `2|x|`.
    fn starts_factor(&self, left: &Expr) -> bool {
        match self.peek() {
            Some(Token::Number(_)) => !matches!(left, Expr::Num(_) | Expr::Dec(_)),
            Some(Token::Name(name)) => {
                !matches!(*name, "and" | "or" | "not" | "mod") || self.is_variable(name)
            }
            Some(Token::Op("(" | "√" | "pi" | "oo")) => true,
            Some(Token::Op("|")) => self.bars == 0 && !is_statement(left) && self.bar_closes(),
            _ => false,
        }
    }

    /// Whether another bar follows before the bracket around this place closes.
    fn bar_closes(&self) -> bool {
        let rest = &self.tokens[self.next + 1..];
        if rest.first().is_some_and(|placed| placed.token == Token::Op("|")) {
            return false;
        }
        let mut level = 0i32;
        for placed in rest {
            match placed.token {
                Token::Op("(" | "[" | "{") => level += 1,
                Token::Op(")" | "]" | "}") => level -= 1,
                Token::Op("|") if level == 0 => return true,
                _ => {}
            }
            if level < 0 {
                return false;
            }
        }
        false
    }

    fn unary(&mut self) -> Parsed {
        if self.eat("-") {
            return Ok(self.nested(Self::unary)?.neg());
        }
        if self.eat("+") {
            return self.nested(Self::unary);
        }
        self.power()
    }

    /// `a^b^c` is `a^(b^c)`, and `2^-x` needs no brackets.
    pub(super) fn power(&mut self) -> Parsed {
        let base = self.postfix()?;
        if self.eat("^") {
            let exponent = self.nested(Self::unary)?;
            return Ok(base.pow(exponent));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed {
        let mut value = self.nested(Self::atom)?;
        for _ in 0..MAX_DEPTH {
            value = match self.peek_op() {
                Some("!") => {
                    self.next += 1;
                    let double = self.eat("!");
                    Expr::call(if double { Func::DoubleFactorial } else { Func::Factorial }, value)
                }
                Some("²") => self.then(value.pow(Expr::int(2))),
                Some("³") => self.then(value.pow(Expr::int(3))),
                Some("°") => self.then(radians(value)),
                _ => return Ok(value),
            };
        }
        Err(self.unexpected())
    }

    fn then(&mut self, value: Expr) -> Expr {
        self.next += 1;
        value
    }

    fn atom(&mut self) -> Parsed {
        let Some(token) = self.peek().cloned() else { return Err(self.unexpected()) };
        self.next += 1;
        match token {
            Token::Number(text) => number(text),
            Token::Name(name) => self.name(name),
            Token::Op("pi") => Ok(Expr::constant(Const::Pi)),
            Token::Op("oo") => Ok(Expr::constant(Const::Infinity)),
            Token::Op("√") => Ok(Expr::call(Func::Sqrt, self.postfix()?)),
            Token::Op("(") => self
                .bracketed(")")
                .map(|mut all| if all.len() == 1 { all.remove(0) } else { Expr::Tuple(all) }),
            Token::Op("[") => self.bracketed("]").map(Expr::Bracket),
            Token::Op("{") => self.bracketed("}").map(Expr::Set),
            Token::Op("|") => self.absolute(),
            Token::Op(_) => {
                self.next -= 1;
                Err(self.unexpected())
            }
        }
    }

    fn absolute(&mut self) -> Parsed {
        let outer = std::mem::replace(&mut self.bars, 1);
        let inner = self.nested(Self::sum)?;
        self.bars = outer;
        self.expect("|")?;
        Ok(Expr::call(Func::Abs, inner))
    }

    /// The items up to the closing bracket; a comma before it is allowed.
    pub(super) fn bracketed(&mut self, close: &str) -> Result<Vec<Expr>, String> {
        let outer = std::mem::replace(&mut self.bars, 0);
        let mut all = Vec::new();
        while !self.eat(close) {
            all.push(self.nested(Self::disjunction)?);
            if !self.eat(",") {
                self.expect(close)?;
                break;
            }
        }
        self.bars = outer;
        if all.is_empty() && close == ")" {
            return Err(format!("empty brackets in {:?}", self.text));
        }
        Ok(all)
    }

    fn name(&mut self, name: &'a str) -> Parsed {
        if self.is_variable(name) {
            return Ok(Expr::sym(name));
        }
        if let Some((function, base)) = name.split_once('_').filter(|(f, b)| *f == "log" && !b.is_empty()) {
            let base = number(base).map_err(|_| format!("{base:?} is no base of {function}"))?;
            return Ok(Expr::Call(Func::Log, vec![self.bare_argument()?, base]));
        }
        let called = self.peek_op() == Some("(");
        if called && self.known.functions.iter().any(|f| f == name) {
            return self.apply(name);
        }
        if let Some(callable) =
            names::callable(name).filter(|c| called || matches!(c, Callable::Func(_)) && name.len() > 1)
        {
            if !called && names::is_greek(name) {
                return Ok(Expr::sym(name));
            }
            return self.call(name, callable);
        }
        if called && is_unknown_function(name) {
            return self.apply(name);
        }
        if let Some(constant) = names::constant(name) {
            return Ok(Expr::constant(constant));
        }
        if name.len() > 3 || names::is_greek(name) || name.chars().any(|c| !c.is_alphabetic()) {
            return Ok(Expr::sym(name));
        }
        Ok(Expr::product(name.chars().map(letter)))
    }

    fn apply(&mut self, name: &str) -> Parsed {
        self.expect("(")?;
        Ok(Expr::Apply(name.into(), self.bracketed(")")?))
    }

    /// A function with its arguments in brackets, or with a power first (`sin^2 x`), or without brackets (`sin 2x`).
    fn call(&mut self, name: &str, callable: Callable) -> Parsed {
        if self.eat("(") {
            let args = self.bracketed(")")?;
            return super::call::build(name, callable, args);
        }
        let Callable::Func(func) = callable else { return Err(self.unexpected()) };
        if self.eat("^") {
            let exponent = self.nested(Self::unary)?;
            let argument = self.bare_argument()?;
            return Ok(match (inverse(func), exponent.as_i64()) {
                (Some(inverse), Some(-1)) => Expr::call(inverse, argument),
                _ => Expr::call(func, argument).pow(exponent),
            });
        }
        Ok(Expr::call(func, self.bare_argument()?))
    }

    /// The argument of a function without brackets: `2x`, `pi/6`, one bracketed expression.
    fn bare_argument(&mut self) -> Parsed {
        if self.peek_op() == Some("(") {
            return self.nested(Self::atom);
        }
        let mut product = self.nested(Self::power)?;
        while self.starts_factor(&product)
            && !matches!(self.peek(), Some(Token::Name(n)) if names::callable(n).is_some())
        {
            product = Expr::product([product, self.power()?]);
        }
        if matches!(product, Expr::Const(Const::Pi)) && self.eat("/") {
            product = product.div(self.power()?);
        }
        Ok(product)
    }
}

fn relation_op(op: &str) -> Option<RelOp> {
    RelOp::from_name(op).filter(|op| op.is_order() || matches!(op, RelOp::Eq | RelOp::Ne))
}

fn one_or(mut all: Vec<Expr>, several: impl Fn(Vec<Expr>) -> Expr) -> Expr {
    if all.len() == 1 { all.remove(0) } else { several(all) }
}

fn is_statement(expr: &Expr) -> bool {
    matches!(expr, Expr::Relation(..) | Expr::Logic(..) | Expr::Const(Const::True | Const::False))
}

/// Names that are read as unknown functions when brackets follow; any other letter is multiplied: `x(x+1)`.
fn is_unknown_function(name: &str) -> bool {
    matches!(name, "f" | "g" | "h" | "F" | "G" | "H" | "phi" | "psi")
        || (name.chars().count() > 3 && names::constant(name).is_none())
}

fn letter(c: char) -> Expr {
    let mut buffer = [0; 4];
    let name: &str = c.encode_utf8(&mut buffer);
    names::constant(name).map_or_else(|| Expr::sym(name), Expr::constant)
}

fn inverse(func: Func) -> Option<Func> {
    Some(match func {
        Func::Sin => Func::Asin,
        Func::Cos => Func::Acos,
        Func::Tan => Func::Atan,
        Func::Cot => Func::Acot,
        Func::Sec => Func::Asec,
        Func::Csc => Func::Acsc,
        _ => return None,
    })
}

pub(super) fn radians(degrees: Expr) -> Expr {
    Expr::product([degrees, Expr::constant(Const::Pi), Expr::int(180).pow(Expr::int(-1))])
}

/// A literal; one with a point is exact as well, and keeps its digits.
fn number(text: &str) -> Parsed {
    let refuse = || format!("{text:?} is not a number that can be read");
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|e: &i32| e.abs() <= 400).ok_or_else(refuse)?;
    if exponent == 0 && !mantissa.contains('.') {
        return mantissa.parse().map(Expr::Num).map_err(|_| refuse());
    }
    let decimal = Decimal::parse(mantissa).ok_or_else(refuse)?;
    if exponent == 0 {
        return Ok(Expr::Dec(decimal));
    }
    Ok(Expr::product([Expr::Num(decimal.value), Expr::int(10).pow(Expr::int(exponent.into()))]))
}
