//! A whole solution: every chain of relations in it, decided with what is known where it stands.

use super::cue::{self, Mode};
use super::drawn::Premise;
use super::echo::{self, Copy};
use super::facts::Facts;
use super::link::is_open;
use super::misprint::Sample;
use super::names::{Names, has_matrices, has_vectors, is_ambiguous};
use super::put_back::{Kept, Said};
use super::read::{MAX_STATEMENTS, Parsed, Plural, Reader, plural};
use super::suspect::Recent;
use super::{Truth, broken, cased, operation, plain, told};
use crate::equiv::any;
use crate::expr::{Expr, RelOp};
use crate::fuel;
use crate::syntax::parse;
use smol_str::SmolStr;
use std::collections::HashMap;
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
    /// What the words say is done to both sides of the equation before is not what is done.
    Operation(String),
}

/// Bytes of a text that are looked at.
const MAX_TEXT: usize = 100_000;
/// Weight of all comparisons of one text: some 50 ms at worst.
const MAX_WEIGHT: usize = 6_000;

/// Decides every statement of a solution to a problem.
///
/// ```
/// use tirade_math::{Truth, check_prose};
/// let found = check_prose("Find $x$ if $2x + 1 = 7$.", "Subtracting 1 gives $2x = 6$, so $x = 4$.");
/// let truths: Vec<Truth> = found.iter().map(|s| s.truth).collect();
/// assert_eq!(truths, [Truth::True, Truth::False]);
/// ```
pub fn check_prose(problem: &str, text: &str) -> Vec<Statement> {
    fuel::within(fuel::PROSE, || walked(problem, text))
}

fn walked(problem: &str, text: &str) -> Vec<Statement> {
    let (problem, text) = (clipped(problem), clipped(text));
    let names = Names::of(problem, text);
    let mut reader = Reader::new(&names);
    let (given, said) = (reader.read(problem), reader.read(text));
    let mut walk = Walk::new(&names, plural(&said));
    walk.problem(problem, &given);
    walk.solution(text, &said);
    walk.put_back();
    walk.told(text);
    echo::mark(problem, &walk.copies, &mut walk.out);
    walk.out
}

fn clipped(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// What is known while a solution is read.
pub struct Walk<'a> {
    pub names: &'a Names,
    plural: Plural,
    pub facts: Facts,
    outside: Option<Outside>,
    pub functions: HashMap<SmolStr, (Vec<SmolStr>, Expr)>,
    pub sources: Vec<Source>,
    pub out: Vec<Statement>,
    /// The equation that the next one may be drawn from.
    pub premise: Option<Premise>,
    /// Every statement as it is written.
    copies: Vec<Copy>,
    /// Values that are said of names.
    pub said: Vec<Said>,
    /// Equations that values found later are put into.
    pub kept: Vec<Kept>,
    /// The last equation that what follows may show to be misprinted.
    pub recent: Option<Recent>,
    /// The equation before, and where it ends.
    previous: Option<(Expr, Expr, usize)>,
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
    /// Vectors stand in it, whose products are not those of numbers.
    pub vectors: bool,
    /// Both sides are bare numerals.
    pub numerals: bool,
    pub modulus: Option<&'a Expr>,
}

