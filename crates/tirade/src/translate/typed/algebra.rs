//! Expressions, equations, inequalities, matrices.

use smol_str::SmolStr;
use tirade_math::matrix::Matrix;
use tirade_math::{Assumptions, Expr, Rational, Truth, cas, check_statement, integer, poly};

use super::{Call, Explained, equation, equation_as, holds, listed, put, simple};

pub(super) fn explain(name: &str, call: &Call) -> Option<Explained> {
    let rewritten = |lead: &str| rewriting(call, lead);
    Some(match name {
        "partial_fractions" => rewritten("Splitting into partial fractions gives"),
        "simplify_trig" => rewritten("By the identities of sine and cosine,"),
        "expand_trig" => rewritten("By the addition formulas of sine and cosine,"),
        "simplify_radicals" => {
            rewritten("Making the denominators rational and taking squares out of the roots gives")
        }
        "complete_square" => rewritten("Completing the square gives"),
        "simplify_expression" | "cancel_expression" => rewritten("Simplifying gives"),
        "expand_expression" => rewritten("Multiplying out gives"),
        "factor_expression" => rewritten("Factoring gives"),
        "evaluate" => rewritten("Computing step by step gives"),
        "substitute" => substitute(call),
        "evaluate_numeric" => numeric(call),
        "complex_form" => complex(call),
        "polynomial_representation" => representation(call),
        "polynomial_gcd" => polynomial_gcd(call),
        "solve_equation" | "find_roots" => roots(name, call),
        "solve_nonlinear_system" | "solve_linear_system" => system(name, call),
        "reduce_inequalities" => inequalities(call),
        "characteristic_polynomial" => characteristic(call),
        "matrix_power" => power(call),
        "cross_product" => cross(call),
        "compute_vector_operations" => vectors(call),
        "multinomial" => multinomial(call),
        "stirling_number" => stirling(call),
        _ => return None,
    })
}

fn rewriting(call: &Call, lead: &str) -> Explained {
    Ok(format!("{lead} ${}$.", equation(call.expr("expression")?, &call.value()?)?))
}

fn substitute(call: &Call) -> Explained {
    let (names, values) = (call.list("variables")?, call.list("values")?);
    let mut pairs = Vec::new();
    let mut said = Vec::new();
    for (name, value) in names.iter().zip(values) {
        let Expr::Sym(symbol) = name else { return Err("substituting for what is no variable".into()) };
        said.push(format!("{} = {}", name.to_latex(), value.to_latex()));
        pairs.push((symbol.clone(), value.clone()));
    }
    let replaced = put(call.expr("expression")?, &pairs);
    Ok(format!(
        "Putting {} into ${}$ gives ${}$.",
        listed(&said),
        call.expr("expression")?.to_latex(),
        equation(&replaced, &call.value()?)?
    ))
}

fn numeric(call: &Call) -> Explained {
    let shown = call.expr("expression")?.to_latex();
    let value = call.text()?;
    if shown == value {
        Ok(format!("The value is ${value}$."))
    } else {
        Ok(format!("In decimals, ${}$.", holds(format!("{shown} \\approx {value}"))?))
    }
}

fn complex(call: &Call) -> Explained {
    let z = call.expr("expression")?;
    let (re, im) = (call.part("real")?, call.part("imaginary")?);
    let i = Expr::constant(tirade_math::expr::Const::I);
    let part = Expr::product([im.clone(), i]);
    let form = simple(&Expr::sum([re.clone(), part.clone()]));
    let conjugate = call.part("conjugate")?;
    equation(&Expr::sum([re.clone(), part.neg()]), &conjugate)?;
    let square = Expr::sum([re.clone().pow(Expr::int(2)), im.clone().pow(Expr::int(2))]);
    let root = Expr::call(tirade_math::expr::Func::Sqrt, square);
    let standard = equation(z, &form)?;
    let modulus = equation(&root, &call.part("modulus")?)?;
    Ok(format!(
        "In standard form ${standard}$, with real part ${}$ and imaginary part ${}$. The modulus is ${modulus}$, and the conjugate is ${}$.",
        re.to_latex(),
        im.to_latex(),
        conjugate.to_latex()
    ))
}

