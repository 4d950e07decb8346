//! Where the formulas of a text are: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and displayed environments.

use std::ops::Range;

/// One formula: the bytes between its delimiters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula {
    /// Without the delimiters.
    pub inside: Range<usize>,
    /// With the delimiters.
    pub outside: Range<usize>,
    /// Set apart on lines of its own.
    pub display: bool,
}

/// Environments that are displays by themselves.
const DISPLAYS: [&str; 6] = ["align", "gather", "equation", "eqnarray", "multline", "alignat"];
/// Longer formulas are not read.
const LONGEST: usize = 6_000;

/// All formulas in order. Drawings (`[asy]…[/asy]`) are skipped, amounts of money are no delimiters.
pub fn formulas(text: &str) -> Vec<Formula> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let mut at = 0;
    while let Some(step) = text[at..].find(['$', '\\', '[']) {
        let start = at + step;
        match formula_at(text, start, &mut missing) {
            Some(formula) => {
                at = formula.outside.end;
                if !formula.inside.is_empty() && formula.inside.len() <= LONGEST {
                    found.push(formula);
                }
            }
            None => at = start + skipped(&text[start..]),
        }
    }
    found
}

/// Where `close` is next; what is missing once is not looked for again, so that hostile texts take no longer.
fn closing(text: &str, from: usize, close: &str, missing: &mut Vec<String>) -> Option<usize> {
    if missing.iter().any(|m| m == close) {
        return None;
    }
    let found = text[from..].find(close);
    if found.is_none() {
        missing.push(close.to_string());
    }
    found.map(|at| from + at)
}

/// How much of the text a `$`, `\` or `[` that opens no formula takes up.
fn skipped(rest: &str) -> usize {
    if rest.starts_with("[asy]") {
        return rest.find("[/asy]").map_or(rest.len(), |end| end + "[/asy]".len());
    }
    // an escaped character, so that `\\[2pt]` and `\$` open nothing
    match rest.as_bytes() {
        [b'\\', b'\\' | b'$', ..] => 2,
        _ => 1,
    }
}

fn formula_at(text: &str, start: usize, missing: &mut Vec<String>) -> Option<Formula> {
    let rest = &text[start..];
    let (open, close, display) = if rest.starts_with("$$") {
        (2, "$$", true)
    } else if rest.starts_with('$') {
        return dollars(text, start);
    } else if rest.starts_with("\\[") {
        (2, "\\]", true)
    } else if rest.starts_with("\\(") {
        (2, "\\)", false)
    } else {
        return environment(text, start, missing);
    };
    let inside = start + open;
    let end = closing(text, inside, close, missing)?;
    Some(Formula { inside: inside..end, outside: start..end + close.len(), display })
}

/// `\begin{align*} … \end{align*}` as a whole; the splitter knows its rows.
fn environment(text: &str, start: usize, missing: &mut Vec<String>) -> Option<Formula> {
    let name = text[start..].strip_prefix("\\begin{")?;
    let name = &name[..name.bytes().take(20).position(|b| b == b'}')?];
    if !DISPLAYS.contains(&name.trim_end_matches('*')) {
        return None;
    }
    let close = format!("\\end{{{name}}}");
    let end = closing(text, start, &close, missing)? + close.len();
    Some(Formula { inside: start..end, outside: start..end, display: true })
}

/// `$…$`, unless the dollar signs are amounts of money.
fn dollars(text: &str, start: usize) -> Option<Formula> {
    let inside = start + 1;
    let bytes = text.as_bytes();
    let mut end = inside;
    loop {
        end += text[end..].find(['$', '\n'])?;
        if end - inside > LONGEST || text[end..].starts_with("\n\n") {
            return None;
        }
        if bytes[end] == b'$' && bytes[end - 1] != b'\\' {
            break;
        }
        end += 1;
    }
    let content = &text[inside..end];
    if is_prose(content) || is_money(content, bytes.get(end + 1).copied()) {
        return None;
    }
    Some(Formula { inside: inside..end, outside: start..end + 1, display: false })
}

/// `$5 x 4 = $20`: an amount, and the sign of the next one.
fn is_money(content: &str, next: Option<u8>) -> bool {
    let amount = content.starts_with(|c: char| c.is_ascii_digit());
    let closes = !content.ends_with([' ', '\n', '(', '=', '+', '-', '*', '/']);
    amount && (!closes || next.is_some_and(|b| b.is_ascii_digit()))
}

/// Two words in a row that are not the argument of a command, or the calculator marks of GSM8K.
fn is_prose(content: &str) -> bool {
    let mut depth = 0usize;
    let mut words = 0;
    for word in content.split_inclusive(|c: char| c.is_whitespace() || c == '{' || c == '}') {
        let bare = word.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | '.'));
        let is_word =
            depth == 0 && bare.len() >= 3 && bare.bytes().all(|b| b.is_ascii_alphabetic() || b == b'\'');
        if is_word && bare.bytes().any(|b| b.is_ascii_lowercase()) {
            words += 1;
        } else if !bare.is_empty() {
            words = 0;
        }
        if words >= 2 {
            return true;
        }
        match word.as_bytes().last() {
            Some(b'{') => depth += 1,
            Some(b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    content.contains("<<")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = formulas(text).into_iter().map(|f| &text[f.inside]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn formulas_are_found() {
        check(r"a $1+1$ b \[2\] c \(3\) d $$4$$ e", &["1+1", "2", "3", "4"]);
        check(r"a \begin{align*} x &= 1 \end{align*} b", &[r"\begin{align*} x &= 1 \end{align*}"]);
        check(r"$\text{three words in text} = 3$", &[r"\text{three words in text} = 3"]);
        check(r"\[a\\[2pt] b\] and $c$", &[r"a\\[2pt] b", "c"]);
    }

    #[test]
    fn money_is_no_formula() {
        check("He has $5 and she has $6, so $11 in all.", &[]);
        check("It costs $0.2 x 50 = $10 or $5*2=$10.", &[]);
        check(r"for \$5 and $x$", &["x"]);
        check("unclosed $x + 1", &[]);
    }

    #[test]
    fn drawings_are_skipped() {
        check("[asy] draw((0,0)--$x$); [/asy] $y$", &["y"]);
    }
}
