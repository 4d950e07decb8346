//! Models behind a server that speaks the OpenAI chat protocol: hosted ones, and vLLM, SGLang, llama.cpp, Ollama and their like.
//!
//! The main type is [`RemoteModel`]. One call goes through these layers, each a file: the request is encoded (`encode`) in the
//! server's [dialect](Dialect); a server is picked (`server`); its limits may hold the call back (`limits`, `bucket`); one HTTP
//! exchange is made (`exchange`); the body is decoded (`decode`) or the failure understood ([`failure`]); what may pass is tried
//! again (`retry`).
//! ```no_run
//! use tirade::model::{Message, Model, Request, remote::{Keys, RemoteConfig, RemoteModel}};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let keys = Keys::from_variables(|_| None);
//! let name = "http://localhost:8000/v1#Qwen/Qwen2.5-7B-Instruct".parse()?;
//! let model = RemoteModel::new(&name, &keys, RemoteConfig::default())?;
//! let reply = model.reply(&Request { messages: vec![Message::user("2 + 2?")], ..Request::default() }).await?;
//! # Ok(()) }
//! ```
//! Deliberately not here: remembering replies (the store), what a reply means (the solver), what it costs ([`super::price`]), where
//! keys come from (the command line).

mod anthropic;
pub mod batch;
mod bucket;
mod config;
mod decode;
mod encode;
mod exchange;
pub mod failure;
mod gemini;
mod limits;
mod provider;
mod retry;
mod secret;
mod server;
mod stream;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::name::ModelName;
use super::price::worst_usage;
use super::{Model, ModelError, Reply, Request, Usage};
pub(crate) use bucket::Bucket;
pub use config::{Exchange, Observer, RemoteConfig};
use exchange::{Answer, Client};
use failure::{Cause, Failure};
use limits::Outcome;
pub use provider::{Dialect, PLAIN, PROVIDERS, Provider, SELF_HOSTED, Wire};
pub(crate) use retry::Jitter;
pub use retry::Retry;
pub use secret::{Keys, SERVER_KEY_VARIABLE, Secret};
use server::Servers;

/// A model behind one or more servers.
pub struct RemoteModel {
    identity: String,
    /// What the servers call the model.
    model: String,
    dialect: Dialect,
    servers: Servers,
    client: Client,
    config: RemoteConfig,
}

impl RemoteModel {
    /// Makes the client; asks no server yet. Fails where the name is not of a remote model or its key is missing.
    pub fn new(name: &ModelName, keys: &Keys, config: RemoteConfig) -> Result<Self, ModelError> {
        let target = Target::of(name, keys)?;
        let client = target.client(&config)?;
        let Target { identity, model, base_urls, dialect, .. } = target;
        let urls = base_urls.iter().map(|base| (base.clone(), dialect.wire.url(base, &model)));
        let servers = Servers::new(urls, &config.allowed());
        Ok(Self { identity, model, dialect, servers, client, config })
    }

    /// The names of the models that the first server offers, to tell a person who named another.
    pub async fn offered(&self) -> Result<Vec<String>, ModelError> {
        let url = format!("{}/models", self.servers.first().base_url);
        self.client.model_ids(&url).await.map_err(|failure| failure.into_error(&self.identity, 1))
    }

    /// One try at one server: waits for its limits, asks, and tells the limits how it went.
    async fn try_once(&self, attempt: &mut Attempt<'_>, tries: u32) -> Result<Reply, Failure> {
        let (at, server) = self.servers.pick(attempt.affinity, attempt.failed);
        attempt.failed = Some(at);
        let permit = server.limits.acquire(attempt.tokens, self.config.deadline).await.map_err(held_back)?;
        let deadline = *attempt.started.get_or_insert_with(Instant::now) + self.config.deadline;
        let posted = self.client.post(&server.chat_url, attempt.body.clone(), self.streams());
        let answer =
            timeout_at(deadline, posted).await.unwrap_or_else(|_| Answer::late(self.config.deadline));
        let result = answer.read(self.dialect.wire, &attempt.request.stop);
        self.observe(&server.chat_url, tries, &answer, result.as_ref().err());
        permit.finish(outcome(&result, attempt.tokens), &answer.headers);
        if let Err(Failure::Transient { cause: Cause::Connection, .. }) = result {
            server.rest();
        }
        result
    }

    fn streams(&self) -> bool {
        self.config.stream && self.dialect.wire == Wire::Chat
    }

    fn observe(&self, url: &str, tries: u32, answer: &Answer, failure: Option<&Failure>) {
        let Some(observer) = &self.config.observer else { return };
        observer(&Exchange {
            model: &self.identity,
            url,
            tries,
            status: answer.status,
            seconds: answer.seconds,
            body: &answer.body,
            failure: failure.map(|failure| failure.clone().into_error(&self.identity, tries).to_string()),
        });
    }

