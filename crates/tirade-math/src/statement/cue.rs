//! What the words around a formula make of it: a claim, a definition, a supposition, or nothing that is asserted.

use std::ops::Range;

/// How a formula is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is said to hold.
    Claim,
    /// It gives a name its meaning: `let x = 3`, `where n = 5`.
    Define,
    /// It holds for the sake of argument: `if x = 2`, `suppose`, `case 1:`.
    Suppose,
    /// It holds at one place: `at x = 2`.
    Instance,
    /// It is mentioned, denied, asked for, or led to a contradiction.
    Mention,
}

const SUPPOSE: [&str; 9] =
    ["if", "suppose", "supposing", "assume", "assuming", "case", "cases", "when", "whenever"];
/// Words that suppose something only of the formula they stand before: "at $x = 2$", but "set up the equation $x = 2$".
const WEAK: [&str; 17] = [
    "for",
    "with",
    "at",
    "setting",
    "set",
    "letting",
    "plug",
    "plugging",
    "substituting",
    "substitute",
    "try",
    "trying",
    "taking",
    "consider",
    "would",
    "guess",
    "once",
];
const DEFINE: [&str; 12] = [
    "let",
    "denote",
    "define",
    "call",
    "where",
    "say",
    "write",
    "defined",
    "represent",
    "given",
    "choose",
    "take",
];
const CLAIM: [&str; 38] = [
    "then",
    "so",
    "thus",
    "therefore",
    "hence",
    "gives",
    "give",
    "get",
    "have",
    "has",
    "obtain",
    "find",
    "is",
    "are",
    "yields",
    "becomes",
    "implies",
    "since",
    "because",
    "conclude",
    "simplifies",
    "equals",
    "means",
    "which",
    "follows",
    "giving",
    "yielding",
    "getting",
    "see",
    "know",
    "must",
    "computes",
    "makes",
    "leaves",
    "factors",
    "was",
    "finally",
    "consequently",
];
/// Claims that are not under a "not" before them: "we cannot have" is no claim.
const CONCLUDES: [&str; 12] = [
    "then",
    "so",
    "thus",
    "therefore",
    "hence",
    "since",
    "because",
    "implies",
    "gives",
    "which",
    "consequently",
    "giving",
];
const MENTION: [&str; 25] = [
    "not",
    "cannot",
    "can't",
    "isn't",
    "doesn't",
    "aren't",
    "unless",
    "whether",
    "instead",
    "rather",
    "prove",
    "show",
    "neither",
    "nor",
    "never",
    "no",
    "incorrectly",
    "wrong",
    "falsely",
    "contradiction",
    "without",
    "want",
    "wanted",
    "wants",
    "possibly",
];
/// Behind a formula, in the same sentence or as the start of the next.
const DENIED: [&str; 25] = [
    "contradict",
    "impossible",
    "not possible",
    "cannot",
    "can't",
    "absurd",
    "is false",
    "no solution",
    "extraneous",
    "not true",
    "does not",
    "doesn't",
    "isn't",
    "is not",
    "are not",
    "not an integer",
    "never",
    "would have",
    "no real",
    "discard",
    "no integer",
    "no rational",
    "no such",
    "has no",
    "have no",
];

/// The mode of a formula (or of a chain in it) in `text`; `lead` are the words inside the formula right before it.
pub fn mode(text: &str, formula: &Range<usize>, lead: &str) -> Mode {
    if let Some(mode) = last_cue(lead, false) {
        return if denied(text, formula) { Mode::Mention } else { mode };
    }
    let before = sentence_before(text, formula.start);
    if denied(text, formula) {
        return Mode::Mention;
    }
    last_cue(before, text[formula.clone()].starts_with("\\[") || text[formula.clone()].starts_with("$$"))
        .unwrap_or(Mode::Claim)
}

/// Before "when": what follows is said to hold there.
const OCCURS: [&str; 12] = [
    "occurs",
    "occur",
    "happens",
    "happen",
    "holds",
    "attained",
    "achieved",
    "minimized",
    "maximized",
    "zero",
    "only",
    "vanishes",
];

