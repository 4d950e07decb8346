//! A ball of arbitrary precision: a dashu float and the logarithm of its error.

use super::Real;
use crate::expr::Rational;
use dashu::base::{Abs, Signed};
use dashu::float::FBig;
use dashu::float::round::mode::HalfAway;
use dashu::integer::IBig;
use std::cmp::Ordering;

type Float = FBig<HalfAway, 2>;

/// Midpoint, and log2 of the radius (−∞ if exact). A logarithm cannot under- or overflow at any precision.
#[derive(Clone, Debug)]
pub struct BigBall {
    mid: Float,
    rad: f64,
    prec: usize,
}

const EXACT: f64 = f64::NEG_INFINITY;
/// Numbers beyond 2^±this are refused: their functions would cost more than they decide.
const MAX_EXPONENT: f64 = 100_000.0;
/// Added to every logarithm of a radius against rounding in the logarithms themselves.
const SLACK: f64 = 1e-6;

/// log2(2^a + 2^b), rounded up.
fn log_add(a: f64, b: f64) -> f64 {
    if a == EXACT {
        return b;
    }
    if b == EXACT {
        return a;
    }
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    high + (low - high).exp2().ln_1p() / std::f64::consts::LN_2 + SLACK
}

/// An upper bound of log2 |x|.
fn size(x: &Float) -> f64 {
    if x.repr().significand().is_zero() {
        return EXACT;
    }
    x.repr().exponent() as f64 + x.repr().digits() as f64
}

impl BigBall {
    fn rounded(mid: Float, rad: f64, prec: usize) -> BigBall {
        let rounding = size(&mid) - prec as f64 + 1.0;
        BigBall { mid, rad: log_add(rad, rounding), prec }
    }

    fn checked(mid: Float, rad: f64, prec: usize) -> Option<BigBall> {
        (size(&mid).abs() < MAX_EXPONENT || mid.repr().significand().is_zero())
            .then(|| BigBall::rounded(mid, rad, prec))
    }

    /// log2 of a lower bound of |x|, if the ball excludes zero.
    fn low_size(&self) -> Option<f64> {
        let low = size(&self.mid) - 1.0;
        if self.rad == EXACT {
            return (!self.mid.repr().significand().is_zero()).then_some(low);
        }
        (self.rad < low - 1.0).then_some(low - 1.0)
    }

    fn one(prec: usize) -> Float {
        Float::from(1).with_precision(prec).value()
    }
}

impl Real for BigBall {
    type Context = usize;

    fn rational(value: &Rational, prec: usize) -> Option<BigBall> {
        let above = Float::from(value.numerator().clone()).with_precision(prec).value();
        if value.is_int() {
            let exact = size(&above) <= prec as f64;
            return Some(if exact {
                BigBall { mid: above, rad: EXACT, prec }
            } else {
                BigBall::rounded(above, EXACT, prec)
            });
        }
        let below = Float::from(IBig::from(value.denominator().clone())).with_precision(prec).value();
        let mid = above / below;
        let rad = size(&mid) - prec as f64 + 2.0;
        BigBall::checked(mid, rad, prec)
    }

    fn pi(prec: usize) -> BigBall {
        BigBall::rounded(Float::pi(prec), EXACT, prec)
    }

    fn zero(prec: usize) -> BigBall {
        BigBall { mid: Float::from(0).with_precision(prec).value(), rad: EXACT, prec }
    }

    fn is_exact_zero(&self) -> bool {
        self.rad == EXACT && self.mid.repr().significand().is_zero()
    }

    fn sign(&self) -> Option<Ordering> {
        if self.is_exact_zero() {
            return Some(Ordering::Equal);
        }
        self.low_size()?;
        Some(if self.mid.is_positive() { Ordering::Greater } else { Ordering::Less })
    }

    fn add(&self, other: &BigBall) -> BigBall {
        if self.is_exact_zero() {
            return other.clone();
        }
        if other.is_exact_zero() {
            return self.clone();
        }
        let mid = &self.mid + &other.mid;
        if self.rad == EXACT && other.rad == EXACT {
            let lowest = self.mid.repr().exponent().min(other.mid.repr().exponent()) as f64;
            if size(&self.mid).max(size(&other.mid)) + 1.0 - lowest <= self.prec as f64 {
                return BigBall { mid, rad: EXACT, prec: self.prec };
            }
        }
        // A sum that cancels loses no bits below the operands' last places, so round at the larger operand's size.
        let rounding = size(&self.mid).max(size(&other.mid)) - self.prec as f64 + 1.0;
        BigBall { mid, rad: log_add(log_add(self.rad, other.rad), rounding), prec: self.prec }
    }

