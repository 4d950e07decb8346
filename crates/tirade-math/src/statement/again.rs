//! Equations that are said again: "substituting into the equation …", "which is equivalent to …", "completing the square gives …".
//!
//! Such words promise an equation that was said before, in the same or another form. Where it is none of those but would be
//! one of them with one number or sign changed, it is misprinted, however short it is.

use super::cue;
use super::misprint::{self, Sample};
use super::walk::size;
use crate::expr::Expr;

/// Equations of a text that are remembered.
const MAX_SAID: usize = 40;

/// Equations that a named one may be.
const MAX_NAMED: usize = 6;

/// What the words before an equation promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// One of the equations that were said.
    Named,
    /// The last one in another form.
    Rewritten,
}

/// Last words before an equation that was said before.
const NAMED: [&str; 8] =
    ["in", "into", "equation", "condition", "constraint", "writing", "equations", "relation"];
/// Starts of words that use it.
const USED: [&str; 9] =
    ["substitut", "subtract", "plug", "add", "along", "letting", "setting", "begin", "under"];
/// Starts of words that rewrite an equation.
const REWRITTEN: [&str; 14] = [
    "rewrit",
    "re-writ",
    "becom",
    "equivalent",
    "complet",
    "simplif",
    "expand",
    "rearrang",
    "standard",
    "rightarrow",
    "implies",
    "factor",
    "reduce",
    "longrightarrow",
];
/// Words that bring in something else.
const TURNS: [&str; 16] = [
    "substitut",
    "set",
    "plug",
    "let",
    "if",
    "suppose",
    "where",
    "subtract",
    "add",
    "similarly",
    "other",
    "when",
    "or",
    "squaring",
    "differen",
    "second",
];

/// Words between two equations of which the second is drawn from the first alone.
const DRAWN: [&str; 12] = [
    "so",
    "thus",
    "hence",
    "means",
    "implies",
    "which",
    "equivalent",
    "gives",
    "simplifies",
    "or",
    "this",
    "rightarrow",
];

/// Equations in the order in which they are said.
#[derive(Default)]
pub struct Equations {
    said: Vec<Said>,
    last: Option<Last>,
}

/// The equation before, which the next one may show to be misprinted.
struct Last {
    l: Expr,
    r: Expr,
    end: usize,
    source: Option<usize>,
}

struct Said {
    sample: Sample,
    /// Its number among the sources, where it is one.
    source: Option<usize>,
}

impl Equations {
    /// Remembers an equation.
    pub fn say(&mut self, l: &Expr, r: &Expr, source: Option<usize>) {
        // nothing that `misquoted` asks about is shorter
        if self.said.len() < MAX_SAID
            && size(l) + size(r) > 4
            && let Some(sample) = Sample::of(l, r)
        {
            self.said.push(Said { sample, source });
        }
    }

    /// Remembers the equation that ends at `end` as the one before the next.
    pub fn pass(&mut self, l: &Expr, r: &Expr, end: usize, source: Option<usize>) {
        self.last = Some(Last { l: l.clone(), r: r.clone(), end, source });
    }

    /// The source of the equation right before the one at `start`, if it should be that one: `9l + 2w = 30`, which implies `l + w = 15`.
    ///
    /// Nothing else may be known of its unknowns, or more may have been drawn from it.
    pub fn shown_misprinted(&self, text: &str, start: usize, l: &Expr, r: &Expr) -> Option<usize> {
        let last = self.last.as_ref()?;
        let between = text.get(last.end..start)?;
        let names = misprint::names(l, r);
        if names.len() < 2 || misprint::names(&last.l, &last.r) != names || !is_drawn(between) {
            return None;
        }
        let sample = Sample::of(l, r)?;
        let others = self.said.iter().filter(|said| said.sample.is_about(&names)).count();
        let alone = others < 2 && !misprint::agrees(&last.l, &last.r, &sample);
        (alone && misprint::of_promised(&last.l, &last.r, [&sample].into_iter()).is_some())
            .then_some(last.source)?
    }

