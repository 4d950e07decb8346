//! The translator: what one tool call computed, in words.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tirade_math::{Gold, Outcome, Policy};

use super::check::{self, Case, Kind};
use super::results::{bare_result, readings, says_nothing, without_noise};
use super::skeleton::Skeleton;
use super::{Translators, Way, echo, judge};
use crate::model::{Message, ModelError, Request, ToolCall};
use crate::tool::{ToolResult, ToolStatus};
use crate::trace::Trace;

/// One tool call in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Translation {
    pub call_id: String,
    pub tool: String,
    /// The derivation; none when all tries failed.
    pub text: Option<String>,
    /// The last try, where all failed: to be read by a person, and by nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What the tool returned, without JSON around it.
    pub result: String,
    pub tries: u32,
    /// How the last comparison with the tool's result ended.
    pub judgement: String,
    /// Who wrote `text`: in `mixed`, the rule where the model's own words failed.
    #[serde(default)]
    pub way: Way,
}

impl Translation {
    fn by_rule(&mut self, steps: Result<String, String>, judgement: &str) {
        self.way = Way::Rules;
        match steps {
            Ok(text) => (self.text, self.judgement) = (Some(text), judgement.to_owned()),
            Err(why) => self.judgement = why,
        }
    }

    /// A call for which a model did not answer.
    pub(super) fn failed(call: &ToolCall, judgement: String, way: Way) -> Self {
        let (call_id, tool) = (call.id.clone(), call.name.clone());
        Self { call_id, tool, text: None, refused: None, result: String::new(), tries: 0, judgement, way }
    }
}

/// Calls that failed or printed nothing taught the solver nothing that the solution could use.
pub(super) fn worth_translating(result: Option<&ToolResult>) -> Option<&ToolResult> {
    result.filter(|result| result.status == ToolStatus::Ok && !says_nothing(&result.content))
}

/// Derives one call in words, in the way the options ask for.
pub(super) async fn derive(
    with: &Translators<'_>,
    trace: &Trace,
    call: &ToolCall,
    result: &ToolResult,
    skeleton: Option<&Skeleton>,
) -> Result<Translation, ModelError> {
    let target = bare_result(&result.content);
    let steps = match skeleton {
        Some(skeleton) => skeleton.steps.clone(),
        None => Err("no rule explains this call".to_owned()),
    };
    let mut translation = Translation {
        call_id: call.id.clone(),
        tool: call.name.clone(),
        text: None,
        refused: None,
        result: target.clone(),
        tries: 0,
        judgement: String::new(),
        way: with.options.way,
    };
    match with.options.way {
        Way::Rules => translation.by_rule(steps, "derived by rule"),
        Way::Llm => {
            by_model(with, trace, call, hidden_prompt(with, trace, call), None, &mut translation).await?
        }
        Way::Mixed => {
            let prompt = known_prompt(with, trace, call, &without_noise(&target), steps.as_deref().ok());
            by_model(with, trace, call, prompt, steps.as_deref().ok(), &mut translation).await?;
            if translation.text.is_none() && steps.is_ok() {
                let judgement = format!("the rule's own words stand in; {}", translation.judgement);
                translation.by_rule(steps, &judgement);
            }
        }
    }
    Ok(translation)
}

/// Lets the model derive the call until its result is the tool's and nothing in it is found wrong.
async fn by_model(
    with: &Translators<'_>,
    trace: &Trace,
    call: &ToolCall,
    asked: Asked,
    skeleton: Option<&str>,
    translation: &mut Translation,
) -> Result<(), ModelError> {
    let mut messages = vec![Message::user(asked.prompt)];
    for attempt in 0..with.options.tries {
        let request = Request {
            messages: messages.clone(),
            sampling: with.sampling(trace, &call.id, attempt),
            ..Request::default()
        };
        let reply = with.translator.reply(&request).await?;
        translation.tries += 1;
        translation.judgement =
            match agreement(with, trace, &reply.text, &translation.result, attempt).await? {
                (true, judgement) => match fault(trace, &reply.text, &translation.result, skeleton)
                    .or_else(|| echo::echoed(&asked.instructions, &reply.text).map(|finding| finding.message))
                {
                    None => {
                        (translation.judgement, translation.refused) = (judgement, None);
                        translation.text = Some(unboxed(&reply.text));
                        return Ok(());
                    }
                    Some(fault) => fault,
                },
                (false, judgement) => judgement,
            };
        let fault = match with.options.way {
            // The result stays hidden.
            Way::Llm => "a step or the result is wrong".to_owned(),
            _ => format!("{}; the result must be {}", translation.judgement, translation.result),
        };
        translation.refused = Some(reply.text.clone());
        messages.truncate(1);
        messages.push(Message::assistant(reply.text));
        messages.push(Message::user(with.prompts.render("try_again", &[("fault", &fault)])));
    }
    Ok(())
}

