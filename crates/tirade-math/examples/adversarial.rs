//! Looks for inputs that take long: `cargo run --release --example adversarial -- SEED COUNT [prose]`.
//!
//! Unlike `fuzz`, which mutates real rows, inputs are built from what is costly: towers, nested radicals, huge exponents,
//! many variables, deep nesting, long chains, giant numerals, factorials, matrices, operators, units, all inside each
//! other. Prints the slowest by CPU time of the thread (best of three), and exits with 1 if one takes more than 10 ms
//! (`prose`: texts of such equations for `check_prose`, 50 ms). Same seed, same inputs.
use std::fmt::Write;
use tirade_math::{Gold, Policy, check_prose, verify_answer};

#[path = "support/cpu.rs"]
mod cpu;

#[path = "support/rng.rs"]
mod rng;
use rng::Rng;

impl Rng {
    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.next(list.len())]
    }

    fn digits(&mut self, n: usize) -> String {
        (0..n).map(|i| char::from(b'0' + (1 + self.next(if i == 0 { 9 } else { 10 })) as u8 % 10)).collect()
    }

    /// A number: small mostly, sometimes huge.
    fn number(&mut self) -> String {
        match self.next(12) {
            0 => self.digits(8),
            1 => self.digits(25),
            2 => format!("{}.{}", self.digits(2), self.digits(9)),
            3 => format!("0.\\overline{{{}}}", self.digits(3)),
            4 => format!("\\frac{{{}}}{{{}}}", self.digits(3), self.digits(3)),
            5 => self.digits(400),
            _ => (1 + self.next(40)).to_string(),
        }
    }

    fn variable(&mut self) -> String {
        match self.next(4) {
            0 => format!("x_{}", self.next(15)),
            _ => self.pick(&["x", "y", "a", "b", "n", "t"]).to_string(),
        }
    }

    /// A scalar expression of some depth.
    fn scalar(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.next(2) == 0 { self.number() } else { self.variable() };
        }
        let d = depth - 1;
        match self.next(26) {
            0..=2 => format!("({})^{{{}}}", self.scalar(d), self.scalar(d)),
            3 => format!("({}-{})^{{{}}}", self.scalar(d), self.scalar(d), self.digits(3)),
            4 => format!("{}^{{{}^{{{}}}}}", self.scalar(d), self.scalar(d), self.number()),
            5 => format!(
                "({}+{}+{}+{})^{{{}}}",
                self.variable(),
                self.variable(),
                self.scalar(d),
                self.variable(),
                1 + self.next(40)
            ),
            6 => format!("\\sqrt{{{}+{}}}", self.scalar(d), self.scalar(d)),
            7 => format!("\\sqrt[{}]{{{}}}", 2 + self.next(12), self.scalar(d)),
            8 => (0..2 + self.next(4)).fold(self.scalar(d), |inner, _| format!("\\sqrt{{2+{inner}}}")),
            9 => (0..2 + self.next(6)).fold(self.scalar(d), |inner, _| format!("\\frac{{1}}{{x+{inner}}}")),
            10 => format!("\\frac{{{}}}{{{}}}", self.scalar(d), self.scalar(d)),
            11 => format!("({})!", self.scalar(d)),
            12 => format!("\\binom{{{}}}{{{}}}", self.scalar(d), self.scalar(d)),
            13 => format!(
                "\\{}({})",
                self.pick(&["sin", "cos", "tan", "ln", "exp", "arctan", "sinh", "arcsin"]),
                self.scalar(d)
            ),
            14 => format!("\\log_{{{}}}({})", self.scalar(d), self.scalar(d)),
            15 => format!("|{}|", self.scalar(d)),
            16 => format!(
                "\\{}_{{k=1}}^{{{}}} ({})",
                self.pick(&["sum", "prod"]),
                1 + self.next(500),
                self.scalar(d)
            ),
            17 => format!("\\int_0^1 ({}) dx", self.scalar(d)),
            18 => format!("\\frac{{d}}{{dx}} ({})", self.scalar(d)),
            19 => format!("\\gcd({}, {})", self.scalar(d), self.scalar(d)),
            20 => format!("\\lfloor {} \\rfloor", self.scalar(d)),
            21 => {
                let n = 1 + self.next(12);
                let terms: Vec<String> = (0..n).map(|_| self.scalar(d / 2)).collect();
                format!("({})", terms.join(self.pick(&["+", "-", " "])))
            }
            22 => format!("({})({})", self.scalar(d), self.scalar(d)),
            23 => format!("e^{{i {}}}", self.scalar(d)),
            24 => format!("f({})", self.scalar(d)),
            _ => format!("{}+{}", self.scalar(d), self.scalar(d)),
        }
    }

    fn list(&mut self, n: usize, depth: usize, between: &str) -> String {
        (0..n).map(|_| self.scalar(depth)).collect::<Vec<_>>().join(between)
    }

    /// An answer of some kind.
    fn answer(&mut self) -> String {
        let depth = 1 + self.next(4);
        match self.next(20) {
            0 => format!("y={}", self.scalar(depth)),
            1 => format!("{}={}", self.scalar(depth), self.scalar(depth)),
            2 => format!("{}<{}", self.scalar(depth), self.scalar(depth)),
            3 => {
                let n = 2 + self.next(30);
                self.list(n, depth / 2, self.clone_pick())
            }
            4 => {
                let n = 2 + self.next(30);
                format!("\\{{{}\\}}", self.list(n, depth / 2, ","))
            }
            5 => {
                let n = 2 + self.next(10);
                format!("({})", self.list(n, depth, ","))
            }
            6 => {
                let n = 2 + self.next(7);
                let rows: Vec<String> = (0..n).map(|_| self.list(n, depth / 2, " & ")).collect();
                let head = self.pick(&["", "\\det ", "2 "]);
                let power = self.pick(&["", "^{3}", "^{-1}", "^{100}"]);
                format!("{head}\\begin{{pmatrix}}{}\\end{{pmatrix}}{power}", rows.join("\\\\"))
            }
            7 => (0..1 + self.next(20))
                .map(|_| format!("({},{})", self.scalar(depth / 2), self.scalar(depth / 2)))
                .collect::<Vec<_>>()
                .join("\\cup"),
            8 => format!("{} \\pm {} \\pm {}", self.scalar(depth), self.scalar(depth), self.scalar(1)),
            9 => {
                let mut text = format!("{} m", self.scalar(depth));
                for _ in 0..self.next(40) {
                    let _ = write!(
                        text,
                        "{}{}",
                        self.pick(&["/", " ", "\\cdot "]),
                        self.pick(&["s", "kg", "cm", "h"])
                    );
                }
                text
            }
            10 => format!(
                "\\begin{{cases}}{} & x>{}\\\\{} & x\\le 0\\end{{cases}}",
                self.scalar(depth),
                self.number(),
                self.scalar(depth)
            ),
            11 => format!("{}:{}", self.scalar(depth), self.scalar(depth)),
            12 => format!("\\{{x \\mid {} < {}\\}}", self.scalar(depth), self.scalar(depth)),
            13 => {
                let n = 2 + self.next(12);
                self.list(n, depth, "=")
            }
            _ => self.scalar(depth + 1),
        }
    }

    fn clone_pick(&self) -> &'static str {
        [", ", " and ", " or ", "<"][(self.0 % 4) as usize]
    }

    /// The same answer with one digit changed, so that it gets far.
    fn nearly(&mut self, text: &str) -> String {
        let places: Vec<usize> =
            text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(i, _)| i).collect();
        if places.is_empty() || self.next(4) == 0 {
            return text.replacen('+', " + ", 1);
        }
        let at = places[self.next(places.len())];
        let digit = (text.as_bytes()[at] - b'0' + 1) % 10;
        format!("{}{digit}{}", &text[..at], &text[at + 1..])
    }

    fn pair(&mut self) -> (String, String) {
        let answer = self.answer();
        let gold = match self.next(4) {
            0 => "6".to_string(),
            1 => self.answer(),
            _ => self.nearly(&answer),
        };
        if self.next(2) == 0 { (gold, answer) } else { (answer, gold) }
    }

    fn prose(&mut self) -> (String, String) {
        let depth = 1 + self.next(3);
        let problem = format!(
            "Let $f(x) = {}$. If ${} = {}$, find $x$.",
            self.scalar(depth),
            self.scalar(depth),
            self.scalar(1)
        );
        let mut text = String::new();
        for _ in 0..1 + self.next(60) {
            let lead = self.pick(&["So", "Let", "If", "We get", "Setting", "Therefore,", "Since"]);
            let op = self.pick(&["=", "=", "=", "<", "\\le", "\\approx", "\\equiv"]);
            let members = 2 + self.next(4);
            let depth = self.next(4);
            let sides: Vec<String> = (0..members).map(|_| self.scalar(depth)).collect();
            let _ = write!(text, "{lead} ${}$. ", sides.join(op));
        }
        (problem, text)
    }
}

