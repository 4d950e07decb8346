//! A text read as an answer, and the other readings it allows when the usual one does not fit the gold.

use crate::answer::{Shape, compare, shape, spoken};
use crate::expr::{Const, Expr, Func};
use crate::operators::evaluated;
use crate::policy::Policy;
use crate::syntax::{Commas, parse_with};
use crate::text::normalize;
use crate::unit;
use crate::verdict::Equivalence;

/// Texts longer than this are not read as an answer.
pub const MAX_ANSWER: usize = 200_000;

/// A text read as an answer.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What it is, if it could be read.
    pub shape: Option<Shape>,
    /// Whether [`Commas::List`] or [`Commas::Decimal`] would read it otherwise.
    pub comma_seen: bool,
}

/// What an expression is as an answer, once its operators are written out.
fn typed(e: Expr) -> Shape {
    shape(&evaluated(e))
}

impl Reading {
    /// Reads `text`.
    pub fn new(text: &str) -> Reading {
        let mut reading = Reading { shape: None, comma_seen: false };
        if text.len() > MAX_ANSWER {
            return reading;
        }
        if let Some(words) = spelled(text) {
            reading.shape = Some(Shape::Text(words.into()));
            return reading;
        }
        match parse_with(text, Commas::Group) {
            Ok(parsed) => {
                reading.shape = Some(typed(parsed.expr));
                reading.comma_seen = parsed.comma_seen;
            }
            Err(_) => {
                if is_words(text) {
                    reading.shape = Some(Shape::Text(normalize(text).into()));
                }
            }
        }
        reading
    }

    /// Every way to read `text`, the usual one first.
    fn all(&self, text: &str) -> Vec<Shape> {
        let mut all: Vec<Shape> = self.shape.iter().cloned().collect();
        if self.comma_seen {
            let others = [Commas::List, Commas::Decimal];
            all.extend(others.iter().filter_map(|c| Some(typed(parse_with(text, *c).ok()?.expr))));
        }
        all
    }

    /// Whether this is words.
    pub fn is_words(&self) -> bool {
        matches!(self.shape, Some(Shape::Text(_)))
    }
}

/// The words of a number or a set that is spelled out: "Twenty-one", "all real numbers except 3".
fn spelled(text: &str) -> Option<String> {
    let text = text.strip_prefix("\\text{").map_or(text, |t| t.strip_suffix('}').unwrap_or(t));
    let first = text.as_bytes().first()?;
    let spelled =
        text.len() <= 80 && text.len() >= 3 && first.is_ascii_alphabetic() && text.contains(['-', ' ']);
    if !spelled {
        return None;
    }
    let letters = text.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b'-'));
    let set = ["except", "other than", "excluding", " but "].iter().any(|w| text.contains(w));
    if !(letters || set) {
        return None;
    }
    let words = normalize(text);
    let means = letters && spoken::number(&words).is_some() || set && spoken::named_set(&words).is_some();
    means.then_some(words)
}

/// Prose rather than a formula that could not be read: no command or operator in it.
fn is_words(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let marks = text.chars().filter(|c| matches!(c, '\\' | '^' | '_' | '=' | '+' | '{')).count();
    letters > 0 && marks == 0
}

/// Another reading of the answer that makes it equal to the gold, if there is one. The gold decides between them.
pub fn second(gold: (&Reading, &str), answer: (&Reading, &str), policy: &Policy) -> Option<Equivalence> {
    let golden = gold.0.shape.as_ref()?;
    let fits = |shape: Shape| Some(compare(golden, &shape, policy)).filter(Equivalence::is_equal);
    notation(gold.1, answer.1)
        .and_then(fits)
        .or_else(|| {
            let (g, a) = bare_units(golden, answer.0.shape.as_ref()?)?;
            Some(compare(&g, &a, policy)).filter(Equivalence::is_equal)
        })
        .or_else(|| {
            let (g, a) = spoken_ratio((golden, gold.1), (answer.0.shape.as_ref()?, answer.1))?;
            Some(compare(&g, &a, policy)).filter(Equivalence::is_equal)
        })
        .or_else(|| other_commas(gold, answer, policy))
}

