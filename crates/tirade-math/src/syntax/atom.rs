//! Numbers, names, fractions, roots, functions: what an operator stands between.

use super::number;
use super::parser::{Parser, Result};
use super::powers::signed_set;
use super::token::{Delim, Tok};
use crate::expr::{BigOp, Const, Expr, Func, RelOp, SetOp};
use smol_str::SmolStr;

impl<'a> Parser<'a> {
    pub fn atom(&mut self) -> Result<Expr> {
        self.deeper(Self::atom_inner)
    }

    fn atom_inner(&mut self) -> Result<Expr> {
        let Some(tok) = self.peek() else { return self.unexpected() };
        if let Some(based) = self.numeral()? {
            return Ok(based);
        }
        if matches!(tok, Tok::Under | Tok::Caret | Tok::Open(Delim::Group))
            && let Some(count) = self.counting()?
        {
            return Ok(count);
        }
        self.pos += 1;
        match tok {
            Tok::Number(literal) => self.number(literal),
            Tok::Ident(name) => self.name(name),
            Tok::Const(Const::E) if self.peek() == Some(Tok::Under) => self.name("e"),
            Tok::Const(Const::I) if self.peek() == Some(Tok::Under) => self.name("i"),
            Tok::Const(c) => Ok(self.named_set(c).unwrap_or(Expr::Const(c))),
            Tok::Func(f) => self.function(f),
            Tok::Frac => self.fraction(),
            Tok::Sqrt => self.root(),
            Tok::Binom => Ok(Expr::Call(Func::Binom, vec![self.argument()?, self.argument()?])),
            Tok::Overline => {
                let inner = self.argument()?;
                match inner {
                    Expr::Sym(s) if self.peek() == Some(Tok::Under) || self.peek() == Some(Tok::Caret) => {
                        self.name(&format!("{s}bar"))
                    }
                    other => Ok(Expr::call(Func::Conj, other)),
                }
            }
            Tok::Accent(_) => self.argument(),
            Tok::Boxed => self.argument(),
            Tok::Ellipsis => Ok(Expr::Const(Const::Ellipsis)),
            Tok::Currency(unit) => {
                let negative = self.eat(Tok::Minus);
                let value = self.power()?;
                let value = if negative { value.neg() } else { value };
                Ok(Expr::Quantity(Box::new(value), unit.into()))
            }
            Tok::Text(words) => Ok(Expr::Text(crate::text::normalize(words).into())),
            Tok::RelCall(op) => match self.arguments()?.as_slice() {
                [a, b] => Ok(Expr::relation(a.clone(), op, b.clone())),
                _ => self.unexpected(),
            },
            Tok::MatrixCall => self.matrix_call(),
            Tok::BigCall(op) => self.big_call(op),
            Tok::SetCall(call) => self.set_call(call),
            Tok::Big(op) => self.big(op),
            Tok::Begin(name) => self.environment(name),
            Tok::Open(delim) => self.bracket(delim),
            Tok::Bar => self.bars(),
            Tok::Close(Delim::Bracket) => self.reversed_interval(),
            _ => {
                self.pos -= 1;
                self.unexpected()
            }
        }
    }

    /// `ℝ_+`, `ℤ_{>0}`, `ℝ_{\ge 0}`: a set of numbers restricted by its subscript.
    fn named_set(&mut self, c: Const) -> Option<Expr> {
        let set = Expr::Const(c);
        let known = matches!(c, Const::Reals | Const::Integers | Const::Naturals | Const::Rationals);
        if !known || self.peek() != Some(Tok::Under) {
            return None;
        }
        let grouped = self.peek_at(1) == Some(Tok::Open(Delim::Group));
        let at = 1 + usize::from(grouped);
        let (sign, closed, len) = match (self.peek_at(at)?, self.peek_at(at + 1)) {
            (Tok::Rel(RelOp::Gt), Some(Tok::Number("0"))) => (Tok::Plus, false, 2),
            (Tok::Rel(RelOp::Ge), Some(Tok::Number("0"))) => (Tok::Plus, true, 2),
            (Tok::Rel(RelOp::Lt), Some(Tok::Number("0"))) => (Tok::Minus, false, 2),
            (Tok::Rel(RelOp::Le), Some(Tok::Number("0"))) => (Tok::Minus, true, 2),
            (sign @ (Tok::Plus | Tok::Minus), _) => (sign, false, 1),
            _ => return None,
        };
        if grouped && self.peek_at(at + len) != Some(Tok::Close(Delim::Group)) {
            return None;
        }
        self.pos += at + len + usize::from(grouped);
        let open = signed_set(&set, sign);
        let zero = Expr::Set(vec![Expr::int(0)]);
        Some(if closed { Expr::SetOp(SetOp::Union, vec![open, zero]) } else { open })
    }

