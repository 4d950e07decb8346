//! Provenance: which sentences of the prose stand for which tool call.

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

/// Gives each sentence to the call whose derivation it shares most of its numbers and words with; sentences that share less than half
/// with every call belong to none. Neighbouring sentences of one call are one span.
pub fn align(text: &str, translations: &[Translation]) -> Vec<Span> {
    let sources: Vec<(&str, HashSet<&str>)> = translations
        .iter()
        .filter_map(|translation| Some((translation.call_id.as_str(), tokens(translation.text.as_deref()?))))
        .collect();
    let mut spans: Vec<Span> = Vec::new();
    for range in sentences(text) {
        let Some(call) = best_source(&text[range.clone()], &sources) else { continue };
        match spans.last_mut() {
            Some(last) if last.call_id == call && text[last.end..range.start].trim().is_empty() => {
                last.end = range.end
            }
            _ => spans.push(Span { call_id: call.to_owned(), start: range.start, end: range.end }),
        }
    }
    spans
}

fn best_source<'a>(sentence: &str, sources: &[(&'a str, HashSet<&str>)]) -> Option<&'a str> {
    let own = tokens(sentence);
    let share = |other: &HashSet<&str>| own.intersection(other).count() as f64 / own.len().max(1) as f64;
    let scored = sources.iter().map(|(call, tokens)| (*call, share(tokens)));
    let best = scored.max_by(|a, b| a.1.total_cmp(&b.1))?;
    (best.1 >= 0.5).then_some(best.0)
}

/// Numbers and words of three letters or more.
fn tokens(text: &str) -> HashSet<&str> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts.filter(|part| part.len() > 2 || part.bytes().any(|byte| byte.is_ascii_digit())).collect()
}

/// Sentences end at `.`, `!`, `?` before white space, or at an empty line.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let next_is_space = bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        let ends = matches!(byte, b'.' | b'!' | b'?') && next_is_space
            || *byte == b'\n' && bytes.get(at + 1) == Some(&b'\n');
        if ends {
            push_trimmed(text, start..at + 1, &mut found);
            start = at + 1;
        }
    }
    push_trimmed(text, start..text.len(), &mut found);
    found
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

    fn translation(call_id: &str, text: &str) -> Translation {
        Translation {
            call_id: call_id.into(),
            tool: "t".into(),
            text: Some(text.into()),
            result: String::new(),
            tries: 1,
            judgement: String::new(),
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
