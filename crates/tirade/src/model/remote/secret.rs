//! API keys, which must never be printed, stored or sent to anybody but their server.

use std::collections::BTreeMap;
use std::fmt;

use super::provider::PROVIDERS;

/// The environment variable with the key for servers named by URL. It is not one of the providers' variables, so that their keys
/// are never sent to another host.
pub const SERVER_KEY_VARIABLE: &str = "TIRADE_SERVER_KEY";

/// A key. It prints as `[key]` and cannot be serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into().trim().to_owned())
    }

    /// For the one header that needs it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// The text with every occurrence of the key replaced: servers repeat keys in their errors.
    pub fn scrub(&self, text: String) -> String {
        // A key of a few letters ("none", "x") is a placeholder for servers that want none, and would be found in any text.
        if self.0.len() < 8 || !text.contains(&self.0) { text } else { text.replace(&self.0, "[key]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// The keys at hand, by the variable that each came from.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<String, Secret>);

impl Keys {
    /// Asks `lookup` (the environment, a `.env` file) for the variable of every provider.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let variables = PROVIDERS.iter().map(|provider| provider.key_variable).chain([SERVER_KEY_VARIABLE]);
        let found = variables.filter_map(|variable| {
            let key = Secret::new(lookup(variable)?);
            (!key.0.is_empty()).then(|| (variable.to_owned(), key))
        });
        Self(found.collect())
    }

    pub fn get(&self, variable: &str) -> Option<&Secret> {
        self.0.get(variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_shown() {
        let keys = Keys::from_variables(|name| (name == "OPENAI_API_KEY").then(|| " sk-verysecret\n".into()));
        let key = keys.get("OPENAI_API_KEY").unwrap();
        assert_eq!(key.expose(), "sk-verysecret");
        assert_eq!(format!("{keys:?}"), "Keys({\"OPENAI_API_KEY\": [key]})");
        assert_eq!(
            key.scrub("Incorrect key sk-verysecret, sk-verysecret!".into()),
            "Incorrect key [key], [key]!"
        );
        assert!(keys.get("GROQ_API_KEY").is_none());
        assert_eq!(Secret::new("x").scrub("axe".into()), "axe");
    }

    #[test]
    fn an_empty_variable_is_no_key() {
        assert!(Keys::from_variables(|_| Some(" ".into())).0.is_empty());
    }
}
