//! Finding the answer in a completion: one pass over the text, no regular expressions.

use crate::policy::ExtractMode;
use memchr::memmem;
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
    let strong = if mode == ExtractMode::Strict { None } else { strong_phrase(text) };
    match last_box(text) {
        Boxed::None => {}
        Boxed::Broken(reason) => return Extracted::None(reason),
        Boxed::Found(content, at) => match strong {
            Some(after) if after > at => {}
            _ => return Extracted::Answer(content, How::Box),
        },
    }
    if let Some(answer) = hashes(text) {
        return Extracted::Answer(answer.into(), How::Hashes);
    }
    if mode == ExtractMode::Strict {
        return Extracted::None("no box");
    }
    if mode == ExtractMode::Lenient && strong.is_none() && is_short_answer(text) {
        return Extracted::Answer(clean(text).into(), How::Whole);
    }
    if let Some(answer) = strong.or_else(|| weak_phrase(text)).and_then(|at| behind_phrase(&text[at..])) {
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
            return Extracted::Answer(number.into(), How::Number);
        }
    }
    if mode == ExtractMode::Lenient && is_few_words(text) {
        return Extracted::Answer(clean(text).into(), How::Whole);
    }
    Extracted::None("no answer found")
}

/// "East", "no solution": a short line of words and nothing else.
fn is_few_words(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 60
        && text.split_whitespace().count() <= 6
        && text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '.' | ',' | '*'))
        && text.contains(char::is_alphabetic)
}

/// What is said after thinking, and before the next turn of a conversation.
fn spoken(text: &str) -> Option<&str> {
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

enum Boxed<'a> {
    None,
    Broken(&'static str),
    /// Content and offset of the last box.
    Found(Cow<'a, str>, usize),
}

/// A box: its start and end in the text and its content.
#[derive(Clone, Copy)]
struct BoxAt<'a> {
    start: usize,
    end: usize,
    content: &'a str,
}

fn last_box(text: &str) -> Boxed<'_> {
    let bytes = text.as_bytes();
    let mut boxes: Vec<BoxAt<'_>> = Vec::new();
    let mut from = 0;
    let mut broken = None;
    let mut unclosed = 0;
    while let Some(found) = next_box(text, from) {
        match box_content(text, found) {
            Ok((content, end)) => {
                let start = bytes[..found]
                    .iter()
                    .rposition(|b| *b == b'\\')
                    .filter(|s| found - s <= 8)
                    .unwrap_or(found);
                boxes.push(BoxAt { start, end, content });
                broken = None;
                from = end;
            }
            Err(reason) => {
                broken = Some(reason);
                from = found;
                unclosed += 1;
                // Each failed look goes to the end of the text: a few are enough.
                if unclosed > 8 {
                    break;
                }
            }
        }
        if boxes.len() > 4096 {
            boxes.drain(..2048);
        }
    }
    if let Some(reason) = broken {
        return Boxed::Broken(reason);
    }
    let Some(last) = boxes.last() else { return Boxed::None };
    let first = joined_from(text, &boxes);
    if first + 1 == boxes.len() {
        return Boxed::Found(last.content.into(), last.start);
    }
    let parts: Vec<&str> = boxes[first..].iter().map(|b| b.content).collect();
    Boxed::Found(parts.join(" , ").into(), last.start)
}

/// The offset behind the next `boxed` or `fbox`.
fn next_box(text: &str, from: usize) -> Option<usize> {
    let rest = &text.as_bytes()[from..];
    // "a boxed set of 3" is English: without a backslash a brace must follow.
    let is_box = |i: &usize| (*i > 0 && rest[i - 1] == b'\\') || rest.get(i + 5) == Some(&b'{');
    let a = memmem::find_iter(rest, b"boxed").find(is_box).map(|i| i + 5);
    let b = memmem::find(&rest[..a.unwrap_or(rest.len())], b"\\fbox").map(|i| i + 5);
    b.or(a).map(|i| from + i)
}

fn box_content(text: &str, at: usize) -> Result<(&str, usize), &'static str> {
    let bytes = text.as_bytes();
    let blanks = bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    let open = at + blanks;
    if bytes.get(open) != Some(&b'{') {
        // \boxed 42: up to the next blank or dollar sign
        let len: usize = text[open..].bytes().take_while(|b| !b.is_ascii_whitespace() && *b != b'$').count();
        let word = text[open..open + len].trim_end_matches(['.', ',', ';']);
        return if word.is_empty() { Err("an empty box") } else { Ok((word, open + word.len())) };
    }
    let mut depth = 0usize;
    let mut i = open;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 1,
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    let content = &text[open + 1..i];
                    let empty = crate::text::is_blank(content);
                    return if empty { Err("the last box is empty") } else { Ok((content, i + 1)) };
                }
            }
            _ => {}
        }
        i += 1;
    }
    Err("the last box is never closed")
}

