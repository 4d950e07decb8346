//! Integer roots, perfect powers and square parts.

use dashu::base::{Abs, BitTest, UnsignedAbs};
use dashu::integer::IBig;

use super::{factorint, is_negative, small_primes};
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, Worked, at_most, bounded, undefined};

/// Largest `r` with `r^k <= n` for `n >= 0`; for odd `k` and negative `n` the root of `|n|`, negated.
///
/// # Errors
/// `Undefined` for `k = 0` or an even root of a negative number.
pub fn integer_root(n: &IBig, k: usize) -> Exact<IBig> {
    bounded(n)?;
    if k == 0 || (is_negative(n) && k.is_multiple_of(2)) {
        return undefined(format!("the {k}-th root of {n}"));
    }
    if is_negative(n) {
        return Ok(-integer_root(&-n, k)?);
    }
    if k >= n.bit_len().max(1) {
        return Ok(if n.is_zero() { IBig::ZERO } else { IBig::ONE });
    }
    Ok(n.unsigned_abs().nth_root(k).into())
}

/// [`integer_root`] with the two powers that enclose the number.
///
/// # Errors
/// As [`integer_root`].
pub fn integer_root_worked(n: &IBig, k: usize) -> Exact<Worked<IBig>> {
    at_most("order of the root", k, 10_000)?;
    let root = integer_root(n, k)?;
    let mut steps = Derivation::default();
    let power = root.pow(k);
    if power == *n {
        steps.push(Rule::Compute, || [claim(format!("{}^{{{k}}} = {n}", super::factor_tex(&root)))]);
    } else {
        let next = if is_negative(n) { &root - IBig::ONE } else { &root + IBig::ONE };
        let sign = if is_negative(n) { '>' } else { '<' };
        let shown = |r: &IBig| format!("{}^{{{k}}} = {}", super::factor_tex(r), r.pow(k));
        let formula = format!("{} {sign} {n} {sign} {}", shown(&root), next.pow(k));
        steps.push(Rule::RootBetween, || [claim(formula), term(root.to_string())]);
    }
    Ok(Worked::new(root, steps))
}

/// `(b, k)` with `n = b^k` and the largest possible `k >= 2`, if there is one.
pub fn perfect_power(n: &IBig) -> Option<(IBig, usize)> {
    let magnitude = n.clone().abs();
    if magnitude <= IBig::ONE {
        return None;
    }
    let exponents = (2..=magnitude.bit_len()).rev().filter(|k| !is_negative(n) || k % 2 == 1);
    exponents.take(4_096).find_map(|k| {
        let root = integer_root(n, k).ok()?;
        (root.pow(k) == *n).then_some((root, k))
    })
}

/// `(s, f)` with `n = s^2 f` and `f` square-free, for `n > 0`; the sign of `n` goes to `f`.
///
/// # Errors
/// `TooLarge` when `n` cannot be factored within the work bound.
pub fn square_part(n: &IBig) -> Exact<(IBig, IBig)> {
    if n.is_zero() {
        return Ok((IBig::ZERO, IBig::ONE));
    }
    if let Some((square, free)) = u64::try_from(n.unsigned_abs()).ok().and_then(square_part_of_word) {
        return Ok((square.into(), if is_negative(n) { -IBig::from(free) } else { free.into() }));
    }
    if !is_negative(n) {
        let root = integer_root(n, 2)?;
        if &root * &root == *n {
            return Ok((root, IBig::ONE));
        }
    }
    let mut square = IBig::ONE;
    let mut free = if is_negative(n) { IBig::NEG_ONE } else { IBig::ONE };
    for (p, e) in factorint(n)? {
        square *= p.pow(e / 2);
        if e % 2 == 1 {
            free *= p;
        }
    }
    Ok((square, free))
}

/// [`square_part`] of a number that has at most two prime factors once those up to its cube root are gone, as all up to eight
/// billion have: what is left is a square or free of squares.
fn square_part_of_word(mut n: u64) -> Option<(u64, u64)> {
    let (mut square, mut free) = (1, 1);
    let mut primes = small_primes().iter().map(|p| u64::from(*p));
    loop {
        let p = primes.next()?;
        if p * p * p > n {
            break;
        }
        while n.is_multiple_of(p * p) {
            n /= p * p;
            square *= p;
        }
        if n.is_multiple_of(p) {
            n /= p;
            free *= p;
        }
    }
    let root = n.isqrt();
    if root * root == n { Some((square * root, free)) } else { Some((square, free * n)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_table() {
        let cases = [
            (0, 2, 0),
            (15, 2, 3),
            (16, 2, 4),
            (26, 3, 2),
            (27, 3, 3),
            (-27, 3, -3),
            (1, 7, 1),
            (1 << 30, 31, 1),
        ];
        for (n, k, root) in cases {
            assert_eq!(integer_root(&n.into(), k).unwrap(), root.into(), "{n} {k}");
        }
        assert!(integer_root(&(-4).into(), 2).is_err());
    }

    #[test]
    fn perfect_powers() {
        let cases = [
            (64, Some((2, 6))),
            (-64, Some((-4, 3))),
            (36, Some((6, 2))),
            (12, None),
            (1, None),
            (-8, Some((-2, 3))),
        ];
        for (n, expected) in cases {
            assert_eq!(perfect_power(&n.into()), expected.map(|(b, k)| (IBig::from(b), k)), "{n}");
        }
    }

    #[test]
    fn square_parts() {
        for (n, s, f) in [(72, 6, 2), (1, 1, 1), (-12, 2, -3), (49, 7, 1)] {
            assert_eq!(square_part(&n.into()).unwrap(), (s.into(), f.into()));
        }
        for n in
            (1..3000i64).chain(9_999_000..10_000_000).chain([7_999_999_999, 1 << 60, 1_999 * 1_999 * 2_003])
        {
            let (s, f) = square_part(&n.into()).unwrap();
            assert_eq!(&s * &s * &f, n.into());
            assert!(factorint(&f).unwrap().iter().all(|(_, e)| *e == 1), "{n} = {s}^2 {f}");
        }
    }

    #[test]
    fn enclosing_powers_are_true() {
        let english = integer_root_worked(&50.into(), 2).unwrap().derivation.render_english();
        assert_eq!(english, "Since $7^{2} = 49 < 50 < 64$, the integer part of the root is $7$.");
    }
}
