//! Programs and the explanations of them.

use super::Reader;

fn check(code: &str, output: &str, expected: &str) {
    match Reader::default().explain(code, output) {
        Ok(text) => assert_eq!(text, expected, "{code}"),
        Err(why) => panic!("{code}\n{why}"),
    }
}

fn contains(code: &str, output: &str, parts: &[&str]) {
    match Reader::default().explain(code, output) {
        Ok(text) => parts.iter().for_each(|part| assert!(text.contains(part), "{code}\n{text}\n{part}")),
        Err(why) => panic!("{code}\n{why}"),
    }
}

fn refused(code: &str, output: &str, expected: &str) {
    let why = Reader::default().explain(code, output).expect_err(code).to_string();
    assert!(why.contains(expected), "{code}: {why}");
}

#[test]
fn arithmetic() {
    check("print(2 * (3 + 4))", "14", "We get $2 \\cdot \\left(3 + 4\\right) = 2 \\cdot 7 = 14$.");
    check(
        "boys = 600\ngirls = boys + 400\ntotal_boys_and_girls = boys + girls\nprint(total_boys_and_girls * 0.60)",
        "960.0",
        "Let the number of boys be $600$. The number of girls is $600 + 400 = 1000$. The total number of boys and girls is $600 + 1000 = 1600$. We \
         get $1600 \\cdot 0.6 = 960$.",
    );
    check(
        "x = 7 // 2\nprint(x, 7 % 2)",
        "3 1",
        "Then $x = \\left\\lfloor \\frac{7}{2} \\right\\rfloor = 3$. We get $7 \\bmod 2 = 1$.",
    );
    check(
        "print(243 ** (3/5))",
        "27.0",
        "We get $243^{\\frac{3}{5}} = \\left(\\sqrt[5]{243}\\right)^{3} = 3^{3} = 27$.",
    );
    check(
        "import math\nprint(math.ceil(7 / 2))",
        "4",
        "We get $\\left\\lceil \\frac{7}{2} \\right\\rceil = \\left\\lceil 3.5 \\right\\rceil = 4$.",
    );
    check("print(f'It costs {2 * 3.5:.2f} dollars')", "It costs 7.00 dollars", "We get $2 \\cdot 3.5 = 7$.");
}

#[test]
fn a_decimal_that_is_none_is_an_approximation() {
    check("import math\nprint(math.sqrt(2))", "1.4142135623730951", "We get $\\sqrt{2} \\approx 1.414214$.");
    check("print(200 / 3)", "66.66666666666667", "We get $\\frac{200}{3} \\approx 66.666667$.");
    check("print(round(200 / 3, 2))", "66.67", "We get $\\frac{200}{3} \\approx 66.67$.");
}

#[test]
fn equations() {
    contains(
        "from sympy import symbols, solve\nx = symbols('x')\nprint(solve(x**2 - 5*x + 6, x))",
        "[2, 3]",
        &["We solve the equation $x^{2} - 5x + 6 = 0$", "(x - 3) (x - 2)", "$x = 2$", "$x = 3$"],
    );
    contains(
        "import sympy as sp\nx, y = sp.symbols('x y')\ns = sp.solve((sp.Eq(x + y, 12), sp.Eq(x - y, 6)), (x, y))\nprint(s[x])",
        "9",
        &["We solve the equations $x + y = 12$ and $x - y = 6$", "x = 9"],
    );
    contains(
        "from sympy import *\nx = symbols('x', positive=True)\nprint(solve(x**2 - 9, x)[0])",
        "3",
        &["Only $x = 3$ is positive."],
    );
    contains(
        "from sympy import *\nx = symbols('x')\nprint(expand((x + 1)**2))",
        "x**2 + 2*x + 1",
        &["x^{2} + 2x + 1"],
    );
    contains(
        "from sympy import *\nx = symbols('x')\nf = x**2 + 1\nprint(f.subs(x, 3))",
        "10",
        &["1 + 3^{2} = 10"],
    );
}

#[test]
fn number_theory_comes_with_its_steps() {
    contains(
        "import math\nprint(math.gcd(252, 105))",
        "21",
        &["252 = 2 \\cdot 105 + 42", "\\gcd(252, 105) = 21"],
    );
    contains("from sympy import factorint\nprint(factorint(360))", "{2: 3, 3: 2, 5: 1}", &["360 = 2^{3}"]);
    contains("from math import comb\nprint(comb(10, 3))", "120", &["\\binom{10}{3} = 120"]);
}

