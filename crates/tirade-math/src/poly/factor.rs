//! Factorisation over the rational numbers by Zassenhaus' algorithm.

use dashu::base::{Abs, RemEuclid};
use dashu::integer::IBig;
use dashu::rational::RBig;

use super::hensel::{lift, multiply};
use super::modp::Field;
use super::small::factor_small;
use super::{Poly, gcd};
use crate::exact::{Exact, ExactError, at_most, bits, undefined};

/// Largest degree that is factored.
pub const MAX_FACTOR_DEGREE: usize = 80;
/// Largest product of degree and coefficient bits that is factored.
const MAX_FACTOR_SIZE: usize = 10_000;
/// Bound on the number of subsets of factors times the square of the degree.
pub(super) const MAX_COMBINATION_WORK: usize = 1 << 21;
/// Most modular factors whose subsets are tried.
const MAX_MODULAR_FACTORS: usize = 14;

/// `content * product of factors^multiplicity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factored {
    /// The rational number in front.
    pub content: RBig,
    /// Irreducible factors with coprime integer coefficients and a positive leading one, with multiplicities, by
    /// degree, then by coefficients from the constant term up.
    pub factors: Vec<(Poly, usize)>,
}

/// Square-free decomposition: primitive square-free polynomials with their multiplicities.
///
/// # Errors
/// `Undefined` for zero.
pub fn square_free(p: &Poly) -> Exact<Factored> {
    if p.is_zero() {
        return undefined("the factorisation of the zero polynomial");
    }
    let (content, ints) = p.primitive();
    let p = Poly::from_ibigs(&ints);
    let mut factors = Vec::new();
    let derivative = p.derivative();
    let mut common = gcd(&p, &derivative)?;
    let mut w = quotient(&p, &common)?;
    let mut multiplicity = 1;
    while !w.is_constant() {
        let next = gcd(&w, &common)?;
        let part = quotient(&w, &next)?;
        if !part.is_constant() {
            factors.push((part.primitive_part(), multiplicity));
        }
        common = quotient(&common, &next)?;
        w = next;
        multiplicity += 1;
    }
    Ok(Factored { content, factors })
}

fn quotient(a: &Poly, b: &Poly) -> Exact<Poly> {
    a.div_rem(b).map(|(q, _)| q)
}

/// Complete factorisation over the rational numbers.
///
/// # Errors
/// `Undefined` for zero, `TooLarge` beyond [`MAX_FACTOR_DEGREE`] or when too many modular factors would have to be
/// combined.
pub fn factor(p: &Poly) -> Exact<Factored> {
    at_most("degree to factor", p.degree(), MAX_FACTOR_DEGREE)?;
    let size =
        p.coeffs().iter().map(|c| bits(c.numerator()) + bits(c.denominator().as_ibig())).max().unwrap_or(0);
    at_most("degree times bits to factor", p.degree().saturating_mul(size), MAX_FACTOR_SIZE)?;
    if p.degree() > 1 {
        let (content, ints) = p.primitive();
        if let Some(factors) = factor_small(&ints) {
            return Ok(Factored { content, factors: counted(factors) });
        }
    }
    general(p)
}

/// Equal factors together, in order.
fn counted(mut factors: Vec<Poly>) -> Vec<(Poly, usize)> {
    factors.sort_by(|a, b| (a.degree(), a).cmp(&(b.degree(), b)));
    let mut out: Vec<(Poly, usize)> = Vec::new();
    for factor in factors {
        match out.last_mut() {
            Some((last, n)) if *last == factor => *n += 1,
            _ => out.push((factor, 1)),
        }
    }
    out
}

/// [`factor`] for polynomials of any kind.
pub(super) fn general(p: &Poly) -> Exact<Factored> {
    let parts = square_free(p)?;
    let mut factors = Vec::new();
    for (part, multiplicity) in parts.factors {
        for irreducible in factor_square_free(part)? {
            factors.push((irreducible, multiplicity));
        }
    }
    factors.sort_by(|(a, _), (b, _)| (a.degree(), a).cmp(&(b.degree(), b)));
    Ok(Factored { content: parts.content, factors })
}

