//! Primality and factorisation with a deterministic bound on work.
//!
//! Small factors come from trial division by the primes below [`TRIAL_LIMIT`], larger ones from Pollard's rho in Brent's
//! form with at most [`RHO_ROUNDS`] rounds per seed. Primality below 2^64 is proven (strong tests to the first twelve
//! prime bases); above, it is the Baillie-PSW test, for which no counterexample is known.

use std::sync::OnceLock;

use dashu::base::{Abs, BitTest, RemEuclid, UnsignedAbs};
use dashu::integer::{IBig, UBig, fast_div::ConstDivisor};

use super::roots::integer_root;
use super::{jacobi, powers_tex, small};
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, ExactError, Worked, at_most, undefined, unsupported};

/// Trial division goes up to this number.
pub const TRIAL_LIMIT: usize = 2_000;
/// Rounds of Pollard's rho before giving up on a composite number.
pub const RHO_ROUNDS: usize = 1 << 17;
/// Largest number, in bits, whose primality is decided or whose factors are sought.
pub const PRIME_BITS: usize = 1_024;

/// The primes below [`TRIAL_LIMIT`].
pub(crate) fn small_primes() -> &'static [u32] {
    static PRIMES: OnceLock<Vec<u32>> = OnceLock::new();
    PRIMES.get_or_init(|| {
        let mut composite = [false; TRIAL_LIMIT];
        let mut primes = Vec::new();
        for n in 2..TRIAL_LIMIT {
            if !composite[n] {
                primes.push(n as u32);
                (n * n..TRIAL_LIMIT).step_by(n).for_each(|m| composite[m] = true);
            }
        }
        primes
    })
}

/// Whether `n` is prime; negative numbers are not.
///
/// # Errors
/// `TooLarge` above 1,024 bits.
pub fn is_prime(n: &IBig) -> Exact<bool> {
    at_most("number of bits for primality", n.bit_len(), PRIME_BITS)?;
    if let Ok(n) = u64::try_from(n) {
        return Ok(is_prime_u64(n));
    }
    if super::is_negative(n) || small_primes().iter().any(|&p| n.rem_euclid(IBig::from(p)) == 0u8.into()) {
        return Ok(false);
    }
    Ok(strong_test(&n.unsigned_abs(), 2) && strong_lucas(n))
}

fn mul_mod(a: u64, b: u64, n: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(n)) as u64
}

fn pow_mod_u64(mut base: u64, mut exponent: u64, n: u64) -> u64 {
    let mut power = 1 % n;
    base %= n;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = mul_mod(power, base, n);
        }
        base = mul_mod(base, base, n);
        exponent >>= 1;
    }
    power
}

/// Proven for all 64-bit numbers.
pub(crate) fn is_prime_u64(n: u64) -> bool {
    if n < 4_000_000 {
        return n > 1
            && small_primes()
                .iter()
                .map(|&p| u64::from(p))
                .take_while(|p| p * p <= n)
                .all(|p| !n.is_multiple_of(p));
    }
    let bases = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    bases.iter().all(|&b| !n.is_multiple_of(b)) && bases.iter().all(|&b| strong_test_u64(n, b))
}

fn strong_test_u64(n: u64, base: u64) -> bool {
    let twos = (n - 1).trailing_zeros();
    let mut x = pow_mod_u64(base, (n - 1) >> twos, n);
    if x == 1 || x == n - 1 {
        return true;
    }
    for _ in 1..twos {
        x = mul_mod(x, x, n);
        if x == n - 1 {
            return true;
        }
    }
    false
}

/// Strong probable-prime test of an odd `n > 2`.
fn strong_test(n: &UBig, base: u32) -> bool {
    let ring = ConstDivisor::new(n.clone());
    let minus_one = n - 1u8;
    let twos = minus_one.trailing_zeros().unwrap_or(0);
    let mut x = ring.reduce(UBig::from(base)).pow(&(&minus_one >> twos));
    if x.residue() == UBig::ONE || x.residue() == minus_one {
        return true;
    }
    for _ in 1..twos {
        x = x.sqr();
        if x.residue() == minus_one {
            return true;
        }
    }
    false
}

