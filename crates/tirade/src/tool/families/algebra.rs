//! Expressions, equations, inequalities and polynomials.

use serde_json::json;
use smol_str::SmolStr;
use tirade_math::Expr;
use tirade_math::cas::{self, to_sympy_string};
use tirade_math::derivation::wanted;
use tirade_math::exact::{Exact, ExactError, Worked};
use tirade_math::poly::{self, Poly};

use super::native::{expression, variable_or_default, worked};
use super::{EXPRESSION, OPTIONAL_VARIABLE, VARIABLE};
use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline, Kind, Param, Tool, param, tool};

const EQUATIONS: &str =
    "The equations, such as [\"x + y = 3\", \"x - y = 1\"]; an expression without = is set to zero.";
const VARIABLES: Param = param("variables", Kind::Variables, "The unknowns, such as [\"x\", \"y\"].");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("simplify_expression", "Simplifies an expression.", &[EXPRESSION]).native(simplify_expression),
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
    ).native(solve_univariate_inequality),
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
    ).native(solve_equation),
    tool("find_roots", "Finds the roots of an expression or equation.", &[EXPRESSION]).native(find_roots),
    tool("cancel_expression", "Writes an expression as one fraction in lowest terms.", &[EXPRESSION]).native(cancel_expression),
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

fn simplify_expression(args: &Args) -> Native {
    success(expression(cas::simplify_worked(args.expr("expression")?))?)
}

/// Two of CAMEL's tools say that all went well.
fn success(answer: Answer) -> Native {
    let result = answer.content["result"].clone();
    Ok(Answer { content: json!({ "status": "success", "result": result }), ..answer })
}

fn expand_expression(args: &Args) -> Native {
    expression(cas::expand_worked(args.expr("expression")?))
}

fn factor_expression(args: &Args) -> Native {
    expression(cas::factor_worked(args.expr("expression")?))
}

fn cancel_expression(args: &Args) -> Native {
    expression(cas::cancel_worked(args.expr("expression")?))
}

fn solve_linear_system(args: &Args) -> Native {
    let unknowns = symbols(args.list("variables")?)?;
    let solved = cas::solve_linear_system_worked(args.list("equations")?, &unknowns)?;
    let tuples = solved.value.iter().map(|parts| cas::tuple_text(parts)).collect::<Result<Vec<_>, _>>()?;
    worked(Ok(solved), |_| json!({ "result": tuples }))
}

/// The names of a list of variables.
pub(super) fn symbols(list: &[Expr]) -> Result<Vec<SmolStr>, Decline> {
    let name = |expr: &Expr| if let Expr::Sym(name) = expr { Some(name.clone()) } else { None };
    list.iter()
        .map(name)
        .collect::<Option<_>>()
        .ok_or_else(|| Decline::Lane("not all are variables".to_owned()))
}

fn solve_univariate_inequality(args: &Args) -> Native {
    let x = variable(args)?;
    let solved = cas::solve_inequality_worked(args.expr("inequality")?, x)?;
    if solved.value.is_empty() {
        return Err(Decline::Lane("no solution".to_owned()));
    }
    let content = cas::intervals_text(&solved.value, x)?;
    worked(Ok(solved), |_| json!({ "result": content }))
}

fn variable(args: &Args) -> Result<&SmolStr, Decline> {
    args.variable("variable").ok_or_else(|| Decline::Lane("no variable".to_owned()))
}

fn polynomial_representation(args: &Args) -> Native {
    let (expression, x) = (args.expr("expression")?, variable(args)?);
    let text = cas::polynomial_text(expression, x)?;
    if !wanted() {
        return Ok(Answer::new(text, None));
    }
    let (given, expanded) = (cas::canonical(expression)?, cas::expand_worked(expression)?.value);
    let name = cas::tex(&Expr::sym(x.clone()));
    let steps = format!("As a polynomial in ${name}$: ${} = {}$.", cas::tex(&given), cas::tex(&expanded));
    Ok(Answer::new(text, Some(steps)))
}

fn polynomial_degree(args: &Args) -> Native {
    let degree = cas::degree_worked(args.expr("expression")?, variable(args)?);
    worked(
        degree.map_err(|_| ExactError::Unsupported("the degree of this".to_owned())),
        |n| json!({ "result": n }),
    )
}

fn polynomial_coefficients(args: &Args) -> Native {
    solutions(cas::coefficients_worked(args.expr("expression")?, variable(args)?))
}

/// A list of expressions, each in SymPy's spelling.
pub(super) fn solutions(result: Exact<Worked<Vec<Expr>>>) -> Native {
    let solved = result?;
    let texts = solved.value.iter().map(to_sympy_string).collect::<Result<Vec<_>, _>>()?;
    worked(Ok(solved), |_| json!({ "result": texts }))
}

fn polynomial_division(args: &Args) -> Native {
    let x = variable(args)?;
    let (dividend, divisor) =
        (cas::to_dense(args.expr("dividend")?, x)?, cas::to_dense(args.expr("divisor")?, x)?);
    let solved = poly::div_rem_worked(&dividend, &divisor, x)?;
    let text = |p: &Poly| to_sympy_string(&cas::from_dense(p, x)?);
    let parts = json!({ "quotient": text(&solved.value.0)?, "remainder": text(&solved.value.1)? });
    worked(Ok(solved), |_| json!({ "result": parts }))
}

/// No solution may also mean that every value is one; SymPy's lane tells them apart.
fn solve_equation(args: &Args) -> Native {
    let equation = args.expr("sympy_equation")?;
    let form = cas::zero_form(equation)?;
    let solved = cas::solve_worked(equation, &variable_or_default(args, "variable", &form))?;
    if solved.value.is_empty() { Err(Decline::Lane("no solution".to_owned())) } else { solutions(Ok(solved)) }
}

fn find_roots(args: &Args) -> Native {
    let form = cas::zero_form(args.expr("expression")?)?;
    let names = cas::symbols(&form);
    let [x] = names.as_slice() else { return Err(Decline::Lane("not one variable".to_owned())) };
    let solved = cas::solve_worked(&form, x)?;
    let texts = solved.value.iter().map(to_sympy_string).collect::<Result<Vec<_>, _>>()?;
    success(worked(Ok(solved), |_| json!({ "result": format!("[{}]", texts.join(", ")) }))?)
}
