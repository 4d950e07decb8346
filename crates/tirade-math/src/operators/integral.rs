//! Antiderivatives from a table, and definite integrals where the integrand has no pole between the bounds.

use super::{MAX_PARTS, depends, derivative, factors, put, ratio};
use crate::Rational;
use crate::equiv::{any, compare_constants};
use crate::expr::{Big, Const, Expr, Func};
use crate::normal::Builder;
use std::cmp::Ordering;

/// Steps of one integration: by parts, products written out.
const MAX_STEPS: u32 = 200;

/// The integral of `big`; without bounds its antiderivative without a constant.
pub fn integral(big: &Big) -> Option<Expr> {
    let mut table = Table { name: &big.var, steps: MAX_STEPS, domain: Vec::new() };
    let f = table.antiderivative(&big.body)?;
    match (&big.low, &big.high) {
        (None, None) => Some(f),
        (Some(low), Some(high)) => {
            let inside = |bound: &Expr| {
                !any(bound, &|e| matches!(e, Expr::Const(Const::Infinity | Const::Undefined)))
                    && table.domain.iter().all(|part| part.allows(&big.var, bound))
            };
            let together = |part: &Domain| part.same_side(&big.var, low, high);
            if !(inside(low) && inside(high) && table.domain.iter().all(together)) {
                return None;
            }
            Some(Expr::sum([put(&f, &big.var, high), put(&f, &big.var, low).neg()]))
        }
        _ => None,
    }
}

/// A linear expression that must keep off zero, or may not go below it, between the bounds.
struct Domain {
    linear: Expr,
    /// Zero itself is allowed (as for a square root).
    closed: bool,
    /// Negative values are allowed (as for 1/x), but not both signs.
    negative: bool,
}

impl Domain {
    fn sign(&self, name: &str, bound: &Expr) -> Option<Ordering> {
        compare_constants(&put(&self.linear, name, bound), &Expr::int(0))
    }

    fn allows(&self, name: &str, bound: &Expr) -> bool {
        match self.sign(name, bound) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => self.closed,
            Some(Ordering::Less) => self.negative,
            None => false,
        }
    }

    fn same_side(&self, name: &str, low: &Expr, high: &Expr) -> bool {
        self.closed || self.sign(name, low) == self.sign(name, high)
    }
}

struct Table<'n> {
    name: &'n str,
    steps: u32,
    domain: Vec<Domain>,
}

