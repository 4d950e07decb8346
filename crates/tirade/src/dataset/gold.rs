//! The gold answer of a row, out of the shapes in which data sets write it.
//!
//! MATH keeps it in the last `\boxed{}` of the worked solution, GSM8K after `####`, AIME and AMC as a number that may be a float.
//! Only the outside is taken off; what an answer means is for `tirade_math` to say.

/// What the last balanced `\boxed{…}` (or `\fbox{…}`) of `text` contains, also where it is empty; `\boxed 7$` counts as `7`.
///
/// "Last" is by where the box starts, so of nested boxes the inner one is taken. One pass, linear in the text.
pub fn last_boxed(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    // For each open brace: where the content starts, if the brace belongs to a box.
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut last: Option<(usize, usize)> = None;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => match box_at(text, at) {
                Some(Box::Braced { content }) => {
                    open.push(Some(content));
                    at = content;
                }
                Some(Box::Bare { start, end }) => {
                    last = last.max(Some((start, end)));
                    at = start;
                }
                // An escaped brace is a character of the mathematics, not a group.
                None => at += 2,
            },
            b'{' => {
                open.push(None);
                at += 1;
            }
            b'}' => {
                if let Some(Some(start)) = open.pop() {
                    last = last.max(Some((start, at)));
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    last.map(|(start, end)| text[start..end].trim())
}

enum Box {
    Braced { content: usize },
    Bare { start: usize, end: usize },
}

/// The box whose backslash is at `at`.
fn box_at(text: &str, at: usize) -> Option<Box> {
    let after = ["\\boxed", "\\fbox"].iter().find_map(|name| text[at..].strip_prefix(name))?;
    let rest = after.trim_start_matches([' ', '\t', '\n', '\r']);
    let start = text.len() - rest.len();
    match rest.chars().next()? {
        '{' => Some(Box::Braced { content: start + 1 }),
        letter if letter.is_ascii_alphabetic() && rest.len() == after.len() => None, // \boxedfoo is another macro
        '$' | '}' => None,
        _ => Some(Box::Bare { start, end: start + rest.find(['$', '\n', '}']).unwrap_or(rest.len()) }),
    }
}

/// What GSM8K writes after the last `####`, without thousands separators: `#### 1,080` is `1080`.
pub(super) fn after_hashes(text: &str) -> Option<String> {
    let (_, tail) = text.rsplit_once("####")?;
    let line = tail.trim().lines().next().unwrap_or("").trim();
    let bare = line.replace(',', "");
    let is_number = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.'));
    Some(if is_number { bare } else { line.to_owned() })
}

/// A worked solution without what GSM8K adds for machines: calculator annotations `<<48/2=24>>` and the `#### 72` at the end.
/// Text without `####` is left as it is.
pub(super) fn clean_solution(text: &str) -> String {
    let Some((worked, _)) = text.rsplit_once("####") else { return text.trim().to_owned() };
    let mut clean = String::with_capacity(worked.len());
    let mut rest = worked;
    while let Some((before, after)) = rest.split_once("<<") {
        let Some((_, tail)) = after.split_once(">>") else { break };
        clean.push_str(before);
        rest = tail;
    }
    clean.push_str(rest);
    clean.trim().to_owned()
}

/// An answer as given in an answer field, bare: the gold of a whole solution, `$…$` taken off, and `3159.0` as `3159`.
pub(crate) fn bare_answer(text: &str) -> String {
    let text = text.trim();
    if let Some(gold) = after_hashes(text) {
        return gold;
    }
    if let Some(boxed) = last_boxed(text) {
        return boxed.to_owned();
    }
    let inside = text.strip_prefix('$').and_then(|t| t.strip_suffix('$')).filter(|t| !t.contains('$'));
    let text = inside.unwrap_or(text).trim();
    whole_float(text).unwrap_or(text).to_owned()
}

/// `3159` of `3159.0`. AMC answers are stored as floats; `10.00` is a price and stays.
fn whole_float(text: &str) -> Option<&str> {
    let whole = text.strip_suffix(".0")?;
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_boxed_takes_the_last_balanced_box() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(last_boxed(text), expected, "{text}");
        check(r"so $\boxed{72}$.", Some("72"));
        check(r"\boxed{1} then \boxed{\frac{1}{2}}", Some(r"\frac{1}{2}"));
        check(r"\boxed{\left\{1, 2\right.}", Some(r"\left\{1, 2\right."));
        check(r"\boxed{\{1,2\}}", Some(r"\{1,2\}"));
        check(r"\boxed{a \\}", Some(r"a \\"));
        check(r"\boxed{\boxed{3}}", Some("3"));
        check(r"first \boxed{5}, cut off \boxed{\frac{1}{2", Some("5"));
        check(r"$\boxed {9}$", Some("9"));
        check(r"$\boxed 9$ units", Some("9"));
        check(r"$\boxed9$", Some("9"));
        check(r"\fbox{E}", Some("E"));
        check(r"there are $\boxed{}$ primes", Some(""));
        check(r"\boxed{\text{(é)}}", Some(r"\text{(é)}"));
        check(r"\boxedfoo{1}", None);
        check(r"ends in \boxed", None);
        check("no box", None);
        check("} } \\", None);
    }

    #[test]
    fn last_boxed_is_linear_on_hostile_text() {
        let text = r"\boxed{".repeat(200_000);
        assert_eq!(last_boxed(&text), None);
    }

    #[test]
    fn answers_become_bare() {
        let check = |text: &str, expected: &str| assert_eq!(bare_answer(text), expected, "{text}");
        check("3159.0", "3159");
        check("-2.0", "-2");
        check("10.00", "10.00");
        check(".0", ".0");
        check("48.05", "48.05");
        check(r"$\frac{1}{2}$", r"\frac{1}{2}");
        check("$18", "$18");
        check("$a$ and $b$", "$a$ and $b$");
        check("  72 ", "72");
        check("She has <<1+1=2>>2.\n#### 1,080", "1080");
        check("#### 3/4", "3/4");
        check(r"Hence \boxed{x^2}.", "x^2");
    }

    #[test]
    fn gsm8k_solutions_lose_their_annotations() {
        let text = "Natalia sold 48/2 = <<48/2=24>>24 clips.\nIn all 48+24 = <<48+24=72>>72.\n#### 72";
        assert_eq!(clean_solution(text), "Natalia sold 48/2 = 24 clips.\nIn all 48+24 = 72.");
        assert_eq!(clean_solution("2 << 3 is true"), "2 << 3 is true");
        assert_eq!(clean_solution("open << only #### 1"), "open << only");
    }
}
