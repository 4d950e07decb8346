//! Length, repetition, truncation, language.

use std::collections::HashMap;

use super::{Finding, Kind};
use crate::translate::spans::sentences;

/// Shorter texts are an answer, not a solution.
const SHORTEST: usize = 24;
/// Longer texts do not fit into a small student's context.
const LONGEST: usize = 12_000;
/// A sentence of some length this many times is a loop.
const MOST_REPEATS: usize = 3;
/// A sentence of so many bytes is not said twice by chance: the text is told twice.
const LONG_SENTENCE: usize = 100;

pub(super) fn shape(text: &str) -> Vec<Finding> {
    [length(text), repetition(text), truncation(text), language(text)].into_iter().flatten().collect()
}

fn finding(message: String) -> Option<Finding> {
    Some(Finding::whole(Kind::Shape, message))
}

fn length(text: &str) -> Option<Finding> {
    match text.len() {
        0..SHORTEST => finding("it is too short to explain anything: show the steps".into()),
        SHORTEST..=LONGEST => None,
        length => finding(format!("it is too long ({length} bytes, at most {LONGEST})")),
    }
}

fn repetition(text: &str) -> Option<Finding> {
    if let Some(words) = looping(text) {
        return finding(format!("{words:?} is there again and again"));
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for range in sentences(text) {
        let sentence = &text[range];
        if sentence.len() > 20 {
            *counts.entry(sentence).or_default() += 1;
        }
    }
    let too_often = |(sentence, count): &(&str, usize)| {
        *count >= MOST_REPEATS || *count > 1 && sentence.len() >= LONG_SENTENCE
    };
    let (sentence, count) =
        counts.into_iter().filter(too_often).max_by_key(|&(sentence, count)| (count, sentence))?;
    finding(format!(
        "the sentence {:?} is there {count} times",
        sentence.chars().take(60).collect::<String>()
    ))
}

/// Words that come round many times without anything between them: "and then and then and then".
fn looping(text: &str) -> Option<String> {
    const LONGEST_PERIOD: usize = 16;
    const TIMES: usize = 5;
    let words: Vec<&str> = text.split_whitespace().collect();
    let speaks = |words: &[&str]| {
        let letters =
            |w: &&str| w.len() > 1 && w.chars().all(|c| c.is_alphabetic() || matches!(c, ',' | '.'));
        words.iter().any(|w| w.contains('=')) && words.len() > 2 || words.iter().any(letters)
    };
    for period in 1..=LONGEST_PERIOD {
        let mut run = 0;
        for at in period..words.len() {
            run = if words[at].trim_end_matches(['.', ',']) == words[at - period].trim_end_matches(['.', ','])
            {
                run + 1
            } else {
                0
            };
            let again = &words[at + 1 - period..=at];
            if run >= period * (TIMES - 1) && speaks(again) {
                return Some(again.join(" "));
            }
        }
    }
    None
}

fn truncation(text: &str) -> Option<Finding> {
    let is_open = |paragraph: &str| {
        let odd = paragraph.matches('$').count() % 2 == 1;
        odd && !has_prices(paragraph) && !tirade_math::formulas(paragraph).is_empty()
    };
    if text.split("\n\n").any(is_open) {
        return finding("a formula is not closed: there is an odd number of $ signs".into());
    }
    for (open, close) in [("\\(", "\\)"), ("\\[", "\\]")] {
        if delimiters(text, open) != delimiters(text, close) {
            return finding(format!("a formula is not closed: {open} and {close} are not equally many"));
        }
    }
    // GSM8K ends with the bare answer
    let last_line = text.trim_end().rsplit('\n').next().unwrap_or_default();
    if last_line.contains("#### ") {
        return None;
    }
    if last_line.ends_with("...") || last_line.ends_with('…') {
        return finding("it trails off in dots".into());
    }
    match text.trim_end().chars().last() {
        Some('.' | '!' | '?' | '$' | '}' | ')' | ']' | '*' | '"') | None => None,
        Some(_) => finding("it ends in the middle of a sentence".into()),
    }
}

/// How often a delimiter stands in the text; `\\\\(` is a new line and a parenthesis.
fn delimiters(text: &str, delimiter: &str) -> usize {
    text.match_indices(delimiter).filter(|(at, _)| !text[..*at].ends_with('\\')).count()
}

/// Whether dollar signs stand for money: `\$5`, or `$80` with no second sign close by.
fn has_prices(paragraph: &str) -> bool {
    paragraph.match_indices('$').any(|(at, _)| {
        let rest = &paragraph[at + 1..];
        let amount = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
        let is_amount = rest.starts_with(|c: char| c.is_ascii_digit());
        paragraph[..at].ends_with('\\') || is_amount && !amount.starts_with('$') && !amount.starts_with('\\')
    })
}

/// Words that nearly every English sentence has some of.
const ENGLISH: [&str; 32] = [
    "the", "of", "and", "to", "is", "we", "so", "in", "a", "that", "for", "then", "this", "are", "by",
    "have", "since", "let", "be", "he", "she", "it", "has", "his", "her", "they", "if", "total", "each",
    "per", "at", "was",
];
/// Shorter texts are too little to tell a language by.
const MIN_WORDS: usize = 30;
/// Words that nearly every sentence of another European language has some of, and no English one.
const FOREIGN: [&str; 42] = [
    "la", "le", "les", "des", "du", "est", "et", "donc", "une", "der", "das", "und", "ist", "mit", "ein",
    "eine", "es", "er", "auf", "el", "los", "las", "una", "que", "por", "con", "il", "di", "ne", "è",
    "della", "quindi", "também", "uma", "não", "em", "os", "het", "een", "och", "att", "är",
];
/// Letters of another script in a row that are no name of a variable.
const SCRIPT_RUN: usize = 4;

/// Texts in another language than the corpus is in.
fn language(text: &str) -> Option<Finding> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let foreign = text
        .chars()
        .filter(|c| c.is_alphabetic() && *c > '\u{24f}' && !('\u{370}'..='\u{3ff}').contains(c))
        .count();
    let outside = text.split('$').step_by(2).flat_map(|part| part.split(|c: char| !c.is_alphabetic()));
    let words: Vec<&str> = outside.filter(|word| word.len() > 1 || matches!(*word, "a" | "A")).collect();
    let other = words.iter().filter(|word| FOREIGN.contains(&word.to_lowercase().as_str())).count();
    let english = words.iter().filter(|word| ENGLISH.contains(&word.to_lowercase().as_str())).count();
    let is_foreign = |c: char| c.is_alphabetic() && c > '\u{24f}' && !('\u{370}'..='\u{3ff}').contains(&c);
    let run = text.split(|c: char| !is_foreign(c)).map(|part| part.chars().count()).max().unwrap_or(0);
    if foreign * 10 > letters
        || run >= SCRIPT_RUN
        || other > 2 && other > english
        || words.len() >= MIN_WORDS && english * 40 < words.len()
    {
        return finding("it is not in English".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let fine = "We add $2$ and $3$ and get $5$, which is prime. The answer is $\\boxed{5}$.";
        let loops = "We add the two numbers again. ".repeat(4) + fine;
        let long = "The number of permutations of several distinct objects is the product of all positive integers up to it. ";
        let twice = long.repeat(2) + fine;
        for (text, expected) in [
            (fine, 0),
            (twice.as_str(), 1),
            (&twice[long.len()..], 0),
            ("\\boxed{5}", 1),
            ("We add $x and $3$ and get $5$, which is the answer we wanted.", 1),
            ("The price is $80 at first. After a discount it is $68, so he saves 12 dollars.", 0),
            (
                "Thus, the value of \\(\\sin\n\nThe exact value of \\(\\sin 30^\\circ\\) is \\(\\boxed{1/2}\\).",
                1,
            ),
            ("We have \\[ a &= 2 \\\\[2pt] b &= 3 \\] and so \\(a + b = 5\\), which was asked for.", 0),
            ("We add two and three, get five, and this is prime because it has no", 1),
            (loops.as_str(), 1),
            ("我们把两个数相加，得到五，因此答案是五。(完)", 1),
            ("He adds and then and then and then and then and then and then he is done.", 1),
            ("Tom a 14 sacs de 6 billes, donc il a 84 billes. Il en donne 20, la réponse est 64.", 1),
            ("He has 84 marbles 所以他有八十四个 and gives 20 of them away, so 64 are left.", 1),
            ("He has 84 marbles and gives 20 of them away, and thus...", 1),
            ("The sum is 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 = 9, as we were asked to find out.", 0),
            ("He has 3 + 4 = 7 apples, as we were asked to find out.\n#### 7", 0),
        ] {
            assert_eq!(shape(text).len(), expected, "{text}");
        }
    }
}
