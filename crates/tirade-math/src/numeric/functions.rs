//! The functions of [`Func`] over complex balls.

use super::complex::small;
use super::{Complex, Real};
use crate::expr::Func;
use std::cmp::Ordering;

type C<R> = Complex<R>;

/// A function of one argument, complex where the argument is.
pub fn unary<R: Real>(func: Func, z: &C<R>, cx: R::Context) -> Option<C<R>> {
    let one = || C::real(small::<R>(1, cx), cx);
    let inv = |z: C<R>| z.inv();
    Some(match func {
        Func::Sqrt => z.sqrt(cx)?,
        Func::Exp => z.exp()?,
        Func::Ln => z.ln(cx)?,
        Func::Sin => sin_cos(z, cx)?.0,
        Func::Cos => sin_cos(z, cx)?.1,
        Func::Tan => {
            let (s, c) = sin_cos(z, cx)?;
            s.mul(&c.inv()?)
        }
        Func::Cot => {
            let (s, c) = sin_cos(z, cx)?;
            c.mul(&s.inv()?)
        }
        Func::Sec => inv(sin_cos(z, cx)?.1)?,
        Func::Csc => inv(sin_cos(z, cx)?.0)?,
        Func::Asin => C::real(R::pi(cx).mul(&half(cx)).add(&acos(z, cx)?.neg()), cx),
        Func::Acos => C::real(acos(z, cx)?, cx),
        Func::Atan => C::real(real(z)?.atan(), cx),
        Func::Acot => {
            let x = real(z)?;
            C::real(R::pi(cx).mul(&half(cx)).add(&x.atan().neg()), cx)
        }
        Func::Asec => C::real(acos(&z.inv()?, cx)?, cx),
        Func::Acsc => unary(Func::Asin, &z.inv()?, cx)?,
        Func::Sinh => hyperbolic(z, false, cx)?,
        Func::Cosh => hyperbolic(z, true, cx)?,
        Func::Tanh => hyperbolic(z, false, cx)?.mul(&hyperbolic(z, true, cx)?.inv()?),
        Func::Coth => hyperbolic(z, true, cx)?.mul(&hyperbolic(z, false, cx)?.inv()?),
        Func::Sech => hyperbolic(z, true, cx)?.inv()?,
        Func::Csch => hyperbolic(z, false, cx)?.inv()?,
        Func::Asinh => z.add(&z.mul(z).add(&one()).sqrt(cx)?).ln(cx)?,
        Func::Acosh => {
            let root = z.add(&one().neg()).sqrt(cx)?.mul(&z.add(&one()).sqrt(cx)?);
            z.add(&root).ln(cx)?
        }
        Func::Atanh => {
            let ratio = one().add(z).mul(&one().add(&z.neg()).inv()?);
            ratio.ln(cx)?.mul(&C::real(half(cx), cx))
        }
        Func::Acoth => unary(Func::Atanh, &z.inv()?, cx)?,
        Func::Asech => unary(Func::Acosh, &z.inv()?, cx)?,
        Func::Acsch => unary(Func::Asinh, &z.inv()?, cx)?,
        Func::Abs => C::real(z.abs()?, cx),
        Func::Sign => C::real(small::<R>(real(z)?.sign()? as i64, cx), cx),
        Func::Floor => C::real(small::<R>(real(z)?.floor()?, cx), cx),
        Func::Ceil => C::real(small::<R>(real(&z.neg())?.floor()?.checked_neg()?, cx), cx),
        Func::Round => C::real(small::<R>(real(z)?.add(&half(cx)).floor()?, cx), cx),
        Func::Re => C::real(z.re.clone(), cx),
        Func::Im => C::real(z.im.clone(), cx),
        Func::Arg => C::real(z.arg(cx)?, cx),
        Func::Conj => Complex { re: z.re.clone(), im: z.im.neg() },
        _ => return None,
    })
}

fn half<R: Real>(cx: R::Context) -> R {
    let half = crate::expr::Rational::from_parts(1.into(), 2u8.into());
    R::rational(&half, cx).unwrap_or_else(|| R::zero(cx))
}

fn real<R: Real>(z: &C<R>) -> Option<&R> {
    z.is_real().then_some(&z.re)
}

fn sin_cos<R: Real>(z: &C<R>, cx: R::Context) -> Option<(C<R>, C<R>)> {
    let (s, c) = z.re.sin_cos()?;
    if z.is_real() {
        return Some((C::real(s, cx), C::real(c, cx)));
    }
    let up = z.im.exp()?;
    let down = z.im.neg().exp()?;
    let cosh = up.add(&down).mul(&half(cx));
    let sinh = up.add(&down.neg()).mul(&half(cx));
    let sin = Complex { re: s.mul(&cosh), im: c.mul(&sinh) };
    let cos = Complex { re: c.mul(&cosh), im: s.mul(&sinh).neg() };
    Some((sin, cos))
}

fn hyperbolic<R: Real>(z: &C<R>, cosh: bool, cx: R::Context) -> Option<C<R>> {
    let up = z.exp()?;
    let down = z.neg().exp()?;
    let sum = if cosh { up.add(&down) } else { up.add(&down.neg()) };
    Some(sum.mul(&C::real(half(cx), cx)))
}

/// acos x = 2 atan √((1−x)/(1+x)), for −1 ≤ x ≤ 1.
fn acos<R: Real>(z: &C<R>, cx: R::Context) -> Option<R> {
    let x = real(z)?;
    let one = small::<R>(1, cx);
    let (above, below) = (one.add(&x.neg()), one.add(x));
    if below.is_exact_zero() {
        return Some(R::pi(cx));
    }
    if above.sign() == Some(Ordering::Less) || below.sign() == Some(Ordering::Less) {
        return None;
    }
    let root = above.mul(&below.inv()?).sqrt()?.atan();
    Some(root.add(&root))
}
