//! The sentences of an explanation, in order, and the names of things in plain English.

use tirade_math::{Assumptions, Truth, check_relation};

use super::Unexplained;

/// Longer explanations are no solution that anybody reads.
const MOST_SENTENCES: usize = 45;
/// Names that say nothing.
const EMPTY: [&str; 19] = [
    "result",
    "results",
    "ans",
    "answer",
    "output",
    "value",
    "values",
    "res",
    "sol",
    "solution",
    "solutions",
    "final answer",
    "expr",
    "expression",
    "temp",
    "tmp",
    "final result",
    "final",
    "simplified",
];
/// Words that belong to programs, not to mathematics.
const PROGRAM: [&str; 16] = [
    "list", "dict", "str", "string", "array", "func", "function", "var", "variable", "loop", "code",
    "program", "tuple", "idx", "print", "count",
];
/// Words for amounts, which have no number; a noun after the singular ones says of what.
const MEASURES: [&str; 44] = [
    "price",
    "cost",
    "quantity",
    "amount",
    "length",
    "width",
    "height",
    "weight",
    "area",
    "volume",
    "distance",
    "perimeter",
    "speed",
    "rate",
    "percentage",
    "percent",
    "fraction",
    "ratio",
    "share",
    "revenue",
    "profit",
    "income",
    "earnings",
    "salary",
    "savings",
    "expenses",
    "sales",
    "wages",
    "costs",
    "prices",
    "proceeds",
    "winnings",
    "taxes",
    "fees",
    "profits",
    "revenues",
    "ages",
    "age",
    "average",
    "time",
    "value",
    "score",
    "money",
    "change",
];
/// Amounts that come from something.
const GAINS: [&str; 6] = ["revenue", "profit", "income", "earnings", "savings", "proceeds"];
const PREPOSITIONS: [&str; 14] =
    ["of", "per", "in", "at", "after", "before", "from", "for", "with", "to", "on", "by", "between", "each"];

/// Sentences and formulas that were shown.
#[derive(Debug, Default)]
pub struct Story {
    sentences: Vec<String>,
    /// Values that were given and not yet said.
    givens: Vec<String>,
    /// What the next sentence begins with: `Since $…$, `.
    because: Option<String>,
    /// Nothing is said while this is not zero.
    pub quiet: u32,
    /// Whether something could not be said for want of room.
    overflow: bool,
}

/// How a name is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// LaTeX.
    Symbol(String),
    Words(String),
    /// It says nothing.
    Nameless,
}

impl Story {
    /// A value that the program starts from.
    pub fn given(&mut self, name: &str, tex: &str, counts: bool) {
        if self.quiet > 0 {
            return;
        }
        match counted(label(name), counts) {
            Label::Symbol(symbol) if symbol != tex => self.givens.push(format!("${symbol} = {tex}$")),
            Label::Words(words) => self.givens.push(format!("the {words} be ${tex}$")),
            _ => {}
        }
    }

    /// What was computed for a name; `counts` where it is one whole number.
    pub fn found(&mut self, name: &str, equation: &str, again: bool, counts: bool) {
        let sentence = match counted(label(name), counts) {
            Label::Symbol(symbol) if again => format!("${symbol}$ becomes ${equation}$."),
            Label::Symbol(symbol) => format!("${symbol} = {equation}$."),
            Label::Words(words) if again => {
                format!("the {words} become{} ${equation}$.", third_person(&words))
            }
            Label::Words(words) => format!("the {words} {} ${equation}$.", is_are(&words)),
            Label::Nameless => format!("we get ${equation}$."),
        };
        self.say(&sentence);
    }

    /// Begins the next sentence.
    pub fn since(&mut self, formula: &str) {
        if self.quiet == 0 {
            self.because = Some(format!("Since ${formula}$, "));
        }
    }

    pub fn forget_reason(&mut self) {
        self.because = None;
    }

    /// Adds a sentence, which begins small where a reason may stand before it. What was said is not said again.
    pub fn say(&mut self, sentence: &str) {
        if self.quiet > 0 {
            return;
        }
        self.flush();
        let sentence = match self.because.take() {
            Some(reason) => reason + sentence,
            None if sentence.starts_with('$') => sentence_with_symbol(sentence),
            None => capitalised(sentence),
        };
        if self.sentences.contains(&sentence) {
            return;
        }
        if self.sentences.len() >= MOST_SENTENCES {
            self.overflow = true;
        } else {
            self.sentences.push(sentence);
        }
    }

