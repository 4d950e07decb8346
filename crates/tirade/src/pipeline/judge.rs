//! What a judge model is worth, measured before a run that relies on it.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{Context, PipelineError};
use crate::eval::statistics::{Interval, wilson};
use crate::hash::digest;
use crate::model::Model;
use crate::model::price::Usd;
use crate::prompts::Prompts;
use crate::store::recorded::RecordedModel;
use crate::trace::Event;
use crate::translate::judge::{Opinion, ask_both_ways};
use crate::translate::planted::{Planted, plant};
use crate::translate::results::bare_result;

/// Fewer pairs of a kind than this say nothing about a judge.
const LEAST: usize = 5;

/// Which judge is to be measured on what.
pub struct JudgeJob {
    /// The solve run whose tool results are used.
    pub solved: String,
    pub judge: Arc<dyn Model>,
    pub prompts: Prompts,
    /// Pairs of each kind.
    pub cases: usize,
    pub seed: u64,
}

impl JudgeJob {
    /// Hash of the judge's prompt.
    fn prompt(&self) -> String {
        self.prompts.hashes(&["judge"]).remove("judge").unwrap_or_default()
    }

    /// Under which the calibration is kept, and its calls are accounted.
    pub(super) fn key(&self) -> String {
        let parts = [self.judge.identity(), &self.prompt(), &self.cases.to_string(), &self.seed.to_string()];
        format!("calibration:{}", digest(&parts))
    }
}

/// A share with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub right: u64,
    pub of: u64,
    pub interval: Interval,
}

impl Share {
    fn new(right: usize, of: usize) -> Self {
        let (right, of) = (right as u64, of as u64);
        Self { right, of, interval: wilson(right, of) }
    }
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Identity of the judge, and hash of its prompt.
    pub judge: String,
    pub prompt: String,
    /// Planted errors that it called different.
    pub sensitivity: Share,
    /// Pairs that are the same and that it called the same.
    pub specificity: Share,
    /// How many of the pairs mathematics could not decide, as those it will be asked about.
    pub undecided: u64,
    pub unreadable: u64,
    pub contradictory: u64,
    /// Questions that were asked, and what they cost where the judge has a price.
    #[serde(default)]
    pub calls: u64,
    #[serde(default)]
    pub cost: Usd,
    /// The pairs it got wrong, at most ten.
    pub mistakes: Vec<Planted>,
}

impl Calibration {
    /// Whether both shares reach `bar` with 95 % confidence: it is the lower ends of the intervals that count.
    pub fn reaches(&self, bar: f64) -> bool {
        self.sensitivity.interval.low >= bar && self.specificity.interval.low >= bar
    }

    /// Refuses a judge below the bar.
    ///
    /// # Errors
    /// Both shares with their intervals, and what can be done.
    pub fn require(&self, bar: f64) -> Result<(), PipelineError> {
        if self.reaches(bar) {
            return Ok(());
        }
        let told =
            |share: &Share| format!("{} of {} (at least {:.3})", share.right, share.of, share.interval.low);
        Err(PipelineError::Input(format!(
            "the judge {} is below the bar {bar}: it found {} of the planted errors and knew {} of the pairs that are the same\n  hint: name another --judge, or ask it about more pairs with --judge-cases: few pairs give wide intervals",
            self.judge,
            told(&self.sensitivity),
            told(&self.specificity)
        )))
    }
}

/// Measures the judge, or finds that this judge has been measured with this prompt, seed and number of cases.
///
/// # Errors
/// When the run has too few tool results to plant errors in, or the judge cannot be had.
pub async fn calibrate(context: &Context<'_>, job: &JudgeJob) -> Result<Calibration, PipelineError> {
    let key = job.key();
    if let Some(known) = context.store.fact(&key)? {
        return Ok(known);
    }
    let pairs = pairs(context, job)?;
    context.budget.add_spent(context.store.account(&key)?.cost);
    let opinions = ask(context, job, &key, &pairs).await?;
    let mut calibration = summed(job.judge.identity(), job.prompt(), &pairs, &opinions);
    let account = context.store.account(&key)?;
    (calibration.calls, calibration.cost) = (account.calls, account.cost);
    context.store.add_fact(&key, &calibration)?;
    Ok(calibration)
}

