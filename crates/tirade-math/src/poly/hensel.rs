//! Hensel lifting: from factors modulo a prime to factors modulo a power of it.

use dashu::base::RemEuclid;
use dashu::integer::IBig;

use super::modp::{Field, ModPoly};

type IntPoly = Vec<IBig>;

pub(super) fn multiply(a: &[IBig], b: &[IBig], modulus: &IBig) -> IntPoly {
    if a.is_empty() || b.is_empty() {
        return vec![];
    }
    let mut out = vec![IBig::ZERO; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            out[i + j] += x * y;
        }
    }
    out.into_iter().map(|c| IBig::from(c.rem_euclid(modulus))).collect()
}

fn widen(a: &ModPoly) -> IntPoly {
    a.iter().map(|&c| IBig::from(c)).collect()
}

/// Lifts monic pairwise coprime factors of `f` modulo `p` to monic factors modulo `p^k`.
///
/// `f` may have a leading coefficient other than one, not divisible by `p`. Each factor is split off in turn.
pub(super) fn lift(f: &[IBig], factors: &[ModPoly], field: Field, k: usize) -> Vec<IntPoly> {
    let modulus = IBig::from(field.p).pow(k);
    let inverse = crate::integer::inverse_mod(f.last().unwrap_or(&IBig::ONE), &modulus).unwrap_or(IBig::ONE);
    let mut rest: IntPoly = f.iter().map(|c| IBig::from((c * &inverse).rem_euclid(&modulus))).collect();
    let mut lifted = Vec::with_capacity(factors.len());
    for i in 0..factors.len().saturating_sub(1) {
        let cofactor = factors[i + 1..].iter().fold(vec![1], |a, b| field.mul(&a, b));
        let (g, h) = lift_pair(&rest, &factors[i], &cofactor, field, k);
        lifted.push(g);
        rest = h;
    }
    lifted.push(rest);
    lifted
}

/// `f = g h` modulo `p` becomes `f = g h` modulo `p^k`, one power of `p` at a time; everything is monic.
fn lift_pair(f: &[IBig], g0: &ModPoly, h0: &ModPoly, field: Field, k: usize) -> (IntPoly, IntPoly) {
    let (s, t) = field.bezout(g0, h0);
    let prime = IBig::from(field.p);
    let (mut g, mut h) = (widen(g0), widen(h0));
    let mut power = prime.clone();
    for _ in 1..k {
        let next = &power * &prime;
        let product = multiply(&g, &h, &next);
        let error: IntPoly = (0..f.len())
            .map(|i| {
                let difference = &f[i] - product.get(i).unwrap_or(&IBig::ZERO);
                IBig::from(difference.rem_euclid(&next)) / &power
            })
            .collect();
        let e = field.reduce(&error);
        // g += power * (t e mod g0), h += power * (s e + h0 * quotient)
        let (q, dg) = field.div_rem(&field.mul(&t, &e), g0);
        let dh = field.reduce(&sum(&widen(&field.mul(&s, &e)), &widen(&field.mul(&q, h0))));
        add_scaled(&mut g, &dg, &power);
        add_scaled(&mut h, &dh, &power);
        power = next;
    }
    (g, h)
}

fn sum(a: &[IBig], b: &[IBig]) -> IntPoly {
    let at = |v: &[IBig], i: usize| v.get(i).cloned().unwrap_or(IBig::ZERO);
    (0..a.len().max(b.len())).map(|i| at(a, i) + at(b, i)).collect()
}

fn add_scaled(target: &mut IntPoly, delta: &ModPoly, power: &IBig) {
    for (c, &d) in target.iter_mut().zip(delta) {
        *c += power * IBig::from(d);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifted_factors_multiply_back() {
        let field = Field { p: 7 };
        // x^4 - 10 x^2 + 1 splits into quadratics modulo every prime.
        let f: IntPoly = [1, 0, -10, 0, 1].map(IBig::from).to_vec();
        let factors = field.factor(&field.monic(&field.reduce(&f)));
        assert!(factors.len() > 1);
        let modulus = IBig::from(7).pow(8);
        let product =
            lift(&f, &factors, field, 8).iter().fold(vec![IBig::ONE], |a, b| multiply(&a, b, &modulus));
        let expected: IntPoly = f.iter().map(|c| IBig::from(c.rem_euclid(&modulus))).collect();
        assert_eq!(product, expected);
    }
}
