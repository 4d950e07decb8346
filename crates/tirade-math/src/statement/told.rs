//! Arithmetic told in words: "adding 33 to 1000 gives 1033", "the sum of 6 and 7 is 13".
//!
//! Only bare numbers count, in the text or alone in a formula, and only words whose meaning is plain may stand between them; at
//! anything else the sentence is left. So nothing is read into "the sum of 6 and 7 is 5 less than 18".

use super::Truth;
use super::link::closed;
use crate::expr::{Expr, RelOp};
use crate::syntax::parse;
use std::ops::Range;

/// How the numbers are joined, by the words before the first, and the words before the second.
const JOINED: [(&str, &[&str], Join); 11] = [
    ("add", &["to", "and"], Join::Sum),
    ("adding", &["to", "and"], Join::Sum),
    ("subtract", &["from"], Join::Less),
    ("subtracting", &["from"], Join::Less),
    ("multiply", &["by", "and"], Join::Product),
    ("multiplying", &["by", "and"], Join::Product),
    ("divide", &["by"], Join::Quotient),
    ("dividing", &["by"], Join::Quotient),
    ("sum of", &["and"], Join::Sum),
    ("product of", &["and"], Join::Product),
    ("difference of", &["and"], Join::Distance),
];
/// Words that may stand between the second number and the result; one of the second list must.
const BETWEEN: [&str; 17] = [
    "which", "we", "us", "a", "the", "to", "in", "you", "he", "she", "they", "that", "this", "total", "of",
    "result", "so",
];
const RESULTS: [&str; 16] = [
    "gives",
    "give",
    "giving",
    "get",
    "gets",
    "obtain",
    "is",
    "equals",
    "yields",
    "resulting",
    "results",
    "makes",
    "make",
    "leaves",
    "leaving",
    "have",
];
/// Words behind the result that make it a part of something else.
const GOES_ON: [&str; 12] =
    ["more", "less", "fewer", "times", "percent", "greater", "or", "of", "and", "plus", "minus", "digits"];
/// Sentences with one of these do not assert it, or count otherwise.
const OTHERWISE: [&str; 18] = [
    "not",
    "if",
    "suppose",
    "would",
    "cannot",
    "mistake",
    "wrong",
    "incorrect",
    "instead",
    "modulo",
    "mod",
    "remainder",
    "base",
    "clock",
    "about",
    "approximately",
    "roughly",
    "digit",
];

/// Longer ones are no part of a sentence, in bytes.
const LONGEST_NUMBER: usize = 30;
const LONGEST_FORMULA: usize = 400;

#[derive(Clone, Copy, PartialEq)]
enum Join {
    Sum,
    /// The first is taken from the second.
    Less,
    Product,
    Quotient,
    Distance,
}