impl<'a> Walk<'a> {
    fn new(names: &'a Names, plural: Plural) -> Walk<'a> {
        Walk {
            names,
            plural,
            facts: Facts::default(),
            outside: None,
            functions: HashMap::new(),
            sources: Vec::new(),
            out: Vec::new(),
            premise: None,
            copies: Vec::new(),
            kept: Vec::new(),
            recent: None,
            said: Vec::new(),
            previous: None,
            allowance: MAX_WEIGHT,
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
        self.leave(usize::MAX);
    }

    /// Arithmetic in the words between formulas.
    fn plain(&mut self, text: &str, range: Range<usize>) {
        for (span, truth) in plain::statements(text, range, MAX_STATEMENTS.saturating_sub(self.out.len())) {
            self.out.push(Statement { span, display: false, read: true, truth, why: Why::Itself });
        }
    }

    fn told(&mut self, text: &str) {
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

    fn suppose(&mut self, text: &str, at: usize, condition: Option<usize>) {
        self.leave(usize::MAX);
        let end = text[at..].find("\n\n").map_or(text.len(), |n| at + n);
        self.outside = Some(Outside { facts: self.facts.clone(), condition, end });
    }

    /// Whether the supposition of the sentence that starts at `at` is the one that is open.
    pub fn is_open_since(&self, at: usize) -> bool {
        self.outside.as_ref().is_some_and(|outside| outside.condition == Some(at))
    }

    fn chain(&mut self, text: &str, parsed: &Parsed, given: bool) {
        let chain = &parsed.chain;
        let mut mode = cue::mode(text, &parsed.formula, &text[chain.lead.clone()]);
        if given && matches!(mode, Mode::Suppose | Mode::Instance) {
            mode = if cue::is_instance(text, &parsed.formula) { Mode::Mention } else { Mode::Claim };
        }
        let condition = cue::condition(text, parsed.formula.start);
        let supposes = matches!(mode, Mode::Suppose | Mode::Instance);
        if !given && (supposes || condition.is_some_and(|at| !self.is_open_since(at))) {
            self.suppose(text, parsed.formula.start, condition);
        }
        let refuted = cue::is_refuted(text, &parsed.formula, &text[chain.lead.clone()]);
        let refuted_behind = cue::is_refuted_behind(text, &parsed.formula);
        let either = cue::is_alternative(text, &parsed.formula, &text[chain.lead.clone()]);
        let members: Vec<Option<Expr>> =
            parsed.members.iter().map(|m| m.as_ref().map(|e| self.applied(e.clone()))).collect();
        let last = chain.links.len() - 1;
        let mut after_identity = false;
        let whole = (members.first().cloned().flatten(), members.last().cloned().flatten());
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
                let several = mode == Mode::Claim && self.plural.contains(original);
                let alternative = either || listed || several;
                let modulus = parsed.modulus.as_ref();
                let ambiguous = is_ambiguous(&text[left.clone()]) || is_ambiguous(&text[right.clone()]);
                let numerals = is_numeral(&text[left.clone()]) && is_numeral(&text[right.clone()]);
                let refuted = refuted && (k == 0 || refuted_behind);
                let words = &text[out.span.clone()];
                let (vectors, matrices) = (has_vectors(words), has_matrices(words));
                let context = Context {
                    mode,
                    given,
                    alternative,
                    after_identity,
                    refuted,
                    ambiguous,
                    vectors,
                    chained: chain.links.len() > 1 && !words.contains("\\times") && !matrices,
                    numerals,
                    modulus,
                };
                if *op == RelOp::Eq && !parsed.cased {
                    self.define(original, r, &context);
                }
                self.link(text, &mut out, l, *op, r, &context);
                if k == 0
                    && !given
                    && *op == RelOp::Eq
                    && let Some(words) = self.undone(text, &out, l, r)
                {
                    (out.truth, out.why) = (Truth::False, Why::Operation(words));
                }
                if *op == RelOp::Eq {
                    self.keep(&out, l, r, &context, !given && condition.is_some());
                }
                after_identity =
                    out.truth == Truth::True && out.why == Why::Itself && *op == RelOp::Eq && is_open(l);
            } else if !given && broken::is_broken(&text[out.span.clone()], self.names.digits) {
                (out.truth, out.why) = (Truth::False, Why::Itself);
            }
            if *op == RelOp::Eq && (given || out.read) {
                let index = (!given).then_some(self.out.len());
                let apart = refuted || either || text[out.span.clone()].contains("\\pm");
                self.copies.push(Copy::of(text, out.span.clone(), index, apart));
            }
            if !given {
                self.out.push(out);
            }
        }
        let equal = chain.links.iter().all(|(op, _)| *op == RelOp::Eq);
        self.previous = match whole {
            (Some(l), Some(r)) if equal && !given => Some((l, r, chain.span().end)),
            _ => None,
        };
    }

    /// The words of an operation on both sides of the equation before, which leads to another one than `l = r`.
    fn undone(&self, text: &str, out: &Statement, l: &Expr, r: &Expr) -> Option<String> {
        let (before_l, before_r, end) = self.previous.as_ref()?;
        let operation = operation::stated(text.get(*end..out.span.start)?)?;
        let operand = parse(&self.names.rewrite(operation.operand)?).ok().map(|e| self.names.apply(e));
        let other = operation::is_other(operation.kind, operand.as_ref(), (before_l, before_r), (l, r));
        other.then(|| operation.words.to_string())
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

/// Digits and nothing to compute.
fn is_numeral(source: &str) -> bool {
    let digits = source.trim_start_matches(['-', ' ']).trim_start_matches("\\boxed").replace("\\!", "");
    digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.' | b' ' | b'{' | b'}' | b'\\'))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The truths of all statements, as letters: true, false, undecided.
    fn truths(problem: &str, text: &str) -> String {
        let letter = |s: &Statement| match s.truth {
            Truth::True => 'T',
            Truth::False => 'F',
            Truth::Undecided => '?',
        };
        check_prose(problem, text).iter().map(letter).collect()
    }

    fn check(cases: &[(&str, &str, &str)]) {
        for (problem, text, expected) in cases {
            assert_eq!(truths(problem, text), *expected, "{problem} | {text}");
        }
    }

    #[test]
    fn numbers_and_identities() {
        check(&[
            ("", "So $2 + 3 = 5 < 6$.", "TT"),
            ("", "So $2 + 3 = 6$.", "F"),
            ("", r"\[(x+1)^2 = x^2 + 2x + 1.\]", "T"),
            ("", r"\[(x+1)^2 = x^2 + 2x + 2.\]", "F"),
            ("", r"\[(x+2)(x+1) = x^2 + 3x + 2 = x(x + 4) + 2.\]", "TF"),
            ("", r"Thus $x = \frac{3 \pm \sqrt{25}}{2} = \frac{3 \pm 5}{2}$.", "?T"),
            ("", r"So ${5 \choose 2} = 10$ and $\sqrt{2} \approx 1.414$.", "TT"),
            ("", r"So $\frac13 \approx 0.43$.", "F"),
            ("", r"Then $3^{100} \equiv 1 \pmod 2$.", "T"),
            ("", r"Then $17 \equiv 8 \equiv 2 \pmod 5$.", "FF"),
            ("", "A $6-8-10$ triangle is like $6-8-10 = 3-4-5$.", "?"),
            ("", "We get 3 + 4 = 8 apples.", "F"),
        ]);
    }

    #[test]
    fn what_is_known_decides() {
        check(&[
            (
                "If $3p+4q=8$ and $4p+3q=13$, what is $q$?",
                "Then $12p+16q=32$ and $12p+9q=39$, so $7q=-7$ and $q=-1$.",
                "TTTT",
            ),
            ("If $3p+4q=8$ and $4p+3q=13$, what is $q$?", "Then $12p+16q=33$.", "F"),
            ("", "Let $f(x) = x^2 + 1$. Then $f(3) = 10$ and $f(2) = 6$.", "?TF"),
            ("", "We know $AB = 2$ and $BC = 5$, so $AC = AB + BC = 7$.", "TT?T"),
            ("", "The equation $x^2 = 16$ gives $x = 4$ or $x = -4$.", "TTT"),
            ("", "The equation $x^2 = 16$ gives $x = 4$ or $x = -5$.", "TTF"),
            ("", "Let $x = 3$. So $2x < 7$ and $2x < 5$.", "?T?"),
            ("Let $p(x) = 2x$.", "Then $p(-5) = -10$.", "T"),
            ("", "Setting $4x = 20$, we find $x = 5$.", "TT"),
            ("", "Setting $4x = 24$, we find $x = 5$.", "?F"),
            ("", "Setting $x = 1$ gives $4$. Then $x = 5$.", "??"),
            ("If $a + c = 10$ and $b + c = 9$, find $a + b$.", "Adding gives $a - b + 2c = 19$.", "F"),
            (
                r"Let \[p(x,y) = \begin{cases} x + y & \text{if } x \ge 0, \\ x - 2y & \text{if } x < 0. \end{cases}\] Find $p(1,-1)$.",
                "We use the second case: $p(1,-1) = 1 - 2(-1) = 3$. So $p(-1,2) = -5$.",
                "FTT",
            ),
        ]);
    }

    #[test]
    fn what_follows_decides_about_what_was_said() {
        check(&[
            // values put back
            (
                r"If $\log_5 (x+4)=3$, find $x$.",
                r"From $\log_5(x+7)=3$ we get $5^3 = x+4$, so $x = 121$.",
                "FTT",
            ),
            ("", r"We have $r\sqrt{7} = r + 6$ and so $r = \frac{6}{\sqrt{2} - 1}$.", "FF"),
            ("", r"We have $r\sqrt{2} = r + 6$ and so $r = \frac{6}{\sqrt{2} - 1}$.", "TT"),
            ("Solve $3^x = 81$.", "So $x = 5$.", "F"),
            // drawn from the equation before
            ("", "There is $y = 14$. When $x = -8$, $(-8)y = 385$, giving $y = -49$.", "???F"),
            // an equation that the next one shows to be misprinted
            ("", r"We have \[\sqrt{(8x)^2+(6x)^7} + 3 = 63.\] So $\sqrt{100x^2} + 3 = 63$.", "?F"),
            // where the sign of an unknown matters
            ("", r"So $|w^2 - 9| = |w - 3| \cdot |w + 4|$.", "F"),
            ("", r"So $|w^2 - 9| = |w - 3| \cdot |w + 3|$ and $|x - 1| + |x + 2| = 2x + 1$.", "T?"),
        ]);
    }

    #[test]
    fn copies_but_for_one_number() {
        check(&[
            (r"The plane is $x + y + z = 12$.", "It meets the plane $x + y - z = 12$ there.", "F"),
            (r"The graph of $y = h(2x)$ is shown.", "The graph of $y = h(10x)$ is symmetric.", "F"),
            ("It has $g(2x) + h(3) = 1$.", "Then $g(4x) + h(3) = 1$ and $g(6x) + h(3) = 1$.", "??"),
            (r"The lines $2x + 3y + z = 12$ and $2x + 4y + z = 12$.", "Take $2x + 4y + z = 12$.", "?"),
        ]);
    }

    #[test]
    fn formulas_that_cannot_be_written_so() {
        check(&[
            ("", r"So $\left(\frac7\right)^5 = 1$.", "F"),
            ("Write it in base 2.", "So $1085_2 = 9$.", "F"),
            ("Write it in base 2.", "So $a_2 = 9$.", "?"),
        ]);
    }

    #[test]
    fn what_is_said_is_done() {
        check(&[
            ("", "So $3y = 18$. Then, we add 11 to both sides of the equation: $3y = 18$.", "TF"),
            ("", "So $3y - 11 = 7$. Then, we add 11 to both sides of the equation: $3y = 18$.", "TT"),
            ("", r"So $16x = 64$. We divide both sides by $4$ to get $x = 4$.", "TF"),
            ("", r"So $16x = 64$. We divide both sides by $16$ to get $x = 4$.", "TT"),
        ]);
    }

    #[test]
    fn what_is_not_asserted_is_not_false() {
        check(&[
            ("", "If $2 = 3$, all is lost.", "?"),
            ("", "This gives $0 = 1$, a contradiction.", "?"),
            ("", "Let $x = 3$. Then $x = 3$. Now let $x = 4$. Then $x = 4$.", "TTTT"),
            ("", "Suppose $x = 1$. Then $x + 1 = 2$.\n\nSuppose $x = 2$. Then $x + 1 = 3$.", "TTTT"),
            ("", "We cannot have $x = 1$, so $x = 2$.", "??"),
            ("", "The line $y = x$ meets $y = 2x + 4$.", "??"),
            ("", r"Define $a \star b = a + 2b$, so $1 \star 2 = 5$.", "??"),
        ]);
    }

    #[test]
    fn hostile_texts_are_read_in_no_time() {
        let open = "\\begin{align*}".repeat(3000);
        let towers = "$9^{9^{9^9}} = 1 + \\sum_{k=1}^{400} k!$ ".repeat(500);
        let equals = "1=".repeat(50_000);
        for text in [
            open.as_str(),
            &towers,
            &equals,
            &"$".repeat(9999),
            "\\[\\left",
            "\\begin{",
            "$\\text{",
            "é≤$é=\\é$",
        ] {
            let found = check_prose(text, text);
            assert!(found.iter().all(|s| text.get(s.span.clone()).is_some()));
        }
    }
}