/// Splits a primitive square-free polynomial; a factor `x` and quadratics take a shortcut.
fn factor_square_free(mut p: Poly) -> Exact<Vec<Poly>> {
    let mut out = Vec::new();
    if p.degree() > 1 && p.coeff(0).is_zero() {
        out.push(Poly::x());
        p = Poly::new(p.coeffs()[1..].to_vec());
    }
    match p.degree() {
        0 => {}
        1 => out.push(p),
        2 => out.extend(split_quadratic(p)),
        _ => out.extend(zassenhaus(&p)?),
    }
    Ok(out)
}

fn split_quadratic(p: Poly) -> Vec<Poly> {
    let [c, b, a] = [0, 1, 2].map(|i| p.coeff(i).numerator().clone());
    let discriminant = &b * &b - IBig::from(4) * &a * &c;
    let Ok(root) = crate::integer::integer_root(&discriminant, 2) else { return vec![p] };
    if &root * &root != discriminant {
        return vec![p];
    }
    let linear = |r: IBig| Poly::from_ibigs(&[&b + r, IBig::from(2) * &a]).primitive_part();
    vec![linear(root.clone()), linear(-root)]
}

/// An odd prime that keeps the degree and square-freeness, with few modular factors among the first suitable ones.
fn choose_prime(ints: &[IBig]) -> Exact<(Field, Vec<Vec<u64>>)> {
    let mut best: Option<(Field, Vec<Vec<u64>>)> = None;
    let mut suitable = 0;
    for &p in crate::integer::small_primes().iter().skip(1) {
        let field = Field { p: p.into() };
        let reduced = field.reduce(ints);
        if reduced.len() != ints.len() || !field.is_square_free(&reduced) {
            continue;
        }
        let factors = field.factor(&field.monic(&reduced));
        suitable += 1;
        if best.as_ref().is_none_or(|(_, old)| factors.len() < old.len()) {
            best = Some((field, factors));
        }
        if suitable == 3 || best.as_ref().is_some_and(|(_, f)| f.len() == 1) {
            break;
        }
    }
    best.ok_or(ExactError::TooLarge { what: "primes tried for a factorisation", limit: 300 })
}

fn zassenhaus(p: &Poly) -> Exact<Vec<Poly>> {
    let (_, ints) = p.primitive();
    let (field, modular) = choose_prime(&ints)?;
    if modular.len() == 1 {
        return Ok(vec![p.clone()]);
    }
    at_most("modular factors to combine", modular.len(), MAX_MODULAR_FACTORS)?;
    at_most("work to combine factors", p.degree().pow(2) << modular.len(), MAX_COMBINATION_WORK)?;
    let k = lifting_exponent(&ints, field.p);
    let lifted = lift(&ints, &modular, field, k);
    Ok(recombine(p.clone(), lifted, &IBig::from(field.p).pow(k)))
}

/// Smallest `k` with `p^k` above twice the Mignotte bound times the leading coefficient.
fn lifting_exponent(ints: &[IBig], p: u64) -> usize {
    let norm: IBig = ints.iter().map(|c| c.clone().abs()).sum();
    let lead = ints.last().cloned().unwrap_or(IBig::ONE).abs();
    let bound: IBig = (norm * lead) << (ints.len() + 1);
    let mut power = IBig::from(p);
    let mut k = 1;
    while power <= bound {
        power *= IBig::from(p);
        k += 1;
    }
    k
}

/// Tries products of lifted factors, small subsets first, and divides out what divides.
fn recombine(mut p: Poly, mut lifted: Vec<Vec<IBig>>, modulus: &IBig) -> Vec<Poly> {
    let mut out = Vec::new();
    let mut size = 1;
    while 2 * size <= lifted.len() {
        match find_subset(&p, &lifted, size, modulus) {
            Some((mask, factor, rest)) => {
                out.push(factor);
                p = rest;
                let mut index = 0;
                lifted.retain(|_| {
                    index += 1;
                    mask & (1 << (index - 1)) == 0
                });
            }
            None => size += 1,
        }
    }
    if !p.is_constant() {
        out.push(p.primitive_part());
    }
    out
}

