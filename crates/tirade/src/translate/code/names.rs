//! The names of a program in plain English, with the help of the problem's own words.
//!
//! `price_cupcake` is the price of a cupcake where the problem speaks of cupcakes, and `emani_money` is Emani's money where it speaks of Emani.

use std::collections::HashSet;

use tirade_math::cardinal;

use super::vocabulary::{
    CALENDAR, EMPTY, GAINS, MEASURES, NO_NAMES, ONE, PARTICIPLES, PREPOSITIONS, PROGRAM, UNITS, VERBS,
};

/// How a name is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// LaTeX.
    Symbol(String),
    Words(String),
    /// It says nothing.
    Nameless,
}

/// Characters of a problem that are read.
const LONGEST: usize = 8_000;

/// What the problem says about its words.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Words that are written small somewhere.
    small: HashSet<String>,
    /// Small letters of those that are written large, as they are written.
    large: Vec<(String, String)>,
    /// The problem in small letters.
    text: String,
}

impl Names {
    /// Reads a problem, or as much of it as anybody would write.
    pub fn of(problem: &str) -> Self {
        let end = problem.char_indices().nth(LONGEST).map_or(problem.len(), |(at, _)| at);
        let problem = &problem[..end];
        let mut names = Self { text: problem.to_lowercase(), ..Self::default() };
        for word in problem.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 1) {
            let lower = word.to_lowercase();
            if word == lower {
                names.small.insert(lower);
            } else if word.chars().skip(1).eq(lower.chars().skip(1)) {
                names.large.push((lower, word.to_owned()));
            }
        }
        names
    }

    /// The word as the problem writes it, if it is somebody's or something's name.
    fn proper(&self, word: &str) -> Option<&str> {
        let known = !self.small.contains(word)
            && !NO_NAMES.contains(&word)
            && cardinal(word).is_none()
            && !is_measure(word)
            && !is_plural_of(word, &self.small);
        self.large.iter().filter(|_| known).find(|(lower, _)| lower == word).map(|(_, word)| word.as_str())
    }

    /// Whether the problem counts it: `a cupcake`, `cupcakes`.
    fn counts(&self, word: &str) -> bool {
        let words: Vec<&str> = self.text.split(|c: char| !c.is_alphabetic()).collect();
        let single = |at: usize| words[at.saturating_sub(2)..at].iter().any(|one| ONE.contains(one));
        self.small.contains(&format!("{word}s")) || (0..words.len()).any(|at| words[at] == word && single(at))
    }

    /// With its article: `the price of a cupcake`, `Emani's money`, `the number of Monday pushups`.
    pub fn phrase(&self, words: &str) -> String {
        let mut words: Vec<String> = words.split(' ').flat_map(parted).collect();
        self.with_article(&mut words);
        // The amount that Albert has is not of Albert.
        let of = words.iter().position(|word| word == "of");
        if let Some(of) = of.filter(|of| words.get(of + 2).is_some_and(|verb| VERBS.contains(&verb.as_str())))
        {
            words.remove(of);
        }
        let mut named = false;
        for at in 0..words.len() {
            let Some(proper) = self.proper(&words[at]).map(str::to_owned) else {
                if CALENDAR.contains(&words[at].as_str()) {
                    words[at] = capitalised(&words[at]);
                }
                continue;
            };
            let owns = words.get(at + 1).filter(|next| !self.text.contains(&format!("{} {next}", words[at])));
            match owns.map(String::as_str) {
                Some(next) if CALENDAR.contains(&words[at].as_str()) || is_no_noun(next) => {
                    words[at] = proper
                }
                Some(next) if is_participle(next) && at == 0 && words.len() == 2 => {
                    return format!("the number {next} by {proper}");
                }
                Some(_) => {
                    named |= at == 0;
                    words[at] =
                        if proper.ends_with('s') { format!("{proper}'") } else { format!("{proper}'s") };
                }
                None => {
                    words[at] = proper;
                }
            }
        }
        if named { words.join(" ") } else { format!("the {}", words.join(" ")) }
    }

    /// `price of cupcake` is the price of a cupcake; a quantity is of cupcakes.
    fn with_article(&self, words: &mut Vec<String>) {
        let measured = |of: &usize| *of > 0 && is_measure(&words[of - 1]);
        let Some(of) = words.iter().position(|word| word == "of").filter(measured) else { return };
        let end =
            words[of + 1..].iter().position(|word| is_no_noun(word)).map_or(words.len(), |at| of + 1 + at);
        let rest = &words[of + 1..end];
        let (Some(first), Some(last)) = (rest.first(), rest.last()) else { return };
        let plain =
            rest.iter().all(|word| word.chars().all(char::is_alphabetic) && self.proper(word).is_none());
        let numbered = words.get(end).is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        if is_plural(last) || !plain || numbered || !self.counts(last) {
            return;
        }
        if ["quantity", "amount"].contains(&words[of - 1].as_str()) {
            words[end - 1] = format!("{last}s");
        } else {
            let article = if first.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
            words.insert(of + 1, article.to_owned());
        }
    }

    /// Whether the problem leaves a letter open: `$n$ is an integer`, `for all n`.
    pub fn leaves_open(&self, letter: &str) -> bool {
        let text = self.text.replace(['$', '\\', '(', ')'], "");
        let letter = letter.to_lowercase();
        ["is an", "is a", "is any", "be an", "be a", "be any"].iter().any(|verb| {
            ["integer", "positive", "real", "natural", "whole", "odd", "even", "prime", "number", "multiple"]
                .iter()
                .any(|kind| text.contains(&format!(" {letter} {verb} {kind}")))
        }) || ["for all", "for any", "for every"].iter().any(|all| text.contains(&format!("{all} {letter} ")))
    }
}

