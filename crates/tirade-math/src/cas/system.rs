//! Systems of linear equations in named unknowns.

use dashu::rational::RBig;
use smol_str::SmolStr;

use super::kernel::{add, mul};
use super::poly::tex_names;
use super::{to_polynomial, to_sympy_string, zero_form};
use crate::exact::{Exact, Worked, unsupported};
use crate::expr::Expr;
use crate::matrix::{LinearSystem, Solutions, solve_system_worked};

/// Coefficients and constants of linear equations (or of expressions that are to be zero).
///
/// # Errors
/// `Unsupported` unless every equation is linear in the unknowns with rational coefficients.
pub fn linear_system(equations: &[Expr], unknowns: &[SmolStr]) -> Exact<LinearSystem> {
    let mut system = LinearSystem { coefficients: vec![], constants: vec![] };
    for e in equations {
        let p = to_polynomial(&zero_form(e)?, unknowns)?;
        if p.total_degree() > 1 {
            return unsupported(format!("{e} as a linear equation"));
        }
        let mut row = vec![RBig::ZERO; unknowns.len()];
        let mut constant = RBig::ZERO;
        for (m, c) in p.terms() {
            match m.iter().position(|e| *e > 0) {
                Some(i) => row[i] = c.clone(),
                None => constant = -c.clone(),
            }
        }
        system.coefficients.push(row);
        system.constants.push(constant);
    }
    Ok(system)
}

/// Solves a linear system by elimination: one expression per unknown, free unknowns standing for themselves, or `None`
/// for a contradiction. The same as SymPy's `linsolve`.
///
/// # Errors
/// As [`linear_system`].
pub fn solve_linear_system_worked(
    equations: &[Expr],
    unknowns: &[SmolStr],
) -> Exact<Worked<Option<Vec<Expr>>>> {
    let system = linear_system(equations, unknowns)?;
    let Worked { value, derivation } = solve_system_worked(&system, &tex_names(unknowns))?;
    let Solutions::Affine(values) = value else { return Ok(Worked::new(None, derivation)) };
    let expression = |a: &crate::matrix::Affine| {
        let terms =
            a.factors.iter().zip(unknowns).map(|(c, n)| mul([Expr::Num(c.clone()), Expr::sym(n.clone())]));
        add(terms.chain([Ok(Expr::Num(a.constant.clone()))]).collect::<Exact<Vec<_>>>()?)
    };
    Ok(Worked::new(Some(values.iter().map(expression).collect::<Exact<_>>()?), derivation))
}

/// A tuple as SymPy prints it: `(4/3, 1/3)`, `(2,)`.
///
/// # Errors
/// As [`to_sympy_string`].
pub fn tuple_text(parts: &[Expr]) -> Exact<String> {
    let texts: Vec<String> = parts.iter().map(to_sympy_string).collect::<Exact<_>>()?;
    Ok(match texts.as_slice() {
        [single] => format!("({single},)"),
        _ => format!("({})", texts.join(", ")),
    })
}
