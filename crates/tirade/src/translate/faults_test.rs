//! Planted faults: prose with a leak, a dropped step or a wrong number is rejected or repaired, whichever way the trace is translated.

use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::model::{Finish, Message, Reply, Request, Role, ToolCall, Usage};
use crate::problem::Problem;
use crate::tool::{EXECUTE_CODE, ToolResult, ToolStatus};
use crate::trace::{Event, Phase};

/// Ends a reply that its limit of tokens cut off.
const CUT: &str = "The same holds for";

/// Answers derivations with `derivation`, first drafts with `draft` and repairs with `repair`.
struct Writer {
    derivations: Mutex<Vec<String>>,
    draft: String,
    repair: String,
}

#[async_trait]
impl Model for Writer {
    fn identity(&self) -> &str {
        "writer"
    }

    async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
        let first = request.messages.first().map(|message| message.content.as_str()).unwrap_or_default();
        let repairs = request.messages.iter().any(|message| message.role == Role::Assistant);
        let text = match (first.contains("mathematical writer"), repairs) {
            (true, false) => self.draft.clone(),
            (true, true) => self.repair.clone(),
            _ => {
                let mut derivations = self.derivations.lock().unwrap();
                if derivations.len() > 1 { derivations.remove(0) } else { derivations[0].clone() }
            }
        };
        let finish = if text.ends_with(CUT) { Finish::Length } else { Finish::default() };
        Ok(Reply { text, finish, ..Reply::default() })
    }
}

/// A trace of two programs about `a` boxes of `b` and `c` more: the first finds the product, the second the sum.
fn trace(a: u32, b: u32, c: u32) -> Trace {
    let (product, sum) = (a * b, a * b + c);
    let mut events =
        vec![Event::Prompt { phase: Phase::Solve, messages: vec![Message::user("Solve it.".to_owned())] }];
    let mut step = |id: &str, code: String, output: u32| {
        let call = ToolCall {
            id: id.into(),
            name: EXECUTE_CODE.into(),
            arguments: serde_json::json!({ "code": code }).to_string(),
        };
        events.push(reply("We compute."));
        events.push(Event::ToolCall { call });
        let result = ToolResult {
            status: ToolStatus::Ok,
            content: output.to_string(),
            derivation: None,
            seconds: 0.0,
        };
        events.push(Event::ToolResult { call_id: id.into(), result });
    };
    step("first", format!("in_boxes = {a} * {b}\nprint(in_boxes)"), product);
    step("second", format!("total = in_boxes + {c}\nprint(total)"), sum);
    events.push(reply(&format!("There are $\\boxed{{{sum}}}$ pencils.")));
    events.push(Event::Answer { answer: sum.to_string() });
    let problem = Problem {
        id: format!("{a}-{b}-{c}"),
        problem: format!(
            "There are {a} boxes of {b} pencils and {c} loose pencils. How many pencils are there?"
        ),
        answer: sum.to_string(),
        ..Problem::default()
    };
    Trace { problem, attempt: 0, events }
}

fn reply(text: &str) -> Event {
    Event::Reply {
        text: text.into(),
        reasoning: None,
        tool_calls: Vec::new(),
        finish: Default::default(),
        usage: Usage::default(),
        seconds: 0.0,
    }
}

fn good(a: u32, b: u32, c: u32) -> String {
    let (product, sum) = (a * b, a * b + c);
    format!(
        "The boxes hold ${a} \\cdot {b} = {product}$ pencils. With the {c} loose pencils there are ${product} + {c} = {sum}$ pencils. The answer is $\\boxed{{{sum}}}$."
    )
}

