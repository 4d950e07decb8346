//! The solver: one attempt at one problem, with or without tools, as a [`Trace`].
//!
//! [`solve`] is the whole agent. It asks, runs what the model calls, shows it the results and stops at a final answer or a limit.
//! It keeps nothing and stores nothing: replies and results are remembered by the recorded model and toolbox it is given, so an
//! attempt that was interrupted comes out the same when it is made again.

mod conversation;
mod fenced;

use serde::{Deserialize, Serialize};
use tirade_math::{ExtractMode, Extracted};

use crate::hash::seed;
use crate::model::price::Usd;
use crate::model::{Model, ModelError, Reply, Request, Sampling, ToolCall, ToolChoice, Tools, tool_calls};
use crate::problem::Problem;
use crate::prompts::Prompts;
use crate::tool::{EXECUTE_CODE, ToolFailure, ToolResult, ToolSession, ToolStatus, Toolbox};
use crate::trace::{Event, Limit, Phase, Trace};
use conversation::Conversation;
pub use fenced::said;

/// The prompts that determine a solver's replies.
pub const PROMPTS: [&str; 9] = [
    "solve_plain",
    "solve_native",
    "solve_fenced",
    "ask_fenced",
    "fenced_tools",
    "plan",
    "act",
    "next",
    "wrap_up",
];

/// How attempts are made. Everything here is part of a run's identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SolverOptions {
    /// Plan without tools first, then act and reflect; else one go.
    pub multi_step: bool,
    pub protocol: Protocol,
    /// Replies per attempt; before the last one the model is told to wrap up.
    pub max_turns: u32,
    /// The same call this many times in a row ends the attempt.
    pub max_repeats: u32,
    /// Tokens of all replies of an attempt together.
    pub max_attempt_tokens: u64,
    /// Seconds that an attempt may wait for model and tools. Counted from what the replies and results say, so that an attempt that is
    /// made again from the store ends where it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempt_seconds: Option<f64>,
    /// US dollars of an attempt, where the model has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempt_cost: Option<f64>,
    /// Seed of the run; each reply's seed follows from it, the problem, the attempt and the turn.
    pub seed: u64,
    pub temperature: f32,
    pub top_p: f32,
    /// Tokens of one reply.
    pub max_tokens: u32,
}

impl Default for SolverOptions {
    fn default() -> Self {
        Self {
            multi_step: false,
            protocol: Protocol::Auto,
            max_turns: 15,
            max_repeats: 3,
            max_attempt_tokens: 32_000,
            max_attempt_seconds: None,
            max_attempt_cost: None,
            seed: 0,
            temperature: 0.0,
            top_p: 1.0,
            max_tokens: 2048,
        }
    }
}

impl SolverOptions {
    /// The limit of the attempt that was passed, if any.
    fn passed(&self, talk: &Conversation<'_>) -> Option<(Limit, String)> {
        if talk.usage.completion > self.max_attempt_tokens {
            return Some((
                Limit::Tokens,
                format!("more than {} tokens in one attempt", self.max_attempt_tokens),
            ));
        }
        if let Some(most) = self.max_attempt_seconds.filter(|most| talk.seconds > *most) {
            return Some((Limit::Time, format!("more than {most} seconds of waiting in one attempt")));
        }
        let most = self.max_attempt_cost.filter(|most| talk.cost > Usd::from_dollars(*most))?;
        Some((Limit::Cost, format!("more than {} in one attempt", Usd::from_dollars(most))))
    }
}

/// How a model asks for a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Native where the model supports it, else fenced.
    #[default]
    Auto,
    /// Tool calls of the chat protocol.
    Native,
    /// ```` ```python ```` blocks in the text, answered by ```` ```output ```` blocks: works with any server and any small model.
    Fenced,
}

/// What an attempt needs beside the problem.
pub struct Solver<'a> {
    pub model: &'a dyn Model,
    /// None: the model works without tools.
    pub toolbox: Option<&'a dyn Toolbox>,
    pub prompts: &'a Prompts,
    pub options: &'a SolverOptions,
}

