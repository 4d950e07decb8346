//! Remainders, powers, inverses, orders and symbols modulo a number.

use dashu::base::{Abs, BitTest, RemEuclid};
use dashu::integer::{IBig, fast_div::ConstDivisor};

use super::{divisors, extended_gcd_worked, factor_tex, factorint, gcd, is_negative, is_prime, totient};
use crate::derivation::{Derivation, Formula, Rule, claim, term};
use crate::exact::{Exact, Worked, at_most, bounded, undefined, unsupported};

/// `a` modulo `m`, from 0 to `m - 1`; `m` must be positive.
pub(crate) fn modulo(a: &IBig, m: &IBig) -> IBig {
    a.rem_euclid(m).into()
}

fn positive_modulus(m: &IBig) -> Exact<()> {
    if *m <= IBig::ZERO {
        return undefined(format!("arithmetic modulo {m}"));
    }
    bounded(m)
}

/// Remainder of a division, with the division written out.
///
/// # Errors
/// `Undefined` unless `m > 0`.
pub fn rem_worked(a: &IBig, m: &IBig) -> Exact<Worked<IBig>> {
    positive_modulus(m)?;
    bounded(a)?;
    let r = modulo(a, m);
    let q = (a - &r) / m;
    let mut steps = Derivation::default();
    steps.push(Rule::DivideWithRemainder, || [claim(format!("{a} = {} \\cdot {m} + {r}", factor_tex(&q)))]);
    steps.push(Rule::Conclude, || [claim(format!("{a} \\equiv {r} \\pmod{{{m}}}"))]);
    Ok(Worked::new(r, steps))
}

/// `a^e mod m` for `m > 0`; a negative exponent needs an inverse.
///
/// # Errors
/// `Undefined` for a modulus below 1 or a missing inverse.
pub fn pow_mod(a: &IBig, e: &IBig, m: &IBig) -> Exact<IBig> {
    positive_modulus(m)?;
    bounded(e)?;
    let base = if is_negative(e) { inverse_mod(a, m)? } else { modulo(a, m) };
    if m.is_one() {
        return Ok(IBig::ZERO);
    }
    let magnitude = |x: IBig| x.into_parts().1;
    let ring = ConstDivisor::new(magnitude(m.clone()));
    Ok(ring.reduce(magnitude(base)).pow(&magnitude(e.clone())).residue().into())
}

/// [`pow_mod`] by repeated squaring.
///
/// # Errors
/// As [`pow_mod`]; `TooLarge` for exponents of more than 256 bits.
pub fn pow_mod_worked(a: &IBig, e: &IBig, m: &IBig) -> Exact<Worked<IBig>> {
    let value = pow_mod(a, e, m)?;
    at_most("number of bits of the exponent", e.bit_len(), 256)?;
    let mut steps = Derivation::default();
    let result = claim(format!("{}^{{{e}}} \\equiv {value} \\pmod{{{m}}}", factor_tex(a)));
    if is_negative(e) {
        let inverse = inverse_mod_worked(a, m)?;
        steps.extend(inverse.derivation);
        squaring_steps(&inverse.value, &-e, m, &mut steps);
    } else {
        let base = modulo(a, m);
        if base != *a {
            steps.push(Rule::ReduceBase, || [claim(format!("{a} \\equiv {base} \\pmod{{{m}}}"))]);
        }
        squaring_steps(&base, e, m, &mut steps);
    }
    steps.push(Rule::Conclude, || [result]);
    Ok(Worked::new(value, steps))
}

/// Squarings and products for `base^e`, `e >= 2`.
fn squaring_steps(base: &IBig, e: &IBig, m: &IBig, steps: &mut Derivation) {
    let bits = e.bit_len();
    if bits < 2 {
        return;
    }
    let mut square = base.clone();
    let mut squarings = Vec::new();
    let mut needed = Vec::new();
    for i in 0..bits {
        if i > 0 {
            let next = modulo(&(&square * &square), m);
            let exponent = IBig::ONE << i;
            let product = &square * &square;
            let start = if i == 1 {
                format!("{base}^{{2}}")
            } else {
                format!("{base}^{{{exponent}}} \\equiv {square}^{{2}}")
            };
            let middle = if product == next { String::new() } else { format!(" = {product}") };
            squarings.push(claim(format!("{start}{middle} \\equiv {next} \\pmod{{{m}}}")));
            square = next;
        }
        if e.bit(i) {
            needed.push((IBig::ONE << i, square.clone()));
        }
    }
    if needed.len() > 1 {
        let sum: Vec<String> = needed.iter().rev().map(|(p, _)| p.to_string()).collect();
        steps.push(Rule::BinaryExponent, || [claim(format!("{e} = {}", sum.join(" + ")))]);
    }
    steps.push(Rule::Squarings, || squarings);
    if needed.len() > 1 {
        steps.push(Rule::MultiplyPowers, || product_steps(&needed, m));
    }
}

