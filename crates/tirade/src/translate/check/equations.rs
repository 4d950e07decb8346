//! Statements that can be read are true, or a finding.
//!
//! `tirade-math` reads every formula and every piece of arithmetic in the words, with what is assumed where it stands. Only what is certainly
//! false is a finding; what holds for some values only, or cannot be read, is none.

use tirade_math::{Statement, Truth, Why};

use super::{Case, Finding, Kind};

/// Every false statement of the text, and an answer in the box that contradicts what the text says of the thing that is asked for.
pub(super) fn false_statements(case: &Case<'_>) -> Vec<Finding> {
    let concluded = conclusion(case).map(|(box_at, words)| (box_at, format!("{}\n\n{words}", case.text)));
    let text = concluded.as_ref().map_or(case.text, |(_, text)| text);
    let statements = tirade_math::check_prose(case.problem, text);
    let wrong = statements.iter().filter(|statement| statement.truth == Truth::False);
    let (said, added): (Vec<_>, Vec<_>) = wrong.partition(|statement| statement.span.end <= case.text.len());
    let mut findings: Vec<Finding> = said.into_iter().map(|statement| finding(text, statement)).collect();
    if findings.is_empty()
        && let (Some(statement), Some((at, _))) = (added.first(), &concluded)
    {
        let message = format!("the answer in the box does not follow: {}", finding(text, statement).message);
        findings.push(Finding::at(Kind::UnderivedAnswer, *at, case.text.len(), message));
    }
    findings
}

/// Where the box stands, and that what the problem asks for is what stands in it: `Hence $x = 4$.`
fn conclusion(case: &Case<'_>) -> Option<(usize, String)> {
    let asked = asked(case.problem)?;
    let start = case.text.rfind("\\boxed{")?;
    let inside = &case.text[start + "\\boxed{".len()..];
    let mut depth = 1;
    let end = inside.bytes().position(|byte| {
        depth += i32::from(byte == b'{') - i32::from(byte == b'}');
        depth == 0
    })?;
    let answer = &inside[..end];
    let is_value = !answer.contains(['=', ',', '<', '>', '%']) && !answer.contains("\\text") && end < 80;
    (is_value && !answer.trim().is_empty()).then(|| (start, format!("Hence ${asked} = {answer}$.")))
}

/// The formula that a problem asks the value of: `What is $x + y$?`
fn asked(problem: &str) -> Option<&str> {
    const CUES: [&str; 7] = ["what is", "find", "compute", "evaluate", "value of", "determine", "calculate"];
    const OTHERS: [&str; 13] = [
        "est",
        "all ",
        "maximum",
        "minimum",
        "possible",
        "round",
        "approx",
        "sum of",
        "product of",
        "mod",
        "base",
        "positive",
        "decimal",
    ];
    let formula = tirade_math::formulas(problem).pop()?;
    let inside = problem[formula.inside.clone()].trim().trim_end_matches(['.', '?']);
    let before = problem[..formula.outside.start].trim_end().to_lowercase();
    let plain = !inside.contains(['=', '<', '>', ',', '&', '\n']) && inside.len() < 60;
    let lower = problem.to_lowercase();
    let cued =
        CUES.iter().any(|cue| before.ends_with(cue) || before.ends_with(&format!("{cue} the value of")));
    (plain && cued && !OTHERS.iter().any(|other| lower.contains(other))).then_some(inside)
}

fn finding(text: &str, statement: &Statement) -> Finding {
    let span = statement.span.clone();
    let words = shown(&text[span.clone()]);
    let message = match &statement.why {
        Why::Facts(facts) if !facts.is_empty() => {
            let facts: Vec<String> = facts.iter().map(|fact| shown(fact)).collect();
            format!("{words} contradicts {}: one of them is wrong", facts.join(" and "))
        }
        Why::Operation(operation) => format!("{words} is not what \"{}\" leads to", shown(operation)),
        _ if !statement.read => format!("{words} is no formula: write it again"),
        _ => format!("{words} is false: work it out again"),
    };
    Finding::at(Kind::Equation, span.start, span.end, message)
}

