//! Number theory, combinatorics and bases.

use dashu::integer::IBig;
use serde_json::{Map, json};
use tirade_math::integer::{self, Congruence};

use super::native::{integer_of, integers_of, small, text, worked};
use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline, Kind, Param, Tool, param, tool};

const NUMBERS: Param = param("numbers", Kind::Values, "The integers, such as [12, 18].");
const NUMBER: Param = param("number", Kind::Value, "An integer; write long ones as text.");
const MODULUS: Param = param("modulus", Kind::Value, "The modulus, a positive integer.");
const N: Param = param("n", Kind::Value, "A non-negative integer.");
const K: Param = param("k", Kind::Value, "A non-negative integer.");

/// The family.
pub const TOOLS: &[Tool] = &[
    tool("gcd", "The greatest common divisor.", &[NUMBERS]).native(gcd),
    tool("lcm", "The least common multiple.", &[NUMBERS]).native(lcm),
    tool("factorint", "The prime factorisation: each prime with its exponent.", &[NUMBER]).native(factorint),
    tool("is_prime", "Whether an integer is prime.", &[NUMBER]).native(is_prime),
    tool("next_prime", "The smallest prime greater than a number.", &[NUMBER]).native(next_prime),
    tool("divisors", "All positive divisors, with their number and their sum.", &[NUMBER]).native(divisors),
    tool("totient", "Euler's function: how many of 1..n are coprime to n.", &[NUMBER]).native(totient),
    tool("mod_inverse", "The number x in 0..m-1 with number * x = 1 modulo m.", &[NUMBER, MODULUS])
        .native(mod_inverse),
    tool(
        "mod_power",
        "The remainder of base^exponent, however large the exponent.",
        &[
            param("base", Kind::Value, "An integer."),
            param("exponent", Kind::Value, "An integer; negative ones use the inverse."),
            MODULUS,
        ],
    )
    .native(mod_power),
    tool("multiplicative_order", "The smallest k > 0 with number^k = 1 modulo m.", &[NUMBER, MODULUS])
        .native(multiplicative_order),
    tool(
        "crt",
        "The smallest x >= 0 with x = remainder modulo each modulus, and the modulus of all solutions.",
        &[
            param("remainders", Kind::Values, "The remainders, such as [2, 3]."),
            param("moduli", Kind::Values, "The moduli, such as [3, 5]; they need not be coprime."),
        ],
    )
    .native(crt),
    tool(
        "solve_linear_congruence",
        "All x in 0..m-1 with coefficient * x = remainder modulo m.",
        &[
            param("coefficient", Kind::Value, "An integer."),
            param("remainder", Kind::Value, "An integer."),
            MODULUS,
        ],
    )
    .native(solve_linear_congruence),
    tool(
        "diophantine",
        "All integer solutions of an equation (linear, quadratic, Pythagorean), each a tuple in the order of the variables; t_0 and \
         others stand for any integer.",
        &[
            param("equation", Kind::Expression, "The equation, such as 3x + 5y = 7."),
            param("variables", Kind::Variables, "The unknowns, such as [\"x\", \"y\"]."),
        ],
    ),
    tool("factorial", "n! exactly.", &[NUMBER]).native(factorial),
    tool("binomial", "How many ways there are to choose k of n things.", &[N, K]).native(binomial),
    tool("permutations", "How many ordered selections of k of n things there are.", &[N, K])
        .native(permutations),
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
    )
    .native(special_number),
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
    )
    .native(convert_base),
];

type Native = Result<Answer, Decline>;

fn gcd(args: &Args) -> Native {
    text(integer::gcd_all_worked(&integers_of(args, "numbers")?))
}

fn lcm(args: &Args) -> Native {
    text(integer::lcm_all_worked(&integers_of(args, "numbers")?))
}

fn factorint(args: &Args) -> Native {
    let number = positive(args, "number")?;
    worked(integer::factorint_worked(&number), |factors| {
        let exponents: Map<_, _> =
            factors.into_iter().map(|(prime, exponent)| (prime.to_string(), json!(exponent))).collect();
        json!({ "result": exponents })
    })
}

fn is_prime(args: &Args) -> Native {
    worked(integer::is_prime_worked(&integer_of(args, "number")?), |prime| json!({ "result": prime }))
}

fn next_prime(args: &Args) -> Native {
    text(integer::next_prime_worked(&integer_of(args, "number")?))
}