/// The prose with a fault in it, and what must not be in accepted text.
fn planted(a: u32, b: u32, c: u32) -> Vec<(String, String)> {
    let (product, sum) = (a * b, a * b + c);
    let prose = good(a, b, c);
    let mut found: Vec<(String, String)> = [
        "The program prints the total.",
        "Using Python, we find the total.",
        "As computed by the tool, the total follows.",
        "The code outputs the total.",
        "Running the script confirms this.",
        "SymPy gives the same value.",
        "<tool>execute_code</tool>",
        "```python\nprint(total)\n```",
        "The output of the function call is the total.",
    ]
    .into_iter()
    .map(|leak| (prose.replace("The answer", &format!("{leak} The answer")), leak.to_owned()))
    .collect();
    let step = format!(
        "The boxes hold ${a} \\cdot {b} = {product}$ pencils. With the {c} loose pencils there are ${product} + {c} = {sum}$ pencils. "
    );
    found.push((
        prose.replace(&step, "We count all the pencils in the boxes and all the loose ones. "),
        "We count all the pencils".into(),
    ));
    for (right, wrong) in [
        (format!("{b} = {product}$"), format!("{b} = {}$", product + 1)),
        (format!("{c} = {sum}$"), format!("{c} = {}$", sum + 2)),
        (format!("boxed{{{sum}}}"), format!("boxed{{{}}}", sum + 10)),
        (format!("${a} \\cdot"), format!("${} \\cdot", a + 1)),
    ] {
        found.push((prose.replacen(&right, &wrong, 1), wrong));
    }
    found
}

fn translated(way: Way, trace: &Trace, writer: &Writer) -> Solution {
    let prompts = Prompts::default();
    let options = TranslateOptions { way, ..TranslateOptions::default() };
    let with = Translators {
        translator: writer,
        judge: writer,
        rephraser: writer,
        prompts: &prompts,
        options: &options,
    };
    futures::executor::block_on(translate(&with, trace)).unwrap()
}

fn derivations(a: u32, b: u32, c: u32) -> Vec<String> {
    let (product, sum) = (a * b, a * b + c);
    vec![
        format!("We have ${a} \\cdot {b} = \\boxed{{{product}}}$."),
        format!("We have ${product} + {c} = \\boxed{{{sum}}}$."),
    ]
}

const CASES: [(u32, u32, u32); 8] = [
    (14, 23, 17),
    (31, 19, 44),
    (27, 52, 13),
    (18, 64, 29),
    (45, 33, 71),
    (16, 87, 35),
    (53, 21, 66),
    (22, 91, 58),
];

#[test]
fn good_prose_is_accepted_every_way() {
    for (a, b, c) in CASES {
        let writer = Writer {
            derivations: Mutex::new(derivations(a, b, c)),
            draft: good(a, b, c),
            repair: good(a, b, c),
        };
        for way in [Way::Llm, Way::Mixed, Way::Rules] {
            *writer.derivations.lock().unwrap() = derivations(a, b, c);
            let solution = translated(way, &trace(a, b, c), &writer);
            assert_eq!(solution.outcome, Outcome::Accepted, "{way:?}: {solution:?}");
            let calls: Vec<&str> = solution.spans.iter().map(|span| span.call_id.as_str()).collect();
            assert_eq!(calls, ["first", "second"], "{way:?}: {}", solution.text);
            let product = (a * b).to_string();
            let first = &solution.spans[0];
            assert!(solution.text[first.start..first.end].contains(&product), "{way:?}: {}", solution.text);
        }
    }
}

#[test]
fn a_text_that_was_cut_off_is_written_again() {
    let (a, b, c) = CASES[0];
    let cut = format!("{} {CUT}", good(a, b, c));
    for (repair, outcome, drafts) in
        [(good(a, b, c), Outcome::Accepted, 2), (cut.clone(), Outcome::Rejected, 3)]
    {
        let writer = Writer { derivations: Mutex::new(derivations(a, b, c)), draft: cut.clone(), repair };
        let solution = translated(Way::Llm, &trace(a, b, c), &writer);
        assert_eq!((solution.outcome, solution.drafts), (outcome, drafts), "{solution:?}");
    }
}

