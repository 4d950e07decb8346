//! A text's chains with their members as expressions, and what they say about their names before anything is decided.

use super::chains::{Chain, chains};
use super::cue;
use super::facts;
use super::formulas::formulas;
use super::link::{is_open, is_scalar};
use super::names::Names;
use crate::equiv::{any, equivalent};
use crate::expr::{Expr, Func, RelOp};
use crate::normal::Poly;
use crate::syntax::parse;
use crate::verdict::Outcome;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Members longer than this are not read.
const LONGEST: usize = 600;
/// Statements of one text that are looked at.
pub const MAX_STATEMENTS: usize = 400;
/// Bytes of formulas of one text that are read.
const MAX_BYTES: usize = 30_000;

/// A chain with its members read.
pub struct Parsed {
    pub chain: Chain,
    /// The formula with its delimiters.
    pub formula: Range<usize>,
    pub display: bool,
    /// `None` where one cannot be read.
    pub members: Vec<Option<Expr>>,
    /// What `\\pmod` says.
    pub modulus: Option<Expr>,
    /// "if", "for", "otherwise" follow: it holds in some cases.
    pub cased: bool,
}

/// Reads formulas within the bounds of one text.
pub struct Reader<'a> {
    names: &'a Names,
    bytes: usize,
    links: usize,
}

impl<'a> Reader<'a> {
    /// A reader that has read nothing.
    pub fn new(names: &'a Names) -> Reader<'a> {
        Reader { names, bytes: 0, links: 0 }
    }

    /// All chains of a text, until the bounds are reached.
    pub fn read(&mut self, text: &str) -> Vec<Parsed> {
        let mut out = Vec::new();
        for formula in formulas(text) {
            for chain in chains(text, formula.inside.clone()) {
                self.bytes += chain.span().len();
                self.links += chain.links.len();
                if self.bytes > MAX_BYTES || self.links > MAX_STATEMENTS {
                    return out;
                }
                let (members, modulus) = self.members(text, &chain);
                let (formula, display) = (formula.outside.clone(), formula.display);
                let cased = cue::is_cased(text, chain.span().end);
                out.push(Parsed { chain, formula, display, members, modulus, cased });
            }
        }
        out
    }

    /// The members as expressions, and the modulus that the last one carries.
    fn members(&self, text: &str, chain: &Chain) -> (Vec<Option<Expr>>, Option<Expr>) {
        let ranges = std::iter::once(&chain.first).chain(chain.links.iter().map(|(_, r)| r));
        let mut members: Vec<Option<Expr>> = ranges.map(|r| self.member(&text[r.clone()])).collect();
        let congruence = chain.links.iter().any(|(op, _)| *op == RelOp::Equiv);
        let mut modulus = None;
        if congruence && let Some(Some(last)) = members.last_mut() {
            let mut args = match last {
                Expr::Call(Func::Mod, args) if args.len() == 2 => std::mem::take(args),
                _ => return (members, None),
            };
            modulus = args.pop();
            if let Some(value) = args.pop() {
                *last = value;
            }
        }
        (members, modulus)
    }

    fn member(&self, source: &str) -> Option<Expr> {
        if source.is_empty() || source.len() > LONGEST || has_ordinal(source) {
            return None;
        }
        let expr = parse(&self.names.rewrite(source)?).ok()?;
        Some(self.names.apply(expr))
    }
}

/// `7^\text{th}`: no power.
fn has_ordinal(source: &str) -> bool {
    source.match_indices('^').any(|(at, _)| {
        let letters = source[at + 1..].trim_start_matches(['{', ' ', '\\']);
        let letters =
            ["text{", "mathrm{", "textrm{"].iter().fold(letters, |l, c| l.strip_prefix(c).unwrap_or(l));
        ["st}", "nd}", "rd}", "th}"].iter().any(|end| letters.starts_with(end))
    })
}

/// What is given several values or meanings: `x = 2` or `x = -5`; `f(x) = x` and `f(x) = -x`; `c + 2 = 0`, then `c + 12 = 0`.
#[derive(Debug, Default)]
pub struct Plural {
    sides: HashSet<Expr>,
    names: HashSet<SmolStr>,
}

/// Finds them in what a solution says.
pub fn plural(said: &[Parsed]) -> Plural {
    let mut found = Plural::default();
    let mut values: HashMap<&Expr, &Expr> = HashMap::new();
    let mut counts: HashMap<SmolStr, Vec<(Poly, usize)>> = HashMap::new();
    for parsed in said {
        let equation = matches!(parsed.chain.links.first(), Some((RelOp::Eq, _)));
        let (Some(Some(left)), Some(Some(next)), Some(Some(last))) =
            (parsed.members.first(), parsed.members.get(1), parsed.members.last())
        else {
            continue;
        };
        if !equation || !is_scalar(left) || !is_scalar(last) || !is_scalar(next) {
            continue;
        }
        let linear = |e: &Expr| {
            matches!(e, Expr::Add(..)) && !any(e, &|e| matches!(e, Expr::Pow(..) | Expr::Call(..)))
        };
        let named = is_open(left) && !linear(left);
        let function = matches!(left, Expr::Apply(_, args) if args.iter().all(|a| symbol(a).is_some()));
        if named && (!is_open(last) || function) {
            let other = values.insert(left, last);
            if other.is_some_and(|o| o != last && !same(o, last)) {
                found.sides.insert(left.clone());
            }
        }
        if let Some((name, value)) = facts::difference(left, next).and_then(|poly| facts::value(&poly)) {
            let known = counts.entry(name).or_default();
            match known.iter_mut().find(|(v, _)| *v == value) {
                Some((_, count)) => *count += 1,
                None => known.push((value, 1)),
            }
        }
    }
    let repeated = counts.into_iter().filter(|(_, values)| values.iter().filter(|(_, n)| *n > 1).count() > 1);
    found.names = repeated.map(|(name, _)| name).collect();
    found
}

impl Plural {
    /// Whether a left side, or a name in it, has several values.
    pub fn contains(&self, left: &Expr) -> bool {
        let several = |e: &Expr| matches!(e, Expr::Sym(name) if self.names.contains(name));
        self.sides.contains(left) || any(left, &several)
    }
}

fn same(a: &Expr, b: &Expr) -> bool {
    facts::difference(a, b).is_some_and(|poly| poly.is_zero()) || equivalent(a, b).outcome == Outcome::Equal
}

/// The name of a variable.
pub fn symbol(e: &Expr) -> Option<SmolStr> {
    match e {
        Expr::Sym(name) => Some(name.clone()),
        _ => None,
    }
}
