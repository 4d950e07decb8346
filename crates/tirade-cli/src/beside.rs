//! Two texts beside each other: what a tool was asked, and the sentences that stand for it.

use tirade::model::ToolCall;
use tirade::tool::ToolResult;
use tirade::trace::Trace;
use tirade::translate::Solution;
use tirade::translate::skeleton::code;

/// Characters of one column.
const WIDTH: usize = 58;

/// The prose of a solution in reading order, each part beside the call it stands for; the parts that stand for none are beside nothing.
pub fn solution(trace: &Trace, solution: &Solution) -> String {
    let mut out = String::new();
    let mut at = 0;
    let mut shown: Vec<&str> = Vec::new();
    for span in &solution.spans {
        // A store may hold anything: spans that do not lie in the text are passed over.
        let (Some(before), Some(part)) =
            (solution.text.get(at..span.start), solution.text.get(span.start..span.end))
        else {
            continue;
        };
        out += &columns("", before);
        let again = shown.contains(&span.call_id.as_str());
        let left = if again { format!("({}, as above)", span.call_id) } else { asked(trace, &span.call_id) };
        shown.push(&span.call_id);
        out += &columns(&left, part);
        at = span.end;
    }
    out += &columns("", solution.text.get(at..).unwrap_or_default());
    for translation in solution.translations.iter().filter(|t| !shown.contains(&t.call_id.as_str())) {
        let fate = if translation.text.is_some() {
            "no sentence was found that stands for it"
        } else {
            translation.judgement.as_str()
        };
        out += &columns(&asked(trace, &translation.call_id), &format!("[{fate}]"));
    }
    out
}

fn asked(trace: &Trace, call_id: &str) -> String {
    match trace.tool_calls().into_iter().find(|(call, _)| call.id == call_id) {
        Some((call, result)) => format!("{}\n→ {}", question(call), result.map_or("no result", content)),
        None => format!("({call_id}, which is not in the trace)"),
    }
}

fn question(call: &ToolCall) -> String {
    code(call).unwrap_or_else(|| format!("{} {}", call.name, call.arguments))
}

fn content(result: &ToolResult) -> &str {
    result.content.trim_end()
}

/// Both texts, wrapped, line by line; nothing where both are empty.
fn columns(left: &str, right: &str) -> String {
    let (left, right) = (wrapped(left), wrapped(right));
    let mut out = String::new();
    for index in 0..left.len().max(right.len()) {
        let (a, b) =
            (left.get(index).map_or("", String::as_str), right.get(index).map_or("", String::as_str));
        let padding = WIDTH.saturating_sub(a.chars().count());
        out += format!("{a}{} │ {b}", " ".repeat(padding)).trim_end();
        out.push('\n');
    }
    out
}

/// Lines of at most [`WIDTH`] characters; words longer than that are cut. Nothing can move the cursor.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.trim().lines() {
        let indent = line.len() - line.trim_start().len();
        let mut current = " ".repeat(indent.min(WIDTH / 2));
        let mut room = WIDTH - current.len();
        for word in line.split_whitespace() {
            for piece in pieces(word) {
                let length = piece.chars().count();
                if length + 1 > room && !current.trim().is_empty() {
                    lines.push(std::mem::take(&mut current));
                }
                if !current.trim().is_empty() {
                    current.push(' ');
                }
                current.push_str(&piece);
                room = WIDTH.saturating_sub(current.chars().count());
            }
        }
        lines.push(current);
    }
    lines
}

fn pieces(word: &str) -> Vec<String> {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let characters: Vec<char> = word.chars().map(visible).collect();
    characters.chunks(WIDTH - 1).map(|chunk| chunk.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_columns() {
        let shown = columns("a = 1\n  b", &"word ".repeat(20));
        for line in shown.lines() {
            assert!(line.chars().count() <= 2 * WIDTH + 3, "{line}");
            assert_eq!(line.chars().position(|c| c == '│'), Some(WIDTH + 1), "{line}");
        }
        assert_eq!(columns("", " \n "), "");
    }

    #[test]
    fn hostile_text_moves_no_cursor() {
        let shown = columns("\u{1b}[2J", &"x".repeat(200));
        assert!(!shown.contains('\u{1b}') && shown.lines().count() == 4, "{shown}");
    }
}