/// Makes one attempt. `watch` sees every event as it happens.
///
/// # Errors
/// Only what ends the run (bad key, quota, a request to stop). All else that goes wrong is an event of the trace.
pub async fn solve(
    solver: &Solver<'_>,
    problem: &Problem,
    attempt: u32,
    watch: &mut (dyn FnMut(&Event) + Send),
) -> Result<Trace, ModelError> {
    let mut talk = Conversation::new(watch);
    match converse(solver, problem, attempt, &mut talk).await {
        Ok(()) => {}
        Err(Broken::Model(error)) if error.ends_run() => return Err(error),
        Err(Broken::Model(ModelError::ContextOverflow { tokens, .. })) => {
            talk.limit(
                Limit::Context,
                format!("the conversation of {tokens} tokens does not fit the model's context"),
            );
        }
        Err(broken) => {
            talk.push(Event::Error {
                in_tools: matches!(broken, Broken::Tools(_)),
                message: broken.to_string(),
            });
        }
    }
    Ok(Trace { problem: problem.clone(), attempt, events: talk.events })
}

/// What ends an attempt from outside.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Tools(#[from] ToolFailure),
}

async fn converse(
    solver: &Solver<'_>,
    problem: &Problem,
    attempt: u32,
    talk: &mut Conversation<'_>,
) -> Result<(), Broken> {
    let options = solver.options;
    let native = is_native(solver);
    let mut session = match solver.toolbox {
        Some(toolbox) => Some(toolbox.session()?),
        None => None,
    };
    open(solver, native, problem, talk);
    for turn in 0..options.max_turns {
        let last = turn + 1 == options.max_turns;
        let planning = options.multi_step && turn == 0;
        let with_tools = session.is_some() && !planning && !last;
        if last && turn > 0 {
            talk.say(Phase::WrapUp, solver.prompts.render("wrap_up", &[]));
        }
        set_turn(&mut talk.request, solver, problem, attempt, turn, with_tools, native);
        let reply = solver.model.reply(&talk.request).await?;
        let Said { text, calls } =
            if with_tools { said_of(solver, &reply, native, turn, talk) } else { Said::whole(&reply) };
        talk.hear(reply, text, &calls, native);
        if planning {
            talk.say(Phase::Act, solver.prompts.render("act", &[("problem", &problem.problem)]));
            continue;
        }
        if let Some((limit, message)) = options.passed(talk) {
            talk.limit(limit, message);
            return Ok(());
        }
        if !calls.is_empty() {
            let session = session.as_deref_mut().expect("calls are only read with tools");
            run_calls(session, calls, native, talk).await?;
            if talk.repeats >= options.max_repeats {
                talk.limit(Limit::Repetition, format!("the same call {} times in a row", talk.repeats));
                return Ok(());
            }
            continue;
        }
        let final_turn = last || !options.multi_step;
        if let Some(answer) = final_answer(talk.last_said(), final_turn) {
            talk.push(Event::Answer { answer });
            return Ok(());
        }
        if final_turn {
            if last && turn > 0 {
                talk.limit(Limit::Turns, format!("no answer after {} replies", options.max_turns));
            }
            return Ok(());
        }
        talk.say(Phase::Reflect, solver.prompts.render("next", &[]));
    }
    Ok(())
}

fn has_code(solver: &Solver<'_>) -> bool {
    solver.toolbox.is_some_and(|toolbox| toolbox.specs().iter().any(|spec| spec.name == EXECUTE_CODE))
}

fn is_native(solver: &Solver<'_>) -> bool {
    match solver.options.protocol {
        Protocol::Auto => solver.model.supports_tools(),
        Protocol::Native => true,
        Protocol::Fenced => false,
    }
}

/// The system prompt and the problem.
fn open(solver: &Solver<'_>, native: bool, problem: &Problem, talk: &mut Conversation<'_>) {
    let prompts = solver.prompts;
    let system = match solver.toolbox {
        None => prompts.render("solve_plain", &[]),
        Some(_) if native => prompts.render("solve_native", &[]),
        Some(toolbox) => fenced::system_prompt(prompts, toolbox.specs()),
    };
    let fields = [("problem", problem.problem.as_str())];
    let first = if solver.options.multi_step {
        prompts.render("plan", &fields)
    } else if !native && has_code(solver) {
        prompts.render("ask_fenced", &fields)
    } else {
        problem.problem.clone()
    };
    let phase = if solver.options.multi_step { Phase::Plan } else { Phase::Solve };
    talk.open(phase, system, first);
}

