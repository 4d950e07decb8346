//! Greatest common divisors, least common multiples and Bezout coefficients.

use dashu::base::{Abs, DivRemEuclid, Gcd};
use dashu::integer::IBig;

use super::{factor_tex, signed_tex};
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, Worked, bounded, undefined};

/// `gcd = x * a + y * b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bezout {
    /// The greatest common divisor, never negative.
    pub gcd: IBig,
    /// Coefficient of the first number.
    pub x: IBig,
    /// Coefficient of the second number.
    pub y: IBig,
}

/// One division `a = q * b + r` of the Euclidean algorithm.
struct Division {
    a: IBig,
    q: IBig,
    b: IBig,
    r: IBig,
}

/// Greatest common divisor, never negative; `gcd(0, 0) = 0`.
pub fn gcd(a: &IBig, b: &IBig) -> IBig {
    if a.is_zero() {
        return b.clone().abs();
    }
    if b.is_zero() {
        return a.clone().abs();
    }
    a.gcd(b).into()
}

/// Least common multiple, never negative; zero if one number is.
pub fn lcm(a: &IBig, b: &IBig) -> IBig {
    if a.is_zero() || b.is_zero() {
        return IBig::ZERO;
    }
    (a / gcd(a, b) * b).abs()
}

/// Bezout coefficients by the extended Euclidean algorithm.
///
/// ```
/// use tirade_math::integer::extended_gcd;
/// let b = extended_gcd(&240.into(), &46.into());
/// assert_eq!((b.gcd, b.x, b.y), (2.into(), (-9).into(), 47.into()));
/// ```
pub fn extended_gcd(a: &IBig, b: &IBig) -> Bezout {
    let (mut r0, mut r1) = (a.clone(), b.clone());
    let (mut x0, mut x1, mut y0, mut y1) = (IBig::ONE, IBig::ZERO, IBig::ZERO, IBig::ONE);
    while !r1.is_zero() {
        let (q, r) = r0.div_rem_euclid(&r1);
        let q = q;
        (r0, r1) = (r1, r.into());
        let (x2, y2) = (&x0 - &q * &x1, &y0 - &q * &y1);
        (x0, x1, y0, y1) = (x1, x2, y1, y2);
    }
    if super::is_negative(&r0) {
        Bezout { gcd: -r0, x: -x0, y: -y0 }
    } else {
        Bezout { gcd: r0, x: x0, y: y0 }
    }
}

fn divisions(a: &IBig, b: &IBig) -> Vec<Division> {
    let (mut a, mut b) = (a.clone().abs(), b.clone().abs());
    if a < b {
        std::mem::swap(&mut a, &mut b);
    }
    let mut rows = Vec::new();
    while !b.is_zero() {
        let (q, r) = (&a).div_rem_euclid(&b);
        let (q, r) = (q, IBig::from(r));
        rows.push(Division { a, q, b: b.clone(), r: r.clone() });
        (a, b) = (b, r);
    }
    rows
}

fn division_tex(d: &Division) -> String {
    let quotient = factor_tex(&d.q);
    let divisor = factor_tex(&d.b);
    if d.r.is_zero() {
        format!("{} = {quotient} \\cdot {divisor}", d.a)
    } else {
        format!("{} = {quotient} \\cdot {divisor} + {}", d.a, d.r)
    }
}

/// [`gcd`] by the Euclidean algorithm, step by step.
///
/// # Errors
/// `TooLarge` for numbers of more than [`MAX_BITS`](crate::exact::MAX_BITS) bits.
pub fn gcd_worked(a: &IBig, b: &IBig) -> Exact<Worked<IBig>> {
    bounded(a)?;
    bounded(b)?;
    let value = gcd(a, b);
    let mut steps = Derivation::default();
    let result = || [claim(format!("\\gcd({a}, {b}) = {value}"))];
    if a.is_zero() || b.is_zero() {
        steps.push(Rule::GcdWithZero, result);
    } else {
        steps.push(Rule::EuclidStart, || {
            [term(a.clone().abs().to_string()), term(b.clone().abs().to_string())]
        });
        steps.push(Rule::EuclidDivisions, || divisions(a, b).into_iter().map(|d| claim(division_tex(&d))));
        steps.push(Rule::EuclidEnd, result);
    }
    Ok(Worked::new(value, steps))
}

/// Greatest common divisor of a list.
///
/// # Errors
/// `Undefined` for an empty list, `TooLarge` for huge numbers.
pub fn gcd_all_worked(numbers: &[IBig]) -> Exact<Worked<IBig>> {
    let [first, rest @ ..] = numbers else { return undefined("the gcd of no numbers") };
    let mut total = Worked::new(first.clone().abs(), Derivation::default());
    for (i, n) in rest.iter().enumerate() {
        let shown = if i == 0 { first } else { &total.value };
        let next = gcd_worked(shown, n)?;
        total.value = next.value;
        total.derivation.extend(next.derivation);
    }
    if rest.is_empty() {
        total.derivation.push(Rule::Trivial, || [claim(format!("\\gcd({first}) = {}", total.value))]);
    }
    Ok(total)
}

