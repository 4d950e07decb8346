//! Finding the answer in a completion: one pass over the text, no regular expressions.

mod boxes;
mod pieces;

use crate::policy::ExtractMode;
use boxes::{Boxed, last_box};
use memchr::memmem;
use pieces::{clean, formula_run, last_formula, last_number, sentence};
use std::borrow::Cow;

/// Where an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// In the last `\boxed{…}` or `\fbox{…}` (or in boxes joined by "and").
    Box,
    /// Behind `####`.
    Hashes,
    /// Behind "final answer", "the answer is", "answer:".
    Phrase,
    /// The whole text is an answer.
    Whole,
    /// The last formula.
    Formula,
    /// The last number.
    Number,
    /// A choice letter.
    Choice,
}

/// The result of [`extract`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extracted<'a> {
    /// The answer, and where it stood.
    Answer(Cow<'a, str>, How),
    /// Why there is none.
    None(&'static str),
}

/// The answer in a completion.
///
/// Reasoning before `</think>` does not count. The last box wins; when it is empty or never closed there is no answer,
/// whatever was boxed before.
///
/// ```
/// use tirade_math::{ExtractMode, Extracted, How, extract};
/// let found = extract(r"First \boxed{41}. No, \boxed{42}.", ExtractMode::Strict);
/// assert_eq!(found, Extracted::Answer("42".into(), How::Box));
/// assert!(matches!(extract(r"\boxed{41}, or \boxed{", ExtractMode::Strict), Extracted::None(_)));
/// ```
pub fn extract(completion: &str, mode: ExtractMode) -> Extracted<'_> {
    let Some(text) = spoken(completion) else {
        return Extracted::None("the reasoning was never closed");
    };
    if text.trim().is_empty() {
        return Extracted::None("the completion is empty");
    }
    let spoken_after = |at: usize| match mode {
        ExtractMode::Strict => None,
        _ => strong_phrase(&text[at..]).map(|found| at + found),
    };
    let strong = match last_box(text) {
        Boxed::None => spoken_after(0),
        Boxed::Broken(reason) => return Extracted::None(reason),
        // Only what is said behind the last box can replace it.
        Boxed::Found(content, at) => match spoken_after(at) {
            None => return Extracted::Answer(content, How::Box),
            replaced => replaced,
        },
    };
    if let Some(answer) = hashes(text) {
        return Extracted::Answer(answer.into(), How::Hashes);
    }
    if mode == ExtractMode::Strict {
        return Extracted::None("no box");
    }
    let phrase = strong.or_else(|| weak_phrase(text));
    if mode == ExtractMode::Lenient && phrase.is_none() && is_short_answer(text) {
        return Extracted::Answer(clean(text).into(), How::Whole);
    }
    if phrase.is_some_and(|at| is_denied(&text[at..])) {
        return Extracted::None("the text says what the answer is not");
    }
    if let Some(answer) = phrase.and_then(|at| behind_phrase(&text[at..])) {
        return Extracted::Answer(answer.into(), How::Phrase);
    }
    if mode == ExtractMode::Lenient {
        let number = last_number(text);
        if let Some(formula) = last_formula(text).filter(|f| crate::parse(f).is_ok()) {
            let offset = |s: &str| s.as_ptr() as usize;
            let later = number.filter(|n| offset(n) > offset(formula) + formula.len());
            // A number in the last words, behind the last formula, is what the text ends on.
            return match later.filter(|_| is_relation(formula)) {
                Some(number) => Extracted::Answer(number.into(), How::Number),
                None => Extracted::Answer(formula.into(), How::Formula),
            };
        }
        if let Some(number) = number {
            let before = text[..number.as_ptr() as usize - text.as_ptr() as usize].trim_end();
            if before.ends_with(" or") {
                return Extracted::None("the last number is only an alternative");
            }
            if [" not", "n't", "n’t", " cannot be", " never", " not be", "n't be"]
                .iter()
                .any(|w| before.ends_with(w))
            {
                return Extracted::None("the text says what the answer is not");
            }
            return Extracted::Answer(number.into(), How::Number);
        }
    }
    if mode == ExtractMode::Lenient && is_few_words(text) {
        return Extracted::Answer(clean(text).into(), How::Whole);
    }
    Extracted::None("no answer found")
}

