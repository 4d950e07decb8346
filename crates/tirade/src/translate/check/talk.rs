//! Talk of tools, and markup that is no prose.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::{Finding, Kind};
use crate::translate::spans::sentences;

/// Words and phrases that only somebody with a computer at hand would write. Lower case; matched at word boundaries.
const PHRASES: &[&str] = &[
    "a script",
    "an error in the",
    "an issue with the",
    "api",
    "apologize",
    "as an ai",
    "as computed",
    "calculation returned",
    "calculation returns",
    "calculator",
    "code block",
    "code",
    "command line",
    "computation returned",
    "computation returns",
    "computer algebra",
    "computer program",
    "computer",
    "corrected version",
    "excel",
    "execute it",
    "execute the",
    "executed",
    "executing it",
    "executing",
    "function call",
    "indentation",
    "initialize",
    "interpreter",
    "it returned",
    "jupyter",
    "library",
    "mathematica",
    "matlab",
    "numpy",
    "output of the",
    "parentheses were not",
    "print",
    "printed",
    "program computes",
    "program finds",
    "program gives",
    "program outputs",
    "program shows",
    "programmatically",
    "properly close the",
    "properly closed",
    "python",
    "returned value",
    "running the calculation",
    "running the code",
    "running the computation",
    "running the program",
    "sagemath",
    "simulation",
    "software",
    "spreadsheet",
    "stderr",
    "stdout",
    "sympify",
    "sympy",
    "syntax error",
    "the issue is",
    "the issue was",
    "the output",
    "the program",
    "the script",
    "the solver",
    "the tool",
    "there was an error",
    "there was an issue",
    "this tool",
    "tool call",
    "tool result",
    "traceback",
    "using a tool",
    "using the tool",
    "wolfram",
    "wolframalpha",
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
    "[INST]",
    "[/INST]",
    "[TOOL]",
    "<|",
    "<s>",
    "<b>",
    "<i>",
    "<p>",
    "<br",
    "### Response",
    "### Instruction",
    "{\"",
];

static PHRASE_FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| finder(PHRASES));
static MARKUP_FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| finder(MARKUP));

/// Looks for all of them at once.
fn finder(words: &[&str]) -> AhoCorasick {
    AhoCorasick::new(words).expect("a few short words make a small automaton")
}

/// Words behind a phrase that make it another thing: a code lock, the output level.
const HARMLESS: [(&str, &[&str]); 4] = [
    ("code", &["lock", "word", "number", "name"]),
    ("the output", &["level", "power", "per"]),
    ("the script", &["of"]),
    ("excel", &["at", "in"]),
];

/// Every mention of a tool that the problem itself does not make: a problem about a library may speak of one.
pub(super) fn tool_talk(text: &str, problem: &str) -> Vec<Finding> {
    let mut findings = statements(text);
    findings.extend(python_power(text));
    findings.extend(identifier(text, problem));
    let (lower, problem) = (text.to_ascii_lowercase(), problem.to_ascii_lowercase());
    for found in PHRASE_FINDER.find_overlapping_iter(&lower) {
        let (word, start, end) = (PHRASES[found.pattern().as_usize()], found.start(), found.end());
        if !stands_alone(&lower, start, end) || is_harmless(word, &lower[end..]) || speaks_of(&problem, word)
        {
            continue;
        }
        findings.push(Finding::at(
            Kind::ToolTalk,
            start,
            end,
            format!("it speaks of {word:?}: write mathematics only"),
        ));
    }
    findings
}

/// Whether no letter or digit touches it, but the `s` of a plural.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let touches =
        |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let plural = text[end..].starts_with('s') && !touches(Some(end + 1));
    !touches(start.checked_sub(1)) && (plural || !touches(Some(end)))
}

fn is_harmless(phrase: &str, behind: &str) -> bool {
    let words = HARMLESS.iter().find(|(word, _)| *word == phrase).map_or(&[][..], |(_, words)| words);
    words.iter().any(|word| behind.trim_start().starts_with(word))
}

