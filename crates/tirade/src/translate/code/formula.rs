//! LaTeX of how a value was computed, names standing for their values.

use tirade_math::Expr;

use super::value::Number;

/// A formula, how tightly it binds, and how it is worked out.
///
/// What a student has to do in one line is one operation at a time, so a formula knows the lines between itself and its value:
/// `30 \cdot 183 + 35 \cdot 182` is `5490 + 6370`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Formula {
    pub text: String,
    pub level: Level,
    /// The value is only near to it: it was rounded.
    pub rounded: bool,
    /// The same after its innermost operations, and so on; the value itself is not one of them.
    lines: Vec<Line>,
    /// How the value stands in a larger formula.
    value: Option<Line>,
    chain: Chain,
    /// The decimal that was rounded.
    near: Option<String>,
}

/// A formula as it is written.
#[derive(Clone, Debug, Default, PartialEq)]
struct Line {
    text: String,
    level: Level,
}

/// What the outermost operation is, loosest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A remainder: `7 \bmod 3`.
    Loose,
    /// Sums, and whatever has a sign in front.
    Sum,
    Product,
    Power,
    #[default]
    Atom,
}

/// Terms or factors in a row are worked out together: `2 \cdot 3 + 4 \cdot 5 + 6` is `6 + 20 + 6`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Chain {
    #[default]
    None,
    Sum,
    Product,
}

/// Lines between a formula and its value that are shown, the last ones.
const MOST_LINES: usize = 3;
/// Longer lines are left out.
const LONGEST_LINE: usize = 160;

impl Line {
    /// In parentheses where it binds less tightly.
    fn at(&self, level: Level) -> String {
        if self.level >= level { self.text.clone() } else { format!("\\left({}\\right)", self.text) }
    }

    /// Behind an operator: what begins with a sign is in parentheses.
    fn behind(&self, level: Level) -> String {
        self.at(if self.text.starts_with('-') { Level::Atom } else { level })
    }
}

impl Line {
    /// `2 \cdot 3`, `2x`, `16\left(x + 5\right)`.
    fn times(&self, other: &Self) -> String {
        let (a, b) = (self.at(Level::Product), other.behind(Level::Product));
        let side_by_side = b.starts_with(|c: char| c.is_ascii_alphabetic())
            || b.starts_with("\\left(") && has_letters(&other.text)
            || a.ends_with("\\right)") && has_letters(&self.text) && b.starts_with("\\left(");
        if side_by_side { format!("{a}{b}") } else { format!("{a} \\cdot {b}") }
    }
}

/// Whether variables occur: letters that are no part of a command such as `\frac`.
pub(super) fn has_letters(tex: &str) -> bool {
    tex.split('\\').enumerate().any(|(index, part)| {
        let rest = if index == 0 { part } else { part.trim_start_matches(|c: char| c.is_ascii_alphabetic()) };
        rest.contains(|c: char| c.is_ascii_alphabetic())
    })
}

/// The same characters in another order: `6 + x` and `x + 6`.
fn reordered(a: &str, b: &str) -> bool {
    let sorted = |text: &str| {
        let mut all: Vec<char> = text.replace("\\cdot", "").chars().filter(|c| !c.is_whitespace()).collect();
        all.sort_unstable();
        all
    };
    sorted(a) == sorted(b)
}

impl Formula {
    pub fn new(text: impl Into<String>, level: Level) -> Self {
        Self { text: text.into(), level, ..Self::default() }
    }

    pub fn atom(text: impl Into<String>) -> Self {
        Self::new(text, Level::Atom)
    }

    /// The value itself.
    pub fn of(number: &Number) -> Self {
        let text = number.tex();
        let level = match &number.expr {
            _ if text.starts_with('-') => Level::Sum,
            Expr::Add(_) => Level::Sum,
            Expr::Mul(_) => Level::Product,
            Expr::Pow(..) => Level::Power,
            Expr::Num(_) if text.starts_with("\\frac") => Level::Power,
            _ => Level::Atom,
        };
        Self::new(text, level)
    }

    /// The formula of this value.
    pub fn with_value(self, number: &Number) -> Self {
        self.worth(&Self::of(number))
    }

