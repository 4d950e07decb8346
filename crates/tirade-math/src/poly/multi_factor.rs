//! Factorisation over the rational numbers in several variables.
//!
//! One variable: Zassenhaus. A homogeneous polynomial loses a variable by setting it to one. Otherwise Kronecker's
//! substitution `x_i -> t^(D^i)` leads to one variable, and products of the factors found there are tried by division. Before that,
//! an irreducible value at a few integer points proves most irreducible polynomials irreducible at once.

use dashu::rational::RBig;
use smallvec::SmallVec;

use super::factor::MAX_COMBINATION_WORK;
use super::multi_gcd::split_content;
use super::{MPoly, Monomial, Poly, factor, gcd_multi};
use crate::exact::{Exact, at_most, undefined};

/// `content * product of factors^multiplicity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MFactored {
    /// The rational number in front.
    pub content: RBig,
    /// Irreducible factors with coprime integer coefficients and a positive leading one, with multiplicities.
    pub factors: Vec<(MPoly, usize)>,
}

/// Most factors of a Kronecker image whose products are tried.
const MAX_KRONECKER_FACTORS: usize = 14;
/// Largest degree of a Kronecker image.
const MAX_KRONECKER_DEGREE: usize = 80;

/// Complete factorisation over the rational numbers.
///
/// # Errors
/// `Undefined` for zero, `TooLarge` when the bounds on degree or on combinations are reached.
pub fn factor_multi(p: &MPoly) -> Exact<MFactored> {
    if p.is_zero() {
        return undefined("the factorisation of the zero polynomial");
    }
    let (content, mut rest) = p.primitive();
    let mut factors: Vec<(MPoly, usize)> = Vec::new();
    let monomial = rest.monomial_content();
    for (i, &e) in monomial.iter().enumerate().filter(|(_, e)| **e > 0) {
        factors.push((MPoly::var(p.vars(), i), e.into()));
    }
    if let Some(q) = rest.exact_div(&MPoly::monomial(monomial, RBig::ONE))? {
        rest = q;
    }
    for (f, multiplicity) in without_monomial(rest)? {
        match factors.iter_mut().find(|(g, _)| *g == f) {
            Some((_, n)) => *n += multiplicity,
            None => factors.push((f, multiplicity)),
        }
    }
    factors.sort_by(|(a, _), (b, _)| (a.total_degree(), a).cmp(&(b.total_degree(), b)));
    Ok(MFactored { content, factors })
}

/// The irreducible factors of a polynomial that no variable divides; one may be named several times. In one variable, or where
/// all terms have the same degree, nothing need be split off first.
fn without_monomial(p: MPoly) -> Exact<Vec<(MPoly, usize)>> {
    let used = p.used_vars();
    let quick = match (used.as_slice(), homogeneous_in(&p)) {
        ([], _) => return Ok(vec![]),
        (&[x], _) => p.to_dense(x).and_then(|dense| factor_dense(&dense, p.vars(), x).ok()),
        (_, Some(last)) => factor_homogeneous(&p, last).ok(),
        _ => None,
    };
    quick.map_or_else(|| thorough(p), Ok)
}

/// Contents, then multiplicities, then irreducible factors: what is too large in one piece may not be so in parts.
fn thorough(p: MPoly) -> Exact<Vec<(MPoly, usize)>> {
    let mut factors = Vec::new();
    for part in content_parts(p)? {
        for (free, multiplicity) in square_free_parts(part)? {
            factors.extend(factor_square_free(&free)?.into_iter().map(|f| (f, multiplicity)));
        }
    }
    Ok(factors)
}

fn factor_dense(p: &Poly, vars: usize, x: usize) -> Exact<Vec<(MPoly, usize)>> {
    Ok(factor(p)?.factors.into_iter().map(|(f, n)| (MPoly::from_dense(vars, x, &f), n)).collect())
}

/// Splits off the contents with respect to each variable, so that every part is primitive in its variables.
fn content_parts(p: MPoly) -> Exact<Vec<MPoly>> {
    let mut todo = vec![p];
    let mut done = Vec::new();
    while let Some(p) = todo.pop() {
        if p.as_constant().is_some() {
            continue;
        }
        let used = p.used_vars();
        let mut split = None;
        for &v in used.iter().filter(|_| used.len() > 1) {
            let (content, part) = split_content(&p, v)?;
            if content.as_constant().is_none() {
                split = Some([content, part]);
                break;
            }
        }
        match split {
            Some(parts) => todo.extend(parts),
            None => done.push(p),
        }
    }
    Ok(done)
}

