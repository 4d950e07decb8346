//! Retries, limits and several servers, against a server that fails on purpose.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tirade::mock_server::{Fault, MockConfig, MockServer, Stats};
use tirade::model::remote::{RemoteConfig, RemoteModel, Retry};
use tirade::model::{Model, ModelError};

use super::{ask, mock, model, quick};

const ECHO: &str = r#"{"when": {"last": "{{text}}"}, "reply": "You said {{text}}."}"#;

/// Asks `count` different things at once.
async fn ask_all(model: RemoteModel, count: usize) -> Vec<Result<String, ModelError>> {
    let model = Arc::new(model);
    let calls = (0..count).map(|i| {
        let model = model.clone();
        async move { model.reply(&ask(&format!("thing {i}"))).await.map(|reply| reply.text) }
    });
    join_all(calls).await
}

fn all_right(replies: &[Result<String, ModelError>]) -> bool {
    replies.iter().enumerate().all(|(i, reply)| reply.as_deref() == Ok(&format!("You said thing {i}.")))
}

#[tokio::test]
async fn every_fault_is_overcome() {
    let cases = [
        Fault::RateLimit,
        Fault::BareRateLimit,
        Fault::ServerError,
        Fault::Lost,
        Fault::Loading,
        Fault::Stall,
        Fault::Truncated,
        Fault::Dropped,
        Fault::Cut,
    ];
    for stream in [false, true] {
        for fault in cases {
            let name = serde_json::to_string(&fault).unwrap();
            let script = format!("{{\"reply\": \"{}\", \"faults\": [{name}, {name}]}}", "four ".repeat(20));
            let retry_after = Duration::from_millis(20);
            let server = mock(&script, MockConfig { retry_after, ..MockConfig::default() }).await;
            let patience =
                if fault == Fault::Stall { Duration::from_millis(500) } else { quick().try_timeout };
            let config = RemoteConfig { try_timeout: patience, stream, ..quick() };
            let reply = model(&server.base_url(), config).reply(&ask("hi")).await;
            assert_eq!(reply.map(|reply| reply.text), Ok("four ".repeat(20)), "{fault:?}, stream {stream}");
            let stats = server.stats();
            assert_eq!(
                (stats.asked, stats.answered, stats.faults[&fault]),
                (3, 1, 2),
                "{fault:?}, stream {stream}"
            );
        }
    }
}

#[tokio::test]
async fn two_hundred_conversations_through_a_faulty_server_ask_nothing_twice() {
    let faults = "rate_limit=0.1,bare_rate_limit=0.1,server_error=0.1,lost=0.05,loading=0.05,truncated=0.05,dropped=0.05,cut=0.05";
    let retry_after = Duration::from_millis(5);
    let latency = Duration::ZERO..=Duration::from_millis(4);
    let config =
        MockConfig { faults: faults.parse().unwrap(), retry_after, latency, ..MockConfig::default() };
    let server = mock(ECHO, config).await;
    let replies = ask_all(model(&server.base_url(), quick()), 200).await;
    assert!(all_right(&replies), "{replies:?}");
    let Stats { asked, answered, distinct, answered_again, faults, .. } = server.stats();
    assert_eq!((answered, distinct, answered_again), (200, 200, 0));
    assert_eq!(asked, 200 + faults.values().sum::<u64>());
    assert_eq!(faults.len(), 8, "every fault happened: {faults:?}");
}

