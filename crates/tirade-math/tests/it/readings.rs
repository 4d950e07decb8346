//! Readings beyond MATH's notation: units, words, other scripts, SymPy's and Maxima's printing; and what must stay different.
use tirade_math::{ExtractMode, Extracted, Gold, Policy, extract, verify_answer};

fn equal(gold: &str, answer: &str) -> bool {
    let policy = Policy::default();
    verify_answer(&Gold::parse(gold, &policy), answer, &policy).is_correct()
}

/// Pairs that are the same answer, and pairs that are not; all failures are told at once.
fn check(same: &[(&str, &str)], other: &[(&str, &str)]) {
    let missed = same.iter().filter(|(g, a)| !equal(g, a)).map(|(g, a)| format!("{g} against {a}"));
    let wrong = other.iter().filter(|(g, a)| equal(g, a)).map(|(g, a)| format!("{g} must not equal {a}"));
    let failed: Vec<String> = missed.chain(wrong).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn units() {
    check(
        &[
            (r"9.8 \text{ m/s}^2", r"9.8\ \mathrm{m/s^2}"),
            (r"9.8 \text{ m/s}^2", "9.8 m/s^2"),
            (r"60 \text{ mph}", r"60 \frac{\text{mi}}{\text{h}}"),
            (r"60 \text{ km/h}", "60 kilometers per hour"),
            (r"5 \text{ hours}", "5 h"),
            ("2 hours 30 minutes", "150 min"),
            ("£5", "5 pounds"),
            (r"\$5.50", "USD 5.50"),
            (r"25^\circ\text{C}", "25 degrees Celsius"),
            ("12:30", "12:30 p.m."),
            ("1,500,000", "1.5 million"),
        ],
        &[
            ("7", "7 million"),
            (r"5\%", r"5 \text{ cm}"),
            (r"12 \text{ cm}^2", r"12 \text{ cm}^3"),
            (r"25^\circ C", r"77^\circ F"),
            ("12:30", "6:15"),
            ("12:30 AM", "12:30 PM"),
        ],
    );
}

#[test]
fn words_and_scripts() {
    check(
        &[
            ("12", "twelve"),
            (r"\frac{2}{3}", "two thirds"),
            ("-3", "minus three"),
            (r"\mathbb{R}", "all real numbers"),
            (r"\emptyset", "no solution"),
            (r"\text{ellipse}", "The graph is an ellipse"),
            ("7", "７"),
            ("66", "٦٦"),
            ("1011_2", r"1011_{\text{two}}"),
            ("1000000", "1 000 000"),
            (r"\frac13", "0.333..."),
            (r"\frac16", r"0.1\dot{6}"),
            (r"\frac{4}{33}", "0.(12)"),
            ("45", r"{10 \choose 2}"),
            (r"\binom{10}{2}", "C(10,2)"),
            ("12", r"\textbf{(B)}\ 12"),
            ("(B)", r"\textbf{(B)}\ 12"),
        ],
        &[
            ("7", r"\le 7"),
            ("7", r"\neq 7"),
            ("7", "7?"),
            ("12", "twenty"),
            (r"\mathbb{R}", r"\mathbb{R}^+"),
            (r"\mathbb{Z}", r"\mathbb{Z}_{>0}"),
            (r"\frac13", "0.334..."),
            ("(C)", r"\textbf{(B)}\ 12"),
        ],
    );
}

#[test]
fn printing_of_other_systems() {
    check(
        &[
            ("0,-3", "[-3, 0]"),
            ("(1, 7)", "{x: 1, y: 7}"),
            (r"(-1, 1) \cup [3, \infty)", "Union(Interval.open(-1, 1), Interval(3, oo))"),
            (r"(-7, -4] \cup (-1, 2]", "((x <= -4) & (-7 < x)) | ((x <= 2) & (-1 < x))"),
            ("(-15, 0)", "Point2D(-15, 0)"),
            (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "Matrix([[1, 2], [3, 4]])"),
            (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1,2],[3,4]]"),
            ("385", "Sum(k**2, (k, 1, 10))"),
            ("x>2 or x<-2", "not (x<=2 and -2<=x)"),
            ("y/2=cos(x)*sin(x)", "y=sin(2*x)"),
            ("(-\\infty,3)", "]-\\infty,3["),
        ],
        &[
            ("[0, 3]", "0, 3"),
            ("0,-3", "[-3, 1]"),
            ("(1, 7)", "{x: 7, y: 1}"),
            (r"(-1, 1)", "Interval(-1, 1)"),
            ("y/2=cos(x)*sin(x)", "y=sin(3*x)"),
        ],
    );
}

#[test]
fn empty_boxes_and_few_words() {
    for text in [r"\boxed{\,}", r"\boxed{\text{}}", r"\boxed{\displaystyle }", r"\boxed{ $ $ }"] {
        assert!(matches!(extract(text, ExtractMode::Strict), Extracted::None(_)), "{text}");
    }
    assert!(matches!(extract("no solution", ExtractMode::Lenient), Extracted::Answer(..)));
    assert!(matches!(extract("I do not know", ExtractMode::Lenient), Extracted::None(_)));
    assert!(matches!(extract("no solution", ExtractMode::Standard), Extracted::None(_)));
}

#[test]
fn chains() {
    check(
        &[("z=1+1=2", "z=3+3=2"), (r"\frac{10}{9}", r"\frac12 \$ = \frac{10}{9}"), ("120", "2 hours = 120")],
        &[("42", "x=41=42"), ("42", "0=42"), ("2", "z=3+3=4")],
    );
    let strict = Policy::strict();
    assert!(!verify_answer(&Gold::parse("2", &strict), "z=3+3=2", &strict).is_correct());
}
