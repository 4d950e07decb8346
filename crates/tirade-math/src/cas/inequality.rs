//! Polynomial inequalities in one symbol.

use std::cmp::Ordering;

use dashu::integer::IBig;
use dashu::rational::RBig;
use smol_str::SmolStr;

use super::compare::{SortKey, number_key, sort_key};
use super::tex::tex;
use super::{canonical, surd_to_expr, to_dense, to_sympy_string};
use crate::derivation::{Derivation, Rule, claim, condition, words};
use crate::exact::{Exact, Worked, unsupported};
use crate::expr::{Expr, RelOp};
use crate::poly::{Poly, Root, count_real_roots, exact_roots, factor, rational_tex};
use crate::surd::Surd;

/// One end of an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Unbounded.
    Infinite,
    /// A number and whether it belongs to the interval.
    At(Surd, bool),
}

/// A solution set: disjoint intervals with inner points, in increasing order; empty for no solution.
pub type Intervals = Vec<(End, End)>;

/// Solves `p(x) < 0` and the like for polynomials whose real roots are rational or quadratic.
///
/// # Errors
/// `Unsupported` for other inequalities, and when single points belong to or are missing from the solution.
pub fn solve_inequality_worked(e: &Expr, name: &SmolStr) -> Exact<Worked<Intervals>> {
    let Expr::Relation(left, rest) = e else { return unsupported(format!("{e} as an inequality")) };
    let [(op, right)] = rest.as_slice() else { return unsupported("a chain of inequalities") };
    if !op.is_order() {
        return unsupported(format!("{e} as an inequality"));
    }
    let zero = canonical(&Expr::sum([(**left).clone(), right.clone().neg()]))?;
    let p = to_dense(&zero, name)?;
    if p.is_constant() {
        return unsupported("an inequality without its variable");
    }
    let x = tex(&Expr::sym(name.clone()));
    let mut steps = Derivation::default();
    steps.push(Rule::MoveToOneSide, || [condition(format!("{} {} 0", p.tex(&x), op_tex(*op)))]);
    let roots = real_roots(&p)?;
    if !roots.is_empty() {
        steps.push(Rule::CriticalPoints, || roots.iter().map(|r| condition(format!("{x} = {}", r.tex()))));
    }
    let pieces = sign_pieces(&p, &roots, *op, &x, &mut steps);
    let solution = join(&pieces, &roots, matches!(op, RelOp::Le | RelOp::Ge))?;
    if solution.is_empty() {
        steps.push(Rule::NoSolution, || []);
    } else {
        steps.push(Rule::InequalitySolution, || solution.iter().map(|i| condition(interval_tex(i, &x))));
    }
    Ok(Worked::new(solution, steps))
}

fn op_tex(op: RelOp) -> &'static str {
    match op {
        RelOp::Lt => "<",
        RelOp::Le => "\\le",
        RelOp::Gt => ">",
        _ => "\\ge",
    }
}

/// Distinct real roots in increasing order.
fn real_roots(p: &Poly) -> Exact<Vec<Surd>> {
    let mut roots = Vec::new();
    for (f, _) in factor(p)?.factors {
        if count_real_roots(&f, None, None)? == 0 {
            continue;
        }
        for (root, _) in exact_roots(&f)? {
            match root {
                Root::Rational(q) => roots.push(Surd::from(q)),
                Root::Quadratic { a, b, d } if d > IBig::ZERO => {
                    roots.push(Surd::sqrt_int(&d)?.scale(&b).add(&Surd::from(a)));
                }
                _ => return unsupported("an inequality with nested roots"),
            }
        }
    }
    let mut failed = None;
    roots.sort_by(|a, b| {
        a.compare(b).unwrap_or_else(|e| {
            failed = Some(e);
            Ordering::Equal
        })
    });
    failed.map_or(Ok(roots), Err)
}

/// A rational number in each open piece between the roots.
fn test_points(roots: &[Surd]) -> Vec<RBig> {
    let near = |s: &Surd, up: bool| {
        let floor = RBig::from(s.to_f64().floor() as i64);
        if up { floor + RBig::from(2) } else { floor - RBig::ONE }
    };
    let (Some(first), Some(last)) = (roots.first(), roots.last()) else { return vec![RBig::ZERO] };
    let mut points = vec![near(first, false)];
    points.extend(roots.windows(2).map(|w| between(&w[0], &w[1])));
    points.push(near(last, true));
    points
}

/// The simplest decimal strictly between two numbers, found by doubling the resolution.
fn between(a: &Surd, b: &Surd) -> RBig {
    let mut scale = RBig::ONE;
    for _ in 0..200 {
        let start = (a.to_f64() * scale.to_f64_fast()).floor();
        for step in 0..3 {
            let q = RBig::from(start as i64 + step) / &scale;
            let s = Surd::from(q.clone());
            if s.sub(a).is_positive() && b.sub(&s).is_positive() {
                return q;
            }
        }
        scale *= RBig::from(2);
    }
    RBig::ZERO
}

