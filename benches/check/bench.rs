//! What the checks on prose find, and whom they accuse wrongly. See `README.md` beside it.

use std::io::BufRead;
use std::time::Instant;

use serde_json::Value;
use tirade::translate::check::{Case, Finding, Kind, check};
use tirade_math::{Statement, Truth, Why, check_prose};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, path, rest @ ..] = arguments.as_slice() else { usage() };
    let number = |i: usize| rest.get(i).map_or(0, |text| text.parse().unwrap_or_else(|_| usage()));
    let rows = rows(path, number(0), number(1).max(1));
    match mode.as_str() {
        "human" => human(&rows),
        "planted" => planted(&rows),
        "labelled" => labelled(&rows),
        "fuzz" => fuzz(&rows, number(0).max(1)),
        _ => usage(),
    }
}

fn usage() -> ! {
    eprintln!("check_bench human|planted FILE [PART OF] | labelled FILE | fuzz FILE [ROUNDS]");
    std::process::exit(2)
}

fn rows(path: &str, part: usize, of: usize) -> Vec<Value> {
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    let lines = std::io::BufReader::new(file).lines().map(|line| line.expect("UTF-8"));
    let part = if of == 1 { 0 } else { part };
    lines.skip(part).step_by(of).map(|line| serde_json::from_str(&line).expect("JSON")).collect()
}

fn field<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

fn case<'a>(row: &'a Value, text: &'a str) -> Case<'a> {
    let gold = if row["gold"].is_string() { field(row, "gold") } else { field(row, "answer") };
    Case { problem: field(row, "problem"), gold, text, ..Case::default() }
}

fn percent(part: usize, whole: usize) -> String {
    format!("{part} of {whole} ({:.2} %)", 100.0 * part as f64 / whole.max(1) as f64)
}

/// User and system time of this process, in seconds.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap_or(0.0) + fields[12].parse::<f64>().unwrap_or(0.0)) / 100.0
}

/// False alarms, coverage and speed on solutions that people wrote.
fn human(rows: &[Value]) {
    let (mut accused, mut any) = (0, 0);
    let mut kinds = std::collections::BTreeMap::new();
    let mut slowest = (0.0, String::new());
    let started = processor_time();
    for row in rows {
        let before = Instant::now();
        let findings = check(&case(row, field(row, "solution")));
        let milliseconds = before.elapsed().as_secs_f64() * 1e3;
        if milliseconds > slowest.0 {
            slowest = (milliseconds, row["id"].to_string());
        }
        let false_statement = findings.iter().any(|f| f.kind == Kind::Equation);
        accused += usize::from(false_statement);
        any += usize::from(!findings.is_empty());
        let mut seen: Vec<Kind> = findings.iter().map(|f| f.kind).collect();
        seen.dedup();
        for kind in seen {
            *kinds.entry(kind.as_str()).or_insert(0) += 1;
        }
        if std::env::var_os("SHOW").is_some() {
            show(row, &findings);
        }
    }
    let seconds = processor_time() - started;
    println!("solutions accused of a false statement: {}", percent(accused, rows.len()));
    println!("solutions with any finding: {}; by kind {kinds:?}", percent(any, rows.len()));
    coverage(rows);
    println!(
        "{:.0} solutions per CPU-second; slowest {:.1} ms ({})",
        rows.len() as f64 / seconds,
        slowest.0,
        slowest.1
    );
}

fn show(row: &Value, findings: &[Finding]) {
    for finding in findings {
        println!("{} {}: {}", row["id"], finding.kind.as_str(), finding.message);
    }
}

/// How many statements were read and decided.
fn coverage(rows: &[Value]) {
    let mut counts = [[0usize; 3]; 2];
    for row in rows {
        for statement in check_prose(field(row, "problem"), field(row, "solution")) {
            let count = &mut counts[usize::from(statement.display)];
            count[0] += 1;
            count[1] += usize::from(statement.read);
            count[2] += usize::from(statement.truth != Truth::Undecided);
        }
    }
    for (name, [all, read, decided]) in [("inline", counts[0]), ("displayed", counts[1])] {
        println!("{name} equations: read {}, decided {}", percent(read, all), percent(decided, all));
    }
}