    /// A variable with subscripts and primes, or a function applied to arguments.
    fn name(&mut self, name: &str) -> Result<Expr> {
        if matches!(name, "f" | "g" | "h") && self.inverse_applied() {
            self.pos += 5;
            let args = self.arguments()?;
            return Ok(Expr::Apply(format!("{name}^-1").into(), args));
        }
        let mut full = SmolStr::from(name);
        let mut primes = 0;
        while self.eat(Tok::Prime) {
            primes += 1;
        }
        let mut exponent = None;
        if self.peek() == Some(Tok::Caret) && self.exponent_then_subscript() {
            // x^2_1 is (x_1)^2
            self.pos += 1;
            exponent = Some(match self.peek() {
                Some(Tok::Number(n)) => {
                    self.pos += 1;
                    number::value(n).map_or_else(|| self.unexpected(), Ok)?
                }
                _ => self.argument()?,
            });
        }
        if self.eat(Tok::Under) {
            let sub = self.subscript()?;
            if !sub.is_empty() {
                full = format!("{full}_{sub}").into();
            }
        }
        while self.eat(Tok::Prime) {
            primes += 1;
        }
        if primes > 0 {
            full = format!("{full}{}", "'".repeat(primes)).into();
        }
        if let Some(exponent) = exponent {
            return Ok(Expr::Sym(full).pow(exponent));
        }
        if self.peek() == Some(Tok::Open(Delim::Paren)) && self.is_application(name) {
            let args = self.arguments()?;
            return Ok(Expr::Apply(full, args));
        }
        Ok(Expr::Sym(full))
    }

    /// `^{-1}(` behind the name of a function.
    fn inverse_applied(&self) -> bool {
        let group =
            [Tok::Caret, Tok::Open(Delim::Group), Tok::Minus, Tok::Number("1"), Tok::Close(Delim::Group)];
        let marks = group.into_iter().chain([Tok::Open(Delim::Paren)]);
        marks.enumerate().all(|(i, tok)| self.peek_at(i) == Some(tok))
    }

    /// `{}_5C_2`, `_5C_2`, `^5P_2`: a count of choices, with its first number in front.
    fn counting(&mut self) -> Result<Option<Expr>> {
        let empty =
            self.peek() == Some(Tok::Open(Delim::Group)) && self.peek_at(1) == Some(Tok::Close(Delim::Group));
        let at = if empty { 2 } else { 0 };
        if !matches!(self.peek_at(at), Some(Tok::Under | Tok::Caret)) {
            return Ok(None);
        }
        let start = self.pos;
        self.pos += at + 1;
        let above = match self.peek() {
            // not the numeral 5C in base 2
            Some(Tok::Number(n)) => {
                self.pos += 1;
                number::value(n).map_or_else(|| self.unexpected(), Ok)?
            }
            _ => self.argument()?,
        };
        let func = match self.peek() {
            Some(Tok::Ident("C")) => Func::Binom,
            Some(Tok::Ident("P")) => Func::Perm,
            _ => {
                self.pos = start;
                return Ok(None);
            }
        };
        self.pos += 1;
        if !self.eat(Tok::Under) {
            self.pos = start;
            return Ok(None);
        }
        Ok(Some(Expr::Call(func, vec![above, self.argument()?])))
    }

    fn exponent_then_subscript(&self) -> bool {
        match self.peek_at(1) {
            Some(Tok::Number(_) | Tok::Ident(_)) => self.peek_at(2) == Some(Tok::Under),
            Some(Tok::Open(Delim::Group)) => {
                let close = self.toks[self.pos..].iter().position(|t| t.tok == Tok::Close(Delim::Group));
                close.is_some_and(|c| self.peek_at(c + 1) == Some(Tok::Under))
            }
            _ => false,
        }
    }

    /// The text of a subscript, without spaces, braces and layout.
    pub fn subscript(&mut self) -> Result<String> {
        let start = self.pos;
        if self.eat(Tok::Open(Delim::Group)) {
            let mut open = 1;
            while open > 0 {
                match self.peek() {
                    Some(Tok::Open(Delim::Group)) => open += 1,
                    Some(Tok::Close(Delim::Group)) => open -= 1,
                    None => return self.unexpected(),
                    _ => {}
                }
                self.pos += 1;
            }
        } else if self.peek().is_some() {
            self.pos += 1;
        } else {
            return self.unexpected();
        }
        let from = self.toks[start].at as usize;
        let to = self.toks.get(self.pos).map_or(self.src.len(), |t| t.at as usize);
        let raw = self.src.get(from..to).unwrap_or("");
        let raw = raw.replace("\\text", "").replace("\\mathrm", "").replace("\\mathit", "");
        Ok(raw.chars().filter(|c| !c.is_whitespace() && !matches!(c, '{' | '}' | '\\' | '$' | '_')).collect())
    }