/// Whether each open piece satisfies the inequality.
fn sign_pieces(p: &Poly, roots: &[Surd], op: RelOp, x: &str, steps: &mut Derivation) -> Vec<bool> {
    let wants_positive = matches!(op, RelOp::Gt | RelOp::Ge);
    let points = test_points(roots);
    let piece = |(i, q): (usize, &RBig)| {
        let value = p.eval(q);
        let positive = value > RBig::ZERO;
        let low = if i == 0 { End::Infinite } else { End::At(roots[i - 1].clone(), false) };
        let high = if i == roots.len() { End::Infinite } else { End::At(roots[i].clone(), false) };
        let sign = words(if positive { "positive" } else { "negative" });
        let range = condition(interval_tex(&(low, high), x));
        let shown = claim(super::factor::value_tex(p, q));
        steps.push(Rule::SignOnInterval, || {
            [condition(format!("{x} = {}", rational_tex(q))), shown, sign, range]
        });
        positive == wants_positive
    };
    points.iter().enumerate().map(piece).collect()
}

/// Joins neighbouring pieces over roots that belong to the solution.
fn join(pieces: &[bool], roots: &[Surd], closed: bool) -> Exact<Intervals> {
    let mut out: Intervals = Vec::new();
    for (i, _) in pieces.iter().enumerate().filter(|(_, inside)| **inside) {
        let high = roots.get(i).map_or(End::Infinite, |r| End::At(r.clone(), closed));
        let continues = i > 0 && pieces[i - 1];
        match (continues, closed) {
            (true, true) => {
                if let Some(last) = out.last_mut() {
                    last.1 = high;
                }
            }
            (true, false) => return unsupported("a solution with a missing point"),
            (false, _) => {
                let low = if i == 0 { End::Infinite } else { End::At(roots[i - 1].clone(), closed) };
                out.push((low, high));
            }
        }
    }
    let isolated = |i: usize| closed && !pieces[i] && !pieces[i + 1];
    if (0..roots.len()).any(isolated) {
        return unsupported("a solution with a single point");
    }
    Ok(out)
}

fn interval_tex((low, high): &(End, End), x: &str) -> String {
    let sign = |closed: &bool| if *closed { "\\le" } else { "<" };
    match (low, high) {
        (End::Infinite, End::Infinite) => format!("{x} \\in \\mathbb{{R}}"),
        (End::Infinite, End::At(b, c)) => format!("{x} {} {}", sign(c), b.tex()),
        (End::At(a, c), End::Infinite) => format!("{x} {} {}", if *c { "\\ge" } else { ">" }, a.tex()),
        (End::At(a, c), End::At(b, d)) => format!("{} {} {x} {} {}", a.tex(), sign(c), sign(d), b.tex()),
    }
}

/// One relation of SymPy's conjunction: its class, its sides as sort keys, its text.
type Atom = (&'static str, SortKey, SortKey, String, bool);

fn infinity(positive: bool) -> SortKey {
    let size = RBig::from(IBig::ONE << 600);
    number_key(if positive { size } else { -size })
}

fn atoms((low, high): &(End, End), name: &SmolStr) -> Exact<Vec<Atom>> {
    let symbol = sort_key(&Expr::sym(name.clone()));
    let class = |closed: bool| if closed { ("LessThan", "<=") } else { ("StrictLessThan", "<") };
    let side = |end: &End, positive: bool| -> Exact<(SortKey, String, bool)> {
        match end {
            End::Infinite => {
                Ok((infinity(positive), if positive { "oo".into() } else { "-oo".into() }, false))
            }
            End::At(s, _) if s.as_rational().is_none() => {
                unsupported("SymPy's order of relations with square roots")
            }
            End::At(s, closed) => {
                let e = surd_to_expr(s)?;
                Ok((sort_key(&e), to_sympy_string(&e)?, *closed))
            }
        }
    };
    let (low_key, low_text, low_closed) = side(low, false)?;
    let (high_key, high_text, high_closed) = side(high, true)?;
    let (low_class, low_sign) = class(low_closed);
    let (high_class, high_sign) = class(high_closed);
    let first = matches!(low, End::Infinite);
    let mut atoms = vec![
        (low_class, low_key, symbol.clone(), format!("({low_text} {low_sign} {name})"), first),
        (high_class, symbol, high_key, format!("({name} {high_sign} {high_text})"), false),
    ];
    atoms.sort();
    Ok(atoms)
}

/// The solution as SymPy's `solve_univariate_inequality` prints it.
///
/// # Errors
/// `Unsupported` when an end is not rational.
pub fn intervals_text(solution: &Intervals, name: &SmolStr) -> Exact<String> {
    let mut parts: Vec<Vec<Atom>> = solution.iter().map(|i| atoms(i, name)).collect::<Exact<_>>()?;
    parts.sort();
    let conjunction = |mut atoms: Vec<Atom>| {
        // The printer moves a lower bound of minus infinity to the front.
        atoms.sort_by_key(|a| !a.4);
        atoms.into_iter().map(|a| a.3).collect::<Vec<_>>().join(" & ")
    };
    let texts: Vec<String> = parts.into_iter().map(conjunction).collect();
    Ok(match texts.as_slice() {
        [] => "False".into(),
        [single] => single.clone(),
        _ => texts.iter().map(|t| format!("({t})")).collect::<Vec<_>>().join(" | "),
    })
}