/// Strong Lucas test with Selfridge's parameters, `n` odd and not a multiple of a small prime.
fn strong_lucas(n: &IBig) -> bool {
    if integer_root(n, 2).is_ok_and(|r| &r * &r == *n) {
        return false;
    }
    let Some(d) = (0..1_000)
        .map(|i: i64| if i % 2 == 0 { 5 + 2 * i } else { -(5 + 2 * i) })
        .find(|&d| jacobi(&d.into(), n) == -1)
    else {
        return false;
    };
    let q = IBig::from((1 - d) / 4);
    let modulo = |x: IBig| IBig::from(x.rem_euclid(n));
    let half = |x: IBig| if x.bit(0) { (x + n) >> 1 } else { x >> 1 };
    let plus_one = n + IBig::ONE;
    let twos = plus_one.trailing_zeros().unwrap_or(0);
    let odd: IBig = plus_one >> twos;
    let (mut u, mut v, mut qk) = (IBig::ONE, IBig::ONE, modulo(q.clone()));
    for i in (0..odd.bit_len().saturating_sub(1)).rev() {
        (u, v) = (modulo(&u * &v), modulo(&v * &v - IBig::from(2) * &qk));
        qk = modulo(&qk * &qk);
        if odd.bit(i) {
            (u, v) = (half(modulo(&u + &v)), half(modulo(IBig::from(d) * &u + &v)));
            qk = modulo(qk * &q);
        }
    }
    if u.is_zero() || v.is_zero() {
        return true;
    }
    for _ in 1..twos {
        v = modulo(&v * &v - IBig::from(2) * &qk);
        if v.is_zero() {
            return true;
        }
        qk = modulo(&qk * &qk);
    }
    false
}

/// Prime factorisation of `|n|` with increasing primes; empty for 1.
///
/// # Errors
/// `Undefined` for 0, `TooLarge` when the work bound is reached.
pub fn factorint(n: &IBig) -> Exact<Vec<(IBig, usize)>> {
    if n.is_zero() {
        return undefined("the factorisation of 0");
    }
    at_most("number of bits to factor", n.bit_len(), PRIME_BITS)?;
    let mut rest = n.clone().abs();
    let mut factors: Vec<(IBig, usize)> = Vec::new();
    if let Ok(mut word) = u64::try_from(&rest) {
        for &p in small_primes() {
            let p = u64::from(p);
            if p * p > word {
                break;
            }
            let mut exponent = 0;
            while word % p == 0 {
                word /= p;
                exponent += 1;
            }
            if exponent > 0 {
                factors.push((p.into(), exponent));
            }
        }
        rest = word.into();
    } else {
        for &p in small_primes() {
            let prime = IBig::from(p);
            let mut exponent = 0;
            while (&rest).rem_euclid(&prime) == 0u8.into() {
                rest /= &prime;
                exponent += 1;
            }
            if exponent > 0 {
                factors.push((prime, exponent));
            }
        }
    }
    let mut large = Vec::new();
    split(rest, &mut large)?;
    large.sort();
    for p in large {
        match factors.last_mut() {
            Some((last, exponent)) if *last == p => *exponent += 1,
            _ => factors.push((p, 1)),
        }
    }
    Ok(factors)
}

/// Pushes the prime factors of `n`, which has no prime factor below [`TRIAL_LIMIT`] unless it is below its square.
fn split(n: IBig, primes: &mut Vec<IBig>) -> Exact<()> {
    let mut todo = vec![n];
    while let Some(n) = todo.pop() {
        if n.is_one() {
            continue;
        }
        if is_prime(&n)? {
            primes.push(n);
        } else {
            let root = integer_root(&n, 2)?;
            let d = if &root * &root == n { root } else { rho(&n)? };
            todo.push(&n / &d);
            todo.push(d);
        }
    }
    Ok(())
}

/// A proper factor of an odd composite non-square.
fn rho(n: &IBig) -> Exact<IBig> {
    let found = match u64::try_from(n) {
        Ok(word) => (1..20).find_map(|c| rho_u64(word, c)).map(IBig::from),
        Err(_) => (1..4).find_map(|c| rho_big(&n.unsigned_abs(), c)).map(IBig::from),
    };
    found.ok_or(ExactError::TooLarge { what: "rounds of factor search", limit: RHO_ROUNDS })
}