    /// Whether `name(` applies a function. `x(x+1)` is a product; `f(x)`, `T(10)` and `P(x)` are not.
    fn is_application(&self, name: &str) -> bool {
        if self.spaced() {
            return false;
        }
        let letter = name.as_bytes()[0];
        if matches!(name, "f" | "g" | "h" | "F" | "G" | "H") {
            return true;
        }
        let close = self.toks[self.pos..].iter().take(24).position(|t| t.tok == Tok::Close(Delim::Paren));
        let Some(close) = close else { return false };
        let comma = self.toks[self.pos..self.pos + close].iter().any(|t| t.tok == Tok::Comma);
        let simple =
            close == 2 && matches!(self.peek_at(1), Some(Tok::Ident(_) | Tok::Number(_) | Tok::Const(_)));
        let defines = self.peek_at(close + 1) == Some(Tok::Rel(RelOp::Eq)) && self.pos == 1;
        comma
            || (simple && letter.is_ascii_uppercase())
            || (simple && defines)
            || (simple && matches!(name, "p" | "q" | "u" | "v" | "phi" | "psi"))
    }

    /// A parenthesised argument list.
    pub fn arguments(&mut self) -> Result<Vec<Expr>> {
        Ok(match self.atom()? {
            Expr::Tuple(items) | Expr::List(items) | Expr::Set(items) | Expr::Bracket(items) => items,
            Expr::Interval(i) => vec![*i.low, *i.high],
            one => vec![one],
        })
    }

    /// An argument of a LaTeX command: a group, or the next digit or symbol.
    pub fn argument(&mut self) -> Result<Expr> {
        if let Some(Tok::Number(literal)) = self.peek() {
            let split = literal.len() > 1 && literal.bytes().all(|b| b.is_ascii_digit());
            if split {
                let token = &mut self.toks[self.pos];
                token.tok = Tok::Number(&literal[1..]);
                token.at += 1;
                return number::value(&literal[..1]).map_or_else(|| self.unexpected(), Ok);
            }
        }
        if self.eat(Tok::Minus) {
            return Ok(self.atom()?.neg());
        }
        self.atom()
    }

    fn fraction(&mut self) -> Result<Expr> {
        let numerator = self.argument()?;
        let denominator = self.argument()?;
        if let Some(derivative) = self.derivative(&numerator, &denominator)? {
            return Ok(derivative);
        }
        Ok(numerator.div(denominator))
    }

