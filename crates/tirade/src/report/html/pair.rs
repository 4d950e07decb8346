//! A trace beside the prose made of it.

use serde_json::Value;

use super::super::{Mark, Pair, Sentence, format};
use super::text::{escape, inline, prose};
use super::{code, math};
use crate::model::{Message, ToolCall, Usage};
use crate::tool::{ToolResult, ToolStatus};
use crate::trace::{Event, Phase};
use crate::translate::code::capitalised;

/// Longer outputs are folded.
const LONG_CHARACTERS: usize = 600;
const LONG_LINES: usize = 14;

/// The `number`-th pair of the page.
pub(super) fn render(pair: &Pair, number: usize) -> String {
    let problem = &pair.trace.problem;
    let level = problem.level.map(|level| format!(", level {level}")).unwrap_or_default();
    let subject = problem.subject.as_deref().map(format::words).unwrap_or_default();
    let answer =
        pair.trace.answer().map(|answer| math::render(answer, false)).unwrap_or_else(|| "none".into());
    format!(
        "<article class=\"pair\" id=\"pair-{number}\">\n<header><h3>{id}</h3><p class=\"tags\">{source}{level} · attempt {attempt}</p></header>\n\
         <div class=\"problem\">{statement}</div>\n\
         <p class=\"verdict\">Answer {answer} {verdict} &ensp; Gold {gold} &ensp; Prose {outcome}</p>\n\
         <div class=\"sides\">\n<ol class=\"trace\">\n{events}</ol>\n<div class=\"prose\">\n{prose}</div>\n</div>\n</article>\n",
        id = escape(&problem.id),
        source = escape(&capitalised(&if subject.is_empty() { problem.source.clone() } else { subject })),
        attempt = pair.trace.attempt + 1,
        statement = prose(&problem.problem),
        verdict = mark(pair.verdict, ""),
        gold = math::render(&problem.answer, false),
        outcome = mark(pair.outcome, &pair.reason),
        events = events(pair, number),
        prose = sentences(&pair.prose, number),
    )
}

fn mark(mark: Mark, words: &str) -> String {
    let (class, sign, meaning) = match mark {
        Mark::Good => ("good", "✓", "checked and right"),
        Mark::Bad => ("bad", "✗", "checked and wrong"),
        Mark::Unknown => ("unknown", "?", "could not be decided"),
        Mark::Plain => ("plain", "", ""),
    };
    let words = if words.is_empty() { String::new() } else { format!(" {}", escape(words)) };
    format!("<span class=\"mark {class}\" title=\"{meaning}\">{sign}{words}</span>")
}

fn sentences(sentences: &[Sentence], pair: usize) -> String {
    if sentences.is_empty() {
        return "<p class=\"none\">No prose was made of this trace.</p>\n".into();
    }
    let mut html = String::from("<p>");
    for (index, sentence) in sentences.iter().enumerate() {
        if sentence.paragraph && index > 0 {
            html += "</p>\n<p>";
        }
        let link = sentence.event.map(|event| link(event, pair)).unwrap_or_default();
        let sign = if sentence.mark == Mark::Plain { String::new() } else { mark(sentence.mark, "") };
        let finding = match sentence.finding.as_str() {
            "" => String::new(),
            finding => format!("<span class=\"finding\">{}</span>", inline(finding)),
        };
        let class = if sentence.mark == Mark::Bad { " class=\"wrong\"" } else { "" };
        let n = index + 1;
        html += &format!(
            "<span id=\"pair-{pair}-s{n}\"{class}>{}</span>{sign}{link}{finding} ",
            inline(&sentence.text)
        );
    }
    html + "</p>\n"
}

/// A link to a step, by the number the step has in the list.
fn link(event: usize, pair: usize) -> String {
    format!("<a class=\"step\" href=\"#pair-{pair}-{n}\">{n}</a>", n = event + 1)
}

/// Links from a call to the sentences that stand for it.
fn told(sentences: &[Sentence], event: usize, pair: usize) -> String {
    let own = sentences.iter().enumerate().filter(|(_, sentence)| sentence.event == Some(event));
    let links: Vec<String> =
        own.map(|(index, _)| format!("<a href=\"#pair-{pair}-s{n}\">{n}</a>", n = index + 1)).collect();
    match links.len() {
        0 => String::new(),
        1 => format!("<p class=\"effort\">told in sentence {}</p>", links[0]),
        _ => format!("<p class=\"effort\">told in sentences {}</p>", links.join(", ")),
    }
}

fn events(pair: &Pair, number: usize) -> String {
    let mut html = String::new();
    let mut said = "";
    for (index, event) in pair.trace.events.iter().enumerate() {
        let (class, content) = render_event(event, said);
        let told = told(&pair.prose, index, number);
        html += &format!(
            "<li id=\"pair-{number}-{n}\" value=\"{n}\" class=\"{class}\">{content}{told}</li>\n",
            n = index + 1
        );
        if let Event::Reply { text, .. } = event {
            said = text;
        }
    }
    html
}

