//! Hostile text into markup: escaping, and the little Markdown with mathematics that models and data sets write.

use super::{code, math};

/// In bytes.
const LONGEST: usize = 30_000;

/// The text with everything replaced that could end or begin markup, in content and in quoted attributes; control characters, which
/// HTML forbids, become `�`.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            // Marks that turn the direction of what follows could make the page say something else.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Paragraphs of text: fenced code, mathematics, `code` and **bold** are rendered, all else is escaped.
pub(super) fn prose(text: &str) -> String {
    let mut html = String::new();
    for (is_code, block) in fences(text) {
        html += &if is_code { code::block(block) } else { with_diagrams(block) };
    }
    html
}

/// Text with the diagrams of MATH, which are programs between `[asy]` and `[/asy]`; they are folded.
fn with_diagrams(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[asy]") {
        let (diagram, after) = after.split_once("[/asy]").unwrap_or((after, ""));
        html += &paragraphs(before);
        html += &format!(
            "<details><summary>Diagram (Asymptote)</summary>{}</details>\n",
            code::block(diagram.trim())
        );
        rest = after;
    }
    html + &paragraphs(rest)
}

fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>\n", inline(paragraph))).collect()
}

/// The blocks of a text, and whether each was fenced with three backticks. A fence that is never closed ends with the text.
fn fences(text: &str) -> Vec<(bool, &str)> {
    let mut blocks = Vec::new();
    for (index, block) in text.split("```").enumerate() {
        let is_code = index % 2 == 1;
        // The first line of a fence names the language.
        let body = if is_code { block.split_once('\n').map_or(block, |(_, body)| body) } else { block };
        if !body.trim().is_empty() {
            blocks.push((is_code, body.trim_end()));
        }
    }
    blocks
}

/// One paragraph or sentence, line breaks kept. A longer one than anybody reads is shown without its formulas: looking for them
/// takes time that grows with the square of hostile text.
pub(super) fn inline(text: &str) -> String {
    if text.len() > LONGEST {
        return words(text);
    }
    let mut html = String::new();
    let mut plain = 0;
    let mut at = 0;
    while at < text.len() {
        match math::span_at(text, at) {
            Some(span) => {
                html += &words(&text[plain..at]);
                let formula = math::render(&text[span.content.clone()], span.display);
                // A full stop must not begin the next line.
                let stop =
                    text[span.end..].chars().next().filter(|c| ".,;:!?)".contains(*c) && !span.display);
                html += &match stop {
                    Some(stop) => format!("<span class=\"keep\">{formula}{stop}</span>"),
                    None => formula,
                };
                at = span.end + stop.map_or(0, char::len_utf8);
                plain = at;
            }
            None => at += text[at..].chars().next().map_or(1, |c| escaped_length(&text[at..], c)),
        }
    }
    html + &words(&text[plain..])
}

/// `\$` is one thing: its dollar begins no formula.
fn escaped_length(text: &str, c: char) -> usize {
    if c == '\\' && text.as_bytes().get(1) == Some(&b'$') { 2 } else { c.len_utf8() }
}

/// Text without mathematics: `code` and **bold**.
fn words(text: &str) -> String {
    let text = text.replace("\\$", "$");
    let mut html = String::new();
    let pieces: Vec<_> = text.split('`').collect();
    for (index, piece) in pieces.iter().enumerate() {
        match index % 2 {
            0 => html += &bold(piece),
            _ if index + 1 < pieces.len() => html += &format!("<code>{}</code>", escape(piece)),
            _ => html += &format!("`{}", escape(piece)),
        }
    }
    html
}

fn bold(text: &str) -> String {
    let pieces: Vec<_> = text.split("**").collect();
    let mut html = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let lines = escape(piece).replace('\n', "<br>\n");
        match index % 2 {
            0 => html += &lines,
            _ if index + 1 < pieces.len() => html += &format!("<b>{lines}</b>"),
            _ => html += &format!("**{lines}"),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_becomes_markup() {
        let check = |text: &str, expected: &str| assert_eq!(inline(text), expected, "{text}");
        check("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
        check("**<i>** `<b>`", "<b>&lt;i&gt;</b> <code>&lt;b&gt;</code>");
        check("a ** b", "a ** b");
        check("a ` b", "a ` b");
        check("\u{1b}[2J \u{202e}x", "\u{fffd}[2J \u{fffd}x");
        check("\"'&", "&quot;&#39;&amp;");
        check("one\ntwo", "one<br>\ntwo");
    }

    #[test]
    fn dollars_are_money_or_mathematics() {
        let math = |text: &str| inline(text).matches("<math").count();
        let check =
            |text: &str, formulas: usize| assert_eq!(math(text), formulas, "{text}: {}", inline(text));
        check("so $x^2$ and \\(y\\) and \\[z\\] and $$w$$", 4);
        check("Tom has $12 and spends $5 on a book", 0);
        check("it costs \\$80 and \\$90", 0);
        check("it costs $\\$80$ today", 1);
        check("hence \\boxed{7}.", 1);
        check("\\begin{align*}x&=1\\end{align*}", 1);
        check("an open $x", 0);
        assert_eq!(inline("\\$80"), "$80");
    }

    #[test]
    fn fences_are_code_whatever_is_in_them() {
        let html = prose("Run\n```python\nprint('<b>$x$')\n```\nDone.");
        assert!(html.starts_with("<p>Run</p>\n<pre") && html.ends_with("<p>Done.</p>\n"), "{html}");
        assert!(html.contains("&lt;b&gt;$x$") && !html.contains("<math"), "{html}");
        assert!(prose("```\nnever closed").contains("never closed"));
        let html = prose("Find $x$. [asy] label(\"$y$\"); [/asy] So?");
        assert_eq!(html.matches("<math").count(), 1, "{html}");
        assert!(html.contains("<summary>Diagram") && html.ends_with("<p>So?</p>\n"), "{html}");
    }
}
