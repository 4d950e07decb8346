//! Canonical sums, products and powers: what SymPy's automatic evaluation would build.
//!
//! A canonical expression consists of rational numbers, symbols, the constants pi, e and i, sums, products, powers with
//! a rational exponent, and a few functions. Sums and products are flat, sorted as SymPy sorts their arguments, with the
//! rational number first. Everything else is refused.

use dashu::integer::IBig;
use dashu::rational::RBig;

use super::compare::{compare, half, split_coefficient};
use crate::exact::{Exact, MAX_BITS, MAX_TERMS, at_most, bits, bounded_rational, undefined, unsupported};
use crate::expr::{Const, Expr, Func};
use crate::integer::{binomial, factorial, gcd, lcm, square_part};

/// Functions that canonical expressions may contain.
pub(super) fn is_kernel_function(f: Func) -> bool {
    matches!(f, Func::Exp | Func::Ln | Func::Sin | Func::Cos | Func::Tan)
}

/// The canonical form of an expression: SymPy's automatic evaluation, nothing more.
///
/// # Errors
/// `Unsupported` for parts outside the kernel (see the module), `Undefined` for divisions by zero, `TooLarge` for
/// numbers or sums beyond the bounds.
pub fn canonical(e: &Expr) -> Exact<Expr> {
    let mut budget = MAX_TERMS;
    convert(e, &mut budget)
}

fn convert(e: &Expr, budget: &mut usize) -> Exact<Expr> {
    at_most("parts of an expression", 1, *budget)?;
    *budget -= 1;
    let mut all = |parts: &[Expr]| parts.iter().map(|p| convert(p, budget)).collect::<Exact<Vec<Expr>>>();
    match e {
        Expr::Num(q) => bounded_rational(q).map(|()| e.clone()),
        Expr::Dec(d) => bounded_rational(&d.value).map(|()| Expr::Num(d.value.clone())),
        Expr::Sym(_) | Expr::Const(Const::Pi | Const::E | Const::I) => Ok(e.clone()),
        Expr::Add(terms) => add(all(terms)?),
        Expr::Mul(factors) => mul(all(factors)?),
        Expr::Pow(base, exponent) => {
            let (base, exponent) = (convert(base, budget)?, convert(exponent, budget)?);
            pow(&base, &exponent)
        }
        Expr::Call(f, args) => call(*f, all(args)?),
        other => unsupported(format!("computing with {other}")),
    }
}

/// Canonical sum.
pub(super) fn add(terms: impl IntoIterator<Item = Expr>) -> Exact<Expr> {
    let mut constant = RBig::ZERO;
    let mut collected: Vec<(Expr, RBig)> = Vec::new();
    for term in terms {
        match term {
            Expr::Num(q) => constant += q,
            Expr::Add(inner) => inner.into_iter().for_each(|t| collect(&t, &mut constant, &mut collected)),
            other => collect(&other, &mut constant, &mut collected),
        }
        at_most("terms of a sum", collected.len(), MAX_TERMS)?;
    }
    let mut out = Vec::with_capacity(collected.len() + 1);
    for (rest, c) in collected.into_iter().filter(|(_, c)| !c.is_zero()) {
        out.push(with_coefficient(c, rest));
    }
    out.sort_by(compare);
    if !constant.is_zero() {
        out.insert(0, Expr::Num(constant));
    }
    Ok(unwrap_or(out, Expr::int(0), Expr::Add))
}

fn collect(term: &Expr, constant: &mut RBig, collected: &mut Vec<(Expr, RBig)>) {
    if let Expr::Num(q) = term {
        *constant += q;
        return;
    }
    let (c, rest) = split_coefficient(term);
    match collected.iter_mut().find(|(r, _)| *r == rest) {
        Some((_, total)) => *total += c,
        None => collected.push((rest, c)),
    }
}

fn unwrap_or(mut parts: Vec<Expr>, empty: Expr, wrap: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        0 => empty,
        1 => parts.swap_remove(0),
        _ => wrap(parts),
    }
}