/// Yun's algorithm in the first variable that occurs.
fn square_free_parts(p: MPoly) -> Exact<Vec<(MPoly, usize)>> {
    let Some(&main) = p.used_vars().first() else { return Ok(vec![]) };
    let divide = |a: &MPoly, b: &MPoly| Ok(a.exact_div(b)?.unwrap_or_else(|| a.clone()));
    let mut common = gcd_multi(&p, &p.derivative(main))?;
    if common.as_constant().is_some() {
        return Ok(vec![(p, 1)]);
    }
    let mut w = divide(&p, &common)?;
    let mut parts = Vec::new();
    let mut multiplicity = 1;
    while w.as_constant().is_none() {
        let next = gcd_multi(&w, &common)?;
        let part = divide(&w, &next)?.primitive().1;
        if part.as_constant().is_none() {
            parts.push((part, multiplicity));
        }
        common = divide(&common, &next)?;
        w = next;
        multiplicity += 1;
    }
    Ok(parts)
}

fn factor_square_free(p: &MPoly) -> Exact<Vec<MPoly>> {
    let used = p.used_vars();
    let (vars, Some(&main)) = (p.vars(), used.first()) else { return Ok(vec![]) };
    if let Some(dense) = p.to_dense(main) {
        return Ok(factor_dense(&dense, vars, main)?.into_iter().map(|(f, _)| f).collect());
    }
    if used.iter().any(|&v| p.degree_in(v) == 1) {
        // Linear in a variable and primitive in it: irreducible.
        return Ok(vec![p.clone()]);
    }
    if let Some(last) = homogeneous_in(p) {
        return Ok(factor_homogeneous(p, last)?.into_iter().map(|(f, _)| f).collect());
    }
    if irreducible_at_a_point(p, main)? {
        return Ok(vec![p.clone()]);
    }
    kronecker(p, &used)
}

/// A variable to set to one, if all terms have the same total degree.
fn homogeneous_in(p: &MPoly) -> Option<usize> {
    let degree = p.total_degree();
    let same = p.terms().all(|(m, _)| m.iter().map(|&e| usize::from(e)).sum::<usize>() == degree);
    if same { p.used_vars().pop() } else { None }
}

fn factor_homogeneous(p: &MPoly, last: usize) -> Exact<Vec<(MPoly, usize)>> {
    let flat = p.substitute(last, &RBig::ONE)?;
    let factors = factor_multi(&flat)?.factors;
    let mut out = Vec::new();
    for (f, n) in factors {
        let degree = f.total_degree();
        let mut lifted = MPoly::zero(p.vars());
        for (m, c) in f.terms() {
            let mut m = m.clone();
            m[last] = (degree - m.iter().map(|&e| usize::from(e)).sum::<usize>()) as u16;
            lifted = lifted.add(&MPoly::monomial(m, c.clone()));
        }
        out.push((lifted.primitive().1, n));
    }
    Ok(out)
}

