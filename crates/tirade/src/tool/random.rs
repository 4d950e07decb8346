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
    if tool.name.starts_with("compute_tangent_line_at_point") {
        return through_point(tool, random);
    }
    Value::Object(map)
}

/// A conic and one of its points.
fn through_point(tool: &Tool, random: &mut Random) -> Value {
    let (p, q, h, a) = (random.int(-5, 5), random.int(-5, 5), random.int(-3, 3), random.int(1, 4));
    let kind = tool.fixed.iter().find(|(key, _)| *key == "kind").map_or("ellipse", |(_, kind)| *kind);
    let left = match kind {
        "circle" => format!("(x - ({h}))^2 + y^2"),
        "ellipse" => format!("(x - ({h}))^2 + {}*y^2", a + 1),
        "parabola" => format!("y - {a}*(x - ({h}))^2"),
        _ => format!("(x - ({h}))^2 - {a}*y^2"),
    };
    let right = left.replace('x', &format!("({p})")).replace('y', &format!("({q})"));
    json!({ "equation": format!("{left} = {right}"), "point": [p, q] })
}

fn argument(tool: &Tool, param: &Param, size: usize, random: &mut Random) -> Value {
    match (tool.name, param.name) {
        ("mod_power", "exponent") => return json!(random.int(0, 1 << 40).to_string()),
        ("crt", "moduli") => return json!((0..size).map(|_| random.int(2, 30)).collect::<Vec<_>>()),
        ("permutations" | "binomial" | "special_number", "n") => return json!(random.int(0, 60)),
        (_, "k" | "exponent") => return json!(random.int(0, 12)),
        ("compute_sum" | "compute_product", "lower") => return json!(random.int(-3, 5)),
        ("compute_sum", "upper") if random.int(0, 2) == 0 => return json!("n"),
        ("compute_sum" | "compute_product", "upper") => return json!(random.int(4, 12)),
        ("compute_eigenvalues" | "compute_eigenvectors", "matrix") => return json!(triangular(size, random)),
        (_, "equation") if param.kind == Kind::Expression && tool.name != "diophantine" => {
            return json!(conic(tool, random));
        }
        (_, "line") => return json!(format!("y = {}*x + {}", number(random), number(random))),
        (_, "side1" | "side2" | "side3") => return json!(random.int(3, 12)),
        (_, "points") => {
            return json!(if random.int(0, 1) == 0 {
                json!([[1, 2], [3, 5], [5, 8]])
            } else {
                json!(points(size, random))
            });
        }
        (_, "decimal_places") => return random.pick(&[json!(null), json!(0), json!(2), json!(5)]).clone(),
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
        Kind::Point => json!([number(random), number(random)]),
        Kind::Points => json!(points(size + 1, random)),
        Kind::Values => json!((0..size).map(|_| number(random)).collect::<Vec<_>>()),
        Kind::Matrix => json!(rows(size, random)),
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

/// An integer mostly.
fn coefficient(random: &mut Random) -> String {
    if random.int(0, 5) == 0 { number(random) } else { random.int(-6, 6).to_string() }
}

fn rows(size: usize, random: &mut Random) -> Vec<Vec<String>> {
    (0..size).map(|_| (0..size).map(|_| number(random)).collect()).collect()
}

fn points(count: usize, random: &mut Random) -> Vec<[String; 2]> {
    (0..count).map(|_| [number(random), number(random)]).collect()
}

/// An equation of the kind that the tool wants.
fn conic(tool: &Tool, random: &mut Random) -> String {
    let (h, k) = (random.int(-4, 4), random.int(-4, 4));
    let (a, b) = (random.int(1, 6), random.int(1, 6));
    let wanted = tool.fixed.iter().find(|(key, _)| *key == "kind").map(|(_, kind)| *kind);
    match wanted.unwrap_or_else(|| *random.pick(&["circle", "ellipse", "parabola", "hyperbola"])) {
        "circle" => format!("(x - ({h}))^2 + (y - ({k}))^2 = {a}"),
        "ellipse" => format!("(x - ({h}))^2/{a} + (y - ({k}))^2/{} = 1", a + b),
        "parabola" if random.int(0, 1) == 0 => format!("x = {a}/{b}*(y - ({k}))^2 + ({h})"),
        "parabola" => format!("y = -{a}/{b}*(x - ({h}))^2 + ({k})"),
        _ if random.int(0, 1) == 0 => format!("(x - ({h}))^2/{a} - (y - ({k}))^2/{b} = 1"),
        _ => format!("(y - ({k}))^2/{a} - (x - ({h}))^2/{b} = 1"),
    }
}

/// Matrices whose eigenvalues are rational; some are not.
fn triangular(size: usize, random: &mut Random) -> Vec<Vec<String>> {
    let mut rows = rows(size, random);
    if random.int(0, 3) > 0 {
        for i in 0..size {
            rows[i][..i].fill("0".to_owned());
        }
    }
    rows
}

fn linear(size: usize, random: &mut Random) -> String {
    let terms: Vec<String> =
        ["x", "y", "z"][..size].iter().map(|name| format!("({})*{name}", random.int(-5, 5))).collect();
    format!("{} = {}", terms.join(" + "), random.int(-9, 9))
}

fn expression(tool: &Tool, random: &mut Random) -> String {
    if tool.name == "solve_univariate_inequality" {
        return format!(
            "{} {} {}",
            polynomial(&["x"], random),
            random.pick(&["<", "<=", ">", ">="]),
            random.int(-9, 9)
        );
    }
    if tool.name == "cancel_expression" || (tool.name == "simplify_expression" && random.int(0, 1) == 0) {
        return format!("({}) / ({})", polynomial(&["x"], random), polynomial(&["x"], random));
    }
    if matches!(tool.name, "solve_equation" | "find_roots") && random.int(0, 1) == 0 {
        let n: Vec<String> = (0..3).map(|_| number(random)).collect();
        return format!(
            "({} + x)*({}*x - {}) = {}",
            n[0],
            random.int(1, 5),
            n[1],
            random.pick(&["0", "1", "x", &n[2]])
        );
    }
    if tool.name == "evaluate" {
        let n: Vec<String> = (0..4).map(|_| number(random)).collect();
        return format!("({} + {})^{} * ({}) - ({})/7", n[0], n[1], random.int(1, 4), n[2], n[3]);
    }
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
        .map(|_| format!("({})*{}^{}", coefficient(random), random.pick(names), random.int(0, 3)))
        .collect();
    terms.join(" + ")
}