#[test]
fn loops_are_told_round_by_round() {
    check(
        "total = 0\nfor k in range(1, 4):\n    total += k**2\nprint(total)",
        "14",
        "Let the total be $0$. Go through $k = 1, 2, 3$. The total becomes $0 + 1^{2} = 0 + 1 = 1$. The total becomes $1 + 2^{2} = 1 + 4 = 5$. The total \
         becomes $5 + 3^{2} = 5 + 9 = 14$.",
    );
    check(
        "print(sum(k**2 for k in range(1, 5)))",
        "30",
        "We get $1^{2} + 2^{2} + 3^{2} + 4^{2} = 1 + 4 + 9 + 16 = 30$.",
    );
    contains("print(sum(range(1, 101)))", "5050", &["5050"]);
    contains(
        "print(len([n for n in range(1, 40) if n % 7 == 0]))",
        "5",
        &["We find $7, 14, 21, 28, 35$, in all $5$."],
    );
    contains("def f(n):\n    return sum(int(d) for d in str(n))\nprint(f(123))", "6", &["1 + 2 + 3 = 6"]);
    contains(
        "a, b = 48, 18\nwhile b:\n    a, b = b, a % b\nprint(a)",
        "6",
        &["48 \\bmod 18 = 12", "18 \\bmod 12 = 6"],
    );
}

#[test]
fn names_live_from_cell_to_cell() {
    let mut reader = Reader::default();
    assert_eq!(reader.explain("n = 6 * 7\nprint(n)", "42").unwrap(), "Then $n = 6 \\cdot 7 = 42$.");
    reader.pass_over("m = 5\nbroken(");
    reader.pass_over("m = 5\nunknown()");
    assert_eq!(reader.explain("print(n + m)", "47").unwrap(), "We get $42 + 5 = 47$.");
}

#[test]
fn a_fraction_that_is_reduced_is_a_step() {
    check(
        "from sympy import *\nways = 6 * 20\nprint(Rational(24, ways))",
        "1/5",
        "The number of ways is $6 \\cdot 20 = 120$. We get $\\frac{24}{120} = \\frac{1}{5}$.",
    );
    refused("from sympy import *\nprint(Rational(6, 11))", "6/11", "how the printed");
}

#[test]
fn what_is_named_again_is_said_once() {
    check(
        "def profit():\n    profit = 320 - 160\n    return profit\nprofit = profit()\nprofit = round(profit)\nprint(profit)",
        "160",
        "The profit is $320 - 160 = 160$.",
    );
    check("a = 5\na = 7\nprint(a)", "7", "Let $a = 5$. Now $a$ becomes $7$.");
}

#[test]
fn a_program_that_prints_nothing_is_read_by_its_last_name() {
    check(
        "cost = 4 * 7\nans = cost / 2",
        "14.0",
        "The cost is $4 \\cdot 7 = 28$. We get $\\frac{28}{2} = 14$.",
    );
    refused("cost = 4 * 7\nans = cost / 2", "15.0", "it should be 14");
    refused("ans = 4 * 7\nif ans > 3:\n    ans = 2", "2", "nothing more");
}

#[test]
fn what_differs_from_the_output_is_refused() {
    refused("print(2 + 2)", "5", "it should be 4");
    refused("print(2 + 2)", "4\n5", "nothing more");
    refused("print([1, 2])", "[2, 1]", "the output");
}

