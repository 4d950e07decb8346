//! Programs and the explanations of them.

use super::Reader;

fn check(code: &str, output: &str, expected: &str) {
    match Reader::default().explain(code, output) {
        Ok(text) => assert_eq!(text, expected, "{code}"),
        Err(why) => panic!("{code}\n{why}"),
    }
}

fn refused(code: &str, output: &str, expected: &str) {
    let why = Reader::default().explain(code, output).expect_err(code).to_string();
    assert!(why.contains(expected), "{code}: {why}");
}

#[test]
fn arithmetic() {
    check("print(2 * (3 + 4))", "14", "We get $2 \\cdot \\left(3 + 4\\right) = 14$.");
}

#[test]
fn what_differs_from_the_output_is_refused() {
    refused("print(2 + 2)", "5", "it should be 4");
}