/// Milliseconds of CPU time, and the result.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let before = cpu::seconds();
    let result = work();
    ((cpu::seconds() - before) * 1e3, result)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seed, count, mode @ ..] = args.as_slice() else { panic!("SEED COUNT [prose]") };
    let (seed, count): (u64, u64) = (seed.parse().expect("a seed"), count.parse().expect("a count"));
    let prose = mode.first().is_some_and(|m| m == "prose");
    let policy = Policy::default();
    let judge = |(a, b): &(String, String)| {
        if prose {
            check_prose(a, b).len().to_string()
        } else {
            let v = verify_answer(&Gold::parse(a, &policy), b, &policy);
            format!("{} {} ({})", v.outcome, v.stage, v.reason)
        }
    };
    let limit = if prose { 50.0 } else { 10.0 };
    let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut slowest: Vec<(f64, String)> = Vec::new();
    for _ in 0..count {
        let input = if prose { rng.prose() } else { rng.pair() };
        let (mut best, verdict) = timed(|| judge(&input));
        let floor = slowest.last().map_or(0.0, |s| s.0);
        if slowest.len() == 12 && best <= floor {
            continue;
        }
        best = (0..2).fold(best, |best, _| best.min(timed(|| judge(&input)).0));
        let shown = |t: &str| t.chars().take(if prose { 6000 } else { 4000 }).collect::<String>();
        slowest.push((best, format!("{verdict}\n  {}\n  {}", shown(&input.0), shown(&input.1))));
        slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
        slowest.truncate(12);
    }
    for (ms, what) in &slowest {
        println!("{ms:8.2} ms  {what}");
    }
    let over = slowest.iter().filter(|s| s.0 > limit).count();
    println!("{count} inputs of seed {seed}, {over} over {limit} ms");
    std::process::exit(i32::from(over > 0));
}
