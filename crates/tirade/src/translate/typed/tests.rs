//! One recorded call of each typed tool: every tool has a rendering by rule.

use std::collections::BTreeSet;

use tirade_math::{Assumptions, Truth, check_relation};

use super::*;

/// Recorded from `tirade tool batch`; `derived` says that the native lane gave the steps itself.
const CALLS: &str = include_str!("calls.jsonl");
/// No rule explains these.
const UNEXPLAINED: [&str; 1] = ["optimize"];

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
            Err(why) if UNEXPLAINED.contains(&name(&call)) => drop(why),
            Err(why) => wrong.push(format!("{}: {why}", name(&call))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let offered = ToolkitSelection::ALL.tools().filter(|tool| tool.offered).map(|tool| tool.name);
    let missing: Vec<&str> =
        offered.filter(|tool| !explained.contains(*tool) && !UNEXPLAINED.contains(tool)).collect();
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
