//! The judge: does a derivation reach what the tool returned? `tirade-math` decides; a model is asked only where it cannot, both ways round.
//!
//! How far that model can be trusted is measured on pairs whose truth is known ([`planted`](super::planted)).

use serde_json::json;
use tirade_math::{ExtractMode, Gold, Outcome, Policy};

use super::Translators;
use crate::model::{Message, Model, ModelError, Reply, Request, Sampling, ToolChoice, ToolSpec};
use crate::prompts::Prompts;
use crate::solver::answer_in;
use crate::trace::Trace;

/// Whether two results are the same, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub same: bool,
    pub reason: String,
}

/// What a judge model says of two results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// The same, whichever comes first.
    Same,
    Different,
    /// The same one way round and different the other: it does not know.
    Contradictory,
    /// No verdict that can be read.
    Unreadable,
}

impl Opinion {
    fn reason(self) -> &'static str {
        match self {
            Self::Same => "judge model: the same, asked both ways round",
            Self::Different => "judge model: not the same",
            Self::Contradictory => "judge model: the same one way round, not the other",
            Self::Unreadable => "judge model: no readable verdict",
        }
    }
}

/// Compares the boxed result of `derivation` with the tool's result.
pub(super) async fn same_result(
    with: &Translators<'_>,
    trace: &Trace,
    derivation: &str,
    target: &str,
    attempt: u32,
) -> Result<Judgement, ModelError> {
    let verdict =
        tirade_math::verify(&Gold::parse(target, &Policy::default()), derivation, &Policy::default());
    let decided = |same: bool| Judgement {
        same,
        reason: format!("mathematics ({}): {}", verdict.stage.name(), verdict.reason),
    };
    match verdict.outcome {
        Outcome::Equal => Ok(decided(true)),
        Outcome::NotEqual | Outcome::NoAnswer => Ok(decided(false)),
        Outcome::Unknown | Outcome::GoldUnparsed => {
            let found = verdict.extracted.unwrap_or_default();
            let seed = with.sampling(trace, "judge", attempt).seed;
            let opinion = ask_both_ways(with.judge, with.prompts, seed, &found, target).await?;
            Ok(Judgement { same: opinion == Opinion::Same, reason: opinion.reason().into() })
        }
    }
}

/// Asks a model whether two results are the same. Its "same" counts only when it says so both ways round; a first "different" is not asked again.
///
/// # Errors
/// When the model does not answer.
pub async fn ask_both_ways(
    judge: &dyn Model,
    prompts: &Prompts,
    seed: u64,
    found: &str,
    target: &str,
) -> Result<Opinion, ModelError> {
    for (first, second) in [(found, target), (target, found)] {
        let request = question(prompts, seed, first, second);
        match verdict(&judge.reply(&request).await?) {
            Some(true) => {}
            Some(false) if first == found => return Ok(Opinion::Different),
            Some(false) => return Ok(Opinion::Contradictory),
            None => return Ok(Opinion::Unreadable),
        }
    }
    Ok(Opinion::Same)
}

/// The tool whose call is a verdict. A model in this process is held to its schema, so that its verdict can always be read.
const VERDICT: &str = "verdict";

fn question(prompts: &Prompts, seed: u64, first: &str, second: &str) -> Request {
    let parameters = json!({
        "type": "object",
        // The reason comes first: a verdict is better after one.
        "properties": { "reason": { "type": "string", "maxLength": 240 }, "same": { "type": "boolean" } },
        "required": ["reason", "same"],
        "additionalProperties": false,
    });
    let description = "Say whether the two results are the same.".to_owned();
    Request {
        messages: vec![Message::user(prompts.render("judge", &[("first", first), ("second", second)]))],
        tools: vec![ToolSpec { name: VERDICT.to_owned(), description, parameters }].into(),
        tool_choice: ToolChoice::Named(VERDICT.to_owned()),
        sampling: Sampling { temperature: 0.0, top_p: 1.0, max_tokens: 256, seed },
        ..Request::default()
    }
}

/// The verdict of a reply: its one call, or a written one from a model that calls nothing.
fn verdict(reply: &Reply) -> Option<bool> {
    match reply.tool_calls.as_slice() {
        [] => written_verdict(&reply.text),
        [call] if call.name == VERDICT => {
            serde_json::from_str::<serde_json::Value>(&call.arguments).ok()?.get("same")?.as_bool()
        }
        _ => None,
    }
}

/// Only a last box with exactly `True` or `False` is a verdict. The published code took any box, also `\boxed{False}`, for a yes.
pub fn written_verdict(text: &str) -> Option<bool> {
    match answer_in(text, ExtractMode::Strict)?.trim() {
        "True" | "\\text{True}" => Some(true),
        "False" | "\\text{False}" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ToolCall;

    #[test]
    fn a_written_false_is_false() {
        for (text, expected) in [
            (r"They agree. \boxed{True}", Some(true)),
            (r"They differ. \boxed{False}", Some(false)),
            (r"\boxed{True} … no: \boxed{False}", Some(false)),
            (r"True", None),
            (r"\boxed{maybe}", None),
            ("", None),
        ] {
            assert_eq!(written_verdict(text), expected, "{text}");
        }
    }

    #[test]
    fn one_call_of_the_right_form_is_a_verdict() {
        let call = |name: &str, arguments: &str| ToolCall {
            id: "1".into(),
            name: name.into(),
            arguments: arguments.into(),
        };
        let same = call(VERDICT, r#"{"reason": "both are 2", "same": true}"#);
        for (calls, expected) in [
            (vec![same.clone()], Some(true)),
            (vec![call(VERDICT, r#"{"reason": "2 is not 3", "same": false}"#)], Some(false)),
            (vec![call(VERDICT, r#"{"reason": "both", "same": "true"}"#)], None),
            (vec![call(VERDICT, r#"{"same": tr"#)], None),
            (vec![call("other", r#"{"same": true}"#)], None),
            (vec![same.clone(), same], None),
        ] {
            let reply = Reply { text: r"\boxed{True}".into(), tool_calls: calls.clone(), ..Reply::default() };
            assert_eq!(verdict(&reply), expected, "{calls:?}");
        }
    }

    /// Answers by what comes first.
    struct Partial(fn(&str) -> &'static str);

    #[async_trait::async_trait]
    impl Model for Partial {
        fn identity(&self) -> &str {
            "partial"
        }
        async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
            let prompt = &request.messages[0].content;
            let first = prompt.split("First: ").nth(1).unwrap().lines().next().unwrap();
            Ok(Reply { text: (self.0)(first).into(), ..Reply::default() })
        }
    }

    #[tokio::test]
    async fn a_judge_must_say_so_both_ways_round() {
        type Answers = fn(&str) -> &'static str;
        let cases: [(Answers, Opinion); 4] = [
            (|_| r"\boxed{True}", Opinion::Same),
            (|_| r"\boxed{False}", Opinion::Different),
            (|first| if first == "a" { r"\boxed{True}" } else { r"\boxed{False}" }, Opinion::Contradictory),
            (|_| "Yes, of course.", Opinion::Unreadable),
        ];
        for (answers, expected) in cases {
            let opinion = ask_both_ways(&Partial(answers), &Prompts::default(), 0, "a", "b").await.unwrap();
            assert_eq!(opinion, expected);
        }
    }
}
