//! Solving one equation for one symbol.

use dashu::rational::RBig;
use smol_str::SmolStr;

use super::compare::sort_key;
use super::factor::{explain, value_tex};
use super::tex::tex;
use super::{Fraction, canonical, from_polynomial, root_to_expr, symbols, to_fraction, to_polynomial};
use crate::derivation::{Derivation, Rule, claim, condition, term, wanted};
use crate::exact::{Exact, Worked, unsupported};
use crate::expr::{Expr, RelOp};
use crate::poly::{
    MPoly, Poly, Root, factor, factor_multi, quadratic_roots, rational_tex, roots_of_irreducible,
};

/// Left side minus right side of an equation; an expression stands for itself.
///
/// # Errors
/// `Unsupported` for other relations and for chains.
pub fn zero_form(e: &Expr) -> Exact<Expr> {
    match e {
        Expr::Relation(left, rest) => match rest.as_slice() {
            [(RelOp::Eq, right)] => canonical(&Expr::sum([(**left).clone(), right.clone().neg()])),
            _ => unsupported(format!("{e} as one equation")),
        },
        other => canonical(other),
    }
}

/// Solves an equation (or `expression = 0`) for a symbol: all complex solutions, in SymPy's order.
///
/// ```
/// use tirade_math::{cas, parse};
/// let roots = cas::solve_worked(&parse("x^2 = 5x - 6").unwrap(), &"x".into()).unwrap();
/// assert_eq!(roots.value.iter().map(|e| e.to_string()).collect::<Vec<_>>(), ["2", "3"]);
/// assert!(roots.derivation.render_english().contains("$x^{2} - 5x + 6 = (x - 3) (x - 2)$"));
/// ```
///
/// # Errors
/// `Unsupported` unless the equation is rational in that symbol with solutions made of square roots, or linear in it
/// with a number in front.
pub fn solve_worked(e: &Expr, name: &SmolStr) -> Exact<Worked<Vec<Expr>>> {
    let zero = zero_form(e)?;
    let names = symbols(&zero);
    let mut steps = Derivation::default();
    if names.as_slice() != std::slice::from_ref(name) {
        return solve_linear_symbolic(&zero, name, names);
    }
    let fraction = to_fraction(&zero, &names)?;
    let x = tex(&Expr::sym(name.clone()));
    // Without denominators the equation keeps its numbers; with them, both parts get integer coefficients.
    let whole = fraction.bottom.as_constant().is_some();
    let (top, bottom) =
        if whole { (fraction.top.clone(), fraction.bottom.clone()) } else { fraction.integral() };
    if wanted() {
        introduce(e, &zero, &Fraction { top: top.clone(), bottom }, &x, &mut steps);
    }
    let p = top.to_dense(0).unwrap_or_default();
    if p.is_zero() {
        return unsupported("an equation that holds for every value");
    }
    let mut roots = Vec::new();
    solve_polynomial(&p, name, &mut steps, &mut roots)?;
    let poles = denominators(&zero, &names)?;
    roots.retain(|(factor, root)| {
        let pole = poles.iter().any(|d| d.exact_div(factor).is_some());
        if pole {
            steps.push(Rule::ExcludePoles, || [condition(format!("{x} = {}", root.tex()))]);
        }
        !pole
    });
    if wanted() {
        conclude(&p, &roots, &x, &mut steps);
    }
    let mut values: Vec<Expr> = roots.iter().map(|(_, r)| root_to_expr(r)).collect::<Exact<_>>()?;
    values.sort_by_cached_key(sort_key);
    Ok(Worked::new(values, steps))
}

/// From the equation as given to a polynomial equation.
fn introduce(e: &Expr, zero: &Expr, fraction: &Fraction, x: &str, steps: &mut Derivation) {
    let name = [x.to_string()];
    let polynomial = format!("{} = 0", fraction.top.tex(&name));
    let given = match e {
        Expr::Relation(..) => super::display_order(e).to_latex(),
        _ => format!("{} = 0", tex(zero)),
    };
    if matches!(e, Expr::Relation(..)) && given != polynomial {
        steps.push(Rule::MoveToOneSide, || [condition(format!("{} = 0", tex(zero)))]);
    }
    match fraction.bottom.as_constant() {
        None => {
            steps.push(Rule::ClearDenominators, || [term(fraction.bottom.tex(&name)), condition(polynomial)])
        }
        Some(_) if format!("{} = 0", tex(zero)) != polynomial => {
            steps.push(Rule::CollectPowers, || [term(x), condition(polynomial)]);
        }
        Some(_) => {}
    }
}

type Solution = (Poly, Root);

fn solve_polynomial(
    p: &Poly,
    name: &SmolStr,
    steps: &mut Derivation,
    roots: &mut Vec<Solution>,
) -> Exact<()> {
    let x = &tex(&Expr::sym(name.clone()));
    let factors = factor(p)?.factors;
    if wanted() && p.degree() > 1 && (factors.len() > 1 || factors.iter().any(|(_, n)| *n > 1)) {
        let lifted = MPoly::from_dense(1, 0, p);
        explain(&lifted, &factor_multi(&lifted)?, std::slice::from_ref(name), steps)?;
        let zero = factors.iter().map(|(f, _)| condition(format!("{} = 0", f.tex(x))));
        steps.push(Rule::ZeroProduct, || zero);
    }
    for (f, _) in factors {
        let found = roots_of_irreducible(&f)?;
        match f.degree() {
            _ if !wanted() => {}
            1 => linear_step(&f, x, steps),
            2 => quadratic_step(&f, &found, x, steps),
            _ => biquadratic_step(&f, &found, x, steps),
        }
        roots.extend(found.into_iter().map(|r| (f.clone(), r)));
    }
    Ok(())
}