    /// The source of the equation that `l = r` should be.
    pub fn misquoted(&self, l: &Expr, r: &Expr, promise: Promise) -> Option<usize> {
        const LAST: usize = 2;
        let names = misprint::names(l, r);
        if names.len() < 2 && size(l) + size(r) < 6 {
            return None;
        }
        let same = |said: &&Said| said.sample.is_about(&names);
        if self.said.iter().filter(same).any(|said| misprint::agrees(l, r, &said.sample)) {
            return None;
        }
        let candidates: Vec<&Said> = match promise {
            Promise::Named => self.said.iter().rev().filter(same).take(MAX_NAMED).collect(),
            Promise::Rewritten => self.said.iter().rev().take(LAST).filter(same).collect(),
        };
        let found = misprint::of_promised(l, r, candidates.iter().map(|said| &said.sample))?;
        candidates[found].source
    }
}

/// Whether only words that conclude stand between two equations.
fn is_drawn(between: &str) -> bool {
    const FAR: usize = 60;
    let lower = between.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| !w.is_empty()).collect();
    let turns = words.iter().any(|w| TURNS.iter().any(|start| *w != "or" && w.starts_with(start)));
    between.len() < FAR && !between.contains("\n\n") && !turns && words.iter().any(|w| DRAWN.contains(w))
}

/// What stands before the formula at `start`.
pub fn promised(text: &str, start: usize, lead: &str) -> Option<Promise> {
    let before = cue::sentence_before(text, start);
    let last = before
        .trim_end_matches([' ', '\n', '$', ':', '{', '~'])
        .rsplit(|c: char| !c.is_ascii_alphabetic())
        .next()?;
    if lead.is_empty()
        && NAMED.contains(&last.to_ascii_lowercase().as_str())
        && !before.contains("giving the")
    {
        let words = || before.split(|c: char| !c.is_ascii_alphabetic());
        let used = words().any(|w| USED.iter().any(|start| w.to_ascii_lowercase().starts_with(start)));
        if used || matches!(last, "in" | "into") {
            return Some(Promise::Named);
        }
    }
    // the words behind the last formula of the sentence
    let words = before.rsplit('$').next().unwrap_or(before);
    let words = if lead.len() > 1 { lead } else { words };
    let has = |list: &[&str]| {
        let lower = words.to_ascii_lowercase();
        lower
            .split(|c: char| !(c.is_ascii_alphabetic() || c == '-'))
            .any(|w| list.iter().any(|start| w.starts_with(start)))
    };
    (has(&REWRITTEN) && !has(&TURNS)).then_some(Promise::Rewritten)
}

#[cfg(test)]
mod tests {
    use super::super::misprint::tests::sides;
    use super::*;

    #[test]
    fn words_promise_an_equation() {
        for (text, expected) in [
            ("Substituting into the equation $", Some(Promise::Named)),
            ("Letting $y = 0$ in $", Some(Promise::Named)),
            ("It is $x = 1$, which is equivalent to $", Some(Promise::Rewritten)),
            ("Completing the square, we get \\[", Some(Promise::Rewritten)),
            ("Simplifying and substituting $x = 1$, we get $", None),
            ("Substituting and simplifying gives $", None),
            ("So we have $", None),
        ] {
            assert_eq!(promised(text, text.len(), ""), expected, "{text}");
        }
    }

    #[test]
    fn misquoted_equations() {
        for (said, equation, promise, expected) in [
            (&["3x + 5y = 20"][..], "3x + 5y = 24", Promise::Named, Some(0)),
            (&["3x + 5y = 20", "3x + 5y = 24"], "3x + 5y = 24", Promise::Named, None),
            (&["5x^2 + kx = 4"], "5x^2 - kx - 4 = 0", Promise::Rewritten, Some(0)),
            (&["5x^2 + kx = 4"], "5x^2 + kx - 4 = 0", Promise::Rewritten, None),
            (&["2l + 2w = 30"], "l + w = 15", Promise::Rewritten, None),
            (&["9l + 2w = 30"], "l + w = 15", Promise::Rewritten, None),
            (&["x + 2y = 5", "a + 2b = 3", "b + 2a = 4"], "x - 2y = 5", Promise::Rewritten, None),
            (&["x + 2y = 5"], "3x + 4y = 9", Promise::Named, None),
        ] {
            let mut equations = Equations::default();
            for (i, e) in said.iter().enumerate() {
                let (l, r) = sides(e);
                equations.say(&l, &r, Some(i));
            }
            let (l, r) = sides(equation);
            assert_eq!(equations.misquoted(&l, &r, promise), expected, "{said:?} {equation}");
        }
    }
}
