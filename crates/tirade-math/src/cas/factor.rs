//! Factoring polynomials and rational functions over the rational numbers.

use dashu::rational::RBig;
use smol_str::SmolStr;

use super::kernel::{mul, pow, with_coefficient};
use super::poly::tex_names;
use super::tex::tex;
use super::{canonical, from_polynomial, symbols, to_fraction};
use crate::derivation::{Derivation, Rule, claim, condition, term, wanted};
use crate::exact::{Exact, Worked};
use crate::expr::Expr;
use crate::poly::{MFactored, MPoly, Poly, factor_multi, rational_tex};

/// Factors over the rational numbers, as SymPy's `factor`.
///
/// # Errors
/// `Unsupported` unless the expression is a rational function with rational coefficients, `TooLarge` beyond the bounds.
pub fn factor_worked(e: &Expr) -> Exact<Worked<Expr>> {
    let input = canonical(e)?;
    let names = symbols(&input);
    let mut steps = Derivation::default();
    if names.is_empty() {
        super::to_polynomial(&input, &names)?;
        steps.push(Rule::Trivial, || [claim(format!("{} = {}", tex(&input), tex(&input)))]);
        return Ok(Worked::new(input, steps));
    }
    let fraction = to_fraction(&input, &names)?;
    if fraction.top.is_zero() {
        steps.push(Rule::Simplify, || [claim(format!("{} = 0", tex(&input)))]);
        return Ok(Worked::new(Expr::int(0), steps));
    }
    let (top, bottom) = (factor_multi(&fraction.top)?, factor_multi(&fraction.bottom)?);
    let value = assemble(&top, &bottom, &names)?;
    if !wanted() {
        return Ok(Worked::new(value, steps));
    }
    if fraction.bottom.as_constant().is_some() {
        explain(&fraction.top, &top, &names, &mut steps)?;
    } else {
        explain_fraction(&input, [(&fraction.top, &top), (&fraction.bottom, &bottom)], &names, &mut steps)?;
    }
    if value == input {
        steps.push(Rule::Irreducible, || [term(tex(&input))]);
    } else {
        steps.push(Rule::Conclude, || [claim(format!("{} = {}", tex(&input), tex(&value)))]);
    }
    Ok(Worked::new(value, steps))
}

/// The product of powers of factors with its content, in the form SymPy keeps it: a number stays in front of a sum.
fn assemble(top: &MFactored, bottom: &MFactored, names: &[SmolStr]) -> Exact<Expr> {
    let power = |(f, n): &(MPoly, usize), sign: i64| {
        pow(&from_polynomial(f, names)?, &Expr::int(sign * i64::try_from(*n).unwrap_or(i64::MAX)))
    };
    let mut parts: Vec<Expr> = top.factors.iter().map(|f| power(f, 1)).collect::<Exact<_>>()?;
    parts.extend(bottom.factors.iter().map(|f| power(f, -1)).collect::<Exact<Vec<_>>>()?);
    let content = &top.content / &bottom.content;
    keep_coefficient(content, mul(parts)?)
}

/// SymPy's `_keep_coeff`: only -1 is multiplied into a lone sum.
pub(super) fn keep_coefficient(c: RBig, e: Expr) -> Exact<Expr> {
    match &e {
        Expr::Add(_) if c == RBig::NEG_ONE => mul([Expr::int(-1), e]),
        _ => Ok(with_coefficient(c, e)),
    }
}

/// `c * product` of some factors as LaTeX.
pub(super) fn product_tex(f: &MFactored, names: &[String]) -> String {
    let power = |(p, n): &(MPoly, usize)| {
        let text = p.tex(names);
        let base = if p.len() > 1 { format!("({text})") } else { text };
        if *n == 1 { base } else { format!("{base}^{{{n}}}") }
    };
    let mut parts: Vec<String> = f.factors.iter().map(power).collect();
    let minus = f.content == RBig::NEG_ONE;
    if parts.is_empty() || !(f.content.is_one() || minus) {
        parts.insert(0, rational_tex(&f.content));
    }
    let text = parts.join(" ");
    if minus && !f.factors.is_empty() { format!("-{text}") } else { text }
}

fn explain_fraction(
    input: &Expr,
    parts: [(&MPoly, &MFactored); 2],
    names: &[SmolStr],
    steps: &mut Derivation,
) -> Exact<()> {
    let tex_names = tex_names(names);
    let [(top, _), (bottom, _)] = parts;
    let joined = format!("{} = \\frac{{{}}}{{{}}}", tex(input), top.tex(&tex_names), bottom.tex(&tex_names));
    steps.push(Rule::CommonDenominator, || [claim(joined)]);
    for ((p, f), rule) in parts.into_iter().zip([Rule::FactorNumerator, Rule::FactorDenominator]) {
        let product = product_tex(f, &tex_names);
        if product != p.tex(&tex_names) {
            steps.push(rule, || [claim(format!("{} = {product}", p.tex(&tex_names)))]);
        }
    }
    Ok(())
}