fn linear_step(f: &Poly, x: &str, steps: &mut Derivation) {
    let (c, a) = (f.coeff(0), f.coeff(1));
    if c.is_zero() || a.is_one() {
        return;
    }
    let solved = condition(format!("{x} = {}", rational_tex(&(-c / &a))));
    steps.push(Rule::LinearSolve, || [term(rational_tex(&a)), solved]);
}

fn quadratic_step(f: &Poly, roots: &[Root], x: &str, steps: &mut Derivation) {
    let [c, b, a] = [0, 1, 2].map(|i| f.coeff(i));
    let paren = |q: &RBig| if *q < RBig::ZERO { format!("({})", rational_tex(q)) } else { rational_tex(q) };
    if b.is_zero() {
        let square = -(&c / &a);
        let isolated = condition(format!("{x}^{{2}} = {}", rational_tex(&square)));
        let last = roots.last().map(Root::tex).unwrap_or_default();
        steps.push(Rule::PureSquare, || [isolated, condition(format!("{x} = \\pm {last}"))]);
        return;
    }
    let named =
        [("a", &a), ("b", &b), ("c", &c)].map(|(n, q)| condition(format!("{n} = {}", rational_tex(q))));
    steps.push(Rule::QuadraticCoefficients, || named);
    let d = &b * &b - RBig::from(4) * &a * &c;
    let formula =
        format!("{}^{{2}} - 4 \\cdot {} \\cdot {} = {}", paren(&b), paren(&a), paren(&c), rational_tex(&d));
    steps.push(Rule::DiscriminantIs, || [claim(formula)]);
    let minus_b = rational_tex(&-b);
    let twice = rational_tex(&(RBig::from(2) * &a));
    let mut solution = format!("{x} = \\frac{{{minus_b} \\pm \\sqrt{{{}}}}}{{{twice}}}", rational_tex(&d));
    solution.extend(roots.last().map(plus_minus_tex));
    let rule = if d < RBig::ZERO { Rule::DiscriminantNegative } else { Rule::QuadraticFormula };
    steps.push(rule, || [condition(solution)]);
}

/// ` = p \pm q` from the root with the plus sign.
fn plus_minus_tex(root: &Root) -> String {
    match root {
        Root::Quadratic { a, b, d } => {
            let offset = Root::Quadratic { a: RBig::ZERO, b: b.clone(), d: d.clone() }.tex();
            format!(" = {} \\pm {offset}", rational_tex(a))
        }
        _ => String::new(),
    }
}

fn biquadratic_step(f: &Poly, roots: &[Root], x: &str, steps: &mut Derivation) {
    let inner = Poly::new(vec![f.coeff(0), f.coeff(2), f.coeff(4)]);
    let substitution = condition(format!("u = {x}^{{2}}"));
    steps.push(Rule::BiquadraticSubstitute, || [substitution, condition(format!("{} = 0", inner.tex("u")))]);
    quadratic_step(&inner, &quadratic_roots(&inner).unwrap_or_default(), "u", steps);
    steps.push(Rule::BiquadraticBack, || roots.iter().map(|r| condition(format!("{x} = {}", r.tex()))));
}

fn conclude(p: &Poly, roots: &[Solution], x: &str, steps: &mut Derivation) {
    let rational = roots.iter().filter_map(|(_, r)| if let Root::Rational(q) = r { Some(q) } else { None });
    let checks: Vec<_> = rational.map(|q| claim(value_tex(p, q))).collect();
    if p.degree() > 1 && !checks.is_empty() {
        steps.push(Rule::CheckSolution, || checks);
    }
    let shown = roots.iter().map(|(_, r)| condition(format!("{x} = {}", r.tex())));
    match roots.len() {
        0 => steps.push(Rule::NoSolution, || []),
        1 => steps.push(Rule::SolutionIs, || shown),
        _ => steps.push(Rule::SolutionsAre, || shown),
    }
}

/// The polynomials that stand in denominators.
fn denominators(e: &Expr, names: &[SmolStr]) -> Exact<Vec<Poly>> {
    let mut found = Vec::new();
    let mut todo = vec![e];
    while let Some(e) = todo.pop() {
        match e {
            Expr::Add(parts) | Expr::Mul(parts) => todo.extend(parts),
            Expr::Pow(base, exponent) => {
                todo.push(base);
                if exponent.as_i64().is_some_and(|n| n < 0) {
                    found.push(to_fraction(base, names)?.top.to_dense(0).unwrap_or_default());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// `c x + rest = 0` with a number `c` and other symbols in the rest.
fn solve_linear_symbolic(zero: &Expr, name: &SmolStr, names: Vec<SmolStr>) -> Exact<Worked<Vec<Expr>>> {
    let Some(index) = names.iter().position(|n| n == name) else {
        return unsupported(format!("solving an equation without {name} for it"));
    };
    let p = to_polynomial(zero, &names)?;
    let parts = p.coefficients_in(index);
    let [rest, factor] = parts.as_slice() else {
        return unsupported("solving an equation with several symbols that is not linear in the wanted one");
    };
    let Some(c) = factor.as_constant() else {
        return unsupported("dividing by an expression that may be zero");
    };
    let value = from_polynomial(&rest.scale(&(-RBig::ONE / &c)), &names)?;
    let mut steps = Derivation::default();
    let equation = || format!("{} = {}", tex(&Expr::sym(name.clone())), tex(&value));
    steps.push(Rule::LinearSolve, || [term(rational_tex(&c)), condition(equation())]);
    Ok(Worked::new(vec![value], steps))
}
