//! Talk of tools, and markup that is no prose.

use super::{Finding, Kind};
use crate::translate::spans::sentences;

/// Words and phrases that only somebody with a computer at hand would write. Lower case; matched at word boundaries.
const PHRASES: &[&str] = &[
    "as an ai",
    "api",
    "as computed",
    "code",
    "code block",
    "command line",
    "computer algebra",
    "computer program",
    "execute the",
    "executed",
    "executing",
    "function call",
    "interpreter",
    "jupyter",
    "library",
    "numpy",
    "output of the",
    "print",
    "printed",
    "prints",
    "program outputs",
    "programmatically",
    "python",
    "script",
    "software",
    "stderr",
    "stdout",
    "sympify",
    "sympy",
    "syntax error",
    "the output",
    "the program",
    "the tool",
    "this tool",
    "tool call",
    "tool result",
    "traceback",
    "using a tool",
    "using the tool",
    "wolfram",
];

/// A word and what must follow the word behind it: `def f(`, `import math\n`, and no triangle DEF.
const STATEMENTS: [(&str, &[char]); 2] = [("def", &['(']), ("import", &['\n', '.', ';'])];

/// Tags and fences.
const MARKUP: &[&str] = &[
    "```",
    "<tool",
    "</tool",
    "<message",
    "</message",
    "<args",
    "<result",
    "<cot",
    "</cot",
    "<think",
    "</think",
    "<|im_",
    "<|end",
    "[TOOL_CALLS]",
    "{\"name\"",
    "\"arguments\"",
    "Chain of Thought for",
];

/// Every mention of a tool that the problem itself does not make: a problem about a library may speak of one.
pub(super) fn tool_talk(text: &str, problem: &str) -> Vec<Finding> {
    let mut findings = statements(text);
    let (lower, problem) = (text.to_ascii_lowercase(), problem.to_ascii_lowercase());
    for word in PHRASES {
        if mentions(&problem, word).next().is_some() {
            continue;
        }
        for start in mentions(&lower, word) {
            let message = format!("it speaks of {word:?}: write mathematics only");
            findings.push(Finding::at(Kind::ToolTalk, start, start + word.len(), message));
        }
    }
    findings
}

/// Lines of Python in the middle of prose.
fn statements(text: &str) -> Vec<Finding> {
    let found = STATEMENTS.into_iter().flat_map(|(word, ends)| {
        mentions(text, word).filter_map(move |start| {
            let behind = text[start + word.len()..].strip_prefix(' ')?;
            let name =
                behind.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            let is_code = name > 0 && behind[name..].starts_with(ends);
            is_code.then(|| {
                Finding::at(
                    Kind::ToolTalk,
                    start,
                    start + word.len(),
                    format!("it has a line of Python at {word:?}: write mathematics only"),
                )
            })
        })
    });
    found.collect()
}

/// The text without the sentences that speak of tools, its lines and paragraphs as they were.
pub fn without_tool_talk(text: &str, problem: &str) -> String {
    let talk = tool_talk(text, problem);
    let (mut clean, mut gap, mut end) = (String::new(), "", 0);
    for range in sentences(text) {
        // Around what is left out the stronger break stays.
        let before = &text[end..range.start];
        if before.matches('\n').count() >= gap.matches('\n').count() {
            gap = before;
        }
        end = range.end;
        if !talk.iter().any(|found| range.contains(&found.start)) {
            clean += if clean.is_empty() { "" } else { gap };
            clean += &text[range];
            gap = "";
        }
    }
    clean
}

/// Where `word` stands by itself in `text`.
fn mentions<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).is_none_or(|index| !bytes[index].is_ascii_alphanumeric());
        let after = bytes.get(at + word.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        before && (after || !word.ends_with(|c: char| c.is_alphanumeric()))
    })
}

pub(super) fn markup(text: &str) -> Vec<Finding> {
    let finding = |tag: &&str| {
        let start = text.find(*tag)?;
        Some(Finding::at(Kind::Markup, start, start + tag.len(), format!("it contains the markup {tag:?}")))
    };
    MARKUP.iter().filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let findings = tool_talk(text, "How many books are in the library?");
        let found: Vec<&str> = findings.iter().map(|f| &text[f.start..f.end]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn tools_are_noticed() {
        check("We use Python to add.", &["Python"]);
        check("The output is 7.", &["The output"]);
        check("With SymPy, solve(x) gives 7.", &["SymPy"]);
        check("The postscript of the codex is decoded.", &[]);
        check("3. **Print the final answer:**", &["Print"]);
        check("The library has 7 books.", &[]);
        check("We factor and add.", &[]);
        check("Write def f(n): return n", &["def"]);
        check("Triangle abc is similar to def, and they import corn and rice.", &[]);
    }

    #[test]
    fn sentences_about_tools_are_left_out() {
        assert_eq!(
            without_tool_talk("We add. Let us write a Python program. Then 5.", ""),
            "We add. Then 5."
        );
        let text = "Steps:\n\n1. Add.\n2. Print the sum.\n3. Halve.\n\nWe run the script. So 5.";
        assert_eq!(without_tool_talk(text, ""), "Steps:\n\n1. Add.\n3. Halve.\n\nSo 5.");
    }

    #[test]
    fn markup_is_noticed() {
        assert_eq!(markup("a ```python b").len(), 1);
        assert_eq!(markup("<tool><tool_name>x").len(), 1);
        assert!(markup("for x < t and y > 2").is_empty());
    }
}
