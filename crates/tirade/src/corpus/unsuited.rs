//! Traces that prose cannot carry: a program that tries thousands of cases, a result as long as a page. A student that learns to write down their
//! outcome learns to guess.
//!
//! The code is not run and not parsed in full: loops with bounds that can be read are multiplied along their nesting, enumerations are counted, and
//! what has no bound counts as a search. So this is an estimate, and every verdict carries what it was made from.

use serde::{Deserialize, Serialize};

use crate::trace::Trace;

/// Why a trace is unsuited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsuited {
    pub kind: Kind,
    /// The line of code or the beginning of the result, and the estimate.
    pub detail: String,
}

/// What makes a trace unsuited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A program goes through more cases than a person would.
    Search,
    /// A result is too long to be derived in words.
    Giant,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Giant => "giant_result",
        }
    }
}

/// What a person would still write down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Cases that a program goes through.
    pub cases: u64,
    /// Characters of one result.
    pub characters: usize,
    /// Digits of one number.
    pub digits: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { cases: 100, characters: 600, digits: 25 }
    }
}

/// Why prose cannot carry the trace; none where it can.
pub fn unsuited(trace: &Trace, bounds: &Bounds) -> Option<Unsuited> {
    trace.tool_calls().into_iter().find_map(|(call, result)| {
        let arguments: serde_json::Value = serde_json::from_str(&call.arguments).unwrap_or_default();
        let search = arguments["code"].as_str().and_then(|code| search(code, bounds.cases));
        search.or_else(|| giant(&result?.content, bounds))
    })
}

fn giant(content: &str, bounds: &Bounds) -> Option<Unsuited> {
    let detail = |what: String| {
        Some(Unsuited { kind: Kind::Giant, detail: format!("{what}: {}", beginning(content)) })
    };
    let digits = content.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let characters = content.chars().count();
    if digits > bounds.digits {
        detail(format!("a number of {digits} digits"))
    } else if characters > bounds.characters {
        detail(format!("a result of {characters} characters"))
    } else {
        None
    }
}

fn beginning(text: &str) -> String {
    let line: String = text.trim().chars().take(60).collect();
    line.replace('\n', " ")
}

/// A loop that is open at the line being read.
struct Loop {
    indent: usize,
    /// None where nothing says how often it runs.
    rounds: Option<u64>,
}

/// Bytes of a line, and of an expression, that are read: what is longer was not written for people.
const LONGEST_LINE: usize = 2000;
const LONGEST_VALUE: usize = 80;

/// Whether a program goes through more than `most` cases, as far as its text tells.
fn search(code: &str, most: u64) -> Option<Unsuited> {
    let mut known: Vec<(String, u64)> = Vec::new();
    let mut open: Vec<Loop> = Vec::new();
    for line in code.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        let line = line.get(..LONGEST_LINE).unwrap_or(line);
        let indent = line.len() - line.trim_start().len();
        open.retain(|one| one.indent < indent);
        let statement = line.trim();
        let inner = rounds_of(statement, &known);
        let outer: Option<u64> =
            open.iter().map(|one| one.rounds).try_fold(1u64, |all, one| Some(all.saturating_mul(one?)));
        let loops = inner != Some(1) || open.iter().any(|one| one.rounds != Some(1));
        let cases = outer.zip(inner).map(|(outer, inner)| outer.saturating_mul(inner));
        if loops && cases.is_none_or(|cases| cases > most) && (inner != Some(1) || counts_up(statement)) {
            let estimate =
                cases.map_or("no bound can be read".to_owned(), |cases| format!("about {cases} cases"));
            return Some(Unsuited {
                kind: Kind::Search,
                detail: format!("{estimate}: {}", beginning(statement)),
            });
        }
        if statement.ends_with(':') && (statement.starts_with("for ") || statement.starts_with("while ")) {
            let rounds = if statement.starts_with("while ") { None } else { inner };
            open.push(Loop { indent, rounds });
        }
        remember(statement, &mut known);
    }
    None
}

/// A `while` loop alone may be Euclid's; one that counts upwards tries one case after the other.
fn counts_up(statement: &str) -> bool {
    statement.contains("+= 1")
        || statement.contains("+=1")
        || statement.contains("+= 2")
        || statement.ends_with("+ 1")
}

/// How many cases one line goes through by itself: 1 where it does not loop, none where no bound can be read.
fn rounds_of(statement: &str, known: &[(String, u64)]) -> Option<u64> {
    let mut rounds = 1u64;
    let mut rest = statement;
    while let Some(at) = rest.find("for ") {
        let starts_word = at == 0 || !rest.as_bytes()[at - 1].is_ascii_alphanumeric();
        rest = &rest[at + 4..];
        let Some((_, over)) = rest.split_once(" in ").filter(|_| starts_word) else { continue };
        rounds = rounds.saturating_mul(length_of(over.trim_start(), known)?);
    }
    for name in ["product(", "permutations(", "combinations("] {
        // Over something named elsewhere: how many there are cannot be read.
        if statement.contains(&format!("itertools.{name}")) && !statement.contains("for ") {
            return None;
        }
    }
    Some(rounds)
}

