//! The last `\boxed{…}` or `\fbox{…}` of a text, or the boxes at its end that are joined by "and".

use memchr::memmem;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What the boxes of a text say.
pub(super) enum Boxed<'a> {
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

/// The answer in the last box.
pub(super) fn last_box(text: &str) -> Boxed<'_> {
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
                    .map_or(found, |s| bytes[..s].iter().rposition(|b| *b != b'\\').map_or(0, |i| i + 1));
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
    let labels: Vec<&str> = boxes[first..].iter().map(|b| label_before(&text[..b.start])).collect();
    let labelled = labels.iter().all(|l| !l.is_empty());
    let part = |(b, label): (&BoxAt<'_>, &&str)| match labelled && !b.content.contains('=') {
        true => format!("{label} {}", b.content),
        false => b.content.to_string(),
    };
    let parts: Vec<String> = boxes[first..].iter().zip(&labels).map(part).collect();
    Boxed::Found(parts.join(" , ").into(), last.start)
}

/// `x =` at the end of a text: the name of the value that follows.
fn label_before(text: &str) -> &str {
    let trimmed = text.trim_end();
    let Some(before) = trimmed.strip_suffix('=') else { return "" };
    let before = before.trim_end();
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '\\';
    let start =
        before.rfind(|c| !name(c)).map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
    let name = &before[start..];
    let known =
        (1..=10).contains(&name.len()) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '\\');
    if known { &text[start..] } else { "" }
}

/// What both `boxed` and `fbox` hold. Made once: making it costs as much as searching a completion.
static BOX: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("box"));

/// The offset behind the next `boxed` or `fbox`.
fn next_box(text: &str, from: usize) -> Option<usize> {
    let rest = &text.as_bytes()[from..];
    BOX.find_iter(rest).find_map(|i| {
        // "a boxed set of 3" is English: without a backslash a brace must follow.
        let commanded = rest[..i].ends_with(b"\\") || rest.get(i + 5) == Some(&b'{');
        if rest[i..].starts_with(b"boxed") && commanded {
            return Some(from + i + 5);
        }
        rest[..i].ends_with(b"\\f").then_some(from + i + 3)
    })
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
    let Some(length) = crate::text::group(&text[open..]) else { return Err("the last box is never closed") };
    let content = &text[open + 1..open + length - 1];
    let empty = crate::text::is_blank(content);
    if empty { Err("the last box is empty") } else { Ok((content, open + length)) }
}

/// The first of the boxes at the end that are joined by "and", "or" and commas only.
fn joined_from(text: &str, boxes: &[BoxAt<'_>]) -> usize {
    let mut first = boxes.len() - 1;
    while first > 0 {
        let between = text.get(boxes[first - 1].end..boxes[first].start).unwrap_or("x");
        let between = &between[..between.len() - label_before(between).len()];
        if between.len() > 80 || !is_joiner(between) {
            break;
        }
        first -= 1;
    }
    first
}

fn is_joiner(between: &str) -> bool {
    let mut rest = between;
    // Side by side on one line they are one thing said, not a correction.
    let mut joined = between.trim_matches([' ', '$']).is_empty() && !between.contains('\n');
    while let Some(c) = rest.chars().next() {
        let known =
            ["\\quad", "\\qquad", "\\text", "\\textbf", "\\(", "\\)", "\\[", "\\]", "\\,", "\\;", "\\ "];
        let words = ["and", "or"];
        if let Some(w) = words.iter().find(|w| rest.starts_with(**w)) {
            joined = true;
            rest = &rest[w.len()..];
        } else if let Some(k) = known.iter().find(|k| rest.starts_with(**k)) {
            rest = &rest[k.len()..];
        } else if matches!(c, ',' | ';' | '+' | '-' | '/') {
            // What an operator joins is no single answer either.
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
