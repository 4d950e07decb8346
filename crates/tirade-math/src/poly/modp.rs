//! Polynomials modulo a small prime: the arithmetic that factorisation needs.
//!
//! A polynomial is a `Vec<u64>` of residues, constant term first, without trailing zeros. The prime is below 2^31, so
//! products fit in a word.

use dashu::base::RemEuclid;
use dashu::integer::IBig;

pub(super) type ModPoly = Vec<u64>;

/// Arithmetic modulo a fixed prime.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) p: u64,
}

fn trim(mut a: ModPoly) -> ModPoly {
    while a.last() == Some(&0) {
        a.pop();
    }
    a
}

impl Field {
    pub(super) fn reduce(self, ints: &[IBig]) -> ModPoly {
        let p = IBig::from(self.p);
        trim(ints.iter().map(|c| u64::try_from(c.rem_euclid(&p)).unwrap_or(0)).collect())
    }

    pub(super) fn inverse(self, a: u64) -> u64 {
        let (mut power, mut base, mut e) = (1, a % self.p, self.p - 2);
        while e > 0 {
            if e & 1 == 1 {
                power = power * base % self.p;
            }
            base = base * base % self.p;
            e >>= 1;
        }
        power
    }

    fn sub(self, a: &ModPoly, b: &ModPoly) -> ModPoly {
        let at = |v: &ModPoly, i: usize| v.get(i).copied().unwrap_or(0);
        trim((0..a.len().max(b.len())).map(|i| (at(a, i) + self.p - at(b, i)) % self.p).collect())
    }

    pub(super) fn mul(self, a: &ModPoly, b: &ModPoly) -> ModPoly {
        if a.is_empty() || b.is_empty() {
            return vec![];
        }
        let mut out = vec![0; a.len() + b.len() - 1];
        for (i, &x) in a.iter().enumerate() {
            for (j, &y) in b.iter().enumerate() {
                out[i + j] = (out[i + j] + x * y) % self.p;
            }
        }
        trim(out)
    }

    /// Quotient and remainder; the divisor is not zero.
    pub(super) fn div_rem(self, a: &ModPoly, b: &ModPoly) -> (ModPoly, ModPoly) {
        let mut rest = a.clone();
        let (Some(&lead), true) = (b.last(), a.len() >= b.len()) else { return (vec![], rest) };
        let inverse = self.inverse(lead);
        let mut quotient = vec![0; a.len() - b.len() + 1];
        for shift in (0..quotient.len()).rev() {
            let q = rest[shift + b.len() - 1] * inverse % self.p;
            quotient[shift] = q;
            for (i, &y) in b.iter().enumerate() {
                rest[shift + i] = (rest[shift + i] + (self.p - q) * y) % self.p;
            }
        }
        (trim(quotient), trim(rest))
    }

    pub(super) fn monic(self, a: &ModPoly) -> ModPoly {
        let Some(&lead) = a.last() else { return vec![] };
        let inverse = self.inverse(lead);
        a.iter().map(|x| x * inverse % self.p).collect()
    }

    pub(super) fn gcd(self, a: &ModPoly, b: &ModPoly) -> ModPoly {
        let (mut a, mut b) = (a.clone(), b.clone());
        while !b.is_empty() {
            let r = self.div_rem(&a, &b).1;
            (a, b) = (b, r);
        }
        self.monic(&a)
    }

    /// `(s, t)` with `s a + t b = 1`, for coprime `a`, `b`.
    pub(super) fn bezout(self, a: &ModPoly, b: &ModPoly) -> (ModPoly, ModPoly) {
        let (mut r0, mut r1) = (a.clone(), b.clone());
        let (mut s0, mut s1, mut t0, mut t1) = (vec![1], vec![], vec![], vec![1]);
        while !r1.is_empty() {
            let (q, r) = self.div_rem(&r0, &r1);
            (r0, r1) = (r1, r);
            let (s2, t2) = (self.sub(&s0, &self.mul(&q, &s1)), self.sub(&t0, &self.mul(&q, &t1)));
            (s0, s1, t0, t1) = (s1, s2, t1, t2);
        }
        let inverse = self.inverse(r0.last().copied().unwrap_or(1));
        let scale = |v: ModPoly| trim(v.into_iter().map(|x| x * inverse % self.p).collect());
        (scale(s0), scale(t0))
    }