/// How long the thing after `in` is. What is neither a range nor an enumeration is a list that somebody wrote or found: not a search.
fn length_of(over: &str, known: &[(String, u64)]) -> Option<u64> {
    for name in ["product(", "permutations(", "combinations(", "combinations_with_replacement("] {
        if over.starts_with(name) || over.starts_with(&format!("itertools.{name}")) {
            return None;
        }
    }
    let Some(inside) = over.strip_prefix("range(").and_then(within) else {
        return Some(if over.starts_with("count(") || over.starts_with("itertools.count(") {
            return None;
        } else {
            1
        });
    };
    let parts: Vec<Option<u64>> =
        split_arguments(inside).into_iter().map(|part| value(part, known)).collect();
    match parts.as_slice() {
        [end] => *end,
        [start, end] => Some(end.as_ref()?.saturating_sub(start.unwrap_or(0))),
        [start, end, step] => {
            Some(end.as_ref()?.saturating_sub(start.unwrap_or(0)) / step.unwrap_or(1).max(1))
        }
        _ => None,
    }
}

/// The text up to the bracket that closes.
fn within(text: &str) -> Option<&str> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' if depth == 0 => return Some(&text[..at]),
            b')' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn split_arguments(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// The value of `10**4`, `n + 1`, `2*n`, `int(1e6)`, from left to right; that is enough for bounds, which need only be about right.
fn value(text: &str, known: &[(String, u64)]) -> Option<u64> {
    let text = text.trim();
    if text.len() > LONGEST_VALUE {
        return None;
    }
    let text = text.strip_prefix("int(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    if let Some((base, power)) = text.split_once("**") {
        return Some(value(base, known)?.saturating_pow(u32::try_from(value(power, known)?).ok()?));
    }
    if let Some(at) = text.rfind(['+', '-']).filter(|at| *at > 0 && !text[..*at].ends_with('e')) {
        let (left, right) = (value(&text[..at], known)?, value(&text[at + 1..], known)?);
        let sum =
            if text.as_bytes()[at] == b'+' { left.saturating_add(right) } else { left.saturating_sub(right) };
        return Some(sum);
    }
    if let Some((left, right)) = text.rsplit_once("//") {
        return value(left, known)?.checked_div(value(right, known)?);
    }
    if let Some((left, right)) = text.rsplit_once('*') {
        return Some(value(left, known)?.saturating_mul(value(right, known)?));
    }
    let literal = text.replace('_', "");
    let float =
        || literal.parse::<f64>().ok().filter(|float| (0.0..1e18).contains(float)).map(|float| float as u64);
    let number = literal.parse().ok().or_else(float);
    number.or_else(|| known.iter().rev().find(|(name, _)| name == text).map(|(_, value)| *value))
}

/// `n = 1000` is remembered.
fn remember(statement: &str, known: &mut Vec<(String, u64)>) {
    let Some((name, right)) = statement.split_once('=') else { return };
    let name = name.trim();
    let right = right.split('#').next().unwrap_or_default();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if let Some(number) = value(right, known).filter(|_| plain) {
        known.push((name.to_owned(), number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expected: Option<&str>) {
        let found = search(code, 100).map(|found| found.detail);
        assert_eq!(found.as_deref().map(|detail| detail.split(':').next().unwrap()), expected, "{code}");
    }

    #[test]
    fn searches_are_found_with_their_size() {
        check("for n in range(1000):\n    if n % 7 == 3:\n        print(n)", Some("about 1000 cases"));
        check("n = 10**4\ntotal = 0\nfor k in range(1, n + 1):\n    total += k", Some("about 10000 cases"));
        check("for a in range(20):\n    for b in range(20):\n        print(a * b)", Some("about 400 cases"));
        check("print(sum(1 for a in range(1, 50) for b in range(a, 50)))", Some("about 2450 cases"));
        check(
            "x = 1\nwhile True:\n    if x % 3 == 2 and x % 5 == 1:\n        break\n    x += 1",
            Some("no bound can be read"),
        );
        check(
            "from itertools import product\nfor p in product([0, 1], repeat=12):\n    print(p)",
            Some("no bound can be read"),
        );
        check(
            "from sympy import isprime\nprint(len([k for k in range(2, int(1e5)) if isprime(k)]))",
            Some("about 99998 cases"),
        );
        check("for k in range(f(3)):\n    print(k)", Some("no bound can be read"));
    }

    #[test]
    fn what_a_person_would_write_is_not_a_search() {
        check("print(6 * 23)", None);
        check("for k in range(1, 6):\n    print(k**2)", None);
        check("for a in range(10):\n    print(a)\nfor b in range(20):\n    print(b)", None);
        check("a, b = 84, 30\nwhile b:\n    a, b = b, a % b\nprint(a)", None);
        check("# for n in range(10**6) would do as well\nprint(math.comb(20, 10))", None);
        check("values = [3, 5, 8]\nprint(sum(v**2 for v in values))", None);
        check(
            "from sympy import solve, symbols\nx = symbols('x')\nprint([s for s in solve(x**2 - 4, x) if s > 0])",
            None,
        );
        check("print(sum(range(1, 1001)))", None);
    }

    #[test]
    fn giant_results_are_found() {
        let bounds = Bounds::default();
        for (content, expected) in [
            ("2432902008176640000", false),
            ("3.14159265358979", false),
            (
                "93326215443944152681699238856266700490715968264381621468592963895217599993229915608941463976156518286253697920827223758251185210916864000000000000000000000000",
                true,
            ),
        ] {
            assert_eq!(giant(content, &bounds).is_some(), expected, "{content}");
        }
        assert!(giant(&"x + ".repeat(200), &bounds).is_some());
    }

    #[test]
    fn hostile_code_is_read_to_the_end() {
        for code in ["for ".repeat(50_000), "range(".repeat(50_000), format!("x = {}", "1+".repeat(50_000))] {
            search(&code, 100);
        }
    }
}
