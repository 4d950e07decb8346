//! The exact computer algebra against SymPy 1.14: `tests/sympy/cas.py` writes the expected answers.
//!
//! `cas.jsonl` is `python3 cas.py 2026 12`. A larger table is compared by
//! `CAS_TABLE=big.jsonl cargo test -p tirade-math --test it cas_table -- --nocapture`.
//! A refusal (`Unsupported`, `TooLarge`) is counted, not failed: the caller then asks SymPy. A different answer fails.

use dashu::integer::IBig;
use serde_json::{Value, json};
use tirade_math::exact::{Exact, ExactError};
use tirade_math::matrix::{self, Matrix};
use tirade_math::{Expr, cas, integer, parse};

fn expr(v: &Value) -> Expr {
    let text = v.as_str().expect("a string argument");
    parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn shown(e: &Expr) -> Exact<Value> {
    Ok(json!(cas::to_sympy_string(e)?))
}

fn list(parts: &[Expr]) -> Exact<Value> {
    Ok(json!(parts.iter().map(cas::to_sympy_string).collect::<Exact<Vec<_>>>()?))
}

fn int(v: &Value) -> IBig {
    v.as_str().expect("digits").parse().expect("an integer")
}

fn matrix_of(v: &Value) -> Matrix {
    let number = |q: &Value| expr(q).as_rational().expect("a number").clone();
    let row = |r: &Value| r.as_array().expect("a row").iter().map(number).collect();
    Matrix::new(v.as_array().expect("rows").iter().map(row).collect()).expect("a matrix")
}

/// What Python prints for a call that may be undefined.
fn shown_or_none<T: ToString>(value: Exact<T>) -> Value {
    json!(value.map_or_else(|_| "None".to_string(), |v| v.to_string()))
}

fn number_theory(numbers: &[IBig]) -> Exact<Value> {
    let [a, b, m, n] = numbers else { panic!("four numbers") };
    let python = |b: bool| if b { "True" } else { "False" };
    Ok(json!({
        "gcd": integer::gcd_worked(a, b)?.value.to_string(),
        "lcm": integer::lcm_all_worked(&[a.clone(), b.clone()])?.value.to_string(),
        "totient": integer::totient_worked(n)?.value.to_string(),
        "divisor_count": integer::divisor_count_worked(n)?.value.to_string(),
        "divisor_sigma": integer::divisor_sum_worked(n)?.value.to_string(),
        "mobius": integer::mobius_worked(n)?.value.to_string(),
        "isprime": python(integer::is_prime_worked(n)?.value),
        "nextprime": integer::next_prime_worked(n)?.value.to_string(),
        "pow": integer::pow_mod_worked(a, n, m)?.value.to_string(),
        "binomial": integer::binomial_worked(n, &(m % IBig::from(7)))?.value.to_string(),
        "order": shown_or_none(integer::multiplicative_order_worked(a, m).map(|w| w.value)),
        "inverse": shown_or_none(integer::inverse_mod_worked(a, m).map(|w| w.value)),
    }))
}

fn answer(op: &str, args: &[Value]) -> Exact<Value> {
    let name = || args[1].as_str().expect("a variable").into();
    match op {
        "canonical" => shown(&cas::canonical(&expr(&args[0]))?),
        "expand" | "expand_number" => shown(&cas::expand_worked(&expr(&args[0]))?.value),
        "factor" | "factor_fraction" => shown(&cas::factor_worked(&expr(&args[0]))?.value),
        "differentiate" => shown(&cas::differentiate_worked(&expr(&args[0]), &name())?.value),
        "integrate" => shown(&cas::integrate_worked(&expr(&args[0]), &name())?.value),
        "definite_integral" => {
            let bound = |v: &Value| expr(v).as_rational().expect("a rational bound").clone();
            let worked =
                cas::definite_integral_worked(&expr(&args[0]), &name(), &bound(&args[2]), &bound(&args[3]))?;
            Ok(json!(cas::rational_text(&worked.value)))
        }
        "solve" | "solve_biquadratic" | "solve_linear_symbolic" => {
            list(&cas::solve_worked(&expr(&args[0]), &name())?.value)
        }
        "simplify" => shown(&cas::simplify_worked(&expr(&args[0]))?.value),
        "coefficients" => list(&cas::coefficients_worked(&expr(&args[0]), &name())?.value),
        "polynomial" => Ok(json!(cas::polynomial_text(&expr(&args[0]), &name())?)),
        "summation" | "summation_symbolic" => {
            shown(&cas::sum_worked(&expr(&args[0]), &name(), &expr(&args[2]), &expr(&args[3]))?.value)
        }
        "inequality" => {
            let solution = cas::solve_inequality_worked(&expr(&args[0]), &name())?.value;
            Ok(json!(cas::intervals_text(&solution, &name())?))
        }
        "linear_system" => {
            let equations: Vec<Expr> = args[0].as_array().expect("equations").iter().map(expr).collect();
            let names: Vec<_> =
                args[1].as_array().expect("unknowns").iter().map(|v| v.as_str().unwrap().into()).collect();
            match cas::solve_linear_system_worked(&equations, &names)?.value {
                Some(values) => Ok(json!([cas::tuple_text(&values)?])),
                None => Ok(json!([])),
            }
        }
        "determinant" => {
            Ok(json!(cas::rational_text(&matrix::determinant_worked(&matrix_of(&args[0]))?.value)))
        }
        "inverse" => Ok(json!(cas::matrix_text(&matrix::inverse_worked(&matrix_of(&args[0]))?.value))),
        "rank" => Ok(json!(matrix::rank_worked(&matrix_of(&args[0]))?.value)),
        "nullspace" => {
            let basis = matrix::nullspace_worked(&matrix_of(&args[0]))?.value;
            Ok(json!(basis.iter().map(cas::matrix_text).collect::<Vec<_>>()))
        }
        "eigenvalues" => {
            let mut values = serde_json::Map::new();
            for (root, n) in matrix::eigenvalues_worked(&matrix_of(&args[0]))?.value {
                values.insert(cas::to_sympy_string(&cas::root_to_expr(&root)?)?, json!(n.to_string()));
            }
            Ok(Value::Object(values))
        }
        "eigenvectors" => {
            let text = |(q, n, basis): &(_, usize, Vec<Matrix>)| {
                json!([cas::rational_text(q), n, basis.iter().map(cas::matrix_text).collect::<Vec<_>>()])
            };
            Ok(matrix::eigenvectors_worked(&matrix_of(&args[0]))?.value.iter().map(text).collect())
        }
        "factorint" => {
            let factors = integer::factorint_worked(&int(&args[0]))?.value;
            Ok(Value::Object(factors.iter().map(|(p, e)| (p.to_string(), json!(e))).collect()))
        }
        "number_theory" => number_theory(&args.iter().map(int).collect::<Vec<_>>()),
        other => Err(ExactError::Unsupported(other.to_string())),
    }
}

#[test]
fn cas_table() {
    let path = std::env::var("CAS_TABLE")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sympy/cas.jsonl").into());
    let table = std::fs::read_to_string(&path).expect("the table of expected answers");
    let mut counts: std::collections::BTreeMap<String, [usize; 3]> = Default::default();
    let mut wrong = Vec::new();
    for line in table.lines() {
        let row: Value = serde_json::from_str(line).expect("a JSON row");
        let op = row["op"].as_str().expect("an operation");
        let args = row["args"].as_array().expect("arguments");
        let count = counts.entry(op.to_string()).or_default();
        match answer(op, args) {
            Ok(value) if value == row["expected"] => count[0] += 1,
            Ok(value) => {
                count[1] += 1;
                wrong.push(format!("{line}\n    got {value}"));
            }
            Err(e) => {
                count[2] += 1;
                if std::env::var("CAS_REFUSALS").is_ok() {
                    println!("{line}\n    {e}");
                }
            }
        }
    }
    for (op, [same, different, refused]) in &counts {
        println!("{op:24} same {same:6}  different {different:4}  refused {refused:5}");
    }
    assert!(wrong.is_empty(), "{} differ from SymPy:\n{}", wrong.len(), wrong.join("\n"));
}