/// Where the sentence starts that supposes something before `start`: what is concluded from it holds under it.
pub fn condition(text: &str, start: usize) -> Option<usize> {
    let sentence = sentence_before(text, start);
    let supposes = |w: &str| SUPPOSE[..8].contains(&w.to_ascii_lowercase().as_str()) || w == "Otherwise";
    let found = words(sentence).any(supposes) || sentence.contains("ther hand");
    found.then(|| place_in(text, sentence))
}

/// Where the sentence starts that `start` is in.
pub fn sentence_start(text: &str, start: usize) -> usize {
    place_in(text, sentence_before(text, start))
}

/// Whether even a false equation of numbers is no error: it is supposed or denied right there.
pub fn is_refuted(text: &str, formula: &Range<usize>, lead: &str) -> bool {
    let strong = |w: &str| {
        let w = w.to_ascii_lowercase();
        STRONG.contains(&w.as_str())
    };
    let before = sentence_before(text, formula.start);
    let near = |word: &str| {
        let behind = &before[place_in(before, word) + word.len()..];
        strong(word) && !is_far(behind) && words(behind).all(|w| w.is_empty() || LEADS.contains(&w))
    };
    words(before).any(near) || words(lead).any(strong) || says(text, formula, &REFUTED)
}

/// Whether what stands behind a formula says that it is false.
pub fn is_refuted_behind(text: &str, formula: &Range<usize>) -> bool {
    says(text, formula, &REFUTED)
}

/// Right before a formula.
const STRONG: [&str; 14] = [
    "if",
    "suppose",
    "assume",
    "assuming",
    "not",
    "cannot",
    "can't",
    "unless",
    "whether",
    "instead",
    "incorrectly",
    "wrong",
    "falsely",
    "never",
];
/// Words that may stand between those and the formula: "if we have $1 = 2$", but "if I only work $10/12 = 5/6$ as long".
const LEADS: [&str; 26] = [
    "we", "it", "that", "the", "had", "is", "were", "was", "be", "true", "case", "equation", "say", "said",
    "a", "an", "to", "you", "one", "think", "want", "and", "or", "equal", "instead", "let",
];
/// Right behind a formula.
const REFUTED: [&str; 9] = [
    "contradict",
    "impossible",
    "not possible",
    "absurd",
    "is false",
    "not true",
    "no solution",
    "incorrect",
    "is wrong",
];

/// Whether the rest of the paragraph says that what was supposed cannot be.
pub fn is_absurd(text: &str, end: usize) -> bool {
    let rest = text[end..].split("\n\n").next().unwrap_or("").to_ascii_lowercase();
    DENIED.iter().any(|phrase| rest.contains(phrase))
}

/// Whether a condition follows a formula that ends at `end`: "if n is odd", "for x > 2", "otherwise".
pub fn is_cased(text: &str, end: usize) -> bool {
    let behind = text[end..].trim_start_matches([' ', '$', '&', ',', '\n', '\\', '}']);
    let behind = behind.trim_start_matches("quad").trim_start_matches(['\\', ' ', '&']);
    let behind = behind.strip_prefix("text{").or(behind.strip_prefix("mbox{")).unwrap_or(behind).trim_start();
    ["if ", "if}", "if$", "for ", "when ", "otherwise", "unless ", "whenever "]
        .iter()
        .any(|w| behind.starts_with(w))
}

/// Whether a formula of a problem names an instance ("for $x = 0$"), not a fact.
pub fn is_instance(text: &str, formula: &Range<usize>) -> bool {
    let last = words(sentence_before(text, formula.start)).filter(|w| !w.is_empty()).last();
    matches!(last, Some("for" | "when" | "at" | "When" | "For" | "with" | "consider"))
}

