//! Factorisation of what is met most, without the general machinery: degrees up to three with coefficients of machine size, by
//! integer arithmetic alone, and binomials `a x^n + b`, by theorems.

use dashu::integer::IBig;
use dashu::rational::RBig;

use super::Poly;
use crate::integer::{integer_root, is_negative};

/// Largest coefficient of a cubic after it is made monic, and largest root looked for.
const MAX_COEFFICIENT: i128 = 1 << 60;
const MAX_ROOT: i128 = 1 << 31;
/// Largest degree of `x^n - b^n` that is split by cyclotomic polynomials.
const MAX_CYCLOTOMIC: usize = 12;

/// The irreducible factors (with repetitions) of a polynomial given by coprime integer coefficients from the constant term up, the
/// leading one positive; `None` when it is not of a kind that is done here.
pub(super) fn factor_small(ints: &[IBig]) -> Option<Vec<Poly>> {
    if let Some(factors) = binomial(ints) {
        return Some(factors);
    }
    let small: Vec<i128> =
        ints.iter().map(|c| i64::try_from(c).ok().map(i128::from)).collect::<Option<_>>()?;
    let factors = match *small.as_slice() {
        [c, b, a] => quadratic(a, b, c)?,
        [d, c, b, a] => cubic(a, b, c, d)?,
        _ => return None,
    };
    Some(factors.iter().map(|f| Poly::from_ibigs(&f.iter().map(|&c| c.into()).collect::<Vec<_>>())).collect())
}

fn quadratic(a: i128, b: i128, c: i128) -> Option<Vec<Vec<i128>>> {
    let discriminant = b.checked_mul(b)?.checked_sub(a.checked_mul(c)?.checked_mul(4)?)?;
    let Ok(square) = u128::try_from(discriminant) else { return Some(vec![vec![c, b, a]]) };
    let root = square.isqrt() as i128;
    if root * root != discriminant {
        return Some(vec![vec![c, b, a]]);
    }
    Some(vec![linear(2 * a, root - b), linear(2 * a, -root - b)])
}

