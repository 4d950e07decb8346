//! One HTTP exchange: bytes out, bytes in, within a time limit. Nothing here knows what the bytes mean.

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::{Duration, Instant, timeout};

use super::config::RemoteConfig;
use super::failure::{Cause, Failure, classify};
use super::secret::Secret;
use super::{Wire, anthropic, decode, gemini, retry, stream};
use crate::model::{Finish, Reply};

/// The most that is read of one reply. A hostile or broken server must not fill the memory.
const MAX_BODY: usize = 64 << 20;

/// Speaks HTTP with the servers of one model.
pub struct Client {
    http: reqwest::Client,
    key: Option<Secret>,
    /// What shows the key, and whatever else goes with every request.
    headers: Vec<(HeaderName, HeaderValue)>,
    try_timeout: Duration,
}

/// What came back; everything may be missing.
pub struct Answer {
    /// None where no reply came.
    pub status: Option<u16>,
    pub headers: HeaderMap,
    /// As much of the text as was read, without the key.
    pub body: String,
    /// Why the text is not whole.
    pub broken: Option<Failure>,
    pub seconds: f64,
}

impl Client {
    /// The error does not contain the key. This and the hub's are the two places that may make a client.
    #[allow(clippy::disallowed_methods)]
    pub fn new(key: Option<Secret>, wire: Wire, config: &RemoteConfig) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .user_agent(concat!("tirade/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(config.connect_timeout)
            .pool_max_idle_per_host(config.in_flight);
        if let Some(url) = &config.proxy {
            let here = reqwest::NoProxy::from_string("localhost,127.0.0.1,::1");
            let proxy = reqwest::Proxy::all(url).map_err(|_| "the proxy's URL is malformed".to_owned())?;
            builder = builder.proxy(proxy.no_proxy(here));
        }
        let headers = headers(key.as_ref(), wire)?;
        let http =
            builder.build().map_err(|error| format!("the HTTP client cannot start: {}", causes(&error)))?;
        Ok(Self { http, key, headers, try_timeout: config.try_timeout })
    }

    /// Sends a JSON body. With `streamed` the reply may come in pieces, each within the time limit; else all of it must.
    pub async fn post(&self, url: &str, body: Bytes, streamed: bool) -> Answer {
        let request = self.request(Method::POST, url).header(CONTENT_TYPE, "application/json").body(body);
        self.send(request, streamed).await
    }

    /// The ids of the list of models at `url`.
    pub async fn model_ids(&self, url: &str) -> Result<Vec<String>, Failure> {
        let answer = self.send(self.request(Method::GET, url), false).await;
        let body: Value = serde_json::from_str(answer.text()?)
            .map_err(|error| Failure::broken(format!("the list of models is no JSON: {error}")))?;
        let models = body["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(models.iter().filter_map(|model| Some(model["id"].as_str()?.to_owned())).collect())
    }

    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let request = self.http.request(method, url);
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    pub async fn send(&self, request: RequestBuilder, streamed: bool) -> Answer {
        let started = Instant::now();
        let mut answer = Answer::nothing();
        let broken = if streamed {
            self.fill(request, &mut answer, Some(self.try_timeout)).await
        } else {
            let whole = timeout(self.try_timeout, self.fill(request, &mut answer, None)).await;
            whole.unwrap_or_else(|_| Err(silent(self.try_timeout)))
        };
        answer.broken = broken.err();
        answer.seconds = started.elapsed().as_secs_f64();
        if let Some(key) = &self.key {
            answer.body = key.scrub(answer.body);
        }
        answer
    }

    /// `silence` is how long each step may take.
    async fn fill(
        &self,
        request: RequestBuilder,
        answer: &mut Answer,
        silence: Option<Duration>,
    ) -> Result<(), Failure> {
        let mut response = within(silence, request.send()).await?;
        answer.status = Some(response.status().as_u16());
        answer.headers = std::mem::take(response.headers_mut());
        let mut bytes = Vec::new();
        let result = read(&mut response, &mut bytes, silence).await;
        answer.body = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        result
    }
}

async fn read(
    response: &mut Response,
    bytes: &mut Vec<u8>,
    silence: Option<Duration>,
) -> Result<(), Failure> {
    while let Some(chunk) = within(silence, response.chunk()).await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BODY {
            return Err(Failure::Refused {
                message: format!("the reply is longer than {} MiB", MAX_BODY >> 20),
            });
        }
    }
    Ok(())
}

async fn within<T>(
    limit: Option<Duration>,
    step: impl Future<Output = reqwest::Result<T>>,
) -> Result<T, Failure> {
    let done = match limit {
        Some(limit) => timeout(limit, step).await.map_err(|_| silent(limit))?,
        None => step.await,
    };
    done.map_err(|error| {
        let cause = if error.is_connect() { Cause::Connection } else { Cause::Broken };
        Failure::Transient { cause, message: causes(&error.without_url()), wait: None }
    })
}

/// A server that does not answer in time has too much to do.
fn silent(limit: Duration) -> Failure {
    let message = format!("no answer within {} s", limit.as_secs_f64());
    Failure::Transient { cause: Cause::Overload, message, wait: None }
}

/// How each protocol wants its key.
fn headers(key: Option<&Secret>, wire: Wire) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let mut headers = Vec::new();
    if wire == Wire::Anthropic {
        headers.push((HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01")));
    }
    let Some(key) = key else { return Ok(headers) };
    let (name, text) = match wire {
        Wire::Chat => (AUTHORIZATION, format!("Bearer {}", key.expose())),
        Wire::Anthropic => (HeaderName::from_static("x-api-key"), key.expose().to_owned()),
        Wire::Gemini => (HeaderName::from_static("x-goog-api-key"), key.expose().to_owned()),
    };
    let mut value =
        HeaderValue::from_str(&text).map_err(|_| "the key has characters that no key has".to_owned())?;
    value.set_sensitive(true);
    headers.push((name, value));
    Ok(headers)
}

/// The error with its causes on one line: reqwest's own text is often only "error sending request".
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text += ": ";
            text += &cause_text;
        }
        source = cause.source();
    }
    text
}