fn representation(call: &Call) -> Explained {
    let text = call.text()?;
    let inside = text.strip_prefix("Poly(").and_then(|rest| rest.split_once(", ")).map(|(first, _)| first);
    let value = super::read_result(inside.ok_or("a result that is no polynomial")?)?;
    let x = call.variable("variable");
    Ok(format!(
        "Ordered by powers of ${x}$, the polynomial is ${}$.",
        equation(call.expr("expression")?, &value)?
    ))
}

fn polynomial_gcd(call: &Call) -> Explained {
    let (a, b) = (call.expr("expression1")?, call.expr("expression2")?);
    let names = cas::symbols(a);
    let [x] = names.as_slice() else { return Err("polynomials in several variables".into()) };
    let dense = |e: &Expr| cas::to_dense(e, x).map_err(|why| why.to_string());
    let found = poly::gcd_worked(&dense(a)?, &dense(b)?, x).map_err(|why| why.to_string())?;
    let value = cas::from_dense(&found.value, x).map_err(|why| why.to_string())?;
    equation(&value, &call.value()?)?;
    Ok(found.derivation.render_english())
}

/// Every solution is put into every equation.
fn checked(equations: &[Expr], names: &[SmolStr], solution: &[Expr]) -> Result<Vec<String>, String> {
    let values: Vec<(SmolStr, Expr)> = names.iter().cloned().zip(solution.iter().cloned()).collect();
    let check = |equation: &Expr| {
        let (left, right) = match equation {
            Expr::Relation(left, links) if links.len() == 1 => ((**left).clone(), links[0].1.clone()),
            other => (other.clone(), Expr::int(0)),
        };
        let (left, right) = (put(&left, &values), put(&right, &values));
        equation_as(&left.to_latex(), &left, &right)
    };
    equations.iter().map(check).collect()
}

fn shown(equation: &Expr) -> String {
    if matches!(equation, Expr::Relation(..)) {
        equation.to_latex()
    } else {
        format!("{} = 0", equation.to_latex())
    }
}

fn roots(name: &str, call: &Call) -> Explained {
    let given = call.expr(if name == "find_roots" { "expression" } else { "sympy_equation" })?;
    let names = cas::symbols(&cas::zero_form(given).unwrap_or_else(|_| given.clone()));
    let x = match call.args.variable("variable") {
        Some(x) => x.clone(),
        None => names.first().cloned().ok_or("an equation without a variable")?,
    };
    let solutions = if call.result.is_array() { call.items()? } else { members(call.text()?)? };
    if solutions.is_empty() {
        return Err("an equation without solutions".into());
    }
    let mut text = format!("We solve ${}$ for ${x}$.", shown(given));
    for solution in &solutions {
        let check =
            checked(std::slice::from_ref(given), std::slice::from_ref(&x), std::slice::from_ref(solution))?;
        text +=
            &format!(" The value ${x} = {}$ is a solution, since {}.", solution.to_latex(), listed(&check));
    }
    Ok(text)
}

/// `[1, 2]` as expressions.
fn members(text: &str) -> Result<Vec<Expr>, String> {
    match super::read_result(text)? {
        Expr::Bracket(items) | Expr::List(items) | Expr::Set(items) | Expr::Tuple(items) => Ok(items),
        one => Ok(vec![one]),
    }
}

fn system(name: &str, call: &Call) -> Explained {
    let equations = call.list(if name == "solve_linear_system" { "equations" } else { "sympy_equations" })?;
    let names: Vec<SmolStr> = call
        .list("variables")?
        .iter()
        .filter_map(|v| if let Expr::Sym(name) = v { Some(name.clone()) } else { None })
        .collect();
    let mut text = format!("We solve {}.", listed(&equations.iter().map(shown).collect::<Vec<_>>()));
    let solutions = call.items()?;
    if solutions.is_empty() {
        return Err("a system without solutions".into());
    }
    for solution in solutions {
        let Expr::Tuple(values) = solution else { return Err("a solution that is no tuple".into()) };
        let said: Vec<String> =
            names.iter().zip(&values).map(|(name, value)| format!("{name} = {}", value.to_latex())).collect();
        text += &format!(
            " {} is a solution, since {}.",
            listed(&said),
            listed(&checked(equations, &names, &values)?)
        );
    }
    Ok(text)
}

