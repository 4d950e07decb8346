//! What a run will take, told before it is made: from a pilot of a few of its problems, drawn at random.
//!
//! The pilot's attempts are rows of the run itself, so nothing of it is wasted. The sampling unit is the problem with all its attempts
//! (attempts at one problem resemble each other); the interval is Student's for the sum over the problems that are left.

mod judge;
mod sample;
mod translation;

use std::collections::{BTreeSet, HashSet};

use super::solve::{begin, solve_where};
use super::{Context, PipelineError, Progress, SolveJob};
use crate::hash::seed;
use crate::store::AttemptRow;
pub use judge::forecast_judge;
pub use translation::forecast_translation;

/// What is there, what is missing, and what the missing will take.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    pub units: Units,
    pub run: String,
    /// Problems, traces or pairs.
    pub problems: usize,
    /// Attempts, solutions or opinions that are in the store, and those that are not.
    pub done: usize,
    pub missing: usize,
    /// Problems with all their attempts (traces with their solution, pairs with an opinion), which the estimates are made from.
    pub sampled: usize,
    /// Tokens of what is missing.
    pub prompt_tokens: Estimate,
    pub completion_tokens: Estimate,
    /// Seconds of waiting for models and tools, over all that is missing: divide by how many are made at once.
    pub seconds: Estimate,
    /// US dollars of what is missing; none where no model has a price.
    pub cost: Option<Estimate>,
    /// US dollars that the run cost so far.
    pub spent: f64,
}

/// The words for what a stage works on and what it makes of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    pub of: &'static str,
    pub makes: &'static str,
}

impl Units {
    pub const PROBLEMS: Self = Self { of: "problems", makes: "attempts" };
    pub const TRACES: Self = Self { of: "traces", makes: "solutions" };
    pub const PAIRS: Self = Self { of: "pairs", makes: "opinions" };
}

/// A sum with its 95 % prediction interval; the interval is all there may be (0 to infinity) where fewer than two problems are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Solves `pilot` problems drawn at random, as far as they are not solved, and tells from everything solved what the rest will take.
/// With a pilot of 0 nobody is asked.
///
/// # Errors
/// Whatever ends the pilot.
pub async fn forecast(
    context: &Context<'_>,
    job: &SolveJob,
    pilot: usize,
) -> Result<Forecast, PipelineError> {
    let (run, _) = begin(context, job)?;
    if pilot > 0 {
        let drawn = draw(job, pilot)?;
        let total = drawn.len() * job.attempts as usize;
        (context.watch)(&Progress::Stage { stage: job.stage, run: &run, done: 0, total });
        solve_where(context, job, &run, &|problem| drawn.contains(problem)).await?;
    }
    let rows = context.store.attempts(&run)?;
    let (problems, done) = context.store.counts(&run)?;
    Ok(from_rows(job, run, problems, done, &rows))
}

/// The `count` problems whose hashes come first: a random sample that is the same each time.
fn draw(job: &SolveJob, count: usize) -> Result<HashSet<String>, PipelineError> {
    let mut first = BTreeSet::new();
    for problem in job.problems.each() {
        let id = problem?.id;
        first.insert((seed(&["pilot", &id]), id));
        if first.len() > count {
            first.pop_last();
        }
    }
    Ok(first.into_iter().map(|(_, id)| id).collect())
}