/// What the judge is asked about.
pub(super) fn pairs(context: &Context<'_>, job: &JudgeJob) -> Result<Vec<Planted>, PipelineError> {
    let pairs = plant(&results(context, &job.solved)?, job.cases, job.seed);
    let same = pairs.iter().filter(|pair| pair.same).count();
    if same.min(pairs.len() - same) < LEAST {
        return Err(PipelineError::Input(format!(
            "{} has tool results for {same} pairs that are the same and {} that differ; a judge is measured on at least {LEAST} of each\n  hint: solve more problems, or translate without --judge-bar",
            job.solved,
            pairs.len() - same
        )));
    }
    Ok(pairs)
}

/// Results of all calls of a solve run that worked.
fn results(context: &Context<'_>, solved: &str) -> Result<Vec<String>, PipelineError> {
    let mut results = Vec::new();
    for row in context.store.attempts(solved)?.iter().filter(|row| row.tool_calls > 0) {
        for event in context.store.events(solved, &row.key)? {
            if let Event::ToolResult { result, .. } = event
                && result.status == crate::tool::ToolStatus::Ok
            {
                results.push(bare_result(&result.content));
            }
        }
    }
    Ok(results)
}

/// Opinions on all pairs, on an account of their own: several runs may rely on one calibration.
async fn ask(
    context: &Context<'_>,
    job: &JudgeJob,
    key: &str,
    pairs: &[Planted],
) -> Result<Vec<Opinion>, PipelineError> {
    let judge =
        RecordedModel::new(job.judge.clone(), context.store.clone(), context.stop.clone()).for_run(key);
    let one = |pair| ask_one(&judge, job, pair);
    stream::iter(pairs).map(one).buffered(context.concurrency.max(1)).try_collect().await
}

pub(super) async fn ask_one(
    judge: &dyn Model,
    job: &JudgeJob,
    pair: &Planted,
) -> Result<Opinion, PipelineError> {
    match ask_both_ways(judge, &job.prompts, job.seed, &pair.written, &pair.result).await {
        Err(error) if !error.ends_run() => Ok(Opinion::Unreadable),
        other => other.map_err(PipelineError::from_model),
    }
}

fn summed(judge: &str, prompt: String, pairs: &[Planted], opinions: &[Opinion]) -> Calibration {
    // A contradiction and an unreadable verdict count as "different", as they do in a run.
    let right = |(pair, opinion): &(&Planted, &Opinion)| pair.same == (**opinion == Opinion::Same);
    let judged = || pairs.iter().zip(opinions);
    let of = |same: bool| judged().filter(move |(pair, _)| pair.same == same);
    let share = |same| Share::new(of(same).filter(right).count(), of(same).count());
    let count = |wanted| opinions.iter().filter(|opinion| **opinion == wanted).count() as u64;
    Calibration {
        judge: judge.to_owned(),
        prompt,
        sensitivity: share(false),
        specificity: share(true),
        undecided: pairs.iter().filter(|pair| pair.undecided).count() as u64,
        unreadable: count(Opinion::Unreadable),
        contradictory: count(Opinion::Contradictory),
        calls: 0,
        cost: Usd::default(),
        mistakes: judged().filter(|judged| !right(judged)).map(|(pair, _)| pair.clone()).take(10).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(same: bool) -> Planted {
        let error = if same { "" } else { "number" };
        Planted { result: "1".into(), written: "2".into(), same, error: error.into(), undecided: same }
    }

    #[test]
    fn shares_are_of_their_own_kind() {
        let pairs: Vec<Planted> = [true, true, true, false, false].map(pair).into();
        let opinions =
            [Opinion::Same, Opinion::Contradictory, Opinion::Same, Opinion::Different, Opinion::Same];
        let calibration = summed("j", "p".into(), &pairs, &opinions);
        assert_eq!((calibration.specificity.right, calibration.specificity.of), (2, 3));
        assert_eq!((calibration.sensitivity.right, calibration.sensitivity.of), (1, 2));
        assert_eq!((calibration.contradictory, calibration.undecided, calibration.mistakes.len()), (1, 3, 2));
    }

    #[test]
    fn it_is_the_lower_end_that_must_reach_the_bar() {
        let all = |count| Calibration {
            sensitivity: Share::new(count, count),
            specificity: Share::new(count, count),
            ..summed("j", String::new(), &[], &[])
        };
        assert!(all(40).reaches(0.9) && !all(10).reaches(0.9));
        let message = all(10).require(0.9).unwrap_err().to_string();
        assert!(message.contains("10 of 10 (at least 0.722)") && message.contains("hint"), "{message}");
    }
}
