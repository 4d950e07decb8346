//! The value of an expression in balls, at given values of its variables.

use super::complex::small;
use super::{Complex, Real, functions};
use crate::expr::{Big, BigOp, Const, Expr, Func, LogicOp, Rational, RelOp};
use dashu::base::BitTest;
use smol_str::SmolStr;
use std::cmp::Ordering;

/// Why an expression has no value here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalError {
    /// Undefined at this point (0/0, log of a negative number in real mode), or too close to tell.
    Undefined,
    /// Something numbers cannot stand for.
    Unsupported,
    /// The allowance of operations is used up.
    Budget,
}

type C<R> = Complex<R>;
type Result<T> = std::result::Result<T, EvalError>;

/// Values of variables (and of unknown functions, by how they print).
pub type Env<R> = Vec<(SmolStr, C<R>)>;

/// More terms of a sum, factors of a product or a factorial are not computed one by one.
const MAX_TERMS: i64 = 2000;

/// Evaluates expressions under one set of values.
pub struct Evaluator<'a, R: Real> {
    /// Precision.
    pub context: R::Context,
    /// Values of the variables.
    pub env: Env<R>,
    /// Operations that may still be done.
    pub budget: &'a mut u64,
    /// Roots and logarithms of negative numbers are undefined.
    pub real_only: bool,
    /// `log` without a base is to base 10, not e.
    pub log10: bool,
}