#[tokio::test]
async fn a_wait_the_server_asked_for_is_kept_by_all() {
    let script = format!(
        "{{\"when\": {{\"last\": \"first\"}}, \"reply\": \"ok\", \"faults\": [\"rate_limit\"]}}\n{ECHO}"
    );
    let server =
        mock(&script, MockConfig { retry_after: Duration::from_millis(300), ..MockConfig::default() }).await;
    let model = model(&server.base_url(), RemoteConfig { in_flight: 1, ..quick() });
    let started = Instant::now();
    let (one, two) = (ask("first"), ask("second"));
    let (first, second) = tokio::join!(model.reply(&one), model.reply(&two));
    assert_eq!((first.unwrap().text.as_str(), second.unwrap().text.as_str()), ("ok", "You said second."));
    assert!(started.elapsed() >= Duration::from_millis(300), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_not_waited_for() {
    let script = r#"{"error": {"status": 429, "message": "tokens per day", "retry_after": 3600}}"#;
    let server = mock(script, MockConfig::default()).await;
    let started = Instant::now();
    let error = model(&server.base_url(), quick()).reply(&ask("hi")).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(server.stats().asked, 1);
    let text = error.to_string();
    assert!(
        text.contains("gave up after 1 tries") && text.contains("the next try would be in 3600 s"),
        "{text}"
    );
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let server = mock(r#"{"reply": "late", "faults": ["stall"]}"#, MockConfig::default()).await;
    let config = RemoteConfig { deadline: Duration::from_millis(200), ..quick() };
    let started = Instant::now();
    let error = model(&server.base_url(), config).reply(&ask("hi")).await.unwrap_err().to_string();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(error.contains("no answer within 0.2 s"), "{error}");
}

#[tokio::test]
async fn it_gives_up_after_so_many_tries() {
    let server =
        mock(r#"{"error": {"status": 500, "message": "always broken"}}"#, MockConfig::default()).await;
    let config = RemoteConfig { retry: Retry { tries: 3, ..quick().retry }, ..quick() };
    let error = model(&server.base_url(), config).reply(&ask("hi")).await.unwrap_err();
    assert!(
        matches!(&error, ModelError::Unavailable { tries: 3, message, .. } if message.contains("always broken")),
        "{error}"
    );
    assert_eq!(server.stats().asked, 3);
}

#[tokio::test]
async fn the_window_adapts_to_what_the_server_takes() {
    let latency = Duration::from_millis(5)..=Duration::from_millis(5);
    let server = mock(ECHO, MockConfig { most_in_flight: Some(4), latency, ..MockConfig::default() }).await;
    let config = RemoteConfig { retry: Retry { tries: 30, ..quick().retry }, ..quick() };
    let replies = ask_all(model(&server.base_url(), config), 400).await;
    assert!(all_right(&replies), "{replies:?}");
    let stats = server.stats();
    // The first 128 calls meet four places; without a window each of the others would be refused several times, too.
    assert!(stats.refused < 200, "{stats:?}");
    assert_eq!(stats.answered_again, 0);
}

#[tokio::test]
async fn limits_in_headers_keep_calls_from_being_refused() {
    // 600 a minute are 10 a second, and the bucket starts full. The server's fills from the first call's arrival, so six are left to it.
    let server = mock(ECHO, MockConfig { requests_per_minute: Some(600), ..MockConfig::default() }).await;
    let model = model(&server.base_url(), RemoteConfig { requests_per_minute: Some(594), ..quick() });
    let replies = ask_all(model, 604).await;
    assert!(all_right(&replies));
    assert_eq!(server.stats().refused, 0);
}

#[tokio::test]
async fn a_lost_server_is_replaced_and_conversations_stay_where_they_are() {
    let (first, second) = (mock(ECHO, MockConfig::default()).await, mock(ECHO, MockConfig::default()).await);
    let dead = "http://127.0.0.1:9/v1";
    let urls = format!("{},{},{dead}", first.base_url(), second.base_url());
    let model = Arc::new(model(&urls, quick()));
    for turn in 0..3 {
        for i in 0..20 {
            let mut request = ask(&format!("thing {i}"));
            (0..turn)
                .for_each(|turn| request.messages.push(tirade::model::Message::user(format!("more {turn}"))));
            model.reply(&request).await.unwrap();
        }
    }
    let asked = |server: &MockServer| server.stats().asked;
    assert_eq!(asked(&first) + asked(&second), 60);
    assert!(
        asked(&first) % 3 == 0 && asked(&first) > 0 && asked(&second) > 0,
        "{} {}",
        asked(&first),
        asked(&second)
    );
}

#[tokio::test]
async fn while_one_server_wants_a_long_pause_the_others_answer() {
    let exhausted = r#"{"error": {"status": 429, "message": "tokens per day", "retry_after": 3600}}"#;
    let (first, second) =
        (mock(exhausted, MockConfig::default()).await, mock(ECHO, MockConfig::default()).await);
    let urls = format!("{},{}", first.base_url(), second.base_url());
    let replies = ask_all(model(&urls, quick()), 20).await;
    assert!(all_right(&replies), "{replies:?}");
    assert!(first.stats().asked > 0, "some conversations are at home there");
}

#[tokio::test]
async fn no_server_at_all_is_told() {
    let config = RemoteConfig { retry: Retry { tries: 2, ..quick().retry }, ..quick() };
    let error = model("http://127.0.0.1:9/v1", config).reply(&ask("hi")).await.unwrap_err().to_string();
    assert!(error.contains("gave up after 2 tries") && error.contains("Connection refused"), "{error}");
}

#[tokio::test]
async fn a_wrong_key_is_told_and_a_right_one_let_in() {
    let server = mock(ECHO, MockConfig { key: Some("right-key".into()), ..MockConfig::default() }).await;
    let with_key = |key: &'static str| {
        let name = format!("{}#m", server.base_url()).parse().unwrap();
        let keys = tirade::model::remote::Keys::from_variables(|_| Some(key.into()));
        RemoteModel::new(&name, &keys, quick()).unwrap()
    };
    assert!(with_key("right-key").reply(&ask("hi")).await.is_ok());
    let error = with_key("wrong-key").reply(&ask("hi")).await.unwrap_err();
    assert!(error.ends_run() && error.to_string().contains("check the key"), "{error}");
}
