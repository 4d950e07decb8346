//! Arithmetic written as plain text: `48/2 = 24 clips`, `$0.2 x 50 = $10`, `20% of 50 = 10`.
//!
//! Words behind a number are its unit and are passed over; a letter glued to a number is a variable and ends the
//! expression. The calculator marks of GSM8K (`<<48/2=24>>`) are no text.

use super::Truth;
use super::link::closed;
use crate::equiv::constant_value;
use crate::expr::{Expr, RelOp};
use crate::numeric::Real;
use crate::syntax::parse;
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Number,
    /// `+ - * / ^`, as the parser writes them.
    Op(char),
    Open,
    Close,
    Percent,
    Currency,
    Eq(RelOp),
    /// A word; what it may be is seen from its neighbours.
    Word,
    /// Passed over.
    Mark,
    /// Ends every expression.
    Break,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    range: Range<usize>,
}

/// A member: its tokens by index.
type Member = Range<usize>;

/// Longer expressions are no arithmetic of a sentence.
const MAX_TOKENS: usize = 60;

/// Every equation of numbers in that part of the text, `most` at most, and whether it is true.
pub fn statements(text: &str, part: Range<usize>, most: usize) -> Vec<(Range<usize>, Truth)> {
    let modular = ["(mod", " mod ", "≡"].iter().any(|m| text[part.clone()].contains(m));
    if modular || !text[part.clone()].contains(['=', '≈']) {
        return Vec::new();
    }
    let tokens = tokens(text, part);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Kind::Eq(op) = token.kind else { continue };
        if found.len() >= most {
            break;
        }
        let (Some(left), Some(right)) = (before(text, &tokens, at), behind(text, &tokens, at)) else {
            continue;
        };
        let span = tokens[left.start].range.start..tokens[right.end - 1].range.end;
        found.push((span, decide(text, &tokens, left, op, right)));
    }
    found
}

fn tokens(text: &str, part: Range<usize>) -> Vec<Token> {
    // the edges to neighbouring formulas end every expression
    let edge = |at: usize| Token { kind: Kind::Break, range: at..at };
    let mut out = vec![edge(part.start)];
    let mut at = part.start;
    while at < part.end {
        let (kind, length) = token(&text[at..part.end], &text[..at]);
        if let Some(kind) = kind {
            out.push(Token { kind, range: at..at + length });
        }
        at += length;
    }
    out.push(edge(part.end));
    out
}

fn token(rest: &str, before: &str) -> (Option<Kind>, usize) {
    let bytes = rest.as_bytes();
    let Some(first) = rest.chars().next() else { return (None, 1) };
    let kind = match first {
        ' ' | '\t' | '*'
            if bytes.starts_with(b"**")
                && bytes.get(2).is_some_and(|b| !b.is_ascii_digit() && *b != b' ') =>
        {
            return (None, 2);
        }
        ' ' | '\t' => return (None, 1),
        '0'..='9' => return number(rest),
        '.' if bytes.get(1).is_some_and(u8::is_ascii_digit)
            && !before.ends_with(|c: char| c.is_ascii_digit()) =>
        {
            return number(rest);
        }
        '<' if rest.starts_with("<<") => {
            return (Some(Kind::Mark), rest.find(">>").map_or(rest.len(), |end| end + 2));
        }
        'x' | 'X' if multiplies(rest, before) => Kind::Op('*'),
        c if c.is_alphabetic() => {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '\'')).unwrap_or(rest.len());
            let word = &rest[..length];
            let ordinal =
                before.ends_with(|c: char| c.is_ascii_digit()) && matches!(word, "st" | "nd" | "rd" | "th");
            // a letter by itself is a variable
            let glued = before.ends_with(|c: char| c.is_ascii_digit());
            let variable = length < 2 && (glued || !matches!(word, "a" | "A"));
            return (
                Some(if ordinal || variable { Kind::Break } else { Kind::Word }),
                length.max(c.len_utf8()),
            );
        }
        '+' => Kind::Op('+'),
        '-' | '−' | '–' => Kind::Op('-'),
        '*' if rest.starts_with("**") && bytes.get(2).is_some_and(|b| *b == b' ' || b.is_ascii_digit()) => {
            return (Some(Kind::Op('^')), 2);
        }
        '*' | '×' | '·' => Kind::Op('*'),
        '/' | '÷' => Kind::Op('/'),
        '^' => Kind::Op('^'),
        '(' | '[' => Kind::Open,
        ')' | ']' => Kind::Close,
        '%' => Kind::Percent,
        '$' | '€' | '£' => Kind::Currency,
        '≈' => Kind::Eq(RelOp::Approx),
        '=' if bytes.get(1) == Some(&b'>') => return (Some(Kind::Break), 2),
        '=' if before.ends_with(['<', '>', '!', '=', ':', '~']) || bytes.get(1) == Some(&b'=') => Kind::Break,
        '=' => Kind::Eq(RelOp::Eq),
        _ => Kind::Break,
    };
    (Some(kind), first.len_utf8())
}