/// Everything of the next request but its messages.
fn set_turn(
    request: &mut Request,
    solver: &Solver<'_>,
    problem: &Problem,
    attempt: u32,
    turn: u32,
    with_tools: bool,
    native: bool,
) {
    let options = solver.options;
    // Servers want tools described as long as the conversation has calls of them.
    let called = request.messages.iter().any(|message| !message.tool_calls.is_empty());
    request.tools = match solver.toolbox {
        Some(toolbox) if native && (with_tools || called) => toolbox.specs().clone(),
        _ => Tools::default(),
    };
    let may_call = with_tools || request.tools.is_empty();
    request.tool_choice = if may_call { ToolChoice::Auto } else { ToolChoice::None };
    request.stop = if with_tools && !native { vec![fenced::OUTPUT_FENCE.to_owned()] } else { Vec::new() };
    request.sampling = Sampling {
        temperature: options.temperature,
        top_p: options.top_p,
        max_tokens: options.max_tokens,
        seed: seed(&[&options.seed.to_string(), &problem.id, &attempt.to_string(), &turn.to_string()]),
    };
}

/// What of a reply stays in the conversation, and the calls in it.
struct Said {
    text: String,
    calls: Vec<ToolCall>,
}

impl Said {
    fn whole(reply: &Reply) -> Self {
        Self { text: reply.text.clone(), calls: Vec::new() }
    }
}

/// The calls of a reply, wherever the model put them: in the protocol's field, in ```` ```python ```` or ```` ```json ````, in `<tool_call>`, behind
/// `[TOOL_CALLS]`. What it wrote after its last call was written without knowing the result, and is not kept in the conversation.
fn said_of(solver: &Solver<'_>, reply: &Reply, native: bool, turn: u32, talk: &Conversation<'_>) -> Said {
    if native && !reply.tool_calls.is_empty() {
        let mut calls = reply.tool_calls.clone();
        // Some servers number the calls of each reply anew; a result has to find its own.
        let taken = |id: &str| {
            talk.request.messages.iter().flat_map(|message| &message.tool_calls).any(|call| call.id == id)
        };
        for (i, call) in calls.iter_mut().enumerate().filter(|(_, call)| taken(&call.id)) {
            call.id = format!("call_{turn}_{i}");
        }
        return Said { text: reply.text.clone(), calls };
    }
    if !native {
        let calls = fenced::calls(&reply.text, turn);
        if !calls.is_empty() {
            return Said { text: fenced::until_last_block(&reply.text).to_owned(), calls };
        }
    }
    let mut found = tool_calls::parse(&reply.text, EXECUTE_CODE);
    // A program in the text is no call where there is no tool to run it.
    found.calls.retain(|call| call.name != EXECUTE_CODE || has_code(solver));
    if found.calls.is_empty() {
        return Said::whole(reply);
    }
    for (i, call) in found.calls.iter_mut().enumerate() {
        call.id = format!("call_{turn}_{i}");
    }
    // In the fenced protocol the calls themselves are text of the conversation.
    let text = if native { found.text } else { reply.text.clone() };
    Said { text, calls: found.calls }
}

/// Runs the calls of one reply in order.
async fn run_calls(
    session: &mut dyn ToolSession,
    calls: Vec<ToolCall>,
    native: bool,
    talk: &mut Conversation<'_>,
) -> Result<(), ToolFailure> {
    let mut results = Vec::with_capacity(calls.len());
    for call in calls {
        talk.push(Event::ToolCall { call: call.clone() });
        let result = call_tool(session, &call).await?;
        talk.push(Event::ToolResult { call_id: call.id.clone(), result: result.clone() });
        talk.count_repeat(&call);
        results.push((call, result));
    }
    talk.show_results(results, native);
    Ok(())
}

/// Malformed arguments are the model's mistake: it is told, and may try again.
async fn call_tool(session: &mut dyn ToolSession, call: &ToolCall) -> Result<ToolResult, ToolFailure> {
    match serde_json::from_str::<serde_json::Value>(&call.arguments) {
        Ok(arguments) if arguments.is_object() => session.call(&call.name, &arguments).await,
        Ok(_) => Ok(tool_error("the arguments are not a JSON object")),
        Err(error) => Ok(tool_error(&format!("the arguments are not valid JSON: {error}"))),
    }
}

fn tool_error(message: &str) -> ToolResult {
    let content = serde_json::json!({"status": "error", "message": message}).to_string();
    ToolResult { status: ToolStatus::Error, content, derivation: None, seconds: 0.0 }
}

/// The answer of a reply: what is boxed, or at the very end of an attempt what is said to be the answer.
fn final_answer(text: &str, at_the_end: bool) -> Option<String> {
    answer_in(text, if at_the_end { ExtractMode::Standard } else { ExtractMode::Strict })
}

/// The answer that a text gives.
pub fn answer_in(text: &str, mode: ExtractMode) -> Option<String> {
    match tirade_math::extract(text, mode) {
        Extracted::Answer(answer, _) => Some(answer.into_owned()),
        Extracted::None(_) => None,
    }
}