fn find_subset(p: &Poly, lifted: &[Vec<IBig>], size: usize, modulus: &IBig) -> Option<(u32, Poly, Poly)> {
    let lead = p.primitive().1.last().cloned().unwrap_or(IBig::ONE);
    (0u32..1 << lifted.len()).filter(|m| m.count_ones() as usize == size).find_map(|mask| {
        let chosen = (0..lifted.len()).filter(|i| mask & (1 << i) != 0);
        let product = chosen.fold(vec![lead.clone()], |a, i| multiply(&a, &lifted[i], modulus));
        let candidate = Poly::from_ibigs(&product.iter().map(|c| symmetric(c, modulus)).collect::<Vec<_>>());
        let candidate = candidate.primitive_part();
        let rest = p.exact_div(&candidate)?;
        Some((mask, candidate, rest.primitive_part()))
    })
}

/// The representative between `-modulus/2` and `modulus/2`.
fn symmetric(c: &IBig, modulus: &IBig) -> IBig {
    let r = IBig::from(c.rem_euclid(modulus));
    if &r + &r > *modulus { r - modulus } else { r }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(f: &Factored) -> Poly {
        let start = Poly::constant(f.content.clone());
        f.factors.iter().fold(start, |a, (p, n)| a.mul(&p.pow(*n).unwrap()))
    }

    #[test]
    fn table() {
        type Factors = &'static [(&'static str, usize)];
        let cases: [(&[i64], Factors); 9] = [
            (&[-1, 0, 0, 0, 1], &[("x - 1", 1), ("x + 1", 1), ("x^{2} + 1", 1)]),
            (&[4, 0, 0, 0, 1], &[("x^{2} - 2x + 2", 1), ("x^{2} + 2x + 2", 1)]),
            (&[1, 0, -10, 0, 1], &[("x^{4} - 10x^{2} + 1", 1)]),
            (&[0, 0, 2, 4, 2], &[("x", 2), ("x + 1", 2)]),
            (&[6, -5, 1], &[("x - 3", 1), ("x - 2", 1)]),
            (&[-1, 1, 6], &[("3x - 1", 1), ("2x + 1", 1)]),
            (&[1, 1, 1, 1, 1], &[("x^{4} + x^{3} + x^{2} + x + 1", 1)]),
            (&[7], &[]),
            (
                &[-1, 0, 0, 0, 0, 0, 1],
                &[("x - 1", 1), ("x + 1", 1), ("x^{2} - x + 1", 1), ("x^{2} + x + 1", 1)],
            ),
        ];
        for (coeffs, expected) in cases {
            let p = Poly::from_ints(coeffs);
            let f = factor(&p).unwrap();
            let got: Vec<(String, usize)> = f.factors.iter().map(|(q, n)| (q.tex("x"), *n)).collect();
            assert_eq!(
                got,
                expected.iter().map(|(s, n)| (s.to_string(), *n)).collect::<Vec<_>>(),
                "{coeffs:?}"
            );
            assert_eq!(product(&f), p);
        }
    }

    #[test]
    fn products_of_random_factors_come_apart() {
        let mut state = 12345u64;
        let mut next = |n: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % n
        };
        for _ in 0..200 {
            let mut random =
                |degree: u64| Poly::new((0..=degree).map(|_| RBig::from(next(13) as i64 - 6)).collect());
            let (a, b) = (random(3), random(4));
            let p = a.mul(&b);
            if p.is_constant() {
                continue;
            }
            let f = factor(&p).unwrap();
            assert_eq!(product(&f), p);
            assert!(
                a.is_constant() || b.is_constant() || f.factors.iter().map(|(_, n)| n).sum::<usize>() > 1
            );
        }
    }

    #[test]
    fn refuses_zero_and_giants() {
        assert!(factor(&Poly::default()).is_err());
        assert!(factor(&Poly::monomial(RBig::ONE, 81)).is_err());
    }
}
