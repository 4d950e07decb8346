//! Divisors and the multiplicative functions that depend on the factorisation.

use dashu::base::Abs;
use dashu::integer::IBig;

use super::{factorint, factorint_worked, powers_tex};
use crate::derivation::{Rule, claim, term};
use crate::exact::{Exact, MAX_TERMS, Worked, at_most, undefined};

type Factors = [(IBig, usize)];

fn count(factors: &Factors) -> Exact<usize> {
    let mut total = 1usize;
    for (_, e) in factors {
        total = total.saturating_mul(e + 1);
    }
    at_most("number of divisors", total, MAX_TERMS)?;
    Ok(total)
}

/// The positive divisors of `|n|` in increasing order.
///
/// # Errors
/// `Undefined` for 0, `TooLarge` for more than [`MAX_TERMS`] divisors or a number that cannot be factored.
pub fn divisors(n: &IBig) -> Exact<Vec<IBig>> {
    let factors = factorint(n)?;
    let mut list = Vec::with_capacity(count(&factors)?);
    list.push(IBig::ONE);
    for (p, e) in &factors {
        let before = list.len();
        for i in 0..before * e {
            let next = &list[i] * p;
            list.push(next);
        }
    }
    list.sort();
    Ok(list)
}

/// Factorisation steps and result for `n > 0`.
fn factored(n: &IBig) -> Exact<Worked<Vec<(IBig, usize)>>> {
    if *n <= IBig::ZERO {
        return undefined(format!("this function at {n}, which is not positive"));
    }
    factorint_worked(n)
}

/// [`divisors`] from the prime factorisation.
///
/// # Errors
/// As [`divisors`].
pub fn divisors_worked(n: &IBig) -> Exact<Worked<Vec<IBig>>> {
    let list = divisors(n)?;
    let mut steps = factored(&n.clone().abs())?.derivation;
    steps.push(Rule::DivisorList, || list.iter().map(|d| term(d.to_string())));
    Ok(Worked::new(list, steps))
}

/// Number of positive divisors of `n > 0`.
///
/// # Errors
/// `Undefined` unless `n > 0`, `TooLarge` as [`factorint`].
pub fn divisor_count_worked(n: &IBig) -> Exact<Worked<IBig>> {
    let Worked { value: factors, derivation: mut steps } = factored(n)?;
    let value: IBig = factors.iter().map(|(_, e)| IBig::from(e + 1)).product();
    let parts: Vec<String> = factors.iter().map(|(_, e)| format!("({e} + 1)")).collect();
    let product = if parts.is_empty() { "1".into() } else { parts.join("") };
    steps.push(Rule::DivisorCount, || [claim(format!("{product} = {value}"))]);
    Ok(Worked::new(value, steps))
}

/// Sum of the positive divisors of `n > 0`.
///
/// # Errors
/// As [`divisor_count_worked`].
pub fn divisor_sum_worked(n: &IBig) -> Exact<Worked<IBig>> {
    let Worked { value: factors, derivation: mut steps } = factored(n)?;
    let power_sum = |p: &IBig, e: usize| (0..=e).map(|k| p.pow(k)).sum::<IBig>();
    let value: IBig = factors.iter().map(|(p, e)| power_sum(p, *e)).product();
    let series = |p: &IBig, e: usize| {
        let powers: Vec<String> = (0..=e).map(|k| p.pow(k).to_string()).collect();
        format!("({})", powers.join(" + "))
    };
    let parts: Vec<String> = factors.iter().map(|(p, e)| series(p, *e)).collect();
    let product = if parts.is_empty() { "1".into() } else { parts.join("") };
    steps.push(Rule::DivisorSum, || [claim(format!("{product} = {value}"))]);
    Ok(Worked::new(value, steps))
}

/// Euler's totient of `n > 0`.
///
/// # Errors
/// `Undefined` unless `n > 0`, `TooLarge` as [`factorint`].
pub fn totient(n: &IBig) -> Exact<IBig> {
    if *n <= IBig::ZERO {
        return undefined(format!("the totient of {n}"));
    }
    Ok(totient_of(&factorint(n)?))
}

fn totient_of(factors: &Factors) -> IBig {
    factors.iter().map(|(p, e)| p.pow(e - 1) * (p - IBig::ONE)).product()
}

/// [`totient`] from the prime factorisation.
///
/// # Errors
/// As [`totient`].
pub fn totient_worked(n: &IBig) -> Exact<Worked<IBig>> {
    let Worked { value: factors, derivation: mut steps } = factored(n)?;
    let value = totient_of(&factors);
    let part = |(p, e): &(IBig, usize)| {
        let less = p - IBig::ONE;
        if *e == 1 {
            less.to_string()
        } else {
            format!("{} \\cdot {less}", powers_tex(&[(p.clone(), e - 1)]))
        }
    };
    let parts: Vec<String> = factors.iter().map(part).collect();
    let product = if parts.is_empty() { "1".into() } else { parts.join(" \\cdot ") };
    let formula = if product == value.to_string() { product } else { format!("{product} = {value}") };
    steps.push(Rule::TotientFormula, || [claim(format!("\\varphi({n}) = {formula}"))]);
    Ok(Worked::new(value, steps))
}

/// Moebius function of `n > 0`.
///
/// # Errors
/// As [`divisor_count_worked`].
pub fn mobius_worked(n: &IBig) -> Exact<Worked<i32>> {
    let Worked { value: factors, derivation: mut steps } = factored(n)?;
    if factors.iter().any(|(_, e)| *e > 1) {
        steps.push(Rule::MobiusSquare, || [claim(format!("\\mu({n}) = 0"))]);
        return Ok(Worked::new(0, steps));
    }
    let value = if factors.len() % 2 == 0 { 1 } else { -1 };
    let formula = format!("\\mu({n}) = (-1)^{{{}}} = {value}", factors.len());
    steps.push(Rule::MobiusCount, || [term(factors.len().to_string()), claim(formula)]);
    Ok(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_brute_force() {
        for n in 1..300usize {
            let expected: Vec<usize> = (1..=n).filter(|d| n % d == 0).collect();
            let big = IBig::from(n);
            assert_eq!(divisors(&big).unwrap(), expected.iter().map(|&d| IBig::from(d)).collect::<Vec<_>>());
            assert_eq!(divisor_count_worked(&big).unwrap().value, expected.len().into());
            assert_eq!(divisor_sum_worked(&big).unwrap().value, expected.iter().sum::<usize>().into());
            let coprime = (1..=n).filter(|k| super::super::gcd(&IBig::from(*k), &big).is_one()).count();
            assert_eq!(totient(&big).unwrap(), coprime.into());
        }
    }

    #[test]
    fn mobius_table() {
        for (n, mu) in [(1, 1), (2, -1), (6, 1), (12, 0), (30, -1)] {
            assert_eq!(mobius_worked(&n.into()).unwrap().value, mu);
        }
    }

    #[test]
    fn totient_sentence() {
        let english = totient_worked(&36.into()).unwrap().derivation.render_english();
        assert!(
            english.ends_with(
                "$\\varphi(p^k) = p^{k-1}(p-1)$, so $\\varphi(36) = 2 \\cdot 1 \\cdot 3 \\cdot 2 = 12$."
            ),
            "{english}"
        );
    }
}