/// `c * rest` for a canonical `rest` without coefficient and without distributing over sums.
pub(super) fn with_coefficient(c: RBig, rest: Expr) -> Expr {
    if c.is_one() {
        return rest;
    }
    match rest {
        Expr::Num(q) => Expr::Num(q * c),
        Expr::Mul(mut factors) => {
            factors.insert(0, Expr::Num(c));
            Expr::Mul(factors)
        }
        other => Expr::Mul(vec![Expr::Num(c), other]),
    }
}

/// What a product is collected into: `coefficient * i^turns * sqrt(radicand) * powers * exp(sum)`.
struct Product {
    coefficient: RBig,
    turns: i64,
    radicand: IBig,
    powers: Vec<(Expr, RBig)>,
    exponent: Vec<Expr>,
}

/// Canonical product.
pub(super) fn mul(factors: impl IntoIterator<Item = Expr>) -> Exact<Expr> {
    let mut product = Product {
        coefficient: RBig::ONE,
        turns: 0,
        radicand: IBig::ONE,
        powers: Vec::new(),
        exponent: Vec::new(),
    };
    for factor in factors {
        match factor {
            Expr::Mul(inner) => inner.into_iter().try_for_each(|f| product.take(f))?,
            other => product.take(other)?,
        }
    }
    product.finish()
}

impl Product {
    fn take(&mut self, factor: Expr) -> Exact<()> {
        match factor {
            Expr::Num(q) => {
                self.coefficient *= q;
                return bounded_rational(&self.coefficient);
            }
            Expr::Const(Const::I) => self.turns += 1,
            Expr::Call(Func::Exp, mut args) => self.exponent.extend(args.pop()),
            Expr::Const(Const::E) => self.exponent.push(Expr::int(1)),
            Expr::Pow(base, exponent) => match (*base, *exponent) {
                (Expr::Num(n), Expr::Num(e)) => self.take_root(&n, &e)?,
                (Expr::Const(Const::E), e) => self.exponent.push(e),
                (base, Expr::Num(e)) => self.gather(base, e),
                (base, e) => return unsupported(format!("the exponent in {}", base.pow(e))),
            },
            other => self.gather(other, RBig::ONE),
        }
        Ok(())
    }

    fn gather(&mut self, base: Expr, e: RBig) {
        match self.powers.iter_mut().find(|(b, _)| *b == base) {
            Some((_, total)) => *total += e,
            None => self.powers.push((base, e)),
        }
    }

    /// A factor `n^e` with a half-integer exponent; canonical roots have exponent 1/2.
    fn take_root(&mut self, n: &RBig, e: &RBig) -> Exact<()> {
        let (true, true) = (n.is_int() && *n > RBig::ZERO, *e == half()) else {
            return unsupported("roots of numbers other than square roots");
        };
        let n = n.numerator();
        let g = gcd(&self.radicand, n);
        self.radicand = (&self.radicand / &g) * (n / &g);
        self.coefficient *= RBig::from(g);
        Ok(())
    }

    fn finish(mut self) -> Exact<Expr> {
        if self.coefficient.is_zero() {
            return Ok(Expr::int(0));
        }
        match self.turns.rem_euclid(4) {
            2 | 3 => self.coefficient = -self.coefficient,
            _ => {}
        }
        let mut out = Vec::new();
        let mut again = false;
        for (base, e) in self.powers.into_iter().filter(|(_, e)| !e.is_zero()) {
            // A square root of a sum of numbers is kept as it was built.
            let kept = e == half() && is_number(&base) && matches!(base, Expr::Add(_));
            let power = match (e.is_one(), kept) {
                (true, _) => base,
                (_, true) => base.pow(Expr::Num(e)),
                _ => pow(&base, &Expr::Num(e))?,
            };
            again |= matches!(power, Expr::Num(_) | Expr::Mul(_));
            out.push(power);
        }
        if self.turns.rem_euclid(2) == 1 {
            out.push(Expr::constant(Const::I));
        }
        if !self.radicand.is_one() {
            out.push(Expr::Num(self.radicand.into()).pow(Expr::Num(half())));
        }
        if !self.exponent.is_empty() {
            out.extend(exponentials(self.exponent)?);
        }
        if again {
            out.push(Expr::Num(self.coefficient));
            return mul(out);
        }
        out.sort_by(compare);
        assemble(self.coefficient, out)
    }
}

