//! Sums, products, integrals, limits: operators that bind a variable.

use super::parser::{Parser, Result};
use super::token::{Delim, Tok};
use crate::expr::{Big, BigOp, Const, Expr, RelOp};
use smol_str::SmolStr;

impl<'a> Parser<'a> {
    /// The operator is eaten; bounds, body and differential follow.
    pub fn big(&mut self, op: BigOp) -> Result<Expr> {
        let (mut var, mut low, mut high) = (SmolStr::default(), None, None);
        for _ in 0..2 {
            if self.eat(Tok::Under) {
                (var, low) = self.lower(op, &mut high)?;
            } else if self.eat(Tok::Caret) {
                high = Some(match self.peek() {
                    Some(Tok::Open(Delim::Group)) => self.atom()?,
                    // \int^b_a: the subscript belongs to the integral
                    Some(Tok::Ident(name)) if self.peek_at(1) == Some(Tok::Under) => {
                        self.pos += 1;
                        Expr::sym(name)
                    }
                    _ => self.argument()?,
                });
            }
        }
        if op == BigOp::Integral {
            let (body, name) = self.integrand()?;
            return Ok(bind(op, body, name, low, high));
        }
        let body = self.product()?;
        Ok(bind(op, body, var, low, high))
    }

    /// `k=1`, `x \to 0`, or only a bound.
    fn lower(&mut self, op: BigOp, high: &mut Option<Expr>) -> Result<(SmolStr, Option<Expr>)> {
        let bound = self.atom_with_side(high, op)?;
        Ok(match bound {
            Expr::Relation(first, rest) if rest.len() == 1 && matches!(rest[0].0, RelOp::Eq | RelOp::To) => {
                let low = rest.into_iter().next().map(|(_, e)| e);
                (variable(&first), low)
            }
            other => (SmolStr::default(), Some(other)),
        })
    }

    /// The bound of a limit may carry a side: `x \to 0^+`.
    fn atom_with_side(&mut self, high: &mut Option<Expr>, op: BigOp) -> Result<Expr> {
        if op == BigOp::Limit {
            for i in 0..12 {
                let braced = [Tok::Caret, Tok::Open(Delim::Group), Tok::Plus, Tok::Close(Delim::Group)];
                let is_braced = (0..4).all(|k| k == 2 || self.peek_at(i + k) == Some(braced[k]));
                if let (true, Some(sign @ (Tok::Plus | Tok::Minus))) = (is_braced, self.peek_at(i + 2)) {
                    *high = Some(Expr::int(if sign == Tok::Plus { 1 } else { -1 }));
                    self.toks.drain(self.pos + i..self.pos + i + 4);
                    break;
                }
                let (Some(Tok::Caret), Some(sign @ (Tok::Plus | Tok::Minus))) =
                    (self.peek_at(i), self.peek_at(i + 1))
                else {
                    continue;
                };
                *high = Some(Expr::int(if sign == Tok::Plus { 1 } else { -1 }));
                self.toks.drain(self.pos + i..self.pos + i + 2);
                break;
            }
        }
        self.atom()
    }

    /// `Sum(f, (k, a, b))`, `sum(f, k, a, b)`, `diff(f, x, 2)`, `integrate(f, x)`; the name is eaten.
    pub fn big_call(&mut self, op: BigOp) -> Result<Expr> {
        let mut args = self.arguments()?;
        if let [_, Expr::Tuple(range)] = args.as_mut_slice() {
            let range = std::mem::take(range);
            args.truncate(1);
            args.extend(range);
        }
        let var = args.get(1).map(variable).filter(|v| !v.is_empty());
        let mut args = args.into_iter();
        let (Some(body), Some(_), Some(var)) = (args.next(), args.next(), var) else {
            return self.unexpected();
        };
        match (op, args.next(), args.next(), args.next()) {
            // programs take another letter for a constant
            (BigOp::Derivative, _, None, None) if matches!(&body, Expr::Sym(name) if *name != var) => {
                Ok(Expr::int(0))
            }
            (BigOp::Derivative, order, None, None) => Ok(bind(op, body, var, order, None)),
            (BigOp::Integral, None, None, None) => Ok(bind(op, body, var, None, None)),
            (BigOp::Derivative, ..) => self.unexpected(),
            (_, Some(low), Some(high), None) => Ok(bind(op, body, var, Some(low), Some(high))),
            _ => self.unexpected(),
        }
    }

    fn integrand(&mut self) -> Result<(Expr, SmolStr)> {
        let saved = std::mem::replace(&mut self.dx_ends, true);
        let first = self.at_dx().then(|| self.differential());
        let body = match first {
            // \int dx and \int dx f(x)
            Some(_) if !self.starts_factor() => Ok(Expr::int(1)),
            _ => self.sum(),
        };
        self.dx_ends = saved;
        let mut body = body?;
        let mut var = SmolStr::new_static("x");
        if let Some(name) = first {
            var = name;
        } else if !self.at_dx()
            && let Some((rest, name)) = inner_differential(&body)
        {
            (body, var) = (rest, name);
        } else if self.at_dx() {
            var = self.differential();
        }
        Ok((body, var))
    }

    /// The variable of the `dx` that stands here, which is eaten.
    fn differential(&mut self) -> SmolStr {
        self.pos += 2;
        match self.toks.get(self.pos - 1).map(|t| t.tok) {
            Some(Tok::Ident(name)) => name.into(),
            Some(Tok::Const(c)) => c.name().into(),
            _ => SmolStr::new_static("x"),
        }
    }
}

/// `\int \frac{dz}{z}`, `\int (x dx)`: the differential stands inside the integrand.
fn inner_differential(body: &Expr) -> Option<(Expr, SmolStr)> {
    let Expr::Mul(factors) = body else { return None };
    let at = factors.windows(2).position(|w| matches!(w, [Expr::Sym(d), Expr::Sym(_)] if d == "d"))?;
    let Expr::Sym(name) = &factors[at + 1] else { return None };
    let rest = factors[..at].iter().chain(&factors[at + 2..]).cloned();
    Some((Expr::product(rest), name.clone()))
}

fn variable(e: &Expr) -> SmolStr {
    match e {
        Expr::Sym(s) => s.clone(),
        Expr::Const(c) => c.name().into(),
        _ => SmolStr::default(),
    }
}

/// Builds the operator; a bound `i` or `e` is a variable in the body, not the constant.
pub fn bind(op: BigOp, body: Expr, var: SmolStr, low: Option<Expr>, high: Option<Expr>) -> Expr {
    let shadowed = match var.as_str() {
        "i" => Some(Const::I),
        "e" => Some(Const::E),
        _ => None,
    };
    let body = match shadowed {
        Some(c) => body.replace_const(c, &var),
        None => body,
    };
    Expr::Big(Box::new(Big { op, body, var, low, high }))
}
