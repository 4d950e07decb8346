//! A whole solution: every chain of relations in it, decided with what is known where it stands.

use super::chains::{Chain, chains};
use super::cue::{self, Mode};
use super::facts::{self, Added, Facts, MAX_SOURCES, Sources};
use super::formulas::formulas;
use super::link::{closed, is_open, is_scalar, without_units};
use super::names::{Names, is_ambiguous};
use super::order::Orders;
use super::{Truth, arrays, congruence, plain, plus_minus};
use crate::equiv::{any, equivalent, free_names};
use crate::expr::{Expr, Func, RelOp};
use crate::normal::Poly;
use crate::syntax::parse;
use crate::verdict::Outcome;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// One relation of a text, with its place and what was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// From the left to the right member, in bytes of the text.
    pub span: Range<usize>,
    /// Whether it stands in a displayed formula.
    pub display: bool,
    /// Whether both members could be read.
    pub read: bool,
    /// What was decided.
    pub truth: Truth,
    /// How.
    pub why: Why,
}

/// On what a decision rests.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// Nothing was decided, or nothing is asserted.
    Open,
    /// Two numbers, or an identity.
    Itself,
    /// Other statements of the problem or the text, by their words.
    Facts(Vec<String>),
    /// A later statement agrees with it.
    Confirmed,
}

/// Members longer than this are not read.
const LONGEST: usize = 600;
/// Statements of one text that are looked at.
const MAX_STATEMENTS: usize = 400;
/// Bytes of formulas of one text that are read.
const MAX_BYTES: usize = 30_000;

/// Decides every statement of a solution to a problem.
///
/// ```
/// use tirade_math::{Truth, check_prose};
/// let found = check_prose("Find $x$ if $2x + 1 = 7$.", "Subtracting 1 gives $2x = 6$, so $x = 4$.");
/// let truths: Vec<Truth> = found.iter().map(|s| s.truth).collect();
/// assert_eq!(truths, [Truth::True, Truth::False]);
/// ```
pub fn check_prose(problem: &str, text: &str) -> Vec<Statement> {
    let names = Names::of(problem, text);
    let mut reader = Reader { names: &names, bytes: 0, links: 0 };
    let (given, said) = (reader.read(problem), reader.read(text));
    let mut walk = Walk::new(&names, plural(&said));
    walk.problem(problem, &given);
    walk.solution(text, &said);
    walk.out
}

/// A chain with its members read.
struct Parsed {
    chain: Chain,
    /// The formula with its delimiters.
    formula: Range<usize>,
    display: bool,
    members: Vec<Option<Expr>>,
    modulus: Option<Expr>,
    /// Only what holds is decided.
    ambiguous: bool,
    /// "if", "for", "otherwise" follow: it holds in some cases.
    cased: bool,
}

/// Reads formulas within the bounds of one text.
struct Reader<'a> {
    names: &'a Names,
    bytes: usize,
    links: usize,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) -> Vec<Parsed> {
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
                let ambiguous = is_ambiguous(&text[chain.span()]);
                let cased = cue::is_cased(text, chain.span().end);
                out.push(Parsed { chain, formula, display, members, modulus, ambiguous, cased });
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
        if source.is_empty() || source.len() > LONGEST {
            return None;
        }
        let expr = parse(&self.names.rewrite(source)?).ok()?;
        Some(self.names.apply(expr))
    }
}

/// What is given several values or meanings: `x = 2` or `x = -5`; `f(x) = x` and `f(x) = -x`; `c + 2 = 0`, then `c + 12 = 0`.
#[derive(Debug, Default)]
struct Plural {
    sides: HashSet<Expr>,
    names: HashSet<SmolStr>,
}