    /// `\frac{d}{dx} f` and `\frac{df}{dx}`: a derivative.
    fn derivative(&mut self, above: &Expr, below: &Expr) -> Result<Option<Expr>> {
        let is_d = |e: &Expr| matches!(e, Expr::Sym(s) if s == "d" || s == "partial");
        let (Expr::Mul(parts), order) = (below, order_of(above, is_d)) else { return Ok(None) };
        let [d, var] = parts.as_slice() else { return Ok(None) };
        let (var, power) = match var {
            Expr::Sym(var) => (var.clone(), 1),
            Expr::Pow(base, n) => match (&**base, n.as_i64()) {
                (Expr::Sym(var), Some(n)) => (var.clone(), n),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let Some((order, body)) = order.filter(|(n, _)| is_d(d) && *n == power) else { return Ok(None) };
        let body = match body {
            Some(body) => body,
            None => self.product()?,
        };
        let order = (order != 1).then(|| Expr::int(order));
        Ok(Some(super::operators::bind(BigOp::Derivative, body, var, order, None)))
    }

    fn root(&mut self) -> Result<Expr> {
        if self.eat(Tok::Open(Delim::Bracket)) {
            let index = self.fresh(Self::sum)?;
            if !self.eat(Tok::Close(Delim::Bracket)) {
                return self.unexpected();
            }
            let radicand = self.radicand()?;
            return Ok(match index.as_i64() {
                Some(2) => Expr::call(Func::Sqrt, radicand),
                _ => Expr::Call(Func::Root, vec![radicand, index]),
            });
        }
        Ok(Expr::call(Func::Sqrt, self.radicand()?))
    }

    fn radicand(&mut self) -> Result<Expr> {
        if self.eat(Tok::Minus) {
            return Ok(self.atom()?.neg());
        }
        self.atom()
    }

    /// A named function with its exponent, subscript and argument.
    fn function(&mut self, func: Func) -> Result<Expr> {
        // root(x) is the square root, cbrt(x) the cube root
        let word = self.src.get(self.toks[self.pos - 1].at as usize..).unwrap_or("");
        let index = if word.starts_with("root") { 2 } else { 3 };
        let mut base = None;
        let mut exponent = None;
        for _ in 0..2 {
            if self.eat(Tok::Under) {
                base = Some(match (func, self.peek()) {
                    // log_10 x means base 10, whatever TeX sets
                    (Func::Log, Some(Tok::Number(n))) => {
                        self.pos += 1;
                        number::value(n).map_or_else(|| self.unexpected(), Ok)?
                    }
                    _ => self.argument()?,
                });
            } else if self.peek() == Some(Tok::Caret) && self.peek_at(1) != Some(Tok::Degree) {
                self.pos += 1;
                let negative = self.eat(Tok::Minus);
                let e = self.argument()?;
                exponent = Some(if negative { e.neg() } else { e });
            }
        }
        let args = self.function_arguments()?;
        if base.is_some() && func != Func::Log {
            return self.unexpected();
        }
        let args = match (func, args.len()) {
            // cbrt(x) names its index
            (Func::Root, 1) => args.into_iter().chain([Expr::int(index)]).collect(),
            (Func::Exp, 1) if names_cis(word) => {
                args.into_iter().map(|x| Expr::product([Expr::Const(Const::I), x])).collect()
            }
            // lg is the logarithm to base 10, log any
            (Func::Log, 1)
                if base.is_none()
                    && matches!(word.as_bytes(), [b'l', b'g', ..] | [b'\\', b'l', b'g', ..]) =>
            {
                base = Some(Expr::int(10));
                args
            }
            _ => args,
        };
        let inverse = exponent.as_ref().and_then(Expr::as_i64) == Some(-1);
        let (func, exponent) = match inverse_of(func) {
            Some(inv) if inverse => (inv, None),
            _ => (func, exponent),
        };
        let call = Expr::Call(func, args.into_iter().chain(base).collect());
        Ok(match exponent {
            Some(e) => call.pow(e),
            None => call,
        })
    }

    fn function_arguments(&mut self) -> Result<Vec<Expr>> {
        match self.peek() {
            Some(Tok::Open(Delim::Paren | Delim::Brace | Delim::Bracket | Delim::Group)) => self.arguments(),
            _ => Ok(vec![self.open_argument()?]),
        }
    }

    /// `\sin 2\pi x`: factors up to the next function or operator.
    fn open_argument(&mut self) -> Result<Expr> {
        let mut negative = false;
        while self.eat(Tok::Minus) {
            negative = !negative;
        }
        let first = self.mixed_or_power()?;
        let mut factors = vec![first];
        while self.starts_factor() && !matches!(self.peek(), Some(Tok::Func(_) | Tok::Big(_) | Tok::Ellipsis))
        {
            factors.push(self.power()?);
        }
        let product = Expr::product(factors);
        Ok(if negative { product.neg() } else { product })
    }
}

/// The order n and the body of `d`, `d^2`, `d^n f` above the line of a derivative.
fn order_of(above: &Expr, is_d: impl Fn(&Expr) -> bool) -> Option<(i64, Option<Expr>)> {
    let power = |e: &Expr| match e {
        Expr::Pow(d, n) if is_d(d) => n.as_i64().filter(|n| (1..=9).contains(n)),
        e if is_d(e) => Some(1),
        _ => None,
    };
    match above {
        Expr::Mul(parts) => Some((power(&parts[0])?, Some(Expr::product(parts[1..].iter().cloned())))),
        e => Some((power(e)?, None)),
    }
}

/// Whether a function was written as `cis`, perhaps in `\operatorname{…}` or `\text{…}`.
fn names_cis(word: &str) -> bool {
    let name = word.trim_start_matches('\\');
    let name = ["operatorname", "mathrm", "text"].iter().find_map(|w| name.strip_prefix(w)).unwrap_or(name);
    name.trim_start_matches(['*', '{', ' ']).starts_with("cis")
}

fn inverse_of(func: Func) -> Option<Func> {
    Some(match func {
        Func::Sin => Func::Asin,
        Func::Cos => Func::Acos,
        Func::Tan => Func::Atan,
        Func::Cot => Func::Acot,
        Func::Sec => Func::Asec,
        Func::Csc => Func::Acsc,
        Func::Sinh => Func::Asinh,
        Func::Cosh => Func::Acosh,
        Func::Tanh => Func::Atanh,
        Func::Coth => Func::Acoth,
        Func::Sech => Func::Asech,
        Func::Csch => Func::Acsch,
        _ => return None,
    })
}
