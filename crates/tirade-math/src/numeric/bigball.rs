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
    /// See [`Real::is_lossy`].
    lossy: bool,
}

const EXACT: f64 = f64::NEG_INFINITY;
/// Numbers beyond 2^±this are refused, or become a ball around zero: dashu's functions of `2^-60000000` write that many
/// bits.
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
        BigBall { mid, rad: log_add(rad, rounding), prec, lossy: false }
    }

    fn exact(mid: Float, prec: usize) -> BigBall {
        BigBall { mid, rad: EXACT, prec, lossy: false }
    }

    /// With the losses of what it was computed from.
    fn after(self, lossy: bool) -> BigBall {
        BigBall { lossy: self.lossy || lossy, ..self }
    }

    /// Zero with the whole ball as its error, where the exponent is out of range.
    fn within_range(self) -> BigBall {
        if size(&self.mid).abs() < MAX_EXPONENT || self.mid.repr().significand().is_zero() {
            return self;
        }
        let rad = log_add(size(&self.mid), self.rad);
        BigBall { mid: BigBall::zero(self.prec).mid, rad, prec: self.prec, lossy: true }
    }

    /// Whether adding `self` to a number with an error of `2^error` leaves no trace although it is not zero.
    fn vanishes_in(&self, error: f64) -> bool {
        size(&self.mid) < error && self.low_size().is_some()
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

    /// Whether 1 + x is 1 at this precision.
    fn is_tiny(&self) -> bool {
        log_add(size(&self.mid), self.rad) < -(self.prec as f64)
    }

    /// sin x and atan x of a tiny x: off by less than x².
    fn near_itself(&self) -> BigBall {
        let error = 2.0 * log_add(size(&self.mid), self.rad);
        BigBall { rad: log_add(self.rad, error), ..self.clone() }
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
                BigBall::exact(above, prec)
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
        BigBall::exact(Float::from(0).with_precision(prec).value(), prec)
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
                return BigBall::exact(mid, self.prec).after(self.lossy || other.lossy);
            }
        }
        // A sum that cancels loses no bits below the operands' last places, so round at the larger operand's size.
        let rounding = size(&self.mid).max(size(&other.mid)) - self.prec as f64 + 1.0;
        let lost =
            self.vanishes_in(log_add(other.rad, rounding)) || other.vanishes_in(log_add(self.rad, rounding));
        let rad = log_add(log_add(self.rad, other.rad), rounding);
        BigBall { mid, rad, prec: self.prec, lossy: lost || self.lossy || other.lossy }
    }

    fn neg(&self) -> BigBall {
        BigBall { mid: -self.mid.clone(), ..self.clone() }
    }

    fn mul(&self, other: &BigBall) -> BigBall {
        if self.is_exact_zero() || other.is_exact_zero() {
            return BigBall::zero(self.prec);
        }
        let lossy = self.lossy || other.lossy;
        let digits = self.mid.repr().digits() + other.mid.repr().digits();
        if self.rad == EXACT && other.rad == EXACT && digits <= self.prec {
            return BigBall::exact(&self.mid * &other.mid, self.prec).after(lossy).within_range();
        }
        let cross = log_add(size(&self.mid) + other.rad, size(&other.mid) + self.rad);
        let rad = log_add(cross, self.rad + other.rad);
        BigBall::rounded(&self.mid * &other.mid, rad, self.prec).after(lossy).within_range()
    }

    fn inv(&self) -> Option<BigBall> {
        let low = self.low_size()?;
        let mid = BigBall::one(self.prec) / &self.mid;
        Some(BigBall::checked(mid, self.rad - 2.0 * low + 1.0, self.prec)?.after(self.lossy))
    }

    fn sqrt(&self) -> Option<BigBall> {
        if self.is_exact_zero() {
            return Some(self.clone());
        }
        match self.sign() {
            Some(Ordering::Greater) => {
                let low = self.low_size()?;
                let mid = self.mid.clone().with_precision(self.prec).value().sqrt();
                Some(BigBall::checked(mid, self.rad - low / 2.0, self.prec)?.after(self.lossy))
            }
            Some(_) => None,
            None => {
                // [0, top]: sqrt is at most sqrt(2^(size+1))
                let top = log_add(size(&self.mid), self.rad) / 2.0 + 1.0;
                Some(BigBall { mid: BigBall::zero(self.prec).mid, rad: top, ..self.clone() })
            }
        }
    }

    fn exp(&self) -> Option<BigBall> {
        if self.is_exact_zero() {
            return Some(BigBall::exact(BigBall::one(self.prec), self.prec).after(self.lossy));
        }
        if size(&self.mid) > 15.0 || self.rad > 0.0 {
            return None;
        }
        if self.is_tiny() {
            let rad = log_add(size(&self.mid), self.rad) + 1.0;
            let one = BigBall::rounded(BigBall::one(self.prec), rad, self.prec);
            return Some(one.after(self.lossy || self.low_size().is_some()));
        }
        let mid = self.mid.clone().with_precision(self.prec).value().exp();
        let rad = size(&mid) + self.rad + 1.0;
        Some(BigBall::checked(mid, rad, self.prec)?.after(self.lossy))
    }

    fn ln(&self) -> Option<BigBall> {
        if self.sign() != Some(Ordering::Greater) {
            return None;
        }
        let low = self.low_size()?;
        let mid = self.mid.clone().with_precision(self.prec).value().ln();
        // Near 1 the result is small: its last place is that of a number of size 1.
        let rad = log_add(self.rad - low + 1.0, 1.0 - self.prec as f64);
        Some(BigBall::checked(mid, rad, self.prec)?.after(self.lossy))
    }

    fn sin_cos(&self) -> Option<(BigBall, BigBall)> {
        if self.is_exact_zero() {
            let one = BigBall::exact(BigBall::one(self.prec), self.prec);
            return Some((self.clone(), one.after(self.lossy)));
        }
        if self.is_tiny() {
            let one = BigBall::rounded(BigBall::one(self.prec), size(&self.mid), self.prec);
            let lost = self.lossy || self.low_size().is_some();
            return Some((self.near_itself(), one.after(lost)));
        }
        let bits = size(&self.mid);
        if bits > 60.0 {
            return None;
        }
        let (s, c) = self.mid.clone().with_precision(self.prec).value().sin_cos();
        let rad = log_add(self.rad, 2.0 - self.prec as f64);
        let ball = |x: Float| BigBall::rounded(x, rad, self.prec).after(self.lossy);
        Some((ball(s), ball(c)))
    }

    fn atan(&self) -> BigBall {
        if self.is_exact_zero() {
            return self.clone();
        }
        if self.is_tiny() {
            return self.near_itself();
        }
        let mid = self.mid.clone().with_precision(self.prec).value().atan();
        BigBall::rounded(mid, log_add(self.rad, 1.0 - self.prec as f64), self.prec).after(self.lossy)
    }

    fn is_lossy(&self) -> bool {
        self.lossy
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