/// Whether a derivation reaches the result, in any of the ways in which the result may be written, and who says so.
async fn agreement(
    with: &Translators<'_>,
    trace: &Trace,
    derivation: &str,
    result: &str,
    attempt: u32,
) -> Result<(bool, String), ModelError> {
    let policy = Policy::default();
    for reading in readings(result) {
        let verdict = tirade_math::verify(&Gold::parse(&reading, &policy), derivation, &policy);
        if verdict.outcome == Outcome::Equal {
            return Ok((true, format!("mathematics ({}): {}", verdict.stage.name(), verdict.reason)));
        }
    }
    let judgement = judge::same_result(with, trace, derivation, result, attempt).await?;
    Ok((judgement.same, judgement.reason))
}

/// The first thing that is wrong with a derivation although its result is right.
fn fault(trace: &Trace, text: &str, result: &str, skeleton: Option<&str>) -> Option<String> {
    let case = Case {
        problem: &trace.problem.problem,
        gold: result,
        text,
        results: Vec::new(),
        sources: skeleton.into_iter().collect(),
    };
    let wrong =
        |finding: &check::Finding| matches!(finding.kind, Kind::Equation | Kind::ToolTalk | Kind::Markup);
    check::check(&case).into_iter().find(wrong).map(|finding| finding.message)
}

/// A prompt, and the same with no field filled in: words that a derivation must not repeat.
struct Asked {
    prompt: String,
    instructions: String,
}

impl Asked {
    fn new(with: &Translators<'_>, name: &str, fields: &[(&str, &str)]) -> Self {
        Self { prompt: with.prompts.render(name, fields), instructions: with.prompts.render(name, &[]) }
    }
}

/// The paper's prompt: the result stays hidden.
fn hidden_prompt(with: &Translators<'_>, trace: &Trace, call: &ToolCall) -> Asked {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
    match arguments["code"].as_str() {
        Some(code) => {
            Asked::new(with, "translate_code", &[("problem", &trace.problem.problem), ("code", code)])
        }
        None => Asked::new(
            with,
            "translate_call",
            &[
                ("name", &call.name),
                ("description", &call.name.replace('_', " ")),
                ("arguments", &call.arguments),
            ],
        ),
    }
}

fn known_prompt(
    with: &Translators<'_>,
    trace: &Trace,
    call: &ToolCall,
    target: &str,
    steps: Option<&str>,
) -> Asked {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
    let computation = match arguments["code"].as_str() {
        Some(code) => code.to_owned(),
        None => format!("{} of {}", call.name.replace('_', " "), call.arguments),
    };
    let skeleton = steps.map(|steps| format!("The steps are: {steps}\n")).unwrap_or_default();
    Asked::new(
        with,
        "translate_known",
        &[
            ("problem", &trace.problem.problem),
            ("computation", &computation),
            ("result", target),
            ("skeleton", &skeleton),
        ],
    )
}

/// An intermediate result is not the final answer: `\boxed{21}` becomes `21`, and nothing where it is a sentence by itself.
fn unboxed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\\boxed{") {
        let body = start + "\\boxed{".len();
        let Some(end) = tirade_math::closing_brace(&rest[body..]) else { break };
        out.push_str(&rest[..start]);
        let behind = &rest[body + end + 1..];
        rest = match alone(&out, behind) {
            Some((before, behind)) => {
                out.truncate(before);
                behind
            }
            None => {
                out.push_str(&rest[body..body + end]);
                behind
            }
        };
    }
    out + rest
}

/// Where the text before a box ends and the text behind begins, without what stands around the box, if it is a sentence by itself.
fn alone<'a>(before: &str, behind: &'a str) -> Option<(usize, &'a str)> {
    const OPEN: [&str; 4] = ["$$", "$", "\\(", "\\["];
    const CLOSE: [&str; 4] = ["$$", "$", "\\)", "\\]"];
    let inside = before.trim_end();
    let (open, close) =
        OPEN.iter().zip(CLOSE).find(|(open, _)| inside.ends_with(**open)).unwrap_or((&"", ""));
    let before = inside[..inside.len() - open.len()].trim_end();
    let behind = behind.trim_start().strip_prefix('.').unwrap_or(behind.trim_start());
    let behind = behind.trim_start().strip_prefix(close)?;
    let behind = behind.strip_prefix('.').unwrap_or(behind);
    let sentence = before.is_empty() || before.ends_with(['.', '!', '?']);
    let next = behind.trim_start();
    (sentence && (next.is_empty() || next.starts_with(char::is_uppercase))).then_some((before.len(), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_opened() {
        assert_eq!(unboxed(r"so $\boxed{\frac{1}{2}}$ and \boxed{3}"), r"so $\frac{1}{2}$ and 3");
        assert_eq!(unboxed(r"broken \boxed{1"), r"broken \boxed{1");
        // Models end with the number once more, which says nothing.
        for (text, expected) in [
            (r"The total is $5 + 14 = 19$. \boxed{19}", "The total is $5 + 14 = 19$."),
            (r"The total is $19$. \(\boxed{19}\).", "The total is $19$."),
            ("The total is $19$.\n\n\\[ \\boxed{19} \\]", "The total is $19$."),
            (r"It is 19. $\boxed{19}$ Then we go on.", "It is 19. Then we go on."),
            (r"It is 19. $\boxed{19}$ is odd.", "It is 19. $19$ is odd."),
            (r"So it is $\boxed{19}$.", "So it is $19$."),
        ] {
            assert_eq!(unboxed(text), expected, "{text}");
        }
    }
}
