//! Values of expressions at points that are drawn, with known values for some names and one place changed.

use super::floats::{Complex, approx, mixed, real_call};
use super::misprint::{Change, Known, What};
use crate::equiv::any;
use crate::expr::{Const, Expr, Func};
use smol_str::SmolStr;

/// From where the values of unknowns are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Around one.
    Positive,
    /// Positive and negative numbers, where there are absolute values.
    Signed,
    /// Complex numbers, where there are conjugates.
    Complex,
    /// Less than one, where there are inverse sines.
    Small,
    /// Whole numbers, where there are common divisors.
    Whole,
    /// Numbers far from each other, where there are integer parts.
    Steps,
}

impl Range {
    /// What the functions in an equation ask for.
    pub fn of(l: &Expr, r: &Expr) -> Range {
        let has = |funcs: &[Func]| {
            let called = |e: &Expr| matches!(e, Expr::Call(f, _) if funcs.contains(f));
            any(l, &called) || any(r, &called)
        };
        if has(&[Func::Gcd, Func::Lcm]) {
            Range::Whole
        } else if has(&[Func::Floor, Func::Ceil]) {
            Range::Steps
        } else if has(&[Func::Conj]) {
            Range::Complex
        } else if has(&[Func::Abs]) {
            Range::Signed
        } else if has(&[Func::Asin, Func::Acos]) && !has(&[Func::Sin, Func::Cos, Func::Tan]) {
            Range::Small
        } else {
            Range::Positive
        }
    }
}

/// Evaluation at one point.
pub struct Eval<'a> {
    pub point: usize,
    pub known: &'a Known,
    pub change: Change<'a>,
    pub range: Range,
}

impl Eval<'_> {
    /// The value; `None` where there is none, or it is no number.
    pub fn value(&self, e: &Expr) -> Option<Complex> {
        if let Some((place, t)) = &self.change
            && std::ptr::eq(place.node, e)
        {
            return match place.what {
                What::Number | What::Factor => Some(Complex::real(*t)),
                What::Sign | What::OuterSign | What::Side => Some(self.plain(e)?.times(Complex::real(-1.0))),
                What::Plus(i) | What::Terms(i) => self.multiplied(e, i),
            };
        }
        self.plain(e)
    }

    /// A sum with two of its terms multiplied instead.
    fn multiplied(&self, e: &Expr, i: usize) -> Option<Complex> {
        let Expr::Add(terms) = e else { return None };
        let mut values = terms.iter().map(|t| self.plain(t)).collect::<Option<Vec<Complex>>>()?;
        let next = values.remove(i + 1);
        values[i] = values[i].times(next);
        Some(values.into_iter().fold(Complex::real(0.0), Complex::plus))
    }

    fn plain(&self, e: &Expr) -> Option<Complex> {
        let value = match e {
            Expr::Num(n) => Complex::real(approx(n)),
            Expr::Dec(d) => Complex::real(approx(&d.value)),
            Expr::Sym(name) => match self.known.iter().find(|(n, _)| n == name) {
                Some((_, value)) => Complex::real(*value),
                None => self.unknown(name),
            },
            Expr::Const(Const::Pi) => Complex::real(std::f64::consts::PI),
            Expr::Const(Const::E) => Complex::real(std::f64::consts::E),
            Expr::Const(Const::I) => Complex { re: 0.0, im: 1.0 },
            Expr::Add(terms) => {
                terms.iter().try_fold(Complex::real(0.0), |sum, t| Some(sum.plus(self.value(t)?)))?
            }
            Expr::Mul(factors) => factors
                .iter()
                .try_fold(Complex::real(1.0), |product, f| Some(product.times(self.value(f)?)))?,
            Expr::Pow(base, exponent) => self.value(base)?.power(self.value(exponent)?)?,
            Expr::Quantity(x, unit) if unit == "%" => self.value(x)?.times(Complex::real(0.01)),
            Expr::Quantity(x, unit) if unit == "°" => {
                self.value(x)?.times(Complex::real(std::f64::consts::PI / 180.0))
            }
            Expr::Call(func, args) => self.call(*func, args)?,
            Expr::Apply(name, args) => self.applied(name, args)?,
            _ => return None,
        };
        (value.re.is_finite() && value.im.is_finite()).then_some(value)
    }

    fn call(&self, func: Func, args: &[Expr]) -> Option<Complex> {
        let values = args.iter().map(|a| self.value(a)).collect::<Option<Vec<Complex>>>()?;
        match (func, values.as_slice()) {
            (Func::Sqrt, [x]) => x.power(Complex::real(0.5)),
            (Func::Root, [x, n]) if x.im == 0.0 && x.re < 0.0 && n.re.rem_euclid(2.0) == 1.0 => {
                Some(Complex::real(-(-x.re).powf(1.0 / n.re)))
            }
            (Func::Root, [x, n]) => x.power(Complex::real(1.0).over(*n)),
            (Func::Ln, [x]) => x.ln(),
            (Func::Log, [x]) => Some(x.ln()?.over(Complex::real(std::f64::consts::LN_10))),
            (Func::Log, [x, base]) => Some(x.ln()?.over(base.ln()?)),
            (Func::Exp, [x]) => Some(x.exp()),
            // real numbers stand for all, so that a conjugate is another number
            (Func::Conj, [x]) if self.range != Range::Complex => {
                Some(Complex::real(self.opaque("conj", &[x.re, x.im])))
            }
            (Func::Conj, [x]) => Some(Complex { re: x.re, im: -x.im }),
            (Func::Abs, [x]) => Some(Complex::real(x.norm())),
            (Func::Re, [x]) => Some(Complex::real(x.re)),
            (Func::Im, [x]) => Some(Complex::real(x.im)),
            (_, values) if values.iter().all(|v| v.im == 0.0) => {
                let values: Vec<f64> = values.iter().map(|v| v.re).collect();
                Some(Complex::real(
                    real_call(func, &values).unwrap_or_else(|| self.opaque(func.name(), &values)),
                ))
            }
            _ => None,
        }
    }

    /// An unknown function: some number for each name and arguments.
    fn applied(&self, name: &SmolStr, args: &[Expr]) -> Option<Complex> {
        let mut parts = Vec::new();
        for arg in args {
            let value = self.value(arg)?;
            parts.extend([value.re, value.im]);
        }
        Some(Complex::real(self.opaque(name, &parts)))
    }

    fn opaque(&self, name: &str, args: &[f64]) -> f64 {
        let salt = args.iter().fold(1, |salt, arg| mixed(salt, (arg * 1e7).round().to_bits()));
        self.drawn(name.as_bytes(), salt)
    }

    fn unknown(&self, name: &SmolStr) -> Complex {
        let re = self.drawn(name.as_bytes(), 0);
        let im = if self.range == Range::Complex { self.drawn(name.as_bytes(), 1) } else { 0.0 };
        Complex { re, im }
    }

    /// Some number of the range for each name and point.
    fn drawn(&self, name: &[u8], salt: u64) -> f64 {
        let start = mixed(salt, self.point as u64 + 1);
        let hash = name.iter().fold(start, |hash, byte| mixed(hash, u64::from(*byte)));
        let part = (hash >> 11) as f64 / (1u64 << 53) as f64;
        let size = match self.range {
            Range::Small => 0.1 + 0.8 * part,
            Range::Whole => (2.0 + 200.0 * part).floor(),
            Range::Steps => 100.0 * part,
            _ => 0.5 + 2.0 * part,
        };
        let negative = matches!(self.range, Range::Signed | Range::Steps) && hash & 8 != 0;
        if negative { -size } else { size }
    }
}
