//! Evaluating: solving without tools, then scores.

use super::{Context, PipelineError, SolveJob, solve};
use crate::eval::score::Score;
use crate::eval::{outcomes, score_rows};

/// Solves what is missing, keeps the scores, and gives the run's id.
pub async fn eval(context: &Context<'_>, job: &SolveJob) -> Result<String, PipelineError> {
    let run = solve(context, job).await?;
    let attempts = context.store.attempts(&run)?;
    if attempts.len() == job.problems.len() * job.attempts as usize {
        let score = Score::of(&run, &outcomes(&job.problems, &attempts));
        context.store.add_scores(&run, &score_rows(&score))?;
    }
    Ok(run)
}
