//! Factorials, binomials and divisors of whole numbers, within the caps.

use crate::expr::Rational;
use crate::fuel;
use dashu::base::{BitTest, UnsignedAbs};
use dashu::integer::{IBig, UBig};

/// Factorials up to this are numbers.
const MAX_FACTORIAL: i64 = 1500;

pub(super) fn factorial(n: &Rational, step: usize) -> Option<Rational> {
    let n = i64::try_from(n.is_int().then(|| n.numerator())?).ok()?;
    if !(0..=MAX_FACTORIAL).contains(&n) {
        return None;
    }
    fuel::spend(n as u64 * 40)?;
    let mut product = UBig::ONE;
    for k in (1..=n as u64).rev().step_by(step) {
        product *= UBig::from(k);
    }
    Some(Rational::from(product))
}

pub(super) fn binomial(args: &[IBig]) -> Option<Rational> {
    let [n, k] = args else { return None };
    let (n, k) = (i64::try_from(n).ok()?, i64::try_from(k).ok()?);
    if n < 0 || k < 0 {
        return None;
    }
    if k > n {
        return Some(Rational::ZERO);
    }
    let k = k.min(n - k);
    if k > MAX_FACTORIAL {
        return None;
    }
    fuel::spend(k as u64 * 100)?;
    let mut value = UBig::ONE;
    for j in 0..k {
        value = value * UBig::from((n - j) as u64) / UBig::from((j + 1) as u64);
        if value.bit_len() > super::MAX_BITS {
            return None;
        }
    }
    Some(Rational::from(value))
}

pub(super) fn permutations(args: &[IBig]) -> Option<Rational> {
    let [n, k] = args else { return None };
    let (n, k) = (i64::try_from(n).ok()?, i64::try_from(k).ok()?);
    if !(0..=MAX_FACTORIAL).contains(&k) || n < 0 {
        return None;
    }
    fuel::spend(k as u64 * 40)?;
    let product = (0..k).fold(IBig::ONE, |p, j| p * IBig::from(n - j));
    Some(Rational::from(product))
}

pub(super) fn fold_gcd(ints: &[IBig]) -> Option<UBig> {
    use dashu::base::Gcd;
    let mut g = UBig::ZERO;
    for n in ints {
        let n = n.clone().unsigned_abs();
        fuel::spend(4 * (n.bit_len() as u64 / 64) * (g.bit_len() as u64 / 64))?;
        g = if g.is_zero() {
            n
        } else if n.is_zero() {
            g
        } else {
            g.gcd(n)
        };
    }
    Some(g)
}

/// The least common multiple; `None` for a zero or beyond 4096 bits.
pub(super) fn fold_lcm(ints: &[IBig]) -> Option<UBig> {
    use dashu::base::Gcd;
    let mut lcm = UBig::ONE;
    for n in ints {
        let n = n.clone().unsigned_abs();
        if n.is_zero() || lcm.bit_len() > 4096 {
            return None;
        }
        fuel::spend(4 * (n.bit_len() as u64 / 64) * (lcm.bit_len() as u64 / 64))?;
        let g = (&lcm).gcd(&n);
        lcm = lcm / g * n;
    }
    Some(lcm)
}