/// A coefficient and sorted factors; a number times a lone sum is distributed, as SymPy does.
fn assemble(c: RBig, mut factors: Vec<Expr>) -> Exact<Expr> {
    if let ([Expr::Add(terms)], false) = (factors.as_slice(), c.is_one()) {
        let scaled = terms.iter().map(|t| {
            let (d, rest) = split_coefficient(t);
            with_coefficient(d * &c, rest)
        });
        return add(scaled);
    }
    if !c.is_one() || factors.is_empty() {
        factors.insert(0, Expr::Num(c));
    }
    Ok(unwrap_or(factors, Expr::int(1), Expr::Mul))
}

/// `exp` of a sum of exponents; exponents that differ by more than a number stay apart.
fn exponentials(parts: Vec<Expr>) -> Exact<Vec<Expr>> {
    let mut groups: Vec<(Expr, RBig)> = Vec::new();
    for part in parts {
        let (c, rest) = split_coefficient(&part);
        match groups.iter_mut().find(|(r, _)| *r == rest) {
            Some((_, total)) => *total += c,
            None => groups.push((rest, c)),
        }
    }
    let nonzero = groups.into_iter().filter(|(_, c)| !c.is_zero());
    nonzero.map(|(rest, c)| call(Func::Exp, vec![mul([Expr::Num(c), rest])?])).collect()
}

/// Canonical power.
pub(super) fn pow(base: &Expr, exponent: &Expr) -> Exact<Expr> {
    if matches!(base, Expr::Const(Const::E)) {
        return call(Func::Exp, vec![exponent.clone()]);
    }
    let Expr::Num(e) = exponent else {
        return unsupported(format!("the power {}", base.clone().pow(exponent.clone())));
    };
    if e.is_zero() {
        return Ok(Expr::int(1));
    }
    if e.is_one() {
        return Ok(base.clone());
    }
    match base {
        Expr::Num(q) => number_power(q, e),
        Expr::Const(Const::I) if e.is_int() => turn(e.numerator()),
        Expr::Const(Const::I) => unsupported("roots of i"),
        Expr::Mul(factors) if e.is_int() => {
            mul(factors.iter().map(|f| pow(f, exponent)).collect::<Exact<Vec<_>>>()?)
        }
        Expr::Mul(_) => root_of_product(base, e),
        Expr::Pow(inner, f) => match &**f {
            Expr::Num(f) if e.is_int() => pow(inner, &Expr::Num(f * e)),
            _ => unsupported("a root of a power"),
        },
        Expr::Call(Func::Exp, args) if e.is_int() => {
            call(Func::Exp, vec![mul(args.iter().cloned().chain([exponent.clone()]))?])
        }
        Expr::Add(_) if !e.is_int() && is_number(base) => unsupported("a root of a sum of numbers"),
        _ => Ok(base.clone().pow(exponent.clone())),
    }
}

/// Whether no symbol occurs.
pub(super) fn is_number(e: &Expr) -> bool {
    match e {
        Expr::Num(_) | Expr::Const(_) => true,
        Expr::Add(parts) | Expr::Mul(parts) | Expr::Call(_, parts) => parts.iter().all(is_number),
        Expr::Pow(b, e) => is_number(b) && is_number(e),
        _ => false,
    }
}

fn turn(n: &IBig) -> Exact<Expr> {
    let quarter = i64::try_from(&(n % IBig::from(4))).unwrap_or(0).rem_euclid(4);
    let i = Expr::constant(Const::I);
    Ok(match quarter {
        0 => Expr::int(1),
        1 => i,
        2 => Expr::int(-1),
        _ => Expr::Mul(vec![Expr::int(-1), i]),
    })
}

