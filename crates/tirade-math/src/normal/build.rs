//! From [`Expr`] to normal form.

use super::mono::{Atom, Exponent, Mono, is_small_power, prime_power};
use super::poly::{Fraction, Poly};
use crate::expr::{Big, BigOp, Const, Expr, Func, Rational};
use dashu::base::{BitTest, Signed, UnsignedAbs};
use dashu::integer::{IBig, UBig};
use smol_str::SmolStr;
use std::sync::Arc;

/// Expands a power of a sum up to this exponent.
const MAX_EXPAND: u64 = 24;
/// Terms of a written-out sum or product.
const MAX_RANGE: i64 = 400;
/// Factorials up to this are numbers.
const MAX_FACTORIAL: i64 = 1500;

/// Builds normal forms; one builder per comparison.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    /// `log` without a base is to base 10, not e.
    pub log10: bool,
    /// Values of bound variables while a sum is written out.
    bound: Vec<(SmolStr, Rational)>,
    /// Nodes visited.
    pub work: u32,
}

/// Nodes one normal form may visit.
const MAX_WORK: u32 = 8_000;

impl Builder {
    /// A builder that reads `log` without a base as base 10.
    pub fn base_ten() -> Builder {
        Builder { log10: true, ..Builder::default() }
    }

    /// The normal form of `e`; `None` if it is none of numbers, or over a cap, or undefined.
    pub fn build(&mut self, e: &Expr) -> Option<Fraction> {
        self.work += 1;
        if self.work > MAX_WORK {
            return None;
        }
        match e {
            Expr::Num(n) => Some(Fraction::constant(n.clone())),
            Expr::Dec(d) => Some(Fraction::constant(d.value.clone())),
            Expr::Based(digits, base) => Some(Fraction::constant(crate::expr::based_value(digits, *base))),
            Expr::Sym(name) => Some(self.variable(name)),
            Expr::Const(c) => constant(*c),
            Expr::Add(terms) => self.sum(terms),
            Expr::Mul(factors) => {
                let mut product = self.build(&factors[0])?;
                for f in &factors[1..] {
                    product = product.mul(&self.build(f)?)?;
                }
                Some(product)
            }
            Expr::Pow(base, exponent) => {
                if let (Expr::Const(Const::E), Some(x)) = (&**base, exponent.as_rational()) {
                    return Some(Fraction::atom(Atom::E, Exponent::from_rational(x).filter(|e| e.num != 0)?));
                }
                let b = self.build(base)?;
                let x = self.build(exponent)?;
                power(&b, &x)
            }
            Expr::Call(func, args) => self.call(*func, args),
            Expr::Apply(name, args) => {
                let args = args.iter().map(|a| self.build(a)).collect::<Option<Vec<_>>>()?;
                Some(Fraction::atom(Atom::Apply(name.clone(), args.into()), Exponent::ONE))
            }
            Expr::Quantity(x, unit) if unit == "%" => {
                self.build(x)?.mul(&Fraction::constant(Rational::from_parts(1.into(), 100u8.into())))
            }
            Expr::Quantity(x, unit) if unit == "°" => {
                let pi = Poly::term(
                    Mono::atom(Atom::Pi, Exponent::ONE),
                    Rational::from_parts(1.into(), 180u8.into()),
                );
                self.build(x)?.mul(&Fraction::poly(pi))
            }
            Expr::Ratio(parts) if parts.len() == 2 => {
                self.build(&parts[0])?.mul(&self.build(&parts[1])?.inv()?)
            }
            Expr::Big(big) => self.big(big),
            _ => None,
        }
    }

    fn variable(&self, name: &SmolStr) -> Fraction {
        match self.bound.iter().rev().find(|(n, _)| n == name) {
            Some((_, value)) => Fraction::constant(value.clone()),
            None => Fraction::atom(Atom::Sym(name.clone()), Exponent::ONE),
        }
    }