    pub(super) fn derivative(self, a: &ModPoly) -> ModPoly {
        trim(a.iter().enumerate().skip(1).map(|(i, &x)| i as u64 % self.p * x % self.p).collect())
    }

    pub(super) fn is_square_free(self, a: &ModPoly) -> bool {
        self.gcd(a, &self.derivative(a)).len() == 1
    }

    fn pow_mod(self, base: &ModPoly, mut e: u64, modulus: &ModPoly) -> ModPoly {
        let mut power = vec![1];
        let mut square = self.div_rem(base, modulus).1;
        while e > 0 {
            if e & 1 == 1 {
                power = self.div_rem(&self.mul(&power, &square), modulus).1;
            }
            e >>= 1;
            if e > 0 {
                square = self.div_rem(&self.mul(&square, &square), modulus).1;
            }
        }
        power
    }

    /// Irreducible monic factors of a monic square-free polynomial, by distinct-degree and equal-degree splitting.
    pub(super) fn factor(self, a: &ModPoly) -> Vec<ModPoly> {
        let mut factors = Vec::new();
        let mut rest = a.clone();
        let x = vec![0, 1];
        let mut power = x.clone();
        let mut degree = 0;
        while rest.len() > 2 * (degree + 1) {
            degree += 1;
            power = self.pow_mod(&power, self.p, &rest);
            let part = self.gcd(&rest, &self.sub(&power, &x));
            if part.len() > 1 {
                rest = self.div_rem(&rest, &part).0;
                power = self.div_rem(&power, &rest).1;
                self.equal_degree(part, degree, 1, &mut factors);
            }
        }
        if rest.len() > 1 {
            factors.push(rest);
        }
        factors
    }

    /// Splits a product of irreducible factors of one degree, trying the polynomials `x + 1`, `x^2 + 2 x + 1`, … in order.
    fn equal_degree(self, a: ModPoly, degree: usize, mut seed: u64, out: &mut Vec<ModPoly>) {
        if a.len() - 1 == degree {
            out.push(a);
            return;
        }
        loop {
            let trial = self.trial(seed, a.len() - 1);
            seed += 1;
            let power = self.half_norm_power(&trial, degree, &a);
            let part = self.gcd(&a, &self.sub(&power, &vec![1]));
            // 200 failures in a row have probability 2^-200; the whole polynomial is then handed back as one factor.
            if part.len() > 1 && part.len() < a.len() {
                let other = self.div_rem(&a, &part).0;
                self.equal_degree(part, degree, seed, out);
                self.equal_degree(other, degree, seed, out);
                return;
            }
            if seed > 2_000 {
                out.push(a);
                return;
            }
        }
    }

    /// `trial^((p^degree - 1) / 2)` modulo `a`.
    fn half_norm_power(self, trial: &ModPoly, degree: usize, a: &ModPoly) -> ModPoly {
        let mut frobenius = self.div_rem(trial, a).1;
        let mut norm = frobenius.clone();
        for _ in 1..degree {
            frobenius = self.pow_mod(&frobenius, self.p, a);
            norm = self.div_rem(&self.mul(&norm, &frobenius), a).1;
        }
        self.pow_mod(&norm, (self.p - 1) / 2, a)
    }

    /// A pseudo-random polynomial that depends on the seed only.
    fn trial(self, seed: u64, len: usize) -> ModPoly {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 16) % self.p
        };
        let mut coeffs: ModPoly = (0..len).map(|_| next()).collect();
        if coeffs.len() > 1 {
            coeffs[1] = 1;
        }
        trim(coeffs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_multiply_back() {
        let field = Field { p: 101 };
        // (x^2 + 3)(x - 5)(x - 7)(x^3 + 2)
        let parts: [&[u64]; 4] = [&[3, 0, 1], &[96, 1], &[94, 1], &[2, 0, 0, 1]];
        let product = parts.iter().fold(vec![1], |a, b| field.mul(&a, &b.to_vec()));
        let factors = field.factor(&product);
        assert!(factors.len() >= 4);
        assert_eq!(factors.iter().fold(vec![1], |a, b| field.mul(&a, b)), product);
    }

    #[test]
    fn bezout_identity() {
        let field = Field { p: 13 };
        let (a, b) = (vec![1, 0, 1], vec![3, 1]);
        let (s, t) = field.bezout(&a, &b);
        let (left, right) = (field.mul(&s, &a), field.mul(&t, &b));
        assert_eq!(field.sub(&left, &field.sub(&vec![], &right)), vec![1]);
    }
}