#[derive(Clone, Copy, PartialEq)]
enum Token<'t> {
    Word(&'t str),
    Number(&'t str),
    Comma,
    /// Ends a sentence.
    End,
    /// Anything else.
    Other,
}

/// Every computation that is told in words, from its first word to its result, and whether it is right.
pub fn statements(text: &str) -> Vec<(Range<usize>, Truth)> {
    let lower = text.to_ascii_lowercase();
    if !JOINED.iter().any(|(words, ..)| lower.contains(words)) {
        return Vec::new();
    }
    let tokens = tokens(&lower);
    let mut found = Vec::new();
    for sentence in tokens.split(|(token, _)| *token == Token::End) {
        if sentence.iter().any(|(token, _)| matches!(token, Token::Word(word) if OTHERWISE.contains(word))) {
            continue;
        }
        let told = (0..sentence.len()).filter_map(|start| Some((start, told(&sentence[start..])?)));
        for (start, (last, truth)) in told {
            found.push((sentence[start].1.start..sentence[start + last].1.end, truth));
        }
    }
    found
}

/// The computation that starts with the first token: where its result stands, and whether it is right.
fn told(tokens: &[(Token, Range<usize>)]) -> Option<(usize, Truth)> {
    let word = |at: usize| match tokens.get(at)?.0 {
        Token::Word(word) => Some(word),
        _ => None,
    };
    let number = |at: usize| match tokens.get(at)?.0 {
        Token::Number(number) => parse(number).ok(),
        _ => None,
    };
    let (first, second) = (word(0)?, word(1));
    let begins = |words: &str| match words.split_once(' ') {
        Some((one, two)) => (first == one && second == Some(two)).then_some(2),
        None => (first == words).then_some(1),
    };
    let (mut at, prepositions, join) =
        JOINED.iter().find_map(|(words, prepositions, join)| Some((begins(words)?, prepositions, *join)))?;
    let a = number(at)?;
    at += 1;
    at += usize::from(word(at).is_some_and(|unit| !prepositions.contains(&unit)));
    prepositions.contains(&word(at)?).then_some(())?;
    let b = number(at + 1)?;
    at += 2;
    at += usize::from(word(at).is_some_and(|unit| !BETWEEN.contains(&unit) && !RESULTS.contains(&unit)));
    let mut has_result = false;
    while let (Token::Word(_) | Token::Comma, _) = tokens.get(at)? {
        match word(at) {
            Some(word) if RESULTS.contains(&word) => has_result = true,
            Some(word) if !BETWEEN.contains(&word) => return None,
            _ => {}
        }
        at += 1;
    }
    let c = number(at).filter(|_| has_result)?;
    let ends = match tokens.get(at + 1).map(|(token, _)| token) {
        Some(Token::Word(word)) => !GOES_ON.contains(word),
        Some(Token::Number(_) | Token::Other) => false,
        _ => true,
    };
    ends.then(|| (at, truth(join, a, b, &c)))
}

fn truth(join: Join, a: Expr, b: Expr, c: &Expr) -> Truth {
    let is = |value: &Expr, c: &Expr| closed(value, RelOp::Eq, c);
    let quotient = a.as_rational().zip(b.as_rational().filter(|b| !b.is_zero())).map(|(a, b)| a / b);
    let whole = quotient.is_some_and(|q| q.is_int());
    match join {
        Join::Sum => is(&Expr::sum([a, b]), c),
        Join::Product => is(&Expr::product([a, b]), c),
        // "subtracting 7 from 5 gives 2": said the wrong way round, meant the right one
        Join::Less | Join::Distance => match is(&Expr::sum([a.clone(), b.clone().neg()]), c) {
            Truth::True if join == Join::Less => Truth::Undecided,
            Truth::True => Truth::True,
            _ => is(&Expr::sum([b, a.neg()]), c),
        },
        // "dividing 45 by 7 gives 6": the whole part may be meant, unless nothing is left
        Join::Quotient => match is(&a, &Expr::product([b.clone(), c.clone()])) {
            Truth::False if !whole && c.as_rational().is_none_or(|c| c.is_int()) => Truth::Undecided,
            truth => truth,
        },
    }
}

fn tokens(text: &str) -> Vec<(Token<'_>, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let (token, length) = token(&text[at..], first, text[..at].chars().next_back());
        if let Some(token) = token {
            found.push((token, at..at + length));
        }
        at += length;
    }
    found
}

/// The token at the beginning of `rest`, if it is one, and its length.
fn token(rest: &str, first: char, before: Option<char>) -> (Option<Token<'_>>, usize) {
    let length =
        |rest: &str, belongs: fn(char) -> bool| rest.find(|c: char| !belongs(c)).unwrap_or(rest.len());
    match first {
        ' ' | '\t' => (None, 1),
        '\n' if rest.starts_with("\n\n") => (Some(Token::End), 2),
        '\n' => (None, 1),
        'a'..='z' => {
            let length = length(rest, |c| c.is_alphanumeric() || matches!(c, '\'' | '_'));
            (Some(Token::Word(&rest[..length])), length)
        }
        '0'..='9' if before.is_none_or(|c| matches!(c, ' ' | '\n' | '$' | '(')) => number(rest),
        '$' | '\\' => formula(rest),
        '.' | '!' | '?' | ':' | ';' => (Some(Token::End), 1),
        ',' => (Some(Token::Comma), 1),
        _ => (Some(Token::Other), first.len_utf8()),
    }
}

