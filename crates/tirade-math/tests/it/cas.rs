//! The exact computer algebra against SymPy 1.14: `tests/sympy/cas.py` writes the expected answers.
//!
//! `cas.jsonl` is `python3 cas.py 2026 12`, `geometry.jsonl` is `python3 geometry.py 2026 12`. A larger table is compared by
//! `CAS_TABLE=big.jsonl cargo test -p tirade-math --test it cas_table -- --nocapture`.
//! A refusal (`Unsupported`, `TooLarge`) is counted, not failed: the caller then asks SymPy. A different answer fails.

use super::claims::Audit;
use dashu::integer::IBig;
use serde_json::{Value, json};
use tirade_math::exact::{Exact, ExactError};
use tirade_math::geometry::{self, Point};
use tirade_math::matrix::{self, Matrix};
use tirade_math::surd::Surd;
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

fn number_theory(numbers: &[IBig], audit: &mut Audit) -> Exact<Value> {
    let [a, b, m, n] = numbers else { panic!("four numbers") };
    let python = |b: bool| if b { "True" } else { "False" };
    Ok(json!({
        "gcd": audit.value(integer::gcd_worked(a, b)?).to_string(),
        "lcm": audit.value(integer::lcm_all_worked(&[a.clone(), b.clone()])?).to_string(),
        "totient": audit.value(integer::totient_worked(n)?).to_string(),
        "divisor_count": audit.value(integer::divisor_count_worked(n)?).to_string(),
        "divisor_sigma": audit.value(integer::divisor_sum_worked(n)?).to_string(),
        "mobius": audit.value(integer::mobius_worked(n)?).to_string(),
        "isprime": python(audit.value(integer::is_prime_worked(n)?)),
        "nextprime": audit.value(integer::next_prime_worked(n)?).to_string(),
        "pow": audit.value(integer::pow_mod_worked(a, n, m)?).to_string(),
        "binomial": audit.value(integer::binomial_worked(n, &(m % IBig::from(7)))?).to_string(),
        "order": shown_or_none(integer::multiplicative_order_worked(a, m).map(|w| audit.value(w))),
        "inverse": shown_or_none(integer::inverse_mod_worked(a, m).map(|w| audit.value(w))),
    }))
}

fn answer(op: &str, args: &[Value], audit: &mut Audit) -> Exact<Value> {
    let name = || args[1].as_str().expect("a variable").into();
    match op {
        "canonical" => shown(&cas::canonical(&expr(&args[0]))?),
        "expand" | "expand_number" => shown(&audit.value(cas::expand_worked(&expr(&args[0]))?)),
        "factor" | "factor_fraction" => shown(&audit.value(cas::factor_worked(&expr(&args[0]))?)),
        "differentiate" => shown(&audit.value(cas::differentiate_worked(&expr(&args[0]), &name())?)),
        "integrate" => shown(&audit.value(cas::integrate_worked(&expr(&args[0]), &name())?)),
        "definite_integral" => {
            let bound = |v: &Value| expr(v).as_rational().expect("a rational bound").clone();
            let worked =
                cas::definite_integral_worked(&expr(&args[0]), &name(), &bound(&args[2]), &bound(&args[3]))?;
            Ok(json!(cas::rational_text(&worked.value)))
        }
        "solve" | "solve_biquadratic" | "solve_linear_symbolic" => {
            list(&audit.value(cas::solve_worked(&expr(&args[0]), &name())?))
        }
        "simplify" => shown(&audit.value(cas::simplify_worked(&expr(&args[0]))?)),
        "coefficients" => list(&audit.value(cas::coefficients_worked(&expr(&args[0]), &name())?)),
        "polynomial" => Ok(json!(cas::polynomial_text(&expr(&args[0]), &name())?)),
        "summation" | "summation_symbolic" => {
            shown(&audit.value(cas::sum_worked(&expr(&args[0]), &name(), &expr(&args[2]), &expr(&args[3]))?))
        }
        "inequality" => {
            let solution = audit.value(cas::solve_inequality_worked(&expr(&args[0]), &name())?);
            Ok(json!(cas::intervals_text(&solution, &name())?))
        }
        "linear_system" => {
            let equations: Vec<Expr> = args[0].as_array().expect("equations").iter().map(expr).collect();
            let names: Vec<_> =
                args[1].as_array().expect("unknowns").iter().map(|v| v.as_str().unwrap().into()).collect();
            match audit.value(cas::solve_linear_system_worked(&equations, &names)?) {
                Some(values) => Ok(json!([cas::tuple_text(&values)?])),
                None => Ok(json!([])),
            }
        }
        "determinant" => {
            Ok(json!(cas::rational_text(&audit.value(matrix::determinant_worked(&matrix_of(&args[0]))?))))
        }
        "inverse" => Ok(json!(cas::matrix_text(&audit.value(matrix::inverse_worked(&matrix_of(&args[0]))?)))),
        "rank" => Ok(json!(audit.value(matrix::rank_worked(&matrix_of(&args[0]))?))),
        "nullspace" => {
            let basis = audit.value(matrix::nullspace_worked(&matrix_of(&args[0]))?);
            Ok(json!(basis.iter().map(cas::matrix_text).collect::<Vec<_>>()))
        }
        "eigenvalues" => {
            let mut values = serde_json::Map::new();
            for (root, n) in audit.value(matrix::eigenvalues_worked(&matrix_of(&args[0]))?) {
                values.insert(cas::to_sympy_string(&cas::root_to_expr(&root)?)?, json!(n.to_string()));
            }
            Ok(Value::Object(values))
        }
        "eigenvectors" => {
            let text = |(q, n, basis): &(_, usize, Vec<Matrix>)| {
                json!([cas::rational_text(q), n, basis.iter().map(cas::matrix_text).collect::<Vec<_>>()])
            };
            Ok(audit.value(matrix::eigenvectors_worked(&matrix_of(&args[0]))?).iter().map(text).collect())
        }
        "factorint" => {
            let factors = audit.value(integer::factorint_worked(&int(&args[0]))?);
            Ok(Value::Object(factors.iter().map(|(p, e)| (p.to_string(), json!(e))).collect()))
        }
        "number_theory" => number_theory(&args.iter().map(int).collect::<Vec<_>>(), audit),
        other => geometry_answer(other, args, audit),
    }
}