/// Small deterministic random numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides.max(1) as u64) as usize
    }
}

/// One changed number or operator in one equation of a solution that had no finding.
fn planted(rows: &[Value]) {
    let mut dice = Dice(20_261_123);
    let [mut all, mut found, mut rejected, mut decided, mut decided_found, mut outside] = [0; 6];
    let [mut harmless, mut harmless_decided, mut decided_rejected] = [0; 3];
    for row in rows {
        let text = field(row, "solution");
        let before = check_prose(field(row, "problem"), text);
        if before.is_empty() || before.iter().any(|s| s.truth == Truth::False) {
            continue;
        }
        let chosen = &before[dice.roll(before.len())];
        let Some(changed) = plant(text, chosen, &mut dice) else { continue };
        let after = check(&case(row, &changed));
        let was_decided = chosen.truth == Truth::True;
        let refused =
            after.iter().any(|f| matches!(f.kind, Kind::Equation | Kind::Answer | Kind::UnderivedAnswer));
        if after.iter().all(|f| f.kind != Kind::Equation) && is_still_true(row, &before, chosen, &changed) {
            harmless += 1;
            harmless_decided += usize::from(was_decided);
        }
        let accused: Vec<_> = after.iter().filter(|f| f.kind == Kind::Equation).collect();
        let caught = !accused.is_empty();
        all += 1;
        found += usize::from(caught);
        rejected += usize::from(refused);
        decided_rejected += usize::from(refused && was_decided);
        decided += usize::from(was_decided);
        decided_found += usize::from(caught && was_decided);
        outside += usize::from(
            caught && !accused.iter().any(|f| f.start < chosen.span.end && chosen.span.start < f.end),
        );
        if std::env::var_os("SHOW").is_some() && !caught {
            let from = chosen.span.start;
            let to = (chosen.span.end + 2).min(changed.len());
            println!(
                "{} {:?} missed: {:?} for {:?}",
                row["id"],
                chosen.why,
                changed.get(from..to),
                &text[chosen.span.clone()]
            );
        }
    }
    println!("changes found: {}", percent(found, all));
    println!("changes found or the answer refused: {}", percent(rejected, all));
    println!("changes found where the equation was decided before: {}", percent(decided_found, decided));
    println!("found or refused where decided before: {}", percent(decided_rejected, decided));
    println!(
        "missed changes after which the equation is true by itself: {harmless}, where decided {harmless_decided}"
    );
    println!(
        "without those: found {}, where decided {}",
        percent(found, all - harmless),
        percent(decided_found, decided - harmless_decided)
    );
    println!(
        "found changes whose finding is elsewhere than in the changed equation: {}",
        percent(outside, found)
    );
}

/// Whether no error was planted: `9 < 13` for `9 < 10`, `x + 0` for `x - 0`.
fn is_still_true(row: &Value, before: &[Statement], chosen: &Statement, changed: &str) -> bool {
    let at = before.iter().position(|statement| statement.span == chosen.span);
    let after = check_prose(field(row, "problem"), changed);
    at.and_then(|at| after.get(at)).is_some_and(|s| s.truth == Truth::True && s.why == Why::Itself)
}

/// The text with one number or operator of the statement changed.
fn plant(text: &str, statement: &Statement, dice: &mut Dice) -> Option<String> {
    let places = places(text, statement);
    let (start, end) = *places.get(dice.roll(places.len()))?;
    let old = &text[start..end];
    let new = match old {
        "+" => "-".to_owned(),
        "-" => "+".to_owned(),
        "*" | "\\cdot" | "\\times" => " + ".to_owned(),
        number => other_number(number, dice)?,
    };
    Some(format!("{}{new}{}", &text[..start], &text[end..]))
}

