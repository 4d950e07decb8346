//! When to try again: exponential back-off with full jitter, and whatever the server asks for.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How often and how soon to try again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Tries in all, the first included.
    pub tries: u32,
    /// The longest wait before the second try; it doubles with each.
    pub base: Duration,
    /// The longest wait of all, unless the server asks for a longer one.
    pub cap: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 8, base: Duration::from_millis(500), cap: Duration::from_secs(60) }
    }
}

impl Retry {
    /// The wait after try number `tries` (from 1) failed. Full jitter: any time up to the bound is as likely, so that clients which
    /// failed together do not come back together. Never earlier than the server asked for, and little later.
    pub fn wait(&self, tries: u32, asked: Option<Duration>, jitter: &mut Jitter) -> Duration {
        let bound = self.base.saturating_mul(1 << (tries - 1).min(20)).min(self.cap);
        match asked {
            Some(asked) => asked.saturating_add(self.base.min(bound).mul_f64(jitter.fraction())),
            None => bound.mul_f64(jitter.fraction()),
        }
    }
}

/// Random fractions from a seed (SplitMix64): waits depend on the seed and the request, not on what else runs.
#[derive(Clone, Debug)]
pub struct Jitter(pub u64);

impl Jitter {
    /// In [0, 1).
    pub fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// How long the headers ask to wait: `retry-after-ms`, or `retry-after` in seconds or as a date. A date is read against the reply's
/// own `date` header: this library has no clock, and the two machines' clocks may differ.
pub fn wait_in_headers(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(milliseconds) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return duration(milliseconds / 1000.0);
    }
    let after = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = after.parse::<f64>() {
        return duration(seconds);
    }
    let now: SystemTime = httpdate::parse_http_date(text(DATE.as_str())?).ok()?;
    Some(httpdate::parse_http_date(after).ok()?.duration_since(now).unwrap_or_default())
}

/// How long a server's error text asks to wait: "try again in 7m54.3s", "retry in 34.07s", `"retryDelay": "34s"`,
/// "Retry after 5 seconds", `"retry_after": 3`.
pub fn wait_in_text(text: &str) -> Option<Duration> {
    const PHRASES: &[&str] =
        &["try again in", "retry in", "retry after", "retrydelay", "retry_after_seconds", "retry_after"];
    let lower = text.to_lowercase();
    PHRASES.iter().find_map(|phrase| {
        let rest = &lower[lower.find(phrase)? + phrase.len()..];
        parse_duration(rest.trim_start_matches(['"', ':', ' ', '=', '\\']))
    })
}

/// Reads `1h2m3.5s`, `120ms`, `5 seconds` or `5` (seconds) from the start of the text.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (mut rest, mut seconds, mut found) = (text, 0.0, false);
    loop {
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let Ok(number) = rest[..length].trim_end_matches('.').parse::<f64>() else { break };
        rest = rest[length..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let scale = match &rest[..letters] {
            "h" | "hour" | "hours" => 3600.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "ms" | "millisecond" | "milliseconds" => 0.001,
            _ => 1.0,
        };
        seconds += number * scale;
        rest = &rest[letters..];
        found = true;
    }
    if found { duration(seconds) } else { None }
}

/// Negative waits are none; a wait too long to represent is a century, which no deadline survives.
fn duration(seconds: f64) -> Option<Duration> {
    const CENTURY: f64 = 3.2e9;
    if seconds.is_nan() { None } else { Some(Duration::from_secs_f64(seconds.clamp(0.0, CENTURY))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    #[test]
    fn waits_in_headers() {
        const DATE: (&str, &str) = ("date", "Mon, 23 Nov 2026 08:00:00 GMT");
        type Headers = &'static [(&'static str, &'static str)];
        let cases: [(Headers, Option<f64>); 11] = [
            (&[("retry-after", "2")], Some(2.0)),
            (&[("retry-after", "0.5")], Some(0.5)),
            (&[("retry-after", "-1")], Some(0.0)),
            (&[("retry-after-ms", "250"), ("retry-after", "1")], Some(0.25)),
            (&[("retry-after-ms", "soon"), ("retry-after", "1")], Some(1.0)),
            (&[("retry-after", "Mon, 23 Nov 2026 08:01:30 GMT"), DATE], Some(90.0)),
            (&[("retry-after", "Mon, 23 Nov 2026 07:59:00 GMT"), DATE], Some(0.0)),
            (&[("retry-after", "Mon, 23 Nov 2026 08:01:30 GMT")], None),
            (&[("retry-after", "soon"), DATE], None),
            (&[("retry-after", "1e300")], Some(3.2e9)),
            (&[], None),
        ];
        for (headers, expected) in cases {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            let map: HeaderMap = headers.iter().map(pair).collect();
            assert_eq!(wait_in_headers(&map).map(|wait| wait.as_secs_f64()), expected, "{headers:?}");
        }
    }

    #[test]
    fn waits_in_text() {
        let cases = [
            ("Please try again in 7m54.336s. Visit", Some(474.336)),
            ("Please try again in 20s.", Some(20.0)),
            ("try again in 120ms", Some(0.12)),
            ("Please retry in 34.07s.", Some(34.07)),
            (r#""retryDelay": "34s""#, Some(34.0)),
            ("Retry after 5 seconds", Some(5.0)),
            (r#"{"retry_after": 3}"#, Some(3.0)),
            (r#"{"retry_after_seconds": 1.5}"#, Some(1.5)),
            ("try again in 1h2m3s", Some(3723.0)),
            ("try again in a while", None),
            ("try again in .", None),
            ("slow down", None),
        ];
        for (text, expected) in cases {
            assert_eq!(wait_in_text(text).map(|wait| wait.as_secs_f64()), expected, "{text}");
        }
    }

    #[test]
    fn back_off_doubles_up_to_the_cap_with_full_jitter() {
        let retry = Retry { tries: 9, base: Duration::from_secs(1), cap: Duration::from_secs(10) };
        for (tries, bound) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 10.0), (60, 10.0)] {
            let waits: Vec<f64> =
                (0..1000).map(|seed| retry.wait(tries, None, &mut Jitter(seed)).as_secs_f64()).collect();
            let mean = waits.iter().sum::<f64>() / 1000.0;
            assert!(waits.iter().all(|wait| (0.0..bound).contains(wait)), "{tries}");
            assert!((mean / bound - 0.5).abs() < 0.05, "{tries}: mean {mean} of {bound}");
        }
    }

    #[test]
    fn never_earlier_than_asked_and_little_later() {
        let retry = Retry::default();
        for seed in 0..100 {
            let wait = retry.wait(5, Some(Duration::from_secs(30)), &mut Jitter(seed)).as_secs_f64();
            assert!((30.0..30.5).contains(&wait), "{wait}");
        }
    }

    #[test]
    fn the_same_seed_waits_the_same() {
        let waits = |seed| (0..5).scan(Jitter(seed), |jitter, _| Some(jitter.fraction())).collect::<Vec<_>>();
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }
}