    /// When to try again after `failure`; the error where that is useless or too late.
    fn next_try(
        &self,
        failure: Failure,
        tries: u32,
        attempt: &mut Attempt<'_>,
    ) -> Result<Instant, ModelError> {
        let Failure::Transient { wait, .. } = failure else {
            return Err(failure.into_error(&self.identity, tries));
        };
        // One server's wish is kept by its limits; another server may be asked meanwhile.
        let asked = wait.filter(|_| self.servers.is_only_one());
        let wait = self.config.retry.wait(tries, asked, &mut attempt.jitter);
        let now = Instant::now();
        let deadline = attempt.started.unwrap_or(now) + self.config.deadline;
        if tries < self.config.retry.tries && now + wait < deadline {
            return Ok(now + wait);
        }
        let mut error = failure.into_error(&self.identity, tries);
        if let ModelError::Unavailable { message, .. } = &mut error
            && now + wait >= deadline
        {
            *message += &format!(
                " (the next try would be in {:.0} s, after this call's deadline of {:.0} s)",
                wait.as_secs_f64(),
                self.config.deadline.as_secs_f64(),
            );
        }
        Err(error)
    }
}

/// What a name says about where to call and how.
struct Target {
    identity: String,
    /// What the servers call the model.
    model: String,
    base_urls: Vec<String>,
    key: Option<Secret>,
    dialect: Dialect,
    /// Whether OpenAI's batches may be spoken there.
    batches: bool,
}

impl Target {
    fn of(name: &ModelName, keys: &Keys) -> Result<Self, ModelError> {
        let identity = name.identity();
        match name {
            ModelName::Hosted { provider, model } => {
                let Some(key) = keys.get(provider.key_variable) else {
                    let hint = format!("set {} in the environment or in .env", provider.key_variable);
                    let message = format!("there is no key for {}", provider.title);
                    return Err(ModelError::Unusable { model: identity, message, hint });
                };
                Ok(Self {
                    identity,
                    model: model.clone(),
                    base_urls: vec![provider.base_url.to_owned()],
                    key: Some(key.clone()),
                    dialect: provider.dialect,
                    batches: provider.batches,
                })
            }
            ModelName::Server { provider, base_urls, model } => Ok(Self {
                identity,
                model: model.clone(),
                base_urls: base_urls.clone(),
                key: keys.get(SERVER_KEY_VARIABLE).cloned(),
                dialect: provider.map_or(SELF_HOSTED, |provider| provider.dialect),
                batches: provider.is_none_or(|provider| provider.batches),
            }),
            other => Err(ModelError::Unusable {
                message: format!("`{other}` is not behind a server"),
                model: identity,
                hint: "name it PROVIDER:MODEL or URL#MODEL".to_owned(),
            }),
        }
    }

    fn client(&self, config: &RemoteConfig) -> Result<Client, ModelError> {
        Client::new(self.key.clone(), self.dialect.wire, config).map_err(|message| ModelError::Unusable {
            model: self.identity.clone(),
            message,
            hint: "check the key and the proxy for stray characters".into(),
        })
    }
}

/// One call of the model, over all of its tries.
struct Attempt<'a> {
    request: &'a Request,
    body: bytes::Bytes,
    tokens: u64,
    affinity: u64,
    jitter: Jitter,
    /// When the first try was let through: waiting for one's turn is not the server's time.
    started: Option<Instant>,
    /// The place of the server that was tried last, and failed if there is another try.
    failed: Option<usize>,
}

/// The server said earlier that it takes no call for so long.
fn held_back(wait: Duration) -> Failure {
    let message = format!("the server takes no call for another {:.0} s", wait.as_secs_f64());
    Failure::Transient { cause: Cause::Overload, message, wait: Some(wait) }
}

/// What of an outcome says something about load. A server that does not count tokens is taken to have used the `reserved` ones.
fn outcome(result: &Result<Reply, Failure>, reserved: u64) -> Outcome {
    match result {
        Ok(reply) if reply.usage == Usage::default() => Outcome::Answered { tokens: reserved },
        Ok(reply) => Outcome::Answered { tokens: reply.usage.prompt + reply.usage.completion },
        Err(Failure::Transient { cause: Cause::Overload, wait, .. }) => Outcome::Overloaded { wait: *wait },
        Err(_) => Outcome::Other,
    }
}

/// Reasoning in a server's own form that has to go back with the reply, untouched; else null.
pub(crate) fn signed_reasoning(raw: &serde_json::Value) -> serde_json::Value {
    let openrouter = raw.pointer("/choices/0/message/reasoning_details").cloned().unwrap_or_default();
    let found = [openrouter, anthropic::signed(raw), gemini::signed(raw)];
    found.into_iter().find(|value| !value.is_null()).unwrap_or_default()
}

fn hash(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

#[async_trait]
impl Model for RemoteModel {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn supports_tools(&self) -> bool {
        true
    }

    async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
        let body = encode::body(&self.model, &self.dialect, request, self.streams());
        let (worst, affinity) = (worst_usage(request), server::affinity(request));
        let mut attempt = Attempt {
            request,
            tokens: worst.prompt + worst.completion,
            affinity,
            jitter: Jitter(hash((self.config.seed, affinity, request.messages.len(), request.sampling.seed))),
            body: body.into(),
            started: None,
            failed: None,
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.try_once(&mut attempt, tries).await {
                Ok(mut reply) => {
                    reply.seconds = attempt.started.map_or(0.0, |at| at.elapsed().as_secs_f64());
                    return Ok(reply);
                }
                Err(failure) => failure,
            };
            sleep_until(self.next_try(failure, tries, &mut attempt)?).await;
        }
    }
}