/// Another number of the same form, 1 to 9 away.
fn other_number(number: &str, dice: &mut Dice) -> Option<String> {
    let value: u64 = number.parse().ok()?;
    let step = 1 + dice.roll(9) as u64;
    Some(if dice.roll(2) == 0 && value > step { value - step } else { value + step }.to_string())
}

/// Where the numbers and operators of a statement are; not in indices, calculator marks and names of environments.
fn places(text: &str, statement: &Statement) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = statement.span.start;
    while at < statement.span.end {
        let rest = &text[at..statement.span.end];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length = if rest.starts_with("<<") {
            rest.find(">>").map_or(rest.len(), |n| n + 2)
        } else if digits > 0 {
            let index = at > 0 && bytes[at - 1] == b'_' || at > 1 && &bytes[at - 2..at] == b"_{";
            if !index && digits < 12 {
                found.push((at, at + digits));
            }
            digits
        } else if let Some(operator) =
            ["+", "-", "*", "\\cdot", "\\times"].iter().find(|o| rest.starts_with(**o))
        {
            let command = rest.as_bytes().get(operator.len()).is_some_and(u8::is_ascii_alphabetic)
                && operator.starts_with('\\');
            if !command {
                found.push((at, at + operator.len()));
            }
            operator.len()
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += length;
    }
    found
}

/// Mistakes marked by people in solutions that models wrote.
fn labelled(rows: &[Value]) {
    let [mut wrong, mut found, mut located, mut right, mut accused] = [0; 5];
    for row in rows {
        let findings = check(&case(row, field(row, "response")));
        let equations: Vec<_> = findings.into_iter().filter(|f| f.kind == Kind::Equation).collect();
        if row["label"] == true {
            right += 1;
            accused += usize::from(!equations.is_empty());
        } else {
            wrong += 1;
            found += usize::from(!equations.is_empty());
            let step = &row["first_wrong_step"];
            let (from, to) = (step[0].as_u64().unwrap_or(0) as usize, step[1].as_u64().unwrap_or(0) as usize);
            located += usize::from(equations.iter().any(|f| f.start < to && from < f.end));
        }
        if std::env::var_os("SHOW").is_some() {
            println!("-- label {} step {}", row["label"], row["first_wrong_step"]);
            show(row, &equations);
        }
    }
    println!(
        "wrong solutions with a false statement found: {} (in the marked step: {located})",
        percent(found, wrong)
    );
    println!("right solutions accused: {}", percent(accused, right));
}

/// Mutated texts: nothing may panic or take long.
fn fuzz(rows: &[Value], rounds: usize) {
    const PIECES: [&str; 16] = [
        "$",
        "\\[",
        "\\]",
        "{",
        "}",
        "\\frac",
        "=",
        "\\begin{align*}",
        "\\end{align*}",
        "\\\\",
        "&",
        "(",
        "\u{2264}",
        "^{",
        "9^{9^{9^9}}",
        "\\left(",
    ];
    let mut dice = Dice(7);
    let mut slowest = 0.0f64;
    for round in 0..rounds {
        let row = &rows[dice.roll(rows.len())];
        let mut text = field(row, "solution").to_owned();
        for _ in 0..1 + dice.roll(6) {
            let mut at = dice.roll(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match dice.roll(4) {
                0 => text.insert_str(at, PIECES[dice.roll(PIECES.len())]),
                1 => text.truncate(at),
                2 => text = format!("{}{}", &text[at..], &text[..at]),
                _ => text = format!("{text}{}", PIECES[dice.roll(PIECES.len())].repeat(1 + dice.roll(50))),
            }
        }
        let before = Instant::now();
        let findings = check(&case(row, &text));
        assert!(findings.iter().all(|f| text.get(f.start..f.end).is_some()), "a span outside of {text:?}");
        let milliseconds = before.elapsed().as_secs_f64() * 1e3;
        slowest = slowest.max(milliseconds);
        if milliseconds > 100.0 {
            println!("round {round}: {milliseconds:.0} ms for {text:?}");
        }
    }
    println!("{rounds} texts, no panic, slowest {slowest:.1} ms");
}