fn plural(said: &[Parsed]) -> Plural {
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
        let function = matches!(left, Expr::Apply(_, args) if args.iter().all(|a| symbol(a).is_some()));
        if is_open(left) && (!is_open(last) || function) {
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

fn same(a: &Expr, b: &Expr) -> bool {
    facts::difference(a, b).is_some_and(|poly| poly.is_zero()) || equivalent(a, b).outcome == Outcome::Equal
}

struct Walk<'a> {
    names: &'a Names,
    plural: Plural,
    facts: Facts,
    orders: Orders,
    /// The facts before the supposition that is open, and where its paragraph ends.
    outside: Option<(Facts, usize)>,
    functions: HashMap<SmolStr, (Vec<SmolStr>, Expr)>,
    sources: Vec<Source>,
    out: Vec<Statement>,
}

/// A statement that others can rest on.
struct Source {
    words: String,
    /// Its place in `out`, unless it is the problem's.
    index: Option<usize>,
    /// Whether what contradicts it is false: suppositions and points of a curve are not to be trusted.
    trusted: bool,
}

/// How a link stands in its chain.
struct Context<'a> {
    mode: Mode,
    given: bool,
    /// It is one of several possibilities.
    alternative: bool,
    /// Behind the first relation of its chain.
    inner: bool,
    /// Only what holds is decided.
    ambiguous: bool,
    modulus: Option<&'a Expr>,
}