    /// The formula of what is written so.
    pub fn worth(self, value: &Self) -> Self {
        Self { value: Some(Line { text: value.text.clone(), level: value.level }), ..self }
    }

    /// The same, rounded from this decimal.
    pub fn rounded_from(&self, value: Option<f64>) -> Self {
        Self { rounded: true, near: value.map(|value| format!("{value:.6}")), ..self.clone() }
    }

    /// The same with these lines before its value.
    pub fn through(self, lines: &[String]) -> Self {
        let lines = lines.iter().map(|text| Line { text: text.clone(), level: self.level }).collect();
        Self { lines, ..self }
    }

    /// How it is written, line by line, up to the value; `open` without it.
    fn written(&self, open: bool) -> Vec<Line> {
        let first = Line { text: self.text.clone(), level: self.level };
        let value = self.value.iter().filter(|_| !open);
        let mut lines: Vec<Line> = [&first].into_iter().chain(&self.lines).chain(value).cloned().collect();
        lines.dedup_by(|next, line| next.text == line.text);
        lines
    }

    /// A formula of others: `join` writes it with each of them on some line.
    fn made(parts: &[&Self], written: &[Vec<Line>], join: impl Fn(&[&Line]) -> Line) -> Self {
        let count = written.iter().map(Vec::len).max().unwrap_or(0);
        let line = |index: usize| {
            let parts: Vec<&Line> =
                written.iter().filter_map(|lines| lines.get(index).or_else(|| lines.last())).collect();
            join(&parts)
        };
        let Line { text, level } = line(0);
        let mut lines: Vec<Line> =
            (1..count).map(line).filter(|line| line.text.len() <= LONGEST_LINE).collect();
        lines.drain(..lines.len().saturating_sub(MOST_LINES));
        Self { text, level, lines, rounded: parts.iter().any(|part| part.rounded), ..Self::default() }
    }

    /// The formula of a binary operation.
    pub fn binary(operator: &str, a: &Self, b: &Self) -> Option<Self> {
        let chain = match operator {
            "+" | "-" => Chain::Sum,
            "*" => Chain::Product,
            _ => Chain::None,
        };
        let in_chain = |part: &Self| chain != Chain::None && part.chain == chain;
        let written = [a.written(in_chain(a)), b.written(in_chain(b) && operator != "-")];
        let join: fn(&Line, &Line) -> (String, Level) = match operator {
            "+" => |a, b| (format!("{} + {}", a.at(Level::Sum), b.behind(Level::Sum)), Level::Sum),
            "-" => |a, b| (format!("{} - {}", a.at(Level::Sum), b.behind(Level::Product)), Level::Sum),
            "*" => |a, b| (a.times(b), Level::Product),
            "/" => |a, b| (format!("\\frac{{{}}}{{{}}}", a.text, b.text), Level::Power),
            "//" => |a, b| {
                let quotient = format!("\\frac{{{}}}{{{}}}", a.text, b.text);
                (format!("\\left\\lfloor {quotient} \\right\\rfloor"), Level::Atom)
            },
            "%" => |a, b| (format!("{} \\bmod {}", a.at(Level::Atom), b.at(Level::Atom)), Level::Loose),
            "**" => |a, b| (format!("{}^{{{}}}", a.at(Level::Atom), b.text), Level::Power),
            _ => return None,
        };
        let join = |parts: &[&Line]| {
            let (text, level) = join(parts[0], parts[1]);
            Line { text, level }
        };
        Some(Self { chain, ..Self::made(&[a, b], &written, join) })
    }

    pub fn negated(&self) -> Self {
        let join =
            |parts: &[&Line]| Line { text: format!("-{}", parts[0].at(Level::Product)), level: Level::Sum };
        Self::made(&[self], &[self.written(false)], join)
    }

    /// `\sqrt{…}` and others: `before`, the formula, `after`.
    pub fn wrapped(&self, before: &str, after: &str) -> Self {
        let join =
            |parts: &[&Line]| Line { text: format!("{before}{}{after}", parts[0].text), level: Level::Atom };
        Self::made(&[self], &[self.written(false)], join)
    }