/// Digits with grouping commas and a point.
fn number(rest: &str) -> (Option<Kind>, usize) {
    let bytes = rest.as_bytes();
    let digits =
        |from: usize| bytes[from.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = digits(0);
    while bytes.get(at) == Some(&b',') && digits(at + 1) == 3 && at <= 3 + 4 * 6 {
        at += 4;
    }
    if bytes.get(at) == Some(&b'.') && digits(at + 1) > 0 {
        at += 1 + digits(at + 1);
    }
    (Some(Kind::Number), at)
}

/// `3 x 4`, `3x4`, `(2) x (5)`: a cross; `3x` is a variable.
fn multiplies(rest: &str, before: &str) -> bool {
    let value = |c: char| c.is_ascii_digit() || matches!(c, '$' | '(' | '<' | '.');
    let left =
        before.trim_end().ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | '%' | '>' | ']'));
    let alone = !rest[1..].starts_with(|c: char| c.is_alphabetic());
    let spaced = before.ends_with(' ') && rest[1..].starts_with(' ');
    left && alone
        && rest[1..].trim_start().starts_with(value)
        && (spaced || before.ends_with(|c: char| !c.is_alphabetic()))
}

/// The expression that ends before the relation at `at`.
fn before(text: &str, tokens: &[Token], at: usize) -> Option<Member> {
    let mut start = at;
    while start > 0 && at - start < MAX_TOKENS {
        let token = &tokens[start - 1];
        match token.kind {
            Kind::Break | Kind::Eq(_) => break,
            Kind::Word => match unit_before(text, tokens, start - 1) {
                Some(first) => start = first,
                None => break,
            },
            Kind::Number if starts_value(tokens, start) => break,
            _ => start -= 1,
        }
        if newline(text, tokens, start) {
            break;
        }
    }
    let start = balanced_start(tokens, start, at)?;
    let first = &tokens[start];
    let ahead = start.checked_sub(1).map(|i| &tokens[i])?;
    let glued =
        matches!(ahead.kind, Kind::Break) && !ahead.range.is_empty() && ahead.range.end == first.range.start;
    if glued && text[ahead.range.clone()].starts_with([',', '.', ':', '\\', '_', '{', '}'])
        || ahead.kind == Kind::Number
        || first.kind == Kind::Open && !ahead.range.is_empty() && ahead.range.end == first.range.start
    {
        return None;
    }
    if let Kind::Op(op) = first.kind {
        let glued = tokens.get(start + 1).is_some_and(|t| t.range.start == first.range.end);
        let line_start = text[..first.range.start].trim_end_matches(' ').ends_with('\n')
            || start == 1 && first.range.start == 0;
        return match op {
            '-' | '*' | '+' if line_start && !glued => Some(start + 1..at),
            '-' if glued
                && text[..first.range.start].ends_with([' ', '('])
                && tokens[start - 1].kind == Kind::Word =>
            {
                Some(start..at)
            }
            _ => None,
        };
    }
    // a Close, Percent or unit cannot start it
    (matches!(first.kind, Kind::Number | Kind::Open | Kind::Currency) && start < at).then_some(start..at)
}

