//! Evaluating: solving without tools, then scores.

use super::{Context, PipelineError, SolveJob, solve};
use crate::eval::score::Score;
use crate::eval::{outcomes, score_rows};

/// Solves what is missing, keeps the scores, and gives the run's id.
pub async fn eval(context: &Context<'_>, job: &SolveJob) -> Result<String, PipelineError> {
    let run = solve(context, job).await?;
    if context.store.is_complete(&run, job.aim())? {
        let (problems, attempts) = (context.store.problems(&run)?, context.store.attempts(&run)?);
        let score = Score::of(&run, &outcomes(&problems, &attempts));
        context.store.add_scores(&run, &score_rows(&score))?;
    }
    Ok(run)
}
