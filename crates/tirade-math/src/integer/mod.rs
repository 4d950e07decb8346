//! Number theory and counting on integers of any size, each with a derivation.
//!
//! Main type: dashu's [`IBig`]. Functions whose name ends in `_worked` return a
//! [`Worked`](crate::exact::Worked) value, the others the bare value. Work is bounded: results have at most
//! [`MAX_BITS`](crate::exact::MAX_BITS) bits, and factorisation stops with `TooLarge` after a fixed number of rounds.
//!
//! ```
//! use tirade_math::integer::factorint;
//! let factors = factorint(&360.into()).unwrap();
//! assert_eq!(factors, [(2.into(), 3), (3.into(), 2), (5.into(), 1)]);
//! ```

mod base;
mod congruence;
mod counting;
mod diophantine;
mod divisors;
mod gcd;
mod modular;
mod prime;
mod roots;

pub use base::{digit_sum_worked, digits, from_base_worked, to_base_worked};
pub use congruence::{Congruence, crt_worked, linear_congruence_worked};
pub use counting::{
    binomial, binomial_worked, catalan_worked, factorial, factorial_worked, fibonacci_worked,
    permutations_worked,
};
pub use diophantine::{LinearSolutions, diophantine_worked};
pub use divisors::{
    divisor_count_worked, divisor_sum_worked, divisors, divisors_worked, mobius_worked, totient,
    totient_worked,
};
pub use gcd::{
    Bezout, extended_gcd, extended_gcd_worked, gcd, gcd_all_worked, gcd_worked, lcm, lcm_all_worked,
};
pub use modular::{
    inverse_mod, inverse_mod_worked, jacobi, legendre_worked, multiplicative_order_worked, pow_mod,
    pow_mod_worked, rem_worked,
};
pub use prime::{factorint, factorint_worked, is_prime, is_prime_worked, next_prime_worked};
pub use roots::{integer_root, integer_root_worked, perfect_power, square_part};

pub(crate) use prime::small_primes;

use dashu::base::Sign;
use dashu::integer::IBig;

/// `true` for numbers below zero.
pub(crate) fn is_negative(n: &IBig) -> bool {
    n.sign() == Sign::Negative
}

/// LaTeX of an integer as a factor: negative numbers in parentheses.
pub(crate) fn factor_tex(n: &IBig) -> String {
    if is_negative(n) { format!("({n})") } else { n.to_string() }
}

/// LaTeX of an integer as a later term of a sum: ` + 5` or ` - 5`.
pub(crate) fn signed_tex(n: &IBig) -> String {
    if is_negative(n) { format!(" - {}", -n) } else { format!(" + {n}") }
}

/// LaTeX of `2^{3} \cdot 5`; `1` for the empty product.
pub(crate) fn powers_tex(factors: &[(IBig, usize)]) -> String {
    let power =
        |(p, e): &(IBig, usize)| if *e == 1 { factor_tex(p) } else { format!("{}^{{{e}}}", factor_tex(p)) };
    let parts: Vec<String> = factors.iter().map(power).collect();
    if parts.is_empty() { "1".into() } else { parts.join(" \\cdot ") }
}

/// A small number as `usize`, if it is one.
pub(crate) fn small(n: &IBig) -> Option<usize> {
    usize::try_from(n).ok()
}
