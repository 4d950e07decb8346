//! Whether two scalar expressions have the same value, for all values of their variables.
//!
//! Cheap and certain first: identical trees, exact numbers, normal forms, residues; then balls at sample points, which
//! prove inequality and, where they agree to more than a hundred bits, are taken as equality (stage `Numeric`).

use crate::expr::{Const, Expr, Func, Rational};
use crate::fuel;
use crate::normal::{Builder, Fraction};
use crate::numeric::{Ball64, BigBall, Complex, Env, EvalError, Evaluator, Real, tower};
use crate::operators::evaluated;
use crate::verdict::{Equivalence, Outcome, Stage};
use dashu::integer::{IBig, UBig};
use smol_str::SmolStr;
use std::cmp::Ordering;
use std::sync::OnceLock;

/// Operations of one comparison over all its sample points.
const BUDGET: u64 = 40_000;
/// An operation on big balls costs this many of those.
const BIG_COST: u64 = 25;
/// Units of [`fuel`] for an operation on f64 balls.
const OPERATION: u64 = 10;
/// Sample points tried in f64; those behind them are tried with more bits.
const POINTS: u64 = 30;
/// Primes near 2^61, for residues.
const PRIMES: [u64; 2] = [2_305_843_009_213_693_951, 2_305_843_009_213_693_921];

/// A side of a comparison with its normal form, so that a gold answer is normalised once.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The expression.
    pub expr: Expr,
    /// Its normal form, with `log` as natural logarithm, and what it cost; built when first asked for.
    normal: OnceLock<(Option<Fraction>, u64)>,
}

impl Scalar {
    /// Wraps `expr`; nothing is computed yet.
    pub fn new(expr: Expr) -> Scalar {
        Scalar { expr, normal: OnceLock::new() }
    }

    /// The normal form, if there is one within the caps.
    ///
    /// It has an allowance of its own and costs as much when it is there already, so that a gold answer that was used
    /// before gives the same verdicts.
    pub fn normal(&self) -> Option<&Fraction> {
        if fuel::is_empty() {
            return None;
        }
        if let Some((normal, cost)) = self.normal.get() {
            return fuel::spend(*cost).and(normal.as_ref());
        }
        let build = || fuel::apart(fuel::NORMAL_FORM, || Builder::default().build(&self.expr));
        self.normal.get_or_init(build).0.as_ref()
    }
}

/// Whether two scalar expressions are equal wherever both are defined.
///
/// ```
/// use tirade_math::{Outcome, equivalent, parse};
/// let same = |a: &str, b: &str| equivalent(&parse(a).unwrap(), &parse(b).unwrap()).outcome;
/// assert_eq!(same(r"\frac{1}{\sqrt3}", r"\frac{\sqrt3}{3}"), Outcome::Equal);
/// assert_eq!(same(r"\cos 2x", r"\cos^2 x - \sin^2 x"), Outcome::Equal);
/// assert_eq!(same("1/2004!", "1/2006!"), Outcome::NotEqual);
/// ```
pub fn equivalent(a: &Expr, b: &Expr) -> Equivalence {
    scalars(&Scalar::new(evaluated(a.clone())), &Scalar::new(evaluated(b.clone())))
}

/// [`equivalent`] on prepared sides.
pub fn scalars(a: &Scalar, b: &Scalar) -> Equivalence {
    if a.expr == b.expr {
        return Equivalence::equal(Stage::Identical, "the same expression");
    }
    if let (Some(x), Some(y)) = (a.expr.as_rational(), b.expr.as_rational()) {
        return numbers(x == y);
    }
    if let Some(decided) = special(&a.expr, &b.expr) {
        return decided;
    }
    if let Some(decided) = normal_forms(a.normal(), b.normal()) {
        return decided;
    }
    let (left, right);
    let (a, b) = if b.expr.is_zero() || a.expr.is_zero() {
        // A difference that vanishes says nothing about its precision; its two halves do.
        (left, right) = halves(if b.expr.is_zero() { &a.expr } else { &b.expr });
        (&left, &right)
    } else {
        (a, b)
    };
    let result = by_values(&a.expr, &b.expr, false);
    if result.is_equal() || !(open_log(&a.expr) || open_log(&b.expr)) {
        return result;
    }
    // log without a base: the other usual reading, base 10
    let mut ten = Builder::base_ten();
    let (fa, fb) = fuel::within(fuel::NORMAL_FORM, || (ten.build(&a.expr), ten.build(&b.expr)));
    match normal_forms(fa.as_ref(), fb.as_ref()) {
        Some(decided) if decided.is_equal() => decided,
        _ => {
            let second = by_values(&a.expr, &b.expr, true);
            if second.is_equal() { second } else { result }
        }
    }
}

