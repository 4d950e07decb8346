//! Polynomials with rational coefficients: dense in one variable ([`Poly`]), sparse in several ([`MPoly`]).
//!
//! ```
//! use tirade_math::poly::{factor, Poly};
//! let p = Poly::from_ints(&[-6, 11, -6, 1]); // x^3 - 6x^2 + 11x - 6
//! let factors = factor(&p).unwrap();
//! assert_eq!(factors.factors.len(), 3);
//! assert_eq!(factors.factors[0].0.tex("x"), "x - 3");
//! ```
//!
//! Degrees are bounded by [`MAX_DEGREE`](crate::exact::MAX_DEGREE), factorisation by
//! [`MAX_FACTOR_DEGREE`] and by the number of modular factors it may combine.

mod dense;
mod division;
mod factor;
mod gcd;
mod hensel;
mod modp;
mod multi;
mod multi_factor;
mod multi_gcd;
mod roots;
mod small;
mod sturm;

pub use dense::{Poly, rational_tex, signed_rational_tex};
pub use division::{div_rem_worked, gcd_worked};
pub use factor::{Factored, MAX_FACTOR_DEGREE, factor, square_free};
pub use gcd::{discriminant, gcd, resultant};
pub use multi::{MPoly, Monomial};
pub use multi_factor::{MFactored, factor_multi};
pub use multi_gcd::gcd_multi;
pub use roots::{Root, exact_roots, rational_roots};
pub(crate) use roots::{quadratic_roots, roots_of_factors, roots_of_irreducible};
pub use sturm::{count_real_roots, count_real_roots_worked, isolate_real_roots};
