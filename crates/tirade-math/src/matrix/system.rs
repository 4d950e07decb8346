//! Systems of linear equations.

use dashu::rational::RBig;

use super::{Matrix, rref};
use crate::derivation::{Derivation, Rule, claim, condition, term};
use crate::exact::{Exact, Worked, at_most, undefined};
use crate::poly::{rational_tex, signed_rational_tex};

/// `coefficients * variables = constants`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearSystem {
    /// One row of coefficients per equation.
    pub coefficients: Vec<Vec<RBig>>,
    /// Right-hand sides.
    pub constants: Vec<RBig>,
}

/// An expression `constant + sum of factor * variable`, the variables by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affine {
    /// The constant.
    pub constant: RBig,
    /// Factor of each variable.
    pub factors: Vec<RBig>,
}

/// Solutions of a linear system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Solutions {
    /// The equations contradict each other.
    None,
    /// Each variable as an expression in the free variables (which stand for themselves).
    Affine(Vec<Affine>),
}

fn augmented(system: &LinearSystem) -> Exact<Matrix> {
    if system.coefficients.len() != system.constants.len() {
        return undefined("a system with different numbers of left and right sides");
    }
    let join = |(a, b): (&Vec<RBig>, &RBig)| a.iter().chain([b]).cloned().collect();
    Matrix::new(system.coefficients.iter().zip(&system.constants).map(join).collect())
}

/// Solves a linear system; the variables without a pivot are free.
///
/// # Errors
/// `Undefined` for an empty or ragged system, `TooLarge` for huge ones.
pub fn solve_system(system: &LinearSystem) -> Exact<Solutions> {
    let m = augmented(system)?;
    let width = m.width() - 1;
    let reduced = rref(&m)?;
    if reduced.pivots.last() == Some(&width) {
        return Ok(Solutions::None);
    }
    let solve = |j: usize| match reduced.pivots.iter().position(|&p| p == j) {
        None => Affine { constant: RBig::ZERO, factors: unit(width, j) },
        Some(row) => {
            let entries = &reduced.matrix.rows[row];
            let factor = |k: usize| if k == j { RBig::ZERO } else { -entries[k].clone() };
            Affine { constant: entries[width].clone(), factors: (0..width).map(factor).collect() }
        }
    };
    Ok(Solutions::Affine((0..width).map(solve).collect()))
}

fn unit(width: usize, j: usize) -> Vec<RBig> {
    (0..width).map(|k| if k == j { RBig::ONE } else { RBig::ZERO }).collect()
}

/// LaTeX of a sum of multiples of variables and a constant.
fn affine_tex(factors: &[RBig], constant: &RBig, names: &[String]) -> String {
    let mut out = String::new();
    for (c, name) in factors.iter().zip(names).filter(|(c, _)| !c.is_zero()) {
        let text = match (c.is_one(), *c == RBig::NEG_ONE) {
            (true, _) => format!(" + {name}"),
            (_, true) => format!(" - {name}"),
            _ => format!("{}{name}", signed_rational_tex(c)),
        };
        out.push_str(&text);
    }
    if !constant.is_zero() || out.is_empty() {
        out.push_str(&signed_rational_tex(constant));
    }
    match (out.strip_prefix(" + "), out.strip_prefix(" - ")) {
        (Some(rest), _) => rest.to_string(),
        (_, Some(rest)) => format!("-{rest}"),
        _ => out,
    }
}

fn equation_tex(row: &[RBig], names: &[String]) -> String {
    let width = row.len() - 1;
    format!("{} = {}", affine_tex(&row[..width], &RBig::ZERO, names), rational_tex(&row[width]))
}

/// [`solve_system`] by elimination, in equations rather than in a matrix.
///
/// # Errors
/// As [`solve_system`]; `Undefined` when there are not as many names as variables.
pub fn solve_system_worked(system: &LinearSystem, names: &[String]) -> Exact<Worked<Solutions>> {
    let m = augmented(system)?;
    if names.len() + 1 != m.width() {
        return undefined(format!("a system of {} variables with {} names", m.width() - 1, names.len()));
    }
    at_most("variables of an explained system", names.len(), 10)?;
    let solutions = solve_system(system)?;
    let mut steps = Derivation::default();
    match &solutions {
        Solutions::None => {
            eliminate(&m, names, &mut steps);
        }
        Solutions::Affine(values) => {
            eliminate(&m, names, &mut steps);
            back_substitute(values, names, &mut steps);
            check(&m, values, names, &mut steps);
        }
    }
    Ok(Worked::new(solutions, steps))
}