/// The steps of each inequality, and the conclusion, which is tried at many points.
fn inequalities(call: &Call) -> Explained {
    let given = call.list("inequalities")?;
    let names = given
        .iter()
        .map(cas::symbols)
        .find(|names| names.len() == 1)
        .ok_or("inequalities in several variables")?;
    let mut text = String::new();
    for inequality in given {
        let solved = cas::solve_inequality_worked(inequality, &names[0]).map_err(|why| why.to_string())?;
        text += &format!("For ${}$: {} ", inequality.to_latex(), solved.derivation.render_english());
    }
    let result = call.value()?;
    for n in -120..=120 {
        let at = Expr::Num(Rational::from_parts(n.into(), 4u8.into()));
        let mut values = Assumptions::default();
        values.set(&names[0], at);
        let all = given.iter().all(|inequality| check_statement(inequality, &values) == Truth::True);
        if all != (check_statement(&result, &values) == Truth::True) {
            return Err("a solution that could not be checked".into());
        }
    }
    Ok(format!("{text}All hold exactly where ${}$.", result.to_latex()))
}

fn matrix_of(rows: &[Vec<Expr>]) -> Result<Matrix, String> {
    let cell = |e: &Expr| {
        simple(e)
            .as_rational()
            .cloned()
            .ok_or_else(|| "a matrix with entries that are no rational numbers".to_owned())
    };
    let rows = rows
        .iter()
        .map(|row| row.iter().map(cell).collect::<Result<Vec<_>, _>>())
        .collect::<Result<Vec<_>, _>>()?;
    Matrix::new(rows).map_err(|why| why.to_string())
}

fn characteristic(call: &Call) -> Explained {
    let rows = call.rows("matrix")?;
    let t = call.variable("variable");
    let entry = |r: usize, c: usize| {
        let own = rows[r][c].clone().neg();
        if r == c { Expr::sum([Expr::sym(t.clone()), own]) } else { own }
    };
    let size = rows.len();
    let minor = |keep: &[usize], cols: &[usize]| determinant(keep, cols, &entry);
    let all: Vec<usize> = (0..size).collect();
    if size > 4 || rows.iter().any(|row| row.len() != size) {
        return Err("the characteristic polynomial of a matrix of this size".into());
    }
    let expanded = minor(&all, &all);
    let a = matrix_of(rows)?;
    Ok(format!(
        "The characteristic polynomial of $A = {}$ is the determinant of ${t} I - A$. Expanding it gives ${}$.",
        a.tex(),
        equation(&expanded, &call.value()?)?
    ))
}

/// Expansion along the first row.
fn determinant(rows: &[usize], cols: &[usize], entry: &dyn Fn(usize, usize) -> Expr) -> Expr {
    match rows {
        [] => Expr::int(1),
        [row] => entry(*row, cols[0]),
        [row, rest @ ..] => Expr::sum(cols.iter().enumerate().map(|(index, col)| {
            let others: Vec<usize> = cols.iter().copied().filter(|other| other != col).collect();
            let term = Expr::product([entry(*row, *col), determinant(rest, &others, entry)]);
            if index % 2 == 1 { term.neg() } else { term }
        })),
    }
}

fn power(call: &Call) -> Explained {
    let a = matrix_of(call.rows("matrix")?)?;
    let exponent = simple(call.expr("exponent")?)
        .as_i64()
        .filter(|n| (1..=12).contains(n))
        .ok_or("this power of a matrix")?;
    let mut text = format!("Let $A = {}$. Multiply by $A$ again and again:", a.tex());
    let mut current = a.clone();
    let mut steps = Vec::new();
    for n in 2..=exponent {
        current = current.mul(&a).map_err(|why| why.to_string())?;
        steps.push(format!("A^{{{n}}} = {}", current.tex()));
    }
    if cas::matrix_text(&current).replace(' ', "") != call.text()?.replace(' ', "") {
        return Err("a power that could not be checked".into());
    }
    text += &format!(" {}.", listed(&steps));
    Ok(text)
}

