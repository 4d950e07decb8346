//! The two entry points: a gold answer read once, and a completion or a bare answer compared with it.

use crate::answer::{Shape, compare, shape};
use crate::expr::{Const, Expr};
use crate::extract::{self, Extracted, extract};
use crate::policy::{ExtractMode, Policy};
use crate::syntax::{Commas, parse_with};
use crate::text::normalize;
use crate::verdict::{Equivalence, Outcome, Stage, Verdict};
use std::borrow::Cow;

/// Texts longer than this are not read as an answer.
const MAX_ANSWER: usize = 200_000;

/// A gold answer, read and normalised once.
#[derive(Clone, Debug)]
pub struct Gold {
    source: String,
    text: String,
    reading: Reading,
    /// The choice letter, if the answer is one.
    letter: Option<char>,
}

/// A text read as an answer, with the other readings its commas allow.
#[derive(Clone, Debug)]
struct Reading {
    shape: Option<Shape>,
    /// Whether [`Commas::List`] or [`Commas::Decimal`] would read it otherwise.
    comma_seen: bool,
    words: String,
}

impl Gold {
    /// Reads a gold answer: a bare answer, a solution with `\boxed{…}`, or a GSM8K solution with `####`.
    ///
    /// ```
    /// use tirade_math::{Gold, Policy, verify};
    /// let policy = Policy::default();
    /// let gold = Gold::parse(r"so the answer is $\boxed{\frac34}$.", &policy);
    /// assert!(verify(&gold, r"\boxed{0.75}", &policy).is_correct());
    /// assert!(!verify(&gold, r"\boxed{0.7}", &policy).is_correct());
    /// ```
    pub fn parse(gold: &str, _policy: &Policy) -> Gold {
        let (text, reading) = read_gold(gold);
        let letter = choice_letter(&text);
        Gold { source: gold.to_string(), text: text.trim().to_string(), reading, letter }
    }

    /// The answer as it stood in the gold text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it could be read as mathematics or words.
    pub fn is_readable(&self) -> bool {
        self.reading.shape.is_some()
    }
}

/// The answer in a gold text and its reading.
fn read_gold(gold: &str) -> (Cow<'_, str>, Reading) {
    if let Some(text) = boxed_gold(gold) {
        let reading = Reading::new(&text);
        return (text, reading);
    }
    let trimmed = gold.trim();
    let reading = Reading::new(trimmed);
    let prose = trimmed.len() >= 300 && !matches!(reading.shape, Some(ref s) if !matches!(s, Shape::Text(_)));
    if prose
        && trimmed.len() <= MAX_ANSWER
        && let Extracted::Answer(text, _) = extract(gold, ExtractMode::Standard)
    {
        let reading = Reading::new(&text);
        return (text, reading);
    }
    (trimmed.into(), reading)
}

fn boxed_gold(gold: &str) -> Option<Cow<'_, str>> {
    if !(gold.contains("boxed") || gold.contains("####")) {
        return None;
    }
    if let Extracted::Answer(text, _) = extract(gold, ExtractMode::Strict) {
        return Some(text);
    }
    // A gold solution that was cut off inside its box still says what it says.
    let at = gold.rfind("boxed{")?;
    Some(gold[at + "boxed{".len()..].trim().into())
}

/// `C`, `(C)`, `\text{(C)}`, `(C) words`.
fn choice_letter(text: &str) -> Option<char> {
    let bare = text.trim().trim_matches('$').trim();
    let mut inner = bare;
    for wrapper in ["\\text{", "\\textbf{", "\\mathbf{", "\\mathrm{", "\\textrm{"] {
        if let Some(rest) = bare.strip_prefix(wrapper).and_then(|r| r.trim_end_matches('.').strip_suffix('}'))
        {
            inner = rest;
        }
    }
    let plain = inner.replace("\\left", "").replace("\\right", "");
    let inner = plain.trim();
    let mut chars = inner.chars();
    let first = chars.next()?;
    let rest = chars.as_str();
    if first.is_ascii_uppercase() && first <= 'J' && (rest.is_empty() || rest == "." || rest == ")") {
        return Some(first);
    }
    let mut chars = inner.strip_prefix('(')?.chars();
    let letter = chars.next().filter(|c| c.is_ascii_uppercase() && *c <= 'J')?;
    chars.next().filter(|c| *c == ')')?;
    let tail = chars.as_str().trim();
    (tail.is_empty() || tail.chars().all(|c| c.is_alphanumeric() || c == ' ')).then_some(letter)
}

