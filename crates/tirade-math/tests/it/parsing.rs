//! The parser: what reads the same, what is refused, and that printing can be read back.
use tirade_math::{Expr, ParseError, parse};

#[test]
fn sloppy_spellings_read_the_same() {
    for (a, b) in [
        (r"\frac12x", "(1/2)x"),
        (r"\dfrac 3 8", "3/8"),
        (r"\sqrt3", r"\sqrt{3}"),
        (r"3\frac52", r"3\cdot\frac{5}{2}"),
        (r"\left( 1,\ 2 \right)", "(1,2)"),
        ("2x²", "2x^2"),
        ("½", "1/2"),
        (r"\\frac{1}{2}", "1/2"),
        ("3 × 4", "3*4"),
        ("x**2", "x^2"),
        ("x¹²³", "x^{123}"),
        ("2⁻³", "2^{-3}"),
        ("x₁+aₙ₊₁", "x_{1}+a_{n+1}"),
        ("∛27", r"\sqrt[3]{27}"),
        ("𝑥²", "x^2"),
        ("{}_5C_2", r"\binom52"),
        (r"5\choose 2", r"\binom52"),
        ("17^{th}", "17"),
        (r"\lg x", r"\log_{10} x"),
        (r"-7 \mod 5", r"(-7) \mod 5"),
        (r"\int \frac{3 dz}{z}", r"\int \frac{3}{z} dz"),
        (r"\int^b_a x dx", r"\int_a^b x dx"),
        (r"\frac{d^2 f}{dx^2}", r"\frac{d^2}{dx^2} f"),
        (r"\text{sin}(x)", r"\sin x"),
        (r"\sin^{-1} x", r"\arcsin x"),
        ("\u{c}rac{1}{2}", "1/2"),
        (r"5\cdot\mathrm{e}", "5e"),
        (r"\lvert x \rvert", "|x|"),
        (r"x_{1}", "x_1"),
        (r"\displaystyle \frac{a}{b}", "a/b"),
        (r"0.\bar{3}", "1/3"),
        (r"x^2_1", "x_1^2"),
        (r"-2 \leqslant x", "-2<=x"),
    ] {
        assert_eq!(parse(a), parse(b), "{a} and {b}");
        assert!(parse(a).is_ok(), "{a}");
    }
}

#[test]
fn nonsense_is_refused() {
    for text in ["", "41 42", "x +", "(1, 2", r"\frac{1}", "}", "@", "a ? b", "1 2 3", r"\frac{2}{}"] {
        assert!(parse(text).is_err(), "{text} reads as {:?}", parse(text));
    }
    assert_eq!(parse(&"(".repeat(5000)), Err(ParseError::TooDeep));
}

#[test]
fn printing_reads_back() {
    for text in [
        "x^2 - 3x + 1/2",
        r"\frac{x+1}{\sqrt{2}}",
        r"-\frac{3}{4}",
        "2.50",
        r"\sin(2x)^2",
        "(1, 2)",
        "[0, 1)",
        r"x < 3 \text{ or } x > 5",
        r"\{1, 2, 3\}",
        "2^{n+1}",
        r"\frac{a}{b c}",
        "-x",
        "(-2)^n",
        "1011_2",
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        "x! + |y|",
        r"\log_2 8",
        r"\sqrt[3]{x}",
        "f(x) = 2x",
    ] {
        let e = parse(text).unwrap();
        let again = parse(&e.to_latex());
        assert_eq!(again.as_ref(), Ok(&e), "{text} prints as {}", e.to_latex());
        let json = serde_json::to_string(&e).unwrap();
        assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), e, "{json}");
    }
}
