//! Expressions, equations, inequalities and polynomials.

use serde_json::json;
use smol_str::SmolStr;
use tirade_math::cas::{self, to_sympy_string};
use tirade_math::expr::RelOp;
use tirade_math::matrix::{LinearSystem, Solutions, solve_system_worked};
use tirade_math::poly::{self, Poly};
use tirade_math::{Expr, Rational};

use super::native::{expression, worked};
use super::{EXPRESSION, OPTIONAL_VARIABLE, VARIABLE};
use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline, Kind, Param, Tool, param, tool};

const EQUATIONS: &str =
    "The equations, such as [\"x + y = 3\", \"x - y = 1\"]; an expression without = is set to zero.";
const VARIABLES: Param = param("variables", Kind::Variables, "The unknowns, such as [\"x\", \"y\"].");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("simplify_expression", "Simplifies an expression.", &[EXPRESSION]),
    tool("expand_expression", "Multiplies out products and powers.", &[EXPRESSION]).native(expand_expression),
    tool(
        "factor_expression",
        "Factors a polynomial or a fraction of polynomials over the rational numbers.",
        &[EXPRESSION],
    ).native(factor_expression),
    tool(
        "solve_linear_system",
        "Solves linear equations. Each solution is a tuple in the order of the variables; [] means that there is none; free variables \
         stay in the tuple.",
        &[param("equations", Kind::Expressions, EQUATIONS), VARIABLES],
    ).native(solve_linear_system),
    tool(
        "solve_nonlinear_system",
        "Solves polynomial and other equations in several unknowns, complex solutions included. Each solution is a tuple in the order \
         of the variables.",
        &[param("sympy_equations", Kind::Expressions, EQUATIONS), VARIABLES],
    ),
    tool(
        "solve_univariate_inequality",
        "Solves an inequality in one real variable.",
        &[
            param("inequality", Kind::Expression, "The inequality, such as x^2 - 4 >= 0 or 1 < x^2 < 9."),
            VARIABLE,
        ],
    ),
    tool(
        "reduce_inequalities",
        "Solves several inequalities that hold at once.",
        &[param("inequalities", Kind::Expressions, "The inequalities, such as [\"x > 1\", \"x^2 < 25\"].")],
    ),
    tool(
        "polynomial_representation",
        "Writes an expression as a polynomial in one variable.",
        &[EXPRESSION, VARIABLE],
    ).native(polynomial_representation),
    tool("polynomial_degree", "The degree of a polynomial in one variable.", &[EXPRESSION, VARIABLE]).native(polynomial_degree),
    tool(
        "polynomial_coefficients",
        "The coefficients of a polynomial, from the highest power down.",
        &[EXPRESSION, VARIABLE],
    ).native(polynomial_coefficients),
    tool(
        "solve_equation",
        "Solves an equation for one variable; complex solutions are included.",
        &[
            param(
                "sympy_equation",
                Kind::Expression,
                "The equation, such as x^2 = 4; an expression without = is set to zero.",
            ),
            OPTIONAL_VARIABLE,
        ],
    ),
    tool("find_roots", "Finds the roots of an expression or equation.", &[EXPRESSION]),
    tool("cancel_expression", "Writes an expression as one fraction in lowest terms.", &[EXPRESSION]),
    tool(
        "partial_fractions",
        "Splits a fraction of polynomials into partial fractions.",
        &[EXPRESSION, OPTIONAL_VARIABLE],
    ),
    tool("simplify_trig", "Simplifies an expression with trigonometric identities.", &[EXPRESSION]),
    tool("expand_trig", "Expands sines and cosines of sums and multiples of angles.", &[EXPRESSION]),
    tool("simplify_radicals", "Denests roots and makes denominators rational.", &[EXPRESSION]),
    tool(
        "substitute",
        "Replaces variables by values, all at once.",
        &[EXPRESSION, VARIABLES, param("values", Kind::Values, "The values, in the order of the variables.")],
    ),
    tool(
        "evaluate_numeric",
        "The decimal value of an expression.",
        &[EXPRESSION, param("digits", Kind::Value, "How many significant digits, such as 15.")],
    ),
    tool(
        "complex_form",
        "Real part, imaginary part, modulus, argument and conjugate of a complex number.",
        &[EXPRESSION],
    ),
    tool(
        "polynomial_division",
        "Divides polynomials with remainder.",
        &[
            param("dividend", Kind::Expression, "The polynomial to divide."),
            param("divisor", Kind::Expression, "The polynomial to divide by."),
            VARIABLE,
        ],
    ).native(polynomial_division),
    tool(
        "polynomial_gcd",
        "The greatest common divisor of two polynomials.",
        &[
            param("expression1", Kind::Expression, "The first polynomial."),
            param("expression2", Kind::Expression, "The second polynomial."),
        ],
    ),
    tool("complete_square", "Writes a quadratic as a*(x - h)**2 + k.", &[EXPRESSION, VARIABLE]),
];

type Native = Result<Answer, Decline>;

fn expand_expression(args: &Args) -> Native {
    expression(cas::expand_worked(args.expr("expression")?))
}

fn factor_expression(args: &Args) -> Native {
    expression(cas::factor_worked(args.expr("expression")?))
}

