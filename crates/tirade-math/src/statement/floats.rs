//! Floating-point values of expressions: complex numbers, and some functions of real ones.

use crate::expr::{Func, Rational};

/// Functions of real numbers.
pub fn real_call(func: Func, values: &[f64]) -> Option<f64> {
    Some(match (func, values) {
        (Func::Ln, [x]) if *x > 0.0 => x.ln(),
        (Func::Log, [x]) if *x > 0.0 => x.log10(),
        (Func::Log, [x, base]) if *x > 0.0 => x.ln() / base.ln(),
        (Func::Sin, [x]) => x.sin(),
        (Func::Cos, [x]) => x.cos(),
        (Func::Tan, [x]) => x.tan(),
        (Func::Cot, [x]) => 1.0 / x.tan(),
        (Func::Sec, [x]) => 1.0 / x.cos(),
        (Func::Csc, [x]) => 1.0 / x.sin(),
        (Func::Floor, [x]) => x.floor(),
        (Func::Ceil, [x]) => x.ceil(),
        (Func::Asin, [x]) if x.abs() <= 1.0 => x.asin(),
        (Func::Acos, [x]) if x.abs() <= 1.0 => x.acos(),
        (Func::Atan, [x]) => x.atan(),
        (Func::Gcd, [a, b]) => gcd(*a, *b)?,
        (Func::Lcm, [a, b]) => a * b / gcd(*a, *b)?,
        (Func::Factorial, [n]) => gamma(n + 1.0),
        (Func::Binom, [n, k]) => gamma(n + 1.0) / gamma(k + 1.0) / gamma(n - k + 1.0),
        _ => return None,
    })
}

/// The greatest common divisor of two whole numbers.
fn gcd(a: f64, b: f64) -> Option<f64> {
    const LARGEST: f64 = 1e12;
    let whole = |x: f64| x.fract() == 0.0 && x.abs() < LARGEST;
    let (mut a, mut b) = (a.abs(), b.abs());
    if !whole(a) || !whole(b) {
        return None;
    }
    while b != 0.0 {
        (a, b) = (b, a % b);
    }
    Some(a)
}

/// Γ(x), by Lanczos' sum.
fn gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const SUM: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        let pi = std::f64::consts::PI;
        return pi / ((pi * x).sin() * gamma(1.0 - x));
    }
    let x = x - 1.0;
    let terms = SUM.iter().enumerate().skip(1).map(|(i, c)| c / (x + i as f64));
    let t = x + G + 0.5;
    (2.0 * std::f64::consts::PI).sqrt() * t.powf(x + 0.5) * (-t).exp() * (SUM[0] + terms.sum::<f64>())
}

/// A complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    pub re: f64,
    pub im: f64,
}

impl Complex {
    pub fn real(re: f64) -> Complex {
        Complex { re, im: 0.0 }
    }

    pub fn plus(self, other: Complex) -> Complex {
        Complex { re: self.re + other.re, im: self.im + other.im }
    }

    pub fn times(self, other: Complex) -> Complex {
        let re = self.re * other.re - self.im * other.im;
        Complex { re, im: self.re * other.im + self.im * other.re }
    }

    pub fn over(self, other: Complex) -> Complex {
        let square = other.re * other.re + other.im * other.im;
        self.times(Complex { re: other.re / square, im: -other.im / square })
    }

    pub fn norm(self) -> f64 {
        self.re.hypot(self.im)
    }

    pub fn exp(self) -> Complex {
        let size = self.re.exp();
        Complex { re: size * self.im.cos(), im: size * self.im.sin() }
    }

    /// The principal value of the logarithm; `None` for zero.
    pub fn ln(self) -> Option<Complex> {
        (self.norm() > 0.0).then(|| Complex { re: self.norm().ln(), im: self.im.atan2(self.re) })
    }

    /// The principal value; `None` for a power of zero that is none.
    pub fn power(self, exponent: Complex) -> Option<Complex> {
        const LARGEST: f64 = 64.0;
        if exponent.im == 0.0 && self.im == 0.0 && (self.re > 0.0 || exponent.re.fract() == 0.0) {
            let small = exponent.re.abs() <= LARGEST && exponent.re.fract() == 0.0;
            let power = if small { self.re.powi(exponent.re as i32) } else { self.re.powf(exponent.re) };
            return Some(Complex::real(power));
        }
        if exponent.im == 0.0 && exponent.re.fract() == 0.0 && exponent.re.abs() <= LARGEST {
            let power = (0..exponent.re.abs() as u32).fold(Complex::real(1.0), |p, _| p.times(self));
            return Some(if exponent.re < 0.0 { Complex::real(1.0).over(power) } else { power });
        }
        if self.norm() == 0.0 {
            return None;
        }
        let log = Complex { re: self.norm().ln(), im: self.im.atan2(self.re) };
        Some(log.times(exponent).exp())
    }
}

/// A number as a float.
pub fn approx(x: &Rational) -> f64 {
    match (i32::try_from(x.numerator()), u32::try_from(x.denominator())) {
        (Ok(above), Ok(below)) => f64::from(above) / f64::from(below),
        _ => x.to_f64_fast(),
    }
}

/// A hash with one more value in it.
pub fn mixed(hash: u64, value: u64) -> u64 {
    let x = (hash ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (x ^ (x >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (x >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_is_the_factorial() {
        for (x, expected) in
            [(1.0, 1.0), (5.0, 24.0), (0.5, std::f64::consts::PI.sqrt()), (-0.5, -3.544_907_701_811_032)]
        {
            assert!((gamma(x) - expected).abs() < 1e-9 * expected.abs(), "{x}");
        }
    }

    #[test]
    fn powers_are_principal_values() {
        let i = Complex { re: 0.0, im: 1.0 };
        let square = i.power(Complex::real(2.0)).unwrap();
        assert!((square.re + 1.0).abs() < 1e-12 && square.im.abs() < 1e-12);
        assert_eq!(Complex::real(4.0).power(Complex::real(0.5)), Some(Complex::real(2.0)));
    }
}