/// A rational number to an integer or half-integer power.
pub(super) fn number_power(q: &RBig, e: &RBig) -> Exact<Expr> {
    if q.is_zero() && *e < RBig::ZERO {
        return undefined("division by zero");
    }
    if q.is_zero() || q.is_one() {
        return Ok(Expr::Num(q.clone()));
    }
    let size = bits(q.numerator()).max(bits(q.denominator().as_ibig()));
    let whole = e.trunc();
    let n = isize::try_from(&whole).unwrap_or(isize::MAX);
    at_most("bits of a power", size.saturating_mul(n.unsigned_abs()), MAX_BITS)?;
    if e.is_int() {
        return Ok(Expr::Num(q.pow(n)));
    }
    if *e.denominator() != 2u8.into() {
        return unsupported("roots of numbers other than square roots");
    }
    let rest = e - RBig::from(whole);
    let base = if rest < RBig::ZERO { RBig::ONE / q } else { q.clone() };
    let root = square_root(&base)?;
    mul([Expr::Num(q.pow(n)), root])
}

/// `sqrt(q)` as a rational multiple of i and a square root of a square-free integer.
pub(crate) fn square_root(q: &RBig) -> Exact<Expr> {
    let denominator = q.denominator().as_ibig();
    let (square, free) = square_part(&(q.numerator() * denominator))?;
    let coefficient = RBig::from(square) / RBig::from(denominator.clone());
    let mut factors = Vec::new();
    if free < IBig::ZERO {
        factors.push(Expr::constant(Const::I));
    }
    let size = if free < IBig::ZERO { -free } else { free };
    if !size.is_one() {
        factors.push(Expr::Num(size.into()).pow(Expr::Num(half())));
    }
    factors.sort_by(compare);
    assemble(coefficient, factors)
}

/// `(c * rest)^(k/2)`: a positive rational coefficient comes out of the root.
fn root_of_product(base: &Expr, e: &RBig) -> Exact<Expr> {
    let (c, rest) = split_coefficient(base);
    if c > RBig::ZERO && !c.is_one() && *e.denominator() == 2u8.into() {
        return mul([number_power(&c, e)?, pow(&rest, &Expr::Num(e.clone()))?]);
    }
    if c.is_one() {
        return Ok(base.clone().pow(Expr::Num(e.clone())));
    }
    unsupported("a root of a product with a negative coefficient")
}

/// Whether SymPy could take a minus sign out of a function's argument, where that is clear.
fn sign_is_clear(e: &Expr) -> Option<bool> {
    let negative = |t: &Expr| split_coefficient(t).0 < RBig::ZERO;
    match e {
        Expr::Add(terms) => {
            let count = terms.iter().filter(|t| negative(t)).count();
            (count == 0 || count == terms.len()).then_some(count > 0)
        }
        other => Some(negative(other)),
    }
}

/// Canonical function value.
pub(super) fn call(f: Func, args: Vec<Expr>) -> Exact<Expr> {
    let [x] = args.as_slice() else { return call_integers(f, &args) };
    match f {
        Func::Sqrt => pow(x, &Expr::Num(half())),
        Func::Exp if x.is_zero() => Ok(Expr::int(1)),
        Func::Exp if *x == Expr::int(1) => Ok(Expr::constant(Const::E)),
        Func::Exp if is_number(x) && !matches!(x, Expr::Num(_)) => {
            unsupported("the exponential of this number")
        }
        Func::Exp if contains_log(x) => unsupported("the exponential of a logarithm"),
        Func::Exp => Ok(Expr::call(f, x.clone())),
        Func::Ln => logarithm(x),
        Func::Sin | Func::Cos | Func::Tan => trigonometric(f, x),
        Func::Abs => absolute(x),
        _ => call_integers(f, &args),
    }
}

