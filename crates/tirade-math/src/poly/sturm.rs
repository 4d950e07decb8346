//! Counting and isolating real roots by Sturm's theorem.

use dashu::base::Abs;
use dashu::rational::RBig;

use super::{Poly, gcd};
use crate::derivation::{Derivation, Rule, term};
use crate::exact::{Exact, Worked, at_most, undefined};

/// Largest degree for which real roots are counted.
const MAX_STURM_DEGREE: usize = 60;

fn chain(p: &Poly) -> Exact<Vec<Poly>> {
    if p.is_zero() {
        return undefined("the real roots of the zero polynomial");
    }
    at_most("degree for real root counting", p.degree(), MAX_STURM_DEGREE)?;
    let p = p.div_rem(&gcd(p, &p.derivative())?)?.0;
    let mut chain = vec![p.clone(), p.derivative()];
    while let [.., a, b] = chain.as_slice() {
        if b.is_zero() {
            chain.pop();
            break;
        }
        let (_, r) = a.div_rem(b)?;
        super::gcd::small_coefficients(&r)?;
        // Only signs matter, so remainders are scaled by positive numbers to stay small.
        let (content, ints) = r.primitive();
        let positive = Poly::from_ibigs(&ints);
        let negated = if content > RBig::ZERO { positive.neg() } else { positive };
        chain.push(negated);
    }
    Ok(chain)
}

fn sign(q: &RBig) -> i8 {
    match q.cmp(&RBig::ZERO) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }
}

fn changes(signs: impl Iterator<Item = i8>) -> usize {
    let nonzero: Vec<i8> = signs.filter(|s| *s != 0).collect();
    nonzero.windows(2).filter(|w| w[0] != w[1]).count()
}

fn changes_at(chain: &[Poly], x: &RBig) -> usize {
    changes(chain.iter().map(|p| sign(&p.eval(x))))
}

fn changes_at_infinity(chain: &[Poly], positive: bool) -> usize {
    let at =
        |p: &Poly| if positive || p.degree().is_multiple_of(2) { sign(&p.lead()) } else { -sign(&p.lead()) };
    changes(chain.iter().map(at))
}

/// Number of distinct real roots in the half-open interval `(low, high]`; `None` stands for infinity.
///
/// # Errors
/// `Undefined` for zero, `TooLarge` for degrees above 60.
pub fn count_real_roots(p: &Poly, low: Option<&RBig>, high: Option<&RBig>) -> Exact<usize> {
    let chain = chain(p)?;
    let below = low.map_or_else(|| changes_at_infinity(&chain, false), |x| changes_at(&chain, x));
    let above = high.map_or_else(|| changes_at_infinity(&chain, true), |x| changes_at(&chain, x));
    Ok(below.saturating_sub(above))
}

/// Number of distinct real roots, from the Sturm sequence.
///
/// # Errors
/// As [`count_real_roots`].
pub fn count_real_roots_worked(p: &Poly, x: &str) -> Exact<Worked<usize>> {
    let chain = chain(p)?;
    let (below, above) = (changes_at_infinity(&chain, false), changes_at_infinity(&chain, true));
    let count = below.saturating_sub(above);
    let mut steps = Derivation::default();
    steps.push(Rule::SturmChain, || chain.iter().map(|q| term(q.tex(x))));
    let numbers = [below, above, count].map(|n| term(n.to_string()));
    steps.push(Rule::SturmCount, || numbers);
    Ok(Worked::new(count, steps))
}

/// A bound on the absolute value of every root (Cauchy).
fn root_bound(p: &Poly) -> RBig {
    let lead = p.lead().abs();
    let largest = p.coeffs().iter().map(|c| c.clone().abs()).max().unwrap_or(RBig::ONE);
    RBig::ONE + largest / lead
}

/// Disjoint intervals `(low, high]` that hold one distinct real root each, in increasing order, not wider than `width`.
///
/// # Errors
/// As [`count_real_roots`]; `TooLarge` after 20,000 bisections.
pub fn isolate_real_roots(p: &Poly, width: &RBig) -> Exact<Vec<(RBig, RBig)>> {
    let chain = chain(p)?;
    let bound = root_bound(&chain[0]);
    let count = |a: &RBig, b: &RBig| changes_at(&chain, a).saturating_sub(changes_at(&chain, b));
    let mut todo = vec![(-bound.clone(), bound)];
    let mut found = Vec::new();
    let mut rounds = 0;
    while let Some((low, high)) = todo.pop() {
        at_most("bisections for real roots", rounds, 20_000)?;
        rounds += 1;
        let inside = count(&low, &high);
        if inside == 1 && &high - &low <= *width {
            found.push((low, high));
        } else if inside > 0 {
            let middle = (&low + &high) / RBig::from(2);
            todo.push((middle.clone(), high));
            todo.push((low, middle));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let cases: [(&[i64], usize); 6] = [
            (&[-2, 0, 1], 2),
            (&[1, 0, 1], 0),
            (&[-6, 11, -6, 1], 3),
            (&[1, 2, 1], 1),
            (&[5], 0),
            (&[-1, -1, 0, 1], 1),
        ];
        for (coeffs, n) in cases {
            assert_eq!(
                count_real_roots_worked(&Poly::from_ints(coeffs), "x").unwrap().value,
                n,
                "{coeffs:?}"
            );
        }
        let p = Poly::from_ints(&[-6, 11, -6, 1]);
        assert_eq!(count_real_roots(&p, Some(&RBig::from(1)), Some(&RBig::from(3))).unwrap(), 2);
    }

    #[test]
    fn isolation() {
        let p = Poly::from_ints(&[-2, 0, 1]);
        let roots = isolate_real_roots(&p, &RBig::from_parts(1.into(), 1000u32.into())).unwrap();
        assert_eq!(roots.len(), 2);
        assert!(roots[1].0 < RBig::from_parts(1415.into(), 1000u32.into()));
        assert!(roots[1].1 > RBig::from_parts(1414.into(), 1000u32.into()));
    }
}