    fn neg(&self) -> BigBall {
        BigBall { mid: -self.mid.clone(), rad: self.rad, prec: self.prec }
    }

    fn mul(&self, other: &BigBall) -> BigBall {
        if self.is_exact_zero() || other.is_exact_zero() {
            return BigBall::zero(self.prec);
        }
        let digits = self.mid.repr().digits() + other.mid.repr().digits();
        if self.rad == EXACT && other.rad == EXACT && digits <= self.prec {
            return BigBall { mid: &self.mid * &other.mid, rad: EXACT, prec: self.prec };
        }
        let cross = log_add(size(&self.mid) + other.rad, size(&other.mid) + self.rad);
        let rad = log_add(cross, self.rad + other.rad);
        BigBall::rounded(&self.mid * &other.mid, rad, self.prec)
    }

    fn inv(&self) -> Option<BigBall> {
        let low = self.low_size()?;
        let mid = BigBall::one(self.prec) / &self.mid;
        BigBall::checked(mid, self.rad - 2.0 * low + 1.0, self.prec)
    }

    fn sqrt(&self) -> Option<BigBall> {
        if self.is_exact_zero() {
            return Some(self.clone());
        }
        match self.sign() {
            Some(Ordering::Greater) => {
                let low = self.low_size()?;
                let mid = self.mid.clone().with_precision(self.prec).value().sqrt();
                BigBall::checked(mid, self.rad - low / 2.0, self.prec)
            }
            Some(_) => None,
            None => {
                // [0, top]: sqrt is at most sqrt(2^(size+1))
                let top = log_add(size(&self.mid), self.rad) / 2.0 + 1.0;
                Some(BigBall { mid: BigBall::zero(self.prec).mid, rad: top, prec: self.prec })
            }
        }
    }

    fn exp(&self) -> Option<BigBall> {
        if self.is_exact_zero() {
            return Some(BigBall { mid: BigBall::one(self.prec), rad: EXACT, prec: self.prec });
        }
        if size(&self.mid) > 15.0 || self.rad > 0.0 {
            return None;
        }
        let mid = self.mid.clone().with_precision(self.prec).value().exp();
        let rad = size(&mid) + self.rad + 1.0;
        BigBall::checked(mid, rad, self.prec)
    }

    fn ln(&self) -> Option<BigBall> {
        if self.sign() != Some(Ordering::Greater) {
            return None;
        }
        let low = self.low_size()?;
        let mid = self.mid.clone().with_precision(self.prec).value().ln();
        // Near 1 the result is small: its last place is that of a number of size 1.
        let rad = log_add(self.rad - low + 1.0, 1.0 - self.prec as f64);
        BigBall::checked(mid, rad, self.prec)
    }

    fn sin_cos(&self) -> Option<(BigBall, BigBall)> {
        if self.is_exact_zero() {
            return Some((
                self.clone(),
                BigBall { mid: BigBall::one(self.prec), rad: EXACT, prec: self.prec },
            ));
        }
        let bits = size(&self.mid);
        if bits > 60.0 {
            return None;
        }
        let (s, c) = self.mid.clone().with_precision(self.prec).value().sin_cos();
        let rad = log_add(self.rad, 2.0 - self.prec as f64);
        Some((BigBall::rounded(s, rad, self.prec), BigBall::rounded(c, rad, self.prec)))
    }

    fn atan(&self) -> BigBall {
        if self.is_exact_zero() {
            return self.clone();
        }
        let mid = self.mid.clone().with_precision(self.prec).value().atan();
        BigBall::rounded(mid, log_add(self.rad, 1.0 - self.prec as f64), self.prec)
    }

    fn approx(&self) -> f64 {
        self.mid.to_f64().value()
    }

    fn log2_radius_and_size(&self) -> (f64, f64) {
        (self.rad, log_add(size(&self.mid), self.rad))
    }

    fn floor(&self) -> Option<i64> {
        if size(&self.mid) > 62.0 {
            return None;
        }
        let floor = self.mid.clone().floor();
        let value: i64 = floor.to_int().value().try_into().ok()?;
        if self.rad == EXACT {
            return Some(value);
        }
        // Both ends of the ball must have the same floor.
        let above = (&self.mid - floor).abs();
        let below = BigBall::one(self.prec) - &above;
        let inside = |gap: &Float| size(gap) - 1.0 > self.rad + 1.0;
        (inside(&above) && inside(&below)).then_some(value)
    }
}