impl<R: Real> Evaluator<'_, R> {
    /// A number of the answer, which may have thousands of digits.
    fn number(&mut self, value: &Rational) -> Result<C<R>> {
        let bits = value.numerator().bit_len() + value.denominator().bit_len();
        self.spend(u64::from(!value.is_int()) + bits as u64 / 32)?;
        self.rational(value)
    }

    fn rational(&self, value: &Rational) -> Result<C<R>> {
        let real = R::rational(value, self.context).ok_or(EvalError::Undefined)?;
        Ok(C::real(real, self.context))
    }

    fn int(&self, n: i64) -> C<R> {
        C::real(small::<R>(n, self.context), self.context)
    }

    fn spend(&mut self, cost: u64) -> Result<()> {
        *self.budget = self.budget.checked_sub(cost).ok_or(EvalError::Budget)?;
        Ok(())
    }

    /// The value of `e`.
    pub fn eval(&mut self, e: &Expr) -> Result<C<R>> {
        self.spend(1)?;
        match e {
            Expr::Num(n) => self.number(n),
            Expr::Dec(d) => self.number(&d.value),
            Expr::Sym(name) => self.variable(name),
            Expr::Apply(..) => {
                let name = e.to_string();
                self.spend(name.len() as u64 / 4)?;
                self.variable(&name)
            }
            Expr::Const(c) => self.constant(*c),
            Expr::Add(terms) => terms.iter().try_fold(self.int(0), |sum, t| Ok(sum.add(&self.eval(t)?))),
            Expr::Mul(factors) => {
                factors.iter().try_fold(self.int(1), |product, f| Ok(product.mul(&self.eval(f)?)))
            }
            Expr::Pow(base, exponent) => self.power(base, exponent),
            Expr::Call(func, args) => self.call(*func, args),
            Expr::Based(digits, base) => self.rational(&crate::expr::based_value(digits, *base)),
            Expr::Quantity(x, unit) => self.quantity(x, unit),
            Expr::Ratio(parts) if parts.len() == 2 => {
                let below = self.eval(&parts[1])?.inv().ok_or(EvalError::Undefined)?;
                Ok(self.eval(&parts[0])?.mul(&below))
            }
            Expr::Big(big) => self.big(big),
            Expr::Cases(cases) if matches!(cases.as_slice(), [(_, Expr::Text(_))]) => self.eval(&cases[0].0),
            Expr::Cases(cases) => self.cases(cases),
            _ => Err(EvalError::Unsupported),
        }
    }

    fn variable(&self, name: &str) -> Result<C<R>> {
        let found = self.env.iter().rev().find(|(n, _)| n == name);
        found.map(|(_, value)| value.clone()).ok_or(EvalError::Unsupported)
    }

    fn constant(&self, c: Const) -> Result<C<R>> {
        let cx = self.context;
        match c {
            Const::Pi => Ok(C::real(R::pi(cx), cx)),
            Const::E => self.int(1).exp().ok_or(EvalError::Undefined),
            Const::I => Ok(Complex { re: R::zero(cx), im: small::<R>(1, cx) }),
            Const::Infinity | Const::Undefined => Err(EvalError::Undefined),
            _ => Err(EvalError::Unsupported),
        }
    }

    fn quantity(&mut self, x: &Expr, unit: &str) -> Result<C<R>> {
        let value = self.eval(x)?;
        let cx = self.context;
        match unit {
            "°" => {
                let scale = self.rational(&Rational::from_parts(1.into(), 180u8.into()))?;
                Ok(value.mul(&scale).mul(&C::real(R::pi(cx), cx)))
            }
            "%" => Ok(value.mul(&self.rational(&Rational::from_parts(1.into(), 100u8.into()))?)),
            _ => Err(EvalError::Unsupported),
        }
    }

    /// The integer an exact value is.
    fn exact_integer(&self, z: &C<R>) -> Option<i64> {
        let exact = z.is_real() && z.re.log2_radius_and_size().0 == f64::NEG_INFINITY;
        let n = z.re.floor()?;
        (exact && z.re.add(&small::<R>(-n, self.context)).is_exact_zero()).then_some(n)
    }

    fn power(&mut self, base: &Expr, exponent: &Expr) -> Result<C<R>> {
        let b = self.eval(base)?;
        if let Some(r) = exponent.as_rational() {
            if r.is_int() {
                let n = i64::try_from(r.numerator()).map_err(|_| EvalError::Undefined)?;
                return self.integer_power(&b, n);
            }
            if let (Ok(p), Ok(q)) = (i64::try_from(r.numerator()), i64::try_from(r.denominator().clone())) {
                return self.rational_power(&b, p, q);
            }
        }
        let x = self.eval(exponent)?;
        if let Some(n) = self.exact_integer(&x) {
            return self.integer_power(&b, n);
        }
        if matches!(base, Expr::Const(Const::E)) {
            return x.exp().ok_or(EvalError::Undefined);
        }
        if b.is_real() && b.re.is_exact_zero() {
            return match x.re.sign() {
                Some(Ordering::Greater) => Ok(b),
                _ => Err(EvalError::Undefined),
            };
        }
        if self.real_only && b.re.sign() != Some(Ordering::Greater) {
            return Err(EvalError::Undefined);
        }
        self.spend(6)?;
        let ln = b.ln(self.context).ok_or(EvalError::Undefined)?;
        ln.mul(&x).exp().ok_or(EvalError::Undefined)
    }

    fn integer_power(&mut self, base: &C<R>, n: i64) -> Result<C<R>> {
        self.spend(64 - u64::from(n.unsigned_abs().leading_zeros()))?;
        if n.unsigned_abs() > 1 << 40 || (n <= 0 && base.is_real() && base.re.is_exact_zero()) {
            return Err(EvalError::Undefined);
        }
        let power = base.powi(n.unsigned_abs(), self.context);
        if n < 0 { power.inv().ok_or(EvalError::Undefined) } else { Ok(power) }
    }

    /// `base^(p/q)`, the real root where q is odd and the base is real.
    fn rational_power(&mut self, base: &C<R>, p: i64, q: i64) -> Result<C<R>> {
        let root = if q == 2 {
            if self.real_only && !(base.is_real() && base.re.sign() != Some(Ordering::Less)) {
                return Err(EvalError::Undefined);
            }
            base.sqrt(self.context).ok_or(EvalError::Undefined)?
        } else {
            self.root(base, q)?
        };
        self.integer_power(&root, p)
    }

    fn root(&mut self, x: &C<R>, n: i64) -> Result<C<R>> {
        self.spend(6)?;
        let index = self.rational(&Rational::from_parts(1.into(), n.unsigned_abs().max(1).into()))?;
        let positive = |x: &C<R>| x.ln(self.context)?.mul(&index).exp();
        let result = match (x.is_real(), x.re.sign()) {
            (true, Some(Ordering::Equal)) => Some(x.clone()),
            (true, Some(Ordering::Less)) if n % 2 != 0 => positive(&x.neg()).map(|r| r.neg()),
            (true, Some(Ordering::Less)) if self.real_only => None,
            _ => positive(x),
        };
        let result = result.ok_or(EvalError::Undefined)?;
        if n < 0 { result.inv().ok_or(EvalError::Undefined) } else { Ok(result) }
    }

    fn call(&mut self, func: Func, args: &[Expr]) -> Result<C<R>> {
        let cx = self.context;
        match (func, args) {
            (Func::Root, [x, n]) => {
                let (x, n) = (self.eval(x)?, self.eval(n)?);
                match self.exact_integer(&n) {
                    Some(n) if n != 0 => self.root(&x, n),
                    _ => {
                        let index = n.inv().ok_or(EvalError::Undefined)?;
                        let ln = x.ln(cx).ok_or(EvalError::Undefined)?;
                        ln.mul(&index).exp().ok_or(EvalError::Undefined)
                    }
                }
            }
            (Func::Log, [x]) => {
                let ln = self.log(x)?;
                if !self.log10 {
                    return Ok(ln);
                }
                let ten = self.int(10).ln(cx).and_then(|t| t.inv()).ok_or(EvalError::Undefined)?;
                Ok(ln.mul(&ten))
            }
            (Func::Log, [x, base]) => {
                let below = self.log(base)?.inv().ok_or(EvalError::Undefined)?;
                Ok(self.log(x)?.mul(&below))
            }
            (Func::Ln, [x]) => self.log(x),
            (Func::Sqrt, [x]) => {
                let x = self.eval(x)?;
                self.rational_power(&x, 1, 2)
            }
            (Func::Factorial | Func::DoubleFactorial, [x]) => {
                let x = self.eval(x)?;
                let n = self.exact_integer(&x).ok_or(EvalError::Unsupported)?;
                self.factorial(n, if func == Func::Factorial { 1 } else { 2 })
            }
            (Func::Gamma, [x]) => {
                let x = self.eval(x)?;
                let n = self.exact_integer(&x).ok_or(EvalError::Unsupported)?;
                self.factorial(n.saturating_sub(1), 1)
            }
            (Func::Binom | Func::Perm, [n, k]) => self.binomial(n, k, func == Func::Binom),
            (Func::Gcd | Func::Lcm | Func::Mod, _) => self.integers(func, args),
            (Func::Max | Func::Min, _) if !args.is_empty() => self.extreme(func, args),
            (Func::Det, [Expr::Matrix(rows)]) => self.determinant(rows),
            (Func::Asin | Func::Acos | Func::Atanh | Func::Acosh, [x]) if self.real_only => {
                let x = self.eval(x)?;
                let value = functions::unary(func, &x, cx).ok_or(EvalError::Undefined)?;
                if value.is_real() { Ok(value) } else { Err(EvalError::Undefined) }
            }
            (_, [x]) => {
                self.spend(12)?;
                let x = self.eval(x)?;
                functions::unary(func, &x, cx).ok_or(EvalError::Undefined)
            }
            _ => Err(EvalError::Unsupported),
        }
    }

    fn log(&mut self, x: &Expr) -> Result<C<R>> {
        self.spend(4)?;
        let x = self.eval(x)?;
        if self.real_only && x.re.sign() != Some(Ordering::Greater) {
            return Err(EvalError::Undefined);
        }
        x.ln(self.context).ok_or(EvalError::Undefined)
    }

    fn factorial(&mut self, n: i64, step: i64) -> Result<C<R>> {
        if !(0..=MAX_TERMS).contains(&n) {
            return Err(EvalError::Undefined);
        }
        self.spend(n as u64)?;
        let mut product = self.int(1);
        let mut k = n;
        while k > 1 {
            product = product.mul(&self.int(k));
            k -= step;
        }
        Ok(product)
    }

    fn binomial(&mut self, n: &Expr, k: &Expr, divided: bool) -> Result<C<R>> {
        let (n, k) = (self.eval(n)?, self.eval(k)?);
        let mut terms = self.exact_integer(&k).ok_or(EvalError::Unsupported)?;
        if let (Some(n), true) = (self.exact_integer(&n), divided)
            && n >= 0
            && (0..=n).contains(&terms)
        {
            terms = terms.min(n - terms);
        }
        if terms < 0 {
            return Ok(self.int(0));
        }
        if terms > MAX_TERMS {
            return Err(EvalError::Undefined);
        }
        self.spend(2 * terms as u64)?;
        let mut product = self.int(1);
        for j in 0..terms {
            product = product.mul(&n.add(&self.int(-j)));
        }
        if divided {
            let below = self.factorial(terms, 1)?.inv().ok_or(EvalError::Undefined)?;
            product = product.mul(&below);
        }
        Ok(product)
    }

    fn integers(&mut self, func: Func, args: &[Expr]) -> Result<C<R>> {
        let mut values = Vec::with_capacity(args.len());
        for a in args {
            let z = self.eval(a)?;
            values.push(self.exact_integer(&z).ok_or(EvalError::Unsupported)?);
        }
        let gcd = |a: i64, b: i64| {
            let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
            while b != 0 {
                (a, b) = (b, a % b);
            }
            i64::try_from(a).unwrap_or(0)
        };
        let result = match (func, values.as_slice()) {
            (Func::Mod, [a, m]) if *m != 0 => a.checked_rem_euclid(*m),
            (Func::Gcd, [first, rest @ ..]) => Some(rest.iter().fold(*first, |a, b| gcd(a, *b))),
            (Func::Lcm, [first, rest @ ..]) => rest.iter().try_fold(*first, |a, b| {
                let g = gcd(a, *b);
                if g == 0 { Some(0) } else { (a / g).checked_mul(*b) }
            }),
            _ => None,
        };
        result.map(|n| self.int(n)).ok_or(EvalError::Undefined)
    }

    fn extreme(&mut self, func: Func, args: &[Expr]) -> Result<C<R>> {
        let mut best = self.eval(&args[0])?;
        for a in &args[1..] {
            let candidate = self.eval(a)?;
            let difference = candidate.add(&best.neg());
            if !difference.is_real() {
                return Err(EvalError::Undefined);
            }
            let wanted = if func == Func::Max { Ordering::Greater } else { Ordering::Less };
            if difference.re.sign().ok_or(EvalError::Undefined)? == wanted {
                best = candidate;
            }
        }
        Ok(best)
    }

    /// Laplace expansion, for the small sizes that are written out.
    fn determinant(&mut self, rows: &[Vec<Expr>]) -> Result<C<R>> {
        let n = rows.len();
        if n == 0 || n > 5 || rows.iter().any(|r| r.len() != n) {
            return Err(EvalError::Unsupported);
        }
        let mut values = Vec::with_capacity(n);
        for row in rows {
            values.push(row.iter().map(|e| self.eval(e)).collect::<Result<Vec<_>>>()?);
        }
        Ok(self.minor(&values, 0, &mut vec![false; n]))
    }

    fn minor(&mut self, m: &[Vec<C<R>>], row: usize, used: &mut Vec<bool>) -> C<R> {
        if row == m.len() {
            return self.int(1);
        }
        let mut total = self.int(0);
        let mut negative = false;
        for column in 0..m.len() {
            if used[column] {
                continue;
            }
            used[column] = true;
            let term = m[row][column].mul(&self.minor(m, row + 1, used));
            used[column] = false;
            total = total.add(&if negative { term.neg() } else { term });
            negative = !negative;
        }
        total
    }

    /// The value of the first case whose condition holds.
    fn cases(&mut self, cases: &[(Expr, Expr)]) -> Result<C<R>> {
        for (value, condition) in cases {
            if self.holds(condition)? {
                return self.eval(value);
            }
        }
        Err(EvalError::Undefined)
    }

    fn holds(&mut self, condition: &Expr) -> Result<bool> {
        self.spend(1)?;
        match condition {
            Expr::Const(Const::True) => Ok(true),
            Expr::Relation(first, rest) => {
                let mut left = self.eval(first)?;
                for (op, right) in rest {
                    let right = self.eval(right)?;
                    if !related(&left, *op, &right)? {
                        return Ok(false);
                    }
                    left = right;
                }
                Ok(true)
            }
            Expr::List(items) | Expr::Logic(LogicOp::And, items) => {
                items.iter().try_fold(true, |all, c| Ok(all && self.holds(c)?))
            }
            Expr::Logic(LogicOp::Or, items) => {
                items.iter().try_fold(false, |any, c| Ok(any || self.holds(c)?))
            }
            _ => Err(EvalError::Unsupported),
        }
    }

    fn big(&mut self, big: &Big) -> Result<C<R>> {
        let (BigOp::Sum | BigOp::Prod, Some(low), Some(high)) = (big.op, &big.low, &big.high) else {
            return Err(EvalError::Unsupported);
        };
        let (low, high) = (self.eval(low)?, self.eval(high)?);
        let (Some(low), Some(high)) = (self.exact_integer(&low), self.exact_integer(&high)) else {
            return Err(EvalError::Unsupported);
        };
        if high.saturating_sub(low) > MAX_TERMS {
            return Err(EvalError::Unsupported);
        }
        let sum = big.op == BigOp::Sum;
        let mut total = self.int(if sum { 0 } else { 1 });
        for k in low..=high {
            let value = self.int(k);
            self.env.push((big.var.clone(), value));
            let term = self.eval(&big.body);
            self.env.pop();
            total = if sum { total.add(&term?) } else { total.mul(&term?) };
        }
        Ok(total)
    }
}

/// Whether two real values stand in a relation; undefined where the balls cannot tell.
fn related<R: Real>(left: &C<R>, op: RelOp, right: &C<R>) -> Result<bool> {
    let difference = left.add(&right.neg());
    let order = difference.re.sign().filter(|_| difference.is_real()).ok_or(EvalError::Undefined)?;
    Ok(match op {
        RelOp::Lt => order == Ordering::Less,
        RelOp::Le => order != Ordering::Greater,
        RelOp::Gt => order == Ordering::Greater,
        RelOp::Ge => order != Ordering::Less,
        RelOp::Eq => order == Ordering::Equal,
        RelOp::Ne => order != Ordering::Equal,
        _ => return Err(EvalError::Unsupported),
    })
}
