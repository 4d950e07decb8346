//! What is drawn from the equation right before it: "`2n = 12`, so `n = 7`".
//!
//! Where two equations in one unknown follow each other with a "so" between them, every root of the second must be one of the
//! first or the other way round, whatever else is known of that unknown elsewhere.

use smol_str::SmolStr;

use super::facts;
use crate::normal::Poly;

/// An equation in one unknown that something may be drawn from.
pub struct Premise {
    name: SmolStr,
    poly: crate::poly::Poly,
    /// Where it ends.
    end: usize,
    pub words: String,
    solved: bool,
}

/// Words between the two that conclude.
const CONCLUDES: [&str; 25] = [
    "so",
    "thus",
    "hence",
    "therefore",
    "then",
    "giving",
    "gives",
    "give",
    "yields",
    "yielding",
    "get",
    "obtain",
    "find",
    "implies",
    "means",
    "simplifies",
    "becomes",
    "solving",
    "Rightarrow",
    "Longrightarrow",
    "rightarrow",
    "rearranging",
    "leads",
    "longrightarrow",
    "to",
];
/// Words that start something else.
const TURNS: [&str; 28] = [
    "largest",
    "smallest",
    "greatest",
    "least",
    "or",
    "other",
    "if",
    "case",
    "when",
    "also",
    "similarly",
    "second",
    "another",
    "let",
    "suppose",
    "first",
    "not",
    "but",
    "otherwise",
    "likewise",
    "next",
    "now",
    "instead",
    "for",
    "while",
    "at",
    "cannot",
    "where",
];

impl Premise {
    /// `None` unless one unknown and rational numbers are in it.
    pub fn of(poly: &Poly, words: &str, end: usize, solved: bool) -> Option<Premise> {
        let (name, dense) = facts::univariate(poly)?;
        Some(Premise { name: name.clone(), poly: dense, end, words: words.to_string(), solved })
    }

    /// Whether the equation at `start` is drawn from it and cannot be.
    pub fn denies(&self, text: &str, start: usize, poly: &Poly, solved: bool) -> bool {
        let Some((name, dense)) = facts::univariate(poly) else { return false };
        if *name != self.name || !self.leads_to(text, start, solved) {
            return false;
        }
        let Ok(common) = crate::poly::gcd(&dense, &self.poly) else { return false };
        common.degree() == 0
            || common.degree() < dense.degree().min(self.poly.degree())
                && self.poly.degree() == dense.degree()
    }

    fn leads_to(&self, text: &str, start: usize, solved: bool) -> bool {
        const FAR: usize = 100;
        let Some(between) = text.get(self.end..start).filter(|b| b.len() <= FAR) else { return false };
        let words = || between.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| !w.is_empty());
        let among =
            |list: &[&str], w: &str| list.contains(&w.to_ascii_lowercase().as_str()) || list.contains(&w);
        if between.contains("\n\n") || between.contains('=') || words().any(|w| among(&TURNS, w)) {
            return false;
        }
        if words().any(|w| among(&CONCLUDES, w)) {
            return true;
        }
        // the next row of a display
        between.contains("\\\\") && words().next().is_none() && solved && !self.solved
    }
}
