//! The allowance of work of one comparison, whatever the work is.
//!
//! Every loop that a hostile answer can make long spends from it: products of terms by the sizes of their coefficients,
//! operations on balls, divisions of polynomials. One unit is some ten nanoseconds at worst. The count belongs to the calling
//! thread and starts anew with each comparison, so a verdict depends on nothing but its two sides; a counter handed down
//! through every function would do the same with an argument more in each.
//!
//! ```text
//! fuel::within(fuel::COMPARISON, || …spend(n)?…)
//! ```

use crate::exact::{Exact, ExactError};
use crate::expr::Rational;
use dashu::base::BitTest;
use std::cell::Cell;

/// One answer compared with a gold answer: 4 ms, 10 at worst, also where other work shares the core.
pub const COMPARISON: u64 = 350_000;
/// A text read as an answer, with its operators written out.
pub const READING: u64 = 80_000;
/// One normal form, wherever it is built.
pub const NORMAL_FORM: u64 = 110_000;
/// One text that is checked: 50 ms at worst.
pub const PROSE: u64 = 2_500_000;

/// One call of a tool: 50 ms at worst for what spends from it.
pub const CALL: u64 = 5_000_000;

/// Outside of every comparison.
const UNBOUNDED: u64 = u64::MAX;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(UNBOUNDED) };
}

/// Puts the count back even if `work` unwinds.
struct Restore(u64);

impl Drop for Restore {
    fn drop(&mut self) {
        LEFT.set(self.0);
    }
}

/// Does `work` with at most `units`, or with what is left where that is less.
pub fn within<T>(units: u64, work: impl FnOnce() -> T) -> T {
    let outer = LEFT.get();
    let granted = units.min(outer);
    let mut restore = Restore(outer);
    LEFT.set(granted);
    let result = work();
    if outer != UNBOUNDED {
        restore.0 = outer - (granted - LEFT.get());
    }
    result
}

/// Does `work` with exactly `units`, however little is left outside, and tells what it used; for what is kept and used again.
pub fn apart<T>(units: u64, work: impl FnOnce() -> T) -> (T, u64) {
    let mut restore = Restore(LEFT.get());
    LEFT.set(units);
    let result = work();
    let used = units - LEFT.get();
    if restore.0 != UNBOUNDED {
        restore.0 = restore.0.saturating_sub(used);
    }
    (result, used)
}

/// Takes so many units; `None`, and nothing is left, if there are fewer.
pub fn spend(units: u64) -> Option<()> {
    let left = LEFT.get();
    if left == UNBOUNDED {
        return Some(());
    }
    let left = left.checked_sub(units);
    LEFT.set(left.unwrap_or(0));
    left.map(|_| ())
}

/// [`spend`] for what returns [`Exact`].
pub fn charge(units: u64) -> Exact<()> {
    let refused = ExactError::TooLarge { what: "work of one comparison", limit: COMPARISON as usize };
    spend(units).ok_or(refused)
}

/// Whether nothing is left.
pub fn is_empty() -> bool {
    LEFT.get() == 0
}

fn words(r: &Rational) -> (u64, u64) {
    (r.numerator().bit_len() as u64 / 64, r.denominator().bit_len() as u64 / 64)
}

/// Units of a product of two numbers beyond the first words: multiplications, and the divisors in common of fractions.
pub fn product(a: &Rational, b: &Rational) -> u64 {
    let ((an, ad), (bn, bd)) = (words(a), words(b));
    an * bn + ad * bd + GCD * (an * bd + bn * ad)
}

/// Units of a sum of two numbers beyond the first words.
pub fn sum(a: &Rational, b: &Rational) -> u64 {
    let ((an, ad), (bn, bd)) = (words(a), words(b));
    if ad + bd == 0 {
        return (an + bn) / 8;
    }
    an * bd + bn * ad + GCD * (ad * bd + (an + bn + ad + bd) * (ad + bd))
}

/// A common divisor takes this many times as long as a product of the same size.
const GCD: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_inside_is_spent_outside() {
        within(100, || {
            assert_eq!(within(30, || spend(31)), None);
            assert_eq!(within(500, || spend(60)), Some(()));
            assert_eq!(apart(1000, || spend(900)), (Some(()), 900));
            assert!(is_empty());
        });
        assert_eq!(spend(1 << 60), Some(()), "outside there is no bound");
    }
}
