//! Equations in several variables as sets of points: `ab = 0` is `a = 0` or `b = 0`.

use crate::cas::{canonical, symbols, to_polynomial};
use crate::equiv::any;
use crate::expr::{Expr, Func, LogicOp, RelOp};
use crate::poly::{MPoly, factor_multi};
use smol_str::SmolStr;

/// Equations joined by "or".
const MAX_EQUATIONS: usize = 6;
/// Largest total degree of one equation.
const MAX_DEGREE: usize = 8;
/// Most terms of one equation once it is expanded: factoring takes milliseconds beyond.
const MAX_TERMS: usize = 40;

/// Whether two statements are polynomial equations, or alternatives of such, with the same irreducible parts; at least two
/// variables must occur, because equations in one variable are to be solved, not rewritten.
pub fn same(a: &Expr, b: &Expr) -> bool {
    // Two plain equations are multiples of each other or not, which is decided elsewhere.
    let rewrites =
        |e: &Expr| any(e, &|e| matches!(e, Expr::Logic(LogicOp::Or, _) | Expr::Call(Func::Abs, _)));
    if !(rewrites(a) || rewrites(b)) {
        return false;
    }
    let (Some(p), Some(q)) = (differences(a), differences(b)) else { return false };
    let mut names: Vec<SmolStr> = Vec::new();
    for name in p.iter().chain(&q).flat_map(symbols) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    if !(2..=5).contains(&names.len()) {
        return false;
    }
    match (parts(&p, &names), parts(&q, &names)) {
        (Some(p), Some(q)) => p.len() == q.len() && p.iter().all(|f| q.contains(f)),
        _ => false,
    }
}

/// Left sides minus right sides of the alternatives.
fn differences(e: &Expr) -> Option<Vec<Expr>> {
    match e {
        Expr::Logic(LogicOp::Or, items) if items.len() <= MAX_EQUATIONS => {
            Some(items.iter().map(differences).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
        }
        Expr::Relation(left, rest) => {
            let [(RelOp::Eq, right)] = rest.as_slice() else { return None };
            let squared = |e: &Expr| match e {
                Expr::Call(Func::Abs, args) => Some(args.first()?.clone().pow(Expr::int(2))),
                _ => None,
            };
            let (left, right) = match (squared(left), squared(right)) {
                // |x| = |y| where x² = y²
                (Some(l), Some(r)) => (l, r),
                _ => ((**left).clone(), right.clone()),
            };
            Some(vec![canonical(&Expr::sum([left, right.neg()])).ok()?])
        }
        _ => None,
    }
}

/// The irreducible factors, each once.
fn parts(equations: &[Expr], names: &[SmolStr]) -> Option<Vec<MPoly>> {
    let mut out: Vec<MPoly> = Vec::new();
    for e in equations {
        let p = to_polynomial(e, names)
            .ok()
            .filter(|p| p.total_degree() <= MAX_DEGREE && p.len() <= MAX_TERMS && !p.is_zero())?;
        for (f, _) in factor_multi(&p).ok()?.factors {
            if !out.contains(&f) {
                out.push(f);
            }
        }
    }
    Some(out)
}
