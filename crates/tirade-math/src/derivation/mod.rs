//! Derivations: the steps of a computation as data, and their rendering as plain mathematical English.
//!
//! A [`Step`] is a [`Rule`] from a closed list plus the LaTeX formulas that fill the rule's sentence. The formulas say
//! what they are: a [`Formula::Claim`] is literally true for all values of its letters and can be re-checked by
//! machine; a [`Formula::Condition`] is an equation under study; a [`Formula::Term`] is a mere expression.
//!
//! ```
//! use tirade_math::derivation::{claim, term, Derivation, Rule};
//! let mut steps = Derivation::default();
//! steps.push(Rule::Conclude, || [claim("1 + 1 = 2")]);
//! assert_eq!(steps.render_english(), "Therefore $1 + 1 = 2$.");
//! ```

mod rules;

use std::cell::Cell;

pub use rules::Rule;

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(true) };
}

/// Puts the mark back even if `work` unwinds.
struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        WANTED.set(self.0);
    }
}

/// Does `work` without writing steps down: every derivation made in it is empty, and every value the same.
///
/// The mark belongs to the calling thread, as the allowance of work does: a parameter of two hundred functions would say the
/// same.
pub fn omitted<T>(work: impl FnOnce() -> T) -> T {
    let _restore = Restore(WANTED.replace(false));
    work()
}

/// Whether steps are written down; what only they need can be left undone otherwise.
pub fn wanted() -> bool {
    WANTED.get()
}

/// A formula inside a step: LaTeX without dollars, or plain words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "snake_case")]
pub enum Formula {
    /// A relation that holds as it stands, for all values of its letters.
    Claim(String),
    /// A relation that is assumed or asked about, such as the equation to solve.
    Condition(String),
    /// An expression without a relation.
    Term(String),
    /// Plain words, rendered without dollars.
    Words(String),
}

/// One step: a rule and what fills its sentence.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// Why the step is allowed.
    pub rule: Rule,
    /// What it says, in the order the rule's sentence uses.
    pub formulas: Vec<Formula>,
}

/// The steps of one computation, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Derivation {
    /// The steps, first to last.
    pub steps: Vec<Step>,
}

/// A relation that is true as it stands.
pub fn claim(latex: impl Into<String>) -> Formula {
    Formula::Claim(latex.into())
}

/// A relation under study.
pub fn condition(latex: impl Into<String>) -> Formula {
    Formula::Condition(latex.into())
}

/// An expression.
pub fn term(latex: impl Into<String>) -> Formula {
    Formula::Term(latex.into())
}

/// Plain words.
pub fn words(text: impl Into<String>) -> Formula {
    Formula::Words(text.into())
}

impl Formula {
    /// The LaTeX or the words.
    pub fn text(&self) -> &str {
        match self {
            Formula::Claim(s) | Formula::Condition(s) | Formula::Term(s) | Formula::Words(s) => s,
        }
    }

    fn render(&self, out: &mut String) {
        match self {
            Formula::Words(s) => out.push_str(s),
            _ => {
                out.push('$');
                out.push_str(self.text());
                out.push('$');
            }
        }
    }
}

impl Step {
    /// The sentence of this step.
    pub fn render_english(&self) -> String {
        let mut out = String::new();
        let mut rest = self.rule.template();
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            rest = after;
            match after.split_once('}') {
                Some((slot, tail)) if self.fill(slot, &mut out) => rest = tail,
                _ => out.push('{'),
            }
        }
        out.push_str(rest);
        out
    }

    /// `N` is formula N, `N..` the list of formulas from N on, joined with "and", `N..or` with "or"; anything else is no
    /// slot.
    fn fill(&self, slot: &str, out: &mut String) -> bool {
        let (slot, conjunction) = slot.strip_suffix("or").map_or((slot, "and"), |slot| (slot, "or"));
        let (from, all) = match slot.strip_suffix("..") {
            Some(from) => (from, true),
            None => (slot, false),
        };
        let Ok(from) = from.parse::<usize>() else { return false };
        let from = from.min(self.formulas.len());
        let to = if all { self.formulas.len() } else { (from + 1).min(self.formulas.len()) };
        let shown = &self.formulas[from..to];
        for (i, formula) in shown.iter().enumerate() {
            if i > 0 {
                out.push_str(if shown.len() > 2 { ", " } else { " " });
                if i + 1 == shown.len() {
                    out.push_str(conjunction);
                    out.push(' ');
                }
            }
            formula.render(out);
        }
        true
    }
}

impl Derivation {
    /// Appends a step; its formulas are made only where steps are [`wanted`].
    pub fn push<Formulas>(&mut self, rule: Rule, formulas: impl FnOnce() -> Formulas)
    where
        Formulas: IntoIterator<Item = Formula>,
    {
        if wanted() {
            self.steps.push(Step { rule, formulas: formulas().into_iter().collect() });
        }
    }

    /// Appends all steps of another derivation.
    pub fn extend(&mut self, other: Derivation) {
        self.steps.extend(other.steps);
    }

    /// Every formula that is claimed to be true as it stands.
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        let formulas = self.steps.iter().flat_map(|step| &step.formulas);
        formulas.filter_map(|f| if let Formula::Claim(s) = f { Some(s.as_str()) } else { None })
    }

    /// The derivation as English sentences with LaTeX formulas.
    pub fn render_english(&self) -> String {
        let sentences: Vec<String> = self.steps.iter().map(Step::render_english).collect();
        sentences.join(" ")
    }
}

/// [`Derivation::render_english`] as a function.
pub fn render_english(derivation: &Derivation) -> String {
    derivation.render_english()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_joined_as_english_does() {
        let cases: [(&[&str], &str); 3] = [
            (&["1=1"], "Divide with remainder until the remainder is zero: $1=1$."),
            (&["1=1", "2=2"], "Divide with remainder until the remainder is zero: $1=1$ and $2=2$."),
            (
                &["1=1", "2=2", "3=3"],
                "Divide with remainder until the remainder is zero: $1=1$, $2=2$, and $3=3$.",
            ),
        ];
        for (formulas, expected) in cases {
            let step =
                Step { rule: Rule::EuclidDivisions, formulas: formulas.iter().map(|s| claim(*s)).collect() };
            assert_eq!(step.render_english(), expected);
        }
    }

    #[test]
    fn missing_formulas_leave_gaps_instead_of_panicking() {
        let step = Step { rule: Rule::Conclude, formulas: vec![] };
        assert_eq!(step.render_english(), "Therefore .");
    }

    #[test]
    fn every_template_has_balanced_slots() {
        for rule in Rule::ALL {
            let text = rule.template();
            assert_eq!(text.matches('{').count(), text.matches('}').count(), "{rule:?}");
            assert!(text.ends_with(['.', ':']), "{rule:?} is not a sentence: {text}");
        }
    }
}
