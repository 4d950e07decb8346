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

/// A cell that noticed how little memory there was does not answer for calls that have more; neither does a typed call.
#[test]
fn what_had_little_memory_does_not_answer_for_what_has_more() {
    let Some(toolbox) = toolbox() else { return };
    let code = "try: print(len(bytearray(100 << 20)))\nexcept MemoryError: print('no')";
    let under = |memory: u64, tool: &str, arguments: Value| {
        let limits = Limits { memory, ..Limits::default() };
        toolbox.open().run(tool, &arguments, Some(&limits)).unwrap()
    };
    let cell = |memory| under(memory, EXECUTE_CODE, json!({ "code": code })).stdout;
    assert_eq!((cell(64 << 20).as_str(), cell(256 << 20).as_str()), ("no\n", "104857600\n"));
    let series = json!({ "expression": "exp(sin(x))", "variable": "x", "point": 0, "order": 7 });
    let typed = |memory| under(memory, "series_expansion", series.clone()).status;
    assert_ne!(typed(1 << 16), ToolStatus::Ok);
    assert_eq!(typed(256 << 20), ToolStatus::Ok);
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