/// Least common multiple of a list.
///
/// # Errors
/// `Undefined` for an empty list, `TooLarge` when the multiple outgrows the bit bound.
pub fn lcm_all_worked(numbers: &[IBig]) -> Exact<Worked<IBig>> {
    let [first, rest @ ..] = numbers else { return undefined("the lcm of no numbers") };
    let mut total = Worked::new(first.clone().abs(), Derivation::default());
    for n in rest {
        lcm_step(&mut total, n)?;
    }
    if rest.is_empty() {
        total
            .derivation
            .push(Rule::Trivial, || [claim(format!("\\operatorname{{lcm}}({first}) = {}", total.value))]);
    }
    Ok(total)
}

fn lcm_step(total: &mut Worked<IBig>, n: &IBig) -> Exact<()> {
    let (a, b) = (total.value.clone(), n.clone().abs());
    let value = lcm(&a, &b);
    bounded(&value)?;
    if value.is_zero() {
        total.derivation.push(Rule::Trivial, || [claim(format!("\\operatorname{{lcm}}({a}, {b}) = 0"))]);
    } else {
        let divisor = gcd_worked(&a, &b)?;
        total.derivation.extend(divisor.derivation);
        let formula = format!(
            "\\operatorname{{lcm}}({a}, {b}) = \\frac{{{a} \\cdot {b}}}{{{}}} = {value}",
            divisor.value
        );
        total.derivation.push(Rule::LcmFromGcd, || [claim(formula)]);
    }
    total.value = value;
    Ok(())
}

/// [`extended_gcd`] with the back substitution written out.
///
/// # Errors
/// `TooLarge` for numbers of more than [`MAX_BITS`](crate::exact::MAX_BITS) bits.
pub fn extended_gcd_worked(a: &IBig, b: &IBig) -> Exact<Worked<Bezout>> {
    let euclid = gcd_worked(a, b)?;
    let bezout = extended_gcd(a, b);
    let mut steps = euclid.derivation;
    let rows = remainders_as_combinations(a, b);
    if !rows.is_empty() {
        let formulas = rows.into_iter().map(claim);
        steps.push(Rule::BackSubstitute, || {
            [term(a.to_string()), term(b.to_string())].into_iter().chain(formulas)
        });
    }
    steps.push(Rule::Bezout, || [claim(combination_tex(&bezout.gcd, &bezout.x, a, &bezout.y, b))]);
    Ok(Worked::new(bezout, steps))
}

fn combination_tex(value: &IBig, x: &IBig, a: &IBig, y: &IBig, b: &IBig) -> String {
    format!("{value} = {} \\cdot {}{} \\cdot {}", factor_tex(x), factor_tex(a), signed_tex(y), factor_tex(b))
}

/// Each nonzero remainder of the algorithm as a combination of the two numbers, except the last, which is the result.
fn remainders_as_combinations(a: &IBig, b: &IBig) -> Vec<String> {
    let (mut r0, mut r1) = (a.clone(), b.clone());
    let (mut u0, mut u1) = ((IBig::ONE, IBig::ZERO), (IBig::ZERO, IBig::ONE));
    let mut rows = Vec::new();
    while !r1.is_zero() {
        let (q, r) = (&r0).div_rem_euclid(&r1);
        let (q, r) = (q, IBig::from(r));
        let next = (&u0.0 - &q * &u1.0, &u0.1 - &q * &u1.1);
        if !r.is_zero() && r != *a && r != *b {
            rows.push(combination_tex(&r, &next.0, a, &next.1, b));
        }
        (r0, r1, u0, u1) = (r1, r, u1, next);
    }
    rows.pop();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcd_and_lcm_table() {
        let cases = [(252, 105, 21, 1260), (0, 5, 5, 0), (0, 0, 0, 0), (-12, 18, 6, 36), (7, 13, 1, 91)];
        for (a, b, g, l) in cases {
            assert_eq!(gcd(&a.into(), &b.into()), g.into(), "gcd({a},{b})");
            assert_eq!(lcm(&a.into(), &b.into()), l.into(), "lcm({a},{b})");
        }
    }

    #[test]
    fn bezout_identity_holds_for_all_signs() {
        for a in -30..30 {
            for b in -30..30 {
                let (a, b) = (IBig::from(a), IBig::from(b));
                let bezout = extended_gcd(&a, &b);
                assert_eq!(&bezout.x * &a + &bezout.y * &b, bezout.gcd, "{a} {b}");
                assert_eq!(bezout.gcd, gcd(&a, &b));
            }
        }
    }

    #[test]
    fn euclid_reads_like_a_textbook() {
        let english = gcd_worked(&252.into(), &105.into()).unwrap().derivation.render_english();
        assert_eq!(
            english,
            "Apply the Euclidean algorithm to $252$ and $105$. Divide with remainder until the remainder is zero: \
             $252 = 2 \\cdot 105 + 42$, $105 = 2 \\cdot 42 + 21$, and $42 = 2 \\cdot 21$. The last nonzero remainder is \
             the greatest common divisor, so $\\gcd(252, 105) = 21$."
        );
    }

    #[test]
    fn lists() {
        let list: Vec<IBig> = [4, 6, 10].map(IBig::from).to_vec();
        assert_eq!(gcd_all_worked(&list).unwrap().value, 2.into());
        assert_eq!(lcm_all_worked(&list).unwrap().value, 60.into());
        assert!(gcd_all_worked(&[]).is_err());
    }
}
