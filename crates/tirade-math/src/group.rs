//! Equal answers put together, for voting (maj@k).

use crate::policy::Policy;
use crate::verify::Gold;
use std::collections::HashMap;

/// Partitions answers into classes of equal ones: the class of each answer, numbered by first appearance.
///
/// An answer joins the first class whose first member it equals, whichever of the two is taken as gold. Rounding is not
/// transitive (0.333333 and 0.3333 both stand for 1/3), so the order can matter where a policy rounds; with
/// [`Policy::strict`] it does not. Answers that cannot be read are equal only to the same words.
///
/// ```
/// use tirade_math::{Policy, group};
/// let classes = group(&["1/2", "0.5", r"\frac{2}{4}", "2", "none"], &Policy::default());
/// assert_eq!(classes, [0, 0, 0, 1, 2]);
/// ```
pub fn group(answers: &[&str], policy: &Policy) -> Vec<usize> {
    let mut golds: Vec<Gold> = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut classes = Vec::with_capacity(answers.len());
    for answer in answers {
        let key = answer.trim();
        let class = match seen.get(key) {
            Some(class) => *class,
            None => {
                let answer = Gold::parse(key, policy);
                let found = golds.iter().position(|first| same(first, &answer, policy));
                found.unwrap_or_else(|| {
                    golds.push(answer);
                    golds.len() - 1
                })
            }
        };
        seen.insert(key, class);
        classes.push(class);
    }
    classes
}

fn same(first: &Gold, answer: &Gold, policy: &Policy) -> bool {
    first.decide(answer.text(), policy).is_equal() || answer.decide(first.text(), policy).is_equal()
}
