//! A bucket of requests or tokens per minute: it fills steadily, calls take from it, and the server's headers correct it.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap};
use tokio::time::Instant;

use super::retry::parse_duration;

/// What may be used now and how fast it comes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    capacity: f64,
    level: f64,
    per_second: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket that fills in a minute.
    pub fn per_minute(limit: f64, now: Instant) -> Self {
        let limit = limit.max(1.0);
        Self { capacity: limit, level: limit, per_second: limit / 60.0, at: now }
    }

    /// How long until so much is there. A need larger than the bucket waits for a full one: more never comes.
    pub fn wait(&mut self, need: f64, now: Instant) -> Duration {
        self.refill(now);
        let missing = need.min(self.capacity) - self.level;
        if missing <= 1e-9 {
            return Duration::ZERO;
        }
        // Timers tick in milliseconds; a wait of less would ask again and again.
        Duration::from_secs_f64((missing / self.per_second).clamp(0.001, 86_400.0))
    }

    /// Takes so much; the level may fall below zero by what no bucket could hold.
    pub fn take(&mut self, need: f64) {
        self.level -= need;
    }

    pub fn give_back(&mut self, amount: f64) {
        self.level = (self.level + amount).min(self.capacity);
    }

    /// How much is there now.
    pub fn available(&mut self, now: Instant) -> f64 {
        self.refill(now);
        self.level.max(0.0)
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.capacity);
        self.at = now;
    }

    /// Corrects the bucket by what the headers say about `kind` (`requests` or `tokens`); makes one where there was none.
    pub fn observe(bucket: &mut Option<Self>, headers: &HeaderMap, kind: &str, now: Instant) {
        let Some(said) = Said::read(headers, kind) else { return };
        let bucket =
            bucket.get_or_insert_with(|| Self { level: said.remaining, ..Self::per_minute(said.limit, now) });
        bucket.refill(now);
        bucket.capacity = bucket.capacity.min(said.limit);
        // Calls in flight are not in the server's count yet, so it only ever lowers ours.
        bucket.level = bucket.level.min(said.remaining);
        if let Some(reset) = said.reset.filter(|reset| *reset > 0.0)
            && said.limit > said.remaining
        {
            bucket.per_second = (said.limit - said.remaining) / reset;
        }
    }
}

/// What a server's headers say about one of its limits.
struct Said {
    limit: f64,
    remaining: f64,
    /// Seconds until the limit is whole again.
    reset: Option<f64>,
}

impl Said {
    /// `x-ratelimit-limit-requests` and so on (OpenAI, Groq, SambaNova, vLLM gateways), or for requests without the kind (Together,
    /// OpenRouter). `reset` is a duration such as `6m0s`, or the time of the reset as seconds or milliseconds since 1970.
    fn read(headers: &HeaderMap, kind: &str) -> Option<Self> {
        let text = |what: &str| {
            let plain = (kind == "requests").then(|| format!("x-ratelimit-{what}"));
            let names = [Some(format!("x-ratelimit-{what}-{kind}")), plain];
            names.into_iter().flatten().find_map(|name| headers.get(name)?.to_str().ok())
        };
        let number = |what| {
            text(what)?.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
        };
        let limit = number("limit").filter(|limit| *limit >= 1.0)?;
        let reset = text("reset").and_then(|text| seconds_until(text.trim(), headers));
        Some(Self { limit, remaining: number("remaining")?.min(limit), reset })
    }
}

fn seconds_until(text: &str, headers: &HeaderMap) -> Option<f64> {
    let Some(epoch) = text.parse::<f64>().ok().filter(|number| *number > 1e9) else {
        return Some(parse_duration(text)?.as_secs_f64());
    };
    let epoch = if epoch > 1e11 { epoch / 1000.0 } else { epoch };
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let now = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs_f64();
    Some((epoch - now).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn observed(kind: &str, headers: &[(&'static str, &'static str)]) -> Option<(f64, f64, f64)> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut bucket = None;
        Bucket::observe(&mut bucket, &headers.iter().map(pair).collect(), kind, Instant::now());
        bucket.map(|bucket: Bucket| (bucket.capacity, bucket.level, bucket.per_second))
    }

    /// Headers as the providers document them.
    #[tokio::test(start_paused = true)]
    async fn limits_in_headers() {
        let openai = [
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ];
        assert_eq!(observed("requests", &openai), Some((60.0, 59.0, 1.0)));
        assert_eq!(observed("tokens", &openai), Some((150_000.0, 149_984.0, 16.0 / 360.0)));
        let day = [
            ("x-ratelimit-limit-requests", "14400"),
            ("x-ratelimit-remaining-requests", "14370"),
            ("x-ratelimit-reset-requests", "3m0s"),
        ];
        assert_eq!(
            observed("requests", &day),
            Some((14400.0, 14370.0, 30.0 / 180.0)),
            "Groq counts requests per day"
        );
        let epoch = [
            ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("x-ratelimit-limit", "20"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1767225610000"),
        ];
        assert_eq!(observed("requests", &epoch), Some((20.0, 0.0, 2.0)), "OpenRouter");
        assert_eq!(observed("tokens", &epoch), None);
        let odd = [("x-ratelimit-limit-requests", "0"), ("x-ratelimit-remaining-requests", "nan")];
        assert_eq!(observed("requests", &odd), None);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_are_as_long_as_the_refill() {
        let now = Instant::now();
        let mut bucket = Bucket::per_minute(60.0, now);
        bucket.take(60.0);
        assert_eq!(bucket.wait(1.0, now), Duration::from_secs(1));
        assert_eq!(bucket.wait(1000.0, now), Duration::from_secs(60), "more than the bucket holds");
        assert_eq!(bucket.wait(1.0, now + Duration::from_secs(1)), Duration::ZERO);
        bucket.give_back(1e9);
        assert_eq!(bucket.level, 60.0);
    }
}
