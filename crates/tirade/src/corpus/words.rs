//! A statement as tokens that do not depend on how it is written: no layout, no drawings, numbers as numbers.
//!
//! `Janet’s ducks lay 1,600.0 eggs` and `janet's ducks lay \(1600\) eggs.` have the same tokens. Exact matches, n-grams and paraphrases are all
//! found on these.

use std::hash::{DefaultHasher, Hash, Hasher};

use smol_str::{SmolStr, ToSmolStr};
use tirade_math::cardinal;

/// One token. Words are in lower case; numbers are written one way; signs are operators and relations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Token {
    Word(SmolStr),
    Number(SmolStr),
    Sign(char),
}

/// LaTeX that says how a thing looks, not what it is.
const LAYOUT: &[&str] = &[
    "left",
    "right",
    "big",
    "bigl",
    "bigr",
    "displaystyle",
    "textstyle",
    "quad",
    "qquad",
    "text",
    "mathrm",
    "mathbf",
    "textbf",
    "mathit",
    "operatorname",
    "begin",
    "end",
    "hspace",
    "vspace",
    "limits",
];

/// Numbers in words beside the cardinal ones. `a`, `first` and `third` are not among them: they seldom count.
const NUMBERS: &[(&str, &str)] = &[
    ("hundred", "100"),
    ("thousand", "1000"),
    ("half", "0.5"),
    ("quarter", "0.25"),
    ("twice", "2"),
    ("double", "2"),
    ("triple", "3"),
    ("dozen", "12"),
];

/// The tokens of a statement. One pass; any text will do.
pub fn tokens(text: &str) -> Vec<Token> {
    let text = without_drawings(text);
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let taken = if first.is_ascii_digit() || (first == '.' && digit_at(rest, 1)) {
            number(rest, &mut found)
        } else if first == '\\' {
            command(rest, &mut found)
        } else if first.is_alphabetic() {
            word(rest, &mut found)
        } else {
            found.extend(sign(first));
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    found
}

/// Numbers become one and the same token: what is left is the template of a statement.
pub fn masked(tokens: &[Token]) -> Vec<Token> {
    let mask = |token: &Token| match token {
        Token::Number(_) => Token::Number("#".into()),
        other => other.clone(),
    };
    tokens.iter().map(mask).collect()
}

/// The hashes of all runs of `length` tokens, sorted, each once. A shorter text is one run.
pub fn shingles(tokens: &[Token], length: usize) -> Vec<u64> {
    if tokens.is_empty() {
        return Vec::new();
    }
    let mut all: Vec<u64> = tokens.windows(length.min(tokens.len())).map(hash).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Keys are fixed, so that the same text hashes alike in every process.
fn hash(run: &[Token]) -> u64 {
    let mut hasher = DefaultHasher::new();
    run.hash(&mut hasher);
    hasher.finish()
}

/// How many members two sorted sets share.
pub fn shared<T: Ord>(a: &[T], b: &[T]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, count) = (i + 1, j + 1, count + 1),
        }
    }
    count
}

/// Shared members over all members; 0 where both are empty.
pub fn jaccard<T: Ord>(a: &[T], b: &[T]) -> f64 {
    let common = shared(a, b);
    let all = a.len() + b.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

/// A word without the endings that come and go in a paraphrase. Crude on purpose: both sides get the same treatment.
pub fn stem(word: &str) -> &str {
    let cut = |ending: &str, least: usize| word.strip_suffix(ending).filter(|_| word.len() > least);
    cut("ing", 5)
        .or_else(|| cut("ies", 4))
        .or_else(|| cut("ed", 4))
        .or_else(|| cut("s", 3).filter(|stem| !stem.ends_with('s')))
        .unwrap_or(word)
}

/// Asymptote drawings are programs: their boilerplate is alike where the problems are not.
fn without_drawings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[asy]") {
        let Some((_, tail)) = after.split_once("[/asy]") else { break };
        out.push_str(before);
        out.push(' ');
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn digit_at(text: &str, at: usize) -> bool {
    text.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
}

/// `1,600.0` is one number; `3, 4` and `(1,2)` are two.
fn number(text: &str, found: &mut Vec<Token>) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    let mut digits = String::new();
    while end < bytes.len() {
        match bytes[end] {
            digit if digit.is_ascii_digit() => digits.push(digit as char),
            b'.' if digit_at(text, end + 1) && !digits.contains('.') => digits.push('.'),
            b',' if !digits.contains('.') && is_thousand(&text[end + 1..], end) => {}
            _ => break,
        }
        end += 1;
    }
    found.push(Token::Number(plain_number(&digits).into()));
    end
}

/// Exactly three digits follow a comma, and one to three or another group came before it.
fn is_thousand(after: &str, before: usize) -> bool {
    (0..3).all(|at| digit_at(after, at)) && !digit_at(after, 3) && before >= 1
}

/// One way to write each number: `08.50` is `8.5`, `.5` is `0.5`.
fn plain_number(digits: &str) -> String {
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    let bare = digits.trim_start_matches('0');
    if bare.is_empty() || bare.starts_with('.') { format!("0{bare}") } else { bare.to_owned() }
}