fn geometry_answer(op: &str, args: &[Value], audit: &mut Audit) -> Exact<Value> {
    let points =
        || args.iter().map(|p| Point::from_exprs(&expr(&p[0]), &expr(&p[1]))).collect::<Exact<Vec<_>>>();
    let surd = |s: &Surd| shown(&cas::surd_to_expr(s)?);
    let point = |p: &Point| Ok(json!(p.sympy_text()?));
    match (op, points()?.as_slice()) {
        ("distance", [a, b]) => surd(&audit.value(geometry::distance_worked(a, b)?)),
        ("midpoint", [a, b]) => point(&audit.value(geometry::midpoint_worked(a, b)?)),
        ("bisector", [a, b]) => {
            let (_, p, q) = audit.value(geometry::perpendicular_bisector_worked(a, b)?);
            Ok(json!(format!("Line2D({}, {})", p.sympy_text()?, q.sympy_text()?)))
        }
        ("centroid", [a, b, c]) => point(&audit.value(geometry::centroid_worked(a, b, c)?)),
        ("orthocenter", [a, b, c]) => point(&audit.value(geometry::orthocenter_worked(a, b, c)?)),
        ("circumcenter", [a, b, c]) => point(&audit.value(geometry::circumcenter_worked(a, b, c)?)),
        ("collinear", all) => {
            Ok(json!(if audit.value(geometry::collinear_worked(all)?) { "True" } else { "False" }))
        }
        ("triangle_area", all) => surd(&audit.value(geometry::polygon_area_worked(all)?)),
        ("angle", [a, b, c, d]) => shown(&audit.value(geometry::angle_between_worked((a, b), (c, d))?)),
        ("point_line", [a, b, c]) => surd(&audit.value(geometry::point_line_distance_worked(a, b, c)?)),
        (other, _) => Err(ExactError::Unsupported(other.to_string())),
    }
}

#[test]
fn cas_table() {
    compare("cas.jsonl");
}

#[test]
fn geometry_table() {
    compare("geometry.jsonl");
}

fn compare(file: &str) {
    let path = std::env::var("CAS_TABLE")
        .unwrap_or_else(|_| format!("{}/tests/sympy/{file}", env!("CARGO_MANIFEST_DIR")));
    let table = std::fs::read_to_string(&path).expect("the table of expected answers");
    let mut counts: std::collections::BTreeMap<String, [usize; 3]> = Default::default();
    let mut wrong = Vec::new();
    let mut audit = Audit::default();
    for line in table.lines() {
        let row: Value = serde_json::from_str(line).expect("a JSON row");
        let op = row["op"].as_str().expect("an operation");
        let args = row["args"].as_array().expect("arguments");
        let count = counts.entry(op.to_string()).or_default();
        match answer(op, args, &mut audit) {
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
    audit.report();
    assert!(audit.wrong.is_empty(), "false claims:\n{}", audit.wrong.join("\n"));
    assert!(wrong.is_empty(), "{} differ from SymPy:\n{}", wrong.len(), wrong.join("\n"));
}
