//! The tools that are offered to a model: the same in every request of a run, so what follows from them alone is worked out once.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::hash::digest;

/// A tool as it is described to a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    /// JSON Schema of the arguments object (strict: no additional properties, all required).
    pub parameters: serde_json::Value,
}

/// Descriptions of tools, as a slice that is cheap to clone.
/// ```
/// use tirade::model::{ToolSpec, Tools};
/// let spec = ToolSpec { name: "add".into(), description: "Adds.".into(), parameters: serde_json::json!({}) };
/// let tools = Tools::from(vec![spec]);
/// assert_eq!((tools.len(), tools.clone().digest()), (1, tools.digest()));
/// ```
#[derive(Clone, Default)]
pub struct Tools(Option<Arc<Offered>>);

struct Offered {
    specs: Vec<ToolSpec>,
    digest: String,
    bytes: usize,
    /// As the chat protocol has them, without and with `strict`.
    chat: [OnceLock<Box<RawValue>>; 2],
}

impl Tools {
    /// A hash of all descriptions; empty where there are none.
    pub fn digest(&self) -> &str {
        self.0.as_ref().map_or("", |offered| &offered.digest)
    }

    /// How long the descriptions are as JSON.
    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |offered| offered.bytes)
    }

    /// What `encode` makes of the tools, asked once for each of the two forms. None where there are no tools.
    pub(super) fn chat(
        &self,
        strict: bool,
        encode: impl FnOnce(&[ToolSpec]) -> Box<RawValue>,
    ) -> Option<&RawValue> {
        let offered = self.0.as_ref()?;
        Some(offered.chat[usize::from(strict)].get_or_init(|| encode(&offered.specs)))
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl From<Vec<ToolSpec>> for Tools {
    fn from(specs: Vec<ToolSpec>) -> Self {
        if specs.is_empty() {
            return Self::default();
        }
        let text = serde_json::to_string(&specs).expect("descriptions have string keys");
        let (digest, bytes) = (digest(&[&text]), text.len());
        Self(Some(Arc::new(Offered { specs, digest, bytes, chat: Default::default() })))
    }
}

impl FromIterator<ToolSpec> for Tools {
    fn from_iter<I: IntoIterator<Item = ToolSpec>>(specs: I) -> Self {
        Vec::from_iter(specs).into()
    }
}

impl Deref for Tools {
    type Target = [ToolSpec];

    fn deref(&self) -> &[ToolSpec] {
        self.0.as_ref().map_or(&[], |offered| &offered.specs)
    }
}

impl PartialEq for Tools {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

impl Serialize for Tools {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self[..].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Tools {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tools_are_the_same_however_they_are_made() {
        assert_eq!(Tools::from(Vec::new()), Tools::default());
        assert!(Tools::from(Vec::new()).is_none() && Tools::default().is_empty());
        assert_eq!(serde_json::from_str::<Tools>("[]").unwrap().digest(), "");
    }

    #[test]
    fn the_digest_is_of_everything_described() {
        let spec = |name: &str, schema: &str| ToolSpec {
            name: name.into(),
            description: String::new(),
            parameters: schema.into(),
        };
        let digest = |specs: &[ToolSpec]| Tools::from(specs.to_vec()).digest().to_owned();
        let base = digest(&[spec("a", "x"), spec("b", "x")]);
        for other in
            [vec![spec("a", "x")], vec![spec("b", "x"), spec("a", "x")], vec![spec("a", "y"), spec("b", "x")]]
        {
            assert_ne!(base, digest(&other));
        }
    }
}