/// Whether the tokens from `at` on start a value, so that a number before them is none of theirs.
fn starts_value(tokens: &[Token], at: usize) -> bool {
    let next = tokens[at..].iter().find(|t| t.kind != Kind::Mark);
    matches!(next.map(|t| t.kind), Some(Kind::Number | Kind::Currency))
}

fn newline(text: &str, tokens: &[Token], start: usize) -> bool {
    start > 0 && text[tokens[start - 1].range.end..tokens[start].range.start].contains('\n')
}

/// From the innermost bracket that is not closed.
fn balanced_start(tokens: &[Token], start: usize, end: usize) -> Option<usize> {
    let mut depth = 0i32;
    let mut from = start;
    for i in (start..end).rev() {
        match tokens[i].kind {
            Kind::Close => depth += 1,
            Kind::Open => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            from = i + 1;
            break;
        }
    }
    (from < end && (depth <= 0)).then_some(from)
}

/// The first of at most two words that are the unit of a value: a number before, an operator or the end behind.
fn unit_before(text: &str, tokens: &[Token], last: usize) -> Option<usize> {
    let mut first = last;
    while first > 0 && tokens[first - 1].kind == Kind::Word && last - first < 2 {
        first -= 1;
    }
    if word(text, &tokens[last]) == "of" {
        return Some(last);
    }
    let valued = matches!(
        tokens.get(first.checked_sub(1)?)?.kind,
        Kind::Number | Kind::Percent | Kind::Close | Kind::Mark
    );
    let per = matches!(tokens[first - 1].kind, Kind::Op('/'))
        && matches!(tokens.get(first.wrapping_sub(2)).map(|t| t.kind), Some(Kind::Number | Kind::Word));
    let next = tokens.get(last + 1).map(|t| t.kind);
    let closed = matches!(next, Some(Kind::Op(_) | Kind::Close | Kind::Eq(_)));
    if per && closed {
        return Some(first - 1);
    }
    let plain = tokens[first..=last].iter().all(|t| !VERBS.contains(&word(text, t).as_str()));
    (valued && closed && plain).then_some(first)
}

/// Words that are no unit: what stands before them is another thought.
const VERBS: [&str; 24] = [
    "then", "is", "because", "has", "are", "and", "so", "gives", "get", "we", "equals", "was", "if", "the",
    "that", "have", "had", "makes", "which", "means", "were", "will", "with", "by",
];

fn word(text: &str, token: &Token) -> String {
    text[token.range.clone()].to_ascii_lowercase()
}

/// The expression that starts behind the relation at `at`.
fn behind(text: &str, tokens: &[Token], at: usize) -> Option<Member> {
    let mut end = at + 1;
    let mut depth = 0i32;
    while end < tokens.len() && end - at < MAX_TOKENS {
        if newline(text, tokens, end) && end > at + 1 {
            break;
        }
        match tokens[end].kind {
            Kind::Break | Kind::Eq(_) => break,
            Kind::Word => {
                let words = tokens[end..].iter().take_while(|t| t.kind == Kind::Word).count();
                let next = tokens.get(end + words).map(|t| t.kind);
                let of = words == 1 && word(text, &tokens[end]) == "of";
                if !(of || words <= 3 && matches!(next, Some(Kind::Op(_)))) {
                    break;
                }
                end += words;
                continue;
            }
            Kind::Number if end > at + 1 && tokens[end - 1].kind == Kind::Number => return None,
            Kind::Currency if end > at + 1 && tokens[end - 1].kind == Kind::Number => break,
            // "= 18 (see above)"
            Kind::Open if is_value(tokens, end) && tokens[end - 1].range.end < tokens[end].range.start => {
                break;
            }
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            break;
        }
        end += 1;
    }
    if glued_variable(text, tokens, end) {
        return None;
    }
    // "= 5 - the rest", "= 3 * (what is left)": operators at the end belong to no number
    while end > at + 1 && matches!(tokens[end - 1].kind, Kind::Op('-')) {
        end -= 1;
    }
    let last = tokens.get(end - 1)?;
    let ends = matches!(last.kind, Kind::Number | Kind::Close | Kind::Percent | Kind::Word);
    (depth <= 0 && end > at + 1 && ends && tokens[at + 1].kind != Kind::Word).then_some(at + 1..end)
}

