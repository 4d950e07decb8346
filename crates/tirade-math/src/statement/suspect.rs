//! Claims that are wrong because they would be right, or say what was said, were one number or sign in them another.
//!
//! [`misprint`](super::misprint) and [`near`] find what mends a claim; here stands when to ask them, so that an equation that is
//! merely new is none.

use smol_str::SmolStr;

use super::cue::{self, Mode};
use super::facts::{self, Facts, Sources};
use super::link::is_open;
use super::misprint::{self, Sample};
use super::near;
use super::prose::{Statement, Why};
use super::read::symbol;
use super::walk::{Context, Walk, has_application, size};
use crate::equiv::{any, free_names};
use crate::expr::{Expr, Func};
use crate::normal::Poly;

/// An equation that what follows may show to be misprinted.
pub struct Recent {
    /// Its number among the sources.
    source: usize,
    l: Expr,
    r: Expr,
    /// Sorted.
    names: Vec<SmolStr>,
}

impl Walk<'_> {
    /// Whether one number or sign keeps it from being an identity, in which known values may stand for names.
    pub fn is_nearly_identity(&self, l: &Expr, r: &Expr, context: &Context<'_>) -> bool {
        let ranged = |e: &Expr| {
            !context.chained
                && any(e, &|e| matches!(e, Expr::Apply(..) | Expr::Call(Func::Floor | Func::Ceil, _)))
        };
        let called = |e: &Expr| any(e, &|e| matches!(e, Expr::Call(Func::Ln | Func::Log | Func::Sqrt, _)));
        let least = if called(l) || called(r) { 6 } else { 7 };
        let (mut left, mut right) = (Vec::new(), Vec::new());
        free_names(l, &mut left);
        free_names(r, &mut right);
        if self.names.cyclic || left.is_empty() || size(l) + size(r) < least || ranged(l) || ranged(r) {
            return false;
        }
        if are_alike(l, r, context.chained && !context.closes && is_open(l) && is_open(r)) {
            return false;
        }
        let same = |known: &misprint::Known| {
            let unknown = |n: &&SmolStr| !known.iter().any(|(k, _)| k == *n);
            // what stands on one side only must cancel there
            let lacks = |a: &[SmolStr], b: &[SmolStr], e: &Expr| {
                a.iter().filter(unknown).any(|n| !b.contains(n) && (!context.chained || count(e, n) < 2))
            };
            left.iter().any(|n| unknown(&n))
                && (right.is_empty() || !lacks(&left, &right, l) && !lacks(&right, &left, r))
        };
        let loose = context.chained && !left.is_empty() && !right.is_empty();
        if same(&[]) && misprint::of_identity(l, r, &[], loose) {
            return true;
        }
        let known = if context.alternative { Vec::new() } else { self.facts.values(&|by| self.trusts(by)) };
        let speaks = known.iter().any(|(name, _)| left.contains(name) || right.contains(name));
        speaks && same(&known) && misprint::of_identity(l, r, &known, loose)
    }

    /// An equation just before it that would say the same, were one number or sign in that another.
    ///
    /// Where the number stands at several places of the later one, or is gone, only the earlier one can be mended.
    pub fn shows_misprint(
        &mut self,
        text: &str,
        out: &Statement,
        l: &Expr,
        r: &Expr,
        context: &Context<'_>,
    ) -> Option<Why> {
        let value = symbol(l).is_some() && !is_open(r);
        let apart = context.given || context.refuted || context.alternative || self.names.cyclic;
        if apart || value || self.sources.is_empty() {
            return None;
        }
        let mut names = Vec::new();
        free_names(l, &mut names);
        free_names(r, &mut names);
        names.sort();
        names.dedup();
        let found = self.misprint_before(text, out, l, r, &names, context);
        let curve = symbol(l).is_some() && self.names.curves;
        if size(l) + size(r) > 8 && !curve {
            let source = self.sources.len() - 1;
            self.recent = Some(Recent { source, l: l.clone(), r: r.clone(), names });
        }
        found.map(|source| self.because(1 << source))
    }

    fn misprint_before(
        &mut self,
        text: &str,
        out: &Statement,
        l: &Expr,
        r: &Expr,
        names: &[SmolStr],
        context: &Context<'_>,
    ) -> Option<usize> {
        let weight = 2 * (size(l) + size(r));
        let long = size(l) + size(r) > 7;
        let ranged = |e: &Expr| any(e, &|e| matches!(e, Expr::Call(Func::Abs, _)));
        let recent = self.recent.as_ref().filter(|recent| recent.names == names)?;
        if !long || context.mode != Mode::Claim || ranged(l) || ranged(r) {
            return None;
        }
        if weight > self.allowance || cue::condition(text, out.span.start).is_some() {
            return None;
        }
        self.allowance -= weight;
        let sample = Sample::of(l, r)?;
        let mended = misprint::of_equation(&recent.l, &recent.r, [&sample].into_iter());
        mended.map(|_| recent.source)
    }

    /// A claim that would hold, or say again what was said, if one number or sign in it were another.
    pub fn misprinted(
        &mut self,
        poly: &Poly,
        l: &Expr,
        r: &Expr,
        before: usize,
        context: &Context<'_>,
    ) -> Option<Why> {
        let weight = 2 * (size(l) + size(r));
        if context.given || context.refuted || weight > self.allowance {
            return None;
        }
        self.allowance -= weight;
        if self.is_nearly_identity(l, r, context) {
            return Some(Why::Itself);
        }
        if !facts::is_telling(poly) || context.alternative || context.mode != Mode::Claim || self.names.cyclic
        {
            return None;
        }
        let said: Vec<(usize, &Sample)> = self.sources[..before]
            .iter()
            .enumerate()
            .filter_map(|(i, s)| Some((i, s.sample.as_ref()?)))
            .collect();
        let found = misprint::of_equation(l, r, said.iter().map(|(_, sample)| *sample))?;
        Some(self.because(1 << said[found].0))
    }

    /// A step of a chain of identities, in the same variables of which nothing else is known, that is none.
    pub fn is_botched(&self, l: &Expr, r: &Expr, context: &Context<'_>) -> bool {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        free_names(l, &mut left);
        free_names(r, &mut right);
        let same = right.iter().all(|n| left.contains(n)) && right.len() == left.len() && !self.names.cyclic;
        let applied = has_application(l) || has_application(r);
        context.after_identity
            && same
            && !applied
            && !context.alternative
            && !left.iter().any(|name| self.facts.speaks_of(name))
    }

    /// The facts a claim would follow from, were one number or sign in it another.
    pub fn nearly_implied(
        &mut self,
        l: &Expr,
        r: &Expr,
        poly: &Poly,
        before: Option<Facts>,
        context: &Context<'_>,
    ) -> Option<Sources> {
        let claimed =
            context.mode == Mode::Claim && !context.given && !context.refuted && !context.alternative;
        if !claimed || self.names.cyclic || !(facts::is_telling(poly) || facts::has_product(poly)) {
            return None;
        }
        let known = before.as_ref().unwrap_or(&self.facts);
        let weight = 4 * (size(l) + size(r));
        let (left, because) = known.reduce(poly.clone())?;
        // Where every term has a value, some other number always mends it.
        if left.is_zero() || weight > self.allowance || known.determines(poly) {
            return None;
        }
        self.allowance -= weight;
        near::implied(l, r, (&left, because), known, poly.0.len())
    }
}

