//! `execute_code`: state, the last value, errors a model can use, and the cache.

use tirade_sandbox::Limits;

use super::*;

fn called(session: &mut StandardSession, tool: &str, arguments: Value) -> ToolResult {
    session.run(tool, &arguments, None).expect("the sandbox works").into_result()
}

fn content(session: &mut StandardSession, code: &str) -> String {
    called(session, EXECUTE_CODE, json!({ "code": code })).content
}

#[test]
fn cells_share_variables_and_print_the_last_value() {
    let Some(toolbox) = toolbox() else { return };
    let mut session = toolbox.open();
    for (code, expected) in [
        ("from sympy import *\nx = symbols('x')", "(no output: print the result, or end with an expression)"),
        ("solve(x**2 - 5*x + 6, x)", "[2, 3]"),
        ("print(x); x + 1", "x\nx + 1"),
        ("1/0", "ZeroDivisionError: division by zero\n  line 1: 1/0"),
    ] {
        assert_eq!(content(&mut session, code), expected, "{code}");
    }
}

#[test]
fn sessions_share_nothing_but_known_results() {
    let Some(toolbox) = toolbox() else { return };
    let (mut first, mut second) = (toolbox.open(), toolbox.open());
    content(&mut first, "secret = 41");
    assert!(content(&mut second, "secret").starts_with("NameError: name 'secret' is not defined"));
}

#[test]
fn a_known_history_is_not_run_again_until_an_unknown_cell_needs_it() {
    let Some(toolbox) = toolbox() else { return };
    let run = |session: &mut StandardSession, code: &str| {
        session.run(EXECUTE_CODE, &json!({ "code": code }), None).unwrap()
    };
    let (mut first, mut second) = (toolbox.open(), toolbox.open());
    for code in ["known = 20", "known += 1", "known * 2"] {
        assert!(!run(&mut first, code).cached);
    }
    for (code, printed) in [("known = 20", ""), ("known += 1", ""), ("known * 2", "42\n")] {
        let outcome = run(&mut second, code);
        assert!(outcome.cached && outcome.stdout == printed, "{code}: {outcome:?}");
    }
    let outcome = run(&mut second, "known * 3");
    assert!(!outcome.cached && outcome.stdout == "63\n", "{outcome:?}");
}

/// A cell that noticed how little memory there was does not answer for calls that have more.
#[test]
fn what_had_little_memory_does_not_answer_for_what_has_more() {
    let Some(toolbox) = toolbox() else { return };
    let code = "try: print(len(bytearray(100 << 20)))\nexcept MemoryError: print('no')";
    let under = |memory: u64| {
        let limits = Limits { memory, ..Limits::default() };
        toolbox.open().run(EXECUTE_CODE, &json!({ "code": code }), Some(&limits)).unwrap().stdout
    };
    assert_eq!((under(64 << 20).as_str(), under(256 << 20).as_str()), ("no\n", "104857600\n"));
}

/// A typed call that ran out of memory says so as a limit, and is no answer to the same call with more.
#[test]
fn a_typed_call_without_memory_does_not_answer_for_one_that_has_it() {
    let Some(toolbox) = toolbox() else { return };
    let arguments = json!({ "expression": "x^150000 + 1", "variable": "x" });
    let under = |memory: u64| {
        let limits = Limits { memory, output: 4 << 20, ..Limits::default() };
        toolbox.open().run("polynomial_coefficients", &arguments, Some(&limits)).unwrap()
    };
    let little = under(1 << 20);
    assert_eq!(little.status, ToolStatus::Memory, "{little:?}");
    let enough = under(512 << 20);
    assert_eq!((enough.status, enough.cached), (ToolStatus::Ok, false), "{enough:?}");
    assert_eq!(enough.json["result"].as_array().map(Vec::len), Some(150_001));
    assert!(under(1 << 20).cached, "a known result needs no memory");
}

#[test]
fn a_cell_that_was_stopped_leaves_the_variables_as_they_were() {
    let Some(toolbox) = toolbox() else { return };
    let mut session = toolbox.open();
    let limits = Limits { wall: std::time::Duration::from_millis(300), ..Limits::default() };
    session.run(EXECUTE_CODE, &json!({ "code": "kept = 1" }), None).unwrap();
    let outcome = session.run(EXECUTE_CODE, &json!({ "code": "while True: pass" }), Some(&limits)).unwrap();
    assert_eq!(outcome.status, ToolStatus::Timeout);
    assert_eq!(content(&mut session, "kept").trim(), "1");
}

/// What costs much natively is left to SymPy and its time limit, and errors do not repeat all that was written.
#[test]
fn long_arguments_cost_little_time_and_give_short_errors() {
    let Some(toolbox) = toolbox() else { return };
    let product = (0..500).map(|n| format!("(x + {n})")).collect::<Vec<_>>().join("*");
    let nines = "9".repeat(4000);
    let time = std::time::Duration::from_millis(500);
    for (tool, expression) in [
        ("differentiate", product),
        ("expand_expression", "(x + 1)^400*(x - 1)^400*(x + 2)^400".to_owned()),
        ("differentiate", format!("{nines}^{nines}")),
        ("factor_expression", format!("@{}", "\\sqrt{".repeat(200))),
    ] {
        let arguments = json!({ "expression": expression });
        let started = std::time::Instant::now();
        let outcome = toolbox.open().run(tool, &arguments, Some(&Limits::default().within(time))).unwrap();
        assert!(started.elapsed() < 6 * time, "{tool}: {:?}", started.elapsed());
        let message = outcome.json["message"].as_str().unwrap_or_default();
        assert!(message.chars().count() < 500, "{tool}: {message}");
    }
}

#[test]
fn wrong_names_and_arguments_are_told() {
    let Some(toolbox) = toolbox() else { return };
    let mut session = toolbox.open();
    let result = called(&mut session, "no_such", json!({}));
    assert_eq!(result.status, ToolStatus::Error);
    assert!(
        result.content.contains("there is no tool \\\"no_such\\\"; the tools are: "),
        "{}",
        result.content
    );
    let result = called(&mut session, EXECUTE_CODE, json!({}));
    assert!(result.content.contains("the argument code is missing"), "{}", result.content);
}
