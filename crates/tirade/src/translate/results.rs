//! What a tool returned, as mathematics: JSON and Python's notation of tuples, lists, dictionaries and floats taken off.

use serde_json::Value;

/// The result itself: `{"result": "21"}` is `21`, a list of one is its member, other printed output is itself.
pub fn bare_result(content: &str) -> String {
    let inner = match serde_json::from_str::<Value>(content) {
        Ok(Value::Object(object)) => match object.get("result") {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => content.to_owned(),
        },
        _ => content.to_owned(),
    };
    let inner = inner.trim();
    // Python shows the one solution of an equation as a list of one.
    match inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(only) if !only.is_empty() && !only.contains([',', '[', ']']) => only.trim().to_owned(),
        _ => inner.to_owned(),
    }
}

/// Whether a call printed nothing: what the tool says then is for the solver alone.
pub fn says_nothing(content: &str) -> bool {
    let bare = bare_result(content);
    bare.is_empty() || bare.starts_with("(no output")
}

/// Ways in which a mathematician might write the result, the likeliest first: the result itself; without brackets; floats as the numbers they
/// stand for; the last line of several, without the words before its number.
pub fn readings(result: &str) -> Vec<String> {
    let mut found = vec![result.trim().to_owned()];
    let mut add = |text: String| {
        let text = text.trim().to_owned();
        if !text.is_empty() && !found.contains(&text) {
            found.push(text);
        }
    };
    let plain = without_noise(result.trim());
    add(plain.clone());
    add(unbracketed(&plain));
    add(without_noise(&values_of(&plain)));
    if let Some(last) = plain.lines().rfind(|line| !line.trim().is_empty()) {
        add(last.to_owned());
        add(unbracketed(last.trim()));
        if let Some((_, value)) = last.rsplit_once([':', '=']) {
            add(unbracketed(value.trim()));
        }
        if let Some(word) = last
            .split_whitespace()
            .rev()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
        {
            add(word.trim_end_matches(['.', ',']).to_owned());
        }
    }
    found
}

/// More values than these are a table to look something up in.
const MOST_MEMBERS: usize = 8;

/// The values of a tuple, list or dictionary of a few, from which a solver takes one: `(21, 48)` has 21 and 48. A nested one has none.
pub fn members(result: &str) -> Vec<String> {
    let plain = without_noise(result.trim());
    let flat = unbracketed(&values_of(&plain));
    let inside = flat.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(&flat);
    let parts: Vec<String> = inside.split(',').map(|part| part.trim().to_owned()).collect();
    let fits = (2..=MOST_MEMBERS).contains(&parts.len()) && !inside.contains(['(', '[', '{', '\n']);
    if fits && inside != plain { parts } else { Vec::new() }
}

/// `[1, 2]` is `1, 2`; `[(1, 2)]` is `(1, 2)`.
fn unbracketed(text: &str) -> String {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.trim().to_owned(),
        None => text.to_owned(),
    }
}

/// `{x: 2, y: 3}` is `(2, 3)`; other text is itself.
fn values_of(text: &str) -> String {
    let inside = unbracketed(text);
    let Some(inside) = inside.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return text.to_owned();
    };
    let values: Vec<&str> =
        inside.split(',').filter_map(|pair| Some(pair.split_once(':')?.1.trim())).collect();
    match values.as_slice() {
        [] => text.to_owned(),
        [one] => (*one).to_owned(),
        several => format!("({})", several.join(", ")),
    }
}

/// Every float by the number it stands for: `6.00000000000000` is `6`, `7480.000000000001` is `7480`, `0.5` stays.
pub fn without_noise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let length =
            rest[start..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len() - start);
        let (before, number) = (&rest[..start], &rest[start..start + length]);
        out.push_str(before);
        out.push_str(&float(number));
        rest = &rest[start + length..];
    }
    out + rest
}

fn float(text: &str) -> String {
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    match text.parse::<f64>() {
        Ok(value) if places > 0 && value.abs() < 1e15 && (value - value.round()).abs() < 1e-9 => {
            format!("{value:.0}")
        }
        Ok(value) if places > 9 => {
            let short = format!("{value:.8}");
            let short = short.trim_end_matches('0');
            // A third stays as long as it is: it is no short decimal.
            if short.len() + 3 < text.len() && short.len() < 9 { short.to_owned() } else { text.to_owned() }
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_without_their_wrapping() {
        for (content, expected) in [
            (r#"{"result": "x + 1"}"#, "x + 1"),
            (r#"{"result": [1, 2]}"#, "[1,2]"),
            ("42\n", "42"),
            ("7", "7"),
            ("[3]", "3"),
        ] {
            assert_eq!(bare_result(content), expected);
        }
    }

    #[test]
    fn floats_are_the_numbers_they_stand_for() {
        for (text, expected) in [
            ("6.00000000000000", "6"),
            ("7480.000000000001", "7480"),
            ("0.30000000000000004", "0.3"),
            ("0.5", "0.5"),
            ("66.66666666666667", "66.66666666666667"),
            ("(2.0, 3)", "(2, 3)"),
        ] {
            assert_eq!(without_noise(text), expected);
        }
    }

    #[test]
    fn a_few_values_are_members() {
        for (result, expected) in [
            ("(21, 48.0)", &["21", "48"][..]),
            ("[2, 3]", &["2", "3"]),
            ("{a: 28.0000000000000, c: 48.0000000000000}", &["28", "48"]),
            ("[{a: 1, c: 2}]", &["1", "2"]),
            ("1, 2", &[]),
            ("42", &[]),
            ("[(1, 2), (3, 4)]", &[]),
            ("[1, 2, 3, 4, 5, 6, 7, 8, 9]", &[]),
        ] {
            assert_eq!(members(result), expected, "{result}");
        }
    }

    #[test]
    fn a_result_has_several_readings() {
        for (result, expected) in [
            ("[2, 3]", "2, 3"),
            ("[(3, 4)]", "(3, 4)"),
            ("{x: 2, y: 3}", "(2, 3)"),
            ("Total: 5\nThe area is 12.0", "12"),
            ("[{x: 6.00000000000000}]", "6"),
            ("x = 4", "4"),
        ] {
            assert!(readings(result).contains(&expected.to_owned()), "{result}: {:?}", readings(result));
        }
    }
}
