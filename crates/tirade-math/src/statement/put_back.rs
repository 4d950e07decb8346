//! Values that the text arrives at, put into the equations it set up: `\log_5 (x + 12) = 3` does not hold for `x = 121`.
//!
//! A reader checks an answer in the same way. What [`facts`](super::facts) cannot reduce (roots, powers, logarithms, irrational
//! values) is evaluated in floats; only a clear difference counts, and only where every name has one value in the whole text.

use smol_str::SmolStr;

use super::cue::Mode;
use super::facts::Sources;
use super::link::is_open;
use super::prose::{Statement, Why};
use super::walk::{Context, Walk};
use super::{Truth, misprint};
use crate::equiv::{any, free_names};
use crate::expr::{Expr, Func};

/// Equations of one text that are kept.
const MAX_KEPT: usize = 40;
/// Relative difference of two values of a name that are one.
const SAME: f64 = 1e-6;

/// An equation that values found later are put into.
pub struct Kept {
    /// Its place among the statements of the solution; the problem's have none.
    index: Option<usize>,
    l: Expr,
    r: Expr,
    names: Vec<SmolStr>,
}

/// A value that is said of a name; no number where it is supposed, or one of several.
pub struct Said {
    name: SmolStr,
    value: f64,
    index: usize,
}

/// A name's value, and the statements it rests on.
type Value = (SmolStr, f64, Sources);

impl Walk<'_> {
    /// Remembers an equation that was just decided or not, or the value that it says;
    /// `apart` where something is supposed in its sentence, or there is another possibility.
    pub fn keep(&mut self, out: &Statement, l: &Expr, r: &Expr, context: &Context<'_>, apart: bool) {
        let single = !apart && context.mode == Mode::Claim && !context.refuted;
        if let (Expr::Sym(name), false, false) = (l, context.given, is_open(r)) {
            let value = misprint::value(r).filter(|_| single && !context.alternative).unwrap_or(f64::NAN);
            self.said.push(Said { name: name.clone(), value, index: self.out.len() });
        }
        let usable = single
            && !context.ambiguous
            && !context.vectors
            && context.modulus.is_none()
            && !self.names.remainders
            && !self.names.digits;
        if usable
            && out.truth != Truth::False
            && out.why != Why::Itself
            && self.kept.len() < MAX_KEPT
            && is_fit(l, r)
        {
            let mut names = Vec::new();
            free_names(l, &mut names);
            free_names(r, &mut names);
            let point = ["x", "y"].iter().all(|name| names.iter().any(|n| n == name));
            if !(point && self.names.curves) {
                let index = (!context.given).then_some(self.out.len());
                self.kept.push(Kept { index, l: l.clone(), r: r.clone(), names });
            }
        }
    }

    /// Marks each kept equation that the values at the end of the text contradict; a value, where the equation is the problem's.
    pub fn put_back(&mut self) {
        let values = self.single_values();
        for kept in std::mem::take(&mut self.kept) {
            let Some(by) = self.denied(&kept, &values) else { continue };
            let value = |(i, index): (usize, Option<usize>)| index.filter(|_| by >> i & 1 == 1);
            let last = self.sources.iter().map(|s| s.index).enumerate().filter_map(value).max();
            let Some(at) = kept.index.or(last) else { continue };
            if kept.index.is_none() || self.out[at].why != Why::Itself {
                (self.out[at].truth, self.out[at].why) = (Truth::False, self.because(by));
            }
        }
    }

    /// What an equation does not hold by.
    fn denied(&self, kept: &Kept, values: &[Value]) -> Option<Sources> {
        let known = kept.names.iter().map(|name| values.iter().find(|(n, _, _)| n == name));
        let known: Vec<&Value> = known.collect::<Option<_>>()?;
        let by = known.iter().fold(0, |by, (_, _, because)| by | because);
        let values: Vec<(SmolStr, f64)> =
            known.iter().map(|(name, value, _)| (name.clone(), *value)).collect();
        (!values.is_empty() && self.trusts(by) && misprint::fails(&kept.l, &kept.r, &values)).then_some(by)
    }

    fn single_values(&self) -> Vec<Value> {
        let mut values = self.facts.values_because();
        for said in &self.said {
            match values.iter_mut().find(|(name, _, _)| *name == said.name) {
                Some((_, known, _)) => {
                    let same = (*known - said.value).abs() <= SAME * known.abs().max(1.0);
                    *known = if same { *known } else { f64::NAN };
                }
                None => {
                    let source = self.sources.iter().position(|s| s.index == Some(said.index));
                    values.push((said.name.clone(), said.value, source.map_or(0, |i| 1 << i)));
                }
            }
        }
        values.retain(|(_, value, by)| value.is_finite() && *by != 0);
        values
    }
}

/// Whether floats decide about it: no decimals that may be rounded, no functions of which the text may mean something else.
fn is_fit(l: &Expr, r: &Expr) -> bool {
    let plain =
        |f: &Func| matches!(f, Func::Sqrt | Func::Ln | Func::Log | Func::Abs | Func::Exp | Func::Root);
    let barred = |e: &Expr| match e {
        Expr::Dec(_) | Expr::Apply(..) | Expr::Quantity(..) => true,
        Expr::Call(f, _) => !plain(f),
        _ => false,
    };
    let curved = |e: &Expr| match e {
        Expr::Pow(_, x) => is_open(x) || x.as_rational().is_some_and(|x| !x.is_int()),
        Expr::Call(..) => is_open(e),
        _ => false,
    };
    let name = |e: &Expr| matches!(e, Expr::Sym(_));
    let equation = (is_open(l) || is_open(r)) && !name(l) && !name(r);
    (equation || any(l, &curved) || any(r, &curved)) && !any(l, &barred) && !any(r, &barred)
}
