//! `tirade show`: one attempt, step by step.

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use tirade::store::{AttemptKey, Run, Stage};
use tirade::trace::{Event, Trace};
use tirade::translate::Solution;

use crate::beside;
use crate::work::Work;

/// Show one attempt step by step, as it happened, and the prose made of it beside its tool calls
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// Id of the problem; the first of the run where it is not said
    pub problem: Option<String>,
    /// Which attempt, from 0
    #[arg(long, default_value_t = 0)]
    pub attempt: u32,
    /// The run; the latest solve run where it is not said
    #[arg(long)]
    pub run: Option<String>,
    /// One JSON event a line
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: ShowArgs, dir: &Path) -> anyhow::Result<()> {
    let work = Work::existing(dir)?;
    let run = work.input(args.run.as_deref(), Stage::Solve)?;
    let rows = work.store.attempts(&run)?;
    let wanted = |key: &AttemptKey| {
        args.problem.as_ref().is_none_or(|problem| *problem == key.problem) && key.attempt == args.attempt
    };
    let row = rows.iter().find(|row| wanted(&row.key)).with_context(|| {
        let problem = args.problem.as_deref().unwrap_or("any problem");
        format!(
            "run {run} has no attempt {} at {problem}\n  hint: `tirade export --table attempts` lists them",
            args.attempt
        )
    })?;
    for event in work.store.events(&run, &row.key)? {
        if args.json {
            println!("{}", serde_json::to_string(&event)?);
        } else {
            show(&event);
        }
    }
    if !args.json {
        prose(&work, &run, &row.key)?;
        println!("— {} ({})", row.outcome.as_str(), row.message.as_deref().unwrap_or("no reason kept"));
    }
    Ok(())
}

/// What each translate run made of the attempt, beside the calls.
fn prose(work: &Work, solved: &str, key: &AttemptKey) -> anyhow::Result<()> {
    let translated =
        |run: &Run| run.stage == Stage::Translate.as_str() && run.inputs.iter().any(|input| input == solved);
    let Some(problem) = work.store.problems(solved)?.into_iter().find(|problem| problem.id == key.problem)
    else {
        return Ok(());
    };
    let trace = Trace { problem, attempt: key.attempt, events: work.store.events(solved, key)? };
    for run in work.store.runs()?.iter().filter(|run| translated(run)) {
        for solution in
            work.store.solutions::<Solution>(&run.run)?.into_iter().filter(|solution| solution.key == *key)
        {
            let way = run.config["options"]["way"].as_str().unwrap_or("unknown");
            println!("▌prose · {way} · {} {} · {}\n", solution.outcome, solution.reason, run.run);
            println!("{}", beside::solution(&trace, &solution.row));
            for finding in &solution.row.findings {
                println!("  ! {}", visible(&finding.message));
            }
        }
    }
    Ok(())
}

fn show(event: &Event) {
    match event {
        Event::Prompt { messages, .. } => {
            for message in messages {
                println!("▌{}\n{}\n", message.role.as_str(), visible(&message.content));
            }
        }
        Event::Reply { text, usage, seconds, .. } => {
            println!("▌assistant · {} tokens, {seconds:.1} s\n{}\n", usage.completion, visible(text));
        }
        Event::ToolCall { call } => println!("▌call {}\n{}\n", visible(&call.name), visible(&call.arguments)),
        Event::ToolResult { result, .. } => {
            println!(
                "▌result · {:?}, {:.3} s\n{}\n",
                result.status,
                result.seconds,
                visible(&result.content)
            );
        }
        Event::Answer { answer } => println!("▌answer\n{}\n", visible(answer)),
        Event::Limit { limit, message } => println!("▌limit {limit:?}\n{message}\n"),
        Event::Error { message, .. } => println!("▌error\n{}\n", visible(message)),
    }
}

/// Model text cannot move the cursor or colour the screen.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}