fn contains_log(e: &Expr) -> bool {
    match e {
        Expr::Call(Func::Ln, _) => true,
        Expr::Add(parts) | Expr::Mul(parts) | Expr::Call(_, parts) => parts.iter().any(contains_log),
        Expr::Pow(b, _) => contains_log(b),
        _ => false,
    }
}

fn logarithm(x: &Expr) -> Exact<Expr> {
    match x {
        Expr::Num(q) if q.is_one() => Ok(Expr::int(0)),
        Expr::Const(Const::E) => Ok(Expr::int(1)),
        Expr::Sym(_) | Expr::Add(_) if !is_number(x) => Ok(Expr::call(Func::Ln, x.clone())),
        Expr::Mul(_) | Expr::Pow(..) if !is_number(x) && !contains_exp(x) => {
            Ok(Expr::call(Func::Ln, x.clone()))
        }
        other => unsupported(format!("the logarithm of {other}")),
    }
}

fn contains_exp(e: &Expr) -> bool {
    match e {
        Expr::Call(Func::Exp, _) => true,
        Expr::Add(parts) | Expr::Mul(parts) | Expr::Call(_, parts) => parts.iter().any(contains_exp),
        Expr::Pow(b, _) => contains_exp(b),
        _ => false,
    }
}

fn trigonometric(f: Func, x: &Expr) -> Exact<Expr> {
    if x.is_zero() {
        return Ok(Expr::int(i64::from(f == Func::Cos)));
    }
    if is_number(x) || super::poly::contains_constant(x) {
        return unsupported(format!("{} of this argument", f.name()));
    }
    match sign_is_clear(x) {
        None => unsupported(format!("the sign of the argument of {}", f.name())),
        Some(false) => Ok(Expr::call(f, x.clone())),
        Some(true) => {
            let value = Expr::call(f, mul([Expr::int(-1), x.clone()])?);
            if f == Func::Cos { Ok(value) } else { mul([Expr::int(-1), value]) }
        }
    }
}

fn absolute(x: &Expr) -> Exact<Expr> {
    use dashu::base::Abs;
    match x {
        Expr::Num(q) => Ok(Expr::Num(q.clone().abs())),
        other => unsupported(format!("the absolute value of {other}")),
    }
}

/// Functions of integers, evaluated.
fn call_integers(f: Func, args: &[Expr]) -> Exact<Expr> {
    let numbers: Option<Vec<RBig>> = args.iter().map(|a| a.as_rational().cloned()).collect();
    let Some(numbers) = numbers else {
        return unsupported(format!("the function {} of this argument", f.name()));
    };
    let integer = |q: &RBig| {
        if q.is_int() { Ok(q.numerator().clone()) } else { unsupported(format!("{} of {q}", f.name())) }
    };
    let value: RBig = match (f, numbers.as_slice()) {
        (Func::Factorial, [n]) => factorial(&integer(n)?)?.into(),
        (Func::Binom, [n, k]) => binomial(&integer(n)?, &integer(k)?)?.into(),
        (Func::Floor, [q]) => q.floor().into(),
        (Func::Ceil, [q]) => q.ceil().into(),
        (Func::Root, [q, n]) if !n.is_zero() => return number_power(q, &(RBig::ONE / n)),
        (Func::Gcd, [a, b]) => gcd(&integer(a)?, &integer(b)?).into(),
        (Func::Lcm, [a, b]) => lcm(&integer(a)?, &integer(b)?).into(),
        (Func::Mod, [a, m]) if *m > RBig::ZERO => a - m * RBig::from((a / m).floor()),
        (Func::Max, [first, rest @ ..]) => rest.iter().fold(first.clone(), |m, q| m.max(q.clone())),
        (Func::Min, [first, rest @ ..]) => rest.iter().fold(first.clone(), |m, q| m.min(q.clone())),
        _ => return unsupported(format!("the function {}", f.name())),
    };
    bounded_rational(&value)?;
    Ok(Expr::Num(value))
}
