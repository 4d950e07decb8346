//! What a server's refusal means: try again, give this conversation up, or stop the run.

use std::time::Duration;

use serde_json::Value;

use super::{decode, retry};
use crate::model::ModelError;

/// Why one try gave no reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Worth another try.
    Transient {
        cause: Cause,
        message: String,
        /// How long the server's text asks to wait; its headers may ask for more.
        wait: Option<Duration>,
    },
    ContextOverflow {
        tokens: u64,
    },
    Refused {
        message: String,
    },
    Unusable {
        message: String,
        hint: &'static str,
    },
    /// Groq's 400 for a tool call that its parser could not read: this is what the model wrote, and the model should hear about it.
    Said(String),
}

/// What was the matter in a try that is worth another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server asks for fewer requests (429, 503, 529), or did not answer in time.
    Overload,
    /// The server could not be reached.
    Connection,
    /// Anything else that may pass.
    Broken,
}

impl Failure {
    pub fn broken(message: String) -> Self {
        Self::Transient { cause: Cause::Broken, message, wait: None }
    }

    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }

    /// The failure as the caller of a model sees it, after so many tries.
    pub fn into_error(self, model: &str, tries: u32) -> ModelError {
        let model = model.to_owned();
        match self {
            Self::Transient { message, .. } => ModelError::Unavailable { model, tries, message },
            Self::ContextOverflow { tokens } => ModelError::ContextOverflow { model, tokens },
            Self::Refused { message } => ModelError::Refused { model, message },
            Self::Unusable { message, hint } => ModelError::Unusable { model, message, hint: hint.into() },
            Self::Said(text) => {
                ModelError::Refused { model, message: format!("an unreadable tool call: {text}") }
            }
        }
    }
}

/// What a reply with an error status means. Never a panic, whatever the body is.
pub fn classify(status: u16, body: &str) -> Failure {
    let lower = body.to_lowercase();
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let message = describe(status, body);
    let wait = retry::wait_in_text(body);
    let unusable = |hint| Failure::Unusable { message: message.clone(), hint };
    match status {
        // Gemini says "quota" also when it means this minute; then it says how long to wait.
        402 => unusable(QUOTA_HINT),
        429 if any(QUOTA) && wait.is_none() => unusable(QUOTA_HINT),
        401 => unusable(KEY_HINT),
        403 if any(&["moderation", "flagged", "content policy", "safety"]) => Failure::Refused { message },
        403 => unusable(KEY_HINT),
        400 | 413 | 422 if any(OVERFLOW) => Failure::ContextOverflow { tokens: asked_tokens(body) },
        400 if any(&["tool_use_failed"]) => said(body).unwrap_or(Failure::Refused { message }),
        400 if any(&["api key not valid", "invalid api key", "invalid_api_key"]) => unusable(KEY_HINT),
        400 | 404 if any(NO_MODEL) => unusable(MODEL_HINT),
        404 | 405 | 501 => unusable(URL_HINT),
        429 | 503 | 529 => Failure::Transient { cause: Cause::Overload, message, wait },
        // llama.cpp answers an overlong prompt with 500 in some versions.
        500 if any(OVERFLOW) => Failure::ContextOverflow { tokens: asked_tokens(body) },
        408 | 409 | 425 | 500.. => Failure::Transient { cause: Cause::Broken, message, wait },
        _ => Failure::Refused { message },
    }
}

const QUOTA: &[&str] = &[
    "insufficient_quota",
    "exceeded your current quota",
    "insufficient balance",
    "insufficient credit",
    "credit balance",
    "billing_hard_limit",
    "spending limit",
    "spend limit",
];
const OVERFLOW: &[&str] = &[
    "context length",
    "context_length",
    "context window",
    "context size",
    "context_size",
    "maximum context",
    "too many tokens",
    "prompt is too long",
    "input is too long",
    "prompt too long",
    "longer than the model",
    "reduce the length of the messages",
    "model with maximum context",
    "input token count",
    "exceeds the maximum number of tokens",
];
const NO_MODEL: &[&str] =
    &["model_not_found", "model not found", "does not exist", "unknown model", "not a valid model"];

const QUOTA_HINT: &str =
    "add credit at the provider, or name another model; the run goes on where it stopped";
const KEY_HINT: &str = "check the key in the environment or in .env (`tirade doctor` lists which are set)";
const MODEL_HINT: &str = "check the part of the model name after the colon or `#`";
const URL_HINT: &str =
    "check the URL: it should end where `/chat/completions` follows, usually in `/v1`, and the model's name";

/// `HTTP 429: slow down`.
fn describe(status: u16, body: &str) -> String {
    match decode::excerpt(server_message(body).trim()) {
        text if text.is_empty() => format!("HTTP {status}"),
        text => format!("HTTP {status}: {text}"),
    }
}

