//! One chain of a text: its links one by one, each in the context in which it stands.

use super::Truth;
use super::cue::{self, Mode};
use super::echo::Copy;
use super::facts;
use super::link::is_open;
use super::names::{has_matrices, has_vectors, is_ambiguous};
use super::operation;
use super::prose::{Statement, Why};
use super::read::Parsed;
use super::walk::{Context, Walk, size};
use super::{again, broken};
use crate::equiv::any;
use crate::expr::{Expr, Func, RelOp};
use crate::syntax::parse;
use std::ops::Range;

/// What a chain is said to be, before its links are looked at.
struct Said {
    mode: Mode,
    given: bool,
    refuted: bool,
    /// By what stands behind it.
    refuted_behind: bool,
    /// "or" stands beside it.
    either: bool,
    /// Something is supposed in its sentence.
    conditional: bool,
}

/// An equation of a chain that was looked at.
struct Step<'e> {
    /// Its place among the statements.
    index: usize,
    /// Which link of the chain it is.
    link: usize,
    l: &'e Expr,
    r: &'e Expr,
}

impl Walk<'_> {
    /// Decides the links of a chain in their order, then again as steps of one calculation.
    pub fn chain(&mut self, text: &str, parsed: &Parsed, given: bool) {
        let chain = &parsed.chain;
        let said = self.said_of(text, parsed, given);
        let members: Vec<Option<Expr>> =
            parsed.members.iter().map(|m| m.as_ref().map(|e| self.applied(e.clone()))).collect();
        let mut after_identity = false;
        let mut steps = Vec::new();
        for (k, (op, right)) in chain.links.iter().enumerate() {
            let left = if k == 0 { &chain.first } else { &chain.links[k - 1].1 };
            let mut out = Statement {
                span: left.start..right.end.max(left.start),
                display: parsed.display,
                read: false,
                truth: Truth::Undecided,
                why: Why::Open,
            };
            if let (Some(l), Some(r)) = (&members[k], &members[k + 1]) {
                out.read = true;
                let context = self.context(text, parsed, &said, k, after_identity);
                if *op == RelOp::Eq && !parsed.cased {
                    self.define(parsed.members[k].as_ref().unwrap_or(l), r, &context);
                }
                self.link(text, &mut out, l, *op, r, &context);
                if *op == RelOp::Eq {
                    self.operated(text, &mut out, l, r, k == 0 && !given);
                    self.quoted(text, parsed, &mut out, (l, r), &context, k);
                    self.signed(&mut out, l, r, &context);
                    let apart = said.conditional || said.either || chain.listed && k == chain.links.len() - 1;
                    self.keep(&out, l, r, &context, apart);
                    self.state(text, &out, (l, r), &context, apart);
                    steps.push(Step { index: self.out.len(), link: k, l, r });
                }
                after_identity = is_identity(&out, l) && *op == RelOp::Eq;
            } else if !given && broken::is_broken(&text[out.span.clone()], self.names.digits) {
                (out.truth, out.why) = (Truth::False, Why::Itself);
            }
            if !given && broken::is_odd(&text[out.span.clone()]) {
                (out.truth, out.why) = (Truth::False, Why::Itself);
            }
            if *op == RelOp::Eq && (given || out.read) {
                let index = (!given).then_some(self.out.len());
                let apart = said.refuted || said.either || text[out.span.clone()].contains("\\pm");
                self.copies.push(Copy::of(text, out.span.clone(), index, apart));
            }
            if !given {
                self.out.push(out);
            }
        }
        if !given && !said.refuted {
            self.along(text, parsed, &said, &steps);
        }
        let equal = chain.links.iter().all(|(op, _)| *op == RelOp::Eq);
        let whole = (members.first().cloned().flatten(), members.last().cloned().flatten());
        self.previous = match whole {
            (Some(l), Some(r)) if equal && !given => Some((l, r, chain.span().end)),
            _ => None,
        };
    }

    /// How a chain is meant; a supposition in its sentence is opened.
    fn said_of(&mut self, text: &str, parsed: &Parsed, given: bool) -> Said {
        let lead = &text[parsed.chain.lead.clone()];
        let mut mode = cue::mode(text, &parsed.formula, lead);
        if given && matches!(mode, Mode::Suppose | Mode::Instance) {
            mode = if cue::is_instance(text, &parsed.formula) { Mode::Mention } else { Mode::Claim };
        }
        let condition = cue::condition(text, parsed.formula.start);
        let supposes = matches!(mode, Mode::Suppose | Mode::Instance);
        if !given && (supposes || condition.is_some_and(|at| !self.is_open_since(at))) {
            self.suppose(text, parsed.formula.start, condition);
        }
        Said {
            mode,
            given,
            refuted: cue::is_refuted(text, &parsed.formula, lead),
            refuted_behind: cue::is_refuted_behind(text, &parsed.formula),
            either: cue::is_alternative(text, &parsed.formula, lead),
            conditional: !given && condition.is_some(),
        }
    }

    /// The context of link `k`.
    fn context<'p>(
        &self,
        text: &str,
        parsed: &'p Parsed,
        said: &Said,
        k: usize,
        after_identity: bool,
    ) -> Context<'p> {
        let chain = &parsed.chain;
        let left = if k == 0 { &chain.first } else { &chain.links[k - 1].1 };
        let (left, right) = (&text[left.clone()], &text[chain.links[k].1.clone()]);
        let listed = chain.listed && k == chain.links.len() - 1;
        let several = said.mode == Mode::Claim
            && parsed.members[k].as_ref().is_some_and(|original| self.plural.contains(original));
        let either_side = |test: fn(&str) -> bool| test(left) || test(right);
        Context {
            mode: said.mode,
            given: said.given,
            alternative: said.either || listed || several,
            after_identity,
            refuted: said.refuted && (k == 0 || said.refuted_behind),
            ambiguous: either_side(is_ambiguous),
            vectors: either_side(has_vectors),
            chained: (chain.links.len() > 1 || right.contains("\\boxed"))
                && !either_side(|side| side.contains("\\times"))
                && !either_side(has_matrices),
            closes: matches!(parsed.members.get(k + 2), Some(Some(e)) if !is_open(e)),
            numerals: is_numeral(left) && is_numeral(right),
            modulus: parsed.modulus.as_ref(),
        }
    }

    /// Marks steps between identities that would be identities too, were one number or sign in them another; what is known of
    /// the unknowns makes equations of such steps, and may well seem to agree with them.
    fn along(&mut self, text: &str, parsed: &Parsed, said: &Said, steps: &[Step<'_>]) {
        for (i, step) in steps.iter().enumerate() {
            let out = &self.out[step.index];
            let open = is_open(step.l) && is_open(step.r);
            if !open || out.truth == Truth::False || out.why == Why::Itself {
                continue;
            }
            let holds = |other: Option<&Step<'_>>| {
                other.is_some_and(|other| {
                    other.link.abs_diff(step.link) == 1
                        && is_identity(&self.out[other.index], other.l)
                        && is_open(other.r)
                })
            };
            if !holds(i.checked_sub(1).and_then(|i| steps.get(i))) && !holds(steps.get(i + 1)) {
                continue;
            }
            let context = self.context(text, parsed, said, step.link, true);
            let weight = 2 * (size(step.l) + size(step.r));
            if context.ambiguous || weight > self.allowance {
                continue;
            }
            self.allowance -= weight;
            if self.is_nearly_identity(step.l, step.r, &context) {
                let out = &mut self.out[step.index];
                (out.truth, out.why) = (Truth::False, Why::Itself);
            }
        }
    }

    /// Marks an equation that the words say was said before, but was not quite; and remembers it.
    fn quoted(
        &mut self,
        text: &str,
        parsed: &Parsed,
        out: &mut Statement,
        (l, r): (&Expr, &Expr),
        context: &Context<'_>,
        k: usize,
    ) {
        let ranged = |e: &Expr| any(e, &|e| matches!(e, Expr::Call(Func::Abs | Func::Floor | Func::Ceil, _)));
        let open = (is_open(l) || is_open(r)) && out.why != Why::Itself;
        if !open || ranged(l) || ranged(r) || context.ambiguous || context.refuted || parsed.modulus.is_some()
        {
            return;
        }
        let said = !context.given && !context.alternative && out.truth != Truth::False;
        if k == 0
            && said
            && !self.names.cyclic
            && let Some(by) = self.misquoted(text, parsed, out, (l, r), context)
        {
            (out.truth, out.why) = (Truth::False, self.because(1 << by));
        }
        let source = self.sources.len().checked_sub(1);
        self.equations.say(l, r, source);
        if !context.given && matches!(context.mode, Mode::Claim | Mode::Define) {
            self.equations.pass(l, r, out.span.end, source);
        }
    }

    /// The source of an equation that this one, or the one before it, should be.
    fn misquoted(
        &mut self,
        text: &str,
        parsed: &Parsed,
        out: &Statement,
        (l, r): (&Expr, &Expr),
        context: &Context<'_>,
    ) -> Option<usize> {
        let promise = again::promised(text, parsed.formula.start, &text[parsed.chain.lead.clone()]);
        let drawn = context.mode == Mode::Claim && !self.names.curves;
        let weight = 4 * (size(l) + size(r));
        if promise.is_none() && !drawn || weight > self.allowance {
            return None;
        }
        self.allowance -= weight;
        let equations = &self.equations;
        let before = || drawn.then(|| equations.shown_misprinted(text, out.span.start, l, r)).flatten();
        promise.and_then(|promise| equations.misquoted(l, r, promise)).or_else(before)
    }

    /// Marks `AC = AB + BC = 5 - 2`: lengths and angles are positive, so that each term has the sign of its value.
    fn signed(&self, out: &mut Statement, l: &Expr, r: &Expr, context: &Context<'_>) {
        let (Expr::Add(names), Expr::Add(values)) = (l, r) else { return };
        let figure =
            |e: &Expr| matches!(e, Expr::Sym(name) if name.starts_with("ell_") || name.starts_with("theta_"));
        let of_figure = |e: &Expr| match e {
            Expr::Mul(factors) => factors.iter().any(figure),
            e => figure(e),
        };
        let plain = |e: &Expr| !any(e, &|e| matches!(e, Expr::Add(_)));
        let lengths = names.iter().all(of_figure) && names.len() == values.len() && values.iter().all(plain);
        let differ = names.iter().zip(values).any(|(a, b)| is_negative(a) != is_negative(b));
        let asserted = context.chained && !context.given && !context.refuted && !values.iter().any(of_figure);
        let matched = || {
            let same = facts::difference(&names[0], &values[0]).and_then(|poly| self.facts.reduce(poly));
            same.is_some_and(|(left, _)| left.is_zero())
        };
        if lengths
            && differ
            && asserted
            && !is_negative(&values[0])
            && (!is_open(r) && names.iter().any(is_negative) || matched())
        {
            (out.truth, out.why) = (Truth::False, Why::Itself);
        }
    }

    /// Marks an equation that is not what the words say is done to both sides of the one before.
    fn operated(&self, text: &str, out: &mut Statement, l: &Expr, r: &Expr, first: bool) {
        if let Some(words) = first.then(|| self.undone(text, &out.span, l, r)).flatten() {
            (out.truth, out.why) = (Truth::False, Why::Operation(words));
        }
    }

    /// The words of an operation on both sides of the equation before, which leads to another one than `l = r`.
    fn undone(&self, text: &str, span: &Range<usize>, l: &Expr, r: &Expr) -> Option<String> {
        let (before_l, before_r, end) = self.previous.as_ref()?;
        let operation = operation::stated(text.get(*end..span.start)?)?;
        let operand = parse(&self.names.rewrite(operation.operand)?).ok().map(|e| self.names.apply(e));
        let other = operation::is_other(operation.kind, operand.as_ref(), (before_l, before_r), (l, r));
        other.then(|| operation.words.to_string())
    }
}

/// Whether it holds for all values of the unknowns in it.
fn is_identity(out: &Statement, l: &Expr) -> bool {
    out.truth == Truth::True && out.why == Why::Itself && is_open(l)
}

/// Whether a term has a minus sign.
fn is_negative(term: &Expr) -> bool {
    let minus = |e: &Expr| e.as_rational().is_some_and(|x| *x < crate::Rational::ZERO);
    match term {
        Expr::Mul(factors) => factors.iter().filter(|f| minus(f)).count() % 2 == 1,
        Expr::Quantity(x, _) => is_negative(x),
        term => minus(term),
    }
}

/// Digits and nothing to compute.
fn is_numeral(source: &str) -> bool {
    let digits = source.trim_start_matches(['-', ' ']).trim_start_matches("\\boxed").replace("\\!", "");
    digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.' | b' ' | b'{' | b'}' | b'\\'))
}
