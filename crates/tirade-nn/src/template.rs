//! Conversations to text by the model's own chat template, and which tokens an assistant wrote.
//!
//! ```
//! use tirade_nn::template::{ChatMessage, ChatTemplate};
//! let template = ChatTemplate::new(
//!     "{% for m in messages %}<{{ m.role }}>{{ m.content.strip() }}</>{% endfor %}\
//!      {% if add_generation_prompt %}<assistant>{% endif %}", "", "</s>").unwrap();
//! let text = template.render(&[ChatMessage::new("user", " 1+1? ")], None, true).unwrap();
//! assert_eq!(text, "<user>1+1?</><assistant>");
//! ```

use std::ops::Range;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, context};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::NnError;
use crate::gguf::Gguf;
use crate::tokenizer::Tokenizer;

/// Steps a template may take; a step also pays for 64 bytes of text. So a template that loops for ever or doubles a string
/// for ever is an error, after some seconds and half a gigabyte at most.
const FUEL: u64 = 8_000_000;

/// The widest indentation of JSON.
const MAX_INDENT: usize = 32;

/// Values inside values that `tojson` writes.
const MAX_DEPTH: usize = 128;

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChatMessage {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    pub content: String,
    /// Calls the assistant made, as the OpenAI API writes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Json>,
    /// Anything else the template may look at, such as `name`.
    #[serde(flatten)]
    pub other: serde_json::Map<String, Json>,
}

impl ChatMessage {
    /// A turn of text.
    pub fn new(role: &str, content: &str) -> Self {
        Self { role: role.into(), content: content.into(), ..Self::default() }
    }
}

/// A compiled chat template.
pub struct ChatTemplate {
    environment: Environment<'static>,
    bos: String,
    eos: String,
}

/// A conversation as tokens, and which of them an assistant wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderedChat {
    pub tokens: Vec<u32>,
    /// One range of `tokens` per assistant turn: its text and the token that ends the turn.
    pub assistant: Vec<Range<usize>>,
}

impl ChatTemplate {
    /// Compiles a template. `bos` and `eos` are the texts of these tokens, which templates may insert.
    ///
    /// `{% generation %}` marks are accepted and ignored: see [`ChatTemplate::render_tokens`].
    ///
    /// # Errors
    /// If it is not a template.
    pub fn new(source: &str, bos: &str, eos: &str) -> Result<Self, NnError> {
        let mut environment = Environment::new();
        // As the hub's library sets it.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|e| NnError::Text(e.to_string()))?);
        environment.set_fuel(Some(FUEL));
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> Result<String, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_filter("tojson", to_json);
        environment
            .add_template_owned("chat", without_generation_marks(source))
            .map_err(|e| NnError::Text(format!("the chat template cannot be compiled: {e:#}")))?;
        Ok(Self { environment, bos: bos.into(), eos: eos.into() })
    }

    /// Gives templates the function `strftime_now`, which always answers with `format(pattern)`.
    /// Without this the function is not defined, and templates that ask first fall back to their own date.
    pub fn set_clock(&mut self, format: impl Fn(&str) -> String + Send + Sync + 'static) {
        self.environment.add_function("strftime_now", move |pattern: String| format(&pattern));
    }

    /// The template of a GGUF file, if it has one.
    ///
    /// # Errors
    /// If it is not a template.
    pub fn from_gguf(file: &Gguf, tokenizer: &Tokenizer) -> Result<Option<Self>, NnError> {
        let text = |id: Option<u32>| id.map_or(String::new(), |id| lossy(tokenizer.bytes(id)));
        let (bos, eos) = (text(tokenizer.bos()), text(tokenizer.end_tokens().first().copied()));
        file.str("tokenizer.chat_template").map(|source| Self::new(source, &bos, &eos)).transpose()
    }

    /// The template of a directory: `chat_template.jinja`, or inside `tokenizer_config.json`.
    ///
    /// # Errors
    /// If it cannot be read or is not a template.
    pub fn from_dir(dir: &Path, tokenizer: &Tokenizer) -> Result<Option<Self>, NnError> {
        let text = |id: Option<u32>| id.map_or(String::new(), |id| lossy(tokenizer.bytes(id)));
        let (bos, eos) = (text(tokenizer.bos()), text(tokenizer.end_tokens().first().copied()));
        if let Ok(source) = std::fs::read_to_string(dir.join("chat_template.jinja")) {
            return Self::new(&source, &bos, &eos).map(Some);
        }
        let Ok(options) = std::fs::read(dir.join("tokenizer_config.json")) else { return Ok(None) };
        let options: Json = serde_json::from_slice(&options)
            .map_err(|e| NnError::format(dir.display().to_string(), format!("tokenizer_config.json: {e}")))?;
        options["chat_template"].as_str().map(|source| Self::new(source, &bos, &eos)).transpose()
    }