/// How often a name stands in it.
fn count(e: &Expr, name: &SmolStr) -> usize {
    let mut n = usize::from(matches!(e, Expr::Sym(s) if s == name));
    e.for_each_child(&mut |c| n += count(c, name));
    n
}

/// `\sin\frac{x}{3} = \sin\frac{x}{11}`, `2^x = 3^x`, `|z - 1| |w| = |z| |w|`: one function of two things, which is an equation
/// unless it is a step in a chain.
fn are_alike(l: &Expr, r: &Expr, chained: bool) -> bool {
    let factors = |e: &Expr| match e {
        Expr::Mul(factors) => factors.clone(),
        other => vec![other.clone()],
    };
    let (mut left, mut right) = (factors(l), factors(r));
    left.retain(|factor| match right.iter().position(|other| other == factor) {
        Some(at) => {
            right.remove(at);
            false
        }
        None => true,
    });
    let same_base = |a: &Expr, x: &Expr, b: &Expr, y: &Expr| a == b && (!chained || is_open(x) || is_open(y));
    let same_power = |a: &Expr, x: &Expr, b: &Expr, y: &Expr| {
        let open = is_open(a) || is_open(b);
        x == y && if chained { open && is_open(x) } else { open || is_open(x) }
    };
    match (left.as_slice(), right.as_slice()) {
        ([Expr::Call(f, _)], [Expr::Call(g, _)]) => f == g && (!chained || *f == Func::Abs),
        ([Expr::Pow(a, x)], [Expr::Pow(b, y)]) => same_base(a, x, b, y) || same_power(a, x, b, y),
        _ => false,
    }
}
