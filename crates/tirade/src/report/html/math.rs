//! Formulas as MathML, by `pulldown-latex`, with its work bounded and its output checked; what fails is shown as written.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pulldown_latex::config::{DisplayMode, RenderConfig};
use pulldown_latex::{Event, Parser, Storage, push_mathml};

use super::text::escape;

/// A longer formula is not for reading.
const LONGEST: usize = 4000;
/// More than `LONGEST` characters can only come to by macros that double each other.
const MOST_EVENTS: usize = 20_000;
/// Braces in braces beyond this are no mathematics.
const DEEPEST: usize = 200;
/// The parser recurses on commands (`\hat\hat…`), in a debug build with some 12 KiB each: so many fit on any thread's stack.
const COMMANDS_HERE: usize = 40;
/// Formulas with more get a thread of their own, with room for all the commands that `LONGEST` characters can hold.
const STACK: usize = 128 << 20;

/// Where a formula stands in a text.
pub(super) struct Span {
    pub content: Range<usize>,
    pub display: bool,
    /// Past its closing delimiter.
    pub end: usize,
}

/// The formula that begins at byte `at`, if one does. Dollars follow pandoc's rule, so that sums of money are no formulas: no space
/// after the opening one, none before the closing one (unless a command stands between), and no digit after it.
pub(super) fn span_at(text: &str, at: usize) -> Option<Span> {
    // What ends beyond this is not shown as a formula anyway, and looking further would make hostile text slow.
    let rest = &text[at..text.floor_char_boundary(at + 2 * LONGEST)];
    for (open, close, display) in [("$$", "$$", true), ("\\[", "\\]", true), ("\\(", "\\)", false)] {
        if let Some(body) = rest.strip_prefix(open) {
            let start = at + open.len();
            let length = body.find(close).filter(|length| *length > 0)?;
            return Some(Span { content: start..start + length, display, end: start + length + close.len() });
        }
    }
    if let Some(body) = rest.strip_prefix('$') {
        let length = closing_dollar(body)?;
        return Some(Span { content: at + 1..at + 1 + length, display: false, end: at + length + 2 });
    }
    if let Some(body) = rest.strip_prefix("\\boxed{") {
        let end = at + "\\boxed{".len() + closing_brace(body)? + 1;
        return Some(Span { content: at..end, display: false, end });
    }
    let (name, _) = rest.strip_prefix("\\begin{")?.split_once('}')?;
    let close = format!("\\end{{{name}}}");
    let end = at + rest.find(&close)? + close.len();
    Some(Span { content: at..end, display: true, end })
}

