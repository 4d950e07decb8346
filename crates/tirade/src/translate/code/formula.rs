//! LaTeX of how a value was computed, one step deep: names stand for their values.

use tirade_math::Expr;

use super::value::Number;

/// A formula and how tightly it binds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Formula {
    pub text: String,
    pub level: Level,
    /// The value is only near to it: it was rounded.
    pub rounded: bool,
}

/// What the outermost operation is, loosest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Sums, and whatever has a sign in front.
    Sum,
    Product,
    Power,
    #[default]
    Atom,
}

impl Formula {
    pub fn new(text: impl Into<String>, level: Level) -> Self {
        Self { text: text.into(), level, rounded: false }
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

    /// In parentheses where it binds less tightly.
    fn at(&self, level: Level) -> String {
        if self.level >= level { self.text.clone() } else { format!("\\left({}\\right)", self.text) }
    }

    fn made(text: String, level: Level, parts: &[&Self]) -> Self {
        Self { text, level, rounded: parts.iter().any(|part| part.rounded) }
    }

    /// The formula of a binary operation.
    pub fn binary(operator: &str, a: &Self, b: &Self) -> Option<Self> {
        let behind = |level| if b.text.starts_with('-') { b.at(Level::Atom) } else { b.at(level) };
        let (text, level) = match operator {
            "+" => (format!("{} + {}", a.text, behind(Level::Sum)), Level::Sum),
            "-" => (format!("{} - {}", a.text, behind(Level::Product)), Level::Sum),
            "*" => (format!("{} \\cdot {}", a.at(Level::Product), behind(Level::Product)), Level::Product),
            "/" => (format!("\\frac{{{}}}{{{}}}", a.text, b.text), Level::Power),
            "//" => {
                (format!("\\left\\lfloor \\frac{{{}}}{{{}}} \\right\\rfloor", a.text, b.text), Level::Atom)
            }
            "%" => (format!("{} \\bmod {}", a.at(Level::Atom), b.at(Level::Atom)), Level::Sum),
            "**" => (format!("{}^{{{}}}", a.at(Level::Atom), b.text), Level::Power),
            _ => return None,
        };
        Some(Self::made(text, level, &[a, b]))
    }

    pub fn negated(&self) -> Self {
        Self::made(format!("-{}", self.at(Level::Product)), Level::Sum, &[self])
    }

    /// `\sqrt{…}` and others: `before`, the formula, `after`.
    pub fn wrapped(&self, before: &str, after: &str) -> Self {
        Self::made(format!("{before}{}{after}", self.text), Level::Atom, &[self])
    }

    /// `n!`
    pub fn factorial(&self) -> Self {
        Self::made(format!("{}!", self.at(Level::Atom)), Level::Power, &[self])
    }

    /// `name(a, b)`
    pub fn call(name: &str, args: &[Self]) -> Self {
        let texts: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();
        Self::made(format!("{name}({})", texts.join(", ")), Level::Atom, &args.iter().collect::<Vec<_>>())
    }

    /// `formula = value`, or only the value where they read the same.
    pub fn equated(&self, value: &str) -> String {
        match (self.text == value || self.text.is_empty(), self.rounded) {
            (true, _) => value.to_owned(),
            (false, false) => format!("{} = {value}", self.text),
            (false, true) => format!("{} \\approx {value}", self.text),
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
        for (operator, a, b, expected) in [
            ("*", &sum, &atom("3"), "\\left(1 + 2\\right) \\cdot 3"),
            ("-", &atom("3"), &sum, "3 - \\left(1 + 2\\right)"),
            ("+", &atom("3"), &minus, "3 + \\left(-3\\right)"),
            ("**", &minus, &atom("2"), "\\left(-3\\right)^{2}"),
            ("/", &sum, &atom("3"), "\\frac{1 + 2}{3}"),
            ("%", &sum, &atom("3"), "\\left(1 + 2\\right) \\bmod 3"),
        ] {
            assert_eq!(Formula::binary(operator, a, b).unwrap().text, expected);
        }
    }
}
