//! Recipes: a whole experiment as a short TOML file whose sections are the arguments of the commands.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tirade::model::name::without_secrets;

use crate::work::write_whole;

/// The recipe that an experiment's folder was made with, every setting written out.
const KEPT: &str = "recipe.toml";

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

    /// Changes one value: `solve.num=5`; in each of several sections of that name.
    pub fn set(&mut self, assignment: &str) -> anyhow::Result<()> {
        let help = || format!("--set {assignment}: expected SECTION.NAME=VALUE, for example solve.num=5");
        let (path, value) = assignment.split_once('=').with_context(help)?;
        let (section, name) = path.split_once('.').with_context(help)?;
        let value = value.parse::<toml::Value>().unwrap_or_else(|_| toml::Value::String(value.to_owned()));
        let section = self.table.entry(section).or_insert_with(|| Value::Object(serde_json::Map::new()));
        let value = serde_json::to_value(value)?;
        let sections = match section {
            Value::Array(sections) => sections.as_mut_slice(),
            section => std::slice::from_mut(section),
        };
        for section in sections {
            section.as_object_mut().with_context(help)?.insert(name.trim().to_owned(), value.clone());
        }
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
        self.table.get(section).map(|value| self.arguments(section, value)).transpose()
    }

    /// The arguments in each section of a name: `[section]` once, or `[[section]]` several times.
    ///
    /// # Errors
    /// As [`section`](Self::section).
    pub fn each<T: Serialize + DeserializeOwned + Default>(&self, section: &str) -> anyhow::Result<Vec<T>> {
        let values = match self.table.get(section) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        values.iter().map(|value| self.arguments(section, value)).collect()
    }

    fn arguments<T: Serialize + DeserializeOwned + Default>(
        &self,
        section: &str,
        value: &Value,
    ) -> anyhow::Result<T> {
        let given = value
            .as_object()
            .with_context(|| format!("recipe {}: expected one section [{section}]", self.name))?;
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
            .with_context(|| format!("recipe {}: [{section}]", self.name))
    }
}

/// A recipe with every setting, also those that were left to their defaults.
#[derive(Default)]
pub struct Resolved {
    table: toml::Table,
}

impl Resolved {
    /// One that is called as `recipe` is.
    pub fn of(recipe: &Recipe) -> Self {
        let title = recipe.text("title").map(|title| ("title".to_owned(), title.into()));
        Self { table: title.into_iter().collect() }
    }

    /// Adds the section where the recipe has it. A setting that is not set has no line, and passwords in URLs are left out.
    pub fn add(&mut self, section: &str, arguments: &Option<impl Serialize>) -> anyhow::Result<()> {
        if let Some(arguments) = arguments {
            self.table.insert(section.to_owned(), written(arguments)?.into());
        }
        Ok(())
    }

    /// Adds every section of a name; several become `[[section]]`.
    pub fn add_each(&mut self, section: &str, each: &[impl Serialize]) -> anyhow::Result<()> {
        let tables = each.iter().map(written).collect::<anyhow::Result<Vec<_>>>()?;
        let value: toml::Value = match tables.as_slice() {
            [] => return Ok(()),
            [one] => one.clone().into(),
            _ => tables.into(),
        };
        self.table.insert(section.to_owned(), value);
        Ok(())
    }

    /// Keeps it in the folder of the experiment; `tirade run FOLDER/recipe.toml` repeats the experiment, also with later defaults.
    pub fn keep(&self, dir: &Path) -> anyhow::Result<()> {
        let head = "# What `tirade run` did here, every setting written out. The same again: tirade run recipe.toml\n";
        write_whole(&dir.join(KEPT), (head.to_owned() + &toml::to_string(&self.table)?).as_bytes())
    }
}

/// Arguments as a section.
fn written(arguments: &impl Serialize) -> anyhow::Result<toml::Table> {
    let mut table = toml::Table::try_from(arguments)?;
    for (_, value) in &mut table {
        if let toml::Value::String(text) = value {
            *text = without_secrets(text);
        }
    }
    Ok(table)
}

/// The title of the recipe that was carried out in `dir`.
pub fn kept_title(dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(dir.join(KEPT)).ok()?;
    Recipe::parse(KEPT, &text).ok()?.text("title").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::solve::SolveArgs;

    #[test]
    fn what_is_kept_is_the_same_recipe() {
        let recipe =
            Recipe::parse("a", "title = \"x\"\n[solve]\nmodel = \"script:a\"\ntemperature = 0.7").unwrap();
        let solve: Option<SolveArgs> = recipe.section("solve").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut resolved = Resolved::of(&recipe);
        resolved.add("solve", &solve).unwrap();
        resolved.add("report", &None::<SolveArgs>).unwrap();
        resolved.keep(folder.path()).unwrap();
        assert_eq!(kept_title(folder.path()).as_deref(), Some("x"));
        let text = std::fs::read_to_string(folder.path().join(KEPT)).unwrap();
        let again: Option<SolveArgs> = Recipe::parse("b", &text).unwrap().section("solve").unwrap();
        assert_eq!(serde_json::to_value(solve).unwrap(), serde_json::to_value(again).unwrap());
        assert!(text.contains("max_turns = 15") && !text.contains("[report]"), "{text}");
        assert_eq!(kept_title(Path::new("/nowhere")), None);
    }

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
    fn a_section_may_be_there_several_times() {
        let text = "[[solve]]\nmodel = \"script:a\"\n[[solve]]\nmodel = \"script:b\"";
        let mut recipe = Recipe::parse("test.toml", text).unwrap();
        recipe.set("solve.num=5").unwrap();
        let each: Vec<SolveArgs> = recipe.each("solve").unwrap();
        let found: Vec<_> = each.iter().map(|args| (args.model.as_str(), args.problems.filter.num)).collect();
        assert_eq!(found, [("script:a", Some(5)), ("script:b", Some(5))]);
        let mut resolved = Resolved::of(&recipe);
        resolved.add_each("solve", &each).unwrap();
        let again = Recipe::parse("again", &toml::to_string(&resolved.table).unwrap()).unwrap();
        assert_eq!(again.each::<SolveArgs>("solve").unwrap().len(), 2);
        let refused = format!("{:#}", recipe.section::<SolveArgs>("solve").unwrap_err());
        assert!(refused.contains("expected one section [solve]"), "{refused}");
        assert!(recipe.each::<SolveArgs>("eval").unwrap().is_empty());
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
