//! Properties over generated expressions: every expression equals its rewritings, comparison is symmetric, and layout
//! changes nothing.
use tirade_math::{Expr, Gold, Outcome, Policy, equivalent, parse, verify_answer};

/// xorshift64*
struct Rng(u64);

impl Rng {
    fn next(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }
}

fn expression(rng: &mut Rng, depth: u32) -> String {
    if depth == 0 {
        return match rng.next(6) {
            0 => "x".into(),
            1 => "y".into(),
            2 => format!("{}", rng.next(9) + 1),
            3 => format!("\\frac{{{}}}{{{}}}", rng.next(9) + 1, rng.next(8) + 2),
            4 => format!("\\sqrt{{{}}}", rng.next(11) + 2),
            _ => "\\pi".into(),
        };
    }
    let (a, b) = (expression(rng, depth - 1), expression(rng, depth - 1));
    match rng.next(6) {
        0 => format!("({a} + {b})"),
        1 => format!("({a} - {b})"),
        2 => format!("{a} \\cdot {b}"),
        3 => format!("\\frac{{{a}}}{{{b} + 20}}"),
        4 => format!("({a})^{}", rng.next(3) + 1),
        _ => format!("\\sin({a})"),
    }
}

/// The same value written another way.
fn rewritten(text: &str, rng: &mut Rng) -> String {
    match rng.next(6) {
        0 => format!("2 \\cdot ({text}) - ({text})"),
        1 => format!("\\frac{{3({text})}}{{3}}"),
        2 => format!("(({text}) + 7) - 7"),
        3 => format!("-(-({text}))"),
        4 => format!("({text})(\\sin^2 t + \\cos^2 t)"),
        _ => format!("\\left( {text} \\right)^1"),
    }
}

#[test]
fn expressions_equal_their_rewritings_and_nothing_near() {
    let mut rng = Rng(20_261_123);
    for _ in 0..600 {
        let depth = rng.next(4) as u32;
        let text = expression(&mut rng, depth);
        let other = rewritten(&text, &mut rng);
        let (a, b) = (parse(&text).unwrap(), parse(&other).unwrap());
        assert_eq!(equivalent(&a, &a).outcome, Outcome::Equal, "{text}");
        assert_eq!(equivalent(&a, &b).outcome, Outcome::Equal, "{text} and {other}");
        assert_eq!(equivalent(&b, &a).outcome, Outcome::Equal, "{other} and {text}");
        let shifted = Expr::sum([b, parse("1/1000").unwrap()]);
        assert_eq!(equivalent(&a, &shifted).outcome, Outcome::NotEqual, "{text} and a thousandth more");
        assert_eq!(equivalent(&shifted, &a).outcome, Outcome::NotEqual);
    }
}

#[test]
fn layout_changes_nothing() {
    let mut rng = Rng(7);
    let policy = Policy::strict();
    let layouts: [fn(&str) -> String; 6] = [
        |t| format!("${t}$"),
        |t| t.replace(' ', ""),
        |t| t.replace("\\frac", "\\dfrac"),
        |t| t.replace('(', "\\left(").replace(')', "\\right)"),
        |t| format!("\\displaystyle {t}"),
        |t| format!("{t}."),
    ];
    for _ in 0..300 {
        let text = expression(&mut rng, 2);
        let gold = Gold::parse(&text, &policy);
        for layout in layouts {
            let answer = layout(&text);
            let v = verify_answer(&gold, &answer, &policy);
            assert_eq!(v.outcome, Outcome::Equal, "{text} and {answer}: {}", v.reason);
        }
    }
}

#[test]
fn comparison_is_symmetric_for_bare_values() {
    let texts = [
        "1/3", "0.3333", "x+1", "(1,2)", r"\{1,2\}", "1,2", "[1,2)", "x>1", r"\sqrt2", "42", "2:3", r"\pi",
        "B", "x=5",
    ];
    for a in texts {
        for b in texts {
            let (ea, eb) = (parse(a).unwrap(), parse(b).unwrap());
            assert_eq!(equivalent(&ea, &eb).outcome, equivalent(&eb, &ea).outcome, "{a} and {b}");
        }
    }
}
