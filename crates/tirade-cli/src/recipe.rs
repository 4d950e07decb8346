//! Recipes: a whole experiment as a short TOML file whose sections are the arguments of the commands.

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Implements `Default` by what clap gives for an empty command line, so that every default is written once.
#[macro_export]
macro_rules! defaults_from_clap {
    ($($args:ty),* $(,)?) => {$(
        impl Default for $args {
            fn default() -> Self {
                use clap::{Args, FromArgMatches};
                let command = <$args>::augment_args(clap::Command::new("defaults").no_binary_name(true));
                let matches = command.get_matches_from(std::iter::empty::<&str>());
                <$args>::from_arg_matches(&matches).expect("every argument has a default or is optional")
            }
        }
    )*};
}

/// A recipe as it was read.
pub struct Recipe {
    name: String,
    table: serde_json::Map<String, Value>,
}

impl Recipe {
    /// Reads a recipe; `name` is for error messages.
    pub fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let table: serde_json::Map<String, Value> =
            toml::from_str(text).with_context(|| format!("recipe {name} is not valid TOML"))?;
        Ok(Self { name: name.to_owned(), table })
    }

    /// Changes one value: `solve.num=5`.
    pub fn set(&mut self, assignment: &str) -> anyhow::Result<()> {
        let help = || format!("--set {assignment}: expected SECTION.NAME=VALUE, for example solve.num=5");
        let (path, value) = assignment.split_once('=').with_context(help)?;
        let (section, name) = path.split_once('.').with_context(help)?;
        let value = value.parse::<toml::Value>().unwrap_or_else(|_| toml::Value::String(value.to_owned()));
        let section = self.table.entry(section).or_insert_with(|| Value::Object(serde_json::Map::new()));
        let section = section.as_object_mut().with_context(help)?;
        section.insert(name.trim().to_owned(), serde_json::to_value(value)?);
        Ok(())
    }

    /// Names of the sections, in the order of the file.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(String::as_str)
    }

    /// The text under `name` outside any section.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.table.get(name)?.as_str()
    }

    /// The arguments in a section; none where the recipe does not have it.
    ///
    /// # Errors
    /// An unknown name with the nearest known one, or a value of the wrong type.
    pub fn section<T: Serialize + DeserializeOwned + Default>(
        &self,
        section: &str,
    ) -> anyhow::Result<Option<T>> {
        let Some(value) = self.table.get(section) else { return Ok(None) };
        let given =
            value.as_object().with_context(|| format!("recipe {}: {section} is not a section", self.name))?;
        let known = serde_json::to_value(T::default())?;
        let known: Vec<&str> =
            known.as_object().map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default();
        let mut arguments = serde_json::Map::new();
        for (name, value) in given {
            let plain = name.replace('-', "_");
            if !known.contains(&plain.as_str()) {
                anyhow::bail!(
                    "recipe {}: [{section}] has no setting {name:?}\n  hint: settings are {}",
                    self.name,
                    known.join(", ")
                );
            }
            arguments.insert(plain, value.clone());
        }
        serde_json::from_value(Value::Object(arguments))
            .map(Some)
            .with_context(|| format!("recipe {}: [{section}]", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::solve::SolveArgs;

    fn read(text: &str) -> anyhow::Result<Option<SolveArgs>> {
        Recipe::parse("test.toml", text)?.section("solve")
    }

    #[test]
    fn a_section_is_the_arguments_of_a_command() {
        let args = read("[solve]\nmodel = \"script:a.jsonl\"\nmulti-step = true\nnum = 3").unwrap().unwrap();
        assert_eq!(
            (args.model.as_str(), args.sampling.multi_step, args.problems.filter.num),
            ("script:a.jsonl", true, Some(3))
        );
        assert_eq!(args.sampling.max_turns, 15, "what is not said is clap's default");
        assert!(read("title = \"x\"").unwrap().is_none());
    }

    #[test]
    fn unknown_settings_are_refused() {
        let message = format!("{:#}", read("[solve]\nmodle = \"x\"").unwrap_err());
        assert!(message.contains("\"modle\"") && message.contains("model"), "{message}");
    }

    #[test]
    fn values_can_be_set() {
        let mut recipe = Recipe::parse("test.toml", "[solve]\nnum = 3").unwrap();
        recipe.set("solve.num=5").unwrap();
        recipe.set("solve.model=local:x").unwrap();
        let args: SolveArgs = recipe.section("solve").unwrap().unwrap();
        assert_eq!((args.problems.filter.num, args.model.as_str()), (Some(5), "local:x"));
        assert!(recipe.set("num=5").is_err());
    }
}
