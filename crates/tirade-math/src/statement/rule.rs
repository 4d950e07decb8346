//! What becomes of one link: true or false by itself, by what is known, or a new fact.

use super::cue::{self, Mode};
use super::drawn::Premise;
use super::facts::{self, Added, MAX_SOURCES, Sources};
use super::link::{closed, is_open, is_scalar, is_undefined, without_degrees, without_units};
use super::misprint::Sample;
use super::prose::{Statement, Why};
use super::read::symbol;
use super::walk::{Context, Source, Walk, has_application};
use super::{Truth, arrays, cased, congruence, plus_minus};
use crate::equiv::{any, equivalent, free_names};
use crate::expr::{Expr, Func, RelOp};
use crate::fuel;
use crate::normal::Poly;
use crate::verdict::Outcome;
use smol_str::SmolStr;

impl Walk<'_> {
    /// Decides a link, learns from it, and writes the decision into `out`.
    pub fn link(
        &mut self,
        text: &str,
        out: &mut Statement,
        l: &Expr,
        op: RelOp,
        r: &Expr,
        context: &Context<'_>,
    ) {
        let weight = weight(l) + weight(r);
        if weight > self.allowance || fuel::is_empty() {
            return;
        }
        self.allowance -= weight;
        if op == RelOp::Equiv {
            (out.truth, out.why) = (self.congruent(l, r, context.modulus), Why::Itself);
            return;
        }
        if is_undefined(l) || is_undefined(r) {
            (out.truth, out.why) =
                (if op == RelOp::Ne { Truth::Undecided } else { Truth::False }, Why::Itself);
        } else if plus_minus::has(l) || plus_minus::has(r) {
            (out.truth, out.why) = (plus_minus::equal(l, op, r), Why::Itself);
        } else if !is_scalar(l) || !is_scalar(r) {
            (out.truth, out.why) = (arrays::equal(l, op, r), Why::Itself);
        } else if is_open(l) || is_open(r) {
            (out.truth, out.why) = self.open(text, out, l, op, r, context);
        } else {
            (out.truth, out.why) = (self.number(l, op, r, context), Why::Itself);
        }
        let itself = matches!(out.why, Why::Itself);
        let asserted = match context.mode {
            _ if itself => !context.refuted,
            Mode::Define => !matches!(l, Expr::Sym(_)),
            mode => matches!(mode, Mode::Claim | Mode::Instance),
        };
        if out.truth == Truth::False && (!asserted || context.ambiguous && !(context.vectors && itself)) {
            (out.truth, out.why) = (Truth::Undecided, Why::Open);
        }
    }

    /// Two numbers; where other readings of whole numbers are about, only what holds is decided.
    fn number(&self, l: &Expr, op: RelOp, r: &Expr, context: &Context<'_>) -> Truth {
        let truth = closed(l, op, r);
        if truth == Truth::False && context.modulus.is_some() {
            return congruence::congruent(l, r, context.modulus);
        }
        let fraction = |e: &Expr| matches!(e, Expr::Num(x) if !x.is_int());
        let inverse = self.names.remainders && fraction(l) != fraction(r);
        let renamed = self.names.modular && op == RelOp::Eq && (context.numerals || inverse);
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
    pub fn define(&mut self, l: &Expr, r: &Expr, context: &Context<'_>) {
        let Expr::Apply(name, args) = l else { return };
        let params: Option<Vec<SmolStr>> = args.iter().map(symbol).collect();
        let Some(params) = params else { return };
        let asserted = matches!(context.mode, Mode::Claim | Mode::Define) && !context.alternative;
        let usable = (is_scalar(r) || cased::is_function(r)) && !has_application(r) && !plus_minus::has(r);
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
        let (mut l, mut r) = (without_units(l), without_units(r));
        if !self.names.radians {
            (l, r) = (without_degrees(l), without_degrees(r));
        }
        let Some(poly) = facts::difference(&l, &r) else { return NOTHING };
        if op != RelOp::Eq {
            let divides = has_denominator(&l) || has_denominator(&r);
            return if divides { NOTHING } else { self.ordered(poly, op, context) };
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
        if context.vectors {
            let wrong = context.chained
                && !context.given
                && !context.refuted
                && self.is_nearly_identity(&l, &r, context);
            return if wrong { (Truth::False, Why::Itself) } else { NOTHING };
        }
        if context.ambiguous {
            return NOTHING;
        }
        if context.mode == Mode::Mention {
            let wrong = !context.given && !context.refuted && self.is_nearly_identity(&l, &r, context);
            return if wrong { (Truth::False, Why::Itself) } else { NOTHING };
        }
        let before = self.sources.len();
        self.is_only_confirming = false;
        let decided = self.learn(text, out, &l, &r, poly.clone(), context);
        if self.sources.len() > before {
            let so_far = Statement { truth: decided.0, ..out.clone() };
            self.trust(&so_far, &l, &r, &poly, context);
        }
        let solved = symbol(&l).is_some() || symbol(&r).is_some();
        let premise = self.premise.take();
        let put_in = solved && context.mode != Mode::Claim
            || !context.given
                && cue::condition(text, out.span.start).is_some()
                && context.mode == Mode::Claim;
        if !context.given && !context.refuted && !context.alternative && !put_in {
            let words = text.get(out.span.clone()).unwrap_or("");
            self.premise = Premise::of(&poly, words, out.span.end, solved);
        }
        let direct = solved || facts::univariate(&poly).is_some();
        if decided.0 != Truth::Undecided && (direct || !self.is_only_confirming) {
            return decided;
        }
        if let Some(premise) = premise
            && !context.refuted
            && !context.given
            && !self.names.modular
            && premise.denies(text, out.span.start, &poly, solved)
        {
            return (Truth::False, Why::Facts(vec![premise.words]));
        }
        if self.is_botched(&l, &r, context) {
            return (Truth::False, Why::Itself);
        }
        let shown = self.shows_misprint(text, out, &l, &r, context);
        let why = self.misprinted(&poly, &l, &r, before, context).or(shown);
        why.map_or(decided, |why| (Truth::False, why))
    }

    /// An inequality whose unknowns have known values.
    fn ordered(&self, poly: Poly, op: RelOp, context: &Context<'_>) -> (Truth, Why) {
        if op.is_order()
            && context.mode == Mode::Claim
            && let Some((left, because)) = self.facts.reduce(poly)
            && let Some(value) = left.as_constant()
            && self.trusts(because)
            && closed(&Expr::Num(value), op, &Expr::int(0)) == Truth::True
        {
            return (Truth::True, self.because(because));
        }
        (Truth::Undecided, Why::Open)
    }

    fn learn(
        &mut self,
        text: &str,
        out: &Statement,
        l: &Expr,
        r: &Expr,
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
        let generic = self.is_generic(&poly);
        let supposed = matches!(context.mode, Mode::Suppose | Mode::Instance) && !generic;
        let trusted = !supposed && !generic;
        if !trusted && !context.alternative {
            self.facts.distrusted |= number;
        }
        let sample = facts::is_telling(&poly).then(|| Sample::of(l, r)).flatten();
        let (added, before) = if context.alternative {
            (self.facts.clone().add(poly.clone(), number), None)
        } else {
            self.facts.learn(poly.clone(), number)
        };
        if !context.alternative {
            let words = text.get(out.span.clone()).unwrap_or("").to_string();
            self.sources.push(Source {
                words,
                index: (!context.given).then_some(self.out.len()),
                trusted,
                supposed,
                start: out.span.start,
                set_up: !context.given && symbol(l).is_none() && symbol(r).is_none(),
                sample,
            });
        }
        match added {
            Added::Implied(by) | Added::Confirms(by) => {
                self.is_only_confirming = matches!(added, Added::Confirms(_));
                if self.is_only_confirming
                    && facts::univariate(&poly).is_none()
                    && let Some(by) = self.nearly_implied(l, r, &poly, before, context)
                {
                    return (Truth::False, self.because(by));
                }
                self.mark_confirmed(by);
                (Truth::True, self.because(by & !number))
            }
            Added::Contradicts(by) | Added::Resembles(by)
                if (trusted || context.mode == Mode::Instance && !generic) && self.trusts(by)
                    || trusted && symbol(l).is_none() && self.supposes(by) && self.is_open_at(text, out)
                    || trusted && self.follows(text, out, by, context.alternative) =>
            {
                (Truth::False, self.because(by))
            }
            _ => match self.nearly_implied(l, r, &poly, before, context) {
                Some(by) => (Truth::False, self.because(by)),
                None => NOTHING,
            },
        }
    }

    /// Whether it speaks of any point of a curve, or of a function everywhere.
    fn is_generic(&self, poly: &Poly) -> bool {
        let both = facts::mentions(poly, &"x".into()) && facts::mentions(poly, &"y".into());
        both && self.names.curves
            || self.names.digits && facts::has_product(poly)
            || facts::applies_to_unknowns(poly)
            || facts::is_polynomial_identity(poly)
    }

    /// Whether the statement stands in the sentence that supposes, and nothing says that this cannot be.
    fn is_open_at(&self, text: &str, out: &Statement) -> bool {
        let here = cue::condition(text, out.span.start);
        here.is_some_and(|at| self.is_open_since(at)) && !cue::is_absurd(text, out.span.end)
    }

    /// Whether the statement is drawn from an equation set up in the same sentence: "Setting $4x = 5\pi$, we find $x = \pi$".
    fn follows(&self, text: &str, out: &Statement, by: Sources, alternative: bool) -> bool {
        let sentence = cue::sentence_start(text, out.span.start);
        let known = self.sources.iter().enumerate().any(|(i, s)| by >> i & 1 == 1 && s.trusted);
        // a value that is put in does no more than what else is known
        let put_in = known && !alternative && cue::condition(text, out.span.start).is_none();
        let fits = |s: &Source| {
            s.trusted || s.supposed && (s.set_up || put_in) && s.start >= sentence && s.start < out.span.start
        };
        self.sources.iter().enumerate().all(|(i, source)| by >> i & 1 == 0 || fits(source))
            && !cue::is_absurd(text, out.span.end)
    }

    /// Whether all are to be trusted where the text is now.
    fn supposes(&self, by: Sources) -> bool {
        let fits = |source: &Source| source.trusted || source.supposed;
        self.sources.iter().enumerate().all(|(i, source)| by >> i & 1 == 0 || fits(source))
    }

    pub fn trusts(&self, by: Sources) -> bool {
        self.sources.iter().enumerate().all(|(i, source)| by >> i & 1 == 0 || source.trusted)
    }

    pub fn because(&self, by: Sources) -> Why {
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

/// Nodes, where those that take long count more.
fn weight(e: &Expr) -> usize {
    let mut sum = match e {
        Expr::Big(_) => 300,
        Expr::Call(Func::Factorial | Func::DoubleFactorial | Func::Binom | Func::Perm, _) => 40,
        Expr::Call(..) => 4,
        _ => 1,
    };
    e.for_each_child(&mut |c| sum += weight(c));
    sum
}
