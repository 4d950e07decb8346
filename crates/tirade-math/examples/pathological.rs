//! The inputs that hang other checkers: time, peak memory and verdict of each. `cargo run --release --example pathological`.
//!
//! Exits with 1 if one takes more than 10 ms or 16 MiB (the limits are the best of three runs, the machine may be busy).
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tirade_math::{Gold, Policy, verify};

#[path = "support/cpu.rs"]
mod cpu;

struct Counting;
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: forwards to the system allocator; only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(p, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn cases() -> Vec<(&'static str, String, String)> {
    let digits = |seed: u32| {
        (0..100_000u32).map(|i| char::from(b'1' + ((i * 7 + seed) % 9) as u8)).collect::<String>()
    };
    let nested = |open: &str, close: &str, n: usize| open.repeat(n) + "x" + &close.repeat(n);
    let set = |shift: u32| {
        format!("\\{{{}\\}}", (0..3000).map(|i| format!("{}", (i + shift) * 3)).collect::<Vec<_>>().join(","))
    };
    let symbolic_set = |shift: u32| {
        format!(
            "\\{{{}\\}}",
            (0..3000).map(|i| format!("\\sqrt{{{}}}", i + shift)).collect::<Vec<_>>().join(",")
        )
    };
    let matrix = |c: &str| {
        let rows: Vec<String> = (0..20)
            .map(|i| (0..20).map(|j| format!("{c}_{{{i},{j}}}")).collect::<Vec<_>>().join(" & "))
            .collect();
        format!("\\det \\begin{{pmatrix}} {} \\end{{pmatrix}}", rows.join(" \\\\ "))
    };
    let trig =
        |c: u32| (1..=30).map(|k| format!("\\sin({}x)\\cos({}y)", k, k + c)).collect::<Vec<_>>().join("+");
    let s = |t: &str| t.to_string();
    vec![
        ("tower against 1", s("1"), s("9^{9^{9^9}}")),
        ("tower against tower", s("9^{9^{9^9}}"), s("9^{9^{9^{10}}}")),
        ("2^(10^10)", s("1"), s("2^{10^{10}}")),
        ("3^(3^20)", s("3^{3^{20}}"), s("3^{3^{21}}")),
        ("5-tower", s("\\frac{5^{5^{5^{5^5}}}-5}{16}"), s("\\frac{5^{5^{5^{5^5}}}-6}{16}")),
        ("(10^7)!", s("1"), s("(10^7)!")),
        ("(2*10^8)!", s("(2\\cdot10^8)!"), s("(2\\cdot10^8+1)!")),
        ("nested factorials", s("1"), s("((((9!)!)!)!)!")),
        ("binomial", s("1"), s("\\binom{10^8}{5\\cdot10^7}")),
        ("200 nested fractions", s("1"), nested("\\frac{1}{1+", "}", 200)),
        ("500 nested roots", s("1"), nested("\\sqrt{", "}", 500)),
        ("60 nested roots", s("1"), nested("\\sqrt{1+", "}", 25)),
        ("5000 parentheses", s("x"), nested("(", ")", 5000)),
        ("5000 signs", s("x"), "-".repeat(5000) + "x"),
        ("5000 factorial marks", s("x"), s("x") + &"!".repeat(5000)),
        ("5000 carets", s("x"), "x^".repeat(5000) + "x"),
        ("20x20 symbolic determinant", matrix("a"), matrix("b")),
        ("3000-element set", set(0), set(1)),
        ("3000-element set of roots", symbolic_set(2), symbolic_set(3)),
        ("100k digits", digits(0), digits(1)),
        ("100k digits, the same", digits(0), digits(0)),
        ("100k decimals", format!("0.{}", digits(0)), format!("0.{}", digits(1))),
        ("30-term trigonometric sum", trig(0), trig(1)),
        ("30-term sum against its reverse", trig(0), trig(0).split('+').rev().collect::<Vec<_>>().join("+")),
        ("(x+y+z+w)^40", s("(x+y+z+w)^{40}"), s("(x+y+z-w)^{40}")),
        ("product of sums", s("0"), (0..20).map(|i| format!("(x_{i}+y_{i})")).collect::<String>()),
        ("sum to 10^9", s("1"), s("\\sum_{k=1}^{10^9} \\frac{1}{k^2}")),
        ("nested sums", s("1"), s("\\sum_{i=1}^{300}\\sum_{j=1}^{300}\\sum_{k=1}^{300} \\frac{ijk}{i+j+k}")),
        ("an integral", s("1"), s("\\int_0^{\\infty} e^{-x^2} \\sin(x^3) dx")),
        ("decimal exponent", s("1"), s("10^{-999999999}")),
        ("1e999999999", s("1"), s("1e999999999")),
        ("1000 boxes", s("42"), (0..1000).map(|i| format!("so \\boxed{{{i}}} then ")).collect()),
        ("3000 dollar signs", s("42"), "$ ".repeat(3000)),
        ("20000 open braces", s("42"), "\\boxed{".repeat(20_000)),
        ("a long list of ±", s("1"), (0..30).map(|_| "\\pm 1").collect::<Vec<_>>().join(",")),
        (
            "± in a tuple",
            s("(1,1)"),
            format!("({})", (0..30).map(|_| "\\pm 1").collect::<Vec<_>>().join(",")),
        ),
        (
            "12 variables to the 12th",
            s("0"),
            format!(
                "({})^{{12}}",
                (b'a'..=b'd')
                    .chain(b'j'..=b'q')
                    .map(|c| (c as char).to_string())
                    .collect::<Vec<_>>()
                    .join("+")
            ),
        ),
        ("large gcd", s("1"), format!("\\gcd({}, {})", &digits(0)[..20_000], &digits(5)[..20_000])),
        (
            "100 unions",
            s("(0,1)"),
            (0..100).map(|i| format!("({},{})", 2 * i, 2 * i + 1)).collect::<Vec<_>>().join("\\cup"),
        ),
        ("600 integrals", s("1"), vec!["\\int_0^1 x^5 e^x dx"; 600].join("+")),
        ("40 derivatives", s("1"), format!("{}\\sin(x^2)e^x", "\\frac{d}{dx} ".repeat(40))),
        ("600 quadratic inequalities", s("(0,1)"), vec!["x^2<4"; 600].join(",")),
        ("a locus of degree 8", s("(a+b+c+d)^8=1 or a=b"), s("(a+b+c+d)^8=2 or a=b")),
        (
            "400 cases",
            s("|x|"),
            format!(
                "\\begin{{cases}}{}\\end{{cases}}",
                (0..400).rev().map(|i| format!("x+{i} & x>{i}")).collect::<Vec<_>>().join("\\\\")
            ),
        ),
        (
            "roots of sums that meet",
            s("1"),
            s("(\\sqrt{a+b+c+d}+\\sqrt{a+b})^{20}(\\sqrt{a+b+c+d}-\\sqrt{a+b})^{20}"),
        ),
        ("a unit with 3000 divisors", s("1 m"), format!("1 m{}", "/s".repeat(3000))),
        ("3000 boxes with names", s("1"), vec!["$x=\\boxed{1}$"; 3000].join(", ")),
        ("a tower of symbols", s("6"), s("y=6(x-a)^(x-a)^60006000")),
        ("an integral of a huge power", s("1"), {
            let fraction =
                (0..6).fold(s("x+4624635269421004291305435"), |inner, _| format!("x+\\frac{{1}}{{{inner}}}"));
            format!("\\int_0^1 (\\frac{{1}}{{{fraction}}}-2)^{{321}} dx")
        }),
        (
            "a product to a huge power",
            s("6"),
            s("y=(x^{28^n}-\\prod_{k=1}^{218} (t-20-t-18.276487773-y-y))^{995}"),
        ),
        (
            "an inequality of degree 301",
            format!("\\{{x \\mid (x-46.229898530)^{{301}} < {}\\}}", &digits(1)[..400]),
            format!("\\{{x \\mid (x-46.229898530)^{{301}} < {}\\}}", &digits(2)[..400]),
        ),
        ("functions of sums in each other", s("x"), {
            (0..6).fold(s("(a+b+x+y)^{12}"), |inner, i| {
                format!("\\sqrt[{}]{{({inner}+x_{i})^{{11}}+y}}", i + 2)
            })
        }),
        (
            "unions of sums of products",
            s("(0,1)"),
            vec!["(\\sum_{k=1}^{378} (\\prod_{j=1}^{242} 1.5),\\binom{x}{31})"; 20].join("\\cup"),
        ),
        ("1 MB of prose", s("42"), "the answer is not here, ".repeat(42_000)),
    ]
}

/// Of one run the clock shows too little.
const RUNS: u32 = 25;

fn main() {
    let policy = Policy::default();
    let mut failed = false;
    for (name, gold, pred) in cases() {
        let boxed = pred.contains("boxed") || pred.contains("answer") || pred.starts_with('$');
        let completion = if boxed { pred } else { format!("\\boxed{{{pred}}}") };
        let (mut peak, mut outcome) = (0, String::new());
        let started = cpu::seconds();
        for _ in 0..RUNS {
            let before = NOW.load(Relaxed);
            PEAK.store(before, Relaxed);
            let v = verify(&Gold::parse(&gold, &policy), &completion, &policy);
            peak = PEAK.load(Relaxed).saturating_sub(before);
            outcome = format!("{} {} ({})", v.outcome, v.stage, v.reason);
        }
        let mean = (cpu::seconds() - started) * 1e3 / f64::from(RUNS);
        let mark = if mean > 10.0 || peak > 16 << 20 {
            failed = true;
            "  <== over the limit"
        } else {
            ""
        };
        println!("{name:34} {mean:8.3} ms {:8.2} MiB  {outcome}{mark}", peak as f64 / (1 << 20) as f64);
    }
    std::process::exit(i32::from(failed));
}