/// A sum as its first term and the negated rest.
fn halves(e: &Expr) -> (Scalar, Scalar) {
    let (first, rest) = match e {
        Expr::Add(terms) => (terms[0].clone(), Expr::sum(terms[1..].iter().cloned()).neg()),
        other => (other.clone(), Expr::int(0)),
    };
    (Scalar::new(first), Scalar::new(rest))
}

/// Infinities and undefined values are equal only to themselves.
fn special(a: &Expr, b: &Expr) -> Option<Equivalence> {
    let (x, y) = (infinite(a), infinite(b));
    if x.is_none() && y.is_none() {
        return None;
    }
    Some(if x == y {
        Equivalence::equal(Stage::Exact, "the same infinity")
    } else {
        Equivalence::not_equal(Stage::Exact, "one side is infinite or undefined")
    })
}

/// 1 and −1 for the infinities, 0 for undefined values.
fn infinite(e: &Expr) -> Option<i8> {
    match e {
        Expr::Const(Const::Infinity) => Some(1),
        Expr::Const(Const::Undefined) => Some(0),
        Expr::Mul(f) if f.iter().any(|x| *x == Expr::Const(Const::Infinity)) => {
            let mut sign = 1;
            for x in f {
                match x {
                    Expr::Const(Const::Infinity) => {}
                    other => match other.as_rational() {
                        Some(r) if !r.is_zero() => sign *= if *r < Rational::ZERO { -1 } else { 1 },
                        _ => return Some(0),
                    },
                }
            }
            Some(sign)
        }
        Expr::Add(terms) => {
            let infinities: Vec<i8> = terms.iter().filter_map(infinite).collect();
            let first = *infinities.first()?;
            Some(if infinities.iter().all(|i| *i == first) { first } else { 0 })
        }
        _ => None,
    }
}

fn open_log(e: &Expr) -> bool {
    any(e, &|e| matches!(e, Expr::Call(Func::Log, args) if args.len() == 1))
}

/// Whether `test` holds for `e` or a part of it.
pub fn any(e: &Expr, test: &dyn Fn(&Expr) -> bool) -> bool {
    if test(e) {
        return true;
    }
    let mut found = false;
    e.for_each_child(&mut |c| found = found || any(c, test));
    found
}

fn numbers(same: bool) -> Equivalence {
    if same {
        Equivalence::equal(Stage::Exact, "the same number")
    } else {
        Equivalence::not_equal(Stage::Exact, "different numbers")
    }
}

fn normal_forms(a: Option<&Fraction>, b: Option<&Fraction>) -> Option<Equivalence> {
    let (a, b) = (a?, b?);
    if let (Some(x), Some(y)) = (a.as_constant(), b.as_constant()) {
        return Some(numbers(x == y));
    }
    if a == b {
        return Some(Equivalence::equal(Stage::NormalForm, "the same normal form"));
    }
    let difference = a.cross_difference(b)?;
    if difference.is_zero() {
        return Some(Equivalence::equal(Stage::NormalForm, "the difference is zero"));
    }
    if difference.as_constant().is_some() || difference.is_independent() {
        return Some(Equivalence::not_equal(Stage::NormalForm, "the difference is a non-zero polynomial"));
    }
    let residue = |p: u64| difference.modulo(p).is_some_and(|r| r != 0);
    if PRIMES.iter().any(|p| residue(*p)) {
        return Some(Equivalence::not_equal(Stage::Modular, "different residues modulo a prime"));
    }
    None
}

/// Names that need a value: variables and unknown functions.
pub fn free_names(e: &Expr, out: &mut Vec<SmolStr>) {
    match e {
        Expr::Sym(name) => push_new(out, name.clone()),
        Expr::Apply(..) => push_new(out, e.to_string().into()),
        Expr::Big(big) => {
            let mut inner = Vec::new();
            free_names(&big.body, &mut inner);
            for name in inner.into_iter().filter(|n| *n != big.var) {
                push_new(out, name);
            }
            for bound in [&big.low, &big.high].into_iter().flatten() {
                free_names(bound, out);
            }
        }
        _ => e.for_each_child(&mut |c| free_names(c, out)),
    }
}

fn push_new(out: &mut Vec<SmolStr>, name: SmolStr) {
    if !out.contains(&name) {
        out.push(name);
    }
}

/// What one sample point says.
enum Sample {
    Differ,
    /// Agreement to so many bits.
    Agree(f64),
    /// Both sides have values, but too coarse to tell.
    Coarse,
    /// A side has no value here.
    Inadmissible,
}