impl<'a> Walk<'a> {
    fn new(names: &'a Names, plural: Plural) -> Walk<'a> {
        Walk {
            names,
            plural,
            facts: Facts::default(),
            orders: Orders::default(),
            outside: None,
            functions: HashMap::new(),
            sources: Vec::new(),
            out: Vec::new(),
        }
    }

    fn problem(&mut self, text: &str, given: &[Parsed]) {
        for parsed in given {
            self.chain(text, parsed, true);
        }
    }

    fn solution(&mut self, text: &str, said: &[Parsed]) {
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
    }

    /// Arithmetic in the words between formulas.
    fn plain(&mut self, text: &str, range: Range<usize>) {
        for (span, truth) in plain::statements(text, range) {
            if self.out.len() < MAX_STATEMENTS {
                self.out.push(Statement { span, display: false, read: true, truth, why: Why::Itself });
            }
        }
    }

    /// A supposition ends with its paragraph.
    fn leave(&mut self, at: usize) {
        if self.outside.as_ref().is_some_and(|(_, end)| at >= *end)
            && let Some((facts, _)) = self.outside.take()
        {
            self.facts = facts;
        }
    }

    fn suppose(&mut self, text: &str, at: usize) {
        self.leave(usize::MAX);
        let end = text[at..].find("\n\n").map_or(text.len(), |n| at + n);
        self.outside = Some((self.facts.clone(), end));
    }

    fn chain(&mut self, text: &str, parsed: &Parsed, given: bool) {
        let chain = &parsed.chain;
        let mut mode = cue::mode(text, &parsed.formula, &text[chain.lead.clone()]);
        if given && mode == Mode::Suppose {
            mode = if cue::is_instance(text, &parsed.formula) { Mode::Mention } else { Mode::Claim };
        }
        let conditional = mode == Mode::Suppose || cue::is_conditional(text, parsed.formula.start);
        if !given && conditional && (mode == Mode::Suppose || self.outside.is_none()) {
            self.suppose(text, parsed.formula.start);
        }
        let either = cue::is_alternative(text, &parsed.formula, &text[chain.lead.clone()]);
        let members: Vec<Option<Expr>> =
            parsed.members.iter().map(|m| m.as_ref().map(|e| self.applied(e.clone()))).collect();
        let last = chain.links.len() - 1;
        for (k, (op, right)) in chain.links.iter().enumerate() {
            let left = if k == 0 { &chain.first } else { &chain.links[k - 1].1 };
            let span = left.start..right.end.max(left.start);
            let mut out = Statement {
                span,
                display: parsed.display,
                read: false,
                truth: Truth::Undecided,
                why: Why::Open,
            };
            if let (Some(l), Some(r)) = (&members[k], &members[k + 1]) {
                out.read = true;
                let original = parsed.members[k].as_ref().unwrap_or(l);
                let listed = chain.listed && k == last;
                let alternative = either || listed || self.is_plural(original);
                let modulus = parsed.modulus.as_ref();
                let ambiguous = parsed.ambiguous;
                let context = Context { mode, given, alternative, inner: k > 0, ambiguous, modulus };
                if *op == RelOp::Eq && !parsed.cased {
                    self.define(original, r, &context);
                }
                self.link(text, &mut out, l, *op, r, &context);
            }
            if !given {
                self.out.push(out);
            }
        }
    }

    fn is_plural(&self, left: &Expr) -> bool {
        self.plural.sides.contains(left)
            || any(left, &|e| matches!(e, Expr::Sym(name) if self.plural.names.contains(name)))
    }

    /// Known functions replaced by what they are, twice for `f(f(x))`.
    fn applied(&self, expr: Expr) -> Expr {
        let mut expr = expr;
        for _ in 0..3 {
            if self.functions.is_empty() || !has_application(&expr) {
                break;
            }
            expr = expr.map(&|e| match &e {
                Expr::Apply(name, args) => match self.functions.get(name) {
                    Some((params, body)) if params.len() == args.len() && size(body) < 60 => {
                        put_all(body, params, args)
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

    fn link(
        &mut self,
        text: &str,
        out: &mut Statement,
        l: &Expr,
        op: RelOp,
        r: &Expr,
        context: &Context<'_>,
    ) {
        if op == RelOp::Equiv {
            (out.truth, out.why) = (self.congruent(l, r, context.modulus), Why::Itself);
            return;
        }
        if plus_minus::has(l) || plus_minus::has(r) {
            (out.truth, out.why) = (plus_minus::equal(l, op, r), Why::Itself);
        } else if !is_scalar(l) || !is_scalar(r) {
            (out.truth, out.why) = (arrays::equal(l, op, r), Why::Itself);
        } else if is_open(l) || is_open(r) {
            (out.truth, out.why) = self.open(text, out, l, op, r, context);
        } else {
            (out.truth, out.why) = (self.number(l, op, r, context.modulus), Why::Itself);
        }
        let itself = matches!(out.why, Why::Itself);
        let asserted = context.mode == Mode::Claim || context.mode == Mode::Define && itself;
        if out.truth == Truth::False && (!asserted || context.ambiguous) {
            (out.truth, out.why) = (Truth::Undecided, Why::Open);
        }
    }

    /// Two numbers; where other readings of whole numbers are about, only what holds is decided.
    fn number(&self, l: &Expr, op: RelOp, r: &Expr, modulus: Option<&Expr>) -> Truth {
        let truth = closed(l, op, r);
        if truth == Truth::False && modulus.is_some() {
            return congruence::congruent(l, r, modulus);
        }
        let whole = |e: &Expr| matches!(e, Expr::Num(_));
        let renamed = self.names.modular && op == RelOp::Eq && whole(l) && whole(r);
        let constant = |e: &Expr| matches!(e, Expr::Const(_));
        let odd =
            is_name_of_triangle(l) && is_name_of_triangle(r) || constant(l) || in_degrees(l) || in_degrees(r);
        if truth == Truth::False && (renamed || odd) {
            return Truth::Undecided;
        }
        truth
    }

    fn congruent(&self, l: &Expr, r: &Expr, modulus: Option<&Expr>) -> Truth {
        if is_open(l) || is_open(r) { Truth::Undecided } else { congruence::congruent(l, r, modulus) }
    }

    /// `f(x) = …` defines f where f is not known yet.
    fn define(&mut self, l: &Expr, r: &Expr, context: &Context<'_>) {
        let Expr::Apply(name, args) = l else { return };
        let params: Option<Vec<SmolStr>> = args.iter().map(symbol).collect();
        let Some(params) = params else { return };
        let asserted = matches!(context.mode, Mode::Claim | Mode::Define) && !context.alternative;
        let usable = is_scalar(r) && !has_application(r) && !plus_minus::has(r);
        let mut free = Vec::new();
        free_names(r, &mut free);
        let covered = free.iter().all(|n| params.contains(n) || !"xyzt".contains(n.as_str()));
        if asserted && usable && covered && !free.is_empty() && !self.functions.contains_key(name) {
            self.functions.insert(name.clone(), (params, without_units(r)));
        }
    }

    /// A relation with unknowns: an identity, or what the facts make of it.
    fn open(
        &mut self,
        text: &str,
        out: &Statement,
        l: &Expr,
        op: RelOp,
        r: &Expr,
        context: &Context<'_>,
    ) -> (Truth, Why) {
        const NOTHING: (Truth, Why) = (Truth::Undecided, Why::Open);
        let (l, r) = (without_units(l), without_units(r));
        let Some(poly) = facts::difference(&l, &r) else { return NOTHING };
        if op != RelOp::Eq {
            return self.ordered(poly, &l, op, &r, context);
        }
        if poly.is_zero() {
            return (Truth::True, Why::Itself);
        }
        if facts::is_closed(&poly) {
            return (if poly.is_independent() { Truth::False } else { Truth::Undecided }, Why::Itself);
        }
        if !poly.is_independent() && equivalent(&l, &r).outcome == Outcome::Equal {
            return (Truth::True, Why::Itself);
        }
        if context.mode == Mode::Mention || context.ambiguous {
            return NOTHING;
        }
        let decided = self.learn(text, out, &l, poly.clone(), context);
        if decided.0 == Truth::Undecided && self.is_botched(&poly, &l, &r, context) {
            return (Truth::False, Why::Itself);
        }
        decided
    }

    /// Two sides that are an identity but for one term, where nothing else is known of their variables.
    fn is_botched(&self, poly: &Poly, l: &Expr, r: &Expr, context: &Context<'_>) -> bool {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        free_names(l, &mut left);
        free_names(r, &mut right);
        let same = right.iter().all(|n| left.contains(n)) && right.len() == left.len() && !self.names.cyclic;
        let simple = |e: &Expr| matches!(e, Expr::Sym(_) | Expr::Apply(..)) || e.as_rational().is_some();
        if !same || simple(l) || simple(r) || context.alternative || has_application(l) || has_application(r)
        {
            return false;
        }
        let nearly = poly.0.len() == 1 && size(l) > 5 && size(r) > 5;
        let unconstrained = self.facts.without_last(&left);
        poly.is_independent() && unconstrained && (nearly || context.inner)
    }

    fn ordered(&mut self, poly: Poly, l: &Expr, op: RelOp, r: &Expr, context: &Context<'_>) -> (Truth, Why) {
        const NOTHING: (Truth, Why) = (Truth::Undecided, Why::Open);
        if !op.is_order() || context.mode == Mode::Mention || has_denominator(l) || has_denominator(r) {
            return NOTHING;
        }
        if context.mode != Mode::Suppose
            && let Some((rest, because)) = self.facts.reduce(poly.clone())
            && because != 0
            && let Some(value) = rest.as_constant()
            && self.trusts(because)
        {
            let truth = closed(&Expr::Num(value), op, &Expr::int(0));
            return if truth == Truth::True { (truth, self.because(because)) } else { NOTHING };
        }
        let index = (!context.given).then_some(self.out.len());
        match self.orders.add(poly, op, index) {
            Some(before) => {
                if let Some(statement) = before.and_then(|i| self.out.get_mut(i)) {
                    (statement.truth, statement.why) = (Truth::True, Why::Confirmed);
                }
                (Truth::True, Why::Itself)
            }
            None => NOTHING,
        }
    }

    fn learn(
        &mut self,
        text: &str,
        out: &Statement,
        l: &Expr,
        poly: Poly,
        context: &Context<'_>,
    ) -> (Truth, Why) {
        const NOTHING: (Truth, Why) = (Truth::Undecided, Why::Open);
        if self.sources.len() >= MAX_SOURCES {
            return NOTHING;
        }
        if let (Mode::Define, Expr::Sym(name), false) = (context.mode, l, context.given) {
            self.facts.forget(name);
        }
        let number: Sources = 1 << self.sources.len();
        let trusted = context.mode != Mode::Suppose && !self.is_generic(&poly);
        let added = if context.alternative {
            self.facts.clone().add(poly, number)
        } else {
            self.facts.add(poly, number)
        };
        if !context.alternative {
            let words = text.get(out.span.clone()).unwrap_or("").to_string();
            self.sources.push(Source { words, index: (!context.given).then_some(self.out.len()), trusted });
        }
        match added {
            Added::Implied(by) | Added::Confirms(by) => {
                self.mark_confirmed(by);
                (Truth::True, self.because(by & !number))
            }
            Added::Contradicts(by) if trusted && self.trusts(by) => (Truth::False, self.because(by)),
            Added::Contradicts(_) | Added::New | Added::Unfit => NOTHING,
        }
    }

    /// Whether it speaks of any point of a curve, or of a function everywhere.
    fn is_generic(&self, poly: &Poly) -> bool {
        let both = facts::mentions(poly, &"x".into()) && facts::mentions(poly, &"y".into());
        both && self.names.curves
            || self.names.digits
            || facts::applies_to_unknowns(poly)
            || facts::is_polynomial_identity(poly)
    }

    fn trusts(&self, by: Sources) -> bool {
        self.sources.iter().enumerate().all(|(i, source)| by >> i & 1 == 0 || source.trusted)
    }

    fn because(&self, by: Sources) -> Why {
        let named = self.sources.iter().enumerate().filter(|(i, _)| by >> i & 1 == 1);
        Why::Facts(named.map(|(_, source)| source.words.clone()).collect())
    }

    /// What a later statement rests on is confirmed by it.
    fn mark_confirmed(&mut self, by: Sources) {
        for (i, source) in self.sources.iter().enumerate() {
            if by >> i & 1 == 1
                && let Some(statement) = source.index.and_then(|index| self.out.get_mut(index))
                && statement.truth == Truth::Undecided
            {
                (statement.truth, statement.why) = (Truth::True, Why::Confirmed);
            }
        }
    }
}

fn symbol(e: &Expr) -> Option<SmolStr> {
    match e {
        Expr::Sym(name) => Some(name.clone()),
        _ => None,
    }
}

/// `3-4-5` is a triangle: differences of bare numbers that are written without blanks.
fn is_name_of_triangle(e: &Expr) -> bool {
    matches!(e, Expr::Add(terms) if terms.len() == 3 && terms.iter().all(|t| t.as_i64().is_some()) && terms[1..].iter().all(|t| t.as_i64() < Some(0)))
}

/// `\tan 45`: an angle in degrees without its sign.
fn in_degrees(e: &Expr) -> bool {
    let plain = |e: &Expr| e.as_rational().is_some_and(|x| !x.is_zero());
    any(
        e,
        &|e| matches!(e, Expr::Call(Func::Sin | Func::Cos | Func::Tan | Func::Cot | Func::Sec | Func::Csc, args) if args.iter().any(plain)),
    )
}

/// Whether something is divided by an unknown, so that its sign matters.
fn has_denominator(e: &Expr) -> bool {
    any(
        e,
        &|e| matches!(e, Expr::Pow(base, x) if is_open(base) && x.as_rational().is_none_or(|x| *x < crate::Rational::ZERO)),
    )
}

fn has_application(e: &Expr) -> bool {
    any(e, &|e| matches!(e, Expr::Apply(..)))
}

fn size(e: &Expr) -> usize {
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
