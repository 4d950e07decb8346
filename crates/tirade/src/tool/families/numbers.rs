//! Number theory, combinatorics and bases.

use crate::tool::spec::{Kind, Param, Tool, param, tool};

const NUMBERS: Param = param("numbers", Kind::Values, "The integers, such as [12, 18].");
const NUMBER: Param = param("number", Kind::Value, "An integer; write long ones as text.");
const MODULUS: Param = param("modulus", Kind::Value, "The modulus, a positive integer.");
const N: Param = param("n", Kind::Value, "A non-negative integer.");
const K: Param = param("k", Kind::Value, "A non-negative integer.");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("gcd", "The greatest common divisor.", &[NUMBERS]),
    tool("lcm", "The least common multiple.", &[NUMBERS]),
    tool("factorint", "The prime factorisation: each prime with its exponent.", &[NUMBER]),
    tool("is_prime", "Whether an integer is prime.", &[NUMBER]),
    tool("next_prime", "The smallest prime greater than a number.", &[NUMBER]),
    tool("divisors", "All positive divisors, with their number and their sum.", &[NUMBER]),
    tool("totient", "Euler's function: how many of 1..n are coprime to n.", &[NUMBER]),
    tool("mod_inverse", "The number x in 0..m-1 with number * x = 1 modulo m.", &[NUMBER, MODULUS]),
    tool(
        "mod_power",
        "The remainder of base^exponent, however large the exponent.",
        &[
            param("base", Kind::Value, "An integer."),
            param("exponent", Kind::Value, "An integer; negative ones use the inverse."),
            MODULUS,
        ],
    ),
    tool("multiplicative_order", "The smallest k > 0 with number^k = 1 modulo m.", &[NUMBER, MODULUS]),
    tool(
        "crt",
        "The smallest x >= 0 with x = remainder modulo each modulus, and the modulus of all solutions.",
        &[
            param("remainders", Kind::Values, "The remainders, such as [2, 3]."),
            param("moduli", Kind::Values, "The moduli, such as [3, 5]; they need not be coprime."),
        ],
    ),
    tool(
        "solve_linear_congruence",
        "All x in 0..m-1 with coefficient * x = remainder modulo m.",
        &[
            param("coefficient", Kind::Value, "An integer."),
            param("remainder", Kind::Value, "An integer."),
            MODULUS,
        ],
    ),
    tool(
        "diophantine",
        "All integer solutions of an equation (linear, quadratic, Pythagorean), each a tuple in the order of the variables; t_0 and \
         others stand for any integer.",
        &[
            param("equation", Kind::Expression, "The equation, such as 3x + 5y = 7."),
            param("variables", Kind::Variables, "The unknowns, such as [\"x\", \"y\"]."),
        ],
    ),
    tool("factorial", "n! exactly.", &[NUMBER]),
    tool("binomial", "How many ways there are to choose k of n things.", &[N, K]),
    tool("permutations", "How many ordered selections of k of n things there are.", &[N, K]),
    tool(
        "multinomial",
        "How many ways there are to split things into labelled groups of the given sizes.",
        &[param("counts", Kind::Values, "The sizes of the groups, such as [2, 3, 1].")],
    ),
    tool(
        "special_number",
        "The n-th number of a famous sequence.",
        &[
            param(
                "kind",
                Kind::Choice(&[
                    "catalan",
                    "bell",
                    "fibonacci",
                    "lucas",
                    "partitions",
                    "derangements",
                    "harmonic",
                ]),
                "Which sequence.",
            ),
            N,
        ],
    ),
    tool(
        "stirling_number",
        "Stirling numbers: permutations of n things with k cycles (first kind) or partitions into k blocks (second kind).",
        &[param("kind", Kind::Choice(&["first", "second"]), "Which kind."), N, K],
    ),
    tool(
        "convert_base",
        "Writes an integer in another base.",
        &[
            param("number", Kind::Text, "The digits, such as 1011 or ff."),
            param("from_base", Kind::Value, "The base of the digits, 2 to 36."),
            param("to_base", Kind::Value, "The base wanted, 2 to 36."),
        ],
    ),
];