/// The first of the boxes at the end that are joined by "and", "or" and commas only.
fn joined_from(text: &str, boxes: &[BoxAt<'_>]) -> usize {
    let mut first = boxes.len() - 1;
    while first > 0 {
        let between = text.get(boxes[first - 1].end..boxes[first].start).unwrap_or("x");
        if between.len() > 80 || !is_joiner(between) {
            break;
        }
        first -= 1;
    }
    first
}

fn is_joiner(between: &str) -> bool {
    let mut rest = between;
    let mut joined = false;
    while let Some(c) = rest.chars().next() {
        let known =
            ["\\quad", "\\qquad", "\\text", "\\textbf", "\\(", "\\)", "\\[", "\\]", "\\,", "\\;", "\\ "];
        let words = ["and", "or"];
        if let Some(w) = words.iter().find(|w| rest.starts_with(**w)) {
            joined = true;
            rest = &rest[w.len()..];
        } else if let Some(k) = known.iter().find(|k| rest.starts_with(**k)) {
            rest = &rest[k.len()..];
        } else if c == ',' || c == ';' {
            joined = true;
            rest = &rest[1..];
        } else if matches!(c, ' ' | '\n' | '$' | '{' | '}' | '*') {
            rest = &rest[1..];
        } else {
            return false;
        }
    }
    joined
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
    let at = ["final answer is", "final answer:", "final answer**"]
        .iter()
        .filter_map(|p| Some(rfind_ignore_case(text, p)? + p.len()));
    at.max()
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

/// A formula at the start, or several joined by "and".
fn formula_run(text: &str) -> Option<&str> {
    let mut end = 0;
    loop {
        let (_, len) = formula_at(&text[end..])?;
        end += len;
        let rest = &text[end..];
        let gap = rest.len() - rest.trim_start_matches([' ', ',']).len();
        let after = &rest[gap..];
        let word = ["and ", "or "].iter().find(|w| after.starts_with(**w)).map_or(0, |w| w.len());
        let next = end + gap + word;
        if (word == 0 && gap == 0) || formula_at(&text[next..]).is_none() {
            return Some(&text[..end]);
        }
        end = next;
    }
}

const DELIMITERS: [(&str, &str); 4] = [("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$")];

/// The content and full length of a formula at the very start of `text`.
fn formula_at(text: &str) -> Option<(&str, usize)> {
    let (open, close) = DELIMITERS.iter().find(|(open, _)| text.starts_with(open))?;
    let body = &text[open.len()..];
    let mut from = 0;
    loop {
        let at = from + memmem::find(&body.as_bytes()[from..], close.as_bytes())?;
        let escaped = close.starts_with('$') && at > 0 && body.as_bytes()[at - 1] == b'\\';
        if !escaped {
            return Some((&body[..at], open.len() + at + close.len()));
        }
        from = at + close.len();
    }
}

/// The content of the last formula.
fn last_formula(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut last = None;
    while let Some(i) = memchr::memchr2(b'$', b'\\', &bytes[from..]) {
        let at = from + i;
        if bytes[at] == b'\\' && !matches!(bytes.get(at + 1), Some(b'(' | b'[')) {
            from = at + 2;
            if from >= bytes.len() {
                break;
            }
            continue;
        }
        match text.get(at..).and_then(formula_at) {
            Some((content, len)) => {
                if !content.trim().is_empty() {
                    last = Some(content);
                }
                from = at + len;
            }
            None => from = at + 1,
        }
    }
    last.map(str::trim)
}

/// The last number that stands by itself, with sign, fraction and percent.
fn last_number(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let is_part = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'/');
    let mut end = bytes.len();
    while let Some(last) = bytes[..end].iter().rposition(u8::is_ascii_digit) {
        let start = bytes[..=last].iter().rposition(|b| !is_part(*b)).map_or(0, |i| i + 1);
        let token = text[start..=last].trim_start_matches([',', '/']);
        let start = thousands(bytes, last + 1 - token.len(), last);
        let token = &text[start..=last];
        let before = start.checked_sub(1).map(|i| bytes[i]);
        let glued = before.is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'^');
        if !glued && !token.is_empty() {
            let signed = before == Some(b'-') && (start < 2 || !bytes[start - 2].is_ascii_alphanumeric());
            let percent = usize::from(bytes.get(last + 1) == Some(&b'%'));
            return text.get(start - usize::from(signed)..last + 1 + percent);
        }
        end = start;
    }
    None
}

/// The start of `1 000 000`, when the group of digits at `start` is the last of a number with blanks for marks.
fn thousands(bytes: &[u8], start: usize, last: usize) -> usize {
    let digits_from = |at: usize| bytes[at..=last].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut start = start;
    while start >= 2 && bytes[start - 1] == b' ' && digits_from(start) == 3 {
        let group = bytes[..start - 1].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let before = (start - 1).checked_sub(group + 1).map(|i| bytes[i]);
        let whole = before.is_none_or(|b| matches!(b, b' ' | b'$' | b'(' | b'\n' | b'*' | b'='));
        if !(1..=3).contains(&group) || !whole || bytes[start - 1 - group] == b'0' {
            break;
        }
        start -= group + 1;
    }
    start
}

/// The first sentence of a line: up to a full stop that is no decimal point.
fn sentence(line: &str) -> &str {
    let bytes = line.as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        if *b == b'.' && bytes.get(i + 1).is_none_or(|n| n.is_ascii_whitespace()) {
            return &line[..i];
        }
    }
    line
}

/// Without markdown stars, quotes and final punctuation.
fn clean(text: &str) -> &str {
    if text.trim_end().ends_with("...") {
        return text.trim();
    }
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '"' | '`' | ':' | ','))
        .trim_end_matches(['.', '。', ';', '*'])
        .trim()
}

/// A text that is one answer and nothing else.
fn is_short_answer(text: &str) -> bool {
    let text = clean(text);
    text.len() <= 400 && crate::parse(text).is_ok_and(|e| !is_prose(&e))
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
    if let Some(at) = weak_phrase(text)
        && let Some(c) = letter_alone(&text[at..])
    {
        return Some(c);
    }
    if let Some(c) = letter_alone(text) {
        return Some(c);
    }
    let chars: Vec<char> = text.chars().collect();
    (0..chars.len()).rev().find_map(|i| {
        let alone = |j: Option<&char>| j.is_none_or(|c| !c.is_alphanumeric() && *c != '\'');
        let before = if i == 0 { None } else { chars.get(i - 1) };
        (chars[i].is_ascii_uppercase() && alone(before) && alone(chars.get(i + 1)) && chars[i] != 'I')
            .then_some(chars[i])
    })
}