fn product_steps(needed: &[(IBig, IBig)], m: &IBig) -> Vec<Formula> {
    let mut product = needed[0].1.clone();
    let step = |(_, power): &(IBig, IBig)| {
        let next = modulo(&(&product * power), m);
        let value = &product * power;
        let middle = if value == next { String::new() } else { format!(" = {value}") };
        let text = format!("{product} \\cdot {power}{middle} \\equiv {next} \\pmod{{{m}}}");
        product = next;
        claim(text)
    };
    needed[1..].iter().map(step).collect()
}

/// The inverse of `a` modulo `m`, from 0 to `m - 1`.
///
/// # Errors
/// `Undefined` if `gcd(a, m) != 1` or `m < 1`.
pub fn inverse_mod(a: &IBig, m: &IBig) -> Exact<IBig> {
    positive_modulus(m)?;
    let bezout = super::extended_gcd(&modulo(a, m), m);
    if !bezout.gcd.is_one() {
        return undefined(format!(
            "{a} has no inverse modulo {m}, because they share the factor {}",
            bezout.gcd
        ));
    }
    Ok(modulo(&bezout.x, m))
}

/// [`inverse_mod`] by the extended Euclidean algorithm.
///
/// # Errors
/// As [`inverse_mod`].
pub fn inverse_mod_worked(a: &IBig, m: &IBig) -> Exact<Worked<IBig>> {
    let value = inverse_mod(a, m)?;
    let reduced = modulo(a, m);
    let mut steps = Derivation::default();
    if reduced != *a {
        steps.push(Rule::ReduceBase, || [claim(format!("{a} \\equiv {reduced} \\pmod{{{m}}}"))]);
    }
    if reduced > IBig::ONE {
        let bezout = extended_gcd_worked(&reduced, m)?;
        steps.extend(bezout.derivation);
        let congruence = format!("{} \\cdot {reduced} \\equiv 1 \\pmod{{{m}}}", factor_tex(&bezout.value.x));
        steps.push(Rule::InverseByBezout, || {
            [term(m.to_string()), claim(congruence), term(value.to_string())]
        });
    }
    let product = &reduced * &value;
    steps.push(Rule::InverseCheck, || {
        [claim(format!("{reduced} \\cdot {value} = {product} \\equiv 1 \\pmod{{{m}}}"))]
    });
    Ok(Worked::new(value, steps))
}

/// The smallest `k > 0` with `a^k = 1` modulo `n`.
///
/// # Errors
/// `Undefined` if `gcd(a, n) != 1` or `n < 1`; `TooLarge` if the totient cannot be factored.
pub fn multiplicative_order_worked(a: &IBig, n: &IBig) -> Exact<Worked<IBig>> {
    positive_modulus(n)?;
    if !gcd(a, n).is_one() {
        return undefined(format!("the order of {a} modulo {n}, because they are not coprime"));
    }
    let phi = totient(n)?;
    let mut order = phi.clone();
    for (p, e) in factorint(&phi)? {
        for _ in 0..e {
            let smaller = &order / &p;
            if modulo(&pow_mod(a, &smaller, n)?, n) != modulo(&IBig::ONE, n) {
                break;
            }
            order = smaller;
        }
    }
    let mut steps = Derivation::default();
    let tests = order_tests(a, n, &phi, &order)?;
    steps.push(Rule::OrderDivides, || [term(format!("\\varphi({n}) = {phi}"))].into_iter().chain(tests));
    steps.push(Rule::OrderFound, || [term(order.to_string())]);
    Ok(Worked::new(order, steps))
}

