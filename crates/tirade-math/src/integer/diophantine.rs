//! Linear Diophantine equations `a x + b y = c`.

use dashu::base::DivRemEuclid;
use dashu::integer::IBig;

use super::congruence::remainder_claim;
use super::{extended_gcd_worked, factor_tex, signed_tex};
use crate::derivation::{Derivation, Rule, claim, condition, term};
use crate::exact::{Exact, Worked, bounded, undefined};

/// `x = x0 + dx t`, `y = y0 + dy t` for all integers `t`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearSolutions {
    /// One solution's `x`, the smallest that is not negative (if `dx` is not zero).
    pub x0: IBig,
    /// The same solution's `y`.
    pub y0: IBig,
    /// Step of `x`.
    pub dx: IBig,
    /// Step of `y`.
    pub dy: IBig,
}

/// All integer solutions of `a x + b y = c`, or `None`.
///
/// # Errors
/// `Undefined` when `a` and `b` are both zero; `TooLarge` for huge numbers.
pub fn diophantine_worked(a: &IBig, b: &IBig, c: &IBig) -> Exact<Worked<Option<LinearSolutions>>> {
    if a.is_zero() && b.is_zero() {
        return undefined("an equation in x and y whose two coefficients are zero");
    }
    bounded(c)?;
    let bezout = extended_gcd_worked(a, b)?;
    let mut steps = Derivation::default();
    steps.push(Rule::DiophantineGcd, || []);
    steps.extend(bezout.derivation);
    let d = bezout.value.gcd;
    let (scale, rest) = c.div_rem_euclid(&d);
    if rest != 0u8.into() {
        steps.push(Rule::DiophantineNoSolution, || [term(d.to_string()), remainder_claim(c, &d)]);
        return Ok(Worked::new(None, steps));
    }
    let scale = scale;
    let (x, y) = (bezout.value.x * &scale, bezout.value.y * &scale);
    let scaled = format!(
        "{} \\cdot {} + {} \\cdot {} = {c}",
        factor_tex(a),
        factor_tex(&x),
        factor_tex(b),
        factor_tex(&y)
    );
    steps.push(Rule::DiophantineScale, || [term(scale.to_string()), claim(scaled)]);
    let solutions = normalised(x, y, b / &d, -(a / &d));
    let general = format!(
        "x = {}{} t, \\; y = {}{} t",
        solutions.x0,
        signed_tex(&solutions.dx),
        solutions.y0,
        signed_tex(&solutions.dy)
    );
    steps.push(Rule::DiophantineGeneral, || [condition(general), term("t")]);
    Ok(Worked::new(Some(solutions), steps))
}

/// Makes `dx` positive and `x0` its smallest non-negative representative.
fn normalised(x: IBig, y: IBig, dx: IBig, dy: IBig) -> LinearSolutions {
    let (dx, dy) = if super::is_negative(&dx) { (-dx, -dy) } else { (dx, dy) };
    if dx.is_zero() {
        return LinearSolutions { x0: x, y0: y, dx, dy };
    }
    let (t, x0) = (&x).div_rem_euclid(&dx);
    LinearSolutions { x0: x0.into(), y0: y - t * &dy, dx, dy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_solve_and_misses_are_real() {
        for a in -9..10i64 {
            for b in -9..10i64 {
                if a == 0 && b == 0 {
                    continue;
                }
                for c in -6..7i64 {
                    let solved = diophantine_worked(&a.into(), &b.into(), &c.into()).unwrap().value;
                    let (a, b, c) = (IBig::from(a), IBig::from(b), IBig::from(c));
                    let divides = (&c % super::super::gcd(&a, &b)).is_zero();
                    assert_eq!(solved.is_some(), divides);
                    if let Some(s) = solved {
                        assert_eq!(&a * &s.x0 + &b * &s.y0, c);
                        assert!((&a * &s.dx + &b * &s.dy).is_zero());
                    }
                }
            }
        }
    }
}