/// Other notations: a base in words, SymPy prints the imaginary unit as `I`, calculators write C(10, 2) for a binomial.
fn notation(gold: &str, answer: &str) -> Option<Shape> {
    let imaginary = answer.contains('I') && gold.contains('i') && !gold.contains('I');
    let counting = |name: char| {
        let at = answer.find(name).map(|i| answer[i + 1..].trim_start().starts_with('('));
        at == Some(true) && !gold.contains(name)
    };
    if let Some(numeral) = numeral(answer) {
        return Some(shape(&parse_with(&numeral, Commas::Group).ok()?.expr));
    }
    if !(imaginary || counting('C') || counting('P')) {
        return None;
    }
    let read = |e| match e {
        Expr::Sym(s) if s == "I" && imaginary => Expr::Const(Const::I),
        Expr::Apply(f, args) if f == "C" && args.len() == 2 => Expr::Call(Func::Binom, args),
        Expr::Apply(f, args) if f == "P" && args.len() == 2 => Expr::Call(Func::Perm, args),
        other => other,
    };
    Some(shape(&parse_with(answer, Commas::Group).ok()?.expr.map(&read)))
}

/// "1101 (base 2)", "1101 in base 2" as `1101_{2}`.
fn numeral(text: &str) -> Option<String> {
    let (digits, base) = text.split_once("base")?;
    let digits = digits.trim_end_matches(['(', ' ', '{']).trim_end_matches("\\text").trim_end();
    let digits = digits.strip_suffix(" in").unwrap_or(digits).trim();
    let base = base.trim_matches([' ', ')', '}', '.', '$', '-']);
    let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric());
    (plain(digits) && plain(base) && base.len() < 8).then(|| format!("{digits}_{{{base}}}"))
}

/// `9.8 m/s^2`, `5 h`: letters behind a number are a unit, not variables, when the other side has such a unit.
fn bare_units(gold: &Shape, answer: &Shape) -> Option<(Shape, Shape)> {
    let (Shape::Value(g), Shape::Value(a)) = (gold, answer) else { return None };
    let known = |v: &crate::answer::Value| v.unit.clone().filter(|u| unit::is_canonical(u));
    match (known(g), known(a)) {
        (Some(wanted), _) => Some((gold.clone(), with_letters_as_unit(a, &wanted)?)),
        (None, Some(wanted)) => Some((with_letters_as_unit(g, &wanted)?, answer.clone())),
        (None, None) => None,
    }
}

/// A number times letters as a quantity, if the letters are a unit of the wanted kind.
fn with_letters_as_unit(value: &crate::answer::Value, wanted: &str) -> Option<Shape> {
    let Expr::Mul(factors) = &value.scalar.expr else { return None };
    let number = factors.first().filter(|f| f.as_rational().is_some())?;
    let spelled: Option<String> = factors[1..].iter().map(|f| letter_power(f, 1)).collect();
    let found = unit::canonical(&spelled?);
    (unit::same(wanted, &found) || unit::conversion(&found, wanted).is_some())
        .then(|| shape(&Expr::Quantity(Box::new(number.clone()), found.into())))
}

/// ` s^-2` for a letter raised to whole powers.
fn letter_power(e: &Expr, power: i64) -> Option<String> {
    match e {
        Expr::Sym(name) => Some(format!(" {name}^{power}")),
        Expr::Pow(base, exponent) => letter_power(base, power.checked_mul(exponent.as_i64()?)?),
        _ => None,
    }
}

/// "2 to 3" for 2 : 3, on either side.
fn spoken_ratio(gold: (&Shape, &str), answer: (&Shape, &str)) -> Option<(Shape, Shape)> {
    let read = |text: &str| Some(shape(&parse_with(&text.replace(" to ", " : "), Commas::Group).ok()?.expr));
    match (gold, answer) {
        ((g @ Shape::Ratio(_), _), (_, said)) if said.contains(" to ") => Some((g.clone(), read(said)?)),
        ((_, said), (a @ Shape::Ratio(_), _)) if said.contains(" to ") => Some((read(said)?, a.clone())),
        _ => None,
    }
}

/// `1,234` may be a number or two, `2,5` may be a decimal: the gold decides, whichever reading fits.
fn other_commas(gold: (&Reading, &str), answer: (&Reading, &str), policy: &Policy) -> Option<Equivalence> {
    if !(gold.0.comma_seen || answer.0.comma_seen) {
        return None;
    }
    let (golds, answers) = (gold.0.all(gold.1), answer.0.all(answer.1));
    let pairs = golds.iter().flat_map(|g| answers.iter().map(move |a| (g, a)));
    pairs.skip(1).map(|(g, a)| compare(g, a, policy)).find(Equivalence::is_equal)
}