    fn sum(&mut self, terms: &[Expr]) -> Option<Fraction> {
        let mut flat = Vec::new();
        let mut rest: Option<Fraction> = None;
        for t in terms {
            let t = self.build(t)?;
            if t.den.0.is_empty() {
                flat.extend(t.num.0);
            } else {
                rest = Some(match rest {
                    None => t,
                    Some(r) => r.add(&t)?,
                });
            }
        }
        let flat = Fraction::poly(Poly::collect(flat)?);
        match rest {
            None => Some(flat),
            Some(r) => r.add(&flat),
        }
    }

    fn call(&mut self, func: Func, args: &[Expr]) -> Option<Fraction> {
        if func == Func::Det {
            return None;
        }
        let values = args.iter().map(|a| self.build(a)).collect::<Option<Vec<_>>>()?;
        match (func, values.as_slice()) {
            (Func::Sqrt, [x]) => rational_power(x, Exponent { num: 1, den: 2 }),
            (Func::Root, [x, n]) => {
                let n = i64::try_from(n.as_constant().filter(Rational::is_int)?.numerator()).ok()?;
                rational_power(x, Exponent::new(1, n)?)
            }
            (Func::Exp, [x]) => power(&Fraction::atom(Atom::E, Exponent::ONE), x),
            (Func::Ln, [x]) => logarithm(x),
            (Func::Log, [x]) if self.log10 => {
                logarithm(x)?.mul(&logarithm(&Fraction::constant(Rational::from(10)))?.inv()?)
            }
            (Func::Log, [x]) => logarithm(x),
            (Func::Log, [x, base]) => logarithm(x)?.mul(&logarithm(base)?.inv()?),
            _ => match self.exact(func, &values) {
                Some(value) => Some(Fraction::constant(value)),
                None => atom_call(func, values),
            },
        }
    }

    /// Functions of numbers whose value is a number.
    fn exact(&self, func: Func, args: &[Fraction]) -> Option<Rational> {
        let values = args.iter().map(Fraction::as_constant).collect::<Option<Vec<_>>>()?;
        let ints =
            || values.iter().map(|v| v.is_int().then(|| v.numerator().clone())).collect::<Option<Vec<_>>>();
        Some(match (func, values.as_slice()) {
            (Func::Abs, [x]) => {
                if *x < Rational::ZERO {
                    -x.clone()
                } else {
                    x.clone()
                }
            }
            (Func::Floor, [x]) => Rational::from(x.floor()),
            (Func::Ceil, [x]) => Rational::from(x.ceil()),
            (Func::Round, [x]) => Rational::from((x + Rational::from_parts(1.into(), 2u8.into())).floor()),
            (Func::Conj | Func::Re, [x]) => x.clone(),
            (Func::Im, [_]) => Rational::ZERO,
            (Func::Max, [..]) => values.iter().max()?.clone(),
            (Func::Min, [..]) => values.iter().min()?.clone(),
            (Func::Factorial, [n]) => factorial(n, 1)?,
            (Func::DoubleFactorial, [n]) => factorial(n, 2)?,
            (Func::Binom, _) => binomial(&ints()?)?,
            (Func::Perm, _) => permutations(&ints()?)?,
            (Func::Mod, _) => match ints()?.as_slice() {
                [a, m] if !m.is_zero() => {
                    let m = m.clone().unsigned_abs();
                    let r = a.clone() % IBig::from(m.clone());
                    Rational::from(if r.is_negative() { r + IBig::from(m) } else { r })
                }
                _ => return None,
            },
            (Func::Gcd, _) => Rational::from(fold_gcd(&ints()?)?),
            (Func::Lcm, _) => {
                let mut lcm = UBig::ONE;
                for n in ints()? {
                    let n = n.unsigned_abs();
                    if n.is_zero() || lcm.bit_len() > 4096 {
                        return None;
                    }
                    use dashu::base::Gcd;
                    let g = (&lcm).gcd(&n);
                    lcm = lcm / g * n;
                }
                Rational::from(lcm)
            }
            _ => return None,
        })
    }