/// The linear polynomial with integer coefficients and root `top / bottom`, for `bottom > 0`.
fn linear(bottom: i128, top: i128) -> Vec<i128> {
    let common = gcd(bottom.unsigned_abs(), top.unsigned_abs()) as i128;
    vec![-top / common, bottom / common]
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn cubic(a: i128, b: i128, c: i128, d: i128) -> Option<Vec<Vec<i128>>> {
    // The roots of the monic polynomial are a times as large, and integers where they are rational.
    let monic = [a.checked_mul(a)?.checked_mul(d)?, a.checked_mul(c)?, b];
    let Some(root) = monic_root(monic)? else { return Some(vec![vec![d, c, b, a]]) };
    let first = linear(a, root);
    let (u, v) = (-first[0], first[1]);
    let q2 = a / v;
    let q1 = (b + u * q2) / v;
    let q0 = (c + u * q1) / v;
    let mut factors = quadratic(q2, q1, q0)?;
    factors.push(first);
    Some(factors)
}

/// An integer root of `y^3 + b y^2 + c y + d`, given `[d, c, b]`. Between the integers around the points where its derivative
/// vanishes the polynomial is monotonic, so bisection finds every root there is.
fn monic_root([d, c, b]: [i128; 3]) -> Option<Option<i128>> {
    if [b, c, d].iter().any(|n| n.abs() >= MAX_COEFFICIENT) {
        return None;
    }
    let value = |y: i128| ((y + b) * y + c) * y + d;
    // Fujiwara's bound, rounded up.
    let root_of = |n: i128, k: u32| (n.unsigned_abs() as f64).powf(1.0 / f64::from(k)) as i128 + 2;
    let bound = 2 * b.abs().max(root_of(c, 2)).max(root_of(d, 3)) + 2;
    if bound > MAX_ROOT {
        return None;
    }
    let mut edges = vec![-bound];
    if let Ok(discriminant) = u128::try_from(b * b - 3 * c) {
        let root = discriminant.isqrt() as i128;
        for turn in [(-b - root).div_euclid(3), (-b + root).div_euclid(3)] {
            let around = turn - 2..=turn + 3;
            if let Some(found) = around.clone().find(|&y| value(y) == 0) {
                return Some(Some(found));
            }
            edges.extend([*around.start(), *around.end()]);
        }
    }
    edges.push(bound);
    Some(edges.chunks(2).filter(|pair| pair[0] < pair[1]).find_map(|pair| bisect(value, pair[0], pair[1])))
}

fn bisect(value: impl Fn(i128) -> i128, mut low: i128, mut high: i128) -> Option<i128> {
    let sign = value(low).signum();
    if sign == 0 {
        return Some(low);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if value(middle).signum() == sign { low = middle } else { high = middle }
    }
    (value(high) == 0).then_some(high)
}

/// `x^n = r`: irreducible unless `r` is a p-th power for a prime p that divides n, or -4 times a fourth power where 4 divides n
/// (Vahlen, Capelli); a power itself gives cyclotomic factors.
fn binomial(ints: &[IBig]) -> Option<Vec<Poly>> {
    let n = ints.len().checked_sub(1).filter(|n| *n > 2)?;
    if ints[1..n].iter().any(|c| !c.is_zero()) || ints[0].is_zero() {
        return None;
    }
    let r = -RBig::from(ints[0].clone()) / RBig::from(ints[n].clone());
    let primes = (2..=n).filter(|p| n.is_multiple_of(*p) && (2..*p).all(|q| !p.is_multiple_of(q)));
    let is_power = primes.into_iter().any(|p| root(&r, p).is_some());
    let sophie_germain = n.is_multiple_of(4) && root(&(&r * RBig::from(-4)), 4).is_some();
    if !is_power && !sophie_germain {
        return Some(vec![Poly::from_ibigs(ints)]);
    }
    let minus = is_negative(r.numerator());
    let b = root(&if minus { -r } else { r }, n).filter(|_| n <= MAX_CYCLOTOMIC)?;
    let order = |d: &usize| {
        if minus { (2 * n).is_multiple_of(*d) && !n.is_multiple_of(*d) } else { n.is_multiple_of(*d) }
    };
    Some((1..=2 * n).filter(order).map(|d| stretched(&cyclotomic(d), &b)).collect())
}

/// The rational n-th root, if there is one.
fn root(r: &RBig, n: usize) -> Option<RBig> {
    let exact = |m: &IBig| integer_root(m, n).ok().filter(|root| root.pow(n) == *m);
    Some(RBig::from(exact(r.numerator())?) / RBig::from(exact(r.denominator().as_ibig())?))
}

/// The d-th cyclotomic polynomial, for small d.
fn cyclotomic(d: usize) -> Vec<i64> {
    let mut rest = vec![0; d + 1];
    (rest[0], rest[d]) = (-1, 1);
    for e in (1..d).filter(|e| d.is_multiple_of(*e)) {
        rest = divide(rest, &cyclotomic(e));
    }
    rest
}

/// The quotient by a monic divisor.
fn divide(mut rest: Vec<i64>, by: &[i64]) -> Vec<i64> {
    let mut quotient = vec![0; rest.len() + 1 - by.len()];
    for at in (0..quotient.len()).rev() {
        quotient[at] = rest[at + by.len() - 1];
        for (i, c) in by.iter().enumerate() {
            rest[at + i] -= quotient[at] * c;
        }
    }
    quotient
}

/// The polynomial whose roots are `b` times as large, with coprime integer coefficients.
fn stretched(p: &[i64], b: &RBig) -> Poly {
    let (top, bottom) = (b.numerator(), b.denominator().as_ibig());
    let degree = p.len() - 1;
    let scaled = |(i, c): (usize, &i64)| IBig::from(*c) * bottom.pow(i) * top.pow(degree - i);
    Poly::from_ibigs(&p.iter().enumerate().map(scaled).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::factor::general;
    use super::*;

    /// The same as the general algorithm says.
    fn check(p: &Poly) {
        let (_, ints) = p.primitive();
        let Some(found) = factor_small(&ints) else { return };
        let mut found: Vec<Poly> = found;
        found.sort_by(|a, b| (a.degree(), a).cmp(&(b.degree(), b)));
        let known = general(&Poly::from_ibigs(&ints)).unwrap().factors;
        let known: Vec<Poly> = known.into_iter().flat_map(|(f, n)| std::iter::repeat_n(f, n)).collect();
        assert_eq!(found, known, "{}", p.tex("x"));
    }

    #[test]
    fn cubics_and_quadratics_come_apart_as_in_general() {
        let mut state = 99u64;
        let mut next = |n: i64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as i64 % (2 * n + 1) - n
        };
        for round in 0..600 {
            let size = [3, 20, 2000][round % 3];
            let mut ints = |n: usize| (0..n).map(|_| next(size)).collect::<Vec<_>>();
            let (linear, quadratic, cubic) = (ints(2), ints(3), ints(4));
            check(&Poly::from_ints(&cubic));
            check(&Poly::from_ints(&quadratic));
            check(&Poly::from_ints(&linear).mul(&Poly::from_ints(&quadratic)));
            let l = Poly::from_ints(&linear);
            check(&l.mul(&l).mul(&Poly::from_ints(&quadratic[..2])));
        }
    }

    #[test]
    fn binomials_come_apart_as_in_general() {
        for n in 3..=12 {
            for b in [-64, -16, -9, -8, -4, -1, 1, 2, 4, 7, 8, 9, 27, 64, 729, 1005, 4096] {
                for a in [1, 4, 8, 81] {
                    let mut coefficients = vec![0; n + 1];
                    (coefficients[0], coefficients[n]) = (b, a);
                    check(&Poly::from_ints(&coefficients));
                }
            }
        }
    }

    #[test]
    fn giants_are_left_to_the_general_way() {
        let p = Poly::from_ints(&[i64::MAX, 3, 5, i64::MAX - 4]);
        assert_eq!(factor_small(&p.primitive().1), None);
    }
}
