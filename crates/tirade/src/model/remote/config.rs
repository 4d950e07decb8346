//! What a caller may set about calls to servers.

use std::sync::Arc;
use std::time::Duration;

use super::limits::Allowed;
use super::retry::Retry;

/// How to call a server. The default suits a hosted service.
#[derive(Clone)]
pub struct RemoteConfig {
    /// The most calls in flight to one server; overload lowers it for a while.
    pub in_flight: usize,
    /// Limits known beforehand; the server's headers lower them.
    pub requests_per_minute: Option<u32>,
    pub tokens_per_minute: Option<u32>,
    pub retry: Retry,
    /// How long one try may take, and with streaming how long the server may be silent.
    pub try_timeout: Duration,
    /// How long all tries of one call may take, counted from when the first was let through.
    pub deadline: Duration,
    pub connect_timeout: Duration,
    /// The replies come piece by piece, so a long one that is alive is told from one that hangs.
    pub stream: bool,
    /// Seed of the waits between tries.
    pub seed: u64,
    /// A proxy for hosts other than this one, as a URL.
    pub proxy: Option<String>,
    /// Is told of every exchange, failed ones included, with the server's text whole: for the log file.
    pub observer: Option<Observer>,
}

/// Called after every exchange.
pub type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

/// One try at one server. Keys are in none of its texts.
#[derive(Debug)]
pub struct Exchange<'a> {
    pub model: &'a str,
    pub url: &'a str,
    /// 1 for the first try of a call.
    pub tries: u32,
    /// None where no reply came.
    pub status: Option<u16>,
    pub seconds: f64,
    /// The server's text, or what was read of it.
    pub body: &'a str,
    /// Why it was no reply.
    pub failure: Option<String>,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        Self {
            in_flight: 64,
            requests_per_minute: None,
            tokens_per_minute: None,
            retry: Retry::default(),
            try_timeout: Duration::from_secs(600),
            deadline: Duration::from_secs(3600),
            connect_timeout: Duration::from_secs(10),
            stream: false,
            seed: 0,
            proxy: None,
            observer: None,
        }
    }
}

impl RemoteConfig {
    pub(super) fn allowed(&self) -> Allowed {
        Allowed {
            in_flight: self.in_flight,
            requests_per_minute: self.requests_per_minute,
            tokens_per_minute: self.tokens_per_minute,
        }
    }
}