fn divisors(args: &Args) -> Native {
    worked(integer::divisors_worked(&positive(args, "number")?), |divisors| {
        let sum: IBig = divisors.iter().fold(IBig::ZERO, |sum, divisor| sum + divisor);
        let texts: Vec<String> = divisors.iter().map(IBig::to_string).collect();
        json!({ "result": texts, "count": texts.len(), "sum": sum.to_string() })
    })
}

fn totient(args: &Args) -> Native {
    text(integer::totient_worked(&positive(args, "number")?))
}

fn mod_inverse(args: &Args) -> Native {
    text(integer::inverse_mod_worked(&integer_of(args, "number")?, &positive(args, "modulus")?))
}

fn mod_power(args: &Args) -> Native {
    let (base, exponent) = (integer_of(args, "base")?, integer_of(args, "exponent")?);
    text(integer::pow_mod_worked(&base, &exponent, &positive(args, "modulus")?))
}

fn multiplicative_order(args: &Args) -> Native {
    text(integer::multiplicative_order_worked(&integer_of(args, "number")?, &positive(args, "modulus")?))
}

fn crt(args: &Args) -> Native {
    let (remainders, moduli) = (integers_of(args, "remainders")?, integers_of(args, "moduli")?);
    if remainders.len() != moduli.len() {
        return Err(Decline::Error(format!("{} remainders but {} moduli", remainders.len(), moduli.len())));
    }
    let system: Vec<Congruence> = remainders
        .into_iter()
        .zip(moduli)
        .map(|(residue, modulus)| Congruence { residue, modulus })
        .collect();
    let solved = integer::crt_worked(&system)?;
    let Some(all) = solved.value else {
        return Err(Decline::Error("the congruences contradict each other".to_owned()));
    };
    let content = json!({ "result": all.residue.to_string(), "modulus": all.modulus.to_string() });
    Ok(Answer { content, derivation: Some(solved.derivation.render_english()) })
}

/// At most this many solutions are listed.
const MAX_LISTED: usize = 100;

fn solve_linear_congruence(args: &Args) -> Native {
    let (a, b, m) =
        (integer_of(args, "coefficient")?, integer_of(args, "remainder")?, positive(args, "modulus")?);
    worked(integer::linear_congruence_worked(&a, &b, &m), |solution| match solution {
        None => {
            let divisor = integer::gcd(&a, &m);
            json!({ "result": [], "note": format!("no solution: gcd({a}, {m}) = {divisor} does not divide {b}") })
        }
        Some(Congruence { residue, modulus }) => {
            let all = std::iter::successors(Some(residue), |x| Some(x + &modulus)).take_while(|x| *x < m);
            let texts: Vec<String> = all.take(MAX_LISTED).map(|x| x.to_string()).collect();
            json!({ "result": texts, "modulus": modulus.to_string() })
        }
    })
}

fn factorial(args: &Args) -> Native {
    small(args, "number", 1000)?;
    text(integer::factorial_worked(&integer_of(args, "number")?))
}

fn binomial(args: &Args) -> Native {
    let (n, k) = (integer_of(args, "n")?, integer_of(args, "k")?);
    if n < IBig::ZERO || k < IBig::ZERO {
        return Err(Decline::Lane("a negative argument".to_owned()));
    }
    text(integer::binomial_worked(&n, &k))
}

fn permutations(args: &Args) -> Native {
    let (n, k) = (small(args, "n", 10_000)?, small(args, "k", 10_000)?);
    if k > n {
        return Err(Decline::Lane("k is larger than n".to_owned()));
    }
    text(integer::permutations_worked(&n.into(), &k.into()))
}

fn special_number(args: &Args) -> Native {
    let n = IBig::from(small(args, "n", 3000)?);
    match args.text("kind") {
        "fibonacci" => text(integer::fibonacci_worked(&n)),
        "catalan" => text(integer::catalan_worked(&n)),
        other => Err(Decline::Lane(format!("{other} numbers"))),
    }
}

fn convert_base(args: &Args) -> Native {
    let (from, to) = (small(args, "from_base", 36)?, small(args, "to_base", 36)?);
    let value = integer::from_base_worked(args.text("number"), from as u32)?;
    let numeral = integer::to_base_worked(&value.value, to as u32)?;
    let mut steps = value.derivation;
    if from == 10 {
        steps = numeral.derivation;
    } else if to != 10 {
        steps.extend(numeral.derivation);
    }
    Ok(Answer::new(numeral.value, Some(steps.render_english())))
}

/// A positive integer literal; the SymPy lane words the error for others.
fn positive(args: &Args, name: &str) -> Result<IBig, Decline> {
    let value = integer_of(args, name)?;
    if value > IBig::ZERO { Ok(value) } else { Err(Decline::Lane(format!("{name} is not positive"))) }
}