/// The event's class and content; `said` is the reply before it.
fn render_event(event: &Event, said: &str) -> (&'static str, String) {
    match event {
        Event::Prompt { phase, messages } => ("prompt", prompt(*phase, messages)),
        Event::Reply { text, reasoning, usage, seconds, .. } => {
            let reasoning =
                reasoning.as_deref().map(|text| details("Thought aloud", &prose(text))).unwrap_or_default();
            ("reply", reasoning + &prose(text) + &effort(usage, *seconds))
        }
        Event::ToolCall { call } => ("call", call_content(call, said)),
        Event::ToolResult { result, .. } => ("result", result_content(result)),
        Event::Answer { answer } => ("answer", format!("<p>Answer {}</p>", math::render(answer, false))),
        Event::Limit { message, .. } => ("stop", format!("<p>Stopped at a limit: {}</p>", escape(message))),
        Event::Error { message, .. } => ("stop", format!("<p>Stopped: {}</p>", escape(message))),
    }
}

fn prompt(phase: Phase, messages: &[Message]) -> String {
    let name = match phase {
        Phase::Solve => "Prompt",
        Phase::Plan => "Prompt: plan",
        Phase::Act => "Prompt: act",
        Phase::Reflect => "Prompt: reflect",
        Phase::WrapUp => "Prompt: wrap up",
    };
    let message = |message: &Message| {
        format!("<p class=\"role\">{}</p><pre>{}</pre>", message.role.as_str(), escape(&message.content))
    };
    details(name, &messages.iter().map(message).collect::<String>())
}

fn effort(usage: &Usage, seconds: f64) -> String {
    format!(
        "<p class=\"effort\">{} tokens, {}</p>",
        format::integer(usage.completion),
        format::duration(seconds)
    )
}

/// Code that the reply already shows in a fence is not shown twice.
fn call_content(call: &ToolCall, said: &str) -> String {
    let name = format!("<p class=\"role\">calls <code>{}</code></p>", escape(&call.name));
    let arguments = arguments(&call.arguments);
    let shown = !arguments.trim().is_empty() && said.contains(arguments.trim());
    if shown { name } else { name + &folded(&arguments, code::block) }
}

/// The arguments as a person writes them: a single text bare (it is code), else one argument a line; text that is no object as it is.
fn arguments(text: &str) -> String {
    let Ok(Value::Object(arguments)) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    if let (1, Some(Value::String(only))) = (arguments.len(), arguments.values().next()) {
        return only.clone();
    }
    let lines: Vec<_> = arguments.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    lines.join("\n")
}

fn result_content(result: &ToolResult) -> String {
    let status = match result.status {
        ToolStatus::Ok => "result",
        ToolStatus::Error => "error",
        ToolStatus::Timeout => "ran too long",
        ToolStatus::Memory => "used too much memory",
        ToolStatus::Output => "wrote too much",
        ToolStatus::Crashed => "crashed",
    };
    let class = if result.status == ToolStatus::Ok { "role" } else { "role failed" };
    let derivation =
        result.derivation.as_deref().map(|text| details("Derivation", &prose(text))).unwrap_or_default();
    let output = folded(&result.content, |text| format!("<pre>{}</pre>", escape(text.trim_end())));
    format!("<p class=\"{class}\">{status}, {}</p>{output}{derivation}", format::duration(result.seconds))
}

/// Long text folded behind its size.
fn folded(text: &str, show: impl Fn(&str) -> String) -> String {
    let (characters, lines) = (text.chars().count(), text.lines().count());
    if characters <= LONG_CHARACTERS && lines <= LONG_LINES {
        return show(text);
    }
    details(&format!("{lines} lines, {} characters", format::integer(characters as u64)), &show(text))
}

fn details(summary: &str, content: &str) -> String {
    format!("<details><summary>{summary}</summary>{content}</details>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_outputs_are_folded() {
        let show = |text: &str| format!("<pre>{text}</pre>");
        assert_eq!(folded("short", show), "<pre>short</pre>");
        assert!(
            folded(&"line\n".repeat(15), show)
                .starts_with("<details><summary>15 lines, 75 characters</summary>")
        );
    }

    #[test]
    fn code_is_shown_once() {
        let call =
            |arguments: &str| ToolCall { id: "1".into(), name: "python".into(), arguments: arguments.into() };
        let code = call(r#"{"code":"print(1)"}"#);
        assert!(call_content(&code, "I run\n```python\nprint(1)\n```").ends_with("</p>"));
        assert!(call_content(&code, "").contains("print(<span class=\"number\">1</span>)"));
        assert!(call_content(&call("{broken"), "").contains("{broken"));
        assert_eq!(arguments(r#"{"u":[1,2],"v":"x"}"#), "u = [1,2]\nv = \"x\"");
    }

    #[test]
    fn sentences_carry_their_marks_and_links() {
        let sentence = Sentence {
            text: "So $x<2$.".into(),
            mark: Mark::Bad,
            finding: "<no>".into(),
            event: Some(3),
            paragraph: true,
        };
        let html = sentences(std::slice::from_ref(&sentence), 7);
        assert!(html.contains("class=\"mark bad\"") && html.contains("href=\"#pair-7-4\">4</a>"), "{html}");
        assert!(html.contains("<span class=\"finding\">&lt;no&gt;</span>"), "{html}");
        assert!(html.contains("id=\"pair-7-s1\""), "{html}");
        assert!(told(std::slice::from_ref(&sentence), 3, 7).contains("href=\"#pair-7-s1\">1</a>"));
        assert_eq!(told(&[sentence], 2, 7), "");
    }
}
