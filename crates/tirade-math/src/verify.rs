//! The two entry points: a gold answer read once, and a completion or a bare answer compared with it.

use crate::answer::compare;
use crate::choice::{self, Choice};
use crate::extract::{self, Extracted, extract};
use crate::fuel;
use crate::policy::{ExtractMode, Policy};
use crate::reading::{self, MAX_ANSWER, Reading};
use crate::text::{layout_free, normalize};
use crate::verdict::{Equivalence, Outcome, Stage, Verdict};
use std::borrow::Cow;

/// A gold answer, read and normalised once.
#[derive(Clone, Debug)]
pub struct Gold {
    source: String,
    text: String,
    reading: Reading,
    /// The choice letter, if the answer is one.
    choice: Option<Choice>,
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
        let (text, reading) = fuel::within(fuel::READING, || read_gold(gold));
        let choice = choice::read(&text);
        Gold { source: gold.to_string(), text: text.trim().to_string(), reading, choice }
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
    let trimmed = unmarked(gold.trim());
    let reading = Reading::new(trimmed);
    let prose = trimmed.len() >= 300 && (reading.shape.is_none() || reading.is_words());
    let says_so = ["answer is", "answer:"].iter().any(|p| trimmed.contains(p));
    if (prose || says_so)
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
    if gold.choice.is_some() && policy.extract == ExtractMode::Lenient {
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
    let decided = gold.decide(answer, policy);
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

impl Gold {
    /// Compares a bare answer, within the allowance of one comparison.
    pub(crate) fn decide(&self, answer: &str, policy: &Policy) -> Equivalence {
        fuel::within(fuel::COMPARISON, || {
            let decided = self.decided(answer, policy);
            // What was not looked at for want of fuel might have decided otherwise.
            if fuel::is_empty() {
                return Equivalence::unknown(Stage::Budget, "the allowance of operations is used up");
            }
            decided
        })
    }

    fn decided(&self, answer: &str, policy: &Policy) -> Equivalence {
        let answer = unmarked(answer.trim());
        if crate::text::is_blank(answer) {
            return Equivalence {
                outcome: Outcome::NoAnswer,
                stage: Stage::Extract,
                reason: Cow::Borrowed("the answer is empty"),
            };
        }
        if answer == self.text {
            return Equivalence::equal(Stage::Identical, "written the same way");
        }
        if answer.len() > MAX_ANSWER {
            return Equivalence::unknown(Stage::Budget, "longer than an answer may be");
        }
        if let Some(choice) = &self.choice
            && let Some(decided) = choice::compare(choice, answer)
        {
            return decided;
        }
        let first = self.compare(answer, policy);
        if first.is_equal() {
            return first;
        }
        // One side is a choice with its content: the content counts.
        let content = match &self.choice {
            Some(choice) if !choice.content.is_empty() => {
                Gold::parse(&choice.content, policy).compare(answer, policy)
            }
            Some(_) => return first,
            None => match choice::read(answer) {
                Some(choice) if !choice.content.is_empty() => self.compare(&choice.content, policy),
                _ => return first,
            },
        };
        if content.is_equal() { content } else { first }
    }

    fn compare(&self, answer: &str, policy: &Policy) -> Equivalence {
        let reading = Reading::new(answer);
        let first = match (&self.reading.shape, &reading.shape) {
            (Some(g), Some(a)) => compare(g, a, policy),
            _ => self.unread(&reading, answer),
        };
        if first.is_equal() {
            return first;
        }
        reading::second((&self.reading, &self.text), (&reading, answer), policy).unwrap_or(first)
    }

    /// The verdict when a side could not be read: only the same text is the same answer.
    fn unread(&self, answer: &Reading, text: &str) -> Equivalence {
        if self.reading.is_words() || answer.is_words() {
            let words = normalize(text);
            if words == normalize(&self.text) && !words.is_empty() {
                return Equivalence::equal(Stage::Text, "the same words");
            }
        }
        if layout_free(text) == layout_free(&self.text) && splits_numbers(text) == splits_numbers(&self.text)
        {
            return Equivalence::equal(Stage::Text, "the same text");
        }
        let digits = |t: &str| t.len() > 1000 && t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if digits(&self.text) && digits(text) && self.text.len() == text.len() {
            return Equivalence::not_equal(Stage::Exact, "different digits");
        }
        if self.reading.shape.is_none() {
            return Equivalence {
                outcome: Outcome::GoldUnparsed,
                stage: Stage::Parse,
                reason: Cow::Borrowed("the gold answer could not be read"),
            };
        }
        Equivalence::unknown(Stage::Parse, "the answer could not be read")
    }
}

/// Whether blanks stand between digits: "4 2" is not 42.
fn splits_numbers(text: &str) -> bool {
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let next = words.peek().is_some_and(|w| w.starts_with(|c: char| c.is_ascii_digit()));
        if next && word.ends_with(|c: char| c.is_ascii_digit()) {
            return true;
        }
    }
    false
}

/// Without the stars, backticks or double quotation marks around an answer, however many.
fn unmarked(answer: &str) -> &str {
    let strip = |text: &'_ str| -> Option<usize> {
        ["**", "`", "\""]
            .into_iter()
            .find(|m| text.len() > 2 * m.len() && text.starts_with(m) && text.ends_with(m))
            .map(str::len)
    };
    let mut inner = answer;
    while let Some(mark) = strip(inner) {
        inner = inner[mark..inner.len() - mark].trim();
    }
    inner
}
