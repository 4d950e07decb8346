//! Computer algebra on expressions.
mod calculus;
mod compare;
mod expand;
mod factor;
mod kernel;
mod poly;
mod print;
mod surds;
mod tex;
pub use calculus::*;
pub use expand::{collect_worked, expand_worked};
pub use factor::factor_worked;
pub use kernel::canonical;
pub use poly::{Fraction, from_dense, from_polynomial, symbols, to_dense, to_fraction, to_polynomial};
pub use print::{rational_text, to_sympy_string};
pub use surds::{SurdNumber, root_to_expr, surd_of, surd_to_expr};
pub use tex::{display_order, tex};