    fn big(&mut self, big: &Big) -> Option<Fraction> {
        let ends = match (&big.low, &big.high) {
            (Some(low), Some(high)) => self.build(low)?.as_constant().zip(self.build(high)?.as_constant()),
            _ => None,
        };
        let (low, high) = ends.filter(|(a, b)| a.is_int() && b.is_int())?;
        let (low, high) = (i64::try_from(low.numerator()).ok()?, i64::try_from(high.numerator()).ok()?);
        let sum = match big.op {
            BigOp::Sum => true,
            BigOp::Prod => false,
            _ => return None,
        };
        if high.checked_sub(low)? > MAX_RANGE {
            return None;
        }
        let mut total = Fraction::constant(if sum { Rational::ZERO } else { Rational::ONE });
        for k in low..=high {
            self.bound.push((big.var.clone(), Rational::from(k)));
            let term = self.build(&big.body);
            self.bound.pop();
            total = if sum { total.add(&term?)? } else { total.mul(&term?)? };
        }
        Some(total)
    }
}

fn constant(c: Const) -> Option<Fraction> {
    let atom = match c {
        Const::Pi => Atom::Pi,
        Const::E => Atom::E,
        Const::I => Atom::I,
        _ => return None,
    };
    Some(Fraction::atom(atom, Exponent::ONE))
}

/// A function left as it is, with its sign symmetry used: `f(-x)` is written with the positive argument.
fn atom_call(func: Func, mut args: Vec<Fraction>) -> Option<Fraction> {
    let odd = matches!(
        func,
        Func::Sin
            | Func::Tan
            | Func::Cot
            | Func::Csc
            | Func::Asin
            | Func::Atan
            | Func::Sinh
            | Func::Tanh
            | Func::Sign
    );
    let even = matches!(func, Func::Cos | Func::Sec | Func::Cosh | Func::Abs);
    let negative = args.len() == 1 && args[0].num.0.first().is_some_and(|(_, c)| *c < Rational::ZERO);
    if negative && (odd || even) {
        args[0].num = std::mem::take(&mut args[0].num).scaled(&Rational::NEG_ONE);
    }
    if matches!(func, Func::Max | Func::Min | Func::Gcd | Func::Lcm) {
        args.sort();
    }
    if args.len() == 1 && args[0].num.is_zero() {
        match func {
            _ if odd => return Some(Fraction::constant(Rational::ZERO)),
            Func::Cos | Func::Cosh => return Some(Fraction::constant(Rational::ONE)),
            _ => {}
        }
    }
    let sign = if negative && odd { Rational::NEG_ONE } else { Rational::ONE };
    Some(Fraction::poly(Poly::term(Mono::atom(Atom::Call(func, args.into()), Exponent::ONE), sign)))
}

fn power(base: &Fraction, exponent: &Fraction) -> Option<Fraction> {
    if let Some(x) = exponent.as_constant() {
        return rational_power(base, Exponent::from_rational(&x)?);
    }
    symbolic_power(base, exponent)
}

/// `base^(c₁m₁ + c₂m₂ + …)` is the product of `(base^mᵢ)^cᵢ`, where the base is positive or one variable.
fn symbolic_power(base: &Fraction, exponent: &Fraction) -> Option<Fraction> {
    if base.num.is_zero() {
        return None;
    }
    if base.as_constant().is_some_and(|c| c.is_one()) {
        return Some(base.clone());
    }
    let splits =
        base.is_positive_atom() || base.num.0.len() == 1 && base.den.0.is_empty() && base.num.0[0].1.is_one();
    if !splits || !exponent.den.0.is_empty() {
        return Some(Fraction::atom(Atom::Power(Arc::new((base.clone(), exponent.clone()))), Exponent::ONE));
    }
    let mut product = Fraction::constant(Rational::ONE);
    for (unit, e) in base_parts(base)? {
        for (m, c) in &exponent.num.0 {
            let scaled = Exponent::from_rational(c)?.mul(e)?;
            let factor = if m.is_one() {
                rational_power(&unit, scaled)?
            } else {
                let x = Fraction::poly(Poly::term(m.clone(), Rational::ONE));
                Fraction::atom(Atom::Power(Arc::new((unit.clone(), x))), scaled)
            };
            product = product.mul(&factor)?;
        }
    }
    Some(product)
}