/// A formula on one line, not longer than a message may be.
fn shown(formula: &str) -> String {
    const LONGEST: usize = 160;
    let line = formula.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(problem: &str, text: &str, expected: &[&str]) {
        let case = Case { problem, text, ..Case::default() };
        let found: Vec<&str> =
            false_statements(&case).iter().map(|f| &text[f.start..f.end]).collect::<Vec<_>>();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn false_arithmetic_is_noticed() {
        check("", "So $2+3=5$.", &[]);
        check("", "So $2+3=6$.", &["2+3=6"]);
        check("", "So 2 + 3 = 6 apples.", &["2 + 3 = 6"]);
        check(
            "",
            r"We get \[\frac{1}{2}+\frac{1}{3}=\frac{2}{5}.\]",
            &[r"\frac{1}{2}+\frac{1}{3}=\frac{2}{5}"],
        );
        check("", r"Then $x = 2 \cdot 3 = 7$.", &[r"2 \cdot 3 = 7"]);
        check("", r"Hence $17 \equiv 4 \pmod 5$.", &[r"17 \equiv 4 \pmod 5"]);
    }

    #[test]
    fn what_is_assumed_is_no_finding() {
        check("", "Let $x=3$. Then $2x+1=7$.", &[]);
        check("", "Suppose $f(2)=9$.", &[]);
        check("", "If $x = 1$ we get $3$; if $x = 2$ we get $4$.", &[]);
        check("", "Then $0 = 1$, a contradiction.", &[]);
        check("", "So $x = 2$ or $x = -5$.", &[]);
    }

    #[test]
    fn assumptions_are_used() {
        check("", "Let $x=3$. Then $2x+1=8$.", &["2x+1=8"]);
        check("", "Let $f(x) = x^2 + 1$. Then $f(3) = 11$.", &["f(3) = 11"]);
        check("Solve $2x + 1 = 7$.", "We subtract 1. So $x = 4$.", &["x = 4"]);
        check("", "We have $x + y = 5$ and $x - y = 1$, so $x = 3$ and $y = 1$.", &["y = 1"]);
        check(
            "",
            r"Then \begin{align*} (x+2)(x+3) &= x^2 + 5x + 6 \\ &= x(x+5) + 7. \end{align*}",
            &[r"x^2 + 5x + 6 \\ &= x(x+5) + 7"],
        );
    }

    #[test]
    fn the_box_agrees_with_the_text() {
        let found = |problem: &str, text: &str| {
            let case = Case { problem, text, ..Case::default() };
            false_statements(&case).into_iter().map(|f| f.kind).collect::<Vec<_>>()
        };
        let problem = "If $2x + 1 = 7$, what is $x$?";
        assert!(found(problem, r"Solving gives $x = 3$. The answer is $\boxed{3}$.").is_empty());
        assert_eq!(
            found(problem, r"Solving gives $x = 3$. The answer is $\boxed{4}$."),
            [Kind::UnderivedAnswer]
        );
        assert!(found("What is the largest $x$?", r"So $x = 3$. It is $\boxed{4}$.").is_empty());
    }

    #[test]
    fn messages_name_what_is_contradicted() {
        let case = Case { problem: "Solve $2x + 1 = 7$.", text: "So $x = 4$.", ..Case::default() };
        let messages: Vec<String> = false_statements(&case).into_iter().map(|f| f.message).collect();
        assert_eq!(messages, ["x = 4 contradicts 2x + 1 = 7: one of them is wrong"]);
    }

    #[test]
    fn messages_name_what_was_not_done() {
        let text = "So $3y = 18$. Then we add 11 to both sides: $3y = 18$. Hence $y = \\frac6$.";
        let case = Case { problem: "", text, ..Case::default() };
        let messages: Vec<String> = false_statements(&case).into_iter().map(|f| f.message).collect();
        let expected = [
            "3y = 18 is not what \"add 11 to both sides\" leads to",
            "y = \\frac6 is no formula: write it again",
        ];
        assert_eq!(messages, expected);
    }
}