fn cross(call: &Call) -> Explained {
    let (a, b, found) = (call.list("vector1")?, call.list("vector2")?, call.items()?);
    if a.len() != 3 || b.len() != 3 || found.len() != 3 {
        return Err("a cross product of these".into());
    }
    let mut steps = Vec::new();
    for (k, (i, j)) in [(1, 2), (2, 0), (0, 1)].into_iter().enumerate() {
        let value = Expr::sum([
            Expr::product([a[i].clone(), b[j].clone()]),
            Expr::product([a[j].clone(), b[i].clone()]).neg(),
        ]);
        steps.push(equation(&value, &found[k])?);
    }
    Ok(format!("The components of the cross product are {}.", listed(&steps)))
}

fn vectors(call: &Call) -> Explained {
    let (a, b) = (call.list("vector1")?, call.list("vector2")?);
    let products = |a: &[Expr], b: &[Expr]| {
        Expr::sum(a.iter().zip(b).map(|(a, b)| Expr::product([a.clone(), b.clone()])))
    };
    match call.args.text("operation") {
        "dot" | "dot_product" => {
            Ok(format!("The dot product is ${}$.", equation(&products(a, b), &call.value()?)?))
        }
        "norm" | "magnitude" | "length" => {
            let root = Expr::call(tirade_math::expr::Func::Sqrt, products(a, a));
            Ok(format!("The length is ${}$.", equation(&root, &call.value()?)?))
        }
        "cross" | "cross_product" if a.len() == 2 && b.len() == 2 => {
            let value = Expr::sum([
                Expr::product([a[0].clone(), b[1].clone()]),
                Expr::product([a[1].clone(), b[0].clone()]).neg(),
            ]);
            Ok(format!("The cross product is ${}$.", equation(&value, &call.value()?)?))
        }
        other => Err(format!("no rule explains the operation {other} on vectors")),
    }
}

fn multinomial(call: &Call) -> Explained {
    let counts: Option<Vec<i64>> = call.list("counts")?.iter().map(|e| simple(e).as_i64()).collect();
    let counts = counts.filter(|counts| counts.iter().all(|n| (0..=60).contains(n))).ok_or("these counts")?;
    let factorials: Vec<String> = counts.iter().map(|n| format!("{n}!")).collect();
    let total: i64 = counts.iter().sum();
    Ok(format!(
        "The number of arrangements of ${total}$ objects in groups of these sizes is ${}$.",
        holds(format!("\\frac{{{total}!}}{{{}}} = {}", factorials.join(" \\cdot "), call.text()?))?
    ))
}

fn stirling(call: &Call) -> Explained {
    let (n, k) = (simple(call.expr("n")?).as_i64(), simple(call.expr("k")?).as_i64());
    let (Some(n @ 1..=30), Some(k @ 1..=10)) = (n, k) else { return Err("Stirling numbers of these".into()) };
    if call.args.text("kind") != "second" {
        return Err("no rule explains Stirling numbers of the first kind".into());
    }
    let terms: Vec<String> = (0..k)
        .map(|j| {
            format!(
                "{}\\binom{{{k}}}{{{j}}} \\cdot {}^{{{n}}}",
                if j == 0 {
                    ""
                } else if j % 2 == 1 {
                    " - "
                } else {
                    " + "
                },
                k - j
            )
        })
        .collect();
    let factorial = integer::factorial(&k.into()).map_err(|why| why.to_string())?;
    Ok(format!(
        "By inclusion and exclusion the number of ways to split ${n}$ things into ${k}$ nonempty groups is ${}$, where ${k}! = {factorial}$.",
        holds(format!("\\frac{{{}}}{{{k}!}} = {}", terms.join(""), call.text()?))?
    ))
}
