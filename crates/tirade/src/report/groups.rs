//! The rows of the accuracy table, the same for every renderer: all problems, then each level, then each subject.

use super::format;
use crate::eval::score::{Rate, Score};
use crate::translate::code::capitalised;

/// Some of the problems, with the rate of each model on them.
pub(super) struct Group {
    /// For people: `All problems`, `Level 2`, `Number theory`.
    pub title: String,
    /// Whether another way of grouping begins here.
    pub begins: bool,
    /// The model's index among the scores, and its rate; models without such problems are left out.
    pub rates: Vec<(usize, Rate)>,
}

/// Every group of any of the scores.
pub(super) fn groups(scores: &[Score]) -> Vec<Group> {
    let overall = scores.iter().map(|score| score.overall).enumerate().collect();
    let mut groups = vec![Group { title: "All problems".into(), begins: false, rates: overall }];
    groups.extend(groups_of(scores, "level ", |score| &score.by_level));
    groups.extend(groups_of(scores, "", |score| &score.by_subject));
    groups
}

fn groups_of(scores: &[Score], label: &str, rates: fn(&Score) -> &[(String, Rate)]) -> Vec<Group> {
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in scores.iter().flat_map(rates) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let rate_of = |score: &Score, name: &String| {
        rates(score).iter().find(|(own, _)| own == name).map(|(_, rate)| *rate)
    };
    let group = |(index, name): (usize, &String)| Group {
        title: capitalised(&format!("{label}{}", format::words(name))),
        begins: index == 0,
        rates: scores
            .iter()
            .enumerate()
            .filter_map(|(at, score)| Some((at, rate_of(score, name)?)))
            .collect(),
    };
    names.into_iter().enumerate().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_those_of_any_model() {
        let rate = |right| Rate { right, of: 3 };
        let base = Score { by_level: vec![("1".into(), rate(1))], overall: rate(1), ..Score::default() };
        let levels = vec![("1".into(), rate(2)), ("unknown".into(), rate(3))];
        let subjects = vec![("number_theory".into(), rate(2))];
        let adapter = Score { by_level: levels, by_subject: subjects, overall: rate(2), ..Score::default() };
        let shown: Vec<_> = groups(&[base, adapter])
            .into_iter()
            .map(|group| {
                let rates: Vec<_> = group.rates.iter().map(|(at, rate)| (*at, rate.right)).collect();
                (group.title, group.begins, rates)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("All problems".to_owned(), false, vec![(0, 1), (1, 2)]),
                ("Level 1".to_owned(), true, vec![(0, 1), (1, 2)]),
                ("Level unknown".to_owned(), false, vec![(1, 3)]),
                ("Number theory".to_owned(), true, vec![(1, 2)]),
            ]
        );
    }
}
