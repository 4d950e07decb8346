//! The judge: does a derivation reach what the tool returned? `tirade-math` decides; a model is asked only where it cannot.

use tirade_math::{ExtractMode, Gold, Outcome, Policy};

use super::Translators;
use crate::model::{Message, ModelError, Request};
use crate::solver::answer_in;
use crate::trace::Trace;

/// Whether two results are the same, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub same: bool,
    pub reason: String,
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
            ask_both_ways(with, trace, &found, target, attempt).await
        }
    }
}

/// A model's "same" counts only when it says so both ways round.
async fn ask_both_ways(
    with: &Translators<'_>,
    trace: &Trace,
    found: &str,
    target: &str,
    attempt: u32,
) -> Result<Judgement, ModelError> {
    for (first, second) in [(found, target), (target, found)] {
        let prompt = with.prompts.render("judge", &[("first", first), ("second", second)]);
        let mut sampling = with.sampling(trace, "judge", attempt);
        sampling.temperature = 0.0;
        sampling.max_tokens = 256;
        let request = Request { messages: vec![Message::user(prompt)], sampling, ..Request::default() };
        let reply = with.judge.reply(&request).await?;
        match written_verdict(&reply.text) {
            Some(true) => {}
            Some(false) => return Ok(Judgement { same: false, reason: "judge model: not the same".into() }),
            None => return Ok(Judgement { same: false, reason: "judge model: no readable verdict".into() }),
        }
    }
    Ok(Judgement { same: true, reason: "judge model: the same, asked both ways round".into() })
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
}
