//! Words of our own instructions in what a model wrote: small models repeat what they were told.

use super::check::{Finding, Kind};

/// So many words in a row are not written by chance.
const RUN: usize = 8;

/// The first place where a text repeats its instructions, which are a prompt whose fields are not filled in.
pub(super) fn echoed(instructions: &str, text: &str) -> Option<Finding> {
    let told: Vec<&str> = words(instructions).map(|(_, word)| word).collect();
    let said: Vec<(usize, &str)> = words(text).collect();
    let runs: Vec<&[&str]> =
        told.windows(RUN).filter(|run| !run.iter().any(|word| word.contains("{{"))).collect();
    let at = said.windows(RUN).position(|here| {
        runs.iter().any(|run| run.iter().zip(here).all(|(told, (_, said))| told.eq_ignore_ascii_case(said)))
    })?;
    let (start, last) = (said[at].0, said[at + RUN - 1]);
    let message = "it repeats its instructions: write mathematics only".to_owned();
    Some(Finding { kind: Kind::ToolTalk, start, end: last.0 + last.1.len(), message })
}

/// Words with where they begin, without the signs around them.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split_whitespace()
        .map(|word| word.trim_matches(|c: char| matches!(c, '.' | ',' | ':' | ';' | '*' | '"')))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - start, word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::Prompts;

    #[test]
    fn instructions_that_are_repeated_are_found() {
        let known = Prompts::default().render("translate_known", &[]);
        let leak = "So there are 4 coins. As a mathematics teacher, write this computation out by hand in at most six short sentences.";
        let found = echoed(&known, leak).unwrap();
        assert!(
            leak[found.start..].starts_with("As a mathematics teacher") && leak.is_char_boundary(found.end)
        );
        for text in
            ["", "As a mathematics teacher knows, 2 + 2 = 4.", "The result is 4, and the steps are few."]
        {
            assert_eq!(echoed(&known, text), None, "{text}");
        }
        let problem = Prompts::default().render(
            "translate_known",
            &[("problem", "How many coins of the same kind does she get in all then?")],
        );
        assert_eq!(echoed(&known, &problem[..20]), None, "what was filled in is no instruction");
    }
}
