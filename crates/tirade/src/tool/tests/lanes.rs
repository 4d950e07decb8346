//! The two lanes answer the same: random calls, seeded, made natively and by SymPy.
//!
//! `cargo test -p tirade lanes` makes a few hundred; `cargo test -p tirade lanes -- --ignored` thousands.

use tirade_sandbox::Limits;

use super::*;
use crate::tool::random::{Random, arguments};
use crate::tool::spec::{Decline, Tool};

/// How often each lane answered.
#[derive(Debug, Default)]
struct Tally {
    /// To the letter.
    identical: usize,
    /// Written differently, equal by SymPy.
    equal: usize,
    declined: usize,
    both_errors: usize,
    /// Why the native lane declined last.
    reason: String,
    wrong: Vec<String>,
}

fn compare(toolbox: &StandardToolbox, tool: &'static Tool, arguments: &Value, tally: &mut Tally) {
    let args = Args::read(tool, arguments).unwrap_or_else(|e| panic!("{} {arguments}: {e}", tool.name));
    let native = match (tool.native.expect("it has both lanes"))(&args) {
        Ok(answer) => answer.content,
        Err(Decline::Lane(reason)) => {
            tally.reason = format!("{arguments}: {reason}");
            return tally.declined += 1;
        }
        Err(Decline::Error(message)) => json!({ "status": "error", "message": message }),
    };
    let limits = Limits::default();
    let sympy = toolbox.by_sympy(tool, &args, &limits).expect("the sandbox works").json;
    let failed = |value: &Value| value["status"] == "error";
    if native == sympy {
        tally.identical += 1;
    } else if same_value(toolbox, &native, &sympy) {
        tally.equal += 1;
    } else if failed(&native) && failed(&sympy) {
        tally.both_errors += 1;
    } else {
        tally.wrong.push(format!("{} {arguments}\n  native {native}\n  sympy  {sympy}", tool.name));
    }
}

/// Whether two results that are written differently mean the same: SymPy simplifies their difference to zero.
fn same_value(toolbox: &StandardToolbox, left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| b.get(key).is_some_and(|other| same_value(toolbox, value, other)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && same_set(toolbox, a, b),
        (Value::String(a), Value::String(b))
            if a != b && a.starts_with("Point2D(") && b.starts_with("Point2D(") =>
        {
            let coordinates = |text: &str| json!(text[8..text.len() - 1].split(", ").collect::<Vec<_>>());
            same_value(toolbox, &coordinates(a), &coordinates(b))
        }
        (Value::String(a), Value::String(b)) if a.contains(" = ") && b.contains(" = ") => {
            let sides = |text: &str| json!(text.split(" = ").collect::<Vec<_>>());
            same_value(toolbox, &sides(a), &sides(b))
        }
        (Value::String(a), Value::String(b)) if a != b => {
            let difference = format!("({a}) - ({b})");
            call(toolbox, "simplify_expression", json!({ "expression": difference }))["result"] == "0"
        }
        _ => left == right,
    }
}

/// Solutions may come in another order.
fn same_set(toolbox: &StandardToolbox, left: &[Value], right: &[Value]) -> bool {
    let mut rest: Vec<&Value> = right.iter().collect();
    left.iter().all(|value| {
        let found = rest.iter().position(|other| same_value(toolbox, value, other));
        found.map(|at| rest.remove(at)).is_some()
    })
}

fn run(calls_per_tool: usize, seed: u64) {
    let Some(toolbox) = toolbox() else { return };
    let mut random = Random::new(seed);
    let mut total = Tally::default();
    let both = |tool: &&Tool| tool.native.is_some() && tool.python.is_some();
    // The lanes may start the solutions of a diophantine equation at different points; that has a test of its own.
    for tool in ToolkitSelection::ALL.tools().filter(both).filter(|tool| tool.name != "diophantine") {
        let mut tally = Tally::default();
        for _ in 0..calls_per_tool {
            let arguments = arguments(tool, &mut random);
            compare(toolbox, tool, &arguments, &mut tally);
        }
        println!("{:28} {}", tool.name, tally.line());
        let answered = tally.identical + tally.equal > 0 || calls_per_tool < 8;
        assert!(answered, "{}: the native lane never answered like SymPy: {tally:?}", tool.name);
        total.add(tally);
    }
    println!("{:28} {}", "all", total.line());
    assert!(total.wrong.is_empty(), "{} calls differ:\n{}", total.wrong.len(), total.wrong.join("\n"));
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.identical += other.identical;
        self.equal += other.equal;
        self.declined += other.declined;
        self.both_errors += other.both_errors;
        self.wrong.extend(other.wrong);
    }

    fn line(&self) -> String {
        let Self { identical, equal, declined, both_errors, wrong, .. } = self;
        let wrong = wrong.len();
        format!(
            "identical {identical:5} equal {equal:4} errors {both_errors:4} declined {declined:5} wrong {wrong:3}"
        )
    }
}

#[test]
fn lanes_agree() {
    run(4, 231122);
}

#[test]
#[ignore = "minutes: thousands of calls"]
fn lanes_agree_on_thousands() {
    run(42, 2);
}

#[test]
fn diophantine_solutions_solve_the_equation() {
    let Some(toolbox) = toolbox() else { return };
    let mut random = Random::new(3);
    for _ in 0..30 {
        let (a, b, c) = (random.int(1, 40), random.int(-40, -1), random.int(-99, 99));
        let found = call(
            toolbox,
            "diophantine",
            json!({ "equation": format!("{a}x + {b}y = {c}"), "variables": ["x", "y"] }),
        );
        let Some(pair) = found["result"][0].as_str() else {
            let solvable = (0..40).any(|x| (a * x - c) % b == 0);
            assert!(!solvable, "{a}x + {b}y = {c}: {found}");
            continue;
        };
        let (x, y) = pair.trim_matches(['(', ')']).split_once(", ").unwrap();
        let check =
            call(toolbox, "expand_expression", json!({ "expression": format!("{a}*({x}) + {b}*({y})") }));
        assert_eq!(check["result"], c.to_string(), "{a}x + {b}y = {c}: {pair}");
    }
}
