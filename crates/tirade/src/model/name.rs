//! How a model is named, everywhere: on the command line, in recipes, in the store.
//!
//! The main type is [`ModelName`]; it parses from and prints as one line of text.
//! ```
//! use tirade::model::name::ModelName;
//! let name: ModelName = "http://gpu1:8000/v1,http://gpu2:8000/v1#Qwen/Qwen2.5-7B-Instruct".parse()?;
//! assert_eq!(name.identity(), "server:Qwen/Qwen2.5-7B-Instruct");
//! assert_eq!(name.to_string(), "http://gpu1:8000/v1,http://gpu2:8000/v1#Qwen/Qwen2.5-7B-Instruct");
//! # Ok::<(), tirade::model::name::NameError>(())
//! ```

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::registry;
use super::remote::{PROVIDERS, Provider};

/// Every form a model name can have, with one example each; shown in errors and in the manual.
pub const FORMS: &[(&str, &str)] = &[
    ("PROVIDER:MODEL", "openai:gpt-4o-mini"),
    ("URL[,URL…]#MODEL", "http://localhost:8000/v1#Qwen/Qwen2.5-7B-Instruct"),
    ("PROVIDER:URL#MODEL", "anthropic:https://gateway.example/v1#claude-haiku-4-5"),
    ("local:NAME", "local:qwen2.5-coder-1.5b-instruct"),
    ("file:PATH", "file:models/mine.gguf"),
    ("script:PATH", "script:replies.jsonl"),
];

/// Where a model is and which one it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ModelName {
    /// A model of a known provider.
    Hosted { provider: &'static Provider, model: String },
    /// A model on servers that speak the OpenAI protocol (vLLM, SGLang, llama.cpp, Ollama …), or a provider's dialect where one is named,
    /// all serving the same weights.
    Server { provider: Option<&'static Provider>, base_urls: Vec<String>, model: String },
    /// A model of the table of known local models ([`registry::MODELS`]).
    Local(String),
    /// A model file.
    File(PathBuf),
    /// Replies written down in a file ([`super::scripted`]).
    Script(PathBuf),
}

/// Why a text names no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` names no model: {problem}\n  hint: {hint}")]
pub struct NameError {
    pub given: String,
    pub problem: String,
    pub hint: String,
}

impl ModelName {
    /// What determines the replies, as far as the name tells it. The addresses of servers are no part of it: moving a server, or
    /// adding a second one, must not ask everything again. Serve different weights under different model names.
    pub fn identity(&self) -> String {
        match self {
            Self::Server { provider: None, model, .. } => format!("server:{model}"),
            Self::Server { provider: Some(provider), model, .. } => {
                format!("server:{}:{model}", provider.prefix)
            }
            other => other.to_string(),
        }
    }

    /// Whether calls leave this process and may cost money.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Hosted { .. } | Self::Server { .. })
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hosted { provider, model } => write!(f, "{}:{model}", provider.prefix),
            Self::Server { provider, base_urls, model } => {
                let prefix = provider.map_or(String::new(), |provider| format!("{}:", provider.prefix));
                write!(f, "{prefix}{}#{model}", base_urls.join(","))
            }
            Self::Local(name) => write!(f, "local:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Script(path) => write!(f, "script:{}", path.display()),
        }
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for ModelName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl FromStr for ModelName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.starts_with("http://") || text.starts_with("https://") {
            return server(None, text);
        }
        let Some((prefix, rest)) = text.split_once(':') else {
            return Err(error(text, "it has no prefix", guess_without_prefix(text)));
        };
        if rest.is_empty() {
            return Err(error(text, "nothing follows the colon", all_forms()));
        }
        match prefix {
            "local" => local(text, rest),
            "file" => Ok(Self::File(rest.into())),
            "script" => Ok(Self::Script(rest.into())),
            _ => match PROVIDERS.iter().find(|provider| provider.prefix == prefix) {
                Some(provider) if rest.starts_with("http://") || rest.starts_with("https://") => {
                    server(Some(provider), rest)
                }
                Some(provider) => Ok(Self::Hosted { provider, model: rest.to_owned() }),
                None => {
                    Err(error(text, &format!("no provider is called `{prefix}`"), guess_prefix(prefix, rest)))
                }
            },
        }
    }
}

fn local(text: &str, name: &str) -> Result<ModelName, NameError> {
    if registry::find(name).is_some() {
        return Ok(ModelName::Local(name.to_owned()));
    }
    let known: Vec<&str> = registry::MODELS.iter().map(|model| model.name).collect();
    let hint = match nearest(name, &known) {
        Some(near) => format!("did you mean `local:{near}`? For a file of your own write `file:PATH`"),
        None => format!("known are {}; for a file of your own write `file:PATH`", known.join(", ")),
    };
    Err(error(text, "it is not in the table of local models", hint))
}