/// The bases whose powers make up a positive constant or one monomial: `12` is 2² · 3.
fn base_parts(base: &Fraction) -> Option<Vec<(Fraction, Exponent)>> {
    let (mono, c) = &base.num.0[0];
    let mut parts = Vec::new();
    for (p, n) in factor_rational(c)? {
        parts.push((Fraction::constant(Rational::from(p)), Exponent::new(n, 1)?));
    }
    for (atom, e) in &mono.0 {
        parts.push((Fraction::atom(atom.clone(), Exponent::ONE), *e));
    }
    Some(parts)
}

fn rational_power(base: &Fraction, e: Exponent) -> Option<Fraction> {
    if e.num == 0 {
        return (!base.num.is_zero()).then(|| Fraction::constant(Rational::ONE));
    }
    if base.num.is_zero() {
        return (e.num > 0).then(|| base.clone());
    }
    if e.num < 0 {
        return rational_power(&base.inv()?, Exponent { num: -e.num, den: e.den });
    }
    if base.den.0.is_empty() && base.num.0.len() == 1 {
        return monomial_power(&base.num.0[0], e);
    }
    if e.den == 1 {
        let n = e.num.unsigned_abs();
        if n <= MAX_EXPAND {
            return base.powi(n);
        }
        return Some(Fraction::atom(Atom::Base(Arc::new(base.clone())), e));
    }
    if !base.den.0.is_empty() {
        // √(a/b) of sums: as one opaque base
        return Some(Fraction::atom(Atom::Base(Arc::new(base.clone())), e));
    }
    root_of_sum(&base.num, e)
}

/// The fractional power of a sum: its positive content goes out, whole powers are multiplied out.
fn root_of_sum(sum: &Poly, e: Exponent) -> Option<Fraction> {
    let content = content(sum);
    let primitive = Fraction::poly(sum.clone().scaled(&(&Rational::ONE / &content)));
    let whole = e.floor();
    let part = Exponent::new(e.num - whole.checked_mul(e.den)?, e.den)?;
    let outside = rational_power(&Fraction::constant(content), e)?;
    let inside = Fraction::atom(Atom::Base(Arc::new(primitive.clone())), part);
    let whole = u64::try_from(whole).ok().filter(|w| *w <= MAX_EXPAND)?;
    outside.mul(&inside)?.mul(&primitive.powi(whole)?)
}

/// The positive rational by which all coefficients become integers without a common factor.
fn content(sum: &Poly) -> Rational {
    use dashu::base::Gcd;
    let mut above = UBig::ZERO;
    let mut below = UBig::ONE;
    for (_, c) in &sum.0 {
        above = if above.is_zero() {
            c.numerator().clone().unsigned_abs()
        } else {
            above.gcd(c.numerator().clone().unsigned_abs())
        };
        let g = (&below).gcd(c.denominator());
        below = below / g * c.denominator();
    }
    Rational::from_parts(IBig::from(above), below)
}

fn monomial_power(term: &(Mono, Rational), e: Exponent) -> Option<Fraction> {
    let (mono, c) = term;
    if e.den == 1 {
        let (m, factor) = mono.pow(e)?;
        let number = number_power(c, e)?;
        return number.mul(&Fraction::poly(Poly::term(m, factor.unwrap_or(Rational::ONE))));
    }
    let negative = *c < Rational::ZERO;
    let size = if negative { -c.clone() } else { c.clone() };
    let positive_mono = mono.0.iter().all(|(a, _)| a.is_positive());
    let sign = match (negative, e.den) {
        (false, _) => Fraction::constant(Rational::ONE),
        (true, 2) if positive_mono => {
            let quarter = e.num.rem_euclid(4);
            let i = Fraction::atom(Atom::I, Exponent::ONE);
            i.powi(quarter as u64)?
        }
        (true, d) if d % 2 == 1 => {
            Fraction::constant(if e.num % 2 == 0 { Rational::ONE } else { Rational::NEG_ONE })
        }
        _ => {
            let base = Fraction::poly(Poly::term(mono.clone(), c.clone()));
            return Some(Fraction::atom(Atom::Base(Arc::new(base)), e));
        }
    };
    sign.mul(&number_power(&size, e)?)?.mul(&root_of_mono(mono, e)?)
}

