//! From [`Expr`] to normal form.

use super::counting::{binomial, factorial, fold_gcd, fold_lcm, permutations};
use super::mono::{Atom, Exponent, Mono};
use super::poly::{Fraction, Poly};
use super::power::{factor_rational, power, rational_power};
use crate::expr::{Big, BigOp, Const, Expr, Func, Rational};
use crate::fuel;
use dashu::base::{Signed, UnsignedAbs};
use dashu::integer::{IBig, UBig};
use smol_str::SmolStr;

/// Terms of a written-out sum or product.
const MAX_RANGE: i64 = 400;

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
/// Units of [`fuel`] for a node.
const NODE: u64 = 10;

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
        fuel::spend(NODE)?;
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
                let multiplied_out = x.as_constant().is_some_and(|x| x.is_int());
                (multiplied_out || is_light(&[&b, &x])).then(|| power(&b, &x))?
            }
            Expr::Call(func, args) => self.call(*func, args),
            Expr::Apply(name, args) => {
                let args = args.iter().map(|a| self.build(a)).collect::<Option<Vec<_>>>()?;
                is_light(&args.iter().collect::<Vec<_>>()).then_some(())?;
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
        is_light(&values.iter().collect::<Vec<_>>()).then_some(())?;
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
            (Func::Gcd | Func::Lcm, _) if !values.iter().all(Rational::is_int) => {
                common_measure(func, &values)?
            }
            (Func::Gcd, _) => Rational::from(fold_gcd(&ints()?)?),
            (Func::Lcm, _) => Rational::from(fold_lcm(&ints()?)?),
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

/// Terms in the arguments of functions, powers and roots inside each other: atoms are compared all the way down, and
/// each comparison of terms compares atoms.
const MAX_NESTED: usize = 400;

/// Whether something may be an atom's arguments.
fn is_light(args: &[&Fraction]) -> bool {
    fn weigh(f: &Fraction, left: &mut usize) {
        for (mono, _) in f.num.0.iter().chain(&f.den.0) {
            *left = left.saturating_sub(1);
            for (atom, _) in &mono.0 {
                if *left == 0 {
                    return;
                }
                match atom {
                    Atom::Base(inner) => weigh(inner, left),
                    Atom::Power(p) => {
                        weigh(&p.0, left);
                        weigh(&p.1, left);
                    }
                    Atom::Call(_, args) | Atom::Apply(_, args) => args.iter().for_each(|a| weigh(a, left)),
                    _ => {}
                }
            }
        }
    }
    let mut left = MAX_NESTED;
    args.iter().for_each(|f| weigh(f, &mut left));
    left > 0
}

/// gcd and lcm of fractions: `gcd(3.6, 2.4) = 1.2` measures both a whole number of times.
fn common_measure(func: Func, values: &[Rational]) -> Option<Rational> {
    let below: Vec<IBig> = values.iter().map(|v| IBig::from(v.denominator().clone())).collect();
    let scale = Rational::from(fold_lcm(&below)?);
    let scaled: Vec<IBig> = values.iter().map(|v| (v * &scale).numerator().clone()).collect();
    let whole = if func == Func::Gcd { fold_gcd(&scaled)? } else { fold_lcm(&scaled)? };
    Some(Rational::from(whole) / scale)
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
