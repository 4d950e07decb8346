//! The text of a trace as steps: what was said, what was run, what came out.

/// One step of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Text(String),
    /// A Python cell.
    Code(String),
    /// What the cell or call before it gave.
    Output(String),
    /// A call of a named tool, with its arguments as JSON.
    Call {
        name: String,
        arguments: String,
    },
}

/// A pair of marks and what stands between them.
struct Block {
    open: &'static str,
    close: &'static str,
    step: fn(String) -> Step,
}

/// Fenced blocks, as ToRA, NuminaMath-TIR and many others write them.
const FENCES: &[Block] = &[
    Block { open: "```python\n", close: "```", step: Step::Code },
    Block { open: "```py\n", close: "```", step: Step::Code },
    Block { open: "```output\n", close: "```", step: Step::Output },
];

/// Tags, as OpenMathInstruct writes them; OpenMathReasoning has tagged code and fenced output.
const TAGS: &[Block] = &[
    Block { open: "<llm-code>", close: "</llm-code>", step: Step::Code },
    Block { open: "<llm-code-output>", close: "</llm-code-output>", step: Step::Output },
    Block { open: "<tool_call>", close: "</tool_call>", step: Step::Code },
    Block { open: "```output\n", close: "```", step: Step::Output },
];

/// The steps of a text with fenced blocks.
pub(super) fn fenced(text: &str) -> Vec<Step> {
    split(text, FENCES)
}

/// The steps of a text with tags.
pub(super) fn tagged(text: &str) -> Vec<Step> {
    split(text, TAGS)
}

/// Text that is no more than layout is no step; a block that is not closed runs to the end.
fn split(text: &str, blocks: &[Block]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let first = blocks
            .iter()
            .filter_map(|block| Some((rest.find(block.open)?, block)))
            .min_by_key(|found| found.0);
        let Some((at, block)) = first else { break };
        push_text(&mut steps, &rest[..at]);
        let body = &rest[at + block.open.len()..];
        let end = body.find(block.close).unwrap_or(body.len());
        steps.push((block.step)(body[..end].trim_matches('\n').trim_end().to_owned()));
        rest = body.get(end + block.close.len()..).unwrap_or_default();
    }
    push_text(&mut steps, rest);
    steps
}

fn push_text(steps: &mut Vec<Step>, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        steps.push(Step::Text(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(steps: Vec<Step>) -> String {
        let show = |step: Step| match step {
            Step::Text(text) => format!("t:{text}"),
            Step::Code(code) => format!("c:{code}"),
            Step::Output(output) => format!("o:{output}"),
            Step::Call { name, arguments } => format!("{name}({arguments})"),
        };
        steps.into_iter().map(show).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn texts_are_split_at_their_marks() {
        for (text, expected) in [
            ("a\n```python\nx = 1\nx\n```\n```output\n1\n```\nb", "t:a|c:x = 1\nx|o:1|t:b"),
            ("```python\nx\n```\n\n```output\n```\n", "c:x|o:"),
            ("```python\nx", "c:x"),
            ("plain", "t:plain"),
            ("```text\nx\n```", "t:```text\nx\n```"),
            ("", ""),
        ] {
            assert_eq!(show(fenced(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("a <llm-code>\n2\n</llm-code>\n<llm-code-output>\n2\n</llm-code-output> b", "t:a|c:2|o:2|t:b"),
            ("a <tool_call>\nprint(2)\n</tool_call>\n```output\n2\n```\n", "t:a|c:print(2)|o:2"),
        ] {
            assert_eq!(show(tagged(text)), expected, "{text}");
        }
    }
}