fn closing_dollar(body: &str) -> Option<usize> {
    if body.starts_with([' ', '\n', '$']) {
        return None;
    }
    let bytes = body.as_bytes();
    let mut command = false;
    let mut at = 0;
    while at < bytes.len().min(LONGEST) {
        match bytes[at] {
            b'\\' => {
                command |= bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
                at += 1;
            }
            b'$' if (command || !bytes[at - 1].is_ascii_whitespace())
                && !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) =>
            {
                return Some(at);
            }
            b'\n' if bytes.get(at + 1) == Some(&b'\n') => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

fn closing_brace(body: &str) -> Option<usize> {
    let mut depth = 1;
    let mut escaped = false;
    for (at, c) in body.char_indices().take(LONGEST) {
        match c {
            '{' if !escaped => depth += 1,
            '}' if !escaped => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// The formula as MathML, else its source.
pub(super) fn render(latex: &str, display: bool) -> String {
    mathml(latex, display).unwrap_or_else(|| format!("<code class=\"tex\">{}</code>", escape(latex.trim())))
}

fn mathml(latex: &str, display: bool) -> Option<String> {
    if latex.len() > LONGEST || depth(latex) > DEEPEST || defines_macros(latex) {
        return None;
    }
    let source = marked(latex);
    let markup = if source.matches('\\').count() <= COMMANDS_HERE {
        // The parser is young and its input hostile: should it panic, the source is shown.
        catch_unwind(AssertUnwindSafe(|| convert(&source, display))).ok()??
    } else {
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread.spawn(move || convert(&source, display)).ok()?.join().ok()??
    };
    checked(&unmasked(&markup))
}

fn convert(latex: &str, display: bool) -> Option<String> {
    let storage = Storage::new();
    let events: Result<Vec<Event>, _> = Parser::new(latex, &storage).take(MOST_EVENTS).collect();
    let events = events.ok().filter(|events| events.len() < MOST_EVENTS)?;
    let display_mode = if display { DisplayMode::Block } else { DisplayMode::Inline };
    let config = RenderConfig { display_mode, ..RenderConfig::default() };
    let mut markup = String::new();
    let events = events.into_iter().map(Ok::<_, std::convert::Infallible>);
    push_mathml(&mut markup, events, config).ok()?;
    Some(markup)
}

/// How deep the braces nest.
fn depth(latex: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in latex.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Macros could double each other; no formula worth showing needs them.
fn defines_macros(latex: &str) -> bool {
    ["def", "let", "newcommand", "renewcommand", "providecommand"].iter().any(|name| latex.contains(name))
}

// What the parser cannot read or the renderer cannot write is marked by private characters, which become markup afterwards. `\boxed`
// is unknown, and MathML Core has no frame, so a box is a row with a class. A `<` would be written as it is (pulldown-latex 0.8.0).
const BOX: char = '\u{e0b0}';
const END: char = '\u{e0b1}';
const LESS: char = '\u{e0b2}';

/// Commands the parser does not know, with one that means nearly the same.
const ALIASES: [(&str, &str); 4] =
    [("mbox", "text"), ("textnormal", "text"), ("emph", "textit"), ("bold", "mathbf")];

fn marked(latex: &str) -> String {
    let latex = unmarked(latex).replace('<', &LESS.to_string());
    with_box_marks(&ALIASES.iter().fold(latex, |latex, (name, known)| renamed(&latex, name, known)))
}

/// Every `\name` that is not the beginning of a longer name as `\known`.
fn renamed(latex: &str, name: &str, known: &str) -> String {
    let command = format!("\\{name}");
    let mut pieces = latex.split(command.as_str());
    let mut text = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let longer = piece.starts_with(|c: char| c.is_ascii_alphabetic());
        text += &format!("\\{}{piece}", if longer { name } else { known });
    }
    text
}

fn with_box_marks(latex: &str) -> String {
    let mut marked = String::new();
    let mut rest = latex;
    while let Some((before, after)) = rest.split_once("\\boxed{") {
        let Some(length) = closing_brace(after) else { break };
        marked += &format!("{before}{{{BOX}{{{}}}{END}}}", with_box_marks(&after[..length]));
        rest = &after[length + 1..];
    }
    marked + rest
}

fn unmarked(text: &str) -> String {
    text.replace([BOX, END, LESS], "\u{fffd}")
}

/// Marks as what they stand for.
fn unmasked(markup: &str) -> String {
    let open = markup.replace(&format!("<mi>{BOX}</mi>"), "<mrow class=\"boxed\">");
    let closed = open.replace(&format!("<mi>{END}</mi>"), "</mrow>");
    closed.replace(&format!("<mi>{LESS}</mi>"), "<mo>&lt;</mo>").replace(LESS, "&lt;")
}

const ELEMENTS: [&str; 21] = [
    "math",
    "mrow",
    "mi",
    "mn",
    "mo",
    "ms",
    "mtext",
    "mspace",
    "mfrac",
    "msqrt",
    "mroot",
    "msub",
    "msup",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mtable",
    "mtr",
    "mtd",
    "mpadded",
];
const MORE_ELEMENTS: [&str; 4] = ["mstyle", "mphantom", "mmultiscripts", "mprescripts"];
const ATTRIBUTES: [&str; 24] = [
    "display",
    "displaystyle",
    "scriptlevel",
    "mathvariant",
    "stretchy",
    "symmetric",
    "fence",
    "separator",
    "form",
    "lspace",
    "rspace",
    "minsize",
    "maxsize",
    "largeop",
    "movablelimits",
    "linethickness",
    "width",
    "height",
    "depth",
    "voffset",
    "accent",
    "accentunder",
    "columnspan",
    "class",
];

/// The markup again, made only of elements and attributes we know, with every element closed; nothing if that cannot be said of it.
/// `style` is dropped: the page's policy ignores it anyway.
fn checked(markup: &str) -> Option<String> {
    let mut safe = String::with_capacity(markup.len());
    let mut open: Vec<&str> = Vec::new();
    let mut rest = markup;
    while let Some((text, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>')?;
        safe += text;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop()? != name {
                return None;
            }
            safe += &format!("</{name}>");
        } else {
            let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            if !ELEMENTS.contains(&name) && !MORE_ELEMENTS.contains(&name) {
                return None;
            }
            safe += &format!("<{name}{}>", checked_attributes(attributes)?);
            if empty {
                safe += &format!("</{name}>");
            } else {
                open.push(name);
            }
        }
        rest = after;
    }
    (open.is_empty() && rest.trim().is_empty() && safe.starts_with("<math")).then_some(safe)
}

fn checked_attributes(attributes: &str) -> Option<String> {
    let mut safe = String::new();
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"")?;
        let (value, after) = value.split_once('"')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || " .-_%+".contains(c);
        match name {
            "style" => {}
            _ if ATTRIBUTES.contains(&name) && value.chars().all(plain) => {
                safe += &format!(" {name}=\"{value}\"")
            }
            _ => return None,
        }
        rest = after.trim_start();
    }
    Some(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_mathml() {
        let check = |latex: &str, expected: &str| {
            let got = render(latex, false);
            assert!(got.starts_with("<math") && got.contains(expected), "{latex}: {got}");
        };
        check(r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>");
        check(r"x^2 + 1", "<msup><mi>x</mi><mn>2</mn></msup>");
        check(r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "<mtable");
        check(r"x = \boxed{\frac{1}{2}}", "<mrow class=\"boxed\"><mrow><mfrac>");
        check(r"\$80", "80");
        check("a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>");
        check(r"\text{if } a<b \text{ or <b>}", "&lt;b");
        check(r"\mbox{foot} \bold{v} \boldsymbol{w}", "foot");
    }

    #[test]
    fn what_cannot_be_rendered_is_shown_as_written() {
        let check = |latex: &str| {
            assert!(
                render(latex, false).starts_with("<code class=\"tex\">"),
                "{latex}: {}",
                render(latex, false)
            )
        };
        check(r"\unknowncommand{x}");
        check(r"{x");
        check(r"\def\a{\b\b}\a");
        check(&"x".repeat(LONGEST + 1));
        check(r"\boxed{x^}");
    }

    #[test]
    fn hostile_formulas_are_neither_markup_nor_a_crash() {
        for latex in [
            r"\text{<script>alert(1)</script>}",
            r"\text{</mtext></math><img src=x onerror=alert(1)>}",
            r"<img>",
            "\u{e0b0}\u{e0b1}",
            r"\href{javascript:alert(1)}{x}",
            r"\color{red;background:url(x)}x",
            &r"\sqrt".repeat(790),
            &r"\hat ".repeat(790),
            &r"\frac 1".repeat(550),
            &"{".repeat(3000),
            &r"\left(".repeat(600),
            &r"\frac".repeat(700),
            &"^".repeat(3000),
            &r"\begin{matrix}".repeat(250),
        ] {
            let html = render(latex, true);
            let lower = html.to_lowercase();
            assert!(
                !lower.contains("<script") && !lower.contains("<img") && !lower.contains("href="),
                "{html}"
            );
            assert!(!html.contains("style="), "{html}");
        }
    }

    #[test]
    fn markup_we_do_not_know_is_refused() {
        let check = |markup: &str, expected: Option<&str>| {
            assert_eq!(checked(markup).as_deref(), expected, "{markup}")
        };
        check(
            "<math><mi style=\"x:y\" class=\"a\">x</mi></math>",
            Some("<math><mi class=\"a\">x</mi></math>"),
        );
        check("<math><mspace width=\"1em\"/></math>", Some("<math><mspace width=\"1em\"></mspace></math>"));
        check("<math><script>x</script></math>", None);
        check("<math><mi onclick=\"x\">x</mi></math>", None);
        check("<math><mi class=\"a:b\">x</mi></math>", None);
        check("<math><mrow></math></mrow>", None);
        check("<math><mrow>", None);
        check("text", None);
    }

    #[test]
    fn formulas_of_real_problems_are_rendered() {
        use crate::dataset::{Selection, select};
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
        if !folder.is_dir() {
            eprintln!("skipped: no real data sets in {}", folder.display());
            return;
        }
        let wanted = Selection { dataset: "math500".into(), ..Selection::default() };
        let (mut rendered, mut shown) = (0, 0);
        for problem in select(&wanted, &folder).unwrap().problems {
            let html = super::super::text::prose(
                &(problem.problem + "\n\n" + &problem.solution.unwrap_or_default()),
            );
            rendered += html.matches("<math").count();
            shown += html.matches("class=\"tex\"").count();
        }
        // 5833 and 21 with pulldown-latex 0.8.0.
        assert!(rendered > 5000 && shown * 100 < rendered, "{rendered} formulas rendered, {shown} not");
    }
}