/// Whether a value ends before the token at `end`.
fn is_value(tokens: &[Token], end: usize) -> bool {
    matches!(tokens[end - 1].kind, Kind::Number | Kind::Close | Kind::Percent)
}

/// `= 3x`: the number is a coefficient.
fn glued_variable(text: &str, tokens: &[Token], end: usize) -> bool {
    let Some(next) = tokens.get(end) else { return false };
    let glued = end > 0 && next.range.start == tokens[end - 1].range.end && !next.range.is_empty();
    let sign = text[next.range.clone()].chars().next();
    glued
        && matches!(tokens[end - 1].kind, Kind::Number | Kind::Close)
        && sign.is_some_and(|c| c.is_alphabetic() || matches!(c, '\\' | '!' | '_' | ':'))
}

fn decide(text: &str, tokens: &[Token], left: Member, op: RelOp, right: Member) -> Truth {
    // "1 ton = 2000 pounds", "the other 5 = 13": nothing is computed
    let computes = |m: &Member| {
        tokens[m.clone()].iter().any(|t| matches!(t.kind, Kind::Op(_) | Kind::Percent | Kind::Open))
    };
    let labelled = tokens[left.end - 1].kind == Kind::Word && !computes(&left);
    if labelled || !computes(&left) && !computes(&right) {
        return Truth::Undecided;
    }
    let goes_on = tokens.get(right.end).is_some_and(|t| matches!(t.kind, Kind::Eq(_)));
    for percent in [true, false] {
        let (Some(l), Some(r)) = (value(text, tokens, &left, percent), value(text, tokens, &right, percent))
        else {
            return Truth::Undecided;
        };
        let truth = closed(&l, op, &r);
        if truth != Truth::False {
            return truth;
        }
    }
    // "5 + 3 = 8 * 2 = 16": what runs on from the result
    if goes_on
        && let (Some(l), Some(first)) =
            (value(text, tokens, &left, true), value(text, tokens, &(right.start..right.start + 1), true))
        && closed(&l, op, &first) == Truth::True
    {
        return Truth::True;
    }
    if excused(text, tokens, &left, &right) { Truth::Undecided } else { Truth::False }
}

/// Rounding to whole things, changes of units, labels that look like numbers.
fn excused(text: &str, tokens: &[Token], left: &Member, right: &Member) -> bool {
    let number = |m: &Member| constant_value(&value(text, tokens, m, true)?).map(|v| v.approx());
    let (Some(l), Some(r)) = (number(left), number(right)) else { return true };
    // 22 : 7 = 3, but 1.5 is not 2 and 6.20 is not 6
    let cents = (l * 100.0 - (l * 100.0).round()).abs() < 1e-6;
    let whole = !text[tokens[right.start].range.start..tokens[right.end - 1].range.end].contains('.');
    let rounded = !cents && whole && (l - r).abs() <= 0.5;
    let ratio = if l == 0.0 || r == 0.0 { 0.0 } else { (l / r).abs().max((r / l).abs()) };
    const FACTORS: [f64; 17] = [
        2.0, 3.0, 4.0, 7.0, 8.0, 10.0, 12.0, 16.0, 24.0, 30.0, 36.0, 52.0, 60.0, 100.0, 365.0, 1000.0, 3600.0,
    ];
    let units = measures(text, tokens, left) | measures(text, tokens, right);
    let converted = units.count_ones() >= 2 && FACTORS.iter().any(|f| (ratio - f).abs() < 1e-6)
        || (ratio - 100.0).abs() < 0.1;
    let label = left.start > 0 && LABELS.contains(&word(text, &tokens[left.start - 1]).as_str());
    rounded || converted || label
}

