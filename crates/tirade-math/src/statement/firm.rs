//! What is said for good, looked at again when the whole text is known.
//!
//! While a text is read, suppositions and the equations of curves stand among the facts, and what contradicts those may be true. Here only
//! what is to be trusted is put together: what contradicts it is false wherever it stands. And an equation set up from words, on which nothing
//! before it bears, is looked at in the light of what follows: where all the rest implies it but for one number or sign, it is misprinted.

use super::facts::{self, Added, Facts, Sources};
use super::near;
use super::prose::{Statement, Why};
use super::read::symbol;
use super::walk::{Context, Walk, size};
use super::{Truth, cue::Mode};
use crate::expr::Expr;
use crate::normal::Poly;

/// Statements of one text that are kept.
const MAX_KEPT: usize = 24;
/// Equations that are looked at in the light of all others.
const MAX_LATER: usize = 8;

/// A statement that is to be trusted.
pub struct Firm {
    l: Expr,
    r: Expr,
    poly: Poly,
    /// Its number among the sources.
    source: usize,
    index: Option<usize>,
}

impl Walk<'_> {
    /// Remembers a statement that was learned as the last source.
    pub fn trust(&mut self, out: &Statement, l: &Expr, r: &Expr, poly: &Poly, context: &Context<'_>) {
        let Some(source) = self.sources.len().checked_sub(1) else { return };
        let plain =
            context.mode == Mode::Claim && !context.alternative && !context.refuted && !context.ambiguous;
        let settled =
            plain && self.sources[source].trusted && !self.is_supposing() && out.truth != Truth::False;
        if settled && self.firm.len() < MAX_KEPT {
            let index = (!context.given).then_some(self.out.len());
            self.firm.push(Firm { l: l.clone(), r: r.clone(), poly: poly.clone(), source, index });
        }
    }

    /// Marks what the trusted statements together show to be false.
    pub fn settle(&mut self) {
        let firm = std::mem::take(&mut self.firm);
        if self.out.iter().any(|s| s.truth == Truth::False) {
            return;
        }
        // points of several curves have the same names
        if self.facts.distrusted != 0 && !self.names.curves {
            self.contradicted(&firm);
        }
        self.shown_later(&firm);
    }

    fn contradicted(&mut self, firm: &[Firm]) {
        let mut known = Facts::default();
        for statement in firm {
            let added = known.add(statement.poly.clone(), 1 << statement.source);
            if let (Added::Contradicts(by), Some(index)) = (added, statement.index)
                && (unknowns(&statement.poly) > 1 || self.is_said(by))
            {
                self.accuse(index, by);
            }
        }
    }

    fn shown_later(&mut self, firm: &[Firm]) {
        let mut looked = 0;
        for (i, statement) in firm.iter().enumerate() {
            let Some(index) = statement.index else { continue };
            // `k = 2(p + q)` and `k = 2(-p - q)` may be two possibilities
            let solved = symbol(&statement.l).is_some() && statement.poly.0.len() < 4;
            let open = unknowns(&statement.poly) > 1 && statement.poly.0.len() > 2 && !solved;
            let weight = 6 * (size(&statement.l) + size(&statement.r)) * firm.len() / 4;
            if !open || looked >= MAX_LATER || weight > self.allowance {
                continue;
            }
            self.allowance -= weight;
            looked += 1;
            let mut others = Facts::default();
            for (_, other) in firm.iter().enumerate().filter(|(k, _)| *k != i) {
                others.add(other.poly.clone(), 1 << other.source);
            }
            if let Some(by) = lacking(statement, &others) {
                self.accuse(index, by);
            }
        }
    }

    /// Whether none of them is the problem's, which may speak of something else by the same name.
    fn is_said(&self, by: Sources) -> bool {
        self.sources.iter().enumerate().all(|(i, source)| by >> i & 1 == 0 || source.index.is_some())
    }

    fn accuse(&mut self, index: usize, by: Sources) {
        if self.out[index].why != Why::Itself {
            (self.out[index].truth, self.out[index].why) = (Truth::False, self.because(by));
        }
    }
}

/// On which of the others the statement would rest, were one number or sign in it another.
fn lacking(statement: &Firm, others: &Facts) -> Option<Sources> {
    let (left, because) = others.reduce(statement.poly.clone())?;
    if because == 0 || left.is_zero() || facts::is_closed(&left) || others.determines(&statement.poly) {
        return None;
    }
    near::implied(&statement.l, &statement.r, (&left, because), others, 4)
}

/// How many unknowns stand in it.
fn unknowns(poly: &Poly) -> usize {
    let mut found = Vec::new();
    for (mono, _) in &poly.0 {
        for (atom, _) in &mono.0 {
            if matches!(atom, crate::normal::Atom::Sym(_) | crate::normal::Atom::Apply(..))
                && !found.contains(&atom)
            {
                found.push(atom);
            }
        }
    }
    found.len()
}
