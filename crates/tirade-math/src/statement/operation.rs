//! Operations that the text says it does to both sides: "Adding 11 to both sides gives …", when it adds something else or nothing.
//!
//! Only what is plain is decided: both sides changed by the same amount or factor, but by another than the words say, or not
//! changed at all. Where more was done in the same step nothing is said.

use crate::equiv::equivalent;
use crate::expr::Expr;
use crate::verdict::Outcome;

/// What is said to be done to both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation<'t> {
    pub kind: Kind,
    /// What is added, or multiplied by, as it is written; nothing for a power.
    pub operand: &'t str,
    /// The words.
    pub words: &'t str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power(i64),
}

/// By the start of the verb.
const VERBS: [(&str, Kind); 6] = [
    ("add", Kind::Add),
    ("subtract", Kind::Subtract),
    ("multiply", Kind::Multiply),
    ("divid", Kind::Divide),
    ("squar", Kind::Power(2)),
    ("cub", Kind::Power(3)),
];
/// Words before a result.
const RESULTS: [&str; 12] = [
    "get", "give", "giving", "obtain", "have", "yield", "become", "leaves", "leaving", "find", "so",
    "results",
];
/// Words of a second step, or of one that is not done.
const OTHERS: [&str; 16] = [
    "then",
    "simplif",
    "expand",
    "rearrang",
    "combin",
    "factor",
    "solv",
    "could",
    "would",
    "cancel",
    "isolat",
    "complet",
    "move",
    "not",
    "substitut",
    "collect",
];

/// The one operation that is said to lead from the equation before `between` to the one behind it.
pub fn stated(between: &str) -> Option<Operation<'_>> {
    const FAR: usize = 160;
    // a display may stand between blank lines; the words themselves are one paragraph
    let words = between.trim_matches(|c: char| c.is_whitespace() || "\\[]$.,:".contains(c));
    if words.len() > FAR || words.contains("\n\n") || between.matches("both sides").count() != 1 {
        return None;
    }
    let lower = between.to_ascii_lowercase();
    let starts = |at: usize| !between[..at].ends_with(|c: char| c.is_ascii_alphabetic());
    let mut verbs = VERBS.iter().flat_map(|(verb, kind)| {
        lower.match_indices(verb).filter(|(at, _)| starts(*at)).map(|(at, _)| (at, *kind)).collect::<Vec<_>>()
    });
    let (verb, kind) = verbs.next()?;
    let sides = lower.find("both sides")?;
    let second = verbs.next().is_some()
        || OTHERS.iter().any(|w| lower[verb..].match_indices(w).any(|(at, _)| starts(verb + at)));
    if second || sides < verb {
        return None;
    }
    let (operand, end) = operand(between, verb, sides, kind)?;
    let behind = &lower[end..];
    let result = RESULTS.iter().any(|w| behind.match_indices(w).any(|(at, _)| starts(end + at)));
    let leads = result || behind.trim_end_matches(['$', '[', '\\', ' ', '\n']).ends_with(':');
    let words = between[verb..end].trim();
    leads.then_some(Operation { kind, operand, words })
}

/// What stands between the verb and "both sides", or behind "by", and where the words of the operation end.
fn operand(between: &str, verb: usize, sides: usize, kind: Kind) -> Option<(&str, usize)> {
    let word = between[verb..].find(' ').map(|n| verb + n)?;
    let end = sides + "both sides".len();
    match kind {
        Kind::Power(_) => between[word..sides].trim().is_empty().then_some(("", end)),
        Kind::Add | Kind::Subtract => {
            let middle = between[word..sides].trim();
            let bare = middle.strip_suffix(" to").or(middle.strip_suffix(" from"))?;
            bare_operand(bare).map(|operand| (operand, end))
        }
        Kind::Multiply | Kind::Divide => {
            let behind = &between[end..];
            let by = behind.find(" by ")?;
            let plain =
                behind[..by].split_whitespace().all(|w| matches!(w, "of" | "the" | "this" | "equation"));
            let rest = behind[by + 4..].trim_start();
            let start = end + (behind.len() - rest.len());
            let length = match rest.strip_prefix('$') {
                Some(inside) => inside.find('$')? + 2,
                None => rest.bytes().take_while(u8::is_ascii_digit).count(),
            };
            let found = bare_operand(&between[start..start + length])?;
            plain.then_some((found, start + length))
        }
    }
}

/// A formula or a number, and nothing else.
fn bare_operand(source: &str) -> Option<&str> {
    let inside = source.trim().strip_prefix('$').and_then(|s| s.strip_suffix('$')).unwrap_or(source.trim());
    let number = inside.bytes().all(|b| b.is_ascii_digit()) || source.trim().starts_with('$');
    (number && !inside.is_empty() && !inside.contains(['$', '='])).then_some(inside)
}