/// Words before a number that is none of the sum.
const LABELS: [&str; 12] = [
    "step", "day", "week", "month", "year", "case", "part", "equation", "figure", "chapter", "number",
    "question",
];

/// Which measures stand in a member, as bits.
fn measures(text: &str, tokens: &[Token], member: &Member) -> u32 {
    const UNITS: [&str; 24] = [
        "dollar",
        "cent",
        "hour",
        "minute",
        "second",
        "day",
        "week",
        "month",
        "year",
        "inch",
        "inche",
        "foot",
        "feet",
        "yard",
        "mile",
        "meter",
        "kilometer",
        "ounce",
        "pound",
        "ton",
        "gram",
        "dozen",
        "quarter",
        "dime",
    ];
    let mut bits = 0;
    let behind = tokens[member.end..].iter().take(1);
    for token in tokens[member.clone()].iter().chain(behind) {
        match token.kind {
            Kind::Currency => bits |= 1,
            Kind::Percent => bits |= 1 << 30 | 1 << 31,
            Kind::Word => {
                let word = word(text, token);
                let singular = word.trim_end_matches('s');
                if let Some(i) = UNITS.iter().position(|u| *u == singular) {
                    bits |= 1 << i;
                }
            }
            _ => {}
        }
    }
    bits
}

/// The value of a member, as an expression; percent signs as hundredths or not at all.
fn value(text: &str, tokens: &[Token], member: &Member, percent: bool) -> Option<Expr> {
    let mut source = String::new();
    let part = &tokens[member.clone()];
    for (i, token) in part.iter().enumerate() {
        match token.kind {
            Kind::Number => {
                let hundredths = percent && part.get(i + 1).is_some_and(|t| t.kind == Kind::Percent);
                let digits = text[token.range.clone()].replace(',', "");
                source.push_str(&if hundredths { format!("({digits}/100)") } else { digits });
            }
            Kind::Op('/') if part.get(i + 1).is_some_and(|t| t.kind == Kind::Word) => {}
            Kind::Op(c) => {
                source.push(' ');
                source.push(c);
                source.push(' ');
            }
            Kind::Open => source.push('('),
            Kind::Close => source.push(')'),
            Kind::Word if word(text, token) == "of" => source.push_str(" * "),
            _ => {}
        }
    }
    parse(&source).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, Truth)]) {
        let found = statements(text, 0..text.len(), 100);
        let shown: Vec<(&str, Truth)> = found.iter().map(|(r, t)| (&text[r.clone()], *t)).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn arithmetic_in_sentences() {
        use Truth::{False, True, Undecided};
        check("She sold 48/2 = <<48/2=24>>24 clips.", &[("48/2 = <<48/2=24>>24", True)]);
        check("She sold 48+24 = 73 clips.", &[("48+24 = 73", False)]);
        check("It earned 0.2 x 50 = $<<0.2*50=10>>10.", &[("0.2 x 50 = $<<0.2*50=10>>10", True)]);
        check("5 apples * 2 = 10 apples", &[("5 apples * 2 = 10", True)]);
        check("20% of 50 = 10 and 20% * 50 = 11", &[("20% of 50 = 10", True), ("20% * 50 = 11", False)]);
        check("So 5 + 3 = 8 * 2 = 16.", &[("5 + 3 = 8 * 2", True), ("8 * 2 = 16", True)]);
        check("2 hours = 120 minutes", &[("2 hours = 120", Undecided)]);
        check("10/3 = 3 boxes", &[("10/3 = 3", Undecided)]);
        check("3/2 = 2 boxes", &[("3/2 = 2", False)]);
        check("In total 1,200 + 300 = 1,500.", &[("1,200 + 300 = 1,500", True)]);
        check("3 * (2 + 4) = 18 (see above)", &[("3 * (2 + 4) = 18", True)]);
    }

    #[test]
    fn unknowns_are_left_alone() {
        check("Then x = 5 and 2x = 10 and 20 - x = 15.", &[]);
        check("5 + 3y = 8", &[]);
        check("x + 2 = 3x", &[]);
        check("total = 5 + 3", &[]);
    }
}