/// `(x^a y^b)^e`: splits over factors known to be positive; the square root of a square is an absolute value.
fn root_of_mono(mono: &Mono, e: Exponent) -> Option<Fraction> {
    let mut positive = Mono::default();
    let mut other = Mono::default();
    for (atom, x) in &mono.0 {
        let target = if atom.is_positive() { &mut positive } else { &mut other };
        target.0.push((atom.clone(), *x));
    }
    let (m, factor) = positive.pow(e)?;
    let outside = Fraction::poly(Poly::term(m, factor.unwrap_or(Rational::ONE)));
    let inside = match other.0.as_slice() {
        [] => return Some(outside),
        [(Atom::I, _)] => {
            Fraction::atom(Atom::Base(Arc::new(Fraction::poly(Poly::term(other, Rational::ONE)))), e)
        }
        [(atom, x)] if x.den == 1 && x.num % 2 == 0 && e.den % 2 == 0 => {
            let total = x.mul(e)?;
            if total.den == 1 && total.num % 2 == 0 {
                Fraction::atom(atom.clone(), total)
            } else {
                let inner: Arc<[Fraction]> = vec![Fraction::atom(atom.clone(), Exponent::ONE)].into();
                Fraction::atom(Atom::Call(Func::Abs, inner), total)
            }
        }
        [(atom, x)] => Fraction::atom(atom.clone(), x.mul(e)?),
        _ => Fraction::atom(Atom::Base(Arc::new(Fraction::poly(Poly::term(other, Rational::ONE)))), e),
    };
    outside.mul(&inside)
}

/// `c^e` for a number: whole powers are numbers while they are small, the rest are powers of primes.
fn number_power(c: &Rational, e: Exponent) -> Option<Fraction> {
    if c.is_one() {
        return Some(Fraction::constant(Rational::ONE));
    }
    if e.den == 1 {
        let n = e.num.unsigned_abs();
        let bits = (c.numerator().bit_len().max(c.denominator().bit_len()) as u64).checked_mul(n)?;
        if bits < super::MAX_BITS as u64 / 2 {
            let power = c.pow(n as isize);
            return Some(Fraction::constant(if e.num < 0 { &Rational::ONE / power } else { power }));
        }
        let negative = *c < Rational::ZERO && e.num % 2 != 0;
        let size = if *c < Rational::ZERO { -c.clone() } else { c.clone() };
        let sign = Fraction::constant(if negative { Rational::NEG_ONE } else { Rational::ONE });
        return sign.mul(&prime_powers(&size, e)?);
    }
    prime_powers(c, e)
}

fn prime_powers(c: &Rational, e: Exponent) -> Option<Fraction> {
    let Some(factors) = factor_rational(c) else {
        return Some(Fraction::atom(Atom::Base(Arc::new(Fraction::constant(c.clone()))), e));
    };
    let mut number = Rational::ONE;
    let mut mono = Mono::default();
    for (p, n) in factors {
        let total = Exponent::new(n, 1)?.mul(e)?;
        let whole = total.floor();
        let mut left = total;
        if whole != 0 && is_small_power(p, whole) {
            number *= prime_power(p, whole);
            left = total.add(Exponent::new(-whole, 1)?)?;
        }
        if left.num != 0 {
            mono.0.push((Atom::Prime(p), left));
        }
    }
    mono.0.sort();
    Some(Fraction::poly(Poly::term(mono, number)))
}

/// Prime factors with exponents (negative below the line), by trial division; `None` if a large part is left.
fn factor_rational(c: &Rational) -> Option<Vec<(u64, i64)>> {
    let mut out = Vec::new();
    factor_into(c.numerator().clone().unsigned_abs(), 1, &mut out)?;
    factor_into(c.denominator().clone(), -1, &mut out)?;
    out.sort_unstable();
    Some(out)
}

