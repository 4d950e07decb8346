//! A ball of two f64: quick, and decisive nearly always.

use super::Real;
use crate::expr::Rational;
use dashu::base::{Approximation, PowerOfTwo};
use std::cmp::Ordering;

/// Midpoint and radius.
#[derive(Clone, Copy, Debug)]
pub struct Ball64 {
    mid: f64,
    rad: f64,
}

/// A little more than one rounding error, relative; libm functions are off by up to two.
const EPS: f64 = 2.5e-16;
const LIBM: f64 = 1e-15;
const TINY: f64 = 1e-300;

impl Ball64 {
    /// A ball around `mid`.
    pub fn new(mid: f64, rad: f64) -> Ball64 {
        Ball64 { mid, rad }
    }

    fn checked(mid: f64, rad: f64) -> Option<Ball64> {
        (mid.is_finite() && rad.is_finite()).then_some(Ball64 { mid, rad })
    }

    /// The lowest and highest value.
    pub fn bounds(&self) -> (f64, f64) {
        (self.mid - self.rad, self.mid + self.rad)
    }
}

/// A quotient of integers that a double holds exactly: one rounding, without the general conversion.
fn small(value: &Rational) -> Option<Ball64> {
    const EXACT: u64 = 1 << 53;
    let above = i64::try_from(value.numerator()).ok().filter(|n| n.unsigned_abs() <= EXACT)? as f64;
    if value.is_int() {
        return Some(Ball64 { mid: above, rad: 0.0 });
    }
    let below = u64::try_from(value.denominator()).ok().filter(|n| *n <= EXACT)? as f64;
    let mid = above / below;
    let exact = value.denominator().is_power_of_two();
    Some(Ball64 { mid, rad: if exact { 0.0 } else { mid.abs() * EPS } })
}

impl Real for Ball64 {
    type Context = ();

    fn rational(value: &Rational, _: ()) -> Option<Ball64> {
        if let Some(ball) = small(value) {
            return Some(ball);
        }
        let mid = match value.to_f64() {
            Approximation::Exact(x) => return Ball64::checked(x, 0.0),
            Approximation::Inexact(x, _) => x,
        };
        Ball64::checked(mid, mid.abs() * EPS + TINY)
    }

    fn pi(_: ()) -> Ball64 {
        Ball64 { mid: std::f64::consts::PI, rad: 2.0e-16 }
    }

    fn zero(_: ()) -> Ball64 {
        Ball64 { mid: 0.0, rad: 0.0 }
    }

    fn is_exact_zero(&self) -> bool {
        self.mid == 0.0 && self.rad == 0.0
    }

    fn sign(&self) -> Option<Ordering> {
        if self.is_exact_zero() {
            Some(Ordering::Equal)
        } else if self.mid > self.rad {
            Some(Ordering::Greater)
        } else if -self.mid > self.rad {
            Some(Ordering::Less)
        } else {
            None
        }
    }

    fn add(&self, other: &Ball64) -> Ball64 {
        let mid = self.mid + other.mid;
        let exact =
            self.rad == 0.0 && other.rad == 0.0 && mid - self.mid == other.mid && mid - other.mid == self.mid;
        let rounding = if exact { 0.0 } else { mid.abs() * EPS + TINY };
        Ball64 { mid, rad: (self.rad + other.rad) * (1.0 + EPS) + rounding }
    }

    fn neg(&self) -> Ball64 {
        Ball64 { mid: -self.mid, rad: self.rad }
    }

    fn mul(&self, other: &Ball64) -> Ball64 {
        if self.is_exact_zero() || other.is_exact_zero() {
            return Ball64 { mid: 0.0, rad: 0.0 };
        }
        let mid = self.mid * other.mid;
        let spread = self.mid.abs() * other.rad + other.mid.abs() * self.rad + self.rad * other.rad;
        // Products of small integers are exact, which keeps polynomial values exact.
        let exact =
            spread == 0.0 && mid.abs() < 9.0e15 && self.mid.fract() == 0.0 && other.mid.fract() == 0.0;
        let rounding = if exact { 0.0 } else { mid.abs() * EPS + TINY };
        Ball64 { mid, rad: spread * (1.0 + 4.0 * EPS) + rounding }
    }

    fn inv(&self) -> Option<Ball64> {
        let size = self.mid.abs();
        if size <= self.rad || size < TINY {
            return None;
        }
        let mid = 1.0 / self.mid;
        Ball64::checked(
            mid,
            self.rad / (size * (size - self.rad)) * (1.0 + 4.0 * EPS) + mid.abs() * EPS + TINY,
        )
    }

    fn sqrt(&self) -> Option<Ball64> {
        let (low, high) = self.bounds();
        if self.is_exact_zero() {
            return Some(*self);
        }
        if high < 0.0 {
            return None;
        }
        let top = high.sqrt();
        if low <= 0.0 {
            return Ball64::checked(top / 2.0, top / 2.0 * (1.0 + 4.0 * EPS) + TINY);
        }
        let mid = self.mid.sqrt();
        Ball64::checked(mid, self.rad / (2.0 * low.sqrt()) * (1.0 + 4.0 * EPS) + mid * EPS)
    }

    fn exp(&self) -> Option<Ball64> {
        if self.is_exact_zero() {
            return Some(Ball64 { mid: 1.0, rad: 0.0 });
        }
        let mid = self.mid.exp();
        Ball64::checked(mid, mid * (self.rad.exp_m1() * (1.0 + LIBM) + LIBM) + TINY)
    }

    fn ln(&self) -> Option<Ball64> {
        let low = self.mid - self.rad;
        if low <= 0.0 {
            return None;
        }
        if self.mid == 1.0 && self.rad == 0.0 {
            return Some(Ball64 { mid: 0.0, rad: 0.0 });
        }
        let mid = self.mid.ln();
        Ball64::checked(mid, self.rad / low * (1.0 + LIBM) + mid.abs() * LIBM + 1e-17)
    }

    fn sin_cos(&self) -> Option<(Ball64, Ball64)> {
        if self.is_exact_zero() {
            return Some((*self, Ball64 { mid: 1.0, rad: 0.0 }));
        }
        if self.mid.is_nan() || self.mid.abs() >= 1e15 {
            return None;
        }
        let (s, c) = self.mid.sin_cos();
        let rad = self.rad + 3e-16;
        Some((Ball64 { mid: s, rad }, Ball64 { mid: c, rad }))
    }

    fn atan(&self) -> Ball64 {
        if self.is_exact_zero() {
            return *self;
        }
        Ball64 { mid: self.mid.atan(), rad: self.rad + 4e-16 }
    }

    fn approx(&self) -> f64 {
        self.mid
    }

    fn log2_radius_and_size(&self) -> (f64, f64) {
        (self.rad.log2(), (self.mid.abs() + self.rad).log2())
    }

    fn floor(&self) -> Option<i64> {
        let (low, high) = self.bounds();
        let (a, b) = (low.floor(), high.floor());
        (a == b && a.abs() < 9e15).then_some(a as i64)
    }
}