/// `left - right` of an equation; an expression is meant to vanish as it is.
pub(super) fn zero_form(statement: &Expr) -> Result<Expr, Decline> {
    match statement {
        Expr::Relation(left, rest) => match rest.as_slice() {
            [(RelOp::Eq, right)] if right.is_zero() => Ok((**left).clone()),
            [(RelOp::Eq, right)] => Ok(Expr::sum([(**left).clone(), right.clone().neg()])),
            _ => Err(Decline::Lane("not one equation".to_owned())),
        },
        Expr::Logic(..) => Err(Decline::Lane("a statement".to_owned())),
        other => Ok(other.clone()),
    }
}

fn solve_linear_system(args: &Args) -> Native {
    let names = symbols(args.list("variables")?)?;
    let mut system = LinearSystem { coefficients: Vec::new(), constants: Vec::new() };
    for equation in args.list("equations")? {
        let (row, constant) = linear(&zero_form(equation)?, &names)?;
        system.coefficients.push(row);
        system.constants.push(constant);
    }
    let texts: Vec<String> = names.iter().map(SmolStr::to_string).collect();
    let solved = solve_system_worked(&system, &texts)?;
    let tuples = match &solved.value {
        Solutions::None => Vec::new(),
        Solutions::Affine(values) => {
            let parts = values.iter().map(|value| affine(&value.factors, &value.constant, &names));
            vec![tuple(&parts.collect::<Result<Vec<_>, _>>()?)]
        }
    };
    Ok(Answer::new(tuples, Some(solved.derivation.render_english())))
}

fn symbols(list: &[Expr]) -> Result<Vec<SmolStr>, Decline> {
    let name = |expr: &Expr| if let Expr::Sym(name) = expr { Some(name.clone()) } else { None };
    list.iter()
        .map(name)
        .collect::<Option<_>>()
        .ok_or_else(|| Decline::Lane("not all are variables".to_owned()))
}

/// `row * variables = constant` of an expression that must vanish.
fn linear(form: &Expr, names: &[SmolStr]) -> Result<(Vec<Rational>, Rational), Decline> {
    let polynomial = cas::to_polynomial(form, names)?;
    let (mut row, mut constant) = (vec![Rational::ZERO; names.len()], Rational::ZERO);
    for (exponents, coefficient) in polynomial.terms() {
        let used: Vec<usize> = (0..names.len()).filter(|i| exponents[*i] > 0).collect();
        match used.as_slice() {
            [] => constant = -coefficient.clone(),
            [i] if exponents[*i] == 1 => row[*i] = coefficient.clone(),
            _ => return Err(Decline::Lane("not linear".to_owned())),
        }
    }
    Ok((row, constant))
}

/// `constant + factors * variables` in SymPy's spelling.
fn affine(factors: &[Rational], constant: &Rational, names: &[SmolStr]) -> Result<String, Decline> {
    let terms = factors.iter().zip(names).filter(|(factor, _)| !factor.is_zero());
    let terms =
        terms.map(|(factor, name)| Expr::product([Expr::Num(factor.clone()), Expr::sym(name.clone())]));
    let all: Vec<Expr> = terms.chain((!constant.is_zero()).then(|| Expr::Num(constant.clone()))).collect();
    Ok(to_sympy_string(&cas::canonical(&Expr::sum(all))?)?)
}

/// A tuple as Python writes it; one of a single item has a comma.
fn tuple(parts: &[String]) -> String {
    if let [only] = parts { format!("({only},)") } else { format!("({})", parts.join(", ")) }
}

fn dense(args: &Args, name: &str) -> Result<(Poly, SmolStr), Decline> {
    let variable = args.variable("variable").ok_or_else(|| Decline::Lane("no variable".to_owned()))?;
    Ok((cas::to_dense(args.expr(name)?, variable)?, variable.clone()))
}

fn polynomial_representation(args: &Args) -> Native {
    let (p, x) = dense(args, "expression")?;
    let domain = if p.coeffs().iter().all(Rational::is_int) { "ZZ" } else { "QQ" };
    let text = to_sympy_string(&cas::from_dense(&p, &x)?)?;
    Ok(Answer::new(format!("Poly({text}, {x}, domain='{domain}')"), None))
}

fn polynomial_degree(args: &Args) -> Native {
    let (p, x) = dense(args, "expression")?;
    if p.is_zero() {
        return Err(Decline::Lane("the degree of zero".to_owned()));
    }
    let steps = format!("The highest power of ${x}$ in ${}$ has the exponent ${}$.", p.tex(&x), p.degree());
    Ok(Answer::new(p.degree(), Some(steps)))
}

fn polynomial_coefficients(args: &Args) -> Native {
    let (p, x) = dense(args, "expression")?;
    let texts: Vec<String> = (0..=p.degree()).rev().map(|n| cas::rational_text(&p.coeff(n))).collect();
    let steps = format!("In order of falling powers of ${x}$ the polynomial is ${}$.", p.tex(&x));
    Ok(Answer::new(texts, Some(steps)))
}

fn polynomial_division(args: &Args) -> Native {
    let ((dividend, x), (divisor, _)) = (dense(args, "dividend")?, dense(args, "divisor")?);
    let solved = poly::div_rem_worked(&dividend, &divisor, &x)?;
    let text = |p: &Poly| to_sympy_string(&cas::from_dense(p, &x)?);
    let parts = json!({ "quotient": text(&solved.value.0)?, "remainder": text(&solved.value.1)? });
    worked(Ok(solved), |_| json!({ "result": parts }))
}