/// Whether a formula is one of several possibilities: "or" stands before or behind it.
pub fn is_alternative(text: &str, formula: &Range<usize>, lead: &str) -> bool {
    if words(sentence_before(text, formula.start)).any(|w| w.eq_ignore_ascii_case("either")) {
        return true;
    }
    let or = |word: Option<&str>| word.is_some_and(|w| matches!(w, "or" | "either" | "and/or"));
    let before = text[..formula.start].trim_end();
    let behind = text[formula.end..].trim_start();
    let first = behind.split(|c: char| !(c.is_alphabetic() || c == '/')).next();
    let last = before.rsplit(|c: char| !(c.is_alphabetic() || c == '/')).next();
    let here = &text[formula.clone()];
    let earlier = before.trim_end_matches("or").trim_end_matches([',', ' ', '$']);
    let earlier = &earlier[earlier.rfind('$').unwrap_or(0)..];
    let comma = before.trim_end_matches("or").trim_end().ends_with([',', ']', '$']);
    if comma && or(last) && !or(first) && is_restated(before, here) {
        return words(lead).any(|w| or(Some(w)));
    }
    let later = behind.trim_start_matches("or").trim_start();
    or(first) && !is_reworded(here, later)
        || or(last) && !is_reworded(earlier, here)
        || words(lead).any(|w| or(Some(w)))
}

/// `…(y - 3)^2 = 3, or (x + 2)^2 + (y - 3)^2 = 16`: an equation of some length after another that is not its twin.
fn is_restated(before: &str, here: &str) -> bool {
    let plain = |c: char| !matches!(c, '$' | '[' | ']' | '\\' | ' ' | ',' | '.' | '\n');
    let bare = |text: &str| text.chars().filter(|c| plain(*c)).collect::<String>();
    let before = before.trim_end_matches("or").trim_end();
    let earlier = before.trim_end_matches(['$', ']', '\\', ',', '.', ' ']);
    let start = earlier.rfind(['$', '[']).unwrap_or(0);
    let (earlier, here) = (bare(&earlier[start..]), bare(here));
    let (Some((l, r)), Some((a, b))) = (earlier.split_once('='), here.split_once('=')) else { return false };
    let long = a.len() > 2 && a.len() + b.len() > 7 && !here.contains('|');
    long && l != a && r != b
}

/// `24 = 2q, or q = 12`: the same in other words, not another possibility.
fn is_reworded(first: &str, second: &str) -> bool {
    let side = |formula: &str| {
        let inside = formula.trim_start_matches(['$', ' ']);
        inside.split('=').next().unwrap_or("").trim().to_string()
    };
    let (first_side, second_side) = (side(first), side(second));
    let letter = |side: &str| side.len() == 1 && side.starts_with(|c: char| c.is_ascii_alphabetic());
    letter(&second_side) && !letter(&first_side) && first.contains(&second_side)
}

/// The mode the last cue word asks for. Words in the middle of formulas do not count.
fn last_cue(before: &str, display: bool) -> Option<Mode> {
    let mut mode = None;
    let mut last = String::new();
    for word in words(before) {
        let word_start = place_in(before, word);
        let word = word.to_ascii_lowercase();
        let word = word.as_str();
        let weak = WEAK.contains(&word);
        if weak || SUPPOSE.contains(&word) {
            let word_end = word_start + word.len();
            let behind = before[word_end..].trim_end();
            let clause = display && word == "with" && (behind.ends_with(',') || behind.ends_with(",$"));
            let aside = weak && behind.ends_with(',') && !behind.contains('$') && behind.contains(' ');
            let past = weak && (clause || aside || is_far(&before[word_end..]));
            let only_if = word == "if" && last == "only";
            if !past && !only_if {
                let occurs = word == "when" && OCCURS.contains(&last.as_str());
                mode = Some(if word == "at" || occurs { Mode::Instance } else { Mode::Suppose });
            } else if word == "if" {
                mode = Some(Mode::Claim);
            }
        } else if word == "write" && last == "re" {
            mode = Some(Mode::Claim);
        } else if DEFINE.contains(&word) {
            mode = Some(Mode::Define);
        } else if MENTION.contains(&word) {
            mode = Some(Mode::Mention);
        } else if CLAIM.contains(&word) && (mode != Some(Mode::Mention) || CONCLUDES.contains(&word)) {
            mode = Some(Mode::Claim);
        }
        if !word.is_empty() {
            last = word.to_string();
        }
    }
    mode
}

