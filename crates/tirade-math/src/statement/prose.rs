//! A whole solution: every chain of relations in it, decided with what is known where it stands.

use super::names::Names;
use super::read::{Reader, plural};
use super::walk::Walk;
use super::{Truth, echo};
use crate::fuel;
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
    walk.settle();
    walk.restate();
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
    fn what_has_no_value() {
        check(&[
            ("", r"So $\frac{1}{1 - \frac14} = \frac{1}{1 - \frac44}$.", "F"),
            ("", r"So $\arcsin 1 = \frac{\pi}{2}$ and $\arcsin 7 = \frac{\pi}{2}$.", "TF"),
            ("", r"So $\log_{1/2} x = \frac{\log_2 x}{\log_2 1/2}$.", "?"),
            ("", r"So $f^{+1}(x) = 2x$ and $f^{-1}(x) = 2x$.", "F?"),
            ("", r"So $5 \cdot 1074 = 5,\!37$ and $5 \cdot 1074 = 5,\!370$.", "FT"),
        ]);
    }

    #[test]
    fn steps_of_a_calculation() {
        check(&[
            ("", r"So \[w = (x + y) - (x - y) = 2x.\]", "?F"),
            ("", r"So \[t^3 \cdot t^4 = t^{3+4} = \boxed{t^9}.\]", "TF"),
            (
                "",
                r"So \[\frac{1}{n} + \frac{1}{2-n} = \frac{2}{2n - n^2} = \frac{2}{n(2 + n)} = \frac{n + (2 - n)}{n(2 - n)}.\]",
                "TFT",
            ),
            ("", r"So \[AB = 2x + 3 = 5x - 6.\]", "??"),
            ("", r"The distance is $\sqrt{(x - 6)^2 + y^2} = \sqrt{x^2 + y^2}$.", "?"),
            ("", r"So $FD = AD - AF = 6 + 2 = 8$.", "?FT"),
            ("", r"So $FD = AD + AF = 6 + 2 = 8$ and $AC = AB + BC = 10 - x$.", "??T??"),
        ]);
    }

    #[test]
    fn equations_said_again() {
        check(&[
            (
                "What is the x-intercept of the line $3x+5y=20$?",
                "Letting $y=0$ in $3x+5y=24$ gives $3x=20$.",
                "TFT",
            ),
            (
                "What is the x-intercept of the line $3x+5y=20$?",
                "Letting $y=0$ in $3x+5y=20$ gives $3x=20$.",
                "TTT",
            ),
            (
                "It is the hyperbola $x^2 - 4y^2 = 1$.",
                "We replace 1 with 0, giving the equation $x^2 - 4y^2 = 0$.",
                "?",
            ),
            ("", "We are given $9l+2w=30$, which implies $l+w=15$.", "?F"),
            ("", "We are given $2l+2w=30$, which implies $l+w=15$.", "??"),
            ("", "We are given $9l+2w=30$. Also, $l+w=15$.", "??"),
            ("If $x = 2$ and $y = 1$, find $2x + y$.", "Substituting $x = 2$ and $y = 5$ gives $5$.", "TF"),
            ("Find $2x$ for $x = 2$ and for $x = 3$.", "Substituting $x = 5$ gives $10$.", "?"),
        ]);
    }

    #[test]
    fn what_the_whole_text_shows() {
        check(&[
            (
                "",
                "We may set $4x - 19 = 95 - 2x$ to find it. Then $4x - 10 = 95 - 2x$. So $6x = 114$.",
                "TFT",
            ),
            (
                "",
                "We have $p + q + r + s = 20$ and $2p = s$ and $p + q = r$. Now $q + r = 5$ and $p = 5$.",
                "TTFTT",
            ),
            ("", "If I only work $\\frac{19}{12} = \\frac56$ as much, I need you.", "F"),
            ("", "You cannot miss more than $20\\% = 4/5$ of them.", "F"),
            ("", "If we had $2 = 3$, we cannot say that $1 = 2$.", "??"),
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