fn factor_into(n: UBig, sign: i64, out: &mut Vec<(u64, i64)>) -> Option<()> {
    let mut left = u64::try_from(n).ok()?;
    let mut p = 2u64;
    while p * p <= left && p < 5000 {
        let mut count = 0;
        while left % p == 0 {
            left /= p;
            count += 1;
        }
        if count > 0 {
            out.push((p, count * sign));
        }
        p += if p == 2 { 1 } else { 2 };
    }
    if left > 1 {
        if left >= 5000 * 5000 {
            // Perhaps composite: a perfect square is the only case that matters for roots.
            let r = (left as f64).sqrt().round() as u64;
            if r.checked_mul(r) == Some(left) && r < 5000 * 5000 {
                out.push((r, 2 * sign));
                return Some(());
            }
            return None;
        }
        out.push((left, sign));
    }
    Some(())
}

/// ln of a product of positive parts is the sum of their logarithms.
fn logarithm(x: &Fraction) -> Option<Fraction> {
    if x.num.is_zero() {
        return None;
    }
    if x.is_positive_atom() {
        let mut sum = Fraction::constant(Rational::ZERO);
        let mut whole = true;
        let (mono, c) = &x.num.0[0];
        match factor_rational(c) {
            Some(factors) => {
                for (p, n) in factors {
                    let ln = ln_atom(Fraction::constant(Rational::from(p)));
                    sum = sum.add(&ln.mul(&Fraction::constant(Rational::from(n)))?)?;
                }
            }
            None => whole = false,
        }
        for (atom, e) in &mono.0 {
            let scale =
                Fraction::constant(Rational::from_parts(e.num.into(), UBig::from(e.den.unsigned_abs())));
            let ln = match atom {
                Atom::E => Fraction::constant(Rational::ONE),
                Atom::Power(p) => logarithm(&p.0)?.mul(&p.1)?,
                Atom::Prime(p) => ln_atom(Fraction::constant(Rational::from(*p))),
                other => ln_atom(Fraction::atom(other.clone(), Exponent::ONE)),
            };
            sum = sum.add(&ln.mul(&scale)?)?;
        }
        if whole {
            return Some(sum);
        }
    }
    Some(ln_atom(x.clone()))
}

fn ln_atom(x: Fraction) -> Fraction {
    Fraction::atom(Atom::Call(Func::Ln, vec![x].into()), Exponent::ONE)
}

fn factorial(n: &Rational, step: usize) -> Option<Rational> {
    let n = i64::try_from(n.is_int().then(|| n.numerator())?).ok()?;
    if !(0..=MAX_FACTORIAL).contains(&n) {
        return None;
    }
    let mut product = UBig::ONE;
    for k in (1..=n as u64).rev().step_by(step) {
        product *= UBig::from(k);
    }
    Some(Rational::from(product))
}

fn binomial(args: &[IBig]) -> Option<Rational> {
    let [n, k] = args else { return None };
    let (n, k) = (i64::try_from(n).ok()?, i64::try_from(k).ok()?);
    if n < 0 || k < 0 {
        return None;
    }
    if k > n {
        return Some(Rational::ZERO);
    }
    let k = k.min(n - k);
    if k > MAX_FACTORIAL {
        return None;
    }
    let mut value = UBig::ONE;
    for j in 0..k {
        value = value * UBig::from((n - j) as u64) / UBig::from((j + 1) as u64);
        if value.bit_len() > super::MAX_BITS {
            return None;
        }
    }
    Some(Rational::from(value))
}

fn permutations(args: &[IBig]) -> Option<Rational> {
    let [n, k] = args else { return None };
    let (n, k) = (i64::try_from(n).ok()?, i64::try_from(k).ok()?);
    if !(0..=MAX_FACTORIAL).contains(&k) || n < 0 {
        return None;
    }
    let product = (0..k).fold(IBig::ONE, |p, j| p * IBig::from(n - j));
    Some(Rational::from(product))
}

fn fold_gcd(ints: &[IBig]) -> Option<UBig> {
    use dashu::base::Gcd;
    let mut g = UBig::ZERO;
    for n in ints {
        let n = n.clone().unsigned_abs();
        g = if g.is_zero() {
            n
        } else if n.is_zero() {
            g
        } else {
            g.gcd(n)
        };
    }
    Some(g)
}
