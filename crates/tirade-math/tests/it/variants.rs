//! Invariance by format mutations: every gold answer equals each way of writing it again, in both directions, and none of
//! its near misses.
use tirade_math::{Gold, Policy, verify, verify_answer};

/// Answers of every type, in the notation of MATH solutions.
const GOLDS: [&str; 58] = [
    "42",
    "-17",
    "0",
    "1234",
    r"10,\!080",
    "3.75",
    "-0.004",
    r"\frac{3}{7}",
    r"-\frac{22}{9}",
    r"3\frac{1}{4}",
    r"2\sqrt{3}",
    r"\frac{\sqrt{5}-1}{2}",
    r"\sqrt[3]{7}",
    r"\frac{2\pi}{3}",
    "e^2",
    r"5+12i",
    r"\frac{1}{2}i",
    "x^2+3x-10",
    r"\frac{x+2}{x-3}",
    "2^{n+1}",
    r"\sin x+\cos x",
    r"\log_2 5",
    r"\binom{9}{2}",
    "7!",
    "k^2-1",
    "(3,-2)",
    r"\left(\frac{1}{2},\frac{7}{3}\right)",
    "(1,2,3)",
    "1,5,9",
    "-3,3",
    r"\{2,4,8\}",
    r"\pm 6",
    r"1\pm\sqrt{7}",
    "[2,9)",
    r"(-\infty,4]",
    r"(-\infty,-1)\cup(5,\infty)",
    "x>3",
    r"-2\le x<7",
    "y=2x-9",
    "x^2+y^2=25",
    "f(x)=x^3-1",
    r"\begin{pmatrix}1&-2\\0&7\end{pmatrix}",
    r"\begin{pmatrix}4\\-5\end{pmatrix}",
    "3:8",
    "11:25",
    r"1011_2",
    r"35\%",
    r"12\text{ cm}",
    r"60^\circ",
    r"\$18.90",
    r"9.8\text{ m/s}^2",
    r"\text{(C)}",
    r"\text{Tuesday}",
    r"\text{odd}",
    "a=4,b=11",
    r"0.\overline{27}",
    r"1.5\times10^6",
    "15\\text{ minutes}",
];

