//! Statements in prose.
use tirade_math::{Assumptions, Truth, check_relation, parse};

#[test]
fn truth_of_statements() {
    let none = Assumptions::default();
    for (text, truth) in [
        ("2+3=5", Truth::True),
        ("2+3=6", Truth::False),
        ("12 \\times 12 = 144 = 150 - 6", Truth::True),
        ("12 \\times 12 = 144 = 150 - 5", Truth::False),
        (r"\sqrt{2} \approx 1.414", Truth::True),
        (r"\sqrt{2} \approx 1.42", Truth::False),
        (r"\frac{1}{3} < 0.34", Truth::True),
        (r"3 \ge 4", Truth::False),
        (r"2^{10} \ne 1000", Truth::True),
        ("(a+b)^2 = a^2 + 2ab + b^2", Truth::True),
        ("(a+b)^2 = a^2 + b^2", Truth::Undecided),
        ("x = 5", Truth::Undecided),
        (r"\sin^2 x + \cos^2 x = 1", Truth::True),
        (r"50\% = 0.5", Truth::True),
        ("so we add", Truth::Undecided),
        ("0/0 = 1", Truth::Undecided),
    ] {
        assert_eq!(check_relation(text, &none), truth, "{text}");
    }
}

#[test]
fn known_values_are_put_in() {
    let mut known = Assumptions::default();
    known.set("x", parse("3").unwrap());
    known.set("y", parse(r"\sqrt{2}").unwrap());
    for (text, truth) in [
        ("x^2 = 9", Truth::True),
        ("x + 1 = 5", Truth::False),
        ("y^2 = 2", Truth::True),
        ("x < y", Truth::False),
        ("x + z = 4", Truth::Undecided),
    ] {
        assert_eq!(check_relation(text, &known), truth, "{text}");
    }
    known.set("x", parse("4").unwrap());
    assert_eq!(check_relation("x + 1 = 5", &known), Truth::True);
}