/// Tells how the factors are found.
pub(super) fn explain(p: &MPoly, f: &MFactored, names: &[SmolStr], steps: &mut Derivation) -> Exact<()> {
    let tex_names = tex_names(names);
    let (content, mut rest) = p.primitive();
    let monomial = MPoly::monomial(rest.monomial_content(), RBig::ONE);
    rest = rest.exact_div(&monomial)?.unwrap_or(rest);
    let outside = monomial.scale(&content);
    if outside != MPoly::one(p.vars()) && rest.len() > 1 {
        let text = outside.tex(&tex_names);
        let sign = if text == "-1" { "-".into() } else { text };
        let formula = format!("{} = {sign}({})", p.tex(&tex_names), rest.tex(&tex_names));
        steps.push(Rule::CommonFactor, || [claim(formula)]);
    }
    let inner: Vec<&(MPoly, usize)> = f.factors.iter().filter(|(g, _)| g.len() > 1).collect();
    if inner.iter().map(|(_, n)| n).sum::<usize>() < 2 {
        return Ok(());
    }
    let inner = MFactored { content: RBig::ONE, factors: inner.into_iter().cloned().collect() };
    let identity = claim(format!("{} = {}", rest.tex(&tex_names), product_tex(&inner, &tex_names)));
    let used = rest.used_vars();
    match (used.as_slice(), used.first().and_then(|&v| rest.to_dense(v))) {
        ([v], Some(dense)) => explain_dense(&dense, &tex_names[*v], identity, steps),
        _ => {
            steps.push(pattern(&rest, &inner), || [identity]);
            Ok(())
        }
    }
}

/// The name of the pattern that a two-factor product shows.
fn pattern(p: &MPoly, f: &MFactored) -> Rule {
    match f.factors.as_slice() {
        [(_, 2)] => Rule::PerfectSquare,
        [(a, 1), (b, 1)] if p.len() == 2 && a.len() == 2 && b.len() == 2 => Rule::DifferenceOfSquares,
        _ => Rule::FactorFound,
    }
}

fn explain_dense(
    p: &Poly,
    x: &str,
    identity: crate::derivation::Formula,
    steps: &mut Derivation,
) -> Exact<()> {
    if p.degree() == 2 {
        return explain_quadratic(p, x, identity, steps);
    }
    let mut rest = p.clone();
    for root in crate::poly::rational_roots(p)? {
        let linear = Poly::new(vec![-root.clone(), RBig::ONE]).primitive_part();
        while rest.degree() > 2 && rest.eval(&root).is_zero() {
            let quotient = rest.exact_div(&linear).unwrap_or_else(|| rest.clone());
            let at = condition(format!("{x} = {}", rational_tex(&root)));
            steps.push(Rule::RootGivesFactor, || [at, claim(value_tex(&rest, &root)), term(linear.tex(x))]);
            let divided = format!("{} = ({}) ({})", rest.tex(x), linear.tex(x), quotient.tex(x));
            steps.push(Rule::DivideOutFactor, || [claim(divided)]);
            rest = quotient;
        }
    }
    steps.push(Rule::FactorFound, || [identity]);
    Ok(())
}

/// `p(q)` with its terms written out, `= value`.
pub(super) fn value_tex(p: &Poly, at: &RBig) -> String {
    let base =
        if at.is_int() && *at >= RBig::ZERO { rational_tex(at) } else { format!("({})", rational_tex(at)) };
    let mut out = String::new();
    for (n, c) in p.coeffs().iter().enumerate().rev().filter(|(_, c)| !c.is_zero()) {
        let (negative, size) = if *c < RBig::ZERO { (true, -c.clone()) } else { (false, c.clone()) };
        out.push_str(match (out.is_empty(), negative) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        });
        let power = if n == 1 { base.clone() } else { format!("{base}^{{{n}}}") };
        match (n, size.is_one()) {
            (0, _) => out.push_str(&rational_tex(&size)),
            (_, true) => out.push_str(&power),
            _ => out.push_str(&format!("{} \\cdot {power}", rational_tex(&size))),
        }
    }
    if out.is_empty() {
        out.push('0');
    }
    format!("{out} = {}", rational_tex(&p.eval(at)))
}

fn explain_quadratic(
    p: &Poly,
    x: &str,
    identity: crate::derivation::Formula,
    steps: &mut Derivation,
) -> Exact<()> {
    let [c, b, a] = [0, 1, 2].map(|i| p.coeff(i));
    let roots = crate::poly::rational_roots(p)?;
    match (roots.as_slice(), b.is_zero()) {
        ([_], _) => steps.push(Rule::PerfectSquare, || [identity]),
        ([..], true) => steps.push(Rule::DifferenceOfSquares, || [identity]),
        ([r, s], _) => {
            // a x^2 + b x + c: split b into two numbers with product a c.
            let (m, n) = (-(&a * s), -(&a * r));
            let numbers = [&b, &(&a * &c), &m, &n].map(|q| term(rational_tex(q)));
            let split = Poly::new(vec![RBig::ZERO, m.clone(), a.clone()]).tex(x);
            let tail = Poly::new(vec![c.clone(), n.clone()]).tex(x);
            let tail = if let Some(rest) = tail.strip_prefix('-') {
                format!("- {rest}")
            } else {
                format!("+ {tail}")
            };
            let halves = format!("{} = {split} {tail}", p.tex(x));
            steps.push(Rule::SplitMiddle, || numbers.into_iter().chain([claim(halves)]));
            steps.push(Rule::Grouping, || [identity]);
        }
        _ => steps.push(Rule::FactorFound, || [identity]),
    }
    Ok(())
}