/// The powers at the divisors of `phi` up to the order, at most ten of them, the order's own last.
fn order_tests(a: &IBig, n: &IBig, phi: &IBig, order: &IBig) -> Exact<Vec<Formula>> {
    let candidates: Vec<IBig> = divisors(phi)?.into_iter().filter(|d| d <= order).collect();
    let shown = if candidates.len() > 10 { vec![order.clone()] } else { candidates };
    let test = |d: &IBig| {
        let r = pow_mod(a, d, n)?;
        Ok(claim(format!("{}^{{{d}}} \\equiv {r} \\pmod{{{n}}}", factor_tex(a))))
    };
    shown.iter().map(test).collect()
}

/// Jacobi symbol for odd positive `n`; zero for other `n`.
pub fn jacobi(a: &IBig, n: &IBig) -> i32 {
    if *n <= IBig::ZERO || !n.bit(0) {
        return 0;
    }
    let (mut a, mut n, mut sign) = (modulo(a, n), n.clone().abs(), 1);
    let low = |x: &IBig, m: u8| u8::try_from(x.rem_euclid(IBig::from(m))).unwrap_or(0);
    while !a.is_zero() {
        while !a.bit(0) {
            a >>= 1;
            if matches!(low(&n, 8), 3 | 5) {
                sign = -sign;
            }
        }
        std::mem::swap(&mut a, &mut n);
        if low(&a, 4) == 3 && low(&n, 4) == 3 {
            sign = -sign;
        }
        a = modulo(&a, &n);
    }
    if n.is_one() { sign } else { 0 }
}

/// Legendre symbol of `a` for an odd prime `p`, by Euler's criterion.
///
/// # Errors
/// `Unsupported` unless `p` is an odd prime.
pub fn legendre_worked(a: &IBig, p: &IBig) -> Exact<Worked<i32>> {
    if !is_prime(p)? || *p == IBig::from(2) {
        return unsupported(format!("the Legendre symbol modulo {p}, which is not an odd prime"));
    }
    let value = jacobi(a, p);
    let half = (p - IBig::ONE) / IBig::from(2);
    let power = pow_mod(a, &half, p)?;
    let mut steps = Derivation::default();
    let euler = claim(format!("{}^{{{half}}} \\equiv {power} \\pmod{{{p}}}", factor_tex(a)));
    steps.push(Rule::EulerCriterion, || [term(format!("a^{{{half}}}")), euler]);
    steps.push(Rule::LegendreMeaning, || [term(format!("\\left(\\frac{{{a}}}{{{p}}}\\right) = {value}"))]);
    Ok(Worked::new(value, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_and_inverses_table() {
        for (a, e, m, r) in
            [(7, 100, 13, 9), (2, 10, 1000, 24), (3, 0, 7, 1), (3, -1, 7, 5), (-2, 3, 5, 2), (5, 3, 1, 0)]
        {
            assert_eq!(pow_mod(&a.into(), &e.into(), &m.into()).unwrap(), r.into(), "{a}^{e} mod {m}");
        }
        assert!(inverse_mod(&6.into(), &9.into()).is_err());
        assert!(pow_mod(&2.into(), &3.into(), &0.into()).is_err());
    }

    #[test]
    fn order_and_symbols() {
        for (a, n, k) in [(2, 7, 3), (3, 7, 6), (10, 21, 6), (1, 5, 1), (1, 1, 1)] {
            assert_eq!(
                multiplicative_order_worked(&a.into(), &n.into()).unwrap().value,
                k.into(),
                "{a} mod {n}"
            );
        }
        for (a, p, s) in [(2, 7, 1), (3, 7, -1), (14, 7, 0), (-1, 13, 1)] {
            assert_eq!(legendre_worked(&a.into(), &p.into()).unwrap().value, s);
        }
    }

    #[test]
    fn repeated_squaring_reads_well() {
        let english = pow_mod_worked(&3.into(), &13.into(), &7.into()).unwrap().derivation.render_english();
        assert_eq!(
            english,
            "Write the exponent as a sum of powers of two: $13 = 8 + 4 + 1$. Square repeatedly: \
             $3^{2} = 9 \\equiv 2 \\pmod{7}$, $3^{4} \\equiv 2^{2} \\equiv 4 \\pmod{7}$, and \
             $3^{8} \\equiv 4^{2} = 16 \\equiv 2 \\pmod{7}$. Multiply the powers that are needed: \
             $3 \\cdot 4 = 12 \\equiv 5 \\pmod{7}$ and $5 \\cdot 2 = 10 \\equiv 3 \\pmod{7}$. \
             Therefore $3^{13} \\equiv 3 \\pmod{7}$."
        );
    }
}