impl Answer {
    fn nothing() -> Self {
        Self { status: None, headers: HeaderMap::new(), body: String::new(), broken: None, seconds: 0.0 }
    }

    /// Nothing came before the call's deadline.
    pub fn late(deadline: Duration) -> Self {
        Self { broken: Some(silent(deadline)), seconds: deadline.as_secs_f64(), ..Self::nothing() }
    }

    /// The text of a reply that is whole and of status 2xx.
    pub fn text(&self) -> Result<&str, Failure> {
        match (self.status, &self.broken) {
            (Some(status), _) if !(200..300).contains(&status) => Err(self.refusal(status)),
            (_, Some(failure)) => Err(failure.clone()),
            _ => Ok(&self.body),
        }
    }

    /// The headers know better than the text how long to wait.
    fn refusal(&self, status: u16) -> Failure {
        let mut failure = classify(status, &self.body);
        if let (Failure::Transient { wait, .. }, Some(asked)) =
            (&mut failure, retry::wait_in_headers(&self.headers))
        {
            *wait = Some(asked);
        }
        failure
    }

    /// The reply in the server's protocol, or why there is none.
    pub fn read(&self, wire: Wire, stop: &[String]) -> Result<Reply, Failure> {
        let text = match self.text() {
            Err(Failure::Said(text)) => return Ok(self.said(text)),
            other => other?,
        };
        match wire {
            Wire::Chat => {}
            Wire::Anthropic => return anthropic::reply(text, stop),
            Wire::Gemini => return gemini::reply(text, stop),
        }
        let streamed = self
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if streamed { decode::reply(&stream::join(text)?, stop) } else { decode::reply(text, stop) }
    }

    /// What the model wrote where the server's parser gave up: the solver looks for calls in it, or tells the model.
    fn said(&self, text: String) -> Reply {
        let raw = serde_json::from_str(&self.body).unwrap_or_default();
        Reply { text, finish: Finish::Stop, raw, ..Reply::default() }
    }
}
