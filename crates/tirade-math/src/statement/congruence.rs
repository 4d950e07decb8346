//! Congruences between whole numbers, without multiplying powers out.

use super::Truth;
use crate::expr::{Expr, Func};
use crate::normal::Builder;
use dashu::base::Signed;
use dashu::integer::IBig;

/// Whether `m` divides the difference.
pub fn congruent(left: &Expr, right: &Expr, modulus: Option<&Expr>) -> Truth {
    let Some(m) = modulus.and_then(integer).and_then(|m| u64::try_from(&m).ok()).filter(|m| *m > 0) else {
        return Truth::Undecided;
    };
    match (residue(left, m), residue(right, m)) {
        (Some(a), Some(b)) if a == b => Truth::True,
        (Some(_), Some(_)) => Truth::False,
        _ => Truth::Undecided,
    }
}

fn integer(e: &Expr) -> Option<IBig> {
    let value = Builder::default().build(e)?.as_constant()?;
    value.is_int().then(|| value.numerator().clone())
}

/// The residue of an expression made of whole numbers.
fn residue(e: &Expr, m: u64) -> Option<u64> {
    let big = u128::from(m);
    match e {
        Expr::Num(n) if n.is_int() => Some(of_integer(n.numerator(), m)),
        Expr::Add(terms) => terms
            .iter()
            .try_fold(0u64, |s, t| Some(((u128::from(s) + u128::from(residue(t, m)?)) % big) as u64)),
        Expr::Mul(factors) => {
            let one = 1 % m;
            let product = factors
                .iter()
                .try_fold(one, |p, f| Some((u128::from(p) * u128::from(residue(f, m)?) % big) as u64));
            product.or_else(|| Some(of_integer(&integer(e)?, m)))
        }
        Expr::Pow(base, exponent) => {
            let exponent = integer(exponent)?;
            if exponent.is_negative() {
                return None;
            }
            let n = u64::try_from(&exponent).ok()?;
            Some(power(residue(base, m)?, n, m))
        }
        Expr::Call(Func::Mod, args) if args.len() == 2 => Some(of_integer(&integer(e)?, m)),
        _ => Some(of_integer(&integer(e)?, m)),
    }
}

fn of_integer(n: &IBig, m: u64) -> u64 {
    let r = n % IBig::from(m);
    let r = if r.is_negative() { r + IBig::from(m) } else { r };
    u64::try_from(&r).unwrap_or(0)
}

fn power(mut base: u64, mut n: u64, m: u64) -> u64 {
    let big = u128::from(m);
    let mut result = 1 % m;
    while n > 0 {
        if n & 1 == 1 {
            result = (u128::from(result) * u128::from(base) % big) as u64;
        }
        base = (u128::from(base) * u128::from(base) % big) as u64;
        n >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn congruences() {
        for (left, right, m, expected) in [
            ("17", "2", "5", Truth::True),
            ("-1", "4", "5", Truth::True),
            ("17", "3", "5", Truth::False),
            ("7^{1000000}", "1", "6", Truth::True),
            ("(-8)(-1)", "8", "500", Truth::True),
            ("\\frac12", "3", "5", Truth::Undecided),
        ] {
            let [l, r, m] = [left, right, m].map(|t| parse(t).unwrap());
            assert_eq!(congruent(&l, &r, Some(&m)), expected, "{left} {right}");
        }
    }
}