    /// The text of a conversation; with `open_turn`, followed by the beginning of an assistant's turn.
    ///
    /// # Errors
    /// If the template refuses the conversation (`raise_exception`) or fails.
    pub fn render(
        &self,
        messages: &[ChatMessage],
        tools: Option<&Json>,
        open_turn: bool,
    ) -> Result<String, NnError> {
        let template = self.environment.get_template("chat");
        let rendered = template.and_then(|template| {
            template.render(context! {
                messages => minijinja::Value::from(Serde(messages)),
                tools => tools.map(|tools| minijinja::Value::from(Serde(tools))),
                add_generation_prompt => open_turn,
                bos_token => self.bos.as_str(),
                eos_token => self.eos.as_str(),
            })
        });
        rendered.map_err(|e| NnError::Text(format!("the chat template refused the conversation: {e:#}")))
    }

    /// The tokens of a conversation and which of them an assistant wrote.
    ///
    /// Works for every template, with `{% generation %}` marks or without: the conversation is rendered up to
    /// each assistant turn and after it, and the difference is what the assistant wrote. Each such piece is
    /// tokenised by itself, exactly as it would have been generated, and ends with its end-of-turn token.
    ///
    /// # Errors
    /// If the template fails, or rewrites earlier turns so that these texts are no prefixes of each other.
    pub fn render_tokens(
        &self,
        tokenizer: &Tokenizer,
        messages: &[ChatMessage],
        tools: Option<&Json>,
    ) -> Result<RenderedChat, NnError> {
        let full = self.render(messages, tools, false)?;
        let mut chat = RenderedChat { tokens: Vec::new(), assistant: Vec::new() };
        chat.tokens.extend(
            tokenizer.leading_token().filter(|_| self.bos.is_empty() || !full.starts_with(&self.bos)),
        );
        let mut at = 0;
        for (i, _) in messages.iter().enumerate().filter(|(_, m)| m.role == "assistant") {
            let (from, to) = self.turn(messages, tools, i, &full)?;
            chat.tokens.extend(tokenizer.encode(&full[at..from])?);
            let start = chat.tokens.len();
            chat.tokens.extend(tokenizer.encode(&full[from..to])?);
            // What follows the end token, usually a line break, belongs to the template.
            let end = chat.tokens[start..].iter().rposition(|id| tokenizer.end_tokens().contains(id));
            chat.assistant.push(start..end.map_or(chat.tokens.len(), |last| start + last + 1));
            at = to;
        }
        chat.tokens.extend(tokenizer.encode(&full[at..])?);
        Ok(chat)
    }

    /// Where in `full` the assistant's turn `index` begins and ends.
    fn turn(
        &self,
        messages: &[ChatMessage],
        tools: Option<&Json>,
        index: usize,
        full: &str,
    ) -> Result<(usize, usize), NnError> {
        let before = self.render(&messages[..index], tools, true)?;
        let after = self.render(&messages[..=index], tools, false)?;
        if !after.starts_with(&before) || !full.starts_with(&after) {
            return Err(NnError::Text(format!(
                "the chat template rewrites the conversation around turn {index}, so what the assistant wrote \
                 there cannot be told apart; leave out earlier assistant turns or use another template"
            )));
        }
        Ok((before.len(), after.len()))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `tojson` as Python writes it (`{"a": 1}` with blanks, nothing escaped for HTML), which models were trained on.
fn to_json(value: minijinja::Value, options: minijinja::value::Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    options.get::<Option<bool>>("ensure_ascii")?;
    options.assert_all_used()?;
    if indent.is_some_and(|n| n > MAX_INDENT) {
        let what = format!("tojson indents by at most {MAX_INDENT}");
        return Err(Error::new(ErrorKind::InvalidOperation, what));
    }
    let mut out = String::new();
    write_json(&value, indent, 0, &mut out)?;
    Ok(out)
}

fn write_json(
    value: &minijinja::Value,
    indent: Option<usize>,
    depth: usize,
    out: &mut String,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::BadSerialization, "values inside values without end"));
    }
    let (open, close) = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => ('[', ']'),
        ValueKind::Map => ('{', '}'),
        _ => {
            out.push_str(&json_leaf(value)?);
            return Ok(());
        }
    };
    let line = |depth: usize| indent.map_or(String::new(), |n| format!("\n{}", " ".repeat(n * depth)));
    out.push(open);
    let mut empty = true;
    for item in value.try_iter()? {
        if !empty {
            out.push_str(if indent.is_some() { "," } else { ", " });
        }
        empty = false;
        out.push_str(&line(depth + 1));
        if open == '[' {
            write_json(&item, indent, depth + 1, out)?;
            continue;
        }
        out.push_str(&format!("{}: ", Json::from(item.to_string())));
        write_json(&value.get_item(&item)?, indent, depth + 1, out)?;
    }
    if !empty {
        out.push_str(&line(depth));
    }
    out.push(close);
    Ok(())
}

