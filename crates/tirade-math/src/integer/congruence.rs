//! Linear congruences and systems of congruences.

use dashu::integer::IBig;

use super::modular::modulo;
use super::{factor_tex, gcd, inverse_mod, lcm};
use crate::derivation::{Derivation, Rule, claim, condition, term};
use crate::exact::{Exact, Worked, at_most, bounded, undefined};

/// All integers `x` with `x = residue` modulo `modulus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Congruence {
    /// From 0 to `modulus - 1`.
    pub residue: IBig,
    /// Positive.
    pub modulus: IBig,
}

fn congruence_tex(c: &Congruence) -> String {
    format!("x \\equiv {} \\pmod{{{}}}", c.residue, c.modulus)
}

/// Solves a system of congruences; the moduli need not be coprime. `None` if they contradict each other.
///
/// ```
/// use tirade_math::integer::{crt_worked, Congruence};
/// let c = |r: i32, m: i32| Congruence { residue: r.into(), modulus: m.into() };
/// let worked = crt_worked(&[c(2, 3), c(3, 5), c(2, 7)]).unwrap();
/// assert_eq!(worked.value, Some(c(23, 105)));
/// ```
///
/// # Errors
/// `Undefined` for an empty system or a modulus below 1, `TooLarge` for more than 64 congruences.
pub fn crt_worked(system: &[Congruence]) -> Exact<Worked<Option<Congruence>>> {
    at_most("number of congruences", system.len(), 64)?;
    if system.is_empty() || system.iter().any(|c| c.modulus <= IBig::ZERO) {
        return undefined("a system of congruences needs at least one congruence and positive moduli");
    }
    let reduce =
        |c: &Congruence| Congruence { residue: modulo(&c.residue, &c.modulus), modulus: c.modulus.clone() };
    let mut total = reduce(&system[0]);
    let mut steps = Derivation::default();
    steps.push(Rule::CrtStart, || [condition(congruence_tex(&total))]);
    for next in system[1..].iter().map(reduce) {
        match merge(&total, &next, &mut steps)? {
            Some(merged) => total = merged,
            None => return Ok(Worked::new(None, steps)),
        }
    }
    steps.push(Rule::CrtCheck, || system.iter().map(|c| check_tex(&total.residue, c)));
    Ok(Worked::new(Some(total), steps))
}

fn check_tex(x: &IBig, c: &Congruence) -> crate::derivation::Formula {
    claim(format!("{x} \\equiv {} \\pmod{{{}}}", c.residue, c.modulus))
}

/// `r + m t = r2 (mod m2)`, solved for `t`.
fn merge(total: &Congruence, next: &Congruence, steps: &mut Derivation) -> Exact<Option<Congruence>> {
    let divisor = gcd(&total.modulus, &next.modulus);
    let difference = &next.residue - &total.residue;
    let form = condition(format!("x = {} + {} t", total.residue, total.modulus));
    let requirement = format!("{} t \\equiv {} \\pmod{{{}}}", total.modulus, difference, next.modulus);
    if !modulo(&difference, &divisor).is_zero() {
        steps.push(Rule::NoSolution, || []);
        return Ok(None);
    }
    let reduced = &next.modulus / &divisor;
    let inverse = inverse_mod(&(&total.modulus / &divisor), &reduced)?;
    let t = modulo(&(difference / &divisor * inverse), &reduced);
    let merged_modulus = lcm(&total.modulus, &next.modulus);
    bounded(&merged_modulus)?;
    let residue = modulo(&(&total.residue + &total.modulus * &t), &merged_modulus);
    let merged = Congruence { residue, modulus: merged_modulus };
    let solved = condition(format!("t \\equiv {t} \\pmod{{{reduced}}}"));
    steps.push(Rule::CrtMerge, || [form, condition(congruence_tex(next)), condition(requirement), solved]);
    steps.push(Rule::CrtMerged, || [condition(congruence_tex(&merged))]);
    Ok(Some(merged))
}

/// Solves `a x = b` modulo `m`; `None` if there is no solution.
///
/// # Errors
/// `Undefined` for a modulus below 1.
pub fn linear_congruence_worked(a: &IBig, b: &IBig, m: &IBig) -> Exact<Worked<Option<Congruence>>> {
    if *m <= IBig::ZERO {
        return undefined(format!("a congruence modulo {m}"));
    }
    bounded(m)?;
    let divisor = gcd(a, m);
    let mut steps = Derivation::default();
    if !modulo(b, &divisor).is_zero() {
        steps.push(Rule::Recall, || [claim(format!("\\gcd({a}, {m}) = {divisor}"))]);
        steps.push(Rule::DiophantineNoSolution, || [term(divisor.to_string()), remainder_claim(b, &divisor)]);
        return Ok(Worked::new(None, steps));
    }
    let (a1, b1, m1) = (a / &divisor, b / &divisor, m / &divisor);
    if !divisor.is_one() {
        let smaller = condition(format!("{} x \\equiv {b1} \\pmod{{{m1}}}", factor_tex(&a1)));
        steps.push(Rule::LinearCongruenceReduce, || [term(divisor.to_string()), smaller]);
    }
    let inverse = inverse_mod(&a1, &m1)?;
    let product = claim(format!("{inverse} \\cdot {} \\equiv 1 \\pmod{{{m1}}}", factor_tex(&a1)));
    let parts = [term(a1.to_string()), term(m1.to_string()), term(inverse.to_string()), product];
    steps.push(Rule::InverseIs, || parts);
    let residue = modulo(&(&inverse * &b1), &m1);
    let solution = format!("x \\equiv {inverse} \\cdot {} \\equiv {residue} \\pmod{{{m1}}}", factor_tex(&b1));
    steps.push(Rule::LinearCongruenceSolve, || [condition(solution)]);
    Ok(Worked::new(Some(Congruence { residue, modulus: m1 }), steps))
}

/// `b = q d + r` with `0 < r < d`, which shows that `d` does not divide `b`.
pub(super) fn remainder_claim(b: &IBig, d: &IBig) -> crate::derivation::Formula {
    let r = modulo(b, d);
    claim(format!("{b} = {} \\cdot {d} + {r}", factor_tex(&((b - &r) / d))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c(r: i64, m: i64) -> Congruence {
        Congruence { residue: r.into(), modulus: m.into() }
    }

    #[test]
    fn systems_against_brute_force() {
        for (r1, m1, r2, m2) in
            (0..4).flat_map(|a| (0..6).map(move |b| (a, 4, b, 6))).chain([(1, 5, 3, 7), (2, 9, 5, 12)])
        {
            let expected = (0..m1 * m2).find(|x| x % m1 == r1 && x % m2 == r2);
            let got = crt_worked(&[c(r1, m1), c(r2, m2)]).unwrap().value.map(|c| c.residue);
            assert_eq!(got, expected.map(IBig::from), "{r1} {m1} {r2} {m2}");
        }
    }

    #[test]
    fn linear_congruences_against_brute_force() {
        for m in 1..20i64 {
            for a in -5..20i64 {
                for b in 0..8i64 {
                    let expected = (0..m).find(|x| (a * x - b).rem_euclid(m) == 0);
                    let got = linear_congruence_worked(&a.into(), &b.into(), &m.into()).unwrap().value;
                    assert_eq!(got.map(|c| c.residue), expected.map(IBig::from), "{a} x = {b} mod {m}");
                }
            }
        }
    }
}
