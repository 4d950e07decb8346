//! What happens to one request.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::protocol::{self, Asked};
use super::stats::{Key, Stats};
use super::{Fault, Shared};
use crate::model::remote::Jitter;
use crate::model::scripted::{Row, ScriptedError};

pub async fn stats(State(shared): State<Arc<Shared>>) -> Json<Stats> {
    Json(shared.counts().stats())
}

pub async fn requests(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.counts().requests())
}

pub async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [{"id": "mock", "object": "model"}]}))
}

pub async fn chat(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_key(&shared, &headers) {
        return error(StatusCode::UNAUTHORIZED, "invalid_api_key", "Incorrect API key provided");
    }
    let visit = Visit::begin(&shared, &body);
    if let Some(refusal) = visit.refusal() {
        shared.counts().refuse();
        return refusal;
    }
    let Some(asked) = protocol::read(&body) else {
        return error(StatusCode::BAD_REQUEST, "invalid_request", "this is no chat completion request");
    };
    let mut response = visit.answer(&asked).await;
    visit.add_limits(response.headers_mut());
    response
}

pub fn has_key(shared: &Shared, headers: &HeaderMap) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    shared.config.key.as_deref().is_none_or(|key| given == Some(key))
}

/// One request from its arrival until its reply is on the way or its client gone.
pub struct Visit<'a> {
    shared: &'a Shared,
    key: Key,
    /// How often this request was asked before, and how many faults it met.
    asked: u32,
    faults: u32,
}

impl<'a> Visit<'a> {
    pub fn begin(shared: &'a Shared, body: &[u8]) -> Self {
        let key: Key = Sha256::digest(body)[..16].try_into().expect("16 of 32 bytes");
        let (asked, faults) = shared.counts().begin(key);
        Self { shared, key, asked, faults }
    }

    /// Whether there are too many requests, at once or per minute.
    fn refusal(&self) -> Option<Response> {
        let config = &self.shared.config;
        let in_flight = self.shared.counts().in_flight();
        if config.most_in_flight.is_some_and(|most| in_flight > most as u64) {
            return Some(error(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too many requests at once"));
        }
        let mut requests = self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = requests.as_mut()?.wait(1.0, Instant::now());
        if wait.is_zero() {
            requests.as_mut()?.take(1.0);
            return None;
        }
        let mut response =
            error(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", "too many requests per minute");
        response.headers_mut().insert(RETRY_AFTER, seconds(wait));
        Some(response)
    }

    /// What the reply to this request is called: the same each time.
    pub fn id(&self) -> String {
        super::stats::id(&self.key)
    }

    pub fn answered(&self) {
        self.shared.counts().answer(self.key);
    }

    /// A random number for this request, this ask and this purpose.
    fn draw(&self, purpose: u64) -> f64 {
        let (half, other) = self.key.split_at(8);
        let words = [half, other].map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")));
        Jitter(self.shared.config.seed ^ words[0] ^ words[1].rotate_left(self.asked % 64) ^ (purpose << 32))
            .fraction()
    }

    async fn answer(&self, asked: &Asked) -> Response {
        let Some((row, captures)) = self.shared.config.script.find(&asked.request) else {
            return error(StatusCode::BAD_REQUEST, "no_row", "no row of the script fits this conversation");
        };
        let latency = &self.shared.config.latency;
        let fault = self.fault(row);
        if fault.is_none_or(|fault| fault == Fault::Lost) {
            sleep(*latency.start() + (*latency.end() - *latency.start()).mul_f64(self.draw(1))).await;
        }
        let whole = match &row.error {
            Some(scripted) => return self.scripted_error(scripted),
            None => row.answer(&asked.request, &captures),
        };
        let (kind, text) = match asked.stream {
            true => ("text/event-stream", protocol::events(&whole, &asked.model, &self.id())),
            false => ("application/json", protocol::whole(&whole, &asked.model, &self.id()).to_string()),
        };
        match fault {
            None => {
                self.answered();
                ([(CONTENT_TYPE, kind)], text).into_response()
            }
            Some(fault) => self.fail(fault, kind, text).await,
        }
    }

    pub fn fault(&self, row: &Row) -> Option<Fault> {
        let config = &self.shared.config;
        let scripted = row.faults.get(self.asked as usize).copied();
        let drawn = if self.faults < config.most_faults { config.faults.draw(self.draw(0)) } else { None };
        let fault = scripted.or(drawn)?;
        self.shared.counts().fault(self.key, fault);
        Some(fault)
    }

    fn scripted_error(&self, scripted: &ScriptedError) -> Response {
        self.shared.counts().answer(self.key);
        let status = StatusCode::from_u16(scripted.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(scripted.body())).into_response();
        if let Some(after) = scripted.retry_after.and_then(|after| Duration::try_from_secs_f64(after).ok()) {
            response.headers_mut().insert(RETRY_AFTER, seconds(after));
        }
        response
    }

    async fn fail(&self, fault: Fault, kind: &'static str, text: String) -> Response {
        let half = text[..text.floor_char_boundary(text.len() / 2)].to_owned();
        let body = |body: Body| ([(CONTENT_TYPE, kind)], body).into_response();
        match fault {
            Fault::RateLimit | Fault::BareRateLimit => {
                let mut response = error(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", "slow down");
                if fault == Fault::RateLimit {
                    response.headers_mut().insert(RETRY_AFTER, seconds(self.shared.config.retry_after));
                }
                response
            }
            Fault::ServerError => error(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something broke"),
            Fault::Lost => (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response(),
            Fault::Loading => error(StatusCode::SERVICE_UNAVAILABLE, "unavailable_error", "Loading model"),
            Fault::Stall => std::future::pending().await,
            Fault::Truncated => body(half.into()),
            Fault::Dropped => body(Body::from_stream(stream::once(broken()))),
            Fault::Cut => {
                body(Body::from_stream(stream::once(async { Ok(half) }).chain(stream::once(later_broken()))))
            }
        }
    }

    /// The headers with which OpenAI tells how much is left.
    fn add_limits(&self, headers: &mut HeaderMap) {
        let mut requests = self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(bucket), Some(limit)) = (requests.as_mut(), self.shared.config.requests_per_minute) else {
            return;
        };
        let remaining = bucket.available(Instant::now());
        let reset = (f64::from(limit) - remaining) * 60.0 / f64::from(limit);
        for (name, value) in [
            ("x-ratelimit-limit-requests", limit.to_string()),
            ("x-ratelimit-remaining-requests", remaining.floor().to_string()),
            ("x-ratelimit-reset-requests", format!("{reset:.3}s")),
        ] {
            headers.insert(name, HeaderValue::from_str(&value).expect("digits are a header"));
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.shared.counts().end();
    }
}

async fn broken() -> Result<String, std::io::Error> {
    Err(std::io::ErrorKind::ConnectionReset.into())
}

/// Lets what was written before reach the client first.
async fn later_broken() -> Result<String, std::io::Error> {
    sleep(Duration::from_millis(20)).await;
    broken().await
}

pub fn error(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({"error": {"message": message, "type": code, "code": code}}))).into_response()
}

fn seconds(duration: Duration) -> HeaderValue {
    HeaderValue::from_str(&duration.as_secs_f64().to_string()).expect("digits are a header")
}