fn json_leaf(value: &minijinja::Value) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|e| Error::new(ErrorKind::BadSerialization, "a value is not JSON").with_source(e))
}

/// Removes `{% generation %}` and `{% endgeneration %}`, which only one library knows.
fn without_generation_marks(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(len) = rest[start..].find("%}").map(|n| n + 2) else { break };
        let tag = rest[start + 2..start + len - 2].trim_matches(['-', '+', ' ', '\t', '\n']);
        let keep = if matches!(tag, "generation" | "endgeneration") { start } else { start + len };
        out.push_str(&rest[..keep]);
        rest = &rest[start + len..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(source: &str, messages: &[ChatMessage]) -> Result<String, NnError> {
        ChatTemplate::new(source, "<s>", "</s>")?.render(messages, None, false)
    }

    #[test]
    fn templates_may_use_what_python_has() {
        let user = [ChatMessage::new("user", "a\nb ")];
        for (source, expected) in [
            ("{{ messages[0].content.split('\\n')[0] }}{{ eos_token }}", "a</s>"),
            ("{{ messages[0]['content'] | trim }}", "a\nb"),
            ("{% generation %}{{ bos_token }}{%- endgeneration -%}.", "<s>."),
            ("{{ {'a': [1, 'x<y']} | tojson }}", r#"{"a": [1, "x<y"]}"#),
            ("{% if strftime_now is defined %}1{% else %}2{% endif %}", "2"),
            ("{% if messages[0].tool_calls %}1{% else %}2{% endif %}", "2"),
        ] {
            assert_eq!(render(source, &user).unwrap(), expected, "{source}");
        }
    }

    #[test]
    fn a_template_can_refuse() {
        let error = render("{{ raise_exception('roles must alternate') }}", &[]).unwrap_err();
        assert!(error.to_string().contains("roles must alternate"), "{error}");
        assert!(ChatTemplate::new("{% if %}", "", "").is_err());
    }

    #[test]
    fn hostile_templates_are_errors() {
        for source in [
            "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
            "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "{{ 'x' * 99999999999 }}",
            "{% set n = namespace(x='xxxxxxxx') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
            "{% set n = namespace(x='xx') %}{% for i in range(99) %}{% set n.x = n.x.replace('x', 'xx') %}{% endfor %}",
            "{{ [1] | tojson(indent=18446744073709551615) }}",
            "{% set n = namespace(x=[]) %}{% for i in range(999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x | tojson }}",
            "{{ messages | batch(99999999999) | tojson }}{{ 1 // 0 }}",
            "{{ 'x' | indent(99999999999) }}{{ missing.field.field }}",
        ] {
            assert!(render(source, &[ChatMessage::new("user", "hi")]).is_err(), "{source}");
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(ChatTemplate::new(&format!("{{{{ {deep} }}}}"), "", "").is_err());
    }

    #[test]
    fn indented_json_is_pythons() {
        let mut out = String::new();
        let value = minijinja::Value::from(Serde(json!({"a": [], "b": [1, {"c": null}]})));
        write_json(&value, Some(2), 0, &mut out).unwrap();
        assert_eq!(out, "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {\n      \"c\": null\n    }\n  ]\n}");
    }
}