/// Whether both sides were changed alike, but otherwise than by the operation with this operand; or not at all.
pub fn is_other(kind: Kind, operand: Option<&Expr>, before: (&Expr, &Expr), after: (&Expr, &Expr)) -> bool {
    let same = |a: &Expr, b: &Expr| equivalent(a, b).outcome == Outcome::Equal;
    let differ = |a: &Expr, b: &Expr| equivalent(a, b).outcome == Outcome::NotEqual;
    let minus = |a: &Expr, b: &Expr| Expr::sum([a.clone(), b.clone().neg()]);
    let untouched = same(before.0, after.0) && same(before.1, after.1);
    let (zero, one) = (Expr::int(0), Expr::int(1));
    match (kind, operand) {
        (Kind::Add | Kind::Subtract, Some(x)) => {
            let (left, right) = (minus(after.0, before.0), minus(after.1, before.1));
            let wanted = if kind == Kind::Add { x.clone() } else { x.clone().neg() };
            same(&left, &right) && differ(&left, &wanted)
        }
        (Kind::Multiply | Kind::Divide, Some(x)) => {
            let crossed = |a: &Expr, b: &Expr| Expr::product([a.clone(), b.clone()]);
            if untouched {
                return differ(x, &one);
            }
            // a whole side that is a number shows by what it was multiplied
            let number = |e: &Expr| e.as_rational().filter(|n| !n.is_zero()).cloned();
            let (Some(old), Some(new)) = (number(before.1), number(after.1)) else { return false };
            let (old, new) = (Expr::Num(old), Expr::Num(new));
            let alike = same(&crossed(after.0, &old), &crossed(before.0, &new));
            let (from, to) = if kind == Kind::Multiply { (&old, &new) } else { (&new, &old) };
            alike && differ(&crossed(from, x), to)
        }
        (Kind::Power(_), _) => untouched && differ(before.0, &zero) && differ(before.0, &one),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::misprint::tests::sides;
    use super::*;
    use crate::parse;

    #[test]
    fn operations_are_read() {
        for (between, expected) in [
            (". Then, we add 11 to both sides of the equation: ", Some((Kind::Add, "11"))),
            ("$. Subtracting $2x$ from both sides gives $", Some((Kind::Subtract, "2x"))),
            ("$. Divide both sides by 3 to get $", Some((Kind::Divide, "3"))),
            ("$, so multiplying both sides of the equation by $x$ yields $", Some((Kind::Multiply, "x"))),
            ("\\]Squaring both sides, we get \\[", Some((Kind::Power(2), ""))),
            ("\n\\]\n\nThen, we add 11 to both sides of the equation:\n\n\\[\n", Some((Kind::Add, "11"))),
            ("$. We add 3 to both sides.\n\nThis gives $", None),
            ("$. Subtracting 3 from both sides and then dividing by 2 gives $", None),
            ("$. Adding 3 to both sides and simplifying gives $", None),
            ("$. We add 3 to both sides of $", None),
            ("$. The sum of both sides gives $", None),
        ] {
            let found = stated(between).map(|o| (o.kind, o.operand));
            assert_eq!(found, expected, "{between}");
        }
    }

    #[test]
    fn what_was_not_done_is_seen() {
        for (kind, operand, before, after, expected) in [
            (Kind::Add, "11", "3y = 18", "3y = 18", true),
            (Kind::Add, "11", "3y - 11 = 18", "3y = 29", false),
            (Kind::Add, "11", "3y - 9 = 18", "3y = 27", true),
            (Kind::Subtract, "2x", "5x = 2x + 9", "3x = 9", false),
            (Kind::Subtract, "2x", "5x = 2x + 9", "2x = -x + 9", true),
            (Kind::Subtract, "3", "x + 5 = 9", "x = 2", false),
            (Kind::Divide, "3", "3x = 12", "x = 4", false),
            (Kind::Divide, "6", "3x = 12", "x = 4", true),
            (Kind::Divide, "3", "3x = 12", "3x = 12", true),
            (Kind::Multiply, "4", "x = 3", "4x = 12", false),
            (Kind::Multiply, "5", "x = 3", "4x = 12", true),
            (Kind::Power(2), "", "x = 3", "x = 3", true),
            (Kind::Power(2), "", "x = 3", "x^2 = 9", false),
        ] {
            let (before, after) = (sides(before), sides(after));
            let operand = parse(operand).ok();
            let found = is_other(kind, operand.as_ref(), (&before.0, &before.1), (&after.0, &after.1));
            assert_eq!(found, expected, "{kind:?} {operand:?} {before:?} {after:?}");
        }
    }
}
