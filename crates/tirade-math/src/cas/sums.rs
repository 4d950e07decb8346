//! Sums and products over ranges of integers.

use dashu::integer::IBig;
use dashu::rational::RBig;
use smol_str::SmolStr;

use super::tex::tex;
use super::{canonical, from_polynomial, symbols, to_dense};
use crate::derivation::{Derivation, Rule, claim, term};
use crate::exact::{Exact, ExactError, Worked, at_most, bounded_rational, unsupported};
use crate::expr::Expr;
use crate::poly::{MPoly, Poly, rational_tex};

/// Most terms that are written out one by one.
const WRITTEN_OUT: usize = 12;
/// Most factors of a product.
const MAX_FACTORS: usize = 2_000;
/// Largest degree of a summed polynomial.
const MAX_SUM_DEGREE: usize = 30;

/// The polynomial `F` without constant term with `F(k + 1) - F(k) = f(k)`.
fn antidifference(f: &Poly) -> Exact<Poly> {
    at_most("degree of a summed polynomial", f.degree(), MAX_SUM_DEGREE)?;
    let mut rest = f.clone();
    let mut out = Poly::default();
    while !rest.is_zero() {
        // x^(n+1)/(n+1) has difference x^n + lower terms.
        let n = rest.degree();
        let part = Poly::monomial(rest.lead() / RBig::from(n + 1), n + 1);
        rest = rest.sub(&part.compose(&Poly::from_ints(&[1, 1]))?.sub(&part));
        out = out.add(&part);
    }
    Ok(out)
}

/// `sum of f(name) for name from low to high`, for a polynomial `f` and integer bounds; the upper bound may be a symbol.
///
/// ```
/// use tirade_math::{cas, parse};
/// let sum = cas::sum_worked(&parse("k").unwrap(), &"k".into(), &parse("1").unwrap(), &parse("n").unwrap()).unwrap();
/// assert_eq!(cas::to_sympy_string(&sum.value).unwrap(), "n**2/2 + n/2");
/// ```
///
/// # Errors
/// `Unsupported` unless the summand is a polynomial in that symbol alone, the lower bound an integer and the upper an
/// integer or a symbol.
pub fn sum_worked(e: &Expr, name: &SmolStr, low: &Expr, high: &Expr) -> Exact<Worked<Expr>> {
    let f = to_dense(&canonical(e)?, name)?;
    let anti = antidifference(&f)?;
    let low = integer(low)?;
    let below = anti.eval(&RBig::from(low.clone()));
    let head =
        format!("\\sum_{{{} = {low}}}^{{{}}} {}", tex_name(name), tex(high), paren(&f.tex(&tex_name(name))));
    if let Expr::Sym(n) = high {
        return symbolic_sum(&f, &anti, name, n, &low, head);
    }
    let high = integer(high)?;
    if high < &low - IBig::ONE {
        return unsupported("a sum whose upper bound lies below its lower bound");
    }
    let value = anti.eval(&RBig::from(&high + IBig::ONE)) - &below;
    bounded_rational(&value)?;
    let mut steps = Derivation::default();
    explain_sum(&f, &anti, &low, &high, &tex_name(name), &value, &mut steps);
    steps.push(Rule::Conclude, || [claim(format!("{head} = {}", rational_tex(&value)))]);
    Ok(Worked::new(Expr::Num(value), steps))
}

fn tex_name(name: &SmolStr) -> String {
    tex(&Expr::sym(name.clone()))
}

fn paren(text: &str) -> String {
    format!("\\left({text}\\right)")
}

fn integer(e: &Expr) -> Exact<IBig> {
    match canonical(e)? {
        Expr::Num(q) if q.is_int() => Ok(q.numerator().clone()),
        other => unsupported(format!("the bound {other}")),
    }
}

