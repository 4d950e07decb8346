//! Values with units, percent and rounding.

use super::shape::Value;
use crate::equiv::{Scalar, any, constant_value, equivalent, scalars};
use crate::expr::{Decimal, Expr, Rational};
use crate::numeric::Real;
use crate::policy::{Policy, Units};
use crate::unit;
use crate::verdict::{Equivalence, Outcome, Stage};
use dashu::base::Abs;
use dashu::integer::UBig;

/// Whether two values are the same under a policy.
pub fn values(gold: &Value, answer: &Value, policy: &Policy) -> Equivalence {
    let (gu, au) = (gold.unit.as_deref(), answer.unit.as_deref());
    let percent = (gu == Some("%")) != (au == Some("%"));
    if percent {
        return percents(gold, answer, policy);
    }
    let degrees = (gu == Some("°")) != (au == Some("°"));
    if degrees {
        return angles(gold, answer, policy);
    }
    if let (Some(g), Some(a)) = (gu, au)
        && !unit::same(g, a)
    {
        let known = unit::is_canonical(g) && unit::is_canonical(a);
        if policy.units == Units::IfBoth
            && let Some(factor) = unit::conversion(a, g)
        {
            let converted = Scalar::new(Expr::product([Expr::Num(factor), answer.scalar.expr.clone()]));
            let same = scalars(&gold.scalar, &converted);
            return if same.is_equal() {
                Equivalence::equal(Stage::Convention, "the same quantity in other units")
            } else {
                same
            };
        }
        if policy.units == Units::Strict || (policy.units == Units::IfBoth && known) {
            return Equivalence::not_equal(Stage::Convention, "different units");
        }
    }
    if policy.units == Units::Strict && gu.is_some() != au.is_some() {
        return Equivalence::not_equal(Stage::Convention, "a unit on one side only");
    }
    if au.is_some_and(unit::is_hedge) && !gu.is_some_and(unit::is_hedge) {
        return Equivalence::not_equal(Stage::Text, "words behind the value that take it back");
    }
    let decided = rounded(&gold.scalar, &answer.scalar, policy);
    if decided.outcome == Outcome::NotEqual
        && let Some(renamed) = constant_renamed(&gold.scalar.expr, &answer.scalar.expr)
        && equivalent(&gold.scalar.expr, &renamed).is_equal()
    {
        return Equivalence::equal(Stage::Convention, "equal up to the name of the constant of integration");
    }
    decided
}

/// The answer with its constant of integration called as in the gold: `x^2 + c` for `x^2 + C`. Where other capitals occur
/// the C may be an angle or a point.
fn constant_renamed(gold: &Expr, answer: &Expr) -> Option<Expr> {
    let (g, a) = (
        constant_of(gold, &["C", "C_1", "C_0"])?,
        constant_of(answer, &["C", "c", "C_1", "C_0", "c_1", "k", "K"])?,
    );
    let capital =
        |e: &Expr| matches!(e, Expr::Sym(s) if s.starts_with(|c: char| c.is_ascii_uppercase()) && e != g);
    if g == a || any(gold, &|e| e == a || capital(e)) {
        return None;
    }
    Some(answer.clone().map(&|e| if e == *a { g.clone() } else { e }))
}

/// The term of a sum that is one of these names, if the name stands nowhere else.
fn constant_of<'e>(e: &'e Expr, names: &[&str]) -> Option<&'e Expr> {
    let Expr::Add(terms) = e else { return None };
    let name = terms.iter().find(|t| matches!(t, Expr::Sym(s) if names.contains(&s.as_str())))?;
    (terms.iter().filter(|t| any(t, &|e| e == name)).count() == 1).then_some(name)
}

fn times(s: &Scalar, above: i64, below: u64) -> Scalar {
    let factor = Expr::Num(Rational::from_parts(above.into(), UBig::from(below)));
    Scalar::new(Expr::product([factor, s.expr.clone()]))
}

/// One side has a percent sign: its number, or its hundredth.
fn percents(gold: &Value, answer: &Value, policy: &Policy) -> Equivalence {
    let gold_has = gold.unit.as_deref() == Some("%");
    let other = if gold_has { &answer.unit } else { &gold.unit };
    if other.as_deref().is_some_and(unit::is_canonical) && policy.units != Units::Ignore {
        return Equivalence::not_equal(Stage::Convention, "different units");
    }
    let (g, a) = (&gold.scalar, &answer.scalar);
    let hundredth =
        if gold_has { rounded(&times(g, 1, 100), a, policy) } else { rounded(g, &times(a, 1, 100), policy) };
    if hundredth.is_equal() || !policy.percent_free {
        return hundredth;
    }
    let same = rounded(g, a, policy);
    if same.is_equal() {
        Equivalence::equal(Stage::Convention, "the percent sign was left out")
    } else {
        hundredth
    }
}