/// The message from wherever the server put it; the whole body where that is not known.
fn server_message(body: &str) -> String {
    const PLACES: [&str; 6] =
        ["/error/message", "/error/metadata/raw", "/message", "/detail", "/error", "/detail/0/msg"];
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let found = PLACES.iter().find_map(|place| json.pointer(place)?.as_str()).filter(|text| !text.is_empty());
    found.unwrap_or(body).to_owned()
}

fn said(body: &str) -> Option<Failure> {
    let json: Value = serde_json::from_str(body).ok()?;
    Some(Failure::Said(json.pointer("/error/failed_generation")?.as_str()?.to_owned()))
}

/// How many tokens an overlong conversation had. llama.cpp says so in a field; other messages name the limit and what was asked for,
/// of which the latter is larger. Numbers too large for tokens are something else.
fn asked_tokens(body: &str) -> u64 {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some(tokens) = json.pointer("/error/n_prompt_tokens").and_then(Value::as_u64) {
        return tokens;
    }
    let message = server_message(body);
    let numbers = message.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    numbers.filter(|number| *number < 100_000_000).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> String {
        match classify(status, body) {
            Failure::Transient { cause, wait, .. } => match wait {
                Some(wait) => format!("{cause:?} {}", wait.as_secs_f64()),
                None => format!("{cause:?}"),
            },
            Failure::ContextOverflow { tokens } => format!("overflow {tokens}"),
            Failure::Refused { .. } => "refused".into(),
            Failure::Unusable { hint, .. } => hint.split(' ').take(2).collect::<Vec<_>>().join(" "),
            Failure::Said(text) => format!("said {text}"),
        }
    }

    /// Messages as the servers word them (abridged).
    #[test]
    fn what_servers_say_and_mean() {
        let cases = [
            (401, r#"{"error":{"message":"Incorrect API key provided: sk-ab***yz."}}"#, "check the"),
            (403, r#"{"error":{"message":"Your input was flagged by moderation"}}"#, "refused"),
            (403, "Forbidden", "check the"),
            (402, r#"{"error":{"message":"Insufficient Balance"}}"#, "add credit"),
            (
                429,
                r#"{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}"#,
                "add credit",
            ),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota. Please retry in 34.07s."}}"#,
                "Overload 34.07",
            ),
            (
                429,
                r#"{"error":{"message":"Rate limit reached for TPM. Please try again in 7m54.336s."}}"#,
                "Overload 474.336",
            ),
            (429, "", "Overload"),
            (503, r#"{"error":{"code":503,"message":"Loading model"}}"#, "Overload"),
            (529, "overloaded_error", "Overload"),
            (500, "Internal Server Error", "Broken"),
            (502, "<html>Bad Gateway</html>", "Broken"),
            (408, "", "Broken"),
            (520, "cloudflare", "Broken"),
            (
                400,
                r#"{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"}}"#,
                "overflow 5000",
            ),
            (
                400,
                r#"{"error":{"type":"exceed_context_size_error","message":"the request exceeds the available context size","n_prompt_tokens":812,"n_ctx":512}}"#,
                "overflow 812",
            ),
            (
                422,
                r#"{"detail":"The input (9000 tokens) is longer than the model's context length (8192 tokens)."}"#,
                "overflow 9000",
            ),
            (
                400,
                r#"{"message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"}"#,
                "overflow 40000",
            ),
            (
                413,
                r#"{"error":{"message":"Request too large for model on tokens per minute (TPM): Limit 6000, Requested 7000"}}"#,
                "refused",
            ),
            (
                400,
                r#"{"error":{"code":"tool_use_failed","failed_generation":"<function=f{\"x\"}"}}"#,
                "said <function=f{\"x\"}",
            ),
            (400, r#"{"error":{"code":"tool_use_failed"}}"#, "refused"),
            (400, r#"{"error":{"message":"API key not valid."}}"#, "check the"),
            (404, r#"{"error":{"message":"The model `gpt-9` does not exist"}}"#, "check the"),
            (404, "<html>nothing here</html>", "check the"),
            (422, r#"{"detail":[{"msg":"Extra inputs are not permitted"}]}"#, "refused"),
            (400, r#"{"error":{"message":"n must be 1 when using greedy sampling"}}"#, "refused"),
        ];
        for (status, body, expected) in cases {
            assert_eq!(kind(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn messages_are_found_wherever_they_are() {
        let cases = [
            (r#"{"error":{"message":"a"}}"#, "HTTP 400: a"),
            (r#"{"error":"b"}"#, "HTTP 400: b"),
            (r#"{"message":"c"}"#, "HTTP 400: c"),
            (r#"{"detail":[{"msg":"d"}]}"#, "HTTP 400: d"),
            ("plain\ntext", "HTTP 400: plain text"),
            ("", "HTTP 400"),
        ];
        for (body, expected) in cases {
            assert_eq!(describe(400, body), expected);
        }
    }
}
