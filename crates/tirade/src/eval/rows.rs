//! Between the store's rows and scores.

use std::collections::BTreeMap;

use tirade_math::Policy;

use super::score::{Attempt, Ending, Outcome, Rate, Score};
use crate::problem::Problem;
use crate::store::{self, AttemptRow, ScoreRow};

/// The attempts of a run by problem, answers grouped by mathematical equivalence. Problems without an attempt are left out.
pub fn outcomes(problems: &[Problem], attempts: &[AttemptRow]) -> Vec<Outcome> {
    let mut by_problem: BTreeMap<&str, Vec<&AttemptRow>> = BTreeMap::new();
    for row in attempts {
        by_problem.entry(&row.key.problem).or_default().push(row);
    }
    let outcome = |problem: &Problem| {
        let rows = by_problem.get(problem.id.as_str())?;
        let attempts = rows.iter().zip(classes(rows)).map(|(row, class)| attempt(row, class)).collect();
        Some(Outcome {
            problem: problem.id.clone(),
            level: problem.level,
            subject: problem.subject.clone(),
            attempts,
        })
    };
    problems.iter().filter_map(outcome).collect()
}

fn attempt(row: &AttemptRow, answer: Option<usize>) -> Attempt {
    let ending = match row.outcome {
        store::Outcome::Correct => Ending::Right,
        store::Outcome::Wrong => Ending::Wrong,
        store::Outcome::Undecided => Ending::Undecided,
        store::Outcome::NoAnswer => Ending::NoAnswer,
        store::Outcome::Limit => Ending::Limit,
        store::Outcome::ToolError => Ending::ToolError,
        store::Outcome::Error => Ending::Error,
    };
    Attempt { ending, answer, seconds: row.seconds, tokens: row.completion_tokens }
}

/// For each row the class of its answer.
fn classes(rows: &[&AttemptRow]) -> Vec<Option<usize>> {
    let answers: Vec<&str> = rows.iter().filter_map(|row| row.answer.as_deref()).collect();
    let mut classes = tirade_math::group(&answers, &Policy::default()).into_iter();
    rows.iter().map(|row| row.answer.as_ref().and_then(|_| classes.next())).collect()
}

/// A score as rows of the store.
pub fn score_rows(score: &Score) -> Vec<ScoreRow> {
    let of = score.overall.of;
    let plain = |metric: &str, slice: &str, value: f64| ScoreRow {
        metric: metric.to_owned(),
        slice: slice.to_owned(),
        value,
        low: None,
        high: None,
        count: of,
    };
    let mut rows = vec![rate("accuracy", "all", score.overall)];
    rows.extend(score.by_level.iter().map(|(level, of)| rate("accuracy", &format!("level={level}"), *of)));
    rows.extend(
        score.by_subject.iter().map(|(subject, of)| rate("accuracy", &format!("subject={subject}"), *of)),
    );
    rows.extend(score.pass_at.iter().map(|(k, value)| plain(&format!("pass@{k}"), "all", *value)));
    rows.extend(score.majority_at.iter().map(|(k, value)| plain(&format!("maj@{k}"), "all", *value)));
    rows.extend(score.endings.iter().map(|(ending, count)| plain("attempts", ending.label(), *count as f64)));
    rows.push(plain("tokens_per_attempt", "all", score.tokens_per_attempt));
    rows
}

fn rate(metric: &str, slice: &str, rate: Rate) -> ScoreRow {
    let interval = rate.interval();
    ScoreRow {
        metric: metric.to_owned(),
        slice: slice.to_owned(),
        value: rate.share(),
        low: Some(interval.low),
        high: Some(interval.high),
        count: rate.of,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AttemptKey, Outcome::*};

    fn row(attempt: u32, outcome: store::Outcome, answer: &str) -> AttemptRow {
        AttemptRow {
            key: AttemptKey { problem: "a".into(), attempt },
            outcome,
            answer: (!answer.is_empty()).then(|| answer.into()),
            message: None,
            stage: None,
            tool_calls: 0,
            tool_errors: 0,
            prompt_tokens: 0,
            completion_tokens: 10,
            seconds: 0.0,
            cost: None,
        }
    }

    #[test]
    fn votes_count_by_equivalence() {
        let rows = [
            row(0, Wrong, "3"),
            row(1, NoAnswer, ""),
            row(2, Correct, r"\frac{1}{2}"),
            row(3, Correct, "0.5"),
        ];
        let problem = Problem { id: "a".into(), answer: "1/2".into(), level: Some(2), ..Problem::default() };
        let score = Score::of("base", &outcomes(&[problem], &rows));
        assert_eq!(score.majority_at, Some((4, 1.0)));
        let rows = score_rows(&score);
        let value =
            |metric: &str| rows.iter().find(|row| row.metric == metric && row.slice == "all").unwrap().value;
        assert_eq!((value("accuracy"), value("maj@4")), (0.0, 1.0));
        // 1 - C(2, 2) / C(4, 2), but for rounding
        assert!((value("pass@2") - 5.0 / 6.0).abs() < 1e-12, "{}", value("pass@2"));
    }
}