/// One side is in degrees: the same number, or the same angle in radians.
fn angles(gold: &Value, answer: &Value, policy: &Policy) -> Equivalence {
    let (g, a) = (&gold.scalar, &answer.scalar);
    let same = rounded(g, a, policy);
    if same.is_equal() || !policy.degrees_free {
        return same;
    }
    let radians = |s: &Scalar| Scalar::new(Expr::Quantity(Box::new(s.expr.clone()), "°".into()));
    let gold_has = gold.unit.as_deref() == Some("°");
    let turned = if gold_has { scalars(&radians(g), a) } else { scalars(g, &radians(a)) };
    if turned.is_equal() { Equivalence::equal(Stage::Convention, "degrees and radians") } else { same }
}

/// Equality, and where a decimal is involved, correct rounding.
fn rounded(gold: &Scalar, answer: &Scalar, policy: &Policy) -> Equivalence {
    let exact = scalars(gold, answer);
    if exact.outcome != Outcome::NotEqual {
        return exact;
    }
    if families(gold, answer) {
        return Equivalence::equal(Stage::Convention, "the same periodic family");
    }
    let (g, a) = (decimal(&gold.expr), decimal(&answer.expr));
    let accepted = match (g, a) {
        (None, None) => false,
        (Some(g), None) => {
            // A whole number is exact: 361 is no rounding of 360.5.
            let whole = answer.expr.as_rational().is_some_and(Rational::is_int);
            !whole
                && policy.digits_of_gold > 0
                && significant(&g) >= policy.digits_of_gold
                && (near(&answer.expr, &g) || (significant(&g) >= 5 && is_truncation(&answer.expr, &g)))
        }
        (None, Some(a)) => {
            let digits = significant(&a);
            let enough = match &gold.normal().and_then(|n| n.as_constant()) {
                Some(r) if terminates(r) => false,
                Some(_) => {
                    // 0.3333 shows that it goes on, 13.29 might be all that was found
                    let needed = policy.digits_for_fraction;
                    needed > 0 && (digits > needed || (digits == needed && a.places >= needed))
                }
                None => policy.digits_for_irrational > 0 && digits >= policy.digits_for_irrational,
            };
            (enough && near(&gold.expr, &a)) || (policy.float_noise && is_noise(&gold.expr, &a))
        }
        (Some(g), Some(a)) => {
            let needed = policy.digits_for_decimal;
            let coarser = needed > 0
                && a.places < g.places
                && significant(&a) >= needed
                && near(&Expr::Dec(g.clone()), &a);
            coarser || (policy.float_noise && is_noise(&Expr::Dec(g), &a))
        }
    };
    if accepted {
        Equivalence::equal(Stage::Convention, "equal after rounding as stated by the policy")
    } else {
        exact
    }
}

/// The decimal literal an expression is, a minus sign included.
fn decimal(e: &Expr) -> Option<Decimal> {
    match e {
        Expr::Dec(d) if d.places > 0 => Some(d.clone()),
        _ => None,
    }
}

/// Whether a fraction has a finite decimal expansion, so that rounding it is no need but an error.
fn terminates(r: &Rational) -> bool {
    let mut below = r.denominator().clone();
    for p in [2u8, 5] {
        let p = UBig::from(p);
        while (&below % &p).is_zero() {
            below /= &p;
        }
    }
    below.is_one()
}

/// Significant digits as written.
fn significant(d: &Decimal) -> u32 {
    let scaled = d.value.clone() * Rational::from(UBig::from(10u8).pow(d.places as usize));
    let digits = scaled.numerator().clone().abs().to_string();
    if d.value.is_zero() { 0 } else { digits.len() as u32 }
}

/// Whether a decimal of fifteen and more digits is what a double shows of an exact value: 12.000000000000002.
fn is_noise(exact: &Expr, d: &Decimal) -> bool {
    let (Some(x), true) = (constant_value(exact), significant(d) >= 15) else { return false };
    let Some(y) = crate::numeric::Ball64::rational(&d.value, ()) else { return false };
    let (low, high) = x.add(&y.neg()).bounds();
    low.abs().max(high.abs()) <= x.approx().abs() * 1e-14
}

/// Whether `exact` lies within half a unit of the last place of `d`.
fn near(exact: &Expr, d: &Decimal) -> bool {
    let half = Rational::from_parts(1.into(), UBig::from(2u8) * UBig::from(10u8).pow(d.places as usize));
    if let Some(r) = exact.as_rational() {
        return (r - &d.value).abs() <= half
            || (d.places > 14
                && (r - &d.value).abs()
                    <= r.clone().abs() * Rational::from_parts(6.into(), UBig::from(10u8).pow(16)));
    }
    let Some(x) = constant_value(exact) else { return false };
    let Some(y) = crate::numeric::Ball64::rational(&d.value, ()) else { return false };
    let (low, high) = x.add(&y.neg()).bounds();
    // Seventeen digits printed from a double are off by its last bits, not by half a unit of the last digit.
    let half = half.to_f64().value() * 1.000_001 + x.approx().abs() * 6e-16;
    low.abs().max(high.abs()) <= half
}