/// Takes one variable after another out of the remaining equations.
fn eliminate(m: &Matrix, names: &[String], steps: &mut Derivation) {
    let width = names.len();
    let mut rows: Vec<Vec<RBig>> = m.rows().to_vec();
    for j in 0..width {
        let Some(chosen) = pick(&rows, j) else { continue };
        let pivot = rows.remove(chosen);
        steps.push(Rule::UseEquation, || {
            [condition(equation_tex(&pivot, names)), condition(solved_tex(&pivot, j, names))]
        });
        let mut touched = false;
        for row in rows.iter_mut().filter(|r| !r[j].is_zero()) {
            touched = true;
            let factor = &row[j] / &pivot[j];
            for (a, b) in row.iter_mut().zip(&pivot) {
                *a -= &factor * b;
            }
        }
        if rows.iter().any(|r| r[..width].iter().all(RBig::is_zero) && !r[width].is_zero()) {
            let zero = rows.iter().find(|r| r[..width].iter().all(RBig::is_zero) && !r[width].is_zero());
            let text = zero.map(|r| format!("0 = {}", rational_tex(&r[width]))).unwrap_or_default();
            steps.push(Rule::Contradiction, || [condition(text)]);
            return;
        }
        rows.retain(|r| r.iter().any(|q| !q.is_zero()));
        if touched && !rows.is_empty() {
            steps.push(Rule::EliminateVariable, || rows.iter().map(|r| condition(equation_tex(r, names))));
        }
    }
    if let Some(row) = rows.iter().find(|r| !r[width].is_zero()) {
        steps.push(Rule::Contradiction, || [condition(format!("0 = {}", rational_tex(&row[width])))]);
    }
}

/// An equation that contains variable `j`, best with coefficient 1 or -1.
fn pick(rows: &[Vec<RBig>], j: usize) -> Option<usize> {
    let simple = |r: &Vec<RBig>| r[j].is_one() || r[j] == RBig::NEG_ONE;
    rows.iter().position(simple).or_else(|| rows.iter().position(|r| !r[j].is_zero()))
}

fn solved_tex(row: &[RBig], j: usize, names: &[String]) -> String {
    let width = names.len();
    let factor = |k: usize| if k == j { RBig::ZERO } else { -(&row[k] / &row[j]) };
    let factors: Vec<RBig> = (0..width).map(factor).collect();
    format!("{} = {}", names[j], affine_tex(&factors, &(&row[width] / &row[j]), names))
}

fn back_substitute(values: &[Affine], names: &[String], steps: &mut Derivation) {
    let is_free = |j: usize, a: &Affine| a.factors[j].is_one();
    let free: Vec<_> =
        values.iter().enumerate().filter(|(j, a)| is_free(*j, a)).map(|(j, _)| term(&names[j])).collect();
    let bound = values.iter().enumerate().filter(|(j, a)| !is_free(*j, a));
    let text = |(j, a): (usize, &Affine)| {
        condition(format!("{} = {}", names[j], affine_tex(&a.factors, &a.constant, names)))
    };
    steps.push(Rule::BackSubstituteSystem, || bound.rev().map(text).collect::<Vec<_>>());
    if !free.is_empty() {
        steps.push(Rule::FreeVariables, || free);
    }
}

/// Puts a unique solution back into every equation.
fn check(m: &Matrix, values: &[Affine], names: &[String], steps: &mut Derivation) {
    if values.iter().any(|a| a.factors.iter().any(|c| !c.is_zero())) {
        return;
    }
    let width = names.len();
    let row_claim = |row: &Vec<RBig>| {
        let used = (0..width).filter(|&j| !row[j].is_zero());
        let product = |j: usize| {
            format!("{} \\cdot {}", super::entry_tex(&row[j]), super::entry_tex(&values[j].constant))
        };
        let terms: Vec<String> = used.map(product).collect();
        let left = if terms.is_empty() { "0".into() } else { terms.join(" + ") };
        claim(format!("{left} = {}", rational_tex(&row[width])))
    };
    steps.push(Rule::CheckSolution, || m.rows().iter().map(row_claim));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(rows: &[&[i64]]) -> LinearSystem {
        let split = |r: &&[i64]| r[..r.len() - 1].iter().map(|&n| RBig::from(n)).collect();
        LinearSystem {
            coefficients: rows.iter().map(split).collect(),
            constants: rows.iter().map(|r| RBig::from(r[r.len() - 1])).collect(),
        }
    }

    fn names() -> Vec<String> {
        vec!["x".into(), "y".into()]
    }

    #[test]
    fn unique_contradictory_and_free() {
        let unique = solve_system_worked(&system(&[&[1, 1, 5], &[2, -1, 1]]), &names()).unwrap();
        let Solutions::Affine(values) = &unique.value else { panic!("no solution") };
        assert_eq!(values.iter().map(|a| a.constant.clone()).collect::<Vec<_>>(), [2, 3].map(RBig::from));
        assert_eq!(
            unique.derivation.render_english(),
            "From $x + y = 5$ we get $x = -y + 5$. Substituting this into the remaining equations leaves $-3y = -9$. \
             From $-3y = -9$ we get $y = 3$. Substituting back, $y = 3$ and $x = 2$. \
             Check: $1 \\cdot 2 + 1 \\cdot 3 = 5$ and $2 \\cdot 2 + (-1) \\cdot 3 = 1$."
        );
        let none = solve_system_worked(&system(&[&[1, 1, 1], &[1, 1, 2]]), &names()).unwrap();
        assert_eq!(none.value, Solutions::None);
        assert!(none.derivation.render_english().contains("contradiction $0 = 1$"));
        let free = solve_system_worked(&system(&[&[1, 1, 1]]), &names()).unwrap();
        assert!(free.derivation.render_english().contains("The variables $y$ are free"));
    }

    #[test]
    fn empty_systems_are_refused() {
        assert!(solve_system(&system(&[])).is_err());
    }
}
