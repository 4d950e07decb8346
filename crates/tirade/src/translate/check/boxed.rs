//! The answer in the box is what the text arrives at.

use super::numbers::{is_derived, values};
use super::{Case, Finding, Kind};

/// A final answer that stands in the box and nowhere before it: the text of a trace must find the number that it ends with.
///
/// Answers that are no single number or fraction are left to the other checks. Where no trace is given, what follows from the numbers of the
/// text in a step or two counts as found: people do not write the last step.
pub(super) fn underived_answer(case: &Case<'_>) -> Option<Finding> {
    let gold = value_alone(case.gold)?;
    let start = case.text.rfind("\\boxed")?;
    let before = &case.text[..start];
    let close =
        |value: &f64| [gold, gold / 100.0].iter().any(|g| (value.abs() - g.abs()).abs() <= 0.005 * g.abs());
    if ends_in_relation(before) || values(before).iter().any(close) {
        return None;
    }
    if case.results.is_empty()
        && (is_plain(gold) || case.problem.contains("digit") || is_reached(gold, before, case.problem))
    {
        return None;
    }
    let message = format!("the final answer {} stands in the box only: say how it is found", case.gold);
    Some(Finding::at(Kind::UnderivedAnswer, start, case.text.len(), message))
}

/// The value of a text that is one number or one fraction of numbers and nothing else.
fn value_alone(text: &str) -> Option<f64> {
    let words: String = text.replace("\\dfrac", "").replace("\\frac", "");
    if words.contains(|c: char| c.is_alphabetic() || matches!(c, '^' | ',' | '=' | '_')) {
        return None;
    }
    match values(text).as_slice() {
        [one] => Some(*one),
        [_, _, fraction] => Some(*fraction),
        _ => None,
    }
}

/// `3 + 4 = ` and `x \approx `: the box that follows is the end of a chain.
fn ends_in_relation(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\n', '&', '$', '\\', '(', '[']);
    ["=", "\\approx", "≈", "\\equiv"].iter().any(|relation| before.ends_with(relation))
}

/// Numbers that are counted, and halves: nobody derives them.
fn is_plain(value: f64) -> bool {
    value.abs() == 0.5 || value.fract() == 0.0 && value.abs() <= 12.0
}

/// Numbers before the box from which the answer may follow by two operations.
const LAST: usize = 15;
/// Numbers tried with one operation.
const MOST: usize = 60;

/// Whether a value follows in a step or two from the numbers of the problem and the text, or is written in one of them.
fn is_reached(value: f64, before: &str, problem: &str) -> bool {
    let told = values(before);
    let close = |other: f64| (other - value).abs() <= 1e-9 * value.abs();
    let tail = &told[told.len().saturating_sub(LAST)..];
    let listed = (0..tail.len()).any(|from| {
        let list = &tail[from..];
        close(list.iter().sum()) || close(list.iter().product())
    });
    let digits = format!("{value}");
    let inside = told.iter().any(|x| *x > 999.0 && format!("{x}").contains(&digits));
    let mut known = told.clone();
    known.extend(values(problem));
    known.truncate(MOST);
    let step = |product: f64| {
        let follows =
            |c: &f64| close(product / c) || close(product + c) || close(product - c) || close(product * c);
        close(product / 2.0) || tail.iter().any(follows)
    };
    let two_steps = tail.iter().any(|a| tail.iter().any(|b| step(a * b) || close(a + b)));
    listed || inside || two_steps || is_derived(value, &known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_found_before_it_is_boxed() {
        let check = |gold: &str, text: &str, found: bool| {
            let case = Case { gold, text, results: vec![gold], ..Case::default() };
            assert_eq!(underived_answer(&case).is_some(), found, "{text}");
        };
        check("8", r"The sum of the solutions of \(3x^2 - 24x + 5 = 0\) is \(\boxed{8}\).", true);
        check("8", r"It is $24/3 = 8$. The sum is $\boxed{8}$.", false);
        check("8", r"It is $24/3 = \boxed{8}$.", false);
        check(r"\frac{1}{9}", r"So $\frac{3}{36} = \frac{1}{12}$, and it is \(\boxed{\frac{1}{9}}\).", true);
        check(r"\frac{1}{9}", r"So it is $\frac{4}{36}$, that is \(\boxed{\frac{1}{9}}\).", false);
        check("-7", r"We get $x = -7$: \boxed{-7}.", false);
        check(r"2\sqrt{3}", r"It is \boxed{2\sqrt{3}}.", false);
    }

    #[test]
    fn without_a_trace_the_last_step_may_be_left_out() {
        for (gold, text, found) in [
            (
                r"\frac{1}{9}",
                r"So $\frac{3}{36} = \frac{1}{12}$. Therefore it is $\boxed{\frac{1}{9}}$.",
                true,
            ),
            ("64", r"We add: $12 + 13 = 25$, so he has 25. It is $\boxed{64}$.", true),
            ("26", r"The primes are $3$, $5$, $7$ and $11$. Their sum is $\boxed{26}$.", false),
            ("30", r"The base is $12$ and the height is $5$, so the area is $\boxed{30}$.", false),
            ("7", r"We look and see that it is $\boxed{7}$.", false),
        ] {
            let case = Case { gold, text, ..Case::default() };
            assert_eq!(underived_answer(&case).is_some(), found, "{text}");
        }
    }
}
