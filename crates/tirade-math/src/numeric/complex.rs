//! Complex numbers over any [`Real`]; real numbers stay real and cheap.

use super::Real;
use std::cmp::Ordering;

/// Real and imaginary part.
#[derive(Clone, Debug)]
pub struct Complex<R> {
    /// Real part.
    pub re: R,
    /// Imaginary part; exactly zero for a real number.
    pub im: R,
}

impl<R: Real> Complex<R> {
    /// A real number.
    pub fn real(re: R, context: R::Context) -> Self {
        Complex { re, im: R::zero(context) }
    }

    /// Whether it is certainly real.
    pub fn is_real(&self) -> bool {
        self.im.is_exact_zero()
    }

    /// Sum.
    pub fn add(&self, other: &Self) -> Self {
        Complex { re: self.re.add(&other.re), im: self.im.add(&other.im) }
    }

    /// Negation.
    pub fn neg(&self) -> Self {
        Complex { re: self.re.neg(), im: self.im.neg() }
    }

    /// Product.
    pub fn mul(&self, other: &Self) -> Self {
        if self.is_real() && other.is_real() {
            return Complex { re: self.re.mul(&other.re), im: self.im.clone() };
        }
        let re = self.re.mul(&other.re).add(&self.im.mul(&other.im).neg());
        let im = self.re.mul(&other.im).add(&self.im.mul(&other.re));
        Complex { re, im }
    }

    /// |z|².
    pub fn norm(&self) -> R {
        self.re.mul(&self.re).add(&self.im.mul(&self.im))
    }

    /// 1/z.
    pub fn inv(&self) -> Option<Self> {
        if self.is_real() {
            return Some(Complex { re: self.re.inv()?, im: self.im.clone() });
        }
        let scale = self.norm().inv()?;
        Some(Complex { re: self.re.mul(&scale), im: self.im.mul(&scale).neg() })
    }

    /// |z|.
    pub fn abs(&self) -> Option<R> {
        if !self.is_real() {
            return self.norm().sqrt();
        }
        match self.re.sign() {
            Some(Ordering::Less) => Some(self.re.neg()),
            Some(_) => Some(self.re.clone()),
            None => self.norm().sqrt(),
        }
    }

    /// The angle in (−π, π]; undecided on the branch cut and at zero.
    pub fn arg(&self, context: R::Context) -> Option<R> {
        let half_pi = || R::pi(context).mul(&half::<R>(context));
        if self.is_real() {
            return match self.re.sign()? {
                Ordering::Greater => Some(R::zero(context)),
                Ordering::Less => Some(R::pi(context)),
                Ordering::Equal => None,
            };
        }
        if self.re.sign() == Some(Ordering::Greater) {
            return Some(self.im.mul(&self.re.inv()?).atan());
        }
        let turned = self.re.mul(&self.im.inv()?).atan().neg();
        Some(match self.im.sign()? {
            Ordering::Greater => half_pi().add(&turned),
            _ => half_pi().neg().add(&turned),
        })
    }

    /// Exponential function.
    pub fn exp(&self) -> Option<Self> {
        let size = self.re.exp()?;
        if self.is_real() {
            return Some(Complex { re: size, im: self.im.clone() });
        }
        let (sin, cos) = self.im.sin_cos()?;
        Some(Complex { re: size.mul(&cos), im: size.mul(&sin) })
    }

    /// Principal logarithm.
    pub fn ln(&self, context: R::Context) -> Option<Self> {
        if self.is_real() && self.re.sign()? == Ordering::Greater {
            return Some(Complex { re: self.re.ln()?, im: self.im.clone() });
        }
        let re = self.norm().ln()?.mul(&half::<R>(context));
        Some(Complex { re, im: self.arg(context)? })
    }

    /// Principal square root.
    pub fn sqrt(&self, context: R::Context) -> Option<Self> {
        if self.is_real() {
            return Some(match self.re.sign() {
                Some(Ordering::Less) => Complex { re: R::zero(context), im: self.re.neg().sqrt()? },
                _ => Complex { re: self.re.sqrt()?, im: self.im.clone() },
            });
        }
        let half = Complex::real(half::<R>(context), context);
        self.ln(context)?.mul(&half).exp()
    }

    /// z^n.
    pub fn powi(&self, n: u64, context: R::Context) -> Self {
        let one = || Complex::real(small::<R>(1, context), context);
        let mut result = None;
        let mut square = self.clone();
        let mut left = n;
        while left > 0 {
            if left & 1 == 1 {
                result = Some(match result {
                    None => square.clone(),
                    Some(r) => Complex::mul(&r, &square),
                });
            }
            left >>= 1;
            if left > 0 {
                square = square.mul(&square);
            }
        }
        result.unwrap_or_else(one)
    }
}

/// A small integer.
pub fn small<R: Real>(n: i64, context: R::Context) -> R {
    R::rational(&crate::expr::Rational::from(n), context).unwrap_or_else(|| R::zero(context))
}

fn half<R: Real>(context: R::Context) -> R {
    let half = crate::expr::Rational::from_parts(1.into(), 2u8.into());
    R::rational(&half, context).unwrap_or_else(|| R::zero(context))
}
