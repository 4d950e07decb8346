//! `tirade mock-server`: a server for tests and rehearsals.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tirade::mock_server::{FaultRates, MockConfig, MockServer};
use tirade::model::scripted::Script;

use crate::span::Span;

/// A server that speaks the OpenAI protocol from a script, with faults on demand
///
/// Name it as a model with the URL it prints, for example `http://127.0.0.1:8000/v1#mock`. `GET /stats` tells what was asked and answered,
/// and how many requests were answered more than once. Batches are taken at /v1/files and /v1/batches. A script has one JSON row a line; the first row that fits answers:
///
///     {"when": {"last": "What is {{a}} + {{b}}?"}, "reply": "```python\nprint({{a}} + {{b}})\n```"}
///     {"when": {"turn": 1, "last": "{{sum}}"}, "reply": "The answer is \\boxed{{{sum}}}.", "faults": ["lost"]}
///     {"reply": "I do not know."}
///
/// Faults are rate_limit (429 with retry-after), bare_rate_limit (429 without), server_error (500), lost (502 after the reply was
/// computed), loading (503), stall (no reply ever), truncated (half a JSON), dropped (the connection closes) and cut (it closes in the
/// middle). The same requests meet the same faults, whatever their order.
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub struct MockServerArgs {
    /// The file with the replies; without one, every message is repeated
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8000", value_name = "ADDRESS")]
    pub listen: String,
    /// How long a reply takes: `200ms`, `1.5s`, or any time in `50ms..300ms`
    #[arg(long, default_value = "0ms", value_name = "TIME", value_parser = latency)]
    pub latency: RangeInclusive<Duration>,
    /// How often which fault happens: `rate_limit=0.1,lost=0.02`
    #[arg(long, default_value = "", hide_default_value = true, value_name = "FAULT=PROBABILITY,…")]
    pub fail: FaultRates,
    /// The most faults that one request meets, so that every run ends
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub most_faults: u32,
    /// What 429 says with retry-after
    #[arg(long, default_value = "1s", value_name = "TIME")]
    pub retry_after: Span,
    /// More requests at once are answered 503
    #[arg(long, value_name = "N")]
    pub most_in_flight: Option<usize>,
    /// More requests than this are answered 429; every reply says how many are left
    #[arg(long, value_name = "N")]
    pub requests_per_minute: Option<u32>,
    /// How long a batch takes (`/v1/batches`)
    #[arg(long, default_value = "1s", value_name = "TIME")]
    pub batch_time: Span,
    /// Requests without this key are answered 401
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Seed of faults and latencies
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// Repeats what was said last.
const ECHO: &str = r#"{"when": {"last": "{{said}}"}, "reply": "You said: {{said}}"}"#;

pub async fn run(args: MockServerArgs) -> anyhow::Result<()> {
    let script = match &args.script {
        None => Script::parse(ECHO)?,
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Script::parse(&text).with_context(|| path.display().to_string())?
        }
    };
    let config = MockConfig {
        script,
        latency: args.latency,
        faults: args.fail,
        most_faults: args.most_faults,
        retry_after: args.retry_after.into(),
        most_in_flight: args.most_in_flight,
        requests_per_minute: args.requests_per_minute,
        batch_time: args.batch_time.into(),
        key: args.key,
        seed: args.seed,
    };
    let started = MockServer::start(&args.listen, config).await;
    let server = started.with_context(|| {
        format!("cannot listen at {}\n  hint: another server may be there; `--listen 127.0.0.1:0` takes a free port", args.listen)
    })?;
    println!("{}#mock", server.base_url());
    tokio::select! {
        result = server.wait() => Ok(result?),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

fn latency(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let time = |text: &str| text.parse::<Span>().map(Duration::from);
    match text.split_once("..") {
        None => time(text).map(|time| time..=time),
        Some((from, to)) => {
            let (from, to) = (time(from)?, time(to)?);
            if from <= to { Ok(from..=to) } else { Err("the first time is longer than the second".into()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let milliseconds =
            |text: &str| latency(text).map(|range| (range.start().as_millis(), range.end().as_millis()));
        assert_eq!(milliseconds("200ms"), Ok((200, 200)));
        assert_eq!(milliseconds("50ms..1.5s"), Ok((50, 1500)));
        assert_eq!(milliseconds("2"), Ok((2000, 2000)));
        for wrong in ["", "x", "-1s", "2s..1s", "nan"] {
            assert!(latency(wrong).is_err(), "{wrong}");
        }
    }
}
