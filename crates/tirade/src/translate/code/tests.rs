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

#[test]
fn hostile_programs_end_in_words() {
    let deep = format!("print({}1{})", "(".repeat(5_000), ")".repeat(5_000));
    let chain = format!("print(1{})", "+1".repeat(9_000));
    let attributes = format!("print(x{})", ".a".repeat(9_000));
    let minus = format!("print({}1)", "-".repeat(19_000));
    let fstring = format!("print(f'{}')", "{f\"".repeat(50));
    let programs = [
        deep.as_str(),
        &chain,
        &attributes,
        &minus,
        &fstring,
        "while True: pass",
        "while True:\n    x = 1",
        "def f(n):\n    return f(n + 1)\nprint(f(0))",
        "f = lambda n: f(n)\nprint(f(1))",
        "x = [0] * 1000\nx = [x] * 1000\nx = [x] * 1000\nprint(len(x))",
        "x = []\nfor i in range(300):\n    x = [x]\nprint(1)",
        "x = []\nfor i in range(300):\n    x.append(x)\nprint(1)",
        "print(9**9**9**9)",
        "print(10**100000)",
        "x = 3\nfor i in range(200):\n    x = x * x\nprint(x)",
        "import math\nprint(math.factorial(10**9))",
        "print(range(0, 10**18))",
        "print(sum(range(2**62, 2**63 - 1, 2**61)))",
        "for i in range(2**62, 2**63 - 1, 2**62): print(i)",
        "print(sum(i for i in range(-2**63, 2**63 - 1)))",
        "print([i for i in range(10**9)])",
        "print([i for i in range(100) for j in range(100)])",
        "print('a' * 10**9)",
        "x = 5\nprint(x[10**30])",
        "print([1, 2][::-9223372036854775808])",
        "print([1, 2][1::9223372036854775807])",
        "import os\nos.system('true')",
        "__import__('os')",
        "eval('1')",
        "exec('1')",
        "print(1 / 0)",
        "print(1 % 0)",
        "from sympy import *\nx = symbols('x')\nprint(solve(x**300 - x - 1, x))",
        "from sympy import *\nx = symbols('x')\nprint(expand((x + 1)**100000))",
        "print(round(1e300, 12))",
        "é = 1\nprint(é)",
        "print('\u{202e}')",
        "\"\"\"",
        "(",
        "\\",
        "",
    ];
    for program in programs {
        let _ = Reader::default().explain(program, "1");
        Reader::default().pass_over(program);
    }
}

/// Programs with characters taken out, doubled or exchanged are read or refused, never more.
#[test]
fn broken_programs_end_in_words() {
    let whole = "from sympy import symbols, solve\nx = symbols('x')\nroots = solve(x**2 - 5*x + 6, x)\ntotal = 0\nfor r in roots:\n    if r > 0:\n        \
                 total += r\nsquares = [i**2 for i in range(1, 5) if i % 2 == 1]\nprint(f\"sum {total:.2f} {sum(squares)}\", squares[-1], {1: 2}[1])\n";
    let characters: Vec<char> = whole.chars().collect();
    let mut seed = 7u64;
    let mut random = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % most
    };
    for _ in 0..400 {
        let mut broken = characters.clone();
        for _ in 0..1 + random(3) {
            let (at, other) = (random(broken.len()), broken[random(broken.len())]);
            match random(3) {
                0 => drop(broken.remove(at)),
                1 => broken.insert(at, other),
                _ => broken[at] = other,
            }
        }
        let program: String = broken.into_iter().collect();
        let _ = Reader::default().explain(&program, "sum 5.00 10 9 2");
    }
}
