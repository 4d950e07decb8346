//! Numbers with guaranteed error bounds: f64 balls first, arbitrary precision where those cannot decide.
//!
//! A ball is a midpoint and a radius; the true value lies inside. Two values whose balls do not meet are different, with
//! certainty; balls that meet say nothing, which is why [`eval`] can be run at any precision.

mod ball64;
mod bigball;
mod complex;
mod eval;
mod functions;
mod tower;

pub use ball64::Ball64;
pub use bigball::BigBall;
pub use complex::Complex;
pub use eval::{Env, EvalError, Evaluator};
pub use tower::tower;

use crate::expr::Rational;
use std::cmp::Ordering;

/// A real number known up to an error. All operations are outward rounded; `None` means undefined or out of range.
pub trait Real: Clone {
    /// What the precision of a computation needs.
    type Context: Copy;
    /// The ball around an exact number.
    fn rational(value: &Rational, context: Self::Context) -> Option<Self>;
    /// π.
    fn pi(context: Self::Context) -> Self;
    /// Zero, exactly.
    fn zero(context: Self::Context) -> Self;
    /// Whether this is exactly zero.
    fn is_exact_zero(&self) -> bool;
    /// Whether a term that is not zero was too small to show anywhere in it, as in `6 + 10^{-99}`: two such numbers agree
    /// without being equal.
    fn is_lossy(&self) -> bool {
        false
    }
    /// The sign, where the ball decides it.
    fn sign(&self) -> Option<Ordering>;
    /// Sum.
    fn add(&self, other: &Self) -> Self;
    /// Negation.
    fn neg(&self) -> Self;
    /// Product.
    fn mul(&self, other: &Self) -> Self;
    /// 1/x, unless the ball holds zero.
    fn inv(&self) -> Option<Self>;
    /// Square root of a ball that is not certainly negative; the negative part is cut off.
    fn sqrt(&self) -> Option<Self>;
    /// Exponential function.
    fn exp(&self) -> Option<Self>;
    /// Logarithm of a certainly positive number.
    fn ln(&self) -> Option<Self>;
    /// Sine and cosine.
    fn sin_cos(&self) -> Option<(Self, Self)>;
    /// Inverse tangent.
    fn atan(&self) -> Self;
    /// The midpoint, as f64.
    fn approx(&self) -> f64;
    /// log2 of the radius (−∞ for exact) and of the largest magnitude in the ball.
    fn log2_radius_and_size(&self) -> (f64, f64);
    /// The greatest integer not above, if the whole ball agrees.
    fn floor(&self) -> Option<i64>;
}
