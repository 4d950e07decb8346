//! The sentences of an explanation, in order.

use tirade_math::{Assumptions, Truth, check_relation};

use super::Unexplained;
use super::names::{Label, Names, capitalised, counted, is_are, label, third_person};

/// Longer explanations are no solution that anybody reads.
const MOST_SENTENCES: usize = 45;
/// Sentences and formulas that were shown.
#[derive(Debug, Default)]
pub struct Story {
    pub names: Names,
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

impl Story {
    /// Nothing said yet, about a problem with these names.
    pub fn about(names: Names) -> Self {
        Self { names, ..Self::default() }
    }

    /// The same from the beginning.
    pub fn again(&self) -> Self {
        Self::about(self.names.clone())
    }

    /// A value that the program starts from.
    pub fn given(&mut self, name: &str, tex: &str, counts: bool) {
        if self.quiet > 0 {
            return;
        }
        match counted(label(name), counts) {
            Label::Symbol(symbol) if symbol != tex => self.givens.push(format!("${symbol} = {tex}$")),
            Label::Words(words) => self.givens.push(format!("{} be ${tex}$", self.names.phrase(&words))),
            _ => {}
        }
    }

    /// What was computed for a name; `counts` where it is one whole number.
    pub fn found(&mut self, name: &str, equation: &str, again: bool, counts: bool) {
        let sentence = match counted(label(name), counts) {
            Label::Symbol(symbol) if again => format!("${symbol}$ becomes ${equation}$."),
            Label::Symbol(symbol) => format!("${symbol} = {equation}$."),
            Label::Words(words) if again => {
                format!("{} become{} ${equation}$.", self.names.phrase(&words), third_person(&words))
            }
            Label::Words(words) => {
                format!("{} {} ${equation}$.", self.names.phrase(&words), is_are(&words))
            }
            Label::Nameless => format!("we get ${equation}$."),
        };
        self.say(&sentence);
    }

    /// What a name stands for is at some place of a list.
    pub fn placed(&mut self, name: &str, place: &str, tex: &str) {
        let name = match label(name) {
            Label::Symbol(symbol) => format!("${symbol}$ is"),
            Label::Words(words) => format!("{} is", self.names.phrase(&words)),
            Label::Nameless => "we need".to_owned(),
        };
        self.say(&format!("{name} {place}, which is ${tex}$."));
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

#[cfg(test)]
mod tests {
    use super::*;

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