#[test]
fn what_prose_cannot_carry_is_refused_by_name() {
    for (code, reason) in [
        ("class A: pass", "the statement `class`"),
        ("import os", "the module os"),
        ("open('x')", "the name open"),
        ("for i in range(1000): print(i)", "a search over 1000 cases"),
        ("print([p for p in range(500) if p % 7 == 3])", "a search over 500 cases"),
        ("x = 1\nwhile x > 0:\n    x += 1", "steps"),
        ("try:\n    x = 1\nexcept: pass", "the statement `try`"),
        ("from sympy import *\nx = symbols('x')\nsolve(x**5 - x - 1, x)", "solving this equation"),
        ("print(undefined)", "the name undefined"),
    ] {
        refused(code, "", reason);
    }
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

#[test]
fn roots_and_rounding_show_what_is_rounded() {
    check(
        "import sympy as sp\nprint(round(sp.root(100, 3)))",
        "5",
        "We get $\\sqrt[3]{100} \\approx 4.641589 \\approx 5$.",
    );
    check(
        "import math\nn = math.floor(900 ** (1/3))\nprint(n)",
        "9",
        "Then $n = \\left\\lfloor 900^{\\frac{1}{3}} \\right\\rfloor = \\left\\lfloor 9.654894 \\right\\rfloor = 9$.",
    );
    check("n = 20 // 4\nprint(n)", "5", "Then $n = \\frac{20}{4} = 5$.");
}

#[test]
fn products_are_multiplied_out_in_sight() {
    check(
        "from sympy import *\nx = symbols('x')\nexpanded = expand(16*(2*x + 5))\nprint(expanded)",
        "32*x + 80",
        "The expanded is $16\\left(2x + 5\\right) = 32x + 80$.",
    );
    contains(
        "from sympy import *\nA = Matrix([[1, 3], [2, 1]])\nB = A**2 - 2*A\nprint(B.det())",
        "25",
        &[
            "2 & 1 \\end{pmatrix} \\cdot \\begin{pmatrix} 1 & 3",
            "= \\begin{pmatrix} 7 & 6 \\\\ 4 & 7 \\end{pmatrix} - \\begin{pmatrix} 2 & 6",
        ],
    );
}

#[test]
fn what_is_read_off_a_list_is_said() {
    contains(
        "rooms = list(range(1, 12))\nrooms.remove(3)\nrooms.remove(4)\nrooms.sort()\nmedian_room = rooms[4]\nprint(median_room)",
        "7",
        &["The median room is number 5 of $1, 2, 5, 6, 7, 8, 9, 10, 11$, which is $7$."],
    );
    contains(
        "import statistics\nprint(statistics.median([5, 1, 4, 2]))",
        "3.0",
        &["In order the numbers are $1, 2, 4, 5$.", "\\frac{2 + 4}{2} = \\frac{6}{2} = 3"],
    );
    contains(
        "from statistics import mean\nprint(mean([5, 1, 4, 2]))",
        "3",
        &["\\frac{5 + 1 + 4 + 2}{4} = \\frac{12}{4} = 3"],
    );
    contains("n = 13\nprint(bin(n)[2:])", "1101", &["13 = 6 \\cdot 2 + 1"]);
    contains("print(int('1101', 2))", "13", &["2^{3}"]);
    contains(
        "from sympy import *\nlength = 2 + sqrt(2) + 3*sqrt(2)\na = length.as_coefficients_dict()[sqrt(2)]\nprint(a + 1)",
        "5",
        &["$a = 4$", "$4 + 1 = 5$"],
    );
}

#[test]
fn letters_of_a_function_are_introduced() {
    check(
        "def gcd(a, b):\n    while b != 0:\n        a, b = b, a % b\n    return a\nprint(gcd(39, 13))",
        "13",
        "Let $a = 39$ and $b = 13$. Since $13 \\ne 0$, $a$ becomes $13$. Now $b$ becomes $39 \\bmod 13 = 0$.",
    );
}

#[test]
fn the_words_of_the_problem_are_used() {
    let text = |problem: &str, code: &str, output: &str| {
        Reader::about(problem).explain(code, output).map_err(|why| why.to_string())
    };
    let problem = "Emani has $30 more than Howard. If Emani has $150, what do they have together?";
    assert_eq!(
        text(
            problem,
            "emani_money = 150\nhoward_money = emani_money - 30\nprint(emani_money + howard_money)",
            "270"
        )
        .unwrap(),
        "Let Emani's money be $150$. Howard's money is $150 - 30 = 120$. We get $150 + 120 = 270$."
    );
    let open = text(
        "If $n$ is an integer, what is the rest of $(7 - n) + (n + 3)$ by 7?",
        "n = 7\nprint((7 - n + n + 3) % 7)",
        "3",
    );
    assert!(open.unwrap_err().contains("taking one value for the n"), "one case proves nothing");
}

#[test]
fn long_loops_are_told_by_a_formula_or_by_what_cancels() {
    contains(
        "from sympy import Rational\nproduct = Rational(1, 1)\nfor n in range(2, 51):\n    product *= Rational(n-1, n)\nprint(product)",
        "1/50",
        &["Each factor is $\\frac{n - 1}{n}$", "so that $\\frac{1}{50}$ is left"],
    );
    contains("total = 0\nfor k in range(1, 101):\n    total += k\nprint(total)", "5050", &["5050"]);
    refused("product = 1\nfor k in range(1, 101):\n    product *= k**2 + 1\nprint(product)", "1", "steps");
}
