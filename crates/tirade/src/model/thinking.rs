//! Reasoning that a model writes into its text, between `<think>` and `</think>`, told apart from what it says.
//! ```
//! use tirade::model::thinking::split;
//! assert_eq!(split("<think>2+2</think>\n4"), (Some("2+2".into()), "4".into()));
//! ```

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// What was thought, if anything, and what was said. Some chat templates open the tag in the prompt, so that the reply starts in the
/// middle of a thought; a reply cut off in a thought says nothing. Only a thought at the start counts: later tags are text.
pub fn split(text: &str) -> (Option<String>, String) {
    let start = text.trim_start();
    let opened = start.strip_prefix(OPEN);
    let inside = opened.unwrap_or(start);
    match inside.split_once(CLOSE) {
        Some((thought, said)) if opened.is_some() || !thought.contains(OPEN) => {
            (thought_of(thought), said.trim_start().to_owned())
        }
        _ if opened.is_some() => (thought_of(inside), String::new()),
        _ => (None, text.to_owned()),
    }
}

fn thought_of(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_told_apart() {
        let cases = [
            ("4", None, "4"),
            ("<think>a</think>b", Some("a"), "b"),
            ("\n<think>\na\n</think>\n\nb</think>", Some("a"), "b</think>"),
            ("a</think>b", Some("a"), "b"),
            ("<think></think>b", None, "b"),
            ("<think>cut off", Some("cut off"), ""),
            ("say <think>x</think> aloud", None, "say <think>x</think> aloud"),
            ("", None, ""),
        ];
        for (text, thought, said) in cases {
            assert_eq!(split(text), (thought.map(str::to_owned), said.to_owned()), "{text:?}");
        }
    }
}