/// Whether a formula or several words stand between a word and the formula in question.
fn is_far(between: &str) -> bool {
    let mut parts = between.split('$');
    let lead = parts.next().unwrap_or("");
    let count = |text: &str| text.split_whitespace().filter(|w| w.starts_with(char::is_alphabetic)).count();
    let joined =
        |text: &str| text.split_whitespace().all(|w| matches!(w.trim_matches(','), "and" | "or" | ""));
    count(lead) > 3 || lead.trim_start().starts_with("up") || !parts.skip(1).step_by(2).all(joined)
}

/// Where a slice of a text starts in it.
fn place_in(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// Words outside of `$…$` and commands.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let outside = text.split('$').enumerate().filter(|(i, _)| i % 2 == 0).map(|(_, part)| part);
    outside.flat_map(|part| part.split(|c: char| !(c.is_alphabetic() || c == '\'' || c == '\\')))
}

/// From the start of the sentence to `start`, with the dollar signs balanced.
pub fn sentence_before(text: &str, start: usize) -> &str {
    const FAR: usize = 300;
    let mut from = start.saturating_sub(FAR);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = &text[from..start];
    let cut = last_end(before).unwrap_or(0);
    before[cut..].trim_end_matches(['$', '[', '(', '\\'])
}

/// Where the last sentence in it that has ended ends: one look backwards, since this is asked for every formula.
fn last_end(before: &str) -> Option<usize> {
    const ENDS: [&[u8]; 10] =
        [b". ", b".\n", b"\n\n", b"? ", b"! ", b".$ ", b".\\] ", b".\\]", b"; ", b".$$"];
    const LONGEST: usize = 4;
    let bytes = before.as_bytes();
    let mut last: Option<usize> = None;
    for at in (0..bytes.len()).rev() {
        if last.is_some_and(|end| at + LONGEST <= end) {
            break;
        }
        if matches!(bytes[at], b'.' | b'\n' | b'?' | b'!' | b';') {
            let rest = &bytes[at..];
            let ends = ENDS.iter().filter(|end| rest.starts_with(end)).map(|end| at + end.len());
            last = last.max(ends.max());
        }
    }
    last
}

fn denied(text: &str, formula: &Range<usize>) -> bool {
    says(text, formula, &DENIED)
}

/// Whether one of the phrases stands in the rest of this sentence or the start of the next.
fn says(text: &str, formula: &Range<usize>, phrases: &[&str]) -> bool {
    const NEAR: usize = 90;
    let behind = &text[formula.end..];
    let inside =
        text[formula.clone()].trim_end_matches("\\end{align*}").trim_end_matches(['$', ']', '\\', ' ', '\n']);
    let ended = inside.ends_with('.');
    let mut to = behind.len().min(NEAR);
    while !behind.is_char_boundary(to) {
        to -= 1;
    }
    let near = &behind[..to];
    // the rest of this sentence, and the start of the next
    let near = near.split("\n\n").next().unwrap_or("");
    let mut stop = near.len();
    if ended {
        stop = near.find([',', '.', '$', '\\']).unwrap_or(stop);
    } else if let Some(first) = near.find(". ") {
        let second = near[first + 2..].find([',', '.', '$']).map_or(near.len(), |n| first + 2 + n);
        stop = second;
    }
    let near = near[..stop].to_ascii_lowercase();
    phrases.iter().any(|phrase| near.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Mode) {
        let start = text.rfind('$').and_then(|end| text[..end].rfind('$')).unwrap();
        let end = text.rfind('$').unwrap() + 1;
        assert_eq!(mode(text, &(start..end), ""), expected, "{text}");
    }

    #[test]
    fn words_tell_how_a_formula_is_meant() {
        check("So $x=3$.", Mode::Claim);
        check("Let $x=3$.", Mode::Define);
        check("If $y=2$, then $x=3$.", Mode::Claim);
        check("Suppose $x=3$.", Mode::Suppose);
        check("If $x = 2$ and $y=3$.", Mode::Suppose);
        check("It cannot be that $x=3$.", Mode::Mention);
        check("This gives $0=1$, a contradiction.", Mode::Mention);
        check("The result is fine. We get $x=3$. It is good.", Mode::Claim);
    }
}
