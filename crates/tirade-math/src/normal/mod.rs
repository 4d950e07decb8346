//! Normal forms: sums of products of powers, over a sum of products of powers.
//!
//! Two expressions with the same normal form are equal. The converse holds for polynomials and rational functions in
//! independent variables (and for square roots of primes), so there a different normal form is a proof of inequality;
//! elsewhere it proves nothing and [`crate::equiv`] asks the numbers.
//!
//! Everything is capped: terms, sizes of coefficients, exponents. Over the cap there is no normal form ([`None`]).

mod build;
mod counting;
mod mono;
mod poly;
mod power;

pub use build::Builder;
pub use mono::{Atom, Exponent, Mono};
pub use poly::{Fraction, Poly};

/// Terms in one polynomial.
pub const MAX_TERMS: usize = 600;
/// Products of terms in one multiplication.
pub const MAX_PRODUCTS: usize = 20_000;
/// Bits in one coefficient.
pub const MAX_BITS: usize = 16_384;
/// A power of a sum is multiplied out up to this exponent.
const MAX_EXPAND: u64 = 24;