impl Table<'_> {
    fn x(&self) -> Expr {
        Expr::sym(self.name)
    }

    fn antiderivative(&mut self, e: &Expr) -> Option<Expr> {
        self.steps = self.steps.checked_sub(1)?;
        if let Expr::Add(terms) = e {
            let parts: Option<Vec<Expr>> = terms.iter().map(|t| self.antiderivative(t)).collect();
            return Some(Expr::sum(parts?));
        }
        let all = factors(e);
        let (rest, constants): (Vec<&Expr>, Vec<&Expr>) = all.iter().partition(|f| depends(f, self.name));
        let scale = constants.into_iter().cloned();
        let inner = match rest.as_slice() {
            [] => self.x(),
            [sum @ Expr::Add(_)] => self.antiderivative(sum)?,
            [one] => self.single(one)?,
            many => self.several(many)?,
        };
        Some(Expr::product(scale.chain([inner])))
    }

    /// The slope of an expression linear in the variable.
    fn slope(&self, e: &Expr) -> Option<Expr> {
        let d = derivative(e, self.name, MAX_PARTS)?;
        let vanishes = |e: &Expr| Builder::default().build(e).map(|f| f.num.is_zero());
        if depends(&d, self.name) && vanishes(&derivative(&d, self.name, MAX_PARTS)?) != Some(true) {
            return None;
        }
        let slope = put(&d, self.name, &Expr::int(3));
        (vanishes(&slope) == Some(false)).then_some(slope)
    }

    fn single(&mut self, f: &Expr) -> Option<Expr> {
        match f {
            Expr::Sym(_) => self.power(f, &Rational::ONE),
            Expr::Pow(base, n) if !depends(n, self.name) => self.raised(base, n.as_rational()?),
            Expr::Pow(base, exponent) if !depends(base, self.name) => {
                let below = match **base {
                    Expr::Const(Const::E) => self.slope(exponent)?,
                    _ if compare_constants(base, &Expr::int(0)) == Some(Ordering::Greater) => {
                        Expr::product([self.slope(exponent)?, Expr::call(Func::Ln, (**base).clone())])
                    }
                    _ => return None,
                };
                Some(f.clone().div(below))
            }
            Expr::Call(Func::Sqrt, args) => {
                self.raised(args.first()?, &Rational::from_parts(1.into(), 2u8.into()))
            }
            Expr::Call(Func::Root, args) => match args.as_slice() {
                [x, n] => self.raised(x, &(Rational::ONE / n.as_rational().filter(|n| !n.is_zero())?)),
                _ => None,
            },
            Expr::Call(func, args) => match args.as_slice() {
                [x] => self.function(*func, x, f),
                _ => None,
            },
            _ => None,
        }
    }

    fn function(&mut self, func: Func, x: &Expr, f: &Expr) -> Option<Expr> {
        let a = self.slope(x)?;
        let call = |func: Func| Expr::call(func, x.clone());
        let value = match func {
            Func::Exp => f.clone(),
            Func::Sin => call(Func::Cos).neg(),
            Func::Cos => call(Func::Sin),
            Func::Sinh => call(Func::Cosh),
            Func::Cosh => call(Func::Sinh),
            Func::Ln => {
                self.domain.push(Domain { linear: x.clone(), closed: false, negative: false });
                Expr::sum([Expr::product([x.clone(), f.clone()]), x.clone().neg()])
            }
            _ => return None,
        };
        Some(value.div(a))
    }

    /// `base^n` for a rational n.
    fn raised(&mut self, base: &Expr, n: &Rational) -> Option<Expr> {
        if self.slope(base).is_some() {
            return self.power(base, n);
        }
        match base {
            Expr::Call(func @ (Func::Sin | Func::Cos), args) if *n == Rational::from(2) => {
                // sin² = (1 - cos 2x)/2
                let double = Expr::call(Func::Cos, Expr::product([Expr::int(2), args.first()?.clone()]));
                let double = if *func == Func::Sin { double.neg() } else { double };
                let half = self.antiderivative(&Expr::sum([Expr::int(1), double]))?;
                Some(Expr::product([ratio(1, 2), half]))
            }
            Expr::Add(_) if n.is_int() && (2..=8).contains(&i64::try_from(n.numerator()).ok()?) => {
                let count = i64::try_from(n.numerator()).ok()?;
                let copies: Vec<&Expr> = (0..count).map(|_| base).collect();
                self.several(&copies)
            }
            Expr::Call(Func::Sqrt, args) => self.raised(args.first()?, &(n / Rational::from(2))),
            Expr::Pow(inner, m) => {
                let m = m.as_rational().filter(|m| m.is_int() && n.is_int())?;
                self.raised(inner, &(m * n))
            }
            _ => self.quadratic(base, n),
        }
    }

    /// `linear^n`.
    fn power(&mut self, linear: &Expr, n: &Rational) -> Option<Expr> {
        let a = self.slope(linear)?;
        if *n == Rational::NEG_ONE {
            self.domain.push(Domain { linear: linear.clone(), closed: false, negative: true });
            return Some(Expr::call(Func::Ln, Expr::call(Func::Abs, linear.clone())).div(a));
        }
        if !(n.is_int() && *n > Rational::ZERO) {
            let converges = *n > Rational::NEG_ONE;
            self.domain.push(Domain { linear: linear.clone(), closed: converges, negative: n.is_int() });
        }
        let up = n + Rational::ONE;
        Some(linear.clone().pow(Expr::Num(up.clone())).div(Expr::product([a, Expr::Num(up)])))
    }

    /// `1/(a x^2 + c)` and `1/sqrt(c - a x^2)` for positive numbers a, c.
    fn quadratic(&mut self, base: &Expr, n: &Rational) -> Option<Expr> {
        let at = |k: i64| Builder::default().build(&put(base, self.name, &Expr::int(k)))?.as_constant();
        let (c, up, down, two) = (at(0)?, at(1)?, at(-1)?, at(2)?);
        let a = &up - &c;
        let pure = up == down && two == &c + &a * Rational::from(4) && is_polynomial(base, self.name);
        let half = Rational::from_parts((-1).into(), 2u8.into());
        let root = |q: Rational| Expr::call(Func::Sqrt, Expr::Num(q));
        if !pure || c <= Rational::ZERO || a.is_zero() {
            return None;
        }
        if *n == Rational::NEG_ONE && a > Rational::ZERO {
            let inner = Expr::product([self.x(), root(&a / &c)]);
            return Some(Expr::call(Func::Atan, inner).div(root(a * c)));
        }
        if *n == half && a < Rational::ZERO {
            let edge = root(-(&c / &a));
            for sign in [1, -1] {
                let linear = Expr::sum([edge.clone(), Expr::product([Expr::int(sign), self.x()])]);
                self.domain.push(Domain { linear, closed: true, negative: false });
            }
            let inner = Expr::product([self.x(), root(-(&a / &c))]);
            return Some(Expr::call(Func::Asin, inner).div(root(-a)));
        }
        None
    }

    /// Several factors: powers of the variable put together, sums multiplied out, then by parts.
    fn several(&mut self, many: &[&Expr]) -> Option<Expr> {
        if let Some(at) = many.iter().position(|f| matches!(f, Expr::Add(_))) {
            let Expr::Add(terms) = many[at] else { return None };
            self.steps = self.steps.checked_sub(terms.len() as u32)?;
            let rest = || many.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, f)| (*f).clone());
            return self
                .antiderivative(&Expr::sum(terms.iter().map(|t| Expr::product(rest().chain([t.clone()])))));
        }
        let (powers, others): (Vec<&&Expr>, Vec<&&Expr>) =
            many.iter().partition(|f| self.exponent(f).is_some());
        let n: Rational = powers.iter().filter_map(|f| self.exponent(f)).fold(Rational::ZERO, |a, b| a + b);
        match others.as_slice() {
            [] => self.power(&self.x(), &n),
            [Expr::Pow(base, m)]
                if matches!(&**base, Expr::Add(_)) && m.as_i64().is_some_and(|m| (2..=8).contains(&m)) =>
            {
                let copies = (0..m.as_i64()?).map(|_| &**base);
                let all: Vec<&Expr> = powers.iter().map(|f| **f).chain(copies).collect();
                self.several(&all)
            }
            [f] if n.is_zero() => self.single(f),
            [f] => self.by_parts(&n, f),
            _ => None,
        }
    }

    /// The exponent of a power of the variable itself.
    fn exponent(&self, f: &Expr) -> Option<Rational> {
        let is_x = |e: &Expr| matches!(e, Expr::Sym(s) if s == self.name);
        match f {
            e if is_x(e) => Some(Rational::ONE),
            Expr::Pow(base, n) if is_x(base) => n.as_rational().cloned(),
            Expr::Call(Func::Sqrt, args) if args.iter().all(is_x) => {
                Some(Rational::from_parts(1.into(), 2u8.into()))
            }
            _ => None,
        }
    }

    /// `x^n f(x)` for a whole n, with f an exponential, sine or cosine of something linear, or a logarithm.
    fn by_parts(&mut self, n: &Rational, f: &Expr) -> Option<Expr> {
        self.steps = self.steps.checked_sub(1)?;
        let count = i64::try_from(n.numerator()).ok().filter(|c| n.is_int() && (1..=12).contains(c))?;
        let x = self.x();
        if matches!(f, Expr::Call(Func::Ln, args) if args.iter().all(|a| *a == x)) {
            self.domain.push(Domain { linear: x.clone(), closed: false, negative: false });
            let up = Expr::int(count + 1);
            let power = x.pow(up.clone()).div(up.clone());
            return Some(Expr::sum([Expr::product([power.clone(), f.clone()]), power.div(up).neg()]));
        }
        if matches!(f, Expr::Call(Func::Ln | Func::Sqrt | Func::Root, _))
            || matches!(f, Expr::Pow(_, m) if !depends(m, self.name))
        {
            return None;
        }
        let whole = self.single(f)?;
        let power = x.clone().pow(Expr::int(count));
        let lower = if count == 1 { Expr::int(1) } else { x.pow(Expr::int(count - 1)) };
        let rest = self.antiderivative(&Expr::product([Expr::int(count), lower, whole.clone()]))?;
        Some(Expr::sum([Expr::product([power, whole]), rest.neg()]))
    }
}

/// Sums and products of the variable and whole powers of it.
fn is_polynomial(e: &Expr, name: &str) -> bool {
    match e {
        e if !depends(e, name) => true,
        Expr::Sym(_) => true,
        Expr::Add(parts) | Expr::Mul(parts) => parts.iter().all(|p| is_polynomial(p, name)),
        Expr::Pow(base, n) => n.as_i64().is_some_and(|n| (0..=20).contains(&n)) && is_polynomial(base, name),
        _ => false,
    }
}