fn symbolic_sum(
    f: &Poly,
    anti: &Poly,
    name: &SmolStr,
    n: &SmolStr,
    low: &IBig,
    head: String,
) -> Exact<Worked<Expr>> {
    if n == name {
        return unsupported("a sum whose bound is its own variable");
    }
    let below = Poly::constant(anti.eval(&RBig::from(low.clone())));
    let closed = anti.compose(&Poly::from_ints(&[1, 1]))?.sub(&below);
    let value = from_polynomial(&MPoly::from_dense(1, 0, &closed), std::slice::from_ref(n))?;
    let mut steps = Derivation::default();
    difference_step(f, anti, &tex_name(name), &mut steps)?;
    steps.push(Rule::Conclude, || [claim(format!("{head} = {}", closed.tex(&tex_name(n))))]);
    Ok(Worked::new(value, steps))
}

/// The identity `F(k+1) - F(k) = f(k)` that makes the sum telescope.
fn difference_step(f: &Poly, anti: &Poly, k: &str, steps: &mut Derivation) -> Exact<()> {
    let next = anti.compose(&Poly::from_ints(&[1, 1]))?;
    let identity = format!("{} - {} = {}", paren(&next.tex(k)), paren(&anti.tex(k)), f.tex(k));
    steps.push(Rule::Telescope, || [term(format!("F({k}) = {}", anti.tex(k))), claim(identity)]);
    Ok(())
}

fn explain_sum(
    f: &Poly,
    anti: &Poly,
    low: &IBig,
    high: &IBig,
    k: &str,
    value: &RBig,
    steps: &mut Derivation,
) {
    let count = high - low + IBig::ONE;
    match usize::try_from(&count) {
        Ok(n) if (1..=WRITTEN_OUT).contains(&n) => {
            let terms: Vec<String> =
                (0..n).map(|i| wrapped(&f.eval(&RBig::from(low + IBig::from(i))))).collect();
            steps
                .push(Rule::SumTerms, || [claim(format!("{} = {}", terms.join(" + "), rational_tex(value)))]);
        }
        _ => {
            let _ = difference_step(f, anti, k, steps);
            let (top, bottom) =
                (anti.eval(&RBig::from(high + IBig::ONE)), anti.eval(&RBig::from(low.clone())));
            let formula = format!("{} - {} = {}", rational_tex(&top), wrapped(&bottom), rational_tex(value));
            steps.push(Rule::TelescopeEnds, || [claim(formula)]);
        }
    }
}

fn wrapped(q: &RBig) -> String {
    if *q < RBig::ZERO { format!("({})", rational_tex(q)) } else { rational_tex(q) }
}

/// `product of f(name) for name from low to high`, for a polynomial and integer bounds.
///
/// # Errors
/// As [`sum_worked`]; `TooLarge` for more than 2,000 factors.
pub fn product_worked(e: &Expr, name: &SmolStr, low: &Expr, high: &Expr) -> Exact<Worked<Expr>> {
    let input = canonical(e)?;
    if !symbols(&input).iter().all(|s| s == name) {
        return unsupported("a product with other symbols than its variable");
    }
    let f = to_dense(&input, name)?;
    let (low, high) = (integer(low)?, integer(high)?);
    if high < &low - IBig::ONE {
        return unsupported("a product whose upper bound lies below its lower bound");
    }
    let limit = ExactError::TooLarge { what: "factors of a product", limit: MAX_FACTORS };
    let count = usize::try_from(&high - &low + IBig::ONE).map_err(|_| limit)?;
    at_most("factors of a product", count, MAX_FACTORS)?;
    let factors: Vec<RBig> = (0..count).map(|i| f.eval(&RBig::from(&low + IBig::from(i)))).collect();
    let mut value = RBig::ONE;
    for q in &factors {
        value *= q;
        bounded_rational(&value)?;
    }
    let mut steps = Derivation::default();
    let head = format!("\\prod_{{{} = {low}}}^{{{high}}} {}", tex_name(name), paren(&f.tex(&tex_name(name))));
    if (2..=WRITTEN_OUT).contains(&count) {
        let shown: Vec<String> = factors.iter().map(wrapped).collect();
        steps.push(Rule::ProductTerms, || {
            [claim(format!("{} = {}", shown.join(" \\cdot "), rational_tex(&value)))]
        });
    }
    steps.push(Rule::Conclude, || [claim(format!("{head} = {}", rational_tex(&value)))]);
    Ok(Worked::new(Expr::Num(value), steps))
}
