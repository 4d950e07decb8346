//! Answers in running text.
use tirade_math::{ExtractMode, Extracted, Gold, Outcome, Policy, extract, group, verify};

fn found(text: &str, mode: ExtractMode) -> Option<String> {
    match extract(text, mode) {
        Extracted::Answer(answer, _) => Some(answer.into_owned()),
        Extracted::None(_) => None,
    }
}

#[test]
fn where_answers_stand() {
    for (text, strict, lenient) in [
        (r"so \boxed{42}.", Some("42"), Some("42")),
        (r"\boxed{41}. Wait, \boxed{42}.", Some("42"), Some("42")),
        (r"\boxed{1} and \boxed{2}", Some("1 , 2"), Some("1 , 2")),
        (r"\boxed{41}, no: \boxed{}", None, None),
        (r"\boxed{41}, no: \boxed{4", None, None),
        (r"\boxed 42", Some("42"), Some("42")),
        ("The boxed set costs 7.\n#### 7", Some("7"), Some("7")),
        (r"\fbox{\frac{1}{2}}", Some(r"\frac{1}{2}"), Some(r"\frac{1}{2}")),
        ("<think>\\boxed{1}</think> I do not know.", None, None),
        ("<think>\\boxed{1}", None, None),
        ("<think>\\boxed{1}</think>\\boxed{2}", Some("2"), Some("2")),
        ("She has 3 left.\n#### 3", Some("3"), Some("3")),
        ("The answer is (B).", None, Some("(B)")),
        ("**Answer: 7**", None, Some("7")),
        ("Final Answer: The largest $n$ is 34.", None, Some("34")),
        ("Thus $x \\ge 5$ is the solution.", None, Some("x \\ge 5")),
        ("First compute 6*7.\n42", None, Some("42")),
        ("call('x') or 0", None, None),
        ("", None, None),
    ] {
        assert_eq!(found(text, ExtractMode::Strict).as_deref(), strict, "strict: {text}");
        assert_eq!(found(text, ExtractMode::Lenient).as_deref(), lenient, "lenient: {text}");
    }
}

#[test]
fn gold_may_be_a_solution() {
    let policy = Policy::default();
    for gold in ["7", r"\boxed{7}", "Half of 14 is <<14/2=7>>7.\n#### 7", r"Adding up, $x=\boxed{7}$."] {
        let gold = Gold::parse(gold, &policy);
        assert_eq!(verify(&gold, r"It is \boxed{7}", &policy).outcome, Outcome::Equal);
        assert_eq!(verify(&gold, r"It is \boxed{8}", &policy).outcome, Outcome::NotEqual);
        assert_eq!(verify(&gold, "", &policy).outcome, Outcome::NoAnswer);
    }
}

#[test]
fn choices() {
    let policy = Policy::default();
    let gold = Gold::parse("B", &policy);
    for (text, right) in [
        ("The answer is (B).", true),
        ("It's not A because of this, therefore I think it's B", true),
        ("B. it can't be A", true),
        (r"\boxed{\text{(B)}}", true),
        (r"\boxed{A \text{ or } B}", false),
        ("The answer is C", false),
    ] {
        assert_eq!(verify(&gold, text, &policy).is_correct(), right, "{text}");
    }
}

#[test]
fn code_is_not_an_answer() {
    let policy = Policy::default();
    for text in [
        "__import__('os').system('x')",
        "().__class__.__base__.__subclasses__()",
        "(lambda: open('m','w'))() or 0",
    ] {
        assert!(!verify(&Gold::parse("0", &policy), &format!("\\boxed{{{text}}}"), &policy).is_correct());
        assert!(!verify(&Gold::parse("0", &policy), text, &policy).is_correct());
    }
}

#[test]
fn groups_are_classes() {
    let answers = ["1/2", r"\frac12", "x=0.5", "50%", "2,1", "1,2", "", "not sure", "Not sure.", r"\frac"];
    let classes = group(&answers, &Policy::strict());
    assert_eq!(classes[..3], [0, 0, 0]);
    assert_eq!(classes[4], classes[5]);
    assert_eq!(classes[7], classes[8]);
    assert_ne!(classes[6], classes[9]);
}

#[test]
fn denied_and_labelled_answers() {
    let policy = Policy::default();
    for (gold, text, right) in [
        ("42", "the answer is not 42", false),
        ("42", "The answer isn't 42.", false),
        ("42", "The answer is not 41 but 42", true),
        ("42", "ANSWER: 42", true),
        ("B", "I choose option B because A is wrong", true),
        ("A", "I choose option B because A is wrong", false),
        ("1, 2", r"$x=\boxed{1}$ or $x=\boxed{2}$", true),
        ("x=4, y=3", r"$y = \boxed{3}, \quad x = \boxed{4}$", true),
        ("x=3, y=4", r"$y = \boxed{3}, \quad x = \boxed{4}$", false),
        ("4", r"\boxed{3} + \boxed{4}", false),
        ("x^2+1", "Thus f(x) = x^2+1.", true),
        ("1", "Thus f(x) = x^2+1.", false),
        ("858", "Frank has **858** pieces", true),
    ] {
        assert_eq!(verify(&Gold::parse(gold, &policy), text, &policy).is_correct(), right, "{text}");
    }
}