/// Whether the problem has the word itself, or speaks of the same thing in another form: it prints where the text printed.
fn speaks_of(problem: &str, word: &str) -> bool {
    let stem = ["ed", "ing", "s"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    let begins = |at: usize| at == 0 || !problem.as_bytes()[at - 1].is_ascii_alphanumeric();
    problem.match_indices(stem).any(|(at, _)| begins(at))
}

/// `total_cost`, or `total\_cost` as a model writes it in a formula: a name as programs have it. `\\log_ab` and points side by side (`AK_BK`) are none.
fn identifier(text: &str, problem: &str) -> Option<Finding> {
    const SHORTEST: usize = 2;
    let is_letter = |c: &char| c.is_ascii_lowercase();
    text.match_indices('_').find_map(|(at, _)| {
        let before = text[..at].strip_suffix('\\').unwrap_or(&text[..at]);
        let left = before.chars().rev().take_while(is_letter).count();
        let right = text[at + 1..].chars().take_while(is_letter).count();
        let (start, end) = (before.len() - left, at + 1 + right);
        let is_name = left.min(right) >= SHORTEST && !text[..start].ends_with('\\');
        let name = &text[start..end];
        let message = || format!("it has the program's name {name:?}: use words or a letter");
        (is_name && !problem.contains(name)).then(|| Finding::at(Kind::ToolTalk, start, end, message()))
    })
}

/// Lines of Python in the middle of prose.
fn statements(text: &str) -> Vec<Finding> {
    let found = STATEMENTS.into_iter().flat_map(|(word, ends)| {
        let alone = text.match_indices(word).filter(|(at, _)| stands_alone(text, *at, at + word.len()));
        alone.filter_map(move |(start, _)| {
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

/// `x**2`: a power as programs write it. `**bold**` has blanks around.
fn python_power(text: &str) -> Option<Finding> {
    let bytes = text.as_bytes();
    let operand =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'(' | b')'));
    let is_power = |at: usize| {
        let before = at.checked_sub(1).and_then(|i| bytes.get(i));
        operand(before)
            && operand(bytes.get(at + 2))
            && text[at + 2..].find("**").is_none_or(|next| next > 40 || text[..at + 2 + next].ends_with(' '))
    };
    let start = text.match_indices("**").map(|(at, _)| at).find(|at| is_power(*at))?;
    Some(Finding::at(Kind::ToolTalk, start, start + 2, "it writes a power as \"**\": write ^".into()))
}

/// The text without the sentences that speak of tools. Line by line, so that lists and displayed formulas stay what they are.
pub fn without_tool_talk(text: &str, problem: &str) -> String {
    let mut clean = String::new();
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let kept = line_without_tool_talk(line, problem);
        let gap = clean.is_empty() || clean.ends_with("\n\n");
        if !(kept.is_empty() && (gap || !line.trim().is_empty())) {
            clean += &format!("{indent}{kept}\n");
        }
    }
    clean.truncate(clean.trim_end().len());
    clean
}

fn line_without_tool_talk(line: &str, problem: &str) -> String {
    let talk = tool_talk(line, problem);
    let (mut clean, mut end) = (String::new(), 0);
    for range in sentences(line) {
        let gap = &line[end..range.start];
        end = range.end;
        if !talk.iter().any(|found| range.contains(&found.start)) {
            clean += if clean.is_empty() { "" } else { gap };
            clean += &line[range];
        }
    }
    clean
}

pub(super) fn markup(text: &str) -> Vec<Finding> {
    let finding = |start: usize, tag: &str| {
        Finding::at(Kind::Markup, start, start + tag.len(), format!("it contains the markup {tag:?}"))
    };
    let mut tags: Vec<_> =
        MARKUP_FINDER.find_overlapping_iter(text).map(|m| (m.pattern().as_usize(), m.start())).collect();
    tags.sort_unstable();
    tags.dedup_by_key(|(tag, _)| *tag);
    let known: Vec<Finding> = tags.into_iter().map(|(tag, start)| finding(start, MARKUP[tag])).collect();
    match any_tag(text) {
        Some(range) if known.is_empty() => vec![finding(range.start, &text[range])],
        _ => known,
    }
}

/// The first `<word>` or `</…`, whatever the word is, or `code` between single backquotes.
fn any_tag(text: &str) -> Option<Range<usize>> {
    const SHORTEST: usize = 3;
    let tag = text.match_indices('<').find_map(|(at, _)| {
        let inside = &text[at + 1..];
        let name = inside.trim_start_matches('/');
        let letters = name.bytes().take_while(|b| b.is_ascii_alphabetic() || *b == b'_').count();
        let closing = inside.starts_with('/') && letters > 0;
        let end = at + 1 + (inside.len() - name.len()) + letters;
        (closing || letters >= SHORTEST && text[end..].starts_with('>')).then_some(at..end)
    });
    tag.or_else(|| {
        let single = |at: usize| !text[..at].ends_with('`') && !text[at + 1..].starts_with('`');
        let mut quotes = text.match_indices('`').map(|(at, _)| at).filter(|at| single(*at));
        let (open, close) = (quotes.next()?, quotes.next()?);
        (!text[open..close].contains('\n')).then_some(open..close + 1)
    })
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
        check("We use a calculator.", &["calculator"]);
        check(
            "The issue is that the parentheses were not properly closed.",
            &["The issue is", "parentheses were not", "properly closed"],
        );
        check("The error of the estimate is 2, and she corrected 3 mistakes in her essay.", &[]);
        check("The innermost function calls give 2.", &["function call"]);
        check("So total_cost is $\\log_ab + x_{ij} + y_max$.", &["total_cost"]);
        check("Sort $\\text{room\\_numbers}$, 3\\_\\_ and $a\\_b$.", &["room\\_numbers"]);
        check("The code lock opens at the output level.", &[]);
        check("Then x**2 is 4 and **Step 1** follows.", &["**"]);
        check("Write def f(n): return n", &["def"]);
        check("Triangle abc is similar to def, and they import corn and rice.", &[]);
    }

    #[test]
    fn the_problem_may_speak_of_it_in_another_form() {
        assert_eq!(tool_talk("She prints 84 posters.", "Ana is printing posters."), []);
        assert_eq!(tool_talk("She prints 84 posters.", "Ana makes posters.").len(), 1);
        assert_eq!(tool_talk("So unit_price is 3.", "Let unit_price be 3."), []);
    }

    #[test]
    fn sentences_about_tools_are_left_out() {
        assert_eq!(
            without_tool_talk("We add. Let us write a Python program. Then 5.", ""),
            "We add. Then 5."
        );
        let text = "Steps:\n\n1. Add.\n2. Print the sum.\n3. Halve.\n\nWe run the script. So 5.";
        assert_eq!(without_tool_talk(text, ""), "Steps:\n\n1. Add.\n3. Halve.\n\nSo 5.");
        let said = "We add:\n\\[ 2 + 3 = 5. \\]\n\n1. First. We run a Python program.\n   - Then.\n\nThe Python program prints it.\n\nSo it is 5.";
        assert_eq!(
            without_tool_talk(said, ""),
            "We add:\n\\[ 2 + 3 = 5. \\]\n\n1. First.\n   - Then.\n\nSo it is 5."
        );
    }

    #[test]
    fn markup_is_noticed() {
        assert_eq!(markup("a ```python b").len(), 1);
        assert_eq!(markup("<tool><tool_name>x").len(), 1);
        for text in
            ["a </s> b", "<answer>5</answer>", "the variable `total` is 5", "<step>", "{\"result\": 5}"]
        {
            assert_eq!(markup(text).len(), 1, "{text}");
        }
        for text in ["for x < t and y > 2", "48/2 = <<48/2=24>>24", "``quoted'' words", "x<y and y>z"] {
            assert!(markup(text).is_empty(), "{text}");
        }
    }
}
