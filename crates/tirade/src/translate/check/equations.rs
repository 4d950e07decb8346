//! Formulas that can be read are true, or a finding.
//!
//! Only statements without unknowns are decided here: `2 + 3 = 6` is false whatever the problem is, while `x = 3` may be a definition, an
//! assumption or a result. What `tirade-math` cannot decide is no finding.

use std::ops::Range;

use tirade_math::expr::RelOp;
use tirade_math::{Expr, Outcome};

use super::{Finding, Kind};

/// Longer formulas are not read.
const LONGEST: usize = 400;

/// Every formula of the text that is false.
pub(super) fn false_statements(text: &str) -> Vec<Finding> {
    formulas(text).into_iter().filter_map(|range| false_link(text, range)).collect()
}

fn false_link(text: &str, range: Range<usize>) -> Option<Finding> {
    let source = text[range.clone()].trim().trim_end_matches(['.', ',', ';']);
    if source.len() > LONGEST {
        return None;
    }
    let Ok(Expr::Relation(first, links)) = tirade_math::parse(source) else { return None };
    let mut left = first.as_ref();
    for (op, right) in &links {
        if *op == RelOp::Eq && is_closed(left) && is_closed(right) {
            let verdict = tirade_math::equivalent(left, right);
            if verdict.outcome == Outcome::NotEqual {
                let message = format!("the formula {source} is false: {left} is not {right}");
                return Some(Finding::at(Kind::Equation, range.start, range.end, message));
            }
        }
        left = right;
    }
    None
}

/// Numbers and known functions only, and nothing that has parts to be matched.
fn is_closed(expr: &Expr) -> bool {
    let own = matches!(
        expr,
        Expr::Num(_)
            | Expr::Dec(_)
            | Expr::Const(_)
            | Expr::Add(_)
            | Expr::Mul(_)
            | Expr::Pow(..)
            | Expr::Call(..)
    );
    let mut closed = own;
    expr.for_each_child(&mut |child| closed &= is_closed(child));
    closed
}

/// The insides of `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.
pub(super) fn formulas(text: &str) -> Vec<Range<usize>> {
    const DELIMITERS: [(&str, &str); 4] = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")];
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(step) = text[at..].find(['$', '\\']) {
        let start = at + step;
        if text[start..].starts_with("\\$") {
            at = start + 2;
            continue;
        }
        let Some((open, close)) = DELIMITERS.into_iter().find(|(open, _)| text[start..].starts_with(open))
        else {
            at = start + 1;
            continue;
        };
        let inside = start + open.len();
        let Some(length) = text[inside..].find(close) else { break };
        found.push(inside..inside + length);
        at = inside + length + close.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, false_formulas: usize) {
        assert_eq!(false_statements(text).len(), false_formulas, "{text}");
    }

    #[test]
    fn formulas_are_found() {
        let text = r"a $1+1$ b \[2\] c \(3\) d $$4$$ for \$5 and $6";
        let found: Vec<&str> = formulas(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["1+1", "2", "3", "4"]);
    }

    #[test]
    fn false_arithmetic_is_noticed() {
        check("So $2+3=5$.", 0);
        check("So $2+3=6$.", 1);
        check(r"We get \[\frac{1}{2}+\frac{1}{3}=\frac{5}{6}.\]", 0);
        check(r"We get \[\frac{1}{2}+\frac{1}{3}=\frac{2}{5}.\]", 1);
        check(r"Then $x = 2 \cdot 3 = 7$.", 1);
    }

    #[test]
    fn what_may_be_an_assumption_is_no_finding() {
        check("Let $x=3$ and $2x+1=7$.", 0);
        check("Suppose $f(2)=9$.", 0);
        check(r"Hence $x \equiv 3 \pmod 5$.", 0);
    }
}