/// Whether `d` is `exact` cut off behind its last digit (41.494 for 41.4949…).
fn is_truncation(exact: &Expr, d: &Decimal) -> bool {
    let (Some(x), Some(y)) = (constant_value(exact), crate::numeric::Ball64::rational(&d.value, ())) else {
        return false;
    };
    let (low, high) = x.add(&y.neg()).bounds();
    let unit = 10f64.powi(-(d.places as i32));
    let (low, high) = if x.approx() < 0.0 { (-high, -low) } else { (low, high) };
    low >= 0.0 && high < unit
}

/// Whether `rounded` is a rounding of `exact` to the digits it shows: for `a ≈ b`.
pub fn is_rounding(exact: &Expr, rounded: &Expr) -> bool {
    if any(exact, &|e| matches!(e, Expr::Sym(_) | Expr::Apply(..))) {
        return true;
    }
    let strip = |e: &Expr| match e {
        Expr::Quantity(x, _) => (**x).clone(),
        other => other.clone(),
    };
    let (exact, rounded) = (strip(exact), strip(rounded));
    let d = match &rounded {
        Expr::Dec(d) => d.clone(),
        Expr::Num(n) if n.is_int() => Decimal { value: n.clone(), places: 0 },
        _ => return equivalent(&exact, &rounded).outcome != Outcome::NotEqual,
    };
    let Some(x) = constant_value(&exact) else { return true };
    let Some(y) = crate::numeric::Ball64::rational(&d.value, ()) else { return true };
    let (low, high) = x.add(&y.neg()).bounds();
    let unit = 10f64.powi(-(d.places as i32));
    let unit = unit * 10f64.powi(trailing_zeros(&d)) * 1.000_001;
    let rounding = low.abs().max(high.abs()) <= unit / 2.0;
    // Cut off rather than rounded: the rest is smaller than a unit and has the sign of the number.
    let rest = if x.approx() < 0.0 { -low } else { high };
    rounding || (0.0..unit).contains(&rest)
}

/// Zeros at the end of a whole number may be rounding (57,500 ≈ 57,503).
fn trailing_zeros(d: &Decimal) -> i32 {
    if d.places > 0 || d.value.is_zero() {
        return 0;
    }
    let text = d.value.to_string();
    (text.len() - text.trim_end_matches('0').len()) as i32
}

/// Names that usually run over the integers.
const DUMMIES: [&str; 6] = ["k", "n", "m", "l", "j", "t"];

/// Whether two periodic families `a + b·k`, k over the integers, are the same set. The dummies may have other names.
pub fn families(gold: &Scalar, answer: &Scalar) -> bool {
    let periodic = |s: &Scalar| {
        any(&s.expr, &|e| {
            matches!(e, Expr::Const(crate::expr::Const::Pi)) || matches!(e, Expr::Quantity(_, u) if u == "°")
        })
    };
    if !periodic(gold) || !periodic(answer) {
        return false;
    }
    let (Some((b1, a1)), Some((b2, a2))) = (split_dummy(gold), split_dummy(answer)) else { return false };
    let Some(ratio) = b1.ratio(&b2) else { return false };
    let same_step = ratio.is_one() || ratio == Rational::NEG_ONE;
    let Some(shift) = a1.add_scaled(&a2, &Rational::NEG_ONE) else { return false };
    same_step && (shift.is_zero() || b1.ratio(&shift).is_some_and(|n| n.is_int()))
}

/// Step and offset of `a + b·k`.
fn split_dummy(s: &Scalar) -> Option<(crate::normal::Poly, crate::normal::Poly)> {
    use crate::normal::{Atom, Mono, Poly};
    let normal = s.normal().filter(|n| n.den.0.is_empty())?;
    let mut dummy = None;
    let (mut step, mut offset) = (Vec::new(), Vec::new());
    for (mono, c) in &normal.num.0 {
        let name = mono.0.iter().find_map(|(a, e)| match a {
            Atom::Sym(n) if DUMMIES.contains(&n.as_str()) => Some((n.clone(), *e)),
            _ => None,
        });
        match name {
            None => offset.push((mono.clone(), c.clone())),
            Some((n, e)) if e.num == 1 && e.den == 1 && *dummy.get_or_insert(n.clone()) == n => {
                let rest =
                    mono.0.iter().filter(|(a, _)| !matches!(a, Atom::Sym(s) if *s == n)).cloned().collect();
                step.push((Mono(rest), c.clone()));
            }
            _ => return None,
        }
    }
    if step.is_empty() {
        return None;
    }
    Some((Poly::collect(step)?, Poly::collect(offset)?))
}