/// `box1` is box 1.
fn parted(word: &str) -> Vec<String> {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    match letters.len() {
        0 => vec![word.to_owned()],
        length if length == word.len() => vec![word.to_owned()],
        length => vec![letters.to_owned(), word[length..].to_owned()],
    }
}

fn is_plural_of(word: &str, small: &HashSet<String>) -> bool {
    word.strip_suffix('s').is_some_and(|one| small.contains(one)) || small.contains(&format!("{word}s"))
}

fn is_participle(word: &str) -> bool {
    word.len() > 3 && word.ends_with("ed") || PARTICIPLES.contains(&word)
}

/// Words that nobody can own.
fn is_no_noun(word: &str) -> bool {
    PREPOSITIONS.contains(&word)
        || VERBS.contains(&word)
        || ["and", "or", "is", "more", "less", "than"].contains(&word)
        || word.chars().all(|c| c.is_ascii_digit())
}

/// The text with its first letter large.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The word that decides whether it is one or many.
fn head(words: &str) -> &str {
    let parts: Vec<&str> = words.split(' ').collect();
    let end = parts.iter().position(|part| PREPOSITIONS.contains(part)).unwrap_or(parts.len());
    parts.get(end.wrapping_sub(1)).copied().unwrap_or("")
}

fn is_plural(words: &str) -> bool {
    let head = head(words);
    head.len() > 3
        && head.ends_with('s')
        && !head.ends_with("ss")
        && !head.ends_with("us")
        && !head.ends_with("is")
}

pub(super) fn is_are(words: &str) -> &'static str {
    if is_plural(words) { "are" } else { "is" }
}

pub(super) fn third_person(words: &str) -> &'static str {
    if is_plural(words) { "" } else { "s" }
}

fn is_measure(word: &str) -> bool {
    MEASURES.contains(&word)
}

/// `price cupcake` is the price of cupcake; `amount paid` and `cost per set` are what they are.
fn with_preposition(words: &mut Vec<String>) {
    let measured = words.iter().position(|word| is_measure(word));
    let Some(at) = measured.filter(|at| at + 1 < words.len()) else { return };
    let next = words[at + 1].as_str();
    let is_unit = UNITS.contains(&next);
    if !is_unit
        && (is_participle(next) || next.len() <= 2 || PREPOSITIONS.contains(&next) || is_measure(next))
    {
        return;
    }
    let word = match words[at].as_str() {
        "average" if is_plural(next) => "number of",
        _ if is_unit => "in",
        gain if GAINS.contains(&gain) => "from",
        _ => "of",
    };
    words.splice(at + 1..at + 1, word.split(' ').map(str::to_owned));
}

/// `canoes january` are canoes in January; a `cost of pencil cents` is in cents.
fn with_time_and_unit(words: &mut Vec<String>) {
    let [.., before, last] = words.as_slice() else { return };
    let month = CALENDAR.iter().position(|name| name == last);
    let word = match month {
        Some(month) if is_plural(before) => {
            if month < 12 {
                "in"
            } else {
                "on"
            }
        }
        None if UNITS.contains(&last.as_str())
            && words[..words.len() - 2].iter().any(|word| is_measure(word)) =>
        {
            "in"
        }
        _ => return,
    };
    if !PREPOSITIONS.contains(&before.as_str()) && before != "number" {
        words.insert(words.len() - 1, word.to_owned());
    }
}