/// A number by itself: no percentage, fraction, ordinal, time of day, or beginning of a calculation.
fn number(rest: &str) -> (Option<Token<'_>>, usize) {
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    while rest[length..].starts_with(',') && digits(length + 1) == 3 {
        length += 4;
    }
    if rest[length..].starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    let mut behind = rest[length..].chars();
    let bare = match (behind.next(), behind.next()) {
        (None | Some('\n' | ';' | '!' | '?'), _) => true,
        (Some('.' | ','), next) => !next.is_some_and(|c| c.is_ascii_digit()),
        (Some(' '), next) => next.is_none_or(|c| c.is_alphabetic() || matches!(c, '(' | '$' | '\\')),
        (Some(')' | '$'), _) => true,
        _ => false,
    };
    let bare = bare && length <= LONGEST_NUMBER;
    (Some(if bare { Token::Number(&rest[..length]) } else { Token::Other }), length)
}

/// `$33$` and `\(33\)` are numbers, `$5` followed by words is an amount; other formulas are something else.
fn formula(rest: &str) -> (Option<Token<'_>>, usize) {
    if rest.strip_prefix('$').is_some_and(is_amount) {
        return (None, 1);
    }
    for (open, close) in [("\\(", "\\)"), ("\\[", "\\]"), ("$", "$")] {
        let Some(inside) = rest.strip_prefix(open) else { continue };
        let near = &inside.as_bytes()[..inside.len().min(LONGEST_FORMULA)];
        let Some(end) = near.windows(close.len()).position(|w| w == close.as_bytes()) else { break };
        let value = inside[..end].trim();
        let numeral = value.len() <= LONGEST_NUMBER
            && value.starts_with(|c: char| c.is_ascii_digit())
            && value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let token = if numeral { Token::Number(value) } else { Token::Other };
        return (Some(token), open.len() + end + close.len());
    }
    (Some(Token::Other), 1)
}

/// Digits and then a word.
fn is_amount(text: &str) -> bool {
    let behind = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let word = behind.strip_prefix(' ').is_some_and(|w| w.starts_with(|c: char| c.is_alphabetic()));
    behind.len() < text.len() && word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_decided() {
        use Truth::{False, True, Undecided};
        for (text, expected) in [
            ("The next multiple is found by adding 33 to 1000, resulting in 1023.", Some(False)),
            ("It is obtained by adding $33$ to $1000$, resulting in $1033$.", Some(True)),
            ("Then we subtract 10 from 24 to get 14 brownies left.", Some(True)),
            ("Then we subtract 10 brownies from 24 brownies to get 15 left.", Some(False)),
            ("Multiplying \\(6\\) by \\(7\\) gives \\(45\\).", Some(False)),
            ("Dividing 45 by 9 we get 5.", Some(True)),
            ("Dividing 45 by 7 gives 6.", Some(Undecided)),
            ("Dividing 45 by 10 gives 4.6.", Some(False)),
            ("Dividing 48 by 4 gives 20.", Some(False)),
            ("Subtracting 24 from 10 gives 14.", Some(Undecided)),
            ("The difference of 9 and 4 is 5, and the sum of 9 and 4 is 13.", Some(True)),
            ("Adding $5 to $10 gives $15 in all.", Some(True)),
            ("The product of 1,000 and 12 is 12,000.", Some(True)),
            ("The sum of 6 and 7 is 5 less than 18.", None),
            ("The sum of 6 and 7 and 8 is 21.", None),
            ("The sum of 2 and 3 is 10/2.", None),
            ("The sum of 2 and 3 is $4 + 1$.", None),
            ("If adding 2 to 3 gives 6, we would stop.", None),
            ("Adding 7 to 8 modulo 12 gives 3.", None),
            ("Adding 2 to 3:00 gives 6.", None),
            ("Adding 5% to 100 gives 105.", None),
            ("The sum of 2 and 3 is 6 times as large.", None),
            ("Adding 2 to 3. This gives 7.", None),
        ] {
            let found = statements(text);
            assert_eq!(found.first().map(|(_, truth)| *truth), expected, "{text}");
        }
        let hostile = ["\\(", "$", "adding 1 to 2 gives ", "9"].map(|part| part.repeat(30_000));
        for text in hostile {
            assert!(statements(&text).len() < 2, "{}", &text[..20]);
        }
        let text = "So, adding 2 to 2 gives 5 now.";
        assert_eq!(&text[statements(text)[0].0.clone()], "adding 2 to 2 gives 5");
    }
}
