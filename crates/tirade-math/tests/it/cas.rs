//! The exact computer algebra against SymPy 1.14: `tests/sympy/cas.py` writes the expected answers.
//!
//! `cas.jsonl` is `python3 cas.py 2026 12`. A larger table is compared by
//! `CAS_TABLE=big.jsonl cargo test -p tirade-math --test it cas_table -- --nocapture`.
//! A refusal (`Unsupported`, `TooLarge`) is counted, not failed: the caller then asks SymPy. A different answer fails.

use serde_json::{Value, json};
use tirade_math::exact::{Exact, ExactError};
use tirade_math::{Expr, cas, parse};

fn expr(v: &Value) -> Expr {
    let text = v.as_str().expect("a string argument");
    parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn shown(e: &Expr) -> Exact<Value> {
    Ok(json!(cas::to_sympy_string(e)?))
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
