//! What is known while a solution is read, and the order in which its statements are looked at.

use super::again::Equations;
use super::cue::Mode;
use super::drawn::Premise;
use super::echo::Copy;
use super::facts::Facts;
use super::firm::Firm;
use super::misprint::Sample;
use super::names::Names;
use super::prose::{Statement, Why};
use super::put_back::{Kept, Said};
use super::read::{MAX_STATEMENTS, Parsed, Plural};
use super::restated::Stated;
use super::suspect::Recent;
use super::{cased, plain, told};
use crate::equiv::any;
use crate::expr::Expr;
use smol_str::SmolStr;
use std::collections::HashMap;
use std::ops::Range;

/// Weight of all comparisons of one text: some 50 ms at worst.
const MAX_WEIGHT: usize = 6_000;

/// What is known while a solution is read.
pub struct Walk<'a> {
    pub names: &'a Names,
    pub plural: Plural,
    pub facts: Facts,
    outside: Option<Outside>,
    pub functions: HashMap<SmolStr, (Vec<SmolStr>, Expr)>,
    pub sources: Vec<Source>,
    pub out: Vec<Statement>,
    /// The equation that the next one may be drawn from.
    pub premise: Option<Premise>,
    /// What is to be trusted, for the end.
    pub firm: Vec<Firm>,
    /// Values as they are said.
    pub stated: Vec<Stated>,
    /// Equations that may be said again.
    pub equations: Equations,
    /// The last equation agreed with what is known only by giving an unknown a value.
    pub is_only_confirming: bool,
    /// Every statement as it is written.
    pub copies: Vec<Copy>,
    /// Values that are said of names.
    pub said: Vec<Said>,
    /// Equations that values found later are put into.
    pub kept: Vec<Kept>,
    /// The last equation that what follows may show to be misprinted.
    pub recent: Option<Recent>,
    /// The equation before, and where it ends.
    pub previous: Option<(Expr, Expr, usize)>,
    /// Weight of comparisons that is left.
    pub allowance: usize,
}

/// What was known before a supposition.
struct Outside {
    facts: Facts,
    /// Where the sentence starts that supposes.
    condition: Option<usize>,
    /// Where its paragraph ends.
    end: usize,
}

/// A statement that others can rest on.
pub struct Source {
    pub words: String,
    /// Its place in `out`, unless it is the problem's.
    pub index: Option<usize>,
    /// Whether what contradicts it is false: suppositions and points of a curve are not to be trusted.
    pub trusted: bool,
    /// It is supposed: what follows from it where it is supposed must agree with it.
    pub supposed: bool,
    /// Where it starts, and whether it is an equation that is set up, not a value that is put in.
    pub start: usize,
    pub set_up: bool,
    /// Its values, where a misprint of it is to be noticed.
    pub sample: Option<Sample>,
}

/// How a link stands in its chain.
pub struct Context<'a> {
    pub mode: Mode,
    pub given: bool,
    /// It is one of several possibilities.
    pub alternative: bool,
    /// The link before it in its chain is an identity.
    pub after_identity: bool,
    /// Supposed, denied, or led to a contradiction in so many words.
    pub refuted: bool,
    /// Only what holds is decided.
    pub ambiguous: bool,
    /// There are more links in its chain.
    pub chained: bool,
    /// The member behind it is a number, so that it may be an equation: `\sin x = \sin y = 1`.
    pub closes: bool,
    /// Vectors stand in it, whose products are not those of numbers.
    pub vectors: bool,
    /// Both sides are bare numerals.
    pub numerals: bool,
    pub modulus: Option<&'a Expr>,
}

impl<'a> Walk<'a> {
    pub fn new(names: &'a Names, plural: Plural) -> Walk<'a> {
        Walk {
            names,
            plural,
            facts: Facts::default(),
            outside: None,
            functions: HashMap::new(),
            sources: Vec::new(),
            out: Vec::new(),
            premise: None,
            firm: Vec::new(),
            stated: Vec::new(),
            equations: Equations::default(),
            is_only_confirming: false,
            copies: Vec::new(),
            kept: Vec::new(),
            recent: None,
            said: Vec::new(),
            previous: None,
            allowance: MAX_WEIGHT,
        }
    }

    pub fn problem(&mut self, text: &str, given: &[Parsed]) {
        for parsed in given {
            self.chain(text, parsed, true);
        }
    }

    pub fn solution(&mut self, text: &str, said: &[Parsed]) {
        let mut from = 0;
        for parsed in said {
            if parsed.formula.start >= from {
                self.plain(text, from..parsed.formula.start);
                from = parsed.formula.end;
            }
            self.leave(parsed.formula.start);
            self.chain(text, parsed, false);
        }
        self.plain(text, from..text.len());
        self.leave(usize::MAX);
    }

    /// Arithmetic in the words between formulas.
    fn plain(&mut self, text: &str, range: Range<usize>) {
        for (span, truth) in plain::statements(text, range, MAX_STATEMENTS.saturating_sub(self.out.len())) {
            self.out.push(Statement { span, display: false, read: true, truth, why: Why::Itself });
        }
    }

    pub fn told(&mut self, text: &str) {
        let found = told::statements(text).into_iter().take(MAX_STATEMENTS.saturating_sub(self.out.len()));
        self.out.extend(found.map(|(span, truth)| Statement {
            span,
            display: false,
            read: true,
            truth,
            why: Why::Itself,
        }));
    }

    /// A supposition ends with its paragraph.
    fn leave(&mut self, at: usize) {
        if self.outside.as_ref().is_some_and(|outside| at >= outside.end)
            && let Some(outside) = self.outside.take()
        {
            self.facts = outside.facts;
        }
    }

    pub fn suppose(&mut self, text: &str, at: usize, condition: Option<usize>) {
        self.leave(usize::MAX);
        let end = text[at..].find("\n\n").map_or(text.len(), |n| at + n);
        self.outside = Some(Outside { facts: self.facts.clone(), condition, end });
    }

    /// Whether something is supposed where the text is now.
    pub fn is_supposing(&self) -> bool {
        self.outside.is_some()
    }

    /// Whether the supposition of the sentence that starts at `at` is the one that is open.
    pub fn is_open_since(&self, at: usize) -> bool {
        self.outside.as_ref().is_some_and(|outside| outside.condition == Some(at))
    }

    /// Known functions replaced by what they are, twice for `f(f(x))`.
    pub fn applied(&self, expr: Expr) -> Expr {
        let mut expr = expr;
        for _ in 0..3 {
            if self.functions.is_empty() || !has_application(&expr) {
                break;
            }
            expr = expr.map(&|e| match &e {
                Expr::Apply(name, args) => match self.functions.get(name) {
                    Some((params, body)) if params.len() == args.len() && size(body) < 60 => {
                        cased::chosen(put_all(body, params, args)).unwrap_or(e)
                    }
                    _ => e,
                },
                _ => e,
            });
            if size(&expr) > 400 {
                break;
            }
        }
        expr
    }
}

/// Whether an unknown function stands in it.
pub fn has_application(e: &Expr) -> bool {
    any(e, &|e| matches!(e, Expr::Apply(..)))
}

/// How many nodes it has.
pub fn size(e: &Expr) -> usize {
    let mut n = 1;
    e.for_each_child(&mut |c| n += size(c));
    n
}

fn put_all(body: &Expr, params: &[SmolStr], args: &[Expr]) -> Expr {
    body.clone().map(&|e| match &e {
        Expr::Sym(name) => match params.iter().position(|p| p == name) {
            Some(i) => args[i].clone(),
            None => e,
        },
        _ => e,
    })
}
