//! JSON as models write it: with raw line breaks in strings, LaTeX backslashes, trailing commas and Python's constants.

use serde_json::Value;

/// Reads one value from the start of `text`, mending what is surely meant; what follows the value is ignored.
pub fn read(text: &str) -> Option<Value> {
    match first_value(text) {
        // `\frac` and `\beta` are valid JSON, but nobody means a form feed or a backspace.
        Some(value) if !text.contains("\\f") && !text.contains("\\b") => Some(value),
        strict => first_value(&mended(text)).or(strict),
    }
}

fn first_value(text: &str) -> Option<Value> {
    serde_json::Deserializer::from_str(text).into_iter().next()?.ok()
}

/// The string value after the key as it is written in broken JSON: `"name": "add"` gives `add`.
pub fn string_after(text: &str, key: &str) -> Option<String> {
    let rest = text[text.find(key)? + key.len()..].trim_start().strip_prefix(':')?;
    let rest = rest.trim_start().strip_prefix('"')?;
    Some(rest[..rest.find('"')?].to_owned())
}

/// The text with its usual mistakes mended. Each step looks at a few characters, so the time is linear.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let (written, read) = if in_string { inside_string(rest, c) } else { outside_string(rest, c) };
        in_string ^= c == '"';
        out.push_str(&written);
        rest = &rest[read..];
    }
    out
}

/// What to write for the start of `rest`, and how much of it that was.
fn inside_string(rest: &str, c: char) -> (String, usize) {
    match c {
        '\\' => escape(rest),
        '\n' => ("\\n".into(), 1),
        '\r' => ("\\r".into(), 1),
        '\t' => ("\\t".into(), 1),
        c => (c.to_string(), c.len_utf8()),
    }
}

/// Keeps what is an escape and doubles the backslash of what is LaTeX.
fn escape(rest: &str) -> (String, usize) {
    let mut following = rest[1..].chars();
    let Some(kind) = following.next() else { return ("\\\\".into(), 1) };
    let letters = following.clone().take(4).filter(char::is_ascii_alphabetic).count();
    let keeps = match kind {
        '"' | '\\' | '/' | 'n' | 'r' | 't' => true,
        'u' => following.take(4).filter(char::is_ascii_hexdigit).count() == 4,
        'b' | 'f' => letters == 0,
        _ => false,
    };
    if keeps { (format!("\\{kind}"), 1 + kind.len_utf8()) } else { ("\\\\".into(), 1) }
}

fn outside_string(rest: &str, c: char) -> (String, usize) {
    if c == ',' && rest[1..].trim_start().starts_with(['}', ']']) {
        return (String::new(), 1);
    }
    for (python, json) in [("True", "true"), ("False", "false"), ("None", "null")] {
        if rest.starts_with(python) {
            return (json.into(), python.len());
        }
    }
    (c.to_string(), c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn usual_mistakes_are_mended() {
        let cases = [
            (r#"{"a": 1} and more"#, Some(json!({"a": 1}))),
            (r#"{"a": [1, 2,], "b": 3, }"#, Some(json!({"a": [1, 2], "b": 3}))),
            (r#"{"a": True, "b": None, "c": "True"}"#, Some(json!({"a": true, "b": null, "c": "True"}))),
            ("{\"code\": \"x = 1\nprint(x)\"}", Some(json!({"code": "x = 1\nprint(x)"}))),
            (
                r#"{"e": "\frac{1}{2} + \beta \cdot \sqrt{2}"}"#,
                Some(json!({"e": r"\frac{1}{2} + \beta \cdot \sqrt{2}"})),
            ),
            (r#"{"e": "\\frac{1}{2}\n"}"#, Some(json!({"e": "\\frac{1}{2}\n"}))),
            (r#"{"e": "A"}"#, Some(json!({"e": "A"}))),
            (r#"{"e": "\upsilon \"q\" é"}"#, Some(json!({"e": "\\upsilon \"q\" é"}))),
            (r#"{"a": "#, None),
            (r#"{"a": "x\"#, None),
            ("hello", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn deep_nesting_ends_in_an_error() {
        assert_eq!(read(&"[".repeat(1_000_000)), None);
        assert_eq!(read(&"{\"a\":".repeat(200_000)), None);
    }

    #[test]
    fn a_name_is_found_in_broken_json() {
        assert_eq!(string_after(r#"{"name" : "add", "arguments": {oops"#, "\"name\""), Some("add".into()));
        assert_eq!(string_after(r#"{"name": add}"#, "\"name\""), None);
    }
}