/// How a name of the program is written: a symbol, words, or not at all.
pub fn label(name: &str) -> Label {
    let trimmed = name.trim_matches('_');
    if let Some(symbol) = symbol(trimmed) {
        return Label::Symbol(symbol);
    }
    let mut words: Vec<String> = Vec::new();
    for part in trimmed.split('_').filter(|part| !part.is_empty()) {
        words.push(part.to_lowercase());
    }
    if let Some(first) = words.first_mut()
        && matches!(first.as_str(), "num" | "number" | "n" | "no")
    {
        *first = "number".to_owned();
        if words.get(1).is_some_and(|second| second != "of") {
            words.insert(1, "of".to_owned());
        }
    }
    // `P_rounded` is the same P, written otherwise.
    let of_event =
        words.get(1).is_some_and(|event| !["rounded", "final", "value", "total"].contains(&event.as_str()));
    if of_event && matches!(words[0].as_str(), "p" | "prob") {
        words.splice(0..1, ["probability", "of"].map(str::to_owned));
    }
    with_preposition(&mut words);
    with_time_and_unit(&mut words);
    let short = words.iter().enumerate().any(|(index, word)| {
        word.len() < 2
            && word.parse::<u8>().is_err()
            && (word != "a" || index == 0 || index + 1 == words.len())
    });
    let foreign =
        words.iter().any(|word| PROGRAM.contains(&word.as_str()) || !word.chars().all(char::is_alphanumeric));
    let joined = words.join(" ");
    if words.is_empty() || short || foreign || EMPTY.contains(&joined.as_str()) || joined.len() > 60 {
        return Label::Nameless;
    }
    Label::Words(joined)
}

/// A whole number of girls is the number of girls; of total girls, their total number. Money is not counted.
pub(super) fn counted(label: Label, counts: bool) -> Label {
    match label {
        Label::Words(words) if counts && is_plural(&words) && !words.split(' ').any(is_measure) => {
            Label::Words(match words.strip_prefix("total ") {
                Some(rest) if rest.split(' ').next().is_some_and(|first| PREPOSITIONS.contains(&first)) => {
                    format!("total number {rest}")
                }
                Some(rest) => format!("total number of {rest}"),
                None => format!("number of {words}"),
            })
        }
        other => other,
    }
}

/// `x`, `x1` and `x_1` as `x_{1}`, `alpha`, `AB`.
fn symbol(name: &str) -> Option<String> {
    let greek = ["alpha", "beta", "gamma", "delta", "theta", "phi", "omega", "lambda", "mu"];
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    let digits = name[letters.len()..].trim_start_matches('_');
    let base = match letters {
        _ if greek.contains(&letters) => format!("\\{letters}"),
        _ if letters.len() == 1 && letters.chars().all(char::is_alphabetic) => letters.to_owned(),
        _ if letters.len() == 2 && letters.chars().all(|c| c.is_ascii_uppercase()) => letters.to_owned(),
        _ => return None,
    };
    Some(if digits.is_empty() { base } else { format!("{base}_{{{digits}}}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_plain_english() {
        let words = |text: &str| Label::Words(text.into());
        let symbol = |text: &str| Label::Symbol(text.into());
        for (name, expected) in [
            ("num_shirts", words("number of shirts")),
            ("total_cost", words("total cost")),
            ("price_red_snapper", words("price of red snapper")),
            ("cost_per_set", words("cost per set")),
            ("amount_paid", words("amount paid")),
            ("x", symbol("x")),
            ("x_1", symbol("x_{1}")),
            ("theta", symbol("\\theta")),
            ("AB", symbol("AB")),
            ("result", Label::Nameless),
            ("P_rounded", Label::Nameless),
            ("factor_list", Label::Nameless),
            ("_", Label::Nameless),
        ] {
            assert_eq!(label(name), expected, "{name}");
        }
    }

    #[test]
    fn phrases_use_the_words_of_the_problem() {
        let names = Names::of(
            "Emani has $30 more than Howard. Selene buys two instant cameras. A Red snapper costs $3. Tina ate some brownies, and her cupcakes sold.",
        );
        for (name, expected) in [
            ("emani_money", "Emani's money"),
            ("total_howard_money", "the total Howard's money"),
            ("price_instant_camera", "the price of an instant camera"),
            ("price_red_snapper", "the price of Red snapper"),
            ("tina_eaten", "the number eaten by Tina"),
            ("cost_per_card_box1", "the cost per card box 1"),
            ("cost_of_camera2", "the cost of camera 2"),
            ("map_length_cm", "the map length in cm"),
            ("average_seconds_per_player", "the average number of seconds per player"),
            ("quantity_instant_camera", "the quantity of instant cameras"),
            ("amount_howard_has", "the amount Howard has"),
            ("canoes_january", "the canoes in January"),
            ("cost_of_snapper_cents", "the cost of a snapper in cents"),
            ("p_no_snow", "the probability of no snow"),
            ("cupcakes_sold", "the cupcakes sold"),
        ] {
            let Label::Words(words) = label(name) else { panic!("{name}") };
            assert_eq!(names.phrase(&words), expected, "{name}");
        }
    }

    #[test]
    fn letters_that_the_problem_leaves_open() {
        let open = |problem: &str| Names::of(problem).leaves_open("n");
        assert!(open("If $n$ is an integer, what is the remainder of $7 - n$?"));
        assert!(open("Show that for all n the number is odd."));
        assert!(!open("Let $n = 7$. Find $n + 3$."));
    }
}