/// Whether some value of the other variables keeps the degree and leaves an irreducible polynomial in `main`.
fn irreducible_at_a_point(p: &MPoly, main: usize) -> Exact<bool> {
    let degree = p.degree_in(main);
    for shift in [2i64, 3, 5] {
        let mut value = p.clone();
        for (k, v) in p.used_vars().into_iter().filter(|&v| v != main).enumerate() {
            value = value.substitute(v, &RBig::from(shift + 4 * k as i64))?;
        }
        let Some(dense) = value.to_dense(main) else { continue };
        if dense.degree() == degree && factor(&dense)?.factors.iter().map(|(_, n)| n).sum::<usize>() == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Exponent of `t` for each variable, so that monomials within the degrees of `p` stay distinct.
fn weights(p: &MPoly, used: &[usize]) -> Exact<Vec<(usize, usize)>> {
    let mut weight = 1usize;
    let mut list = Vec::new();
    for &v in used.iter().rev() {
        list.push((v, weight));
        weight = weight.saturating_mul(p.degree_in(v) + 1);
    }
    at_most("degree of a Kronecker image", weight - 1, MAX_KRONECKER_DEGREE)?;
    Ok(list)
}

fn image(p: &MPoly, weights: &[(usize, usize)]) -> Poly {
    let exponent = |m: &Monomial| weights.iter().map(|&(v, w)| usize::from(m[v]) * w).sum::<usize>();
    p.terms().fold(Poly::default(), |q, (m, c)| q.add(&Poly::monomial(c.clone(), exponent(m))))
}

fn preimage(q: &Poly, vars: usize, weights: &[(usize, usize)]) -> MPoly {
    let mut p = MPoly::zero(vars);
    for (n, c) in q.coeffs().iter().enumerate().filter(|(_, c)| !c.is_zero()) {
        let mut m: Monomial = SmallVec::from_elem(0, vars);
        let mut rest = n;
        for &(v, w) in weights.iter().rev() {
            m[v] = (rest / w) as u16;
            rest %= w;
        }
        p = p.add(&MPoly::monomial(m, c.clone()));
    }
    p
}

fn kronecker(p: &MPoly, used: &[usize]) -> Exact<Vec<MPoly>> {
    let weights = weights(p, used)?;
    let mut images: Vec<Poly> = Vec::new();
    for (f, n) in factor(&image(p, &weights))?.factors {
        images.extend(std::iter::repeat_n(f, n));
    }
    at_most("factors of a Kronecker image", images.len(), MAX_KRONECKER_FACTORS)?;
    let degree: usize = images.iter().map(Poly::degree).sum();
    at_most("work to combine factors", degree.pow(2) << images.len(), MAX_COMBINATION_WORK)?;
    let mut rest = p.clone();
    let mut out = Vec::new();
    let mut size = 1;
    while 2 * size <= images.len() {
        match find_subset(&rest, &images, size, &weights)? {
            Some((mask, f, quotient)) => {
                out.push(f);
                rest = quotient;
                images = images
                    .into_iter()
                    .enumerate()
                    .filter(|(i, _)| mask & (1 << i) == 0)
                    .map(|(_, f)| f)
                    .collect();
            }
            None => size += 1,
        }
    }
    if rest.as_constant().is_none() {
        out.push(rest.primitive().1);
    }
    Ok(out)
}

fn find_subset(
    p: &MPoly,
    images: &[Poly],
    size: usize,
    weights: &[(usize, usize)],
) -> Exact<Option<(u32, MPoly, MPoly)>> {
    for mask in (0u32..1 << images.len()).filter(|m| m.count_ones() as usize == size) {
        let chosen = (0..images.len()).filter(|i| mask & (1 << i) != 0);
        let product = chosen.fold(Poly::one(), |a, i| a.mul(&images[i]));
        let candidate = preimage(&product, p.vars(), weights).primitive().1;
        if candidate.as_constant().is_some()
            || weights.iter().any(|&(v, _)| candidate.degree_in(v) > p.degree_in(v))
        {
            continue;
        }
        if let Some(quotient) = p.exact_div(&candidate)? {
            return Ok(Some((mask, candidate, quotient)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["x", "y", "z"].map(String::from).to_vec()
    }

    fn check(p: &MPoly, expected: &[&str]) {
        let f = factor_multi(p).unwrap();
        let mut got: Vec<String> =
            f.factors.iter().map(|(q, n)| format!("({})^{n}", q.tex(&names()))).collect();
        got.sort();
        assert_eq!(got, expected, "{}", p.tex(&names()));
        let start = MPoly::constant(3, f.content);
        let product = f.factors.iter().fold(start, |a, (q, n)| a.mul(&q.pow(*n).unwrap()).unwrap());
        assert_eq!(product, *p);
    }

    #[test]
    fn table() {
        let (x, y, z) = (MPoly::var(3, 0), MPoly::var(3, 1), MPoly::var(3, 2));
        let one = MPoly::one(3);
        let sq = |p: &MPoly| p.pow(2).unwrap();
        let mul = |a: &MPoly, b: &MPoly| a.mul(b).unwrap();
        check(&sq(&x).sub(&sq(&y)), &["(x + y)^1", "(x - y)^1"]);
        check(&mul(&x, &y).add(&x).add(&y).add(&one), &["(x + 1)^1", "(y + 1)^1"]);
        check(&sq(&x.add(&y)).sub(&sq(&z)), &["(x + y + z)^1", "(x + y - z)^1"]);
        check(&x.pow(3).unwrap().add(&y.pow(3).unwrap()), &["(x + y)^1", "(x^{2} - xy + y^{2})^1"]);
        check(&sq(&x).add(&sq(&y)).add(&one), &["(x^{2} + y^{2} + 1)^1"]);
        check(&mul(&sq(&x.add(&y)), &sq(&z)).scale(&RBig::from(6)), &["(x + y)^2", "(z)^2"]);
        check(&mul(&sq(&x).add(&y), &sq(&y).add(&x)), &["(x + y^{2})^1", "(x^{2} + y)^1"]);
        let inhomogeneous = mul(&sq(&x).add(&sq(&y)).add(&one), &sq(&x).sub(&sq(&y)).add(&one));
        check(&inhomogeneous, &["(x^{2} + y^{2} + 1)^1", "(x^{2} - y^{2} + 1)^1"]);
    }
}
