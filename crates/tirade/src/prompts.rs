//! Prompts are files, in `prompts/`; what was said to a model is named by the hash of its text.

use std::collections::BTreeMap;

use crate::hash::digest;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../prompts/", $name, ".md")))),*] };
}

/// The prompts that come with tirade: (name, text).
const EMBEDDED: &[(&str, &str)] = embedded![
    "act",
    "fenced_tools",
    "judge",
    "next",
    "plan",
    "repair",
    "rephrase",
    "solve_fenced",
    "solve_native",
    "solve_plain",
    "translate_call",
    "translate_code",
    "translate_known",
    "try_again",
    "wrap_up",
];

/// The prompts of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompts {
    texts: BTreeMap<String, String>,
}

impl Default for Prompts {
    fn default() -> Self {
        let own = |&(name, text): &(&str, &str)| (name.to_owned(), text.trim_end().to_owned());
        Self { texts: EMBEDDED.iter().map(own).collect() }
    }
}

impl Prompts {
    /// Replaces one prompt by the user's own text.
    ///
    /// # Errors
    /// The list of names, when there is no prompt of that name.
    pub fn replace(&mut self, name: &str, text: &str) -> Result<(), String> {
        match self.texts.get_mut(name) {
            Some(slot) => {
                *slot = text.trim_end().to_owned();
                Ok(())
            }
            None => {
                let names: Vec<&str> = self.texts.keys().map(String::as_str).collect();
                Err(format!("there is no prompt {name:?}; prompts are {}", names.join(", ")))
            }
        }
    }

    /// The text of a prompt with every `{{field}}` replaced. What is put in is not read for fields again: it may be hostile.
    ///
    /// # Panics
    /// When this program asks for a prompt that does not exist.
    pub fn render(&self, name: &str, fields: &[(&str, &str)]) -> String {
        let mut rest = self.texts.get(name).expect("prompts are asked for by names from this crate").as_str();
        let mut text = String::with_capacity(rest.len() + 256);
        while let Some(start) = rest.find("{{") {
            let Some(length) = rest[start..].find("}}") else { break };
            let field = rest[start + 2..start + length].trim();
            text.push_str(&rest[..start]);
            match fields.iter().find(|(name, _)| *name == field) {
                Some((_, value)) => text.push_str(value),
                None => text.push_str(&rest[start..start + length + 2]),
            }
            rest = &rest[start + length + 2..];
        }
        text.push_str(rest);
        text
    }

    /// Name and hash of each of the named prompts, for the configuration of a run.
    pub fn hashes(&self, names: &[&str]) -> BTreeMap<String, String> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), digest(&[&self.texts[*name]])[..12].to_owned()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_replaced_once() {
        let mut prompts = Prompts::default();
        prompts.replace("next", "a {{x}} b {{ y }} c {{unknown}} d {{").unwrap();
        assert_eq!(prompts.render("next", &[("x", "{{y}}"), ("y", "2")]), "a {{y}} b 2 c {{unknown}} d {{");
    }

    #[test]
    fn an_unknown_prompt_is_refused_with_the_names() {
        let message = Prompts::default().replace("nxt", "").unwrap_err();
        assert!(message.contains("\"nxt\"") && message.contains("wrap_up"), "{message}");
    }
}