impl Reading {
    fn new(text: &str) -> Reading {
        let mut reading = Reading { shape: None, comma_seen: false, words: String::new() };
        if text.len() > MAX_ANSWER {
            return reading;
        }
        match parse_with(text, Commas::Group) {
            Ok(parsed) => {
                reading.shape = Some(shape(&parsed.expr));
                reading.comma_seen = parsed.comma_seen;
            }
            Err(_) => {
                reading.words = normalize(text);
                if is_words(text) {
                    reading.shape = Some(Shape::Text(reading.words.clone().into()));
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
            all.extend(others.iter().filter_map(|c| Some(shape(&parse_with(text, *c).ok()?.expr))));
        }
        all
    }
}

/// Prose rather than a formula that could not be read: no command or operator in it.
fn is_words(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let marks = text.chars().filter(|c| matches!(c, '\\' | '^' | '_' | '=' | '+' | '{')).count();
    letters > 0 && marks == 0
}

/// Extracts the answer from a completion and compares it with the gold answer.
///
/// ```
/// use tirade_math::{Gold, Outcome, Policy, Stage, verify};
/// let policy = Policy::strict();
/// let gold = Gold::parse("42", &policy);
/// assert_eq!(verify(&gold, r"I get \boxed{42}.", &policy).outcome, Outcome::Equal);
/// assert_eq!(verify(&gold, "I get 42.", &policy).outcome, Outcome::NoAnswer);
/// let wrong = verify(&gold, r"\boxed{42 \text{ or } 43}", &policy);
/// assert_eq!((wrong.outcome, wrong.stage), (Outcome::NotEqual, Stage::Structure));
/// ```
pub fn verify(gold: &Gold, completion: &str, policy: &Policy) -> Verdict {
    if policy.extract == ExtractMode::Lenient
        && completion.trim() == gold.source.trim()
        && !completion.trim().is_empty()
    {
        let extracted = Some(clip(completion));
        return Verdict {
            outcome: Outcome::Equal,
            stage: Stage::Identical,
            reason: Cow::Borrowed("written the same way"),
            extracted,
        };
    }
    if gold.letter.is_some() && policy.extract == ExtractMode::Lenient {
        return verify_choice(gold, completion, policy);
    }
    match extract(completion, policy.extract) {
        Extracted::Answer(text, _) => verify_answer(gold, &text, policy),
        Extracted::None(reason) => Verdict {
            outcome: Outcome::NoAnswer,
            stage: Stage::Extract,
            reason: Cow::Borrowed(reason),
            extracted: None,
        },
    }
}

/// A choice letter may stand anywhere; a formula or number is not searched for.
fn verify_choice(gold: &Gold, completion: &str, policy: &Policy) -> Verdict {
    let found = extract(completion, ExtractMode::Standard);
    match found {
        Extracted::Answer(text, extract::How::Box | extract::How::Hashes) => {
            verify_answer(gold, &text, policy)
        }
        Extracted::None(reason) if completion.contains("boxed") || completion.trim().is_empty() => Verdict {
            outcome: Outcome::NoAnswer,
            stage: Stage::Extract,
            reason: Cow::Borrowed(reason),
            extracted: None,
        },
        _ => match extract::choice(completion) {
            Some(letter) => verify_answer(gold, &letter.to_string(), policy),
            None => match extract(completion, policy.extract) {
                Extracted::Answer(text, _) => verify_answer(gold, &text, policy),
                Extracted::None(reason) => Verdict {
                    outcome: Outcome::NoAnswer,
                    stage: Stage::Extract,
                    reason: Cow::Borrowed(reason),
                    extracted: None,
                },
            },
        },
    }
}

/// Compares a bare answer with the gold answer.
pub fn verify_answer(gold: &Gold, answer: &str, policy: &Policy) -> Verdict {
    let decided = decide(gold, answer, policy);
    Verdict {
        outcome: decided.outcome,
        stage: decided.stage,
        reason: decided.reason,
        extracted: Some(clip(answer)),
    }
}

/// Answers are repeated in verdicts, but not without limit.
fn clip(answer: &str) -> String {
    const LIMIT: usize = 500;
    let answer = answer.trim();
    match answer.char_indices().nth(LIMIT) {
        Some((at, _)) => format!("{}…", &answer[..at]),
        None => answer.to_string(),
    }
}

fn decide(gold: &Gold, answer: &str, policy: &Policy) -> Equivalence {
    let answer = answer.trim();
    if answer.is_empty() {
        return Equivalence {
            outcome: Outcome::NoAnswer,
            stage: Stage::Extract,
            reason: Cow::Borrowed("the answer is empty"),
        };
    }
    if answer == gold.text {
        return Equivalence::equal(Stage::Identical, "written the same way");
    }
    if answer.len() > MAX_ANSWER {
        return Equivalence::unknown(Stage::Budget, "longer than an answer may be");
    }
    if let Some(letter) = gold.letter
        && let Some(decided) = choices(letter, answer)
    {
        return decided;
    }
    let reading = Reading::new(answer);
    let first = match (&gold.reading.shape, &reading.shape) {
        (Some(g), Some(a)) => compare(g, a, policy),
        _ => unread(gold, &reading, answer),
    };
    if !first.is_equal()
        && let Some(second) = imaginary(gold, answer, policy)
    {
        return second;
    }
    if first.is_equal() || !(gold.reading.comma_seen || reading.comma_seen) {
        return first;
    }
    other_commas(gold, &reading, answer, policy).unwrap_or(first)
}

/// SymPy prints the imaginary unit as `I`: read it so where the gold has an i and no I.
fn imaginary(gold: &Gold, answer: &str, policy: &Policy) -> Option<Equivalence> {
    if !gold.text.contains('i') || gold.text.contains('I') || !answer.contains('I') {
        return None;
    }
    let shape_of =
        |e: Expr| shape(&e.map(&|e| if e == Expr::Sym("I".into()) { Expr::Const(Const::I) } else { e }));
    let a = shape_of(parse_with(answer, Commas::Group).ok()?.expr);
    let second = compare(gold.reading.shape.as_ref()?, &a, policy);
    second.is_equal().then_some(second)
}

/// `1,234` may be a number or two, `2,5` may be a decimal: the gold decides, whichever reading fits.
fn other_commas(gold: &Gold, reading: &Reading, answer: &str, policy: &Policy) -> Option<Equivalence> {
    let (golds, answers) = (gold.reading.all(&gold.text), reading.all(answer));
    let pairs = golds.iter().flat_map(|g| answers.iter().map(move |a| (g, a)));
    pairs.skip(1).map(|(g, a)| compare(g, a, policy)).find(Equivalence::is_equal)
}

fn unread(gold: &Gold, reading: &Reading, answer: &str) -> Equivalence {
    let words = if reading.words.is_empty() { normalize(answer) } else { reading.words.clone() };
    if words == normalize(&gold.text) && !words.is_empty() {
        return Equivalence::equal(Stage::Text, "the same words");
    }
    let digits = |t: &str| t.len() > 1000 && t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if digits(&gold.text) && digits(answer) && gold.text.len() == answer.len() {
        return Equivalence::not_equal(Stage::Exact, "different digits");
    }
    if gold.reading.shape.is_none() {
        return Equivalence {
            outcome: Outcome::GoldUnparsed,
            stage: Stage::Parse,
            reason: Cow::Borrowed("the gold answer could not be read"),
        };
    }
    Equivalence::unknown(Stage::Parse, "the answer could not be read")
}

/// A choice letter against an answer that is one letter, in any case, or starts with "(B)".
fn choices(gold: char, answer: &str) -> Option<Equivalence> {
    let letter = choice_letter(answer).or_else(|| match parse_with(answer, Commas::Group).ok()?.expr {
        Expr::Sym(s) if s.len() == 1 => s.chars().next(),
        Expr::Const(Const::E) => Some('E'),
        Expr::Const(Const::I) => Some('I'),
        _ => None,
    })?;
    Some(if letter.eq_ignore_ascii_case(&gold) {
        Equivalence::equal(Stage::Text, "the same choice")
    } else {
        Equivalence::not_equal(Stage::Text, "another choice")
    })
}

/// Partitions answers into classes of equal ones: the class of each answer, numbered by first appearance.
///
/// Answers that cannot be read are equal only to the same words.
///
/// ```
/// use tirade_math::{Policy, group};
/// let classes = group(&["1/2", "0.5", r"\frac{2}{4}", "2", "none"], &Policy::default());
/// assert_eq!(classes, [0, 0, 0, 1, 2]);
/// ```
pub fn group(answers: &[&str], policy: &Policy) -> Vec<usize> {
    let mut golds: Vec<Gold> = Vec::new();
    let mut seen: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    let mut classes = Vec::with_capacity(answers.len());
    for answer in answers {
        let key = answer.trim();
        let class = match seen.get(key) {
            Some(class) => *class,
            None => {
                let found = golds.iter().position(|g| same_class(g, key, policy));
                found.unwrap_or_else(|| {
                    golds.push(Gold::parse(key, policy));
                    golds.len() - 1
                })
            }
        };
        seen.insert(key, class);
        classes.push(class);
    }
    classes
}

fn same_class(representative: &Gold, answer: &str, policy: &Policy) -> bool {
    decide(representative, answer, policy).is_equal()
        || decide(&Gold::parse(answer, policy), &representative.text, policy).is_equal()
}