#[test]
fn what_is_planted_is_rejected_when_the_writer_is_stubborn() {
    for (a, b, c) in CASES {
        for (fault, mark) in planted(a, b, c) {
            let writer = Writer {
                derivations: Mutex::new(derivations(a, b, c)),
                draft: fault.clone(),
                repair: fault.clone(),
            };
            let solution = translated(Way::Llm, &trace(a, b, c), &writer);
            assert_eq!(solution.outcome, Outcome::Rejected, "{fault}");
            assert_eq!(solution.drafts, 3, "{fault}");
            // Mixed falls back to the rules' own words, which do not have the fault.
            *writer.derivations.lock().unwrap() = derivations(a, b, c);
            let solution = translated(Way::Mixed, &trace(a, b, c), &writer);
            let clean = solution.outcome == Outcome::Accepted
                && solution.way == Way::Rules
                && !solution.text.contains(&mark);
            assert!(clean || solution.outcome == Outcome::Rejected, "{fault}: {solution:?}");
        }
    }
}

#[test]
fn what_is_planted_is_repaired_when_the_writer_listens() {
    for (a, b, c) in CASES {
        for (fault, _) in planted(a, b, c) {
            let writer = Writer {
                derivations: Mutex::new(derivations(a, b, c)),
                draft: fault.clone(),
                repair: good(a, b, c),
            };
            let solution = translated(Way::Llm, &trace(a, b, c), &writer);
            assert_eq!((solution.outcome, solution.drafts), (Outcome::Accepted, 2), "{fault}");
            assert_eq!(solution.text, good(a, b, c));
        }
    }
}

#[test]
fn a_wrong_derivation_gives_way_to_the_rule() {
    let (a, b, c) = CASES[0];
    let wrong = vec!["We have $2 + 2 = \\boxed{5}$.".to_owned()];
    let writer = Writer { derivations: Mutex::new(wrong), draft: good(a, b, c), repair: good(a, b, c) };
    let solution = translated(Way::Mixed, &trace(a, b, c), &writer);
    assert_eq!(solution.outcome, Outcome::Accepted, "{solution:?}");
    assert!(
        solution
            .translations
            .iter()
            .all(|translation| translation.way == Way::Rules && translation.tries == 3),
        "{solution:?}"
    );
    let solution = translated(Way::Llm, &trace(a, b, c), &writer);
    assert_eq!(solution.outcome, Outcome::Failed, "{solution:?}");
}

#[test]
fn what_is_said_about_a_failed_program_is_left_out() {
    let mut trace = trace(14, 23, 17);
    let failed = |id: &str| {
        let call = ToolCall {
            id: id.into(),
            name: EXECUTE_CODE.into(),
            arguments: serde_json::json!({ "code": "print((14" }).to_string(),
        };
        let result = ToolResult {
            status: ToolStatus::Error,
            content: "SyntaxError: '(' was never closed".into(),
            derivation: None,
            seconds: 0.0,
        };
        [Event::ToolCall { call }, Event::ToolResult { call_id: id.into(), result }]
    };
    trace.events[1] = reply("Every bracket must be closed.");
    trace.events.splice(1..1, [reply("We count by boxes.")].into_iter().chain(failed("bad")));
    let writer = Writer { derivations: Mutex::default(), draft: String::new(), repair: String::new() };
    let solution = translated(Way::Rules, &trace, &writer);
    assert_eq!(solution.outcome, Outcome::Accepted, "{solution:?}");
    let said = arrange::text_of(&arrange::working(&trace, &solution));
    assert!(said.contains("We count by boxes.") && !said.contains("bracket"), "{said}");
    // After the last program it is what the solver concludes, however that program ended.
    trace.events.splice(trace.events.len() - 2..trace.events.len() - 2, failed("worse"));
    assert!(arrange::text_of(&arrange::working(&trace, &solution)).contains("pencils."));
}