fn by_values(a: &Expr, b: &Expr, log10: bool) -> Equivalence {
    let mut names = Vec::new();
    free_names(a, &mut names);
    free_names(b, &mut names);
    // A fixed order, so that swapping the sides changes nothing.
    names.sort_unstable();
    let mut budget = BUDGET;
    if names.is_empty() {
        return constants(a, b, log10, &mut budget);
    }
    if names.len() > 12 {
        return Equivalence::unknown(Stage::Budget, "too many variables");
    }
    functions_of_names(a, b, &names, log10, &mut budget)
}

fn constants(a: &Expr, b: &Expr, log10: bool, budget: &mut u64) -> Equivalence {
    match sample::<Ball64>(a, b, (), Vec::new(), false, log10, budget, 1) {
        Sample::Differ => return Equivalence::not_equal(Stage::Numeric, "different values"),
        Sample::Inadmissible if *budget > 0 => return towers(a, b, budget),
        _ => {}
    }
    for (bits, cost) in [(192usize, BIG_COST), (640, 4 * BIG_COST)] {
        match sample::<BigBall>(a, b, bits, Vec::new(), false, log10, budget, cost) {
            Sample::Differ => return Equivalence::not_equal(Stage::Numeric, "different values"),
            Sample::Agree(n) if n > 100.0 => {
                return Equivalence::equal(Stage::Numeric, "values agree to more than 100 bits");
            }
            _ => {}
        }
    }
    towers(a, b, budget)
}

fn towers(a: &Expr, b: &Expr, budget: &mut u64) -> Equivalence {
    if fuel::is_empty() {
        return Equivalence::unknown(Stage::Budget, "the allowance of operations is used up");
    }
    let (Some(x), Some(y)) = (tower(a, budget), tower(b, budget)) else {
        return Equivalence::unknown(Stage::Numeric, "no value could be computed");
    };
    match x.compare(&y) {
        Some(Ordering::Less | Ordering::Greater) => Equivalence::not_equal(Stage::Tower, "different sizes"),
        _ => Equivalence::unknown(Stage::Tower, "sizes too close to tell"),
    }
}

fn functions_of_names(a: &Expr, b: &Expr, names: &[SmolStr], log10: bool, budget: &mut u64) -> Equivalence {
    for real_only in [true, false] {
        let mut agreed = 0;
        for point in 0..POINTS {
            let values = point_values(names.len(), point);
            let env = |_: ()| assign::<Ball64>(names, &values, ());
            match sample::<Ball64>(a, b, (), env(()), real_only, log10, budget, 1) {
                Sample::Differ => {
                    return Equivalence::not_equal(Stage::Numeric, "different values at a sample point");
                }
                Sample::Agree(_) | Sample::Coarse => agreed += 1,
                Sample::Inadmissible => continue,
            }
            if agreed >= 8 {
                break;
            }
        }
        if agreed >= 4 {
            return confirm(a, b, names, real_only, log10, budget);
        }
        if *budget == 0 {
            return Equivalence::unknown(Stage::Budget, "the allowance of operations is used up");
        }
    }
    Equivalence::unknown(Stage::Numeric, "too few points where both sides have values")
}

/// Balls of 160 bits at fresh points: agreement there is taken as equality.
fn confirm(
    a: &Expr,
    b: &Expr,
    names: &[SmolStr],
    real_only: bool,
    log10: bool,
    budget: &mut u64,
) -> Equivalence {
    let mut agreed = 0;
    for point in POINTS..POINTS + 20 {
        let values = point_values(names.len(), point);
        let env = assign::<BigBall>(names, &values, 160);
        match sample::<BigBall>(a, b, 160, env, real_only, log10, budget, BIG_COST) {
            Sample::Differ => {
                return Equivalence::not_equal(Stage::Numeric, "different values at a sample point");
            }
            Sample::Agree(bits) if bits > 80.0 => agreed += 1,
            _ => {}
        }
        if agreed >= 2 {
            return Equivalence::equal(Stage::Numeric, "values agree at all sample points");
        }
    }
    Equivalence::unknown(Stage::Numeric, "values agree, but not precisely enough")
}

fn assign<R: Real>(names: &[SmolStr], values: &[Rational], context: R::Context) -> Env<R> {
    let value = |v: &Rational| R::rational(v, context).unwrap_or_else(|| R::zero(context));
    names.iter().zip(values).map(|(n, v)| (n.clone(), Complex::real(value(v), context))).collect()
}

/// Positive, signed, whole, larger and small values in turn; the same for every comparison.
fn point_values(count: usize, point: u64) -> Vec<Rational> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(point + 1);
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let values = (0..count).map(|_| match point % 5 {
        0 => fraction(next(2900) as i64 + 103, 1009),
        1 => fraction(next(6000) as i64 - 2987, 1013),
        2 => Rational::from(next(11) as i64 + 2),
        3 => fraction(next(9000) as i64 + 1009, 499),
        // between -1 and 1, where inverse sines and roots of 1 - x^2 have values
        _ => fraction(next(1990) as i64 - 993, 1009),
    });
    values.collect()
}

