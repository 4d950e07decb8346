//! Factorials, binomial coefficients and other numbers of combinatorics.

use dashu::base::BitTest;
use dashu::integer::IBig;

use super::is_negative;
use crate::derivation::{Derivation, Formula, Rule, claim, term};
use crate::exact::{Exact, ExactError, MAX_BITS, Worked, at_most, undefined};

/// Largest argument of a factorial.
pub const MAX_FACTORIAL: usize = 2_500;

fn index(n: &IBig, what: &'static str, limit: usize) -> Exact<usize> {
    if is_negative(n) {
        return undefined(format!("{what} {n}, which is negative"));
    }
    match usize::try_from(n) {
        Ok(n) if n <= limit => Ok(n),
        _ => Err(ExactError::TooLarge { what, limit }),
    }
}

/// `n!` for `0 <= n <= 2500`.
///
/// # Errors
/// `Undefined` below 0, `TooLarge` above the bound.
pub fn factorial(n: &IBig) -> Exact<IBig> {
    let n = index(n, "factorial argument", MAX_FACTORIAL)?;
    Ok((1..=n).map(IBig::from).product())
}

/// [`factorial`] as a product.
///
/// # Errors
/// As [`factorial`].
pub fn factorial_worked(n: &IBig) -> Exact<Worked<IBig>> {
    let value = factorial(n)?;
    let top = index(n, "factorial argument", MAX_FACTORIAL)?;
    let shown: Vec<String> = match top {
        0 => vec!["1".into()],
        1..=20 => (1..=top).rev().map(|k| k.to_string()).collect(),
        _ => vec![format!("{top}"), format!("{}!", top - 1)],
    };
    let product = shown.join(" \\cdot ");
    let tail = if product == value.to_string() { String::new() } else { format!(" = {value}") };
    let mut steps = Derivation::default();
    steps.push(Rule::FactorialProduct, || [claim(format!("{n}! = {product}{tail}"))]);
    Ok(Worked::new(value, steps))
}

/// `n` over `k` for `n >= 0`; zero for `k` outside `0..=n`.
///
/// # Errors
/// `Undefined` for negative `n`, `TooLarge` for results beyond the bit bound.
pub fn binomial(n: &IBig, k: &IBig) -> Exact<IBig> {
    if is_negative(n) {
        return undefined(format!("the number of ways to choose from {n} objects"));
    }
    if is_negative(k) || k > n {
        return Ok(IBig::ZERO);
    }
    let smaller = k.clone().min(n - k);
    let k = index(&smaller, "lower index of a binomial coefficient", 10_000)?;
    at_most("bits of a binomial coefficient", k.saturating_mul(n.bit_len()), MAX_BITS)?;
    let step = |value: IBig, i: usize| value * (n - IBig::from(i)) / IBig::from(i + 1);
    Ok((0..k).fold(IBig::ONE, step))
}

/// [`binomial`] by the product formula.
///
/// # Errors
/// As [`binomial`].
pub fn binomial_worked(n: &IBig, k: &IBig) -> Exact<Worked<IBig>> {
    let value = binomial(n, k)?;
    let mut steps = Derivation::default();
    let smaller = k.clone().min(n - k);
    let head = format!("\\binom{{{n}}}{{{k}}}");
    let formula = match usize::try_from(&smaller) {
        Ok(m) if (1..=12).contains(&m) => {
            let top: Vec<String> = (0..m).map(|i| (n - IBig::from(i)).to_string()).collect();
            let bottom: Vec<String> = (1..=m).rev().map(|i| i.to_string()).collect();
            format!("{head} = \\frac{{{}}}{{{}}} = {value}", top.join(" \\cdot "), bottom.join(" \\cdot "))
        }
        Ok(m) if m > 0 => format!("{head} = \\frac{{{n}!}}{{{k}! \\cdot {}!}} = {value}", n - k),
        _ => format!("{head} = {value}"),
    };
    steps.push(Rule::BinomialFormula, || [claim(formula)]);
    Ok(Worked::new(value, steps))
}

