//! Numbers too large or too small for any float: signed towers of exponentials over an f64 ball.
//!
//! `9^{9^{9^9}}` is `exp(exp(9^9 · ln 9 + ln ln 9))`, and two such numbers compare by comparing logarithms. Factorials
//! come in through Stirling's series with its error bound.

use super::{Ball64, Real};
use crate::expr::{Const, Expr, Func};
use std::cmp::Ordering;

/// `±x`, or `±exp(t)` where `exp(t)` would leave the range of f64.
#[derive(Clone, Debug)]
pub enum Tower {
    /// A number within the range of f64.
    Near(Ball64),
    /// Sign and logarithm of the absolute value.
    Far(bool, Box<Tower>),
}

/// Logarithms up to this are stored as the number itself.
const NEAR: f64 = 300.0;

/// The value of a constant expression, if towers can hold it.
pub fn tower(e: &Expr, budget: &mut u64) -> Option<Tower> {
    *budget = budget.checked_sub(1)?;
    match e {
        Expr::Num(n) => rational(n),
        Expr::Dec(d) => rational(&d.value),
        Expr::Const(Const::Pi) => Some(Tower::Near(Ball64::pi(()))),
        Expr::Const(Const::E) => near(1.0).exp(),
        Expr::Add(terms) => {
            let mut sum = tower(&terms[0], budget)?;
            for t in &terms[1..] {
                sum = sum.add(&tower(t, budget)?)?;
            }
            Some(sum)
        }
        Expr::Mul(factors) => {
            let mut product = tower(&factors[0], budget)?;
            for f in &factors[1..] {
                product = product.mul(&tower(f, budget)?)?;
            }
            Some(product)
        }
        Expr::Pow(base, exponent) => power(base, exponent, budget),
        Expr::Call(Func::Factorial, args) => tower(args.first()?, budget)?.factorial(),
        Expr::Call(Func::Binom, args) if args.len() == 2 => {
            let (n, k) = (tower(&args[0], budget)?, tower(&args[1], budget)?);
            let rest = n.add(&k.neg())?;
            n.factorial()?.div(&k.factorial()?)?.div(&rest.factorial()?)
        }
        Expr::Call(Func::Sqrt, args) => tower(args.first()?, budget)?.ln()?.mul(&near(0.5))?.exp(),
        Expr::Call(Func::Ln, args) => tower(args.first()?, budget)?.positive()?.ln(),
        Expr::Call(Func::Exp, args) => tower(args.first()?, budget)?.exp(),
        _ => None,
    }
}

fn near(x: f64) -> Tower {
    Tower::Near(Ball64::new(x, 0.0))
}

fn rational(n: &crate::Rational) -> Option<Tower> {
    if let Some(ball) = Ball64::rational(n, ()) {
        let size = ball.approx().abs();
        if n.is_zero() || (1e-120..1e120).contains(&size) {
            return Some(Tower::Near(ball));
        }
    }
    // ln of a huge integer: leading bits and their exponent.
    let ln = |bits: f64| bits * std::f64::consts::LN_2;
    let above = n.numerator().clone();
    let size_of = |m: &dashu::integer::UBig| {
        use dashu::base::BitTest;
        let shift = m.bit_len().saturating_sub(64);
        let top = (m >> shift).to_f64().value();
        ln(shift as f64) + top.ln()
    };
    use dashu::base::{Signed, UnsignedAbs};
    let negative = above.is_negative();
    let value = size_of(&above.unsigned_abs()) - size_of(n.denominator());
    let ball = Ball64::new(value, value.abs() * 1e-14 + 1e-14);
    Some(Tower::Far(negative, Box::new(Tower::Near(ball))).settled())
}

fn power(base: &Expr, exponent: &Expr, budget: &mut u64) -> Option<Tower> {
    let b = tower(base, budget)?;
    let x = tower(exponent, budget)?;
    if b.sign()? == Ordering::Less {
        let n = exponent.as_rational().filter(|r| r.is_int())?;
        let odd = !(n.numerator() % dashu::integer::IBig::from(2)).is_zero();
        let size = b.neg().ln()?.mul(&x)?.exp()?;
        return Some(if odd { size.neg() } else { size });
    }
    b.positive()?.ln()?.mul(&x)?.exp()
}

impl Tower {
    fn settled(self) -> Tower {
        if let Tower::Far(negative, ln) = &self
            && let Tower::Near(x) = **ln
            && x.approx().abs() < NEAR
            && let Some(value) = x.exp()
        {
            return Tower::Near(if *negative { value.neg() } else { value });
        }
        self
    }

    fn sign(&self) -> Option<Ordering> {
        match self {
            Tower::Near(x) => x.sign(),
            Tower::Far(negative, _) => Some(if *negative { Ordering::Less } else { Ordering::Greater }),
        }
    }

    fn positive(&self) -> Option<&Tower> {
        (self.sign()? == Ordering::Greater).then_some(self)
    }

