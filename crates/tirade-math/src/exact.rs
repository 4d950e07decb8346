//! What every exact computation returns: a value with its derivation, or an honest refusal.
//!
//! [`Worked`] is a value together with the steps that lead to it; [`ExactError`] says why there is none. All bounds on
//! work are counted in bits, terms and rounds, never in time, so a call gives the same result on every machine.
//!
//! ```
//! use tirade_math::integer::gcd_worked;
//! let worked = gcd_worked(&252.into(), &105.into()).unwrap();
//! assert_eq!(worked.value, 21.into());
//! assert!(worked.derivation.render_english().contains("252 = 2 \\cdot 105 + 42"));
//! ```

use std::fmt;

use dashu::integer::IBig;
use dashu::rational::RBig;

use crate::derivation::Derivation;

/// Largest size, in bits, of an integer that an operation may produce.
pub const MAX_BITS: usize = 1 << 15;
/// Most terms that a polynomial, a sum or a list may have.
pub const MAX_TERMS: usize = 4_000;
/// Largest degree of a polynomial.
pub const MAX_DEGREE: usize = 400;

/// Why an exact operation gave no value. Each variant says what a caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExactError {
    /// The work or the result would exceed a fixed bound; use smaller input or another lane.
    TooLarge {
        /// What grew, e.g. `"factorial argument"`.
        what: &'static str,
        /// The bound, in units named by `what`.
        limit: usize,
    },
    /// The operation is undefined at this input, e.g. a division by zero or an empty list.
    Undefined(String),
    /// The operation is defined, but this engine does not do it exactly; ask SymPy.
    Unsupported(String),
}

/// Result of an exact operation.
pub type Exact<T> = Result<T, ExactError>;

/// A value and the steps that lead to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Worked<T> {
    /// The exact value.
    pub value: T,
    /// How a student would find it.
    pub derivation: Derivation,
}

impl<T> Worked<T> {
    /// Pairs a value with its derivation.
    pub fn new(value: T, derivation: Derivation) -> Self {
        Worked { value, derivation }
    }

    /// Changes the value and keeps the derivation.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Worked<U> {
        Worked { value: f(self.value), derivation: self.derivation }
    }
}

impl fmt::Display for ExactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExactError::TooLarge { what, limit } => write!(f, "too large: {what} is limited to {limit}"),
            ExactError::Undefined(what) => write!(f, "undefined: {what}"),
            ExactError::Unsupported(what) => write!(f, "not done exactly here: {what}"),
        }
    }
}

impl std::error::Error for ExactError {}

/// `Err(Undefined)` with a formatted message.
pub(crate) fn undefined<T>(what: impl Into<String>) -> Exact<T> {
    Err(ExactError::Undefined(what.into()))
}

/// `Err(Unsupported)` with a formatted message.
pub(crate) fn unsupported<T>(what: impl Into<String>) -> Exact<T> {
    Err(ExactError::Unsupported(what.into()))
}

/// `Err(TooLarge)` unless `size <= limit`.
pub(crate) fn at_most(what: &'static str, size: usize, limit: usize) -> Exact<()> {
    if size <= limit { Ok(()) } else { Err(ExactError::TooLarge { what, limit }) }
}

/// Number of bits of `|n|`.
pub(crate) fn bits(n: &IBig) -> usize {
    use dashu::base::BitTest;
    n.bit_len()
}

/// Refuses integers of more than [`MAX_BITS`] bits.
pub(crate) fn bounded(n: &IBig) -> Exact<()> {
    at_most("number of bits", bits(n), MAX_BITS)
}

/// Refuses rationals with a numerator or denominator of more than [`MAX_BITS`] bits.
pub(crate) fn bounded_rational(q: &RBig) -> Exact<()> {
    bounded(q.numerator())?;
    bounded(q.denominator().as_ibig())
}
