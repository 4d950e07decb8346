//! A server that speaks the OpenAI protocol, answers from a script, and fails on purpose: so that clients are tested over real
//! sockets, and runs can be tried without paying.
//!
//! The main type is [`MockServer`]; `tirade mock-server` is it on the command line. `POST /v1/chat/completions` answers (streamed too),
//! `GET /v1/models` lists one model, `/v1/files` and `/v1/batches` take batches, `GET /stats` tells what was asked and answered ([`Stats`])
//! and `GET /requests` how often each request was, by the id of its reply, so that a test can prove that nothing was asked twice.
//! ```
//! # use tirade::mock_server::{MockConfig, MockServer};
//! # use tirade::model::scripted::Script;
//! # tokio_test(async {
//! let script = Script::parse(r#"{"reply": "4"}"#).unwrap();
//! let server = MockServer::start("127.0.0.1:0", MockConfig { script, ..MockConfig::default() }).await.unwrap();
//! assert!(server.base_url().ends_with("/v1"));
//! assert_eq!(server.stats().asked, 0);
//! # });
//! # fn tokio_test(future: impl Future<Output = ()>) { tokio::runtime::Runtime::new().unwrap().block_on(future) }
//! ```
//! Faults are drawn from the seed, the request and how often it was asked: the same requests meet the same faults, in whatever order they
//! come. A request is spared after [`MockConfig::most_faults`] of them, so every run ends.

mod answer;
mod batch;
mod faults;
mod protocol;
mod stats;

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::model::remote::Bucket;
pub use crate::model::scripted::Fault;
use crate::model::scripted::Script;
pub use faults::{FaultRates, RatesError};
pub use stats::Stats;

/// What the server says and how it fails.
#[derive(Clone, Debug)]
pub struct MockConfig {
    /// Answers requests; one that no row fits is refused with 400.
    pub script: Script,
    /// How long each reply takes; drawn for each request.
    pub latency: RangeInclusive<Duration>,
    pub faults: FaultRates,
    /// The most faults that one request meets.
    pub most_faults: u32,
    /// What 429 says with `retry-after`.
    pub retry_after: Duration,
    /// More requests at once than this are answered 503.
    pub most_in_flight: Option<usize>,
    /// More requests than this are answered 429; every reply says how many are left.
    pub requests_per_minute: Option<u32>,
    /// How long a batch takes.
    pub batch_time: Duration,
    /// Requests without this key are answered 401.
    pub key: Option<String>,
    pub seed: u64,
}

impl Default for MockConfig {
    fn default() -> Self {
        Self {
            script: Script::default(),
            latency: Duration::ZERO..=Duration::ZERO,
            faults: FaultRates::default(),
            most_faults: 3,
            retry_after: Duration::from_secs(1),
            most_in_flight: None,
            requests_per_minute: None,
            batch_time: Duration::from_millis(100),
            key: None,
            seed: 0,
        }
    }
}

/// A running server; it stops when dropped.
pub struct MockServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<std::io::Result<()>>,
}

/// What all requests of a server share.
struct Shared {
    config: MockConfig,
    counts: Mutex<stats::Counts>,
    requests: Mutex<Option<Bucket>>,
    batches: Mutex<batch::Batches>,
}

impl Shared {
    fn batches(&self) -> std::sync::MutexGuard<'_, batch::Batches> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, stats::Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MockServer {
    /// Starts a server at an address such as `127.0.0.1:8000`; port 0 takes a free one.
    pub async fn start(address: &str, config: MockConfig) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let bucket = config.requests_per_minute.map(|limit| Bucket::per_minute(limit.into(), Instant::now()));
        let shared = Arc::new(Shared {
            config,
            counts: Mutex::default(),
            requests: Mutex::new(bucket),
            batches: Mutex::default(),
        });
        let listener = listener.tap_io(|socket| {
            socket.set_nodelay(true).ok();
        });
        let task = tokio::spawn(axum::serve(listener, router(shared.clone())).into_future());
        Ok(Self { address, shared, task })
    }

    /// What clients are given: `http://127.0.0.1:8000/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn stats(&self) -> Stats {
        self.shared.counts().stats()
    }

    /// Serves until the process ends.
    pub async fn wait(mut self) -> std::io::Result<()> {
        (&mut self.task).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(answer::chat))
        .route("/v1/models", get(answer::models))
        .route("/v1/files", post(batch::upload))
        .route("/v1/files/{id}/content", get(batch::content))
        .route("/v1/batches", post(batch::create).get(batch::list))
        .route("/v1/batches/{id}", get(batch::status))
        .route("/stats", get(answer::stats))
        .route("/requests", get(answer::requests))
        .layer(DefaultBodyLimit::max(64 << 20))
        .with_state(shared)
}