fn command(text: &str, found: &mut Vec<Token>) -> usize {
    let name: &str = &text[1..];
    let length = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len());
    if length == 0 {
        // `\$`, `\,`, `\{`: layout, and a letter with an accent is read as itself.
        return 1 + name.chars().next().map_or(0, |c| if c.is_alphanumeric() { 0 } else { c.len_utf8() });
    }
    let name = &name[..length];
    match name {
        "cdot" | "times" | "ast" => found.push(Token::Sign('*')),
        "div" => found.push(Token::Sign('/')),
        "le" | "leq" | "leqslant" => found.push(Token::Sign('≤')),
        "ge" | "geq" | "geqslant" => found.push(Token::Sign('≥')),
        "frac" | "dfrac" | "tfrac" | "cfrac" => found.push(Token::Word("frac".into())),
        "binom" | "dbinom" | "tbinom" => found.push(Token::Word("binom".into())),
        layout if LAYOUT.contains(&layout) => {}
        other => found.push(Token::Word(other.to_ascii_lowercase().into())),
    }
    1 + length
}

/// A word, or a number in words (`twenty-five` is one). `'s` is left out.
fn word(text: &str, found: &mut Vec<Token>) -> usize {
    let end = word_end(text);
    let lower = text[..end].to_lowercase();
    let mut taken = end;
    if let Some((number, length)) = hyphened(&lower, &text[end..]) {
        found.push(Token::Number(number));
        return end + length;
    }
    found.push(number_word(&lower).map_or_else(|| Token::Word(lower.as_str().into()), Token::Number));
    for possessive in ["'s", "’s", "'S", "’S"] {
        if let Some(after) = text[end..].strip_prefix(possessive)
            && !after.starts_with(char::is_alphanumeric)
        {
            taken = end + possessive.len();
        }
    }
    // A hyphen inside a word is no minus.
    if text[taken..].starts_with('-') && text[taken + 1..].starts_with(char::is_alphabetic) {
        taken + 1
    } else {
        taken
    }
}

fn word_end(text: &str) -> usize {
    text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len())
}

/// `twenty-five`: the number of tens and the `-five` that follows, and the length of that.
fn hyphened(tens: &str, rest: &str) -> Option<(SmolStr, usize)> {
    let unit = rest.strip_prefix('-')?;
    let unit = &unit[..word_end(unit)];
    match (cardinal(tens)?, cardinal(&unit.to_lowercase())?) {
        (tens @ 20..=90, one @ 1..=9) => Some(((tens + one).to_smolstr(), 1 + unit.len())),
        _ => None,
    }
}

fn number_word(word: &str) -> Option<SmolStr> {
    let other =
        || NUMBERS.iter().find(|(name, _)| *name == word).map(|(_, number)| SmolStr::new_static(number));
    cardinal(word).map(|number| number.to_smolstr()).or_else(other)
}

fn sign(c: char) -> Option<Token> {
    let sign = match c {
        '×' | '·' | '*' => '*',
        '÷' | '/' => '/',
        '−' | '-' => '-',
        '+' | '^' | '=' | '<' | '>' | '!' | '|' | '≤' | '≥' | '%' => c,
        _ => return None,
    };
    Some(Token::Sign(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let show = |token: &Token| match token {
            Token::Word(word) => word.to_string(),
            Token::Number(number) => format!("#{number}"),
            Token::Sign(sign) => sign.to_string(),
        };
        tokens(text).iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn writing_does_not_matter() {
        for (text, expected) in [
            ("Janet’s ducks lay 1,600.0 eggs.", "janet ducks lay #1600 eggs"),
            (r"janet's ducks lay \(1600\) eggs", "janet ducks lay #1600 eggs"),
            (r"$\dfrac{1}{2} \cdot x^2 \leq 08.50$", "frac #1 #2 * x ^ #2 ≤ #8.5"),
            ("3x-2 = -1", "#3 x - #2 = - #1"),
            ("a well-known part-time job", "a well known part time job"),
            ("Twenty-five of thirty, twenty apples", "#25 of #30 #20 apples"),
            ("(1,2), (1,234), 12,345,678 and 1,2345", "#1 #2 #1234 #12345678 and #1 #2345"),
            ("half of it, 0.50 and .5", "#0.5 of it #0.5 and #0.5"),
            ("A [asy] draw((0,0)--(1,1)); [/asy] B [asy] open", "a b asy open"),
            (r"\left( \text{cm} \right)\$5", "cm #5"),
            (r"caf\'e 7. 000 \", "caf e #7 #0"),
            ("", ""),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }

    #[test]
    fn hostile_text_is_read_in_one_pass() {
        for text in ["\\".repeat(100_000), "1,".repeat(100_000), "[asy]".repeat(50_000), "-a".repeat(100_000)]
        {
            tokens(&text);
        }
    }

    #[test]
    fn stems_meet() {
        for (a, b) in [("muffins", "muffin"), ("walked", "walk"), ("walking", "walk"), ("class", "class")] {
            assert_eq!(stem(a), stem(b));
        }
    }

    #[test]
    fn sets_are_compared() {
        assert_eq!(shared(&[1, 2, 4], &[2, 3, 4]), 2);
        assert_eq!(jaccard(&[1, 2, 4], &[2, 3, 4]), 0.5);
        assert_eq!(jaccard::<u64>(&[], &[]), 0.0);
        let words = |text| shingles(&tokens(text), 3);
        assert_eq!(words("a b c d").len(), 2);
        assert_eq!(words("a b").len(), 1);
        assert!(words("").is_empty());
    }
}
