//! The translator: what one tool call computed, in words.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Translators, Way, judge};
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
    /// What the tool returned, without JSON around it.
    pub result: String,
    pub tries: u32,
    /// How the last comparison with the tool's result ended.
    pub judgement: String,
}

impl Translation {
    /// A call for which a model did not answer.
    pub(super) fn failed(call: &ToolCall, judgement: String) -> Self {
        let (call_id, tool) = (call.id.clone(), call.name.clone());
        Self { call_id, tool, text: None, result: String::new(), tries: 0, judgement }
    }
}

/// Calls that failed or printed nothing taught the solver nothing that the solution could use.
pub(super) fn worth_translating(result: Option<&ToolResult>) -> Option<&ToolResult> {
    result.filter(|result| result.status == ToolStatus::Ok && !bare_result(&result.content).is_empty())
}

/// The result itself: `{"result": "21"}` is `21`, printed output is itself.
pub fn bare_result(content: &str) -> String {
    let inner = match serde_json::from_str::<Value>(content) {
        Ok(Value::Object(object)) => match object.get("result") {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => content.to_owned(),
        },
        _ => content.to_owned(),
    };
    inner.trim().to_owned()
}

/// Derives one call in words, in the way the options ask for.
pub(super) async fn derive(
    with: &Translators<'_>,
    trace: &Trace,
    call: &ToolCall,
    result: &ToolResult,
) -> Result<Translation, ModelError> {
    let target = bare_result(&result.content);
    let mut translation = Translation {
        call_id: call.id.clone(),
        tool: call.name.clone(),
        text: None,
        result: target.clone(),
        tries: 0,
        judgement: "no derivation by rule for this tool".into(),
    };
    if with.options.way == Way::Rules {
        if let Some(derivation) = &result.derivation {
            translation.text = Some(derivation.clone());
            translation.judgement = "derived by rule".into();
        }
        return Ok(translation);
    }
    let first = match with.options.way {
        Way::Llm => hidden_prompt(with, trace, call),
        _ => known_prompt(with, trace, call, result, &target),
    };
    let mut messages = vec![Message::user(first)];
    for attempt in 0..with.options.tries {
        let request = Request {
            messages: messages.clone(),
            sampling: with.sampling(trace, &call.id, attempt),
            ..Request::default()
        };
        let reply = with.translator.reply(&request).await?;
        translation.tries += 1;
        let judgement = judge::same_result(with, trace, &reply.text, &target, attempt).await?;
        translation.judgement = judgement.reason;
        if judgement.same {
            translation.text = Some(unboxed(&reply.text));
            return Ok(translation);
        }
        messages.truncate(1);
        messages.push(Message::assistant(reply.text));
        messages.push(Message::user(with.prompts.render("try_again", &[])));
    }
    Ok(translation)
}

/// The paper's prompt: the result stays hidden.
fn hidden_prompt(with: &Translators<'_>, trace: &Trace, call: &ToolCall) -> String {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
    match arguments["code"].as_str() {
        Some(code) => {
            with.prompts.render("translate_code", &[("problem", &trace.problem.problem), ("code", code)])
        }
        None => with.prompts.render(
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
    result: &ToolResult,
    target: &str,
) -> String {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
    let computation = match arguments["code"].as_str() {
        Some(code) => code.to_owned(),
        None => format!("{} of {}", call.name.replace('_', " "), call.arguments),
    };
    let skeleton = match &result.derivation {
        Some(derivation) => format!("The steps are: {derivation}\n"),
        None => String::new(),
    };
    with.prompts.render(
        "translate_known",
        &[
            ("problem", &trace.problem.problem),
            ("computation", &computation),
            ("result", target),
            ("skeleton", &skeleton),
        ],
    )
}

/// An intermediate result is not the final answer: `\boxed{21}` becomes `21`.
fn unboxed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\\boxed{") {
        let body = start + "\\boxed{".len();
        let Some(end) = closing_brace(&rest[body..]) else { break };
        out.push_str(&rest[..start]);
        out.push_str(&rest[body..body + end]);
        rest = &rest[body + end + 1..];
    }
    out + rest
}

fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_without_their_wrapping() {
        for (content, expected) in [
            (r#"{"result": "x + 1"}"#, "x + 1"),
            (r#"{"result": [1, 2]}"#, "[1,2]"),
            ("42\n", "42"),
            ("7", "7"),
        ] {
            assert_eq!(bare_result(content), expected);
        }
    }

    #[test]
    fn boxes_are_opened() {
        assert_eq!(unboxed(r"so $\boxed{\frac{1}{2}}$ and \boxed{3}"), r"so $\frac{1}{2}$ and 3");
        assert_eq!(unboxed(r"broken \boxed{1"), r"broken \boxed{1");
    }
}