/// "The answer is not 42.", "… is between 4 and 5."
fn is_denied(behind: &str) -> bool {
    let first = behind.trim_start_matches([' ', ':', '*']).split(' ').next();
    if first.is_some_and(|w| w.eq_ignore_ascii_case("between") || w.eq_ignore_ascii_case("either")) {
        return true;
    }
    let mut words = behind.trim_start_matches([' ', ':', '*']).split(' ');
    let not = words.next().is_some_and(|w| w.eq_ignore_ascii_case("not"));
    // "not 41 but 42" goes on to say what it is; "not possible" is an answer in words
    not && words.next().is_some_and(|w| w.contains(|c: char| c.is_ascii_digit())) && !behind.contains(" but ")
}

/// "East", "no solution": a short line of words and nothing else.
fn is_few_words(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 60
        && text.split_whitespace().count() <= 6
        && text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '.' | ',' | '*'))
        && text.contains(char::is_alphabetic)
        && !text.split_whitespace().any(is_talk)
}

/// Words of someone who speaks about the answer instead of giving it.
fn is_talk(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().trim_end_matches(['.', ',']),
        "i" | "we"
            | "you"
            | "know"
            | "don't"
            | "cannot"
            | "can't"
            | "sorry"
            | "sure"
            | "unsure"
            | "unable"
            | "think"
    )
}

/// What is said after thinking, and before the next turn of a conversation.
fn spoken(text: &str) -> Option<&str> {
    if memchr::memchr(b'<', text.as_bytes()).is_none() {
        return Some(text);
    }
    let mut text = text;
    for marker in ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>"] {
        if let Some(at) = memmem::find(text.as_bytes(), marker.as_bytes())
            && at > 0
        {
            text = &text[..at];
        }
    }
    match memmem::rfind(text.as_bytes(), b"</think>") {
        Some(at) => Some(&text[at + "</think>".len()..]),
        None if text.trim_start().starts_with("<think>") => None,
        None => Some(text),
    }
}

fn hashes(text: &str) -> Option<&str> {
    let at = memmem::rfind(text.as_bytes(), b"####")?;
    let line = text[at + 4..].lines().next()?.trim();
    (!line.is_empty()).then_some(line)
}

/// Bytes at the end of a completion in which phrases are looked for.
const PHRASE_WINDOW: usize = 100_000;

/// The last occurrence of a phrase near the end, in any (ASCII) case.
fn rfind_ignore_case(text: &str, phrase: &str) -> Option<usize> {
    let (t, p) = (text.as_bytes(), phrase.as_bytes());
    let first = p[0];
    // An answer stands near the end; a megabyte of talk is not searched.
    let floor = t.len().saturating_sub(PHRASE_WINDOW);
    let mut end = t.len();
    while let Some(i) = memchr::memrchr2(first, first.to_ascii_uppercase(), &t[floor..end]).map(|i| floor + i)
    {
        if t.len() - i >= p.len() && t[i..i + p.len()].eq_ignore_ascii_case(p) {
            return Some(i);
        }
        end = i;
    }
    None
}

/// Offset behind the last "final answer".
fn strong_phrase(text: &str) -> Option<usize> {
    let mut end = text.len();
    while let Some(at) = rfind_ignore_case(&text[..end], "final answer") {
        let behind = at + "final answer".len();
        let said = [" is", ":", "**"].into_iter().find(|s| {
            text.as_bytes()
                .get(behind..behind + s.len())
                .is_some_and(|b| b.eq_ignore_ascii_case(s.as_bytes()))
        });
        if let Some(said) = said {
            return Some(behind + said.len());
        }
        end = at;
    }
    None
}

fn weak_phrase(text: &str) -> Option<usize> {
    const PHRASES: [&str; 14] = [
        "answer is",
        "answer:",
        "answer should be",
        "answer would be",
        "answers are",
        "answer =",
        "answer**:",
        "réponse est",
        "respuesta es",
        "antwort ist",
        "答案是",
        "答案为",
        "答案：",
        "risposta è",
    ];
    PHRASES.iter().filter_map(|p| Some(rfind_ignore_case(text, p)? + p.len())).max()
}

/// What stands behind the last "final answer", wherever boxes are.
pub(crate) fn final_phrase(completion: &str) -> Option<&str> {
    let text = spoken(completion)?;
    strong_phrase(text).and_then(|at| behind_phrase(&text[at..]))
}

