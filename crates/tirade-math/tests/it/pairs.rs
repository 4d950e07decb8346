//! Gold and bare answer, by the kind of mathematics.
use tirade_math::{Gold, Outcome, Policy, verify_answer};

fn outcome(gold: &str, answer: &str) -> Outcome {
    let policy = Policy::default();
    verify_answer(&Gold::parse(gold, &policy), answer, &policy).outcome
}

fn equal(pairs: &[(&str, &str)]) {
    for (gold, answer) in pairs {
        assert_eq!(outcome(gold, answer), Outcome::Equal, "{gold} against {answer}");
    }
}

fn different(pairs: &[(&str, &str)]) {
    for (gold, answer) in pairs {
        assert_ne!(outcome(gold, answer), Outcome::Equal, "{gold} against {answer}");
    }
}

#[test]
fn numbers() {
    equal(&[
        (r"\frac{3}{4}", "0.75"),
        (r"3\frac{1}{2}", r"\frac72"),
        ("5/4", "1 1/4"),
        (r"0.\overline{36}", r"\frac{4}{11}"),
        (r"10,\!080", "10080"),
        ("1.5 \\times 10^3", "1500"),
        ("1e3", "1000"),
        ("1011_2", "11_{10}"),
        ("12!", "479001600"),
        (r"\binom{10}{3}", "120"),
        (r"\sum_{k=1}^{10} k^2", "385"),
        (r"\gcd(48, 36)", "12"),
        ("1000.99", "1000,99"),
        ("12", "12.000000000000002"),
    ]);
    different(&[
        ("57500", "57503"),
        ("10^{30}", "10^{31}"),
        (r"\frac{1}{2004!}", r"\frac{1}{2006!}"),
        ("0.0000001", "0.0000002"),
        ("0", "10^{-20}"),
        (r"\frac13", "0.33"),
        (r"\pi", r"\frac{22}{7}"),
        ("e", "2.718"),
        ("1011_2", "1011_3"),
        ("9^{9^{9^9}}", "9^{9^{9^{10}}}"),
        ("360.5", "361"),
    ]);
}

