//! The fenced protocol: the model writes ```` ```python ```` (or ```` ```json ```` for other tools), tirade answers with
//! ```` ```output ````.

use serde_json::{Value, json};

use crate::model::{ToolCall, ToolSpec, tool_calls};
use crate::prompts::Prompts;
use crate::trace::{Event, Phase};

/// The model stops here: what follows is ours to write.
pub(super) const OUTPUT_FENCE: &str = "```output";
const FENCE: &str = "```";
/// The tool that runs ```` ```python ```` blocks.
const CODE_TOOL: &str = "execute_code";

/// The system prompt, with the tools that are not Python listed.
pub(super) fn system_prompt(prompts: &Prompts, specs: &[ToolSpec]) -> String {
    let listed: Vec<String> = specs.iter().filter(|spec| spec.name != CODE_TOOL).map(signature).collect();
    let base = prompts.render("solve_fenced", &[]);
    if listed.is_empty() {
        base
    } else {
        base + "\n\n" + &prompts.render("fenced_tools", &[("tools", &listed.join("\n"))])
    }
}

/// `name(argument, argument): first line of the description`.
fn signature(spec: &ToolSpec) -> String {
    let names: Vec<&str> = match &spec.parameters["properties"] {
        Value::Object(properties) => properties.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let summary = spec.description.lines().next().unwrap_or_default();
    format!("- {}({}): {summary}", spec.name, names.join(", "))
}

/// The calls of a reply, in order. Ids are made from the turn and the position.
pub(super) fn calls(text: &str, turn: u32) -> Vec<ToolCall> {
    let mut calls = Vec::new();
    for block in blocks(text) {
        let (name, arguments) = match block.language {
            "python" | "py" => (CODE_TOOL.to_owned(), json!({"code": dedented(block.body)}).to_string()),
            "json" | "tool" => match named_call(block.body) {
                Some(call) => call,
                None => continue,
            },
            _ => continue,
        };
        calls.push(ToolCall { id: format!("call_{turn}_{}", calls.len()), name, arguments });
    }
    calls
}

/// A block within a list is indented as a whole, which Python refuses.
fn dedented(code: &str) -> String {
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let indent = code.lines().filter(|line| !line.trim().is_empty()).map(spaces).min().unwrap_or(0);
    if indent == 0 {
        return code.to_owned();
    }
    code.lines().map(|line| line.get(indent..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The reply up to the end of its last block that is a call. What follows was written without knowing the output.
pub(super) fn until_last_block(text: &str) -> &str {
    let is_call = |block: &Block<'_>| matches!(block.language, "python" | "py" | "json" | "tool");
    blocks(text).into_iter().rfind(is_call).map_or(text, |block| &text[..block.end])
}

/// What the solver said in the reply at `index`, without programs: nothing where it was a plan, and nothing that it wrote after a program whose
/// output it had not seen.
pub fn said(events: &[Event], index: usize) -> String {
    let Some(Event::Reply { text, .. }) = events.get(index) else { return String::new() };
    let prompted = events[..index].iter().rev().find_map(|event| match event {
        Event::Prompt { phase, .. } => Some(*phase),
        _ => None,
    });
    if prompted == Some(Phase::Plan) {
        return String::new();
    }
    let called = matches!(events.get(index + 1), Some(Event::ToolCall { .. }));
    let text = if !called {
        text
    } else if calls(text, 0).is_empty() {
        return tool_calls::parse(text, CODE_TOOL).text;
    } else {
        until_last_block(text)
    };
    let outside = text.split(FENCE).step_by(2).map(str::trim).filter(|part| !part.is_empty());
    outside.collect::<Vec<_>>().join("\n")
}

/// A result as the model sees it. A fence inside the output would end the block early, so it is broken up.
pub(super) fn output_block(content: &str) -> String {
    let safe = content.replace(FENCE, "` ` `");
    format!("{OUTPUT_FENCE}\n{}\n{FENCE}", safe.trim_end())
}

fn named_call(body: &str) -> Option<(String, String)> {
    let call: Value = serde_json::from_str(body).ok()?;
    let name = call.get("name")?.as_str()?.to_owned();
    let arguments = call.get("arguments").or_else(|| call.get("parameters")).cloned().unwrap_or(json!({}));
    Some((name, arguments.to_string()))
}

struct Block<'a> {
    language: &'a str,
    body: &'a str,
    /// Byte offset behind the closing fence.
    end: usize,
}

/// The fenced blocks of a text. A block that is not closed runs to the end: the model was stopped there.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find(FENCE).map(|found| at + found) {
        let header = open + FENCE.len();
        let Some(body) = text[header..].find('\n').map(|found| header + found + 1) else { break };
        let close = text[body..].find(FENCE).map_or(text.len(), |found| body + found);
        let end = (close + FENCE.len()).min(text.len());
        blocks.push(Block { language: text[header..body].trim(), body: text[body..close].trim_end(), end });
        at = end;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = calls(text, 0);
        let found: Vec<(&str, &str)> =
            found.iter().map(|c| (c.name.as_str(), c.arguments.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn programs_in_lists_lose_their_indent() {
        let check = |code: &str, expected: &str| assert_eq!(dedented(code), expected);
        check("   x = 1\n   if x:\n       print(x)\n", "x = 1\nif x:\n    print(x)");
        check("   x = 1\n\n   x", "x = 1\n\nx");
        check("x = 1\n  x\n", "x = 1\n  x\n");
        check("", "");
    }

    #[test]
    fn finds_calls() {
        check("no code", &[]);
        check("a\n```python\nprint(1)\n```\nb", &[("execute_code", r#"{"code":"print(1)"}"#)]);
        check("```python\nprint(1)", &[("execute_code", r#"{"code":"print(1)"}"#)]);
        check("```text\nprint(1)\n```", &[]);
        check("```python", &[]);
        check("```json\n{\"name\": \"gcd\", \"arguments\": {\"a\": 4}}\n```", &[("gcd", r#"{"a":4}"#)]);
        check("```json\n{\"x\": 1}\n```", &[]);
        check(
            "```py\na\n```\nand\n```python\nb\n```",
            &[("execute_code", r#"{"code":"a"}"#), ("execute_code", r#"{"code":"b"}"#)],
        );
    }

    #[test]
    fn text_after_the_last_program_is_cut() {
        assert_eq!(until_last_block("a\n```python\nb\n```\nthe output is 7"), "a\n```python\nb\n```");
        assert_eq!(until_last_block("plain"), "plain");
    }

    #[test]
    fn plans_and_guesses_are_not_said() {
        let reply = |text: &str| Event::Reply {
            text: text.into(),
            reasoning: None,
            tool_calls: Vec::new(),
            finish: Default::default(),
            usage: Default::default(),
            seconds: 0.0,
        };
        let prompt = |phase| Event::Prompt { phase, messages: Vec::new() };
        let call = ToolCall { id: "a".into(), name: "execute_code".into(), arguments: "{}".into() };
        let events = [
            prompt(Phase::Plan),
            reply("First I add."),
            prompt(Phase::Act),
            reply("We add.\n```python\nprint(1)\n```\nThe output is 7."),
            Event::ToolCall { call },
            reply("So 1.\n```text\nx\n```\nDone."),
        ];
        let all: Vec<String> = (0..events.len()).map(|index| said(&events, index)).collect();
        assert_eq!(all, ["", "", "", "We add.", "", "So 1.\nDone."]);
    }

    #[test]
    fn output_cannot_close_its_block() {
        assert_eq!(output_block("x\n```\ny\n"), "```output\nx\n` ` `\ny\n```");
    }
}