/// The answer behind a phrase: the formula that follows, else the words up to the end of the sentence.
fn behind_phrase(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, ':' | '*' | '"' | '：' | '\\') && c != '\\'
    });
    let line = text.lines().find(|l| !l.trim().is_empty())?;
    if let Some(joined) = formula_run(text) {
        return Some(joined);
    }
    let sentence = sentence(line);
    let whole = clean(sentence);
    if crate::parse(whole).is_ok_and(|e| !is_prose(&e)) || whole.len() <= 2 {
        return (!whole.is_empty()).then_some(whole);
    }
    // "The largest n is 34": what stands behind the last "is"
    for word in [" is ", " are ", " be ", " equals ", " = "] {
        if let Some(at) = sentence.rfind(word) {
            let tail = clean(&sentence[at + word.len()..]);
            if crate::parse(tail).is_ok_and(|e| !is_prose(&e)) {
                return Some(tail);
            }
        }
    }
    last_formula(line)
        .filter(|f| crate::parse(f).is_ok())
        .or_else(|| last_number(line))
        .or((!whole.is_empty() && whole.len() < 200).then_some(whole))
}

fn is_relation(formula: &str) -> bool {
    matches!(crate::parse(formula), Ok(crate::Expr::Relation(..)))
}

fn is_prose(e: &crate::Expr) -> bool {
    use crate::Expr::{Quantity, Text};
    // "I do not know" is no quantity of I: unknown words count behind numbers only.
    let annotated = |x: &crate::Expr, unit: &str| {
        x.as_rational().is_none()
            && !crate::unit::is_canonical(unit)
            && crate::equiv::any(x, &|e| matches!(e, crate::Expr::Sym(_)))
    };
    crate::equiv::any(e, &|e| matches!(e, Text(_)) || matches!(e, Quantity(x, unit) if annotated(x, unit)))
}

/// A text that is one answer and nothing else.
fn is_short_answer(text: &str) -> bool {
    let text = clean(text);
    text.len() <= 400 && crate::parse(text).is_ok_and(|e| !is_prose(&e))
}

/// Offset behind the last "option", "choice", "letter".
fn said_choice(text: &str) -> Option<usize> {
    let words = ["option ", "choice ", "choice is ", "letter "];
    words.iter().filter_map(|w| Some(rfind_ignore_case(text, w)? + w.len())).max()
}

/// The choice letter a completion ends on: "(B)", "answer is B", "B.", or the last letter that stands alone.
pub(crate) fn choice(text: &str) -> Option<char> {
    let letter_alone = |s: &str| {
        let s = s.trim_start_matches(|c: char| {
            c.is_whitespace() || matches!(c, '(' | '*' | '$' | '"' | ':' | '\\' | '{' | '[')
        });
        let mut chars = s.chars();
        let c = chars.next().filter(char::is_ascii_uppercase)?;
        chars.next().is_none_or(|n| !n.is_alphanumeric()).then_some(c)
    };
    let phrases = [weak_phrase(text), said_choice(text)];
    if let Some(at) = phrases.into_iter().flatten().max()
        && let Some(c) = letter_alone(&text[at..])
    {
        return Some(c);
    }
    // "A triangle …" and "I choose …" do not start with a choice.
    let prose = |c: char| matches!(c, 'A' | 'I') && text.trim_start().starts_with([c]) && text.contains(' ');
    if let Some(c) = letter_alone(text).filter(|c| !prose(*c)) {
        return Some(c);
    }
    last_letter(text)
}

/// The last capital that stands alone and is not denied ("not B"); none if it is one of several ("A or B").
fn last_letter(text: &str) -> Option<char> {
    let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '\'');
    let mut end = text.len();
    while let Some(at) = text[..end].rfind(|c: char| c.is_ascii_uppercase() && c != 'I') {
        end = at;
        let before = text[..at].trim_end_matches(['(', '*', '$', '"', ' ']);
        let stands = alone(text[..at].chars().next_back()) && alone(text[at + 1..].chars().next());
        let ends = |words: &[&str]| {
            words.iter().any(|w| {
                before.len() >= w.len()
                    && before.is_char_boundary(before.len() - w.len())
                    && before[before.len() - w.len()..].eq_ignore_ascii_case(w)
            })
        };
        if !stands || ends(&["not", "n't", "n’t"]) {
            continue;
        }
        return if ends(&[" or"]) { None } else { text[at..].chars().next() };
    }
    None
}