fn from_rows(job: &SolveJob, run: String, problems: usize, done: usize, rows: &[AttemptRow]) -> Forecast {
    let aim = job.aim();
    let is_whole = |rows: &[AttemptRow]| {
        let correct = rows.iter().filter(|row| row.outcome == crate::store::Outcome::Correct).count();
        rows.len() >= aim.attempts as usize || aim.enough.is_some_and(|enough| correct >= enough as usize)
    };
    let whole: Vec<&[AttemptRow]> = rows
        .chunk_by(|one, next| one.key.problem == next.key.problem)
        .filter(|rows| is_whole(rows))
        .collect();
    let left = problems.saturating_sub(whole.len());
    let sum = |of: &dyn Fn(&AttemptRow) -> f64| {
        let sums: Vec<f64> = whole.iter().map(|rows| rows.iter().map(of).sum()).collect();
        Estimate::of_rest(&sums, left)
    };
    let attempts = sum(&|_| 1.0).value;
    Forecast {
        units: Units::PROBLEMS,
        problems,
        done,
        missing: if whole.is_empty() { left * aim.attempts as usize } else { attempts.round() as usize },
        sampled: whole.len(),
        prompt_tokens: sum(&|row| row.prompt_tokens as f64),
        completion_tokens: sum(&|row| row.completion_tokens as f64),
        seconds: sum(&|row| row.seconds),
        cost: job.price.as_ref().map(|_| sum(&|row| row.cost.unwrap_or(0.0))),
        spent: rows.iter().filter_map(|row| row.cost).sum(),
        run,
    }
}

impl Estimate {
    /// The sum over `left` further rows like the `seen` ones.
    fn of_rest(seen: &[f64], left: usize) -> Self {
        let (n, m) = (seen.len() as f64, left as f64);
        if left == 0 {
            return Self { value: 0.0, low: 0.0, high: 0.0 };
        }
        let mean = if seen.is_empty() { 0.0 } else { seen.iter().sum::<f64>() / n };
        if seen.len() < 2 {
            return Self { value: mean * m, low: 0.0, high: f64::INFINITY };
        }
        let variance = seen.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let half = student_975(seen.len() - 1) * m * (variance * (1.0 / n + 1.0 / m)).sqrt();
        Self { value: mean * m, low: (mean * m - half).max(0.0), high: mean * m + half }
    }
}

/// The 97.5 % quantile of Student's distribution; R: `qt(0.975, df)`.
fn student_975(freedom: usize) -> f64 {
    const TABLE: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    match freedom {
        0 => f64::INFINITY,
        1..=10 => TABLE[freedom - 1],
        // Cornish-Fisher around the normal quantile; off by 0.002 at 11 and less beyond.
        _ => {
            let (z, df) = (1.959_964_f64, freedom as f64);
            z + (z.powi(3) + z) / (4.0 * df)
                + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * df * df)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_quantiles() {
        for (freedom, r) in [(1, 12.706), (10, 2.228), (11, 2.201), (30, 2.042), (1000, 1.962)] {
            assert!((student_975(freedom) - r).abs() < 3e-3, "{freedom}: {}", student_975(freedom));
        }
    }

    #[test]
    fn one_row_gives_no_interval_and_nothing_left_costs_nothing() {
        assert_eq!(Estimate::of_rest(&[3.0], 4), Estimate { value: 12.0, low: 0.0, high: f64::INFINITY });
        assert_eq!(Estimate::of_rest(&[3.0, 9.0], 0).high, 0.0);
        let same = Estimate::of_rest(&[3.0, 3.0], 4);
        assert_eq!((same.low, same.value, same.high), (12.0, 12.0, 12.0));
    }

    /// Skewed costs, as reply lengths are: of a hundred pilots of 8 out of 200 problems, about 95 intervals hold the true sum.
    #[test]
    fn the_interval_holds_the_truth_about_as_often_as_it_says() {
        let draw = |i: u64| (seed(&["cost", &i.to_string()]) % 1000) as f64 / 1000.0;
        let costs: Vec<f64> = (0..20_000).map(|i| 50.0 + 400.0 * draw(i).powi(2)).collect();
        let held = costs.chunks(200).filter(|run| {
            let (pilot, rest) = run.split_at(8);
            let estimate = Estimate::of_rest(pilot, rest.len());
            (estimate.low..=estimate.high).contains(&rest.iter().sum::<f64>())
        });
        let held = held.count();
        assert!((88..=100).contains(&held), "{held} of 100");
    }
}