fn server(provider: Option<&'static Provider>, text: &str) -> Result<ModelName, NameError> {
    let Some((urls, model)) = text.split_once('#').filter(|(_, model)| !model.is_empty()) else {
        let hint = format!("append `#MODEL`, for example `{text}#Qwen/Qwen2.5-7B-Instruct`");
        return Err(error(text, "it does not say which model the server shall use", hint));
    };
    if model.contains('?') {
        return Err(error(text, "the model's name has a query", SECRET_HINT.into()));
    }
    let base_urls = urls.split(',').map(|url| base_url(url, text)).collect::<Result<_, _>>()?;
    Ok(ModelName::Server { provider, base_urls, model: model.to_owned() })
}

/// One base URL of a name, without a trailing slash. Keys do not belong into it: names are printed and stored.
fn base_url(text: &str, name: &str) -> Result<String, NameError> {
    let text = text.trim().trim_end_matches('/');
    let url =
        Url::parse(text).map_err(|why| error(name, &format!("the URL is malformed ({why})"), all_forms()))?;
    // An `@` behind a slash is a password with a slash in it, read as a port and a path.
    if text.contains('@') || url.query().is_some() {
        let problem = "names are stored, so a URL must not carry a secret";
        return Err(error(name, problem, SECRET_HINT.into()));
    }
    if url.path() == "/" {
        let hint = format!("most servers answer under `/v1`: `{text}/v1#MODEL`");
        return Err(error(name, "the URL has no path", hint));
    }
    Ok(text.to_owned())
}

const SECRET_HINT: &str = "leave user, password and query out of the URL; keys are read from the environment";

/// The text without what could be a secret in its URLs: user and password, and queries. Whatever is stored, logged or shown of names and
/// command lines passes through here.
/// ```
/// use tirade::model::name::without_secrets;
/// assert_eq!(without_secrets("--model=https://me:hunter2@h/v1?key=sk-1#m"), "--model=https://…@h/v1?…#m");
/// ```
pub fn without_secrets(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let url = part.find(char::is_whitespace).unwrap_or(part.len());
        clean += "://";
        clean += &without_user(&without_query(&part[..url]));
        clean += &part[url..];
    }
    clean
}

/// What follows `://`, without what stands before an `@`; an `@` behind the last `#` is part of a model's name.
fn without_user(url: &str) -> String {
    let host = url.find('/').unwrap_or(url.len());
    let named = url.rfind('#').unwrap_or(url.len()).max(host);
    match url[..named].rfind('@') {
        Some(at) => format!("…{}", &url[at..]),
        None => url.to_owned(),
    }
}

/// A query ends at a `#`, or where the next URL of a list begins.
fn without_query(url: &str) -> String {
    let Some(start) = url.find('?') else { return url.to_owned() };
    let query = &url[start..];
    let end = query.find('#').or_else(|| query.rfind(",http")).unwrap_or(query.len());
    format!("{}?…{}", &url[..start], &query[end..])
}

fn guess_without_prefix(text: &str) -> String {
    let known: Vec<&str> = registry::MODELS.iter().map(|model| model.name).collect();
    if text.ends_with(".gguf") {
        format!("did you mean `file:{text}`?")
    } else if text.ends_with(".jsonl") {
        format!("did you mean `script:{text}`?")
    } else if let Some(near) = nearest(text, &known) {
        format!("did you mean `local:{near}`?")
    } else {
        all_forms()
    }
}

fn guess_prefix(prefix: &str, rest: &str) -> String {
    let known: Vec<&str> =
        PROVIDERS.iter().map(|provider| provider.prefix).chain(["local", "file", "script"]).collect();
    match nearest(prefix, &known) {
        Some(near) => format!("did you mean `{near}:{rest}`?"),
        None => format!("providers are {}. {}", known.join(", "), all_forms()),
    }
}

/// The candidate that a typing mistake may have meant: at most a third of its letters differ, or it has the text in it.
pub(crate) fn nearest<'a>(given: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let given = given.to_lowercase();
    let distance = |candidate: &&'a str| (strsim::damerau_levenshtein(&given, candidate), *candidate);
    let close = candidates
        .iter()
        .map(distance)
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len())
        .min();
    let has_it = || candidates.iter().find(|candidate| given.len() >= 4 && candidate.contains(&given));
    close.map(|(_, candidate)| candidate).or_else(|| has_it().copied())
}