    fn neg(&self) -> Tower {
        match self {
            Tower::Near(x) => Tower::Near(x.neg()),
            Tower::Far(negative, ln) => Tower::Far(!negative, ln.clone()),
        }
    }

    /// ln |x|
    fn ln(&self) -> Option<Tower> {
        match self {
            Tower::Near(x) => {
                let size = if x.sign()? == Ordering::Less { x.neg() } else { *x };
                Some(Tower::Near(size.ln()?))
            }
            Tower::Far(_, ln) => Some((**ln).clone()),
        }
    }

    fn exp(&self) -> Option<Tower> {
        Some(Tower::Far(false, Box::new(self.clone())).settled())
    }

    fn mul(&self, other: &Tower) -> Option<Tower> {
        if let (Tower::Near(a), Tower::Near(b)) = (self, other) {
            let product = a.mul(b);
            let size = product.approx().abs();
            if product.is_exact_zero() || (1e-120..1e120).contains(&size) {
                return Some(Tower::Near(product));
            }
        }
        let negative = (self.sign()? == Ordering::Less) != (other.sign()? == Ordering::Less);
        let ln = self.ln()?.add(&other.ln()?)?;
        Some(Tower::Far(negative, Box::new(ln)).settled())
    }

    fn div(&self, other: &Tower) -> Option<Tower> {
        let negative = (self.sign()? == Ordering::Less) != (other.sign()? == Ordering::Less);
        let ln = self.ln()?.add(&other.ln()?.neg())?;
        Some(Tower::Far(negative, Box::new(ln)).settled())
    }

    fn add(&self, other: &Tower) -> Option<Tower> {
        if let (Tower::Near(a), Tower::Near(b)) = (self, other) {
            return Some(Tower::Near(a.add(b)));
        }
        if matches!(self, Tower::Near(x) if x.is_exact_zero()) {
            return Some(other.clone());
        }
        if matches!(other, Tower::Near(x) if x.is_exact_zero()) {
            return Some(self.clone());
        }
        let (la, lb) = (self.ln()?, other.ln()?);
        let (big, small, sign) = match la.compare(&lb)? {
            Ordering::Less => (lb, la, other.sign()?),
            _ => (la, lb, self.sign()?),
        };
        let same = self.sign()? == other.sign()?;
        // ln(e^big ± e^small) = big + ln(1 ± e^-(big - small))
        let gap = match big.add(&small.neg())? {
            Tower::Near(x) => x.bounds().0,
            Tower::Far(..) => 1e6,
        };
        if gap < 0.5 {
            return None;
        }
        let correction = (-gap).exp();
        let correction = if same { correction.ln_1p() } else { -(-correction).ln_1p() };
        let shift = Tower::Near(Ball64::new(0.0, correction * (1.0 + 1e-9) + 1e-300));
        Some(Tower::Far(sign == Ordering::Less, Box::new(big.add(&shift)?)).settled())
    }

    /// The factorial of a large number, by Stirling; `None` for small or negative ones, which are computed exactly.
    fn factorial(&self) -> Option<Tower> {
        match self {
            Tower::Near(n) if n.approx() < 1.5 => (n.approx() >= 0.0).then(|| near(1.0)),
            Tower::Near(n) if n.approx() <= 60.0 => {
                let k = n.floor()?;
                Some(near((2..=k).map(|j| j as f64).product::<f64>()).widened(1e-14))
            }
            Tower::Near(n) => {
                let x = n.approx();
                let ln = x * x.ln() - x + 0.5 * (std::f64::consts::TAU * x).ln() + 1.0 / (12.0 * x);
                let (low, high) = n.bounds();
                let spread = (high - low) * x.ln();
                Some(
                    Tower::Far(false, Box::new(Tower::Near(Ball64::new(ln, ln * 1e-14 + spread + 1e-9))))
                        .settled(),
                )
            }
            Tower::Far(false, _) => {
                let ln = self.ln()?;
                let size = self.mul(&ln.add(&near(-1.0))?)?;
                Some(Tower::Far(false, Box::new(size)))
            }
            Tower::Far(true, _) => None,
        }
    }

    fn widened(self, relative: f64) -> Tower {
        match self {
            Tower::Near(x) => Tower::Near(Ball64::new(x.approx(), x.approx().abs() * relative)),
            far => far,
        }
    }

    /// Which is larger, where the error bounds decide it. Never `Equal` unless both are exact.
    pub fn compare(&self, other: &Tower) -> Option<Ordering> {
        match (self, other) {
            (Tower::Near(a), Tower::Near(b)) => a.add(&b.neg()).sign(),
            _ => {
                let (sa, sb) = (self.sign()?, other.sign()?);
                if sa != sb {
                    return Some(sa.cmp(&sb));
                }
                let sizes = self.ln()?.compare(&other.ln()?)?;
                Some(if sa == Ordering::Less { sizes.reverse() } else { sizes })
            }
        }
    }
}
