//! Random expressions beside their rewritings by SymPy. The table is made by `tests/sympy/rewrites.py`.
use tirade_math::{Outcome, equivalent, parse};

#[derive(serde::Deserialize)]
struct Row {
    a: String,
    b: String,
    how: String,
    equal: bool,
}

#[test]
fn rewritings_of_sympy_are_recognised() {
    let table = include_str!("../sympy/rewrites.jsonl");
    let mut failed = Vec::new();
    for line in table.lines() {
        let row: Row = serde_json::from_str(line).expect("a row of the table");
        let (a, b) = (parse(&row.a), parse(&row.b));
        let (Ok(a), Ok(b)) = (&a, &b) else {
            failed.push(format!("not read: {} or {}", row.a, row.b));
            continue;
        };
        let expected = if row.equal { Outcome::Equal } else { Outcome::NotEqual };
        for (p, q) in [(a, b), (b, a)] {
            let got = equivalent(p, q);
            if got.outcome != expected {
                failed
                    .push(format!("{}: {} and {}: {} ({})", row.how, row.a, row.b, got.outcome, got.reason));
            }
        }
    }
    assert!(failed.is_empty(), "{} of them:\n{}", failed.len(), failed.join("\n"));
}