fn all_forms() -> String {
    let forms: Vec<String> = FORMS.iter().map(|(form, example)| format!("{form} ({example})")).collect();
    format!("write {}", forms.join(", "))
}

fn error(given: &str, problem: &str, hint: String) -> NameError {
    NameError {
        given: without_secrets(given),
        problem: without_secrets(problem),
        hint: without_secrets(&hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_round_trips() {
        let providers = PROVIDERS.iter().map(|provider| format!("{}:some/model:free", provider.prefix));
        let forms = FORMS.iter().map(|(_, example)| (*example).to_owned());
        let more = [
            "http://a:1/v1,https://b/x/v1#m".to_owned(),
            "mistral:http://a/v1,http://b/v1#m".to_owned(),
            "file:/a b/c:d.gguf".to_owned(),
        ];
        for text in providers.chain(forms).chain(more) {
            let name: ModelName = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(name.to_string(), text);
            let json = serde_json::to_string(&name).unwrap();
            assert_eq!(serde_json::from_str::<ModelName>(&json).unwrap(), name);
        }
    }

    #[test]
    fn trailing_slashes_do_not_make_another_name() {
        let name: ModelName = "http://a/v1/, http://b/v1#m".parse().unwrap();
        assert_eq!(name.to_string(), "http://a/v1,http://b/v1#m");
    }

    #[test]
    fn where_a_server_is_does_not_identify_its_model() {
        let identity = |text: &str| text.parse::<ModelName>().unwrap().identity();
        assert_eq!(identity("http://a/v1#m"), identity("http://b:80/v1,http://c/v1#m"));
        assert_ne!(identity("http://a/v1#m"), identity("openai:m"));
    }

    #[test]
    fn mistakes_are_answered_with_what_may_have_been_meant() {
        let cases = [
            ("opnai:gpt-4o", "no provider is called `opnai`", "did you mean `openai:gpt-4o`?"),
            ("gpt-4o-mini", "no prefix", "PROVIDER:MODEL (openai:gpt-4o-mini)"),
            ("models/x.gguf", "no prefix", "did you mean `file:models/x.gguf`?"),
            ("r.jsonl", "no prefix", "did you mean `script:r.jsonl`?"),
            ("smollm2-135m-instrukt", "no prefix", "did you mean `local:smollm2-135m-instruct`?"),
            ("local:smolm2-135m-instruct", "not in the table", "did you mean `local:smollm2-135m-instruct`?"),
            ("local:smollm2", "not in the table", "did you mean `local:smollm2-135m-instruct`?"),
            ("local:llama", "not in the table", "known are qwen2.5-coder-1.5b-instruct"),
            ("openai:", "nothing follows the colon", "PROVIDER:MODEL"),
            ("http://h:8000/v1", "which model", "append `#MODEL`"),
            ("http://h:8000#m", "no path", "`http://h:8000/v1#MODEL`"),
            ("http://h:x/v1#m", "malformed", "write"),
            ("", "no prefix", "write"),
        ];
        for (text, problem, hint) in cases {
            let error = text.parse::<ModelName>().expect_err(text);
            assert!(error.problem.contains(problem), "{text}: {error}");
            assert!(error.hint.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn secrets_in_a_url_are_refused_and_not_repeated() {
        let texts = [
            "http://me:hunter2@h/v1#m",
            "https://h/v1?key=hunter2#m",
            "http://me:hunter2@h/v1",
            "http://h/v1#m?key=hunter2",
            "http://me:1/hunter2@h/v1#m",
            "http://me:hunter2#x@h/v1#m",
            "opnai:http://me:hunter2@h/v1#m",
            "openai:https://a/v1,https://me:hunter2@h/v1#m",
            "htps://me:hunter2@h/v1#m",
        ];
        for text in texts {
            let error = text.parse::<ModelName>().expect_err(text).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn only_secrets_are_left_out() {
        let same = ["http://h/v1#m@rev", "a@b.c", "plain ? words", "http://a/v1,https://b/v1#m", "x://"];
        for text in same {
            assert_eq!(without_secrets(text), text);
        }
        let changed = [
            ("solve.model=http://me:pw@h/v1#m@rev", "solve.model=http://…@h/v1#m@rev"),
            ("http://a/v1?key=1,http://u@b/v1?key=2#m", "http://a/v1?…,http://…@b/v1?…#m"),
            ("see http://u:p'q@h/x?y=z and http://t@h", "see http://…@h/x?… and http://…@h"),
        ];
        for (text, clean) in changed {
            assert_eq!(without_secrets(text), clean);
        }
    }
}