/// Number of ordered choices of `k` out of `n` distinct objects.
///
/// # Errors
/// `Undefined` for negative numbers, `TooLarge` for `k` above 2,000 or results beyond the bit bound.
pub fn permutations_worked(n: &IBig, k: &IBig) -> Exact<Worked<IBig>> {
    let count = index(k, "number of chosen objects", 2_000)?;
    if is_negative(n) {
        return undefined(format!("the number of arrangements of {n} objects"));
    }
    at_most("bits of a number of arrangements", count.saturating_mul(n.bit_len()), MAX_BITS)?;
    let value: IBig = if k > n { IBig::ZERO } else { (0..count).map(|i| n - IBig::from(i)).product() };
    let mut steps = Derivation::default();
    let shown = if k > n || count > 20 || count == 0 {
        value.to_string()
    } else {
        let factors: Vec<String> = (0..count).map(|i| (n - IBig::from(i)).to_string()).collect();
        if count == 1 { factors.concat() } else { format!("{} = {value}", factors.join(" \\cdot ")) }
    };
    steps.push(Rule::PermutationProduct, || [term(shown)]);
    Ok(Worked::new(value, steps))
}

/// The `n`-th Fibonacci number with `F(0) = 0`, `F(1) = 1`, for `n <= 40000`.
///
/// # Errors
/// `Undefined` below 0, `TooLarge` above the bound.
pub fn fibonacci_worked(n: &IBig) -> Exact<Worked<IBig>> {
    let top = index(n, "Fibonacci index", 40_000)?;
    let (mut a, mut b) = (IBig::ZERO, IBig::ONE);
    let mut shown: Vec<Formula> = Vec::new();
    for i in 0..top {
        let next = &a + &b;
        if i + 2 <= top && top <= 30 {
            shown.push(claim(format!("{b} + {a} = {next}")));
        }
        (a, b) = (b, next);
    }
    let mut steps = Derivation::default();
    if shown.is_empty() {
        steps.push(Rule::Compute, || [term(format!("F_{{{n}}} = {a}"))]);
    } else {
        steps.push(Rule::Recurrence, || [condition_recurrence()].into_iter().chain(shown));
    }
    Ok(Worked::new(a, steps))
}

fn condition_recurrence() -> Formula {
    crate::derivation::condition("F_{n} = F_{n-1} + F_{n-2}")
}

/// The `n`-th Catalan number for `n <= 2000`.
///
/// # Errors
/// `Undefined` below 0, `TooLarge` above the bound.
pub fn catalan_worked(n: &IBig) -> Exact<Worked<IBig>> {
    index(n, "Catalan index", 2_000)?;
    let double = n * IBig::from(2);
    let middle = binomial(&double, n)?;
    let next = n + IBig::ONE;
    let value = &middle / &next;
    let mut steps = Derivation::default();
    let formula =
        format!("\\frac{{1}}{{{next}}} \\binom{{{double}}}{{{n}}} = \\frac{{{middle}}}{{{next}}} = {value}");
    steps.push(Rule::Compute, || [claim(formula)]);
    Ok(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        let big = |n: i64| IBig::from(n);
        for (n, k, value) in [(5, 2, 10), (10, 0, 1), (10, 11, 0), (52, 5, 2_598_960), (30, 15, 155_117_520)]
        {
            assert_eq!(binomial(&big(n), &big(k)).unwrap(), big(value));
            assert_eq!(binomial_worked(&big(n), &big(k)).unwrap().value, big(value));
        }
        for (n, value) in [(0, 0), (1, 1), (2, 1), (10, 55), (50, 12_586_269_025)] {
            assert_eq!(fibonacci_worked(&big(n)).unwrap().value, big(value));
        }
        for (n, value) in [(0, 1), (1, 1), (5, 42), (10, 16_796)] {
            assert_eq!(catalan_worked(&big(n)).unwrap().value, big(value));
        }
        for (n, k, value) in [(5, 2, 20), (5, 0, 1), (3, 4, 0)] {
            assert_eq!(permutations_worked(&big(n), &big(k)).unwrap().value, big(value));
        }
        assert_eq!(factorial(&big(20)).unwrap(), big(2_432_902_008_176_640_000));
    }

    #[test]
    fn bounds_hold() {
        assert!(matches!(factorial(&IBig::from(10).pow(9)), Err(ExactError::TooLarge { .. })));
        let n = IBig::from(10).pow(8);
        assert!(matches!(binomial(&n, &(&n / IBig::from(2))), Err(ExactError::TooLarge { .. })));
        assert!(factorial(&(-1).into()).is_err());
    }

    #[test]
    fn binomial_sentence() {
        let english = binomial_worked(&10.into(), &3.into()).unwrap().derivation.render_english();
        assert!(
            english.contains("$\\binom{10}{3} = \\frac{10 \\cdot 9 \\cdot 8}{3 \\cdot 2 \\cdot 1} = 120$")
        );
    }
}