    /// `n!`
    pub fn factorial(&self) -> Self {
        let join =
            |parts: &[&Line]| Line { text: format!("{}!", parts[0].at(Level::Atom)), level: Level::Power };
        Self::made(&[self], &[self.written(false)], join)
    }

    /// `name(a, b)`
    pub fn call(name: &str, args: &[Self]) -> Self {
        let join = |parts: &[&Line]| {
            let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
            Line { text: format!("{name}({})", texts.join(", ")), level: Level::Atom }
        };
        let written: Vec<Vec<Line>> = args.iter().map(|arg| arg.written(false)).collect();
        Self::made(&args.iter().collect::<Vec<_>>(), &written, join)
    }

    /// `formula = … = value`, or only the value where they read the same.
    pub fn equated(&self, value: &str) -> String {
        if self.text == value || self.text.is_empty() {
            return value.to_owned();
        }
        let symbolic = has_letters(value);
        let mut lines: Vec<String> = self.written(true).into_iter().map(|line| line.text).collect();
        lines.retain(|line| line != value && !(symbolic && reordered(line, value)));
        match (lines.is_empty(), self.rounded, &self.near) {
            (true, ..) => value.to_owned(),
            (_, false, _) => format!("{} = {value}", lines.join(" = ")),
            (_, true, Some(near)) if near != value => {
                format!("{} \\approx {near} \\approx {value}", lines.join(" = "))
            }
            (_, true, _) => format!("{} \\approx {value}", lines.join(" = ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_stand_where_they_must() {
        let atom = Formula::atom;
        let sum = Formula::binary("+", &atom("1"), &atom("2")).unwrap();
        let minus = atom("3").negated();
        let rest = Formula::binary("%", &atom("7"), &atom("2")).unwrap();
        for (operator, a, b, expected) in [
            ("*", &sum, &atom("3"), "\\left(1 + 2\\right) \\cdot 3"),
            ("-", &atom("3"), &sum, "3 - \\left(1 + 2\\right)"),
            ("+", &atom("3"), &minus, "3 + \\left(-3\\right)"),
            ("**", &minus, &atom("2"), "\\left(-3\\right)^{2}"),
            ("/", &sum, &atom("3"), "\\frac{1 + 2}{3}"),
            ("%", &sum, &atom("3"), "\\left(1 + 2\\right) \\bmod 3"),
            ("+", &rest, &atom("3"), "\\left(7 \\bmod 2\\right) + 3"),
            ("*", &atom("16"), &Formula::new("2x + 5", Level::Sum), "16\\left(2x + 5\\right)"),
            ("*", &atom("2"), &atom("x"), "2x"),
        ] {
            assert_eq!(Formula::binary(operator, a, b).unwrap().text, expected);
        }
    }

    #[test]
    fn a_formula_is_worked_out_from_the_inside() {
        let number = |value: i64| Formula::atom(value.to_string()).with_value(&Number::int(value));
        let make = |operator: &str, a: &Formula, b: &Formula, value: i64| {
            Formula::binary(operator, a, b).unwrap().with_value(&Number::int(value))
        };
        let product = |a: i64, b: i64| make("*", &number(a), &number(b), a * b);
        let sum = make("+", &product(2, 3), &product(4, 5), 26);
        let squares =
            [-3, 4].map(|base| make("**", &Formula::of(&Number::int(base)), &number(2), base * base));
        let difference = make("-", &number(9), &make("+", &number(3), &number(2), 5), 4);
        for (formula, value, expected) in [
            (product(2, 3), "6", "2 \\cdot 3 = 6"),
            (sum.clone(), "26", "2 \\cdot 3 + 4 \\cdot 5 = 6 + 20 = 26"),
            (make("+", &sum, &number(6), 32), "32", "2 \\cdot 3 + 4 \\cdot 5 + 6 = 6 + 20 + 6 = 32"),
            (difference, "4", "9 - \\left(3 + 2\\right) = 9 - 5 = 4"),
            (
                make("+", &squares[0], &squares[1], 25).wrapped("\\sqrt{", "}"),
                "5",
                "\\sqrt{\\left(-3\\right)^{2} + 4^{2}} = \\sqrt{9 + 16} = \\sqrt{25} = 5",
            ),
        ] {
            assert_eq!(formula.equated(value), expected);
        }
    }
}
