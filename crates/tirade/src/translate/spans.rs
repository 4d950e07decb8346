//! Provenance: which sentences of the prose stand for which tool call.
//!
//! Where the prose was put together by rule the spans are known; [`align`] finds them in the prose of a model.

use std::collections::HashSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::translator::Translation;

/// Bytes `start..end` of the prose stand for the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub call_id: String,
    pub start: usize,
    pub end: usize,
}

/// A number says more about where a sentence comes from than a word.
const NUMBER: f64 = 3.0;
/// The share of a sentence, by weight, that must come from a call.
const LEAST: f64 = 0.4;
/// Longer texts are not aligned: the work grows with sentences times calls.
const MOST_SENTENCES: usize = 400;

/// Gives each sentence to the call whose derivation it shares most with, by numbers and words; sentences that share little with every call
/// belong to none. Prose tells the calls in their order, so the choice is the best one in which later sentences belong to later
/// calls or the same. Neighbouring sentences of one call are one span.
pub fn align(text: &str, translations: &[Translation]) -> Vec<Span> {
    let sources: Vec<(&str, HashSet<&str>)> = translations
        .iter()
        .filter_map(|translation| Some((translation.call_id.as_str(), tokens(translation.text.as_deref()?))))
        .collect();
    let ranges: Vec<Range<usize>> = sentences(text).into_iter().take(MOST_SENTENCES).collect();
    let shares: Vec<Vec<f64>> = ranges.iter().map(|range| shares(&text[range.clone()], &sources)).collect();
    let mut spans: Vec<Span> = Vec::new();
    for (range, call) in ranges.into_iter().zip(in_order(&shares, sources.len())) {
        let Some(call) = call else { continue };
        let call = sources[call].0;
        match spans.last_mut() {
            Some(last) if last.call_id == call && text[last.end..range.start].trim().is_empty() => {
                last.end = range.end
            }
            _ => spans.push(Span { call_id: call.to_owned(), start: range.start, end: range.end }),
        }
    }
    spans
}

/// How much of a sentence each call has.
fn shares(sentence: &str, sources: &[(&str, HashSet<&str>)]) -> Vec<f64> {
    let own = tokens(sentence);
    let weight = |token: &&str| if token.bytes().any(|byte| byte.is_ascii_digit()) { NUMBER } else { 1.0 };
    let whole: f64 = own.iter().map(weight).sum();
    let share = |other: &HashSet<&str>| own.intersection(other).map(weight).sum::<f64>() / whole.max(1.0);
    sources.iter().map(|(_, tokens)| share(tokens)).collect()
}

/// The choice of a call or none for each sentence, calls never going back, with the largest sum of shares above [`LEAST`].
fn in_order(shares: &[Vec<f64>], calls: usize) -> Vec<Option<usize>> {
    // best[c]: the largest sum in which the last call used is c; before[at][c]: the last call used before sentence `at` then.
    let mut best = vec![0.0; calls];
    let mut before: Vec<Vec<usize>> = Vec::with_capacity(shares.len());
    let mut taken: Vec<Vec<bool>> = Vec::with_capacity(shares.len());
    for row in shares {
        let (mut next, mut from, mut takes) =
            (best.clone(), (0..calls).collect::<Vec<_>>(), vec![false; calls]);
        let mut upto = 0;
        for call in 0..calls {
            if best[call] > best[upto] {
                upto = call;
            }
            let sum = best[upto] + row[call] - LEAST;
            if row[call] > LEAST && sum > best[call] {
                (next[call], from[call], takes[call]) = (sum, upto, true);
            }
        }
        best = next;
        before.push(from);
        taken.push(takes);
    }
    let mut call = (0..calls).max_by(|a, b| best[*a].total_cmp(&best[*b])).unwrap_or(0);
    let mut found = vec![None; if calls == 0 { 0 } else { shares.len() }];
    for (at, choice) in found.iter_mut().enumerate().rev() {
        *choice = taken[at][call].then_some(call);
        call = before[at][call];
    }
    found
}

/// Numbers and words of three letters or more.
fn tokens(text: &str) -> HashSet<&str> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts.filter(|part| part.len() > 2 || part.bytes().any(|byte| byte.is_ascii_digit())).collect()
}

/// Sentences end at `.`, `!`, `?` before white space, or at an empty line. The number of a list's item is no sentence.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let next_is_space = bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        let numbers_item = *byte == b'.' && is_number(text[start..at].trim_start());
        let ends = matches!(byte, b'.' | b'!' | b'?') && next_is_space && !numbers_item
            || *byte == b'\n' && bytes.get(at + 1) == Some(&b'\n');
        if ends {
            push_trimmed(text, start..at + 1, &mut found);
            start = at + 1;
        }
    }
    push_trimmed(text, start..text.len(), &mut found);
    found
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn push_trimmed(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let end = range.start + part.trim_end().len();
    if start < end {
        found.push(start..end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_lists_keep_their_numbers() {
        let text = "Two steps:\n\n1. Add 3.\n2. Halve. It is 12. Done";
        let parts: Vec<&str> = sentences(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(parts, ["Two steps:", "1. Add 3.", "2. Halve.", "It is 12.", "Done"]);
    }

    fn translation(call_id: &str, text: &str) -> Translation {
        Translation {
            call_id: call_id.into(),
            tool: "t".into(),
            text: Some(text.into()),
            refused: None,
            result: String::new(),
            tries: 1,
            judgement: String::new(),
            way: Default::default(),
        }
    }

    #[test]
    fn sentences_find_their_call() {
        let text = "Let us begin. We divide 252 by 105 and get remainder 42. So the gcd is 21. Now the sum of 4 and 9 is 13.";
        let translations = [
            translation("a", "We divide 252 by 105, remainder 42; the gcd is 21."),
            translation("b", "The sum of 4 and 9 is 13."),
        ];
        let spans = align(text, &translations);
        let shown: Vec<(&str, &str)> =
            spans.iter().map(|s| (s.call_id.as_str(), &text[s.start..s.end])).collect();
        assert_eq!(
            shown,
            [
                ("a", "We divide 252 by 105 and get remainder 42. So the gcd is 21."),
                ("b", "Now the sum of 4 and 9 is 13."),
            ]
        );
    }
}
