//! What a command says at its end, in the terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tirade::corpus::card::Card;
use tirade::eval::outcomes;
use tirade::eval::score::{Outcome, Paired};
use tirade::store::{self, SolutionRow, Totals};
use tirade::translate::Solution;

use crate::commands::eval::Evaluated;
use crate::work::Work;

/// Attempts of a run by outcome. An error where none of them came to an end.
pub fn solved(work: &Work, run: &str) -> anyhow::Result<()> {
    let totals = work.store.totals(run)?;
    println!("{run}: {}", counts(&totals));
    let Totals { with_tools, completion_tokens, seconds, cost, .. } = totals;
    println!(
        "  {with_tools} attempts called a tool; {completion_tokens} tokens written; {seconds:.0} s of waiting for model and tools"
    );
    if cost > 0.0 {
        println!("  cost ${cost:.4}");
    }
    failures(work, run, &totals)
}

/// Messages of failed attempts that are shown.
const MESSAGES: usize = 3;

/// What failed and how to go on; an error where nothing else came of the run.
fn failures(work: &Work, run: &str, totals: &Totals) -> anyhow::Result<()> {
    for (message, count) in work.store.failures(run, MESSAGES)? {
        println!("  {count} ended in an error: {message}");
    }
    match totals.outcomes.as_slice() {
        [(store::Outcome::Error, _)] => anyhow::bail!(
            "every attempt of {run} ended in an error\n  hint: mend what the message above names, then give `tirade retry {run}`"
        ),
        outcomes if outcomes.iter().any(|(outcome, _)| *outcome == store::Outcome::Error) => {
            println!("  `tirade retry {run}` makes these anew");
        }
        _ => {}
    }
    Ok(())
}

/// `20 attempts: 12 correct, 6 wrong, 2 no answer`.
fn counts(totals: &Totals) -> String {
    let all: u64 = totals.outcomes.iter().map(|(_, count)| count).sum();
    let part =
        |(outcome, count): &(store::Outcome, u64)| format!("{count} {}", outcome.as_str().replace('_', " "));
    let parts: Vec<String> = totals.outcomes.iter().map(part).collect();
    format!("{all} attempts: {}", parts.join(", "))
}

/// Solutions of a run by outcome and reason.
pub fn translated(work: &Work, run: &str) -> anyhow::Result<()> {
    let solutions: Vec<SolutionRow<Solution>> = work.store.solutions(run)?;
    let accepted = solutions.iter().filter(|solution| solution.outcome == "accepted").count();
    println!("{run}: {accepted} of {} traces accepted", solutions.len());
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for solution in solutions.iter().filter(|solution| solution.outcome != "accepted") {
        *reasons.entry(&solution.reason).or_default() += 1;
    }
    for (reason, count) in reasons {
        println!("  {count} not accepted: {}", reason.replace('_', " "));
    }
    Ok(())
}

/// The yield of every filter of a corpus.
pub fn card(card: &Card) -> String {
    let mut text = format!("{} solutions\n", card.solutions);
    for (count, what) in card.lines() {
        let _ = writeln!(text, "  - {count:>5} {what}");
    }
    for (count, problems, what) in [
        (card.train, card.train_problems, "training examples"),
        (card.validation, card.validation_problems, "validation examples"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "  = {count:>5} {what} of {problems} problems");
        }
    }
    for (kind, count) in &card.contaminated_problems {
        let _ = writeln!(text, "  {count} problems agree with a held-out one: {}", kind.replace('_', " "));
    }
    text.truncate(text.trim_end().len());
    text
}

/// Accuracy of the base model and of the adapted one.
pub fn evaluated(work: &Work, evaluated: &Evaluated) -> anyhow::Result<()> {
    for run in [Some(&evaluated.base), evaluated.adapted.as_ref()].into_iter().flatten() {
        let totals = work.store.totals(run)?;
        println!("{run}: {}", counts(&totals));
        failures(work, run, &totals)?;
        for score in work.store.scores(run)? {
            let interval = match (score.low, score.high) {
                (Some(low), Some(high)) => format!(" [{low:.3}, {high:.3}]"),
                _ => String::new(),
            };
            println!(
                "  {:<12} {:<28} {:.3}{interval} n={}",
                score.metric, score.slice, score.value, score.count
            );
        }
    }
    if let Some(adapted) = &evaluated.adapted {
        println!("{}", paired(work, &evaluated.base, adapted)?);
    }
    Ok(())
}

/// `8 of 25 before, 11 of 25 after: 4 gained, 1 lost (McNemar p = 0.38)`.
fn paired(work: &Work, base: &str, adapted: &str) -> anyhow::Result<String> {
    let read = |run: &str| anyhow::Ok(outcomes(&work.store.problems(run)?, &work.store.attempts(run)?));
    let (before, after) = (read(base)?, read(adapted)?);
    let right = |outcomes: &[Outcome]| outcomes.iter().filter(|outcome| outcome.is_right()).count();
    let Paired { only_base, only_adapter, p, .. } = Paired::of(&before, &after);
    Ok(format!(
        "{} of {} before, {} of {} after: {only_adapter} gained, {only_base} lost (McNemar {})",
        right(&before),
        before.len(),
        right(&after),
        after.len(),
        tirade::report::p_value(p)
    ))
}
