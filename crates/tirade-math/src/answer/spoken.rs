//! Answers in words: "twenty-five", "two thirds", "all real numbers".

use crate::cardinal::cardinal;
use crate::expr::{Const, Expr, Rational, SetOp};

const PARTS: [(&str, i64); 9] = [
    ("half", 2),
    ("third", 3),
    ("quarter", 4),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
];

/// The number that words (normalised, see [`crate::text`]) spell, with a sign and a fraction.
pub fn number(words: &str) -> Option<Rational> {
    let words = words.replace('-', " ");
    let (negative, words) = match words.strip_prefix("minus ").or(words.strip_prefix("negative ")) {
        Some(rest) => (true, rest),
        None => (false, words.as_str()),
    };
    let parts: Vec<&str> = words.split_whitespace().collect();
    if parts.is_empty() || parts.len() > 12 {
        return None;
    }
    let value = fraction(&parts).or_else(|| whole(&parts).map(Rational::from))?;
    Some(if negative { -value } else { value })
}

/// "half", "two thirds", "a quarter".
fn fraction(parts: &[&str]) -> Option<Rational> {
    let (last, count) = parts.split_last()?;
    let singular = last.strip_suffix('s').unwrap_or(last);
    let singular = if *last == "halves" { "half" } else { singular };
    let below = PARTS.iter().find(|(name, _)| *name == singular)?.1;
    let above = match count {
        [] | ["a" | "one"] => 1,
        more => whole(more)?,
    };
    Some(Rational::from(above) / Rational::from(below))
}

/// "three hundred and five", "two million".
fn whole(parts: &[&str]) -> Option<i64> {
    let (mut total, mut group, mut seen) = (0i64, 0i64, false);
    for word in parts {
        if let Some(n) = cardinal(word) {
            let fits = if n < 10 { group % 10 == 0 && group % 100 != 10 } else { group % 100 == 0 };
            if !fits {
                return None;
            }
            group += i64::from(n);
        } else if let (Some(scale), true) = (crate::unit::scale(word), seen) {
            if scale == 100 {
                group *= 100;
            } else {
                total = total.checked_add(group.checked_mul(scale)?)?;
                group = 0;
            }
        } else if *word != "and" || !seen {
            return None;
        }
        seen = true;
    }
    total.checked_add(group)
}

/// The set of numbers that words name, perhaps without some: "all real numbers except 3".
pub fn named_set(words: &str) -> Option<Expr> {
    for but in [" except for ", " except ", " other than ", " excluding ", " but "] {
        if let Some((set, missing)) = words.split_once(but) {
            let missing = match crate::syntax::parse(missing).ok()? {
                Expr::List(items) => items,
                one => vec![one],
            };
            let plain = missing.iter().all(|e| e.as_rational().is_some());
            return plain
                .then(|| Some(Expr::SetOp(SetOp::Difference, vec![named_set(set)?, Expr::Set(missing)])))?;
        }
    }
    let words = words.strip_prefix("the ").unwrap_or(words);
    let words = words.strip_prefix("set of ").unwrap_or(words);
    let words = ["all ", "any ", "every "].iter().find_map(|w| words.strip_prefix(w)).unwrap_or(words);
    Some(Expr::Const(match words {
        "real numbers" | "reals" | "real number" | "real x" | "real" | "real values" | "real values of x" => {
            Const::Reals
        }
        "integers" | "integer" => Const::Integers,
        "rational numbers" | "rationals" | "rational number" => Const::Rationals,
        "natural numbers" | "natural number" => Const::Naturals,
        "complex numbers" | "complex number" => Const::Complexes,
        _ => return None,
    }))
}

/// Words that say for which values an answer holds and do not narrow it.
pub fn is_universal(words: &str) -> bool {
    ["for all", "for any", "for every", "for each", "for some", "where"].iter().any(|w| words.starts_with(w))
}

/// "no solution", "there are no real roots", "none".
pub fn says_none(words: &str) -> bool {
    let words = ["there is ", "there are ", "there exists ", "there exist ", "the "]
        .iter()
        .find_map(|w| words.strip_prefix(w))
        .unwrap_or(words);
    let nothing = |rest: &str| {
        let thing = rest
            .split(' ')
            .find(|w| !matches!(*w, "real" | "such" | "valid" | "possible" | "integer" | "positive"));
        thing.is_some_and(|w| {
            matches!(
                w.trim_end_matches('s'),
                "solution"
                    | "root"
                    | "answer"
                    | "value"
                    | "number"
                    | "integer"
                    | "function"
                    | "pair"
                    | "triple"
                    | "x"
                    | "n"
            )
        })
    };
    matches!(words, "none" | "empty set" | "does not exist" | "dne" | "doesnt exist" | "nonexistent")
        || words.strip_prefix("no ").is_some_and(nothing)
}

/// "infinitely many solutions", "an infinite number".
pub fn says_endless(words: &str) -> bool {
    let words = ["there are ", "an ", "the "].iter().find_map(|w| words.strip_prefix(w)).unwrap_or(words);
    let rest = ["infinitely many", "infinite number", "infinite", "infinitely"]
        .iter()
        .find_map(|w| words.strip_prefix(w));
    matches!(rest.map(str::trim), Some("" | "solutions" | "of solutions" | "many" | "many solutions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelled_numbers() {
        for (words, above, below) in [
            ("seven", 7, 1u8),
            ("twenty five", 25, 1),
            ("twenty-five", 25, 1),
            ("three hundred and five", 305, 1),
            ("two million", 2_000_000, 1),
            ("one hundred twenty thousand and one", 120_001, 1),
            ("half", 1, 2),
            ("two thirds", 2, 3),
            ("minus three quarters", -3, 4),
        ] {
            assert_eq!(number(words), Some(Rational::from_parts(above.into(), below.into())), "{words}");
        }
        for words in
            ["", "seven eight", "hundred", "and", "seven apples", "five twenty", "ten three", "thirds and"]
        {
            assert_eq!(number(words), None, "{words}");
        }
    }

    #[test]
    fn sets_in_words() {
        assert_eq!(named_set("all real numbers"), Some(Expr::Const(Const::Reals)));
        assert_eq!(named_set("the set of all integers"), Some(Expr::Const(Const::Integers)));
        assert_eq!(named_set("all people"), None);
        assert_eq!(named_set("all real numbers except blue"), None);
        assert!(matches!(
            named_set("all real numbers except 3 and -3"),
            Some(Expr::SetOp(SetOp::Difference, _))
        ));
    }
}