/// A name, and the text written another way.
type Layout = (&'static str, fn(&str) -> Option<String>);

/// Ways to write the same answer again. `None` where one does not apply.
const LAYOUTS: [Layout; 20] = [
    ("dollars", |t| Some(format!("${t}$"))),
    ("display", |t| Some(format!("\\[{t}\\]"))),
    ("parens", |t| Some(format!("\\({t}\\)"))),
    ("blanks", |t| Some(format!("  {t} "))),
    ("final dot", |t| Some(format!("{t}."))),
    ("displaystyle", |t| Some(format!("\\displaystyle {t}"))),
    ("braces", |t| Some(format!("{{{t}}}"))),
    ("dfrac", |t| changed(t, &[("\\frac", "\\dfrac")])),
    ("tfrac", |t| changed(t, &[("\\frac", "\\tfrac")])),
    ("fences", |t| (!t.contains("\\left")).then(|| t.replace('(', "\\left(").replace(')', "\\right)"))),
    ("no fences", |t| changed(t, &[("\\left", ""), ("\\right", "")])),
    ("thin spaces", |t| changed(t, &[("+", "\\,+\\,"), ("=", "\\;=\\;"), ("<", " < ")])),
    ("spaces behind commas", |t| (!t.contains("\\!")).then(|| t.replace(',', ", "))),
    ("cdot for times", |t| changed(t, &[("\\times", "\\cdot ")])),
    ("leq", |t| changed(t, &[("\\le ", "\\leq "), ("\\ge ", "\\geq ")])),
    ("unicode", |t| {
        changed(t, &[("\\pi", "π"), ("\\infty", "∞"), ("\\cup", "∪"), ("\\pm", "±"), ("^\\circ", "°")])
    }),
    ("minus sign", |t| (!t.contains("\\begin")).then(|| changed(t, &[("-", "−")]))?),
    ("mathrm for text", |t| changed(t, &[("\\text{ cm}", "\\,\\mathrm{cm}"), ("\\text{ m", "\\ \\text{m")])),
    ("bmatrix", |t| changed(t, &[("pmatrix", "bmatrix")])),
    ("bold", |t| Some(format!("**{t}**"))),
];

fn changed(text: &str, pairs: &[(&str, &str)]) -> Option<String> {
    let new = pairs.iter().fold(text.to_string(), |t, (from, to)| t.replace(from, to));
    (new != text).then_some(new)
}

/// Other answers that look alike: another digit, another sign, a missing part, an exchanged end.
fn near_misses(t: &str) -> Vec<String> {
    let mut out = Vec::new();
    // Each digit raised by one; in the base of a numeral and in names it stays a different answer or is unreadable.
    for (i, c) in t.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        let next = (b'0' + (c as u8 - b'0' + 1) % 10) as char;
        out.push(format!("{}{next}{}", &t[..i], &t[i + 1..]));
    }
    if t.contains('+') {
        out.push(t.replacen('+', "-", 1));
    }
    if t.contains('-') && !t.contains("(-\\infty") {
        out.push(t.replacen('-', "", 1));
    }
    for (from, to) in [("[", "("), (")", "]"), ("<", "\\le "), (">", "<"), ("\\cup", "\\cap"), ("sin", "cos")]
    {
        let interval = t.contains('[') || t.contains(']') || t.contains("infty");
        if t.contains(from) && !t.contains("\\left") && (interval || !matches!(from, "[" | ")")) {
            out.push(t.replacen(from, to, 1));
        }
    }
    if let Some((_, rest)) = t.split_once(',').filter(|_| !t.contains(['(', '[', '!'])) {
        out.push(rest.replace('{', "\\{").replace("\\\\{", "\\{"));
    }
    out.retain(|o| o != t);
    out
}

fn equal(gold: &str, answer: &str, policy: &Policy) -> bool {
    verify_answer(&Gold::parse(gold, policy), answer, policy).is_correct()
}

#[test]
fn layout_changes_no_verdict() {
    let policy = Policy::default();
    let mut failed = Vec::new();
    for gold in GOLDS {
        for (name, layout) in LAYOUTS {
            let Some(variant) = layout(gold) else { continue };
            for (g, a) in [(gold, variant.as_str()), (variant.as_str(), gold)] {
                if !equal(g, a, &policy) {
                    failed.push(format!("{name}: {g} against {a}"));
                }
            }
            for reply in [format!("So it is \\boxed{{{variant}}}."), format!("**Final answer:** {variant}")] {
                let starred = variant.contains("**") || variant.ends_with("\\]");
                if !starred && !verify(&Gold::parse(gold, &policy), &reply, &policy).is_correct() {
                    failed.push(format!("{name}: {gold} in {reply}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of them:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn near_misses_are_no_answers() {
    let mut failed = Vec::new();
    for policy in [Policy::default(), Policy::strict()] {
        for gold in GOLDS {
            for miss in near_misses(gold) {
                for (g, a) in [(gold, miss.as_str()), (miss.as_str(), gold)] {
                    if equal(g, a, &policy) {
                        failed.push(format!("{g} against {a}"));
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of them:\n{}", failed.len(), failed.join("\n"));
}

/// Different answers are different from each other, whichever is the gold.
#[test]
fn no_two_golds_are_equal() {
    let policy = Policy::default();
    let golds: Vec<Gold> = GOLDS.iter().map(|g| Gold::parse(g, &policy)).collect();
    for (i, gold) in golds.iter().enumerate() {
        for (j, answer) in GOLDS.iter().enumerate() {
            assert_eq!(
                verify_answer(gold, answer, &policy).is_correct(),
                i == j,
                "{} against {answer}",
                GOLDS[i]
            );
        }
    }
}
