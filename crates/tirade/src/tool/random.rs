//! Random calls for tests and benchmarks: arguments that fit a tool's parameters, from a seed.

use serde_json::{Map, Value, json};

use super::spec::{Kind, Param, Tool};

/// A small generator (SplitMix64): the same seed gives the same calls everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub fn int(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.int(0, items.len() as i64 - 1) as usize]
    }
}

/// Arguments for one call.
pub fn arguments(tool: &Tool, random: &mut Random) -> Value {
    let size = random.int(2, 3) as usize;
    let map: Map<String, Value> =
        tool.params.iter().map(|p| (p.name.to_owned(), argument(tool, p, size, random))).collect();
    Value::Object(map)
}

fn argument(tool: &Tool, param: &Param, size: usize, random: &mut Random) -> Value {
    match (tool.name, param.name) {
        ("mod_power", "exponent") => return json!(random.int(0, 1 << 40).to_string()),
        ("crt", "moduli") => return json!((0..size).map(|_| random.int(2, 30)).collect::<Vec<_>>()),
        ("permutations" | "binomial" | "special_number", "n") => return json!(random.int(0, 60)),
        (_, "k" | "exponent") => return json!(random.int(0, 12)),
        (_, "modulus") => return json!(random.int(1, 200)),
        ("factorial", "number") => return json!(random.int(-1, 120)),
        (_, "number") if param.kind == Kind::Text => {
            return json!(format!("{}", random.int(0, 1) + 10 * random.int(1, 11)));
        }
        ("multiplicative_order", "number") => return json!(random.int(2, 200)),
        (_, "number") => return json!(integer(random)),
        (_, "from_base" | "to_base") => return json!(random.int(2, 36)),
        ("gcd" | "lcm", "numbers") => {
            return json!((0..size).map(|_| random.int(-500, 500)).collect::<Vec<_>>());
        }
        _ => {}
    }
    match param.kind {
        Kind::Value | Kind::OptionalValue => json!(number(random)),
        Kind::Values | Kind::Point => json!((0..size).map(|_| number(random)).collect::<Vec<_>>()),
        Kind::Matrix | Kind::Points => json!(rows(size, random)),
        Kind::Variable | Kind::OptionalVariable => json!("x"),
        Kind::Variables => json!(["x", "y", "z"][..size]),
        Kind::Function => json!("a"),
        Kind::Choice(words) => json!(random.pick(words)),
        Kind::Text => json!(random.int(0, 1000).to_string()),
        Kind::Expressions => json!((0..size).map(|_| linear(size, random)).collect::<Vec<_>>()),
        Kind::Expression => json!(expression(tool, random)),
    }
}

/// Small ones mostly, some of machine size.
fn integer(random: &mut Random) -> i64 {
    let bits = random.int(3, 40);
    random.int(-3, 1 << bits)
}

fn number(random: &mut Random) -> String {
    if random.int(0, 3) > 0 {
        random.int(-9, 9).to_string()
    } else {
        format!("{}/{}", random.int(-9, 9), random.int(1, 9))
    }
}

fn rows(size: usize, random: &mut Random) -> Vec<Vec<String>> {
    (0..size).map(|_| (0..size).map(|_| number(random)).collect()).collect()
}

fn linear(size: usize, random: &mut Random) -> String {
    let terms: Vec<String> =
        ["x", "y", "z"][..size].iter().map(|name| format!("({})*{name}", random.int(-5, 5))).collect();
    format!("{} = {}", terms.join(" + "), random.int(-9, 9))
}

fn expression(tool: &Tool, random: &mut Random) -> String {
    let names: &[&str] =
        if tool.params.iter().any(|p| p.kind == Kind::Variable) { &["x"] } else { &["x", "x", "x", "y"] };
    match random.int(0, 5) {
        0 => format!("({}) * ({})", polynomial(names, random), polynomial(names, random)),
        1 => format!("({})^2", polynomial(names, random)),
        _ => polynomial(names, random),
    }
}

fn polynomial(names: &[&str], random: &mut Random) -> String {
    let terms: Vec<String> = (0..random.int(2, 4))
        .map(|_| format!("({})*{}^{}", random.int(-6, 6), random.pick(names), random.int(0, 3)))
        .collect();
    terms.join(" + ")
}