fn fraction(n: i64, d: u64) -> Rational {
    Rational::from_parts(IBig::from(n), UBig::from(d))
}

#[allow(clippy::too_many_arguments)]
fn sample<R: Real>(
    a: &Expr,
    b: &Expr,
    context: R::Context,
    env: Env<R>,
    real_only: bool,
    log10: bool,
    budget: &mut u64,
    cost: u64,
) -> Sample {
    if fuel::is_empty() {
        *budget = 0;
        return Sample::Inadmissible;
    }
    let mut left = *budget / cost;
    let before = left;
    let mut evaluator = Evaluator { context, env, budget: &mut left, real_only, log10 };
    let x = evaluator.eval(a);
    let y = if x.is_ok() { evaluator.eval(b) } else { Err(EvalError::Undefined) };
    *budget = left * cost;
    if fuel::spend((before - left) * cost * OPERATION).is_none() {
        *budget = 0;
        return Sample::Inadmissible;
    }
    let (Ok(x), Ok(y)) = (x, y) else { return Sample::Inadmissible };
    judge(&x, &y, real_only)
}

fn judge<R: Real>(x: &Complex<R>, y: &Complex<R>, real_only: bool) -> Sample {
    if real_only && !(x.is_real() && y.is_real()) {
        return Sample::Inadmissible;
    }
    let difference = x.add(&y.neg());
    let apart = |r: &R| matches!(r.sign(), Some(Ordering::Less | Ordering::Greater));
    let finite = |r: &R| r.approx().is_finite() || r.log2_radius_and_size().1.is_finite();
    if !finite(&x.re) || !finite(&y.re) || !finite(&difference.re) {
        return Sample::Inadmissible;
    }
    if apart(&difference.re) || apart(&difference.im) {
        return Sample::Differ;
    }
    let size = x.re.log2_radius_and_size().1.max(x.im.log2_radius_and_size().1).max(-60.0);
    let error = difference.re.log2_radius_and_size().0.max(difference.im.log2_radius_and_size().0);
    let bits = size - error;
    let lossy = [&x.re, &x.im, &y.re, &y.im].into_iter().any(R::is_lossy);
    if lossy {
        return Sample::Coarse;
    }
    if bits > 12.0 || error == f64::NEG_INFINITY { Sample::Agree(bits) } else { Sample::Coarse }
}

/// The value of a constant expression as f64 with its error, for rounding conventions and for ordering.
pub fn constant_value(e: &Expr) -> Option<Ball64> {
    if fuel::is_empty() {
        return None;
    }
    let mut budget = BUDGET / 4;
    let mut evaluator = Evaluator::<Ball64> {
        context: (),
        env: Vec::new(),
        budget: &mut budget,
        real_only: false,
        log10: false,
    };
    let z = evaluator.eval(e).ok();
    fuel::spend((BUDGET / 4 - budget) * OPERATION)?;
    z.filter(Complex::is_real).map(|z| z.re)
}

/// How two real constants compare, where balls decide it; `Equal` only when proven or agreed to 100 bits.
pub fn compare_constants(a: &Expr, b: &Expr) -> Option<Ordering> {
    match (infinite(a), infinite(b)) {
        (Some(x), Some(y)) => return (x != 0 && y != 0).then(|| x.cmp(&y)),
        (Some(x), None) => return (x != 0).then(|| x.cmp(&0)),
        (None, Some(y)) => return (y != 0).then(|| 0.cmp(&y)),
        _ => {}
    }
    if let (Some(x), Some(y)) = (a.as_rational(), b.as_rational()) {
        return Some(x.cmp(y));
    }
    if let (Some(x), Some(y)) = (constant_value(a), constant_value(b))
        && let Some(order) = x.add(&y.neg()).sign()
    {
        return Some(order);
    }
    match equivalent(a, b).outcome {
        _ if fuel::is_empty() => None,
        Outcome::Equal => Some(Ordering::Equal),
        Outcome::NotEqual => {
            let mut budget = BUDGET;
            let mut value = |e: &Expr| {
                let mut left = budget / BIG_COST;
                let mut evaluator = Evaluator::<BigBall> {
                    context: 256,
                    env: Vec::new(),
                    budget: &mut left,
                    real_only: false,
                    log10: false,
                };
                let z = evaluator.eval(e).ok();
                let before = std::mem::replace(&mut budget, left * BIG_COST);
                fuel::spend((before - budget) * OPERATION).and(z)
            };
            let (x, y) = (value(a), value(b));
            match (x, y) {
                (Some(x), Some(y)) => x.re.add(&y.re.neg()).sign(),
                _ => tower(a, &mut budget)?.compare(&tower(b, &mut budget)?),
            }
        }
        _ => None,
    }
}
