//! One recorded call of each typed tool: every tool has a rendering by rule.

use std::collections::BTreeSet;

use tirade_math::{Assumptions, Truth, check_relation};

use super::*;

/// Recorded from `tirade tool batch`; `derived` says that the native lane gave the steps itself.
const CALLS: &str = include_str!("calls.jsonl");

fn calls() -> Vec<Value> {
    CALLS.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn name(call: &Value) -> &str {
    call["tool"].as_str().unwrap()
}

#[test]
fn every_typed_tool_is_explained() {
    let mut explained = BTreeSet::new();
    let mut wrong = Vec::new();
    for call in calls() {
        if call["derived"] == true {
            explained.insert(name(&call).to_owned());
            continue;
        }
        match explain(name(&call), &call["args"].to_string(), &call["content"].to_string()) {
            Ok(text) => {
                explained.insert(name(&call).to_owned());
                for formula in text.split('$').skip(1).step_by(2) {
                    assert_ne!(check_relation(formula, &Assumptions::default()), Truth::False, "{text}");
                }
                assert!(text.ends_with('.') && text.matches('$').count() % 2 == 0, "{text}");
            }
            Err(why) => wrong.push(format!("{}: {why}", name(&call))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let offered = ToolkitSelection::ALL.tools().filter(|tool| tool.offered).map(|tool| tool.name);
    let missing: Vec<&str> = offered.filter(|tool| !explained.contains(*tool)).collect();
    assert!(missing.is_empty(), "no call of {missing:?}");
}

/// Every number of the result raised by one: nothing of it may be explained as if it were right.
#[test]
fn wrong_results_are_refused() {
    for call in calls().into_iter().filter(|call| call["derived"] == false) {
        let right = call["content"].to_string();
        let content = raised(&right);
        if content == right {
            continue;
        }
        let said = explain(name(&call), &call["args"].to_string(), &content);
        assert!(said.is_err(), "{} {content}: {said:?}", name(&call));
    }
}

fn raised(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - start);
        out += &rest[..start];
        let number: u128 = rest[start..start + length].parse().unwrap();
        out += &(number + 1).to_string();
        rest = &rest[start + length..];
    }
    out + rest
}

#[test]
fn an_optimum_is_where_derivatives_are_in_proportion() {
    let arguments = r#"{"objective": "x^2 + y^2", "constraints": ["x + 2*y = 5"], "variables": ["x", "y"], "goal": "min"}"#;
    let content = |value: &str, x: &str| {
        format!(
            r#"{{"result": {{"value": "{value}", "point": ["{x}", "2"]}}, "stationary": [{{"value": "{value}", "point": ["{x}", "2"]}}]}}"#
        )
    };
    let said = explain("optimize", arguments, &content("5", "1")).unwrap();
    assert_eq!(
        said,
        "On $x + 2y = 5$ the value of $x^{2} + y^{2}$ can be least only where its derivatives are in proportion to those of $x + 2y$. The \
         derivatives are $(2x, 2y)$ and $(1, 2)$. At $x = 1$ and $y = 2$ they are $(2, 4)$ and $(1, 2)$, which are in proportion, and the value is \
         $1^{2} + 2^{2} = 5$. So the least value is $5$."
    );
    for wrong in [content("6", "1"), content("8", "2")] {
        assert!(explain("optimize", arguments, &wrong).is_err(), "{wrong}");
    }
}