    fn flush(&mut self) {
        if self.givens.is_empty() {
            return;
        }
        let givens = std::mem::take(&mut self.givens);
        self.sentences.push(format!("Let {}.", listed(&givens)));
    }

    /// Whether a formula was shown.
    pub fn shows(&self, tex: &str) -> bool {
        let ends = [format!("{tex}$"), format!("{tex} ")];
        let shown = |text: &String| {
            ends.iter().any(|end| text.contains(&format!(" {end}")) || text.contains(&format!("${end}")))
        };
        self.sentences.iter().chain(&self.givens).any(shown)
    }

    pub fn is_too_long(&self) -> bool {
        self.overflow
    }

    /// What was said since the last call.
    ///
    /// # Errors
    /// When it grew too long, or `tirade-math` finds a formula false.
    pub fn take(&mut self) -> Result<String, Unexplained> {
        self.flush();
        if self.overflow {
            return Err(Unexplained::new(&format!("a computation of more than {MOST_SENTENCES} steps")));
        }
        let text = std::mem::take(&mut self.sentences).join(" ");
        for formula in text.split('$').skip(1).step_by(2) {
            if check_relation(formula, &Assumptions::default()) == Truth::False {
                return Err(Unexplained::new(&format!(
                    "the formula {formula}, which mathematics finds false,"
                )));
            }
        }
        Ok(text)
    }
}

/// `a`, `a and b`, `a, b, and c`.
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}

/// A sentence does not begin with a symbol.
fn sentence_with_symbol(sentence: &str) -> String {
    if sentence.contains("becomes") { format!("Now {sentence}") } else { format!("Then {sentence}") }
}

fn capitalised(text: &str) -> String {
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

fn is_are(words: &str) -> &'static str {
    if is_plural(words) { "are" } else { "is" }
}

fn third_person(words: &str) -> &'static str {
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
    let participle = next.len() > 3 && next.ends_with("ed")
        || ["paid", "spent", "left", "sold", "given", "saved", "taken", "earned"].contains(&next);
    // Two letters are a unit.
    if participle || next.len() <= 2 || PREPOSITIONS.contains(&next) || is_measure(next) {
        return;
    }
    let word = if GAINS.contains(&words[at].as_str()) { "from" } else { "of" };
    words.insert(at + 1, word.to_owned());
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
    with_preposition(&mut words);
    let short = words
        .iter()
        .enumerate()
        .any(|(index, word)| word.len() < 2 && word.parse::<u8>().is_err() && (word != "a" || index == 0));
    let foreign =
        words.iter().any(|word| PROGRAM.contains(&word.as_str()) || !word.chars().all(char::is_alphanumeric));
    let joined = words.join(" ");
    if words.is_empty() || short || foreign || EMPTY.contains(&joined.as_str()) || joined.len() > 60 {
        return Label::Nameless;
    }
    Label::Words(joined)
}

/// A whole number of girls is the number of girls; of total girls, their total number. Money is not counted.
fn counted(label: Label, counts: bool) -> Label {
    match label {
        Label::Words(words) if counts && is_plural(&words) && !words.split(' ').any(is_measure) => {
            Label::Words(match words.strip_prefix("total ") {
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
            ("factor_list", Label::Nameless),
            ("_", Label::Nameless),
        ] {
            assert_eq!(label(name), expected, "{name}");
        }
    }

    #[test]
    fn sentences_are_whole() {
        let mut story = Story::default();
        story.given("num_shirts", "3", true);
        story.given("n", "4", true);
        story.found("total_outfits", "3 \\cdot 4 = 12", false, true);
        story.since("12 > 5");
        story.found("x", "2", false, true);
        story.found("total_cost", "13", true, true);
        assert_eq!(
            story.take().unwrap(),
            "Let the number of shirts be $3$ and $n = 4$. The total number of outfits is $3 \\cdot 4 = 12$. Since $12 > 5$, $x = 2$. The \
             total cost becomes $13$."
        );
    }

    #[test]
    fn what_is_false_is_not_told() {
        let mut story = Story::default();
        story.say("we get $2 + 2 = 5$.");
        assert!(story.take().unwrap_err().to_string().contains("2 + 2 = 5"));
    }
}