fn gcd_u64(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn rho_u64(n: u64, c: u64) -> Option<u64> {
    let step = |x: u64| ((u128::from(x) * u128::from(x) + u128::from(c)) % u128::from(n)) as u64;
    let (mut y, mut product) = (2, 1);
    let (mut length, mut rounds) = (1, 0);
    loop {
        let x = y;
        for done in (0..length).step_by(128) {
            let saved = y;
            for _ in 0..128.min(length - done) {
                y = step(y);
                product = mul_mod(product, x.abs_diff(y), n);
            }
            let d = gcd_u64(product, n);
            if d > 1 {
                return if d < n { Some(d) } else { rho_single(x, saved, n, step) };
            }
            rounds += 128;
            if rounds > RHO_ROUNDS {
                return None;
            }
        }
        length *= 2;
    }
}

/// Repeats the last batch one by one when the product swallowed both factors at once.
fn rho_single(x: u64, mut y: u64, n: u64, step: impl Fn(u64) -> u64) -> Option<u64> {
    for _ in 0..256 {
        y = step(y);
        let d = gcd_u64(x.abs_diff(y), n);
        if d > 1 {
            return (d < n).then_some(d);
        }
    }
    None
}

fn rho_big(n: &UBig, c: u32) -> Option<UBig> {
    use dashu::base::Gcd;
    let ring = ConstDivisor::new(n.clone());
    let add = ring.reduce(c);
    let (mut x, mut y, mut product) = (ring.reduce(2u8), ring.reduce(2u8), ring.reduce(1u8));
    let (mut power, mut length) = (1usize, 0usize);
    // The big-number lane is slower per round, so it gets an eighth of the rounds.
    for round in 1..=RHO_ROUNDS / 8 {
        y = y.sqr() + &add;
        product *= &x - &y;
        length += 1;
        if length == power || round % 64 == 0 {
            let d = product.residue().gcd(n);
            if d > UBig::ONE {
                return (d < *n).then_some(d);
            }
        }
        if length == power {
            x = y.clone();
            power *= 2;
            length = 0;
        }
    }
    None
}

/// [`factorint`] by dividing out the smallest primes.
///
/// # Errors
/// As [`factorint`]; `Unsupported` for negative numbers.
pub fn factorint_worked(n: &IBig) -> Exact<Worked<Vec<(IBig, usize)>>> {
    if super::is_negative(n) {
        return unsupported("factorising a negative number");
    }
    let factors = factorint(n)?;
    let mut steps = Derivation::default();
    if factors.is_empty() {
        steps.push(Rule::Trivial, || [claim("1 = 1")]);
        return Ok(Worked::new(factors, steps));
    }
    let primes: Vec<&IBig> = factors.iter().flat_map(|(p, e)| std::iter::repeat_n(p, *e)).collect();
    let mut rest = n.clone();
    let mut divisions = Vec::new();
    for p in &primes[..primes.len() - 1] {
        let next = &rest / *p;
        divisions.push(claim(format!("{rest} = {p} \\cdot {next}")));
        rest = next;
    }
    if !divisions.is_empty() {
        steps.push(Rule::TrialDivision, || divisions);
    }
    steps.push(Rule::PrimeCofactor, || [term(rest.to_string())]);
    steps.push(Rule::PrimeFactorisation, || [claim(format!("{n} = {}", powers_tex(&factors)))]);
    Ok(Worked::new(factors, steps))
}

/// [`is_prime`] with the trial divisions, a divisor, or the name of the test.
///
/// # Errors
/// As [`is_prime`].
pub fn is_prime_worked(n: &IBig) -> Exact<Worked<bool>> {
    let prime = is_prime(n)?;
    let mut steps = Derivation::default();
    if *n < IBig::from(2) {
        steps.push(Rule::NotPrimeSmall, || [term(n.to_string())]);
    } else if prime {
        explain_prime(n, &mut steps)?;
        steps.push(Rule::IsPrime, || [term(n.to_string())]);
    } else {
        match factorint(n) {
            Ok(factors) => {
                let p = &factors[0].0;
                steps.push(Rule::HasDivisor, || {
                    [claim(format!("{n} = {p} \\cdot {}", n / p)), term(n.to_string())]
                });
            }
            Err(_) => steps.push(Rule::StrongWitness, || [term(n.to_string())]),
        }
    }
    Ok(Worked::new(prime, steps))
}

fn explain_prime(n: &IBig, steps: &mut Derivation) -> Exact<()> {
    let root = integer_root(n, 2)?;
    match small(&root) {
        Some(r) if r <= 40 => {
            let primes = small_primes().iter().take_while(|&&p| p as usize <= r);
            let division = |&p: &u32| {
                let (q, rem) = (n / IBig::from(p), IBig::from(n.rem_euclid(IBig::from(p))));
                claim(format!("{n} = {q} \\cdot {p} + {rem}"))
            };
            let formulas: Vec<_> = primes.map(division).collect();
            if !formulas.is_empty() {
                let head = [term(format!("\\sqrt{{{n}}}")), term(n.to_string())];
                steps.push(Rule::NoSmallDivisor, || head.into_iter().chain(formulas));
            }
        }
        _ if n.bit_len() <= 64 => {
            let next = &root + IBig::ONE;
            let (low, high) = (&root * &root, &next * &next);
            let below = claim(format!("{root}^{{2}} = {low} < {n}"));
            let above = claim(format!("{n} < {high} = {next}^{{2}}"));
            steps.push(Rule::NoDivisorUpTo, || [below, above, term(next.to_string()), term(n.to_string())]);
        }
        _ => steps.push(Rule::ProbablePrime, || [term(n.to_string())]),
    }
    Ok(())
}

/// The smallest prime above `n`.
///
/// # Errors
/// `TooLarge` above 1,024 bits or when no prime is found within 10,000 candidates.
pub fn next_prime_worked(n: &IBig) -> Exact<Worked<IBig>> {
    let mut candidate = if *n < IBig::from(2) { IBig::from(2) } else { n + IBig::ONE };
    for _ in 0..10_000 {
        if is_prime(&candidate)? {
            let mut steps = Derivation::default();
            steps.push(Rule::PrimeSearch, || [term(candidate.to_string())]);
            return Ok(Worked::new(candidate, steps));
        }
        candidate += IBig::ONE;
    }
    Err(ExactError::TooLarge { what: "candidates for the next prime", limit: 10_000 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sieve(n: usize) -> Vec<bool> {
        let mut prime = vec![true; n];
        prime[0] = false;
        prime[1] = false;
        for i in 2..n {
            if prime[i] {
                (i * i..n).step_by(i).for_each(|m| prime[m] = false);
            }
        }
        prime
    }

    #[test]
    fn agrees_with_a_sieve() {
        for (n, expected) in sieve(20_000).into_iter().enumerate() {
            assert_eq!(is_prime(&n.into()).unwrap(), expected, "{n}");
        }
    }

    #[test]
    fn large_primes_and_pseudoprimes() {
        let cases = [
            ("2305843009213693951", true),                      // 2^61 - 1
            ("170141183460469231731687303715884105727", true),  // 2^127 - 1
            ("3825123056546413051", false), // strong pseudoprime to 2, 3, 5, 7, 11, 13, 17, 19, 23
            ("318665857834031151167461", false), // psi_12: strong pseudoprime to the first 12 primes
            ("3317044064679887385961981", false), // psi_13
            ("340282366920938463463374607431768211507", true), // next prime after 2^128
            ("340282366920938463463374607431768211457", false), // F_7
        ];
        for (text, expected) in cases {
            let n: IBig = text.parse().unwrap();
            assert_eq!(is_prime(&n).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn factors_multiply_back() {
        for text in
            ["600851475143", "1000000016000000063", "18446744073709551615", "1234567890123456789012345678"]
        {
            let n: IBig = text.parse().unwrap();
            let factors = factorint(&n).unwrap();
            let product: IBig = factors.iter().map(|(p, e)| p.pow(*e)).product();
            assert_eq!(product, n);
            assert!(factors.iter().all(|(p, _)| is_prime(p).unwrap()));
        }
    }

    #[test]
    fn hard_numbers_are_refused_not_chewed() {
        let rsa100 = "1522605027922533360535618378132637429718068114961380688657908494580122963258952897654000350692006139";
        assert!(matches!(factorint(&rsa100.parse().unwrap()), Err(ExactError::TooLarge { .. })));
        assert!(factorint(&IBig::ZERO).is_err());
    }

    #[test]
    fn explanations() {
        let english = |n: i32| is_prime_worked(&n.into()).unwrap().derivation.render_english();
        assert_eq!(english(91), "Since $91 = 7 \\cdot 13$, the number $91$ is not prime.");
        assert!(
            english(29).contains("$29 = 14 \\cdot 2 + 1$, $29 = 9 \\cdot 3 + 2$, and $29 = 5 \\cdot 5 + 4$")
        );
        let steps = factorint_worked(&60.into()).unwrap().derivation.render_english();
        assert!(steps.contains("$60 = 2^{2} \\cdot 3 \\cdot 5$"), "{steps}");
    }
}