#[test]
fn algebraic_and_transcendental_numbers() {
    equal(&[
        (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2"),
        (r"\sqrt[3]{2+\sqrt5}+\sqrt[3]{2-\sqrt5}", "1"),
        (r"\frac{1}{1+\sqrt2}", r"\sqrt2-1"),
        (r"\sqrt{-4}", "2i"),
        (r"e^{i\pi}", "-1"),
        (r"\sin 15^\circ", r"\frac{\sqrt6-\sqrt2}{4}"),
        (r"\ln 8", r"3\ln 2"),
        (r"\log_2 8", "3"),
        (r"\arctan 1", r"\frac{\pi}{4}"),
        (r"2^{2^{2^{2^2}}}", "2^{65536}"),
        ("0", r"\sin(7\pi)"),
        (r"\frac{3^{2024}-1}{2}", r"\frac{3\cdot 3^{2023}-1}{2}"),
        (r"\frac{\log 2}{\log 3}", r"\frac{\ln 2}{\ln 3}"),
        (r"\log 100", "2"),
    ]);
    different(&[
        (r"\sqrt2", "1.41421"),
        (r"\frac{3^{200000}-1}{2}", r"\frac{3^{200000}+1}{2}"),
        (r"4\sqrt{2}", "4"),
        (r"e^{\pi}", "23.14"),
    ]);
}

#[test]
fn functions() {
    equal(&[
        ("(x+1)^2", "x^2+2x+1"),
        (r"\frac{x^2-1}{x-1}", "x+1"),
        (r"\cos 2x", r"\cos^2 x-\sin^2 x"),
        ("2^{n+1}", r"2\cdot 2^n"),
        (r"\sqrt{x}", "x^{1/2}"),
        (r"1.5 + 5.5(-1)^n", r"\frac{3 + 11(-1)^n}{2}"),
        (r"\frac{n!}{(n-1)!}", "n"),
        (r"\sqrt{4x+4}", r"2\sqrt{x+1}"),
        (r"|x|", r"\sqrt{x^2}"),
        (r"\frac{-1}{2-x}", r"\frac{1}{x-2}"),
    ]);
    different(&[
        ("a-b", "b-a"),
        ("a^b", "b^a"),
        ("x", "|x|"),
        ("e^{10x}", "e^{10x}+0.0000001"),
        (r"\sin(2\pi x)", "0"),
        ("2^k", "2^{k+1}"),
        ("n!n!", "(2n)!"),
        ("X", "x"),
    ]);
}

#[test]
fn inputs_that_broke_something_once() {
    // found by examples/fuzz.rs: an exponent 1/0
    different(&[(r"3\sqrt[0]42", "9"), ("x", r"\sqrt[0]{x}"), ("x^{1/0}", "x")]);
}

#[test]
fn structures() {
    equal(&[
        ("1,-2", "-2, 1"),
        (r"1 \pm \sqrt{19}", r"1 - \sqrt{19}, 1+\sqrt{19}"),
        (r"(\sqrt2, 0), (-\sqrt2, 0)", r"(\pm\sqrt2, 0)"),
        ("(1,2),(3,4)", "(3,4),(1,2)"),
        (r"\begin{pmatrix} -7 \\ 16 \\ 5 \end{pmatrix}", "(-7,16,5)"),
        (r"\{1,2\}", r"\{1\}\cup\{2\}"),
        ("(3,4]", r"3 < \lambda \leq 4"),
        (r"(-\infty,3)\cup(3,\infty)", r"x \ne 3"),
        (r"4 < m \leq 8 \text{ or } 10 \leq m < 12", "(4,8] \\cup [10,12)"),
        (r"x \in [-2,7]", "[-2,7]"),
        (r"1\leq|z|\leq \frac{3}{2}", r"[-\frac32,-1]\cup[1,\frac32]"),
        ("2x+4y-3=0", r"y=-\frac12 x+\frac34"),
        ("x<1", "-x>-1"),
        ("xy = 6", r"\frac{6}{x}"),
        ("f(z)=z", "f(x)=x"),
        ("16, 3", "w=16, d=3"),
        ("p=5,q=2;p=7,q=2", "(5,2),(7,2)"),
        ("1:2", "2:4"),
        (r"-\frac{\pi}{4}+k\pi", r"\frac{3\pi}{4}+n\pi"),
        (
            r"\begin{pmatrix}6&8\\10&12\end{pmatrix}",
            r"\begin{pmatrix}1&2\\3&4\end{pmatrix}+\begin{pmatrix}5&6\\7&8\end{pmatrix}",
        ),
        ("x = 5", "Eq(x, 5)"),
        ("1+5i", "1 + 5*I"),
    ]);
    different(&[
        ("42", r"41 \text{ or } 42"),
        ("42", "41, 42"),
        ("42", r"42 \pm 1"),
        ("42", "x = 41 = 42"),
        ("42", "0=42"),
        ("42", "42 > 41"),
        ("1,2", "1"),
        ("[0,1)", "(0,1)"),
        ("(1,2)", "(2,1)"),
        ("(1,2)", "[1,2]"),
        ("(1,2)", r"\{1,2\}"),
        ("[1,3]", r"[1,2)\cup(2,3]"),
        ("x>3", "x<3"),
        ("(1,2),(3,4)", "(1,4),(3,2)"),
        (r"\infty", r"-\infty"),
        (r"x = k\pi", r"2n\pi"),
        ("3:30", "3:45"),
        ("12:00", "1:00"),
    ]);
}

#[test]
fn units_percent_words() {
    equal(&[
        (r"50\%", r"50\text{ percent}"),
        ("0.335", "33.5 percent"),
        (r"62.5\%", r"\frac58"),
        (r"864 \mbox{ inches}^2", "864"),
        (r"\$18.90", "18.9"),
        ("60^\\circ", r"\frac{\pi}{3}"),
        ("60^\\circ 42'", "60.7^\\circ"),
        (r"\text{east}", r"\text{East}"),
        (r"\text{(C)}", "c"),
        (r"\text{no solution}", r"\emptyset"),
        ("95", "95{minutes}"),
        ("15th Day", "15"),
        ("7,4", r"7 \text{ goats and } 4 \text{ helicopters}"),
    ]);
    different(&[
        (r"5\text{ cm}", r"5\text{ m}"),
        (r"5\text{ cm}", r"5\text{ cm}^2"),
        (r"\frac{28}{100}", "28"),
        ("42", r"42 \text{ or any other number}"),
        (r"\text{odd}", r"\text{oddd}"),
        ("B", "A, B, C, D"),
        (r"\mathrm{E}*2", "E"),
    ]);
}

#[test]
fn policies_differ_where_they_say_so() {
    let verdict = |policy: &Policy, gold: &str, answer: &str| {
        verify_answer(&Gold::parse(gold, policy), answer, policy).is_correct()
    };
    let gsm = Policy::for_dataset("gsm8k").unwrap();
    for (gold, answer, default, strict, lenient, gsm8k) in [
        ("50\\%", "50", true, false, true, true),
        ("600/7", "85.714", true, false, true, false),
        ("600/7", "85.71", false, false, true, false),
        ("1/3", "0.3333", true, false, true, false),
        ("2\\text{ m}", "200\\text{ cm}", true, false, false, false),
        ("\\pi", "3.14", false, false, true, false),
        ("5\\text{ cm}", "5", true, false, true, true),
        ("5\\text{ cm}", "5\\text{ m}", false, false, true, true),
        ("(1,2)", "\\{1,2\\}", false, false, true, false),
    ] {
        let seen = (verdict(&Policy::default(), gold, answer), verdict(&Policy::strict(), gold, answer));
        assert_eq!(seen, (default, strict), "{gold} against {answer}");
        let seen = (verdict(&Policy::lenient(), gold, answer), verdict(&gsm, gold, answer));
        assert_eq!(seen, (lenient, gsm8k), "{gold} against {answer}, lenient and gsm8k");
    }
    assert!(Policy::for_dataset("no such set").is_none());
}

#[test]
fn inequalities_of_polynomials_are_solved() {
    equal(&[
        ("x^2<4", "-2<x<2"),
        ("x^2-4<0", r"x\in(-2,2)"),
        ("x^2-5x+6>0", r"x<2\text{ or }x>3"),
        (r"\frac{x-1}{x+2}\ge 0", r"(-\infty,-2)\cup[1,\infty)"),
        ("x^3>x", r"(-1,0)\cup(1,\infty)"),
        (r"x^2\ge0", r"\mathbb{R}"),
        ("x^2>0", r"x\ne0"),
        ("x^2 < 2", r"(-\sqrt2,\sqrt2)"),
        (r"x^2\ge 0", r"x^4 \ge 0"),
        ("all real numbers except 3", r"x\neq 3"),
    ]);
    different(&[
        ("(-2,2)", "x^2<4"), // the answer is not solved
        (r"\frac{x-1}{x+2}\ge 0", r"(-\infty,-2]\cup[1,\infty)"),
        ("x^2<4", "x<2"),
        (r"x^2\le4", "-2<x<2"),
        (r"\frac{x^2-1}{x-1} > 0", "x>-1"), // 1 is a pole
    ]);
}

#[test]
fn formulas_and_loci() {
    equal(&[
        (r"\neg(A\land B)", r"\neg A\lor\neg B"),
        (r"p\implies q", r"\neg q\implies\neg p"),
        ("A and (B or C)", "(A and B) or (A and C)"),
        ("A implies B", "not(A) or B"),
        ("false", "(A xor B) and (A xnor B)"),
        ("ab=0", r"a=0\text{ or }b=0"),
        (r"x=y\text{ or }x=-y", "x^2=y^2"),
        (r"(x-y)(x+y)=0", "|x|=|y|"),
        ("x^2+y^2=1", r"(y-\sqrt{1-x^2})(y+\sqrt{1-x^2})=0"),
    ]);
    different(&[
        (r"p\implies q", r"q\implies p"),
        (r"x=2\text{ or }x=3", "x^2-5x+6=0"), // not solved
        (r"x=1\text{ or }y=2", "x=1,y=2"),
        ("ab=0", "a=0, b=0"),
        ("A, B", "A"),
    ]);
}

#[test]
fn units_times_and_vectors() {
    equal(&[
        ("2 m", "200 cm"),
        ("90 km/h", "25 m/s"),
        (r"1\text{ hour}", "60 minutes"),
        ("1 h 30 min", "1.5 h"),
        ("2 dollars and 50 cents", r"\$2.50"),
        ("25 sq. ft", "25 ft^2"),
        ("3:15 PM", "15:15"),
        (r"\mathbf{i}+2\mathbf{j}", "(1,2)"),
        (r"2\hat{i}-3\hat{j}+\hat k", "(2,-3,1)"),
        (r"\begin{pmatrix}0\\2\end{pmatrix}", r"2\mathbf{j}"),
    ]);
    different(&[
        ("2 m", "2 cm"),
        ("2 m", "200 cm^2"),
        ("3:15 pm", "3:15 am"),
        ("3:15 pm", "2:15 pm"),
        ("1+2i", "(1,2)"),
        (r"\mathbf{i}+2\mathbf{j}", "(2,1)"),
    ]);
}

#[test]
fn names_that_are_free() {
    equal(&[
        ("a_n=2n+1", "a_k=2k+1"),
        (r"\frac{x^3}{3}+C", r"c+\frac{x^3}{3}"),
        (r"f^{-1}(x)=\frac{x-1}{2}", r"\frac{x-1}{2}"),
        (r"\frac{dy}{dx}=2x", "2x"),
        ("(3,5)", "P(3,5)"),
        ("No real solutions", "none"),
        ("Twenty-one", "21"),
        (r"2\operatorname{cis}\frac{\pi}{2}", "2i"),
    ]);
    different(&[
        ("a_n=2n+1", "b_n=2n+2"),
        ("a_n=2n+1", "a_k=2n+1"),
        ("x^2+C", "x^2+d"),
        ("x^2+C", "x^2"),
        ("none", "none of these"),
        ("42", "4 2"),
        ("A+C", "A+c"),
        ("x^2 + c x", "x^2 + C x"),
    ]);
}

#[test]
fn case_distinctions_are_functions() {
    let cases = |rows: &str| format!(r"\begin{{cases}}{rows}\end{{cases}}");
    let gold = cases(r"x & x>0 \\ -x & x\le 0");
    for answer in ["|x|".to_string(), cases(r"-x & \text{if } x<0 \\ x & \text{if } x\ge0")] {
        assert_eq!(outcome(&gold, &answer), Outcome::Equal, "{answer}");
    }
    let step = cases(r"1 & x>0 \\ 0 & x\le 0");
    let other = cases(r"1 & x\ge0 \\ 0 & x<0");
    assert_eq!(outcome(&step, &other), Outcome::NotEqual, "a jump belongs to one side");
    assert_ne!(outcome(&gold, "x"), Outcome::Equal);
}
